package file

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/millrace-sql/millrace/engine/disk"
)

// input is one file of a table, to be read from its beginning without a source.
type input struct {
	name string
	open func() (io.ReadCloser, error)
}

// inputs are a listing's files.
func (c *Connector) inputs(l *listing) []input {
	out := make([]input, len(l.files))
	for i, f := range l.files {
		out[i] = input{name: f.path, open: func() (io.ReadCloser, error) { return openPlain(c.fs, f) }}
	}
	return out
}

// openPlain opens what of a file counts, decompressed.
func openPlain(fsys disk.FS, f dataFile) (io.ReadCloser, error) {
	in, err := fsys.Open(f.path)
	if err != nil {
		return nil, disk.Explain("open", f.path, err)
	}
	p := &plainFile{Reader: io.LimitReader(in, f.size), file: in, name: f.path}
	if !f.gzipped() {
		return p, nil
	}
	z, err := gzip.NewReader(p.Reader)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: not a gzip file: %w", f.path, err), in.Close())
	}
	p.Reader = z
	return p, nil
}

type plainFile struct {
	io.Reader
	file disk.File
	name string
}

// Read explains faults of the disk.
func (p *plainFile) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = disk.Explain("read", p.name, err)
	}
	return n, err
}

// Close closes the file.
func (p *plainFile) Close() error { return p.file.Close() }

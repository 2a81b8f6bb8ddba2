package file

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/engine/codec"
)

// infer reads all records of all files, as Spark does.
func (f jsonFormat) infer(options map[string]string, files []input) (*arrow.Schema, error) {
	o, err := f.parse(options)
	if err != nil {
		return nil, err
	}
	var fault error
	schema, err := codec.InferJSON(documentsOf(files, o, &fault), o)
	if err = errors.Join(fault, err); err != nil {
		return nil, err
	}
	return schema, nil
}

// documentsOf gives the documents of files; a fault of the disk ends it.
func documentsOf(files []input, o codec.JSONOptions, fault *error) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, f := range files {
			in, err := f.open()
			if err == nil {
				var more bool
				more, err = readDocuments(in, o, yield)
				err = errors.Join(err, in.Close())
				if err == nil && !more {
					return
				}
			}
			if err != nil {
				*fault = err
				return
			}
		}
	}
}

// readDocuments gives the documents of one file; more is false when yield has
// enough.
func readDocuments(in io.Reader, o codec.JSONOptions, yield func([]byte) bool) (more bool, err error) {
	d := jsonDecoder{opts: o}
	if !(jsonReader{opts: o}).splittable() {
		data, err := io.ReadAll(in)
		if err != nil {
			return false, err
		}
		return all(d.documents(data), yield), nil
	}
	b := bufio.NewReaderSize(in, 1<<20)
	for {
		line, err := b.ReadBytes('\n')
		if !all(d.documents(line), yield) {
			return false, nil
		}
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
}

func all(docs iter.Seq[[]byte], yield func([]byte) bool) bool {
	for doc := range docs {
		if !yield(doc) {
			return false
		}
	}
	return true
}

// infer takes the names from the first file, and the types, where they are asked
// for, from all rows of all files.
func (f csvFormat) infer(options map[string]string, files []input) (*arrow.Schema, error) {
	o, err := f.parse(options)
	if err != nil {
		return nil, err
	}
	r := &joined{files: files, head: csvReader{opts: o}.head}
	if !o.InferSchema {
		r.files = files[:1]
	}
	schema, err := codec.InferCSV(r, o)
	if err = errors.Join(err, r.close()); err != nil {
		return nil, err
	}
	return schema, nil
}

// joined reads files as one, with the header of the first alone.
type joined struct {
	files []input
	head  func(data []byte) int
	next  int
	file  io.ReadCloser
	in    io.Reader
	last  byte // what was read last: a file may end in the middle of a line
}

// Read reads on, into the next file.
func (j *joined) Read(b []byte) (int, error) {
	for {
		if j.in == nil {
			if err := j.open(); err != nil {
				return 0, err
			}
		}
		n, err := j.in.Read(b)
		if n > 0 {
			j.last = b[n-1]
			return n, nil
		}
		if err == nil {
			return 0, nil
		}
		if !errors.Is(err, io.EOF) {
			return 0, err
		}
		if err := j.close(); err != nil {
			return 0, err
		}
	}
}

func (j *joined) open() error {
	if j.next == len(j.files) {
		return io.EOF
	}
	f, err := j.files[j.next].open()
	if err != nil {
		return err
	}
	j.file, j.in = f, f
	if j.next++; j.next == 1 {
		return nil
	}
	b := bufio.NewReaderSize(f, 1<<20)
	data, err := b.Peek(1 << 20)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if _, err := b.Discard(j.head(data)); err != nil {
		return err
	}
	j.in = b
	if j.last != '\n' {
		j.in = io.MultiReader(bytes.NewReader(newline), b)
	}
	return nil
}

func (j *joined) close() error {
	f := j.file
	j.file, j.in = nil, nil
	if f == nil {
		return nil
	}
	return f.Close()
}

package file

import (
	"bytes"
	"context"
	"io"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/disk"
)

// blockBytes is how much of a file a chunk has, up to the end of its last line.
const blockBytes = 2 << 20

// reader turns blocks of a file into rows. It is immutable and may be used by
// many goroutines.
type reader interface {
	// splittable says whether a file may be cut at its lines.
	splittable() bool
	// head is how many bytes at the beginning of a file say what its columns are, 0 for
	// none. It is given what of the file there is.
	head(data []byte) int
	// project prepares decoding some columns.
	project(p *connector.Projection) (decoder, error)
}

// decoder decodes blocks into the columns of a projection. It may be used by many
// goroutines.
type decoder interface {
	decode(t catalog.Task, b block) (arrow.Record, error)
}

// block is whole lines of a file, or a whole file.
type block struct {
	file string
	data []byte
	// head is what the file begins with, up to its header's end, for a block in the
	// middle of a file with a header.
	head []byte
}

// source reads a table's files. A split is a file, an offset a byte in it. A
// table's files are those that were there when it was opened; a stream's also
// those to come, each taken once and as a whole.
type source struct {
	fs     disk.FS
	schema *arrow.Schema
	reader reader
	block  int64      // bytes of a chunk
	files  []dataFile // of a table
	stream *follower  // of a stream

	mu         sync.Mutex
	end        map[string]int64 // of files: how much of them counts
	projection *connector.Projection
	decoder    decoder
	heads      map[string][]byte // of files

	buffers sync.Pool // of chunks: decoders keep nothing of the bytes
}

func newSource(fsys disk.FS, l *listing, schema *arrow.Schema, r reader) *source {
	s := &source{fs: fsys, schema: schema, reader: r, block: blockBytes, files: l.files, end: map[string]int64{}, heads: map[string][]byte{}}
	for _, f := range l.files {
		s.end[f.path] = f.size
	}
	return s
}

// Schema of the rows.
func (s *source) Schema() *arrow.Schema { return s.schema }

// Initial is the beginning of every file; those of a stream are not known yet.
func (s *source) Initial(context.Context) (connector.Offsets, error) {
	o := connector.Offsets{}
	if s.stream == nil {
		for _, f := range s.files {
			o[f.path] = 0
		}
	}
	return o, nil
}

// Latest is the end of every file.
func (s *source) Latest(context.Context) (connector.Offsets, error) {
	files, err := s.now()
	if err != nil {
		return nil, err
	}
	o := connector.Offsets{}
	for _, f := range files {
		o[f.path] = f.size
	}
	return o, nil
}

// now is the files that there are.
func (s *source) now() ([]dataFile, error) {
	if s.stream == nil {
		return s.files, nil
	}
	l, err := s.stream.list()
	if err != nil {
		return nil, err
	}
	return l.files, nil
}

// Plan takes everything that is new: of a stream whole files, the oldest first. A
// file's rows are not known before it is read, so Limit.Rows has no effect.
func (s *source) Plan(_ context.Context, from connector.Offsets, l connector.Limit) (connector.Offsets, error) {
	files, err := s.now()
	if err != nil {
		return nil, err
	}
	to := connector.Offsets{}
	maps.Copy(to, from)
	if s.stream != nil {
		files = s.stream.next(files, from, l.Until)
	}
	for _, f := range files {
		end := f.size
		if until, ok := l.Until[f.path]; ok {
			end = min(end, until)
		}
		to[f.path] = max(to[f.path], end)
	}
	return to, nil
}

// Ranges cuts the files into blocks: in the order of the listing, or of their
// names, which is the same when an epoch runs again.
func (s *source) Ranges(from, to connector.Offsets) []connector.Range {
	files := s.files
	if s.stream != nil {
		files = nil
		for _, name := range slices.Sorted(maps.Keys(to)) {
			files = append(files, dataFile{path: name, size: to[name]})
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []connector.Range
	for _, f := range files {
		s.end[f.path] = f.size
		step := s.block
		if f.gzipped() || !s.reader.splittable() {
			step = f.size
		}
		for at := from[f.path]; at < to[f.path]; at += step {
			out = append(out, connector.Range{Split: f.path, From: at, To: min(at+step, to[f.path])})
		}
	}
	return out
}

// endOf is how much of a file counts.
func (s *source) endOf(name string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.end[name]
}

// Committed has nobody to tell.
func (s *source) Committed(context.Context, connector.Offsets) error { return nil }

// Close holds nothing.
func (s *source) Close() error { return nil }

// Read gives the lines that begin in a range.
func (s *source) Read(ctx context.Context, r connector.Range) iter.Seq2[connector.Chunk, error] {
	return func(yield func(connector.Chunk, error) bool) {
		if err := s.read(ctx, r, yield); err != nil {
			yield(nil, err)
		}
	}
}

func (s *source) read(ctx context.Context, r connector.Range, yield func(connector.Chunk, error) bool) error {
	f, err := s.fs.Open(r.Split)
	if err != nil {
		return disk.Explain("open", r.Split, err)
	}
	defer f.Close()
	if (dataFile{path: r.Split}).gzipped() {
		return s.readGzip(ctx, f, r, yield)
	}
	buf := s.buffer()
	data, err := linesIn(f, r, buf, s.endOf(r.Split), s.reader.splittable())
	if err != nil {
		return disk.Explain("read", r.Split, err)
	}
	if len(data) == 0 || ctx.Err() != nil {
		s.buffers.Put(buf)
		return ctx.Err()
	}
	c := s.chunk(r, buf, data, r.From)
	if r.From > 0 {
		if c.block.head, err = s.headOf(f, r.Split); err != nil {
			return disk.Explain("read", r.Split, err)
		}
	}
	yield(c, nil)
	return nil
}

func (s *source) buffer() *buffer {
	if b, ok := s.buffers.Get().(*buffer); ok {
		return b
	}
	return new(buffer)
}

// headOf reads a file's header, once.
func (s *source) headOf(f io.ReaderAt, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if head, ok := s.heads[name]; ok {
		return head, nil
	}
	data, err := readAt(f, nil, 0, min(blockBytes, s.end[name])) // the lock is held
	if err != nil {
		return nil, err
	}
	head := bytes.Clone(data[:s.reader.head(data)])
	s.heads[name] = head
	return head, nil
}

// chunk makes a chunk of whole lines in a buffer.
func (s *source) chunk(r connector.Range, buf *buffer, data []byte, at int64) *chunk {
	return &chunk{source: s, at: at, buf: buf, block: block{file: r.Split, data: data}, lines: bytes.Count(data, newline) + 1}
}

var newline = []byte{'\n'}

package codec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// recordReader cuts a stream into records and tokens, leaving out comments and empty lines.
type recordReader struct {
	in      io.Reader
	t       *tokenizer
	buf     []byte
	pos     int
	eof     bool
	line    int // of the current record, from 1
	nextAt  int
	raw     []byte // the current record without its line end
	started bool

	linesKnown bool
}

func newRecordReader(r io.Reader, o CSVOptions) *recordReader {
	return &recordReader{in: r, t: newTokenizer(o), nextAt: 1}
}

func (r *recordReader) tokens() []token { return r.t.tokens }

// csvBlock is how much is read at once.
const csvBlock = 256 << 10

// fill reads more behind what is not consumed; the record under way moves to the front.
func (r *recordReader) fill() error {
	rest := copy(r.buf, r.buf[r.pos:])
	r.buf, r.pos = r.buf[:rest], 0
	if cap(r.buf)-rest < csvBlock/2 {
		r.buf = append(make([]byte, 0, max(csvBlock, 2*cap(r.buf))), r.buf...)
	}
	for {
		n, err := r.in.Read(r.buf[rest:cap(r.buf)])
		r.buf = r.buf[:rest+n]
		if errors.Is(err, io.EOF) {
			r.eof = true
			err = nil
		}
		if n > 0 || err != nil || r.eof {
			if !r.started && len(r.buf) >= 3 {
				r.started = true
				r.buf = bytes.TrimPrefix(r.buf, []byte("\xef\xbb\xbf"))
			}
			if !r.linesKnown && r.t.o.MultiLine {
				r.detectLines()
			}
			return err
		}
	}
}

// detectLines looks at the first line break of multi-line input, as univocity does.
func (r *recordReader) detectLines() {
	i := bytes.IndexAny(r.buf, "\r\n")
	if i < 0 || i+1 == len(r.buf) && !r.eof {
		return
	}
	r.linesKnown = true
	r.t.crlf = r.buf[i] == '\r' && i+1 < len(r.buf) && r.buf[i+1] == '\n'
}

// next goes to the next record, or returns io.EOF.
func (r *recordReader) next() error {
	for {
		line, size, err := r.lineAt()
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(line)) == 0 || r.t.o.Comment != 0 && line[0] == r.t.o.Comment {
			r.pos += size
			r.nextAt++
			continue
		}
		r.line = r.nextAt
		if r.t.o.MultiLine {
			return r.multiLine()
		}
		r.raw = line
		r.pos += size
		r.nextAt++
		r.t.record(line)
		return r.check()
	}
}

// multiLine reads a record that may go over several lines.
func (r *recordReader) multiLine() error {
	for {
		end, open := r.t.record(r.buf[r.pos:])
		if open && !r.eof || !r.eof && r.pos+end+1 >= len(r.buf) {
			if err := r.fill(); err != nil {
				return err
			}
			continue
		}
		r.raw = r.buf[r.pos : r.pos+end]
		r.nextAt += bytes.Count(r.raw, []byte{'\n'}) + 1
		r.pos += end
		if err := r.check(); err != nil {
			return err
		}
		if r.pos < len(r.buf) && r.buf[r.pos] == '\r' {
			r.pos++
		}
		if r.pos < len(r.buf) && r.buf[r.pos] == '\n' {
			r.pos++
		}
		return nil
	}
}

// check holds the record against the limits.
func (r *recordReader) check() error {
	if len(r.t.tokens) > r.t.o.MaxColumns {
		return fmt.Errorf("line %d has more than %d columns (option maxColumns)", r.line, r.t.o.MaxColumns)
	}
	if r.t.o.MaxChars > 0 {
		for _, t := range r.t.tokens {
			if len(t.text) > r.t.o.MaxChars {
				return fmt.Errorf("line %d has a value of more than %d characters (option maxCharsPerColumn)", r.line, r.t.o.MaxChars)
			}
		}
	}
	return nil
}

// lineAt is the line at pos without its end, and its size with it.
func (r *recordReader) lineAt() (line []byte, size int, err error) {
	for {
		rest := r.buf[r.pos:]
		if end, size := cutLine(rest, r.t.o.LineSep, r.eof); size > 0 {
			return rest[:end], size, nil
		}
		if r.eof {
			if len(rest) == 0 {
				return nil, 0, io.EOF
			}
			return rest, len(rest), nil
		}
		if err := r.fill(); err != nil {
			return nil, 0, err
		}
	}
}

// cutLine finds the end of the first line of b; size 0 means that more must be read to know.
func cutLine(b []byte, sep string, eof bool) (end, size int) {
	if sep != "" {
		if i := bytes.Index(b, []byte(sep)); i >= 0 {
			return i, i + len(sep)
		}
		return 0, 0
	}
	i := bytes.IndexByte(b, '\n')
	line := b
	if i >= 0 {
		line = b[:i]
	}
	if j := bytes.IndexByte(line, '\r'); j >= 0 {
		switch {
		case j+1 < len(b) && b[j+1] == '\n':
			return j, j + 2
		case j+1 < len(b) || eof:
			return j, j + 1
		}
		return 0, 0
	}
	if i < 0 {
		return 0, 0
	}
	return i, i + 1
}

package openscoring

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// csvReader reads CSV records: RFC 4180, any separator and quote, lines ended by
// \n or \r\n, blank lines left out unless they are wanted. It belongs to one goroutine.
type csvReader struct {
	in         *bufio.Reader
	sep, quote byte
	blank      bool // a blank line is a record of one empty cell
	line       int  // of the record read last, from 1
	lines      int  // lines read
	buf        []byte
	ends       []int // of the cells in buf
	cells      [][]byte
	long       []byte
}

// maxCSVRecord bounds one record in bytes.
const maxCSVRecord = 16 << 20

func newCSVReader(in io.Reader, sep, quote byte) *csvReader {
	return &csvReader{in: bufio.NewReaderSize(in, 64<<10), sep: sep, quote: quote}
}

// read gives the next record; the cells are valid until the next call. The end
// is io.EOF. Errors name the line.
func (r *csvReader) read() ([][]byte, error) {
	for {
		line, err := r.nextLine()
		if err != nil {
			return nil, err
		}
		r.line = r.lines
		if len(line) == 0 && !r.blank {
			continue
		}
		if bytes.IndexByte(line, r.quote) < 0 {
			return r.plain(line), nil
		}
		return r.quoted(line)
	}
}

// nextLine gives a line without its end, valid until the next one is read.
func (r *csvReader) nextLine() ([]byte, error) {
	line, err := r.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		r.long = append(r.long[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) {
			if len(r.long) > maxCSVRecord {
				return nil, fmt.Errorf("line %d: longer than %d bytes", r.lines+1, maxCSVRecord)
			}
			line, err = r.in.ReadSlice('\n')
			r.long = append(r.long, line...)
		}
		line = r.long
	}
	if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0) {
		return nil, err
	}
	if r.lines == 0 {
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	r.lines++
	line = bytes.TrimSuffix(line, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'}), nil
}

// plain cuts a line that has no quotes.
func (r *csvReader) plain(line []byte) [][]byte {
	r.cells = r.cells[:0]
	for {
		i := bytes.IndexByte(line, r.sep)
		if i < 0 {
			r.cells = append(r.cells, line)
			return r.cells
		}
		r.cells = append(r.cells, line[:i])
		line = line[i+1:]
	}
}

// quoted reads a record that has quotes, over several lines if need be.
func (r *csvReader) quoted(line []byte) ([][]byte, error) {
	r.buf, r.ends = r.buf[:0], r.ends[:0]
	for rest := line; ; {
		if len(rest) == 0 || rest[0] != r.quote {
			i := bytes.IndexByte(rest, r.sep)
			if i < 0 {
				r.buf = append(r.buf, rest...)
				return r.finish(), nil
			}
			r.buf = append(r.buf, rest[:i]...)
			r.ends = append(r.ends, len(r.buf))
			rest = rest[i+1:]
			continue
		}
		after, err := r.inQuotes(rest[1:])
		if err != nil {
			return nil, err
		}
		if len(after) == 0 {
			return r.finish(), nil
		}
		if after[0] != r.sep {
			return nil, fmt.Errorf("line %d: text after the quote that ends a cell", r.lines)
		}
		r.ends = append(r.ends, len(r.buf))
		rest = after[1:]
	}
}

// inQuotes reads up to the quote that ends a cell and gives what is behind it.
func (r *csvReader) inQuotes(rest []byte) ([]byte, error) {
	for {
		i := bytes.IndexByte(rest, r.quote)
		if i < 0 {
			r.buf = append(append(r.buf, rest...), '\n')
			if len(r.buf) > maxCSVRecord {
				return nil, fmt.Errorf("line %d: a record longer than %d bytes", r.line, maxCSVRecord)
			}
			var err error
			if rest, err = r.nextLine(); errors.Is(err, io.EOF) {
				return nil, fmt.Errorf("line %d: a quote that is not closed", r.line)
			} else if err != nil {
				return nil, err
			}
			continue
		}
		r.buf = append(r.buf, rest[:i]...)
		rest = rest[i+1:]
		if len(rest) == 0 || rest[0] != r.quote {
			return rest, nil
		}
		r.buf = append(r.buf, r.quote)
		rest = rest[1:]
	}
}

func (r *csvReader) finish() [][]byte {
	r.ends = append(r.ends, len(r.buf))
	r.cells = r.cells[:0]
	start := 0
	for _, end := range r.ends {
		r.cells = append(r.cells, r.buf[start:end])
		start = end
	}
	return r.cells
}

// appendCSV appends a cell, in quotes where it needs them.
func appendCSV(dst, cell []byte, sep, quote byte) []byte {
	if bytes.IndexByte(cell, sep) < 0 && bytes.IndexByte(cell, quote) < 0 && !bytes.ContainsAny(cell, "\r\n") {
		return append(dst, cell...)
	}
	dst = append(dst, quote)
	for _, c := range cell {
		if c == quote {
			dst = append(dst, quote)
		}
		dst = append(dst, c)
	}
	return append(dst, quote)
}

// addCSV adds a record as a row. An empty cell is a missing value.
func (r *rows) addCSV(to []int, record [][]byte) {
	r.setCSV(to, record)
	r.add()
}

// setCSV sets the cells of the row that is next.
func (r *rows) setCSV(to []int, record [][]byte) {
	for i, at := range to {
		if at >= 0 && len(record[i]) > 0 {
			r.cells[at] = cell{shape: quoted, text: record[i]}
		}
	}
}

// appendCSVRow appends the results of a row, each after a separator, the first
// too if there are columns before it. The texts of a row that failed are empty.
func (s *scored) appendCSVRow(dst []byte, row int, failed, first bool, sep, quote byte) []byte {
	for i := range s.m.results {
		if i > 0 || !first {
			dst = append(dst, sep)
		}
		if failed || s.cols[i].IsNull(row) {
			continue
		}
		c := &s.m.results[i]
		if c.kindIsNumber() {
			dst = c.appendText(dst, s.cols[i], row)
			continue
		}
		var small [64]byte
		dst = appendCSV(dst, c.appendText(small[:0], s.cols[i], row), sep, quote)
	}
	return dst
}

// kindIsNumber says that the column's texts never need quotes.
func (c *resultColumn) kindIsNumber() bool {
	k, ok := kindOf(c.typ)
	return ok && k <= kindBoolean
}

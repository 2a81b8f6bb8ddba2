package codec

import (
	"fmt"
	"io"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// CSVReader reads one file or stream. It belongs to one goroutine.
type CSVReader struct {
	csvRows
	name    string
	in      *recordReader
	started bool
}

// NewReader reads in, which errors call name; it does not close it. Records' memory comes from mem.
func (d *CSVDecoder) NewReader(mem memory.Allocator, in io.Reader, name string) *CSVReader {
	return &CSVReader{csvRows: d.newRows(mem), name: name, in: newRecordReader(in, d.opts)}
}

// Next reads up to n rows as a record, which the caller releases. The end is io.EOF. Other errors are the stream's, a
// header that lacks a column, a record beyond the limits, or in FAILFAST mode a record that cannot be read; they name
// the file and the line.
func (c *CSVReader) Next(n int) (arrow.Record, error) {
	if !c.started {
		c.started = true
		if err := c.header(); err != nil {
			return nil, err
		}
	}
	for c.n < n {
		err := c.in.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("CSV file %s: %w", c.name, err)
		}
		if err := c.append(c.in.tokens(), c.in.raw); err != nil {
			return nil, fmt.Errorf("CSV file %s, line %d: %w", c.name, c.in.line, err)
		}
	}
	if c.n == 0 {
		return nil, io.EOF
	}
	rows := int64(c.n)
	arrays := c.finish()
	rec := array.NewRecord(c.d.schema, arrays, rows)
	for _, a := range arrays {
		a.Release()
	}
	return rec, nil
}

// header reads the header, if there is to be one; an empty file has none and no rows.
func (c *CSVReader) header() error {
	if !c.d.opts.Header {
		return nil
	}
	err := c.in.next()
	if err == io.EOF {
		return nil
	}
	if err != nil {
		return fmt.Errorf("CSV file %s: %w", c.name, err)
	}
	return c.matchHeader(headerNames(c.in.tokens()), c.name)
}

// CSVScanner reads single lines into a STRUCT column, a row each, as from_csv does. It belongs to one goroutine.
type CSVScanner struct {
	csvRows
	t     *tokenizer
	nulls []int32
	mem   memory.Allocator
}

// NewScanner makes a scanner whose arrays' memory comes from mem. The caller releases it in the end.
func (d *CSVDecoder) NewScanner(mem memory.Allocator) *CSVScanner {
	o := d.opts
	o.MultiLine = true // a line break ends the row, unless it is quoted
	return &CSVScanner{csvRows: d.newRows(mem), t: newTokenizer(o), mem: mem}
}

// Len is the number of rows so far.
func (s *CSVScanner) Len() int { return s.n }

// AppendNull appends a NULL row.
func (s *CSVScanner) AppendNull() {
	s.nulls = append(s.nulls, int32(s.n))
	for _, col := range s.cols {
		col.appendNull()
	}
	s.n++
}

// Append reads one line. In FAILFAST mode a line that cannot be read is an error.
func (s *CSVScanner) Append(line []byte) error {
	if len(line) == 0 {
		s.t.tokens = s.t.tokens[:0]
	} else {
		s.t.record(line)
	}
	if err := s.append(s.t.tokens, line); err != nil {
		return fmt.Errorf("malformed CSV record: %w", err)
	}
	return nil
}

// Finish gives the rows as a struct array, which the caller releases, and leaves the scanner empty. The fields of a
// NULL row are NULL too.
func (s *CSVScanner) Finish() arrow.Array {
	root := column{kind: kindStruct, dt: arrow.StructOf(s.d.schema.Fields()...), mem: s.mem, n: s.n, nulls: s.nulls, children: s.cols}
	d := root.finish()
	defer d.Release()
	s.n, s.nulls = 0, s.nulls[:0]
	return array.MakeFromData(d)
}

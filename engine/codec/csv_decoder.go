package codec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// CSVDecoder is the recipe for reading CSV into records of a schema. It is immutable and may be used by any number of
// goroutines; each file gets its own reader.
type CSVDecoder struct {
	schema  *arrow.Schema
	opts    CSVOptions // with defaults
	text    textRules
	corrupt int // index of the column for broken records, or -1
}

// NewCSVDecoder prepares reading CSV with these columns, which must be of scalar types. Without a header columns go by
// position. With one they are found in it by name, in any case and order; a file whose header lacks one is an error.
func NewCSVDecoder(schema *arrow.Schema, opts CSVOptions) (*CSVDecoder, error) {
	d := &CSVDecoder{schema: schema, opts: opts.withDefaults(), corrupt: -1}
	for i, f := range schema.Fields() {
		if k, ok := kindOf(f.Type); !ok || k >= kindList {
			return nil, fmt.Errorf("column `%s`: CSV cannot hold %s", f.Name, f.Type)
		}
		if f.Name == d.opts.CorruptColumn {
			if f.Type.ID() != arrow.STRING {
				return nil, fmt.Errorf("column `%s` takes the text of broken records and must be a STRING, not %s", f.Name, f.Type)
			}
			d.corrupt = i
		}
	}
	var err error
	d.text, err = newTextRules(opts.DateFormat, opts.TimestampFormat, opts.TimestampNTZFormat, opts.DateTimeFallback, opts.Zone)
	d.text.strictDays = true
	return d, err
}

// Schema is that of the records.
func (d *CSVDecoder) Schema() *arrow.Schema { return d.schema }

// CSVReader reads one file or stream. It belongs to one goroutine.
type CSVReader struct {
	d       *CSVDecoder
	name    string
	in      *recordReader
	cols    []*column
	source  []int // of each column: its token, -1 for the corrupt column
	width   int   // tokens a record should have
	started bool
	text    textRules
}

// NewReader reads r, which errors call name; it does not close it. Records' memory comes from mem.
func (d *CSVDecoder) NewReader(mem memory.Allocator, r io.Reader, name string) *CSVReader {
	c := &CSVReader{d: d, name: name, in: newRecordReader(r, d.opts), text: d.text}
	c.text.today = int32(time.Now().Unix() / 86400)
	for _, f := range d.schema.Fields() {
		col, err := newColumn(mem, f.Type, f.Name)
		if err != nil {
			panic(err) // checked when the decoder was made
		}
		c.cols = append(c.cols, col)
	}
	return c
}

// Release drops what was read and not handed over.
func (c *CSVReader) Release() {
	for _, col := range c.cols {
		col.reset()
	}
}

// Next reads up to n rows as a record, which the caller releases. The end is io.EOF. Other errors are the stream's, a
// header that lacks a column, a record beyond the limits, or in FAILFAST mode a record that cannot be read; they name
// the file and the line.
func (c *CSVReader) Next(n int) (arrow.Record, error) {
	if !c.started {
		if err := c.start(); err != nil {
			return nil, err
		}
	}
	rows := 0
	for rows < n {
		err := c.in.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("CSV file %s: %w", c.name, err)
		}
		kept, err := c.row(rows)
		if err != nil {
			return nil, err
		}
		if kept {
			rows++
		}
	}
	if rows == 0 {
		return nil, io.EOF
	}
	arrays := make([]arrow.Array, len(c.cols))
	for i, col := range c.cols {
		data := col.finish()
		arrays[i] = array.MakeFromData(data)
		data.Release()
	}
	rec := array.NewRecord(c.d.schema, arrays, int64(rows))
	for _, a := range arrays {
		a.Release()
	}
	return rec, nil
}

// start reads the header, if there is one, and finds the columns.
func (c *CSVReader) start() error {
	c.started = true
	fields := c.d.schema.Fields()
	c.source = make([]int, len(fields))
	at := 0
	for i := range fields {
		if c.source[i] = at; i == c.d.corrupt {
			c.source[i] = -1
			continue
		}
		at++
	}
	c.width = at
	if !c.d.opts.Header {
		return nil
	}
	err := c.in.next()
	if err == io.EOF {
		return nil // an empty file has no rows, with or without a header
	}
	if err != nil {
		return fmt.Errorf("CSV file %s: %w", c.name, err)
	}
	header := headerNames(c.in.tokens())
	c.width = len(header)
	var missing []string
	for i, f := range fields {
		if i == c.d.corrupt {
			continue
		}
		if c.source[i] = findName(header, f.Name); c.source[i] < 0 {
			missing = append(missing, "`"+f.Name+"`")
		}
	}
	if missing != nil {
		noun := "column"
		if len(missing) > 1 {
			noun = "columns"
		}
		return fmt.Errorf("CSV file %s has no %s %s; it has: %s", c.name, noun, strings.Join(missing, ", "), strings.Join(header, ", "))
	}
	return nil
}

func headerNames(tokens []token) []string {
	names := make([]string, len(tokens))
	for i, t := range tokens {
		names[i] = string(t.text)
	}
	return names
}

// findName is the position of a name: as it is spelled, else in any case.
func findName(names []string, name string) int {
	for i, n := range names {
		if n == name {
			return i
		}
	}
	for i, n := range names {
		if strings.EqualFold(n, name) {
			return i
		}
	}
	return -1
}

// row appends the current record as the row n; kept is false when the mode drops it.
func (c *CSVReader) row(n int) (kept bool, err error) {
	tokens := c.in.tokens()
	var fault error
	if len(tokens) != c.width {
		fault = fmt.Errorf("%d values where there should be %d", len(tokens), c.width)
	}
	for i, col := range c.cols {
		at := c.source[i]
		if at < 0 || at >= len(tokens) {
			col.appendNull()
			continue
		}
		if !c.value(col, tokens[at]) {
			if fault == nil {
				fault = fmt.Errorf("column `%s`: %q is no %s", c.d.schema.Field(i).Name, excerpt(tokens[at].text), col.dt)
			}
			if col.full {
				return false, errColumnFull(c.d.schema.Field(i).Name)
			}
			col.appendNull()
		}
	}
	if fault == nil {
		return true, nil
	}
	switch c.d.opts.Mode {
	case FailFast:
		return false, fmt.Errorf("CSV file %s, line %d: %w", c.name, c.in.line, fault)
	case DropMalformed:
		for _, col := range c.cols {
			col.truncate(n)
		}
		return false, nil
	}
	if c.d.corrupt >= 0 {
		col := c.cols[c.d.corrupt]
		col.truncate(n)
		if !col.appendText(c.in.raw) {
			return false, errColumnFull(c.d.opts.CorruptColumn)
		}
	}
	return true, nil
}

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

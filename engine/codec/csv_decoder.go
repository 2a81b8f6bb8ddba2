package codec

import (
	"fmt"
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
			return nil, fmt.Errorf("column `%s`: CSV cannot hold %s", f.Name, typeName(f.Type))
		}
		if f.Name == d.opts.CorruptColumn {
			if f.Type.ID() != arrow.STRING {
				return nil, fmt.Errorf("column `%s` takes the text of broken records and must be a STRING, not %s", f.Name, typeName(f.Type))
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

// csvRows are rows of CSV becoming columns.
type csvRows struct {
	d      *CSVDecoder
	cols   []*column
	source []int // of each column: its token, -1 for the corrupt column
	width  int   // tokens a record should have
	n      int
	text   textRules
}

// newRows makes the columns, filled by position.
func (d *CSVDecoder) newRows(mem memory.Allocator) csvRows {
	r := csvRows{d: d, text: d.text}
	r.text.today = int32(time.Now().Unix() / 86400)
	for i, f := range d.schema.Fields() {
		col, err := newColumn(mem, f.Type, f.Name)
		if err != nil {
			panic(err) // checked when the decoder was made
		}
		r.cols = append(r.cols, col)
		if i == d.corrupt {
			r.source = append(r.source, -1)
			continue
		}
		r.source = append(r.source, r.width)
		r.width++
	}
	return r
}

// Release drops what was read and not handed over.
func (r *csvRows) Release() {
	for _, col := range r.cols {
		col.reset()
	}
	r.n = 0
}

// matchHeader finds the columns in a header.
func (r *csvRows) matchHeader(header []string, name string) error {
	r.width = len(header)
	var missing []string
	for i, f := range r.d.schema.Fields() {
		if i == r.d.corrupt {
			continue
		}
		if r.source[i] = findName(header, f.Name); r.source[i] < 0 {
			missing = append(missing, "`"+f.Name+"`")
		}
	}
	if missing == nil {
		return nil
	}
	noun := "column"
	if len(missing) > 1 {
		noun = "columns"
	}
	return fmt.Errorf("CSV file %s has no %s %s; it has: %s", name, noun, strings.Join(missing, ", "), strings.Join(header, ", "))
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

// append appends a record's tokens as a row, as far as they can be read, and does what the mode says when they cannot:
// in FAILFAST mode that is the error. raw is the record's text.
func (r *csvRows) append(tokens []token, raw []byte) error {
	bad := len(tokens) != r.width
	badColumn := -1
	for i, col := range r.cols {
		at := r.source[i]
		if at < 0 || at >= len(tokens) {
			col.appendNull()
			continue
		}
		if r.value(col, tokens[at]) {
			continue
		}
		if col.full {
			return errColumnFull(r.d.schema.Field(i).Name)
		}
		if !bad {
			bad, badColumn = true, i
		}
		col.appendNull()
	}
	if !bad {
		r.n++
		return nil
	}
	if r.d.opts.Mode != Permissive {
		for _, col := range r.cols {
			col.truncate(r.n)
		}
		if r.d.opts.Mode == DropMalformed {
			return nil
		}
		return r.fault(tokens, badColumn)
	}
	if r.d.corrupt >= 0 {
		col := r.cols[r.d.corrupt]
		col.truncate(r.n)
		if !col.appendText(raw) {
			return errColumnFull(r.d.opts.CorruptColumn)
		}
	}
	r.n++
	return nil
}

// fault says what is wrong with a record: a column's text, or without one the number of values.
func (r *csvRows) fault(tokens []token, column int) error {
	if column < 0 {
		return fmt.Errorf("%d values where there should be %d", len(tokens), r.width)
	}
	f := r.d.schema.Field(column)
	return fmt.Errorf("column `%s`: %q is no %s", f.Name, excerpt(tokens[r.source[column]].text), typeName(f.Type))
}

// finish gives the columns as arrays, which the caller releases, and begins anew.
func (r *csvRows) finish() []arrow.Array {
	arrays := make([]arrow.Array, len(r.cols))
	for i, col := range r.cols {
		data := col.finish()
		arrays[i] = array.MakeFromData(data)
		data.Release()
	}
	r.n = 0
	return arrays
}

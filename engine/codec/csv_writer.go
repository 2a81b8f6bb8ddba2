package codec

import (
	"bytes"
	"encoding/base64"
	"strconv"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/bitutil"
)

// CSVWriter writes records as CSV with Spark's options. It is immutable and may be used by any number of goroutines.
type CSVWriter struct {
	schema    *arrow.Schema
	opts      CSVOptions // with defaults
	shapes    []shape
	times     textRules
	nested    *ValueWriter
	lineSep   string
	special   [256]bool // bytes that make a value need quotes
	emptyText string
	escape    byte
}

// NewCSVWriter prepares writing records of a schema. ARRAY, MAP and STRUCT columns are written as JSON, BINARY as
// base64.
func NewCSVWriter(schema *arrow.Schema, opts CSVOptions) (*CSVWriter, error) {
	w := &CSVWriter{schema: schema, opts: opts.withDefaults(), lineSep: opts.LineSep, emptyText: opts.EmptyValue}
	setDefault(&w.lineSep, "\n")
	if w.escape = w.opts.Escape; opts.NoEscape {
		w.escape = w.opts.Quote
	}
	if !opts.HasEmptyValue {
		w.emptyText = `""`
	}
	for _, f := range schema.Fields() {
		s, err := newShape(f.Name, f.Type, escapePlain)
		if err != nil {
			return nil, err
		}
		w.shapes = append(w.shapes, s)
	}
	var err error
	if w.times, err = newTextRules(opts.DateFormat, opts.TimestampFormat, opts.TimestampNTZFormat, false, opts.Zone); err != nil {
		return nil, err
	}
	w.nested, err = NewValueWriter(arrow.StructOf(schema.Fields()...), JSONOptions{KeepNullFields: true, Zone: opts.Zone,
		DateFormat: opts.DateFormat, TimestampFormat: opts.TimestampFormat, TimestampNTZFormat: opts.TimestampNTZFormat})
	if err != nil {
		return nil, err
	}
	for _, c := range []byte(w.opts.Sep[:1] + "\n\r") {
		w.special[c] = true
	}
	if !w.opts.NoQuote && !w.opts.NoEscapeQuotes {
		w.special[w.opts.Quote] = true
	}
	return w, nil
}

// AppendHeader appends the line of column names.
func (w *CSVWriter) AppendHeader(dst []byte) []byte {
	for i, f := range w.schema.Fields() {
		if i > 0 {
			dst = append(dst, w.opts.Sep...)
		}
		dst = w.appendText(dst, []byte(f.Name), i == 0)
	}
	return append(dst, w.lineSep...)
}

// AppendRecord appends all rows of rec, a line each. rec must have the writer's columns.
func (w *CSVWriter) AppendRecord(dst []byte, rec arrow.Record) []byte {
	rows := w.Open(rec)
	for i := range int(rec.NumRows()) {
		dst = append(rows.AppendRow(dst, i), w.lineSep...)
	}
	return dst
}

// CSVRows are a record's rows opened for writing. They borrow the record and belong to one goroutine.
type CSVRows struct {
	w       *CSVWriter
	views   []view
	scratch []byte
}

// Open opens a record, which must live as long as the rows are used.
func (w *CSVWriter) Open(rec arrow.Record) *CSVRows {
	r := &CSVRows{w: w, views: make([]view, len(w.shapes))}
	for i := range w.shapes {
		w.shapes[i].open(rec.Column(i), &r.views[i])
	}
	return r
}

// AppendRow appends one row without a line end, as to_csv does.
func (r *CSVRows) AppendRow(dst []byte, row int) []byte {
	for i := range r.views {
		if i > 0 {
			dst = append(dst, r.w.opts.Sep...)
		}
		dst, r.scratch = r.w.appendValue(dst, r.scratch, &r.views[i], row, i == 0)
	}
	return dst
}

// appendValue appends one value. Numbers and booleans go straight to dst; what could need quotes goes through scratch.
func (w *CSVWriter) appendValue(dst, scratch []byte, v *view, row int, first bool) (out, buf []byte) {
	if v.isNull(row) {
		if w.opts.NullValue == "" && w.opts.QuoteAll {
			return append(dst, w.opts.Quote, w.opts.Quote), scratch
		}
		return append(dst, w.opts.NullValue...), scratch
	}
	plain := !w.opts.QuoteAll && w.opts.Sep == ","
	switch v.kind {
	case kindString:
		return w.appendText(dst, v.bytes(row), first), scratch
	case kindFloat64:
		if plain {
			return AppendDouble(dst, v.f64[row]), scratch
		}
		scratch = AppendDouble(scratch[:0], v.f64[row])
	case kindFloat32:
		scratch = AppendFloat32(scratch[:0], v.f32[row])
	case kindInt64:
		if plain {
			return strconv.AppendInt(dst, v.i64[row], 10), scratch
		}
		scratch = strconv.AppendInt(scratch[:0], v.i64[row], 10)
	case kindInt32:
		if plain {
			return strconv.AppendInt(dst, int64(v.i32[row]), 10), scratch
		}
		scratch = strconv.AppendInt(scratch[:0], int64(v.i32[row]), 10)
	case kindInt16:
		scratch = strconv.AppendInt(scratch[:0], int64(v.i16[row]), 10)
	case kindInt8:
		scratch = strconv.AppendInt(scratch[:0], int64(v.i8[row]), 10)
	case kindBool:
		scratch = strconv.AppendBool(scratch[:0], bitutil.BitIsSet(v.bits, v.base+row))
	case kindDecimal:
		scratch = AppendDecimal(scratch[:0], v.dec[row], v.scale)
	case kindBinary:
		scratch = base64.StdEncoding.AppendEncode(scratch[:0], v.bytes(row))
	case kindDate, kindTimestamp, kindTimestampNTZ:
		scratch = w.appendTime(scratch[:0], v, row)
	case kindDuration:
		scratch = AppendDuration(scratch[:0], v.i64[row])
	case kindMonths:
		scratch = AppendMonths(scratch[:0], v.i32[row])
	default:
		scratch = w.nested.append(scratch[:0], v, row)
	}
	return w.appendText(dst, scratch, first), scratch
}

func (w *CSVWriter) appendTime(dst []byte, v *view, row int) []byte {
	switch v.kind {
	case kindDate:
		if p := w.times.datePattern; p != nil {
			return p.AppendDate(dst, v.i32[row])
		}
		return AppendDate(dst, v.i32[row])
	case kindTimestampNTZ:
		if p := w.times.ntzPattern; p != nil {
			return p.AppendTimestamp(dst, v.i64[row], nil)
		}
		return AppendTimestampISO(dst, v.i64[row], nil, false)
	}
	if p := w.times.timePattern; p != nil {
		return p.AppendTimestamp(dst, v.i64[row], w.opts.Zone)
	}
	return AppendTimestampISO(dst, v.i64[row], w.opts.Zone, true)
}

// appendText appends a value's text, in quotes where it needs them. first says that the line begins with it.
func (w *CSVWriter) appendText(dst, text []byte, first bool) []byte {
	if !w.opts.KeepLeadingSpace {
		text = bytes.TrimLeft(text, " \t\r\n\v\f")
	}
	if !w.opts.KeepTrailingSpace {
		text = bytes.TrimRight(text, " \t\r\n\v\f")
	}
	if len(text) == 0 {
		return append(dst, w.emptyText...)
	}
	if w.opts.NoQuote || !w.opts.QuoteAll && !w.needsQuotes(text, first) {
		return append(dst, text...)
	}
	dst = append(dst, w.opts.Quote)
	for _, c := range text {
		switch {
		case w.opts.NoEscapeQuotes:
		case c == w.opts.Quote:
			dst = append(dst, w.escape)
		case c == w.opts.Escape && w.opts.EscapeEscape != 0:
			dst = append(dst, w.opts.EscapeEscape)
		}
		dst = append(dst, c)
	}
	return append(dst, w.opts.Quote)
}

// needsQuotes tells whether a value without quotes would be read as something else.
func (w *CSVWriter) needsQuotes(text []byte, first bool) bool {
	if first && w.opts.Comment != 0 && text[0] == w.opts.Comment {
		return true
	}
	for _, c := range text {
		if w.special[c] {
			return true
		}
	}
	return false
}

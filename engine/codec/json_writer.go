package codec

import (
	"encoding/base64"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/bitutil"
)

// JSONWriter writes the rows of records as JSON objects, as Spark's JSON sink does. It is immutable and may be used
// by any number of goroutines.
type JSONWriter struct {
	values *ValueWriter
	schema *arrow.Schema
}

// NewJSONWriter prepares writing records of a schema.
func NewJSONWriter(schema *arrow.Schema, opts JSONOptions) (*JSONWriter, error) {
	v, err := NewValueWriter(arrow.StructOf(schema.Fields()...), opts)
	if err != nil {
		return nil, err
	}
	return &JSONWriter{values: v, schema: schema}, nil
}

// AppendRecord appends all rows of rec, each with a newline behind it. rec must have the writer's columns.
func (w *JSONWriter) AppendRecord(dst []byte, rec arrow.Record) []byte {
	rows := w.Open(rec)
	for i := range int(rec.NumRows()) {
		dst = append(rows.AppendRow(dst, i), '\n')
	}
	return dst
}

// AppendRow appends one row of rec, without a newline. For many rows of one record use Open.
func (w *JSONWriter) AppendRow(dst []byte, rec arrow.Record, row int) []byte {
	return w.Open(rec).AppendRow(dst, row)
}

// JSONRows are a record's rows opened for writing. They borrow the record and belong to one goroutine.
type JSONRows struct {
	w    *ValueWriter
	root view
}

// Open opens a record, which must live as long as the rows are used.
func (w *JSONWriter) Open(rec arrow.Record) *JSONRows {
	s := &w.values.shape
	r := &JSONRows{w: w.values, root: view{kind: kindStruct, schema: s, kids: make([]view, len(s.kids))}}
	for i := range s.kids {
		s.kids[i].open(rec.Column(i), &r.root.kids[i])
	}
	return r
}

// AppendRow appends one row as an object.
func (r *JSONRows) AppendRow(dst []byte, row int) []byte { return r.w.appendRoot(dst, &r.root, row) }

// ValueWriter writes single values of a type as to_json does. It is immutable and may be used by any number of
// goroutines.
type ValueWriter struct {
	shape     shape
	escape    escapeMode
	keepNulls bool
	pretty    bool
	zone      *time.Location
	date      *TimePattern
	timestamp *TimePattern
	ntz       *TimePattern
}

// NewValueWriter prepares writing values of a type: a STRUCT, ARRAY or MAP for to_json, but any other type will do.
func NewValueWriter(dt arrow.DataType, opts JSONOptions) (*ValueWriter, error) {
	w := &ValueWriter{keepNulls: opts.KeepNullFields, pretty: opts.Pretty, zone: opts.Zone}
	if opts.EscapeNonASCII {
		w.escape = escapeASCII
	}
	var err error
	if w.shape, err = newShape("value", dt, w.escape); err != nil {
		return nil, err
	}
	rules, err := newTextRules(opts.DateFormat, opts.TimestampFormat, opts.TimestampNTZFormat, false, opts.Zone)
	if err != nil {
		return nil, err
	}
	w.date, w.timestamp, w.ntz = rules.datePattern, rules.timePattern, rules.ntzPattern
	return w, nil
}

// AppendValue appends arr's value at row, NULL as null. For many rows of one array use Open.
func (w *ValueWriter) AppendValue(dst []byte, arr arrow.Array, row int) []byte {
	return w.Open(arr).AppendRow(dst, row)
}

// Open opens an array of the writer's type; it must live as long as the rows are used.
func (w *ValueWriter) Open(arr arrow.Array) *JSONRows {
	r := &JSONRows{w: w}
	w.shape.open(arr, &r.root)
	return r
}

// appendRoot appends a whole document.
func (w *ValueWriter) appendRoot(dst []byte, v *view, row int) []byte {
	if v.isNull(row) {
		return append(dst, "null"...)
	}
	if !w.pretty {
		return w.append(dst, v, row)
	}
	return appendPretty(dst, w.append(nil, v, row))
}

// append appends a value that is not NULL.
func (w *ValueWriter) append(dst []byte, v *view, row int) []byte {
	switch v.kind {
	case kindFloat64:
		return appendJSONDouble(dst, v.f64[row])
	case kindString:
		text := v.bytes(row)
		if plainText(text) {
			dst = append(append(dst, '"'), text...)
			return append(dst, '"')
		}
		return appendJSONText(dst, text, w.escape)
	case kindInt64:
		return strconv.AppendInt(dst, v.i64[row], 10)
	case kindInt32:
		return strconv.AppendInt(dst, int64(v.i32[row]), 10)
	case kindStruct:
		return w.appendStruct(dst, v, row)
	case kindBool:
		return strconv.AppendBool(dst, bitutil.BitIsSet(v.bits, v.base+row))
	case kindInt16:
		return strconv.AppendInt(dst, int64(v.i16[row]), 10)
	case kindInt8:
		return strconv.AppendInt(dst, int64(v.i8[row]), 10)
	case kindFloat32:
		return appendJSONFloat32(dst, v.f32[row])
	case kindDecimal:
		return AppendDecimal(dst, v.dec[row], v.scale)
	case kindBinary:
		dst = base64.StdEncoding.AppendEncode(append(dst, '"'), v.bytes(row))
		return append(dst, '"')
	case kindDate, kindTimestamp, kindTimestampNTZ:
		return w.appendTime(dst, v, row)
	case kindDuration:
		return append(AppendDuration(append(dst, '"'), v.i64[row]), '"')
	case kindMonths:
		return append(AppendMonths(append(dst, '"'), v.i32[row]), '"')
	case kindList:
		return w.appendList(dst, &v.kids[0], int(v.off[row]), int(v.off[row+1]))
	case kindMap:
		return w.appendMap(dst, v, row)
	}
	return append(dst, "null"...)
}

func (w *ValueWriter) appendStruct(dst []byte, v *view, row int) []byte {
	dst = append(dst, '{')
	first := true
	for i := range v.kids {
		k := &v.kids[i]
		null := k.isNull(row)
		if null && !w.keepNulls {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, k.schema.prefix...)
		if null {
			dst = append(dst, "null"...)
		} else {
			dst = w.append(dst, k, row)
		}
	}
	return append(dst, '}')
}

func (w *ValueWriter) appendList(dst []byte, elem *view, from, to int) []byte {
	dst = append(dst, '[')
	for i := from; i < to; i++ {
		if i > from {
			dst = append(dst, ',')
		}
		dst = w.appendOrNull(dst, elem, i)
	}
	return append(dst, ']')
}

func (w *ValueWriter) appendOrNull(dst []byte, v *view, row int) []byte {
	if v.isNull(row) {
		return append(dst, "null"...)
	}
	return w.append(dst, v, row)
}

// appendMap writes a map as an object; NULL values stay.
func (w *ValueWriter) appendMap(dst []byte, v *view, row int) []byte {
	dst = append(dst, '{')
	keys, vals := &v.kids[0], &v.kids[1]
	from, to := int(v.off[row]), int(v.off[row+1])
	for i := from; i < to; i++ {
		if i > from {
			dst = append(dst, ',')
		}
		if keys.kind == kindString {
			dst = appendJSONText(dst, keys.bytes(i), w.escape)
		} else {
			dst = appendJSONText(dst, appendKey(nil, keys, i), w.escape)
		}
		dst = w.appendOrNull(append(dst, ':'), vals, i)
	}
	return append(dst, '}')
}

// appendKey appends a map's key that is no string: Spark takes its internal value's toString, which is the number of
// days of a DATE, the microseconds of a TIMESTAMP or an interval, and [1,x] for a STRUCT.
func appendKey(dst []byte, v *view, row int) []byte {
	if v.isNull(row) {
		return append(dst, "null"...)
	}
	switch v.kind {
	case kindBool:
		return strconv.AppendBool(dst, bitutil.BitIsSet(v.bits, v.base+row))
	case kindInt8:
		return strconv.AppendInt(dst, int64(v.i8[row]), 10)
	case kindInt16:
		return strconv.AppendInt(dst, int64(v.i16[row]), 10)
	case kindInt32, kindDate, kindMonths:
		return strconv.AppendInt(dst, int64(v.i32[row]), 10)
	case kindInt64, kindTimestamp, kindTimestampNTZ, kindDuration:
		return strconv.AppendInt(dst, v.i64[row], 10)
	case kindFloat32:
		return AppendFloat32(dst, v.f32[row])
	case kindFloat64:
		return AppendDouble(dst, v.f64[row])
	case kindDecimal:
		return AppendDecimal(dst, v.dec[row], v.scale)
	case kindString:
		return append(dst, v.bytes(row)...)
	case kindBinary:
		return base64.StdEncoding.AppendEncode(dst, v.bytes(row))
	}
	dst = append(dst, '[')
	if v.kind == kindStruct {
		for i := range v.kids {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendKey(dst, &v.kids[i], row)
		}
		return append(dst, ']')
	}
	for i := int(v.off[row]); i < int(v.off[row+1]); i++ {
		if i > int(v.off[row]) {
			dst = append(dst, ',')
		}
		dst = appendKey(dst, &v.kids[0], i)
	}
	return append(dst, ']')
}

// appendTime appends dates and timestamps as strings.
func (w *ValueWriter) appendTime(dst []byte, v *view, row int) []byte {
	if v.kind == kindDate {
		if w.date != nil {
			return appendJSONText(dst, w.date.AppendDate(nil, v.i32[row]), w.escape)
		}
		return append(AppendDate(append(dst, '"'), v.i32[row]), '"')
	}
	pattern, zone := w.timestamp, w.zone
	if v.kind == kindTimestampNTZ {
		pattern, zone = w.ntz, nil
	}
	if pattern != nil {
		return appendJSONText(dst, pattern.AppendTimestamp(nil, v.i64[row], zone), w.escape)
	}
	return append(AppendTimestampISO(append(dst, '"'), v.i64[row], zone, v.kind == kindTimestamp), '"')
}

// appendPretty appends compact JSON in Jackson's pretty form.
func appendPretty(dst, doc []byte) []byte {
	var nest []byte
	line := func() {
		dst = append(dst, '\n')
		for _, c := range nest {
			if c == '{' {
				dst = append(dst, "  "...)
			}
		}
	}
	for i := 0; i < len(doc); i++ {
		switch c := doc[i]; c {
		case '"':
			end := i + 1
			for ; doc[end] != '"'; end++ {
				if doc[end] == '\\' {
					end++
				}
			}
			dst = append(dst, doc[i:end+1]...)
			i = end
		case '{', '[':
			dst = append(dst, c)
			if doc[i+1] == '}' || doc[i+1] == ']' {
				dst = append(dst, ' ', doc[i+1])
				i++
				continue
			}
			if nest = append(nest, c); c == '{' {
				line()
			} else {
				dst = append(dst, ' ')
			}
		case '}', ']':
			if nest = nest[:len(nest)-1]; c == '}' {
				line()
			} else {
				dst = append(dst, ' ')
			}
			dst = append(dst, c)
		case ',':
			if dst = append(dst, ','); nest[len(nest)-1] == '{' {
				line()
			} else {
				dst = append(dst, ' ')
			}
		case ':':
			dst = append(dst, " : "...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

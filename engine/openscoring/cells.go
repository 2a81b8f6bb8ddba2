package openscoring

import (
	"math"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine/codec"
)

// kind is how a column takes values.
type kind uint8

const (
	kindDouble kind = iota
	kindFloat
	kindInteger // 64 bits
	kindInt     // 32 bits
	kindBoolean
	kindString
	kindDate
	kindTimestamp // microseconds
	kindDoubles   // a list of doubles
	kindStrings   // a list of strings
)

// inputKind is the kind of a column that requests can fill.
func inputKind(t arrow.DataType) (k kind, ok bool) {
	if l, list := t.(*arrow.ListType); list {
		switch l.Elem().ID() {
		case arrow.FLOAT64:
			return kindDoubles, true
		case arrow.STRING:
			return kindStrings, true
		}
	}
	return kindOf(t)
}

// kindOf is the kind of a scalar column; ok is false for any other.
func kindOf(t arrow.DataType) (k kind, ok bool) {
	switch t.ID() {
	case arrow.FLOAT64:
		return kindDouble, true
	case arrow.FLOAT32:
		return kindFloat, true
	case arrow.INT64:
		return kindInteger, true
	case arrow.INT32:
		return kindInt, true
	case arrow.BOOL:
		return kindBoolean, true
	case arrow.STRING:
		return kindString, true
	case arrow.DATE32:
		return kindDate, true
	case arrow.TIMESTAMP:
		return kindTimestamp, t.(*arrow.TimestampType).Unit == arrow.Microsecond
	}
	return 0, false
}

// shape is what stands in a request's cell.
type shape uint8

const (
	absent shape = iota // not there, or null
	number              // text is JSON's
	boolean
	quoted // text is what the quotes hold, or a CSV cell
	list
	object
)

// cell is one argument of one record. Its text is borrowed from the request.
type cell struct {
	shape shape
	text  []byte
}

// fault is why a record has no results.
type fault struct {
	row     int
	class   string // of the exception that Openscoring would name
	message string
}

// The classes of Openscoring's exceptions.
const (
	classValue    = "org.jpmml.evaluator.ValueCheckException"
	classMissing  = "org.jpmml.evaluator.MissingFieldException"
	classEvaluate = "org.jpmml.evaluator.EvaluationException"
	classNull     = "java.lang.NullPointerException"
)

// rows are records on their way into columns. A record's cells are set in any
// order and then added as a row; a cell that its column cannot take makes the
// row's fault, and the row is scored as if it were empty. It belongs to one
// goroutine.
type rows struct {
	m     *Model
	cols  []array.Builder
	cells []cell
	n     int
	// faults are those of rows that could not be read, in the order of the rows.
	faults []fault
	// strictNaN refuses NaN, as Openscoring does, where the model does not take it.
	strictNaN bool
}

func newRows(m *Model, mem memory.Allocator) *rows {
	r := &rows{m: m, cols: make([]array.Builder, len(m.inputs)), cells: make([]cell, len(m.inputs))}
	for i := range m.inputs {
		r.cols[i] = array.NewBuilder(mem, m.inputs[i].typ)
	}
	return r
}

// release drops what was not taken.
func (r *rows) release() {
	for _, b := range r.cols {
		b.Release()
	}
}

// take gives the rows as arrays, which the caller releases, and begins anew.
func (r *rows) take() []arrow.Array {
	out := make([]arrow.Array, len(r.cols))
	for i, b := range r.cols {
		out[i] = b.NewArray()
	}
	r.n, r.faults = 0, nil
	return out
}

// add makes a row of the cells and empties them.
func (r *rows) add() {
	for i := range r.cells {
		c := r.cells[i]
		r.cells[i] = cell{}
		in := &r.m.inputs[i]
		if in.put(r.cols[i], c, r.strictNaN) {
			continue
		}
		if message, class := r.refused(in, r.cols[i], c); message != "" {
			r.fail(class, message)
			for j := i; j < len(r.cols); j++ {
				r.cols[j].AppendNull()
				r.cells[j] = cell{}
			}
			break
		}
	}
	r.n++
}

// addFault adds a row that has no cells to be read.
func (r *rows) addFault(class, message string) {
	r.fail(class, message)
	for i, b := range r.cols {
		b.AppendNull()
		r.cells[i] = cell{}
	}
	r.n++
}

func (r *rows) fail(class, message string) {
	r.faults = append(r.faults, fault{row: r.n, class: class, message: message})
}

// refused treats a cell that does not fit its column as the model's MiningField
// says; a message means that the row fails, and nothing was appended.
func (r *rows) refused(in *input, b array.Builder, c cell) (message, class string) {
	if c.shape == list && in.kind < kindDoubles {
		return "Collection value cannot be used in comparison operations", classEvaluate
	}
	switch in.invalid {
	case "asMissing":
		b.AppendNull()
		return "", ""
	case "asValue":
		if in.put(b, cell{shape: quoted, text: []byte(in.replacement)}, false) {
			return "", ""
		}
	}
	return invalid(in.name, c.String()), classValue
}

func invalid(name, value string) string {
	return "Field " + strconv.Quote(name) + " cannot accept invalid value " + value
}

// String is the cell as Java writes the value in a message.
func (c cell) String() string {
	if c.shape == quoted {
		if s := string(c.text); s != "NaN" {
			return `"` + s + `"`
		}
	}
	return string(c.text)
}

// put appends a cell to a column; false if the column cannot take it, and then
// nothing was appended.
func (in *input) put(b array.Builder, c cell, strictNaN bool) bool {
	if c.shape == absent {
		b.AppendNull()
		return true
	}
	if in.kind == kindDoubles || in.kind == kindStrings {
		return in.putList(b.(*array.ListBuilder), c)
	}
	if c.shape >= list {
		return false
	}
	switch in.kind {
	case kindDouble, kindFloat:
		x, ok := c.double()
		if !ok || strictNaN && math.IsNaN(x) && !in.takesNaN {
			return false
		}
		if in.kind == kindFloat {
			b.(*array.Float32Builder).Append(float32(x))
		} else {
			b.(*array.Float64Builder).Append(x)
		}
	case kindInteger, kindInt:
		x, ok := c.integer()
		if !ok {
			return false
		}
		if in.kind == kindInteger {
			b.(*array.Int64Builder).Append(x)
		} else if x != int64(int32(x)) {
			return false
		} else {
			b.(*array.Int32Builder).Append(int32(x))
		}
	case kindBoolean:
		x, ok := c.boolean()
		if !ok {
			return false
		}
		b.(*array.BooleanBuilder).Append(x)
	case kindString:
		b.(*array.StringBuilder).Append(c.string())
	case kindDate:
		days, ok := codec.ParseDate(c.text)
		if c.shape != quoted || !ok {
			return false
		}
		b.(*array.Date32Builder).Append(arrow.Date32(days))
	case kindTimestamp:
		micros, ok := codec.ParseTimestamp(c.text, time.UTC, 0)
		if c.shape != quoted || !ok {
			return false
		}
		b.(*array.TimestampBuilder).Append(arrow.Timestamp(micros))
	}
	return true
}

// putList appends a list: JSON's, also as a text, which is what CSV has; or a single
// value as a list of one.
func (in *input) putList(b *array.ListBuilder, c cell) bool {
	text := c.text
	switch {
	case c.shape == object:
		return false
	case c.shape == list, c.shape == quoted && len(text) > 0 && text[0] == '[':
	default:
		text = nil
	}
	all := []cell{c}
	if text != nil {
		all = all[:0]
		r := jsonReader{b: text}
		ok := r.elements(func() bool {
			e, ok := r.value(0)
			all = append(all, e)
			return ok && e.shape < list
		})
		if !ok || r.space() != 0 {
			return false
		}
	}
	if s, ok := b.ValueBuilder().(*array.StringBuilder); ok {
		b.Append(true)
		for _, e := range all {
			if e.shape == absent {
				s.AppendNull()
				continue
			}
			s.Append(e.string())
		}
		return true
	}
	return putDoubles(b, all)
}

func putDoubles(b *array.ListBuilder, all []cell) bool {
	xs, valid := make([]float64, len(all)), make([]bool, len(all))
	for i, e := range all {
		if e.shape == absent {
			continue
		}
		x, ok := e.double()
		if !ok {
			return false
		}
		xs[i], valid[i] = x, true
	}
	b.Append(true)
	b.ValueBuilder().(*array.Float64Builder).AppendValues(xs, valid)
	return true
}

// view is text as a string that must not be kept.
func view(text []byte) string { return unsafe.String(unsafe.SliceData(text), len(text)) }

// double reads a number as Java does, and a boolean as 0 or 1.
func (c cell) double() (float64, bool) {
	s := view(c.text)
	switch c.shape {
	case boolean:
		return float64(len("false") - len(s)), true
	case quoted:
		s = strings.TrimSpace(s)
		switch s {
		case "NaN":
			return math.NaN(), true
		case "Infinity", "+Infinity", "INF":
			return math.Inf(1), true
		case "-Infinity", "-INF":
			return math.Inf(-1), true
		}
		if !isDecimal(s) {
			return 0, false
		}
	}
	x, err := strconv.ParseFloat(s, 64)
	return x, err == nil || math.IsInf(x, 0)
}

// isDecimal says that a text has only what decimal numbers have; strconv takes
// more, as 0x1p-2 and 1_000.
func isDecimal(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9', c == '.', c == '-', c == '+', c == 'e', c == 'E':
		default:
			return false
		}
	}
	return true
}

// integer reads a number without a fraction.
func (c cell) integer() (int64, bool) {
	s := view(c.text)
	if c.shape == boolean {
		return int64(len("false") - len(s)), true
	}
	if x, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil {
		return x, true
	}
	x, ok := c.double()
	if !ok || x != math.Trunc(x) || math.Abs(x) >= 1<<63 {
		return 0, false
	}
	return int64(x), true
}

func (c cell) boolean() (value, ok bool) {
	switch s := strings.TrimSpace(view(c.text)); {
	case strings.EqualFold(s, "true"), s == "1", s == "1.0":
		return true, true
	case strings.EqualFold(s, "false"), s == "0", s == "0.0":
		return false, true
	}
	return false, false
}

// string is the text of a value: of a number with a fraction or an exponent the
// one that Java gives its double.
func (c cell) string() string {
	s := view(c.text)
	if c.shape == number && strings.ContainsAny(s, ".eE") {
		if x, err := strconv.ParseFloat(s, 64); err == nil {
			return javaDouble(x)
		}
	}
	return s
}

package openscoring

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine/codec"
)

// scored is what a model said of some rows. The caller releases it.
type scored struct {
	m      *Model
	n      int
	cols   []arrow.Array // one for each of the model's results
	faults []fault       // in the order of the rows, at most one a row
}

func (s *scored) release() { releaseAll(s.cols) }

// run scores the rows in one call and empties them.
func (r *rows) run(mem memory.Allocator) (*scored, error) {
	m := r.m
	s := &scored{m: m, n: r.n, faults: r.faults}
	unread := len(r.faults)
	in := r.take()
	defer releaseAll(in)
	var err error
	s.cols, err = m.score(mem, s.n, in, m.want, func(row int, err error) {
		class, message := m.explain(err)
		s.faults = append(s.faults, fault{row: row, class: class, message: message})
	})
	if err != nil {
		return nil, err
	}
	if m.undefined != "" {
		s.addUndefined()
	}
	if len(s.faults) > unread {
		s.settle()
	}
	return s, nil
}

// settle puts the faults in order and keeps the first of each row.
func (s *scored) settle() {
	slices.SortStableFunc(s.faults, func(a, b fault) int { return cmp.Compare(a.row, b.row) })
	s.faults = slices.CompactFunc(s.faults, func(a, b fault) bool { return a.row == b.row })
}

// addUndefined makes a fault of each row whose prediction is missing while an
// output expression needs it.
func (s *scored) addUndefined() {
	col := s.cols[s.m.predicted]
	if col.NullN() == 0 {
		return
	}
	for i := range s.n {
		if col.IsNull(i) {
			s.faults = append(s.faults, fault{row: i, class: classMissing, message: "Field " + strconv.Quote(s.m.undefined) + " is not defined"})
		}
	}
}

// explain is a scorer's fault in the words of Openscoring, where it has some.
func (m *Model) explain(err error) (class, message string) {
	text := err.Error()
	rest, ok := strings.CutPrefix(text, "field ")
	if !ok {
		return classEvaluate, text
	}
	if name, value, ok := strings.Cut(rest, " cannot accept the invalid value "); ok {
		if i, known := m.byName[name]; known && m.inputs[i].kind == kindString {
			value = `"` + value + `"`
		}
		return classValue, invalid(name, value)
	}
	if name, ok := strings.CutSuffix(rest, " cannot accept a missing value"); ok {
		return classValue, "Field " + strconv.Quote(name) + " cannot accept missing value"
	}
	return classEvaluate, text
}

// appendText appends a value as Java's toString gives it; NULL appends nothing.
func (c *resultColumn) appendText(dst []byte, a arrow.Array, row int) []byte {
	if a.IsNull(row) {
		return dst
	}
	switch a := a.(type) {
	case *array.Float64:
		return codec.AppendDouble(dst, a.Value(row))
	case *array.Float32:
		return codec.AppendFloat32(dst, a.Value(row))
	case *array.Int64:
		return strconv.AppendInt(dst, a.Value(row), 10)
	case *array.Int32:
		return strconv.AppendInt(dst, int64(a.Value(row)), 10)
	case *array.Boolean:
		return strconv.AppendBool(dst, a.Value(row))
	case *array.String:
		return append(dst, a.Value(row)...)
	case *array.Date32:
		return codec.AppendDate(dst, int32(a.Value(row)))
	case *array.Timestamp:
		return append(dst, a.Value(row).ToTime(arrow.Microsecond).UTC().Format("2006-01-02T15:04:05.999999")...)
	}
	return c.json.AppendValue(dst, a, row)
}

// appendJSON appends a value as Jackson writes it; numbers that JSON does not
// have are texts.
func (c *resultColumn) appendJSON(dst []byte, a arrow.Array, row int) []byte {
	if a.IsNull(row) {
		return append(dst, "null"...)
	}
	switch a := a.(type) {
	case *array.String:
		return appendJSONString(dst, a.Value(row))
	case *array.Float64:
		if x := a.Value(row); x-x != 0 {
			return c.appendQuoted(dst, a, row)
		}
	case *array.Float32:
		if x := a.Value(row); x-x != 0 {
			return c.appendQuoted(dst, a, row)
		}
	case *array.Date32, *array.Timestamp:
		return c.appendQuoted(dst, a, row)
	}
	return c.appendText(dst, a, row)
}

func (c *resultColumn) appendQuoted(dst []byte, a arrow.Array, row int) []byte {
	return append(c.appendText(append(dst, '"'), a, row), '"')
}

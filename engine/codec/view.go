package codec

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/bitutil"
	"github.com/apache/arrow/go/v14/arrow/decimal128"
)

// view is an array opened for reading by rows: its slices, so that a value costs no call through an interface. It
// borrows the array's memory.
type view struct {
	kind   kind
	valid  []byte // bitmap, nil when nothing is NULL
	base   int    // of the bitmaps
	bits   []byte
	f64    []float64
	f32    []float32
	i64    []int64
	i32    []int32
	i16    []int16
	i8     []int8
	dec    []decimal128.Num
	scale  int32
	off    []int32
	text   []byte
	kids   []view
	schema *shape
}

// shape is what the writers know of a type beforehand.
type shape struct {
	kind   kind
	dt     arrow.DataType
	prefix []byte // `"name":` of a struct's member
	kids   []shape
}

// newShape prepares a type for writing.
func newShape(name string, dt arrow.DataType, mode escapeMode) (shape, error) {
	k, ok := writtenKind(dt)
	if !ok {
		return shape{}, fmt.Errorf("column `%s`: type %s cannot be written as text", name, typeName(dt))
	}
	s := shape{kind: k, dt: dt, prefix: append(appendJSONText(nil, name, mode), ':')}
	for _, f := range childFields(dt) {
		kid, err := newShape(f.Name, f.Type, mode)
		if err != nil {
			return s, err
		}
		s.kids = append(s.kids, kid)
	}
	return s, nil
}

// writtenKind is the kind of a type that can be written: that of the types that can be read, and intervals.
func writtenKind(dt arrow.DataType) (kind, bool) {
	switch t := dt.(type) {
	case *arrow.DurationType:
		return kindDuration, t.Unit == arrow.Microsecond
	case *arrow.MonthIntervalType:
		return kindMonths, true
	}
	return kindOf(dt)
}

// open makes the view of an array of the shape's type.
func (s *shape) open(arr arrow.Array, v *view) {
	d := arr.Data()
	*v = view{kind: s.kind, base: d.Offset(), schema: s}
	if arr.NullN() > 0 && s.kind != kindNull {
		v.valid = arr.NullBitmapBytes()
	}
	n := d.Offset() + d.Len()
	bytesOf := func(i int) []byte {
		if b := d.Buffers()[i]; b != nil {
			return b.Bytes()
		}
		return nil
	}
	switch a := arr.(type) {
	case *array.Boolean:
		v.bits = bytesOf(1)
	case *array.Float64:
		v.f64 = a.Float64Values()
	case *array.Float32:
		v.f32 = a.Float32Values()
	case *array.Int64:
		v.i64 = a.Int64Values()
	case *array.Timestamp:
		if b := bytesOf(1); b != nil {
			v.i64 = arrow.Int64Traits.CastFromBytes(b)[d.Offset():n]
		}
	case *array.Duration:
		if b := bytesOf(1); b != nil {
			v.i64 = arrow.Int64Traits.CastFromBytes(b)[d.Offset():n]
		}
	case *array.MonthInterval:
		if b := bytesOf(1); b != nil {
			v.i32 = arrow.Int32Traits.CastFromBytes(b)[d.Offset():n]
		}
	case *array.Int32:
		v.i32 = a.Int32Values()
	case *array.Date32:
		if b := bytesOf(1); b != nil {
			v.i32 = arrow.Int32Traits.CastFromBytes(b)[d.Offset():n]
		}
	case *array.Int16:
		v.i16 = a.Int16Values()
	case *array.Int8:
		v.i8 = a.Int8Values()
	case *array.Decimal128:
		v.dec, v.scale = a.Values(), s.dt.(*arrow.Decimal128Type).Scale
	case *array.String, *array.Binary:
		v.text = bytesOf(2)
		v.openOffsets(bytesOf(1), d.Offset(), n)
	case *array.Map:
		v.openOffsets(bytesOf(1), d.Offset(), n)
		v.kids = make([]view, 2)
		s.kids[0].open(a.Keys(), &v.kids[0])
		s.kids[1].open(a.Items(), &v.kids[1])
	case *array.List:
		v.openOffsets(bytesOf(1), d.Offset(), n)
		v.kids = make([]view, 1)
		s.kids[0].open(a.ListValues(), &v.kids[0])
	case *array.Struct:
		v.kids = make([]view, a.NumField())
		for i := range v.kids {
			s.kids[i].open(a.Field(i), &v.kids[i])
		}
	}
}

func (v *view) openOffsets(b []byte, from, to int) {
	if b != nil && to > from {
		v.off = arrow.Int32Traits.CastFromBytes(b)[from : to+1]
	}
}

func (v *view) isNull(row int) bool {
	return v.valid != nil && !bitutil.BitIsSet(v.valid, v.base+row) || v.kind == kindNull
}

// bytes is the text of a STRING or BINARY row.
func (v *view) bytes(row int) []byte { return v.text[v.off[row]:v.off[row+1]] }

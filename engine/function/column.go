package function

import (
	"unsafe"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/bitutil"
	"github.com/apache/arrow/go/v14/arrow/decimal128"
)

// fixed are the Go types of the values of fixed-width columns.
type fixed interface {
	int8 | int16 | int32 | int64 | float32 | float64 | decimal128.Num
}

// raw gives the values of a fixed-width array as they lie in its buffer,
// NULLs included.
func raw[T fixed](a arrow.Array) []T {
	d := a.Data()
	if d.Len() == 0 {
		return nil
	}
	if len(d.Buffers()) < 2 || d.Buffers()[1] == nil || d.Buffers()[1].Len() == 0 {
		return make([]T, d.Len())
	}
	b := d.Buffers()[1].Bytes()
	all := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(*new(T))))
	return all[d.Offset() : d.Offset()+d.Len()]
}

// text is a string or binary column to read.
type text struct {
	off  []int32
	data []byte
	step int
}

func textOf(a arrow.Array) text {
	d := a.Data()
	t := text{step: step(a)}
	if d.Len() == 0 || len(d.Buffers()) < 3 || d.Buffers()[1] == nil {
		t.off = make([]int32, d.Len()+1)
		return t
	}
	b := d.Buffers()[1].Bytes()
	all := unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
	t.off = all[d.Offset() : d.Offset()+d.Len()+1]
	if d.Buffers()[2] != nil {
		t.data = d.Buffers()[2].Bytes()
	}
	return t
}

func (t text) at(i int) []byte {
	i *= t.step
	return t.data[t.off[i]:t.off[i+1]]
}

// bits is a bitmap to read.
type bits struct {
	buf  []byte
	off  int
	step int
}

func boolsOf(a arrow.Array) bits {
	d := a.Data()
	b := bits{off: d.Offset(), step: step(a)}
	if d.Buffers()[1] != nil {
		b.buf = d.Buffers()[1].Bytes()
	} else {
		b.buf = make([]byte, bitutil.CeilByte(d.Offset()+d.Len())/8)
	}
	return b
}

func (b bits) at(i int) bool { return bitutil.BitIsSet(b.buf, b.off+i*b.step) }

// step is how far one row is from the next: 0 for a constant, which comes with
// length 1.
func step(a arrow.Array) int {
	if a.Len() == 1 {
		return 0
	}
	return 1
}

// list gives the offsets of a LIST or MAP array and its elements.
type list struct {
	off  []int32
	elem arrow.Array
	step int
}

func listOf(a arrow.Array) list {
	d := a.Data()
	l := list{step: step(a)}
	switch a := a.(type) {
	case *array.Map:
		l.elem = a.ListValues()
	case *array.List:
		l.elem = a.ListValues()
	}
	if d.Len() == 0 || d.Buffers()[1] == nil || d.Buffers()[1].Len() == 0 {
		l.off = make([]int32, d.Len()+1)
		return l
	}
	b := d.Buffers()[1].Bytes()
	all := unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
	l.off = all[d.Offset() : d.Offset()+d.Len()+1]
	return l
}

// span is where row i's elements are.
func (l list) span(i int) (from, to int) {
	i *= l.step
	return int(l.off[i]), int(l.off[i+1])
}

// entries gives the keys and values of a MAP array, aligned with its offsets.
func entries(a arrow.Array) (keys, items arrow.Array) {
	// Not Keys and Items, which forget the offset of the entries.
	e := a.(*array.Map).ListValues().(*array.Struct)
	return e.Field(0), e.Field(1)
}

// nullAt says whether element i is NULL. An array of type void says false to
// IsNull.
func nullAt(a arrow.Array, i int) bool { return a.IsNull(i) || a.DataType().ID() == arrow.NULL }

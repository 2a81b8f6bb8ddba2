package onnx

import (
	"errors"
	"math"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/bitutil"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// output is where a column of the result comes from.
type output struct {
	slot  int
	kind  kind
	width int // elements of a row
	elem  int // which of them; -1: all, as an array
}

// writer collects one output of all tiles. Numbers go to a buffer that is as long as the batch, other types to a builder.
type writer struct {
	*output
	typ   arrow.DataType
	mem   memory.Allocator
	n     int
	buf   *memory.Buffer
	valid *memory.Buffer // nil: no NULL so far
	nulls int
	text  array.Builder
	bytes int
}

// open prepares for n rows.
func (w *writer) open(mem memory.Allocator, o *output, typ arrow.DataType, n int) {
	w.output, w.typ, w.mem, w.n = o, typ, mem, n
	if o.kind == kindString || o.kind == kindBool {
		w.text = array.NewBuilder(mem, typ)
		w.text.Reserve(n)
		return
	}
	size := map[bool]int{true: 8, false: 4}[o.kind == kindDouble || o.kind == kindInt64]
	w.buf = memory.NewResizableBuffer(mem)
	w.buf.Resize(n * size * w.perRow())
}

// perRow is how many elements of a row the column has.
func (w *writer) perRow() int {
	if w.elem < 0 {
		return w.width
	}
	return 1
}

func (w *writer) release() {
	if w.buf != nil {
		w.buf.Release()
	}
	if w.valid != nil {
		w.valid.Release()
	}
	if w.text != nil {
		w.text.Release()
	}
}

var errTooLong = errors.New("the results of a batch are more than an array can hold")

// write adds the rows of a tile.
func (w *writer) write(ws *workspace, from int) error {
	t := &ws.values[w.slot]
	if w.text != nil {
		return w.append(ws, t)
	}
	if w.n*w.perRow() > math.MaxInt32 {
		return errTooLong
	}
	b := w.buf.Bytes()
	switch w.kind {
	case kindFloat:
		pick(w, arrow.Float32Traits.CastFromBytes(b), t.f32, from)
	case kindDouble:
		pick(w, arrow.Float64Traits.CastFromBytes(b), t.f64, from)
	case kindInt64:
		pick(w, arrow.Int64Traits.CastFromBytes(b), t.i64, from)
	case kindInt32:
		pick(w, arrow.Int32Traits.CastFromBytes(b), t.i32, from)
	}
	if ws.died {
		w.drop(ws, from)
	}
	return nil
}

// pick copies a column's elements from the rows of a tile.
func pick[T any](w *writer, dst, src []T, from int) {
	if w.elem < 0 {
		copy(dst[from*w.width:], src)
		return
	}
	dst = dst[from:]
	if w.width == 1 {
		copy(dst, src)
		return
	}
	for i := 0; i*w.width < len(src); i++ {
		dst[i] = src[i*w.width+w.elem]
	}
}

// drop makes the rows that were given up NULL.
func (w *writer) drop(ws *workspace, from int) {
	if w.valid == nil {
		w.valid = memory.NewResizableBuffer(w.mem)
		w.valid.Resize(int(bitutil.BytesForBits(int64(w.n))))
		bitutil.SetBitsTo(w.valid.Bytes(), 0, int64(w.n), true)
	}
	for i, dead := range ws.dead[:ws.rows] {
		if dead {
			bitutil.ClearBit(w.valid.Bytes(), from+i)
			w.nulls++
		}
	}
}

// append adds strings or booleans to the builder.
func (w *writer) append(ws *workspace, t *tensor) error {
	for i := range ws.rows {
		if ws.died && ws.dead[i] {
			w.text.AppendNull()
			continue
		}
		at, end, b := i*w.width, (i+1)*w.width, w.text
		if w.elem >= 0 {
			at += w.elem
			end = at + 1
		} else {
			l := w.text.(*array.ListBuilder)
			l.Append(true)
			b = l.ValueBuilder()
		}
		for k := at; k < end; k++ {
			if w.kind == kindBool {
				b.(*array.BooleanBuilder).Append(t.bool[k])
				continue
			}
			if w.bytes += len(t.str[k]); w.bytes > math.MaxInt32 {
				return errTooLong
			}
			b.(*array.StringBuilder).Append(t.str[k])
		}
	}
	return nil
}

// array is the column.
func (w *writer) array() arrow.Array {
	if w.text != nil {
		return w.text.NewArray()
	}
	if w.elem >= 0 {
		return makeArray(w.typ, w.n, w.nulls, []*memory.Buffer{w.valid, w.buf}, nil)
	}
	items := array.NewData(w.typ.(*arrow.ListType).Elem(), w.n*w.width, []*memory.Buffer{nil, w.buf}, nil, 0, 0)
	defer items.Release()
	offsets := memory.NewResizableBuffer(w.mem)
	defer offsets.Release()
	offsets.Resize(arrow.Int32Traits.BytesRequired(w.n + 1))
	for i := range arrow.Int32Traits.CastFromBytes(offsets.Bytes()) {
		arrow.Int32Traits.CastFromBytes(offsets.Bytes())[i] = int32(i * w.width)
	}
	return makeArray(w.typ, w.n, w.nulls, []*memory.Buffer{w.valid, offsets}, []arrow.ArrayData{items})
}

func makeArray(typ arrow.DataType, n, nulls int, bufs []*memory.Buffer, children []arrow.ArrayData) arrow.Array {
	d := array.NewData(typ, n, bufs, children, nulls, 0)
	defer d.Release()
	return array.MakeFromData(d)
}

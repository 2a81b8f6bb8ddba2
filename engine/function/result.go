package function

import (
	"errors"
	"math"
	"unsafe"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/bitutil"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// errTooLong ends a query whose text column outgrows 32-bit offsets.
var errTooLong = errors.New("the text of one batch is longer than 2 GiB")

// newBuffer allocates a buffer of n zero bytes.
func newBuffer(mem memory.Allocator, n int) *memory.Buffer {
	b := memory.NewResizableBuffer(mem)
	b.Resize(n)
	clear(b.Bytes())
	return b
}

// nulls is the validity of a column under construction: nothing is allocated
// while every row is valid.
type nulls struct {
	mem   memory.Allocator
	n     int
	buf   *memory.Buffer
	count int
}

// set makes row i NULL.
func (b *nulls) set(i int) {
	if b.buf == nil {
		b.buf = memory.NewResizableBuffer(b.mem)
		b.buf.Resize(int(bitutil.BytesForBits(int64(b.n))))
		memory.Set(b.buf.Bytes(), 0xff)
	}
	if bitutil.BitIsSet(b.buf.Bytes(), i) {
		bitutil.ClearBit(b.buf.Bytes(), i)
		b.count++
	}
}

func (b *nulls) isSet(i int) bool {
	return b.buf != nil && !bitutil.BitIsSet(b.buf.Bytes(), i)
}

func (b *nulls) release() {
	if b.buf != nil {
		b.buf.Release()
		b.buf = nil
	}
}

// make builds an array from buffers and children, which it takes over, and the
// validity.
func (b *nulls) make(dt arrow.DataType, bufs []*memory.Buffer, children ...arrow.ArrayData) arrow.Array {
	all := append([]*memory.Buffer{b.buf}, bufs...)
	d := array.NewData(dt, b.n, all, children, b.count, 0)
	for _, buf := range all {
		if buf != nil {
			buf.Release()
		}
	}
	for _, c := range children {
		c.Release()
	}
	b.buf = nil
	a := array.MakeFromData(d)
	d.Release()
	return a
}

// column is a fixed-width column under construction.
type column[T fixed] struct {
	nulls
	buf *memory.Buffer
	v   []T
}

func newColumn[T fixed](mem memory.Allocator, n int) *column[T] {
	size := int(unsafe.Sizeof(*new(T)))
	buf := memory.NewResizableBuffer(mem)
	buf.Resize(n * size)
	c := &column[T]{nulls: nulls{mem: mem, n: n}, buf: buf}
	if n > 0 {
		c.v = unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(buf.Bytes()))), n)
	}
	return c
}

// setNull makes row i NULL, with a defined value below.
func (c *column[T]) setNull(i int) {
	c.v[i] = *new(T)
	c.nulls.set(i)
}

func (c *column[T]) array(dt arrow.DataType) arrow.Array {
	return c.make(dt, []*memory.Buffer{c.buf})
}

func (c *column[T]) release() {
	c.buf.Release()
	c.nulls.release()
}

// boolColumn is a boolean column under construction, all false at first.
type boolColumn struct {
	nulls
	buf *memory.Buffer
	v   []byte
}

func newBoolColumn(mem memory.Allocator, n int) *boolColumn {
	b := newBuffer(mem, int(bitutil.BytesForBits(int64(n))))
	return &boolColumn{nulls: nulls{mem: mem, n: n}, buf: b, v: b.Bytes()}
}

func (c *boolColumn) set(i int, v bool) {
	if v {
		bitutil.SetBit(c.v, i)
	}
}

func (c *boolColumn) setNull(i int) { c.nulls.set(i) }

func (c *boolColumn) array() arrow.Array {
	return c.make(arrow.FixedWidthTypes.Boolean, []*memory.Buffer{c.buf})
}

func (c *boolColumn) release() {
	c.buf.Release()
	c.nulls.release()
}

// textColumn is a string or binary column under construction. Rows are appended
// in order: write to dst, then end(i, dst).
type textColumn struct {
	nulls
	offBuf *memory.Buffer
	off    []int32
	data   *memory.Buffer
	used   int
}

func newTextColumn(mem memory.Allocator, n, sizeHint int) *textColumn {
	ob := memory.NewResizableBuffer(mem)
	ob.Resize((n + 1) * 4)
	off := unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(ob.Bytes()))), n+1)
	off[0] = 0
	c := &textColumn{nulls: nulls{mem: mem, n: n}, offBuf: ob, off: off, data: memory.NewResizableBuffer(mem)}
	c.data.Reserve(max(sizeHint, 16))
	return c
}

// put appends row i.
func (c *textColumn) put(i int, s []byte) error {
	need := c.used + len(s)
	if need > c.data.Cap() {
		if need > math.MaxInt32 {
			return errTooLong
		}
		c.data.Reserve(max(need, 2*c.data.Cap()))
	}
	copy(c.data.Buf()[c.used:need], s)
	c.used = need
	c.off[i+1] = int32(need)
	return nil
}

// skip appends row i as NULL.
func (c *textColumn) skip(i int) {
	c.off[i+1] = int32(c.used)
	c.set(i)
}

func (c *textColumn) array(dt arrow.DataType) arrow.Array {
	c.data.ResizeNoShrink(c.used)
	return c.make(dt, []*memory.Buffer{c.offBuf, c.data})
}

func (c *textColumn) release() {
	c.offBuf.Release()
	c.data.Release()
	c.nulls.release()
}

// listColumn is a LIST or MAP column under construction: offsets are filled in
// order, the elements are given at the end.
type listColumn struct {
	nulls
	offBuf *memory.Buffer
	off    []int32
}

func newListColumn(mem memory.Allocator, n int) *listColumn {
	ob := newBuffer(mem, (n+1)*4)
	return &listColumn{
		nulls:  nulls{mem: mem, n: n},
		offBuf: ob,
		off:    unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(ob.Bytes()))), n+1),
	}
}

// add says that row i ends at element end.
func (c *listColumn) add(i, end int) { c.off[i+1] = int32(end) }

// array takes over elem.
func (c *listColumn) array(dt arrow.DataType, elem arrow.Array) arrow.Array {
	d := elem.Data()
	d.Retain()
	elem.Release()
	return c.make(dt, []*memory.Buffer{c.offBuf}, d)
}

// mapArray takes over keys and items.
func (c *listColumn) mapArray(dt *arrow.MapType, keys, items arrow.Array) arrow.Array {
	e := structOf(dt.Elem(), keys.Len(), nil, keys, items)
	return c.array(dt, e)
}

func (c *listColumn) release() {
	c.offBuf.Release()
	c.nulls.release()
}

// structOf makes a struct array of n rows, taking over the fields; valid is a
// validity to take over, or nil.
func structOf(dt arrow.DataType, n int, valid *nulls, fields ...arrow.Array) arrow.Array {
	if valid == nil {
		valid = &nulls{n: n}
	}
	children := make([]arrow.ArrayData, len(fields))
	for i, f := range fields {
		children[i] = f.Data()
		children[i].Retain()
		f.Release()
	}
	return valid.make(dt, nil, children...)
}

// nullArray is n NULLs of any type.
func nullArray(mem memory.Allocator, dt arrow.DataType, n int) arrow.Array {
	if dt.ID() == arrow.NULL {
		return array.NewNull(n)
	}
	b := array.NewBuilder(mem, dt)
	defer b.Release()
	b.AppendNulls(n)
	return b.NewArray()
}

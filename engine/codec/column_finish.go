package codec

import (
	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/bitutil"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// finish hands over the entries as array data, which the caller releases, and empties the column.
func (c *column) finish() *array.Data {
	n := c.n
	if c.off == nil && (c.kind == kindString || c.kind == kindBinary || c.kind == kindList || c.kind == kindMap) {
		c.reserve(0)
	}
	validity := c.validity()
	defer release(validity)
	var d *array.Data
	switch c.kind {
	case kindNull:
		d = array.NewData(c.dt, n, []*memory.Buffer{nil}, nil, n, 0)
	case kindString, kindBinary:
		c.offsets.ResizeNoShrink((n + 1) * 4)
		c.resizeData(c.used)
		d = array.NewData(c.dt, n, []*memory.Buffer{validity, c.offsets, c.data}, nil, len(c.nulls), 0)
	case kindList, kindMap:
		d = c.finishList(validity)
	case kindStruct:
		kids := finishAll(c.children)
		d = array.NewData(c.dt, n, []*memory.Buffer{validity}, kids, len(c.nulls), 0)
		releaseAll(kids)
	default:
		c.resizeData(c.bytesFor(n))
		d = array.NewData(c.dt, n, []*memory.Buffer{validity, c.data}, nil, len(c.nulls), 0)
	}
	c.hint, c.textHint = n+n/8, c.used+c.used/8
	c.reset()
	return d
}

// finishList closes a list, or a map as a list of key-value structs.
func (c *column) finishList(validity *memory.Buffer) *array.Data {
	c.offsets.ResizeNoShrink((c.n + 1) * 4)
	kids := finishAll(c.children)
	defer func() { releaseAll(kids) }()
	if t, ok := c.dt.(*arrow.MapType); ok {
		entries := array.NewData(t.Elem(), kids[0].Len(), []*memory.Buffer{nil}, kids, 0, 0)
		releaseAll(kids)
		kids = []arrow.ArrayData{entries}
	}
	return array.NewData(c.dt, c.n, []*memory.Buffer{validity, c.offsets}, kids, len(c.nulls), 0)
}

func finishAll(cols []*column) []arrow.ArrayData {
	out := make([]arrow.ArrayData, len(cols))
	for i, k := range cols {
		out[i] = k.finish()
	}
	return out
}

func releaseAll(data []arrow.ArrayData) {
	for _, d := range data {
		d.Release()
	}
}

func release(b *memory.Buffer) {
	if b != nil {
		b.Release()
	}
}

// bytesFor is the size of n fixed-width entries.
func (c *column) bytesFor(n int) int {
	if c.kind == kindBool {
		return int(bitutil.BytesForBits(int64(n)))
	}
	return n * c.dt.(arrow.FixedWidthDataType).BitWidth() / 8
}

// validity is the bitmap of the entries, nil when none is NULL.
func (c *column) validity() *memory.Buffer {
	if len(c.nulls) == 0 || c.kind == kindNull {
		return nil
	}
	buf := memory.NewResizableBuffer(c.mem)
	buf.Resize(int(bitutil.BytesForBits(int64(c.n))))
	bits := buf.Bytes()
	memory.Set(bits, 0xff)
	if rest := c.n & 7; rest != 0 {
		bits[len(bits)-1] = byte(1<<rest - 1)
	}
	for _, i := range c.nulls {
		bitutil.ClearBit(bits, int(i))
	}
	return buf
}

// reset drops what the column holds, buffers included.
func (c *column) reset() {
	release(c.data)
	release(c.offsets)
	c.data, c.offsets = nil, nil
	c.n, c.room, c.used = 0, 0, 0
	c.f64, c.i64, c.off, c.text, c.i32, c.i16, c.i8, c.f32, c.dec, c.bits = nil, nil, nil, nil, nil, nil, nil, nil, nil, nil
	c.nulls = c.nulls[:0]
	for _, k := range c.children {
		k.reset()
	}
}

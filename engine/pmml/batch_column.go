package pmml

import (
	"math"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// outColumn is an output column that is being written.
type outColumn struct {
	plan  *outPlan
	buf   *memory.Buffer // of doubles or integers; of a string column its offsets
	nums  []float64
	ints  []int64
	ends  []int32        // of strings: offset i+1 is where string i ends
	data  *memory.Buffer // and their bytes
	valid *memory.Buffer // nil while nothing is NULL
	nulls int
	n     int
	mem   memory.Allocator
	b     *builder // of every other type
}

// open readies the output columns of a call for n rows.
func (t *tile) open(m *Model, mem memory.Allocator, n int, want []int) {
	t.outs, t.ranks = t.outs[:0], 0
	for _, w := range want {
		c := outColumn{plan: &m.batch.outs[w], n: n, mem: mem}
		if c.plan.kind == outReason {
			t.ranks = max(t.ranks, c.plan.k)
		}
		switch c.plan.typ {
		case tDouble:
			c.nums = arrow.Float64Traits.CastFromBytes(c.room(arrow.Float64Traits.BytesRequired(n)))
		case tInteger:
			c.ints = arrow.Int64Traits.CastFromBytes(c.room(arrow.Int64Traits.BytesRequired(n)))
		case tString:
			ends := arrow.Int32Traits.CastFromBytes(c.room(arrow.Int32Traits.BytesRequired(n + 1)))
			ends[0], c.ends = 0, ends[1:]
			c.data = memory.NewResizableBuffer(mem)
			c.data.Reserve(8 * n)
		default:
			c.b = newBuilder(mem, c.plan.typ, n)
		}
		t.outs = append(t.outs, c)
	}
}

// room makes the column's buffer.
func (c *outColumn) room(bytes int) []byte {
	c.buf = memory.NewResizableBuffer(c.mem)
	c.buf.Resize(bytes)
	return c.buf.Bytes()
}

// close gives the finished columns.
func (t *tile) close() []arrow.Array {
	out := make([]arrow.Array, len(t.outs))
	for i := range t.outs {
		c := &t.outs[i]
		if c.b != nil {
			out[i] = c.b.b.NewArray()
			c.b.b.Release()
			continue
		}
		bufs := []*memory.Buffer{c.valid, c.buf}
		if c.data != nil {
			bufs = append(bufs, c.data)
		}
		d := array.NewData(arrowType(c.plan.typ), c.n, bufs, nil, c.nulls, 0)
		out[i] = array.MakeFromData(d)
		d.Release()
		for _, b := range bufs {
			if b != nil {
				b.Release()
			}
		}
	}
	clear(t.outs)
	return out
}

// write adds a tile's rows to the column; at is its place among width wanted ones.
func (c *outColumn) write(t *tile, at, from, width int) {
	if c.ends == nil && c.b == nil && c.fill(t, from) {
		c.patch(t, at, from, width)
		return
	}
	for i := range t.n {
		switch {
		case t.slow[i]:
			c.put(from+i, t.stash[i*width+at])
		case t.gone[i]:
			c.put(from+i, c.plan.none)
		default:
			c.put(from+i, c.value(t, i, at, width))
		}
	}
}

// fill computes the values of the rows that are neither slow nor gone, if there is a columnar way.
func (c *outColumn) fill(t *tile, from int) bool {
	if c.nums != nil {
		return c.plan.fill(t, c.nums[from:from+t.n])
	}
	if c.plan.ints == nil {
		return false
	}
	s := &t.stages[c.plan.stage]
	keys := s.code
	if c.plan.kind == outByLeaf {
		keys = s.leaf
	}
	dst := c.ints[from : from+t.n]
	for i, k := range keys[:len(dst)] {
		if k >= 0 {
			dst[i] = c.plan.ints[k]
		}
	}
	return true
}

// patch writes the rows that fill does not know.
func (c *outColumn) patch(t *tile, at, from, width int) {
	if t.anyGone {
		for i, gone := range t.gone[:t.n] {
			if gone && !t.slow[i] {
				c.put(from+i, c.plan.none)
			}
		}
	}
	if t.anySlow {
		for i, slow := range t.slow[:t.n] {
			if slow {
				c.put(from+i, t.stash[i*width+at])
			}
		}
	}
}

// value is a row's value of a column that fill does not know.
func (c *outColumn) value(t *tile, i, at, width int) value {
	s := &t.stages[c.plan.stage]
	switch c.plan.kind {
	case outByCode:
		return c.plan.at(int(s.code[i]))
	case outByLeaf:
		return c.plan.at(int(s.leaf[i]))
	case outValue:
		return double(s.value[i])
	case outReason:
		if k := int(s.reasons[i*maxReasons+c.plan.k-1]); k >= 0 {
			return text(s.card.reasons[k])
		}
		return value{}
	}
	return t.stash[i*width+at]
}

// put writes a row's value, which is of the column's type or missing. Strings are put in the order of the rows.
func (c *outColumn) put(i int, v value) {
	switch {
	case c.b != nil:
		c.b.add(v)
		return
	case c.ends != nil:
		c.putString(i, v)
	case v.missing() && c.nums != nil:
		c.nums[i] = math.NaN()
	case v.missing():
		c.ints[i] = 0
	case c.nums != nil:
		c.nums[i] = v.num()
	default:
		c.ints[i] = v.i
	}
	if v.missing() {
		c.null(i)
	}
}

func (c *outColumn) putString(i int, v value) {
	s := v.s
	if v.k != kString {
		s = v.String()
	}
	at := c.data.Len()
	if need := at + len(s); need > c.data.Cap() {
		c.data.Reserve(max(need, 2*c.data.Cap()))
	}
	c.data.ResizeNoShrink(at + len(s))
	copy(c.data.Bytes()[at:], s)
	c.ends[i] = int32(at + len(s))
}

func (c *outColumn) null(i int) {
	if c.valid == nil {
		c.valid = memory.NewResizableBuffer(c.mem)
		c.valid.Resize((c.n + 7) / 8)
		for j := range c.valid.Bytes() {
			c.valid.Bytes()[j] = 0xff
		}
	}
	c.valid.Bytes()[i/8] &^= 1 << (i % 8)
	c.nulls++
}

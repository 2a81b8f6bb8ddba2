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
	buf   *memory.Buffer // of doubles
	nums  []float64
	valid *memory.Buffer // nil while nothing is NULL
	nulls int
	n     int
	mem   memory.Allocator
	b     *builder // of every other type
}

// open readies the output columns of a call for n rows.
func (t *tile) open(m *Model, mem memory.Allocator, n int, want []int) {
	t.outs = t.outs[:0]
	for _, w := range want {
		c := outColumn{plan: &m.batch.outs[w], n: n, mem: mem}
		if c.plan.typ == tDouble {
			c.buf = memory.NewResizableBuffer(mem)
			c.buf.Resize(arrow.Float64Traits.BytesRequired(n))
			c.nums = arrow.Float64Traits.CastFromBytes(c.buf.Bytes())
		} else {
			c.b = newBuilder(mem, c.plan.typ, n)
		}
		t.outs = append(t.outs, c)
	}
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
		d := array.NewData(arrow.PrimitiveTypes.Float64, c.n, []*memory.Buffer{c.valid, c.buf}, nil, c.nulls, 0)
		out[i] = array.NewFloat64Data(d)
		d.Release()
		c.buf.Release()
		if c.valid != nil {
			c.valid.Release()
		}
	}
	clear(t.outs)
	return out
}

// write adds a tile's rows to the column; at is its place among width wanted ones.
func (c *outColumn) write(t *tile, at, from, width int) {
	if c.b != nil {
		c.append(t, at, width)
		return
	}
	dst := c.nums[from : from+t.n]
	if !c.plan.fill(t, dst) {
		for i := range dst {
			if !t.slow[i] && !t.gone[i] {
				c.put(dst, i, from, c.value(t, i, at, width))
			}
		}
	}
	if t.anyGone {
		for i, gone := range t.gone[:t.n] {
			if gone && !t.slow[i] {
				c.put(dst, i, from, c.plan.none)
			}
		}
	}
	if !t.anySlow {
		return
	}
	for i, slow := range t.slow[:t.n] {
		if slow {
			c.put(dst, i, from, t.stash[i*width+at])
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

func (c *outColumn) put(dst []float64, i, from int, v value) {
	if !v.missing() {
		dst[i] = v.num()
		return
	}
	dst[i] = math.NaN()
	if c.valid == nil {
		c.valid = memory.NewResizableBuffer(c.mem)
		c.valid.Resize((c.n + 7) / 8)
		for j := range c.valid.Bytes() {
			c.valid.Bytes()[j] = 0xff
		}
	}
	c.valid.Bytes()[(from+i)/8] &^= 1 << ((from + i) % 8)
	c.nulls++
}

// append adds a tile's rows to a column that is built value by value.
func (c *outColumn) append(t *tile, at, width int) {
	for i, slow := range t.slow[:t.n] {
		if slow {
			c.b.add(t.stash[i*width+at])
			continue
		}
		if t.gone[i] {
			c.b.add(c.plan.none)
			continue
		}
		c.b.add(c.value(t, i, at, width))
	}
}

package sparkml

import (
	"errors"
	"math"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// writer collects one output of all tiles.
type writer struct {
	*output
	kind  kind
	b     array.Builder
	bytes int // of text so far
}

func newWriter(mem memory.Allocator, o *output, k kind, n int) writer {
	w := writer{output: o, kind: k, b: array.NewBuilder(mem, o.Field.Type)}
	w.b.Reserve(n)
	return w
}

func (w *writer) release() {
	if w.b != nil {
		w.b.Release()
	}
}

func (w *writer) array() arrow.Array { return w.b.NewArray() }

// rows says which rows of a column are not NULL; nil: all.
func (t *tile) rows(c *column) []bool {
	if !t.died {
		if c.valid == nil {
			return nil
		}
		return c.valid[:t.n]
	}
	v := grow(&t.validity, tileRows)[:t.n]
	for i := range v {
		v[i] = c.ok(i) && !t.dead[i]
	}
	return v
}

var errTooLong = errors.New("the texts of a batch are longer than 2147483647 bytes together")

// write appends a tile's rows.
func (w *writer) write(t *tile) error {
	c := &t.cols[w.slot]
	valid := t.rows(c)
	switch {
	case w.elem >= 0:
		w.b.(*array.Float64Builder).AppendValues(c.x[w.elem*tileRows:w.elem*tileRows+t.n], valid)
	case w.kind == text:
		return w.texts(c, valid, t.n)
	case w.kind == vector:
		return w.vectors(c, valid, t.n)
	case w.kind == words:
		return w.words(c, valid, t.n)
	default:
		w.numbers(c.x[:t.n], valid)
	}
	return nil
}

// nulls appends rows without a value.
func (w *writer) nulls(n int) {
	for range n {
		w.b.AppendNull()
	}
}

func (w *writer) numbers(x []float64, valid []bool) {
	if b, ok := w.b.(*array.Float64Builder); ok {
		b.AppendValues(x, valid)
		return
	}
	b := w.b.(*array.Int32Builder)
	for i, v := range x {
		if valid == nil || valid[i] {
			b.UnsafeAppend(int32(v))
		} else {
			b.UnsafeAppendBoolToBitmap(false)
		}
	}
}

func (w *writer) texts(c *column, valid []bool, n int) error {
	b := w.b.(*array.StringBuilder)
	size := 0
	for i := range n {
		if valid == nil || valid[i] {
			size += len(c.str(i))
		}
	}
	if w.bytes += size; w.bytes > math.MaxInt32 {
		return errTooLong
	}
	b.ReserveData(size)
	for i := range n {
		if valid != nil && !valid[i] {
			b.AppendNull()
			continue
		}
		b.Append(c.str(i))
	}
	return nil
}

func (w *writer) vectors(c *column, valid []bool, n int) error {
	b := w.b.(*array.ListBuilder)
	vb := b.ValueBuilder().(*array.Float64Builder)
	if vb.Len()+n*c.dim > math.MaxInt32 {
		return errors.New("the vectors of a batch are more than an array can hold")
	}
	vb.Reserve(n * c.dim)
	for i := range n {
		if valid != nil && !valid[i] {
			b.AppendNull()
			continue
		}
		b.Append(true)
		if !c.sparse {
			for j := range c.dim {
				vb.UnsafeAppend(c.x[j*tileRows+i])
			}
			continue
		}
		j := 0
		for k := c.ptr[i]; k < c.ptr[i+1]; k++ {
			for ; j < int(c.idx[k]); j++ {
				vb.UnsafeAppend(0)
			}
			vb.UnsafeAppend(c.val[k])
			j++
		}
		for ; j < c.dim; j++ {
			vb.UnsafeAppend(0)
		}
	}
	return nil
}

func (w *writer) words(c *column, valid []bool, n int) error {
	b := w.b.(*array.ListBuilder)
	sb := b.ValueBuilder().(*array.StringBuilder)
	for i := range n {
		if valid != nil && !valid[i] {
			b.AppendNull()
			continue
		}
		b.Append(true)
		for k := c.ptr[i]; k < c.ptr[i+1]; k++ {
			tok := c.bytes[c.ends[2*k]:c.ends[2*k+1]]
			if w.bytes += len(tok); w.bytes > math.MaxInt32 {
				return errTooLong
			}
			sb.BinaryBuilder.Append(tok)
		}
	}
	return nil
}

package function

import (
	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
)

// maskBy makes rows of out NULL where an argument is: what the caller of a
// strict kernel owes it. It takes over out.
func maskBy(mem memory.Allocator, out arrow.Array, args []arrow.Array) arrow.Array {
	n := out.Len()
	valid := nulls{mem: mem, n: n}
	for _, a := range args {
		if a == nil || a.NullN() == 0 && !isNull(a.DataType()) {
			continue
		}
		s := step(a)
		for i := range n {
			if nullAt(a, i*s) {
				valid.set(i)
			}
		}
	}
	if valid.count == 0 || isNull(out.DataType()) {
		valid.release()
		return out
	}
	if out.NullN() > 0 {
		for i := range n {
			if out.IsNull(i) {
				valid.set(i)
			}
		}
	}
	return withValidity(mem, out, &valid)
}

// withValidity gives an array another validity; it takes over both.
func withValidity(mem memory.Allocator, a arrow.Array, valid *nulls) arrow.Array {
	d := a.Data()
	if d.Offset() != 0 { // the new bitmap starts at bit 0
		idx := make([]int32, a.Len())
		for i := range idx {
			idx[i] = int32(i)
		}
		if moved, err := gather(mem, a, idx); err == nil {
			a.Release()
			a, d = moved, moved.Data()
		}
	}
	bufs := append([]*memory.Buffer{valid.buf}, d.Buffers()[1:]...)
	nd := array.NewData(a.DataType(), a.Len(), bufs, d.Children(), valid.count, 0)
	valid.release()
	a.Release()
	out := array.MakeFromData(nd)
	nd.Release()
	return out
}

// run evaluates a bound call as an executor would: with the validity of strict
// calls settled. The caller owns the result.
func run(t catalog.Task, c catalog.Call, n int, args []arrow.Array) (arrow.Array, error) {
	out, err := c.Eval(t, n, args)
	if err != nil || !c.Strict {
		return out, err
	}
	return maskBy(t.Allocator(), out, args), nil
}

// validityOf copies the validity of an array.
func validityOf(mem memory.Allocator, a arrow.Array) *nulls {
	v := &nulls{mem: mem, n: a.Len()}
	if a.NullN() > 0 || isNull(a.DataType()) {
		for i := range a.Len() {
			if nullAt(a, i) {
				v.set(i)
			}
		}
	}
	return v
}

package function

import (
	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/decimal128"

	"github.com/millrace-sql/millrace/catalog"
)

// row is a reader of the arguments at one row, for functions too complex for a
// loop of their own. One row value is reused for all rows of a batch.
type row struct {
	t    catalog.Task
	i    int
	args []view
	err  error
	buf  []byte // scratch that a function may keep between rows
	// state is what a function compiled from an argument keeps for the next row (a
	// pattern and its text).
	state any
}

// view is one argument, readable in the way its type is stored.
type view struct {
	arr  arrow.Array
	step int
	text text
	bits bits
	b8   []int8
	b16  []int16
	b32  []int32
	b64  []int64
	f32  []float32
	f64  []float64
	b128 []decimal128.Num
	list list
	has  bool // may hold NULLs
}

func viewOf(a arrow.Array) view {
	v := view{}
	if a == nil {
		return v
	}
	v.arr, v.step, v.has = a, step(a), a.NullN() > 0
	switch a.DataType().ID() {
	case arrow.STRING, arrow.BINARY:
		v.text = textOf(a)
	case arrow.BOOL:
		v.bits = boolsOf(a)
	case arrow.INT8:
		v.b8 = raw[int8](a)
	case arrow.INT16:
		v.b16 = raw[int16](a)
	case arrow.INT32, arrow.DATE32, arrow.INTERVAL_MONTHS:
		v.b32 = raw[int32](a)
	case arrow.INT64, arrow.TIMESTAMP, arrow.DURATION:
		v.b64 = raw[int64](a)
	case arrow.FLOAT32:
		v.f32 = raw[float32](a)
	case arrow.FLOAT64:
		v.f64 = raw[float64](a)
	case arrow.DECIMAL128:
		v.b128 = raw[decimal128.Num](a)
	case arrow.LIST, arrow.MAP:
		v.list = listOf(a)
	}
	return v
}

func newRow(t catalog.Task, args []arrow.Array) *row {
	r := &row{t: t, args: make([]view, len(args))}
	for k, a := range args {
		r.args[k] = viewOf(a)
	}
	return r
}

func (r *row) n() int { return len(r.args) }

func (r *row) null(k int) bool {
	v := &r.args[k]
	return v.arr.DataType().ID() == arrow.NULL || v.has && v.arr.IsNull(r.i*v.step)
}

func (r *row) anyNull() bool {
	for k := range r.args {
		if r.null(k) {
			return true
		}
	}
	return false
}

// at is argument k's index for this row.
func (r *row) at(k int) int                  { return r.i * r.args[k].step }
func (r *row) str(k int) []byte              { return r.args[k].text.at(r.i) }
func (r *row) bool(k int) bool               { return r.args[k].bits.at(r.i) }
func (r *row) int(k int) int32               { return r.args[k].b32[r.i*r.args[k].step] }
func (r *row) long(k int) int64              { return r.args[k].b64[r.i*r.args[k].step] }
func (r *row) float(k int) float64           { return r.args[k].f64[r.i*r.args[k].step] }
func (r *row) dec(k int) decimal128.Num      { return r.args[k].b128[r.i*r.args[k].step] }
func (r *row) span(k int) (from, to int)     { return r.args[k].list.span(r.i) }
func (r *row) elems(k int) arrow.Array       { return r.args[k].list.elem }
func (r *row) fail(err error) ([]byte, bool) { r.err = err; return nil, false }

// rowsText is a kernel that appends a text to dst for each row with no NULL
// argument; false makes the row NULL.
func rowsText(dt arrow.DataType, f func(r *row, dst []byte) ([]byte, bool)) kernel {
	return textKernel(dt, true, f)
}

// rowsTextNull is rowsText for functions that see NULL arguments.
func rowsTextNull(dt arrow.DataType, f func(r *row, dst []byte) ([]byte, bool)) kernel {
	return textKernel(dt, false, f)
}

func textKernel(dt arrow.DataType, strict bool, f func(r *row, dst []byte) ([]byte, bool)) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		out := newTextColumn(t.Allocator(), n, 16*n)
		r := newRow(t, args)
		check := strict && r.mayNull()
		var dst []byte
		for i := range n {
			r.i = i
			if check && r.anyNull() {
				out.skip(i)
				continue
			}
			s, ok := f(r, dst[:0])
			if r.err == nil && ok {
				r.err = out.put(i, s)
			} else {
				out.skip(i)
			}
			if r.err != nil {
				out.release()
				return nil, r.err
			}
			if cap(s) > cap(dst) && ok {
				dst = s
			}
		}
		return out.array(dt), nil
	}
}

func (r *row) mayNull() bool {
	for k := range r.args {
		if r.args[k].has || r.args[k].arr != nil && r.args[k].arr.DataType().ID() == arrow.NULL {
			return true
		}
	}
	return false
}

// rowsFixed is a kernel that gives a fixed-width value for each row with no NULL
// argument.
func rowsFixed[T fixed](dt arrow.DataType, f func(r *row) (T, bool)) kernel {
	return fixedKernel(dt, true, f)
}

// rowsFixedNull is rowsFixed for functions that see NULL arguments.
func rowsFixedNull[T fixed](dt arrow.DataType, f func(r *row) (T, bool)) kernel {
	return fixedKernel(dt, false, f)
}

func fixedKernel[T fixed](dt arrow.DataType, strict bool, f func(r *row) (T, bool)) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		out := newColumn[T](t.Allocator(), n)
		r := newRow(t, args)
		check := strict && r.mayNull()
		for i := range n {
			r.i = i
			if check && r.anyNull() {
				out.setNull(i)
				continue
			}
			v, ok := f(r)
			if !ok {
				out.setNull(i)
			} else {
				out.v[i] = v
			}
			if r.err != nil {
				out.release()
				return nil, r.err
			}
		}
		return out.array(dt), nil
	}
}

// rowsBool is a kernel that gives a boolean for each row with no NULL argument.
func rowsBool(f func(r *row) (v, ok bool)) kernel { return boolKernel(true, f) }

// rowsBoolNull is rowsBool for functions that see NULL arguments.
func rowsBoolNull(f func(r *row) (v, ok bool)) kernel { return boolKernel(false, f) }

func boolKernel(strict bool, f func(r *row) (v, ok bool)) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		out := newBoolColumn(t.Allocator(), n)
		r := newRow(t, args)
		check := strict && r.mayNull()
		for i := range n {
			r.i = i
			if check && r.anyNull() {
				out.setNull(i)
				continue
			}
			v, ok := f(r)
			if ok {
				out.set(i, v)
			} else {
				out.setNull(i)
			}
			if r.err != nil {
				out.release()
				return nil, r.err
			}
		}
		return out.array(), nil
	}
}

// rowsPick is a kernel whose result is, for each row, an element of an array
// that pick chooses once per batch: source gives that array (borrowed), at the
// index in it, or -1.
func rowsPick(source func(args []arrow.Array) arrow.Array, at func(r *row) int) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		r := newRow(t, args)
		idx := make([]int32, n)
		for i := range n {
			r.i = i
			idx[i] = int32(at(r))
			if r.err != nil {
				return nil, r.err
			}
		}
		return gather(t.Allocator(), source(args), idx)
	}
}

package function

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// rearrange binds a function whose result is the elements of its first argument,
// an array, in another order or fewer of them: change gets a row's indexes into
// elems and may reuse them. NULL for a NULL argument.
func rearrange(name string, args []catalog.Arg, change func(r *row, elems arrow.Array, idx []int32) []int32) (catalog.Call, error) {
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	if len(args) == 0 || args[0].Type.ID() != arrow.LIST {
		if len(args) == 0 {
			return catalog.Call{}, arity(name, args, 1, -1)
		}
		return catalog.Call{}, wantType(name, 0, "an ARRAY", args[0].Type)
	}
	dt := args[0].Type
	return catalog.Call{
		Type: dt, ArgTypes: typesOf(args), Deterministic: true, Strict: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			r := newRow(t, args)
			elems := r.elems(0)
			out := newListColumn(t.Allocator(), n)
			var all, one []int32
			for i := range n {
				r.i = i
				if !r.anyNull() {
					one = one[:0]
					from, to := r.span(0)
					for k := from; k < to; k++ {
						one = append(one, int32(k))
					}
					one = change(r, elems, one)
					all = append(all, one...)
				}
				if r.err != nil {
					out.release()
					return nil, r.err
				}
				out.add(i, len(all))
			}
			elem, err := gather(t.Allocator(), elems, all)
			if err != nil {
				out.release()
				return nil, err
			}
			return out.array(dt, elem), nil
		},
	}, nil
}

// bindSize is size of an array or a map; ofNull is the answer for NULL, or NULL.
func bindSize(ofNull bool) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		if err := oneArg(name, args); err != nil {
			return catalog.Call{}, err
		}
		switch args[0].Type.ID() {
		case arrow.LIST, arrow.MAP:
		default:
			return catalog.Call{}, wantType(name, 0, "an ARRAY or a MAP", args[0].Type)
		}
		return catalog.Call{
			Type: tInt, ArgTypes: typesOf(args), Deterministic: true, Strict: !ofNull,
			Eval: rowsFixedNull(tInt, func(r *row) (int32, bool) {
				if r.null(0) {
					return -1, ofNull
				}
				from, to := r.span(0)
				return int32(to - from), true
			}),
		}, nil
	}
}

// pickElements builds arrays of elements of source: choose appends the indexes of
// a row. Rows with a NULL argument are NULL.
func pickElements(t catalog.Task, n int, args []arrow.Array, source arrow.Array, dt arrow.DataType, choose func(r *row, idx []int32) []int32) (arrow.Array, error) {
	r := newRow(t, args)
	out := newListColumn(t.Allocator(), n)
	var idx []int32
	for i := range n {
		r.i = i
		if r.anyNull() {
			out.set(i)
		} else {
			idx = choose(r, idx)
		}
		if r.err != nil {
			out.release()
			return nil, r.err
		}
		if len(idx) > math.MaxInt32/2 {
			out.release()
			return nil, errTooLong
		}
		out.add(i, len(idx))
	}
	elem, err := gather(t.Allocator(), source, idx)
	if err != nil {
		out.release()
		return nil, err
	}
	return out.array(dt, elem), nil
}

// comparer orders the elements of an array, made once a batch.
func (r *row) comparer(elems arrow.Array) comparer {
	if c, ok := r.state.(comparer); ok {
		return c
	}
	c := comparerOf(elems, elems)
	r.state = c
	return c
}

func bindArrayCompact(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity(name, args, 1, 1); err != nil {
		return catalog.Call{}, err
	}
	return rearrange(name, args, func(_ *row, elems arrow.Array, idx []int32) []int32 {
		return slices.DeleteFunc(idx, func(k int32) bool { return nullAt(elems, int(k)) })
	})
}

// bindSortArray is sort_array(array[, ascending]): NULLs first when ascending,
// last when not.
func bindSortArray(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity(name, args, 1, 2); err != nil {
		return catalog.Call{}, err
	}
	call, err := rearrange(name, args, func(r *row, elems arrow.Array, idx []int32) []int32 {
		less := r.comparer(elems)
		down := r.n() == 2 && !r.bool(1)
		slices.SortStableFunc(idx, func(a, b int32) int {
			if down {
				a, b = b, a
			}
			return less(int(a), int(b))
		})
		return idx
	})
	if err != nil {
		return call, err
	}
	if !isOrdered(call.Type) {
		return call, argErr(0, "%s cannot order values of type %s", name, typeName(call.Type))
	}
	if len(args) == 2 {
		if t := args[1].Type; t.ID() != arrow.BOOL && !isNull(t) {
			return call, wantType(name, 1, "a BOOLEAN", t)
		}
		call.ArgTypes[1] = tBool
	}
	return call, nil
}

// bindArrayExtreme is array_min and array_max: NULLs do not count.
func bindArrayExtreme(sign int) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		if err := oneArg(name, args); err != nil {
			return catalog.Call{}, err
		}
		elem, ok := listElem(args[0].Type)
		if !ok {
			return catalog.Call{}, wantType(name, 0, "an ARRAY", args[0].Type)
		}
		if !isOrdered(elem) {
			return catalog.Call{}, argErr(0, "%s cannot order values of type %s", name, typeName(elem))
		}
		return catalog.Call{
			Type: elem, ArgTypes: typesOf(args), Deterministic: true, Strict: true,
			Eval: rowsPick(func(args []arrow.Array) arrow.Array { return listOf(args[0]).elem }, func(r *row) int {
				if r.null(0) {
					return -1
				}
				elems := r.elems(0)
				c := r.comparer(elems)
				best := -1
				from, to := r.span(0)
				for k := from; k < to; k++ {
					if !nullAt(elems, k) && (best < 0 || c(k, best)*sign > 0) {
						best = k
					}
				}
				return best
			}),
		}, nil
	}
}

// bindSlice is slice(array, start, length): start counts from 1, or from the end
// when negative.
func bindSlice(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity(name, args, 3, 3); err != nil {
		return catalog.Call{}, err
	}
	call, err := rearrange(name, args, func(r *row, _ arrow.Array, idx []int32) []int32 {
		start, length := int(r.int(1)), int(r.int(2))
		switch {
		case start == 0:
			r.fail(errSliceStart)
			return nil
		case length < 0:
			r.fail(fmt.Errorf("the length of slice must not be negative: %d", length))
			return nil
		case start < 0:
			start += len(idx)
		default:
			start--
		}
		if start < 0 || start >= len(idx) {
			return nil
		}
		return idx[start:min(start+length, len(idx))]
	})
	if err != nil {
		return call, err
	}
	for k := 1; k < 3; k++ {
		if !implicit(args[k].Type, tInt) {
			return call, wantType(name, k, "an INT", args[k].Type)
		}
		call.ArgTypes[k] = tInt
	}
	return call, nil
}

var errSliceStart = errors.New("the start of slice counts from 1, or from -1 at the end; 0 is invalid")

// bindFlatten joins the arrays of an array; NULL when one of them is.
func bindFlatten(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := oneArg(name, args); err != nil {
		return catalog.Call{}, err
	}
	inner, ok := listElem(args[0].Type)
	if ok {
		_, ok = listElem(inner)
	}
	if !ok {
		return catalog.Call{}, wantType(name, 0, "an ARRAY of ARRAY", args[0].Type)
	}
	return catalog.Call{
		Type: inner, ArgTypes: typesOf(args), Deterministic: true, Strict: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			mid := listOf(args[0]).elem
			lists := listOf(mid)
			lists.step = 1
			out := newListColumn(t.Allocator(), n)
			r := newRow(t, args)
			var idx []int32
			for i := range n {
				r.i = i
				if !r.null(0) {
					from, to := r.span(0)
					for k := from; k < to; k++ {
						if mid.IsNull(k) {
							out.set(i)
							continue
						}
						a, b := lists.span(k)
						for e := a; e < b; e++ {
							idx = append(idx, int32(e))
						}
					}
				}
				out.add(i, len(idx))
			}
			elem, err := gather(t.Allocator(), lists.elem, idx)
			if err != nil {
				out.release()
				return nil, err
			}
			return out.array(inner, elem), nil
		},
	}, nil
}

// bindArrayRepeat is array_repeat(x, n).
func bindArrayRepeat(name string, args []catalog.Arg) (catalog.Call, error) {
	types, err := takes(nil, tInt).resolve(name, args)
	if err != nil {
		return catalog.Call{}, err
	}
	dt := listType(args[0].Type)
	return catalog.Call{
		Type: dt, ArgTypes: types, Deterministic: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			return pickElements(t, n, args[1:], args[0], dt, func(r *row, idx []int32) []int32 {
				for range r.int(0) {
					idx = append(idx, int32(r.i*step(args[0])))
				}
				return idx
			})
		},
	}, nil
}

// arrayJoin is array_join(array of strings, delimiter[, for NULLs]).
func arrayJoin(r *row, dst []byte) ([]byte, bool) {
	from, to := r.span(0)
	elems := r.elems(0)
	v := textOf(elems)
	v.step = 1
	first := true
	for k := from; k < to; k++ {
		null := nullAt(elems, k)
		if null && r.n() == 2 {
			continue
		}
		if !first {
			dst = append(dst, r.str(1)...)
		}
		first = false
		if null {
			dst = append(dst, r.str(2)...)
		} else {
			dst = append(dst, v.at(k)...)
		}
	}
	return dst, true
}

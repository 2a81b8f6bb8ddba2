package function

import (
	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// setOperation binds a function of two arrays of one type.
func setOperation(make func(dt arrow.DataType) (arrow.DataType, kernel)) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		if err := arity(name, args, 2, 2); err != nil {
			return catalog.Call{}, err
		}
		if err := notLambda(name, args); err != nil {
			return catalog.Call{}, err
		}
		for k, a := range args {
			if a.Type.ID() != arrow.LIST && !isNull(a.Type) {
				return catalog.Call{}, wantType(name, k, "an ARRAY", a.Type)
			}
		}
		dt, ok := commonNoString(args[0].Type, args[1].Type)
		if !ok || !isOrdered(dt) || isNull(dt) {
			return catalog.Call{}, argErr(1, "%s wants two arrays of one type, not %s and %s", name, typeName(args[0].Type), typeName(args[1].Type))
		}
		ret, k := make(dt)
		return catalog.Call{Type: ret, ArgTypes: repeatType(dt, 2), Deterministic: true, Strict: true, Eval: k}, nil
	}
}

// combine builds a set from two arrays: keep says of an element, whether it is of
// the first array and whether the other has it, if it stays. Duplicates go.
func combine(keep func(first, inOther bool) bool) binder {
	return setOperation(func(dt arrow.DataType) (arrow.DataType, kernel) {
		return dt, func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			a, b := listOf(args[0]).elem, listOf(args[1]).elem
			all, err := array.Concatenate([]arrow.Array{a, b}, t.Allocator())
			if err != nil {
				return nil, err
			}
			defer all.Release()
			same := comparerOf(all, all)
			return pickElements(t, n, args, all, dt, func(r *row, idx []int32) []int32 {
				start := len(idx)
				f1, t1 := r.span(0)
				f2, t2 := r.span(1)
				f2, t2 = f2+a.Len(), t2+a.Len()
				has := func(k, from, to int) bool {
					for j := from; j < to; j++ {
						if same(k, j) == 0 {
							return true
						}
					}
					return false
				}
				add := func(k int) {
					for _, j := range idx[start:] {
						if same(k, int(j)) == 0 {
							return
						}
					}
					idx = append(idx, int32(k))
				}
				for k := f1; k < t1; k++ {
					if keep(true, has(k, f2, t2)) {
						add(k)
					}
				}
				for k := f2; k < t2; k++ {
					if keep(false, has(k, f1, t1)) {
						add(k)
					}
				}
				return idx
			})
		}
	})
}

// overlap is arrays_overlap: NULL when nothing is shared, both have elements and
// one holds a NULL.
var overlap = setOperation(func(arrow.DataType) (arrow.DataType, kernel) {
	return tBool, func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		a, b := listOf(args[0]).elem, listOf(args[1]).elem
		same := valueComparer(a, b)
		return rowsBool(func(r *row) (bool, bool) {
			f1, t1 := r.span(0)
			f2, t2 := r.span(1)
			hasNull := false
			for i := f1; i < t1; i++ {
				for j := f2; j < t2; j++ {
					if nullAt(a, i) || nullAt(b, j) {
						hasNull = true
					} else if same(i, j) == 0 {
						return true, true
					}
				}
			}
			return false, !hasNull
		})(t, n, args)
	}
})

func bindArrayDistinct(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity(name, args, 1, 1); err != nil {
		return catalog.Call{}, err
	}
	return rearrange(name, args, func(r *row, elems arrow.Array, idx []int32) []int32 {
		same := r.comparer(elems)
		out := idx[:0]
	next:
		for _, k := range idx {
			for _, j := range out {
				if same(int(j), int(k)) == 0 {
					continue next
				}
			}
			out = append(out, k)
		}
		return out
	})
}

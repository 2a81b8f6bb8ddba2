package function

import (
	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// withElement binds a function of an array and a value of its element type;
// ret gives the type of the result, make its kernel.
func withElement(ret func(elem arrow.DataType) arrow.DataType, strict bool, make kernel) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		if err := arity(name, args, 2, 2); err != nil {
			return catalog.Call{}, err
		}
		if err := notLambda(name, args); err != nil {
			return catalog.Call{}, err
		}
		elem, ok := listElem(args[0].Type)
		if !ok {
			return catalog.Call{}, wantType(name, 0, "an ARRAY", args[0].Type)
		}
		dt, ok := commonNoString(elem, args[1].Type)
		if !ok || !isOrdered(dt) {
			return catalog.Call{}, argErr(1, "%s of %s wants a value of the element's type, not %s", name, typeName(args[0].Type), typeName(args[1].Type))
		}
		return catalog.Call{Type: ret(dt), ArgTypes: []arrow.DataType{listType(dt), dt}, Deterministic: true, Strict: strict, Eval: make}, nil
	}
}

func always(dt arrow.DataType) func(arrow.DataType) arrow.DataType {
	return func(arrow.DataType) arrow.DataType { return dt }
}

func asList(elem arrow.DataType) arrow.DataType { return listType(elem) }

// search finds a value in arrays: the first index within the row's array, or -1;
// hasNull says that the array holds a NULL.
func search(r *row, same comparer) (at int, hasNull bool) {
	from, to := r.span(0)
	elems := r.elems(0)
	for k := from; k < to; k++ {
		if nullAt(elems, k) {
			hasNull = true
		} else if same(k, r.at(1)) == 0 {
			return k - from, hasNull
		}
	}
	return -1, hasNull
}

// arrayContains is NULL when the value is not found and the array holds a NULL.
func arrayContains(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
	same := valueComparer(listOf(args[0]).elem, args[1])
	return rowsBool(func(r *row) (bool, bool) {
		at, hasNull := search(r, same)
		return at >= 0, at >= 0 || !hasNull
	})(t, n, args)
}

func arrayPosition(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
	same := valueComparer(listOf(args[0]).elem, args[1])
	return rowsFixed(tLong, func(r *row) (int64, bool) {
		at, _ := search(r, same)
		return int64(at + 1), true
	})(t, n, args)
}

// arrayRemove takes out the elements equal to a value.
func arrayRemove(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
	same := valueComparer(listOf(args[0]).elem, args[1])
	return pickElements(t, n, args, listOf(args[0]).elem, args[0].DataType(), func(r *row, idx []int32) []int32 {
		from, to := r.span(0)
		elems := r.elems(0)
		for k := from; k < to; k++ {
			if nullAt(elems, k) || same(k, r.at(1)) != 0 {
				idx = append(idx, int32(k))
			}
		}
		return idx
	})
}

// appendElement puts a value before or behind an array's elements; the value may
// be NULL.
func appendElement(front bool) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		elems := listOf(args[0]).elem
		all, err := array.Concatenate([]arrow.Array{elems, args[1]}, t.Allocator())
		if err != nil {
			return nil, err
		}
		defer all.Release()
		return pickElements(t, n, args[:1], all, args[0].DataType(), func(r *row, idx []int32) []int32 {
			value := int32(elems.Len() + r.i*step(args[1]))
			if front {
				idx = append(idx, value)
			}
			from, to := r.span(0)
			for k := from; k < to; k++ {
				idx = append(idx, int32(k))
			}
			if !front {
				idx = append(idx, value)
			}
			return idx
		})
	}
}

// bindGet is get(array, index): from 0, NULL outside.
func bindGet(name string, args []catalog.Arg) (catalog.Call, error) {
	if len(args) == 2 && args[0].Type != nil && args[0].Type.ID() != arrow.LIST {
		return catalog.Call{}, wantType(name, 0, "an ARRAY", args[0].Type)
	}
	return bindGetItem(name, args)
}

// bindTryElementAt is element_at with NULL where that is an error.
func bindTryElementAt(name string, args []catalog.Arg) (catalog.Call, error) {
	return bindElement(name, args, func(r *row, n int) int {
		switch i := r.long(1); {
		case i > 0 && i <= int64(n):
			return int(i - 1)
		case i < 0 && -i <= int64(n):
			return n + int(i)
		}
		return -1
	})
}

// bindArrayInsert is array_insert(array, position, value): from 1, or from the
// end when negative; a gap is filled with NULLs.
func bindArrayInsert(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity(name, args, 3, 3); err != nil {
		return catalog.Call{}, err
	}
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	elem, ok := listElem(args[0].Type)
	if !ok {
		return catalog.Call{}, wantType(name, 0, "an ARRAY", args[0].Type)
	}
	dt, ok := commonNoString(elem, args[2].Type)
	if !ok {
		return catalog.Call{}, argErr(2, "%s of %s wants a value of the element's type, not %s", name, typeName(args[0].Type), typeName(args[2].Type))
	}
	if !isIntegral(args[1].Type) && !isNull(args[1].Type) {
		return catalog.Call{}, wantType(name, 1, "an INT", args[1].Type)
	}
	return catalog.Call{
		Type: listType(dt), ArgTypes: []arrow.DataType{listType(dt), tInt, dt}, Deterministic: true,
		Eval: arrayInsert(listType(dt)),
	}, nil
}

func arrayInsert(dt arrow.DataType) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		elems := listOf(args[0]).elem
		all, err := array.Concatenate([]arrow.Array{elems, args[2]}, t.Allocator())
		if err != nil {
			return nil, err
		}
		defer all.Release()
		return pickElements(t, n, args[:2], all, dt, func(r *row, idx []int32) []int32 {
			from, to := r.span(0)
			size, pos := to-from, int(r.int(1))
			value := int32(elems.Len() + r.i*step(args[2]))
			switch {
			case pos == 0:
				r.fail(errIndexZero)
				return idx
			case pos < 0 && -pos > size+1: // before the start, with a gap
				idx = append(idx, value)
				for range -pos - size - 1 {
					idx = append(idx, -1)
				}
				pos = -1
			case pos < 0:
				pos += size + 1 // -1 is behind the last
			default:
				pos--
			}
			for k := range size {
				if k == pos {
					idx = append(idx, value)
				}
				idx = append(idx, int32(from+k))
			}
			if pos >= size {
				for range pos - size {
					idx = append(idx, -1)
				}
				idx = append(idx, value)
			}
			return idx
		})
	}
}

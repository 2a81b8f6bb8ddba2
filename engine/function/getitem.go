package function

import (
	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// bindGetItem is x[index]: an array's element from 0, NULL outside, or a map's
// value.
func bindGetItem(name string, args []catalog.Arg) (catalog.Call, error) {
	return bindElement(name, args, func(r *row, n int) int {
		if i := r.long(1); i >= 0 && i < int64(n) {
			return int(i)
		}
		return -1
	})
}

// bindElementAt is element_at(x, index): an array's element from 1, from the end
// when negative.
func bindElementAt(name string, args []catalog.Arg) (catalog.Call, error) {
	return bindElement(name, args, func(r *row, n int) int {
		i := r.long(1)
		switch {
		case i == 0:
			r.fail(errIndexZero)
		case i > 0 && i <= int64(n):
			return int(i - 1)
		case i < 0 && -i <= int64(n):
			return n + int(i)
		}
		return -1
	})
}

// bindElement binds access to an array or a map. Index gives the position in an
// array of n elements, -1 for none.
func bindElement(name string, args []catalog.Arg, index func(r *row, n int) int) (catalog.Call, error) {
	if err := arity(name, args, 2, 2); err != nil {
		return catalog.Call{}, err
	}
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	what := name
	if name == "getitem" {
		what = "[ ]"
	}
	switch x := args[0].Type.(type) {
	case *arrow.MapType:
		if !implicit(args[1].Type, x.KeyType()) {
			return catalog.Call{}, argErr(1, "%s of a map wants a key of type %s, not %s", what, typeName(x.KeyType()), typeName(args[1].Type))
		}
		return catalog.Call{
			Type: x.ItemType(), ArgTypes: []arrow.DataType{x, x.KeyType()}, Deterministic: true, Strict: true,
			Eval: mapLookup,
		}, nil
	case *arrow.ListType:
		if t := args[1].Type; !isIntegral(t) && !isNull(t) && !isString(t) {
			return catalog.Call{}, argErr(1, "%s of an array wants an INT, not %s", what, typeName(t))
		}
		return catalog.Call{
			Type: x.Elem(), ArgTypes: []arrow.DataType{x, tLong}, Deterministic: true, Strict: true,
			Eval: listLookup(index),
		}, nil
	}
	return catalog.Call{}, wantType(what, 0, "an ARRAY or a MAP", args[0].Type)
}

func listLookup(index func(r *row, n int) int) kernel {
	return rowsPick(func(args []arrow.Array) arrow.Array { return listOf(args[0]).elem }, func(r *row) int {
		if r.null(0) || r.null(1) {
			return -1
		}
		from, to := r.span(0)
		i := index(r, to-from)
		if i < 0 {
			return -1
		}
		return from + i
	})
}

// mapLookup finds the entry of a key. Of equal keys, which only a parser makes,
// the first counts.
func mapLookup(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
	keys, items := entries(args[0])
	l := listOf(args[0])
	idx := make([]int32, n)
	c := valueComparer(keys, args[1])
	s, sm := step(args[1]), step(args[0])
	for i := range n {
		idx[i] = -1
		if nullAt(args[1], i*s) || nullAt(args[0], i*sm) {
			continue
		}
		from, to := l.span(i)
		for k := from; k < to; k++ {
			if c(k, i*s) == 0 {
				idx[i] = int32(k)
				break
			}
		}
	}
	return gather(t.Allocator(), items, idx)
}

// structField is the child k of a struct column with the struct's own NULLs; the
// caller owns it.
func structField(t catalog.Task, s *array.Struct, k int) arrow.Array {
	f := s.Field(k)
	f.Retain()
	if s.NullN() == 0 {
		return f
	}
	return maskBy(t.Allocator(), f, []arrow.Array{s})
}

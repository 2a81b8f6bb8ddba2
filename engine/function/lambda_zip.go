package function

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// bindZipWith is zip_with(a, b, (x, y) -> z): the shorter is filled with NULLs.
func bindZipWith(name string, args []catalog.Arg) (catalog.Call, error) {
	first, err := arrayAnd(name, args, 3, 3)
	if err != nil {
		return catalog.Call{}, err
	}
	second, ok := listElem(args[1].Type)
	if !ok {
		return catalog.Call{}, wantType(name, 1, "an ARRAY", args[1].Type)
	}
	body, err := bindLambda(name, args, 2, 2, first, second)
	if err != nil {
		return catalog.Call{}, err
	}
	dt := listType(body.Type())
	return catalog.Call{Type: dt, ArgTypes: []arrow.DataType{args[0].Type, args[1].Type, nil}, Deterministic: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			out, cols, rows, err := zip(t, n, args[:2])
			if err != nil {
				return nil, err
			}
			defer releaseAll(cols)
			res, err := applyBody(t, body, rows, cols, args[3:])
			if err != nil {
				out.release()
				return nil, err
			}
			return out.array(dt, res), nil
		}}, nil
}

// zip brings list columns side by side: a column of elements for each, NULL where
// one is shorter, and the shape of the result; NULL where one is NULL.
func zip(t catalog.Task, n int, args []arrow.Array) (out *listColumn, cols []arrow.Array, rows []int32, err error) {
	lists := make([]list, len(args))
	idx := make([][]int32, len(args))
	for k, a := range args {
		lists[k] = listOf(a)
	}
	out = newListColumn(t.Allocator(), n)
	for i := range n {
		longest, null := 0, false
		for k, l := range lists {
			from, to := l.span(i)
			longest = max(longest, to-from)
			null = null || nullAt(args[k], i*l.step)
		}
		if null {
			out.set(i)
			longest = 0
		}
		for e := range longest {
			for k, l := range lists {
				j := int32(-1)
				if from, to := l.span(i); from+e < to {
					j = int32(from + e)
				}
				idx[k] = append(idx[k], j)
			}
			rows = append(rows, int32(i))
		}
		out.add(i, len(rows))
	}
	for k := range args {
		c, err := gather(t.Allocator(), lists[k].elem, idx[k])
		if err != nil {
			releaseAll(cols)
			out.release()
			return nil, nil, nil, err
		}
		cols = append(cols, c)
	}
	return out, cols, rows, nil
}

// bindArraysZip is arrays_zip(a, b, ...): structs with a field for each array,
// named like it or by its position.
func bindArraysZip(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	fields := make([]arrow.Field, len(args))
	for k, a := range args {
		elem, ok := listElem(a.Type)
		if !ok {
			return catalog.Call{}, wantType(name, k, "an ARRAY", a.Type)
		}
		fields[k] = arrow.Field{Name: a.Name, Type: elem, Nullable: true}
		if a.Name == "" {
			fields[k].Name = fmt.Sprint(k)
		}
	}
	st := arrow.StructOf(fields...)
	dt := listType(st)
	return catalog.Call{Type: dt, ArgTypes: typesOf(args), Deterministic: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			out, cols, rows, err := zip(t, n, args)
			if err != nil {
				return nil, err
			}
			return out.array(dt, structOf(st, len(rows), nil, cols...)), nil
		}}, nil
}

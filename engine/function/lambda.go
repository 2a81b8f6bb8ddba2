package function

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// bindLambda binds argument k, a lambda of one of the numbers of parameters
// given (types are cut to what it takes).
func bindLambda(name string, args []catalog.Arg, k int, least int, params ...arrow.DataType) (catalog.LambdaBody, error) {
	l := args[k].Lambda
	if l == nil {
		return nil, argErr(k, "argument %d of %s must be a lambda such as x -> x + 1", k+1, name)
	}
	n := l.Params()
	if n < least || n > len(params) {
		want := count2(least, len(params))
		return nil, argErr(k, "the lambda of %s takes %s, not %d", name, want, n)
	}
	body, err := l.Bind(params[:n])
	if err != nil {
		return nil, err
	}
	return body, nil
}

func count2(least, most int) string {
	switch {
	case least != most:
		return fmt.Sprintf("%d or %d parameters", least, most)
	case least == 1:
		return "1 parameter"
	}
	return fmt.Sprintf("%d parameters", least)
}

// arrayAnd checks that argument 0 is an array and that there are least to most
// arguments.
func arrayAnd(name string, args []catalog.Arg, least, most int) (arrow.DataType, error) {
	if err := arity(name, args, least, most); err != nil {
		return nil, err
	}
	if args[0].Type == nil {
		return nil, argErr(0, "argument 1 of %s must be an ARRAY", name)
	}
	elem, ok := listElem(args[0].Type)
	if !ok {
		return nil, wantType(name, 0, "an ARRAY", args[0].Type)
	}
	return elem, nil
}

// elements lists the elements of a list column's rows that are not NULL: where
// each lies and the row it is of.
func elements(a arrow.Array, n int) (at, rows []int32) {
	l := listOf(a)
	for i := range n {
		if nullAt(a, i*l.step) {
			continue
		}
		from, to := l.span(i)
		for k := from; k < to; k++ {
			at = append(at, int32(k))
			rows = append(rows, int32(i))
		}
	}
	return at, rows
}

// applyBody evaluates a lambda for len(rows) calls of which call i belongs to row
// rows[i]; captures are the columns behind the call's own arguments. Params are
// borrowed.
func applyBody(t catalog.Task, b catalog.LambdaBody, rows []int32, params, captures []arrow.Array) (arrow.Array, error) {
	caps := make([]arrow.Array, 0, len(captures))
	defer func() { releaseAll(caps) }()
	for _, c := range captures {
		idx := rows
		if c.Len() == 1 {
			idx = make([]int32, len(rows))
		}
		x, err := gather(t.Allocator(), c, idx)
		if err != nil {
			return nil, err
		}
		caps = append(caps, x)
	}
	return b.Eval(t, len(rows), params, caps)
}

// positions are the indexes of elements within their rows, from 0.
func positions(t catalog.Task, rows []int32) arrow.Array {
	out := newColumn[int32](t.Allocator(), len(rows))
	for i, r := range rows {
		if i > 0 && rows[i-1] == r {
			out.v[i] = out.v[i-1] + 1
		} else {
			out.v[i] = 0
		}
	}
	return out.array(tInt)
}

// overElements evaluates a lambda over the elements of argument 0.
func overElements(t catalog.Task, b catalog.LambdaBody, params int, n int, args []arrow.Array, own int) (res arrow.Array, at, rows []int32, err error) {
	at, rows = elements(args[0], n)
	elem, err := gather(t.Allocator(), listOf(args[0]).elem, at)
	if err != nil {
		return nil, nil, nil, err
	}
	in := []arrow.Array{elem}
	if params == 2 {
		in = append(in, positions(t, rows))
	}
	defer releaseAll(in)
	res, err = applyBody(t, b, rows, in, args[own:])
	return res, at, rows, err
}

// shape fills the offsets of a result that has one element for each of rows, and
// NULL where a is.
func shape(t catalog.Task, a arrow.Array, n int, rows []int32) *listColumn {
	out := newListColumn(t.Allocator(), n)
	s := step(a)
	k := 0
	for i := range n {
		for k < len(rows) && rows[k] == int32(i) {
			k++
		}
		if nullAt(a, i*s) {
			out.set(i)
		}
		out.add(i, k)
	}
	return out
}

// bindTransform is transform(array, x -> y) or (x, i) -> y.
func bindTransform(name string, args []catalog.Arg) (catalog.Call, error) {
	elem, err := arrayAnd(name, args, 2, 2)
	if err != nil {
		return catalog.Call{}, err
	}
	body, err := bindLambda(name, args, 1, 1, elem, tInt)
	if err != nil {
		return catalog.Call{}, err
	}
	params := args[1].Lambda.Params()
	dt := listType(body.Type())
	return catalog.Call{Type: dt, ArgTypes: []arrow.DataType{args[0].Type, nil}, Deterministic: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			res, _, rows, err := overElements(t, body, params, n, args, 2)
			if err != nil {
				return nil, err
			}
			return shape(t, args[0], n, rows).array(dt, res), nil
		}}, nil
}

// predicate binds a lambda that must give a BOOLEAN.
func predicate(name string, args []catalog.Arg, k, least int, params ...arrow.DataType) (catalog.LambdaBody, error) {
	body, err := bindLambda(name, args, k, least, params...)
	if err != nil {
		return nil, err
	}
	if t := body.Type(); t.ID() != arrow.BOOL && !isNull(t) {
		return nil, argErr(k, "the lambda of %s must give a BOOLEAN, not %s", name, typeName(t))
	}
	return body, nil
}

// isTrue reads the result of a predicate.
func isTrue(a arrow.Array, i int) bool {
	return !nullAt(a, i) && boolsAt(a, i)
}

func boolsAt(a arrow.Array, i int) bool { return a.(*array.Boolean).Value(i) }

// bindFilter is filter(array, x -> condition) or (x, i) -> condition.
func bindFilter(name string, args []catalog.Arg) (catalog.Call, error) {
	elem, err := arrayAnd(name, args, 2, 2)
	if err != nil {
		return catalog.Call{}, err
	}
	body, err := predicate(name, args, 1, 1, elem, tInt)
	if err != nil {
		return catalog.Call{}, err
	}
	params := args[1].Lambda.Params()
	dt := args[0].Type
	return catalog.Call{Type: dt, ArgTypes: []arrow.DataType{dt, nil}, Deterministic: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			res, at, rows, err := overElements(t, body, params, n, args, 2)
			if err != nil {
				return nil, err
			}
			defer res.Release()
			var keepAt, keepRows []int32
			for i := range at {
				if isTrue(res, i) {
					keepAt, keepRows = append(keepAt, at[i]), append(keepRows, rows[i])
				}
			}
			kept, err := gather(t.Allocator(), listOf(args[0]).elem, keepAt)
			if err != nil {
				return nil, err
			}
			return shape(t, args[0], n, keepRows).array(dt, kept), nil
		}}, nil
}

// quantifier is exists (stop true) and forall (stop false): three-valued.
func quantifier(stop bool) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		elem, err := arrayAnd(name, args, 2, 2)
		if err != nil {
			return catalog.Call{}, err
		}
		body, err := predicate(name, args, 1, 1, elem)
		if err != nil {
			return catalog.Call{}, err
		}
		return catalog.Call{Type: tBool, ArgTypes: []arrow.DataType{args[0].Type, nil}, Deterministic: true,
			Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
				res, _, rows, err := overElements(t, body, 1, n, args, 2)
				if err != nil {
					return nil, err
				}
				defer res.Release()
				return quantified(t, n, args[0], res, rows, stop), nil
			}}, nil
	}
}

func quantified(t catalog.Task, n int, a, res arrow.Array, rows []int32, stop bool) arrow.Array {
	out := newBoolColumn(t.Allocator(), n)
	s := step(a)
	k := 0
	for i := range n {
		found, unknown := false, false
		for ; k < len(rows) && rows[k] == int32(i); k++ {
			if nullAt(res, k) {
				unknown = true
			} else if boolsAt(res, k) == stop {
				found = true
			}
		}
		switch {
		case nullAt(a, i*s), unknown && !found:
			out.setNull(i)
		default:
			out.set(i, found == stop)
		}
	}
	return out.array()
}

// bindReduce is aggregate(array, start, (acc, x) -> acc[, acc -> result]).
func bindReduce(name string, args []catalog.Arg) (catalog.Call, error) {
	elem, err := arrayAnd(name, args, 3, 4)
	if err != nil {
		return catalog.Call{}, err
	}
	acc := args[1].Type
	if acc == nil {
		return catalog.Call{}, argErr(1, "argument 2 of %s must be the value to start with", name)
	}
	merge, err := bindLambda(name, args, 2, 2, acc, elem)
	if err != nil {
		return catalog.Call{}, err
	}
	if isNull(acc) && !isNull(merge.Type()) { // the start is NULL: its type is that of the step
		acc = merge.Type()
		if merge, err = bindLambda(name, args, 2, 2, acc, elem); err != nil {
			return catalog.Call{}, err
		}
	}
	if !same(merge.Type(), acc) {
		return catalog.Call{}, argErr(2, "the lambda of %s must give %s, the type of the start, not %s; cast the start", name, typeName(acc), typeName(merge.Type()))
	}
	var finish catalog.LambdaBody
	ret := acc
	if len(args) == 4 {
		if finish, err = bindLambda(name, args, 3, 1, acc); err != nil {
			return catalog.Call{}, err
		}
		ret = finish.Type()
	}
	types := make([]arrow.DataType, len(args))
	types[0], types[1] = args[0].Type, acc
	own := len(args)
	return catalog.Call{Type: ret, ArgTypes: types, Deterministic: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			return reduce(t, n, args, own, merge, finish)
		}}, nil
}

// reduce takes the k-th elements of all rows in one step.
func reduce(t catalog.Task, n int, args []arrow.Array, own int, merge, finish catalog.LambdaBody) (arrow.Array, error) {
	captures := args[own : own+merge.Captures()]
	l := listOf(args[0])
	state, err := spread(t.Allocator(), args[1], n)
	if err != nil {
		return nil, err
	}
	defer func() { state.Release() }()
	for k := 0; ; k++ {
		var rows, at []int32
		for i := range n {
			if from, to := l.span(i); !nullAt(args[0], i*l.step) && k < to-from {
				rows, at = append(rows, int32(i)), append(at, int32(from+k))
			}
		}
		if len(rows) == 0 {
			break
		}
		next, err := reduceStep(t, merge, state, l.elem, rows, at, captures)
		if err != nil {
			return nil, err
		}
		state.Release()
		state = next
	}
	if finish != nil {
		all := make([]int32, n)
		for i := range all {
			all[i] = int32(i)
		}
		done, err := applyBody(t, finish, all, []arrow.Array{state}, args[own+merge.Captures():])
		if err != nil {
			return nil, err
		}
		return maskBy(t.Allocator(), done, args[:1]), nil
	}
	state.Retain()
	return maskBy(t.Allocator(), state, args[:1]), nil
}

func reduceStep(t catalog.Task, merge catalog.LambdaBody, state, elems arrow.Array, rows, at []int32, captures []arrow.Array) (arrow.Array, error) {
	acc, err := gather(t.Allocator(), state, rows)
	if err != nil {
		return nil, err
	}
	defer acc.Release()
	x, err := gather(t.Allocator(), elems, at)
	if err != nil {
		return nil, err
	}
	defer x.Release()
	res, err := applyBody(t, merge, rows, []arrow.Array{acc, x}, captures)
	if err != nil {
		return nil, err
	}
	defer res.Release()
	both, err := array.Concatenate([]arrow.Array{state, res}, t.Allocator())
	if err != nil {
		return nil, err
	}
	defer both.Release()
	idx := make([]int32, state.Len())
	for i := range idx {
		idx[i] = int32(i)
	}
	for k, r := range rows {
		idx[r] = int32(state.Len() + k)
	}
	return gather(t.Allocator(), both, idx)
}

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

// bindArraySort is array_sort(array[, (a, b) -> order]): NULLs last without a
// lambda; the lambda gives a negative, zero or positive INT.
func bindArraySort(name string, args []catalog.Arg) (catalog.Call, error) {
	elem, err := arrayAnd(name, args, 1, 2)
	if err != nil {
		return catalog.Call{}, err
	}
	if len(args) == 1 {
		if !isOrdered(elem) {
			return catalog.Call{}, argErr(0, "%s cannot order values of type %s", name, typeName(elem))
		}
		return rearrange(name, args, func(r *row, elems arrow.Array, idx []int32) []int32 {
			c := r.comparer(elems)
			slices.SortStableFunc(idx, func(a, b int32) int {
				an, bn := nullAt(elems, int(a)), nullAt(elems, int(b))
				if an != bn {
					return int(b2i(an)) - int(b2i(bn))
				}
				return c(int(a), int(b))
			})
			return idx
		})
	}
	body, err := bindLambda(name, args, 1, 2, elem, elem)
	if err != nil {
		return catalog.Call{}, err
	}
	if body.Type().ID() != arrow.INT32 {
		return catalog.Call{}, argErr(1, "the lambda of %s must give an INT below, at or above 0, not %s", name, typeName(body.Type()))
	}
	dt := args[0].Type
	return catalog.Call{Type: dt, ArgTypes: []arrow.DataType{dt, nil}, Deterministic: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			return sortBy(t, n, args, dt, body)
		}}, nil
}

// sortBy asks the lambda about every pair of a row's elements at once and sorts
// by the answers.
func sortBy(t catalog.Task, n int, args []arrow.Array, dt arrow.DataType, body catalog.LambdaBody) (arrow.Array, error) {
	at, rows := elements(args[0], n)
	l := listOf(args[0])
	var left, right, pairRows []int32
	base := make([]int, n+1) // where the pairs of a row begin
	for i, k := 0, 0; i < n; i++ {
		first := k
		for k < len(rows) && rows[k] == int32(i) {
			k++
		}
		for a := first; a < k; a++ {
			for b := first; b < k; b++ {
				left, right, pairRows = append(left, at[a]), append(right, at[b]), append(pairRows, int32(i))
			}
		}
		base[i+1] = len(left)
	}
	x, err := gather(t.Allocator(), l.elem, left)
	if err != nil {
		return nil, err
	}
	defer x.Release()
	y, err := gather(t.Allocator(), l.elem, right)
	if err != nil {
		return nil, err
	}
	defer y.Release()
	res, err := applyBody(t, body, pairRows, []arrow.Array{x, y}, args[2:])
	if err != nil {
		return nil, err
	}
	defer res.Release()
	if res.NullN() > 0 {
		return nil, fmt.Errorf("the lambda of array_sort gave NULL for two elements; it must give an INT")
	}
	answers := raw[int32](res)
	out := make([]int32, 0, len(at))
	for i, k := 0, 0; i < n; i++ {
		first := k
		for k < len(rows) && rows[k] == int32(i) {
			k++
		}
		order := make([]int, k-first)
		for j := range order {
			order[j] = j
		}
		slices.SortStableFunc(order, func(a, b int) int { return int(answers[base[i]+a*len(order)+b]) })
		for _, j := range order {
			out = append(out, at[first+j])
		}
	}
	elem, err := gather(t.Allocator(), l.elem, out)
	if err != nil {
		return nil, err
	}
	return shape(t, args[0], n, rows).array(dt, elem), nil
}

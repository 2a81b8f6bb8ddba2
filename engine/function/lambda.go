package function

import (
	"fmt"

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

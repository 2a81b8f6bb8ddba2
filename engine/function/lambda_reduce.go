package function

import (
	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

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
	l := listOf(args[0])
	step := reduceStep{t: t, merge: merge, elems: l.elem, captures: args[own : own+merge.Captures()]}
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
		next, err := step.run(state, rows, at)
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

// reduceStep is what all steps of a reduction share.
type reduceStep struct {
	t        catalog.Task
	merge    catalog.LambdaBody
	elems    arrow.Array
	captures []arrow.Array
}

// run merges the elements at into the states of these rows and gives the states
// of all rows.
func (s reduceStep) run(state arrow.Array, rows, at []int32) (arrow.Array, error) {
	mem := s.t.Allocator()
	acc, err := gather(mem, state, rows)
	if err != nil {
		return nil, err
	}
	defer acc.Release()
	x, err := gather(mem, s.elems, at)
	if err != nil {
		return nil, err
	}
	defer x.Release()
	res, err := applyBody(s.t, s.merge, rows, []arrow.Array{acc, x}, s.captures)
	if err != nil {
		return nil, err
	}
	defer res.Release()
	both, err := array.Concatenate([]arrow.Array{state, res}, mem)
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
	return gather(mem, both, idx)
}

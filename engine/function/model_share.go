package function

import (
	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// scoring is what the planner may know of a call that takes sel of a model's
// outputs: enough to score once for several such calls.
func scoring(e *catalog.ModelEntry, feed []int, sel selection) *catalog.Scoring {
	s := &catalog.Scoring{
		Model: e, Feed: feed, Want: sel.want, Fields: sel.fields,
		Score: func(want []int) (catalog.Call, error) { return scoreCall(e, want) },
	}
	s.Take = func(have []int) catalog.Call { return takeCall(s, have, sel) }
	return s
}

// scoreCall is the call that gives some outputs of a model as a struct, for the
// model's name and its inputs in order.
func scoreCall(e *catalog.ModelEntry, want []int) (catalog.Call, error) {
	inputs := e.Model.Inputs()
	feed, types := make([]int, len(inputs)), make([]arrow.DataType, len(inputs)+1)
	types[0] = tString
	for i, f := range inputs {
		feed[i], types[i+1] = i+1, f.Type
	}
	pol, err := newPolicy(e)
	if err != nil {
		return catalog.Call{}, err
	}
	sel := fieldsOf(e.Model.Outputs(), want)
	return catalog.Call{
		Type: sel.dt, ArgTypes: types, Deterministic: true, Rejects: pol.model(),
		Eval: scoreKernel(e.Model, pol, feed, sel),
		Info: scoring(e, feed, sel),
	}, nil
}

// takeCall makes what sel makes of a model's outputs, of a struct that has them
// and perhaps others.
func takeCall(s *catalog.Scoring, have []int, sel selection) catalog.Call {
	at := make(map[int]int, len(have))
	for i, output := range have {
		at[output] = i
	}
	info := *s
	info.Feed, info.Taken = nil, true
	return catalog.Call{
		Type: sel.dt, ArgTypes: []arrow.DataType{nil}, Deterministic: true, Info: &info,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			a, err := spread(t.Allocator(), args[0], n)
			if err != nil {
				return nil, err
			}
			defer a.Release()
			all := a.(*array.Struct)
			cols := make([]arrow.Array, len(sel.want))
			for k, output := range sel.want {
				cols[k] = all.Field(at[output])
				cols[k].Retain()
			}
			return sel.build(t, n, cols)
		},
	}
}

package function

import (
	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// bindConcatArrays is concat of arrays: NULL when one is.
func bindConcatArrays(name string, args []catalog.Arg) (catalog.Call, error) {
	dt, k, ok := commonOf(typesOf(args), common)
	if !ok {
		return catalog.Call{}, argErr(k, "%s cannot join %s and %s", name, typeName(dt), typeName(args[k].Type))
	}
	return catalog.Call{
		Type: dt, ArgTypes: repeatType(dt, len(args)), Deterministic: true, Strict: true,
		Eval: concatLists(dt),
	}, nil
}

// concatLists joins the lists of each row; maps are lists of entries.
func concatLists(dt arrow.DataType) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		elems := make([]arrow.Array, len(args))
		lists := make([]list, len(args))
		for k, a := range args {
			lists[k] = listOf(a)
			elems[k] = lists[k].elem
		}
		all, err := array.Concatenate(elems, t.Allocator())
		if err != nil {
			return nil, err
		}
		defer all.Release()
		out := newListColumn(t.Allocator(), n)
		var idx []int32
		for i := range n {
			base := 0
			for k, a := range args {
				if !nullAt(a, i*lists[k].step) {
					from, to := lists[k].span(i)
					for e := from; e < to; e++ {
						idx = append(idx, int32(base+e))
					}
				}
				base += elems[k].Len()
			}
			out.add(i, len(idx))
		}
		elem, err := gather(t.Allocator(), all, idx)
		if err != nil {
			out.release()
			return nil, err
		}
		return out.array(dt, elem), nil
	}
}

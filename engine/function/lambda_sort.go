package function

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

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

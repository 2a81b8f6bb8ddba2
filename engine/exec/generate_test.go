package exec

import (
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql/plan"
)

// explode gives one row for each element of a list of doubles.
func explode(t catalog.Task, n int, args []arrow.Array) ([]int32, []arrow.Array, error) {
	l := args[0].(*array.List)
	var from, rows []int32
	off := offsetsOf(l)
	for i := range n {
		for e := off[i]; l.IsValid(i) && e < off[i+1]; e++ {
			from, rows = append(from, int32(i)), append(rows, e)
		}
	}
	a, err := gather(t.Allocator(), l.ListValues(), selection{rows: rows})
	return from, []arrow.Array{a}, err
}

func TestGenerate(t *testing.T) {
	id, l, e := column(1, "id", str), column(2, "l", arrow.ListOf(f64)), column(3, "e", f64)
	n := &plan.Generate{
		Input: table("t", id, l), Name: "explode", Args: []plan.Expr{ref(l)}, Cols: []plan.Column{e},
		Fn: catalog.TableCall{Columns: []arrow.Field{{Name: "e", Type: f64}}, Eval: explode},
	}
	data := map[string]string{"t": `
		["a",[1,null]]
		["b",null]
		["c",[]]
		["d",[2]]
		["e",[]]`}
	check(t, n, data, `
		["a",[1,null],1]
		["a",[1,null],null]
		["d",[2],2]`)
	outer := *n
	outer.Outer = true
	check(t, &outer, data, `
		["a",[1,null],1]
		["a",[1,null],null]
		["b",null,null]
		["c",[],null]
		["d",[2],2]
		["e",[],null]`)
	check(t, &outer, map[string]string{}, "")
}

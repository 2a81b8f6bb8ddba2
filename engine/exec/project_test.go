package exec

import (
	"testing"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql/plan"
)

func TestProject(t *testing.T) {
	a, s := column(1, "a", f64), column(2, "s", str)
	v := column(3, "v", arrow.StructOf(arrow.Field{Name: "x", Type: f64, Nullable: true}))
	in := table("t", a, s, v)
	data := map[string]string{"t": `[1,"one",{"x":1.5}]
		[null,"none",null]
		[3,null,{"x":null}]`}
	field := &plan.Field{X: ref(v), Index: 0, Name: "x"}
	for _, c := range []struct {
		name string
		expr plan.Expr
		want string
	}{
		{"column", ref(s), "[\"one\"]\n[\"none\"]\n[null]"},
		{"constant", lit(t, str, `"k"`), "[\"k\"]\n[\"k\"]\n[\"k\"]"},
		{"NULL constant", lit(t, f64, "null"), "[null]\n[null]\n[null]"},
		{"strict call", add(ref(a), lit(t, f64, "1")), "[2]\n[null]\n[4]"},
		{"strict call with NULL", add(ref(a), lit(t, f64, "null")), "[null]\n[null]\n[null]"},
		{"two nullable", add(ref(a), field), "[2.5]\n[null]\n[null]"},
		{"constant call", add(lit(t, f64, "1"), lit(t, f64, "2")), "[3]\n[3]\n[3]"},
		{"call of a constant call", add(ref(a), add(lit(t, f64, "1"), lit(t, f64, "2"))), "[4]\n[null]\n[6]"},
		{"field", field, "[1.5]\n[null]\n[null]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := column(9, "out", c.expr.Type())
			n := &plan.Project{Input: in, Exprs: []plan.NamedExpr{{Column: out, Expr: c.expr}}}
			check(t, n, data, c.want)
			check(t, n, map[string]string{"t": ""}, "")
		})
	}
}

// TestProjectNothing keeps the number of rows of records without columns.
func TestProjectNothing(t *testing.T) {
	n := &plan.Filter{
		Input: &plan.Project{Input: table("t", column(1, "a", f64))},
		Cond:  lit(t, boolT, "true"),
	}
	check(t, n, map[string]string{"t": "[1]\n[2]\n[null]"}, "[]\n[]\n[]")
}

func TestValuesUnionLimit(t *testing.T) {
	a, b, u := column(1, "a", f64), column(2, "b", f64), column(3, "u", f64)
	vs := &plan.Values{Cols: []plan.Column{b}, Rows: 3, Arrays: []arrow.Array{lit(t, f64, "7, null, 9").(*plan.Literal).Value}}
	union := &plan.Union{Ins: []plan.Node{table("t", a), vs, table("t2", b)}, Cols: []plan.Column{u}}
	data := map[string]string{"t": "[1]\n[2]", "t2": "[5]"}
	check(t, union, data, "[1]\n[2]\n[7]\n[null]\n[9]\n[5]")
	for _, c := range []struct {
		n, offset int64
		want      string
	}{
		{2, 0, "[1]\n[2]"},
		{0, 0, ""},
		{3, 1, "[2]\n[7]\n[null]"},
		{-1, 4, "[9]\n[5]"},
		{100, 6, ""},
	} {
		check(t, &plan.Limit{Input: union, N: c.n, Offset: c.offset}, data, c.want)
	}
}

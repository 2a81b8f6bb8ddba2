package exec

import (
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql/plan"
)

// TestLogic tries all nine pairs of truths, with an operand that is cheap and one
// that is evaluated lazily.
func TestLogic(t *testing.T) {
	a, b, out := column(1, "a", boolT), column(2, "b", boolT), column(3, "out", boolT)
	var in, and, or []string
	truths := []string{"true", "false", "null"}
	for _, x := range truths {
		for _, y := range truths {
			in = append(in, "["+x+","+y+"]")
			switch {
			case x == "false" || y == "false":
				and = append(and, "[false]")
			case x == "null" || y == "null":
				and = append(and, "[null]")
			default:
				and = append(and, "[true]")
			}
			switch {
			case x == "true" || y == "true":
				or = append(or, "[true]")
			case x == "null" || y == "null":
				or = append(or, "[null]")
			default:
				or = append(or, "[false]")
			}
		}
	}
	slowly := func(e plan.Expr) plan.Expr {
		return &plan.Call{Name: "slowly", Args: []plan.Expr{e}, Fn: catalog.Call{
			Type: boolT, Deterministic: true,
			Eval: func(_ catalog.Task, _ int, args []arrow.Array) (arrow.Array, error) {
				args[0].Retain()
				return args[0], nil
			},
		}}
	}
	data := map[string]string{"t": strings.Join(in, "\n")}
	for _, second := range []plan.Expr{ref(b), slowly(ref(b))} {
		for _, isOr := range []bool{false, true} {
			e := &plan.Logic{Or: isOr, Args: []plan.Expr{ref(a), second}}
			want := and
			if isOr {
				want = or
			}
			n := &plan.Project{Input: table("t", a, b), Exprs: []plan.NamedExpr{{Column: out, Expr: e}}}
			check(t, n, data, strings.Join(want, "\n"))

			var kept []string
			for i, w := range want {
				if w == "[true]" {
					kept = append(kept, in[i])
				}
			}
			check(t, &plan.Filter{Input: n.Input, Cond: e}, data, strings.Join(kept, "\n"))
		}
	}
}

// TestLazy counts the rows that a costly operand is asked for.
func TestLazy(t *testing.T) {
	x, out := column(1, "x", f64), column(2, "out", f64)
	data := "[1]\n[2]\n[null]\n[13]\n[4]"
	asked := 0
	slow := costly(ref(x), &asked)
	for _, c := range []struct {
		name  string
		node  func(in plan.Node) plan.Node
		want  string
		asked int
	}{
		{"AND", func(in plan.Node) plan.Node {
			return &plan.Filter{Input: in, Cond: &plan.Logic{Args: []plan.Expr{less(ref(x), lit(t, f64, "10")), less(slow, lit(t, f64, "3"))}}}
		}, "[1]\n[2]", 3}, // NULL AND x is not TRUE, whatever x is
		{"AND as a value", func(in plan.Node) plan.Node {
			return &plan.Project{Input: in, Exprs: []plan.NamedExpr{{Column: column(5, "b", boolT), Expr: &plan.Logic{
				Args: []plan.Expr{less(ref(x), lit(t, f64, "10")), less(slow, lit(t, f64, "3"))},
			}}}}
		}, "[true]\n[true]\n[null]\n[false]\n[false]", 4}, // NULL AND x may still be FALSE
		{"OR", func(in plan.Node) plan.Node {
			return &plan.Filter{Input: in, Cond: &plan.Logic{Or: true, Args: []plan.Expr{less(lit(t, f64, "3"), ref(x)), less(slow, lit(t, f64, "2"))}}}
		}, "[1]\n[13]\n[4]", 3},
		{"CASE", func(in plan.Node) plan.Node {
			return &plan.Project{Input: in, Exprs: []plan.NamedExpr{{Column: out, Expr: &plan.Case{
				Whens: []plan.When{{Cond: less(ref(x), lit(t, f64, "2")), Then: lit(t, f64, "-1")}, {Cond: less(ref(x), lit(t, f64, "10")), Then: slow}},
				Else:  lit(t, f64, "0"),
			}}}}
		}, "[-1]\n[2]\n[0]\n[0]\n[4]", 2},
		{"COALESCE", func(in plan.Node) plan.Node {
			return &plan.Project{Input: in, Exprs: []plan.NamedExpr{{Column: out, Expr: &plan.Coalesce{
				Args: []plan.Expr{ref(x), slow, lit(t, f64, "-5")},
			}}}}
		}, "[1]\n[2]\n[-5]\n[13]\n[4]", 1},
		{"COALESCE of no NULL", func(in plan.Node) plan.Node {
			return &plan.Project{Input: in, Exprs: []plan.NamedExpr{{Column: out, Expr: &plan.Coalesce{
				Args: []plan.Expr{lit(t, f64, "1"), slow},
			}}}}
		}, "[1]\n[1]\n[1]\n[1]\n[1]", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := c.node(table("t", x))
			check(t, n, map[string]string{"t": data}, c.want)
			asked = 0
			if _, err := runPlan(t, n, map[string]string{"t": data}, 100, 0, 1); err != nil || asked != c.asked {
				t.Errorf("asked for %d rows (%v), want %d", asked, err, c.asked)
			}
		})
	}
}

// TestCaseTypes merges branches of text, booleans and structs.
func TestCaseTypes(t *testing.T) {
	x := column(1, "x", f64)
	st := arrow.StructOf(arrow.Field{Name: "a", Type: f64, Nullable: true}, arrow.Field{Name: "b", Type: str, Nullable: true})
	for _, c := range []struct {
		dt               arrow.DataType
		col, then, other string
	}{
		{str, `"from a column"`, `"then"`, "null"},
		{boolT, "true", "false", "null"},
		{st, `{"a":1,"b":"x"}`, `{"a":null,"b":"y"}`, "null"},
		{arrow.ListOf(str), `["a","b"]`, `[]`, "null"},
		{arrow.MapOf(str, f64), `[{"key":"k","value":1}]`, `[]`, "null"},
		{arrow.Null, "null", "null", "null"},
	} {
		v, out := column(2, "v", c.dt), column(3, "out", c.dt)
		n := &plan.Project{Input: table("t", x, v), Exprs: []plan.NamedExpr{{Column: out, Expr: &plan.Case{
			Whens: []plan.When{{Cond: less(ref(x), lit(t, f64, "1")), Then: lit(t, c.dt, c.then)}, {Cond: less(ref(x), lit(t, f64, "3")), Then: ref(v)}},
			Else:  lit(t, c.dt, c.other),
		}}}}
		in := "[0," + c.col + "]\n[1," + c.col + "]\n[2,null]\n[5," + c.col + "]\n[null," + c.col + "]"
		check(t, n, map[string]string{"t": in}, "["+c.then+"]\n["+c.col+"]\n[null]\n["+c.other+"]\n["+c.other+"]")
	}
}

// TestShared evaluates a call that occurs twice once, whole or in part.
func TestShared(t *testing.T) {
	x, y, z, w := column(1, "x", f64), column(2, "y", f64), column(3, "z", f64), column(4, "w", f64)
	asked := 0
	twice := func() plan.Expr { return costly(ref(x), &asked) }
	n := &plan.Project{Input: table("t", x), Exprs: []plan.NamedExpr{
		{Column: y, Expr: add(twice(), lit(t, f64, "1"))},
		{Column: z, Expr: twice()},
		{Column: w, Expr: &plan.Case{Whens: []plan.When{{Cond: less(ref(x), lit(t, f64, "3")), Then: twice()}}, Else: lit(t, f64, "0")}},
	}}
	data := map[string]string{"t": "[1]\n[null]\n[5]\n[2]"}
	check(t, n, data, "[2,1,1]\n[null,null,0]\n[6,5,0]\n[3,2,2]")
	asked = 0
	if _, err := runPlan(t, n, data, 100, 0, 1); err != nil || asked != 4 {
		t.Errorf("asked for %d rows (%v), want 4", asked, err)
	}
	// A call whose literal differs is another.
	n.Exprs[1].Expr = costly(lit(t, f64, "3"), &asked)
	n.Exprs[2].Expr = costly(lit(t, f64, "4"), &asked)
	check(t, n, data, "[2,3,4]\n[null,3,4]\n[6,3,4]\n[3,3,4]")
}

// TestFaultRows names rows as they were read, behind filters, joins and CASE.
func TestFaultRows(t *testing.T) {
	x, y, out := column(1, "x", f64), column(2, "y", f64), column(3, "out", f64)
	asked := 0
	filter := &plan.Filter{Input: table("t", x), Cond: less(lit(t, f64, "1"), ref(x))}
	join := &plan.Join{Kind: plan.Inner, Left: filter, Right: table("r", y), LeftKeys: []plan.Expr{ref(x)}, RightKeys: []plan.Expr{ref(y)}, NullSafe: []bool{false}}
	n := &plan.Project{Input: join, Exprs: []plan.NamedExpr{{Column: out, Expr: &plan.Case{
		Whens: []plan.When{{Cond: less(ref(x), lit(t, f64, "5")), Then: lit(t, f64, "0")}}, Else: costly(ref(x), &asked),
	}}}}
	task := newTask(t)
	left := rows(t, task.mem, schemaOf([]plan.Column{x}), "[1]\n[3]\n[null]\n[7]\n[2]\n[7]")
	right := rows(t, task.mem, schemaOf([]plan.Column{y}), "[7]\n[3]")
	defer left.Release()
	defer right.Release()
	p := mustCompile(t, n)
	defer p.Release()
	d := &driver{task: task, inputs: map[string][]arrow.Record{"t": {left}, "r": {right}}}
	got, err := d.run(p)
	if err != nil {
		t.Fatal(err)
	}
	defer releaseRecords(got)
	if s := lines(t, got); s != "[0]\n[null]\n[null]" {
		t.Errorf("rows %s", s)
	}
	if want := []string{"row 3 costly: 7", "row 5 costly: 7"}; !slices.Equal(task.faults, want) {
		t.Errorf("faults %q, want %q", task.faults, want)
	}
}

// TestFieldShares reads a field without copying when its NULLs are the struct's.
func TestFieldShares(t *testing.T) {
	task := newTask(t)
	v := column(1, "v", arrow.StructOf(arrow.Field{Name: "x", Type: f64, Nullable: true}))
	rec := rows(t, task.mem, schemaOf([]plan.Column{v}), "[{\"x\":1}]\n[null]\n[{\"x\":null}]")
	defer rec.Release()
	s := rec.Column(0).(*array.Struct)
	f := structField(task.mem, s, 0)
	defer f.Release()
	if f != s.Field(0) {
		t.Error("the field was copied")
	}
}

package exec

import (
	"errors"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql/plan"
)

// everyOperator is plans over tables t(x, s) and r(y, b) that together use every
// operator and breaker; each evaluates a call that fails on 13.
func everyOperator(t *testing.T) map[string]plan.Node {
	x, s := column(1, "x", f64), column(2, "s", str)
	y, b := column(3, "y", f64), column(4, "b", str)
	o, o2 := column(5, "o", f64), column(6, "o2", f64)
	left, right := table("t", x, s), table("r", y, b)
	asked := 0
	slow, slowY := costly(ref(x), &asked), costly(ref(y), &asked)
	keep := less(slow, lit(t, f64, "100"))
	filter := &plan.Filter{Input: left, Cond: keep}
	join := func(kind plan.JoinKind, on plan.Expr) plan.Node {
		return &plan.Join{
			Kind: kind, Left: left, Right: right, LeftKeys: []plan.Expr{slow}, RightKeys: []plan.Expr{slowY},
			NullSafe: []bool{true}, On: on,
		}
	}
	on := less(add(slow, slowY), lit(t, f64, "100"))
	distinct := sumOf(o, slow)
	distinct.Distinct = true
	filtered := sumOf(o2, slow)
	filtered.Filter = less(ref(x), lit(t, f64, "50"))
	return map[string]plan.Node{
		"filter": filter,
		"project": &plan.Project{Input: left, Exprs: []plan.NamedExpr{{Column: s, Expr: ref(s)}, {Column: o, Expr: add(slow, slow)}, {Column: o2, Expr: &plan.Case{
			Whens: []plan.When{{Cond: less(ref(x), lit(t, f64, "3")), Then: ref(x)}, {Cond: keep, Then: slow}}, Else: &plan.Coalesce{Args: []plan.Expr{ref(x), slow}},
		}}}},
		"lazy":      &plan.Filter{Input: left, Cond: &plan.Logic{Or: true, Args: []plan.Expr{less(ref(x), lit(t, f64, "3")), keep}}},
		"inner":     join(plan.Inner, nil),
		"inner on":  join(plan.Inner, on),
		"left":      join(plan.Left, nil),
		"left on":   join(plan.Left, on),
		"right":     join(plan.Right, nil),
		"full":      join(plan.Full, on),
		"semi on":   join(plan.Semi, on),
		"anti":      join(plan.Anti, nil),
		"cross":     &plan.Join{Kind: plan.Cross, Left: filter, Right: right},
		"union":     &plan.Union{Ins: []plan.Node{filter, right}, Cols: []plan.Column{o, s}},
		"limit":     &plan.Limit{Input: filter, N: 3, Offset: 1},
		"sort":      &plan.Sort{Input: filter, Keys: []plan.SortKey{{Expr: slow}, {Expr: ref(s)}}},
		"aggregate": &plan.Aggregate{Input: left, Groups: []plan.NamedExpr{{Column: o, Expr: slow}, {Column: s, Expr: ref(s)}}, Aggs: []plan.AggExpr{sumOf(o2, slow)}},
		"distinct":  &plan.Aggregate{Input: left, Groups: []plan.NamedExpr{{Column: s, Expr: ref(s)}}, Aggs: []plan.AggExpr{distinct, filtered}},
		"sample":    &plan.Sample{Input: filter, Rows: -1, Fraction: 0.5, Seeded: true},
		"sampler":   &plan.Sample{Input: filter, Rows: -1, Fraction: 0.9},
		"generate": &plan.Generate{Input: left, Name: "twice", Args: []plan.Expr{slow}, Cols: []plan.Column{o}, Outer: true, Fn: catalog.TableCall{
			Columns: []arrow.Field{{Name: "o", Type: f64}},
			Eval: func(_ catalog.Task, n int, args []arrow.Array) ([]int32, []arrow.Array, error) {
				args[0].Retain()
				return upTo32(n), []arrow.Array{args[0]}, nil
			},
		}},
	}
}

// TestNothingLeaks breaks off every operator: by an error of its input, by one of
// a kernel, by a receiver that wants no more. The allocator checks that all is
// freed.
func TestNothingLeaks(t *testing.T) {
	good := "[1,\"a\"]\n[2,\"b\"]\n[null,null]\n[1,\"a\"]\n[7,\"\"]\n[4,\"ccc\"]\n[9,\"d\"]\n[2,\"e\"]"
	bad := strings.Replace(good, "[9,", "[13,", 1)
	away := errors.New("the source went away")
	for name, n := range everyOperator(t) {
		t.Run(name, func(t *testing.T) {
			for _, c := range []struct {
				name string
				t, r string
				fail map[string]error
				stop int
				want string
			}{
				{"whole", good, good, nil, 0, ""},
				{"stopped", good, good, nil, 1, ""},
				{"input fails", good, good, map[string]error{"t": away}, 0, away.Error()},
				{"other input fails", good, good, map[string]error{"r": away}, 0, away.Error()},
				{"kernel fails", bad, good, nil, 0, "13 is not to be computed"},
				{"kernel fails on the build side", good, bad, nil, 0, "13 is not to be computed"},
			} {
				breakOff(t, n, c.name, map[string]string{"t": c.t, "r": c.r}, c.fail, c.stop, c.want)
			}
		})
	}
}

func breakOff(t *testing.T, n plan.Node, name string, tables map[string]string, faults map[string]error, stop int, want string) {
	t.Helper()
	task := newTask(t)
	d := &driver{task: task, inputs: map[string][]arrow.Record{}, fail: faults, stop: stop, workers: 2}
	reached := false // does the plan come upon the fault?
	for _, s := range scansOf(n) {
		join, isJoin := n.(*plan.Join)
		evaluated := s.Name == "t" || isJoin && join.Kind != plan.Cross
		reached = reached || faults[s.Name] != nil || evaluated && strings.Contains(tables[s.Name], "[13,")
		rec := rows(t, task.mem, schemaOf(s.Columns()), tables[s.Name])
		d.inputs[s.Name] = cut(rec, 3)
		rec.Release()
	}
	if _, ok := n.(*plan.Limit); ok {
		reached = false
	}
	p := mustCompile(t, n)
	got, err := d.run(p)
	releaseRecords(got)
	p.Release()
	for _, recs := range d.inputs {
		releaseRecords(recs)
	}
	switch {
	case !reached && err != nil:
		t.Errorf("%s: %v", name, err)
	case reached && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("%s: %v, want %s", name, err, want)
	}
}

func TestKernelThatLies(t *testing.T) {
	x := column(1, "x", f64)
	wrong := &plan.Call{Name: "liar", Args: []plan.Expr{ref(x)}, Fn: catalog.Call{
		Type: f64,
		Eval: func(t catalog.Task, _ int, _ []arrow.Array) (arrow.Array, error) {
			return nullArray(t.Allocator(), str, 2), nil
		},
	}}
	n := &plan.Project{Input: table("t", x), Exprs: []plan.NamedExpr{{Column: x, Expr: wrong}}}
	_, err := runPlan(t, n, map[string]string{"t": "[1]"}, 10, 0, 1)
	if want := "function liar gave 2 values of type utf8 where 1 of type float64 were due"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestUnknownColumn(t *testing.T) {
	x := column(1, "x", f64)
	_, err := Compile(&plan.Filter{Input: table("t", x), Cond: ref(column(2, "gone", boolT))})
	if want := "column gone (id 2) is not among its operator's input"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

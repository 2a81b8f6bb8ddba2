package exec

import (
	"sync"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql/plan"
)

// TestOperatorsAreShared runs the operators of one program in several goroutines
// at once, over the same record, as the workers of a query do.
func TestOperatorsAreShared(t *testing.T) {
	x, y, b, out := column(1, "x", f64), column(2, "y", f64), column(3, "b", str), column(4, "out", str)
	join := &plan.Join{
		Kind: plan.Left, Left: &plan.Filter{Input: table("t", x), Cond: less(ref(x), lit(t, f64, "9"))}, Right: table("r", y, b),
		LeftKeys: []plan.Expr{ref(x)}, RightKeys: []plan.Expr{ref(y)}, NullSafe: []bool{false},
	}
	n := &plan.Project{Input: join, Exprs: []plan.NamedExpr{{Column: x, Expr: ref(x)}, {Column: out, Expr: &plan.Case{
		Whens: []plan.When{{Cond: less(ref(y), lit(t, f64, "2")), Then: lit(t, str, `"small"`)}}, Else: ref(b),
	}}}}
	task := newTask(t)
	left := rows(t, task.mem, schemaOf([]plan.Column{x}), "[1]\n[null]\n[10]\n[2]\n[1]\n[5]")
	right := rows(t, task.mem, schemaOf([]plan.Column{y, b}), "[1,\"one\"]\n[2,\"two\"]\n[1,\"uno\"]\n[null,null]")
	defer left.Release()
	defer right.Release()
	p := mustCompile(t, n)
	defer p.Release()
	d := &driver{task: task, inputs: map[string][]arrow.Record{"t": {left}, "r": {right}}}
	want, err := d.run(p)
	if err != nil {
		t.Fatal(err)
	}
	defer releaseRecords(want)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				var got []arrow.Record
				in := func(yield func(arrow.Record, error) bool) {
					left.Retain()
					yield(left, nil)
				}
				for rec, err := range chunkThrough(&testTask{ctx: task.ctx, mem: task.mem}, p.Root().Branches[0].Ops, in) {
					if err != nil {
						t.Error(err)
						return
					}
					got = append(got, rec)
				}
				if lines(t, got) != lines(t, want) {
					t.Errorf("got %s", lines(t, got))
				}
				releaseRecords(got)
			}
		})
	}
	wg.Wait()
	if s := lines(t, want); s != "[1,\"small\"]\n[1,\"small\"]\n[2,\"two\"]\n[1,\"small\"]\n[1,\"small\"]\n[5,null]" {
		t.Errorf("rows %s", s)
	}
}

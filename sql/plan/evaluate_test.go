package plan

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/function"
	"github.com/millrace-sql/millrace/sql"
)

// evalTask is a task with a checked allocator.
type evalTask struct{ mem memory.Allocator }

func (evalTask) Context() context.Context      { return context.Background() }
func (t evalTask) Allocator() memory.Allocator { return t.mem }
func (evalTask) EpochTime() time.Time          { return time.Unix(1, 0) }
func (evalTask) Fault(int, string, error)      {}

func newEvalTask(t testing.TB) evalTask {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return evalTask{mem}
}

// evalColumns are the columns of the expressions below.
var evalColumns = []Column{
	{ID: 1, Name: "a", Type: arrow.PrimitiveTypes.Int32},
	{ID: 2, Name: "c", Type: arrow.BinaryTypes.String},
	{ID: 3, Name: "ok", Type: arrow.FixedWidthTypes.Boolean},
	{ID: 4, Name: "s", Type: arrow.StructOf(
		arrow.Field{Name: "x", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		arrow.Field{Name: "l", Type: arrow.ListOf(arrow.PrimitiveTypes.Int32), Nullable: true})},
	{ID: 5, Name: "n", Type: arrow.Null},
	{ID: 6, Name: "rows", Type: arrow.ListOf(arrow.StructOf(arrow.Field{Name: "f", Type: arrow.PrimitiveTypes.Int32, Nullable: true}))},
}

const evalRows = `[
	{"a": 1, "c": "x", "ok": true, "s": {"x": 1.5, "l": [1, 2]}, "rows": [{"f": 1}, null, {"f": null}]},
	{"a": null, "c": null, "ok": null, "s": null, "rows": null},
	{"a": 3, "c": "", "ok": false, "s": {"x": null, "l": null}, "rows": []},
	{"a": -4, "c": "yy", "ok": true, "s": {"x": 0, "l": [null]}, "rows": [{"f": 7}]},
	{"a": 0, "c": "z", "ok": null, "s": {"x": 2, "l": []}, "rows": [null]}
]`

// bindExpr binds an expression over evalColumns.
func bindExpr(t testing.TB, text string) Expr {
	t.Helper()
	e, err := sql.ParseExpr(text)
	if err != nil {
		t.Fatal(err)
	}
	scope := named(&Values{Cols: evalColumns}, "t")
	x := &exprBinder{binder: newBinder(catalog.New(function.Builtins())), scope: scope, clause: "SELECT"}
	x.last = 100
	bound := x.expr(e)
	if len(x.errs) > 0 || bound == nil {
		t.Fatalf("%s: %v", text, x.errs)
	}
	return bound
}

// rowsOf reads evalRows.
func rowsOf(t testing.TB, mem memory.Allocator) (environment, int) {
	t.Helper()
	env := environment{}
	st := make([]arrow.Field, len(evalColumns))
	for i, c := range evalColumns {
		st[i] = arrow.Field{Name: c.Name, Type: c.Type, Nullable: true}
	}
	b := array.NewStructBuilder(mem, arrow.StructOf(st...))
	defer b.Release()
	if err := b.UnmarshalJSON([]byte(evalRows)); err != nil {
		t.Fatal(err)
	}
	s := b.NewStructArray()
	defer s.Release()
	for i, c := range evalColumns {
		s.Field(i).Retain()
		env[c.ID] = s.Field(i)
	}
	t.Cleanup(func() {
		for _, a := range env {
			a.Release()
		}
	})
	return env, s.Len()
}

var evalExpressions = []string{
	"a", "7", "NULL", "c", "s.x", "s.l", "a + 1", "a + s.x", "upper(c) || 'k'", "s.l[0]", "rows.f", "rows.f[0]",
	"ok AND a > 0", "ok OR a > 0", "ok AND NULL", "ok OR n", "NOT ok", "n AND ok AND a = 1", "a > 0 OR ok OR c = 'z'",
	"CASE WHEN a > 0 THEN c WHEN ok THEN 'ok' END", "CASE a WHEN 1 THEN s.x WHEN 3 THEN 7 ELSE a END", "CASE WHEN NULL THEN 1 ELSE 2 END",
	"CASE WHEN ok THEN s END", "if(ok, s.l, array(9))", "coalesce(c, CAST(a AS STRING), 'none')", "coalesce(s.x, a, 0)", "coalesce(NULL, n)",
	"nullif(a, 3)", "nvl2(c, a, -a)", "a IN (1, NULL, 3)", "a BETWEEN 0 AND 3", "ok IS TRUE", "ok IS NOT UNKNOWN", "a <=> NULL", "a / 0", "named_struct('p', a, 'q', c).q",
	"transform(s.l, x -> x + a)", "transform(s.l, (x, i) -> if(ok, i, x))", "filter(array(1, 2, 3), x -> x > a)", "transform(array(1, 2), x -> transform(array(x, a), y -> y + x))",
}

// TestEvaluateRows checks that many rows at once give what each gives alone,
// also where an array does not begin at 0.
func TestEvaluateRows(t *testing.T) {
	for _, text := range evalExpressions {
		t.Run(text, func(t *testing.T) {
			task := newEvalTask(t)
			env, n := rowsOf(t, task.mem)
			e := bindExpr(t, text)
			all := evaluated(t, task, e, env, n)
			for from := range n {
				for to := from + 1; to <= n; to++ {
					part := environment{}
					for id, a := range env {
						part[id] = array.NewSlice(a, int64(from), int64(to))
					}
					got := evaluated(t, task, e, part, to-from)
					if want := all[from:to]; fmt.Sprint(got) != fmt.Sprint(want) {
						t.Errorf("rows %d to %d: %v, of all %v", from, to, got, want)
					}
					for _, a := range part {
						a.Release()
					}
				}
			}
			if got := evaluated(t, task, e, env, n); fmt.Sprint(got) != fmt.Sprint(all) {
				t.Errorf("again: %v, before %v", got, all)
			}
		})
	}
}

func evaluated(t testing.TB, task evalTask, e Expr, env environment, n int) []string {
	t.Helper()
	v, err := evaluate(task, e, env, n)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Release()
	if v.Len() != n {
		t.Fatalf("%d values for %d rows", v.Len(), n)
	}
	if !arrow.TypeEqual(v.DataType(), e.Type()) {
		t.Fatalf("the values are %s, the expression %s", v.DataType(), e.Type())
	}
	out := make([]string, n)
	for i := range out {
		if out[i] = "NULL"; !nullAt(v, i) {
			out[i] = v.ValueStr(i)
		}
	}
	return out
}

func TestEvaluateValues(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"ok AND a > 0", "[true NULL false false false]"},
		{"ok OR a > 0", "[true NULL true true NULL]"},
		{"n OR ok", "[true NULL NULL true NULL]"},
		{"CASE WHEN a > 0 THEN c WHEN ok THEN 'ok' ELSE 'no' END", "[x no  ok no]"},
		{"coalesce(s.x, a, 9)", "[1.5 9 3 0 2]"},
		{"s.x", "[1.5 NULL NULL 0 2]"},
		{"rows.f", "[[1,null,null] NULL [] [7] [null]]"},
		{"transform(s.l, x -> x + a)", "[[2,3] NULL NULL [null] []]"},
		{"a + 1", "[2 NULL 4 -3 1]"},
	} {
		task := newEvalTask(t)
		env, n := rowsOf(t, task.mem)
		if got := fmt.Sprint(evaluated(t, task, bindExpr(t, c.text), env, n)); got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
	}
}

// TestFoldReleases folds under a checked allocator: nothing but the result stays.
func TestFoldReleases(t *testing.T) {
	for _, text := range []string{
		"1 + 2 * 3", "upper('a') || NULL", "CASE WHEN 1 = 1 THEN 'x' ELSE c END", "coalesce(NULL, 3, 4)", "named_struct('a', array(1, 2)).a[1]",
		"transform(array(1, NULL, 3), x -> x + 1)", "TRUE AND (FALSE OR NULL)", "CAST('2024-02-29' AS DATE)", "array(named_struct('f', 1)).f",
	} {
		e := bindExpr(t, text)
		task := newEvalTask(t)
		if !constant(e) && text != "CASE WHEN 1 = 1 THEN 'x' ELSE c END" {
			t.Errorf("%s is not constant", text)
			continue
		}
		env, _ := rowsOf(t, task.mem)
		one := environment{}
		for id, a := range env {
			one[id] = array.NewSlice(a, 0, 1)
		}
		first := evaluated(t, task, e, one, 1)
		for _, a := range one {
			a.Release()
		}
		if l, ok := foldConstant(e); ok {
			got := "NULL"
			if !l.IsNull() {
				got = l.Value.ValueStr(0)
			}
			if got != first[0] {
				t.Errorf("%s folds to %s, computed %s", text, got, first[0])
			}
		}
	}
}

// TestFoldKeeps lists what must not fold.
func TestFoldKeeps(t *testing.T) {
	for _, text := range []string{"a + 1", "current_timestamp()", "transform(array(1), x -> x + a)"} {
		if l, ok := foldConstant(bindExpr(t, text)); ok {
			t.Errorf("%s folded to %s", text, l)
		}
	}
	faulty := &Call{Name: "faulty", Fn: catalog.Call{Type: arrow.PrimitiveTypes.Int32, Deterministic: true,
		Eval: func(t catalog.Task, n int, _ []arrow.Array) (arrow.Array, error) {
			t.Fault(0, "faulty", fmt.Errorf("a bad row"))
			return array.MakeArrayOfNull(t.Allocator(), arrow.PrimitiveTypes.Int32, n), nil
		}}}
	failing := &Call{Name: "failing", Fn: catalog.Call{Type: arrow.PrimitiveTypes.Int32, Deterministic: true,
		Eval: func(catalog.Task, int, []arrow.Array) (arrow.Array, error) { return nil, fmt.Errorf("no") }}}
	for _, e := range []Expr{faulty, failing} {
		if _, ok := foldConstant(e); ok {
			t.Errorf("%s folded", e)
		}
	}
}

// TestStrictArguments checks that a strict kernel's garbage for NULL rows is not
// seen, whatever the arguments' offsets.
func TestStrictArguments(t *testing.T) {
	task := newEvalTask(t)
	env, n := rowsOf(t, task.mem)
	a := evalColumns[0]
	seven := &Call{Name: "seven", Args: []Expr{&ColumnRef{Column: a}}, Fn: catalog.Call{Type: arrow.PrimitiveTypes.Int64, Strict: true,
		Eval: func(t catalog.Task, n int, _ []arrow.Array) (arrow.Array, error) {
			b := array.NewInt64Builder(t.Allocator())
			defer b.Release()
			for range n {
				b.Append(7)
			}
			return b.NewArray(), nil
		}}}
	if got := fmt.Sprint(evaluated(t, task, seven, env, n)); got != "[7 NULL 7 7 7]" {
		t.Errorf("%s", got)
	}
	isNull := isNotNull(&ColumnRef{Column: a})
	if got := fmt.Sprint(evaluated(t, task, isNull, env, n)); got != "[true false true true true]" {
		t.Errorf("IS NOT NULL: %s", got)
	}
}

func TestSingleValue(t *testing.T) {
	task := newEvalTask(t)
	b := array.NewInt32Builder(task.mem)
	b.AppendValues([]int32{5, 6}, []bool{true, false})
	values := b.NewArray()
	b.Release()
	defer values.Release()
	call := singleValue(arrow.PrimitiveTypes.Int32)
	x, y := call.New(task), call.New(task)
	defer x.Release()
	defer y.Release()
	if err := x.Update(task, []uint32{2, 0}, 3, []arrow.Array{values}); err != nil {
		t.Fatal(err)
	}
	expect(t, task, x, 3, "[(null) (null) 5]")
	if err := y.Merge(task, x, []uint32{0, 1, 2}, 3); err != nil {
		t.Fatal(err)
	}
	expect(t, task, y, 4, "[(null) (null) 5 (null)]")
	if err := y.Update(task, []uint32{1, 2}, 4, []arrow.Array{values}); err == nil {
		t.Error("a second row of a group was taken")
	}
	states, err := x.Save(task, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer releaseAll(states)
	z := call.New(task)
	defer z.Release()
	if err := z.Load(task, 3, states); err != nil {
		t.Fatal(err)
	}
	expect(t, task, z, 3, "[(null) (null) 5]")
	if err := z.Update(task, []uint32{1, 0}, 3, []arrow.Array{values}); err == nil {
		t.Error("a group whose value is NULL took a second row after Load")
	}
}

func expect(t *testing.T, task catalog.Task, acc catalog.Accumulator, n int, want string) {
	t.Helper()
	got, err := acc.Result(task, n)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Release()
	if text := fmt.Sprint(got); text != want {
		t.Errorf("%s, want %s", text, want)
	}
}

func TestNumberLiterals(t *testing.T) {
	for _, c := range []struct{ text, suffix, want string }{
		{"1", "", "int 1"}, {"2147483648", "", "bigint 2147483648"}, {"-2147483648", "", "int -2147483648"},
		{"9223372036854775808", "", "decimal(19,0) 9223372036854775808"}, {"1.50", "", "decimal(3,2) 1.50"}, {".5", "", "decimal(1,1) 0.5"},
		{"0.05", "", "decimal(2,2) 0.05"}, {"100.", "", "decimal(3,0) 100"}, {"1e3", "", "double 1000"}, {"1.5", "F", "float 1.5"}, {"2", "D", "double 2"},
		{"127", "Y", "tinyint 127"}, {"128", "Y", "error"}, {"5", "S", "smallint 5"}, {"9", "L", "bigint 9"}, {"1e2", "BD", "decimal(3,0) 100"},
		{"12", "BD", "decimal(2,0) 12"}, {"123456789012345678901234567890123456789", "", "error"}, {"0.000", "", "decimal(3,3) 0.000"},
	} {
		got := "error"
		if l, err := numberLiteral(c.text, c.suffix); err == nil {
			got = sql.TypeName(l.Type()) + " " + l.String()
		}
		if got != c.want {
			t.Errorf("%s%s is %s, want %s", c.text, c.suffix, got, c.want)
		}
	}
}

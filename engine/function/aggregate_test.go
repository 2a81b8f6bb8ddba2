package function

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

func bindAgg(tb testing.TB, name string, args ...catalog.Arg) catalog.AggregateCall {
	tb.Helper()
	c, err := catalog.New(Builtins()).Aggregate(name).BindAggregate(args)
	if err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return c
}

// TestAggregates groups rows 0..n-1 into two groups, even and odd, and leaves a
// third without rows.
func TestAggregates(t *testing.T) {
	for _, c := range []struct {
		fn   string
		dt   arrow.DataType
		rows []any
		want []string
	}{
		{"count", tInt, []any{1, nil, 3, 4}, []string{"2", "1", "0"}},
		{"sum", tInt, []any{1, nil, 3, nil}, []string{"4", "NULL", "NULL"}},
		{"sum", tLong, []any{math.MaxInt64, 1, 1, 2}, []string{"-9223372036854775808", "3", "NULL"}},
		{"sum", tDouble, []any{1.5, nan, 2.5, 1.0}, []string{"4.0", "NaN", "NULL"}},
		{"try_sum", tLong, []any{math.MaxInt64, 1, 1, 2}, []string{"NULL", "3", "NULL"}},
		{"try_sum", tInt, []any{math.MaxInt32, nil, math.MaxInt32, nil}, []string{"4294967294", "NULL", "NULL"}},
		{"try_sum", tDouble, []any{1.5, inf, 2.5, nil}, []string{"4.0", "Infinity", "NULL"}},
		{"avg", tInt, []any{1, nil, 4, nil}, []string{"2.5", "NULL", "NULL"}},
		{"min", tDouble, []any{nan, nan, 1.0, nil}, []string{"1.0", "NaN", "NULL"}},
		{"max", tDouble, []any{nan, nil, inf, -1.0}, []string{"NaN", "-1.0", "NULL"}},
		{"min", tString, []any{"b", nil, "a", "z"}, []string{"a", "z", "NULL"}},
		{"max", tString, []any{"b", "", "a", nil}, []string{"b", "", "NULL"}},
		{"first", tString, []any{nil, "x", "a", "y"}, []string{"NULL", "x", "NULL"}},
		{"last", tInt, []any{1, 2, nil, 4}, []string{"NULL", "4", "NULL"}},
		{"count_if", tBool, []any{true, nil, false, true}, []string{"1", "1", "0"}},
		{"bool_and", tBool, []any{true, nil, false, true}, []string{"false", "true", "NULL"}},
		{"bool_or", tBool, []any{true, nil, false, false}, []string{"true", "false", "NULL"}},
		{"collect_list", tInt, []any{3, nil, 3, 1}, []string{"[3, 3]", "[1]", "[]"}},
		{"collect_set", tInt, []any{3, 5, 3, nil}, []string{"[3]", "[5]", "[]"}},
		{"stddev", tDouble, []any{1.0, 1.0, 3.0, nil}, []string{"1.4142135623730951", "NULL", "NULL"}},
		{"var_pop", tDouble, []any{1.0, 1.0, 3.0, nil}, []string{"1.0", "0.0", "NULL"}},
		{"median", tInt, []any{1, 7, 4, nil}, []string{"2.5", "7.0", "NULL"}},
		{"mode", tInt, []any{1, 7, 1, nil}, []string{"1", "7", "NULL"}},
		{"approx_count_distinct", tInt, []any{1, 7, 1, 8}, []string{"1", "2", "0"}},
		{"bit_xor", tInt, []any{6, 1, 3, nil}, []string{"5", "1", "NULL"}},
	} {
		task := newTask(t)
		call := bindAgg(t, c.fn, argOf(c.dt))
		for _, cut := range []int{0, 1, 2, 4} {
			got := aggregateCut(t, task, call, c.dt, c.rows, cut)
			if !slices.Equal(got, c.want) {
				t.Errorf("%s of %v cut at %d: got %q, want %q", c.fn, c.rows, cut, got, c.want)
			}
		}
	}
}

// aggregateCut gives the rows before cut to one accumulator, which is saved and
// loaded, and merges one with the rest into it. The second one's groups are
// numbered the other way round.
func aggregateCut(t *testing.T, task *testTask, call catalog.AggregateCall, dt arrow.DataType, rows []any, cut int) []string {
	x := arrayOf(t, task.mem, dt, rows...)
	if to := call.ArgTypes[0]; !same(to, dt) {
		cast, err := caster{}.Cast(dt, to)
		if err != nil {
			t.Fatal(err)
		}
		y, err := run(task, cast, x.Len(), []arrow.Array{x})
		x.Release()
		if err != nil {
			t.Fatal(err)
		}
		x = y
	}
	defer x.Release()
	return aggregateArray(t, task, call, x, cut)
}

// aggregateArray is aggregateCut of a column of the type the call wants.
func aggregateArray(t *testing.T, task *testTask, call catalog.AggregateCall, x arrow.Array, cut int) []string {
	feed := func(acc catalog.Accumulator, from, to int, flip bool) {
		part := array.NewSlice(x, int64(from), int64(to))
		defer part.Release()
		groups := make([]uint32, to-from)
		for i := range groups {
			groups[i] = uint32(from+i) % 2
			if flip {
				groups[i] = 1 - groups[i]
			}
		}
		if err := acc.Update(task, groups, 2, []arrow.Array{part}); err != nil {
			t.Fatal(err)
		}
	}
	a := call.New(task)
	feed(a, 0, cut, false)
	states, err := a.Save(task, 2)
	if err != nil {
		t.Fatal(err)
	}
	a.Release()
	a = call.New(task)
	defer a.Release()
	if err := a.Load(task, 2, states); err != nil {
		t.Fatal(err)
	}
	releaseAll(states)
	b := call.New(task)
	defer b.Release()
	feed(b, cut, x.Len(), true)
	if err := a.Merge(task, b, []uint32{1, 0}, 3); err != nil {
		t.Fatal(err)
	}
	out, err := a.Result(task, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	if !same(out.DataType(), call.Type) {
		t.Errorf("the result is %s, promised %s", out.DataType(), call.Type)
	}
	return shown(out)
}

func TestDecimalSumOverflows(t *testing.T) {
	task := newTask(t)
	dt := decimalType(38, 0)
	call := bindAgg(t, "sum", argOf(dt))
	b := array.NewDecimal128Builder(task.mem, dt)
	b.Append(pow10[37])
	for range 9 {
		b.Append(pow10[37])
	}
	x := b.NewArray()
	b.Release()
	defer x.Release()
	acc := call.New(task)
	defer acc.Release()
	if err := acc.Update(task, make([]uint32, 10), 1, []arrow.Array{x}); err != nil {
		t.Fatal(err)
	}
	out, err := acc.Result(task, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	if !out.IsNull(0) {
		t.Errorf("10 times 10^37 is %s, want NULL", show(out, 0))
	}
}

func TestApproxCountDistinctIsNear(t *testing.T) {
	task := newTask(t)
	call := bindAgg(t, "approx_count_distinct", argOf(tLong))
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{10, 100, 1000, 50_000} {
		b := array.NewInt64Builder(task.mem)
		for range n {
			b.Append(rnd.Int64())
		}
		x := b.NewArray()
		b.Release()
		acc := call.New(task)
		if err := acc.Update(task, make([]uint32, n), 1, []arrow.Array{x}); err != nil {
			t.Fatal(err)
		}
		out, err := acc.Result(task, 1)
		if err != nil {
			t.Fatal(err)
		}
		got := float64(raw[int64](out)[0])
		if math.Abs(got-float64(n)) > 0.15*float64(n) {
			t.Errorf("%d distinct values are estimated as %v", n, got)
		}
		out.Release()
		x.Release()
		acc.Release()
	}
}

func TestMaxBy(t *testing.T) {
	task := newTask(t)
	call := bindAgg(t, "max_by", argOf(tString), argOf(tInt))
	x := arrayOf(t, task.mem, tString, "a", "b", nil, "d")
	y := arrayOf(t, task.mem, tInt, 1, nil, 7, 3)
	defer x.Release()
	defer y.Release()
	acc := call.New(task)
	defer acc.Release()
	if err := acc.Update(task, []uint32{0, 1, 0, 0}, 2, []arrow.Array{x, y}); err != nil {
		t.Fatal(err)
	}
	out, err := acc.Result(task, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	if got := fmt.Sprint(shown(out)); got != "[NULL NULL]" { // of the greatest y, x is NULL; group 1 has no y
		t.Errorf("got %s", got)
	}
}

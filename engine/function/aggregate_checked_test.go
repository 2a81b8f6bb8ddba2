package function

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// intervals makes a column of months or of microseconds; nil is NULL.
func intervals(task *testTask, dt arrow.DataType, rows []any) arrow.Array {
	b := array.NewBuilder(task.mem, dt)
	defer b.Release()
	for _, r := range rows {
		switch b := b.(type) {
		case *array.MonthIntervalBuilder:
			if r != nil {
				b.Append(arrow.MonthInterval(r.(int)))
				continue
			}
		case *array.DurationBuilder:
			if r != nil {
				b.Append(arrow.Duration(r.(int)))
				continue
			}
		}
		b.AppendNull()
	}
	return b.NewArray()
}

// TestIntervalAggregates compares sum and avg of intervals with what Spark
// 3.5.7 answers: groups are the even rows, the odd rows, and one without rows.
func TestIntervalAggregates(t *testing.T) {
	const day = microsPerDay
	for _, c := range []struct {
		fn   string
		dt   arrow.DataType
		rows []any
		want []string
	}{
		{"sum", tDuration, []any{day, nil, 2 * day, nil}, []string{"INTERVAL '3 00:00:00' DAY TO SECOND", "NULL", "NULL"}},
		{"avg", tDuration, []any{day, nil, 2 * day, 5}, []string{"INTERVAL '1 12:00:00' DAY TO SECOND", "INTERVAL '0 00:00:00.000005' DAY TO SECOND", "NULL"}},
		{"avg", tDuration, []any{1, -1, 2, -2}, []string{"INTERVAL '0 00:00:00.000002' DAY TO SECOND", "INTERVAL '-0 00:00:00.000002' DAY TO SECOND", "NULL"}},
		{"try_sum", tDuration, []any{math.MaxInt64, day, 1, nil}, []string{"NULL", "INTERVAL '1 00:00:00' DAY TO SECOND", "NULL"}},
		{"try_sum", tMonths, []any{math.MinInt32, 1, -1, 2}, []string{"NULL", "INTERVAL '0-3' YEAR TO MONTH", "NULL"}},
		{"try_avg", tMonths, []any{math.MaxInt32, 1, 1, 2}, []string{"NULL", "INTERVAL '0-2' YEAR TO MONTH", "NULL"}},
		{"sum", tMonths, []any{1, nil, 2, -14}, []string{"INTERVAL '0-3' YEAR TO MONTH", "INTERVAL '-1-2' YEAR TO MONTH", "NULL"}},
		{"avg", tMonths, []any{1, 12, 2, 156}, []string{"INTERVAL '0-2' YEAR TO MONTH", "INTERVAL '7-0' YEAR TO MONTH", "NULL"}},
		{"avg", tMonths, []any{math.MaxInt32, math.MinInt32, nil, nil}, []string{"INTERVAL '178956970-7' YEAR TO MONTH", "INTERVAL '-178956970-8' YEAR TO MONTH", "NULL"}},
	} {
		task := newTask(t)
		call := bindAgg(t, c.fn, argOf(c.dt))
		x := intervals(task, c.dt, c.rows)
		for _, cut := range []int{0, 1, 2, 4} {
			if got := aggregateArray(t, task, call, x, cut); !slices.Equal(got, c.want) {
				t.Errorf("%s of %v cut at %d: got %q, want %q", c.fn, c.rows, cut, got, c.want)
			}
		}
		x.Release()
	}
}

func TestIntervalTotalsOutOfRange(t *testing.T) {
	for _, c := range []struct {
		dt   arrow.DataType
		rows []any
		want string
	}{
		{tDuration, []any{math.MaxInt64, 1}, "the sum of values of type interval day to second is out of its range"},
		{tDuration, []any{math.MinInt64, -1}, "the sum of values of type interval day to second is out of its range"},
		{tMonths, []any{math.MaxInt32, 1}, "the sum of values of type interval year to month is out of its range"},
	} {
		for _, fn := range []string{"sum", "avg"} {
			task := newTask(t)
			x := intervals(task, c.dt, c.rows)
			first, second := array.NewSlice(x, 0, 1), array.NewSlice(x, 1, 2)
			call := bindAgg(t, fn, argOf(c.dt))
			one, other := call.New(task), call.New(task)
			update := func(acc catalog.Accumulator, a arrow.Array) error {
				return acc.Update(task, make([]uint32, a.Len()), 1, []arrow.Array{a})
			}
			if err := update(one, x); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s of %v: %v", fn, c.rows, err)
			}
			merged := call.New(task)
			if err := update(merged, first); err != nil {
				t.Fatal(err)
			}
			if err := update(other, second); err != nil {
				t.Fatal(err)
			}
			if err := merged.Merge(task, other, []uint32{0}, 1); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s of %v merged: %v", fn, c.rows, err)
			}
			for _, r := range []interface{ Release() }{one, other, merged, first, second, x} {
				r.Release()
			}
		}
	}
}

package function

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// bindTableSQL binds a call of a table function with constant arguments.
func bindTableSQL(t *testing.T, task *testTask, text string) (catalog.TableCall, error) {
	t.Helper()
	e := newEvaluator(task)
	defer e.close()
	expr, err := sql.ParseExpr(text)
	if err != nil {
		t.Fatal(err)
	}
	call := expr.(*sql.Call)
	_, infos, err := e.infos(call, scope{})
	if err != nil {
		t.Fatal(err)
	}
	return e.cat.TableFunction(call.Name.Name).BindTable(infos)
}

// TestRange compares with what Spark 3.5.7 answers.
func TestRange(t *testing.T) {
	for _, c := range []struct{ sql, want string }{
		{"range(5)", "[0 1 2 3 4]"},
		{"range(0)", "[]"},
		{"range(-3)", "[]"},
		{"range(2, 5)", "[2 3 4]"},
		{"range(5, 2)", "[]"},
		{"range(5, 2, -1)", "[5 4 3]"},
		{"range(5, 2, -2)", "[5 3]"},
		{"range(0, 10, 3)", "[0 3 6 9]"},
		{"range(0, 9, 3)", "[0 3 6]"},
		{"range(0, 10, 5, 2)", "[0 5]"},
		{"range('5')", "[0 1 2 3 4]"},
		{"range(' 2 ')", "[0 1]"},
		{"range(5.7)", "[0 1 2 3 4]"},
		{"range(3e0)", "[0 1 2]"},
		{"range(CAST(2 AS FLOAT))", "[0 1]"},
		{"range(CAST(2 AS TINYINT), CAST(4 AS SMALLINT))", "[2 3]"},
		{"range(1L + 2)", "[0 1 2]"},
		{"range(9223372036854775806L, 9223372036854775807L)", "[9223372036854775806]"},
		{"range(-9223372036854775807L, 9223372036854775807L, 9223372036854775807L)", "[-9223372036854775807 0]"},
	} {
		task := newTask(t)
		call, err := bindTableSQL(t, task, c.sql)
		if err != nil {
			t.Errorf("%s: %v", c.sql, err)
			continue
		}
		if f := call.Columns[0]; len(call.Columns) != 1 || f.Name != "id" || !same(f.Type, tLong) {
			t.Errorf("%s: the columns are %v", c.sql, call.Columns)
		}
		from, cols, err := call.Eval(task, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(shown(cols[0])); got != c.want || len(from) != cols[0].Len() {
			t.Errorf("%s: got %s from %v, want %s", c.sql, got, from, c.want)
		}
		releaseAll(cols)
	}
}

func TestRangeOfSeveralRows(t *testing.T) {
	task := newTask(t)
	call, err := bindTableSQL(t, task, "range(2)")
	if err != nil {
		t.Fatal(err)
	}
	from, cols, err := call.Eval(task, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer releaseAll(cols)
	if got := fmt.Sprint(from, shown(cols[0])); got != "[0 0 1 1 2 2] [0 1 0 1 0 1]" {
		t.Error(got)
	}
	call, err = bindTableSQL(t, task, "range(100000000)")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err = call.Eval(task, 2, nil); err == nil || !strings.Contains(err.Error(), "100000000 rows for each of 2") {
		t.Error(err)
	}
}

func TestRangeErrors(t *testing.T) {
	for text, want := range map[string]string{
		"range()":                        "range wants 1 to 4 arguments, not 0",
		"range(1, 2, 3, 4, 5)":           "range wants 1 to 4 arguments, not 5",
		"range(NULL)":                    "argument 1 of range must be a constant BIGINT",
		"range(1, CAST(NULL AS BIGINT))": "argument 2 of range must be a constant BIGINT",
		"range('x')":                     "argument 1 of range must be a constant BIGINT",
		"range(true)":                    "argument 1 of range must be a constant BIGINT",
		"range(1, 2, 0)":                 "the step of range must not be 0",
		"range(1000000000000)":           "range gives 1000000000000 rows here, at most 134217728 are possible",
	} {
		if _, err := bindTableSQL(t, newTask(t), text); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	if _, err := bindRange("range", []catalog.Arg{argOf(tLong)}); err == nil || !strings.Contains(err.Error(), "must be a constant") {
		t.Errorf("of a column: %v", err)
	}
}

func TestCountRange(t *testing.T) {
	for _, c := range []struct {
		start, end, step int64
		want             uint64
	}{
		{math.MinInt64, math.MaxInt64, 1, math.MaxUint64},
		{math.MaxInt64, math.MinInt64, -1, math.MaxUint64},
		{math.MaxInt64, math.MinInt64, math.MinInt64, 2},
		{math.MinInt64, math.MaxInt64, math.MaxInt64, 3},
		{1, 1, 1, 0}, {1, 1, -1, 0}, {1, 2, -1, 0}, {2, 1, 1, 0}, {1, 2, 100, 1},
	} {
		if got := countRange(c.start, c.end, c.step); got != c.want {
			t.Errorf("%d to %d by %d: %d rows, want %d", c.start, c.end, c.step, got, c.want)
		}
	}
}

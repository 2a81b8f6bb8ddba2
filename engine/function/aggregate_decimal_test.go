package function

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/engine/codec"
	"github.com/millrace-sql/millrace/sql"
)

// decimalGolden is one line of testdata/function/decimal_aggregates.jsonl: what
// Spark 3.5.7 answers of one column of decimals, as a type and a text.
type decimalGolden struct {
	Type        string
	Rows        []*string
	Sum, Avg    [2]*string
	SumDistinct [2]*string `json:"sum_distinct"`
	AvgDistinct [2]*string `json:"avg_distinct"`
}

func readDecimalGoldens(t *testing.T) []decimalGolden {
	f, err := os.Open(goldenDir + "decimal_aggregates.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []decimalGolden
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var g decimalGolden
		if err := json.Unmarshal(sc.Bytes(), &g); err != nil {
			t.Fatal(err)
		}
		out = append(out, g)
	}
	return out
}

// TestDecimalAggregatesAnswerAsSpark compares sum and avg of decimals of 28 to
// 38 digits, with and without the repeated values, and when the total overflows.
func TestDecimalAggregatesAnswerAsSpark(t *testing.T) {
	goldens := readDecimalGoldens(t)
	nulls := 0
	for _, g := range goldens {
		dt := decimalTypeOf(t, g.Type)
		once := map[string]bool{}
		var unique []*string
		for _, r := range g.Rows {
			if r != nil && once[*r] {
				continue
			}
			if r != nil {
				once[*r] = true
			}
			unique = append(unique, r)
		}
		for _, c := range []struct {
			fn   string
			rows []*string
			want [2]*string
		}{
			{"sum", g.Rows, g.Sum}, {"avg", g.Rows, g.Avg}, {"sum", unique, g.SumDistinct}, {"avg", unique, g.AvgDistinct},
		} {
			if c.want[1] == nil {
				nulls++
			}
			gotType, got := aggregateDecimals(t, c.fn, dt, c.rows)
			want := "NULL"
			if c.want[1] != nil {
				want = *c.want[1]
			}
			if gotType != *c.want[0] || got != want {
				t.Errorf("%s of %s %s: got %s %s, want %s %s", c.fn, g.Type, showRows(c.rows), gotType, got, *c.want[0], want)
			}
		}
	}
	if len(goldens) < 200 || nulls < 20 {
		t.Errorf("%d lines with %d NULLs: the recorded answers are not whole", len(goldens), nulls)
	}
}

func showRows(rows []*string) string {
	b, _ := json.Marshal(rows)
	return string(b)
}

func decimalTypeOf(t *testing.T, name string) *arrow.Decimal128Type {
	dt, err := sql.ParseType(name)
	if err != nil {
		t.Fatal(err)
	}
	return dt.(*arrow.Decimal128Type)
}

// aggregateDecimals runs an aggregate over one group, half of its rows in an
// accumulator that is merged into the other.
func aggregateDecimals(t *testing.T, fn string, dt *arrow.Decimal128Type, rows []*string) (typ, text string) {
	task := newTask(t)
	b := array.NewDecimal128Builder(task.mem, dt)
	for _, r := range rows {
		if r == nil {
			b.AppendNull()
			continue
		}
		v, ok := codec.ParseDecimal(*r, dt.Precision, dt.Scale)
		if !ok {
			t.Fatalf("%s is no %s", *r, dt)
		}
		b.Append(v)
	}
	x := b.NewArray()
	b.Release()
	defer x.Release()
	call := bindAgg(t, fn, argOf(dt))
	acc, other := call.New(task), call.New(task)
	defer acc.Release()
	defer other.Release()
	half := len(rows) / 2
	head, tail := array.NewSlice(x, 0, int64(half)), array.NewSlice(x, int64(half), int64(len(rows)))
	defer head.Release()
	defer tail.Release()
	if err := acc.Update(task, make([]uint32, half), 1, []arrow.Array{head}); err != nil {
		t.Fatal(err)
	}
	if err := other.Update(task, make([]uint32, len(rows)-half), 1, []arrow.Array{tail}); err != nil {
		t.Fatal(err)
	}
	if err := acc.Merge(task, other, []uint32{0}, 1); err != nil {
		t.Fatal(err)
	}
	out, err := acc.Result(task, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Release()
	if !same(out.DataType(), call.Type) {
		t.Errorf("%s of %s gives %s, promised %s", fn, dt, out.DataType(), call.Type)
	}
	return typeName(out.DataType()), show(out, 0)
}

package exec

import (
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/sql/plan"
)

// TestGather takes rows of each type, in and out of order, with NULLs for negative
// rows, from arrays that do not start at 0.
func TestGather(t *testing.T) {
	types := map[arrow.DataType]string{
		arrow.Null: "null null null", boolT: "true null false", arrow.PrimitiveTypes.Int8: "1 null -3", arrow.PrimitiveTypes.Int16: "1 null -300",
		i32: "1 null 3", i64: "1 null 3", f64: "1.5 null 2.5",
		str:                                      `"a" null "a text of more than sixteen bytes"`,
		arrow.BinaryTypes.Binary:                 `"AA==" null ""`,
		&arrow.FixedSizeBinaryType{ByteWidth: 3}: `"AAEC" null "AwQF"`,
		&arrow.Decimal128Type{Precision: 20, Scale: 1}: `"1.1" null "-1.1"`,
		arrow.ListOf(str):     `["x",null] null ["y"]`,
		arrow.MapOf(str, i32): `[{"key":"k","value":1}] null []`,
		arrow.StructOf(arrow.Field{Name: "p", Type: str, Nullable: true}): `{"p":"q"} null {"p":null}`,
	}
	for dt, text := range types {
		t.Run(dt.String(), func(t *testing.T) {
			task := newTask(t)
			vals := strings.Fields(text)
			if dt.ID() == arrow.STRING {
				vals = []string{`"a"`, "null", `"a text of more than sixteen bytes"`}
			}
			rec := rows(t, task.mem, schemaOf([]plan.Column{column(1, "c", dt)}), "["+strings.Join(vals, "]\n[")+"]")
			defer rec.Release()
			moved := shift(t, task.mem, rec, 2)
			defer moved.Release()
			for _, pick := range [][]int32{{}, {0, 1, 2}, {1, 2}, {2, 0, 1, 2}, {0, 0}, {-1, 0, -1, 2}, {-1, -1}, {0, 2}} {
				a, err := gather(task.mem, moved.Column(0), selection{rows: pick, optional: true})
				if err != nil {
					t.Fatal(err)
				}
				want, got := make([]string, len(pick)), make([]string, len(pick))
				for i, r := range pick {
					if want[i] = "null"; r >= 0 {
						want[i] = text1(t, rec.Column(0), int(r))
					}
					got[i] = text1(t, a, i)
				}
				if strings.Join(got, " ") != strings.Join(want, " ") || a.Len() != len(pick) || !arrow.TypeEqual(a.DataType(), dt) {
					t.Errorf("rows %v: %q, want %q", pick, got, want)
				}
				a.Release()
			}
		})
	}
}

func text1(t *testing.T, a arrow.Array, i int) string {
	if a.DataType().ID() == arrow.NULL {
		return "null"
	}
	return text(t, a, i)
}

// TestGatherRefuses names a type it does not know, and frees what it has of a
// struct.
func TestGatherRefuses(t *testing.T) {
	task := newTask(t)
	dict := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: str}
	a := array.MakeArrayOfNull(task.mem, dict, 3)
	defer a.Release()
	x := array.MakeArrayOfNull(task.mem, f64, 3)
	defer x.Release()
	st, err := array.NewStructArray([]arrow.Array{x, a}, []string{"x", "d"})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Release()
	for _, c := range []arrow.Array{a, st} {
		if _, err := gather(task.mem, c, selection{rows: []int32{2, 0}}); err == nil || !strings.Contains(err.Error(), "dictionary") {
			t.Errorf("%s: %v", c.DataType(), err)
		}
	}
}

// TestShortRecord runs over a record that has fewer rows than its columns.
func TestShortRecord(t *testing.T) {
	task := newTask(t)
	x, s := column(1, "x", f64), column(2, "s", str)
	long := rows(t, task.mem, schemaOf([]plan.Column{x, s}), "[1,\"a\"]\n[2,\"b\"]\n[3,\"c\"]")
	defer long.Release()
	short := array.NewRecord(long.Schema(), long.Columns(), 2)
	defer short.Release()
	n := &plan.Project{
		Input: &plan.Filter{Input: table("t", x, s), Cond: less(ref(x), lit(t, f64, "9"))},
		Exprs: []plan.NamedExpr{{Column: s, Expr: ref(s)}, {Column: x, Expr: add(ref(x), ref(x))}},
	}
	d := &driver{task: task, inputs: map[string][]arrow.Record{"t": {short}}}
	out, err := d.run(mustCompile(t, n))
	if err != nil {
		t.Fatal(err)
	}
	defer releaseRecords(out)
	if got := lines(t, out); got != "[\"a\",2]\n[\"b\",4]" {
		t.Errorf("rows %s", got)
	}
}

// TestTrackedSlice keeps the origin of rows.
func TestTrackedSlice(t *testing.T) {
	rec := rows(t, memory.DefaultAllocator, schemaOf([]plan.Column{column(1, "x", f64)}), "[1]\n[2]\n[3]")
	kept := track(rec, rec, []int32{4, 7, 9})
	part := kept.NewSlice(1, 3)
	task := &testTask{}
	originTask(task, part).Fault(1, "here", errTooLong)
	again := track(part, part, []int32{1})
	originTask(task, again).Fault(0, "there", errTooLong)
	if len(task.faults) != 2 || !strings.HasPrefix(task.faults[0], "row 9 here") || !strings.HasPrefix(task.faults[1], "row 9 there") {
		t.Errorf("faults %q", task.faults)
	}
}

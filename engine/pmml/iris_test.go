package pmml

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

const irisDir = "../../testdata/iris/"

// load reads a model of the test data.
func load(tb testing.TB, path string) *Model {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	m, err := Load(bytes.NewReader(b))
	if err != nil {
		tb.Fatalf("%s: %v", path, err)
	}
	return m
}

// jsonLines reads a file of JSON objects.
func jsonLines(tb testing.TB, path string) []map[string]any {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var out []map[string]any
	s := bufio.NewScanner(f)
	for s.Scan() {
		var m map[string]any
		if err := json.Unmarshal(s.Bytes(), &m); err != nil {
			tb.Fatal(err)
		}
		out = append(out, m)
	}
	if s.Err() != nil || len(out) == 0 {
		tb.Fatalf("%s: %d lines, %v", path, len(out), s.Err())
	}
	return out
}

// readCSV reads a file as header name -> column of text.
func readCSV(tb testing.TB, path string) (map[string][]string, int) {
	tb.Helper()
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) < 2 {
		tb.Fatalf("%s: %d rows, %v", path, len(rows), err)
	}
	cols := map[string][]string{}
	for i, name := range rows[0] {
		for _, r := range rows[1:] {
			cols[name] = append(cols[name], r[i])
		}
	}
	return cols, len(rows) - 1
}

// textColumns builds the model's input columns from text; a column that is not there, or an empty cell, is NULL.
func textColumns(tb testing.TB, mem memory.Allocator, m *Model, cols map[string][]string, n int) []arrow.Array {
	tb.Helper()
	in := make([]arrow.Array, len(m.inputs))
	for i, f := range m.inputs {
		t := m.prog.slots[m.prog.cols[i]].typ
		b := newBuilder(mem, t, n)
		for r := 0; r < n; r++ {
			if cols[f.Name] == nil || cols[f.Name][r] == "" {
				b.add(value{})
				continue
			}
			v, err := t.parse(cols[f.Name][r])
			if err != nil {
				tb.Fatal(err)
			}
			b.add(v)
		}
		in[i] = b.b.NewArray()
		b.b.Release()
	}
	return in
}

// irisColumns are the 150 rows as the iris forest's inputs.
func irisColumns(tb testing.TB, mem memory.Allocator, m *Model) ([]arrow.Array, int) {
	tb.Helper()
	cols, n := readCSV(tb, irisDir+"iris.csv")
	for from, to := range map[string]string{
		"sepal.length": "sepal_length", "sepal.width": "sepal_width", "petal.length": "petal_length", "petal.width": "petal_width",
	} {
		cols[to] = cols[from]
	}
	return textColumns(tb, mem, m, cols, n), n
}

// evaluators are the two ways of scoring, by name.
func evaluators(m *Model) map[string]func(mem memory.Allocator, n int, in []arrow.Array, want []int, fault func(int, error)) []arrow.Array {
	e := map[string]func(mem memory.Allocator, n int, in []arrow.Array, want []int, fault func(int, error)) []arrow.Array{"row": m.scoreRows}
	if m.batch != nil {
		e["batch"] = m.scoreBatch
	}
	return e
}

func allOutputs(m *Model) []int {
	all := make([]int, len(m.outputs))
	for i := range all {
		all[i] = i
	}
	return all
}

// TestIris scores the 150 rows and compares them with what JPMML and Spark itself gave.
func TestIris(t *testing.T) {
	m := load(t, irisDir+"RandomForestIris.pmml")
	jpmml := jsonLines(t, irisDir+"RandomForestIris.jpmml.jsonl")
	spark := jsonLines(t, irisDir+"RandomForestIris.predictions.jsonl")
	if m.batch == nil {
		t.Fatalf("the forest has no batch evaluator: %s", m.why)
	}
	for name, score := range evaluators(m) {
		t.Run(name, func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer mem.AssertSize(t, 0)
			in, n := irisColumns(t, mem, m)
			defer release(in)
			out := score(mem, n, in, allOutputs(m), func(row int, err error) { t.Errorf("row %d: %v", row, err) })
			defer release(out)
			if n != 150 || len(jpmml) != n || len(spark) != n {
				t.Fatalf("%d rows, %d and %d expected", n, len(jpmml), len(spark))
			}
			for i := 0; i < n; i++ {
				for c, o := range m.outputs {
					if got, want := out[c].(*array.Float64).Value(i), jpmml[i][o.Field.Name].(float64); got != want {
						t.Errorf("row %d: %s = %v, JPMML gives %v", i, o.Field.Name, got, want)
					}
				}
				if got, want := out[2].(*array.Float64).Value(i), spark[i]["prediction"].(float64); got != want {
					t.Errorf("row %d: prediction %v, Spark gives %v", i, got, want)
				}
				for k, p := range spark[i]["probability"].([]any) {
					if got := out[3+k].(*array.Float64).Value(i); !near(got, p.(float64), 1e-12) {
						t.Errorf("row %d: probability(%d) %v, Spark gives %v", i, k, got, p)
					}
				}
			}
		})
	}
}

func near(got, want, tol float64) bool {
	d := got - want
	if d < 0 {
		d = -d
	}
	w := want
	if w < 0 {
		w = -w
	}
	return d <= tol*w || d <= 1e-15 || got == want
}

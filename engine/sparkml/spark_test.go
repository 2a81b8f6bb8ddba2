package sparkml

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

const modelsDir = "../../testdata/sparkml/"

// recorded is a row and what Spark said of it.
type recorded struct {
	In, Out map[string]any
	Dropped bool
	Error   string
}

// recordedRows reads a case's rows.
func recordedRows(tb testing.TB, name string) []recorded {
	tb.Helper()
	f, err := os.Open(modelsDir + name + "/rows.jsonl")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var rows []recorded
	s := bufio.NewScanner(f)
	for s.Buffer(nil, 16<<20); s.Scan(); {
		var r recorded
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			tb.Fatal(err)
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		tb.Fatal("no rows")
	}
	return rows
}

// savedModels are the folders of testdata with rows.
func savedModels(tb testing.TB) []string {
	tb.Helper()
	found, err := filepath.Glob(modelsDir + "*/rows.jsonl")
	if err != nil || len(found) < 90 {
		tb.Fatalf("%d cases, %v", len(found), err)
	}
	names := make([]string, len(found))
	for i, f := range found {
		names[i] = filepath.Base(filepath.Dir(f))
	}
	return names
}

func loadCase(tb testing.TB, name string) *Model {
	tb.Helper()
	m, err := Load(os.DirFS(modelsDir + name + "/model"))
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// double reads a recorded number.
func double(x any) float64 {
	switch x := x.(type) {
	case float64:
		return x
	case string:
		return map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}[x]
	}
	panic(fmt.Sprintf("%v is no number", x))
}

// columnsOf makes the input columns of rows.
func columnsOf(mem memory.Allocator, m *Model, rows []recorded) []arrow.Array {
	var in []arrow.Array
	for _, f := range m.Inputs() {
		b := array.NewBuilder(mem, f.Type)
		for _, r := range rows {
			v, ok := r.In[f.Name]
			if !ok {
				panic("no input " + f.Name)
			}
			appendTo(b, v)
		}
		in = append(in, b.NewArray())
		b.Release()
	}
	return in
}

func appendTo(b array.Builder, v any) {
	if v == nil {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.Float64Builder:
		b.Append(double(v))
	case *array.StringBuilder:
		b.Append(v.(string))
	case *array.ListBuilder:
		b.Append(true)
		for _, e := range v.([]any) {
			appendTo(b.ValueBuilder(), e)
		}
	}
}

// valueAt is a value as JSON has it, but for NaN and infinities.
func valueAt(a arrow.Array, i int) any {
	if a.IsNull(i) {
		return nil
	}
	switch a := a.(type) {
	case *array.Float64:
		return a.Value(i)
	case *array.Int32:
		return float64(a.Value(i))
	case *array.String:
		return a.Value(i)
	case *array.List:
		from, to := a.ValueOffsets(i)
		all := []any{}
		for k := from; k < to; k++ {
			all = append(all, valueAt(a.ListValues(), int(k)))
		}
		return all
	}
	panic(a.DataType())
}

// near compares with a relative tolerance.
func near(got, want float64) bool {
	if got == want || math.IsNaN(got) && math.IsNaN(want) {
		return true
	}
	return math.Abs(got-want) <= 1e-9*math.Max(math.Abs(want), 1e-3)
}

// alike compares a value with Spark's.
func alike(got, want any) bool {
	if got == nil || want == nil {
		return got == nil && want == nil
	}
	switch g := got.(type) {
	case float64:
		return near(g, double(want))
	case string:
		return g == want
	case []any:
		w := want.([]any)
		if len(g) != len(w) {
			return false
		}
		for i := range g {
			if !alike(g[i], w[i]) {
				return false
			}
		}
		return true
	}
	return false
}

// TestRealSpark compares every model with what Spark 3.5.7 answered.
func TestRealSpark(t *testing.T) {
	for _, name := range savedModels(t) {
		t.Run(name, func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer mem.AssertSize(t, 0)
			m := loadCase(t, name)
			compareRows(t, mem, m, recordedRows(t, name))
		})
	}
}

func release(as []arrow.Array) {
	for _, a := range as {
		a.Release()
	}
}

// compareRows scores rows in one batch and compares all columns that Spark added. Those that Spark drops, and those
// that fail its job, are NULL and one fault each; the others have their answers.
func compareRows(t *testing.T, mem memory.Allocator, m *Model, rows []recorded) {
	t.Helper()
	in := columnsOf(mem, m, rows)
	defer release(in)
	faults := map[int]int{}
	out, err := m.Score(mem, len(rows), in, func(row int, _ error) { faults[row]++ })
	if err != nil {
		t.Fatal(err)
	}
	defer release(out)
	seen := map[string]bool{}
	for k, o := range m.Outputs() {
		name, _, element := strings.Cut(o.Field.Name, "(")
		if !element {
			seen[name] = true
		}
		for i, r := range rows {
			got := valueAt(out[k], i)
			if r.Dropped || r.Error != "" {
				if got != nil || faults[i] != 1 {
					t.Errorf("%s of %v: %v with %d faults, Spark drops the row or fails: %s", o.Field.Name, r.In, got, faults[i], r.Error)
				}
				continue
			}
			if element {
				continue
			}
			want, ok := r.Out[name]
			if !ok {
				t.Fatalf("Spark has no column %s", name)
			}
			if !alike(got, want) {
				t.Errorf("%s of %v: %v, Spark gives %v", name, r.In, got, want)
			}
			if faults[i] != 0 {
				t.Errorf("%v: a fault, Spark gives %v", r.In, r.Out)
			}
		}
	}
	for _, r := range rows {
		for name := range r.Out {
			if !seen[name] && !intermediate(m, name) {
				t.Fatalf("the column %s that Spark gives is no output: %v", name, m.Outputs())
			}
		}
	}
}

// intermediate reports whether a later stage reads a column.
func intermediate(m *Model, name string) bool {
	for _, n := range m.nodes {
		for _, s := range n.in {
			if m.slots[s].name == name {
				return true
			}
		}
	}
	return false
}

// TestProbabilities checks that the outputs of single classes are the elements of probability.
func TestProbabilities(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	m := loadCase(t, "pipeline_iris")
	rows := recordedRows(t, "pipeline_iris")
	in := columnsOf(mem, m, rows)
	defer release(in)
	out, err := m.Score(mem, len(rows), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer release(out)
	var names, classes []string
	for k, o := range m.Outputs() {
		names = append(names, o.Field.Name)
		if o.Role != Probability {
			continue
		}
		for i, r := range rows {
			if want := r.Out["probability"].([]any)[len(classes)]; !alike(valueAt(out[k], i), want) {
				t.Errorf("%s in row %d: %v, Spark gives %v", o.Field.Name, i, valueAt(out[k], i), want)
			}
		}
		classes = append(classes, o.Class)
	}
	want := "prediction predicted_variety probability(Setosa) probability(Versicolor) probability(Virginica) probability rawPrediction"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("outputs %s, want %s", got, want)
	}
	if got := strings.Join(classes, " "); got != "Setosa Versicolor Virginica" {
		t.Errorf("classes %s", got)
	}
	if got := fmt.Sprint(m.Inputs()); len(m.Inputs()) != 4 || strings.Contains(got, "variety") {
		t.Errorf("inputs %s", got)
	}
}

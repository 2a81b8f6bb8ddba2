package onnx

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

const mlData = "../../testdata/onnx/ml"

// mlCase is a document with rows and onnxruntime's answers.
type mlCase struct {
	Name            string
	Model           []byte
	Tolerance       float64
	Inputs, Outputs map[string]mlTensor
}

type mlTensor struct {
	Type   string
	Keys   []any
	Shape  []int
	Values []any
}

// number reads a value: NaN and infinities are texts.
func (t *mlTensor) number(i int) float64 {
	switch v := t.Values[i].(type) {
	case float64:
		return v
	case string:
		return map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}[v]
	}
	return 0
}

// columns is how many elements a row has.
func (t *mlTensor) columns() int { return product(t.Shape[1:]) }

// place is the number of a column: of a map, that of its class.
func (t *mlTensor) place(column int, class string) int {
	if t.Type != "map" {
		return column
	}
	return slices.IndexFunc(t.Keys, func(k any) bool { return fmt.Sprint(k) == class })
}

// limit is how far a value of a column may be off.
func (t *mlTensor) limit(column int, tolerance float64) float64 {
	limit := 0.0
	for i := column; i < len(t.Values) && t.Type != "string"; i += t.columns() {
		if v := math.Abs(t.number(i)) * tolerance; v < math.Inf(1) {
			limit = max(limit, v)
		}
	}
	return limit
}

// mlCases are all cases, by name.
func mlCases(t testing.TB) map[string]*mlCase {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(mlData, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	all := map[string]*mlCase{}
	for _, f := range files {
		name := strings.TrimSuffix(f, ".json")
		if model, err := os.ReadFile(name + ".onnx"); err == nil {
			c := &mlCase{Name: filepath.Base(name), Model: model}
			readJSON(t, f, c)
			all[c.Name] = c
			continue
		}
		var pack []*mlCase
		readJSON(t, f, &pack)
		for _, c := range pack {
			all[c.Name] = c
		}
	}
	return all
}

// load loads the document.
func (c *mlCase) load(t testing.TB) *Model {
	t.Helper()
	m, err := Load(bytes.NewReader(c.Model))
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	return m
}

// mlArrays makes the model's input columns.
func mlArrays(t testing.TB, mem memory.Allocator, m *Model, c *mlCase) ([]arrow.Array, int) {
	t.Helper()
	var out []arrow.Array
	rows := 0
	for i := range m.feeds {
		f := &m.feeds[i]
		in, ok := c.Inputs[f.name]
		if !ok {
			t.Fatalf("the model has an input %s", f.name)
		}
		rows = in.Shape[0]
		if f.width != in.columns() {
			t.Fatalf("input %s has %d columns, expected %d", f.name, f.width, in.columns())
		}
		for j := range f.width {
			out = append(out, mlColumn(mem, m.inputs[len(out)].Type, &in, j, f.width))
		}
	}
	return out, rows
}

func mlColumn(mem memory.Allocator, typ arrow.DataType, in *mlTensor, column, width int) arrow.Array {
	b := array.NewBuilder(mem, typ)
	defer b.Release()
	for i := column; i < len(in.Values); i += width {
		switch b := b.(type) {
		case *array.Float64Builder:
			b.Append(in.number(i))
		case *array.Float32Builder:
			b.Append(float32(in.number(i)))
		case *array.Int64Builder:
			b.Append(int64(in.number(i)))
		case *array.Int32Builder:
			b.Append(int32(in.number(i)))
		case *array.StringBuilder:
			b.Append(in.Values[i].(string))
		default:
			panic(typ.String())
		}
	}
	return b.NewArray()
}

// sameML compares a value of a column with onnxruntime's.
func sameML(a arrow.Array, row int, want *mlTensor, i int, limit float64) bool {
	if a.IsNull(row) {
		return want.Type != "string" && math.IsNaN(want.number(i))
	}
	got := 0.0
	switch a := a.(type) {
	case *array.String:
		return a.Value(row) == want.Values[i]
	case *array.Int64:
		got = float64(a.Value(row))
	case *array.Int32:
		got = float64(a.Value(row))
	case *array.Float32:
		got = float64(a.Value(row))
	case *array.Float64:
		got = a.Value(row)
	default:
		panic(a.DataType().String())
	}
	w := want.number(i)
	if want.Type == "float" || want.Type == "map" {
		w = float64(float32(w))
	}
	return got == w || got != got && w != w || math.Abs(got-w) <= limit
}

// TestMLAnswers compares the scores of all documents with onnxruntime's, for all rows in one batch and row by row.
func TestMLAnswers(t *testing.T) {
	for name, c := range mlCases(t) {
		t.Run(name, func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer mem.AssertSize(t, 0)
			m := c.load(t)
			in, rows := mlArrays(t, mem, m, c)
			defer releaseAll(in)
			fault := func(row int, err error) { t.Errorf("row %d: %v", row, err) }
			out, err := m.Score(mem, rows, in, nil, fault)
			if err != nil {
				t.Fatal(err)
			}
			defer releaseAll(out)
			compareML(t, m, c, out, 0, rows)
			for row := range min(rows, 20) {
				part := make([]arrow.Array, len(in))
				for i, a := range in {
					part[i] = array.NewSlice(a, int64(row), int64(row+1))
				}
				one, err := m.Score(mem, 1, part, nil, fault)
				releaseAll(part)
				if err != nil {
					t.Fatal(err)
				}
				compareML(t, m, c, one, row, 1)
				releaseAll(one)
			}
		})
	}
}

func releaseAll(all []arrow.Array) {
	for _, a := range all {
		a.Release()
	}
}

// compareML compares the outputs for some rows of a case.
func compareML(t *testing.T, m *Model, c *mlCase, out []arrow.Array, first, rows int) {
	t.Helper()
	at := 0
	for _, doc := range m.doc.graph.outputs {
		want, ok := c.Outputs[doc.name]
		if !ok {
			t.Fatalf("onnxruntime gives no %s", doc.name)
		}
		for j := 0; j < want.columns(); {
			if at == len(out) {
				t.Fatalf("the model has %d output columns, expected more", len(out))
			}
			width := 1
			list, isList := out[at].(*array.List)
			if isList {
				width = want.columns()
			}
			for k := range width {
				limit := want.limit(want.place(j+k, m.public[at].Class), c.Tolerance)
				for row := range rows {
					i, a, at := (first+row)*want.columns()+want.place(j+k, m.public[at].Class), out[at], row
					if isList && a.IsValid(row) {
						from, to := list.ValueOffsets(row)
						if a, at = list.ListValues(), int(from)+k; to-from != int64(width) {
							t.Fatalf("%s has %d elements, expected %d", doc.name, to-from, width)
						}
					}
					if !sameML(a, at, &want, i, limit) {
						t.Errorf("row %d, %s, element %d: %s, expected %v", first+row, doc.name, j+k, a.ValueStr(at), want.Values[i])
						break
					}
				}
			}
			at, j = at+1, j+width
		}
	}
	if at != len(out) {
		t.Errorf("the model has %d output columns, expected %d", len(out), at)
	}
}

// TestMLAllocations: a batch costs the memory of its results and no more.
func TestMLAllocations(t *testing.T) {
	cases := mlCases(t)
	for _, name := range []string{"tree_modes", "skl_forest", "treec_words", "svc_rbf_three_proba", "linear_three_softmax", "pipe_forest"} {
		c := cases[name]
		m := c.load(t)
		in, rows := mlArrays(t, memory.DefaultAllocator, m, c)
		defer releaseAll(in)
		count := func(repeat int) float64 {
			parts := slices.Repeat([][]arrow.Array{in}, repeat)
			big := make([]arrow.Array, len(in))
			for i := range in {
				col := make([]arrow.Array, len(parts))
				for j := range parts {
					col[j] = parts[j][i]
				}
				a, err := array.Concatenate(col, memory.DefaultAllocator)
				if err != nil {
					t.Fatal(err)
				}
				big[i] = a
			}
			defer releaseAll(big)
			return testing.AllocsPerRun(20, func() {
				out, err := m.Score(memory.DefaultAllocator, rows*repeat, big, nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				releaseAll(out)
			})
		}
		if few, many := count(1), count(40); many > few+float64(8*len(m.public)) {
			t.Errorf("%s: %v allocations for %d rows, %v for %d", name, few, rows, many, 40*rows)
		}
	}
}

// TestMLClasses: scores have names where each is a class's.
func TestMLClasses(t *testing.T) {
	cases := mlCases(t)
	for name, want := range map[string]string{
		"skl_forest_zipmap":    "output_label* probability(high) probability(low) probability(mid)",
		"treec_words":          "label* probability(low) probability(mid) probability(high) probability(top)",
		"linear_two_none_ints": "label* probability(8) probability(9)",
		"svc_rbf_three_proba":  "label* probability(0) probability(1) probability(2)",
		"svm_two_none_mixed":   "label* probability(n) probability(p)",
		"svm_double":           "label* scores",                                       // of the three pairs of three classes
		"skl_mlp":              "label* probability(0) probability(1) probability(2)", // its classes are int32
		"skl_naive_bayes":      "label* probability(0) probability(1) probability(2)",
		"skl_sgd_log":          "label* probability(high) probability(low) probability(mid)",
		"skl_forest_columns":   "output_label* probability(high) probability(low) probability(mid)",
		"skl_kmeans":           "label* scores",
		"tree_sum_many":        "Y*",
		"xgb_three":            "label* probability(0) probability(1) probability(2)",
	} {
		got := ""
		for _, o := range cases[name].load(t).Outputs() {
			if got += " " + o.Field.Name; o.Target {
				got += "*"
			}
		}
		if got[1:] != want {
			t.Errorf("%s gives%s, expected %s", name, got, want)
		}
	}
}

func ExampleModel_Operators() {
	f, err := os.Open(filepath.Join(mlData, "pipe_forest.onnx"))
	if err != nil {
		panic(err)
	}
	defer f.Close()
	m, err := Load(f)
	if err != nil {
		panic(err)
	}
	fmt.Println(m.Operators()["ai.onnx.ml.TreeEnsembleClassifier"], m.Operators()["ai.onnx.ml.OneHotEncoder"])
	// Output: 1 2
}

package onnx

import (
	"bytes"
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

const denseData = "../../testdata/onnx/dense"

// denseCase is a document with rows and onnxruntime's answers.
type denseCase struct {
	Name            string
	Model           []byte
	Inputs, Outputs map[string]denseTensor
}

type denseTensor struct {
	Type   string
	Shape  []int
	Values []any
}

// number reads a value: NaN and infinities are texts.
func (t *denseTensor) number(i int) float64 {
	if s, ok := t.Values[i].(string); ok {
		return map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}[s]
	}
	return t.Values[i].(float64)
}

func readJSON(t testing.TB, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// denseCases are the documents of operators, and the trained models.
func denseCases(t testing.TB) []denseCase {
	t.Helper()
	var all []denseCase
	readJSON(t, filepath.Join(denseData, "operators.json"), &all)
	files, err := filepath.Glob(filepath.Join(denseData, "*.onnx"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no models: %v", err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".onnx")
		all = append(all, denseModel(t, name))
	}
	return all
}

func denseModel(t testing.TB, name string) denseCase {
	t.Helper()
	c := denseCase{Name: name}
	readJSON(t, filepath.Join(denseData, name+".json"), &c)
	var err error
	if c.Model, err = os.ReadFile(filepath.Join(denseData, name+".onnx")); err != nil {
		t.Fatal(err)
	}
	return c
}

// columns makes the columns of a model's inputs.
func (c *denseCase) columns(mem memory.Allocator, m *Model) (out []arrow.Array, rows int) {
	for i := range m.feeds {
		f := &m.feeds[i]
		in := c.Inputs[f.name]
		rows = in.Shape[0]
		for j := range f.width {
			b := array.NewBuilder(mem, m.inputs[len(out)].Type)
			for i := range rows {
				appendValue(b, &in, i*f.width+j)
			}
			out = append(out, b.NewArray())
			b.Release()
		}
	}
	return out, rows
}

func appendValue(b array.Builder, in *denseTensor, i int) {
	switch b := b.(type) {
	case *array.StringBuilder:
		b.Append(in.Values[i].(string))
	case *array.BooleanBuilder:
		b.Append(in.number(i) != 0)
	case *array.Float64Builder:
		b.Append(in.number(i))
	case *array.Int64Builder:
		b.Append(int64(in.number(i)))
	case *array.Int32Builder:
		b.Append(int32(in.number(i)))
	}
}

// difference is how far an element is from what was expected, as a part of a scale; +Inf if they have nothing to do with
// each other.
func difference(a arrow.Array, i int, want *denseTensor, k int, scale float64) float64 {
	if a.IsNull(i) {
		return math.Inf(1)
	}
	got := 0.0
	switch a := a.(type) {
	case *array.String:
		if a.Value(i) == want.Values[k] {
			return 0
		}
		return math.Inf(1)
	case *array.Boolean:
		if a.Value(i) {
			got = 1
		}
	case *array.Int64:
		got = float64(a.Value(i))
	case *array.Int32:
		got = float64(a.Value(i))
	case *array.Float32:
		got = float64(a.Value(i))
	case *array.Float64:
		got = a.Value(i)
	}
	w := want.number(k)
	if want.Type == "float" || want.Type == "map" {
		w = float64(float32(w))
	}
	switch {
	case got == w || got != got && w != w:
		return 0
	case math.IsNaN(got) || math.IsNaN(w) || math.IsInf(got, 0) || math.IsInf(w, 0) || !strings.Contains("float double map", want.Type):
		return math.Inf(1)
	}
	return math.Abs(got-w) / scale
}

// scale is the greatest number of a column.
func (t *denseTensor) scale(column, width int) float64 {
	s := 1e-30
	for i := column; i < len(t.Values) && t.Type != "string"; i += width {
		if x := math.Abs(t.number(i)); !math.IsInf(x, 0) {
			s = max(s, x)
		}
	}
	return s
}

// worst compares outputs with the answers, and gives the greatest difference, as a part of the column's greatest number,
// and where it is.
func (c *denseCase) worst(m *Model, out []arrow.Array) (worst float64, where string) {
	at := 0
	for _, doc := range m.doc.graph.outputs {
		want := c.Outputs[doc.name]
		rows := out[0].Len()
		width := len(want.Values) / rows
		for column := 0; column < width && at < len(out); at++ {
			a, step := out[at], 1
			if l, ok := a.(*array.List); ok {
				step, a = width, l.ListValues()
			}
			for k := range rows * step {
				i := k/step*width + column + k%step
				if d := difference(a, k, &want, i, want.scale(i%width, width)); d > worst || math.IsInf(d, 1) && where == "" {
					worst = d
					where = fmt.Sprintf("row %d of %s: %s, expected %v", k/step, m.public[at].Field.Name, a.ValueStr(k), want.Values[i])
				}
			}
			column += step
		}
	}
	if at != len(out) {
		return math.Inf(1), fmt.Sprintf("%d columns, expected %d", len(out), at)
	}
	return worst, where
}

// tolerance is how far answers may be from onnxruntime's, as a part of the column's greatest number. It is wider where
// numbers cancel each other.
func tolerance(name string) float64 {
	if t, ok := denseTolerance[name]; ok {
		return t
	}
	return 1e-6
}

var denseTolerance = map[string]float64{
	"kmeans": 1e-5, // |x|² - 2xc + |c|², in floats
}

// TestDenseAnswers compares the scores of all documents with onnxruntime's, for all rows in one batch and row by row.
func TestDenseAnswers(t *testing.T) {
	for _, c := range denseCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer mem.AssertSize(t, 0)
			m, err := Load(bytes.NewReader(c.Model))
			if err != nil {
				t.Fatal(err)
			}
			in, rows := c.columns(mem, m)
			defer freeAll(in)
			fault := func(row int, err error) { t.Errorf("row %d: %v", row, err) }
			out, err := m.Score(mem, rows, in, nil, fault)
			if err != nil {
				t.Fatal(err)
			}
			defer freeAll(out)
			worst, where := c.worst(m, out)
			if worst > 3e-7 {
				t.Logf("%.2g: %s", worst, where)
			}
			if limit := tolerance(c.Name); worst > limit {
				t.Errorf("%s (%.2g of it, allowed %.2g)", where, worst, limit)
			}
			rowByRow(t, mem, m, in, out, rows)
		})
	}
}

// rowByRow scores each row on its own: a row's score does not depend on the others.
func rowByRow(t *testing.T, mem memory.Allocator, m *Model, in, out []arrow.Array, rows int) {
	for row := range rows {
		part := slicesOf(in, row, row+1)
		one, err := m.Score(mem, 1, part, nil, nil)
		freeAll(part)
		if err != nil {
			t.Fatal(err)
		}
		for i, a := range slicesOf(out, row, row+1) {
			if !array.ApproxEqual(a, one[i], array.WithNaNsEqual(true), array.WithAbsTolerance(0)) {
				t.Errorf("row %d alone, %s: %v, with the others %v", row, m.public[i].Field.Name, one[i], a)
			}
			a.Release()
		}
		freeAll(one)
	}
}

func slicesOf(all []arrow.Array, from, to int) []arrow.Array {
	out := make([]arrow.Array, len(all))
	for i, a := range all {
		out[i] = array.NewSlice(a, int64(from), int64(to))
	}
	return out
}

func freeAll(all []arrow.Array) {
	for _, a := range all {
		a.Release()
	}
}

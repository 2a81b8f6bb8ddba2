package sparkml

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

const irisDir = "../../testdata/iris/"

func load(tb testing.TB) *Model {
	tb.Helper()
	m, err := Load(os.DirFS(irisDir + "index_to_class"))
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// doubles makes a column; nil is NULL.
func doubles(mem memory.Allocator, xs ...any) arrow.Array {
	b := array.NewFloat64Builder(mem)
	defer b.Release()
	for _, x := range xs {
		if x == nil {
			b.AppendNull()
			continue
		}
		b.Append(x.(float64))
	}
	return b.NewArray()
}

// literal reads the SQL literal of a recorded case; false if its type is not numeric.
func literal(input, typ string) (any, bool) {
	switch {
	case typ == "string" || typ == "boolean" || typ == "date" || typ == "void":
		return nil, false
	case strings.Contains(input, "NULL"):
		return nil, true
	case strings.Contains(input, "NaN"):
		return math.NaN(), true
	case strings.Contains(input, "Infinity"):
		return math.Inf(1), true
	}
	input = strings.TrimPrefix(input, "CAST(")
	input, _, _ = strings.Cut(input, " ")
	f, err := strconv.ParseFloat(strings.TrimRight(input, "DLYSF"), 64)
	return f, err == nil
}

// TestSpark runs what the real Spark answered for single values.
func TestSpark(t *testing.T) {
	f, err := os.Open(irisDir + "expected/index-to-string.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m := load(t)
	ran := 0
	for s := bufio.NewScanner(f); s.Scan(); {
		var c struct {
			Input, Type string
			Output      *string
			Error       bool
		}
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		x, ok := literal(c.Input, c.Type)
		if !ok {
			continue // not numeric: the planner refuses it before the stage sees it
		}
		ran++
		t.Run(c.Input, func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer mem.AssertSize(t, 0)
			in := doubles(mem, x)
			defer in.Release()
			faults := 0
			out, err := m.Score(mem, 1, []arrow.Array{in}, func(int, error) { faults++ })
			if err != nil {
				t.Fatal(err)
			}
			if (faults == 1) != c.Error {
				t.Errorf("%d faults, Spark fails: %v", faults, c.Error)
			}
			defer out[0].Release()
			got := out[0].(*array.String)
			if got.IsNull(0) != (c.Output == nil) || c.Output != nil && got.Value(0) != *c.Output {
				t.Errorf("%s, Spark gives %v", got, c.Output)
			}
		})
	}
	if ran < 20 {
		t.Errorf("only %d cases ran", ran)
	}
}

func TestIndexToString(t *testing.T) {
	m := load(t)
	if in := m.Inputs(); len(in) != 1 || in[0].Name != "prediction" || !arrow.TypeEqual(in[0].Type, arrow.PrimitiveTypes.Float64) {
		t.Errorf("inputs %v", in)
	}
	if out := m.Outputs(); len(out) != 1 || out[0].Field.Name != "predicted_class" || out[0].Role != Predicted || !out[0].Final {
		t.Errorf("outputs %v", out)
	}
	if m.Kind() != "IndexToString" || m.UID() != "IndexToString_3148eaa1d758" || m.SparkVersion() != "3.5.7" {
		t.Errorf("%s %s %s", m.Kind(), m.UID(), m.SparkVersion())
	}
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	whole := doubles(mem, 7.0, 2.0, nil, 0.0, 1.9, nil, math.NaN(), 1.0)
	defer whole.Release()
	part := array.NewSlice(whole, 1, 7) // an offset that is not a multiple of 8
	defer part.Release()
	out, err := m.Score(mem, 6, []arrow.Array{part}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer out[0].Release()
	want := `["Virginica" (null) "Setosa" "Versicolor" (null) "Setosa"]`
	if got := out[0].String(); got != want || out[0].NullN() != 2 {
		t.Errorf("%s with %d NULLs, want %s", got, out[0].NullN(), want)
	}
}

func TestEmpty(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	in := doubles(mem)
	defer in.Release()
	out, err := load(t).Score(mem, 0, []arrow.Array{in}, nil)
	if err != nil || out[0].Len() != 0 {
		t.Fatalf("%v, %v", out, err)
	}
	out[0].Release()
}

func TestScoreErrors(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	in := doubles(mem, 0.0, 5.0)
	defer in.Release()
	ints := array.NewInt64Builder(mem)
	defer ints.Release()
	ints.AppendValues([]int64{1, 2}, nil)
	wrong := ints.NewArray()
	defer wrong.Release()
	for _, c := range []struct {
		n    int
		in   []arrow.Array
		want string
	}{
		{2, nil, "takes 1 columns, not 0"},
		{3, []arrow.Array{in}, "has 2 rows, not 3"},
		{2, []arrow.Array{wrong}, "is a float64, not a int64"},
	} {
		if _, err := load(t).Score(mem, c.n, c.in, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	stage := func(s string) fstest.MapFS { return fstest.MapFS{"metadata/part-00000": {Data: []byte(s)}} }
	for name, c := range map[string]struct {
		fs   fstest.MapFS
		want string
	}{
		"empty":     {fstest.MapFS{}, "has no folder metadata"},
		"above":     {fstest.MapFS{"best/metadata/part-00000": {}, "rows/x": {}}, "(metadata/part-00000). There is one in best"},
		"no part":   {fstest.MapFS{"metadata/_SUCCESS": {}, "metadata/.part-00000.crc": {}}, "no part-* file"},
		"blank":     {stage("\n"), "are empty"},
		"not JSON":  {stage("{"), "not the JSON document"},
		"no class":  {stage("{}"), `no "class"`},
		"two":       {stage("{}\n{}\n"), "more than one record"},
		"other":     {stage(`{"class":"org.apache.spark.ml.feature.NGram"}`), "NGram is not supported: expected one of: Binarizer, Bucketizer, "},
		"labels":    {stage(`{"class":"org.apache.spark.ml.feature.IndexToString","paramMap":{"labels":"a"}}`), "parameter labels"},
		"no labels": {stage(`{"class":"org.apache.spark.ml.feature.IndexToString","paramMap":{"labels":[]}}`), "saved without labels"},
	} {
		if _, err := Load(c.fs); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if _, err := Load(os.DirFS(irisDir + "index_to_class_nolabels")); err == nil || !strings.Contains(err.Error(), "labels=indexerModel.labels") {
		t.Errorf("no labels: %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(`{"class":"org.apache.spark.ml.feature.IndexToString","paramMap":{"labels":["a"]}}`)
	f.Fuzz(func(t *testing.T, s string) {
		m, err := Load(fstest.MapFS{"metadata/part-00000": {Data: []byte(s)}})
		if err == nil && len(m.Outputs()) == 0 {
			t.Error("no outputs")
		}
	})
}

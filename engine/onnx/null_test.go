package onnx

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// column makes a column of values, nil for NULL.
func column(t *testing.T, mem memory.Allocator, typ arrow.DataType, values ...any) arrow.Array {
	t.Helper()
	b := array.NewBuilder(mem, typ)
	defer b.Release()
	for _, v := range values {
		appendAny(t, b, v)
	}
	return b.NewArray()
}

func appendAny(t *testing.T, b array.Builder, v any) {
	t.Helper()
	if v == nil {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.Float64Builder:
		b.Append(v.(float64))
	case *array.Int64Builder:
		b.Append(int64(v.(int)))
	case *array.Int32Builder:
		b.Append(int32(v.(int)))
	case *array.StringBuilder:
		b.Append(v.(string))
	case *array.BooleanBuilder:
		b.Append(v.(bool))
	case *array.ListBuilder:
		b.Append(true)
		for _, e := range v.([]any) {
			appendAny(t, b.ValueBuilder(), e)
		}
	default:
		t.Fatalf("no column of %s", b.Type())
	}
}

// TestNulls holds what NULL and NaN become: a column of a document of one operator, its first output as text, and the
// faults.
func TestNulls(t *testing.T) {
	nan := math.NaN()
	cases := map[string]denseCase{}
	for _, c := range denseCases(t) {
		cases[c.Name] = c
	}
	for _, c := range []struct {
		document string
		columns  [][]any
		want     string // the first output
		faults   []string
	}{
		{"reshape_column", [][]any{{1.5, nil, nan, -0.25}}, "[1.5 (null) NaN -0.25]", []string{"1: input A: an input is NULL"}},
		{"expand", [][]any{{1.0, nil}}, "[[1 1 1 1] (null)]", []string{"1: input A: an input is NULL"}},
		{"cast_int64_double", [][]any{{1, 2}, {3, nil}, {4, 5}, {6, 7}, {8, 9}}, "[[1 3 4 6 8] (null)]", []string{"1: input A: an input is NULL, and a int64 of ONNX has no missing value"}},
		{"cast_bool_int64", [][]any{{true, nil}, {true, true}, {false, nil}, {true, true}, {true, true}}, "[[1 1 0 1 1] (null)]", []string{"1: input A: an input is NULL, and a bool of ONNX has no missing value"}},
		{"slice_string", [][]any{{"a", nil, "c"}, {"b", "b", "d"}}, `["b" (null) "d"]`, []string{"1: input A: an input is NULL, and a string of ONNX has no missing value"}},
		{"gather_labels", [][]any{{2, 3, -3, -4, nil}}, `["z" (null) "x" (null) (null)]`, []string{
			"4: input I: an input is NULL, and a int64 of ONNX has no missing value", "1: the index 3 is outside an axis of 3", "3: the index -1 is outside an axis of 3"}},
		{"div_int64", [][]any{{7, 1, 8}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {2, 0, -3}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}, {1, 1, 1}},
			"[[3 1 1 1 1] (null) [-2 1 1 1 1]]", []string{"1: a whole number is divided by 0"}},
		{"cast_float_int64", [][]any{{1.9, nan, -1.9}, {1e30, 1.0, 1.0}, {0.0, 0.0, 0.0}, {0.0, 0.0, 0.0}, {0.0, 0.0, 0.0}}, "[(null) (null) [-1 1 0 0 0]]",
			[]string{"0: 1.0000000150474662e+30 does not fit in int64", "1: NaN does not fit in int64"}},
		{"cast_string_int64", [][]any{{"1", "x"}, {" -2 ", "2"}}, "[[1 -2] (null)]", []string{`1: "x" is no int64`}},
		{"relu", [][]any{{0.5}, {nan}, {-1.0}, {2.0}, {math.Inf(1)}}, "[[0.5 NaN 0 2 +Inf]]", nil},
		{"max_double", [][]any{{0.0, nil}, {1.0, 1.0}, {1.0, 1.0}, {1.0, 1.0}, {1.0, 1.0}, {5.0, 5.0}, {nan, nan}, {0.0, 0.0}, {2.0, 2.0}, {1.0, 1.0}}, "[[5 NaN 1 2 1] (null)]",
			[]string{"1: input A: an input is NULL"}},
		{"isnan", [][]any{{nil}, {nan}, {-1.0}, {2.0}, {math.Inf(1)}}, "[[true true false false false]]", nil},
		{"relu", [][]any{{}, {}, {}, {}, {}}, "[]", nil},
	} {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		m, err := Load(bytes.NewReader(cases[c.document].Model))
		if err != nil {
			t.Fatal(err)
		}
		var in []arrow.Array
		for i, values := range c.columns {
			in = append(in, column(t, mem, m.Inputs()[i].Type, values...))
		}
		var faults []string
		out, err := m.Score(mem, len(c.columns[0]), in, nil, func(row int, err error) { faults = append(faults, fmt.Sprintf("%d: %v", row, err)) })
		if err != nil {
			t.Fatalf("%s: %v", c.document, err)
		}
		got := fmt.Sprint(out[0])
		if l, ok := out[0].(*array.List); ok {
			got = listText(l)
		}
		if got != c.want {
			t.Errorf("%s: %s, expected %s", c.document, got, c.want)
		}
		if strings.Join(faults, "\n") != strings.Join(c.faults, "\n") {
			t.Errorf("%s: faults\n%s\nexpected\n%s", c.document, strings.Join(faults, "\n"), strings.Join(c.faults, "\n"))
		}
		freeAll(out)
		freeAll(in)
		mem.AssertSize(t, 0)
	}
}

func listText(l *array.List) string {
	var parts []string
	for i := range l.Len() {
		if l.IsNull(i) {
			parts = append(parts, "(null)")
			continue
		}
		from, to := l.ValueOffsets(i)
		part := array.NewSlice(l.ListValues(), from, to)
		parts = append(parts, fmt.Sprint(part))
		part.Release()
	}
	return fmt.Sprint(parts)
}

// TestArrayInput gives an input of several columns as an ARRAY: NULL, too short, with a NULL in it, and cut out of a
// longer column.
func TestArrayInput(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	c := denseModel(t, "mlp_relu")
	m, err := Load(bytes.NewReader(c.Model), "x")
	if err != nil {
		t.Fatal(err)
	}
	if want := "x: type=list<item: float64, nullable>, nullable"; m.Inputs()[0].String() != want {
		t.Errorf("%s, expected %s", m.Inputs()[0], want)
	}
	whole := column(t, mem, m.Inputs()[0].Type, []any{9.0, 9.0, 9.0, 9.0}, []any{5.1, 3.5, 1.4, 0.2}, nil, []any{1.0}, []any{5.1, 3.5, nil, 0.2})
	defer whole.Release()
	in := []arrow.Array{array.NewSlice(whole, 1, 5)}
	defer freeAll(in)
	var faults []string
	out, err := m.Score(mem, 4, in, []int{1}, func(row int, err error) {
		faults = append(faults, fmt.Sprintf("%d: %v %v", row, err, errors.Is(err, ErrMissing)))
	})
	if err != nil {
		t.Fatal(err)
	}
	defer freeAll(out)
	p := out[0].(*array.Float32)
	if p.Value(0) < 0.9 || !p.IsNull(1) || !p.IsNull(2) || !p.IsNull(3) {
		t.Errorf("%v", p)
	}
	want := "[1: input X: an input is NULL true 2: the array of input X has 1 elements, expected 4 false 3: input X: an input is NULL true]"
	if fmt.Sprint(faults) != want {
		t.Errorf("%v, expected %s", faults, want)
	}
}

// TestScoreFits refuses columns that are not the model's.
func TestScoreFits(t *testing.T) {
	c := denseModel(t, "kmeans")
	m, err := Load(bytes.NewReader(c.Model))
	if err != nil {
		t.Fatal(err)
	}
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	x, s := column(t, mem, arrow.PrimitiveTypes.Float64, 1.0), column(t, mem, arrow.BinaryTypes.String, "a")
	defer x.Release()
	defer s.Release()
	for want, in := range map[string][]arrow.Array{
		"the model takes 4 columns, not 1":        {x},
		"the column X_2 is a float64, not a utf8": {x, x, s, x},
	} {
		if _, err := m.Score(mem, 1, in, nil, nil); err == nil || err.Error() != want {
			t.Errorf("%v, expected %s", err, want)
		}
	}
	if _, err := m.Score(mem, 2, []arrow.Array{x, x, x, x}, nil, nil); err == nil || err.Error() != "the column X_0 has 1 rows, not 2" {
		t.Error(err)
	}
}

// TestDenseAllocations: a batch costs the memory of its results and no more.
func TestDenseAllocations(t *testing.T) {
	for _, name := range []string{"mlp_bench", "mlp_relu", "torch_tabular", "gaussian_nb", "kmeans", "mlp_two_targets"} {
		c := denseModel(t, name)
		m, err := Load(bytes.NewReader(c.Model))
		if err != nil {
			t.Fatal(err)
		}
		count := func(rows int) float64 {
			in := benchColumns(t, m, &c, rows)
			defer freeAll(in)
			return testing.AllocsPerRun(20, func() {
				out, err := m.Score(memory.DefaultAllocator, rows, in, nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				freeAll(out)
			})
		}
		// Strings are in a builder that grows.
		if few, many := count(100), count(4000); many > few+float64(10*len(m.public)) {
			t.Errorf("%s: %v allocations for 100 rows, %v for 4,000", name, few, many)
		}
	}
}

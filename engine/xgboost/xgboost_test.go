package xgboost

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

const data = "../../testdata/xgboost/"

func load(t testing.TB, path string) *Model {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := Load(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return m
}

// cases are the models of generate.py.
func cases(t testing.TB) map[string]*Model {
	t.Helper()
	all := map[string]*Model{}
	for _, suffix := range []string{"json", "ubj"} {
		paths, err := filepath.Glob(data + "*." + suffix)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range paths {
			all[strings.TrimSuffix(filepath.Base(p), "."+suffix)] = load(t, p)
		}
	}
	if len(all) < 30 {
		t.Fatalf("found %d models in %s", len(all), data)
	}
	return all
}

// table reads a CSV file.
func table(t testing.TB, path string) (names []string, cols [][]string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	cols = make([][]string, len(rows[0]))
	for _, row := range rows[1:] {
		for c, s := range row {
			cols[c] = append(cols[c], s)
		}
	}
	return rows[0], cols
}

// columnsOf makes the model's inputs of text; an empty cell is NaN or NULL by turns.
func columnsOf(t testing.TB, mem memory.Allocator, m *Model, cols [][]string) []arrow.Array {
	t.Helper()
	var out []arrow.Array
	for i, f := range m.Inputs() {
		b := array.NewBuilder(mem, f.Type)
		for row, s := range cols[i] {
			switch b := b.(type) {
			case *array.StringBuilder:
				if s == "" {
					b.AppendNull()
				} else {
					b.Append(s)
				}
			case *array.Float64Builder:
				switch {
				case s == "" && row%2 == 0:
					b.AppendNull()
				case s == "":
					b.Append(math.NaN())
				default:
					b.Append(numberOf(t, s))
				}
			}
		}
		out = append(out, b.NewArray())
		b.Release()
	}
	return out
}

func numberOf(t testing.TB, s string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func release(arrays []arrow.Array) {
	for _, a := range arrays {
		a.Release()
	}
}

// TestAnswers compares every model with the library's own predictions: margins and what comes of them without
// exponentials to the last bit, the rest within 1e-6.
func TestAnswers(t *testing.T) {
	for name, m := range cases(t) {
		t.Run(name, func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer mem.AssertSize(t, 0)
			names, cols := table(t, data+name+".input.csv")
			for i, f := range m.Inputs() {
				if f.Name != names[i] {
					t.Errorf("input %d is %s, expected %s", i, f.Name, names[i])
				}
			}
			in := columnsOf(t, mem, m, cols)
			defer release(in)
			out, err := m.Score(mem, len(cols[0]), in, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer release(out)
			header, want := table(t, data+name+".expected.csv")
			if len(header) != len(out) {
				t.Fatalf("%d outputs, expected %v", len(out), header)
			}
			for c, o := range m.Outputs() {
				if o.Field.Name != header[c] {
					t.Errorf("output %d is %s, expected %s", c, o.Field.Name, header[c])
				}
				exact := strings.HasPrefix(header[c], "margin") || m.objective.link == nil
				exact = exact && name != "old_1_0" // which added base_score last; its successors read the document as we do
				differ(t, header[c], out[c].(*array.Float64).Float64Values(), want[c], exact)
			}
		})
	}
}

func differ(t *testing.T, column string, got []float64, want []string, exact bool) {
	t.Helper()
	bad := 0
	for i, g := range got {
		w := float64(float32(numberOf(t, want[i])))
		if exact && g != w || !exact && math.Abs(g-w) > 1e-6*max(math.Abs(w), 1e-30) && math.Abs(g-w) > 1e-7 {
			if bad++; bad <= 3 {
				t.Errorf("%s, row %d: %.9g, expected %.9g", column, i, g, w)
			}
		}
	}
	if bad > 3 {
		t.Errorf("%s: %d rows differ", column, bad)
	}
}

// TestCuts scores the rows of every model in slices of many lengths: the answers are those of the whole batch.
func TestCuts(t *testing.T) {
	for name, m := range cases(t) {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		_, cols := table(t, data+name+".input.csv")
		n := len(cols[0])
		in := columnsOf(t, mem, m, cols)
		whole, err := m.Score(mem, n, in, []int{0})
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []int{1, 7, 64} {
			for from := 0; from < n; from += step {
				to := min(from+step, n)
				var part []arrow.Array
				for _, a := range in {
					part = append(part, array.NewSlice(a, int64(from), int64(to)))
				}
				out, err := m.Score(mem, to-from, part, []int{0})
				if err != nil {
					t.Fatal(err)
				}
				expected := array.NewSlice(whole[0], int64(from), int64(to))
				if !array.Equal(out[0], expected) {
					t.Errorf("%s: rows %d to %d alone give %v, in the whole batch %v", name, from, to, out[0], expected)
				}
				expected.Release()
				release(out)
				release(part)
			}
		}
		release(whole)
		release(in)
		mem.AssertSize(t, 0)
	}
}

package pmml

import (
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

const examplesDir = "../../testdata/pmml/"

// example is a line of the examples' manifest.
type example struct {
	id, kind, model, input, expected, jpmml string
	tol                                     float64
}

func examples(tb testing.TB) []example {
	tb.Helper()
	b, err := os.ReadFile(examplesDir + "manifest.tsv")
	if err != nil {
		tb.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	head := strings.Split(lines[0], "\t")
	var out []example
	for _, l := range lines[1:] {
		m := map[string]string{}
		for i, cell := range strings.Split(l, "\t") {
			m[head[i]] = cell
		}
		tol, err := strconv.ParseFloat(m["rel_tol"], 64)
		if err != nil {
			tb.Fatal(err)
		}
		e := example{id: m["id"], kind: m["model_type"], model: examplesDir + m["model"], input: examplesDir + m["input"],
			expected: examplesDir + m["expected"], tol: tol}
		if m["jpmml_output"] != "" {
			e.jpmml = examplesDir + m["jpmml_output"]
		}
		out = append(out, e)
	}
	return out
}

// TestExamples scores models of other producers and compares with their own predictions and with JPMML's.
func TestExamples(t *testing.T) {
	all := examples(t)
	if len(all) != 11 {
		t.Fatalf("%d examples", len(all))
	}
	for _, e := range all {
		t.Run(e.id, func(t *testing.T) {
			m := load(t, e.model)
			for name, score := range evaluators(m) {
				t.Run(name, func(t *testing.T) { compareExample(t, m, e, score) })
			}
			if ok, why := m.Batch(); ok != contains(batchTypes, e.kind) || ok != (why == "") {
				t.Errorf("batch evaluator: %v, %s", ok, why)
			}
		})
	}
}

type scoreFunc = func(mem memory.Allocator, n int, in []arrow.Array, want []int, fault func(int, error)) []arrow.Array

func compareExample(t *testing.T, m *Model, e example, score scoreFunc) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	cols, n := readCSV(t, e.input)
	in := textColumns(t, mem, m, cols, n)
	defer release(in)
	out := score(mem, n, in, allOutputs(m), func(row int, err error) { t.Errorf("row %d: %v", row, err) })
	defer release(out)
	compareColumns(t, m, out, n, e.expected, e.tol)
	if e.jpmml != "" {
		compareColumns(t, m, out, n, e.jpmml, 1e-12)
	}
}

// compareColumns compares every column of a file of expected results.
func compareColumns(t *testing.T, m *Model, out []arrow.Array, n int, path string, tol float64) {
	t.Helper()
	want, rows := readCSV(t, path)
	if rows != n {
		t.Fatalf("%s has %d rows, not %d", path, rows, n)
	}
	for name, cells := range want {
		at := -1
		for i, o := range m.outputs {
			if o.Field.Name == name {
				at = i
			}
		}
		if at < 0 {
			t.Errorf("no output %s", name)
			continue
		}
		for i, c := range cells {
			v := cell(out[at], i, m.prog.slots[m.slots[at]].typ)
			if !agrees(v, c, tol) {
				t.Errorf("row %d: %s = %s, want %s", i, name, orNull(v), c)
			}
		}
	}
}

// agrees compares a value with a cell; an empty cell is NULL.
func agrees(v value, cell string, tol float64) bool {
	if v.missing() || cell == "" {
		return v.missing() && cell == ""
	}
	if !v.numeric() {
		return v.String() == cell
	}
	w, err := strconv.ParseFloat(cell, 64)
	return err == nil && math.Abs(v.num()-w) <= max(tol*math.Abs(w), 1e-15)
}

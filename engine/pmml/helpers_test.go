package pmml

import (
	"fmt"
	"maps"
	"sort"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// batchTypes are the model elements that the compiler of batches knows.
var batchTypes = []string{"TreeModel", "MiningModel", "RegressionModel", "GeneralRegressionModel", "NeuralNetwork", "ClusteringModel", "Scorecard",
	"AnomalyDetectionModel"}

// inPMML wraps a data dictionary and a model in a document.
func inPMML(dictionary, model string) string {
	return `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/>` + "\n" +
		"<DataDictionary>" + dictionary + "</DataDictionary>\n" + model + "</PMML>"
}

func mustLoad(t *testing.T, doc string) *Model {
	t.Helper()
	m, err := Load(strings.NewReader(doc))
	if err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	return m
}

// scoreOne scores one row of text cells with both evaluators, which have to agree, and gives the outputs by name;
// NULLs are left out. The error is the row's fault.
func scoreOne(t *testing.T, m *Model, cells map[string]string) (map[string]string, error) {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	for name := range cells {
		found := false
		for _, f := range m.inputs {
			found = found || f.Name == name
		}
		if !found {
			t.Fatalf("the model has no input %s", name)
		}
	}
	cols := map[string][]string{}
	for name, c := range cells {
		cols[name] = []string{c}
	}
	in := textColumns(t, mem, m, cols, 1)
	defer release(in)
	run := func(score scoreFunc) (map[string]string, error) {
		var fault error
		out := score(mem, 1, in, allOutputs(m), func(_ int, err error) { fault = err })
		defer release(out)
		return outputText(m, out, 0), fault
	}
	want, fault := run(m.scoreRows)
	if m.batch != nil {
		got, fault2 := run(m.scoreBatch)
		if !maps.Equal(got, want) || fmt.Sprint(fault) != fmt.Sprint(fault2) {
			t.Errorf("batch gives %v, %v, the interpreter %v, %v", got, fault2, want, fault)
		}
	}
	return want, fault
}

// outputText gives a row's outputs by name, NULLs left out.
func outputText(m *Model, out []arrow.Array, row int) map[string]string {
	got := map[string]string{}
	for i, o := range m.outputs {
		if v := cell(out[i], row, m.prog.slots[m.slots[i]].typ); !v.missing() {
			got[o.Field.Name] = v.String()
		}
	}
	return got
}

// cells reads `a=1 b=x y` as cells: names and values around =, separated by ";".
func cells(s string) map[string]string {
	m := map[string]string{}
	for _, part := range strings.Split(s, ";") {
		if k, v, ok := strings.Cut(strings.TrimSpace(part), "="); ok {
			m[k] = v
		}
	}
	return m
}

// line writes outputs as `a=1; b=x`, sorted by name.
func line(m map[string]string) string {
	var parts []string
	for k, v := range m {
		parts = append(parts, k+"="+v)
	}
	sort.Strings(parts)
	return strings.Join(parts, "; ")
}

// wantScore scores a row and compares the outputs, written as line writes them; "error: ..." is part of a fault.
func wantScore(t *testing.T, m *Model, in, want string) {
	t.Helper()
	got, fault := scoreOne(t, m, cells(in))
	if msg, ok := strings.CutPrefix(want, "error: "); ok {
		if fault == nil || !strings.Contains(fault.Error(), msg) || len(got) > 0 {
			t.Errorf("%s: %s, fault %v, want the fault %s", in, line(got), fault, msg)
		}
		return
	}
	if fault != nil || line(got) != want {
		t.Errorf("%s: %s, fault %v, want %s", in, line(got), fault, want)
	}
}

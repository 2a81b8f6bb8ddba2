package openscoring

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSparkMLPipeline serves a pipeline that Spark saved and compares with what
// Spark itself made of the rows.
func TestSparkMLPipeline(t *testing.T) {
	const from = "../../testdata/sparkml/pipeline_mixed"
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "mixed"), os.DirFS(from+"/model")); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, Config{Dir: dir})
	if len(s.Faults()) > 0 {
		t.Fatal(s.Faults())
	}
	w := admin(s, http.MethodGet, "/openscoring/model/mixed", "", "")
	if !strings.Contains(w.Body.String(), `"miningFunction" : "classification"`) {
		t.Errorf("%s", w.Body)
	}
	type row struct {
		In  json.RawMessage
		Out map[string]any
	}
	var rows []row
	var requests []string
	for line := range strings.Lines(readFile(t, from+"/rows.jsonl")) {
		var r row
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
		requests = append(requests, fmt.Sprintf(`{"arguments":%s}`, r.In))
	}
	w = admin(s, http.MethodPost, "/openscoring/model/mixed/batch", "application/json", `{"requests":[`+strings.Join(requests, ",")+`]}`)
	var got struct {
		Responses []struct {
			Message string
			Results map[string]any
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got.Responses) != len(rows) {
		t.Fatalf("%d answers for %d rows, %v: %.500s", len(got.Responses), len(rows), err, w.Body)
	}
	for i, r := range rows {
		for name, want := range r.Out {
			if g := got.Responses[i].Results[name]; !near12(g, want) {
				t.Errorf("row %d: %s = %v, Spark has %v (%s)", i+1, name, g, want, got.Responses[i].Message)
			}
		}
	}
}

// near12 compares numbers and lists of numbers to twelve digits.
func near12(a, b any) bool {
	x, ok1 := a.(float64)
	y, ok2 := b.(float64)
	if ok1 && ok2 {
		return math.Abs(x-y) <= 1e-12*math.Max(1, math.Abs(y))
	}
	p, ok1 := a.([]any)
	q, ok2 := b.([]any)
	if !ok1 || !ok2 || len(p) != len(q) {
		return a == b
	}
	for i := range p {
		if !near12(p[i], q[i]) {
			return false
		}
	}
	return true
}

// TestVectorInput refuses a model that wants a vector: a request has none.
func TestVectorInput(t *testing.T) {
	_, err := Load("../../testdata/sparkml/tree_classifier/model", "")
	if err == nil || !strings.Contains(err.Error(), "a pipeline that begins with a VectorAssembler can be served") {
		t.Error(err)
	}
}

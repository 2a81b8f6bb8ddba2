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

// TestVectorInput gives a model its vectors as lists, and compares with Spark.
func TestVectorInput(t *testing.T) {
	const from = "../../testdata/sparkml/tree_classifier"
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "m"), os.DirFS(from+"/model")); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, Config{Dir: dir})
	if len(s.Faults()) > 0 {
		t.Fatal(s.Faults())
	}
	var requests, lines, want []string
	for line := range strings.Lines(readFile(t, from+"/rows.jsonl")) {
		var r struct {
			In  struct{ Features json.RawMessage }
			Out struct{ Prediction json.Number }
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		want = append(want, r.Out.Prediction.String())
		requests = append(requests, fmt.Sprintf(`{"arguments":{"features":%s}}`, r.In.Features))
		lines = append(lines, `"`+strings.ReplaceAll(string(r.In.Features), `"`, `""`)+`"`)
	}
	w := admin(s, http.MethodPost, "/openscoring/model/m/batch", "application/json", `{"requests":[`+strings.Join(requests, ",")+`]}`)
	var got struct {
		Responses []struct {
			Message string
			Results struct{ Prediction json.Number }
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got.Responses) != len(want) {
		t.Fatalf("%d answers for %d rows, %v: %.500s", len(got.Responses), len(want), err, w.Body)
	}
	text, _ := scoreText(t, load(t, from+"/model"), "features\n"+strings.Join(lines, "\n")+"\n", CSVOptions{})
	table := records(t, text)
	for i, r := range got.Responses {
		if r.Message != "" || r.Results.Prediction.String() != want[i] || table[i+1][0] != want[i] {
			t.Errorf("row %d: %s %s, in CSV %s, Spark has %s", i+1, r.Results.Prediction, r.Message, table[i+1], want[i])
		}
	}
	for body, say := range map[string]string{
		`{"arguments":{"features":[1,"x",3,4]}}`:   `Field \"features\" cannot accept invalid value [1,\"x\",3,4]`,
		`{"arguments":{"features":[1,[2],3,4]}}`:   `Field \"features\" cannot accept invalid value`,
		`{"arguments":{"features":{"a":1}}}`:       `Field \"features\" cannot accept invalid value`,
		`{"arguments":{"features":"[1,2,3"}}`:      `Field \"features\" cannot accept invalid value`,
		`{"arguments":{"features":"[1,2,3,4] 5"}}`: `Field \"features\" cannot accept invalid value`,
		`{"arguments":{"features":[1,2,3]}}`:       "features has 3 elements, expected 4",
		`{"arguments":{"features":[1,null,3,4]}}`:  "features has NULL as element 1",
		`{"arguments":{"features":7}}`:             "features has 1 elements, expected 4",
		`{"arguments":{}}`:                         "features is NULL",
	} {
		if w := admin(s, http.MethodPost, "/openscoring/model/m", "application/json", body); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), say) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

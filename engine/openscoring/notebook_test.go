package openscoring

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestNotebook makes the notebook's calls: the document is PUT, each record is
// POSTed, and the prediction is read out of the answer as the notebook does.
func TestNotebook(t *testing.T) {
	h := httptest.NewServer(newServer(t, Config{Dir: t.TempDir()}))
	defer h.Close()
	url := h.URL + "/openscoring/model/RandomForestIris"
	if res, body := send(t, http.MethodPut, url, "text/xml", readFile(t, irisDocument)); res.StatusCode != http.StatusCreated {
		t.Fatal(res.Status, body)
	}
	var got strings.Builder
	for _, row := range records(t, readFile(t, "../../testdata/iris/iris.csv"))[1:] {
		body := fmt.Sprintf(`{"id": "1", "arguments": {"sepal_width": %s, "sepal_length": %s, "petal_width": %s, "petal_length": %s}}`,
			number0(row[1]), number0(row[0]), number0(row[3]), number0(row[2]))
		res, text := send(t, http.MethodPost, url, "application/json", body)
		var answer struct {
			ID      string
			Results map[string]json.Number
		}
		if err := json.Unmarshal([]byte(text), &answer); err != nil || res.StatusCode != http.StatusOK || answer.ID != "1" {
			t.Fatal(res.Status, text, err)
		}
		fmt.Fprintln(&got, answer.Results["prediction"], row[4])
	}
	checkPredictions(t, got.String())
}

// number0 is a number as JSON wants it: with a digit before the point.
func number0(s string) string {
	if strings.HasPrefix(s, ".") {
		return "0" + s
	}
	return s
}

// TestNotebookInPython runs the same calls, and a batch and CSV, from Python.
func TestNotebookInPython(t *testing.T) {
	python := os.Getenv("MILLRACE_PYTHON")
	if python == "" {
		t.Skip("NOT RUN: needs a real Python; set MILLRACE_PYTHON to a Python 3")
	}
	h := httptest.NewServer(newServer(t, Config{Dir: t.TempDir()}))
	defer h.Close()
	cmd := exec.Command(python, "../../testdata/openscoring/notebook.py", h.URL, irisDocument, "../../testdata/iris/iris.csv")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &errs)
	}
	checkPredictions(t, string(out))
}

// checkPredictions compares lines of prediction and variety with what Spark's own
// model predicted.
func checkPredictions(t *testing.T, got string) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(got), "\n")
	spark := strings.Split(strings.TrimSpace(readFile(t, "../../testdata/iris/RandomForestIris.predictions.jsonl")), "\n")
	if len(lines) != 150 || len(spark) != 150 {
		t.Fatalf("%d predictions, %d of Spark", len(lines), len(spark))
	}
	for i, l := range lines {
		var want struct{ Prediction json.Number }
		if err := json.Unmarshal([]byte(spark[i]), &want); err != nil {
			t.Fatal(err)
		}
		if p, _, _ := strings.Cut(l, " "); p != want.Prediction.String() {
			t.Errorf("row %d: %s, Spark predicted %s", i+1, l, want.Prediction)
		}
	}
}

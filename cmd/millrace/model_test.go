package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// modelScript scores two rows, the second after the model was replaced by one that
// another text is the file of, the third after its options changed, the fourth after
// one was refused.
const modelScript = `
CREATE STREAM s USING kafka OPTIONS ('kafka.bootstrap.servers' = 'embedded', subscribe = 's', startingOffsets = 'earliest');
CREATE MODEL m USING pmml OPTIONS (path = '${data}/RandomForestIris.pmml');
CREATE TABLE out USING json OPTIONS (path = '${data_dir}/out');
CREATE QUERY score AS INSERT INTO out SELECT predict('m', 5.1D AS sepal_length, 3.5D AS sepal_width, 1.4D AS petal_length, 0.2D AS petal_width) AS p, model_version('m') AS v,
  CAST(value AS STRING) AS n FROM s;
INSERT INTO s SELECT '1' AS value; AWAIT ALL AVAILABLE;
CREATE OR REPLACE MODEL m USING pmml OPTIONS (path = '${other}'); INSERT INTO s SELECT '2' AS value; AWAIT ALL AVAILABLE;
CREATE OR REPLACE MODEL m USING pmml OPTIONS (path = '${other}', onInvalid = 'error'); INSERT INTO s SELECT '2' AS value; AWAIT ALL AVAILABLE;
CREATE OR REPLACE MODEL m USING sparkml OPTIONS (path = '${data}/index_to_class'); INSERT INTO s SELECT '3' AS value; AWAIT ALL AVAILABLE;
SHOW QUERIES; SELECT count(DISTINCT v) AS versions, count(*) AS n FROM out;
`

// TestModelsAreTold: whoever watches a query sees that its model was replaced, and
// why one was not.
func TestModelsAreTold(t *testing.T) {
	text, err := os.ReadFile("../../testdata/iris/RandomForestIris.pmml")
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other.pmml")
	write(t, other, string(text)+"<!-- other -->\n")
	for _, mode := range []string{"plain", "json", "none"} {
		got := run(t, modelScript, "run", "--progress", mode, "--idle-timeout", "100ms", "-D", "data=../../testdata/iris", "-D", "other="+other, "-")
		if got.code != exitDone || !strings.Contains(got.out, "|        2 | 4 |") || !strings.Contains(got.out, "(a later one is refused: ") {
			t.Fatalf("%s: exit code %d\n%s\n%s", mode, got.code, got.out, got.err)
		}
		replaced := strings.Contains(got.err, "score: model m was replaced: ") && strings.Contains(got.err, " from epoch 1 on, ") &&
			strings.Contains(got.err, "score: model m has other options from epoch 2 on")
		refused := strings.Contains(got.err, "score: model m has changed and cannot be used, the version before stays: ")
		if replaced != (mode == "plain") || refused == (mode == "json") {
			t.Errorf("%s:\n%s", mode, got.err)
		}
		if strings.Contains(got.err, "level=WARN") {
			t.Errorf("%s: it is told twice:\n%s", mode, got.err)
		}
		if mode == "json" && !inProgress(t, got.err) {
			t.Errorf("no progress shows the refused model:\n%s", got.err)
		}
	}
}

// inProgress looks for a refused model in lines of progress.
func inProgress(t *testing.T, lines string) bool {
	t.Helper()
	for line := range strings.Lines(lines) {
		var p struct {
			Models []struct{ Name, Version, Refused string }
		}
		if err := json.Unmarshal([]byte(line), &p); err == nil && len(p.Models) == 1 && p.Models[0].Name == "m" && strings.Contains(p.Models[0].Refused, "no field") {
			return true
		}
	}
	return false
}

package engine_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/engine"
)

// shipped runs a script of queries/ as a user does, from the repository's root
// with the embedded broker, its data under dir, and gives the last SELECT's rows
// as JSON objects, column name -> value. Afterwards the queries are stopped and
// after, when not nil, may look at the engine.
func shipped(t *testing.T, script, dir string, after func(*engine.Engine)) []map[string]any {
	t.Helper()
	text, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(engine.Config{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := e.Check(string(text)); err != nil {
		t.Fatalf("%s does not pass its check: %v", script, err)
	}
	var last []map[string]any
	for res, err := range e.Run(t.Context(), string(text)) {
		if err != nil {
			t.Fatalf("%s: %v", script, err)
		}
		if res.Rows == nil {
			continue
		}
		if res.Rows.Unbounded() {
			t.Fatalf("%s: a SELECT over a stream never ends; give it a LIMIT or a query of its own", script)
		}
		last = objects(t, res.Rows)
	}
	for _, q := range e.Queries() {
		if err := q.AwaitAvailable(t.Context()); err != nil {
			t.Errorf("%s: query %s: %v", script, q.Name(), err)
		}
		if err := q.Stop(t.Context()); err != nil {
			t.Errorf("%s: query %s: %v", script, q.Name(), err)
		}
	}
	if after != nil {
		after(e)
	}
	return last
}

// objects reads rows to their end.
func objects(t *testing.T, rows *engine.Rows) []map[string]any {
	t.Helper()
	var out []map[string]any
	for rec, err := range rows.All() {
		if err != nil {
			t.Fatal(err)
		}
		text, err := array.NewStructArray(rec.Columns(), namesOf(rec.Schema()))
		if err != nil {
			t.Fatal(err)
		}
		b, err := text.MarshalJSON()
		text.Release()
		if err != nil {
			t.Fatal(err)
		}
		var some []map[string]any
		if err := json.Unmarshal(b, &some); err != nil {
			t.Fatal(err)
		}
		out = append(out, some...)
	}
	return out
}

func namesOf(s *arrow.Schema) []string {
	var names []string
	for _, f := range s.Fields() {
		names = append(names, f.Name)
	}
	return names
}

// TestShippedQueries runs every script of queries/ twice: the second time it must
// go on from its checkpoint.
func TestShippedQueries(t *testing.T) {
	t.Chdir("..")
	scripts, err := filepath.Glob("queries/*.sql")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts were found: %v", err)
	}
	checks := map[string]func(*testing.T){"queries/iris.sql": shippedIris}
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(script), ".sql"), func(t *testing.T) {
			if check := checks[script]; check != nil {
				check(t)
				return
			}
			dir := t.TempDir()
			shipped(t, script, dir, nil)
			shipped(t, script, dir, nil)
		})
	}
}

// shippedIris compares the results of queries/iris.sql with what Spark recorded
// for the records that are in the topic then: the sample that the script produces
// is another one each time.
func shippedIris(t *testing.T) {
	const iris = "testdata/iris/expected/"
	expected := perRecord150(t, readLines(t, iris+"iris150.input.jsonl"), readLines(t, iris+"iris150.output.jsonl"))
	dir := t.TempDir()
	produced := 0
	for run := range 2 {
		var values []string
		summary := shipped(t, "queries/iris.sql", dir, func(e *engine.Engine) { values = topicValues(t, e) })
		if len(values) <= produced {
			t.Fatalf("run %d: %d records in the topic, %d before it", run, len(values), produced)
		}
		produced = len(values)
		var want []string
		for _, v := range values {
			lines := expected[measures(t, v)]
			if lines == nil {
				t.Fatalf("run %d: %s is not a record of the iris data", run, v)
			}
			want = append(want, lines...)
		}
		got := readLog(t, dir+"/results")
		sameLines(t, got, want)
		n := 0
		for _, row := range summary {
			if row["correct"] != true || row["original_class"] != row["predicted_class"] {
				t.Errorf("run %d: the forest knows all of the iris data, but the script shows %v", run, row)
			}
			n += int(row["n"].(float64))
		}
		if n != len(got) {
			t.Errorf("run %d: the script counts %d results, %d are in the folder", run, n, len(got))
		}
	}
}

// topicValues reads all values of topic iris on the embedded broker.
func topicValues(t *testing.T, e *engine.Engine) []string {
	t.Helper()
	for _, err := range e.Run(t.Context(), `CREATE TABLE whole USING kafka OPTIONS ('kafka.bootstrap.servers' = 'embedded', subscribe = 'iris')`) {
		if err != nil {
			t.Fatal(err)
		}
	}
	rows, err := e.Query(t.Context(), "SELECT CAST(value AS STRING) AS value FROM whole")
	if err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, o := range objects(t, rows) {
		values = append(values, o["value"].(string))
	}
	return values
}

// perRecord150 maps the measures of a record to the lines that the pipeline
// writes for it: two of them where two rows of the table have the same measures.
func perRecord150(t *testing.T, input, output []string) map[string][]string {
	t.Helper()
	records := map[string]int{}
	for _, line := range input {
		var r struct{ Value string }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		records[measures(t, r.Value)]++
	}
	lines := map[string][]string{}
	for _, line := range output {
		k := measures(t, line)
		lines[k] = append(lines[k], line)
	}
	for k, l := range lines {
		lines[k] = l[:len(l)/records[k]]
	}
	return lines
}

// measures are the four measures in a JSON object, as text to compare.
func measures(t *testing.T, object string) string {
	t.Helper()
	var m struct {
		SL json.Number `json:"sepal_length"`
		SW json.Number `json:"sepal_width"`
		PL json.Number `json:"petal_length"`
		PW json.Number `json:"petal_width"`
	}
	if err := json.Unmarshal([]byte(object), &m); err != nil {
		t.Fatalf("%v: %s", err, object)
	}
	return strings.Join([]string{m.SL.String(), m.SW.String(), m.PL.String(), m.PW.String()}, " ")
}

package engine_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine"
)

const sparkModels = "../testdata/sparkml/"

// sparkRow is a row and what the real Spark answered.
type sparkRow struct {
	In, Out map[string]any
	Dropped bool
	Error   string
}

// sparkRows reads the rows of a saved model that Spark answered, and writes what went in as JSON lines.
func sparkRows(t *testing.T, model string) (rows []sparkRow, path string) {
	t.Helper()
	f, err := os.Open(sparkModels + model + "/rows.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var in strings.Builder
	s := bufio.NewScanner(f)
	for s.Buffer(nil, 1<<24); s.Scan(); {
		var r sparkRow
		if err := json.Unmarshal(s.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.Error != "" {
			continue
		}
		line, err := json.Marshal(r.In)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&in, "%s\n", line)
		rows = append(rows, r)
	}
	path = t.TempDir() + "/rows.json"
	if err := os.WriteFile(path, []byte(in.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return rows, path
}

// scoreScript runs a script in an engine of its own under a checked allocator and gives the last SELECT's rows.
func scoreScript(t *testing.T, script string) (got []map[string]any, err error) {
	t.Helper()
	alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
	e, err := engine.Open(engine.Config{DataDir: t.TempDir(), Allocator: alloc})
	if err != nil {
		t.Fatal(err)
	}
	defer alloc.AssertSize(t, 0)
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	for res, err := range e.Run(t.Context(), script) {
		if err != nil {
			return nil, err
		}
		if res.Rows == nil {
			continue
		}
		for rec, err := range res.Rows.All() {
			if err != nil {
				return nil, err
			}
			b, err := rec.MarshalJSON()
			if err != nil {
				return nil, err
			}
			var some []map[string]any
			if err := json.Unmarshal(b, &some); err != nil {
				return nil, err
			}
			got = append(got, some...)
		}
	}
	return got, nil
}

// closeTo compares JSON values, numbers to 1e-9.
func closeTo(a, b any) bool {
	switch x := a.(type) {
	case float64:
		y, ok := b.(float64)
		return ok && math.Abs(x-y) <= 1e-9*max(math.Abs(y), 1e-3)
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, closeTo)
	}
	return a == b
}

// TestSparkPipelines scores saved PipelineModels in SQL: the raw columns go in, Spark's answers come out.
func TestSparkPipelines(t *testing.T) {
	for _, c := range []struct {
		model, schema, one string
		classes            []string
		columns            map[string]string // of predict_all: what Spark calls it
	}{
		{"pipeline_iris", "sepal_length DOUBLE, sepal_width DOUBLE, petal_length DOUBLE, petal_width DOUBLE", "prediction",
			[]string{"Setosa", "Versicolor", "Virginica"}, map[string]string{"label": "predicted_variety", "raw": "rawPrediction", "prob": "probability"}},
		{"pipeline_nested", "sepal_length DOUBLE, sepal_width DOUBLE, petal_length DOUBLE, petal_width DOUBLE", "prediction",
			[]string{"Setosa", "Versicolor", "Virginica"}, map[string]string{"raw": "rawPrediction"}},
		{"pipeline_mixed", "a STRING, b STRING, city STRING, sex STRING", "guess", []string{"no", "yes"}, map[string]string{"raw": "raw", "guess": "guess"}},
		{"pipeline_text", "a DOUBLE, text STRING", "prediction", []string{"yes", "no"}, map[string]string{"prob": "probability"}},
	} {
		t.Run(c.model, func(t *testing.T) {
			rows, path := sparkRows(t, c.model)
			args := "t.*"
			if strings.HasPrefix(c.schema, "a STRING") { // NaN is a string in JSON
				args = "CAST(a AS DOUBLE) AS a, CAST(b AS DOUBLE) AS b, city, sex"
			}
			script := fmt.Sprintf("CREATE TABLE t (%s) USING json OPTIONS (path = '%s');\nCREATE MODEL m USING sparkml OPTIONS (path = '%s%s/model');\n",
				c.schema, path, sparkModels, c.model)
			script += fmt.Sprintf("SELECT p AS one, all.%s AS same", c.one)
			for i, class := range c.classes {
				script += fmt.Sprintf(", proba['%s'] AS p%d", class, i)
			}
			for name, column := range c.columns {
				script += fmt.Sprintf(", all.%s AS all_%s", column, name)
			}
			script += fmt.Sprintf(" FROM (SELECT predict('m', %s) AS p, predict_proba('m', %s) AS proba, predict_all('m', %s) AS all FROM t) s", args, args, args)
			got, err := scoreScript(t, script)
			if err != nil {
				t.Fatalf("%v\n%s", err, script)
			}
			if len(got) != len(rows) || len(rows) < 100 {
				t.Fatalf("%d rows, Spark has %d", len(got), len(rows))
			}
			probability := "probability"
			if c.model == "pipeline_mixed" {
				probability = "p"
			}
			for i, g := range got {
				want := map[string]any{"one": rows[i].Out[c.one], "same": rows[i].Out[c.one]}
				for k := range c.classes {
					want[fmt.Sprintf("p%d", k)] = rows[i].Out[probability].([]any)[k]
				}
				for name, column := range c.columns {
					want["all_"+name] = rows[i].Out[column]
				}
				for name, w := range want {
					if !closeTo(g[name], w) {
						t.Errorf("row %d, %s: %v, Spark gives %v", i, name, g[name], w)
					}
				}
			}
		})
	}
}

// TestSparkRefusals is what Spark refuses, and what it drops: here NULL.
func TestSparkRefusals(t *testing.T) {
	const query = "CREATE MODEL m USING sparkml OPTIONS (path = '%s%s/model'); SELECT predict('m', 1.0D AS a, 0.5D AS b, 'Atlantis' AS city, 'f' AS sex) AS p"
	for _, name := range []string{"pipeline_categories_error", "pipeline_categories_skip"} {
		got, err := scoreScript(t, fmt.Sprintf(query, sparkModels, name))
		if err != nil || len(got) != 1 || got[0]["p"] != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	_, err := scoreScript(t, fmt.Sprintf("CREATE MODEL m USING sparkml OPTIONS (path = '%sunsupported/model')", sparkModels))
	if err == nil || !strings.Contains(err.Error(), "org.apache.spark.ml.feature.NGram is not supported: expected one of: Binarizer") {
		t.Errorf("unsupported: %v", err)
	}
}

// TestSparkVector scores a model saved alone: its vector is an array.
func TestSparkVector(t *testing.T) {
	rows, path := sparkRows(t, "forest_regressor")
	rows = slices.DeleteFunc(rows, func(r sparkRow) bool { return slices.Contains(r.In["features"].([]any), any("NaN")) })
	got, err := scoreScript(t, fmt.Sprintf(`
CREATE TABLE t (features ARRAY<DOUBLE>) USING json OPTIONS (path = '%s');
CREATE MODEL m USING sparkml OPTIONS (path = '%sforest_regressor/model');
SELECT predict('m', features) AS p FROM t`, path, sparkModels))
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rows[:80] {
		if !closeTo(got[i]["p"], r.Out["prediction"]) {
			t.Errorf("row %d: %v, Spark gives %v", i, got[i]["p"], r.Out["prediction"])
		}
	}
}

package engine_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine"
)

// onnxCase is a document's rows and the answers of onnxruntime.
type onnxCase struct{ Inputs, Outputs map[string]onnxTensor }

type onnxTensor struct {
	Type   string
	Keys   []any
	Shape  []int
	Values []any
}

func readONNX(t *testing.T, name string) onnxCase {
	t.Helper()
	text, err := os.ReadFile("../testdata/onnx/dense/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var c onnxCase
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// csv writes the matrix of an input as a CSV file with a header.
func (c onnxCase) csv(t *testing.T, columns string, inputs ...string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(columns + "\n")
	for row := range c.Inputs[inputs[0]].Shape[0] {
		var cells []string
		for _, name := range inputs {
			in := c.Inputs[name]
			width := len(in.Values) / in.Shape[0]
			for _, v := range in.Values[row*width : (row+1)*width] {
				cells = append(cells, fmt.Sprint(v))
			}
		}
		b.WriteString(strings.Join(cells, ",") + "\n")
	}
	path := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// runONNX gives the rows of a script's last query.
func runONNX(t *testing.T, script string) []map[string]any {
	t.Helper()
	alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer alloc.AssertSize(t, 0)
	e, err := engine.Open(engine.Config{DataDir: t.TempDir(), Allocator: alloc})
	if err != nil {
		t.Fatal(err)
	}
	var got []map[string]any
	for res, err := range e.Run(t.Context(), script) {
		if err != nil {
			t.Fatal(err)
		}
		if res.Rows != nil {
			got = objects(t, res.Rows)
		}
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	return got
}

func near(got any, want float64) bool {
	x, ok := got.(float64)
	return ok && math.Abs(x-want) <= 1e-5*max(1, math.Abs(want))
}

// TestONNXClassifier scores a classifier of scikit-learn: its columns' names are options.
func TestONNXClassifier(t *testing.T) {
	c := readONNX(t, "mlp_relu")
	path := c.csv(t, "sl,sw,pl,pw", "X")
	got := runONNX(t, fmt.Sprintf(`
CREATE TABLE t (sl FLOAT, sw FLOAT, pl FLOAT, pw DOUBLE) USING csv OPTIONS (path = '%s', header = true);
CREATE MODEL m USING onnx OPTIONS (path = '../testdata/onnx/dense/mlp_relu.onnx', features = 'sl, sw, pl, pw');
SELECT predict('m', t.*) AS p, predict_proba('m', t.*)['virginica'] AS v, predict_all('m', t.*).output_label AS l FROM t;`, path))
	labels, proba := c.Outputs["output_label"], c.Outputs["output_probability"]
	at := slices.Index(proba.Keys, any("virginica"))
	if len(got) != len(labels.Values) || at < 0 {
		t.Fatalf("%d rows, expected %d", len(got), len(labels.Values))
	}
	for i, row := range got {
		if row["p"] != labels.Values[i] || row["l"] != labels.Values[i] || !near(row["v"], proba.Values[i*len(proba.Keys)+at].(float64)) {
			t.Errorf("row %d: %v, expected %v", i, row, labels.Values[i])
		}
	}
}

// TestONNXColumns scores a model with an input for each column, which are their names, and one whose document has names.
func TestONNXColumns(t *testing.T) {
	names := []string{"sepal_length", "sepal_width", "petal_length", "petal_width"}
	for model, inputs := range map[string][]string{"mlp_columns": names, "mlp_named": {"X"}} {
		c := readONNX(t, model)
		path := c.csv(t, strings.Join(names, ","), inputs...)
		got := runONNX(t, fmt.Sprintf(`
CREATE TABLE t USING csv OPTIONS (path = '%s', header = true, inferSchema = true);
CREATE MODEL m USING onnx OPTIONS (path = '../testdata/onnx/dense/%s.onnx');
SELECT predict('m', t.*) AS p FROM t;`, path, model))
		for i, row := range got {
			if want := c.Outputs["output_label"].Values[i]; row["p"] != want {
				t.Errorf("%s, row %d: %v, expected %v", model, i, row["p"], want)
			}
		}
	}
}

// TestONNXRegression scores regressions; one of two targets gives an array.
func TestONNXRegression(t *testing.T) {
	c := readONNX(t, "mlp_regressor")
	path := c.csv(t, "X_0,X_1,X_2,X_3,X_4,X_5", "X")
	const table = "CREATE TABLE t (X_0 DOUBLE, X_1 DOUBLE, X_2 DOUBLE, X_3 DOUBLE, X_4 DOUBLE, X_5 DOUBLE) USING csv OPTIONS (path = '%s', header = true);\n"
	got := runONNX(t, fmt.Sprintf(table+`
CREATE MODEL m USING onnx OPTIONS (path = '../testdata/onnx/dense/mlp_regressor.onnx');
SELECT CAST(predict('m', t.*) AS DOUBLE) AS p FROM t;`, path))
	for i, row := range got {
		if want := c.Outputs["variable"].Values[i].(float64); !near(row["p"], want) {
			t.Errorf("row %d: %v, expected %v", i, row["p"], want)
		}
	}
	c = readONNX(t, "mlp_two_targets")
	path = c.csv(t, "X_0,X_1,X_2,X_3,X_4,X_5", "X")
	got = runONNX(t, fmt.Sprintf(table+`
CREATE MODEL m USING onnx OPTIONS (path = '../testdata/onnx/dense/mlp_two_targets.onnx');
SELECT CAST(p[0] AS DOUBLE) AS a, CAST(p[1] AS DOUBLE) AS b FROM (SELECT predict('m', t.*) AS p FROM t);`, path))
	for i, row := range got {
		want := c.Outputs["variable"].Values[2*i : 2*i+2]
		if !near(row["a"], want[0].(float64)) || !near(row["b"], want[1].(float64)) {
			t.Errorf("row %d: %v, expected %v", i, row, want)
		}
	}
}

// TestONNXArray gives a matrix as one ARRAY, and NULL where a row cannot be scored.
func TestONNXArray(t *testing.T) {
	got := runONNX(t, `
CREATE MODEL m USING onnx OPTIONS (path = '../testdata/onnx/dense/torch_tabular.onnx', features = 'x, c');
SELECT predict('m', x, c) AS p, size(predict_all('m', x, c).logits) AS n FROM VALUES
  (array(0.5D, -1D, 0D, 2D, 1D, 0D), 3L), (array(0.5D, -1D, 0D, 2D, 1D, 0D), 99L), (array(1D), 3L), (CAST(NULL AS ARRAY<DOUBLE>), 3L),
  (array(0.5D, -1D, 0D, 2D, 1D, 0D), CAST(NULL AS BIGINT)) AS t(x, c);`)
	if len(got) != 5 || got[0]["p"] == nil || got[0]["n"] == nil {
		t.Fatalf("%v", got)
	}
	for i, row := range got[1:] {
		if row["p"] != nil {
			t.Errorf("row %d: %v, expected NULL", i+1, row)
		}
	}
}

// TestONNXClasses names the classes of a network, whose document does not know them.
func TestONNXClasses(t *testing.T) {
	c := readONNX(t, "torch_tabular")
	path := c.csv(t, "a,b,c,d,e,f,g", "numbers", "category")
	got := runONNX(t, fmt.Sprintf(`
CREATE TABLE t (a DOUBLE, b DOUBLE, c DOUBLE, d DOUBLE, e DOUBLE, f DOUBLE, g BIGINT) USING csv OPTIONS (path = '%s', header = true);
CREATE MODEL m USING onnx OPTIONS (path = '../testdata/onnx/dense/torch_tabular.onnx', features = 'a, b, c, d, e, f, g', classes = 'red, green, blue');
SELECT predict('m', t.*) AS p, predict_proba('m', t.*)['blue'] AS blue, predict_all('m', t.*).label AS label FROM t;`, path))
	names := []string{"red", "green", "blue"}
	for i, row := range got {
		label, blue := c.Outputs["label"].Values[i].(float64), c.Outputs["probabilities"].Values[3*i+2].(float64)
		if row["p"] != names[int(label)] || row["label"] != label || !near(row["blue"], blue) {
			t.Errorf("row %d: %v, expected %s and %v", i, row, names[int(label)], blue)
		}
	}
}

// TestONNXMissing: a network has no answer for a row with a NULL, and the policy for that holds.
func TestONNXMissing(t *testing.T) {
	const model = "CREATE MODEL m USING onnx OPTIONS (path = '../testdata/onnx/dense/mlp_columns.onnx'%s);\n"
	const query = `SELECT predict('m', t.*) AS p, predict_proba('m', t.*) AS q FROM VALUES (5.1, 3.5, 1.4, 0.2), (5.1, CAST(NULL AS DOUBLE), 1.4, 0.2)
  AS t(sepal_length, sepal_width, petal_length, petal_width);`
	got := runONNX(t, fmt.Sprintf(model, "")+query)
	if len(got) != 2 || got[0]["p"] != "setosa" || got[0]["q"] == nil || got[1]["p"] != nil || got[1]["q"] != nil {
		t.Errorf("%v, expected setosa and NULL", got)
	}
	e, err := engine.Open(engine.Config{DataDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var failed error
	for res, err := range e.Run(t.Context(), fmt.Sprintf(model, ", onMissing = 'error'")+query) {
		if err == nil && res.Rows != nil {
			for _, rerr := range res.Rows.All() {
				if rerr != nil {
					err = rerr
					break
				}
			}
		}
		if err != nil {
			failed = err
			break
		}
	}
	if failed == nil || !strings.Contains(failed.Error(), "input sepal_width: an input is NULL") {
		t.Errorf("onMissing = 'error' gave %v", failed)
	}
}

// TestONNXDescribe shows what DESCRIBE says of a model.
func TestONNXDescribe(t *testing.T) {
	got := fmt.Sprint(runONNX(t, `
CREATE MODEL m USING onnx OPTIONS (path = '../testdata/onnx/dense/mlp_columns.onnx');
DESCRIBE MODEL m;`))
	for _, want := range []string{"ONNX graph", "skl2onnx 1.20.0", "ai.onnx 21, ai.onnx.ml 1", "14 nodes: Add 2, ArgMax 1, Cast 1, Concat 1,", "1,674 bytes", "petal_width", "probability(setosa)"} {
		if !strings.Contains(got, want) {
			t.Errorf("DESCRIBE does not say %q:\n%s", want, got)
		}
	}
}

// TestONNXFaults shows what a user is told.
func TestONNXFaults(t *testing.T) {
	const dense = "../testdata/onnx/dense/"
	for _, c := range []struct{ script, want string }{
		{"CREATE MODEL m USING onnx OPTIONS (path = '" + dense + "mlp_rel.onnx')", "did you mean " + dense + "mlp_relu.onnx?"},
		{"CREATE MODEL m USING onnx OPTIONS (path = '../testdata/xgboost/logistic.json')", "it begins with '{': expected a protocol buffer"},
		{"CREATE MODEL m USING onnx OPTIONS (path = '" + dense + "mlp_relu.onnx', features = 'a, b')", "the option features has 2 names, the inputs have 4 columns"},
		{"CREATE MODEL m USING onnx OPTIONS (path = '" + dense + "mlp_relu.onnx', features = 'a, b, A, c')", `two input columns are called "A"`},
		{"CREATE MODEL m USING onnx OPTIONS (path = '" + dense + "mlp_columns.onnx'); SELECT predict('m', 1 AS sepal_length, 2 AS sepal_widht)", "did you mean sepal_width?"},
	} {
		e, err := engine.Open(engine.Config{DataDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		for _, err = range e.Run(t.Context(), c.script) {
			if err != nil {
				break
			}
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\ngave: %v\nexpected: %s", c.script, err, c.want)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}

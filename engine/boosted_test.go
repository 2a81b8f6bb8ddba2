package engine_test

import (
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine"
)

// expected reads a column of the answers of the real library.
func expected(t *testing.T, path, column string) []float64 {
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
	for c, name := range rows[0] {
		if name != column {
			continue
		}
		var out []float64
		for _, row := range rows[1:] {
			x, err := strconv.ParseFloat(row[c], 64)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, x)
		}
		return out
	}
	t.Fatalf("%s has no column %s", path, column)
	return nil
}

// TestBoostedModels scores models of XGBoost and LightGBM in SQL, with CSV rows that have empty cells.
func TestBoostedModels(t *testing.T) {
	for _, c := range []struct {
		format, model, schema, expr, answer string
	}{
		{"xgboost", "logistic.json", "a DOUBLE, b DOUBLE, c DOUBLE, d DOUBLE, e DOUBLE", "predict('m', t.*)", "prediction"},
		{"xgboost", "logistic_ubj.ubj", "a DOUBLE, b DOUBLE, c DOUBLE, d DOUBLE, e DOUBLE", "predict_proba('m', t.*)['1']", "probability(1)"},
		{"xgboost", "softprob.ubj", "a DOUBLE, b DOUBLE, c DOUBLE, d DOUBLE, e DOUBLE", "predict_proba('m', t.*)['2']", "probability(2)"},
		{"xgboost", "gamma.json", "a DOUBLE, b DOUBLE, c DOUBLE, d DOUBLE, e DOUBLE", "predict_all('m', t.*).margin", "margin"},
		{"xgboost", "multi_target.json", "a DOUBLE, b DOUBLE, c DOUBLE, d DOUBLE, e DOUBLE", "predict_all('m', t.*)[\"prediction(1)\"]", "prediction(1)"},
		{"xgboost", "frame.json", "a DOUBLE, `where` STRING, n DOUBLE", "predict('m', t.*)", "prediction"},
		{"lightgbm", "multiclass.txt", "a DOUBLE, b DOUBLE, c DOUBLE, d DOUBLE, e DOUBLE", "predict('m', t.*)", "prediction"},
		{"lightgbm", "binary.txt", "a DOUBLE, b DOUBLE, c DOUBLE, d DOUBLE, e DOUBLE", "predict_proba('m', t.*)['1']", "probability(1)"},
		{"lightgbm", "pandas.txt", "a DOUBLE, `where` STRING, c DOUBLE", "predict('m', t.*)", "prediction"},
	} {
		t.Run(c.format+"/"+c.model, func(t *testing.T) {
			name, _, _ := strings.Cut(c.model, ".")
			base := "../testdata/" + c.format + "/"
			script := fmt.Sprintf(`
CREATE TABLE t (%s) USING csv OPTIONS (path = '%s%s.input.csv', header = true);
CREATE MODEL m USING %s OPTIONS (path = '%s%s');
SELECT CAST(%s AS DOUBLE) AS p FROM t;`, c.schema, base, name, c.format, base, c.model, c.expr)
			alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
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
			want := expected(t, base+name+".expected.csv", c.answer)
			if len(got) != len(want) {
				t.Fatalf("%d rows, expected %d", len(got), len(want))
			}
			for i, row := range got {
				if p, ok := row["p"].(float64); !ok || math.Abs(p-want[i]) > 1e-6*math.Abs(want[i])+1e-9 {
					t.Errorf("row %d: %v, expected %v", i, row["p"], want[i])
				}
			}
			if err := e.Close(); err != nil {
				t.Error(err)
			}
			alloc.AssertSize(t, 0)
		})
	}
}

// TestBoostedModelFaults shows what a user is told.
func TestBoostedModelFaults(t *testing.T) {
	for _, c := range []struct{ script, want string }{
		{"CREATE MODEL m USING xgboost OPTIONS (path = '../testdata/xgboost/logistik.json')", "did you mean ../testdata/xgboost/logistic.json?"},
		{"CREATE MODEL m USING xgboost OPTIONS (path = '../testdata/lightgbm/binary.txt')", "expected a JSON or UBJSON object"},
		{"CREATE MODEL m USING lightgbm OPTIONS (path = '../testdata/xgboost/logistic.json')", "this is no model.txt of LightGBM"},
		{"CREATE MODEL m USING xgboost OPTIONS (path = '../testdata/xgboost/multi_target.json'); SELECT predict('m', 1.0D AS a)",
			"model m predicts several values, prediction(0), prediction(1): predict_all gives them all"},
		{"CREATE MODEL m USING lightgbm OPTIONS (path = '../testdata/lightgbm/binary.txt'); SELECT predict('m', 1.0D AS a, 2.0D AS bb)", "has no field bb"},
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

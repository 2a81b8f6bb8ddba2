package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine"
	"github.com/millrace-sql/millrace/engine/connector"
)

// linear is a document that doubles x and adds 1; x lies in [0, 10].
func linear(treatment string) string {
	return `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary>
<DataField name="x" optype="continuous" dataType="double"><Interval closure="closedClosed" leftMargin="0" rightMargin="10"/></DataField>
<DataField name="y" optype="continuous" dataType="double"/></DataDictionary>
<RegressionModel functionName="regression"><MiningSchema><MiningField name="y" usageType="target"/><MiningField name="x"` + treatment + `/></MiningSchema>
<RegressionTable intercept="1"><NumericPredictor name="x" coefficient="2"/></RegressionTable></RegressionModel></PMML>`
}

// goFormat is models written in Go: x times 2 plus 1, for x of at most 10.
type goFormat struct{}

func (goFormat) Name() string                { return "go_linear" }
func (goFormat) Options() []connector.Option { return nil }
func (goFormat) Load(map[string]string) (catalog.Model, string, error) {
	return goLinear{}, "v1", nil
}

type goLinear struct{}

func (goLinear) Inputs() []arrow.Field {
	return []arrow.Field{{Name: "x", Type: arrow.PrimitiveTypes.Float64}}
}

func (goLinear) Outputs() []catalog.Output {
	return []catalog.Output{
		{Field: arrow.Field{Name: "y", Type: arrow.PrimitiveTypes.Float64}, Role: catalog.RolePredicted, Target: true},
		{Field: arrow.Field{Name: "p", Type: arrow.PrimitiveTypes.Float64}, Role: catalog.RoleProbability, Class: "a"},
	}
}

func (goLinear) Describe() []catalog.Property { return nil }

// Score reports faults from the last row on: nobody may rely on their order.
func (goLinear) Score(t catalog.Task, n int, in []arrow.Array, want []int) ([]arrow.Array, error) {
	x := in[0].(*array.Float64)
	for i := n - 1; i >= 0; i-- {
		if x.IsNull(i) {
			t.Fault(i, "predict", catalog.Missing(errors.New("x is not there")))
		} else if x.Value(i) > 10 {
			t.Fault(i, "predict", fmt.Errorf("x is %v, which is too much", x.Value(i)))
			t.Fault(i, "predict", errors.New("a second fault of the row"))
		}
	}
	out := make([]arrow.Array, len(want))
	for k := range want {
		b := array.NewFloat64Builder(t.Allocator())
		for i := range n {
			if x.IsNull(i) || x.Value(i) > 10 {
				b.AppendNull()
			} else {
				b.Append(2*x.Value(i) + 1)
			}
		}
		out[k] = b.NewArray()
		b.Release()
	}
	return out, nil
}

// policyModel is a model and what it says of rows 2, which lacks the input, and 3,
// whose value cannot be scored. Rows 1 and 4 are scored.
type policyModel struct {
	name, using, call string
	answers           [2]string // for rows 1 and 4
	missing, invalid  string
	inputs            [2]string // of rows 2 and 3
}

func policyModels(t *testing.T) []policyModel {
	dir := t.TempDir()
	lenient, strict := filepath.Join(dir, "lenient.pmml"), filepath.Join(dir, "strict.pmml")
	writeFile(t, lenient, linear(""))
	writeFile(t, strict, linear(` missingValueTreatment="returnInvalid"`))
	xs, cities := [2]string{`{"x":null}`, `{"x":17.0}`}, [2]string{`{"city":null}`, `{"city":"Nowhere"}`}
	return []policyModel{
		{"pmml", "pmml OPTIONS (path = '" + lenient + "'", "predict('m', x)", [2]string{"3.0", "9.0"},
			"there is no answer while field x is missing", "field x cannot accept the invalid value 17.0", xs},
		{"pmml, strict", "pmml OPTIONS (path = '" + strict + "'", "predict('m', x)", [2]string{"3.0", "9.0"},
			"field x cannot accept a missing value", "field x cannot accept the invalid value 17.0", xs},
		{"pmml, all outputs", "pmml OPTIONS (path = '" + lenient + "'", "predict_all('m', x).y", [2]string{"3.0", "9.0"},
			"there is no answer while field x is missing", "field x cannot accept the invalid value 17.0", xs},
		{"sparkml", "sparkml OPTIONS (path = '" + sparkModels + "string_indexer_error/model'", "predict('m', city)", [2]string{"0.0", "1.0"},
			"StringIndexer encountered NULL value", "Unseen label: Nowhere", cities},
		{"go", "go_linear OPTIONS (x = '1'", "predict('m', x)", [2]string{"3.0", "9.0"},
			"x is not there", "x is 17, which is too much", xs},
		{"go, probabilities", "go_linear OPTIONS (x = '1'", "predict_proba('m', x)['a']", [2]string{"3.0", "9.0"},
			"x is not there", "x is 17, which is too much", xs},
	}
}

const policyRows = `{"id":1,"x":1,"city":"Bern"}
{"id":2}
{"id":3,"x":17,"city":"Nowhere"}
{"id":4,"x":4,"city":"Rome"}
`

// deadLine is one dead letter, as it is stored.
type deadLine struct {
	Time, Query, Model, Version, Reason, Error, Origin, Topic, Inputs string
	Epoch, Offset                                                     int64
	Partition                                                         *int32
}

func readDead(t *testing.T, dir string) []deadLine {
	t.Helper()
	var out []deadLine
	for _, l := range readLog(t, dir) {
		var d deadLine
		if err := json.Unmarshal([]byte(l), &d); err != nil {
			t.Fatalf("%s: %v", l, err)
		}
		out = append(out, d)
	}
	return out
}

// TestPolicies runs every pair of policies over models of all kinds, as a query
// over a table and over a stream.
func TestPolicies(t *testing.T) {
	policies := []string{"null", "error", "dlq"}
	for _, m := range policyModels(t) {
		for _, missing := range policies {
			for _, invalid := range policies {
				for _, kind := range []string{"TABLE", "STREAM"} {
					t.Run(strings.Join([]string{m.name, missing, invalid, kind}, "/"), func(t *testing.T) {
						checkPolicies(t, m, missing, invalid, kind)
					})
				}
			}
		}
	}
}

func checkPolicies(t *testing.T, m policyModel, missing, invalid, kind string) {
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/in", 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir+"/in/rows.json", policyRows)
	e := openChecked(t, engine.Config{AvailableNow: true, DataDir: dir + "/data", ModelFormats: []engine.ModelFormat{goFormat{}}})
	using := strings.Replace(m.using, "OPTIONS (x = '1'", "OPTIONS (", 1)
	using = strings.Replace(using+", ", "OPTIONS (, ", "OPTIONS (", 1)
	script := fmt.Sprintf(`
CREATE MODEL m USING %sonMissing = '%s', onInvalid = '%s');
CREATE %s t (id INT, x DOUBLE, city STRING) USING json OPTIONS (path = '%s/in');
CREATE TABLE out USING json OPTIONS (path = '%s/out');
CREATE QUERY q OPTIONS (checkpointLocation = '%s/checkpoint') AS INSERT INTO out SELECT id, %s AS y FROM t;`,
		using, missing, invalid, kind, dir, dir, dir, m.call)
	err := runAll(t.Context(), e, script)
	if q := e.Lookup("q"); err == nil && q != nil {
		err = q.Wait(t.Context())
	}
	if missing == "error" || invalid == "error" {
		parts := []string{"model m: ", m.missing, "rows.json row 2"}
		if missing != "error" {
			parts = []string{"model m: ", m.invalid, "rows.json row 3"}
		}
		if kind == "STREAM" {
			parts = append(parts, "query q, epoch 0")
		}
		mentions(t, err, parts...)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`{"id":1,"y":` + m.answers[0] + "}", `{"id":4,"y":` + m.answers[1] + "}"}
	var dead []deadLine
	if missing == "null" {
		want = append(want, `{"id":2}`)
	} else {
		dead = append(dead, deadLine{Reason: "missing", Error: m.missing, Origin: "rows.json row 2", Inputs: m.inputs[0]})
	}
	if invalid == "null" {
		want = append(want, `{"id":3}`)
	} else {
		dead = append(dead, deadLine{Reason: "invalid", Error: m.invalid, Origin: "rows.json row 3", Inputs: m.inputs[1]})
	}
	sameLines(t, readLog(t, dir+"/out"), want)
	if len(dead) == 0 {
		if _, err := os.Stat(dir + "/checkpoint/dead-letters"); err == nil {
			t.Error("a folder for dead letters, and there are none")
		}
		return
	}
	got := readDead(t, dir+"/checkpoint/dead-letters")
	slices.SortFunc(got, func(a, b deadLine) int { return strings.Compare(a.Origin, b.Origin) })
	if len(got) != len(dead) {
		t.Fatalf("%d dead letters, want %d: %+v", len(got), len(dead), got)
	}
	for i, w := range dead {
		g := got[i]
		if g.Query != "q" || g.Epoch != 0 || g.Model != "m" || g.Version == "" || g.Time == "" || g.Partition != nil || g.Reason != w.Reason ||
			!strings.Contains(g.Error, w.Error) || !strings.HasSuffix(g.Origin, w.Origin) || g.Inputs != w.Inputs {
			t.Errorf("%+v, want %+v", g, w)
		}
	}
}

// TestRegisteredPolicies gives a model of the program's own its policies.
func TestRegisteredPolicies(t *testing.T) {
	e := openChecked(t, engine.Config{})
	for name, opts := range map[string][]engine.ModelOption{
		"plain": nil, "strict": {engine.OnInvalid(catalog.PolicyError)}, "dropping": {engine.OnMissing(catalog.PolicyDLQ), engine.OnInvalid(catalog.PolicyDLQ)},
	} {
		if err := e.RegisterModel(name, "v1", goLinear{}, opts...); err != nil {
			t.Fatal(err)
		}
	}
	query := "SELECT predict('%s', x) AS y FROM (VALUES (1D), (NULL), (17D)) AS t(x)"
	for name, want := range map[string]string{"plain": "3 NULL NULL", "dropping": "3"} {
		if got := strings.Join(queryValues(t, e, fmt.Sprintf(query, name)), " "); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	mentions(t, runAll(t.Context(), e, fmt.Sprintf(query, "strict")+";"), "model strict: x is 17, which is too much")
}

// rejectedCases ask a model everywhere in a query. Rows are the values of the rows
// that are left, dead the model, reason and inputs of the dead letters.
var rejectedCases = []struct{ query, rows, dead string }{
	{"SELECT id FROM t WHERE predict('m', x) > 5", "4", both},
	{"SELECT id FROM t WHERE predict('m', x) IS NULL OR id > 0", "1 4", both},
	{"SELECT id FROM t WHERE id <> 3 AND predict('m', x) > 0", "1 4", `m missing {"x":null}`},
	{"SELECT CASE WHEN id = 3 THEN -1D ELSE predict('m', x) END AS a FROM t", "3 -1 9", `m missing {"x":null}`},
	{"SELECT coalesce(x, predict('m', x)) AS a FROM t", "1 17 4", `m missing {"x":null}`},
	{"SELECT coalesce(predict('m', x), 0D) AS a FROM t", "3 9", both},
	{"SELECT predict('m', x) + predict('m', x) * 2 AS a FROM t", "9 27", both},
	{"SELECT predict('m', x) + predict('m', x + 1 AS x) AS a FROM t", "8 20", `m invalid {"x":17.0}; m invalid {"x":18.0}; m missing {"x":null}`},
	{"SELECT predict('m', x) AS a, predict('n', x) AS b FROM t", "3 3 9 9", both + `; n missing {"x":null}`},
	{"SELECT predict('n', x) AS a FROM t", "3 NULL 9", `n missing {"x":null}`},
	{"SELECT predict_all('m', x).y AS a, predict('m', x) AS b FROM t", "3 3 9 9", both},
	{"SELECT id, predict('m', 17D AS x) AS a FROM t WHERE id < 3", "", `m invalid {"x":17.0}; m invalid {"x":17.0}`},
	{"SELECT predict('m', 2D AS x) AS a FROM t", "5 5 5 5", ""},
	{"SELECT count(*) AS a, sum(predict('m', x)) AS b FROM t", "2 12", both},
	{"SELECT predict('m', x) AS a, count(*) AS b FROM t GROUP BY predict('m', x) ORDER BY 1", "3 1 9 1", both},
	{"SELECT count(*) FILTER (WHERE predict('m', x) > 5) AS a FROM t", "1", both},
	{"SELECT count(DISTINCT predict('m', x)) AS a FROM t", "2", both},
	{"SELECT id FROM t ORDER BY predict('m', x) DESC", "4 1", both},
	{"SELECT id FROM t ORDER BY predict('m', x) DESC LIMIT 1", "4", both},
	{"SELECT id, predict('m', x) AS y FROM t LIMIT 2", "1 3 4 9", both},
	{"SELECT id, predict('m', x) AS y FROM t LIMIT 2 OFFSET 1", "4 9", both},
	{"SELECT id, predict('m', x) AS y FROM (SELECT * FROM t LIMIT 2)", "1 3", `m missing {"x":null}`},
	{"SELECT id, w FROM t LEFT JOIN r ON predict('m', t.x) = r.k LIMIT 2", "1 10 4 20", both},
	{"SELECT id, w FROM t JOIN r ON predict('m', t.x) = r.k", "1 10 4 20", both},
	{"SELECT id, w FROM r JOIN t ON predict('m', t.x) = r.k", "1 10 4 20", both},
	{"SELECT id, w FROM t LEFT JOIN r ON predict('m', t.x) = r.k + 0.5D", "1 NULL 4 NULL", both},
	{"SELECT id, w FROM r RIGHT JOIN t ON predict('m', t.x) = r.k", "1 10 4 20", both},
	{"SELECT id, w FROM r FULL JOIN t ON predict('m', t.x) = r.k + 6", "4 10 NULL 20 1 NULL", both},
	{"SELECT id FROM t LEFT ANTI JOIN r ON predict('m', t.x) = r.k + 6", "1", both},
	{"SELECT id, w FROM t JOIN r ON predict('m', t.x) > r.k", "4 10", both},
	{"SELECT id, w FROM t JOIN r ON t.id < 3 WHERE predict('m', t.x) > 0 ORDER BY w", "1 10 1 20", `m missing {"x":null}`},
	{"SELECT id, p FROM t LATERAL VIEW explode(array(predict('m', x), 0D)) AS p", "1 3 1 0 4 9 4 0", both},
	{"SELECT id, predict('m', x) AS p FROM t LATERAL VIEW explode(array(1, 2)) AS e", "1 3 1 3 4 9 4 9", both},
	{"SELECT y FROM scored", "3 9", both},
	{"SELECT y FROM scored UNION ALL SELECT x FROM t WHERE id = 2", "3 9 NULL", both},
	{"SELECT k, predict('m', x) AS y FROM (SELECT id > 2 AS k, max(x) AS x FROM t GROUP BY id > 2)", "false 3", `m invalid {"x":17.0}`},
	{"SELECT id, y FROM ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(x))", "1 3 4 9", both},
}

var outerOn = regexp.MustCompile(`((LEFT|RIGHT|FULL|ANTI) JOIN .|r JOIN t) ON predict`)

const both = `m invalid {"x":17.0}; m missing {"x":null}`

// TestRejectedRows asks a model everywhere in a query: its rows are left out of the
// result, and each row that was read is one dead letter of each model.
func TestRejectedRows(t *testing.T) {
	for _, c := range rejectedCases {
		for _, plain := range []bool{false, true} {
			if plain && outerOn.MatchString(c.query) {
				continue // without the optimiser it is no key but a condition
			}
			dir := t.TempDir()
			e := openChecked(t, engine.Config{NoOptimizer: plain, Workers: 2})
			if err := runAll(t.Context(), e, rejectedScript(t, dir)); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(queryValues(t, e, c.query), " "); got != c.rows {
				t.Errorf("%s (NoOptimizer: %v)\ngave %s\nwant %s", c.query, plain, got, c.rows)
			}
			if err := runAll(t.Context(), e, "CREATE QUERY q OPTIONS (deadLetters = 'dead') AS INSERT INTO out "+c.query+";"); err != nil {
				t.Errorf("%s: %v", c.query, err)
				continue
			}
			var got []string
			if c.dead != "" {
				for _, d := range readDead(t, dir+"/dead") {
					got = append(got, d.Model+" "+d.Reason+" "+d.Inputs)
				}
			}
			slices.Sort(got)
			if text := strings.Join(got, "; "); text != c.dead {
				t.Errorf("%s (NoOptimizer: %v)\ndead letters %s\nwant         %s", c.query, plain, text, c.dead)
			}
		}
	}
}

func rejectedScript(t *testing.T, dir string) string {
	writeFile(t, dir+"/m.pmml", linear(""))
	return fmt.Sprintf(`
CREATE MODEL m USING pmml OPTIONS (path = '%s/m.pmml', onMissing = 'dlq', onInvalid = 'dlq');
CREATE MODEL n USING pmml OPTIONS (path = '%s/m.pmml', onMissing = 'dlq');
CREATE VIEW t AS SELECT * FROM (VALUES (1, 1D), (2, NULL), (3, 17D), (4, 4D)) AS v(id, x);
CREATE VIEW r AS SELECT * FROM (VALUES (3D, 10), (9D, 20)) AS v(k, w);
CREATE VIEW scored AS SELECT predict('m', x) AS y FROM t;
CREATE TABLE dead USING json OPTIONS (path = '%s/dead');
CREATE TABLE out USING json OPTIONS (path = '%s/out');`, dir, dir, dir, dir)
}

// queryValues gives all values of a query's rows, as texts.
func queryValues(t *testing.T, e *engine.Engine, query string) (out []string) {
	t.Helper()
	rows, err := e.Query(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	for rec, err := range rows.All() {
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		for i := range int(rec.NumRows()) {
			for _, c := range rec.Columns() {
				if c.IsNull(i) {
					out = append(out, "NULL")
				} else {
					out = append(out, c.ValueStr(i))
				}
			}
		}
	}
	return out
}

package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine"
)

// tallyModel adds its inputs x1 and x2, and notes what it was asked for. Its
// outputs are the sum as a text, and the probabilities of two classes.
type tallyModel struct {
	add float64
	mu  sync.Mutex
	// calls are the outputs of each call of Score, and rows how many were scored.
	calls []string
	rows  int
}

func (m *tallyModel) Inputs() []arrow.Field {
	return []arrow.Field{{Name: "x1", Type: arrow.PrimitiveTypes.Float64}, {Name: "x2", Type: arrow.PrimitiveTypes.Float64}}
}

func (m *tallyModel) Outputs() []catalog.Output {
	return []catalog.Output{
		{Field: arrow.Field{Name: "class", Type: arrow.BinaryTypes.String}, Role: catalog.RolePredicted, Target: true},
		{Field: arrow.Field{Name: "p_low", Type: arrow.PrimitiveTypes.Float64}, Role: catalog.RoleProbability, Class: "low"},
		{Field: arrow.Field{Name: "p_high", Type: arrow.PrimitiveTypes.Float64}, Role: catalog.RoleProbability, Class: "high"},
	}
}

func (m *tallyModel) Describe() []catalog.Property { return nil }

func (m *tallyModel) Score(t catalog.Task, n int, in []arrow.Array, want []int) ([]arrow.Array, error) {
	m.mu.Lock()
	m.calls = append(m.calls, fmt.Sprint(want))
	m.rows += n
	m.mu.Unlock()
	x, y := in[0].(*array.Float64), in[1].(*array.Float64)
	var out []arrow.Array
	for _, w := range want {
		b := array.NewBuilder(t.Allocator(), m.Outputs()[w].Field.Type)
		for i := range n {
			sum := x.Value(i) + y.Value(i) + m.add
			switch b := b.(type) {
			case *array.StringBuilder:
				if x.IsNull(i) {
					b.AppendNull()
				} else {
					b.Append(fmt.Sprint(sum))
				}
			case *array.Float64Builder:
				if x.IsNull(i) {
					b.AppendNull()
				} else if w == 1 {
					b.Append(1 / sum)
				} else {
					b.Append(1 - 1/sum)
				}
			}
		}
		out = append(out, b.NewArray())
		b.Release()
	}
	return out, nil
}

// reset forgets what was noted and returns it.
func (m *tallyModel) reset() (calls []string, rows int) {
	calls, rows = m.calls, m.rows
	m.calls, m.rows = nil, 0
	slices.Sort(calls)
	return calls, rows
}

// tallyEngine has the models a and b and the function f, which adds 1.
func tallyEngine(t testing.TB, config engine.Config) (e *engine.Engine, a, b *tallyModel, calls *atomic.Int64) {
	t.Helper()
	e, err := engine.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	a, b, calls = &tallyModel{}, &tallyModel{add: 10}, new(atomic.Int64)
	f := engine.Function1("f", func(x float64) (float64, error) {
		calls.Add(1)
		return x + 1, nil
	})
	for _, err := range []error{e.RegisterModel("a", "v1", a), e.RegisterModel("b", "v2", b), e.RegisterFunction(f)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return e, a, b, calls
}

// queryText gives the rows of a query as text.
func queryText(t testing.TB, e *engine.Engine, query string) string {
	t.Helper()
	rows, err := e.Query(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var lines []string
	for rec, err := range rows.All() {
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		for i := range int(rec.NumRows()) {
			var parts []string
			for _, c := range rec.Columns() {
				parts = append(parts, c.ValueStr(i))
			}
			lines = append(lines, strings.Join(parts, "|"))
		}
	}
	return strings.Join(lines, "\n")
}

// TestChampionAndChallenger counts what a SELECT over three rows costs: two models
// beside each other compute what they share once, and several functions of one
// model score it once, for the outputs that are read.
func TestChampionAndChallenger(t *testing.T) {
	alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer alloc.AssertSize(t, 0)
	e, a, b, calls := tallyEngine(t, engine.Config{Allocator: alloc})
	defer e.Close()
	plain, _, _, _ := tallyEngine(t, engine.Config{Allocator: alloc, NoOptimizer: true})
	defer plain.Close()
	const from = " FROM (VALUES (1D, 2D), (NULL, 1D), (3D, 4D)) AS t(x, x2)"
	for _, c := range []struct {
		query        string
		want         string
		a, b         []string // the outputs of each call of Score
		calls, nulls int64
	}{
		{query: "SELECT predict(a, f(x) AS x1, x2) AS champion, predict(b, f(x) AS x1, x2) AS challenger" + from,
			want: "4|14\n(null)|(null)\n8|18", a: []string{"[0]"}, b: []string{"[0]"}, calls: 2},
		{query: "SELECT predict(a, f(x) AS x1, x2) AS p, predict_proba(a, f(x) AS x1, x2)['low'] AS low, predict_all(a, f(x) AS x1, x2) AS r" + from,
			want: `4|0.25|{"class":"4","p_high":0.75,"p_low":0.25}` + "\n" + `(null)|(null)|{"class":null,"p_high":null,"p_low":null}` + "\n" +
				`8|0.125|{"class":"8","p_high":0.875,"p_low":0.125}`, a: []string{"[0 1 2]"}, calls: 2},
		{query: "SELECT predict(a, x2 AS x1, x2) AS p, predict_all(a, x2 AS x1, x2).p_high AS h" + from,
			want: "4|0.75\n2|0.5\n8|0.875", a: []string{"[0 2]"}},
		{query: "SELECT predict_all(a, x2 AS x1, x2).p_high AS h" + from, want: "0.75\n0.5\n0.875", a: []string{"[2]"}},
		{query: "SELECT predict(a, x2 AS x1, x2) AS p" + from, want: "4\n2\n8", a: []string{"[0]"}},
		{query: "SELECT class, p_low, class0, p_high0 FROM ML_PREDICT((SELECT * FROM ML_PREDICT((SELECT f(x2) AS x1, x2" + from +
			"), MODEL a, DESCRIPTOR(x1, x2))), MODEL b, DESCRIPTOR(x1, x2))",
			want: "5|0.2|15|0.9333333333333333\n3|0.3333333333333333|13|0.9230769230769231\n9|0.1111111111111111|19|0.9473684210526316",
			a:    []string{"[0 1]"}, b: []string{"[0 2]"}, calls: 3},
		{query: "SELECT class FROM ML_PREDICT((SELECT x2 AS y, x2 AS z" + from + "), MODEL a, DESCRIPTOR(y, z)) WHERE p_low < 0.3",
			want: "4\n8", a: []string{"[0 1]"}},
		{query: "SELECT model_version(a) AS v, model_version('B') AS w, predict(a, x2 AS x1, x2) AS p" + from, want: "v1|v2|4\nv1|v2|2\nv1|v2|8", a: []string{"[0]"}},
		{query: "SELECT predict(a, t.*, x2 AS x1) AS p" + from, want: "4\n2\n8", a: []string{"[0]"}},
	} {
		if got := queryText(t, e, c.query); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.query, got, c.want)
		}
		if got := queryText(t, plain, c.query); got != c.want {
			t.Errorf("%s without rules\ngot  %s\nwant %s", c.query, got, c.want)
		}
		for _, m := range []struct {
			name  string
			model *tallyModel
			want  []string
		}{{"a", a, c.a}, {"b", b, c.b}} {
			scored, rows := m.model.reset()
			if !slices.Equal(scored, m.want) || rows != 3*len(m.want) {
				t.Errorf("%s\nmodel %s scored %v for %d rows in all, want %v for 3 rows each", c.query, m.name, scored, rows, m.want)
			}
		}
		if got := calls.Swap(0); got != c.calls {
			t.Errorf("%s\nf ran %d times, want %d", c.query, got, c.calls)
		}
	}
}

// TestSharedScoreFollowsPolicy: a model that is scored once for several functions
// has its policies all the same.
func TestSharedScoreFollowsPolicy(t *testing.T) {
	for _, optimize := range []bool{true, false} {
		e, err := engine.Open(engine.Config{NoOptimizer: !optimize})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		create := "CREATE MODEL price USING pmml OPTIONS (path = '../testdata/pmml/several.pmml', modelName = 'price', onMissing = 'error')"
		if err := runAll(t.Context(), e, create); err != nil {
			t.Fatal(err)
		}
		const query = "SELECT predict(price, amount) AS p, predict_all(price, amount) AS r FROM VALUES (1D), (CAST(%s AS DOUBLE)), (3D) AS t(amount)"
		want := `3|{"price":3}` + "\n" + `5|{"price":5}` + "\n" + `7|{"price":7}`
		if got := queryText(t, e, fmt.Sprintf(query, "2D")); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		rows, err := e.Query(t.Context(), fmt.Sprintf(query, "NULL"))
		if err == nil {
			for _, e := range rows.All() {
				err = e
			}
		}
		mentions(t, err, "model price", "amount")
	}
}

// TestMLPredictStream: rows of a stream go through ML_PREDICT into a table, and the
// model's version with them.
func TestMLPredictStream(t *testing.T) {
	alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer alloc.AssertSize(t, 0)
	e, a, _, _ := tallyEngine(t, engine.Config{Allocator: alloc, AvailableNow: true})
	defer e.Close()
	script := `
CREATE STREAM events USING kafka OPTIONS ('kafka.bootstrap.servers' = 'embedded', subscribe = 'events', startingOffsets = 'earliest');
INSERT INTO events SELECT '{"x1":1,"x2":2,"more":"m"}' AS value UNION ALL SELECT '{"x2":4,"x1":3}' AS value;
CREATE VIEW parsed AS SELECT v.* FROM (SELECT from_json(CAST(value AS STRING), 'x1 DOUBLE, x2 DOUBLE, more STRING') AS v FROM events);
CREATE TABLE out USING memory;
CREATE QUERY q AS INSERT INTO out SELECT x1, class, p_low, model_version(a) AS version FROM ML_PREDICT(TABLE parsed, MODEL a, DESCRIPTOR(x2, x1)) AS p;
AWAIT QUERY q`
	if err := runAll(t.Context(), e, script); err != nil {
		t.Fatal(err)
	}
	if got, want := queryText(t, e, "SELECT * FROM out ORDER BY x1"), "1|3|0.3333333333333333|v1\n3|7|0.14285714285714285|v1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if calls, rows := a.reset(); rows != 2 || !slices.Contains(calls, "[0 1]") {
		t.Errorf("scored %v for %d rows", calls, rows)
	}
}

// TestVersionFollowsReplacement: rows that ML_PREDICT scores before and after a
// model's file changes have the version that they were scored with.
func TestVersionFollowsReplacement(t *testing.T) {
	r := newScoring(t)
	r.query = "SELECT v, model_version(m) AS version, a FROM ML_PREDICT((SELECT CAST(value AS STRING) AS v, CAST(CAST(value AS STRING) AS DOUBLE) AS n FROM s), MODEL m, DESCRIPTOR(n)) AS p (v, n, a)"
	e, _ := r.start(t, engine.Config{})
	r.send(t, e, 0, 2)
	was := e.Lookup("score").Progress().Models[0].Version
	replaceFile(t, r.path(), answering("new"))
	r.send(t, e, 2, 4)
	is := e.Lookup("score").Progress().Models[0].Version
	var want []string
	for i, v := range []string{was, was, is, is} {
		want = append(want, fmt.Sprintf(`{"v":"%d","version":"%s","a":"%s"}`, i, v, []string{"old", "new"}[i/2]))
	}
	if sameLines(t, readLog(t, r.dir+"/out"), want); was == is || len(was) != 64 {
		t.Errorf("versions %q and %q", was, is)
	}
}

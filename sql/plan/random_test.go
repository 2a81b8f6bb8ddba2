package plan_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-sql/millrace/sql/plan"
)

// queryMaker writes random queries that bind, over two small tables with NULLs
// and repeated rows.
type queryMaker struct{ *rand.Rand }

const randomTables = `WITH p AS (SELECT * FROM VALUES (1, 'a', 1.5D), (2, 'b', CAST('NaN' AS DOUBLE)), (2, 'b', -0.0D), (3, CAST(NULL AS STRING), 0.0D), (CAST(NULL AS INT), 'a', CAST(NULL AS DOUBLE)), (5, 'c', 7D) AS v(i, s, d)),
q AS (SELECT * FROM VALUES (1, 'a', 0.0D), (2, 'x', CAST('NaN' AS DOUBLE)), (CAST(NULL AS INT), 'b', 1.5D), (2, 'b', 2D), (5, CAST(NULL AS STRING), CAST(NULL AS DOUBLE)) AS v(i, s, d))
`

func (m queryMaker) pick(list ...string) string { return list[m.IntN(len(list))] }

// value is an expression of a type over the columns of the tables given.
func (m queryMaker) value(kind string, depth int, tables ...string) string {
	col := func(c string) string { return m.pick(tables...) + "." + c }
	if depth == 0 {
		switch kind {
		case "i":
			return m.pick(col("i"), col("i"), "1", "2", "NULL")
		case "s":
			return m.pick(col("s"), col("s"), "'a'", "'b'")
		case "d":
			return m.pick(col("d"), col("d"), "0.0D", "1.5D")
		}
		return m.pick("TRUE", "FALSE", "NULL = 1", col("i")+" = 2", col("s")+" = 'a'")
	}
	v := func(kind string) string { return m.value(kind, depth-1, tables...) }
	switch kind {
	case "i":
		return m.pick(
			fmt.Sprintf("(%s + %s)", v("i"), v("i")), fmt.Sprintf("CASE WHEN %s THEN %s ELSE %s END", v("b"), v("i"), v("i")),
			fmt.Sprintf("coalesce(%s, %s)", v("i"), v("i")), fmt.Sprintf("length(%s)", v("s")), v("i"))
	case "s":
		return m.pick(fmt.Sprintf("(%s || %s)", v("s"), v("s")), fmt.Sprintf("upper(%s)", v("s")), fmt.Sprintf("CAST(%s AS STRING)", v("i")),
			fmt.Sprintf("md5(%s)", v("s")), fmt.Sprintf("predict(tally, %s)", m.scored(tables...)), v("s"))
	case "d":
		return m.pick(fmt.Sprintf("(%s * %s)", v("d"), v("i")), fmt.Sprintf("named_struct('x', %s, 'y', %s).x", v("d"), v("s")), v("d"),
			fmt.Sprintf("predict_all(tally, %s).%s", m.scored(tables...), m.pick("weight", "p_even")), fmt.Sprintf("predict_proba(tally, %s)['odd']", m.scored(tables...)))
	}
	k := m.pick("i", "s", "d")
	return m.pick(
		fmt.Sprintf("(%s AND %s)", v("b"), v("b")), fmt.Sprintf("(%s OR %s)", v("b"), v("b")), fmt.Sprintf("(NOT %s)", v("b")),
		fmt.Sprintf("(%s %s %s)", v(k), m.pick("=", "<", ">=", "!=", "<=>"), v(k)),
		fmt.Sprintf("(%s IS %sNULL)", v(k), m.pick("", "NOT ")), fmt.Sprintf("(%s IN (%s, %s))", v(k), v(k), v(k)))
}

// scored is what the model tally is given: mostly the same.
func (m queryMaker) scored(tables ...string) string {
	t := tables[0]
	if m.IntN(4) == 0 {
		t = m.pick(tables...)
	}
	x := t + ".i"
	if m.IntN(4) == 0 {
		x = m.value("i", 1, tables...)
	}
	return fmt.Sprintf("CAST(%s AS INT) AS x, %s.s, %s.d", x, t, t)
}

// relation is an item of FROM with columns i, s, d, called by a name.
func (m queryMaker) relation(name string, depth int) string {
	if depth == 0 || m.IntN(4) == 0 {
		return m.pick("p", "q") + " AS " + name
	}
	return "(" + m.query(depth-1) + ") AS " + name
}

// query has columns i, s and d.
func (m queryMaker) query(depth int) string {
	switch m.IntN(13) {
	case 0:
		op := m.pick("UNION ALL", "UNION ALL", "UNION", "EXCEPT", "INTERSECT", "EXCEPT ALL", "INTERSECT ALL")
		return fmt.Sprintf("SELECT i, s, d FROM (%s) %s SELECT i, s, d FROM (%s)", m.query(depth/2), op, m.query(depth/2))
	case 1:
		from := m.relation("t", depth)
		return fmt.Sprintf("SELECT t.i AS i, max(%s) AS s, sum(%s) AS d FROM %s%s GROUP BY t.i%s", m.value("s", 1, "t"), m.value("d", 1, "t"),
			from, m.where("t"), m.pick("", " HAVING count(*) > 1", " HAVING t.i > 1"))
	case 2:
		return fmt.Sprintf("SELECT DISTINCT %s AS i, %s AS s, %s AS d FROM %s%s", m.value("i", 1, "t"), m.value("s", 1, "t"), m.value("d", 1, "t"), m.relation("t", depth), m.where("t"))
	case 3:
		return fmt.Sprintf("SELECT i, s, d FROM %s JOIN (SELECT i, s AS s2 FROM %s) u USING (i)%s", m.relation("t", depth), m.relation("w", depth/2), m.pick("", " WHERE s2 = 'a'"))
	case 4:
		return fmt.Sprintf("SELECT i, s, d FROM %s WHERE %s", m.relation("t", depth), m.pick(
			"t.i IN (SELECT q.i FROM q)", "t.i NOT IN (SELECT q.i FROM q WHERE q.i > 1)", "EXISTS (SELECT 1 FROM q WHERE q.s = t.s)",
			"NOT EXISTS (SELECT 1 FROM q WHERE q.i = t.i AND q.d > t.d)", "t.i > (SELECT min(q.i) FROM q)", "t.i >= (SELECT count(*) FROM q WHERE q.s = t.s)"))
	case 5:
		return fmt.Sprintf("SELECT x AS i, y AS s, x * 1.5D AS d FROM (SELECT %s AS x, %s AS y, md5(t.s) AS z FROM %s) v WHERE %s",
			m.value("i", 1, "t"), m.value("s", 1, "t"), m.relation("t", depth), m.pick("x > 1", "y = 'A'", "z IS NOT NULL", "TRUE"))
	}
	if out := m.more(depth); out != "" {
		return out
	}
	kind := m.pick("JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN")
	on := m.pick("t.i = u.i", "t.i = u.i AND t.s <=> u.s", "t.d = u.d AND "+m.value("b", 1, "t", "u"), m.value("b", 1, "t", "u"), "t.i = u.i + 1 AND u.s = 'b'")
	return fmt.Sprintf("SELECT %s AS i, %s AS s, %s AS d FROM %s %s %s ON %s%s", m.value("i", 1, "t", "u"), m.value("s", 1, "t", "u"), m.value("d", 1, "t", "u"),
		m.relation("t", depth), kind, m.relation("u", depth/2), on, m.where("t", "u"))
}

// more are the rarer shapes of a query; "" leaves it to the others.
func (m queryMaker) more(depth int) string {
	switch m.IntN(12) {
	case 6:
		return fmt.Sprintf("SELECT t.i AS i, %s AS s, %s AS d FROM ML_PREDICT((SELECT CAST(i AS INT) AS i, s AS text, d AS size, s, d FROM (%s)), MODEL tally, DESCRIPTOR(i, text, size)) AS t%s",
			m.pick("t.class", "upper(t.class)", "t.s"), m.pick("t.weight", "t.weight + t.p_odd", "t.p_even", "t.d"), m.query(depth/2),
			m.pick("", " WHERE t.p_odd = 1", " WHERE t.class LIKE '%a' AND t.i > 1", m.where("t")))
	case 7:
		return fmt.Sprintf("SELECT t.i AS i, a.class AS s, b.weight AS d FROM %s, LATERAL TABLE(ML_PREDICT('tally', CAST(t.i AS INT), t.s, t.d)) AS a (class, weight, odd, even), LATERAL TABLE(ML_PREDICT('tally', %s)) AS b (class, weight, odd, even)%s",
			m.relation("t", depth), m.pick("CAST(t.i AS INT), t.s, t.d", "CAST(t.i AS INT) AS x, a.class AS s, t.d", "length(t.s), t.s AS text, a.odd"), m.pick("", " WHERE a.odd = b.odd", " WHERE b.class = 'x'"))
	case 8:
		return fmt.Sprintf("SELECT t.i AS i, r.class AS s, %s AS d FROM (SELECT t.i, predict_all(tally, CAST(t.i AS INT) AS x, t.s, t.d) AS r FROM %s) AS t WHERE %s",
			m.pick("r.weight", "r.p_odd + r.p_even"), m.relation("t", depth), m.pick("TRUE", "r.p_even = 0", "r.class IS NOT NULL"))
	case 0:
		return fmt.Sprintf("SELECT i, s, d FROM (%s) ORDER BY i, s, d LIMIT %d OFFSET %d", m.query(depth/2), m.IntN(6), m.IntN(3))
	case 1:
		return fmt.Sprintf("SELECT e.x AS i, t.s AS s, t.d AS d FROM %s LATERAL VIEW %s explode(%s) e AS x%s", m.relation("t", depth), m.pick("", "OUTER"),
			m.pick("array(t.i, 7)", "filter(array(t.i, 2), y -> y > 1)", "transform(array(1, 2), y -> y + t.i)"), m.pick("", " WHERE t.i > 1 AND e.x > 1", " WHERE t.s = 'a'"))
	case 2:
		return fmt.Sprintf("SELECT t.i AS i, t.s AS s, sum(t.d) AS d FROM %s%s GROUP BY %s (t.i, t.s)%s", m.relation("t", depth), m.where("t"), m.pick("ROLLUP", "CUBE"),
			m.pick("", " HAVING t.i > 1", " HAVING count(*) > 1"))
	case 3:
		return fmt.Sprintf("SELECT t.i + 1 AS i2, i2 * 2 AS i, md5(t.s) AS h, h || h AS s, t.d AS d FROM %s%s", m.relation("t", depth), m.where("t"))
	case 4:
		return fmt.Sprintf("SELECT (SELECT max(q.i) FROM q WHERE q.s = t.s) AS i, t.s AS s, CASE WHEN t.i %s (SELECT q.i FROM q WHERE %s) THEN t.d END AS d FROM %s",
			m.pick("IN", "NOT IN"), m.pick("q.i > 1", "TRUE", "FALSE"), m.relation("t", depth))
	case 5:
		return fmt.Sprintf("SELECT v.a AS i, v.b AS s, v.a * 1.5D AS d FROM (SELECT from_json(to_json(struct(t.i AS a, t.s AS b)), 'a INT, b STRING') AS v FROM %s) WHERE %s",
			m.relation("t", depth), m.pick("v.a IS NOT NULL", "v.b = 'a'", "TRUE"))
	}
	return ""
}

func (m queryMaker) where(tables ...string) string {
	if m.IntN(3) == 0 {
		return ""
	}
	return " WHERE " + m.value("b", 2, tables...)
}

// sameRows checks that a random query gives the same rows as bound and as
// optimised with each of several sets of rules.
func sameRows(t *testing.T, seed uint64, depth int, sets [][]plan.Rule) {
	m := queryMaker{rand.New(rand.NewPCG(seed, 7))}
	text := randomTables + m.query(depth)
	n, err := bindText(testCatalog(t), text)
	if err != nil {
		t.Fatalf("seed %d: %s", seed, err)
	}
	want, err := runPlan(t, n)
	if err != nil {
		t.Fatalf("seed %d: %s\n%s", seed, text, err)
	}
	slices.Sort(want)
	for _, set := range sets {
		out := plan.OptimizeWith(n, set)
		if err := plan.Check(out); err != nil {
			t.Fatalf("seed %d, rule %s: %s\n%s\n%s", seed, set[0].Name, text, err, plan.Explain(out))
		}
		got, err := runPlan(t, out)
		if err != nil {
			t.Fatalf("seed %d, rule %s: %s\n%s\n%s", seed, set[0].Name, text, err, plan.Explain(out))
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d, rule %s: %s\ngot\n%s\nwithout it\n%s\n%s\n%s", seed, set[0].Name, text,
				strings.Join(got, "\n"), strings.Join(want, "\n"), plan.Explain(out), plan.Explain(n))
		}
	}
}

func single() [][]plan.Rule {
	var out [][]plan.Rule
	for _, r := range plan.Rules() {
		out = append(out, []plan.Rule{r})
	}
	return out
}

func TestRandomQueries(t *testing.T) {
	sets := append([][]plan.Rule{plan.Rules()}, single()...)
	for seed := range uint64(250) {
		sameRows(t, seed, 2, sets)
	}
}

// FuzzOptimize tries one set of rules at a time on small queries: the number picks
// all rules together, or one.
func FuzzOptimize(f *testing.F) {
	sets := append([][]plan.Rule{plan.Rules()}, single()...)
	f.Add(uint64(0), uint8(0))
	f.Fuzz(func(t *testing.T, seed uint64, set uint8) {
		at := int(set) % len(sets)
		sameRows(t, seed, 1, sets[at:at+1])
	})
}

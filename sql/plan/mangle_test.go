package plan_test

import (
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/millrace-sql/millrace/sql"
	"github.com/millrace-sql/millrace/sql/plan"
)

var tokens = regexp.MustCompile(`'[^']*'|[A-Za-z_][A-Za-z_0-9.]*|[0-9.]+[A-Z]*|\s+|[<>=!]+|.`)

// mangle drops, repeats and exchanges tokens of a statement, also for those of
// others.
func mangle(r *rand.Rand, text string, others []string) string {
	parts := tokens.FindAllString(text, -1)
	for range 1 + r.IntN(3) {
		i := r.IntN(len(parts))
		switch r.IntN(4) {
		case 0:
			parts[i] = ""
		case 1:
			parts[i] = parts[i] + " " + parts[i]
		case 2:
			j := r.IntN(len(parts))
			parts[i], parts[j] = parts[j], parts[i]
		default:
			more := tokens.FindAllString(others[r.IntN(len(others))], -1)
			parts[i] = more[r.IntN(len(more))]
		}
	}
	return strings.Join(parts, "")
}

// mangled checks that a statement that is nearly right binds to a sound plan or
// gives faults that lie in its text.
func mangled(t *testing.T, seed uint64, corpus []string) {
	r := rand.New(rand.NewPCG(seed, 11))
	text := mangle(r, corpus[r.IntN(len(corpus))], corpus)
	n, err := bindText(testCatalog(t), text)
	if err != nil {
		var list sql.ErrorList
		if !errors.As(err, &list) || len(list) == 0 {
			t.Fatalf("%s\nis refused by %T: %v", text, err, err)
		}
		for _, e := range list {
			if e.Msg == "" || e.Span.Start < 0 || e.Span.End > len(text) || e.Span.Start > e.Span.End {
				t.Fatalf("%s\nfault %q at %v", text, e.Msg, e.Span)
			}
			if strings.Contains(e.Msg, "cannot be planned yet") {
				t.Errorf("%s\n%s", text, e.Msg)
			}
		}
		return
	}
	out := plan.Optimize(n)
	if err := plan.Check(out); err != nil {
		t.Fatalf("%s\n%s\n%s", text, err, plan.Explain(out))
	}
	if !sameColumns(n.Columns(), out.Columns()) {
		t.Fatalf("%s\nthe columns change from %v to %v", text, n.Columns(), out.Columns())
	}
	_ = plan.CheckStreaming(n)
}

func TestMangled(t *testing.T) {
	corpus := statements(t)
	for seed := range uint64(2000) {
		mangled(t, seed, corpus)
	}
}

func FuzzMangled(f *testing.F) {
	corpus := []string{
		"SELECT a, count(*) AS n FROM t WHERE b IN (SELECT a FROM u) GROUP BY a HAVING n > 1 ORDER BY n LIMIT 3",
		"SELECT s.*, t.l[0], predict(forest, i.*) AS p FROM t JOIN iris_df i ON t.d = i.sepal_length LATERAL VIEW explode(l) v AS x",
		"SELECT p.*, q.class FROM ML_PREDICT(TABLE u, MODEL risk, DESCRIPTOR(a, e)) AS p, LATERAL TABLE(ML_PREDICT('tally', p.a, e, p_yes)) AS q WHERE p_no > 0.5",
		"INSERT INTO u (e, a) SELECT upper(c), CASE WHEN ok THEN a ELSE 7 END FROM t UNION ALL SELECT 'x', 1",
		"WITH w AS (SELECT a, c FROM t) SELECT * FROM w FULL JOIN u USING (a) WHERE EXISTS (SELECT 1 FROM t WHERE t.a = u.a)",
	}
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { mangled(t, seed, corpus) })
}

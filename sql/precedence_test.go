package sql

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
)

// reference writes random expressions: full has every operation in
// parentheses, sparse only those that Spark's precedence makes necessary.
type reference struct{ r *rand.Rand }

// written is an expression in both forms, with the level of its operator by
// the table below.
type written struct {
	full, sparse string
	level        int
}

// referenceLevels are Spark's levels, tightest last, written anew for the test.
var referenceLevels = [][]string{
	0: {"OR"}, 1: {"AND"}, 2: nil /* NOT */, 3: nil, /* predicates */
	4: {"=", "!=", "<", "<=", ">", ">=", "<=>"}, 5: {"|"}, 6: {"^"}, 7: {"&"}, 8: {"+", "-", "||"}, 9: {"*", "/", "%", "DIV"},
	10: nil /* - ~ */, 11: nil, /* names, numbers */
}

func (g reference) expr(depth int) written {
	if depth == 0 || g.r.Intn(6) == 0 {
		leaf := []string{"a", "b.c", "1", "'x'", "f(1)", "m[0]", "NULL", "TRUE", "2.5"}[g.r.Intn(9)]
		return written{leaf, leaf, 11}
	}
	switch n := g.r.Intn(12); n {
	case 0:
		x := g.expr(depth - 1)
		return written{"(NOT " + x.full + ")", "NOT " + x.within(2), 2}
	case 1:
		op := []string{"-", "~", "+"}[g.r.Intn(3)]
		x := g.expr(depth - 1)
		return written{"(" + op + " " + x.full + ")", op + " " + x.within(10), 10}
	case 2, 3:
		return g.predicate(depth)
	default:
		level := []int{0, 1, 4, 5, 6, 7, 8, 9}[g.r.Intn(8)]
		ops := referenceLevels[level]
		op := ops[g.r.Intn(len(ops))]
		l, r := g.expr(depth-1), g.expr(depth-1)
		return written{
			"(" + l.full + " " + op + " " + r.full + ")",
			l.within(level) + " " + op + " " + r.within(level+1), level,
		}
	}
}

func (g reference) predicate(depth int) written {
	x, y, z := g.expr(depth-1), g.expr(depth-1), g.expr(depth-1)
	forms := []string{
		"%s IS NULL", "%s IS NOT TRUE", "%s IS DISTINCT FROM %s", "%s BETWEEN %s AND %s", "%s NOT BETWEEN %s AND %s", "%s LIKE %s", "%s NOT RLIKE %s",
	}
	form := forms[g.r.Intn(len(forms))]
	full, sparse := []any{x.full}, []any{x.within(4)}
	for _, operand := range []written{y, z}[:strings.Count(form, "%s")-1] {
		full, sparse = append(full, operand.full), append(sparse, operand.within(4))
	}
	return written{"(" + fmt.Sprintf(form, full...) + ")", fmt.Sprintf(form, sparse...), 3}
}

// within is the sparse form as an operand that must bind at least as tight as
// level.
func (w written) within(level int) string {
	if w.level < level {
		return "(" + w.sparse + ")"
	}
	return w.sparse
}

// TestPrecedence checks that an expression means the same with all its
// parentheses and with only the necessary ones.
func TestPrecedence(t *testing.T) {
	g := reference{rand.New(rand.NewSource(1))}
	for range 3000 {
		w := g.expr(5)
		full, err := ParseExpr(w.full)
		if err != nil {
			t.Fatalf("%s\n%v", w.full, err)
		}
		sparse, err := ParseExpr(w.sparse)
		if err != nil {
			t.Fatalf("%s\n%v\nfrom %s", w.sparse, err, w.full)
		}
		if a, b := dump(full), dump(sparse); a != b {
			t.Fatalf("%s\n%s reads as\n%sand with parentheses as\n%s", w.full, w.sparse, b, a)
		}
		if a, b := Text(full), Text(sparse); a != b {
			t.Fatalf("%s: %s and %s", w.full, a, b)
		}
	}
}

// BenchmarkParse reads a script of a streaming query over and over.
func BenchmarkParse(b *testing.B) {
	text := strings.Repeat(`CREATE QUERY classify OPTIONS (checkpointLocation = '${d:-x}') AS INSERT INTO results
SELECT s.*, CAST(predict('forest', s.*) AS INT) AS prediction, r.variety AS original_class
FROM (SELECT v.* FROM (SELECT from_json(CAST(value AS STRING), 'a DOUBLE, b DOUBLE') AS v FROM iris)) s JOIN r USING (a, b) WHERE a + b > 1;
`, 100)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for range b.N {
		s := NewScript(&Source{Text: text})
		for range 100 {
			if _, err := s.Next(nil, nil); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N*100)/b.Elapsed().Seconds(), "statements/s")
}

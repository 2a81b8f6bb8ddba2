package plan_test

import (
	"testing"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql/plan"
)

// statements are all statements at hand that bind.
func statements(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, q := range sparkQueries(t) {
		out = append(out, q.SQL)
	}
	for _, path := range goldenFiles(t) {
		for _, c := range parseGolden(t, path) {
			out = append(out, c.text)
		}
	}
	c := testCatalog(t)
	var bound []string
	for _, text := range out {
		if _, err := bindText(c, text); err == nil {
			bound = append(bound, text)
		}
	}
	if len(bound) < 200 {
		t.Fatalf("only %d statements bind", len(bound))
	}
	return bound
}

// TestOptimizeKeepsColumns checks, for every rule by itself and all together,
// that the columns stay, that every expression finds what it reads, and that
// doing it again changes nothing.
func TestOptimizeKeepsColumns(t *testing.T) {
	c := testCatalog(t)
	sets := [][]plan.Rule{plan.Rules()}
	for _, r := range plan.Rules() {
		sets = append(sets, []plan.Rule{r})
	}
	for _, text := range statements(t) {
		n, err := bindText(c, text)
		if err != nil {
			t.Fatal(err)
		}
		if fault := plan.Check(n); fault != nil {
			t.Fatalf("%s\nbound to a faulty plan: %s\n%s", text, fault, plan.Explain(n))
		}
		for _, set := range sets {
			out := plan.OptimizeWith(n, set)
			if fault := plan.Check(out); fault != nil {
				t.Errorf("%s\nrule %s makes a faulty plan: %s\n%s", text, set[0].Name, fault, plan.Explain(out))
			}
			if !sameColumns(n.Columns(), out.Columns()) {
				t.Errorf("%s\nrule %s changes the columns from %v to %v", text, set[0].Name, n.Columns(), out.Columns())
			}
			again := plan.OptimizeWith(out, set)
			if plan.Explain(again) != plan.Explain(out) {
				t.Errorf("%s\nrule %s is not done after\n%s\nbut goes on to\n%s", text, set[0].Name, plan.Explain(out), plan.Explain(again))
			}
		}
	}
}

func sameColumns(a, b []plan.Column) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].ID != b[i].ID || a[i].Name != b[i].Name || !arrow.TypeEqual(a[i].Type, b[i].Type) {
			return false
		}
	}
	return true
}

// TestRulesEnd checks that the rules come to rest by themselves and not by the
// driver's limit.
func TestRulesEnd(t *testing.T) {
	c := testCatalog(t)
	for _, text := range statements(t) {
		n, err := bindText(c, text)
		if err != nil {
			t.Fatal(err)
		}
		rounds := 0
		counter := plan.Rule{Name: "count", Apply: func(n plan.Node) (plan.Node, bool) { rounds++; return n, false }}
		plan.OptimizeWith(n, append(plan.Rules(), counter))
		if rounds > 12 {
			t.Errorf("%d rounds for %s", rounds, text)
		}
	}
}

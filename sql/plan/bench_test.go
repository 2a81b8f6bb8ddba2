package plan_test

import (
	"os"
	"strings"
	"testing"

	"github.com/millrace-sql/millrace/sql/plan"
)

// BenchmarkIris binds and optimises the notebook's query.
func BenchmarkIris(b *testing.B) {
	text, err := os.ReadFile("../../testdata/plan/iris.txt")
	if err != nil {
		b.Fatal(err)
	}
	query := string(text)
	query = query[strings.Index(query, "INSERT"):]
	query, _, _ = strings.Cut(query, "\n----")
	c := testCatalog(b)
	b.ReportAllocs()
	for b.Loop() {
		n, err := bindText(c, query)
		if err != nil {
			b.Fatal(err)
		}
		plan.Optimize(n)
	}
}

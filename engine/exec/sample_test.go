package exec

import (
	"fmt"
	"strings"
	"testing"

	"github.com/millrace-sql/millrace/sql/plan"
)

func numbers(n int) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("[%d]", i))
	}
	return strings.Join(out, "\n")
}

func TestSample(t *testing.T) {
	x := column(1, "x", f64)
	in := table("t", x)
	data := map[string]string{"t": numbers(1000)}
	check(t, &plan.Sample{Input: in, Rows: 2}, data, "[0]\n[1]")
	check(t, &plan.Sample{Input: in, Rows: -1, Fraction: 0, Seeded: true}, data, "")
	check(t, &plan.Sample{Input: in, Rows: -1, Fraction: 1, Seeded: true}, data, numbers(1000))
	check(t, &plan.Sample{Input: in, Rows: -1, Fraction: 1}, data, numbers(1000))
	check(t, &plan.Sample{Input: in, Rows: -1, Fraction: 0}, data, "")

	sampled := func(n *plan.Sample) string {
		got, err := runPlan(t, n, data, 100, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		// 3.5 standard deviations from 100 of 1000.
		if rows := strings.Count(got, "["); rows < 67 || rows > 133 {
			t.Errorf("%s: %d of 1000 rows at 10 percent", n, rows)
		}
		return got
	}
	seed1 := &plan.Sample{Input: in, Rows: -1, Fraction: 0.1, Seeded: true, Seed: 1}
	first := sampled(seed1)
	check(t, seed1, data, first) // however the rows are cut
	if first == sampled(&plan.Sample{Input: in, Rows: -1, Fraction: 0.1, Seeded: true, Seed: 2}) {
		t.Error("two seeds give the same rows")
	}
	free := &plan.Sample{Input: in, Rows: -1, Fraction: 0.1}
	if once, again := sampled(free), sampled(free); once == again {
		t.Error("two samples without a seed give the same rows")
	}
}

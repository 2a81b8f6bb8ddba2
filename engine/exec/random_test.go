package exec

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql/plan"
)

// row is a row of the reference: two keys, where NaN stands for itself and nil
// for NULL, and a number that tells rows apart.
type row struct {
	x  *float64
	s  *string
	id int
}

func randomRows(rng *rand.Rand, n int) []row {
	out := make([]row, n)
	for i := range out {
		out[i].id = i
		if rng.IntN(8) > 0 {
			v := []float64{0, math.Copysign(0, -1), 1, -1, 2.5, math.NaN(), 1e300}[rng.IntN(7)]
			out[i].x = &v
		}
		if rng.IntN(8) > 0 {
			v := []string{"", "a", "aa", "aaaaaaaab", "aaaaaaaac", "b"}[rng.IntN(6)]
			out[i].s = &v
		}
	}
	return out
}

func (r row) json() string {
	x, s := "null", "null"
	if r.x != nil {
		if x = fmt.Sprint(*r.x); *r.x != *r.x {
			x = `"NaN"`
		}
	}
	if r.s != nil {
		s = `"` + *r.s + `"`
	}
	return fmt.Sprintf("[%s,%s,%d]", x, s, r.id)
}

func text3(rs []row) string {
	out := make([]string, len(rs))
	for i, r := range rs {
		out[i] = r.json()
	}
	return strings.Join(out, "\n")
}

// compareX is SQL's order: NULL first, NaN last, zeros equal.
func (r row) compareX(o row) int {
	switch {
	case r.x == nil || o.x == nil:
		return boolRank(r.x != nil) - boolRank(o.x != nil)
	case *r.x == *o.x || *r.x != *r.x && *o.x != *o.x:
		return 0
	case *r.x < *o.x || *o.x != *o.x:
		return -1
	}
	return 1
}

func (r row) compareS(o row) int {
	if r.s == nil || o.s == nil {
		return boolRank(r.s != nil) - boolRank(o.s != nil)
	}
	return cmp.Compare(*r.s, *o.s)
}

// FuzzAgainstRows compares joins, sorts or groups with loops over rows, for random
// rows in random cuts: one of them each time, over few rows, so that there is time
// for many.
func FuzzAgainstRows(f *testing.F) {
	for part := range uint8(len(rowParts)) {
		f.Add(uint64(part), part, uint8(5), uint8(2))
	}
	f.Fuzz(func(t *testing.T, seed uint64, part, n, size uint8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		left, right := randomRows(rng, int(n%48)), randomRows(rng, int(n%24))
		newRowCase(t, left, right, int(size)+1, int(seed%70), int(seed%4)+1).check(int(part) % len(rowParts))
	})
}

// TestFewRows compares every part in different cuts.
func TestFewRows(t *testing.T) {
	for seed := range 12 {
		rng := rand.New(rand.NewPCG(uint64(seed), 1))
		left, right := randomRows(rng, seed*5), randomRows(rng, seed*5/2)
		c := newRowCase(t, left, right, seed*3+2, seed, seed%4+1)
		for part := range rowParts {
			c.check(part)
		}
	}
}

// TestManyRows compares with loops over rows beyond one block of keys, one growth
// of a table and one record of pairs.
func TestManyRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 1))
	left, right := randomRows(rng, 600), randomRows(rng, 300)
	for i := range left {
		if i%6 > 0 { // many keys that occur once or twice
			v := float64(i / 2)
			left[i].x = &v
		}
	}
	for i := range right {
		if i%5 > 0 {
			v := float64(i)
			right[i].x = &v
		}
	}
	for _, size := range []int{100, 1000} {
		c := newRowCase(t, left, right, size, 7, 2)
		for part := range rowParts {
			c.check(part)
		}
	}
}

// The columns of the two tables of rows.
var (
	colX, colS, colID = column(1, "x", f64), column(2, "s", str), column(3, "id", f64)
	colY, colU, colOD = column(11, "y", f64), column(12, "u", str), column(13, "od", f64)
	rowsT             = table("t", colX, colS, colID)
	rowsR             = table("r", colY, colU, colOD)
)

// rowCase is the rows of two tables and the way they are cut.
type rowCase struct {
	t                 *testing.T
	left, right       []row
	tables            map[string]string
	size, by, workers int
}

func newRowCase(t *testing.T, left, right []row, size, by, workers int) *rowCase {
	tables := map[string]string{"t": text3(left), "r": text3(right)}
	return &rowCase{t: t, left: left, right: right, tables: tables, size: size, by: by, workers: workers}
}

// rowParts are what is compared with loops over rows.
var rowParts = []func(*rowCase){(*rowCase).sorts, (*rowCase).joins, (*rowCase).groups}

func (c *rowCase) check(part int) { rowParts[part](c) }

func (c *rowCase) run(n plan.Node) string {
	c.t.Helper()
	got, err := runPlan(c.t, n, c.tables, c.size, c.by, c.workers)
	if err != nil {
		c.t.Fatal(err)
	}
	return got
}

func (c *rowCase) expect(what, got string, want []string) {
	c.t.Helper()
	if w := strings.Join(want, "\n"); got != w {
		c.t.Errorf("%s\ngot:\n%s\nwant:\n%s\nt:\n%s\nr:\n%s", what, got, w, c.tables["t"], c.tables["r"])
	}
}

// selected is some columns of a plan.
func selected(n plan.Node, cols ...plan.Column) plan.Node {
	p := &plan.Project{Input: n}
	for _, c := range cols {
		p.Exprs = append(p.Exprs, plan.NamedExpr{Column: c, Expr: ref(c)})
	}
	return p
}

func (c *rowCase) sorts() {
	for _, desc := range []bool{false, true} {
		sorted := slices.Clone(c.left)
		slices.SortStableFunc(sorted, func(a, b row) int {
			first := a.compareX(b)
			if desc {
				first = -first
			}
			return cmp.Or(first, a.compareS(b))
		})
		var want []string
		for _, r := range sorted {
			want = append(want, fmt.Sprintf("[%d]", r.id))
		}
		n := &plan.Sort{Input: rowsT, Keys: []plan.SortKey{{Expr: ref(colX), Desc: desc, NullsFirst: !desc}, {Expr: ref(colS), NullsFirst: true}}}
		c.expect(n.String(), c.run(selected(n, colID)), want)
		for _, top := range []int{0, 1, 3, len(c.left) / 3} {
			skip := min(top/2, len(want))
			limit := &plan.Limit{Input: selected(n, colID), N: int64(top), Offset: int64(skip)}
			c.expect(limit.String()+" of "+n.String(), c.run(limit), want[skip:min(skip+top, len(want))])
		}
	}
}

func (c *rowCase) joins() {
	for _, keys := range [][2][]plan.Expr{
		{{ref(colX)}, {ref(colY)}}, {{ref(colS)}, {ref(colU)}}, {{ref(colX), ref(colS)}, {ref(colY), ref(colU)}},
	} {
		for _, safe := range []bool{false, true} {
			for _, kind := range []plan.JoinKind{plan.Inner, plan.Left, plan.Semi, plan.Anti} {
				n := &plan.Join{Kind: kind, Left: rowsT, Right: rowsR, LeftKeys: keys[0], RightKeys: keys[1], NullSafe: []bool{safe, safe}[:len(keys[0])]}
				if kind == plan.Semi || kind == plan.Anti {
					c.expect(n.String(), c.run(selected(n, colID)), joinRows(n, c.left, c.right))
				} else {
					c.expect(n.String(), c.run(selected(n, colID, colOD)), joinRows(n, c.left, c.right))
				}
			}
		}
	}
}

func (c *rowCase) groups() {
	var order []row
	sums := map[int]int{}
	for _, r := range c.left {
		at := slices.IndexFunc(order, func(o row) bool { return r.compareX(o) == 0 && r.compareS(o) == 0 })
		if at < 0 {
			at, order = len(order), append(order, r)
		}
		sums[at] += r.id
	}
	var want []string
	for i := range order {
		want = append(want, fmt.Sprintf("[%d]", sums[i]))
	}
	total := column(20, "total", f64)
	n := &plan.Aggregate{
		Input: rowsT, Groups: []plan.NamedExpr{{Column: colX, Expr: ref(colX)}, {Column: colS, Expr: ref(colS)}}, Aggs: []plan.AggExpr{sumOf(total, ref(colID))},
	}
	c.expect(n.String(), c.run(selected(n, total)), want)
}

// joinRows is a nested loop.
func joinRows(n *plan.Join, left, right []row) []string {
	equal := func(l, r row) bool {
		for i, k := range n.LeftKeys {
			null, differ := l.s == nil || r.s == nil, l.compareS(r) != 0
			if arrow.TypeEqual(k.Type(), f64) {
				null, differ = l.x == nil || r.x == nil, l.compareX(r) != 0
			}
			if differ || null && !n.NullSafe[i] {
				return false
			}
		}
		return true
	}
	var out []string
	for _, l := range left {
		hits := 0
		for _, r := range right {
			if equal(l, r) {
				if hits++; n.Kind == plan.Inner || n.Kind == plan.Left {
					out = append(out, fmt.Sprintf("[%d,%d]", l.id, r.id))
				}
			}
		}
		switch {
		case n.Kind == plan.Left && hits == 0:
			out = append(out, fmt.Sprintf("[%d,null]", l.id))
		case n.Kind == plan.Semi && hits > 0, n.Kind == plan.Anti && hits == 0:
			out = append(out, fmt.Sprintf("[%d]", l.id))
		}
	}
	return out
}

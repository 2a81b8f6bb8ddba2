package exec

import (
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql/plan"
)

// summer adds doubles: an accumulator whose state is allocated, so that the
// checked allocator sees whether it is released. NULL for a group without values.
type summer struct {
	sums *array.Float64Builder
	vals []float64
	seen []bool
}

func newSummer(t catalog.Task) catalog.Accumulator {
	b := array.NewFloat64Builder(t.Allocator())
	b.Reserve(1)
	return &summer{sums: b}
}

func (s *summer) grow(n int) {
	for len(s.vals) < n {
		s.vals, s.seen = append(s.vals, 0), append(s.seen, false)
	}
}

func (s *summer) Update(_ catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	s.grow(n)
	for r, g := range groups {
		if v := args[0].(*array.Float64); v.IsValid(r) {
			s.vals[g] += v.Value(r)
			s.seen[g] = true
		}
	}
	return nil
}

func (s *summer) Merge(_ catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	s.grow(n)
	o := other.(*summer)
	for i := range o.vals {
		s.vals[groups[i]] += o.vals[i]
		s.seen[groups[i]] = s.seen[groups[i]] || o.seen[i]
	}
	return nil
}

func (s *summer) Result(_ catalog.Task, n int) (arrow.Array, error) {
	s.grow(n)
	s.sums.AppendValues(s.vals[:n], s.seen[:n])
	return s.sums.NewArray(), nil
}

func (s *summer) Save(t catalog.Task, n int) ([]arrow.Array, error) {
	a, err := s.Result(t, n)
	return []arrow.Array{a}, err
}

func (s *summer) Load(t catalog.Task, n int, states []arrow.Array) error {
	ids := unsigned(upTo32(n))
	return s.Update(t, ids, n, states)
}

func (s *summer) Release() { s.sums.Release() }

func sumOf(c plan.Column, arg plan.Expr) plan.AggExpr {
	return plan.AggExpr{
		Column: c, Name: "sum", Args: []plan.Expr{arg},
		Fn: catalog.AggregateCall{Type: f64, ArgTypes: []arrow.DataType{f64}, New: newSummer},
	}
}

func TestAggregate(t *testing.T) {
	k, s, v := column(1, "k", f64), column(2, "s", str), column(3, "v", f64)
	key, name, total, all := column(11, "k", f64), column(12, "s", str), column(13, "total", f64), column(14, "all", f64)
	in := table("t", k, s, v)
	data := map[string]string{"t": `
		[2,"b",1]
		[-0.0,"a",1]
		["NaN",null,5]
		[0.0,"a",2]
		[null,null,null]
		["NaN",null,5]
		[2,"b",1]
		[2,"c",null]
		[null,null,4]
		[2,"b",8]`}
	byKey := []plan.NamedExpr{{Column: key, Expr: ref(k)}}
	distinct := sumOf(total, ref(v))
	distinct.Distinct = true
	filtered := sumOf(total, ref(v))
	filtered.Filter = less(ref(v), lit(t, f64, "3"))
	for _, c := range []struct {
		name   string
		groups []plan.NamedExpr
		aggs   []plan.AggExpr
		want   string
	}{
		{"one key", byKey, []plan.AggExpr{sumOf(total, ref(v))}, `
			[2,10]
			[0,3]
			["NaN",10]
			[null,4]`},
		{"no aggregate", byKey, nil, "[2]\n[0]\n[\"NaN\"]\n[null]"},
		{"text key", []plan.NamedExpr{{Column: name, Expr: ref(s)}}, []plan.AggExpr{sumOf(total, ref(v))}, `
			["b",10]
			["a",3]
			[null,14]
			["c",null]`},
		{"two keys", []plan.NamedExpr{{Column: key, Expr: ref(k)}, {Column: name, Expr: ref(s)}}, []plan.AggExpr{sumOf(total, ref(v))}, `
			[2,"b",10]
			[0,"a",3]
			["NaN",null,10]
			[null,null,4]
			[2,"c",null]`},
		{"distinct", byKey, []plan.AggExpr{distinct, sumOf(all, ref(v))}, `
			[2,9,10]
			[0,3,3]
			["NaN",5,10]
			[null,4,4]`},
		{"filter", byKey, []plan.AggExpr{filtered, sumOf(all, ref(v))}, `
			[2,2,10]
			[0,3,3]
			["NaN",null,10]
			[null,null,4]`},
		{"global", nil, []plan.AggExpr{sumOf(total, ref(v)), sumOf(all, lit(t, f64, "1"))}, "[27,10]"},
		{"global distinct", nil, []plan.AggExpr{distinct}, "[20]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := &plan.Aggregate{Input: in, Groups: c.groups, Aggs: c.aggs}
			check(t, n, data, c.want)
		})
	}
	check(t, &plan.Aggregate{Input: in, Groups: byKey, Aggs: []plan.AggExpr{distinct}}, map[string]string{}, "")
	check(t, &plan.Aggregate{Input: in, Aggs: []plan.AggExpr{sumOf(total, ref(v))}}, map[string]string{}, "[null]")
}

func TestGroupByMap(t *testing.T) {
	m := column(1, "m", arrow.MapOf(str, f64))
	_, err := Compile(&plan.Aggregate{Input: table("t", m), Groups: []plan.NamedExpr{{Column: m, Expr: ref(m)}}})
	if want := "GROUP BY: values of type MAP cannot be compared: they cannot be join, grouping or DISTINCT keys"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

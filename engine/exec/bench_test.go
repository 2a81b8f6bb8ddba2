package exec

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/function"
	"github.com/millrace-sql/millrace/sql"
	"github.com/millrace-sql/millrace/sql/plan"
)

const benchRows = 16384

func benchTask() *testTask {
	return &testTask{ctx: context.Background(), mem: memory.NewGoAllocator()}
}

// doubles is a record of n rows of float64 columns, each from value.
func doubles(schema *arrow.Schema, n int, value func(row, col int) float64) arrow.Record {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for r := range n {
		for c := range schema.Fields() {
			switch f := b.Field(c).(type) {
			case *array.Float64Builder:
				f.Append(value(r, c))
			case *array.StringBuilder:
				f.Append([]string{"Setosa", "Versicolor", "Virginica"}[int(value(r, c))%3])
			}
		}
	}
	return b.NewRecord()
}

// perRow reports the time of one row and rows a second.
func perRow(b *testing.B, rows int) {
	b.ReportAllocs()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rows), "ns/row")
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}

// through runs a program's last branch over a record again and again.
func through(b *testing.B, task *testTask, ops []Operator, rec arrow.Record) {
	for b.Loop() {
		in := func(yield func(arrow.Record, error) bool) {
			rec.Retain()
			yield(rec, nil)
		}
		for out, err := range chunkThrough(task, ops, in) {
			if err != nil {
				b.Fatal(err)
			}
			out.Release()
		}
	}
	perRow(b, b.N*int(rec.NumRows()))
}

// BenchmarkJoinProbe looks up 4 doubles among 150 rows, finds 15 of 16, and gathers
// the doubles and a column of text.
func BenchmarkJoinProbe(b *testing.B) {
	var left, right []plan.Column
	var lk, rk []plan.Expr
	for i := range 4 {
		left, right = append(left, column(i, "l", f64)), append(right, column(10+i, "r", f64))
		lk, rk = append(lk, ref(left[i])), append(rk, ref(right[i]))
	}
	variety := column(20, "variety", str)
	n := &plan.Project{Input: &plan.Join{
		Kind: plan.Inner, Left: table("l", left...), Right: table("r", append(right, variety)...),
		LeftKeys: lk, RightKeys: rk, NullSafe: make([]bool, 4),
	}}
	for _, c := range append(left, variety) {
		n.Exprs = append(n.Exprs, plan.NamedExpr{Column: c, Expr: ref(c)})
	}
	value := func(r, c int) float64 { return float64(r*7+c*3) / 10 }
	build := doubles(schemaOf(n.Input.(*plan.Join).Right.Columns()), 150, value)
	probe := doubles(schemaOf(left), benchRows, func(r, c int) float64 { return value(r*31%160, c) })
	task := benchTask()
	d := &driver{task: task, inputs: map[string][]arrow.Record{"l": {probe}, "r": {build}}, stop: 1}
	p := mustCompile(b, n)
	if _, err := d.run(p); err != nil {
		b.Fatal(err)
	}
	through(b, task, p.Root().Branches[0].Ops, probe)
}

// BenchmarkJoinKeys looks up other keys than doubles among 150 rows.
func BenchmarkJoinKeys(b *testing.B) {
	for _, c := range []struct {
		name  string
		types []arrow.DataType
	}{{"double", []arrow.DataType{f64}}, {"text", []arrow.DataType{str}}, {"mixed", []arrow.DataType{str, f64}}} {
		b.Run(c.name, func(b *testing.B) {
			n := &plan.Join{Kind: plan.Semi, NullSafe: make([]bool, len(c.types))}
			var left, right []plan.Column
			for i, dt := range c.types {
				left, right = append(left, column(i, "l", dt)), append(right, column(10+i, "r", dt))
				n.LeftKeys, n.RightKeys = append(n.LeftKeys, ref(left[i])), append(n.RightKeys, ref(right[i]))
			}
			n.Left, n.Right = table("l", left...), table("r", right...)
			probe := doubles(schemaOf(left), benchRows, func(r, _ int) float64 { return float64(r % 150) })
			build := doubles(schemaOf(right), 150, func(r, _ int) float64 { return float64(r) })
			task := benchTask()
			p := mustCompile(b, n)
			d := &driver{task: task, inputs: map[string][]arrow.Record{"l": {probe}, "r": {build}}, stop: 1}
			if _, err := d.run(p); err != nil {
				b.Fatal(err)
			}
			through(b, task, p.Root().Branches[0].Ops, probe)
		})
	}
}

// query plans a query over a table t of the given columns, with the real
// functions.
func query(b *testing.B, text string, cols ...plan.Column) plan.Node {
	c := catalog.New(function.Builtins())
	if err := c.PutRelation("t", &catalog.Table{Name: "t", Connector: "csv", Schema: schemaOf(cols)}, false); err != nil {
		b.Fatal(err)
	}
	q, err := sql.ParseQuery(text)
	if err != nil {
		b.Fatal(err)
	}
	n, err := plan.BindQuery(q, c)
	if err != nil {
		b.Fatal(err)
	}
	return plan.Optimize(n)
}

// BenchmarkFilter keeps half of the rows of two doubles and a text.
func BenchmarkFilter(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	cols := []plan.Column{column(1, "x", f64), column(2, "y", f64), column(3, "s", str)}
	for _, c := range []struct{ name, where string }{
		{"half", "x < 0.5"}, {"all", "x < 2"}, {"none", "x > 2"}, {"and", "x < 0.5 AND y > 0.1 AND s IS NOT NULL"},
	} {
		b.Run(c.name, func(b *testing.B) {
			n := query(b, "SELECT x, y, s FROM t WHERE "+c.where, cols...)
			rec := doubles(schemaOf(cols), benchRows, func(int, int) float64 { return rng.Float64() })
			through(b, benchTask(), mustCompile(b, n).Root().Branches[0].Ops, rec)
		})
	}
}

// BenchmarkProject computes arithmetic, and CASE.
func BenchmarkProject(b *testing.B) {
	cols := []plan.Column{column(1, "x", f64), column(2, "y", f64)}
	for _, c := range []struct{ name, exprs string }{
		{"arithmetic", "x, x * y + 1"}, {"case", "CASE WHEN x < 100 THEN 'low' WHEN y < 9000 THEN 'mid' ELSE 'high' END"},
	} {
		b.Run(c.name, func(b *testing.B) {
			n := query(b, "SELECT "+c.exprs+" FROM t", cols...)
			rec := doubles(schemaOf(cols), benchRows, func(r, c int) float64 { return float64(r * c) })
			through(b, benchTask(), mustCompile(b, n).Root().Branches[0].Ops, rec)
		})
	}
}

// breaking runs a breaker over a record again and again.
func breaking(b *testing.B, n plan.Node, rec arrow.Record) {
	task := benchTask()
	brk := mustCompile(b, n).Stages[0].Breaker
	for b.Loop() {
		p := brk.Local(task)
		if _, err := p.Add(task, 1, rec); err != nil {
			b.Fatal(err)
		}
		for out, err := range brk.Finish(task, p) {
			if err != nil {
				b.Fatal(err)
			}
			out.Release()
		}
	}
	perRow(b, b.N*int(rec.NumRows()))
}

func BenchmarkSort(b *testing.B) {
	x, y := column(1, "x", f64), column(2, "y", f64)
	n := &plan.Sort{Input: table("t", x, y), Keys: []plan.SortKey{{Expr: ref(x)}, {Expr: ref(y), Desc: true}}}
	rng := rand.New(rand.NewPCG(1, 2))
	rec := doubles(schemaOf(n.Columns()), benchRows, func(int, int) float64 { return rng.Float64() })
	breaking(b, n, rec)
}

func BenchmarkAggregate(b *testing.B) {
	for _, k := range []struct {
		name string
		key  plan.Column
	}{{"double", column(1, "k", f64)}, {"text", column(1, "k", str)}} {
		b.Run(k.name, func(b *testing.B) {
			cols := []plan.Column{k.key, column(2, "v", f64)}
			n := query(b, "SELECT k, count(*) AS n, sum(v) AS s FROM t GROUP BY k", cols...)
			rec := doubles(schemaOf(cols), benchRows, func(r, _ int) float64 { return float64(r * 7 % 1000) })
			breaking(b, n, rec)
		})
	}
}

// BenchmarkTop sorts for the first 10 rows.
func BenchmarkTop(b *testing.B) {
	cols := []plan.Column{column(1, "x", f64), column(2, "y", f64)}
	n := query(b, "SELECT x, y FROM t ORDER BY x, y DESC LIMIT 10", cols...)
	rng := rand.New(rand.NewPCG(1, 2))
	breaking(b, n, doubles(schemaOf(cols), benchRows, func(int, int) float64 { return rng.Float64() }))
}

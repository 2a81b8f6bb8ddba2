package engine_test

import (
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	arrowmem "github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine"
	"github.com/millrace-sql/millrace/engine/connector/memory"
)

// BenchmarkChampion scores records of JSON with one model, with two models beside
// each other, and with the same two in a query each; and asks one model for its
// prediction, and for its probabilities as well.
func BenchmarkChampion(b *testing.B) {
	const rows = 150 * 1000
	e, err := engine.Open(engine.Config{Workers: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	table := memory.NewTable("flowers", arrow.NewSchema([]arrow.Field{{Name: "value", Type: arrow.BinaryTypes.String}}, nil))
	defer table.Release()
	if err := e.RegisterTable(table, false); err != nil {
		b.Fatal(err)
	}
	values, err := irisValues()
	if err != nil {
		b.Fatal(err)
	}
	for range rows / 15_000 {
		rec := array.NewRecordBuilder(arrowmem.DefaultAllocator, table.Schema())
		for i := range 15_000 {
			rec.Field(0).(*array.StringBuilder).Append(string(values[i%len(values)]))
		}
		r := rec.NewRecord()
		if err := table.Append(r); err != nil {
			b.Fatal(err)
		}
		r.Release()
		rec.Release()
	}
	for _, name := range []string{"champion", "challenger"} {
		if err := runAll(b.Context(), e, fmt.Sprintf("CREATE MODEL %s USING pmml OPTIONS (path = '%sRandomForestIris.pmml')", name, irisData)); err != nil {
			b.Fatal(err)
		}
	}
	const from = ` FROM (SELECT v.* FROM (SELECT from_json(value, 'sepal_length DOUBLE, sepal_width DOUBLE, petal_length DOUBLE, petal_width DOUBLE') AS v FROM flowers)) s`
	one := "SELECT predict(champion, s.*) AS p" + from
	for _, c := range []struct {
		name    string
		queries []string
	}{
		{"one", []string{one}},
		{"both", []string{"SELECT predict(champion, s.*) AS p, predict(challenger, s.*) AS q" + from}},
		{"apart", []string{one, "SELECT predict(challenger, s.*) AS q" + from}},
		{"proba", []string{"SELECT predict_proba(champion, s.*) AS p" + from}},
		{"predict and proba", []string{"SELECT predict(champion, s.*) AS p, predict_proba(champion, s.*) AS q" + from}},
		{"ML_PREDICT", []string{"SELECT prediction FROM ML_PREDICT((SELECT *" + from + "), MODEL champion, DESCRIPTOR(sepal_length, sepal_width, petal_length, petal_width))"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, q := range c.queries {
					n := int64(0)
					res, err := e.Query(b.Context(), q)
					if err != nil {
						b.Fatal(err)
					}
					for rec, err := range res.All() {
						if err != nil {
							b.Fatal(err)
						}
						n += rec.NumRows()
					}
					if n != rows {
						b.Fatalf("%d rows, want %d", n, rows)
					}
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

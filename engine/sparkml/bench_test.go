package sparkml

import (
	"slices"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// benchModel scores the recorded rows of a case, repeated to 8192, for the outputs called want, or all.
func benchModel(b *testing.B, name string, want ...string) {
	m := loadCase(b, name)
	rows := slices.DeleteFunc(recordedRows(b, name), func(r recorded) bool { return r.Error != "" || r.Dropped })
	const n = 8192
	many := make([]recorded, n)
	for i := range many {
		many[i] = rows[i%len(rows)]
	}
	in := columnsOf(memory.DefaultAllocator, m, many)
	defer release(in)
	var picked []int
	for i, o := range m.Outputs() {
		if len(want) == 0 || slices.Contains(want, o.Field.Name) {
			picked = append(picked, i)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		out, err := m.ScoreOutputs(memory.DefaultAllocator, n, in, picked, nil)
		if err != nil {
			b.Fatal(err)
		}
		release(out)
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/n, "ns/row")
}

// BenchmarkForest is VectorAssembler, 20 trees of depth 5 and three classes, and IndexToString.
func BenchmarkForest(b *testing.B) {
	b.Run("prediction", func(b *testing.B) { benchModel(b, "pipeline_iris", "prediction") })
	b.Run("all", func(b *testing.B) { benchModel(b, "pipeline_iris") })
}

func BenchmarkPipelines(b *testing.B) {
	b.Run("mixed", func(b *testing.B) { benchModel(b, "pipeline_mixed") })
	b.Run("categories", func(b *testing.B) { benchModel(b, "pipeline_categories_skip") })
	b.Run("text", func(b *testing.B) { benchModel(b, "pipeline_text", "prediction") })
	b.Run("logistic", func(b *testing.B) { benchModel(b, "logistic_multinomial", "prediction") })
}

func BenchmarkIndexToString(b *testing.B) {
	m := load(b)
	xs := make([]any, 8192)
	for i := range xs {
		xs[i] = float64(i % 3)
	}
	in := []arrow.Array{doubles(memory.DefaultAllocator, xs...)}
	defer in[0].Release()
	b.ReportAllocs()
	for b.Loop() {
		out, err := m.Score(memory.DefaultAllocator, len(xs), in, nil)
		if err != nil {
			b.Fatal(err)
		}
		out[0].Release()
	}
	b.ReportMetric(float64(b.N)*float64(len(xs))/b.Elapsed().Seconds(), "rows/s")
}

package pmml

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// benchRows is the batch size of the benchmarks.
const benchRows = 8192

// shuffledIris repeats the iris rows in random order.
func shuffledIris(b *testing.B, m *Model, n int) []arrow.Array {
	b.Helper()
	in, rows := irisColumns(b, memory.DefaultAllocator, m)
	defer release(in)
	rng := rand.New(rand.NewPCG(1, 2))
	out := make([]arrow.Array, len(in))
	pick := make([]int, n)
	for i := range pick {
		pick[i] = rng.IntN(rows)
	}
	for c := range in {
		bl := array.NewFloat64Builder(memory.DefaultAllocator)
		for _, i := range pick {
			bl.Append(in[c].(*array.Float64).Value(i))
		}
		out[c] = bl.NewArray()
		bl.Release()
	}
	return out
}

func rowsPerSecond(b *testing.B, n int) {
	b.ReportMetric(float64(b.N)*float64(n)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/float64(n), "ns/row")
}

func benchScore(b *testing.B, m *Model, in []arrow.Array, want []int) {
	b.ReportAllocs()
	for b.Loop() {
		out, err := m.ScoreOutputs(memory.DefaultAllocator, in[0].Len(), in, want, nil)
		if err != nil {
			b.Fatal(err)
		}
		release(out)
	}
	rowsPerSecond(b, in[0].Len())
}

// BenchmarkForestBatch scores the iris forest of 20 trees, all outputs.
func BenchmarkForestBatch(b *testing.B) {
	m := load(b, irisDir+"RandomForestIris.pmml")
	benchScore(b, m, shuffledIris(b, m, benchRows), nil)
}

// BenchmarkForestBatchPrediction computes only the column that predict wants.
func BenchmarkForestBatchPrediction(b *testing.B) {
	m := load(b, irisDir+"RandomForestIris.pmml")
	benchScore(b, m, shuffledIris(b, m, benchRows), []int{2})
}

// BenchmarkForestRow scores the same with the row interpreter.
func BenchmarkForestRow(b *testing.B) {
	m := load(b, irisDir+"RandomForestIris.pmml")
	in := shuffledIris(b, m, benchRows)
	b.ReportAllocs()
	for b.Loop() {
		release(m.scoreRows(memory.DefaultAllocator, benchRows, in, allOutputs(m), func(int, error) {}))
	}
	rowsPerSecond(b, benchRows)
}

// exampleRows repeats an example's rows to n.
func exampleRows(b testing.TB, id string, n int) (*Model, []arrow.Array) {
	b.Helper()
	for _, e := range examples(b) {
		if e.id != id {
			continue
		}
		m := load(b, e.model)
		cols, rows := readCSV(b, e.input)
		for name, c := range cols {
			for i := rows; i < n; i++ {
				c = append(c, c[i%rows])
			}
			cols[name] = c[:n]
		}
		return m, textColumns(b, memory.DefaultAllocator, m, cols, n)
	}
	b.Fatalf("no example %s", id)
	return nil, nil
}

// BenchmarkBoostedBatch scores 60 small regression trees over float inputs that derived fields widen.
func BenchmarkBoostedBatch(b *testing.B) {
	m, in := exampleRows(b, "GradientBoostingDiabetes", benchRows)
	benchScore(b, m, in, nil)
}

// BenchmarkLogisticBatch scores a logistic regression over scaled numbers and categories.
func BenchmarkLogisticBatch(b *testing.B) {
	m, in := exampleRows(b, "LogisticRegressionCredit", benchRows)
	benchScore(b, m, in, nil)
}

// BenchmarkTreeBatch scores one small classification tree.
func BenchmarkTreeBatch(b *testing.B) {
	m, in := exampleRows(b, "DecisionTreeIris", benchRows)
	benchScore(b, m, in, nil)
}

// BenchmarkDeepForestBatch scores 100 bushy trees of depth 9 over 20 features.
func BenchmarkDeepForestBatch(b *testing.B) {
	m, err := Load(strings.NewReader(syntheticForest(100, 9, 20, false)))
	if err != nil {
		b.Fatal(err)
	}
	benchScore(b, m, syntheticRows(m, benchRows), nil)
}

// BenchmarkBushyForestBatch scores 100 bushy trees of depth 8 over 20 features, without and with missing values.
func BenchmarkBushyForestBatch(b *testing.B) {
	m, err := Load(strings.NewReader(syntheticForest(100, 8, 20, false)))
	if err != nil {
		b.Fatal(err)
	}
	b.Run("complete", func(b *testing.B) { benchScore(b, m, syntheticRows(m, benchRows), nil) })
	b.Run("missing", func(b *testing.B) {
		in := randomRows(rand.New(rand.NewPCG(3, 3)), memory.DefaultAllocator, m, func(string) []string { return nil }, benchRows, 0.02)
		defer release(in)
		benchScore(b, m, in, nil)
	})
}

// BenchmarkNeuralBatch scores a small neural network.
func BenchmarkNeuralBatch(b *testing.B) {
	m, in := exampleRows(b, "NeuralNetworkIris", benchRows)
	benchScore(b, m, in, nil)
}

// BenchmarkScorecardBatch scores a scorecard with complex partial scores and reason codes.
func BenchmarkScorecardBatch(b *testing.B) {
	m, in := exampleRows(b, "ScorecardDmg", benchRows)
	benchScore(b, m, in, nil)
}

// BenchmarkLoad loads a forest of 20 MB.
func BenchmarkLoad(b *testing.B) {
	doc := syntheticForest(750, 8, 20, false)
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if _, err := Load(strings.NewReader(doc)); err != nil {
			b.Fatal(err)
		}
	}
}

package onnx

import (
	"bytes"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// benchColumns makes a batch of rows, from a model's test rows one after another.
func benchColumns(b testing.TB, m *Model, c *denseCase, rows int) []arrow.Array {
	b.Helper()
	few, n := c.columns(memory.DefaultAllocator, m)
	defer freeAll(few)
	out := make([]arrow.Array, len(few))
	for i, a := range few {
		parts := make([]arrow.Array, (rows+n-1)/n)
		for k := range parts {
			parts[k] = a
		}
		all, err := array.Concatenate(parts, memory.DefaultAllocator)
		if err != nil {
			b.Fatal(err)
		}
		out[i] = array.NewSlice(all, 0, int64(rows))
		all.Release()
	}
	return out
}

// BenchmarkScore scores a batch of 10,000 rows with small networks: mlp_bench is 20-64-32-3 with Relu and Softmax.
func BenchmarkScore(b *testing.B) {
	for _, name := range []string{"mlp_bench", "mlp_relu", "mlp_tanh", "mlp_regressor", "torch_tabular", "pca_polynomial_mlp"} {
		b.Run(name, func(b *testing.B) {
			c := denseModel(b, name)
			m, err := Load(bytes.NewReader(c.Model))
			if err != nil {
				b.Fatal(err)
			}
			const rows = 10_000
			in := benchColumns(b, m, &c, rows)
			defer freeAll(in)
			b.ReportAllocs()
			for b.Loop() {
				out, err := m.Score(memory.DefaultAllocator, rows, in, nil, nil)
				if err != nil {
					b.Fatal(err)
				}
				freeAll(out)
			}
			b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// BenchmarkLoad loads a document.
func BenchmarkLoad(b *testing.B) {
	c := denseModel(b, "pca_polynomial_mlp")
	b.SetBytes(int64(len(c.Model)))
	for b.Loop() {
		if _, err := Load(bytes.NewReader(c.Model)); err != nil {
			b.Fatal(err)
		}
	}
}

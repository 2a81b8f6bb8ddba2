package onnx

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// scoreAnything loads a document and, if that works, scores a few rows: whatever it says, there is no panic.
func scoreAnything(t *testing.T, doc []byte) {
	m, err := Load(bytes.NewReader(doc))
	if err != nil || len(m.Inputs()) > 1000 || m.tile < tileRows {
		return
	}
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	var in []arrow.Array
	for _, f := range m.Inputs() {
		b := array.NewBuilder(mem, f.Type)
		for row := range 3 {
			switch b := b.(type) {
			case *array.Float64Builder:
				b.Append(float64(row) - 1.5)
			case *array.StringBuilder:
				b.Append("x")
			case *array.Int64Builder:
				b.Append(int64(row) - 1)
			case *array.Int32Builder:
				b.Append(int32(row) - 1)
			case *array.BooleanBuilder:
				b.Append(row == 1)
			}
		}
		in = append(in, b.NewArray())
		b.Release()
	}
	out, err := m.Score(mem, 3, in, nil, nil)
	if err == nil {
		freeAll(out)
	}
	freeAll(in)
}

// FuzzLoad feeds damaged documents.
func FuzzLoad(f *testing.F) {
	for _, name := range []string{"mlp_relu", "mlp_columns", "torch_tabular", "pca_polynomial_mlp", "gaussian_nb", "kmeans"} {
		f.Add(denseModel(f, name).Model)
	}
	for _, file := range []string{"operators.json", "refused.json"} {
		var all []denseCase
		readJSON(f, filepath.Join(denseData, file), &all)
		for _, c := range all {
			f.Add(c.Model)
		}
	}
	ml := mlCases(f)
	for _, name := range mlFuzzed {
		f.Add(ml[name].Model)
	}
	f.Fuzz(func(t *testing.T, doc []byte) { scoreAnything(t, doc) })
}

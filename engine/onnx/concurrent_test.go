package onnx

import (
	"bytes"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// TestTiles scores batches around the size of a tile, from several goroutines: a row's score is the same in all of them.
func TestTiles(t *testing.T) {
	for _, name := range []string{"mlp_relu", "torch_tabular", "pca_polynomial_mlp", "mlp_two_targets"} {
		c := denseModel(t, name)
		m, err := Load(bytes.NewReader(c.Model))
		if err != nil {
			t.Fatal(err)
		}
		const rows = 3*tileRows + 17
		in := benchColumns(t, m, &c, rows)
		defer freeAll(in)
		whole, err := m.Score(memory.DefaultAllocator, rows, in, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer freeAll(whole)
		var wg sync.WaitGroup
		for _, n := range []int{0, 1, tileRows - 1, tileRows, tileRows + 1, 2*tileRows + 3} {
			wg.Go(func() { sameRows(t, m, in, whole, n, rows) })
		}
		wg.Wait()
	}
}

// sameRows scores the first n and the last n rows, the first output last.
func sameRows(t *testing.T, m *Model, in, whole []arrow.Array, n, rows int) {
	want := make([]int, len(whole))
	for i := range want {
		want[i] = len(want) - 1 - i
	}
	for _, from := range []int{0, rows - n} {
		part := slicesOf(in, from, from+n)
		out, err := m.Score(memory.DefaultAllocator, n, part, want, nil)
		freeAll(part)
		if err != nil {
			t.Error(err)
			return
		}
		for i, o := range want {
			s := array.NewSlice(whole[o], int64(from), int64(from+n))
			if !array.ApproxEqual(s, out[i], array.WithNaNsEqual(true), array.WithAbsTolerance(0)) {
				t.Errorf("%s of %d rows from %d differs from the whole batch's", m.public[o].Field.Name, n, from)
			}
			s.Release()
		}
		freeAll(out)
	}
}

// TestOneOutput computes only what the wanted outputs need.
func TestOneOutput(t *testing.T) {
	c := denseModel(t, "torch_tabular")
	m, err := Load(bytes.NewReader(c.Model))
	if err != nil {
		t.Fatal(err)
	}
	in, _ := c.columns(memory.DefaultAllocator, m)
	defer freeAll(in)
	w := m.newWorkspace()
	counts := map[string]int{}
	for i, o := range m.Outputs() {
		m.plan(w, []int{i}, in)
		for _, runs := range w.runs {
			if runs {
				counts[o.Field.Name]++
			}
		}
	}
	if all := len(m.steps); counts["logits"] != all-2 || counts["label"] != all-1 || counts["probabilities"] != all-1 {
		t.Errorf("of %d steps, outputs need %v", all, counts)
	}
}

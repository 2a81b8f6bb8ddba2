package sparkml

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// mutated makes many rows of the recorded ones: fields mixed, and some NULL or NaN.
func mutated(rnd *rand.Rand, m *Model, rows []recorded, n int) []recorded {
	out := make([]recorded, n)
	for i := range out {
		in := map[string]any{}
		for _, f := range m.Inputs() {
			v := rows[rnd.IntN(len(rows))].In[f.Name]
			switch rnd.IntN(40) {
			case 0:
				v = nil
			case 1:
				if f.Type.ID() == arrow.FLOAT64 {
					v = "NaN"
				}
			case 2:
				if f.Type.ID() == arrow.STRING {
					v = "unseen " + strconv.Itoa(i)
				}
			}
			in[f.Name] = v
		}
		out[i] = recorded{In: in}
	}
	return out
}

// answer is what a row gives: values or a fault.
type answer struct {
	values []any
	fault  bool
}

func (a answer) equal(b answer) bool {
	return a.fault == b.fault && slices.EqualFunc(a.values, b.values, identical)
}

// identical compares to the last bit, but for the kind of NaN.
func identical(a, b any) bool {
	switch x := a.(type) {
	case float64:
		y, ok := b.(float64)
		return ok && (math.Float64bits(x) == math.Float64bits(y) || x != x && y != y)
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, identical)
	}
	return a == b
}

func answersOf(m *Model, mem memory.Allocator, in []arrow.Array, from, to int) ([]answer, error) {
	part := make([]arrow.Array, len(in))
	for i, a := range in {
		part[i] = array.NewSlice(a, int64(from), int64(to))
	}
	defer release(part)
	got := make([]answer, to-from)
	out, err := m.Score(mem, to-from, part, func(row int, _ error) { got[row].fault = true })
	if err != nil {
		return nil, err
	}
	defer release(out)
	for i := range got {
		for _, a := range out {
			got[i].values = append(got[i].values, valueAt(a, i))
		}
	}
	return got, nil
}

// TestCuts scores the same rows one by one and in batches cut anywhere: the answers are the same, also beside rows that
// cannot be scored.
func TestCuts(t *testing.T) {
	for _, name := range savedModels(t) {
		t.Run(name, func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer mem.AssertSize(t, 0)
			rnd := rand.New(rand.NewPCG(1, 2))
			m := loadCase(t, name)
			n := 600
			if m.slots[m.outs[0].slot].dim > 1000 || name == "pipeline_text_wide" {
				n = 40
			}
			all := columnsOf(mem, m, mutated(rnd, m, recordedRows(t, name), n))
			defer release(all)
			alone := make([]answer, n)
			for i := range alone {
				got, err := answersOf(m, mem, all, i, i+1)
				if err != nil {
					t.Fatal(err)
				}
				alone[i] = got[0]
			}
			for from := 0; from < n; {
				to := min(n, from+1+rnd.IntN(n))
				got, err := answersOf(m, mem, all, from, to)
				if err != nil {
					t.Fatalf("rows %d to %d: %v", from, to, err)
				}
				for i, g := range got {
					if !g.equal(alone[from+i]) {
						t.Fatalf("row %d: %v in a batch from %d, %v alone", from+i, g, from, alone[from+i])
					}
				}
				from = to
			}
		})
	}
}

// TestWanted scores each output alone: it is what all together give.
func TestWanted(t *testing.T) {
	for _, name := range []string{"pipeline_iris", "pipeline_mixed", "forest_thresholds", "glm_offset", "svc", "one_hot_all_keep"} {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		m := loadCase(t, name)
		rows := slices.DeleteFunc(recordedRows(t, name), func(r recorded) bool { return r.Error != "" })
		in := columnsOf(mem, m, rows)
		all, err := m.Score(mem, len(rows), in, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range m.Outputs() {
			one, err := m.ScoreOutputs(mem, len(rows), in, []int{i}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !array.ApproxEqual(one[0], all[i], array.WithNaNsEqual(true)) {
				t.Errorf("%s: %s alone is %v, with all %v", name, o.Field.Name, one[0], all[i])
			}
			release(one)
		}
		release(all)
		release(in)
		mem.AssertSize(t, 0)
	}
}

// TestNullVector gives NULL and a fault for features that are NULL or have the wrong length.
func TestNullVector(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	m := loadCase(t, "forest_classifier")
	rows := []recorded{
		{In: map[string]any{"features": nil}}, {In: map[string]any{"features": []any{1.0, 2.0, 3.0, 1.0}}},
		{In: map[string]any{"features": []any{1.0}}}, {In: map[string]any{"features": []any{1.0, nil, 3.0, 1.0}}},
	}
	in := columnsOf(mem, m, rows)
	defer release(in)
	var faults []string
	out, err := m.Score(mem, len(rows), in, func(row int, err error) { faults = append(faults, strconv.Itoa(row)+": "+err.Error()) })
	if err != nil {
		t.Fatal(err)
	}
	defer release(out)
	want := []string{"0: features is NULL", "2: features has 1 elements, expected 4", "3: features has NULL as element 1"}
	if !slices.Equal(faults, want) {
		t.Errorf("faults %q, want %q", faults, want)
	}
	for k, a := range out {
		for i := range rows {
			if a.IsNull(i) != (i != 1) {
				t.Errorf("output %d, row %d: %v", k, i, a)
			}
		}
	}
}

// TestConcurrent shares a model between goroutines.
func TestConcurrent(t *testing.T) {
	m := loadCase(t, "pipeline_mixed")
	rows := slices.DeleteFunc(recordedRows(t, "pipeline_mixed"), func(r recorded) bool { return r.Error != "" })
	in := columnsOf(memory.DefaultAllocator, m, rows)
	defer release(in)
	want, err := answersOf(m, memory.DefaultAllocator, in, 0, len(rows))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for from := range 20 {
				got, err := answersOf(m, memory.DefaultAllocator, in, from, len(rows))
				if err != nil || !slices.EqualFunc(got, want[from:], answer.equal) {
					t.Errorf("from row %d: other answers, %v", from, err)
				}
			}
		})
	}
	wg.Wait()
}

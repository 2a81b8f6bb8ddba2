package pmml

import (
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// TestScoreOutputs: a choice of outputs, in any order and twice, is the same columns.
func TestScoreOutputs(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	for _, path := range []string{irisDir + "RandomForestIris.pmml", examplesDir + "models/DecisionTreeIris.pmml"} {
		m := load(t, path)
		in, n := irisColumns(t, mem, m)
		all, err := m.Score(mem, n, in, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range [][]int{{2}, {3, 0}, {1, 1}, {}} {
			some, err := m.ScoreOutputs(mem, n, in, want, nil)
			if err != nil || len(some) != len(want) {
				t.Fatalf("%v: %d columns, %v", want, len(some), err)
			}
			for i, w := range want {
				if !array.Equal(some[i], all[w]) {
					t.Errorf("%v: column %d differs", want, i)
				}
			}
			release(some)
		}
		for _, bad := range []int{-1, len(m.outputs)} {
			if _, err := m.ScoreOutputs(mem, n, in, []int{bad}, nil); err == nil || !strings.Contains(err.Error(), "has no output") {
				t.Error(err)
			}
		}
		release(all)
		release(in)
	}
}

func TestScoreErrors(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	m := load(t, irisDir+"RandomForestIris.pmml")
	in, n := irisColumns(t, mem, m)
	defer release(in)
	b := array.NewInt64Builder(mem)
	defer b.Release()
	for range n {
		b.Append(1)
	}
	ints := b.NewArray()
	defer ints.Release()
	for _, c := range []struct {
		n    int
		in   []arrow.Array
		want string
	}{
		{n, in[:3], "takes 4 columns, not 3"},
		{n - 1, in, "the column for the model's field sepal_length has 150 rows, not 149"},
		{n, []arrow.Array{in[0], ints, in[2], in[3]}, "field sepal_width is a float64, not a int64"},
	} {
		if _, err := m.Score(mem, c.n, c.in, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// TestMissingInput: a NULL input of the iris forest gives NULLs, no fault; the other rows keep theirs.
func TestMissingInput(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	m := load(t, irisDir+"RandomForestIris.pmml")
	cols := map[string][]string{"sepal_length": {"5.1", "", "6.3"}, "sepal_width": {"3.5", "3", "3.3"}, "petal_length": {"1.4", "1.4", "6"}, "petal_width": {"0.2", "0.2", ""}}
	in := textColumns(t, mem, m, cols, 3)
	defer release(in)
	out, err := m.Score(mem, 3, in, func(row int, err error) { t.Errorf("row %d: %v", row, err) })
	if err != nil {
		t.Fatal(err)
	}
	defer release(out)
	for i, o := range m.outputs {
		if out[i].NullN() != 2 || out[i].IsNull(0) || out[i].IsValid(1) || out[i].IsValid(2) {
			t.Errorf("%s: %s", o.Field.Name, out[i])
		}
	}
	none := cutRows(in, 0, 0)
	defer release(none)
	empty, err := m.Score(mem, 0, none, nil)
	if err != nil || empty[0].Len() != 0 {
		t.Errorf("%v, %v", empty, err)
	}
	release(empty)
}

// TestFaultOrder: faults come row by row, across tiles, and only for their rows.
func TestFaultOrder(t *testing.T) {
	m := mustLoad(t, fieldDoc(`<DataField name="x" optype="continuous" dataType="double"><Interval closure="closedClosed" leftMargin="0"/></DataField>`, ""))
	n := 3*tileRows + 7
	b := array.NewFloat64Builder(memory.DefaultAllocator)
	var want []int
	for i := range n {
		x := 1.0
		if i%100 == 99 {
			x, want = -1, append(want, i)
		}
		b.Append(x)
	}
	in := []arrow.Array{b.NewArray()}
	for name, score := range evaluators(m) {
		var got []int
		release(score(memory.DefaultAllocator, n, in, allOutputs(m), func(row int, _ error) { got = append(got, row) }))
		if len(got) != len(want) {
			t.Fatalf("%s: faults %v, want %v", name, got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s: faults %v, want %v", name, got, want)
			}
		}
	}
}

// TestConcurrent scores from several goroutines; run with -race.
func TestConcurrent(t *testing.T) {
	m := load(t, irisDir+"RandomForestIris.pmml")
	in, n := irisColumns(t, memory.DefaultAllocator, m)
	want, err := m.Score(memory.DefaultAllocator, n, in, nil)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 20 {
				got, err := m.Score(memory.DefaultAllocator, n, in, nil)
				if err != nil {
					t.Error(err)
					return
				}
				for i := range got {
					if !array.Equal(got[i], want[i]) {
						t.Errorf("output %d differs", i)
					}
				}
			}
		}()
	}
	wg.Wait()
}

// leastAllocs is the least number of allocations of some runs: a pool may be empty now and then, and under the race
// detector is so at random.
func leastAllocs(f func()) float64 {
	least := math.Inf(1)
	for range 30 {
		least = min(least, testing.AllocsPerRun(1, f))
	}
	return least
}

// TestAllocations: a batch allocates its result columns and nothing for each row.
func TestAllocations(t *testing.T) {
	m := load(t, irisDir+"RandomForestIris.pmml")
	in, n := irisColumns(t, memory.DefaultAllocator, m)
	count := func(rows int) float64 {
		part := cutRows(in, 0, rows)
		defer release(part)
		return leastAllocs(func() {
			out, err := m.ScoreOutputs(memory.DefaultAllocator, rows, part, []int{2}, nil)
			if err != nil {
				t.Fatal(err)
			}
			release(out)
		})
	}
	few, many := count(1), count(n)
	if !raceEnabled && few > 15 { // its pools lose what they hold, at random
		t.Errorf("%v allocations for one row", few)
	}
	if many > few+2 {
		t.Errorf("%v allocations for one row, %v for %d", few, many, n)
	}
}

// TestColumnAllocations: nor do the other batch evaluators allocate by row or tile.
func TestColumnAllocations(t *testing.T) {
	for _, id := range []string{"NeuralNetworkIris", "ScorecardDmg", "GlmLogitMtcars", "MultinomialIris", "LogisticRegressionCredit",
		"GradientBoostingDiabetes", "KMeansIris", "DecisionTreeIris", "RandomForestIris"} {
		m, in := exampleRows(t, id, 20*tileRows)
		count := func(rows int) float64 {
			part := cutRows(in, 0, rows)
			defer release(part)
			return leastAllocs(func() {
				out, err := m.ScoreOutputs(memory.DefaultAllocator, rows, part, nil, nil)
				if err != nil {
					t.Fatal(err)
				}
				release(out)
			})
		}
		if few, many := count(1), count(20*tileRows); many > few+4 {
			t.Errorf("%s: %v allocations for one row, %v for %d", id, few, many, 20*tileRows)
		}
		release(in)
	}
}

// TestTreeForms: each of the forms of a tree is used where it should be, and they agree with the interpreter.
func TestTreeForms(t *testing.T) {
	for want, doc := range map[treeMode]string{
		byTable:  syntheticForest(1, 3, 3, false),
		complete: syntheticForest(1, 8, 9, false),
		packed:   syntheticForest(1, 12, 9, false),
		lockstep: syntheticForest(4, 8, 4*maxPackedColumns, false), // too many features for packed nodes
		oneByOne: syntheticForest(1, 60, 9, true),
	} {
		m := mustLoad(t, doc)
		if m.batch == nil {
			t.Fatal(m.why)
		}
		trees := m.batch.stages[0].model.(*ensemble).trees
		if got := trees[len(trees)-1].mode; got != want {
			t.Errorf("form %d, want %d", got, want)
		}
		in := syntheticRows(m, 1000)
		sameScores(t, m, 1000, in, 0)
		release(in)
	}
}

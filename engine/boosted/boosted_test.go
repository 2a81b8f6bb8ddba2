package boosted

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// randomTree grows a tree; how makes a split's test.
func randomTree[T Float](rng *rand.Rand, depth int, early float64, how func(*Node[T])) Tree[T] {
	var t Tree[T]
	var grow func(depth int) int32
	grow = func(depth int) int32 {
		at := int32(len(t.Nodes))
		t.Nodes = append(t.Nodes, Node[T]{Feature: -1, Value: T(rng.NormFloat64())})
		if depth == 0 || rng.Float64() < early {
			return at
		}
		var n Node[T]
		how(&n)
		n.No = grow(depth - 1)
		n.Yes = grow(depth - 1)
		t.Nodes[at] = n
		return at
	}
	grow(depth)
	return t
}

const testFeatures = 6

// randomSpec makes a model of trees of all forms and readings.
func randomSpec[T Float](rng *rand.Rand, sets, linear bool) Spec[T] {
	s := Spec[T]{Base: []T{0.5, -0.25}, Zero: 1e-30}
	for i := range testFeatures {
		s.Features = append(s.Features, Feature{Name: string(rune('a' + i))})
	}
	for i := range 24 {
		depth, early := 1+i%9, []float64{0, 0.2, 0.45}[i%3]
		t := randomTree(rng, depth, early, func(n *Node[T]) {
			n.Feature = rng.IntN(testFeatures)
			n.Threshold = T(rng.IntN(9)-4) / 2
			n.Reading = Reading(rng.IntN(3))
			n.MissingYes = rng.IntN(2) == 0
			if sets && rng.IntN(3) == 0 {
				n.Reading = Code + Reading(rng.IntN(2))
				n.Set = []uint32{rng.Uint32() | 1}
			}
		})
		t.Group = i % 2
		if i == 5 { // a thin one
			t = thin[T](rng, 40)
		}
		for j := range t.Nodes {
			if n := &t.Nodes[j]; linear && n.Feature < 0 && rng.IntN(2) == 0 {
				n.Linear = &Linear[T]{Const: 1, Features: []int{rng.IntN(testFeatures), 0}, Coefficients: []T{0.5, T(rng.NormFloat64())}}
			}
		}
		s.Trees = append(s.Trees, t)
	}
	return s
}

// thin is a chain of splits.
func thin[T Float](rng *rand.Rand, depth int) Tree[T] {
	var t Tree[T]
	for i := range depth {
		t.Nodes = append(t.Nodes,
			Node[T]{Feature: rng.IntN(testFeatures), Threshold: T(rng.NormFloat64()), No: int32(2*i + 1), Yes: int32(2*i + 2)},
			Node[T]{Feature: -1, Value: T(i)})
	}
	t.Nodes = append(t.Nodes, Node[T]{Feature: -1, Value: -1})
	return t
}

// reference scores a row by the words of Node's documentation.
func reference[T Float](s *Spec[T], row []float64) []T {
	x := make([]T, len(row))
	for i, v := range row {
		if x[i] = T(v); math.Abs(float64(x[i])) <= float64(s.Zero) {
			x[i] = 0
		}
	}
	sums := append([]T(nil), s.Base...)
	for i := range s.Trees {
		t := &s.Trees[i]
		n := &t.Nodes[0]
		for n.Feature >= 0 {
			yes := false
			v := float64(x[n.Feature])
			missing := math.IsNaN(v)
			switch n.Reading {
			case NaNZero:
				if missing {
					v, missing = 0, false
				}
			case ZeroMissing:
				missing = missing || v == 0
			case CodeTowardsZero:
				v = math.Trunc(v)
			}
			switch {
			case missing:
				yes = n.MissingYes
			case n.Set != nil:
				yes = v >= 0 && v < float64(32*len(n.Set)) && n.Set[int(v)/32]>>(int(v)%32)&1 == 1
			default:
				yes = T(v) <= n.Threshold
			}
			next := n.No
			if yes {
				next = n.Yes
			}
			n = &t.Nodes[next]
		}
		y := n.Value
		if l := n.Linear; l != nil {
			z, missing := l.Const, false
			for k, f := range l.Features {
				missing = missing || math.IsNaN(float64(x[f]))
				z += T(l.Coefficients[k] * x[f])
			}
			if !missing {
				y = z
			}
		}
		sums[t.Group] += y
	}
	return sums
}

// rows makes random rows: thresholds hit exactly, NaN, NULL (as NaN here), codes, both zeros, infinities.
func rows(rng *rand.Rand, n int) [][]float64 {
	special := []float64{math.NaN(), 0, math.Copysign(0, -1), 1e-31, -1e-31, math.Inf(1), math.Inf(-1), -1, -0.5, 31, 32, 1e300}
	out := make([][]float64, n)
	for i := range out {
		for range testFeatures {
			x := float64(rng.IntN(9)-4) / 2
			switch rng.IntN(6) {
			case 0:
				x = special[rng.IntN(len(special))]
			case 1:
				x = rng.NormFloat64()
			case 2:
				x = float64(rng.IntN(40))
			}
			out[i] = append(out[i], x)
		}
	}
	return out
}

// columns makes arrays of rows; half the NaN become NULL.
func columns(mem memory.Allocator, rng *rand.Rand, rows [][]float64) []arrow.Array {
	var out []arrow.Array
	for f := range testFeatures {
		b := array.NewFloat64Builder(mem)
		for _, r := range rows {
			if math.IsNaN(r[f]) && rng.IntN(2) == 0 {
				b.AppendNull()
				continue
			}
			b.Append(r[f])
		}
		out = append(out, b.NewArray())
		b.Release()
	}
	return out
}

func releaseAll(arrays []arrow.Array) {
	for _, a := range arrays {
		a.Release()
	}
}

// TestProperty compares random models of all forms with the reference to the last bit, for batches of many lengths
// and for slices of them.
func TestProperty(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 1))
		same(t, rng, randomSpec[float32](rng, seed%2 == 1, seed%3 == 2))
		same(t, rng, randomSpec[float64](rng, seed%2 == 1, seed%3 == 2))
	}
}

func same[T Float](t *testing.T, rng *rand.Rand, spec Spec[T]) {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	kept := spec
	m, err := New(spec)
	if err != nil {
		t.Fatal(err)
	}
	all := rows(rng, 700)
	in := columns(mem, rng, all)
	defer releaseAll(in)
	for _, cut := range [][2]int{{0, 700}, {0, 0}, {0, 1}, {3, 6}, {1, 257}, {250, 263}, {17, 690}} {
		part := make([]arrow.Array, len(in))
		for i, a := range in {
			part[i] = array.NewSlice(a, int64(cut[0]), int64(cut[1]))
		}
		out, err := m.Score(mem, cut[1]-cut[0], part, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range all[cut[0]:cut[1]] {
			for g, want := range reference(&kept, row) {
				got := T(out[g].(*array.Float64).Value(i))
				if got != want && (got == got || want == want) && !t.Failed() {
					t.Errorf("row %d of %v, group %d: %v, expected %v", i, cut, g, got, want)
				}
			}
		}
		releaseAll(part)
		releaseAll(out)
	}
}

// TestForms makes sure that the property test sees every form.
func TestForms(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	m, err := New(randomSpec[float64](rng, false, false))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[form]int{}
	for i := range m.trees {
		seen[m.trees[i].form]++
	}
	if seen[full] == 0 || seen[lockstep] == 0 || seen[single] == 0 {
		t.Errorf("forms: %v", seen)
	}
}

func TestDamagedTrees(t *testing.T) {
	leaf := Node[float64]{Feature: -1}
	for _, c := range []struct {
		nodes []Node[float64]
		want  string
	}{
		{nil, "tree 0: it has no nodes"},
		{[]Node[float64]{{Feature: 0, Yes: 1, No: 2}, leaf}, "leads to node 2, expected one of 0 to 1"},
		{[]Node[float64]{{Feature: 0, Yes: 1, No: 0}, leaf}, "node 0 is reached in two ways"},
		{[]Node[float64]{{Feature: 3, Yes: 1, No: 2}, leaf, leaf}, "tests feature 3, expected one of 0 to 0"},
		{[]Node[float64]{{Feature: -1, Linear: &Linear[float64]{Features: []int{4}, Coefficients: []float64{1}}}}, "has feature 4"},
	} {
		_, err := New(Spec[float64]{Features: []Feature{{Name: "a"}}, Base: []float64{0}, Trees: []Tree[float64]{{Nodes: c.nodes}}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, expected %s", err, c.want)
		}
	}
}

// TestColumnsThatDoNotFit is for callers' faults.
func TestColumnsThatDoNotFit(t *testing.T) {
	m, err := New(Spec[float64]{Features: []Feature{{Name: "a"}, {Name: "k", Categories: []string{"x"}}}, Base: []float64{0}})
	if err != nil {
		t.Fatal(err)
	}
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	one := array.MakeArrayOfNull(mem, arrow.PrimitiveTypes.Float64, 1)
	defer one.Release()
	for _, c := range []struct {
		n    int
		in   []arrow.Array
		want string
	}{
		{1, []arrow.Array{one}, "takes 2 columns, not 1"},
		{1, []arrow.Array{one, one}, "the column k is a utf8, not a float64"},
		{2, []arrow.Array{one, one}, "the column a has 1 rows, not 2"},
	} {
		if _, err := m.Score(mem, c.n, c.in, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, expected %s", err, c.want)
		}
	}
}

func benchmark[T Float](b *testing.B, trees, depth int, early float64) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := Spec[T]{Base: []T{0}}
	const features, n = 20, 8192
	for i := range features {
		s.Features = append(s.Features, Feature{Name: string(rune('a' + i))})
	}
	for range trees {
		s.Trees = append(s.Trees, randomTree(rng, depth, early, func(n *Node[T]) {
			n.Feature, n.Threshold, n.MissingYes = rng.IntN(features), T(rng.NormFloat64()), rng.IntN(2) == 0
		}))
	}
	m, err := New(s)
	if err != nil {
		b.Fatal(err)
	}
	var in []arrow.Array
	for range features {
		bl := array.NewFloat64Builder(memory.DefaultAllocator)
		for range n {
			bl.Append(rng.NormFloat64())
		}
		in = append(in, bl.NewArray())
	}
	b.ReportAllocs()
	for b.Loop() {
		out, err := m.Score(memory.DefaultAllocator, n, in, []int{0})
		if err != nil {
			b.Fatal(err)
		}
		releaseAll(out)
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/n, "ns/row")
}

// Benchmark200x4 scores 200 full trees of depth 4 over 20 features.
func Benchmark200x4(b *testing.B) {
	b.Run("float32", func(b *testing.B) { benchmark[float32](b, 200, 4, 0) })
	b.Run("float64", func(b *testing.B) { benchmark[float64](b, 200, 4, 0) })
}

// Benchmark100x8 scores 100 bushy trees of depth 8.
func Benchmark100x8(b *testing.B) {
	b.Run("float32", func(b *testing.B) { benchmark[float32](b, 100, 8, 0.05) })
	b.Run("float64", func(b *testing.B) { benchmark[float64](b, 100, 8, 0.05) })
}

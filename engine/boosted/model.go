package boosted

import (
	"fmt"
	"math"
	"sort"
	"sync"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// Feature is an input column.
type Feature struct {
	Name string
	// Categories, when not nil, are the names of the categories by code: the column is then a STRING, and a name that
	// is not among them is missing. Without them the column is a DOUBLE, and a category its code.
	Categories []string
	// Numbers, when not nil, are categories that are numbers, by code: the column is a DOUBLE of them, and a number
	// that is not among them is missing.
	Numbers []float64
}

// Task is what a model predicts.
type Task int

const (
	// Regression predicts what the link gives, a number for each group.
	Regression Task = iota
	// Classification predicts the most probable class; the link gives the probabilities: of class 1 if there is one
	// group, else of each group's.
	Classification
)

// Spec describes a model. New takes it over.
type Spec[T Float] struct {
	Features []Feature
	Trees    []Tree[T]
	// Base is where the margin of each group begins; its length is the number of groups.
	Base []T
	// Weights, when not nil, make a linear model beside the trees: the weight of feature f for group g is
	// Weights[f*len(Base)+g]. A missing feature adds nothing.
	Weights []T
	// Zero is the size up to which numbers are read as 0.
	Zero T
	Task Task
	// Link turns margins into predictions in place, by group; nil if they are the predictions.
	Link func(groups [][]T)
	// Margin is the name of the output that gives the margins, if they differ from the predictions.
	Margin string
}

// Role says what an output is.
type Role int

const (
	// Other is anything but a prediction.
	Other Role = iota
	// Predicted is the model's prediction.
	Predicted
	// Probability is the probability of the class Output.Class.
	Probability
)

// Output describes one column that Score gives.
type Output struct {
	Field arrow.Field // a DOUBLE that is never NULL
	Role  Role
	Class string // for Probability: its index, "0", "1", ...
}

// Model scores rows. It is immutable; all methods may be called concurrently.
type Model[T Float] struct {
	spec    Spec[T]
	slots   *slots
	trees   []flatTree[T]
	weights []int32           // offsets of the features' columns, for a linear model
	order   []*order[string]  // by feature, of names of categories
	numbers []*order[float64] // likewise, of categories that are numbers
	inputs  []arrow.Field
	outputs []output
	public  []Output
	tiles   sync.Pool
}

// output is where an output's values come from.
type output struct {
	kind  outputKind
	group int
}

type outputKind uint8

const (
	fromGroup  outputKind = iota // what the link gave for the group
	fromClass                    // the most probable class
	fromOther                    // 1 - the only group
	fromMargin                   // the group before the link
)

// New compiles a model. An error names the tree at fault.
func New[T Float](spec Spec[T]) (*Model[T], error) {
	m := &Model[T]{spec: spec, slots: &slots{index: map[slot]int{}}}
	if n := len(spec.Features) * len(spec.Base); spec.Weights != nil && len(spec.Weights) != n {
		return nil, fmt.Errorf("it has %d weights, expected %d: one for each feature and output", len(spec.Weights), n)
	}
	depths, means := make([]int, len(spec.Trees)), make([]float64, len(spec.Trees))
	for i := range spec.Trees {
		var err error
		t := &spec.Trees[i]
		if depths[i], means[i], err = t.check(len(spec.Features), len(spec.Base)); err != nil {
			return nil, fmt.Errorf("tree %d: %w", i, err)
		}
	}
	m.place()
	for i := range spec.Trees {
		m.trees = append(m.trees, flatten(&spec.Trees[i], m.slots, depths[i], means[i]))
	}
	m.spec.Trees = nil // the flat ones stand for them
	for _, f := range spec.Features {
		var o *order[string]
		typ := arrow.DataType(arrow.PrimitiveTypes.Float64)
		if f.Categories != nil {
			o, typ = newOrder(f.Categories), arrow.BinaryTypes.String
		}
		m.order = append(m.order, o)
		var nums *order[float64]
		if f.Numbers != nil {
			nums = newOrder(f.Numbers)
		}
		m.numbers = append(m.numbers, nums)
		m.inputs = append(m.inputs, arrow.Field{Name: f.Name, Type: typ, Nullable: true})
	}
	m.plan()
	m.tiles.New = func() any { return m.newTile() }
	return m, nil
}

// place gives all columns their places, sorted by feature, so that a tile reads each feature once.
func (m *Model[T]) place() {
	for i := range m.spec.Trees {
		t := &m.spec.Trees[i]
		for j := range t.Nodes {
			n := &t.Nodes[j]
			switch {
			case n.Feature < 0:
				n.flatLinear(m.slots)
			case n.Feature < len(m.spec.Features):
				m.slots.offset(n.Feature, n.Reading, false)
				if n.MissingYes && n.Set == nil {
					m.slots.offset(n.Feature, n.Reading, true)
				}
			}
		}
	}
	if m.spec.Weights != nil {
		for f := range m.spec.Features {
			m.slots.offset(f, NaNMissing, false)
		}
	}
	sort.SliceStable(m.slots.all, func(a, b int) bool { return m.slots.all[a].feature < m.slots.all[b].feature })
	for i, s := range m.slots.all {
		m.slots.index[s] = i
	}
	if m.spec.Weights != nil {
		for f := range m.spec.Features {
			m.weights = append(m.weights, m.slots.offset(f, NaNMissing, false))
		}
	}
}

// plan lists the outputs.
func (m *Model[T]) plan() {
	k := len(m.spec.Base)
	add := func(name string, role Role, class string, o output) {
		f := arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Float64, Nullable: true}
		m.public = append(m.public, Output{Field: f, Role: role, Class: class})
		m.outputs = append(m.outputs, o)
	}
	each := func(name string, role Role, kind outputKind) {
		for g := range k {
			full := name
			if k > 1 {
				full = fmt.Sprintf("%s(%d)", name, g)
			}
			add(full, role, "", output{kind, g})
		}
	}
	switch {
	case m.spec.Task == Regression:
		each("prediction", Predicted, fromGroup)
	case k == 1:
		add("prediction", Predicted, "", output{fromClass, 0})
		add("probability(0)", Probability, "0", output{fromOther, 0})
		add("probability(1)", Probability, "1", output{fromGroup, 0})
	default:
		add("prediction", Predicted, "", output{fromClass, 0})
		for g := range k {
			add(fmt.Sprintf("probability(%d)", g), Probability, fmt.Sprint(g), output{fromGroup, g})
		}
	}
	if m.spec.Margin != "" {
		each(m.spec.Margin, Other, fromMargin)
	}
}

// Inputs are the columns that Score reads, all nullable. The slice is shared: do not change it.
func (m *Model[T]) Inputs() []arrow.Field { return m.inputs }

// Outputs are the columns that Score gives: `prediction`, of several groups `prediction(0)` and so on; of a classification
// `probability(c)` for each class; the margins if they differ. The slice is shared: do not change it.
func (m *Model[T]) Outputs() []Output { return m.public }

// Trees is how many trees there are.
func (m *Model[T]) Trees() int { return len(m.trees) }

// Groups is how many margins there are.
func (m *Model[T]) Groups() int { return len(m.spec.Base) }

// Score computes the outputs whose indexes are in want, all if it is nil, for n rows. in has one array for each of
// Inputs, of the type declared there and of length n; it is borrowed. The caller releases the result. NULL and NaN
// are missing. An error means that in does not fit.
func (m *Model[T]) Score(mem memory.Allocator, n int, in []arrow.Array, want []int) ([]arrow.Array, error) {
	if err := m.fits(n, in); err != nil {
		return nil, err
	}
	if want == nil {
		want = make([]int, len(m.outputs))
		for i := range want {
			want[i] = i
		}
	}
	bufs := make([]*memory.Buffer, len(want))
	dst := make([][]float64, len(want))
	for i := range want {
		bufs[i] = memory.NewResizableBuffer(mem)
		bufs[i].Resize(arrow.Float64Traits.BytesRequired(n))
		dst[i] = arrow.Float64Traits.CastFromBytes(bufs[i].Bytes())
	}
	t := m.tiles.Get().(*tile[T])
	defer m.tiles.Put(t)
	for from := 0; from < n; from += tileRows {
		m.score(t, in, from, min(tileRows, n-from), want, dst)
	}
	out := make([]arrow.Array, len(want))
	for i, b := range bufs {
		d := array.NewData(arrow.PrimitiveTypes.Float64, n, []*memory.Buffer{nil, b}, nil, 0, 0)
		out[i] = array.NewFloat64Data(d)
		d.Release()
		b.Release()
	}
	return out, nil
}

func (m *Model[T]) fits(n int, in []arrow.Array) error {
	if len(in) != len(m.inputs) {
		return fmt.Errorf("the model takes %d columns, not %d", len(m.inputs), len(in))
	}
	for i, a := range in {
		f := &m.inputs[i]
		if !arrow.TypeEqual(a.DataType(), f.Type) {
			return fmt.Errorf("the column %s is a %s, not a %s", f.Name, f.Type, a.DataType())
		}
		if a.Len() != n {
			return fmt.Errorf("the column %s has %d rows, not %d", f.Name, a.Len(), n)
		}
	}
	return nil
}

// score scores one tile and writes the wanted outputs.
func (m *Model[T]) score(t *tile[T], in []arrow.Array, from, n int, want []int, dst [][]float64) {
	m.fill(t, in, from, n)
	m.sum(t, n)
	for g := range t.groups {
		t.groups[g] = t.sums[g*tileRows : g*tileRows+n]
	}
	for i, w := range want {
		if o := m.outputs[w]; o.kind == fromMargin {
			widen(dst[i][from:from+n], t.groups[o.group])
		}
	}
	if m.spec.Link != nil {
		m.spec.Link(t.groups)
	}
	for i, w := range want {
		d := dst[i][from : from+n]
		switch o := m.outputs[w]; o.kind {
		case fromGroup:
			widen(d, t.groups[o.group])
		case fromOther:
			for j, p := range t.groups[0] {
				d[j] = float64(1 - p)
			}
		case fromClass:
			m.classes(t, d)
		}
	}
}

// sum computes the margins of a tile.
func (m *Model[T]) sum(t *tile[T], n int) {
	for g, b := range m.spec.Base {
		s := t.sums[g*tileRows : g*tileRows+n]
		for i := range s {
			s[i] = b
		}
	}
	for i := range m.trees {
		f := &m.trees[i]
		f.add(t.x, t.sums[f.group*tileRows:f.group*tileRows+n], t.at)
	}
	k := len(m.spec.Base)
	for f, off := range m.weights {
		x := t.x[off : int(off)+n]
		for g := range k {
			addScaled(t.sums[g*tileRows:g*tileRows+n], x, m.spec.Weights[f*k+g])
		}
	}
}

// addScaled adds w times each value that is not missing.
func addScaled[T Float](sums, x []T, w T) {
	for i, v := range x {
		if v == v {
			sums[i] += T(v * w)
		}
	}
}

// classes finds the most probable class, the first of equals.
func (m *Model[T]) classes(t *tile[T], dst []float64) {
	if len(t.groups) == 1 {
		for i, p := range t.groups[0] {
			dst[i] = 0
			if p > 0.5 {
				dst[i] = 1
			}
		}
		return
	}
	best := t.code[:len(dst)]
	copy(best, t.groups[0])
	clear(dst)
	for g, p := range t.groups[1:] {
		for i, v := range p {
			if v > best[i] {
				best[i], dst[i] = v, float64(g+1)
			}
		}
	}
}

func widen[T Float](dst []float64, src []T) {
	for i, v := range src {
		dst[i] = float64(v)
	}
}

// Softmax makes probabilities of margins as both libraries do: the exponentials in T, their sum in double.
func Softmax[T Float](groups [][]T) {
	for i := range groups[0] {
		top := groups[0][i]
		for _, g := range groups[1:] {
			top = max(top, g[i])
		}
		sum := 0.0
		for _, g := range groups {
			g[i] = T(math.Exp(float64(g[i] - top)))
			sum += float64(g[i])
		}
		for _, g := range groups {
			g[i] /= T(sum)
		}
	}
}

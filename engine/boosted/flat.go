package boosted

import "math"

// flatTree is a tree in one of three forms, chosen at load:
//
//   - full: padded to a complete tree, in which the place of a child is arithmetic. For shallow trees.
//   - lockstep: a node's children lie side by side, leaves lead to themselves, and rows walk side by side a fixed
//     number of steps. For bushy trees.
//   - single: row by row until the leaf. For long thin trees, and where sets of categories are tested.
//
// A value missing in a column is NaN there, and no comparison with NaN is true: it goes where a failed test goes. A
// split that sends missing values to Yes is turned round instead: it tests whether the negated value is below the
// negated threshold, which reads a negated copy of the column.
type flatTree[T Float] struct {
	form   form
	depth  int
	group  int
	full   *fullNodes[T] // from index 1: the children of i are 2i (no) and 2i+1 (yes)
	leaves *[maxLeaves]T // of full: values
	pairs  []pairNode[T]
	nodes  []singleNode[T]
	sets   [][]uint32
	values []T // of full: by leaf; of pairs: by node; of single: by leaf
	// linear functions, by the index of values; nil if the tree has none.
	linear []*flatLinear[T]
}

type form uint8

const (
	full form = iota
	lockstep
	single
)

type fullNode[T Float] struct {
	t   T
	off uint32 // of the column in the tile
}

type fullNodes[T Float] [maxLeaves]fullNode[T]

// pairNode is a test of lockstep: the child for no is kids, the one for yes the next.
type pairNode[T Float] struct {
	t    T
	off  uint32
	kids uint32
}

// singleNode is a test of single; a negative child is a leaf: ^child.
type singleNode[T Float] struct {
	t                T
	off              int32
	yes, no, missing int32
	set              int32 // index into sets, -1 for a threshold
}

type flatLinear[T Float] struct {
	start T
	offs  []int32
	coef  []T
	value T // when a feature is missing
}

// maxFullDepth bounds the padding: a full tree has 2^depth leaves.
const (
	maxFullDepth = 6
	maxLeaves    = 1 << maxFullDepth
)

// flatten lays a tree out. Its columns are asked of s.
func flatten[T Float](t *Tree[T], s *slots, depth int, mean float64) flatTree[T] {
	f := flatTree[T]{depth: depth, group: t.Group}
	sets, linear := false, false
	for i := range t.Nodes {
		sets = sets || t.Nodes[i].Feature >= 0 && t.Nodes[i].Set != nil
		linear = linear || t.Nodes[i].Linear != nil
	}
	switch {
	case sets || float64(depth) > 3*mean+2:
		f.form = single
		f.fillSingle(t, s)
	case depth <= maxFullDepth && (1<<depth) <= 4*len(t.Nodes):
		f.form = full
		f.full, f.leaves = new(fullNodes[T]), new([maxLeaves]T)
		f.values = f.leaves[:1<<depth]
		f.linear = make([]*flatLinear[T], 1<<depth)
		f.fillFull(t, s, 0, 1, 0)
	default:
		f.form = lockstep
		f.fillPairs(t, s)
	}
	if !linear {
		f.linear = nil
	}
	return f
}

// test gives a numeric split as "the column at off is at most t": yes says whether that is the way of Yes.
func (n *Node[T]) test(s *slots) (t T, off int32, yes bool) {
	if n.MissingYes {
		return below(-n.Threshold), s.offset(n.Feature, n.Reading, true), false
	}
	return n.Threshold, s.offset(n.Feature, n.Reading, false), true
}

// below is the greatest number less than t; NaN if there is none.
func below[T Float](t T) T {
	if math.IsInf(float64(t), -1) {
		return T(math.NaN())
	}
	if x, ok := any(t).(float32); ok {
		return T(math.Nextafter32(x, float32(math.Inf(-1))))
	}
	return T(math.Nextafter(float64(t), math.Inf(-1)))
}

// Below is the greatest number less than t, NaN if there is none: x < t is x <= Below(t), for all x.
func Below[T Float](t T) T { return below(t) }

func (f *flatTree[T]) fillFull(t *Tree[T], s *slots, at int32, place, depth int) {
	n := &t.Nodes[at]
	if depth == f.depth {
		f.values[place-1<<depth] = n.Value
		f.linear[place-1<<depth] = n.flatLinear(s)
		return
	}
	if n.Feature < 0 {
		f.full[place] = fullNode[T]{t: T(math.NaN())}
		f.fillFull(t, s, at, 2*place, depth+1)
		return
	}
	th, off, yes := n.test(s)
	f.full[place] = fullNode[T]{th, uint32(off)}
	a, b := n.No, n.Yes
	if !yes {
		a, b = b, a
	}
	f.fillFull(t, s, a, 2*place, depth+1)
	f.fillFull(t, s, b, 2*place+1, depth+1)
}

func (f *flatTree[T]) fillPairs(t *Tree[T], s *slots) {
	todo := []int32{0}
	for i := 0; i < len(todo); i++ {
		n := &t.Nodes[todo[i]]
		p := pairNode[T]{t: T(math.NaN()), kids: uint32(i)}
		if n.Feature >= 0 {
			th, off, yes := n.test(s)
			p = pairNode[T]{th, uint32(off), uint32(len(todo))}
			if yes {
				todo = append(todo, n.No, n.Yes)
			} else {
				todo = append(todo, n.Yes, n.No)
			}
		}
		f.pairs = append(f.pairs, p)
		f.values = append(f.values, n.Value)
		f.linear = append(f.linear, n.flatLinear(s))
	}
}

// fillSingle lays the nodes out with a parent before its children.
func (f *flatTree[T]) fillSingle(t *Tree[T], s *slots) {
	type task struct {
		node int32
		into *int32
	}
	splits := 0
	for i := range t.Nodes {
		if t.Nodes[i].Feature >= 0 {
			splits++
		}
	}
	f.nodes = make([]singleNode[T], 0, splits+1) // never grows: tasks point into it
	root := int32(0)
	todo := []task{{0, &root}}
	missing := []bool{}
	for len(todo) > 0 {
		k := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		n := &t.Nodes[k.node]
		if n.Feature < 0 {
			*k.into = ^int32(len(f.values))
			f.values = append(f.values, n.Value)
			f.linear = append(f.linear, n.flatLinear(s))
			continue
		}
		*k.into = int32(len(f.nodes))
		m := singleNode[T]{t: n.Threshold, off: s.offset(n.Feature, n.Reading, false), set: -1}
		if n.Set != nil {
			m.set = int32(len(f.sets))
			f.sets = append(f.sets, n.Set)
		}
		f.nodes = append(f.nodes, m)
		missing = append(missing, n.MissingYes)
		p := &f.nodes[len(f.nodes)-1]
		todo = append(todo, task{n.No, &p.no}, task{n.Yes, &p.yes})
	}
	for i := range f.nodes {
		n := &f.nodes[i]
		if n.missing = n.no; missing[i] {
			n.missing = n.yes
		}
	}
	if len(f.nodes) == 0 { // a leaf alone
		f.nodes = append(f.nodes, singleNode[T]{t: T(math.NaN()), yes: ^0, no: ^0, missing: ^0, set: -1})
	}
}

func (n *Node[T]) flatLinear(s *slots) *flatLinear[T] {
	if n.Linear == nil {
		return nil
	}
	l := &flatLinear[T]{start: n.Linear.Const, coef: n.Linear.Coefficients, value: n.Value}
	for _, f := range n.Linear.Features {
		l.offs = append(l.offs, s.offset(f, NaNMissing, false))
	}
	return l
}

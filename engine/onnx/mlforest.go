package onnx

import "github.com/millrace-sql/millrace/engine/boosted"

// forest is an ensemble laid out flat. Rows are scored in blocks of at most tileRows, whose columns are copied out of
// the row-major input first.
//
// A tree has one of two forms:
//
//   - lockstep: a node's children lie side by side, leaves lead to themselves, and the rows of a block step down
//     together a fixed number of times. Every test is "the column is at most t": the other comparisons are
//     turned round, or read a negated column. No comparison with NaN is true, so a test that NaN passes is turned
//     round too.
//   - otherwise each row walks until its leaf: trees with tests for equality or of sets, with nodes that are reached in
//     two ways, and long thin ones.
type forest[T number] struct {
	targets int
	// some says that leaves of a tree differ in their targets: sums then come with notes of which there are. Otherwise
	// gives says which there are.
	some    bool
	gives   []bool
	columns []treeColumn
	places  map[treeColumn]int // of columns, while the forest is laid out
	trees   []flatTree[T]
}

// What the leaves of a tree give to, if not one weight to one target.
const (
	allTargets  = -1 // one weight to each target
	someTargets = -2
)

// treeColumn is a feature, perhaps negated.
type treeColumn struct {
	feature int
	negated bool
}

type flatTree[T number] struct {
	depth  int
	only   int           // the target that all leaves give to, or allTargets; of no meaning if forest.some
	first  bool          // no tree before gives to the same
	pairs  []treePair[T] // lockstep
	single []treeStep[T] // otherwise
	// values are what leaves give, by node of pairs or leaf of single: one number, or one for each target.
	values []T
	// from and weights are the same where leaves differ in their targets: weights[from[k]:from[k+1]].
	from    []int32
	weights []treeWeight[T]
}

// treePair is a node of the lockstep form: kids is the child for no, the next one is for yes.
type treePair[T number] struct {
	t    T
	off  uint32 // of the column
	kids uint32
}

// treeStep is a node of the other form; a negative child is the leaf ^child.
type treeStep[T number] struct {
	t       T
	off     int32
	yes, no int32
	mode    treeMode
	missing bool
	members []T // sorted
	whole   bool
}

// treeScratch is a workspace's memory for a forest.
type treeScratch[T number] struct {
	x    []T // the columns, tileRows each
	at   []uint32
	sums []T    // of all rows, by row and target
	has  []bool // likewise, if leaves differ in their targets: whether any leaf gave something
}

// newForest lays an ensemble out. It must have passed the check that gave sizes.
func newForest[T number](d *treeDoc[T], sizes []treeSize) *forest[T] {
	f := &forest[T]{targets: d.targets, gives: make([]bool, d.targets), places: map[treeColumn]int{}}
	kinds, all := make([]int, len(d.roots)), 0
	for i, root := range d.roots {
		if kinds[i] = d.pattern(root, sizes[i]); kinds[i] == allTargets {
			all++
		}
		f.some = f.some || kinds[i] == someTargets
	}
	f.some = f.some || all > 0 && all < len(kinds)
	for i, root := range d.roots {
		t := f.flatten(d, root, sizes[i], kinds[i])
		switch {
		case f.some:
		case t.only == allTargets:
			t.first = i == 0
			for k := range f.gives {
				f.gives[k] = true
			}
		default:
			t.first = !f.gives[t.only]
			f.gives[t.only] = true
		}
		f.trees = append(f.trees, t)
	}
	f.places = nil
	return f
}

// leaves calls yield with each leaf of a tree, once.
func (d *treeDoc[T]) leaves(root int, size treeSize, yield func(n *treeNode[T])) {
	todo := []int{root}
	var seen map[int]bool
	if size.shared {
		seen = make(map[int]bool, size.nodes)
	}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[i] {
			continue
		}
		if seen != nil {
			seen[i] = true
		}
		if n := &d.nodes[i]; n.mode == leaf {
			yield(n)
		} else {
			todo = append(todo, n.no, n.yes)
		}
	}
}

// pattern finds out which targets the leaves of a tree give something to: see flatTree.only.
func (d *treeDoc[T]) pattern(root int, size treeSize) int {
	if d.targets == 1 {
		return 0 // onnxruntime takes the first weight of several
	}
	all, same, target := true, true, -1
	var seen []bool
	d.leaves(root, size, func(n *treeNode[T]) {
		if same = same && len(n.weights) == 1; same {
			same = target < 0 || target == n.weights[0].target
			target = n.weights[0].target
		}
		if all = all && len(n.weights) == d.targets; all {
			clear(grow(&seen, d.targets))
			for _, w := range n.weights {
				all = all && !seen[w.target]
				seen[w.target] = true
			}
		}
	})
	switch {
	case same:
		return target
	case all:
		return allTargets
	}
	return someTargets
}

// width is how many values a leaf has.
func (t *flatTree[T]) width(targets int) int {
	if t.only == allTargets {
		return targets
	}
	return 1
}

// column gives the place of a column.
func (f *forest[T]) column(feature int, negated bool) int {
	c := treeColumn{feature, negated}
	i, ok := f.places[c]
	if !ok {
		i = len(f.columns)
		f.places[c] = i
		f.columns = append(f.columns, c)
	}
	return i * tileRows
}

// test gives a comparison as "the column is at most t", and whether its yes is the node's. ok is false if that cannot
// be.
func (n *treeNode[T]) test() (t T, negated, yes, ok bool) {
	t = n.value
	if t != t || n.mode > above {
		return t, false, true, false
	}
	switch n.mode {
	case atMost: // x <= t
	case below: // x < t
		t = boosted.Below(t)
	case atLeast: // -x <= -t
		t, negated = -t, true
	case above:
		t, negated = boosted.Below(-t), true
	}
	if !n.missing {
		return t, negated, true, true
	}
	// NaN passes: the column is not at most t the other way round. x > t is -x < -t.
	return boosted.Below(-t), !negated, false, t == t
}

// lockstep says whether a tree suits the form.
func (d *treeDoc[T]) lockstep(root int, size treeSize) bool {
	if size.shared {
		return false
	}
	type visit struct {
		node  int
		share float64
	}
	mean := 0.0 // of the depth, if each way is as likely
	todo := []visit{{root, 1}}
	for len(todo) > 0 {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		n := &d.nodes[v.node]
		if n.mode == leaf {
			continue
		}
		if _, _, _, ok := n.test(); !ok {
			return false
		}
		mean += v.share
		todo = append(todo, visit{n.no, v.share / 2}, visit{n.yes, v.share / 2})
	}
	return float64(size.depth) <= 5*mean+2
}

func (f *forest[T]) flatten(d *treeDoc[T], root int, size treeSize, only int) flatTree[T] {
	t := flatTree[T]{depth: size.depth, only: only}
	if d.lockstep(root, size) {
		f.fillPairs(&t, d, root, size.nodes)
	} else {
		f.fillSingle(&t, d, root, size.nodes)
	}
	if f.some {
		t.from = append(t.from, int32(len(t.weights)))
	}
	return t
}

// addLeaf appends what a leaf gives. A node that is no leaf gives nothing.
func (f *forest[T]) addLeaf(t *flatTree[T], n *treeNode[T]) {
	if f.some {
		t.from = append(t.from, int32(len(t.weights)))
		if n.mode == leaf {
			t.weights = append(t.weights, n.weights...)
		}
		return
	}
	at, width := len(t.values), t.width(f.targets)
	for range width {
		t.values = append(t.values, 0)
	}
	if n.mode != leaf {
		return
	}
	if width == 1 {
		if t.values[at] = n.value; len(n.weights) > 0 { // with no weight onnxruntime takes the node's value
			t.values[at] = n.weights[0].value
		}
		return
	}
	for _, w := range n.weights {
		t.values[at+w.target] = w.value
	}
}

func (f *forest[T]) fillPairs(t *flatTree[T], d *treeDoc[T], root, nodes int) {
	todo := make([]int, 0, nodes)
	todo = append(todo, root)
	t.pairs = make([]treePair[T], 0, nodes)
	for i := 0; i < len(todo); i++ {
		n := &d.nodes[todo[i]]
		f.addLeaf(t, n)
		if n.mode == leaf {
			// A row that has come to a leaf stays: its test always fails, and the way for no is the leaf itself.
			t.pairs = append(t.pairs, treePair[T]{t: nan[T](), kids: uint32(i)})
			continue
		}
		v, negated, yes, _ := n.test()
		t.pairs = append(t.pairs, treePair[T]{v, uint32(f.column(n.feature, negated)), uint32(len(todo))})
		if yes {
			todo = append(todo, n.no, n.yes)
		} else {
			todo = append(todo, n.yes, n.no)
		}
	}
}

func (f *forest[T]) fillSingle(t *flatTree[T], d *treeDoc[T], root, nodes int) {
	place := make(map[int]int32, nodes) // of nodes and, below zero, leaves
	var order []int
	todo := []int{root}
	leaves := int32(0)
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if _, done := place[i]; done {
			continue
		}
		n := &d.nodes[i]
		if n.mode == leaf {
			place[i] = ^leaves
			leaves++
			f.addLeaf(t, n)
			continue
		}
		place[i] = int32(len(order))
		order = append(order, i)
		todo = append(todo, n.no, n.yes)
	}
	for _, i := range order {
		n := &d.nodes[i]
		t.single = append(t.single, treeStep[T]{
			t: n.value, off: int32(f.column(n.feature, false)), yes: place[n.yes], no: place[n.no],
			mode: n.mode, missing: n.missing, members: n.members, whole: n.whole,
		})
	}
}

// nan is not a number.
func nan[T number]() T {
	var zero T
	return zero / zero
}

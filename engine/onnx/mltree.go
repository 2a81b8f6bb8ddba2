package onnx

import (
	"fmt"
	"math"
	"slices"
)

// number is what an ensemble of trees computes in.
type number interface{ float32 | float64 }

// treeMode is a node's test.
type treeMode uint8

// The modes, numbered as TreeEnsemble has them.
const (
	atMost treeMode = iota
	below
	atLeast
	above
	equal
	unequal
	member
	leaf // only in the operators of version 3
)

var treeModes = []string{"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER", "LEAF"}

// treeNode is a split or a leaf as a document has it.
type treeNode[T number] struct {
	mode    treeMode
	missing bool // NaN passes the test
	feature int
	value   T
	members []T  // sorted
	whole   bool // a value loses its fraction before it is looked for in members
	yes, no int  // indexes of nodes
	weights []treeWeight[T]
}

// treeWeight is what a leaf gives to a target.
type treeWeight[T number] struct {
	target int
	value  T
}

// treeDoc is an ensemble as a document has it.
type treeDoc[T number] struct {
	nodes   []treeNode[T]
	roots   []int
	targets int
	names   func(i int) string // of a node, for messages
}

// maxTreeDepth bounds the length of a path: a walk takes as many steps.
const maxTreeDepth = 1 << 16

// treeSize is what is found out about a tree.
type treeSize struct {
	depth  int
	nodes  int
	shared bool // some nodes are reached in two ways: chains of tests for equality with one way out
}

// check follows all paths from the roots: children and features must exist, no path may come back, and no two trees
// have nodes in common.
func (d *treeDoc[T]) check(features int) ([]treeSize, error) {
	owner := make([]int, len(d.nodes)) // 1 + the tree
	sizes := make([]treeSize, len(d.roots))
	c := treeCheck[T]{treeDoc: d, depth: make([]int, len(d.nodes)), state: make([]uint8, len(d.nodes)), features: features}
	for t, root := range d.roots {
		c.size = &sizes[t]
		c.enter = func(i int) error {
			if owner[i] != 0 {
				return fmt.Errorf("%s belongs to two trees", d.names(i))
			}
			owner[i] = t + 1
			return nil
		}
		if c.state[root] != 0 {
			return nil, fmt.Errorf("%s belongs to two trees", d.names(root))
		}
		c.owned = func(i int) bool { return owner[i] == t+1 }
		if err := c.walk(root); err != nil {
			return nil, err
		}
		if c.size.depth = c.depth[root]; c.size.depth > maxTreeDepth {
			return nil, fmt.Errorf("the tree of %s is deeper than %d levels", d.names(root), maxTreeDepth)
		}
	}
	return sizes, nil
}

// treeCheck is a walk over all nodes.
type treeCheck[T number] struct {
	*treeDoc[T]
	depth    []int   // below each node
	state    []uint8 // 0 not seen, 1 on the path, 2 done
	features int
	size     *treeSize
	enter    func(i int) error
	owned    func(i int) bool
}

func (c *treeCheck[T]) walk(root int) error {
	todo := []int{root}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		n := &c.nodes[i]
		switch c.state[i] {
		case 2: // it was on the list twice
			c.size.shared = true
			todo = todo[:len(todo)-1]
			continue
		case 1: // the children are done
			todo = todo[:len(todo)-1]
			c.state[i] = 2
			c.depth[i] = 1 + max(c.depth[n.yes], c.depth[n.no])
			continue
		}
		if err := c.enter(i); err != nil {
			return err
		}
		c.size.nodes++
		if n.mode == leaf {
			c.state[i] = 2
			todo = todo[:len(todo)-1]
			continue
		}
		if n.feature < 0 || n.feature >= c.features {
			return fmt.Errorf("%s tests feature %d, but the input has %d columns", c.names(i), n.feature, c.features)
		}
		c.state[i] = 1
		for _, k := range [...]int{n.no, n.yes} {
			switch {
			case c.state[k] == 1:
				return fmt.Errorf("%s leads back to %s, expected a tree", c.names(i), c.names(k))
			case c.state[k] == 2 && !c.owned(k):
				return fmt.Errorf("%s belongs to two trees", c.names(k))
			case c.state[k] == 2:
				c.size.shared = true
			default:
				todo = append(todo, k)
			}
		}
	}
	return nil
}

// numbersOf reads a FLOATS attribute, or in its place the tensor NAME_as_tensor, as numbers of type T.
func numbersOf[T number](n *node, name string) ([]T, error) {
	list, t := n.floats(name), n.tensor(name+"_as_tensor")
	if len(list) > 0 && t != nil && t.size() > 0 {
		return nil, n.errorf("attributes %s and %s_as_tensor are both there, expected one", name, name)
	}
	if t == nil {
		return castAll(make([]T, len(list)), list), nil
	}
	return tensorNumbers[T](n, name+"_as_tensor", t)
}

// tensorNumbers are the numbers of a tensor attribute.
func tensorNumbers[T number](n *node, name string, t *tensor) ([]T, error) {
	switch {
	case t == nil:
		return nil, nil
	case t.kind == kindFloat:
		return castAll(make([]T, len(t.f32)), t.f32), nil
	case t.kind == kindDouble:
		return castAll(make([]T, len(t.f64)), t.f64), nil
	}
	return nil, n.errorf("attribute %s is of %s, expected float or double", name, t.kind)
}

// sameLength checks that lists are as long as the first one.
func (n *node) sameLength(names []string, lengths ...int) error {
	for i, l := range lengths {
		if l != lengths[0] {
			return n.errorf("attribute %s has %d elements, but %s has %d", names[i], l, names[0], lengths[0])
		}
	}
	return nil
}

// readTrees reads the attributes of TreeEnsembleClassifier and -Regressor; prefix is "class" or "target".
func readTrees[T number](n *node, prefix string, targets int) (*treeDoc[T], error) {
	trees, ids := n.ints("nodes_treeids"), n.ints("nodes_nodeids")
	yes, no := n.ints("nodes_truenodeids"), n.ints("nodes_falsenodeids")
	features, modes := n.ints("nodes_featureids"), n.texts("nodes_modes")
	missing := n.ints("nodes_missing_value_tracks_true")
	values, err := numbersOf[T](n, "nodes_values")
	if err != nil {
		return nil, err
	}
	err = n.sameLength([]string{"nodes_treeids", "nodes_nodeids", "nodes_truenodeids", "nodes_falsenodeids", "nodes_featureids", "nodes_modes", "nodes_values"},
		len(trees), len(ids), len(yes), len(no), len(features), len(modes), len(values))
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 && len(missing) != len(trees) {
		return nil, n.errorf("attribute nodes_missing_value_tracks_true has %d elements, but nodes_treeids has %d", len(missing), len(trees))
	}
	if len(trees) == 0 {
		return nil, n.errorf("attribute nodes_treeids is empty, expected at least one tree")
	}
	d := &treeDoc[T]{nodes: make([]treeNode[T], len(trees)), targets: targets}
	d.names = func(i int) string { return fmt.Sprintf("node %d of tree %d", ids[i], trees[i]) }
	index := make(map[[2]int64]int, len(trees))
	begun := map[int64]bool{}
	for i := range trees {
		k := [2]int64{trees[i], ids[i]}
		if _, twice := index[k]; twice {
			return nil, n.errorf("%s is there twice", d.names(i))
		}
		index[k] = i
		if !begun[trees[i]] {
			begun[trees[i]] = true
			d.roots = append(d.roots, i)
		}
	}
	for i := range d.nodes {
		t := &d.nodes[i]
		m := slices.Index(treeModes, modes[i])
		if m < 0 || treeMode(m) == member {
			return nil, n.errorf("%s has the mode %q, expected one of BRANCH_LEQ, BRANCH_LT, BRANCH_GTE, BRANCH_GT, BRANCH_EQ, BRANCH_NEQ, LEAF", d.names(i), modes[i])
		}
		t.mode, t.value, t.missing = treeMode(m), values[i], len(missing) > 0 && missing[i] == 1
		if t.mode == leaf {
			continue
		}
		if features[i] < 0 || features[i] > math.MaxInt32 {
			return nil, n.errorf("%s tests feature %d", d.names(i), features[i])
		}
		t.feature = int(features[i])
		for _, child := range []struct {
			to   *int
			id   int64
			name string
		}{{&t.yes, yes[i], "nodes_truenodeids"}, {&t.no, no[i], "nodes_falsenodeids"}} {
			k, ok := index[[2]int64{trees[i], child.id}]
			if !ok {
				return nil, n.errorf("%s leads to node %d (%s), which is not in its tree", d.names(i), child.id, child.name)
			}
			*child.to = k
		}
	}
	return d, d.readWeights(n, prefix, index)
}

// readWeights reads what leaves give. Weights of nodes that are no leaves are left out, as old converters write them.
func (d *treeDoc[T]) readWeights(n *node, prefix string, index map[[2]int64]int) error {
	trees, ids, targets := n.ints(prefix+"_treeids"), n.ints(prefix+"_nodeids"), n.ints(prefix+"_ids")
	weights, err := numbersOf[T](n, prefix+"_weights")
	if err != nil {
		return err
	}
	err = n.sameLength([]string{prefix + "_treeids", prefix + "_nodeids", prefix + "_ids", prefix + "_weights"},
		len(trees), len(ids), len(targets), len(weights))
	if err != nil {
		return err
	}
	for i := range trees {
		k, ok := index[[2]int64{trees[i], ids[i]}]
		if !ok {
			return n.errorf("%s_nodeids has the node %d of tree %d, which is not there", prefix, ids[i], trees[i])
		}
		if targets[i] < 0 || targets[i] >= int64(d.targets) {
			return n.errorf("%s_ids has %d for %s, expected 0 to %d", prefix, targets[i], d.names(k), d.targets-1)
		}
		if t := &d.nodes[k]; t.mode == leaf {
			t.weights = append(t.weights, treeWeight[T]{int(targets[i]), weights[i]})
		}
	}
	return nil
}

// readTreeEnsemble reads the attributes of TreeEnsemble.
func readTreeEnsemble[T number](n *node, targets int) (*treeDoc[T], error) {
	var lists [4][]T
	for i, name := range []string{"nodes_splits", "leaf_weights", "membership_values"} {
		var err error
		if lists[i], err = tensorNumbers[T](n, name, n.tensor(name)); err != nil {
			return nil, err
		}
	}
	splits, weights, members := lists[0], lists[1], lists[2]
	modes, err := n.treeModeNumbers()
	if err != nil {
		return nil, err
	}
	features, missing := n.ints("nodes_featureids"), n.ints("nodes_missing_value_tracks_true")
	yes, no := n.ints("nodes_truenodeids"), n.ints("nodes_falsenodeids")
	yesLeaf, noLeaf := n.ints("nodes_trueleafs"), n.ints("nodes_falseleafs")
	ids, roots := n.ints("leaf_targetids"), n.ints("tree_roots")
	err = n.sameLength([]string{"nodes_featureids", "nodes_splits", "nodes_modes", "nodes_truenodeids", "nodes_falsenodeids", "nodes_trueleafs", "nodes_falseleafs"},
		len(features), len(splits), len(modes), len(yes), len(no), len(yesLeaf), len(noLeaf))
	if err != nil {
		return nil, err
	}
	if err := n.sameLength([]string{"leaf_targetids", "leaf_weights"}, len(ids), len(weights)); err != nil {
		return nil, err
	}
	if len(missing) > 0 && len(missing) != len(features) {
		return nil, n.errorf("attribute nodes_missing_value_tracks_true has %d elements, but nodes_featureids has %d", len(missing), len(features))
	}
	if len(roots) == 0 {
		return nil, n.errorf("attribute tree_roots is empty, expected at least one tree")
	}
	splitCount := len(features)
	d := &treeDoc[T]{nodes: make([]treeNode[T], splitCount+len(ids)), targets: targets}
	d.names = func(i int) string {
		if i < splitCount {
			return fmt.Sprintf("node %d", i)
		}
		return fmt.Sprintf("leaf %d", i-splitCount)
	}
	child := func(i int, id int64, isLeaf bool) (int, error) {
		switch {
		case isLeaf && id >= 0 && id < int64(len(ids)):
			return splitCount + int(id), nil
		case isLeaf:
			return 0, n.errorf("%s leads to leaf %d, expected 0 to %d", d.names(i), id, len(ids)-1)
		case id >= 0 && id < int64(splitCount):
			return int(id), nil
		}
		return 0, n.errorf("%s leads to node %d, expected 0 to %d", d.names(i), id, splitCount-1)
	}
	for i := range features {
		t := &d.nodes[i]
		if features[i] < 0 || features[i] > math.MaxInt32 {
			return nil, n.errorf("%s tests feature %d", d.names(i), features[i])
		}
		t.mode, t.value, t.feature = modes[i], splits[i], int(features[i])
		t.missing = len(missing) > 0 && missing[i] != 0
		if t.mode == member {
			end := slices.IndexFunc(members, func(x T) bool { return x != x })
			if end < 0 {
				end = len(members)
			}
			t.members = slices.Clone(members[:end])
			slices.Sort(t.members)
			t.whole = wholeMembers(t.members)
			members = members[min(end+1, len(members)):]
		}
		if t.yes, err = child(i, yes[i], yesLeaf[i] != 0); err != nil {
			return nil, err
		}
		if t.no, err = child(i, no[i], noLeaf[i] != 0); err != nil {
			return nil, err
		}
	}
	for i, id := range ids {
		if id < 0 || id >= int64(targets) {
			return nil, n.errorf("leaf_targetids has %d for leaf %d, expected 0 to %d", id, i, targets-1)
		}
		d.nodes[splitCount+i] = treeNode[T]{mode: leaf, weights: []treeWeight[T]{{int(id), weights[i]}}}
	}
	for _, r := range roots {
		if r < 0 || r >= int64(splitCount) {
			return nil, n.errorf("tree_roots has the node %d, expected 0 to %d", r, splitCount-1)
		}
		root := int(r)
		if yesLeaf[root] != 0 && noLeaf[root] != 0 && d.nodes[root].yes == d.nodes[root].no {
			root = d.nodes[root].yes // a leaf alone
		}
		d.roots = append(d.roots, root)
	}
	return d, nil
}

// treeModeNumbers reads TreeEnsemble's nodes_modes, a tensor of uint8.
func (n *node) treeModeNumbers() ([]treeMode, error) {
	t := n.tensor("nodes_modes")
	if t == nil {
		return nil, n.errorf("attribute nodes_modes is not there")
	}
	var out []treeMode
	for i, x := range t.ints() {
		if x < 0 || x > int64(member) {
			return nil, n.errorf("attribute nodes_modes has %d for node %d, expected 0 to %d", x, i, member)
		}
		out = append(out, treeMode(x))
	}
	return out, nil
}

// wholeMembers says whether onnxruntime looks for the whole part of a value in a sorted set: in all but the small ones.
func wholeMembers[T number](members []T) bool {
	n := len(members)
	return n > 30 || n > 0 && (members[0] < 0 || members[n-1] > 30)
}

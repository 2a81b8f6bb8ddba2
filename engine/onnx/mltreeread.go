package onnx

import (
	"fmt"
	"math"
	"slices"
)

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

// treeLists are the attributes of TreeEnsembleClassifier and -Regressor that describe nodes.
type treeLists[T number] struct {
	trees, ids, yes, no, features, missing []int64
	modes                                  []string
	values                                 []T
	index                                  map[[2]int64]int // by tree and id
}

// readTrees reads the attributes of TreeEnsembleClassifier and -Regressor; prefix is "class" or "target".
func readTrees[T number](n *node, prefix string, targets int) (*treeDoc[T], error) {
	l := treeLists[T]{
		trees: n.ints("nodes_treeids"), ids: n.ints("nodes_nodeids"), yes: n.ints("nodes_truenodeids"), no: n.ints("nodes_falsenodeids"),
		features: n.ints("nodes_featureids"), missing: n.ints("nodes_missing_value_tracks_true"), modes: n.texts("nodes_modes"),
	}
	var err error
	if l.values, err = numbersOf[T](n, "nodes_values"); err != nil {
		return nil, err
	}
	err = n.sameLength([]string{"nodes_treeids", "nodes_nodeids", "nodes_truenodeids", "nodes_falsenodeids", "nodes_featureids", "nodes_modes", "nodes_values"},
		len(l.trees), len(l.ids), len(l.yes), len(l.no), len(l.features), len(l.modes), len(l.values))
	if err != nil {
		return nil, err
	}
	if len(l.missing) > 0 && len(l.missing) != len(l.trees) {
		return nil, n.errorf("attribute nodes_missing_value_tracks_true has %d elements, but nodes_treeids has %d", len(l.missing), len(l.trees))
	}
	if len(l.trees) == 0 {
		return nil, n.errorf("attribute nodes_treeids is empty, expected at least one tree")
	}
	d := &treeDoc[T]{nodes: make([]treeNode[T], len(l.trees)), targets: targets}
	d.names = func(i int) string { return fmt.Sprintf("node %d of tree %d", l.ids[i], l.trees[i]) }
	if err := l.roots(n, d); err != nil {
		return nil, err
	}
	for i := range d.nodes {
		if err := l.node(n, d, i); err != nil {
			return nil, err
		}
	}
	return d, d.readWeights(n, prefix, l.index)
}

// roots makes the index. The first node of a tree is its root.
func (l *treeLists[T]) roots(n *node, d *treeDoc[T]) error {
	l.index = make(map[[2]int64]int, len(l.trees))
	begun := map[int64]bool{}
	for i, tree := range l.trees {
		k := [2]int64{tree, l.ids[i]}
		if _, twice := l.index[k]; twice {
			return n.errorf("%s is there twice", d.names(i))
		}
		l.index[k] = i
		if !begun[tree] {
			begun[tree] = true
			d.roots = append(d.roots, i)
		}
	}
	return nil
}

// node makes node i.
func (l *treeLists[T]) node(n *node, d *treeDoc[T], i int) error {
	t := &d.nodes[i]
	m := slices.Index(treeModes, l.modes[i])
	if m < 0 || treeMode(m) == member {
		return n.errorf("%s has the mode %q, expected one of BRANCH_LEQ, BRANCH_LT, BRANCH_GTE, BRANCH_GT, BRANCH_EQ, BRANCH_NEQ, LEAF", d.names(i), l.modes[i])
	}
	t.mode, t.value, t.missing = treeMode(m), l.values[i], len(l.missing) > 0 && l.missing[i] == 1
	if t.mode == leaf {
		return nil
	}
	var err error
	if t.feature, err = d.feature(n, i, l.features[i]); err != nil {
		return err
	}
	if t.yes, err = l.child(n, d, i, l.yes[i], "nodes_truenodeids"); err != nil {
		return err
	}
	t.no, err = l.child(n, d, i, l.no[i], "nodes_falsenodeids")
	return err
}

// child finds a child of node i.
func (l *treeLists[T]) child(n *node, d *treeDoc[T], i int, id int64, list string) (int, error) {
	k, ok := l.index[[2]int64{l.trees[i], id}]
	if !ok {
		return 0, n.errorf("%s leads to node %d (%s), which is not in its tree", d.names(i), id, list)
	}
	return k, nil
}

// feature checks a feature's number as far as it can be without the input.
func (d *treeDoc[T]) feature(n *node, i int, feature int64) (int, error) {
	if feature < 0 || feature > math.MaxInt32 {
		return 0, n.errorf("%s tests feature %d", d.names(i), feature)
	}
	return int(feature), nil
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

// ensembleLists are the attributes of TreeEnsemble. Splits and leaves are numbered apart from each other.
type ensembleLists[T number] struct {
	features, missing, yes, no, yesLeaf, noLeaf, targets, roots []int64
	splits, weights, members                                    []T
	modes                                                       []treeMode
}

// readTreeEnsemble reads the attributes of TreeEnsemble.
func readTreeEnsemble[T number](n *node, targets int) (*treeDoc[T], error) {
	l := ensembleLists[T]{
		features: n.ints("nodes_featureids"), missing: n.ints("nodes_missing_value_tracks_true"), yes: n.ints("nodes_truenodeids"),
		no: n.ints("nodes_falsenodeids"), yesLeaf: n.ints("nodes_trueleafs"), noLeaf: n.ints("nodes_falseleafs"),
		targets: n.ints("leaf_targetids"), roots: n.ints("tree_roots"),
	}
	if err := l.check(n); err != nil {
		return nil, err
	}
	splits := len(l.features)
	d := &treeDoc[T]{nodes: make([]treeNode[T], splits+len(l.targets)), targets: targets}
	d.names = func(i int) string {
		if i < splits {
			return fmt.Sprintf("node %d", i)
		}
		return fmt.Sprintf("leaf %d", i-splits)
	}
	for i := range splits {
		if err := l.node(n, d, i); err != nil {
			return nil, err
		}
	}
	for i, k := range l.targets {
		if k < 0 || k >= int64(targets) {
			return nil, n.errorf("leaf_targetids has %d for leaf %d, expected 0 to %d", k, i, targets-1)
		}
		d.nodes[splits+i] = treeNode[T]{mode: leaf, weights: []treeWeight[T]{{int(k), l.weights[i]}}}
	}
	for _, r := range l.roots {
		if r < 0 || r >= int64(splits) {
			return nil, n.errorf("tree_roots has the node %d, expected 0 to %d", r, splits-1)
		}
		root := int(r)
		if l.yesLeaf[root] != 0 && l.noLeaf[root] != 0 && d.nodes[root].yes == d.nodes[root].no {
			root = d.nodes[root].yes // a leaf alone
		}
		d.roots = append(d.roots, root)
	}
	return d, nil
}

// check reads the attributes that are tensors and compares the lengths of all.
func (l *ensembleLists[T]) check(n *node) error {
	for _, list := range []struct {
		to   *[]T
		name string
	}{{&l.splits, "nodes_splits"}, {&l.weights, "leaf_weights"}, {&l.members, "membership_values"}} {
		var err error
		if *list.to, err = tensorNumbers[T](n, list.name, n.tensor(list.name)); err != nil {
			return err
		}
	}
	var err error
	if l.modes, err = n.treeModeNumbers(); err != nil {
		return err
	}
	err = n.sameLength([]string{"nodes_featureids", "nodes_splits", "nodes_modes", "nodes_truenodeids", "nodes_falsenodeids", "nodes_trueleafs", "nodes_falseleafs"},
		len(l.features), len(l.splits), len(l.modes), len(l.yes), len(l.no), len(l.yesLeaf), len(l.noLeaf))
	if err != nil {
		return err
	}
	if err := n.sameLength([]string{"leaf_targetids", "leaf_weights"}, len(l.targets), len(l.weights)); err != nil {
		return err
	}
	if len(l.missing) > 0 && len(l.missing) != len(l.features) {
		return n.errorf("attribute nodes_missing_value_tracks_true has %d elements, but nodes_featureids has %d", len(l.missing), len(l.features))
	}
	if len(l.roots) == 0 {
		return n.errorf("attribute tree_roots is empty, expected at least one tree")
	}
	return nil
}

// node makes split i.
func (l *ensembleLists[T]) node(n *node, d *treeDoc[T], i int) error {
	t := &d.nodes[i]
	t.mode, t.value, t.missing = l.modes[i], l.splits[i], len(l.missing) > 0 && l.missing[i] != 0
	if t.mode == member { // the sets stand behind each other, with NaN between
		end := slices.IndexFunc(l.members, func(x T) bool { return x != x })
		if end < 0 {
			end = len(l.members)
		}
		t.members = slices.Clone(l.members[:end])
		slices.Sort(t.members)
		t.whole = wholeMembers(t.members)
		l.members = l.members[min(end+1, len(l.members)):]
	}
	var err error
	if t.feature, err = d.feature(n, i, l.features[i]); err != nil {
		return err
	}
	if t.yes, err = l.child(n, d, i, l.yes[i], l.yesLeaf[i] != 0); err != nil {
		return err
	}
	t.no, err = l.child(n, d, i, l.no[i], l.noLeaf[i] != 0)
	return err
}

// child finds a child of split i.
func (l *ensembleLists[T]) child(n *node, d *treeDoc[T], i int, id int64, isLeaf bool) (int, error) {
	splits, leaves := len(l.features), len(l.targets)
	switch {
	case isLeaf && id >= 0 && id < int64(leaves):
		return splits + int(id), nil
	case isLeaf:
		return 0, n.errorf("%s leads to leaf %d, expected 0 to %d", d.names(i), id, leaves-1)
	case id >= 0 && id < int64(splits):
		return int(id), nil
	}
	return 0, n.errorf("%s leads to node %d, expected 0 to %d", d.names(i), id, splits-1)
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

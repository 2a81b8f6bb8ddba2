package sparkml

import (
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"
)

// forest scores one or more decision trees. Only the features that they test are gathered, side by side.
type forest struct {
	feats  []int   // features tested
	local  []int32 // by feature: its place in feats, -1 if not tested
	trees  []flatTree
	k      int // classes; 0: the trees' numbers are added
	margin bool
	scale  float64 // of the sum of numbers
}

// flatTree is a tree whose children lie side by side: no at kids, yes at kids+1. A leaf leads to itself, so that rows
// can walk a fixed number of steps together.
type flatTree struct {
	nodes []flatNode
	leafs []int32 // by node
	sets  [][]bool
	other []bool // by set: whether values outside it go left
	depth int
	// by leaf
	values []float64
	stats  [][]float64 // by class
}

type flatNode struct {
	t    float64
	off  int32 // of the feature in the block
	kids int32
	set  int32 // -1: a threshold
}

// treeNode is a node as saved.
type treeNode struct {
	id, left, right int
	feature         int
	cut             []float64 // the threshold, or the categories that go left
	categories      int       // -1 for a threshold
	value           float64
	stats           []float64
}

// readTrees reads the six models of trees.
func readTrees(b *builder) error {
	md := b.md
	kind := md.kind()
	if md.Features < 1 || md.Features > maxDim {
		return fmt.Errorf("the metadata says that there are %d features", md.Features)
	}
	t, err := b.data()
	if err != nil {
		return err
	}
	ensemble := !strings.HasPrefix(kind, "DecisionTree")
	trees, err := savedTrees(t, ensemble)
	if err != nil {
		return err
	}
	var weights []float64
	if strings.HasPrefix(kind, "GBT") {
		if weights, err = treeWeights(b.fs, len(trees)); err != nil {
			return err
		}
	}
	if md.Trees > 0 && md.Trees != len(trees) {
		return fmt.Errorf("the metadata says that there are %d trees, but data has %d: a part file is missing", md.Trees, len(trees))
	}
	f := &forest{local: make([]int32, md.Features), scale: 1}
	for i := range f.local {
		f.local[i] = -1
	}
	classes := strings.HasSuffix(kind, "ClassificationModel") && weights == nil
	if classes {
		f.k = md.Classes
	}
	if f.k < 0 || f.k > 1<<12 {
		return fmt.Errorf("the metadata says that there are %d classes", f.k)
	}
	for i, nodes := range trees {
		w := 1.0
		if weights != nil {
			w = weights[i]
		}
		ft, err := f.flatten(nodes, w, ensemble)
		if err != nil {
			return fmt.Errorf("tree %d: %w", i, err)
		}
		f.trees = append(f.trees, ft)
	}
	switch {
	case classes:
		return b.classify(&classifier{k: f.k, dim: md.Features, score: f, toProb: shares})
	case kind == "GBTClassificationModel":
		f.margin = true
		return b.classify(&classifier{k: 2, dim: md.Features, score: f, toProb: sigmoids(2)})
	case weights == nil:
		f.scale = float64(len(trees))
	}
	return b.regress(md.Features, f, false)
}

// treeWeights reads the weights of boosted trees.
func treeWeights(fsys fs.FS, n int) ([]float64, error) {
	t, err := readTable(fsys, "treesMetadata")
	if err != nil {
		return nil, err
	}
	ids, err := t.scalars("treeID", -1)
	if err != nil {
		return nil, err
	}
	ws, err := t.scalars("weights", 1)
	if err != nil {
		return nil, err
	}
	if len(ids) != n || len(ws) != n {
		return nil, fmt.Errorf("treesMetadata has %d trees, but data has %d", len(ids), n)
	}
	out := make([]float64, n)
	for i, id := range ids {
		if id < 0 || int(id) >= n {
			return nil, fmt.Errorf("treesMetadata has the tree %v of %d", id, n)
		}
		out[int(id)] = ws[i]
	}
	return out, nil
}

// savedTrees reads the nodes of each tree, by id.
func savedTrees(t *table, ensemble bool) ([][]treeNode, error) {
	prefix := ""
	if ensemble {
		prefix = "nodeData."
	}
	cols := map[string][]float64{}
	for _, name := range []string{"id", "prediction", "leftChild", "rightChild", "split.featureIndex", "split.numCategories"} {
		xs, err := t.scalars(prefix+name, -1)
		if err != nil {
			return nil, err
		}
		cols[name] = xs
	}
	stats, err := t.lists(prefix + "impurityStats")
	if err != nil {
		return nil, err
	}
	cuts, err := t.lists(prefix + "split.leftCategoriesOrThreshold")
	if err != nil {
		return nil, err
	}
	of := make([]float64, t.rows)
	if ensemble {
		if of, err = t.scalars("treeID", -1); err != nil {
			return nil, err
		}
	}
	var trees [][]treeNode
	for r := range t.rows {
		k := int(of[r])
		if k < 0 || k > 1<<20 {
			return nil, fmt.Errorf("data has a tree number %d", k)
		}
		for len(trees) <= k {
			trees = append(trees, nil)
		}
		if n := cols["split.numCategories"][r]; n > 0 { // its set takes a byte for each
			if err := t.spend(int(n) / 8); err != nil {
				return nil, err
			}
		}
		trees[k] = append(trees[k], treeNode{
			id: int(cols["id"][r]), left: int(cols["leftChild"][r]), right: int(cols["rightChild"][r]),
			feature: int(cols["split.featureIndex"][r]), categories: int(cols["split.numCategories"][r]),
			value: cols["prediction"][r], stats: stats[r], cut: cuts[r],
		})
	}
	if len(trees) == 0 {
		return nil, fmt.Errorf("data has no trees")
	}
	for _, nodes := range trees {
		slices.SortFunc(nodes, func(a, b treeNode) int { return a.id - b.id })
	}
	return trees, nil
}

// flatten lays out a tree, whose values are multiplied by weight. shared says whether class counts become shares.
func (f *forest) flatten(saved []treeNode, weight float64, shared bool) (flatTree, error) {
	ft := flatTree{stats: make([][]float64, f.k)}
	for i, n := range saved {
		if n.id != i {
			return ft, fmt.Errorf("the node %d is missing or double", i)
		}
	}
	if len(saved) == 0 {
		return ft, fmt.Errorf("it has no nodes")
	}
	type place struct{ id, depth int }
	todo := []place{{0, 0}}
	for at := 0; at < len(todo); at++ {
		n, depth := &saved[todo[at].id], todo[at].depth
		ft.depth = max(ft.depth, depth)
		fn := flatNode{t: math.NaN(), kids: int32(at), set: -1}
		if n.left < 0 {
			ft.leafs = append(ft.leafs, int32(len(ft.values)))
			if err := ft.addLeaf(n, weight, shared); err != nil {
				return ft, err
			}
			ft.nodes = append(ft.nodes, fn)
			continue
		}
		if n.left <= n.id || n.right <= n.id || n.left >= len(saved) || n.right >= len(saved) || len(todo)+2 > len(saved) {
			return ft, fmt.Errorf("the node %d has the children %d and %d of %d nodes", n.id, n.left, n.right, len(saved))
		}
		if n.feature < 0 || n.feature >= len(f.local) {
			return ft, fmt.Errorf("the node %d tests the feature %d of %d", n.id, n.feature, len(f.local))
		}
		if err := ft.split(n, &fn); err != nil {
			return ft, err
		}
		if f.local[n.feature] < 0 {
			f.local[n.feature] = int32(len(f.feats))
			f.feats = append(f.feats, n.feature)
		}
		fn.off, fn.kids = f.local[n.feature]*tileRows, int32(len(todo))
		todo = append(todo, place{n.right, depth + 1}, place{n.left, depth + 1})
		ft.nodes, ft.leafs = append(ft.nodes, fn), append(ft.leafs, -1)
	}
	return ft, nil
}

// split reads a node's test.
func (ft *flatTree) split(n *treeNode, fn *flatNode) error {
	if n.categories < 0 {
		if len(n.cut) != 1 {
			return fmt.Errorf("the node %d has %d thresholds, expected 1", n.id, len(n.cut))
		}
		fn.t = n.cut[0]
		return nil
	}
	if n.categories > 1<<20 {
		return fmt.Errorf("the node %d has %d categories", n.id, n.categories)
	}
	set := make([]bool, n.categories)
	for _, c := range n.cut {
		if c < 0 || c >= float64(n.categories) || c != math.Trunc(c) {
			return fmt.Errorf("the node %d has the category %v of %d", n.id, c, n.categories)
		}
		set[int(c)] = true
	}
	fn.set = int32(len(ft.sets))
	ft.sets = append(ft.sets, set)
	// Spark keeps the smaller of the two sets, and asks whether a value is in it: so what is in none goes away from it.
	ft.other = append(ft.other, len(n.cut) > n.categories/2)
	return nil
}

func (ft *flatTree) addLeaf(n *treeNode, weight float64, shared bool) error {
	ft.values = append(ft.values, n.value*weight)
	if len(ft.stats) == 0 {
		return nil
	}
	if len(n.stats) != len(ft.stats) {
		return fmt.Errorf("the node %d counts %d classes, expected %d", n.id, len(n.stats), len(ft.stats))
	}
	sum := 0.0
	for _, x := range n.stats {
		sum += x
	}
	for c, x := range n.stats {
		if shared && sum != 0 {
			x /= sum
		}
		ft.stats[c] = append(ft.stats[c], x)
	}
	return nil
}

// gather puts the tested features side by side.
func (f *forest) gather(t *tile, in *column) []float64 {
	x := grow(&t.block, len(f.feats)*tileRows)
	if !in.sparse {
		for l, j := range f.feats {
			copy(x[l*tileRows:l*tileRows+t.n], in.x[j*tileRows:])
		}
	} else {
		clear(x)
		for i := range t.n {
			for k := in.ptr[i]; k < in.ptr[i+1]; k++ {
				if l := f.local[in.idx[k]]; l >= 0 {
					x[int(l)*tileRows+i] = in.val[k]
				}
			}
		}
	}
	return x
}

func (f *forest) score(t *tile, in *column, out []float64) error {
	x := f.gather(t, in)
	leaf := grow(&t.leaf, tileRows)[:t.n]
	for c := range max(f.k, 1) {
		clear(out[c*tileRows : c*tileRows+t.n])
	}
	for i := range f.trees {
		ft := &f.trees[i]
		if len(ft.sets) == 0 && t.n%4 == 0 {
			ft.walkTogether(x, leaf)
		} else {
			ft.walkEach(x, leaf)
		}
		if f.k == 0 {
			addTo(out[:t.n], ft.values, leaf)
		}
		for c, by := range ft.stats {
			addTo(out[c*tileRows:c*tileRows+t.n], by, leaf)
		}
	}
	switch {
	case f.margin:
		for i, m := range out[:t.n] {
			out[i], out[tileRows+i] = -m, m
		}
	case f.scale != 1:
		for i := range out[:t.n] {
			out[i] /= f.scale
		}
	}
	return nil
}

// addTo adds by[leaf] to each row's sum.
func addTo(sums, by []float64, leaf []int32) {
	sums = sums[:len(leaf)]
	for i, l := range leaf {
		sums[i] += by[l]
	}
}

// walkTogether walks four rows side by side, so that the loads of one hide those of the others. The step to a child
// is arithmetic, not a branch. out has a multiple of four rows.
func (ft *flatTree) walkTogether(x []float64, out []int32) {
	nodes := ft.nodes
	for i := 0; i+4 <= len(out); i += 4 {
		var a, b, c, d int32
		x0 := x[min(i, len(x)):]
		for range ft.depth {
			na, nb, nc, nd := &nodes[a], &nodes[b], &nodes[c], &nodes[d]
			a = na.kids + atMost(x0[na.off], na.t)
			b = nb.kids + atMost(x0[nb.off+1], nb.t)
			c = nc.kids + atMost(x0[nc.off+2], nc.t)
			d = nd.kids + atMost(x0[nd.off+3], nd.t)
		}
		o := out[i : i+4 : i+4]
		o[0], o[1], o[2], o[3] = ft.leafs[a], ft.leafs[b], ft.leafs[c], ft.leafs[d]
	}
}

// atMost is 1 for x <= t, else 0.
func atMost(x, t float64) int32 {
	if x <= t {
		return 1
	}
	return 0
}

// walkEach walks row by row until the leaf.
func (ft *flatTree) walkEach(x []float64, out []int32) {
	for i := range out {
		at := int32(0)
		for ft.leafs[at] < 0 {
			n := &ft.nodes[at]
			v := x[int(n.off)+i]
			left := v <= n.t
			if n.set >= 0 {
				left = ft.inSet(n.set, v)
			}
			at = n.kids
			if left {
				at++
			}
		}
		out[i] = ft.leafs[at]
	}
}

func (ft *flatTree) inSet(s int32, v float64) bool {
	set := ft.sets[s]
	if v >= 0 && v < float64(len(set)) && v == math.Trunc(v) {
		return set[int(v)]
	}
	return ft.other[s]
}

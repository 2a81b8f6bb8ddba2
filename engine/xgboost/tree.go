package xgboost

import (
	"unicode/utf8"

	"github.com/millrace-sql/millrace/engine/boosted"
)

// forest reads the trees of gbtree or dart. Weights may stand beside the trees (outer) or with them.
func (l *loader) forest(p, outer path) error {
	model, err := p.get("model")
	if err != nil {
		return err
	}
	trees, err := model.get("trees")
	if err != nil {
		return err
	}
	n, err := trees.list()
	if err != nil {
		return err
	}
	if len(trees.v.nums) > 0 {
		return trees.errorf("expected a list of trees, found numbers")
	}
	info, err := model.get("tree_info")
	if err != nil {
		return err
	}
	groups, err := info.ints(n)
	if err != nil {
		return err
	}
	var weights []float64
	for _, at := range []path{model, outer} {
		if w, ok := at.find("weight_drop"); ok {
			if weights, err = w.numbers(n); err != nil {
				return err
			}
		}
	}
	if err := l.categories(model); err != nil {
		return err
	}
	use, err := l.layers(model, n)
	if err != nil {
		return err
	}
	for i := range use {
		t, err := l.tree(trees.item(i))
		if err != nil {
			return err
		}
		t.Group = groups[i]
		if weights != nil {
			for j := range t.Nodes {
				t.Nodes[j].Value *= float32(weights[i])
			}
		}
		l.spec.Trees = append(l.spec.Trees, t)
	}
	return nil
}

// layers is how many of n trees are used. All are, as by Booster.predict, unless the document was saved by the
// library's scikit-learn estimators and training stopped early: these predict with the best iteration.
func (l *loader) layers(model path, n int) (int, error) {
	params, err := model.get("gbtree_model_param")
	if err != nil {
		return 0, err
	}
	parallel, err := integer(params, "num_parallel_tree", 1)
	if err != nil {
		return 0, err
	}
	layer := max(parallel, 1) * l.groups
	ends := make([]int, n/layer)
	for i := range ends {
		ends[i] = (i + 1) * layer
	}
	if p, ok := model.find("iteration_indptr"); ok {
		all, err := p.ints(-1)
		if err != nil {
			return 0, err
		}
		for i, end := range all {
			if end < 0 || end > n || i > 0 && end < all[i-1] {
				return 0, p.errorf("expected numbers of trees, rising to %d, found %d at %d", n, end, i)
			}
		}
		if len(all) > 0 {
			ends = all[1:]
		}
	}
	l.rounds, l.used = len(ends), len(ends)
	attributes, ok := l.learner.find("attributes")
	if !ok {
		return n, nil
	}
	if _, ok := attributes.find("scikit_learn"); !ok {
		return n, nil
	}
	best, err := integer(attributes, "best_iteration", -1)
	if err != nil || best < 0 {
		return n, err
	}
	if best >= len(ends) {
		return 0, attributes.errorf("best_iteration is %d, but there are %d iterations", best, len(ends))
	}
	l.used = best + 1
	return ends[best], nil
}

// columns are the parts of a tree that scoring needs, by node.
type columns struct {
	left, right, feature, missingLeft []int
	condition                         []float64
	sets                              [][]uint32
}

func (l *loader) tree(p path) (boosted.Tree[float32], error) {
	var t boosted.Tree[float32]
	c, err := l.readColumns(p)
	if err != nil {
		return t, err
	}
	t.Nodes = make([]boosted.Node[float32], len(c.left))
	for i := range t.Nodes {
		n := &t.Nodes[i]
		x := float32(c.condition[i])
		if c.left[i] < 0 {
			n.Feature, n.Value = -1, x
			continue
		}
		n.Feature = c.feature[i]
		if n.Feature < 0 || n.Feature >= len(l.spec.Features) {
			return t, p.errorf("node %d tests feature %d, expected one of 0 to %d", i, n.Feature, len(l.spec.Features)-1)
		}
		if c.sets[i] != nil { // categories in the set go right, all else left
			n.Reading, n.Set = boosted.Code, c.sets[i]
			n.Yes, n.No = int32(c.right[i]), int32(c.left[i])
			n.MissingYes = c.missingLeft[i] == 0
			continue
		}
		n.Threshold = boosted.Below(x) // the library asks for less than
		n.Yes, n.No = int32(c.left[i]), int32(c.right[i])
		n.MissingYes = c.missingLeft[i] != 0
	}
	return t, nil
}

func (l *loader) readColumns(p path) (*columns, error) {
	params, err := p.get("tree_param")
	if err != nil {
		return nil, err
	}
	if n, err := integer(params, "size_leaf_vector", 1); err != nil {
		return nil, err
	} else if n > 1 {
		return nil, p.errorf("trees with a vector of %d numbers in a leaf (multi_strategy=multi_output_tree) are not supported", n)
	}
	left, err := p.get("left_children")
	if err != nil {
		return nil, err
	}
	n, err := left.list()
	if err != nil {
		return nil, err
	}
	c := &columns{sets: make([][]uint32, n)}
	for _, f := range []struct {
		key  string
		into *[]int
	}{
		{"left_children", &c.left}, {"right_children", &c.right}, {"split_indices", &c.feature}, {"default_left", &c.missingLeft},
	} {
		v, err := p.get(f.key)
		if err != nil {
			return nil, err
		}
		if *f.into, err = v.ints(n); err != nil {
			return nil, err
		}
	}
	cond, err := p.get("split_conditions")
	if err != nil {
		return nil, err
	}
	if c.condition, err = cond.numbers(n); err != nil {
		return nil, err
	}
	return c, l.readSets(c, p, n)
}

// maxCategory bounds a category's code, as the library does.
const maxCategory = 1<<24 - 1

// maxSetWords bounds the memory of all sets of categories: a set takes as much as its greatest category.
const maxSetWords = 1 << 23

// readSets reads the categories of the splits on categories; version 1.3 brought them.
func (l *loader) readSets(c *columns, p path, n int) error {
	nodes, ok := p.find("categories_nodes")
	if !ok {
		return nil
	}
	at, err := nodes.ints(-1)
	if err != nil {
		return err
	}
	var begins, sizes, all []int
	for _, f := range []struct {
		key  string
		n    int
		into *[]int
	}{{"categories_segments", len(at), &begins}, {"categories_sizes", len(at), &sizes}, {"categories", -1, &all}} {
		v, err := p.get(f.key)
		if err != nil {
			return err
		}
		if *f.into, err = v.ints(f.n); err != nil {
			return err
		}
	}
	for i, node := range at {
		b, s := begins[i], sizes[i]
		if node < 0 || node >= n {
			return nodes.errorf("expected nodes 0 to %d, found %d", n-1, node)
		}
		if b < 0 || s < 1 || b > len(all) || s > len(all)-b {
			return nodes.errorf("node %d has the categories %d to %d, but there are %d", node, b, b+s-1, len(all))
		}
		top := 0
		for _, k := range all[b : b+s] {
			if k < 0 || k >= maxCategory {
				return nodes.errorf("node %d has the category %d, expected one of 0 to %d", node, k, maxCategory-1)
			}
			top = max(top, k)
		}
		if l.setWords += top/32 + 1; l.setWords > maxSetWords {
			return nodes.errorf("the sets of categories take more than %d bits", maxSetWords*32)
		}
		set := make([]uint32, top/32+1)
		for _, k := range all[b : b+s] {
			set[k/32] |= 1 << (k % 32)
		}
		c.sets[node] = set
	}
	return nil
}

// categories reads the categories of features that were columns of categories in a data frame; version 3.1 brought
// them. By code there are texts, as bytes with offsets, or numbers.
func (l *loader) categories(model path) error {
	cats, ok := model.find("cats")
	if !ok {
		return nil
	}
	all, err := cats.get("enc")
	if err != nil {
		return err
	}
	n, err := all.list()
	if err != nil || n == 0 {
		return err
	}
	if len(all.v.items) != len(l.spec.Features) {
		return all.errorf("expected the categories of %d features, found %d", len(l.spec.Features), n)
	}
	for i := range l.spec.Features {
		f, p := &l.spec.Features[i], all.item(i)
		v, err := p.get("values")
		if err != nil {
			return err
		}
		if at, ok := p.find("offsets"); ok {
			if f.Categories, err = cutTexts(v, at); err != nil {
				return err
			}
		} else if f.Numbers, err = v.numbers(-1); err != nil {
			return err
		} else if len(f.Numbers) == 0 {
			f.Numbers = nil
		}
	}
	return nil
}

// cutTexts cuts bytes at offsets; nil if there are none. Version 3.2 of the library counts letters where it should
// count bytes: names that are cut within a letter are of no use, and the column is one of codes.
func cutTexts(v, at path) ([]string, error) {
	bytes, err := v.ints(-1)
	if err != nil {
		return nil, err
	}
	ends, err := at.ints(-1)
	if err != nil || len(ends) < 2 {
		return nil, err
	}
	all := make([]byte, len(bytes))
	for i, b := range bytes {
		all[i] = byte(b) // the library writes them with a sign
	}
	texts := make([]string, len(ends)-1)
	for i := range texts {
		from, to := ends[i], ends[i+1]
		if from < 0 || to < from || to > len(all) {
			return nil, at.errorf("expected offsets that rise to %d, found %d and %d", len(all), from, to)
		}
		texts[i] = string(all[from:to])
		if !utf8.ValidString(texts[i]) {
			return nil, nil
		}
	}
	return texts, nil
}

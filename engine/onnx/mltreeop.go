package onnx

import (
	"slices"
)

// buildTreeEnsembleRegressor builds an ensemble of trees whose leaves add to numbers.
func buildTreeEnsembleRegressor(n *node) (built, error) {
	columns, rows, err := n.features()
	if err != nil {
		return built{}, err
	}
	targets := n.int("n_targets", 0)
	if targets < 1 || targets > maxWidth {
		return built{}, n.errorf("attribute n_targets is %d, expected 1 or more", targets)
	}
	out := info{kind: kindFloat, shape: []int{rows, int(targets)}}
	if n.inputs[0].kind == kindDouble {
		return regressorOf[float64](n, columns, out, func() (*treeDoc[float64], error) {
			return readTrees[float64](n, "target", int(targets))
		})
	}
	return regressorOf[float32](n, columns, out, func() (*treeDoc[float32], error) {
		return readTrees[float32](n, "target", int(targets))
	})
}

// buildTreeEnsemble builds the ensemble of version 5, which computes and answers in its input's type.
func buildTreeEnsemble(n *node) (built, error) {
	columns, rows, err := n.features()
	if err != nil {
		return built{}, err
	}
	if err := n.kindIn(0, kindFloat, kindDouble); err != nil {
		return built{}, err
	}
	targets := n.int("n_targets", 1)
	if targets < 1 || targets > maxWidth {
		return built{}, n.errorf("attribute n_targets is %d, expected 1 or more", targets)
	}
	out := info{kind: n.inputs[0].kind, shape: []int{rows, int(targets)}}
	if out.kind == kindDouble {
		return regressorOf[float64](n, columns, out, func() (*treeDoc[float64], error) {
			return readTreeEnsemble[float64](n, int(targets))
		})
	}
	return regressorOf[float32](n, columns, out, func() (*treeDoc[float32], error) {
		return readTreeEnsemble[float32](n, int(targets))
	})
}

// postNumbers are TreeEnsemble's numbers of the transforms as onnxruntime takes them. The specification has 1 and 2 the
// other way round.
var postNumbers = [...]postTransform{postNone, postLogistic, postSoftmax, postSoftmaxZero, postProbit}

// treeModel is an ensemble with what happens to its sums.
type treeModel[T number] struct {
	*forest[T]
	columns int
	base    []T
	how     treeAggregate
	post    postTransform
	local   int
}

// newTreeModel reads what regressors and classifiers have in common.
func newTreeModel[T number](n *node, columns int, d *treeDoc[T]) (*treeModel[T], error) {
	m := &treeModel[T]{columns: columns, local: n.local(), how: aggregateSum}
	var err error
	if n.op == "TreeEnsemble" {
		how, post := n.int("aggregate_function", 1), n.int("post_transform", 0)
		if how < 0 || how >= int64(len(treeAggregates)) {
			return nil, n.errorf("attribute aggregate_function is %d, expected 0 to %d", how, len(treeAggregates)-1)
		}
		if post < 0 || post >= int64(len(postTransforms)) {
			return nil, n.errorf("attribute post_transform is %d, expected 0 to %d", post, len(postTransforms)-1)
		}
		m.how, m.post = treeAggregate(how), postNumbers[post]
	} else {
		if m.post, err = n.postTransform(); err != nil {
			return nil, err
		}
		if m.base, err = numbersOf[T](n, "base_values"); err != nil {
			return nil, err
		}
	}
	if n.op == "TreeEnsembleRegressor" {
		how, err := n.oneOf("aggregate_function", "SUM", treeAggregates...)
		if err != nil {
			return nil, err
		}
		m.how = treeAggregate(slices.Index(treeAggregates, how))
	}
	sizes, err := d.check(columns)
	if err != nil {
		return nil, n.errorf("%v", err)
	}
	m.forest = newForest(d, sizes)
	return m, nil
}

// scratch is the workspace's memory for this ensemble.
func (m *treeModel[T]) scratch(w *workspace) *treeScratch[T] {
	s, _ := w.locals[m.local].(*treeScratch[T])
	if s == nil {
		s = &treeScratch[T]{}
		w.locals[m.local] = s
	}
	return s
}

func regressorOf[T number](n *node, columns int, out info, read func() (*treeDoc[T], error)) (built, error) {
	d, err := read()
	if err != nil {
		return built{}, err
	}
	m, err := newTreeModel(n, columns, d)
	if err != nil {
		return built{}, err
	}
	if len(m.base) != 0 && len(m.base) != d.targets {
		return built{}, n.errorf("attribute base_values has %d elements, expected none or %d", len(m.base), d.targets)
	}
	return built{outs: []info{out}, run: func(w *workspace, in, out []*tensor) error {
		s := m.scratch(w)
		rows := rowsOf(in[0], columns)
		m.sum(s, in[0], columns, rows, m.how)
		m.finish(s, rows)
		writeNumbers(out[0], s.sums)
		return nil
	}}, nil
}

// writeNumbers fills a tensor of float or double.
func writeNumbers[T number](t *tensor, from []T) {
	if t.kind == kindDouble {
		castAll(t.f64, from)
		return
	}
	castAll(t.f32, from)
}

// given says which targets of a row got anything; at is where the row begins in the sums. It is not to be changed.
func (m *treeModel[T]) given(s *treeScratch[T], at int) []bool {
	if m.some {
		return s.has[at : at+m.targets]
	}
	return m.gives
}

// finish turns sums into a regressor's results.
func (m *treeModel[T]) finish(s *treeScratch[T], rows int) {
	sums := s.sums[:rows*m.targets]
	if m.how == aggregateAverage {
		count := T(len(m.trees))
		for i := range sums {
			sums[i] /= count
		}
	}
	if m.targets == 1 {
		if len(m.base) == 1 {
			for i := range sums {
				sums[i] += m.base[0]
			}
		}
		if m.post == postProbit { // the others are for several targets
			apply(postProbit, sums)
		}
		return
	}
	for i := 0; i < len(sums); i += m.targets {
		row := sums[i : i+m.targets]
		for j, b := range m.base {
			row[j] += b
		}
		for j, ok := range m.given(s, i) {
			if !ok { // a target that got nothing is zero, whatever its base value
				row[j] = 0
			}
		}
		if m.post != postNone {
			apply(m.post, row)
		}
	}
}

// buildTreeEnsembleClassifier builds an ensemble of trees whose leaves vote for classes.
func buildTreeEnsembleClassifier(n *node) (built, error) {
	columns, rows, err := n.features()
	if err != nil {
		return built{}, err
	}
	names, err := n.classLabels("classlabels_strings", "classlabels_int64s")
	if err != nil {
		return built{}, err
	}
	outs := []info{
		{kind: names.kind(), shape: []int{rows}, labels: names},
		{kind: kindFloat, shape: []int{rows, names.len()}, classes: names},
	}
	if names.len() == 1 && names.strings == nil {
		outs[0].labels = names.pairOr() // see decideOne
	}
	if n.inputs[0].kind == kindDouble {
		return classifierOf[float64](n, columns, outs, names)
	}
	return classifierOf[float32](n, columns, outs, names)
}

// treeClassifier decides for a class.
type treeClassifier[T number] struct {
	*treeModel[T]
	names *labels
	// binary says that of two classes the leaves give to one only; positive that they give nothing below zero.
	binary, positive bool
}

func classifierOf[T number](n *node, columns int, outs []info, names *labels) (built, error) {
	d, err := readTrees[T](n, "class", names.len())
	if err != nil {
		return built{}, err
	}
	m, err := newTreeModel(n, columns, d)
	if err != nil {
		return built{}, err
	}
	switch k := names.len(); {
	case k == 2 && len(m.base) > 2, k != 2 && len(m.base) != 0 && len(m.base) != k:
		return built{}, n.errorf("attribute base_values has %d elements, expected none or %d", len(m.base), k)
	}
	c := &treeClassifier[T]{treeModel: m, names: names, positive: true}
	given := map[int64]bool{}
	for _, id := range n.ints("class_ids") {
		given[id] = true
	}
	c.binary = names.len() == 2 && len(given) == 1
	weights, err := numbersOf[T](n, "class_weights")
	if err != nil {
		return built{}, err
	}
	for _, w := range weights {
		c.positive = c.positive && !(w < 0)
	}
	if err := n.checkProbit(m.post, names.len() == 2 && len(m.base) < 2 && !m.some && !m.gives[1]); err != nil {
		return built{}, err
	}
	return built{outs: outs, run: func(w *workspace, in, out []*tensor) error {
		s := c.scratch(w)
		rows := rowsOf(in[0], columns)
		c.sum(s, in[0], columns, rows, aggregateSum)
		c.decide(s, rows, out[0])
		if len(out) > 1 {
			writeNumbers(out[1], s.sums)
		}
		return nil
	}}, nil
}

// decide turns sums into scores, in place, and writes the labels.
func (c *treeClassifier[T]) decide(s *treeScratch[T], rows int, label *tensor) {
	for i := range rows {
		row := s.sums[i*c.targets : (i+1)*c.targets]
		switch c.targets {
		case 1:
			c.decideOne(row, i, label)
		case 2:
			c.decideTwo(s, row, i, label)
		default:
			c.decideMany(c.given(s, i*c.targets), row, i, label)
		}
	}
}

// decideMany takes the first of the greatest scores of the classes that got something.
func (c *treeClassifier[T]) decideMany(got []bool, row []T, i int, label *tensor) {
	for j, b := range c.base {
		row[j] += b
	}
	best := -1
	for j, x := range row {
		if (got[j] || len(c.base) > 0) && (best < 0 || x > row[best]) {
			best = j
		}
	}
	c.names.put(label, i, max(best, 0))
	apply(c.post, row)
}

// decideOne is for a classifier with one class: the label is 1 or 0, whatever the class is called.
func (c *treeClassifier[T]) decideOne(row []T, i int, label *tensor) {
	if len(c.base) == 1 {
		row[0] += c.base[0]
	}
	if label.kind == kindString {
		c.names.put(label, i, 0)
	} else {
		label.i64[i] = 0
		if row[0] > 0 {
			label.i64[i] = 1
		}
	}
	applyOne(c.post, noSecond, row[0], row)
}

// decideTwo follows onnxruntime in all cases of two classes, some of which the specification leaves open. It differs in
// one: where both classes have weights and the labels are integers, onnxruntime answers 0 and 1 whatever the labels are,
// and this with the labels.
func (c *treeClassifier[T]) decideTwo(s *treeScratch[T], row []T, i int, label *tensor) {
	got := c.given(s, i*c.targets)
	second, count := noSecond, 2
	switch len(c.base) {
	case 2:
		if got[1] {
			row[1] = c.base[1] + row[0]
			row[0] = -row[1]
		} else {
			row[1] += c.base[1]
			row[0] += c.base[0]
		}
	case 1:
		row[0] += c.base[0]
		if !got[1] {
			count = 1
		}
	default:
		second = oppositeScores
		if !got[1] {
			count = 1
		}
	}
	weight := T(0)
	switch {
	case count == 2 && got[1]:
		weight = row[1]
	case got[0]:
		weight = row[0]
	}
	yes := weight > 0
	if c.binary && c.positive {
		yes = weight > 0.5
		second = complementary
	} else if c.binary {
		second = oppositeScores
	}
	at := 0
	if yes {
		at = 1
	}
	c.names.put(label, i, at)
	for j, ok := range got {
		if !ok { // what got nothing counts as zero, whatever its base value
			row[j] = 0
		}
	}
	if count == 2 {
		apply(c.post, row)
		return
	}
	applyOne(c.post, second, row[0], row)
}

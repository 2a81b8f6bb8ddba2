package pmml

import (
	"fmt"
	"strconv"
)

// tree is the body of a TreeModel.
type tree struct {
	missing   string // missingValueStrategy
	penalty   float64
	lastScore bool // noTrueChildStrategy="returnLastPrediction"
	root      *treeNode
	nodes     int
}

// treeNode is a Node; its children are tested in order.
type treeNode struct {
	e        *element
	id       string
	test     predicate
	children []*treeNode
	fallback *treeNode // defaultChild
	records  float64   // recordCount

	scored bool
	value  float64   // score of a regression
	code   int       // score of a classification, -1 for none
	counts []float64 // ScoreDistribution recordCount by class
	probs  []float64 // by class, nil if the node has no distribution and no score
	conf   []float64 // by class, nil if no confidence is given
}

func newTree(a *attrs, f *frame) body {
	t := &tree{}
	t.missing = a.word("missingValueStrategy", "none", "nullPrediction", "lastPrediction", "defaultChild", "weightedConfidence", "aggregateNodes")
	t.penalty = a.num("missingValuePenalty", 1)
	t.lastScore = a.word("noTrueChildStrategy", "returnNullPrediction", "returnLastPrediction") == "returnLastPrediction"
	a.word("splitCharacteristic", "multiSplit", "binarySplit")
	if !f.classification() && (t.missing == "weightedConfidence" || t.missing == "aggregateNodes") {
		a.fail("missingValueStrategy=%q needs a classification", t.missing)
	}
	return t
}

func (t *tree) child(l *loader, f *frame, c *element) error {
	if c.name != "Node" || t.root != nil {
		return c.unsupported(f.e)
	}
	n, err := t.node(l, f, c)
	t.root = n
	return err
}

func (t *tree) finish(l *loader, f *frame) error {
	if t.root == nil {
		return f.e.errorf("has no Node")
	}
	return nil
}

// node decodes a Node and its children.
func (t *tree) node(l *loader, f *frame, e *element) (*treeNode, error) {
	a := e.read()
	t.nodes++
	n := &treeNode{e: e, id: a.str("id", strconv.Itoa(t.nodes)), code: -1, records: a.num("recordCount", 0)}
	fallback, hasFallback := a.get("defaultChild")
	score, scored := a.get("score")
	if err := a.end(); err != nil {
		return nil, err
	}
	if scored {
		if err := n.setScore(f, score); err != nil {
			return nil, err
		}
	}
	parts, err := t.nodeChildren(l, f, n)
	switch {
	case err != nil:
		return nil, err
	case n.test == nil:
		return nil, e.errorf("has no predicate")
	}
	if f.classification() {
		if err := n.distribute(parts); err != nil {
			return nil, err
		}
	}
	if hasFallback {
		if err := n.setFallback(fallback); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// nodeChildren decodes what is inside a Node.
func (t *tree) nodeChildren(l *loader, f *frame, n *treeNode) (parts []distribution, err error) {
	err = l.d.each(n.e, func(c *element) (err error) {
		switch {
		case c.name == "Node":
			var k *treeNode
			k, err = t.node(l, f, c)
			n.children = append(n.children, k)
		case c.name == "ScoreDistribution":
			var d distribution
			d, err = l.scoreDistribution(f, c)
			parts = append(parts, d)
		case c.name == "Partition":
			err = l.d.skip(c)
		case isPredicate(c.name) && n.test == nil:
			n.test, err = l.predicate(c, f.scope)
		default:
			err = c.unsupported(n.e)
		}
		return err
	})
	return parts, err
}

func (n *treeNode) setFallback(id string) error {
	for _, k := range n.children {
		if k.id == id {
			n.fallback = k
		}
	}
	if n.fallback == nil {
		return n.e.errorf("defaultChild=%q is none of its children", id)
	}
	return nil
}

func (n *treeNode) setScore(f *frame, score string) error {
	n.scored = true
	if f.classification() {
		var err error
		n.code, err = f.classes.code(n.e, score)
		return err
	}
	v, err := parseFloat(score)
	if err != nil {
		return n.e.errorf("score=%q is not a number", score)
	}
	n.value = narrow(v, f.float32)
	return nil
}

// distribution is a ScoreDistribution.
type distribution struct {
	e                      *element
	code                   int
	count, prob, conf      float64
	hasProb, hasConfidence bool
}

func (l *loader) scoreDistribution(f *frame, e *element) (distribution, error) {
	a := e.read()
	d := distribution{e: e}
	a.need("recordCount")
	d.count, d.prob, d.conf = a.num("recordCount", 0), a.num("probability", 0), a.num("confidence", 0)
	_, d.hasProb = a.get("probability")
	_, d.hasConfidence = a.get("confidence")
	raw := a.need("value")
	if err := a.end(); err != nil {
		return d, err
	}
	if f.classification() {
		var err error
		if d.code, err = f.classes.code(e, raw); err != nil {
			return d, err
		}
	}
	return d, l.d.none(e)
}

// distribute turns ScoreDistributions into vectors by class.
func (n *treeNode) distribute(parts []distribution) error {
	size, total, probs, confs := n.code+1, 0.0, 0, 0
	for _, d := range parts {
		size = max(size, d.code+1)
		total += d.count
		probs += int(b2i(d.hasProb))
		confs += int(b2i(d.hasConfidence))
	}
	if size == 0 {
		return nil
	}
	if probs > 0 && probs < len(parts) {
		return n.e.errorf("some of its ScoreDistributions have a probability and some have none")
	}
	n.probs = make([]float64, size)
	n.counts = make([]float64, size)
	if confs > 0 {
		n.conf = make([]float64, size)
	}
	for _, d := range parts {
		n.counts[d.code] = d.count
		if d.hasConfidence {
			n.conf[d.code] = d.conf
		}
		switch {
		case d.hasProb:
			n.probs[d.code] = d.prob
		case total > 0:
			n.probs[d.code] = d.count / total
		}
	}
	if len(parts) == 0 || probs == 0 && total == 0 {
		if n.code < 0 {
			n.probs = nil
			return nil
		}
		n.probs[n.code] = 1
	}
	if n.code < 0 && n.probs != nil {
		n.code = ofMost(n.probs)
		n.scored = true
	}
	return nil
}

// ofMost is the index of the largest number, the first of equals.
func ofMost(xs []float64) int {
	best := 0
	for i, x := range xs {
		if x > xs[best] {
			best = i
		}
	}
	return best
}

func (t *tree) score(r *row, f *frame) result {
	if t.root.test.test(r) != yes {
		return absent
	}
	return t.walk(r, f, t.root)
}

// walk scores the subtree below a node whose predicate was passed.
func (t *tree) walk(r *row, f *frame, n *treeNode) result {
	penalty := 1.0
next:
	for len(n.children) > 0 {
		for _, k := range n.children {
			switch k.test.test(r) {
			case yes:
				n = k
				continue next
			case no:
				continue
			}
			switch t.missing {
			case "nullPrediction":
				return absent
			case "lastPrediction":
				return t.leaf(r, f, n, penalty)
			case "defaultChild":
				if n.fallback == nil {
					r.fail(missingError(fmt.Sprintf("a value is missing at the tree node %s (line %d), which names no defaultChild", n.id, n.e.line)))
					return absent
				}
				n = n.fallback
				penalty *= t.penalty
				continue next
			case "weightedConfidence":
				return t.weighted(r, f, n, penalty)
			case "aggregateNodes":
				return t.aggregate(r, f, n)
			}
		}
		if !t.lastScore {
			return absent
		}
		break
	}
	return t.leaf(r, f, n, penalty)
}

// leaf is the result of a node.
func (t *tree) leaf(r *row, f *frame, n *treeNode, penalty float64) result {
	if !n.scored {
		return absent
	}
	if !f.classification() {
		return result{value: double(n.value), code: -1, entity: n.id}
	}
	res := result{value: f.classes.values[n.code], code: n.code, probs: n.probs, conf: n.conf, entity: n.id}
	if n.conf != nil && penalty != 1 {
		res.conf = r.floats(len(n.conf))
		for i, c := range n.conf {
			res.conf[i] = c * penalty
		}
	}
	return res
}

// weighted is weightedConfidence: the children that are not false, weighted by their record counts.
func (t *tree) weighted(r *row, f *frame, n *treeNode, penalty float64) result {
	conf := r.floats(len(f.classes.values))
	total := 0.0
	for _, k := range n.children {
		if k.test.test(r) == no {
			continue
		}
		sub := t.walk(r, f, k)
		if sub.missing {
			continue
		}
		by := sub.conf
		if by == nil {
			by = sub.probs
		}
		total += k.records
		for i, c := range by {
			conf[i] += c * k.records
		}
	}
	if total == 0 {
		return absent
	}
	for i := range conf {
		conf[i] = conf[i] / total * penalty
	}
	res := ofProbs(conf, f.classes)
	res.conf = conf
	return res
}

// aggregate is aggregateNodes: the record counts of all leaves that can be reached.
func (t *tree) aggregate(r *row, f *frame, n *treeNode) result {
	counts := r.floats(len(f.classes.values))
	t.reach(r, n, counts)
	total := 0.0
	for _, c := range counts {
		total += c
	}
	if total == 0 {
		return absent
	}
	for i := range counts {
		counts[i] /= total
	}
	res := ofProbs(counts, f.classes)
	res.conf = counts
	return res
}

// reach adds up the counts of the leaves below n: the first child that is true, or, if one before it is unknown,
// that and all later ones that are not false.
func (t *tree) reach(r *row, n *treeNode, counts []float64) {
	open, taken := false, false
	for _, k := range n.children {
		switch k.test.test(r) {
		case no:
			continue
		case unknown:
			open = true
		}
		taken = true
		t.reach(r, k, counts)
		if !open {
			return
		}
	}
	if len(n.children) > 0 && (taken || !t.lastScore) {
		return
	}
	for i, c := range n.counts {
		counts[i] += c
	}
}

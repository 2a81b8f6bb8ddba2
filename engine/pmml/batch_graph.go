package pmml

import "math"

// decision is a node of a tree as the batch evaluators see it: a test with a way for yes, for no and for a missing
// value. A leaf has a negative feat. Compound predicates share nodes, so it is a graph.
type decision struct {
	feat    int
	t       float64 // x <= t goes to yes; NaN goes to no
	codes   []int   // instead, if set is true: a category among these goes to yes
	set     bool
	yes, no *decision
	miss    *decision
	leaf    int32
}

// Leaves that are none of a tree's own.
const (
	noLeaf   = 0  // rows without a prediction
	slowLeaf = -1 // rows that only the interpreter can decide
)

// walk finds the leaf of a row with missing values.
func (d *decision) walk(t *tile, i int) int32 {
	for d.feat >= 0 {
		at := d.feat*tileRows + i
		switch {
		case t.absent[at]:
			d = d.miss
		case d.passesRow(t.x[at]):
			d = d.yes
		default:
			d = d.no
		}
	}
	return d.leaf
}

func (d *decision) passesRow(x float64) bool {
	if !d.set {
		return x <= d.t
	}
	for _, k := range d.codes {
		if float64(k) == x {
			return true
		}
	}
	return false
}

// present is the node itself, or what follows where a value that is there decides nothing.
func (d *decision) present() *decision {
	for d.feat >= 0 && d.yes == d.no {
		d = d.yes
	}
	return d
}

// grower makes the graph of one tree.
type grower struct {
	c          *compiler
	t          *tree
	leaf       func(*treeNode) int32
	alone      bool
	none, slow *decision
	done       map[*treeNode]*decision // the graph below a node
	ends       map[*treeNode]*decision // its own result
}

// graph compiles a tree; leaf gives the number of a node's result, from 1.
func (c *compiler) graph(t *tree, alone bool, leaf func(*treeNode) int32) (*decision, error) {
	g := &grower{c: c, t: t, leaf: leaf, alone: alone, none: &decision{feat: -1, leaf: noLeaf}, slow: &decision{feat: -1, leaf: slowLeaf},
		done: map[*treeNode]*decision{}, ends: map[*treeNode]*decision{}}
	d, err := g.below(t.root)
	if err != nil {
		return nil, err
	}
	return c.cond(t.root.test, d, g.none, g.none)
}

func (g *grower) outcome(n *treeNode) *decision {
	if !n.scored {
		return g.none
	}
	d := g.ends[n]
	if d == nil {
		d = &decision{feat: -1, leaf: g.leaf(n)}
		if len(n.children) > 0 {
			g.ends[n] = d
		}
	}
	return d
}

// unknown is where a row goes if a child's predicate is unknown; rest is where it goes if it is false.
func (g *grower) unknown(n *treeNode, rest *decision) *decision {
	switch g.t.missing {
	case "none":
		return rest
	case "nullPrediction":
		return g.none
	case "lastPrediction":
		return g.outcome(n)
	case "defaultChild":
		if n.fallback == nil || g.alone && g.t.penalty != 1 {
			return g.slow
		}
		return g.done[n.fallback]
	}
	return g.slow
}

// below is the graph of a node whose predicate was passed.
func (g *grower) below(n *treeNode) (*decision, error) {
	if len(n.children) == 0 {
		return g.outcome(n), nil
	}
	subs := make([]*decision, len(n.children))
	for i := len(subs) - 1; i >= 0; i-- {
		var err error
		if subs[i], err = g.below(n.children[i]); err != nil {
			return nil, err
		}
		if n.fallback != nil {
			g.done[n.children[i]] = subs[i]
		}
	}
	rest := g.none
	if g.t.lastScore {
		rest = g.outcome(n)
	}
	for i := len(subs) - 1; i >= 0; i-- {
		var err error
		if rest, err = g.c.cond(n.children[i].test, subs[i], rest, g.unknown(n, rest)); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// maxWork bounds the tests that predicates expand to.
const maxWork = 1 << 24

// cond is p ? yes : no, or unk where p is unknown.
func (c *compiler) cond(p predicate, yes, no, unk *decision) (*decision, error) {
	if c.work++; c.work > maxWork {
		return nil, unbatchedf("the predicates expand to more than %d tests", maxWork)
	}
	switch p := p.(type) {
	case always:
		if p.t == truth(2) {
			return yes, nil
		}
		return no, nil
	case *presence:
		at, err := c.feature(p.slot)
		if p.missing {
			yes, no = no, yes
		}
		return &decision{feat: at, t: math.NaN(), yes: yes, no: yes, miss: no}, err
	case *simple:
		return c.condSimple(p, yes, no, unk)
	case *set:
		return c.condSet(p, yes, no, unk)
	case *compound:
		return c.condCompound(p.op, p.parts, yes, no, unk)
	}
	return nil, unbatchedf("the predicate %T has no batch form", p)
}

func (c *compiler) condCompound(op string, parts []predicate, yes, no, unk *decision) (*decision, error) {
	if len(parts) == 1 {
		return c.cond(parts[0], yes, no, unk)
	}
	if len(parts) > 8 && op == "xor" {
		return nil, unbatchedf("a long xor has no batch form")
	}
	rest, err := c.condCompound(op, parts[1:], yes, no, unk)
	if err != nil {
		return nil, err
	}
	switch op {
	case "surrogate":
		return c.cond(parts[0], yes, no, rest)
	case "xor":
		flipped, err := c.condCompound(op, parts[1:], no, yes, unk)
		if err != nil {
			return nil, err
		}
		return c.cond(parts[0], flipped, rest, unk)
	case "and": // once unknown, only a false part still matters
		doubt := unk
		if unk != no {
			if doubt, err = c.condCompound(op, parts[1:], unk, no, unk); err != nil {
				return nil, err
			}
		}
		return c.cond(parts[0], rest, no, doubt)
	}
	doubt := unk // or: only a true part
	if unk != yes {
		if doubt, err = c.condCompound(op, parts[1:], yes, unk, unk); err != nil {
			return nil, err
		}
	}
	return c.cond(parts[0], yes, rest, doubt)
}

func (c *compiler) condSimple(p *simple, yes, no, unk *decision) (*decision, error) {
	at, err := c.feature(p.slot)
	if err != nil {
		return nil, err
	}
	f := &c.p.feats[at]
	if p.op == opNotEqual {
		yes, no = no, yes
	}
	if f.cats != nil {
		if p.op != opEqual && p.op != opNotEqual {
			return nil, unbatchedf("an order of strings has no batch form")
		}
		return &decision{feat: at, set: true, codes: []int{f.category(p.v.s)}, yes: yes, no: no, miss: unk}, nil
	}
	x, err := threshold(p.v)
	if err != nil {
		return nil, err
	}
	switch p.op {
	case opEqual, opNotEqual:
		return c.atMost(at, x, c.below(at, x, no, yes, unk), no, unk), nil
	case opLess:
		return c.below(at, x, yes, no, unk), nil
	case opLessOrEqual:
		return c.atMost(at, x, yes, no, unk), nil
	case opGreater:
		return c.atMost(at, x, no, yes, unk), nil
	}
	return c.below(at, x, no, yes, unk), nil
}

// threshold is a constant of a predicate as a float64.
func threshold(v value) (float64, error) {
	x := v.num()
	if math.IsNaN(x) || v.k != kDouble && math.Abs(x) >= exactInt {
		return 0, unbatchedf("a comparison with %s has no batch form", v)
	}
	return x, nil
}

// atMost is x <= t ? yes : no. What a value that comes to a node has already decided is left out, but not where a
// missing value comes to the node and would go elsewhere: the test would have three ways.
func (c *compiler) atMost(at int, t float64, yes, no, unk *decision) *decision {
	c.p.feats[at].cut(t)
	// not at most t, so not at most less either
	for no.feat == at && !no.set && (no.t <= t || no.yes == no.no) && (no != unk || no.miss == no.no) {
		if no == unk {
			unk = no.miss
		}
		no = no.no
	}
	for yes.feat == at && !yes.set && (yes.t >= t || yes.yes == yes.no) && (yes != unk || yes.miss == yes.yes) {
		if yes == unk {
			unk = yes.miss
		}
		yes = yes.yes
	}
	return &decision{feat: at, t: t, yes: yes, no: no, miss: unk}
}

// below is x < t ? yes : no: at most the next smaller number.
func (c *compiler) below(at int, t float64, yes, no, unk *decision) *decision {
	if math.IsInf(t, -1) {
		return &decision{feat: at, t: t, yes: no, no: no, miss: unk}
	}
	return c.atMost(at, math.Nextafter(t, math.Inf(-1)), yes, no, unk)
}

func (c *compiler) condSet(p *set, yes, no, unk *decision) (*decision, error) {
	at, err := c.feature(p.slot)
	if err != nil {
		return nil, err
	}
	if !p.in {
		yes, no = no, yes
	}
	f := &c.p.feats[at]
	if f.cats != nil {
		d := &decision{feat: at, set: true, yes: yes, no: no, miss: unk}
		for _, k := range p.keys {
			d.codes = append(d.codes, f.category(k.s))
		}
		return d, nil
	}
	if len(p.keys) == 0 {
		return &decision{feat: at, t: math.NaN(), yes: no, no: no, miss: unk}, nil
	}
	for i := len(p.keys) - 1; i >= 0; i-- {
		x, err := threshold(p.keys[i])
		if err != nil {
			return nil, err
		}
		no = c.atMost(at, x, c.below(at, x, no, yes, unk), no, unk)
	}
	return no, nil
}

package pmml

import "math"

// decision is a node of a tree as the batch evaluators see it: a two-way test without missing values. A leaf has a
// negative feat. Compound predicates share nodes, so it is a graph.
type decision struct {
	feat    int
	t       float64 // x <= t goes to yes; NaN goes to no
	codes   []int   // instead, if set is true: a category among these goes to yes
	set     bool
	yes, no *decision
	leaf    int32
}

// noLeaf is the leaf of rows without a prediction.
const noLeaf = 0

// graph compiles a tree; leaf gives the number of a node's result, from 1.
func (c *compiler) graph(t *tree, leaf func(*treeNode) int32) (*decision, error) {
	none := &decision{feat: -1, leaf: noLeaf}
	outcome := func(n *treeNode) *decision {
		if !n.scored {
			return none
		}
		return &decision{feat: -1, leaf: leaf(n)}
	}
	var below func(n *treeNode) (*decision, error)
	below = func(n *treeNode) (*decision, error) {
		if len(n.children) == 0 {
			return outcome(n), nil
		}
		rest := none
		if t.lastScore {
			rest = outcome(n)
		}
		for i := len(n.children) - 1; i >= 0; i-- {
			k := n.children[i]
			sub, err := below(k)
			if err != nil {
				return nil, err
			}
			if rest, err = c.cond(k.test, sub, rest); err != nil {
				return nil, err
			}
		}
		return rest, nil
	}
	d, err := below(t.root)
	if err != nil {
		return nil, err
	}
	return c.cond(t.root.test, d, none)
}

// maxWork bounds the tests that predicates expand to.
const maxWork = 1 << 24

// cond is p ? yes : no for rows where nothing that p reads is missing.
func (c *compiler) cond(p predicate, yes, no *decision) (*decision, error) {
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
		if _, err := c.feature(p.slot); err != nil {
			return nil, err
		}
		if p.missing {
			return no, nil
		}
		return yes, nil
	case *simple:
		return c.condSimple(p, yes, no)
	case *set:
		return c.condSet(p, yes, no)
	case *compound:
		return c.condCompound(p.op, p.parts, yes, no)
	}
	return nil, unbatchedf("the predicate %T has no batch form", p)
}

func (c *compiler) condCompound(op string, parts []predicate, yes, no *decision) (*decision, error) {
	if len(parts) == 1 || op == "surrogate" {
		return c.cond(parts[0], yes, no)
	}
	rest, err := c.condCompound(op, parts[1:], yes, no)
	if err != nil {
		return nil, err
	}
	switch op {
	case "and":
		return c.cond(parts[0], rest, no)
	case "or":
		return c.cond(parts[0], yes, rest)
	}
	flipped, err := c.condCompound(op, parts[1:], no, yes) // xor
	if err != nil || len(parts) > 8 {
		return nil, unbatchedf("a long xor has no batch form")
	}
	return c.cond(parts[0], flipped, rest)
}

func (c *compiler) condSimple(p *simple, yes, no *decision) (*decision, error) {
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
		return &decision{feat: at, set: true, codes: []int{f.category(p.v.s)}, yes: yes, no: no}, nil
	}
	x, err := threshold(p.v)
	if err != nil {
		return nil, err
	}
	switch p.op {
	case opEqual, opNotEqual:
		return c.atMost(at, x, c.below(at, x, no, yes), no), nil
	case opLess:
		return c.below(at, x, yes, no), nil
	case opLessOrEqual:
		return c.atMost(at, x, yes, no), nil
	case opGreater:
		return c.atMost(at, x, no, yes), nil
	}
	return c.below(at, x, no, yes), nil
}

// threshold is a constant of a predicate as a float64.
func threshold(v value) (float64, error) {
	x := v.num()
	if math.IsNaN(x) || v.k != kDouble && math.Abs(x) >= exactInt {
		return 0, unbatchedf("a comparison with %s has no batch form", v)
	}
	return x, nil
}

// atMost is x <= t ? yes : no.
func (c *compiler) atMost(at int, t float64, yes, no *decision) *decision {
	c.p.feats[at].cut(t)
	return &decision{feat: at, t: t, yes: yes, no: no}
}

// below is x < t ? yes : no: at most the next smaller number.
func (c *compiler) below(at int, t float64, yes, no *decision) *decision {
	if math.IsInf(t, -1) {
		return no
	}
	return c.atMost(at, math.Nextafter(t, math.Inf(-1)), yes, no)
}

func (c *compiler) condSet(p *set, yes, no *decision) (*decision, error) {
	at, err := c.feature(p.slot)
	if err != nil {
		return nil, err
	}
	if !p.in {
		yes, no = no, yes
	}
	f := &c.p.feats[at]
	if f.cats != nil {
		d := &decision{feat: at, set: true, yes: yes, no: no}
		for _, k := range p.keys {
			d.codes = append(d.codes, f.category(k.s))
		}
		return d, nil
	}
	for i := len(p.keys) - 1; i >= 0; i-- {
		x, err := threshold(p.keys[i])
		if err != nil {
			return nil, err
		}
		no = c.atMost(at, x, c.below(at, x, no, yes), no)
	}
	return no, nil
}

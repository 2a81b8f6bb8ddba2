package pmml

import "fmt"

// bayesNet is the body of a BayesianNetworkModel of discrete nodes: the probabilities of the target's values given
// the nodes that are known, summed over those that are not.
type bayesNet struct {
	nodes  []*bayesNode
	byName map[string]int
	target int
	codes  []int // class of each of the target's values
}

type bayesNode struct {
	e       *element
	name    string
	parents []int
	values  []string
	keys    []key
	slot    int // -1 for the target and for nodes that are no field
	raw     []bayesTable
	table   [][]float64 // by combination of the parents' values, by value
}

// bayesTable is a DiscreteConditionalProbability, or the probabilities of a node without parents.
type bayesTable struct {
	e      *element
	given  []string // parent, value, parent, value, ...
	values []string
	probs  []float64
}

// maxCombinations bounds the tables of a network and the sum over unknown nodes.
const maxCombinations = 1 << 16

func newBayesNet(a *attrs, f *frame) body {
	a.word("modelType", "General", "TemporalAgnostic")
	a.str("inferenceMethod", "")
	return &bayesNet{byName: map[string]int{}, target: -1}
}

func (m *bayesNet) child(l *loader, f *frame, c *element) error {
	if c.name != "BayesianNetworkNodes" {
		return c.unsupported(f.e)
	}
	return l.d.each(c, func(e *element) error {
		if e.name != "DiscreteNode" {
			return e.errorf("not supported, expected DiscreteNode")
		}
		return m.node(l, e)
	})
}

func (m *bayesNet) node(l *loader, e *element) error {
	a := e.read()
	n := &bayesNode{e: e, name: a.need("name"), slot: -1}
	if err := a.end("count"); err != nil {
		return err
	}
	if _, twice := m.byName[n.name]; twice {
		return e.errorf("a second node %q", n.name)
	}
	m.byName[n.name] = len(m.nodes)
	m.nodes = append(m.nodes, n)
	plain := bayesTable{e: e}
	err := l.d.each(e, func(c *element) error {
		switch c.name {
		case "ValueProbability":
			return plain.probability(l, c)
		case "DiscreteConditionalProbability":
			t := bayesTable{e: c}
			if err := c.read().end("count"); err != nil {
				return err
			}
			err := l.d.each(c, func(p *element) error {
				if p.name != "ParentValue" {
					return t.probability(l, p)
				}
				a := p.read()
				t.given = append(t.given, a.need("parent"), a.need("value"))
				if err := a.end(); err != nil {
					return err
				}
				return l.d.none(p)
			})
			n.raw = append(n.raw, t)
			return err
		}
		return c.unsupported(e)
	})
	if plain.values != nil {
		n.raw = append(n.raw, plain)
	}
	return err
}

func (t *bayesTable) probability(l *loader, e *element) error {
	if e.name != "ValueProbability" {
		return e.unsupported(t.e)
	}
	a := e.read()
	a.need("probability")
	t.values, t.probs = append(t.values, a.need("value")), append(t.probs, a.num("probability", 0))
	if err := a.end("count"); err != nil {
		return err
	}
	return l.d.none(e)
}

func (m *bayesNet) finish(l *loader, f *frame) error {
	if len(m.nodes) == 0 {
		return f.e.errorf("has no BayesianNetworkNodes")
	}
	for _, n := range m.nodes {
		for _, t := range n.raw {
			for _, v := range t.values {
				if !contains(n.values, v) {
					n.values = append(n.values, v)
				}
			}
		}
		if len(n.values) == 0 {
			return n.e.errorf("the node %q has no probabilities", n.name)
		}
	}
	for i, n := range m.nodes {
		if err := n.fill(m); err != nil {
			return err
		}
		if n.name == f.target.name {
			m.target = i
			for _, v := range n.values {
				code, err := f.classes.code(n.e, v)
				if err != nil {
					return err
				}
				m.codes = append(m.codes, code)
			}
			continue
		}
		if l.lookup(f.scope, n.name) == nil {
			continue // a hidden node
		}
		v, err := l.resolve(f.scope, n.e, n.name)
		if err != nil {
			return err
		}
		n.slot = v.slot
		for _, raw := range n.values {
			k, err := v.key(n.e, raw)
			if err != nil {
				return err
			}
			n.keys = append(n.keys, k)
		}
	}
	if m.target < 0 {
		return f.e.errorf("has no node for the target %q", f.target.name)
	}
	return m.acyclic()
}

// fill makes the node's table.
func (n *bayesNode) fill(m *bayesNet) error {
	first := n.raw[0].given
	size := 1
	for i := 0; i < len(first); i += 2 {
		p, ok := m.byName[first[i]]
		if !ok {
			return n.raw[0].e.errorf("the parent %q is no node", first[i])
		}
		n.parents = append(n.parents, p)
		if size *= len(m.nodes[p].values); size > maxCombinations {
			return n.e.errorf("its parents have more than %d combinations of values", maxCombinations)
		}
	}
	n.table = make([][]float64, size)
	for _, t := range n.raw {
		if len(t.given) != len(first) {
			return t.e.errorf("names %d parents, expected %d", len(t.given)/2, len(first)/2)
		}
		at := 0
		for _, p := range n.parents {
			k := -1
			for i := 0; i < len(t.given); i += 2 {
				if t.given[i] == m.nodes[p].name {
					k = indexOf(m.nodes[p].values, t.given[i+1])
				}
			}
			if k < 0 {
				return t.e.errorf("does not give a known value of the parent %q", m.nodes[p].name)
			}
			at = at*len(m.nodes[p].values) + k
		}
		if n.table[at] != nil {
			return t.e.errorf("the same values of the parents a second time")
		}
		n.table[at] = make([]float64, len(n.values))
		for i, v := range t.values {
			n.table[at][indexOf(n.values, v)] = t.probs[i]
		}
	}
	for _, probs := range n.table {
		if probs == nil {
			return n.e.errorf("the node %q has no probabilities for some values of its parents", n.name)
		}
	}
	return nil
}

func indexOf(list []string, s string) int {
	for i, x := range list {
		if x == s {
			return i
		}
	}
	return -1
}

// acyclic checks that no node is its own ancestor.
func (m *bayesNet) acyclic() error {
	state := make([]int, len(m.nodes)) // 1: on the way, 2: done
	var visit func(i int) error
	visit = func(i int) error {
		switch state[i] {
		case 1:
			return m.nodes[i].e.errorf("the node %q depends on itself", m.nodes[i].name)
		case 2:
			return nil
		}
		state[i] = 1
		for _, p := range m.nodes[i].parents {
			if err := visit(p); err != nil {
				return err
			}
		}
		state[i] = 2
		return nil
	}
	for i := range m.nodes {
		if err := visit(i); err != nil {
			return err
		}
	}
	return nil
}

func (m *bayesNet) score(r *row, f *frame) result {
	at := make([]int, len(m.nodes))
	free := []int{m.target}
	total := len(m.codes)
	for i, n := range m.nodes {
		v := value{}
		if n.slot >= 0 {
			v = r.get(n.slot)
		}
		if v.missing() {
			if i != m.target {
				free = append(free, i)
				total *= len(n.values)
			}
			continue
		}
		at[i] = -1
		for k := range n.keys {
			if n.keys[k].matches(v) {
				at[i] = k
				break
			}
		}
		if at[i] < 0 {
			return absent // a value that the network does not know
		}
	}
	if total > maxCombinations || total <= 0 {
		r.fail(fmt.Errorf("%d nodes of the network are missing, which makes more than %d combinations of values", len(free)-1, maxCombinations))
		return absent
	}
	probs := r.floats(len(f.classes.values))
	sum := 0.0
	for range total {
		p := m.joint(at)
		probs[m.codes[at[m.target]]] += p
		sum += p
		for _, i := range free {
			if at[i]++; at[i] < len(m.nodes[i].values) {
				break
			}
			at[i] = 0
		}
	}
	if sum == 0 {
		return absent
	}
	for k := range probs {
		probs[k] /= sum
	}
	return ofProbs(probs, f.classes)
}

// joint is the probability of a value of every node.
func (m *bayesNet) joint(at []int) float64 {
	p := 1.0
	for i, n := range m.nodes {
		row := 0
		for _, q := range n.parents {
			row = row*len(m.nodes[q].values) + at[q]
		}
		p *= n.table[row][at[i]]
	}
	return p
}

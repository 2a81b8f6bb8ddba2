package pmml

import (
	"math"
)

// linearModel is the batch form of a RegressionModel.
type linearModel struct {
	norm    string
	ordinal bool
	tables  []linearTable
	k       int
	float   bool
	target  *target
}

// linearTable is the terms of one RegressionTable, in the interpreter's order.
type linearTable struct {
	intercept float64
	code      int
	terms     []linearTerm
}

// linearTerm is one of: coef * x^exponent, a number by category, or coef * product of features.
type linearTerm struct {
	feat     int
	coef     float64
	exponent float64
	byCode   []float64 // by category
	at       float64   // a numeric field's category
	isAt     bool
	product  []int
}

func (c *compiler) regression(f *frame, m *regression) (batchModel, error) {
	l := &linearModel{norm: m.norm, ordinal: m.ordinal, float: f.float32}
	if f.target.has {
		l.target = &f.target
	}
	if f.classification() {
		l.k = len(f.classes.values)
	}
	for _, t := range m.tables {
		lt := linearTable{intercept: t.intercept, code: t.code}
		if err := c.linearTerms(t, &lt); err != nil {
			return nil, err
		}
		l.tables = append(l.tables, lt)
	}
	c.later = append(c.later, func() {
		for i := range l.tables {
			c.spread(m.tables[i], &l.tables[i])
		}
	})
	return l, nil
}

func (c *compiler) linearTerms(t *regressionTable, lt *linearTable) error {
	for _, p := range t.numeric {
		at, err := c.numericFeature(p.slot)
		if err != nil {
			return err
		}
		lt.terms = append(lt.terms, linearTerm{feat: at, coef: p.coef, exponent: p.exponent})
	}
	for _, p := range t.category {
		at, err := c.feature(p.slot)
		if err != nil {
			return err
		}
		f := &c.p.feats[at]
		if p.at.v.missing() {
			return unbatchedf("a category of a field without a type has no batch form")
		}
		term := linearTerm{feat: at, coef: p.coef}
		if f.cats != nil {
			f.category(p.at.v.s)
			term.byCode = []float64{}
		} else {
			x, err := threshold(p.at.v)
			if err != nil {
				return err
			}
			term.at, term.isAt = x, true
		}
		lt.terms = append(lt.terms, term)
	}
	for _, p := range t.products {
		term := linearTerm{coef: p.coef, product: []int{}}
		for _, s := range p.slots {
			at, err := c.numericFeature(s)
			if err != nil {
				return err
			}
			term.product = append(term.product, at)
		}
		lt.terms = append(lt.terms, term)
	}
	return nil
}

func (c *compiler) numericFeature(s int) (int, error) {
	at, err := c.feature(s)
	if sl := &c.m.prog.slots[s]; err == nil && (sl.free || !sl.typ.numeric() && sl.typ != tBoolean) {
		err = unbatchedf("a %s as a number has no batch form", sl.typ)
	}
	return at, err
}

// spread joins the terms of one field's categories, which exclude each other, into a table by code.
func (c *compiler) spread(t *regressionTable, lt *linearTable) {
	first := len(t.numeric)
	var terms []linearTerm
	for i := range lt.terms {
		term := lt.terms[i]
		if term.byCode == nil {
			terms = append(terms, term)
			continue
		}
		f := &c.p.feats[term.feat]
		code := f.cats[t.category[i-first].at.v.s]
		if n := len(terms) - 1; n >= 0 && terms[n].byCode != nil && terms[n].feat == term.feat && terms[n].byCode[code] == 0 {
			terms[n].byCode[code] = term.coef
			continue
		}
		term.byCode = make([]float64, len(f.cats)+1)
		term.byCode[code] = term.coef
		terms = append(terms, term)
	}
	lt.terms = terms
}

// holes: a missing number makes the prediction missing; the term of a missing category is 0, as of any other.
func (m *linearModel) holes(t *tile) {
	for i := range m.tables {
		for j := range m.tables[i].terms {
			switch p := &m.tables[i].terms[j]; {
			case p.product != nil:
				t.loseAny(p.product)
			case p.isAt:
				t.spillAny([]int{p.feat})
			case p.byCode == nil:
				t.loseAny([]int{p.feat})
			}
		}
	}
}

func (m *linearModel) run(t *tile, s *stageData) {
	need := len(m.tables) * tileRows
	if len(t.ys) < need {
		t.ys = make([]float64, need)
	}
	for i := range m.tables {
		m.tables[i].run(t, t.ys[i*tileRows:i*tileRows+t.n], m.float)
	}
	if m.k == 0 {
		for i, y := range t.ys[:t.n] {
			s.value[i] = narrow(inverseLink(m.norm, y), m.float)
			if m.target != nil {
				s.value[i] = m.target.rescale(s.value[i], m.float)
			}
		}
		return
	}
	for k := range m.k {
		clear(s.probs[k*tileRows : k*tileRows+t.n])
	}
	if len(m.tables) == 2 && !m.ordinal && m.norm == "logit" {
		m.logit(t, s)
		return
	}
	ys := t.scratch(0)[:0]
	for i := range s.code[:t.n] {
		ys = ys[:0]
		for j := range m.tables {
			ys = append(ys, t.ys[j*tileRows+i])
		}
		normalize(m.norm, ys, m.ordinal)
		best := 0
		for j := range m.tables {
			s.probs[m.tables[j].code*tileRows+i] = ys[j]
			if ys[j] > ys[best] {
				best = j
			}
		}
		s.code[i] = int32(m.tables[best].code)
	}
}

// logit is the link of that name between two classes, by columns.
func (m *linearModel) logit(t *tile, s *stageData) {
	a, b := m.tables[0].code, m.tables[1].code
	p, q := s.probs[a*tileRows:][:t.n], s.probs[b*tileRows:][:t.n]
	copy(p, t.ys)
	logisticColumn(p)
	for i, x := range p {
		y := 1 - x
		q[i] = y
		k := int32(a)
		if y > x {
			k = int32(b)
		}
		s.code[i] = k
	}
}

// run adds up a table's terms.
func (lt *linearTable) run(t *tile, ys []float64, float bool) {
	for i := range ys {
		ys[i] = lt.intercept
	}
	for j := range lt.terms {
		lt.terms[j].add(t, ys, float)
		if float {
			for i, y := range ys {
				ys[i] = float64(float32(y))
			}
		}
	}
}

// add adds a term to each row's sum. Products are rounded on their own, never fused with the addition.
func (p *linearTerm) add(t *tile, ys []float64, float bool) {
	xs := t.x[p.feat*tileRows:][:len(ys)]
	switch {
	case p.product != nil:
		for i := range ys {
			z := p.coef
			for _, f := range p.product {
				z = narrow(z*t.x[f*tileRows+i], float)
			}
			ys[i] += z
		}
	case p.byCode != nil:
		for i, x := range xs {
			if k := int(x); k < len(p.byCode) {
				ys[i] += p.byCode[k]
			}
		}
	case p.isAt:
		for i, x := range xs {
			if compareFloat(x, p.at) == 0 {
				ys[i] += p.coef
			}
		}
	case p.exponent != 1:
		for i, x := range xs {
			ys[i] += narrow(p.coef*math.Pow(x, p.exponent), float)
		}
	case float:
		for i, x := range xs {
			ys[i] += narrow(p.coef*x, true)
		}
	default:
		for i, x := range xs {
			ys[i] += float64(p.coef * x)
		}
	}
}

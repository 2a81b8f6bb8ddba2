package pmml

import "math"

// naiveBayes is the body of a NaiveBayesModel.
type naiveBayes struct {
	threshold float64
	inputs    []bayesInput
	counts    []float64 // of the target's classes
	found     bool
}

// bayesInput is a predictor: counts of pairs with the classes, or a distribution for each class.
type bayesInput struct {
	slot  int
	pairs []bayesPair
	sums  []float64 // of the pairs' counts, by class
	stats []density // by class
}

type bayesPair struct {
	at     key
	counts []float64 // by class
}

// density is a continuous distribution, or a discrete one over counts.
type density struct {
	kind string // empty for none
	a, b float64
	e    *element
}

func newNaiveBayes(a *attrs, f *frame) body {
	m := &naiveBayes{}
	a.need("threshold")
	m.threshold = a.num("threshold", 0)
	if m.threshold < 0 {
		a.fail("threshold=%q is negative", a.str("threshold", ""))
	}
	return m
}

func (m *naiveBayes) child(l *loader, f *frame, c *element) error {
	switch c.name {
	case "BayesInputs":
		return l.each(c, "BayesInput", func(e *element) error { return m.input(l, f, e) })
	case "BayesOutput":
		a := c.read()
		name := a.need("fieldName")
		if f.target.name != "" && name != f.target.name {
			a.fail("fieldName=%q is not the model's target %q", name, f.target.name)
		}
		if err := a.end(); err != nil {
			return err
		}
		return l.each(c, "TargetValueCounts", func(e *element) (err error) {
			m.found = true
			m.counts, err = m.targetCounts(l, f, e)
			return err
		})
	}
	return c.unsupported(f.e)
}

// targetCounts decodes TargetValueCounts: a count for each class.
func (m *naiveBayes) targetCounts(l *loader, f *frame, e *element) ([]float64, error) {
	var out []float64
	err := l.each(e, "TargetValueCount", func(c *element) error {
		a := c.read()
		a.need("count")
		raw, n := a.need("value"), a.num("count", 0)
		if n < 0 {
			a.fail("count=%q is negative", a.str("count", ""))
		}
		if err := a.end(); err != nil {
			return err
		}
		code, err := f.classes.code(c, raw)
		if err != nil {
			return err
		}
		for len(out) <= code {
			out = append(out, 0)
		}
		out[code] = n
		return l.d.none(c)
	})
	return out, err
}

func (m *naiveBayes) input(l *loader, f *frame, e *element) error {
	a := e.read()
	name := a.need("fieldName")
	if err := a.end(); err != nil {
		return err
	}
	in := bayesInput{slot: -1}
	var v *field
	var pairs []*element
	err := l.d.each(e, func(c *element) (err error) {
		switch c.name {
		case "DerivedField":
			if v != nil {
				return c.errorf("has to stand before the counts")
			}
			v, err = l.bayesField(f, c)
			return err
		case "PairCounts", "TargetValueStats":
		default:
			return c.unsupported(e)
		}
		if v == nil {
			if v, err = l.resolve(f.scope, e, name); err != nil {
				return err
			}
		}
		if c.name == "TargetValueStats" {
			return m.stats(l, f, c, &in)
		}
		pairs = append(pairs, c)
		return m.pair(l, f, v, c, &in)
	})
	switch {
	case err != nil:
		return err
	case len(pairs) == 0 && in.stats == nil:
		return e.errorf("has neither PairCounts nor TargetValueStats")
	case len(pairs) > 0 && in.stats != nil:
		return e.errorf("has both PairCounts and TargetValueStats")
	}
	in.slot = v.slot
	m.inputs = append(m.inputs, in)
	return nil
}

// bayesField binds a DerivedField that stands inside a BayesInput.
func (l *loader) bayesField(f *frame, e *element) (*field, error) {
	into := map[string]*field{}
	if err := l.derivedField(e, f.scope, into); err != nil {
		return nil, err
	}
	for name := range into {
		own := &scope{parent: f.scope, fields: into}
		return l.resolve(own, e, name)
	}
	return nil, e.errorf("has no name")
}

func (m *naiveBayes) pair(l *loader, f *frame, v *field, e *element, in *bayesInput) error {
	a := e.read()
	raw := a.need("value")
	if err := a.end(); err != nil {
		return err
	}
	k, err := v.key(e, raw)
	if err != nil {
		return err
	}
	p := bayesPair{at: k}
	err = l.each(e, "TargetValueCounts", func(c *element) (err error) {
		p.counts, err = m.targetCounts(l, f, c)
		return err
	})
	in.pairs = append(in.pairs, p)
	return err
}

func (m *naiveBayes) stats(l *loader, f *frame, e *element, in *bayesInput) error {
	return l.each(e, "TargetValueStat", func(c *element) error {
		a := c.read()
		raw := a.need("value")
		if err := a.end(); err != nil {
			return err
		}
		code, err := f.classes.code(c, raw)
		if err != nil {
			return err
		}
		for len(in.stats) <= code {
			in.stats = append(in.stats, density{})
		}
		err = l.d.each(c, func(d *element) (err error) {
			if in.stats[code].kind != "" {
				return d.errorf("a second distribution")
			}
			in.stats[code], err = l.density(d)
			return err
		})
		if err == nil && in.stats[code].kind == "" {
			err = c.errorf("has no distribution")
		}
		return err
	})
}

// density decodes a GaussianDistribution, PoissonDistribution or UniformDistribution.
func (l *loader) density(e *element) (density, error) {
	a := e.read()
	d := density{kind: e.name, e: e}
	switch e.name {
	case "GaussianDistribution":
		a.need("mean")
		a.need("variance")
		d.a, d.b = a.num("mean", 0), a.num("variance", 1)
		if a.err == nil && !(d.b > 0) {
			a.fail("variance=%q is not positive", a.str("variance", ""))
		}
	case "PoissonDistribution":
		a.need("mean")
		if d.a = a.num("mean", 1); a.err == nil && !(d.a > 0) {
			a.fail("mean=%q is not positive", a.str("mean", ""))
		}
	case "UniformDistribution":
		a.need("lower")
		a.need("upper")
		d.a, d.b = a.num("lower", 0), a.num("upper", 1)
		if a.err == nil && !(d.b > d.a) {
			a.fail("upper=%q is not above lower", a.str("upper", ""))
		}
	default:
		return d, e.errorf("this distribution is not supported, expected GaussianDistribution, PoissonDistribution or UniformDistribution")
	}
	if err := a.end(); err != nil {
		return d, err
	}
	return d, l.d.none(e)
}

// at is the density of x, or its probability.
func (d *density) at(x float64) float64 {
	switch d.kind {
	case "GaussianDistribution":
		z := x - d.a
		return math.Exp(-z*z/(2*d.b)) / math.Sqrt(2*math.Pi*d.b)
	case "PoissonDistribution":
		if x < 0 || x != math.Trunc(x) {
			return 0
		}
		g, _ := math.Lgamma(x + 1)
		return math.Exp(x*math.Log(d.a) - d.a - g)
	}
	if x < d.a || x > d.b {
		return 0
	}
	return 1 / (d.b - d.a)
}

func (m *naiveBayes) finish(l *loader, f *frame) error {
	switch {
	case len(m.inputs) == 0:
		return f.e.errorf("has no BayesInputs")
	case !m.found:
		return f.e.errorf("has no BayesOutput")
	}
	n := len(f.classes.values)
	for len(m.counts) < n {
		m.counts = append(m.counts, 0)
	}
	for i := range m.inputs {
		in := &m.inputs[i]
		in.sums = make([]float64, n)
		for j := range in.pairs {
			p := &in.pairs[j]
			for len(p.counts) < n {
				p.counts = append(p.counts, 0)
			}
			for k, c := range p.counts {
				in.sums[k] += c
			}
		}
		if in.pairs != nil {
			continue
		}
		for k, c := range m.counts {
			if c > 0 && (k >= len(in.stats) || in.stats[k].kind == "") {
				return f.e.errorf("a BayesInput has no TargetValueStat for the class %s", f.classes.values[k])
			}
		}
	}
	return nil
}

// score adds logarithms: a product of many small factors would vanish.
func (m *naiveBayes) score(r *row, f *frame) result {
	logs := r.floats(len(f.classes.values))
	for k, c := range m.counts {
		logs[k] = math.Log(c)
	}
	for i := range m.inputs {
		in := &m.inputs[i]
		if in.pairs == nil {
			x, ok := r.number(in.slot)
			for k := range logs {
				if ok && m.counts[k] > 0 {
					logs[k] += math.Log(max(in.stats[k].at(x), m.threshold))
				}
			}
			continue
		}
		v := r.get(in.slot)
		if v.missing() {
			continue
		}
		for j := range in.pairs {
			p := &in.pairs[j]
			if !p.at.matches(v) {
				continue
			}
			for k, c := range p.counts {
				share := m.threshold
				if c > 0 {
					share = c / in.sums[k]
				}
				logs[k] += math.Log(share)
			}
			break
		}
	}
	best := ofMost(logs)
	if math.IsInf(logs[best], -1) || math.IsNaN(logs[best]) {
		return absent
	}
	softmax(logs)
	return ofProbs(logs, f.classes)
}

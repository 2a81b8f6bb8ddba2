package pmml

import "math"

// baseline is the body of a BaselineModel with the statistic that one row has: how many standard deviations a value
// is from the baseline's mean. The others of PMML look at many rows.
type baseline struct {
	slot  int
	dist  density
	found bool
}

func newBaseline(a *attrs, f *frame) body { return &baseline{} }

func (m *baseline) child(l *loader, f *frame, c *element) error {
	if c.name != "TestDistributions" || m.found {
		return c.unsupported(f.e)
	}
	m.found = true
	a := c.read()
	name := a.need("field")
	a.need("testStatistic")
	if s := a.str("testStatistic", "zValue"); s != "zValue" {
		a.fail("testStatistic=%q is not supported, expected zValue: the others need more than one row", s)
	}
	if err := a.end("resetValue", "windowSize", "weightField", "normalizationScheme"); err != nil {
		return err
	}
	v, err := l.resolve(f.scope, c, name)
	if err != nil {
		return err
	}
	m.slot = v.slot
	err = l.d.each(c, func(e *element) error {
		if e.name != "Baseline" || m.dist.kind != "" {
			return e.unsupported(c)
		}
		return l.d.each(e, func(d *element) (err error) {
			if m.dist.kind != "" {
				return d.errorf("a second distribution")
			}
			m.dist, err = l.density(d)
			if err == nil && m.dist.kind == "UniformDistribution" {
				err = d.errorf("not supported here, expected GaussianDistribution or PoissonDistribution")
			}
			return err
		})
	})
	if err == nil && m.dist.kind == "" {
		err = c.errorf("has no Baseline with a distribution")
	}
	return err
}

func (m *baseline) finish(l *loader, f *frame) error {
	if !m.found {
		return f.e.errorf("has no TestDistributions")
	}
	return nil
}

func (m *baseline) score(r *row, f *frame) result {
	x, ok := r.number(m.slot)
	if !ok {
		return absent
	}
	variance := m.dist.b
	if m.dist.kind == "PoissonDistribution" {
		variance = m.dist.a
	}
	return result{value: double((x - m.dist.a) / math.Sqrt(variance)), code: -1}
}

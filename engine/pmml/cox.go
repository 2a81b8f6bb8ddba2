package pmml

import "math"

// cox is what a Cox regression adds to a general regression: the baseline's cumulative hazards over time, perhaps by
// stratum. The prediction is the cumulative hazard at the row's end time.
type cox struct {
	end, strata         string // fields
	endSlot, strataSlot int
	line                *element
	all                 []stratum
}

// stratum is a baseline: the cumulative hazard from each time on.
type stratum struct {
	e              *element
	raw            string
	at             key
	maxTime        float64
	times, hazards []float64
}

func newCox(a *attrs, f *frame) *cox {
	c := &cox{end: a.need("endTimeVariable"), strata: a.str("baselineStrataVariable", ""), endSlot: -1, strataSlot: -1}
	for _, s := range []string{"startTimeVariable", "subjectIDVariable", "statusVariable"} {
		a.str(s, "") // of use only to train the model
	}
	if f.classification() {
		a.fail(`modelType="CoxRegression" needs a regression`)
	}
	return c
}

func (c *cox) tables(l *loader, e *element) error {
	a := e.read()
	one := stratum{e: e, maxTime: a.num("maxTime", math.Inf(1))}
	c.line = e
	if err := a.end(); err != nil {
		return err
	}
	err := l.d.each(e, func(k *element) error {
		if k.name != "BaselineStratum" {
			return one.cell(l, k, e)
		}
		a := k.read()
		a.need("maxTime")
		s := stratum{e: k, raw: a.need("value"), maxTime: a.num("maxTime", 0)}
		if err := a.end("label"); err != nil {
			return err
		}
		err := l.d.each(k, func(b *element) error { return s.cell(l, b, k) })
		c.all = append(c.all, s)
		return err
	})
	if one.times != nil {
		c.all = append(c.all, one)
	}
	return err
}

func (s *stratum) cell(l *loader, e, in *element) error {
	if e.name != "BaselineCell" {
		return e.unsupported(in)
	}
	a := e.read()
	a.need("time")
	a.need("cumHazard")
	s.times, s.hazards = append(s.times, a.num("time", 0)), append(s.hazards, a.num("cumHazard", 0))
	if n := len(s.times); n > 1 && !(s.times[n-1] > s.times[n-2]) {
		a.fail("the times have to rise")
	}
	if err := a.end(); err != nil {
		return err
	}
	return l.d.none(e)
}

func (c *cox) bind(l *loader, f *frame) error {
	if len(c.all) == 0 {
		return f.e.errorf("has no BaseCumHazardTables")
	}
	v, err := l.resolve(f.scope, f.e, c.end)
	if err != nil {
		return err
	}
	c.endSlot = v.slot
	if c.strata == "" {
		if len(c.all) != 1 || c.all[0].raw != "" {
			return c.line.errorf("needs one baseline, or baselineStrataVariable")
		}
		return nil
	}
	if v, err = l.resolve(f.scope, f.e, c.strata); err != nil {
		return err
	}
	c.strataSlot = v.slot
	for i := range c.all {
		s := &c.all[i]
		if s.at, err = v.key(s.e, s.raw); err != nil {
			return err
		}
	}
	return nil
}

// hazard is the cumulative hazard; missing for an unknown stratum and beyond the baseline's last time.
func (c *cox) hazard(r *row, risk float64) result {
	t, ok := r.number(c.endSlot)
	if !ok || math.IsNaN(t) {
		return absent
	}
	s := &c.all[0]
	if c.strataSlot >= 0 {
		v := r.get(c.strataSlot)
		if v.missing() {
			return absent
		}
		s = nil
		for i := range c.all {
			if c.all[i].at.matches(v) {
				s = &c.all[i]
				break
			}
		}
	}
	if s == nil || t > s.maxTime {
		return absent
	}
	h := 0.0
	for i, at := range s.times {
		if at > t {
			break
		}
		h = s.hazards[i]
	}
	return result{value: double(h * math.Exp(risk)), code: -1}
}

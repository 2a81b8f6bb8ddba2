package pmml

// ruleSet is the body of a RuleSetModel.
type ruleSet struct {
	criterion  string
	rules      []rule
	fallback   int // defaultScore, -1 for none
	confidence float64
	found      bool
}

// rule is a SimpleRule; all of its predicates have to be true: its own and those of the CompoundRules around it.
type rule struct {
	id                 string
	when               []predicate
	code               int
	confidence, weight float64
}

func newRuleSet(a *attrs, f *frame) body {
	if f.function != "classification" {
		a.fail("functionName=%q is not supported, expected classification", f.function)
	}
	return &ruleSet{fallback: -1}
}

func (m *ruleSet) child(l *loader, f *frame, c *element) error {
	if c.name != "RuleSet" || m.found {
		return c.unsupported(f.e)
	}
	m.found = true
	a := c.read()
	m.confidence = a.num("defaultConfidence", 0)
	if raw, ok := a.get("defaultScore"); ok {
		var err error
		if m.fallback, err = f.classes.code(c, raw); err != nil {
			return err
		}
	}
	if err := a.end("recordCount", "nbCorrect"); err != nil {
		return err
	}
	return l.d.each(c, func(e *element) error {
		switch e.name {
		case "RuleSelectionMethod":
			b := e.read()
			b.need("criterion")
			how := b.word("criterion", "weightedSum", "weightedMax", "firstHit")
			if m.criterion == "" { // the first is the one to use
				m.criterion = how
			}
			if err := b.end(); err != nil {
				return err
			}
			return l.d.none(e)
		case "ScoreDistribution":
			return l.d.skip(e)
		}
		return m.rule(l, f, e, nil)
	})
}

// rule decodes a SimpleRule or CompoundRule inside others that need around.
func (m *ruleSet) rule(l *loader, f *frame, e *element, around []predicate) error {
	switch e.name {
	case "SimpleRule":
		return m.simpleRule(l, f, e, around)
	case "CompoundRule":
		if err := e.read().end(); err != nil {
			return err
		}
		own := around[:len(around):len(around)]
		return l.d.each(e, func(c *element) error {
			if isPredicate(c.name) {
				p, err := l.predicate(c, f.scope)
				own = append(own, p)
				return err
			}
			return m.rule(l, f, c, own)
		})
	}
	return e.errorf("not supported inside RuleSet, expected SimpleRule or CompoundRule")
}

func (m *ruleSet) simpleRule(l *loader, f *frame, e *element, around []predicate) error {
	a := e.read()
	r := rule{id: a.str("id", ""), confidence: a.num("confidence", 1), weight: a.num("weight", 1), when: around[:len(around):len(around)]}
	score := a.need("score")
	if err := a.end("recordCount", "nbCorrect"); err != nil {
		return err
	}
	var err error
	if r.code, err = f.classes.code(e, score); err != nil {
		return err
	}
	err = l.d.each(e, func(c *element) error {
		switch {
		case c.name == "ScoreDistribution":
			return l.d.skip(c)
		case isPredicate(c.name) && len(r.when) == len(around):
			p, err := l.predicate(c, f.scope)
			r.when = append(r.when, p)
			return err
		}
		return c.unsupported(e)
	})
	if err == nil && len(r.when) == len(around) {
		err = e.errorf("has no predicate")
	}
	m.rules = append(m.rules, r)
	return err
}

func (m *ruleSet) finish(l *loader, f *frame) error {
	if m.criterion == "" {
		return f.e.errorf("has no RuleSelectionMethod")
	}
	return nil
}

func (ru *rule) fires(r *row) bool {
	for _, p := range ru.when {
		if p.test(r) != yes {
			return false
		}
	}
	return true
}

func (m *ruleSet) score(r *row, f *frame) result {
	var best *rule
	var sums []float64
	fired := 0
	for i := range m.rules {
		ru := &m.rules[i]
		if !ru.fires(r) {
			continue
		}
		fired++
		if m.criterion == "weightedSum" {
			if sums == nil {
				sums = r.floats(len(f.classes.values))
			}
			sums[ru.code] += ru.weight
		}
		if best == nil || ru.weight > best.weight {
			best = ru
		}
		if m.criterion == "firstHit" {
			break
		}
	}
	if fired == 0 {
		return m.result(r, f, m.fallback, m.confidence, "")
	}
	if sums == nil {
		return m.result(r, f, best.code, best.confidence, best.id)
	}
	code := ofMost(sums)
	id := ""
	for i := len(m.rules) - 1; i >= 0; i-- {
		if ru := &m.rules[i]; ru.code == code && ru.fires(r) {
			id = ru.id
		}
	}
	return m.result(r, f, code, sums[code]/float64(fired), id)
}

func (m *ruleSet) result(r *row, f *frame, code int, confidence float64, id string) result {
	if code < 0 {
		return absent
	}
	conf := r.floats(len(f.classes.values))
	conf[code] = confidence
	return result{value: f.classes.values[code], code: code, conf: conf, entity: id}
}

package pmml

import (
	"fmt"
	"strings"
)

// mining is the body of a MiningModel.
type mining struct {
	method    string
	treatment string // missingPredictionTreatment
	threshold float64
	segments  []*segment
	found     bool
}

// segment is a model of an ensemble or a chain.
type segment struct {
	id     string
	weight float64
	when   predicate
	model  *frame
}

func newMining(a *attrs, f *frame) body { return &mining{} }

// methods are the supported values of multipleModelMethod.
var methods = []string{"majorityVote", "weightedMajorityVote", "average", "weightedAverage", "median", "weightedMedian", "max",
	"sum", "weightedSum", "modelChain", "multiModelChain", "selectFirst", "selectAll"}

// chained reports whether the segments run one after another and see each other's outputs.
func (m *mining) chained() bool { return m.method == "modelChain" || m.method == "multiModelChain" }

func (m *mining) child(l *loader, f *frame, c *element) error {
	if c.name != "Segmentation" || m.found {
		return c.unsupported(f.e)
	}
	m.found = true
	a := c.read()
	a.need("multipleModelMethod")
	m.method = a.str("multipleModelMethod", "")
	m.treatment = a.word(a.older("missingPredictionTreatment"), "continue", "returnMissing", "skipSegment")
	m.threshold = a.num(a.older("missingThreshold"), 1)
	m.method = strings.TrimPrefix(m.method, "x-") // before 4.4
	if m.method != "" && !contains(methods, m.method) {
		a.fail("multipleModelMethod=%q is not supported, expected one of %s", m.method, join(methods))
	}
	switch m.method {
	case "majorityVote", "weightedMajorityVote", "max":
		if !f.classification() {
			a.fail("multipleModelMethod=%q needs a classification", m.method)
		}
	case "sum", "weightedSum", "weightedMedian":
		if f.classification() {
			a.fail("multipleModelMethod=%q needs a regression", m.method)
		}
	}
	if err := a.end(); err != nil {
		return err
	}
	return l.d.each(c, func(s *element) error {
		switch s.name {
		case "Segment":
			return m.segment(l, f, s)
		case "LocalTransformations":
			return l.localTransformations(f, s)
		}
		return s.unsupported(c)
	})
}

func (m *mining) segment(l *loader, f *frame, e *element) error {
	a := e.read()
	s := &segment{id: a.str("id", ""), weight: a.num("weight", 1)}
	if err := a.end(); err != nil {
		return err
	}
	err := l.d.each(e, func(c *element) (err error) {
		switch {
		case isPredicate(c.name) && s.when == nil:
			s.when, err = l.predicate(c, f.scope)
		case isModel(c.name) && s.model == nil:
			s.model, err = l.model(c, f)
		default:
			err = c.unsupported(e)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case s.when == nil:
		return e.errorf("has no predicate")
	case s.model == nil:
		return e.errorf("has no model")
	}
	m.segments = append(m.segments, s)
	if m.chained() {
		for _, o := range s.model.outputs {
			f.scope.fields[o.name] = &field{name: o.name, typ: o.typ, slot: o.slot}
		}
		return nil
	}
	if m.method != "selectFirst" && m.method != "selectAll" && s.model.function != f.function {
		return s.model.e.errorf("functionName=%q in an ensemble whose functionName is %q", s.model.function, f.function)
	}
	return nil
}

func (m *mining) finish(l *loader, f *frame) error {
	if len(m.segments) == 0 {
		return f.e.errorf("has no segments")
	}
	results := m.segments
	switch {
	case m.method == "multiModelChain":
		return nil // each segment has a target of its own
	case f.function == "mixed":
		return f.e.errorf("functionName=%q needs multipleModelMethod multiModelChain", f.function)
	case len(f.more) > 0:
		return f.more[0].errorf("a second target field needs multipleModelMethod multiModelChain")
	}
	if m.method == "modelChain" {
		results = results[len(results)-1:]
	}
	for _, s := range results {
		if s.model.function != f.function {
			return s.model.e.errorf("functionName=%q, but the result of the whole is a %s", s.model.function, f.function)
		}
		if s.model.classes != f.classes {
			return s.model.e.errorf("its target %q is not the target %q of the whole", s.model.target.name, f.target.name)
		}
	}
	return nil
}

func (m *mining) score(r *row, f *frame) result {
	var parts []result
	if f.parts {
		parts = make([]result, len(m.segments))
		for i := range parts {
			parts[i] = absent
		}
	}
	res := m.combine(r, f, parts)
	res.parts = parts
	return res
}

// combine scores the segments and joins their results, which it also puts into parts, if that is there.
func (m *mining) combine(r *row, f *frame, parts []result) result {
	if m.chained() {
		return m.chain(r, parts)
	}
	c := newCombiner(r, m, f)
	chosen := absent
	for i, s := range m.segments {
		if s.when.test(r) != yes {
			continue
		}
		res := s.model.score(r)
		if parts != nil {
			parts[i] = res
		}
		switch m.method {
		case "selectFirst":
			return res
		case "selectAll":
			if !chosen.missing && !res.missing && !equal(chosen.value, res.value) {
				r.fail(fmt.Errorf("selectAll gives more than one value: %s and %s", chosen.value, res.value))
				return absent
			}
			if chosen.missing {
				chosen = res
			}
			continue
		}
		c.add(res, s.weight)
	}
	if m.method == "selectAll" {
		return chosen
	}
	return c.result()
}

// chain runs the segments in order; each sees the output fields of those before it.
func (m *mining) chain(r *row, parts []result) result {
	last := absent
	for i, s := range m.segments {
		if s.when.test(r) != yes {
			continue
		}
		last = s.model.score(r)
		if parts != nil {
			parts[i] = last
		}
		s.model.emit(r, &last)
		if r.err != nil {
			return absent
		}
	}
	return last
}

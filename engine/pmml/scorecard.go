package pmml

import (
	"fmt"
	"slices"
)

// scorecard is the body of a Scorecard.
type scorecard struct {
	initial  float64
	reasons  bool
	above    bool // reasonCodeAlgorithm="pointsAbove"
	baseline float64
	parts    []*characteristic
	found    bool
}

// characteristic adds the partial score of its first attribute that is true.
type characteristic struct {
	name     string
	baseline float64
	attrs    []scoreAttribute
}

type scoreAttribute struct {
	when    predicate
	partial float64
	x       expr // ComplexPartialScore, instead of partial
	reason  string
}

func newScorecard(a *attrs, f *frame) body {
	m := &scorecard{}
	m.initial, m.baseline = a.num("initialScore", 0), a.num("baselineScore", 0)
	m.reasons = a.flag("useReasonCodes", true)
	m.above = a.word("reasonCodeAlgorithm", "pointsBelow", "pointsAbove") == "pointsAbove"
	a.str("baselineMethod", "")
	if f.function != "regression" {
		a.fail("functionName=%q is not supported, expected regression", f.function)
	}
	return m
}

func (m *scorecard) child(l *loader, f *frame, c *element) error {
	if c.name != "Characteristics" || m.found {
		return c.unsupported(f.e)
	}
	m.found = true
	return l.d.each(c, func(e *element) error {
		if e.name != "Characteristic" {
			return e.unsupported(c)
		}
		return m.characteristic(l, f, e)
	})
}

func (m *scorecard) characteristic(l *loader, f *frame, e *element) error {
	a := e.read()
	ch := &characteristic{name: a.str("name", ""), baseline: a.num("baselineScore", m.baseline)}
	reason := a.str("reasonCode", "")
	if err := a.end(); err != nil {
		return err
	}
	m.parts = append(m.parts, ch)
	return l.d.each(e, func(c *element) error {
		if c.name != "Attribute" {
			return c.unsupported(e)
		}
		return m.attribute(l, f, ch, reason, c)
	})
}

func (m *scorecard) attribute(l *loader, f *frame, ch *characteristic, reason string, e *element) error {
	a := e.read()
	at := scoreAttribute{partial: a.num("partialScore", 0), reason: a.str("reasonCode", reason)}
	_, scored := a.get("partialScore")
	if err := a.end(); err != nil {
		return err
	}
	err := l.d.each(e, func(c *element) (err error) {
		switch {
		case c.name == "ComplexPartialScore" && at.x == nil:
			var n node
			if err = l.oneExpression(c, &n); err == nil {
				at.x, err = n.bind(l, f.scope)
			}
		case isPredicate(c.name) && at.when == nil:
			at.when, err = l.predicate(c, f.scope)
		default:
			err = c.unsupported(e)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case at.when == nil:
		return e.errorf("has no predicate")
	case !scored && at.x == nil:
		return e.errorf("has neither partialScore nor ComplexPartialScore")
	case m.reasons && at.reason == "":
		return e.errorf("has no reasonCode, nor has its Characteristic")
	}
	ch.attrs = append(ch.attrs, at)
	return nil
}

func (m *scorecard) finish(l *loader, f *frame) error {
	if len(m.parts) == 0 {
		return f.e.errorf("has no Characteristics")
	}
	return nil
}

// points is a reason code and what it cost.
type points struct {
	reason string
	lost   float64
}

func (m *scorecard) score(r *row, f *frame) result {
	total := m.initial
	var lost []points
	for _, ch := range m.parts {
		at := ch.match(r)
		if at == nil {
			r.fail(fmt.Errorf("no attribute of the characteristic %s is true", ch.name))
			return absent
		}
		partial := at.partial
		if at.x != nil {
			v := at.x.eval(r)
			if v.missing() {
				return absent
			}
			x, err := number(v)
			if err != nil {
				r.fail(err)
				return absent
			}
			partial = x
		}
		total += partial
		if m.reasons {
			d := ch.baseline - partial
			if m.above {
				d = -d
			}
			lost = addPoints(lost, at.reason, d)
		}
	}
	return result{value: double(total), code: -1, reasons: ranked(lost)}
}

func (ch *characteristic) match(r *row) *scoreAttribute {
	for i := range ch.attrs {
		if ch.attrs[i].when.test(r) == yes {
			return &ch.attrs[i]
		}
	}
	return nil
}

// addPoints adds up the points of each reason.
func addPoints(all []points, reason string, lost float64) []points {
	for i := range all {
		if all[i].reason == reason {
			all[i].lost += lost
			return all
		}
	}
	return append(all, points{reason, lost})
}

// ranked are the reasons that gained nothing, the costliest first, of equals the first in the document.
func ranked(all []points) []string {
	slices.SortStableFunc(all, func(a, b points) int { return compareFloat(b.lost, a.lost) })
	out := []string{}
	for _, p := range all {
		if p.lost >= 0 {
			out = append(out, p.reason)
		}
	}
	return out
}

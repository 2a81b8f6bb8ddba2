package pmml

import (
	"math"
	"strings"
)

func join(words []string) string { return strings.Join(words, ", ") }

// target is the field a model predicts, and what its Target element does to the prediction.
type target struct {
	name string
	data *dataField
	typ  dataType
	slot int // of the predicted value, in the document's model

	has              bool // there is a Target element
	line             *element
	field            string
	min, max         float64
	factor, constant float64
	rounding         string // castInteger
	standIn          value  // a regression's value for a missing prediction
	priors           []prior
	shown            map[string]string
}

type prior struct {
	raw string
	p   float64
}

func (l *loader) targets(f *frame, e *element) error {
	if err := e.read().end(); err != nil {
		return err
	}
	return l.d.each(e, func(c *element) error {
		if c.name != "Target" {
			return c.unsupported(e)
		}
		return l.targetElement(f, c)
	})
}

func (l *loader) targetElement(f *frame, e *element) error {
	a := e.read()
	t := &f.target
	if t.has {
		return e.errorf("a second Target is not supported")
	}
	t.has, t.line = true, e
	t.field = a.str("field", "")
	t.min, t.max = a.num("min", math.Inf(-1)), a.num("max", math.Inf(1))
	t.factor, t.constant = a.num("rescaleFactor", 1), a.num("rescaleConstant", 0)
	t.rounding = a.word("castInteger", "", "round", "ceiling", "floor")
	a.word("optype", "", "continuous", "categorical", "ordinal")
	if err := a.end(); err != nil {
		return err
	}
	return l.d.each(e, func(c *element) error {
		if c.name != "TargetValue" {
			return c.unsupported(e)
		}
		p := c.read()
		raw, hasValue := p.get("value")
		if s, ok := p.get("displayValue"); ok && hasValue {
			if t.shown == nil {
				t.shown = map[string]string{}
			}
			t.shown[raw] = s
		}
		if _, ok := p.get("defaultValue"); ok {
			t.standIn = double(p.num("defaultValue", 0))
		}
		if _, ok := p.get("priorProbability"); ok {
			t.priors = append(t.priors, prior{raw, p.num("priorProbability", 0)})
		}
		if err := p.end(); err != nil {
			return err
		}
		return l.d.none(c)
	})
}

// checkTargets settles which prediction a Target belongs to.
func (l *loader) checkTargets(f *frame) error {
	t := &f.target
	if !t.has {
		return nil
	}
	if t.field != "" && t.field != t.name {
		return t.line.errorf("field=%q is not the model's target %q", t.field, t.name)
	}
	if f.classification() {
		for _, p := range t.priors {
			if _, err := f.classes.code(t.line, p.raw); err != nil {
				return err
			}
		}
	}
	return nil
}

// apply does what the Target element says.
func (t *target) apply(r *row, f *frame, res *result) {
	if !t.has {
		return
	}
	if f.classification() {
		if res.missing && len(t.priors) > 0 {
			*res = t.prior(r, f.classes)
		}
		return
	}
	if res.missing {
		if !t.standIn.missing() {
			*res = result{value: t.standIn, code: -1}
		}
		return
	}
	res.value = double(t.rescale(res.value.num(), f.float32))
}

// rescale clamps, scales, shifts and rounds a regression's value.
func (t *target) rescale(x float64, float bool) float64 {
	x = max(t.min, min(t.max, x))
	if t.factor != 1 {
		x = narrow(x*t.factor, float)
	}
	if t.constant != 0 {
		x = narrow(x+t.constant, float)
	}
	switch t.rounding {
	case "round":
		return math.Floor(x + 0.5)
	case "ceiling":
		return math.Ceil(x)
	case "floor":
		return math.Floor(x)
	}
	return x
}

// narrow rounds to float32 where the model computes in it.
func narrow(x float64, float bool) float64 {
	if float {
		return float64(float32(x))
	}
	return float64(x) // the conversion keeps the compiler from fusing x with what follows
}

// prior is the result of a classification that has no other.
func (t *target) prior(r *row, c *classes) result {
	probs := r.floats(len(c.values))
	for _, p := range t.priors {
		if v, err := c.typ.parse(p.raw); err == nil {
			probs[c.index[v]] = p.p
		}
	}
	return ofProbs(probs, c)
}

// ofProbs is the result that predicts the most probable class, the first of equals.
func ofProbs(probs []float64, c *classes) result {
	best := 0
	for i, p := range probs {
		if p > probs[best] {
			best = i
		}
	}
	return result{value: c.values[best], code: best, probs: probs}
}

// outType is the type of a prediction as a column. A regression whose target is an integer gives doubles unless
// castInteger rounds it: a fraction has no place in an integer.
func (f *frame) outType() dataType {
	t := f.target.typ
	if f.classification() {
		return t
	}
	switch {
	case t == tFloat:
		return tFloat
	case (t == tInteger || t == tSince) && f.target.rounding != "":
		return tInteger
	}
	return tDouble
}

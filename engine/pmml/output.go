package pmml

import "fmt"

// outputField is one OutputField.
type outputField struct {
	e       *element
	name    string
	feature string
	typ     dataType
	typed   bool
	raw     *string // attribute value: the class it is about
	code    int     // that class, -1 if it is none of the model's
	rank    int     // of a reason code, from 1
	final   bool
	node    node
	x       expr
	slot    int
}

// features are the supported result features.
var features = []string{"predictedValue", "predictedDisplayValue", "probability", "confidence", "transformedValue", "decision", "entityId",
	"clusterId", "clusterAffinity", "affinity", "entityAffinity", "reasonCode"}

func (l *loader) output(f *frame, e *element) error {
	if err := e.read().end(); err != nil {
		return err
	}
	return l.d.each(e, func(c *element) error {
		if c.name != "OutputField" {
			return c.unsupported(e)
		}
		return l.outputField(f, c)
	})
}

func (l *loader) outputField(f *frame, e *element) error {
	a := e.read()
	o := &outputField{e: e, name: a.need("name"), code: -1, slot: -1}
	o.feature = a.str("feature", "predictedValue")
	if !contains(features, o.feature) {
		a.fail("feature=%q is not supported, expected one of %s", o.feature, join(features))
	}
	_, o.typed = a.get("dataType")
	o.typ = a.dataType("dataType", tString)
	if s, ok := a.get("value"); ok {
		o.raw = &s
	}
	op := a.word("optype", "", "continuous", "categorical", "ordinal")
	if t, ok := a.get("targetField"); ok && t != f.target.name {
		a.fail("targetField=%q is not the model's target %q", t, f.target.name)
	}
	o.final = a.flag("isFinalResult", true)
	if a.flag("isMultiValued", false) {
		a.fail("isMultiValued is not supported")
	}
	if o.rank = a.int("rank", 1); o.rank < 1 || o.rank > 1 && o.feature != "reasonCode" {
		a.fail("rank=%d is not supported here", o.rank)
	}
	if err := a.end("displayName"); err != nil {
		return err
	}
	for _, p := range f.outputs {
		if p.name == o.name {
			return e.errorf("the field %q is defined twice", o.name)
		}
	}
	f.outputs = append(f.outputs, o)
	if o.feature != "transformedValue" && o.feature != "decision" {
		if !o.typed {
			o.typ = f.featureType(o.feature)
		}
		return l.d.none(e)
	}
	if err := l.oneExpression(e, &o.node, "Decisions"); err != nil {
		return err
	}
	if !o.typed {
		o.typ = expressionType(o.node, op)
	}
	return nil
}

func (f *frame) featureType(feature string) dataType {
	switch feature {
	case "predictedValue":
		return f.outType()
	case "probability", "confidence", "clusterAffinity", "affinity", "entityAffinity":
		return tDouble
	}
	return tString
}

// expressionType is the type of an OutputField that does not name one.
func expressionType(n node, op string) dataType {
	switch n := n.(type) {
	case *mapValuesNode:
		return n.typ
	case *normContinuousNode, *normDiscreteNode:
		return tDouble
	case constant:
		switch n.v.k {
		case kInt:
			return tInteger
		case kDouble:
			return tDouble
		}
		return tString
	}
	if op == "continuous" {
		return tDouble
	}
	return tString
}

// bindOutputs gives each OutputField a slot and binds its expression; an expression may name earlier output
// fields, the target's prediction and the model's fields.
func (l *loader) bindOutputs(f *frame) error {
	s := newScope(f.scope)
	t := &f.target
	if t.name != "" {
		t.slot = l.newSlot(slot{name: t.name, kind: fromResult, typ: f.outType()})
		s.fields[t.name] = &field{name: t.name, typ: f.outType(), slot: t.slot}
	}
	for _, o := range f.outputs {
		if o.node != nil {
			var err error
			if o.x, err = o.node.bind(l, s); err != nil {
				return err
			}
		}
		if o.raw != nil {
			if !f.classification() {
				return o.e.errorf("attribute value needs a classification")
			}
			v, err := f.classes.typ.parse(*o.raw)
			if err != nil {
				return o.e.errorf("value: %v", err)
			}
			if i, ok := f.classes.index[v]; ok {
				o.code = i
			}
		}
		o.slot = l.newSlot(slot{name: o.name, kind: fromResult, typ: o.typ})
		s.fields[o.name] = &field{name: o.name, typ: o.typ, slot: o.slot}
	}
	return nil
}

// emit computes a model's target and output fields from its result.
func (f *frame) emit(r *row, res *result) {
	if f.target.slot >= 0 {
		r.set(f.target.slot, f.predicted(r, res))
	}
	for _, o := range f.outputs {
		v, err := o.typ.cast(f.feature(r, o, res))
		if err != nil {
			v = r.fail(fmt.Errorf("output field %s: %w", o.name, err))
		}
		r.set(o.slot, v)
	}
}

// predicted is the predicted value in the type of its column.
func (f *frame) predicted(r *row, res *result) value {
	if res.missing {
		return value{}
	}
	v, err := f.outType().cast(res.value)
	if err != nil {
		return r.fail(fmt.Errorf("target field %s: %w", f.target.name, err))
	}
	return v
}

func (f *frame) feature(r *row, o *outputField, res *result) value {
	if o.x != nil {
		return o.x.eval(r)
	}
	if res.missing {
		return value{}
	}
	switch o.feature {
	case "predictedValue":
		return f.predicted(r, res)
	case "predictedDisplayValue":
		return f.display(res.value)
	case "probability":
		return ofClass(res.probs, o, res.code)
	case "confidence":
		return ofClass(res.conf, o, res.code)
	case "clusterAffinity", "affinity", "entityAffinity":
		return ofClass(res.affinity, o, res.code)
	case "reasonCode":
		if o.rank > len(res.reasons) {
			return value{}
		}
		return text(res.reasons[o.rank-1])
	}
	if res.entity == "" {
		return value{}
	}
	return text(res.entity)
}

// ofClass picks the number of the output field's class, or of the predicted one if it names none. A value that is
// no class has 0.
func ofClass(by []float64, o *outputField, predicted int) value {
	if by == nil {
		return value{}
	}
	code := predicted
	if o.raw != nil {
		code = o.code
	}
	if code < 0 || code >= len(by) {
		return double(0)
	}
	return double(by[code])
}

// display is the value as the document wants it shown.
func (f *frame) display(v value) value {
	for raw, s := range f.target.shown {
		if t, err := f.target.typ.parse(raw); err == nil && equal(t, v) {
			return text(s)
		}
	}
	if f.target.data != nil {
		if s, ok := f.target.data.shown[v]; ok {
			return text(s)
		}
	}
	return text(v.String())
}

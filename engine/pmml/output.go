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
	rank    int     // of a reason code, a neighbor or a rule, from 1
	segment string  // segmentId: the segment whose result it is
	part    int     // that segment's index, -1 for none
	sub     *frame  // and its model

	ruleFeature, algorithm, rankBasis string // of an association model
	ascending                         bool
	final                             bool
	node                              node
	x                                 expr
	slot                              int
}

// features are the supported result features.
var features = []string{"predictedValue", "predictedDisplayValue", "probability", "confidence", "transformedValue", "decision", "entityId",
	"clusterId", "clusterAffinity", "affinity", "entityAffinity", "reasonCode", "residual", "warning", "ruleValue", "antecedent",
	"consequent", "rule", "ruleId", "support", "lift", "leverage"}

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
	o := &outputField{e: e, name: a.need("name"), code: -1, slot: -1, part: -1}
	o.feature = a.str("feature", "predictedValue")
	o.segment = a.str("segmentId", "")
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
	if o.rank = a.int("rank", 1); o.rank < 1 || o.rank > 1 && !f.ranks(o) {
		a.fail("rank=%d is not supported here", o.rank)
	}
	o.rules(f, a)
	if err := a.end("displayName"); err != nil {
		return err
	}
	for _, p := range f.outputs {
		if p.name == o.name {
			return e.errorf("the field %q is defined twice", o.name)
		}
	}
	f.outputs = append(f.outputs, o)
	if o.feature == "residual" {
		if err := l.actual(f, e); err != nil {
			return err
		}
	}
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

// ranks reports whether an output field of the model may have a rank.
func (f *frame) ranks(o *outputField) bool {
	switch f.body.(type) {
	case *neighbors:
		return o.feature == "entityId" || o.feature == "clusterId" || o.feature == "affinity" || o.feature == "entityAffinity" || o.feature == "clusterAffinity"
	case *association:
		return true
	}
	return o.feature == "reasonCode"
}

// rules reads what an output field of an association model says about its rule.
func (o *outputField) rules(f *frame, a *attrs) {
	_, ok := f.body.(*association)
	o.ruleFeature = a.word("ruleFeature", append([]string{"consequent"}, ruleFeatures...)...)
	o.algorithm = a.word("algorithm", "exclusiveRecommendation", "recommendation", "ruleAssociation")
	o.rankBasis = a.word("rankBasis", "confidence", "support", "lift", "leverage", "affinity")
	o.ascending = a.word("rankOrder", "descending", "ascending") == "ascending"
	switch {
	case !ok && (o.feature == "ruleValue" || contains(ruleFeatures, o.feature) && o.feature != "confidence" && o.feature != "affinity"):
		a.fail("feature=%q needs an AssociationModel", o.feature)
	case ok && contains(ruleFeatures, o.feature):
		o.ruleFeature, o.feature = o.feature, "ruleValue"
	}
}

// actual makes the true target an input: a residual needs it.
func (l *loader) actual(f *frame, e *element) error {
	switch {
	case f.actual >= 0:
		return nil
	case f.parent != nil || f.target.data == nil:
		return e.errorf("a residual needs a target field, and the document's own model")
	}
	d := f.target.data
	t := &treatment{data: d, outliers: "asIs", missing: "asIs", invalid: "asIs"}
	f.actual = l.newSlot(slot{name: d.name, kind: fromInput, typ: d.typ, data: d, col: len(l.inputs), treat: t})
	l.inputs = append(l.inputs, f.actual)
	return nil
}

func (f *frame) featureType(feature string) dataType {
	switch feature {
	case "predictedValue":
		return f.outType()
	case "probability", "confidence", "clusterAffinity", "affinity", "entityAffinity", "residual":
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
	if mm, ok := f.body.(*mining); t.name != "" && !(ok && mm.method == "multiModelChain") {
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
		if err := o.bind(f); err != nil {
			return err
		}
		o.slot = l.newSlot(slot{name: o.name, kind: fromResult, typ: o.typ})
		s.fields[o.name] = &field{name: o.name, typ: o.typ, slot: o.slot}
	}
	return nil
}

// bind finds the segment and the class that the output field is about.
func (o *outputField) bind(f *frame) error {
	if o.segment != "" {
		m, ok := f.body.(*mining)
		for i := 0; ok && i < len(m.segments); i++ {
			if m.segments[i].id == o.segment {
				o.part, o.sub, f.parts = i, m.segments[i].model, true
			}
		}
		if o.part < 0 {
			return o.e.errorf("segmentId=%q is no segment of this model", o.segment)
		}
		if o.feature == "residual" || o.x != nil {
			return o.e.errorf("segmentId is not supported with feature=%q", o.feature)
		}
		if !o.typed {
			o.typ = o.sub.featureType(o.feature)
		}
		f = o.sub
	}
	if o.raw == nil {
		return nil
	}
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
	if o.part >= 0 {
		if o.part >= len(res.parts) {
			return value{}
		}
		own := *o
		own.part = -1
		return o.sub.feature(r, &own, &res.parts[o.part])
	}
	if m, ok := f.body.(*association); ok && o.feature == "ruleValue" {
		return m.feature(o, res)
	}
	if res.missing {
		return value{}
	}
	switch o.feature {
	case "warning":
		return value{} // none is ever given
	case "residual":
		return f.residual(r, o, res)
	case "predictedValue":
		return f.predicted(r, res)
	case "predictedDisplayValue":
		return f.display(res.value)
	case "probability":
		return ofClass(res.probs, o, res.code)
	case "confidence":
		return ofClass(res.conf, o, res.code)
	case "clusterAffinity", "affinity", "entityAffinity":
		if res.distances != nil {
			if o.rank > len(res.distances) {
				return value{}
			}
			return double(res.distances[o.rank-1])
		}
		return ofClass(res.affinity, o, res.code)
	case "reasonCode":
		if o.rank > len(res.reasons) {
			return value{}
		}
		return text(res.reasons[o.rank-1])
	}
	if res.ids != nil {
		if o.rank > len(res.ids) {
			return value{}
		}
		return text(res.ids[o.rank-1])
	}
	if res.entity == "" {
		return value{}
	}
	return text(res.entity)
}

// residual is the true target minus the prediction; of a classification 1 or 0, for whether the class is the true
// one, minus its probability.
func (f *frame) residual(r *row, o *outputField, res *result) value {
	v := r.get(f.actual)
	if v.missing() {
		return value{}
	}
	if !f.classification() {
		x, ok := r.number(f.actual)
		if !ok {
			return value{}
		}
		return double(x - res.value.num())
	}
	p := ofClass(res.probs, o, res.code)
	if p.missing() {
		return value{}
	}
	code := res.code
	if o.raw != nil {
		code = o.code
	}
	hit := code >= 0 && equal(f.classes.values[code], v)
	return double(float64(b2i(hit)) - p.f)
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

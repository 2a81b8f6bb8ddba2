package onnx

import (
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
)

// readOutputs finds the graph's outputs and makes their columns.
func (m *Model) readOutputs(l *loader, classes []string) error {
	docs := m.doc.graph.outputs
	if len(docs) == 0 {
		return errors.New("the graph has no outputs")
	}
	var values []*value
	for _, doc := range docs {
		v, ok := l.values[doc.name]
		if !ok {
			return fmt.Errorf("output %q: no node gives it", doc.name)
		}
		if v.constant != nil || v.dims != nil {
			return fmt.Errorf("output %q: it does not depend on the inputs", doc.name)
		}
		if len(v.shape) == 0 || v.shape[0] >= 0 {
			return fmt.Errorf("output %q: its shape is %s, expected a first axis of N, the rows of a batch", doc.name, shapeText(v.shape))
		}
		values = append(values, v)
	}
	if len(classes) > 0 {
		var err error
		if values, err = m.classify(l, values, classes); err != nil {
			return err
		}
	}
	m.taken = map[string]int{}
	defer func() { m.taken = nil }()
	given := sharedLabels(values)
	joinColumns(values, given)
	for _, v := range values {
		m.addOutput(v, given)
	}
	if len(m.public) > maxColumns {
		return fmt.Errorf("the outputs have %d columns, more than the %d that are supported", len(m.public), maxColumns)
	}
	m.chooseTarget(values)
	return nil
}

// sharedLabels are the classes of a model whose graph says them only for its label: the scores beside it then have the
// same, in the same order.
func sharedLabels(values []*value) *labels {
	var given *labels
	for _, v := range values {
		if v.labels == nil {
			continue
		}
		if given != nil {
			return nil
		}
		given = v.labels
	}
	return given
}

// joinColumns makes probabilities of outputs that are one column for each class, if there is exactly one for every class
// of the label. Otherwise a column of scores is an output as any other, and can be what predict gives.
func joinColumns(values []*value, given *labels) {
	var columns []*value
	left := map[string]bool{}
	for _, class := range given.all() {
		left[class] = true
	}
	for _, v := range values {
		switch {
		case v.classes != nil:
			return
		case v.class == nil:
			continue
		case !left[v.class.text(0)]:
			return
		}
		delete(left, v.class.text(0))
		columns = append(columns, v)
	}
	if len(left) > 0 {
		return
	}
	for _, v := range columns {
		v.classes = v.class
	}
}

// addOutput makes the columns of an output: one for each class where they are known, else one.
func (m *Model) addOutput(v *value, given *labels) {
	width := product(v.shape)
	o := output{slot: v.slot, kind: v.kind, width: width}
	classes := v.classes
	if classes == nil && v.labels == nil && given != nil && given.len() == width && len(v.shape) == 2 && v.kind.floating() &&
		strings.Contains(strings.ToLower(v.name), "prob") {
		classes = given
	}
	if classes != nil && classes.len() == width && v.shape[0] == -1 {
		for i := range width {
			o.elem = i
			class := classes.text(i)
			name := fmt.Sprintf("probability(%s)", class)
			m.add(name, o, v.kind.arrowType(false), Output{Role: Probability, Class: class})
		}
		return
	}
	typ := v.kind.arrowType(false)
	if width != 1 || len(v.shape) > 2 {
		o.elem = -1
		typ = arrow.ListOf(typ)
	}
	m.add(v.name, o, typ, Output{Labels: v.labels.all()})
}

// add adds a column; a name that is taken gets a number.
func (m *Model) add(name string, o output, typ arrow.DataType, pub Output) {
	full := name
	for low := strings.ToLower(name); m.taken[strings.ToLower(full)] > 0; {
		m.taken[low]++
		full = fmt.Sprintf("%s_%d", name, m.taken[low])
	}
	m.taken[strings.ToLower(full)] = 1
	pub.Field = arrow.Field{Name: full, Type: typ, Nullable: true}
	m.public = append(m.public, pub)
	m.outputs = append(m.outputs, o)
}

// chooseTarget chooses what predict gives: the label of a classifier, else the first output of one element, else the
// first.
func (m *Model) chooseTarget(values []*value) {
	best, rank := -1, 4
	for i, p := range m.public {
		if p.Role == Probability {
			continue
		}
		r := 2
		switch {
		case hasLabels(values, m.outputs[i].slot):
			r = 0
		case m.outputs[i].elem >= 0:
			r = 1
		}
		if r < rank {
			best, rank = i, r
		}
	}
	if best >= 0 {
		m.public[best].Role, m.public[best].Target = Predicted, true
	}
}

func hasLabels(values []*value, slot int) bool {
	for _, v := range values {
		if v.slot == slot {
			return v.labels != nil
		}
	}
	return false
}

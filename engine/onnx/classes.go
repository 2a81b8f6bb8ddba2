package onnx

import (
	"fmt"
	"strings"
)

// classify makes a classifier of a graph that does not know the names of its classes, as networks are: of its scores the
// columns of classes, and a column prediction with the class of the greatest. One score is that of the second of two
// classes. It gives the outputs, with the scores' place taken.
func (m *Model) classify(l *loader, values []*value, classes []string) ([]*value, error) {
	at := scoresOutput(values, len(classes))
	if at < 0 {
		var all []string
		for _, v := range values {
			all = append(all, fmt.Sprintf("%s is a %s of %s", v.name, v.kind, shapeText(v.shape)))
		}
		return nil, fmt.Errorf("the option classes has %d names, but no output has so many scores: %s", len(classes), strings.Join(all, ", "))
	}
	seen := map[string]bool{}
	for _, c := range classes {
		if c == "" || seen[c] {
			return nil, fmt.Errorf("the option classes has an empty name or %q twice", c)
		}
		seen[c] = true
	}
	if said, ok := l.doc.opsets[""]; said < oldestOpset { // the nodes that are added are of a version that has them all
		l.doc.opsets[""] = oldestOpset
		defer func() {
			if l.doc.opsets[""] = said; !ok {
				delete(l.doc.opsets, "")
			}
		}()
	}
	scores := values[at].name
	if product(values[at].shape) == 1 {
		two, err := l.twoScores(values[at])
		if err != nil {
			return nil, err
		}
		scores = two
	}
	v := l.values[scores]
	v.classes = &labels{strings: classes}
	if err := l.define(&value{name: own("classes"), info: constantInfo(&tensor{kind: kindString, shape: []int{len(classes)}, str: classes})}); err != nil {
		return nil, err
	}
	err := l.add(
		nodeDoc{op: "ArgMax", inputs: []string{scores}, attrs: integers("axis", 1, "keepdims", 0)},
		nodeDoc{op: "Gather", inputs: []string{own("classes"), own("ArgMax")}},
	)
	if err != nil {
		return nil, err
	}
	prediction := *l.values[own("Gather")]
	prediction.name = "prediction"
	out := append([]*value{&prediction}, values...)
	out[at+1] = v
	return out, nil
}

// scoresOutput finds the output with a score for each of so many classes: one called something with prob, else the first.
func scoresOutput(values []*value, classes int) int {
	found := -1
	for i, v := range values {
		width := product(v.shape)
		fits := v.kind.floating() && v.shape[0] == -1 && v.classes == nil && (len(v.shape) == 2 && width == classes || classes == 2 && width == 1)
		if !fits {
			continue
		}
		if strings.Contains(strings.ToLower(v.name), "prob") {
			return i
		}
		if found < 0 {
			found = i
		}
	}
	return found
}

// twoScores adds nodes that make the scores of both classes from that of the second, and gives their name.
func (l *loader) twoScores(v *value) (string, error) {
	one := newTensor(v.kind, 1)
	one.setNumber(0, 1)
	for name, t := range map[string]*tensor{"one": one, "column": {kind: kindInt64, shape: []int{2}, i64: []int64{-1, 1}}} {
		if err := l.define(&value{name: own(name), info: constantInfo(t)}); err != nil {
			return "", err
		}
	}
	return own("Concat"), l.add(
		nodeDoc{op: "Reshape", inputs: []string{v.name, own("column")}},
		nodeDoc{op: "Sub", inputs: []string{own("one"), own("Reshape")}},
		nodeDoc{op: "Concat", inputs: []string{own("Sub"), own("Reshape")}, attrs: integers("axis", 1)},
	)
}

// own is the name of a value that no document has.
func own(name string) string { return "\x00" + name }

func integers(pairs ...any) map[string]attribute {
	out := map[string]attribute{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = attribute{kind: attrInt, i: int64(pairs[i+1].(int))}
	}
	return out
}

// add builds nodes behind those of the document. Each has one output, called as its operator.
func (l *loader) add(docs ...nodeDoc) error {
	for i := range docs {
		docs[i].outputs = []string{own(docs[i].op)}
		docs[i].name = "of the option classes"
		l.wanted[docs[i].outputs[0]] = true
		if err := l.node(0, &docs[i]); err != nil {
			return err
		}
	}
	return nil
}

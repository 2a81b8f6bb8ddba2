package pmml

import (
	"math"
	"strconv"
)

// Domain is the values that the DataDictionary declares for a field; empty if it declares none.
type Domain struct {
	// Categories are the valid values in document order, as text.
	Categories []string
	// Intervals are the valid ranges of a number, as "[4.3, 7.9]", a round bracket for an end that is not in it.
	Intervals []string
}

// Domains are the values that the document declares for the inputs, one for each of Inputs. The slice is shared: do
// not change it.
func (m *Model) Domains() []Domain { return m.domains }

// OutputDomains are the values that the document declares for the outputs, one for each of Outputs: empty but for
// targets, and output fields that repeat their predicted values. The slice is shared: do not change it.
func (m *Model) OutputDomains() []Domain { return m.targets }

func (m *Model) addDomains(l *loader) {
	for _, s := range l.inputs {
		m.domains = append(m.domains, l.data[l.slots[s].name].domain())
	}
	target := l.data[m.root.target.name]
	for _, o := range m.outputs {
		switch f := l.data[o.Field.Name]; {
		case o.Role != Predicted:
			m.targets = append(m.targets, Domain{})
		case f != nil:
			m.targets = append(m.targets, f.domain())
		case target != nil && arrowType(target.typ).ID() == o.Field.Type.ID():
			m.targets = append(m.targets, target.domain())
		default:
			m.targets = append(m.targets, Domain{})
		}
	}
}

// domain is what the field's values may be. The field may be nil: it declares nothing.
func (f *dataField) domain() Domain {
	var d Domain
	if f == nil {
		return d
	}
	for _, v := range f.order {
		d.Categories = append(d.Categories, v.String())
	}
	for _, iv := range f.intervals {
		d.Intervals = append(d.Intervals, iv.String())
	}
	return d
}

// String is the range in brackets: [4.3, 7.9].
func (iv interval) String() string {
	open, end := "[", "]"
	if iv.openLeft || math.IsInf(iv.left, -1) {
		open = "("
	}
	if iv.openRight || math.IsInf(iv.right, 1) {
		end = ")"
	}
	return open + margin(iv.left) + ", " + margin(iv.right) + end
}

func margin(x float64) string {
	switch {
	case math.IsInf(x, -1):
		return "-infinity"
	case math.IsInf(x, 1):
		return "infinity"
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}

package pmml

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// verification is a ModelVerification: inputs and expected results.
type verification struct {
	e      *element
	fields []verifyField
	table  inlineTable
}

type verifyField struct {
	e               *element
	name, col       string
	precision, zero float64
}

func (l *loader) modelVerification(e *element) error {
	v := &verification{e: e}
	l.verify = v
	if err := e.read().end("recordCount", "fieldCount"); err != nil {
		return err
	}
	return l.d.each(e, func(c *element) (err error) {
		switch c.name {
		case "VerificationFields":
			return l.d.each(c, func(p *element) error {
				if p.name != "VerificationField" {
					return p.unsupported(c)
				}
				return l.verifyField(v, p)
			})
		case "InlineTable":
			v.table, err = l.inlineTable(c)
			return err
		}
		return c.unsupported(e)
	})
}

func (l *loader) verifyField(v *verification, e *element) error {
	a := e.read()
	f := verifyField{e: e, name: a.need("field")}
	f.col = column(a.str("column", f.name))
	f.precision, f.zero = a.num("precision", 1e-6), a.num("zeroThreshold", 1e-16)
	if err := a.end(); err != nil {
		return err
	}
	v.fields = append(v.fields, f)
	return l.d.none(e)
}

// verifyRows scores the rows of a ModelVerification with both evaluators and compares. It gives their number.
func (m *Model) verifyRows(v *verification) (int, error) {
	in, err := m.verifyInput(v)
	if err != nil {
		return 0, err
	}
	defer release(in)
	all := make([]int, len(m.outputs))
	for i := range all {
		all[i] = i
	}
	n := len(v.table)
	fault := func(row int, e error) {
		if err == nil {
			err = v.e.errorf("row %d: %v", row+1, e)
		}
	}
	check := func(out []arrow.Array) {
		defer release(out)
		if err == nil {
			err = m.verifyOutput(v, out)
		}
	}
	check(m.scoreRows(memory.DefaultAllocator, n, in, all, fault))
	if m.batch != nil && err == nil {
		check(m.scoreBatch(memory.DefaultAllocator, n, in, all, fault))
	}
	return n, err
}

func release(arrays []arrow.Array) {
	for _, a := range arrays {
		if a != nil {
			a.Release()
		}
	}
}

// verifyInput builds the input columns; a field that the rows do not have, or an empty cell, is missing.
func (m *Model) verifyInput(v *verification) ([]arrow.Array, error) {
	cols := map[string]string{}
	for _, f := range v.fields {
		cols[f.name] = f.col
	}
	in := make([]arrow.Array, len(m.inputs))
	for i := range m.inputs {
		name := m.inputs[i].Name
		sl := &m.prog.slots[m.prog.cols[i]]
		t := sl.typ
		if sl.many {
			release(in[:i])
			return nil, v.unverifiable(name)
		}
		b := newBuilder(memory.DefaultAllocator, t, len(v.table))
		defer b.b.Release()
		for n, cells := range v.table {
			raw, ok := cells[cols[name]]
			if !ok || raw == "" && t != tString {
				b.add(value{})
				continue
			}
			x, err := t.parse(raw)
			if err != nil {
				release(in)
				return nil, v.e.errorf("row %d: field %s: %v", n+1, name, err)
			}
			b.add(x)
		}
		in[i] = b.b.NewArray()
	}
	return in, nil
}

// verifyOutput compares. If a VerificationField names an output field, output fields are compared; otherwise the target.
func (m *Model) verifyOutput(v *verification, out []arrow.Array) error {
	known := map[string]int{}
	for i, o := range m.outputs {
		known[o.Field.Name] = i
	}
	isInput := map[string]bool{}
	for _, f := range m.inputs {
		isInput[f.Name] = true
	}
	named := false
	for _, o := range m.root.outputs {
		for _, f := range v.fields {
			named = named || f.name == o.name
		}
	}
	for _, f := range v.fields {
		at, ok := known[f.name]
		if !ok || isInput[f.name] || named && m.slots[at] == m.root.target.slot {
			continue
		}
		t := m.prog.slots[m.slots[at]].typ
		for n, cells := range v.table {
			raw, ok := cells[f.col]
			if !ok || raw == "" {
				continue
			}
			want, err := t.parse(raw)
			if err != nil {
				return f.e.errorf("row %d: field %s: %v", n+1, f.name, err)
			}
			if got := cell(out[at], n, t); !f.agrees(got, want) {
				return v.e.errorf("row %d: the document expects %s = %s, scoring gives %s", n+1, f.name, raw, orNull(got))
			}
		}
	}
	return nil
}

func orNull(v value) string {
	if v.missing() {
		return "NULL"
	}
	return fmt.Sprint(v)
}

// agrees compares within precision, which is relative to the expected value.
func (f *verifyField) agrees(got, want value) bool {
	if !got.numeric() || !want.numeric() {
		return equal(got, want)
	}
	g, w := got.num(), want.num()
	if math.Abs(g) <= f.zero && math.Abs(w) <= f.zero || compareFloat(g, w) == 0 {
		return true
	}
	return math.Abs(g-w) <= f.precision*math.Abs(w)
}

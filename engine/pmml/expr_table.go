package pmml

import (
	"math"
	"strings"
)

// inlineTable is the rows of an InlineTable: column name (without a prefix) -> text. An absent cell is absent.
type inlineTable []map[string]string

func (l *loader) inlineTable(e *element) (inlineTable, error) {
	if err := e.read().end(); err != nil {
		return nil, err
	}
	var t inlineTable
	err := l.d.each(e, func(c *element) error {
		if c.name != "row" {
			return c.unsupported(e)
		}
		cells := map[string]string{}
		t = append(t, cells)
		return l.d.each(c, func(cell *element) error {
			s, err := l.d.text(cell)
			cells[cell.name] = s
			return err
		})
	})
	return t, err
}

// column strips the namespace prefix of a column name.
func column(name string) string {
	if i := strings.LastIndexByte(name, ':'); i >= 0 {
		return name[i+1:]
	}
	return name
}

type mapValuesNode struct {
	e              *element
	fields, cols   []string
	out            string
	typ            dataType
	miss, def      value
	table          inlineTable
	tableLine      *element
	fieldsElements []*element
}

func (l *loader) mapValues(e *element) (node, error) {
	a := e.read()
	n := &mapValuesNode{e: e, out: column(a.need("outputColumn"))}
	n.typ, n.miss, n.def = a.mapped()
	if err := a.end(); err != nil {
		return nil, err
	}
	err := l.d.each(e, func(c *element) error {
		switch c.name {
		case "FieldColumnPair":
			p := c.read()
			n.fields = append(n.fields, p.need("field"))
			n.cols = append(n.cols, column(p.need("column")))
			n.fieldsElements = append(n.fieldsElements, c)
			if err := p.end(); err != nil {
				return err
			}
			return l.d.none(c)
		case "InlineTable":
			var err error
			n.tableLine = c
			n.table, err = l.inlineTable(c)
			return err
		}
		return c.unsupported(e)
	})
	switch {
	case err != nil:
		return nil, err
	case len(n.fields) == 0:
		return nil, e.errorf("has no FieldColumnPair")
	case n.tableLine == nil:
		return nil, e.errorf("has no InlineTable")
	}
	return n, nil
}

func (n *mapValuesNode) bind(l *loader, s *scope) (expr, error) {
	x := &mapValues{miss: n.miss, def: n.def}
	fields := make([]*field, len(n.fields))
	for i, name := range n.fields {
		f, err := l.resolve(s, n.fieldsElements[i], name)
		if err != nil {
			return nil, err
		}
		fields[i] = f
		x.slots = append(x.slots, f.slot)
	}
	for _, cells := range n.table {
		m := mapRow{keys: make([]key, len(fields))}
		out, ok := cells[n.out]
		if !ok {
			return nil, n.tableLine.errorf("a row has no column %s", n.out)
		}
		var err error
		if m.out, err = n.typ.parse(out); err != nil {
			return nil, n.tableLine.errorf("column %s: %v", n.out, err)
		}
		whole := true
		for i, f := range fields {
			raw, ok := cells[n.cols[i]]
			if whole = whole && ok; !ok {
				continue
			}
			if m.keys[i], err = f.key(n.tableLine, raw); err != nil {
				return nil, err
			}
		}
		if whole {
			x.rows = append(x.rows, m)
		}
	}
	x.index(fields)
	return x, nil
}

// mapValues looks a row up in a table; the first row whose keys all match gives the result.
type mapValues struct {
	slots     []int
	miss, def value
	rows      []mapRow
	byKey     map[value]value // instead of rows, for one typed key without NaN
}

type mapRow struct {
	keys []key
	out  value
}

func (x *mapValues) index(fields []*field) {
	if len(fields) != 1 || fields[0].free || len(x.rows) < 4 {
		return
	}
	m := make(map[value]value, len(x.rows))
	for _, r := range x.rows {
		k := r.keys[0].v
		if k.k == kDouble && math.IsNaN(k.f) {
			return
		}
		if _, twice := m[k]; !twice {
			m[k] = r.out
		}
	}
	x.byKey = m
}

func (x *mapValues) eval(r *row) value {
	if x.byKey != nil {
		v := r.get(x.slots[0])
		if v.missing() {
			return x.miss
		}
		if out, ok := x.byKey[v]; ok {
			return out
		}
		return x.def
	}
	for _, s := range x.slots {
		if r.get(s).missing() {
			return x.miss
		}
	}
rows:
	for i := range x.rows {
		for j, k := range x.rows[i].keys {
			if !k.matches(r.get(x.slots[j])) {
				continue rows
			}
		}
		return x.rows[i].out
	}
	return x.def
}

package pmml

import "fmt"

// maxSlots bounds what a document may expand to: calls of defined functions are expanded where they stand.
const maxSlots = 1 << 17

// slotKind says where the value of a slot comes from.
type slotKind uint8

const (
	fromInput  slotKind = iota // column col, through treat
	fromSlot                   // slot src, through treat: a segment's MiningField that treats a value again
	fromExpr                   // a derived field or function parameter: expr, cast to typ
	fromResult                 // set while scoring: an output field
)

// slot is one value of a row. All field names are resolved to slots at load.
type slot struct {
	name  string
	kind  slotKind
	typ   dataType
	free  bool // a function parameter without a type: expr's value as it is
	data  *dataField
	col   int
	src   int
	treat *treatment
	expr  expr
	many  bool // an input of baskets
}

// field is a name of a scope. A derived field gets its slot when it is first used.
type field struct {
	name    string
	typ     dataType
	slot    int // -1: not bound yet
	node    node
	in      *scope // where node's names are looked up
	binding bool   // being bound: meeting it again is a cycle
	data    *dataField
	free    bool
}

// scope is the fields a model (or a function body) may name.
type scope struct {
	parent *scope
	fields map[string]*field
	closed bool // a function body: only its parameters
}

func newScope(parent *scope) *scope { return &scope{parent: parent, fields: map[string]*field{}} }

func (l *loader) newSlot(s slot) int {
	l.slots = append(l.slots, s)
	return len(l.slots) - 1
}

// resolve finds a field by name, binding it if it is a derived one; e is the element that names it.
func (l *loader) resolve(s *scope, e *element, name string) (*field, error) {
	f := l.lookup(s, name)
	if f == nil {
		return nil, e.errorf("%s", l.undefined(s, name))
	}
	if f.slot >= 0 {
		return f, nil
	}
	if f.binding {
		return nil, e.errorf("the derived field %q depends on itself", name)
	}
	if len(l.slots) > maxSlots {
		return nil, e.errorf("the document expands to more than %d fields", maxSlots)
	}
	f.binding = true
	x, err := f.node.bind(l, f.in)
	f.binding = false
	if err != nil {
		return nil, err
	}
	f.slot = l.newSlot(slot{name: name, kind: fromExpr, typ: f.typ, free: f.free, expr: x})
	return f, nil
}

func (l *loader) lookup(s *scope, name string) *field {
	for ; s != nil; s = s.parent {
		if f := s.fields[name]; f != nil {
			return f
		}
		if s.closed {
			return nil
		}
	}
	return l.globals[name]
}

func (l *loader) undefined(s *scope, name string) string {
	if l.data[name] != nil {
		return fmt.Sprintf("the field %q is in the DataDictionary but not in the model's MiningSchema", name)
	}
	var names []string
	for ; s != nil; s = s.parent {
		for n := range s.fields {
			names = append(names, n)
		}
	}
	for n := range l.globals {
		names = append(names, n)
	}
	return fmt.Sprintf("the field %q is not defined%s", name, hint(name, names))
}

// program is the compiled fields of a document: immutable, shared by all scoring calls.
type program struct {
	slots []slot
	cols  []int // slot of each input column
}

// row is the state of the interpreter for one row. It is reused from row to row, by one goroutine at a time.
type row struct {
	p    *program
	vals []value
	seen []uint32 // a slot is known when it equals gen
	gen  uint32
	err  error // the row's first fault
	pool []float64
	bits []bool
	args []value
	text int // bytes of text that expressions made
}

func (p *program) newRow() *row {
	return &row{p: p, vals: make([]value, len(p.slots)), seen: make([]uint32, len(p.slots))}
}

// reset starts a new row.
func (r *row) reset() {
	if r.gen++; r.gen == 0 {
		clear(r.seen)
		r.gen = 1
	}
	r.err = nil
	r.pool = r.pool[:0]
	r.args = r.args[:0]
	r.text = 0
}

// floats gives n zeroes that live until the row's end.
func (r *row) floats(n int) []float64 {
	if len(r.pool)+n > cap(r.pool) {
		r.pool = make([]float64, 0, max(2*cap(r.pool), n, 64))
	}
	out := r.pool[len(r.pool) : len(r.pool)+n : len(r.pool)+n]
	r.pool = r.pool[:len(r.pool)+n]
	clear(out)
	return out
}

// flags gives n flags that live until the row's end or the next call.
func (r *row) flags(n int) []bool {
	if len(r.bits) < n {
		r.bits = make([]bool, n)
	}
	clear(r.bits[:n])
	return r.bits[:n]
}

// fail notes the row's fault, if it is the first, and gives a missing value.
func (r *row) fail(err error) value {
	if r.err == nil {
		r.err = err
	}
	return value{}
}

// set gives a slot its value.
func (r *row) set(s int, v value) {
	r.vals[s], r.seen[s] = v, r.gen
}

// input gives an input slot its raw value: typed as its column is, missing for NULL.
func (r *row) input(s int, v value) {
	out, err := r.p.slots[s].treat.apply(v)
	if err != nil {
		r.fail(err)
	}
	r.set(s, out)
}

// get gives the value of a slot, computing it if it is not known yet.
func (r *row) get(s int) value {
	if r.seen[s] == r.gen {
		return r.vals[s]
	}
	sl := &r.p.slots[s]
	var v value
	var err error
	switch sl.kind {
	case fromSlot:
		v, err = sl.treat.apply(r.get(sl.src))
	case fromExpr:
		v = sl.expr.eval(r)
		if !sl.free {
			if v, err = sl.typ.cast(v); err != nil {
				err = fmt.Errorf("derived field %s: %w", sl.name, err)
			}
		}
	}
	if err != nil {
		v = r.fail(err)
	}
	r.set(s, v)
	return v
}

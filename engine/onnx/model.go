package onnx

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// Role says what an output is.
type Role int

const (
	// Other is anything but a prediction.
	Other Role = iota
	// Predicted is the label that a classifier gives, or the result of a model without classes.
	Predicted
	// Probability is what a classifier gives for the class Output.Class, as the graph has it: where its exporter was told
	// to give raw scores, a score.
	Probability
)

// Output describes one column that Score gives.
type Output struct {
	Field  arrow.Field // name and type; always nullable
	Role   Role
	Class  string   // for Probability
	Target bool     // what predict gives
	Labels []string // the values that a classifier's label can have, nil if they are not known
}

// Model is a loaded document. It is immutable; all methods may be called concurrently.
type Model struct {
	doc      *document
	length   int
	checksum string
	counts   map[string]int

	inputs  []arrow.Field
	feeds   []feed
	public  []Output
	outputs []output
	taken   map[string]int // names of outputs and the next number to tell equal ones apart, while the model is loaded

	slots   []slot
	steps   []step
	buffers []buffer
	locals  int
	tile    int // rows that pass through the steps together
	pool    sync.Pool
}

// Inputs are the columns that Score reads, all nullable. The slice is shared: do not change it.
func (m *Model) Inputs() []arrow.Field { return m.inputs }

// Outputs are the columns that Score gives, in the graph's order. The slice is shared: do not change it.
func (m *Model) Outputs() []Output { return m.public }

// Producer is the program that wrote the document, and its version.
func (m *Model) Producer() string {
	if m.doc.producerVersion == "" {
		return m.doc.producer
	}
	return m.doc.producer + " " + m.doc.producerVersion
}

// Description is the document's doc_string.
func (m *Model) Description() string { return m.doc.description }

// Graph is the name of the graph.
func (m *Model) Graph() string { return m.doc.graph.name }

// Opsets are the versions of the operators by domain: "ai.onnx 17", "ai.onnx.ml 3".
func (m *Model) Opsets() []string {
	var all []string
	for _, domain := range slices.Sorted(maps.Keys(m.doc.opsets)) {
		name := domain
		if name == "" {
			name = "ai.onnx"
		}
		all = append(all, fmt.Sprintf("%s %d", name, m.doc.opsets[domain]))
	}
	return all
}

// Operators counts the nodes that the outputs need, by operator, those of ai.onnx.ml with their domain.
func (m *Model) Operators() map[string]int { return maps.Clone(m.counts) }

// Size is the document's length in bytes.
func (m *Model) Size() int { return m.length }

// Checksum is the SHA-256 of the document, in hexadecimal digits.
func (m *Model) Checksum() string { return m.checksum }

// Score computes the outputs whose indexes are in want, all if it is nil, for n rows. in has one array for each of
// Inputs, of the type declared there and of length n; it is borrowed. The caller releases the result. A row that cannot
// be scored is NULL in all outputs, and fault (nil: ignore) hears once of it. An error fails the batch: in does not fit.
func (m *Model) Score(mem memory.Allocator, n int, in []arrow.Array, want []int, fault func(row int, err error)) ([]arrow.Array, error) {
	if err := m.fits(n, in); err != nil {
		return nil, err
	}
	if want == nil {
		want = make([]int, len(m.outputs))
		for i := range want {
			want[i] = i
		}
	}
	ws := make([]writer, len(want))
	defer func() {
		for i := range ws {
			ws[i].release()
		}
	}()
	for i, o := range want {
		ws[i].open(mem, &m.outputs[o], m.public[o].Field.Type, n)
	}
	w, _ := m.pool.Get().(*workspace)
	if w == nil {
		w = m.newWorkspace()
	}
	defer m.giveBack(w)
	w.fault = fault
	m.plan(w, want, in)
	for from := 0; from < n; from += m.tile {
		if err := m.rows(w, in, from, min(m.tile, n-from)); err != nil {
			return nil, err
		}
		for i := range ws {
			if err := ws[i].write(w, from); err != nil {
				return nil, err
			}
		}
	}
	out := make([]arrow.Array, len(ws))
	for i := range ws {
		out[i] = ws[i].array()
	}
	return out, nil
}

// giveBack keeps a workspace for another batch, without what it knows of this one: strings are the caller's memory.
func (m *Model) giveBack(w *workspace) {
	w.fault = nil
	for i, b := range m.buffers {
		if b.kind == kindString {
			clear(w.bufs[i].str)
		}
	}
	m.pool.Put(w)
}

// fits compares the columns with Inputs.
func (m *Model) fits(n int, in []arrow.Array) error {
	if len(in) != len(m.inputs) {
		return fmt.Errorf("the model takes %d columns, not %d", len(m.inputs), len(in))
	}
	for i, a := range in {
		f := &m.inputs[i]
		same := a.DataType().ID() == f.Type.ID()
		if l, ok := f.Type.(*arrow.ListType); ok && same {
			same = a.DataType().(*arrow.ListType).Elem().ID() == l.Elem().ID()
		}
		if !same {
			return fmt.Errorf("the column %s is a %s, not a %s", f.Name, f.Type, a.DataType())
		}
		if a.Len() != n {
			return fmt.Errorf("the column %s has %d rows, not %d", f.Name, a.Len(), n)
		}
	}
	return nil
}

// plan marks the slots and steps that the wanted outputs need; where there are NULLs, those of all floats that come out.
func (m *Model) plan(w *workspace, want []int, in []arrow.Array) {
	clear(w.need)
	for _, o := range want {
		w.need[m.outputs[o].slot] = true
	}
	for i := range m.feeds {
		if m.feeds[i].nullable(in) {
			for _, o := range m.outputs {
				w.need[o.slot] = w.need[o.slot] || o.kind.floating()
			}
		}
	}
	for k := range slices.Backward(m.steps) {
		s := &m.steps[k]
		w.runs[k] = false
		for _, o := range s.out {
			w.runs[k] = w.runs[k] || w.need[o]
		}
		if !w.runs[k] {
			continue
		}
		for _, o := range s.in {
			if o.slot >= 0 {
				w.need[o.slot] = true
			}
		}
	}
}

// rows computes the needed values of some rows.
func (m *Model) rows(w *workspace, in []arrow.Array, from, n int) error {
	m.size(w, n)
	w.first = from
	if w.died {
		clear(w.dead)
		w.died = false
	}
	if w.misses {
		clear(w.missing)
		w.misses = false
	}
	for i := range m.feeds {
		f := &m.feeds[i]
		if w.need[f.slot] || f.strict {
			f.fill(w, in, from)
		}
	}
	for k := range m.steps {
		if !w.runs[k] || m.steps[k].run == nil {
			continue
		}
		if err := m.steps[k].do(w); err != nil {
			return fmt.Errorf("%s: %w", m.steps[k].label, err)
		}
	}
	if w.misses {
		m.dropMissing(w)
	}
	return nil
}

// dropMissing gives up the rows with a NULL for which NaN comes out: the graph does not know what to do with it, and a
// label beside it would be any.
func (m *Model) dropMissing(w *workspace) {
	for row, err := range w.missing[:w.rows] {
		if err == nil {
			continue
		}
		for i := range m.outputs {
			o := &m.outputs[i]
			if o.kind.floating() && w.values[o.slot].hasNaN(row*o.width, (row+1)*o.width) {
				w.drop(row, err)
				break
			}
		}
	}
}

// hasNaN says whether there is a NaN among some elements of a tensor of floats or doubles.
func (t *tensor) hasNaN(from, to int) bool {
	for i := from; i < to; i++ {
		if x := t.number(i); x != x {
			return true
		}
	}
	return false
}

// do runs a kernel.
func (s *step) do(w *workspace) error {
	w.in, w.out = w.in[:0], w.out[:0]
	for _, o := range s.in {
		switch {
		case o.constant != nil:
			w.in = append(w.in, o.constant)
		case o.slot >= 0:
			w.in = append(w.in, &w.values[o.slot])
		default:
			w.in = append(w.in, nil)
		}
	}
	for _, o := range s.out {
		w.out = append(w.out, &w.values[o])
	}
	return s.run(w, w.in, w.out)
}

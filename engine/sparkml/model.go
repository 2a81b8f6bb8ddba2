package sparkml

import (
	"fmt"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// Role says what an output is.
type Role int

const (
	// Other is anything but a prediction.
	Other Role = iota
	// Predicted is a predictor's result, its label from an IndexToString, or the result of a model without predictor.
	Predicted
	// Probability is the probability of the class Output.Class.
	Probability
)

// Output describes one column that Score gives.
type Output struct {
	Field  arrow.Field // name and type; always nullable
	Role   Role
	Class  string // for Probability
	Target bool   // the value that a predictor predicts
	Final  bool   // always true
}

// output is an Output and where it comes from.
type output struct {
	Output
	slot int
	elem int // element of a vector, -1 for all
}

// Model is a loaded stage or pipeline. It is immutable; all methods may be called concurrently.
type Model struct {
	class, uid, version string
	inputs              []arrow.Field
	outputs             []Output
	outs                []output
	inputSlots          []int
	slots               []slot
	nodes               []node
	makers              []int // by slot: the node that makes it, -1 for inputs
	tiles               sync.Pool
}

// target chooses what predict gives: the last predictor's prediction, else the first column of the last stage.
func (m *Model) target(b *builder) {
	best := -1
	for i, o := range m.outs {
		if o.Role == Predicted && b.slots[o.slot].always {
			best = i
		}
	}
	if best < 0 {
		last := len(m.nodes) - 1
		for i, o := range m.outs {
			if m.makers[o.slot] == last {
				best = i
				break
			}
		}
	}
	if best >= 0 {
		m.outs[best].Role, m.outs[best].Target = Predicted, true
	}
}

// Inputs are the columns that the stages read and none makes, all nullable: numbers are DOUBLE, strings STRING,
// vectors ARRAY<DOUBLE>. The slice is shared: do not change it.
func (m *Model) Inputs() []arrow.Field { return m.inputs }

// Outputs are the columns that Score gives, under Spark's names: predictions, then the probability of each class as
// probability(class), then what else no stage reads. The slice is shared: do not change it.
func (m *Model) Outputs() []Output { return m.outputs }

// Kind is the class without its package: "IndexToString".
func (m *Model) Kind() string { return (&metadata{Class: m.class}).kind() }

// UID is the name Spark gave the stage, and SparkVersion the version that saved it.
func (m *Model) UID() string { return m.uid }

// SparkVersion is the version of Spark that saved the stage.
func (m *Model) SparkVersion() string { return m.version }

// Stages are the kinds of the stages that run, in order; a stage of several columns may count several times.
func (m *Model) Stages() []string {
	var all []string
	for _, n := range m.nodes {
		all = append(all, n.class[strings.LastIndexByte(n.class, '.')+1:])
	}
	return all
}

// Score is ScoreOutputs for all outputs, in order.
func (m *Model) Score(mem memory.Allocator, n int, in []arrow.Array, fault func(row int, err error)) ([]arrow.Array, error) {
	want := make([]int, len(m.outs))
	for i := range want {
		want[i] = i
	}
	return m.ScoreOutputs(mem, n, in, want, fault)
}

// ScoreOutputs computes the outputs whose indexes are in want, for n rows, and runs only the stages they need. in has
// one array for each of Inputs, of the type declared there and of length n; it is borrowed. The caller releases the
// result. fault (nil: ignore) hears once of each row that cannot be scored, which is NULL in all the outputs: those
// that Spark would drop (handleInvalid = skip), those that would fail its job (handleInvalid = error, features that a
// model refuses) and NULL vectors. The other rows are scored. An error says that in does not fit, or that the results
// are more than arrays can hold.
func (m *Model) ScoreOutputs(mem memory.Allocator, n int, in []arrow.Array, want []int, fault func(row int, err error)) ([]arrow.Array, error) {
	if err := m.check(n, in); err != nil {
		return nil, err
	}
	t, _ := m.tiles.Get().(*tile)
	if t == nil {
		t = m.newTile()
	}
	defer func() {
		t.fault = nil
		for _, s := range m.inputSlots {
			t.cols[s].arr, t.cols[s].x = nil, nil
		}
		m.tiles.Put(t)
	}()
	t.fault = fault
	m.plan(t, want)
	ws := make([]writer, len(want))
	defer func() {
		for i := range ws {
			ws[i].release()
		}
	}()
	for i, w := range want {
		ws[i] = newWriter(mem, &m.outs[w], m.slots[m.outs[w].slot].kind, n)
	}
	for base := 0; base < n; base += tileRows {
		t.first, t.n, t.died = base, min(tileRows, n-base), false
		err := m.tile(t, in, base)
		if err != nil {
			t.fail(err)
		}
		for i := range ws {
			if err != nil {
				ws[i].nulls(t.n) // columns may not have been made
			} else if err := ws[i].write(t); err != nil {
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

func (m *Model) newTile() *tile {
	t := &tile{cols: make([]column, len(m.slots)), need: make([]bool, len(m.slots)), run: make([]bool, len(m.nodes))}
	for i, s := range m.slots {
		t.cols[i].kind = s.kind
	}
	return t
}

// check compares the columns with Inputs.
func (m *Model) check(n int, in []arrow.Array) error {
	if len(in) != len(m.inputs) {
		return fmt.Errorf("%s takes %d columns, not %d", m.Kind(), len(m.inputs), len(in))
	}
	for i, a := range in {
		f := &m.inputs[i]
		same := a.DataType().ID() == f.Type.ID()
		if l, ok := f.Type.(*arrow.ListType); ok && same {
			same = arrow.TypeEqual(a.(*array.List).ListValues().DataType(), l.Elem())
		}
		if !same {
			return fmt.Errorf("%s: the column %s is a %s, not a %s", m.Kind(), f.Name, f.Type, a.DataType())
		}
		if a.Len() != n {
			return fmt.Errorf("%s: the column %s has %d rows, not %d", m.Kind(), f.Name, a.Len(), n)
		}
	}
	return nil
}

// plan marks the slots and nodes that the wanted outputs need. Nodes are in order: what one reads is made before it.
func (m *Model) plan(t *tile, want []int) {
	clear(t.need)
	clear(t.run)
	for _, w := range want {
		t.need[m.outs[w].slot] = true
	}
	for k := len(m.nodes) - 1; k >= 0; k-- {
		for _, s := range m.nodes[k].out {
			t.run[k] = t.run[k] || t.need[s]
		}
		if !t.run[k] {
			continue
		}
		for _, s := range m.nodes[k].in {
			t.need[s] = true
		}
	}
}

// tile computes the needed columns of some rows. An error is why none of them can be scored.
func (m *Model) tile(t *tile, in []arrow.Array, base int) error {
	for i, s := range m.inputSlots {
		if !t.need[s] {
			continue
		}
		switch a := in[i].(type) {
		case *array.Float64:
			t.loadNumbers(s, a, base)
		case *array.String:
			t.loadText(s, a, base)
		case *array.List:
			if m.slots[s].kind == words {
				t.loadWords(s, a, base)
				continue
			}
			t.loadVectors(s, m.slots[s].name, m.slots[s].dim, a, base)
		}
	}
	for k := range m.nodes {
		if !t.run[k] {
			continue
		}
		if err := m.nodes[k].run(t); err != nil {
			return err
		}
	}
	return nil
}

package pmml

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// Score scores n rows and gives one column for each of Outputs. in has one array for each of Inputs, of exactly
// the type declared there and of length n; it is borrowed. The caller releases the result. A row that cannot be
// scored (an invalid value, a failing function) is NULL in every column and reported through fault, which may be
// nil, in the order of the rows; a row whose prediction is missing is NULL without a fault. An error means that in
// does not fit the model; then there is no result. Score may be called concurrently.
func (m *Model) Score(mem memory.Allocator, n int, in []arrow.Array, fault func(row int, err error)) ([]arrow.Array, error) {
	return m.ScoreOutputs(mem, n, in, nil, fault)
}

// ScoreOutputs is Score for some of the outputs: want are indexes into Outputs, nil means all of them. The result
// has one column for each index, in their order.
func (m *Model) ScoreOutputs(mem memory.Allocator, n int, in []arrow.Array, want []int, fault func(row int, err error)) ([]arrow.Array, error) {
	if err := m.checkInput(n, in); err != nil {
		return nil, err
	}
	for _, w := range want {
		if w < 0 || w >= len(m.outputs) {
			return nil, fmt.Errorf("model %s has no output %d, it has %d", m.TargetName(), w, len(m.outputs))
		}
	}
	if want == nil {
		want = make([]int, len(m.outputs))
		for i := range want {
			want[i] = i
		}
	}
	if fault == nil {
		fault = func(int, error) {}
	}
	if m.batch != nil {
		return m.scoreBatch(mem, n, in, want, fault), nil
	}
	return m.scoreRows(mem, n, in, want, fault), nil
}

func (m *Model) checkInput(n int, in []arrow.Array) error {
	if len(in) != len(m.inputs) {
		return fmt.Errorf("the model takes %d columns, not %d", len(m.inputs), len(in))
	}
	for i, a := range in {
		f := &m.inputs[i]
		if !arrow.TypeEqual(a.DataType(), f.Type) {
			return fmt.Errorf("the model's field %s is a %s, not a %s", f.Name, f.Type, a.DataType())
		}
		if a.Len() != n {
			return fmt.Errorf("the column for the model's field %s has %d rows, not %d", f.Name, a.Len(), n)
		}
	}
	return nil
}

// scoreRow interprets one row; afterwards the row's slots hold the outputs.
func (m *Model) scoreRow(r *row, in []arrow.Array, i int) error {
	r.reset()
	for c, s := range m.prog.cols {
		r.input(s, cell(in[c], i, m.prog.slots[s].typ))
	}
	if r.err != nil {
		return r.err
	}
	res := m.root.score(r)
	if r.err == nil {
		m.root.emit(r, &res)
	}
	return r.err
}

// scoreRows scores with the row interpreter alone.
func (m *Model) scoreRows(mem memory.Allocator, n int, in []arrow.Array, want []int, fault func(int, error)) []arrow.Array {
	r := m.rows.Get().(*row)
	defer m.rows.Put(r)
	cols := make([]*builder, len(want))
	for i, w := range want {
		cols[i] = newBuilder(mem, m.prog.slots[m.slots[w]].typ, n)
		defer cols[i].b.Release()
	}
	for i := 0; i < n; i++ {
		err := m.scoreRow(r, in, i)
		if err != nil {
			fault(i, err)
		}
		for c, w := range want {
			if err != nil {
				cols[c].b.AppendNull()
				continue
			}
			cols[c].add(r.get(m.slots[w]))
		}
	}
	out := make([]arrow.Array, len(want))
	for i := range cols {
		out[i] = cols[i].b.NewArray()
	}
	return out
}

package exec

import (
	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/sql/plan"
)

// cases compiles CASE: each condition sees the rows that no branch before it
// took, each result the rows that its condition took.
func (x *exprs) cases(e *plan.Case) (*evaluator, error) {
	type branch struct{ cond, then *evaluator }
	branches := make([]branch, len(e.Whens))
	var all []*evaluator
	for i, w := range e.Whens {
		cond, err := x.compile(w.Cond)
		if err != nil {
			return nil, err
		}
		then, err := x.compile(w.Then)
		if err != nil {
			return nil, err
		}
		branches[i] = branch{cond, then}
		all = append(all, cond, then)
	}
	other, err := x.compile(e.Else)
	if err != nil {
		return nil, err
	}
	all = append(all, other)
	return &evaluator{typ: e.Type(), costly: true, cols: columnsOf(all...), eval: func(b *batch) (arrow.Array, error) {
		m := newMerge(b)
		defer m.release()
		for _, br := range branches {
			if len(m.left) == 0 {
				break
			}
			hits, err := m.split(br.cond)
			if err != nil {
				return nil, err
			}
			if err := m.put(br.then, hits); err != nil {
				return nil, err
			}
		}
		if err := m.put(other, m.left); err != nil {
			return nil, err
		}
		return m.result()
	}}, nil
}

// coalesce compiles COALESCE: each argument sees the rows for which those before
// it were NULL.
func (x *exprs) coalesce(e *plan.Coalesce) (*evaluator, error) {
	args, err := x.all(e.Args)
	if err != nil {
		return nil, err
	}
	return &evaluator{typ: e.Type(), costly: anyCostly(args), cols: columnsOf(args...), eval: func(b *batch) (arrow.Array, error) {
		m := newMerge(b)
		defer m.release()
		for i, a := range args {
			if len(m.left) == 0 {
				break
			}
			if err := m.put(a, m.left); err != nil {
				return nil, err
			}
			if i < len(args)-1 {
				m.keepNulls()
			}
		}
		return m.result()
	}}, nil
}

// merge puts a column together from values that were computed for different rows
// of a batch.
type merge struct {
	b *batch
	// left are the rows that have no value yet, ascending.
	left  []int32
	parts []arrow.Array
	size  int
	// at is, for each row, where its value is in the parts put one after another.
	at []int32
	// last are the rows that the last part is for.
	last []int32
}

func newMerge(b *batch) *merge {
	m := &merge{b: b, left: make([]int32, b.n), at: make([]int32, b.n)}
	for i := range m.left {
		m.left[i] = int32(i)
	}
	return m
}

// split takes out of left, and returns, the rows for which cond is TRUE.
func (m *merge) split(cond *evaluator) ([]int32, error) {
	sub, err := m.b.some(m.left, cond.cols)
	if err != nil {
		return nil, err
	}
	defer m.b.done(sub)
	v, err := truth(sub, cond)
	if err != nil {
		return nil, err
	}
	hits := make([]int32, 0, v.yes.count())
	left := make([]int32, 0, len(m.left)-cap(hits))
	for i, r := range m.left {
		if v.yes.has(i) {
			hits = append(hits, r)
		} else {
			left = append(left, r)
		}
	}
	m.left = left
	return hits, nil
}

// put computes the value of rows.
func (m *merge) put(e *evaluator, rows []int32) error {
	if len(rows) == 0 {
		return nil
	}
	sub, err := m.b.some(rows, e.cols)
	if err != nil {
		return err
	}
	defer m.b.done(sub)
	a, err := e.eval(sub)
	if err != nil {
		return err
	}
	for i, r := range rows {
		if e.constant {
			i = 0
		}
		m.at[r] = int32(m.size + i)
	}
	m.parts, m.last = append(m.parts, a), rows
	m.size += a.Len()
	return nil
}

// keepNulls leaves only the rows whose value in the last part is NULL.
func (m *merge) keepNulls() {
	a := m.parts[len(m.parts)-1]
	base := int32(m.size - a.Len())
	var left []int32
	if hasNulls(a) {
		for _, r := range m.last {
			if a.IsNull(int(m.at[r] - base)) {
				left = append(left, r)
			}
		}
	}
	m.left = left
}

func (m *merge) result() (arrow.Array, error) {
	all, err := concat(m.b.mem(), m.parts)
	if err != nil {
		return nil, err
	}
	defer all.Release()
	return gather(m.b.mem(), all, selection{rows: m.at})
}

func (m *merge) release() { releaseArrays(m.parts) }

// field compiles the access to a field of a struct.
func (x *exprs) field(e *plan.Field) (*evaluator, error) {
	s, err := x.compile(e.X)
	if err != nil {
		return nil, err
	}
	return &evaluator{typ: e.Type(), constant: s.constant, costly: s.costly, cols: s.cols, eval: func(b *batch) (arrow.Array, error) {
		a, err := s.eval(b)
		if err != nil {
			return nil, err
		}
		defer a.Release()
		return structField(b.mem(), a.(*array.Struct), e.Index), nil
	}}, nil
}

// structField is a field of a struct, NULL where the struct is.
func structField(mem memory.Allocator, s *array.Struct, i int) arrow.Array {
	f := s.Field(i)
	if hasNulls(s) && !nullWhere(f, s) {
		return maskNulls(mem, f, []arrow.Array{s})
	}
	f.Retain()
	return f
}

// nullWhere says whether a is NULL wherever b is.
func nullWhere(a, b arrow.Array) bool {
	if a.NullN() < b.NullN() {
		return false
	}
	extra := validity(a)
	if extra == nil {
		return b.NullN() == 0
	}
	if v := validity(b); v != nil {
		extra.andNot(v)
		return extra.count() == 0
	}
	return true
}

package function

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// foldState is the state of the aggregates that keep one value of a fixed width
// a group and have seen one or not: all of an accumulator but Update and Merge.
type foldState[T fixed] struct {
	dt   arrow.DataType
	v    []T
	seen []bool
}

func (s *foldState[T]) grow(n int) { s.v, s.seen = grown(s.v, n), grown(s.seen, n) }

// Result gives the values, NULL for a group that has seen none.
func (s *foldState[T]) Result(t catalog.Task, n int) (arrow.Array, error) {
	s.grow(n)
	return fixedStates(t, s.dt, s.v[:n], s.seen), nil
}

// Save gives the values as the one column of the states.
func (s *foldState[T]) Save(t catalog.Task, n int) ([]arrow.Array, error) {
	a, err := s.Result(t, n)
	return []arrow.Array{a}, err
}

// Load takes the column that Save gave.
func (s *foldState[T]) Load(_ catalog.Task, _ int, states []arrow.Array) error {
	s.v = append(s.v[:0], raw[T](states[0])...)
	s.seen = seenOf(s.seen, states[0])
	return nil
}

// Release does nothing: the states are Go's.
func (s *foldState[T]) Release() {}

// overState is a foldState whose values can leave their range for good, which
// makes them NULL.
type overState[T fixed] struct {
	foldState[T]
	over []bool
}

func (s *overState[T]) grow(n int) {
	s.foldState.grow(n)
	s.over = grown(s.over, n)
}

// Result gives the values, NULL for a group that has seen none or too much.
func (s *overState[T]) Result(t catalog.Task, n int) (arrow.Array, error) {
	s.grow(n)
	ok := make([]bool, n)
	for i := range ok {
		ok[i] = s.seen[i] && !s.over[i]
	}
	return fixedStates(t, s.dt, s.v[:n], ok), nil
}

// Save gives the values and which of them are out of range.
func (s *overState[T]) Save(t catalog.Task, n int) ([]arrow.Array, error) {
	s.grow(n)
	over := newBoolColumn(t.Allocator(), n)
	for i, v := range s.over[:n] {
		over.set(i, v)
	}
	return []arrow.Array{fixedStates(t, s.dt, s.v[:n], s.seen), over.array()}, nil
}

// Load takes the columns that Save gave.
func (s *overState[T]) Load(t catalog.Task, n int, states []arrow.Array) error {
	s.over = s.over[:0]
	b := boolsOf(states[1])
	b.step = 1
	for i := range n {
		s.over = append(s.over, b.at(i))
	}
	return s.foldState.Load(t, n, states[:1])
}

// fixedStates is a column of values, NULL where not seen.
func fixedStates[T fixed](t catalog.Task, dt arrow.DataType, v []T, seen []bool) arrow.Array {
	out := newColumn[T](t.Allocator(), len(v))
	copy(out.v, v)
	for i := range v {
		if !seen[i] {
			out.setNull(i)
		}
	}
	return out.array(dt)
}

func seenOf(dst []bool, a arrow.Array) []bool {
	dst = dst[:0]
	for i := range a.Len() {
		dst = append(dst, !nullAt(a, i))
	}
	return dst
}

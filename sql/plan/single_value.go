package plan

import (
	"errors"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// ErrManyRows is the error of a query whose scalar subquery gives several rows.
var ErrManyRows = errors.New("a subquery that is a value gave more than one row")

// singleValue is the aggregate under a scalar subquery: its one value, NULL for
// no rows, an error for several.
func singleValue(t arrow.DataType) catalog.AggregateCall {
	return catalog.AggregateCall{
		Type:     t,
		ArgTypes: []arrow.DataType{nil},
		New:      func(catalog.Task) catalog.Accumulator { return &singleValues{t: t} },
	}
}

// singleValues holds an array of length 1 a group, or nil for none yet.
type singleValues struct {
	t      arrow.DataType
	values []arrow.Array
}

func (s *singleValues) grow(n int) {
	for len(s.values) < n {
		s.values = append(s.values, nil)
	}
}

// set takes the value of a group, which must be its first.
func (s *singleValues) set(group uint32, v arrow.Array) error {
	if s.values[group] != nil {
		v.Release()
		return ErrManyRows
	}
	s.values[group] = v
	return nil
}

// Update takes rows.
func (s *singleValues) Update(_ catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	s.grow(n)
	for row, g := range groups {
		if err := s.set(g, array.NewSlice(args[0], int64(row), int64(row+1))); err != nil {
			return err
		}
	}
	return nil
}

// Merge takes the values of another.
func (s *singleValues) Merge(_ catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	s.grow(n)
	for i, v := range other.(*singleValues).values {
		if v == nil {
			continue
		}
		v.Retain()
		if err := s.set(groups[i], v); err != nil {
			return err
		}
	}
	return nil
}

// Result gives the values.
func (s *singleValues) Result(t catalog.Task, n int) (arrow.Array, error) {
	s.grow(n)
	null := array.MakeArrayOfNull(t.Allocator(), s.t, 1)
	defer null.Release()
	parts := make([]arrow.Array, n)
	for i, v := range s.values[:n] {
		if parts[i] = v; v == nil {
			parts[i] = null
		}
	}
	if n == 0 {
		return array.NewSlice(null, 0, 0), nil
	}
	return array.Concatenate(parts, t.Allocator())
}

// Save gives the values and which groups have one.
func (s *singleValues) Save(t catalog.Task, n int) ([]arrow.Array, error) {
	values, err := s.Result(t, n)
	if err != nil {
		return nil, err
	}
	seen := array.NewBooleanBuilder(t.Allocator())
	defer seen.Release()
	for _, v := range s.values[:n] {
		seen.Append(v != nil)
	}
	return []arrow.Array{values, seen.NewArray()}, nil
}

// Load sets the values from what Save gave.
func (s *singleValues) Load(_ catalog.Task, n int, states []arrow.Array) error {
	s.Release()
	s.grow(n)
	seen := states[1].(*array.Boolean)
	for i := range n {
		if seen.Value(i) {
			s.values[i] = array.NewSlice(states[0], int64(i), int64(i+1))
		}
	}
	return nil
}

// Release drops the values.
func (s *singleValues) Release() {
	releaseAll(s.values)
	s.values = nil
}

package function

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// decimalSum adds decimals; a sum that does not fit is NULL for good.
type decimalSum struct {
	in, out *arrow.Decimal128Type
	v       []dec
	seen    []bool
	over    []bool
}

func (s *decimalSum) grow(n int) {
	s.v, s.seen, s.over = grown(s.v, n), grown(s.seen, n), grown(s.over, n)
}

func (s *decimalSum) Update(_ catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	s.grow(n)
	a := args[0]
	x, st := raw[dec](a), step(a)
	for i, g := range groups {
		if !a.IsNull(i * st) {
			s.add(g, x[i*st])
		}
	}
	return nil
}

func (s *decimalSum) add(g uint32, v dec) {
	v = s.v[g].Add(v)
	s.seen[g] = true
	if s.over[g] || !fits(v, s.out.Precision) {
		s.over[g] = true
		return
	}
	s.v[g] = v
}

func (s *decimalSum) Merge(_ catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	o, ok := other.(*decimalSum)
	if !ok {
		return wrongAccumulator(s, other)
	}
	s.grow(n)
	for i, v := range o.v {
		g := groups[i]
		s.over[g] = s.over[g] || o.over[i]
		if o.seen[i] {
			s.add(g, v)
		}
	}
	return nil
}

func (s *decimalSum) Result(t catalog.Task, n int) (arrow.Array, error) {
	s.grow(n)
	ok := make([]bool, n)
	for i := range ok {
		ok[i] = s.seen[i] && !s.over[i]
	}
	return fixedStates(t, s.out, s.v[:n], ok), nil
}

func (s *decimalSum) Save(t catalog.Task, n int) ([]arrow.Array, error) {
	s.grow(n)
	over := newBoolColumn(t.Allocator(), n)
	for i, v := range s.over[:n] {
		over.set(i, v)
	}
	return []arrow.Array{fixedStates(t, s.out, s.v[:n], s.seen), over.array()}, nil
}

func (s *decimalSum) Load(_ catalog.Task, n int, states []arrow.Array) error {
	s.v = append(s.v[:0], raw[dec](states[0])...)
	s.seen = seenOf(s.seen, states[0])
	s.over = s.over[:0]
	b := boolsOf(states[1])
	b.step = 1
	for i := range n {
		s.over = append(s.over, b.at(i))
	}
	return nil
}

func (s *decimalSum) Release() {}

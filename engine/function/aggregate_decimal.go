package function

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// decimalSum adds decimals; a sum that does not fit is NULL for good.
type decimalSum struct {
	overState[dec]
	precision int32
}

func newDecimalSum(out *arrow.Decimal128Type) *decimalSum {
	return &decimalSum{overState[dec]{foldState: foldState[dec]{dt: out}}, out.Precision}
}

func (s *decimalSum) add(g uint32, v dec) {
	v = s.v[g].Add(v)
	s.seen[g] = true
	if s.over[g] || !fits(v, s.precision) {
		s.over[g] = true
		return
	}
	s.v[g] = v
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

package function

import (
	"fmt"
	"math/big"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// checkedSum adds integers or intervals. A total out of range ends the query or,
// when trying, is NULL for good. Of intervals Spark has no other sum, with ANSI
// mode off either.
type checkedSum[T int32 | int64] struct {
	overState[T]
	trying bool
}

func newCheckedSum[T int32 | int64](dt arrow.DataType, trying bool) func(catalog.Task) catalog.Accumulator {
	return func(catalog.Task) catalog.Accumulator {
		return &checkedSum[T]{overState[T]{foldState: foldState[T]{dt: dt}}, trying}
	}
}

func (s *checkedSum[T]) add(g uint32, v T) error {
	s.seen[g] = true
	total := s.v[g] + v
	if v != 0 && (total > s.v[g]) != (v > 0) {
		if !s.trying {
			return fmt.Errorf("the sum of values of type %s is out of its range", typeName(s.dt))
		}
		s.over[g] = true
	}
	s.v[g] = total
	return nil
}

func (s *checkedSum[T]) Update(_ catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	s.grow(n)
	x, st := raw[T](args[0]), step(args[0])
	for i, g := range groups {
		if nullAt(args[0], i*st) {
			continue
		}
		if err := s.add(g, x[i*st]); err != nil {
			return err
		}
	}
	return nil
}

func (s *checkedSum[T]) Merge(_ catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	o, ok := other.(*checkedSum[T])
	if !ok {
		return wrongAccumulator(s, other)
	}
	s.grow(n)
	for i, v := range o.v {
		if !o.seen[i] {
			continue
		}
		if err := s.add(groups[i], v); err != nil {
			return err
		}
		s.over[groups[i]] = s.over[groups[i]] || o.over[i]
	}
	return nil
}

// averageOf is avg of intervals, rounding half away from zero.
func averageOf[T int32 | int64](dt arrow.DataType, trying bool) catalog.AggregateCall {
	return aggregateOf(dt, dt, func(t catalog.Task) catalog.Accumulator {
		return &average{sum: newCheckedSum[T](dt, trying)(t), result: intervalAverage[T]}
	})
}

func intervalAverage[T int32 | int64](t catalog.Task, total arrow.Array, n []int64) arrow.Array {
	out := newColumn[T](t.Allocator(), total.Len())
	for i, v := range raw[T](total) {
		if n[i] == 0 || total.IsNull(i) {
			out.setNull(i)
			continue
		}
		out.v[i] = T(bigDivRound(big.NewInt(int64(v)), big.NewInt(n[i])).Int64())
	}
	return out.array(total.DataType())
}

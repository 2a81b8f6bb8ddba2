package function

import (
	"fmt"
	"math/big"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// intervalSum adds intervals. What does not fit ends the query, as in Spark,
// which has no NULL for it with ANSI mode off either.
type intervalSum[T int32 | int64] struct{ foldState[T] }

func newIntervalSum[T int32 | int64](dt arrow.DataType) func(catalog.Task) catalog.Accumulator {
	return func(catalog.Task) catalog.Accumulator { return &intervalSum[T]{foldState[T]{dt: dt}} }
}

func (s *intervalSum[T]) add(g uint32, v T) error {
	total := s.v[g] + v
	if (total > s.v[g]) != (v > 0) && v != 0 {
		return fmt.Errorf("the sum of values of type %s is out of its range", typeName(s.dt))
	}
	s.v[g], s.seen[g] = total, true
	return nil
}

func (s *intervalSum[T]) Update(_ catalog.Task, groups []uint32, n int, args []arrow.Array) error {
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

func (s *intervalSum[T]) Merge(_ catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	o, ok := other.(*intervalSum[T])
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
	}
	return nil
}

// averageOf is avg of intervals, rounding half away from zero.
func averageOf[T int32 | int64](dt arrow.DataType) catalog.AggregateCall {
	return aggregateOf(dt, dt, func(t catalog.Task) catalog.Accumulator {
		return &average{sum: newIntervalSum[T](dt)(t), result: intervalAverage[T]}
	})
}

func intervalAverage[T int32 | int64](t catalog.Task, total arrow.Array, n []int64) arrow.Array {
	out := newColumn[T](t.Allocator(), total.Len())
	for i, v := range raw[T](total) {
		if n[i] == 0 {
			out.setNull(i)
			continue
		}
		out.v[i] = T(bigDivRound(big.NewInt(int64(v)), big.NewInt(n[i])).Int64())
	}
	return out.array(total.DataType())
}

package function

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// aggregate is an aggregate function: a name and how it is bound.
type aggregate struct {
	name string
	bind func(name string, args []catalog.Arg) (catalog.AggregateCall, error)
}

// Name is the function's name.
func (a aggregate) Name() string { return a.name }

// BindAggregate type-checks one use.
func (a aggregate) BindAggregate(args []catalog.Arg) (catalog.AggregateCall, error) {
	return a.bind(a.name, args)
}

// grown gives s a length of n, new elements being zero.
func grown[T any](s []T, n int) []T {
	if n <= len(s) {
		return s
	}
	return append(s, make([]T, n-len(s))...)
}

// wrongAccumulator is the error of merging states of different calls.
func wrongAccumulator(into, from catalog.Accumulator) error {
	return fmt.Errorf("%T cannot take the states of %T", into, from)
}

// bindCount is count(*) and count(a, b, ...): the rows in which none is NULL.
func bindCount(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	if err := notLambda(name, args); err != nil {
		return catalog.AggregateCall{}, err
	}
	return catalog.AggregateCall{
		Type: tLong, ArgTypes: typesOf(args),
		New: func(catalog.Task) catalog.Accumulator { return &counter{} },
	}, nil
}

// counter counts rows.
type counter struct{ n []int64 }

func (c *counter) Update(_ catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	c.n = grown(c.n, n)
	var nullable []arrow.Array
	for _, a := range args {
		if a.NullN() > 0 || isNull(a.DataType()) {
			nullable = append(nullable, a)
		}
	}
	if len(nullable) == 0 {
		if n == 1 {
			c.n[0] += int64(len(groups))
			return nil
		}
		for _, g := range groups {
			c.n[g]++
		}
		return nil
	}
rows:
	for i, g := range groups {
		for _, a := range nullable {
			if nullAt(a, i*step(a)) {
				continue rows
			}
		}
		c.n[g]++
	}
	return nil
}

func (c *counter) Merge(_ catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	o, ok := other.(*counter)
	if !ok {
		return wrongAccumulator(c, other)
	}
	c.n = grown(c.n, n)
	for i, v := range o.n {
		c.n[groups[i]] += v
	}
	return nil
}

func (c *counter) Result(t catalog.Task, n int) (arrow.Array, error) {
	c.n = grown(c.n, n)
	out := newColumn[int64](t.Allocator(), n)
	copy(out.v, c.n)
	return out.array(tLong), nil
}

func (c *counter) Save(t catalog.Task, n int) ([]arrow.Array, error) {
	a, err := c.Result(t, n)
	return []arrow.Array{a}, err
}

func (c *counter) Load(_ catalog.Task, n int, states []arrow.Array) error {
	c.n = append(c.n[:0], raw[int64](states[0])...)
	return nil
}

func (c *counter) Release() {}

// bindSum is sum: BIGINT of integers, which wraps, DOUBLE of floats, ten more
// digits of a decimal, an interval of intervals. When trying, what does not fit
// is NULL.
func bindSum(trying bool) func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	return func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
		if err := oneArg(name, args); err != nil {
			return catalog.AggregateCall{}, err
		}
		switch dt := args[0].Type.(type) {
		case *arrow.Decimal128Type:
			out := boundedDecimal(dt.Precision+10, dt.Scale)
			return aggregateOf(out, dt, func(catalog.Task) catalog.Accumulator { return newDecimalSum(out) }), nil
		case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type:
			if trying {
				return aggregateOf(tLong, tLong, newCheckedSum[int64](tLong, true)), nil
			}
			return aggregateOf(tLong, tLong, newSum[int64](tLong)), nil
		case *arrow.DurationType:
			return aggregateOf(dt, dt, newCheckedSum[int64](dt, trying)), nil
		case *arrow.MonthIntervalType:
			return aggregateOf(dt, dt, newCheckedSum[int32](dt, trying)), nil
		case *arrow.Float32Type, *arrow.Float64Type, *arrow.StringType, *arrow.NullType:
			return aggregateOf(tDouble, tDouble, newSum[float64](tDouble)), nil
		}
		return catalog.AggregateCall{}, wantType(name, 0, "a number or an interval", args[0].Type)
	}
}

func aggregateOf(ret, arg arrow.DataType, create func(catalog.Task) catalog.Accumulator) catalog.AggregateCall {
	return catalog.AggregateCall{Type: ret, ArgTypes: []arrow.DataType{arg}, New: create}
}

func oneArg(name string, args []catalog.Arg) error {
	if err := arity(name, args, 1, 1); err != nil {
		return err
	}
	return notLambda(name, args)
}

// sum adds integers or doubles.
type sum[T int32 | int64 | float64] struct{ foldState[T] }

func newSum[T int32 | int64 | float64](dt arrow.DataType) func(catalog.Task) catalog.Accumulator {
	return func(catalog.Task) catalog.Accumulator { return &sum[T]{foldState[T]{dt: dt}} }
}

func (s *sum[T]) Update(_ catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	s.grow(n)
	a := args[0]
	x, st := raw[T](a), step(a)
	if a.NullN() == 0 && st == 1 {
		for i, g := range groups {
			s.v[g] += x[i]
			s.seen[g] = true
		}
		return nil
	}
	for i, g := range groups {
		if !a.IsNull(i * st) {
			s.v[g] += x[i*st]
			s.seen[g] = true
		}
	}
	return nil
}

func (s *sum[T]) Merge(_ catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	o, ok := other.(*sum[T])
	if !ok {
		return wrongAccumulator(s, other)
	}
	s.grow(n)
	for i, v := range o.v {
		s.v[groups[i]] += v
		s.seen[groups[i]] = s.seen[groups[i]] || o.seen[i]
	}
	return nil
}

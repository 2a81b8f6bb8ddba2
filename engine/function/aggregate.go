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
// digits of a decimal.
func bindSum(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	if err := oneArg(name, args); err != nil {
		return catalog.AggregateCall{}, err
	}
	switch dt := args[0].Type.(type) {
	case *arrow.Decimal128Type:
		out := boundedDecimal(dt.Precision+10, dt.Scale)
		return aggregateOf(out, dt, func(catalog.Task) catalog.Accumulator {
			return &decimalSum{in: dt, out: out}
		}), nil
	case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type:
		return aggregateOf(tLong, tLong, func(catalog.Task) catalog.Accumulator { return &sum[int64]{dt: tLong} }), nil
	case *arrow.DurationType:
		return aggregateOf(dt, dt, func(catalog.Task) catalog.Accumulator { return &sum[int64]{dt: dt} }), nil
	case *arrow.MonthIntervalType:
		return aggregateOf(dt, dt, func(catalog.Task) catalog.Accumulator { return &sum[int32]{dt: dt} }), nil
	case *arrow.Float32Type, *arrow.Float64Type, *arrow.StringType, *arrow.NullType:
		return aggregateOf(tDouble, tDouble, func(catalog.Task) catalog.Accumulator { return &sum[float64]{dt: tDouble} }), nil
	}
	return catalog.AggregateCall{}, wantType(name, 0, "a number", args[0].Type)
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
type sum[T int32 | int64 | float64] struct {
	dt   arrow.DataType
	v    []T
	seen []bool
}

func (s *sum[T]) Update(_ catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	s.v, s.seen = grown(s.v, n), grown(s.seen, n)
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
	s.v, s.seen = grown(s.v, n), grown(s.seen, n)
	for i, v := range o.v {
		s.v[groups[i]] += v
		s.seen[groups[i]] = s.seen[groups[i]] || o.seen[i]
	}
	return nil
}

func (s *sum[T]) Result(t catalog.Task, n int) (arrow.Array, error) {
	s.v, s.seen = grown(s.v, n), grown(s.seen, n)
	return fixedStates(t, s.dt, s.v[:n], s.seen), nil
}

func (s *sum[T]) Save(t catalog.Task, n int) ([]arrow.Array, error) {
	a, err := s.Result(t, n)
	return []arrow.Array{a}, err
}

func (s *sum[T]) Load(_ catalog.Task, n int, states []arrow.Array) error {
	s.v = append(s.v[:0], raw[T](states[0])...)
	s.seen = seenOf(s.seen, states[0])
	return nil
}

func (s *sum[T]) Release() {}

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

// bindAvg is avg: DOUBLE, or four more digits of a decimal.
func bindAvg(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	if err := oneArg(name, args); err != nil {
		return catalog.AggregateCall{}, err
	}
	switch dt := args[0].Type.(type) {
	case *arrow.Decimal128Type:
		total := boundedDecimal(dt.Precision+10, dt.Scale)
		out := boundedDecimal(dt.Precision+4, dt.Scale+4)
		return aggregateOf(out, dt, func(catalog.Task) catalog.Accumulator {
			return &average{sum: &decimalSum{in: dt, out: total}, result: decimalAverage(total, out)}
		}), nil
	case *arrow.MonthIntervalType, *arrow.DurationType:
	default:
		if !isNumeric(dt) && !isString(dt) && !isNull(dt) {
			return catalog.AggregateCall{}, wantType(name, 0, "a number", dt)
		}
		return aggregateOf(tDouble, tDouble, func(catalog.Task) catalog.Accumulator {
			return &average{sum: &sum[float64]{dt: tDouble}, result: doubleAverage}
		}), nil
	}
	return catalog.AggregateCall{}, wantType(name, 0, "a number", args[0].Type)
}

// average is a sum and a count.
type average struct {
	sum    catalog.Accumulator
	n      counter
	result func(t catalog.Task, sum arrow.Array, n []int64) arrow.Array
}

func (a *average) Update(t catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	if err := a.n.Update(t, groups, n, args); err != nil {
		return err
	}
	return a.sum.Update(t, groups, n, args)
}

func (a *average) Merge(t catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	o, ok := other.(*average)
	if !ok {
		return wrongAccumulator(a, other)
	}
	if err := a.n.Merge(t, &o.n, groups, n); err != nil {
		return err
	}
	return a.sum.Merge(t, o.sum, groups, n)
}

func (a *average) Result(t catalog.Task, n int) (arrow.Array, error) {
	total, err := a.sum.Result(t, n)
	if err != nil {
		return nil, err
	}
	defer total.Release()
	a.n.n = grown(a.n.n, n)
	return a.result(t, total, a.n.n), nil
}

func doubleAverage(t catalog.Task, total arrow.Array, n []int64) arrow.Array {
	out := newColumn[float64](t.Allocator(), total.Len())
	for i, v := range raw[float64](total) {
		if n[i] == 0 {
			out.setNull(i)
			continue
		}
		out.v[i] = v / float64(n[i])
	}
	return out.array(tDouble)
}

func decimalAverage(in, dt *arrow.Decimal128Type) func(catalog.Task, arrow.Array, []int64) arrow.Array {
	return func(t catalog.Task, total arrow.Array, n []int64) arrow.Array {
		out := newColumn[dec](t.Allocator(), total.Len())
		for i, v := range raw[dec](total) {
			if n[i] == 0 || total.IsNull(i) {
				out.setNull(i)
				continue
			}
			q, ok := divDecimals(v, decFromInt(n[i]), in.Scale, 0, dt)
			if !ok {
				out.setNull(i)
				continue
			}
			out.v[i] = q
		}
		return out.array(dt)
	}
}

func (a *average) Save(t catalog.Task, n int) ([]arrow.Array, error) {
	states, err := a.sum.Save(t, n)
	if err != nil {
		return nil, err
	}
	c, err := a.n.Result(t, n)
	if err != nil {
		releaseAll(states)
		return nil, err
	}
	return append(states, c), nil
}

func (a *average) Load(t catalog.Task, n int, states []arrow.Array) error {
	last := len(states) - 1
	if err := a.n.Load(t, n, states[last:]); err != nil {
		return err
	}
	return a.sum.Load(t, n, states[:last])
}

func (a *average) Release() { a.sum.Release() }

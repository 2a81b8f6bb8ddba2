package function

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// ignoreNulls reads the second argument of first, last and any_value, a constant
// boolean.
func ignoreNulls(name string, args []catalog.Arg) (bool, error) {
	if err := arity(name, args, 1, 2); err != nil {
		return false, err
	}
	if err := notLambda(name, args); err != nil {
		return false, err
	}
	if len(args) == 1 {
		return false, nil
	}
	a := args[1]
	if a.Const == nil || a.Type.ID() != arrow.BOOL || nullAt(a.Const, 0) {
		return false, argErr(1, "the second argument of %s must be TRUE or FALSE: whether to skip NULLs", name)
	}
	return boolsAt(a.Const, 0), nil
}

// bindFirst is first, last and any_value(x[, ignore NULLs]).
func bindFirst(last bool) func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	return func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
		ignore, err := ignoreNulls(name, args)
		if err != nil {
			return catalog.AggregateCall{}, err
		}
		dt := args[0].Type
		call := catalog.AggregateCall{Type: dt, ArgTypes: typesOf(args)}
		call.New = func(catalog.Task) catalog.Accumulator {
			return &firstOnly{chosen{types: []arrow.DataType{dt}, any: !ignore,
				better: func(_, next []arrow.Array) func(i, j int) bool {
					return func(_, j int) bool { return last && (!ignore || !nullAt(next[0], j)) }
				}}}
		}
		return call, nil
	}
}

// firstOnly passes only the first argument on.
type firstOnly struct{ chosen }

func (f *firstOnly) Update(t catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	return f.chosen.Update(t, groups, n, args[:1])
}

func (f *firstOnly) Merge(t catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	o, ok := other.(*firstOnly)
	if !ok {
		return wrongAccumulator(f, other)
	}
	return f.chosen.Merge(t, &o.chosen, groups, n)
}

// bindBy is max_by and min_by(x, key): x of the row with the greatest or least
// key.
func bindBy(sign int) func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	return func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
		if err := arity(name, args, 2, 2); err != nil {
			return catalog.AggregateCall{}, err
		}
		if err := notLambda(name, args); err != nil {
			return catalog.AggregateCall{}, err
		}
		if !isOrdered(args[1].Type) {
			return catalog.AggregateCall{}, argErr(1, "%s cannot order values of type %s", name, typeName(args[1].Type))
		}
		types := typesOf(args)
		return catalog.AggregateCall{Type: types[0], ArgTypes: types,
			New: func(catalog.Task) catalog.Accumulator {
				return &chosen{types: types, better: func(cur, next []arrow.Array) func(i, j int) bool {
					c := comparerOf(next[1], cur[1])
					return func(i, j int) bool { return !nullAt(next[1], j) && c(j, i)*sign > 0 }
				}}
			}}, nil
	}
}

// bindCountIf is count_if(condition).
func bindCountIf(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	if err := oneBool(name, args); err != nil {
		return catalog.AggregateCall{}, err
	}
	return aggregateOf(tLong, tBool, func(catalog.Task) catalog.Accumulator { return &conditionCounter{} }), nil
}

func oneBool(name string, args []catalog.Arg) error {
	if err := oneArg(name, args); err != nil {
		return err
	}
	if t := args[0].Type; t.ID() != arrow.BOOL && !isNull(t) {
		return wantType(name, 0, "a BOOLEAN", t)
	}
	return nil
}

// conditionCounter counts rows whose argument is true.
type conditionCounter struct{ counter }

func (c *conditionCounter) Update(_ catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	c.n = grown(c.n, n)
	s := step(args[0])
	for i, g := range groups {
		c.n[g] += int64(b2i(isTrue(args[0], i*s)))
	}
	return nil
}

func (c *conditionCounter) Merge(t catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	o, ok := other.(*conditionCounter)
	if !ok {
		return wrongAccumulator(c, other)
	}
	return c.counter.Merge(t, &o.counter, groups, n)
}

// bindBoolFold is bool_and (every) and bool_or (any, some).
func bindBoolFold(or bool) func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	return func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
		if err := oneBool(name, args); err != nil {
			return catalog.AggregateCall{}, err
		}
		call := aggregateOf(tBool, tBool, func(catalog.Task) catalog.Accumulator { return &boolFold{or: or} })
		call.IgnoresDistinct = true
		return call, nil
	}
}

// boolFold is the AND or the OR of the values that are not NULL.
type boolFold struct {
	or      bool
	v, seen []bool
}

func (b *boolFold) take(g uint32, v bool) {
	if !b.seen[g] || v == b.or {
		b.v[g] = v
	}
	b.seen[g] = true
}

func (b *boolFold) Update(_ catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	b.v, b.seen = grown(b.v, n), grown(b.seen, n)
	s := step(args[0])
	for i, g := range groups {
		if !nullAt(args[0], i*s) {
			b.take(g, boolsAt(args[0], i*s))
		}
	}
	return nil
}

func (b *boolFold) Merge(_ catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	o, ok := other.(*boolFold)
	if !ok {
		return wrongAccumulator(b, other)
	}
	b.v, b.seen = grown(b.v, n), grown(b.seen, n)
	for i, v := range o.v {
		if o.seen[i] {
			b.take(groups[i], v)
		}
	}
	return nil
}

func (b *boolFold) Result(t catalog.Task, n int) (arrow.Array, error) {
	b.v, b.seen = grown(b.v, n), grown(b.seen, n)
	out := newBoolColumn(t.Allocator(), n)
	for i := range n {
		if b.seen[i] {
			out.set(i, b.v[i])
		} else {
			out.setNull(i)
		}
	}
	return out.array(), nil
}

func (b *boolFold) Save(t catalog.Task, n int) ([]arrow.Array, error) {
	a, err := b.Result(t, n)
	return []arrow.Array{a}, err
}

func (b *boolFold) Load(_ catalog.Task, n int, states []arrow.Array) error {
	b.seen = seenOf(b.seen, states[0])
	b.v = b.v[:0]
	for i := range n {
		b.v = append(b.v, isTrue(states[0], i))
	}
	return nil
}

func (b *boolFold) Release() {}

// bindBitFold is bit_and, bit_or and bit_xor of integers.
func bindBitFold(op string) func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	return func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
		if err := oneArg(name, args); err != nil {
			return catalog.AggregateCall{}, err
		}
		dt := args[0].Type
		switch dt.ID() {
		case arrow.INT8:
			return aggregateOf(dt, dt, newBitFold[int8](op, dt)), nil
		case arrow.INT16:
			return aggregateOf(dt, dt, newBitFold[int16](op, dt)), nil
		case arrow.INT32:
			return aggregateOf(dt, dt, newBitFold[int32](op, dt)), nil
		case arrow.INT64:
			return aggregateOf(dt, dt, newBitFold[int64](op, dt)), nil
		}
		return catalog.AggregateCall{}, wantType(name, 0, "an integer", dt)
	}
}

func newBitFold[T integer](op string, dt arrow.DataType) func(catalog.Task) catalog.Accumulator {
	return func(catalog.Task) catalog.Accumulator { return &bitFold[T]{foldState[T]{dt: dt}, bitOp[T](op)} }
}

// bitFold joins the bits of the values that are not NULL.
type bitFold[T integer] struct {
	foldState[T]
	op func(a, b T) T
}

func (b *bitFold[T]) take(g uint32, v T) {
	if b.seen[g] {
		v = b.op(b.v[g], v)
	}
	b.v[g], b.seen[g] = v, true
}

func (b *bitFold[T]) Update(_ catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	b.grow(n)
	x, s := raw[T](args[0]), step(args[0])
	for i, g := range groups {
		if !nullAt(args[0], i*s) {
			b.take(g, x[i*s])
		}
	}
	return nil
}

func (b *bitFold[T]) Merge(_ catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	o, ok := other.(*bitFold[T])
	if !ok {
		return wrongAccumulator(b, other)
	}
	b.grow(n)
	for i, v := range o.v {
		if o.seen[i] {
			b.take(groups[i], v)
		}
	}
	return nil
}

package function

import (
	"bytes"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// bindExtreme is min (sign -1) and max (sign 1).
func bindExtreme(sign int) func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	return func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
		if err := oneArg(name, args); err != nil {
			return catalog.AggregateCall{}, err
		}
		dt := args[0].Type
		if !isOrdered(dt) {
			return catalog.AggregateCall{}, argErr(0, "%s cannot order values of type %s", name, typeName(dt))
		}
		call := aggregateOf(dt, dt, newExtreme(dt, sign))
		call.IgnoresDistinct = true
		return call, nil
	}
}

func newExtreme(dt arrow.DataType, sign int) func(catalog.Task) catalog.Accumulator {
	switch dt.ID() {
	case arrow.INT8:
		return numExtreme[int8](dt, sign)
	case arrow.INT16:
		return numExtreme[int16](dt, sign)
	case arrow.INT32, arrow.DATE32, arrow.INTERVAL_MONTHS:
		return numExtreme[int32](dt, sign)
	case arrow.INT64, arrow.TIMESTAMP, arrow.DURATION:
		return numExtreme[int64](dt, sign)
	case arrow.FLOAT32:
		return numExtreme[float32](dt, sign)
	case arrow.FLOAT64:
		return numExtreme[float64](dt, sign)
	case arrow.STRING, arrow.BINARY:
		return func(catalog.Task) catalog.Accumulator { return &textExtreme{dt: dt, sign: sign} }
	}
	return func(catalog.Task) catalog.Accumulator {
		return &chosen{types: []arrow.DataType{dt}, better: func(cur, next []arrow.Array) func(i, j int) bool {
			c := comparerOf(next[0], cur[0])
			skip := func(j int) bool { return nullAt(next[0], j) }
			return func(i, j int) bool { return !skip(j) && (nullAt(cur[0], i) || c(j, i)*sign > 0) }
		}}
	}
}

func numExtreme[T number](dt arrow.DataType, sign int) func(catalog.Task) catalog.Accumulator {
	return func(catalog.Task) catalog.Accumulator { return &extremeOf[T]{foldState[T]{dt: dt}, sign > 0} }
}

// extremeOf is the least or greatest number.
type extremeOf[T number] struct {
	foldState[T]
	max bool
}

func (e *extremeOf[T]) take(g uint32, v T) {
	if !e.seen[g] || e.max && lessNum(e.v[g], v) || !e.max && lessNum(v, e.v[g]) {
		e.v[g], e.seen[g] = v, true
	}
}

func (e *extremeOf[T]) Update(_ catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	e.grow(n)
	a := args[0]
	x, s := raw[T](a), step(a)
	if a.NullN() == 0 {
		for i, g := range groups {
			e.take(g, x[i*s])
		}
		return nil
	}
	for i, g := range groups {
		if !a.IsNull(i * s) {
			e.take(g, x[i*s])
		}
	}
	return nil
}

func (e *extremeOf[T]) Merge(_ catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	o, ok := other.(*extremeOf[T])
	if !ok {
		return wrongAccumulator(e, other)
	}
	e.grow(n)
	for i, v := range o.v {
		if o.seen[i] {
			e.take(groups[i], v)
		}
	}
	return nil
}

// textExtreme is the least or greatest text, by bytes.
type textExtreme struct {
	dt   arrow.DataType
	sign int
	v    [][]byte
	seen []bool
}

func (e *textExtreme) take(g uint32, s []byte) {
	if !e.seen[g] || bytes.Compare(s, e.v[g])*e.sign > 0 {
		e.v[g], e.seen[g] = append(e.v[g][:0], s...), true
	}
}

func (e *textExtreme) Update(_ catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	e.v, e.seen = grown(e.v, n), grown(e.seen, n)
	x := textOf(args[0])
	for i, g := range groups {
		if !args[0].IsNull(i * x.step) {
			e.take(g, x.at(i))
		}
	}
	return nil
}

func (e *textExtreme) Merge(_ catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	o, ok := other.(*textExtreme)
	if !ok {
		return wrongAccumulator(e, other)
	}
	e.v, e.seen = grown(e.v, n), grown(e.seen, n)
	for i, v := range o.v {
		if o.seen[i] {
			e.take(groups[i], v)
		}
	}
	return nil
}

func (e *textExtreme) Result(t catalog.Task, n int) (arrow.Array, error) {
	e.v, e.seen = grown(e.v, n), grown(e.seen, n)
	out := newTextColumn(t.Allocator(), n, 8*n)
	for i, s := range e.v[:n] {
		if !e.seen[i] {
			out.skip(i)
		} else if err := out.put(i, s); err != nil {
			out.release()
			return nil, err
		}
	}
	return out.array(e.dt), nil
}

func (e *textExtreme) Save(t catalog.Task, n int) ([]arrow.Array, error) {
	a, err := e.Result(t, n)
	return []arrow.Array{a}, err
}

func (e *textExtreme) Load(_ catalog.Task, n int, states []arrow.Array) error {
	e.seen = seenOf(e.seen, states[0])
	e.v = make([][]byte, n)
	x := textOf(states[0])
	x.step = 1
	for i := range e.v {
		e.v[i] = append(e.v[i], x.at(i)...)
	}
	return nil
}

func (e *textExtreme) Release() {}

// chosen keeps one row of its arguments a group: the least, the first, that with
// the greatest key. The result is the first argument of that row.
type chosen struct {
	types []arrow.DataType
	// better makes the test whether row j of next shall replace row i of cur. A group
	// without a row has NULLs in cur.
	better func(cur, next []arrow.Array) func(i, j int) bool
	cur    []arrow.Array // one row a group, or nil
	filled []bool        // whether the group has a row
	// any lets a group's first row in whatever better says (first, which takes NULL).
	any bool
}

func (c *chosen) Update(t catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	return c.take(t, len(groups), func(j int) uint32 { return groups[j] }, n, args, nil)
}

// take offers rows to their groups.
func (c *chosen) take(t catalog.Task, rows int, group func(j int) uint32, n int, args []arrow.Array, filled []bool) error {
	have := len(c.filled)
	c.filled = grown(c.filled, n)
	pick := make([]int32, n) // index into cur and then the new rows
	for g := range pick {
		pick[g] = -1
		if g < have {
			pick[g] = int32(g)
		}
	}
	if c.cur == nil {
		have = 0
	}
	all, err := c.withNew(t, rows, args)
	if err != nil {
		return err
	}
	defer releaseAll(all)
	better := c.better(all, all)
	for j := range rows {
		if filled != nil && !filled[j] {
			continue
		}
		g := group(j)
		at := have + j
		if pick[g] < 0 || !c.filled[g] {
			if c.any || !nullAt(all[len(all)-1], at) { // the last argument is the key
				pick[g], c.filled[g] = int32(at), true
			}
			continue
		}
		if better(int(pick[g]), at) {
			pick[g] = int32(at)
		}
	}
	next := make([]arrow.Array, len(args))
	for k := range args {
		var err error
		if next[k], err = gather(t.Allocator(), all[k], pick); err != nil {
			releaseAll(next)
			return err
		}
	}
	releaseAll(c.cur)
	c.cur = next
	return nil
}

// withNew gives each argument's kept rows and the new ones behind them.
func (c *chosen) withNew(t catalog.Task, rows int, args []arrow.Array) ([]arrow.Array, error) {
	all := make([]arrow.Array, 0, len(args))
	for k, a := range args {
		next, err := spread(t.Allocator(), a, rows)
		if err == nil && c.cur != nil {
			var both arrow.Array
			both, err = array.Concatenate([]arrow.Array{c.cur[k], next}, t.Allocator())
			next.Release()
			next = both
		}
		if err != nil {
			releaseAll(all)
			return nil, err
		}
		all = append(all, next)
	}
	return all, nil
}

func (c *chosen) Merge(t catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	o, ok := other.(*chosen)
	if !ok {
		return wrongAccumulator(c, other)
	}
	if o.cur == nil {
		return nil
	}
	return c.take(t, len(o.filled), func(j int) uint32 { return groups[j] }, n, o.cur, o.filled)
}

// state gives n rows of argument k.
func (c *chosen) state(t catalog.Task, n, k int) (arrow.Array, error) {
	if c.cur == nil {
		return nullArray(t.Allocator(), c.types[k], n), nil
	}
	idx := make([]int32, n)
	for i := range idx {
		idx[i] = -1
		if i < len(c.filled) && c.filled[i] {
			idx[i] = int32(i)
		}
	}
	return gather(t.Allocator(), c.cur[k], idx)
}

func (c *chosen) Result(t catalog.Task, n int) (arrow.Array, error) { return c.state(t, n, 0) }

func (c *chosen) Save(t catalog.Task, n int) ([]arrow.Array, error) {
	out := make([]arrow.Array, 0, len(c.types)+1)
	for k := range c.types {
		a, err := c.state(t, n, k)
		if err != nil {
			releaseAll(out)
			return nil, err
		}
		out = append(out, a)
	}
	filled := newBoolColumn(t.Allocator(), n)
	for i := range n {
		filled.set(i, i < len(c.filled) && c.filled[i])
	}
	return append(out, filled.array()), nil
}

func (c *chosen) Load(_ catalog.Task, n int, states []arrow.Array) error {
	c.Release()
	last := len(states) - 1
	for _, a := range states[:last] {
		a.Retain()
		c.cur = append(c.cur, a)
	}
	b := boolsOf(states[last])
	b.step = 1
	for i := range n {
		c.filled = append(c.filled, b.at(i))
	}
	return nil
}

func (c *chosen) Release() {
	releaseAll(c.cur)
	c.cur, c.filled = nil, nil
}

package function

import (
	"math"
	"slices"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// collection keeps all values of a group that are not NULL, in their order.
type collection struct {
	elem   arrow.DataType
	chunks []arrow.Array
	groups []uint32 // the group of each value, over all chunks
	// result makes the answer: values in groups' order, group i at off[i] to off[i+1].
	result func(t catalog.Task, n int, values arrow.Array, off []int32) (arrow.Array, error)
}

func (c *collection) Update(t catalog.Task, groups []uint32, n int, args []arrow.Array) error {
	a, s := args[0], step(args[0])
	var idx []int32
	for i, g := range groups {
		if !nullAt(a, i*s) {
			idx = append(idx, int32(i*s))
			c.groups = append(c.groups, g)
		}
	}
	if len(idx) == 0 {
		return nil
	}
	chunk, err := gather(t.Allocator(), a, idx)
	if err != nil {
		return err
	}
	c.chunks = append(c.chunks, chunk)
	return nil
}

func (c *collection) Merge(_ catalog.Task, other catalog.Accumulator, groups []uint32, n int) error {
	o, ok := other.(*collection)
	if !ok {
		return wrongAccumulator(c, other)
	}
	for _, a := range o.chunks {
		a.Retain()
		c.chunks = append(c.chunks, a)
	}
	for _, g := range o.groups {
		c.groups = append(c.groups, groups[g])
	}
	return nil
}

// sorted gives the values by group, and where each group begins.
func (c *collection) sorted(t catalog.Task, n int) (values arrow.Array, off []int32, err error) {
	off = make([]int32, n+1)
	if len(c.chunks) == 0 {
		return nullArray(t.Allocator(), c.elem, 0), off, nil
	}
	all, err := array.Concatenate(c.chunks, t.Allocator())
	if err != nil {
		return nil, nil, err
	}
	defer all.Release()
	for _, g := range c.groups {
		off[g+1]++
	}
	for i := range n {
		off[i+1] += off[i]
	}
	next := slices.Clone(off)
	idx := make([]int32, len(c.groups))
	for i, g := range c.groups {
		idx[next[g]] = int32(i)
		next[g]++
	}
	values, err = gather(t.Allocator(), all, idx)
	return values, off, err
}

func (c *collection) Result(t catalog.Task, n int) (arrow.Array, error) {
	values, off, err := c.sorted(t, n)
	if err != nil {
		return nil, err
	}
	defer values.Release()
	return c.result(t, n, values, off)
}

func (c *collection) Save(t catalog.Task, n int) ([]arrow.Array, error) {
	values, off, err := c.sorted(t, n)
	if err != nil {
		return nil, err
	}
	out := newListColumn(t.Allocator(), n)
	copy(out.off, off)
	return []arrow.Array{out.array(listType(c.elem), values)}, nil
}

func (c *collection) Load(t catalog.Task, n int, states []arrow.Array) error {
	c.Release()
	at, rows := elements(states[0], n)
	chunk, err := gather(t.Allocator(), listOf(states[0]).elem, at)
	if err != nil {
		return err
	}
	c.chunks = []arrow.Array{chunk}
	for _, r := range rows {
		c.groups = append(c.groups, uint32(r))
	}
	return nil
}

func (c *collection) Release() {
	releaseAll(c.chunks)
	c.chunks, c.groups = nil, nil
}

// bindCollect is collect_list, or collect_set with set.
func bindCollect(set bool) func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	return func(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
		if err := oneArg(name, args); err != nil {
			return catalog.AggregateCall{}, err
		}
		elem := args[0].Type
		if set && !isOrdered(elem) {
			return catalog.AggregateCall{}, argErr(0, "%s cannot compare values of type %s", name, typeName(elem))
		}
		call := aggregateOf(listType(elem), elem, func(catalog.Task) catalog.Accumulator {
			return &collection{elem: elem, result: collected(set)}
		})
		call.IgnoresDistinct = set
		return call, nil
	}
}

func collected(set bool) func(t catalog.Task, n int, values arrow.Array, off []int32) (arrow.Array, error) {
	return func(t catalog.Task, n int, values arrow.Array, off []int32) (arrow.Array, error) {
		out := newListColumn(t.Allocator(), n)
		dt := listType(values.DataType())
		if !set {
			copy(out.off, off)
			return out.array(dt, retained(values)), nil
		}
		var idx []int32
		c := comparerOf(values, values)
		for i := range n {
			idx = append(idx, distinct(c, off[i], off[i+1])...)
			out.add(i, len(idx))
		}
		elems, err := gather(t.Allocator(), values, idx)
		if err != nil {
			out.release()
			return nil, err
		}
		return out.array(dt, elems), nil
	}
}

// distinct is the first of each set of equal values in [from, to), in order.
func distinct(c comparer, from, to int32) []int32 {
	idx := make([]int32, 0, to-from)
	for k := from; k < to; k++ {
		idx = append(idx, k)
	}
	slices.SortStableFunc(idx, func(a, b int32) int { return c(int(a), int(b)) })
	idx = slices.CompactFunc(idx, func(a, b int32) bool { return c(int(a), int(b)) == 0 })
	slices.Sort(idx)
	return idx
}

// bindMode is mode(x): the most frequent value, of several any.
func bindMode(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	if err := oneArg(name, args); err != nil {
		return catalog.AggregateCall{}, err
	}
	elem := args[0].Type
	if !isOrdered(elem) {
		return catalog.AggregateCall{}, argErr(0, "%s cannot compare values of type %s", name, typeName(elem))
	}
	return aggregateOf(elem, elem, func(catalog.Task) catalog.Accumulator {
		return &collection{elem: elem, result: mostFrequent}
	}), nil
}

func mostFrequent(t catalog.Task, n int, values arrow.Array, off []int32) (arrow.Array, error) {
	c := comparerOf(values, values)
	out := make([]int32, n)
	for i := range n {
		idx := make([]int32, 0, off[i+1]-off[i])
		for k := off[i]; k < off[i+1]; k++ {
			idx = append(idx, k)
		}
		slices.SortStableFunc(idx, func(a, b int32) int { return c(int(a), int(b)) })
		best, most := int32(-1), 0
		for from := 0; from < len(idx); {
			to := from + 1
			for to < len(idx) && c(int(idx[from]), int(idx[to])) == 0 {
				to++
			}
			if to-from > most {
				best, most = idx[from], to-from
			}
			from = to
		}
		out[i] = best
	}
	return gather(t.Allocator(), values, out)
}

// bindPercentile is percentile(x, p) and median(x), between the two nearest
// values.
func bindPercentile(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	least, most := 2, 3
	if name == "median" {
		least, most = 1, 1
	}
	if err := arity(name, args, least, most); err != nil {
		return catalog.AggregateCall{}, err
	}
	if err := notLambda(name, args); err != nil {
		return catalog.AggregateCall{}, err
	}
	if !implicit(args[0].Type, tDouble) {
		return catalog.AggregateCall{}, wantType(name, 0, "a number", args[0].Type)
	}
	if len(args) == 3 {
		return catalog.AggregateCall{}, argErr(2, "%s with a frequency is not supported yet", name)
	}
	ps, list := []float64{0.5}, false
	if len(args) == 2 {
		var err error
		if ps, list, err = percentages(name, args[1]); err != nil {
			return catalog.AggregateCall{}, err
		}
	}
	types := typesOf(args)
	types[0] = tDouble
	ret := arrow.DataType(tDouble)
	if list {
		ret = listType(tDouble)
	}
	return catalog.AggregateCall{Type: ret, ArgTypes: types, New: func(catalog.Task) catalog.Accumulator {
		return &collection{elem: tDouble, result: percentiles(ps, list)}
	}}, nil
}

// bindApproxPercentile is approx_percentile(x, p[, accuracy]): a value of the
// column, found exactly whatever the accuracy.
func bindApproxPercentile(name string, args []catalog.Arg) (catalog.AggregateCall, error) {
	if err := arity(name, args, 2, 3); err != nil {
		return catalog.AggregateCall{}, err
	}
	if err := notLambda(name, args); err != nil {
		return catalog.AggregateCall{}, err
	}
	dt := args[0].Type
	if isString(dt) || isNull(dt) {
		dt = tDouble
	}
	if !isNumeric(dt) && !isDatetime(dt) && !isInterval(dt) {
		return catalog.AggregateCall{}, wantType(name, 0, "a number, a date or an interval", dt)
	}
	ps, list, err := percentages(name, args[1])
	if err != nil {
		return catalog.AggregateCall{}, err
	}
	types := typesOf(args)
	types[0] = dt
	ret := dt
	if list {
		ret = listType(dt)
	}
	return catalog.AggregateCall{Type: ret, ArgTypes: types, New: func(catalog.Task) catalog.Accumulator {
		return &collection{elem: dt, result: discretePercentiles(ps, list)}
	}}, nil
}

func discretePercentiles(ps []float64, list bool) func(t catalog.Task, n int, values arrow.Array, off []int32) (arrow.Array, error) {
	return func(t catalog.Task, n int, values arrow.Array, off []int32) (arrow.Array, error) {
		c := comparerOf(values, values)
		outer := newListColumn(t.Allocator(), n)
		var pick []int32
		for i := range n {
			idx := make([]int32, 0, off[i+1]-off[i])
			for k := off[i]; k < off[i+1]; k++ {
				idx = append(idx, k)
			}
			slices.SortFunc(idx, func(a, b int32) int { return c(int(a), int(b)) })
			switch {
			case len(idx) > 0:
				for _, p := range ps {
					pick = append(pick, idx[max(int(math.Ceil(p*float64(len(idx))))-1, 0)])
				}
			case list:
				outer.set(i)
			default:
				pick = append(pick, -1)
			}
			outer.add(i, len(pick))
		}
		out, err := gather(t.Allocator(), values, pick)
		if err != nil || !list {
			outer.release()
			return out, err
		}
		return outer.array(listType(values.DataType()), out), nil
	}
}

// percentages reads the constant second argument: a number or an array of them.
func percentages(name string, a catalog.Arg) (ps []float64, list bool, err error) {
	bad := argErr(1, "the percentage of %s must be constant numbers from 0 to 1", name)
	if a.Const == nil || nullAt(a.Const, 0) {
		return nil, false, bad
	}
	values := a.Const
	from, to := 0, 1
	if _, ok := listElem(a.Type); ok {
		l := listOf(a.Const)
		list, values = true, l.elem
		from, to = l.span(0)
	}
	if !isNumeric(values.DataType()) {
		return nil, list, bad
	}
	write := appenderOf(values)
	for k := from; k < to; k++ {
		p, ok := parseFloat(write(nil, k), 64)
		if !ok || nullAt(values, k) || p < 0 || p > 1 {
			return nil, list, bad
		}
		ps = append(ps, p)
	}
	return ps, list, nil
}

func percentiles(ps []float64, list bool) func(t catalog.Task, n int, values arrow.Array, off []int32) (arrow.Array, error) {
	return func(t catalog.Task, n int, values arrow.Array, off []int32) (arrow.Array, error) {
		out := newColumn[float64](t.Allocator(), n*len(ps))
		outer := newListColumn(t.Allocator(), n)
		at := 0
		for i := range n {
			v := slices.Clone(raw[float64](values)[off[i]:off[i+1]])
			slices.SortFunc(v, compareNum[float64])
			for _, p := range ps {
				if len(v) == 0 {
					out.setNull(at)
				} else {
					out.v[at] = percentile(v, p)
				}
				at++
			}
			if len(v) == 0 {
				outer.set(i)
			}
			outer.add(i, at)
		}
		if !list {
			outer.release()
			return out.array(tDouble), nil
		}
		return outer.array(listType(tDouble), out.array(tDouble)), nil
	}
}

func percentile(v []float64, p float64) float64 {
	at := p * float64(len(v)-1)
	lo, hi := math.Floor(at), math.Ceil(at)
	if lo == hi || v[int(lo)] == v[int(hi)] {
		return v[int(lo)]
	}
	return (hi-at)*v[int(lo)] + (at-lo)*v[int(hi)]
}

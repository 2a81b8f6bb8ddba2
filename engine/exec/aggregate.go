package exec

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql/plan"
)

// aggregate groups rows and computes aggregates of each group. Groups come out in
// the order in which their first rows stand in the input.
type aggregate struct {
	label
	schema *arrow.Schema
	groups []*evaluator
	layout *keyLayout // nil for one group of all rows
	aggs   []aggSpec
	memos  int
}

// aggSpec is one aggregate.
type aggSpec struct {
	call   catalog.AggregateCall
	args   []*evaluator
	need   []int
	filter *condition // nil for all rows
	// distinct is the layout of (group, arguments), for DISTINCT; else nil.
	distinct *keyLayout
}

func newAggregate(n *plan.Aggregate, in []plan.Column) (*aggregate, error) {
	x := newExprs(in, aggregateExprs(n)...)
	a := &aggregate{label: label{of: n}, schema: schemaOf(n.Columns()), memos: x.memos}
	var types []arrow.DataType
	for _, g := range n.Groups {
		e, err := x.compile(g.Expr)
		if err != nil {
			return nil, err
		}
		a.groups, types = append(a.groups, e), append(types, g.Expr.Type())
	}
	if len(types) > 0 {
		var err error
		if a.layout, err = valueLayout(types); err != nil {
			return nil, fmt.Errorf("GROUP BY: %w", err)
		}
	}
	for _, e := range n.Aggs {
		s, err := newAggSpec(x, e)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name, err)
		}
		a.aggs = append(a.aggs, s)
	}
	return a, nil
}

// aggregateExprs are all expressions over the input.
func aggregateExprs(n *plan.Aggregate) []plan.Expr {
	es := named(n.Groups)
	for _, a := range n.Aggs {
		es = append(es, a.Args...)
		if a.Filter != nil {
			es = append(es, a.Filter)
		}
	}
	return es
}

func newAggSpec(x *exprs, e plan.AggExpr) (s aggSpec, err error) {
	s.call = e.Fn
	if s.args, err = x.all(e.Args); err != nil {
		return s, err
	}
	s.need = columnsOf(s.args...)
	if e.Filter != nil {
		if s.filter, err = x.condition(e.Filter); err != nil {
			return s, err
		}
	}
	if e.Distinct && !e.Fn.IgnoresDistinct {
		types := []arrow.DataType{arrow.PrimitiveTypes.Uint32}
		for _, a := range e.Args {
			types = append(types, a.Type())
		}
		s.distinct, err = valueLayout(types)
	}
	return s, err
}

// valueLayout is a layout in which NULL is a value like others.
func valueLayout(types []arrow.DataType) (*keyLayout, error) {
	return newKeyLayout(types, slices.Repeat([]bool{true}, len(types)))
}

func (a *aggregate) Schema() *arrow.Schema { return a.schema }

// Ordered is false: each group knows where its first row is.
func (a *aggregate) Ordered() bool { return false }

func (a *aggregate) Local(t catalog.Task) Partial {
	g := &groups{agg: a, sets: make([]*distinctSet, len(a.aggs))}
	for i, s := range a.aggs {
		g.accs = append(g.accs, s.call.New(t))
		if s.distinct != nil {
			g.sets[i] = &distinctSet{table: newKeyTable(s.distinct)}
		}
	}
	if a.layout == nil {
		g.n = 1
	} else {
		g.table, g.keys = newKeyTable(a.layout), make([][]arrow.Array, len(a.groups))
	}
	return g
}

func (a *aggregate) Merge(t catalog.Task, x, y Partial) (Partial, error) {
	to, from := x.(*groups), y.(*groups)
	defer from.Release()
	if err := to.merge(t, from); err != nil {
		to.Release()
		return nil, err
	}
	return to, nil
}

// Finish gives one row a group.
func (a *aggregate) Finish(t catalog.Task, p Partial) Records {
	return func(yield func(arrow.Record, error) bool) {
		g := p.(*groups)
		defer g.Release()
		if g.n == 0 {
			return
		}
		cols, err := g.columns(t)
		if err != nil {
			yield(nil, err)
			return
		}
		defer releaseArrays(cols)
		giveRows(t.Allocator(), a.schema, cols, g.order(), yield)
	}
}

// groups is the groups and the states of their aggregates so far.
type groups struct {
	agg   *aggregate
	n     int
	table *keyTable
	// keys are the values of each grouping column: pieces that, one after another,
	// hold one value a group.
	keys  [][]arrow.Array
	first []place
	accs  []catalog.Accumulator
	sets  []*distinctSet // nil for aggregates without DISTINCT

	block keyRows
	ids   []int32
	seq   int64 // of the record before
	row   int64 // rows seen with that seq
}

// place is where a row stands in the input.
type place struct{ seq, row int64 }

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.seq, q.seq), cmp.Compare(p.row, q.row))
}

// Add takes the rows of a record into their groups.
func (g *groups) Add(t catalog.Task, seq int64, rec arrow.Record) (bool, error) {
	if rec.NumRows() == 0 {
		return false, nil
	}
	if seq != g.seq {
		g.seq, g.row = seq, 0
	}
	b := newBatch(t, rec, g.agg.memos)
	defer b.release()
	ids, err := g.assign(b)
	if err != nil {
		return false, err
	}
	g.row += int64(b.n)
	for i := range g.agg.aggs {
		if err := g.update(b, i, ids); err != nil {
			return false, err
		}
	}
	return false, nil
}

// assign gives each row's group.
func (g *groups) assign(b *batch) ([]uint32, error) {
	if g.table == nil {
		return g.idsOf(b.n), nil // all 0
	}
	keys, err := evalAll(b, g.agg.groups)
	if err != nil {
		return nil, err
	}
	defer releaseArrays(keys)
	return g.insert(b.task, keys, b.n, func(row int32) place { return place{g.seq, g.row + int64(row)} })
}

// idsOf is space for n numbers of groups.
func (g *groups) idsOf(n int) []uint32 {
	if cap(g.ids) < n {
		g.ids = make([]int32, n)
	}
	return unsigned(g.ids[:n])
}

// insert gives the group of each of n keys, making those that are not there.
func (g *groups) insert(t catalog.Task, keys []arrow.Array, n int, at func(row int32) place) ([]uint32, error) {
	ids := g.idsOf(n)
	var fresh []int32
	g.agg.layout.blocks(&g.block, keys, n, func(from int) {
		part := g.ids[from : from+g.block.n]
		g.table.insert(&g.block, part, nil, from)
		for i, id := range part {
			if int(id) == g.n+len(fresh) {
				fresh = append(fresh, int32(from+i))
			}
		}
	})
	if len(fresh) == 0 {
		return ids, nil
	}
	vals, err := gatherColumns(t.Allocator(), keys, selection{rows: fresh})
	if err != nil {
		return nil, err
	}
	for i, v := range vals {
		g.keys[i] = append(g.keys[i], positiveZeros(t.Allocator(), v))
	}
	for _, r := range fresh {
		g.first = append(g.first, at(r))
	}
	g.n += len(fresh)
	return ids, nil
}

// update gives an aggregate the rows of a batch.
func (g *groups) update(b *batch, i int, ids []uint32) error {
	s := &g.agg.aggs[i]
	sub := b
	if s.filter != nil {
		keep, err := s.filter.rows(b)
		if err != nil {
			return err
		}
		rows := keep.rows(make([]int32, 0, keep.count()))
		if len(rows) == 0 {
			return nil
		}
		if sub, err = b.some(rows, s.need); err != nil {
			return err
		}
		defer b.done(sub)
		if sub != b {
			ids = pickIDs(ids, rows)
		}
	}
	args, err := evalAll(sub, s.args)
	if err != nil {
		return err
	}
	defer releaseArrays(args)
	return g.take(b.task, i, ids, args)
}

func pickIDs(ids []uint32, rows []int32) []uint32 {
	out := make([]uint32, len(rows))
	for i, r := range rows {
		out[i] = ids[r]
	}
	return out
}

// take updates the states of one aggregate.
func (g *groups) take(t catalog.Task, i int, ids []uint32, args []arrow.Array) error {
	set := g.sets[i]
	if set == nil {
		return g.accs[i].Update(t, ids, g.n, args)
	}
	ids, args, err := set.fresh(t, ids, args)
	if err != nil || len(ids) == 0 {
		return err
	}
	return g.accs[i].Update(t, ids, g.n, args)
}

// merge takes the groups of o, which keeps what it does not give away.
func (g *groups) merge(t catalog.Task, o *groups) error {
	ids := unsigned(make([]int32, o.n)) // of a single group: 0
	if g.table != nil && o.n > 0 {
		keys, err := o.keyColumns(t)
		if err != nil {
			return err
		}
		defer releaseArrays(keys)
		known := g.n
		found, err := g.insert(t, keys, o.n, func(row int32) place { return o.first[row] })
		if err != nil {
			return err
		}
		copy(ids, found)
		for i, id := range ids {
			if int(id) < known && o.first[i].compare(g.first[id]) < 0 {
				g.first[id] = o.first[i]
			}
		}
	}
	for i, acc := range g.accs {
		if o.sets[i] == nil {
			if err := acc.Merge(t, o.accs[i], ids, g.n); err != nil {
				return err
			}
			continue
		}
		for _, p := range o.sets[i].pieces {
			if err := g.take(t, i, translate(ids, p.groups), p.args); err != nil {
				return err
			}
		}
	}
	return nil
}

func translate(ids, groups []uint32) []uint32 {
	out := make([]uint32, len(groups))
	for i, g := range groups {
		out[i] = ids[g]
	}
	return out
}

// keyColumns are the grouping columns, one value a group.
func (g *groups) keyColumns(t catalog.Task) ([]arrow.Array, error) {
	cols := make([]arrow.Array, len(g.keys))
	for i, pieces := range g.keys {
		var err error
		if cols[i], err = concat(t.Allocator(), pieces); err != nil {
			releaseArrays(cols)
			return nil, err
		}
	}
	return cols, nil
}

// columns are those of the result, one row a group.
func (g *groups) columns(t catalog.Task) ([]arrow.Array, error) {
	cols, err := g.keyColumns(t)
	if err != nil {
		return nil, err
	}
	for _, acc := range g.accs {
		a, err := acc.Result(t, g.n)
		if err != nil {
			releaseArrays(cols)
			return nil, err
		}
		cols = append(cols, a)
	}
	return cols, nil
}

// order is the groups in the order of their first rows.
func (g *groups) order() []int32 {
	rows := upTo32(g.n)
	slices.SortStableFunc(rows, func(x, y int32) int {
		if g.table == nil {
			return 0
		}
		return g.first[x].compare(g.first[y])
	})
	return rows
}

// Release frees states and keys.
func (g *groups) Release() {
	for _, a := range g.accs {
		a.Release()
	}
	for _, pieces := range g.keys {
		releaseArrays(pieces)
	}
	for _, s := range g.sets {
		s.release()
	}
	g.accs, g.keys, g.sets = nil, nil, nil
}

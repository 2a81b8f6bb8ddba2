package exec

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql/plan"
)

// filter keeps the rows for which a condition is TRUE. Records of which all rows
// stay pass through as they are.
type filter struct {
	label
	schema *arrow.Schema
	cond   *condition
	memos  int
	// pick is the columns it gives, when the condition reads others.
	pick []int
	// rejects is true when the condition may reject rows.
	rejects bool
}

// newFilter also says which columns the filter gives: those in need.
func newFilter(n *plan.Filter, in []plan.Column, need columnSet) (*filter, []plan.Column, error) {
	x := newExprs(in, n.Cond)
	cond, err := x.condition(n.Cond)
	if err != nil {
		return nil, nil, err
	}
	out := need.of(in)
	f := &filter{label: label{of: n}, schema: schemaOf(out), cond: cond, memos: x.memos, rejects: len(Asks(n.Cond)) > 0}
	if len(out) < len(in) {
		f.pick = make([]int, len(out))
		for i, c := range out {
			f.pick[i] = x.ordinals[c.ID]
		}
	}
	return f, out, nil
}

func (f *filter) Schema() *arrow.Schema { return f.schema }

// Run filters each record.
func (f *filter) Run(t catalog.Task, in Records) Records {
	return each(in, func(rec arrow.Record) (arrow.Record, error) {
		defer rec.Release()
		return f.apply(t, rec)
	})
}

func (f *filter) apply(t catalog.Task, rec arrow.Record) (arrow.Record, error) {
	b := newBatch(t, rec, f.memos)
	var rejected *rejections
	if f.rejects {
		rejected = b.watch()
	}
	keep, err := f.cond.rows(b)
	b.release()
	if err != nil {
		return nil, err
	}
	if rejected != nil && rejected.rows != nil {
		keep.andNot(rejected.rows)
	}
	n := keep.count()
	if n == 0 {
		return nil, nil
	}
	from := f.picked(rec)
	if n == int(rec.NumRows()) {
		return sameRows(from, rec), nil
	}
	defer from.Release()
	rows := keep.rows(make([]int32, 0, n))
	out, err := gatherRecord(t.Allocator(), from, rows)
	if err != nil {
		return nil, err
	}
	return track(out, rec, rows), nil
}

// picked is rec with the columns that go on.
func (f *filter) picked(rec arrow.Record) arrow.Record {
	rec = plainRecord(rec)
	if f.pick == nil {
		rec.Retain()
		return rec
	}
	cols := make([]arrow.Array, len(f.pick))
	for i, c := range f.pick {
		cols[i] = slice(rec.Column(c), 0, int(rec.NumRows()))
	}
	return makeRecord(f.schema, cols, int(rec.NumRows()))
}

// plainRecord is the record without the origin of its rows.
func plainRecord(rec arrow.Record) arrow.Record {
	if t, ok := rec.(*tracked); ok {
		return t.Record
	}
	return rec
}

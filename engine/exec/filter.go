package exec

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql/plan"
)

// filter keeps the rows for which a condition is TRUE. Records of which all rows
// stay pass through as they are.
type filter struct {
	text   string
	schema *arrow.Schema
	cond   *condition
	memos  int
}

func newFilter(n *plan.Filter) (*filter, error) {
	x := newExprs(n.Input.Columns(), n.Cond)
	cond, err := x.condition(n.Cond)
	if err != nil {
		return nil, err
	}
	return &filter{text: n.String(), schema: schemaOf(n.Input.Columns()), cond: cond, memos: x.memos}, nil
}

func (f *filter) String() string        { return f.text }
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
	keep, err := f.cond.rows(b)
	b.release()
	if err != nil {
		return nil, err
	}
	n := keep.count()
	switch {
	case n == 0:
		return nil, nil
	case n == int(rec.NumRows()):
		rec.Retain()
		return rec, nil
	}
	rows := keep.rows(make([]int32, 0, n))
	out, err := gatherRecord(t.Allocator(), plainRecord(rec), rows)
	if err != nil {
		return nil, err
	}
	return track(out, rec, rows), nil
}

// plainRecord is the record without the origin of its rows.
func plainRecord(rec arrow.Record) arrow.Record {
	if t, ok := rec.(*tracked); ok {
		return t.Record
	}
	return rec
}

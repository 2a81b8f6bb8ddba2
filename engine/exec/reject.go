package exec

import (
	"errors"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql/plan"
)

// errNoRejecter is a call that rejects rows where nobody leaves them out.
var errNoRejecter = errors.New("a row without an answer cannot be left out here")

// placeOf names the place of a row of t.
func placeOf(t catalog.Task, row int) string {
	if r, ok := t.(catalog.Rejecter); ok {
		return r.Place(row)
	}
	return ""
}

// rejectAt rejects a row of t.
func rejectAt(t catalog.Task, row int, why catalog.Rejection) error {
	if r, ok := t.(catalog.Rejecter); ok {
		return r.Reject(row, why)
	}
	return errNoRejecter
}

// Place of a row of the whole.
func (t rowsTask) Place(row int) string { return placeOf(t.Task, t.at(row)) }

// Reject rejects a row of the whole.
func (t rowsTask) Reject(row int, why catalog.Rejection) error {
	return rejectAt(t.Task, t.at(row), why)
}

// rejections is the task of a batch whose rows a call may reject: it keeps which
// of them were.
type rejections struct {
	catalog.Task // of the record's rows
	n            int
	rows         bitset // nil as long as there are none
}

// Place of a row.
func (r *rejections) Place(row int) string { return placeOf(r.Task, row) }

// Reject notes the row and tells the task below.
func (r *rejections) Reject(row int, why catalog.Rejection) error {
	if row < 0 || row >= r.n {
		return errNoRejecter
	}
	if r.rows == nil {
		r.rows = newBitset(r.n)
	}
	r.rows.add(row)
	return rejectAt(r.Task, row, why)
}

// watch has a batch over a whole record keep which of its rows are rejected.
func (b *batch) watch() *rejections {
	r := &rejections{Task: b.task, n: b.n}
	b.task = r
	return r
}

// kept are the rows that were not rejected; ok is false when none was.
func (r *rejections) kept() (rows []int32, ok bool) {
	if r == nil || r.rows == nil {
		return nil, false
	}
	keep := newBitset(r.n)
	keep.fill(r.n)
	keep.andNot(r.rows)
	return keep.rows(make([]int32, 0, keep.count())), true
}

// keep cuts what was made of the rows of rec, one for one, to those that were not
// rejected; it is given out. Nil when none is left.
func (r *rejections) keep(out, rec arrow.Record) (arrow.Record, error) {
	rows, some := r.kept()
	if !some {
		return sameRows(out, rec), nil
	}
	defer out.Release()
	if len(rows) == 0 {
		return nil, nil
	}
	less, err := gatherRecord(r.Allocator(), out, rows)
	if err != nil {
		return nil, err
	}
	return track(less, rec, rows), nil
}

// Asks are the calls of expressions that may reject rows, those inside the bodies
// of lambdas too.
func Asks(es ...plan.Expr) []*plan.Call {
	var out []*plan.Call
	for _, e := range es {
		if e == nil {
			continue
		}
		switch e := e.(type) {
		case *plan.Call:
			if e.Fn.Rejects != nil {
				out = append(out, e)
			}
		case *plan.Lambda:
			out = append(out, Asks(e.Body)...)
		}
		out = append(out, Asks(e.Children()...)...)
	}
	return out
}

// Exprs are the expressions that a node itself evaluates.
func Exprs(n plan.Node) []plan.Expr {
	switch n := n.(type) {
	case *plan.Filter:
		return []plan.Expr{n.Cond}
	case *plan.Project:
		return named(n.Exprs)
	case *plan.Join:
		es := append(append([]plan.Expr{}, n.LeftKeys...), n.RightKeys...)
		if n.On != nil {
			es = append(es, n.On)
		}
		return es
	case *plan.Aggregate:
		return aggregateExprs(n)
	case *plan.Sort:
		return sortExprs(n)
	case *plan.Generate:
		return n.Args
	}
	return nil
}

// asksAnywhere says whether a plan has a call that may reject rows.
func asksAnywhere(n plan.Node) bool {
	if len(Asks(Exprs(n)...)) > 0 {
		return true
	}
	for _, in := range n.Inputs() {
		if asksAnywhere(in) {
			return true
		}
	}
	return false
}

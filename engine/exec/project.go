package exec

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql/plan"
)

// project computes columns. Those that are only passed on are not copied.
type project struct {
	label
	schema *arrow.Schema
	exprs  []*evaluator
	memos  int
	// rejects is true when an expression may reject rows.
	rejects bool
}

func newProject(n *plan.Project, in []plan.Column) (*project, error) {
	es := named(n.Exprs)
	x := newExprs(in, es...)
	evs, err := x.all(es)
	if err != nil {
		return nil, err
	}
	return &project{
		label: label{of: n}, schema: schemaOf(n.Columns()), exprs: evs, memos: x.memos, rejects: len(Asks(es...)) > 0,
	}, nil
}

func (p *project) Schema() *arrow.Schema { return p.schema }

// Run computes the columns of each record.
func (p *project) Run(t catalog.Task, in Records) Records {
	return each(in, func(rec arrow.Record) (arrow.Record, error) {
		defer rec.Release()
		b := newBatch(t, rec, p.memos)
		defer b.release()
		var rejected *rejections
		if p.rejects {
			rejected = b.watch()
		}
		cols, err := evalAll(b, p.exprs)
		if err != nil {
			return nil, err
		}
		if p.rejects {
			return rejected.keep(makeRecord(p.schema, cols, b.n), rec)
		}
		return sameRows(makeRecord(p.schema, cols, b.n), rec), nil
	})
}

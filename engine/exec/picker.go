package exec

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// picker gives some columns of its input, under the names of its schema.
type picker struct {
	label
	schema *arrow.Schema
	cols   []int
}

func (p *picker) Schema() *arrow.Schema { return p.schema }

// Run copies no rows.
func (p *picker) Run(_ catalog.Task, in Records) Records {
	return each(in, func(rec arrow.Record) (arrow.Record, error) {
		defer rec.Release()
		cols := make([]arrow.Array, len(p.cols))
		for i, c := range p.cols {
			cols[i] = slice(rec.Column(c), 0, int(rec.NumRows()))
		}
		return sameRows(makeRecord(p.schema, cols, int(rec.NumRows())), rec), nil
	})
}

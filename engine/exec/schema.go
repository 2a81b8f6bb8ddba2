package exec

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql/plan"
)

// schemaOf is the schema of records with the given columns.
func schemaOf(cols []plan.Column) *arrow.Schema {
	fields := make([]arrow.Field, len(cols))
	for i, c := range cols {
		fields[i] = arrow.Field{Name: c.Name, Type: c.Type, Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}

// each runs fn over the records of in. It hands fn a record for good; what fn
// returns goes on, unless it is nil.
func each(in Records, fn func(arrow.Record) (arrow.Record, error)) Records {
	return func(yield func(arrow.Record, error) bool) {
		for rec, err := range in {
			var out arrow.Record
			switch {
			case err != nil:
			case rec.NumRows() == 0:
				rec.Release()
			default:
				out, err = fn(rec)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if out != nil && !yield(out, nil) {
				return
			}
		}
	}
}

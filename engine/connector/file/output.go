package file

import (
	"slices"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
)

// wantedColumns is the columns of a schema that a projection needs, ascending and
// once each. With the column that takes broken records all are.
func wantedColumns(schema *arrow.Schema, p *connector.Projection, corrupt string) []int {
	var out []int
	for _, c := range p.Columns {
		if schema.Field(c.Index).Name == corrupt {
			out = out[:0]
			for i := range schema.Fields() {
				out = append(out, i)
			}
			return out
		}
		out = append(out, c.Index)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func fieldsAt(schema *arrow.Schema, cols []int) []arrow.Field {
	out := make([]arrow.Field, len(cols))
	for i, c := range cols {
		out[i] = schema.Field(c)
	}
	return out
}

// output puts decoded columns into the order of a projection.
type output struct {
	p    *connector.Projection
	from []int // for each column of p, its place among the decoded ones
}

func newOutput(p *connector.Projection, cols []int) output {
	o := output{p: p, from: make([]int, len(p.Columns))}
	for i, c := range p.Columns {
		o.from[i] = slices.Index(cols, c.Index)
	}
	return o
}

// record makes a record of n rows. The columns are borrowed.
func (o output) record(t catalog.Task, cols []arrow.Array, n int) (arrow.Record, error) {
	out := make([]arrow.Array, 0, len(o.from))
	defer func() {
		for _, c := range out {
			c.Release()
		}
	}()
	for i, from := range o.from {
		c := cols[from]
		if d := o.p.Columns[i].JSON; d != nil {
			parsed, err := connector.ParseJSON(t.Allocator(), d, c)
			if err != nil {
				return nil, err
			}
			out = append(out, parsed)
			continue
		}
		c.Retain()
		out = append(out, c)
	}
	return array.NewRecord(o.p.Schema, out, int64(n)), nil
}

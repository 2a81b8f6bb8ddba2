package exec

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql/plan"
)

// generate runs a table function for each row of its input, and gives the row
// once for each row that the function gives. With outer, a row for which it gives
// none comes once, with NULLs.
type generate struct {
	label
	schema *arrow.Schema
	name   string
	fn     catalog.TableCall
	args   []*evaluator
	memos  int
	outer  bool
}

func newGenerate(n *plan.Generate, in, out []plan.Column) (*generate, error) {
	x := newExprs(in, n.Args...)
	args, err := x.all(n.Args)
	if err != nil {
		return nil, err
	}
	return &generate{
		label: label{of: n}, schema: schemaOf(out), name: n.Name, fn: n.Fn, args: args, memos: x.memos, outer: n.Outer,
	}, nil
}

func (g *generate) Schema() *arrow.Schema { return g.schema }

// Run gives one record for each of its input.
func (g *generate) Run(t catalog.Task, in Records) Records {
	return each(in, func(rec arrow.Record) (arrow.Record, error) {
		defer rec.Release()
		b := newBatch(t, rec, g.memos)
		defer b.release()
		from, cols, err := g.call(b)
		if err != nil {
			return nil, err
		}
		defer releaseArrays(cols)
		return g.join(rec, b, from, cols)
	})
}

// call runs the function over all rows.
func (g *generate) call(b *batch) (from []int32, cols []arrow.Array, err error) {
	args := make([]arrow.Array, len(g.args))
	defer func() { releaseArrays(args) }()
	for i, a := range g.args {
		get := a.full
		if a.literal {
			get = a.eval
		}
		if args[i], err = get(b); err != nil {
			return nil, nil, err
		}
	}
	if from, cols, err = g.fn.Eval(b.task, b.n, args); err != nil {
		return nil, nil, err
	}
	for i, c := range cols {
		if c.Len() != len(from) {
			releaseArrays(cols)
			return nil, nil, fmt.Errorf("table function %s gave %d rows and %d values of column %d", g.name, len(from), c.Len(), i+1)
		}
	}
	return from, cols, nil
}

// join puts the function's rows beside those they came from.
func (g *generate) join(rec arrow.Record, b *batch, from []int32, cols []arrow.Array) (arrow.Record, error) {
	rows := selection{rows: upTo32(len(from))}
	if g.outer {
		from, rows = addMissing(from, b.n)
	}
	if len(from) == 0 {
		return nil, nil
	}
	left, err := gatherColumns(b.mem(), b.cols, selection{rows: from})
	if err != nil {
		return nil, err
	}
	right, err := gatherColumns(b.mem(), cols, rows)
	if err != nil {
		releaseArrays(left)
		return nil, err
	}
	return track(makeRecord(g.schema, append(left, right...), len(from)), rec, from), nil
}

// addMissing adds the rows, of n, that are not in from. Rows says which row of the
// function belongs to each, -1 for one that was added.
func addMissing(from []int32, n int) (all []int32, rows selection) {
	rows.optional = true
	at := 0
	for r := range int32(n) {
		if at == len(from) || from[at] != r {
			all, rows.rows = append(all, r), append(rows.rows, -1)
			continue
		}
		for ; at < len(from) && from[at] == r; at++ {
			all, rows.rows = append(all, r), append(rows.rows, int32(at))
		}
	}
	return all, rows
}

func upTo32(n int) []int32 {
	out := make([]int32, n)
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

package exec

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql/plan"
)

// sortedRecord is how many rows a sort gives in one record.
const sortedRecord = 16384

// sorting orders all rows; rows with equal keys keep the order of the input.
type sorting struct {
	label
	schema *arrow.Schema
	exprs  []*evaluator
	keys   []sortKey
	memos  int
	top    int // how many of the first rows are wanted; negative for all
}

func newSort(n *plan.Sort, in []plan.Column, top int) (*sorting, error) {
	es := sortExprs(n)
	s := &sorting{label: label{of: n}, schema: schemaOf(in), top: top}
	for _, k := range n.Keys {
		if err := sortable(k.Expr.Type()); err != nil {
			return nil, fmt.Errorf("ORDER BY %s: %w", k.Expr, err)
		}
		s.keys = append(s.keys, sortKey{desc: k.Desc, nullsFirst: k.NullsFirst})
	}
	x := newExprs(in, es...)
	var err error
	s.exprs, err = x.all(es)
	s.memos = x.memos
	if top >= 0 {
		s.after = fmt.Sprintf(", the first %d", top)
	}
	return s, err
}

// noteTop notes for the sort below a limit how many rows are wanted of it.
func (c *compiler) noteTop(n *plan.Limit) {
	if n.N < 0 || n.N > math.MaxInt32 || n.Offset > math.MaxInt32 {
		return
	}
	below := n.Input
	for {
		switch b := below.(type) {
		case *plan.Project:
			below = b.Input
			continue
		case *plan.Sort:
			c.top[b] = int(n.N + n.Offset)
		}
		return
	}
}

// topOf is how many of the first rows are wanted of a sort, -1 for all. The note is
// for the one place just below the limit: plans may share nodes.
func (c *compiler) topOf(n *plan.Sort) int {
	top, ok := c.top[n]
	if !ok {
		return -1
	}
	delete(c.top, n)
	return top
}

func (s *sorting) Schema() *arrow.Schema { return s.schema }

// Ordered is false: rows carry their place.
func (s *sorting) Ordered() bool { return false }

func (s *sorting) Local(catalog.Task) Partial { return &collected{} }

func (s *sorting) Merge(_ catalog.Task, a, b Partial) (Partial, error) {
	return a.(*collected).join(b.(*collected)), nil
}

// Finish sorts, and gives the rows in records of some thousands.
func (s *sorting) Finish(t catalog.Task, p Partial) Records {
	return func(yield func(arrow.Record, error) bool) {
		cols, n, err := p.(*collected).columns(t.Allocator(), s.schema)
		if err != nil {
			yield(nil, err)
			return
		}
		defer releaseArrays(cols)
		if n == 0 {
			return
		}
		rows, err := s.order(t, cols, n)
		if err != nil {
			yield(nil, err)
			return
		}
		giveRows(t.Allocator(), s.schema, cols, rows, yield)
	}
}

func (s *sorting) order(t catalog.Task, cols []arrow.Array, n int) ([]int32, error) {
	b := heldBatch(t, cols, n, s.memos)
	defer b.release()
	keys, err := evalAll(b, s.exprs)
	if err != nil {
		return nil, err
	}
	defer releaseArrays(keys)
	return sortRows(keys, s.keys, n, s.top), nil
}

// giveRows gives the rows of columns, in the order given, in records of bounded
// size.
func giveRows(mem memory.Allocator, schema *arrow.Schema, cols []arrow.Array, rows []int32, yield func(arrow.Record, error) bool) {
	for len(rows) > 0 {
		k := min(sortedRecord, len(rows))
		out, err := gatherColumns(mem, cols, selection{rows: rows[:k]})
		if err != nil {
			yield(nil, err)
			return
		}
		if !yield(makeRecord(schema, out, k), nil) {
			return
		}
		rows = rows[k:]
	}
}

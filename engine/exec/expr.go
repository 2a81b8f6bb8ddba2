package exec

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql/plan"
)

// evaluator computes an expression over a batch. It is immutable.
type evaluator struct {
	typ arrow.DataType
	// constant evaluators give an array of length 1, whatever the batch.
	constant bool
	// literal evaluators are constant and were so when the call around them was
	// bound.
	literal bool
	// costly is worth skipping for the rows that do not need it, at the price of
	// gathering those that do.
	costly bool
	// notNull is x when the expression is x IS NOT NULL: a condition needs no array
	// for it.
	notNull *evaluator
	// cols are the ordinals it reads, ascending.
	cols []int
	// eval computes all rows of the batch. The caller releases the result.
	eval func(b *batch) (arrow.Array, error)
}

// full computes n rows, whether constant or not.
func (e *evaluator) full(b *batch) (arrow.Array, error) {
	a, err := e.eval(b)
	if err != nil || !e.constant || b.n == 1 {
		return a, err
	}
	defer a.Release()
	return repeat(b.mem(), a, b.n)
}

// exprs compiles the expressions of one operator over one input.
type exprs struct {
	ordinals map[plan.ColumnID]int
	shared   map[string]int // calls that occur more than once, and their slots
	memos    int
}

// newExprs starts an operator whose input has the given columns and which
// evaluates all of es over the same batch.
func newExprs(input []plan.Column, es ...plan.Expr) *exprs {
	x := &exprs{ordinals: make(map[plan.ColumnID]int, len(input)), shared: map[string]int{}}
	for i, c := range input {
		x.ordinals[c.ID] = i
	}
	seen := map[string]int{}
	for _, e := range es {
		countCalls(e, seen)
	}
	for k, n := range seen {
		if n > 1 {
			x.shared[k] = len(x.shared)
		}
	}
	x.memos = len(x.shared)
	return x
}

// compile gives the evaluator of an expression.
func (x *exprs) compile(e plan.Expr) (*evaluator, error) {
	switch e := e.(type) {
	case *plan.ColumnRef:
		return x.column(e)
	case *plan.Literal:
		return literal(e), nil
	case *plan.Call:
		return x.call(e)
	case *plan.Logic:
		return x.logic(e)
	case *plan.Case:
		return x.cases(e)
	case *plan.Coalesce:
		return x.coalesce(e)
	case *plan.Field:
		return x.field(e)
	}
	return nil, fmt.Errorf("expression %s (%T) cannot be evaluated", e, e)
}

// all compiles several expressions.
func (x *exprs) all(es []plan.Expr) ([]*evaluator, error) {
	out := make([]*evaluator, len(es))
	for i, e := range es {
		var err error
		if out[i], err = x.compile(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (x *exprs) column(e *plan.ColumnRef) (*evaluator, error) {
	i, ok := x.ordinals[e.Column.ID]
	if !ok {
		return nil, fmt.Errorf("column %s (id %d) is not among its operator's input", e.Column.Name, e.Column.ID)
	}
	return &evaluator{typ: e.Type(), cols: []int{i}, eval: func(b *batch) (arrow.Array, error) {
		b.cols[i].Retain()
		return b.cols[i], nil
	}}, nil
}

func literal(e *plan.Literal) *evaluator {
	settle(e.Value)
	return &evaluator{typ: e.Type(), constant: true, literal: true, eval: func(*batch) (arrow.Array, error) {
		e.Value.Retain()
		return e.Value, nil
	}}
}

// settle has an array that goroutines share count its NULLs, which arrow does
// lazily and without a lock.
func settle(a arrow.Array) {
	if a == nil {
		return
	}
	a.NullN()
	switch a := a.(type) {
	case interface {
		NumField() int
		Field(int) arrow.Array
	}:
		for i := range a.NumField() {
			settle(a.Field(i))
		}
	case interface{ ListValues() arrow.Array }:
		settle(a.ListValues())
	}
}

// columnsOf is the union of what evaluators read.
func columnsOf(es ...*evaluator) []int {
	var cols []int
	for _, e := range es {
		if e != nil {
			cols = append(cols, e.cols...)
		}
	}
	slices.Sort(cols)
	return slices.Compact(cols)
}

func anyCostly(es []*evaluator) bool {
	return slices.ContainsFunc(es, func(e *evaluator) bool { return e != nil && e.costly })
}

// evalAll evaluates each for all rows of b.
func evalAll(b *batch, es []*evaluator) ([]arrow.Array, error) {
	out := make([]arrow.Array, len(es))
	for i, e := range es {
		var err error
		if out[i], err = e.full(b); err != nil {
			releaseArrays(out)
			return nil, err
		}
	}
	return out, nil
}

package plan

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql"
)

// correlation is what a subquery takes from the query around it.
type correlation struct {
	scope *relation
	// conds are the conditions of the subquery's WHERE that read the columns around;
	// they hold for the join that the subquery becomes. What they read of the
	// subquery is among its node's columns.
	conds []Expr
	// empty are the values of the columns for no rows, when the aggregates were
	// grouped by the correlation; else nil.
	empty   []Expr
	grouped bool
}

// around is the scope of the query around, or nil.
func (r *relation) around() *relation {
	if r.outer == nil {
		return nil
	}
	return r.outer.scope
}

// outerColumn finds a name in the query around.
func (x *exprBinder) outerColumn(e *sql.ColumnRef) (Expr, bool) {
	outer := x.scope.outer
	if outer == nil {
		return nil, false
	}
	found, used := x.match(outer.scope, e.Parts)
	switch {
	case len(found) == 0:
		return nil, false
	case len(found) > 1:
		x.ambiguous(e.Pos(), dotted(e.Parts[:used]), found)
		return nil, true
	case found[0].Type == nil:
		return nil, true
	case x.clause != "WHERE" || x.inner != "" || len(x.params) > 0:
		x.unsupported(e.Pos(), "a column of the query around ("+dotted(e.Parts)+") outside the subquery's WHERE")
		return nil, true
	}
	ref := &ColumnRef{Span: x.pos(e.Pos()), Column: found[0].Column}
	return x.fields(ref, e.Parts[used:], e.Pos()), true
}

// correlatedValue is a scalar subquery whose aggregates are grouped by what
// equals columns around: a left join.
func (x *exprBinder) correlatedValue(sub *relation, corr *correlation, span sql.Span) Expr {
	if !corr.grouped {
		x.unsupported(span, "a correlated subquery that is a value and no aggregate")
		return nil
	}
	value := sub.cols[0].Column
	found := Column{ID: x.newID(), Name: "exists", Type: arrow.FixedWidthTypes.Boolean}
	node := &Project{Input: sub.node, Exprs: append(refs(sub.node.Columns()), NamedExpr{Column: found, Expr: Bool(true, x.pos(span))})}
	on := x.aboveGroups(and(corr.conds), node)
	if on == nil {
		return nil
	}
	x.source.add(func(n Node) Node { return &Join{Kind: Left, Left: n, Right: node, On: on} }, node.Columns()...)
	ref := &ColumnRef{Span: x.pos(span), Column: value}
	if isNullLiteral(corr.empty[0]) {
		return ref
	}
	cond := x.callNamed("isnotnull", span, []Expr{&ColumnRef{Span: x.pos(span), Column: found}})
	if cond == nil {
		return nil
	}
	return &Case{Span: x.pos(span), Whens: []When{{Cond: cond, Then: ref}}, Else: corr.empty[0]}
}

// aboveGroups makes a condition read groups and aggregates where the join with a
// subquery stands above the aggregation.
func (x *exprBinder) aboveGroups(cond Expr, sub Node) Expr {
	if x.aggs == nil {
		return cond
	}
	theirs := columnSet(sub.Columns())
	return x.aggs.replace(cond, func(id ColumnID) bool { return theirs[id] })
}

// groupByCorrelation groups a block's aggregates by what its correlation makes
// equal to columns around.
func (q *selectBinder) groupByCorrelation() bool {
	if q.outer == nil || len(q.outer.conds) == 0 || q.aggs == nil {
		return true
	}
	own := columnSet(q.in.node.Columns())
	if q.s.GroupBy != nil || q.s.Having != nil || q.s.Distinct {
		q.unsupported(q.s.Pos(), "a correlated subquery with GROUP BY, HAVING or DISTINCT")
		return false
	}
	for i, c := range q.outer.conds {
		call, ok := c.(*Call)
		if !ok || call.Name != "=" {
			q.unsupported(c.Pos(), "a correlation of an aggregate other than by =")
			return false
		}
		inner, outer := call.Args[0], call.Args[1]
		if subset(readBy(outer), own) {
			inner, outer = outer, inner
		}
		if !subset(readBy(inner), own) || !disjoint(readBy(outer), own) {
			q.unsupported(c.Pos(), "this correlation")
			return false
		}
		g := q.aggs.groups[q.aggs.group(inner, fmt.Sprintf("key%d", i+1))]
		ref := &ColumnRef{Span: inner.Pos(), Column: g.Column}
		q.outer.conds[i] = call.WithChildren([]Expr{outer, ref})
	}
	q.outer.grouped = true
	return true
}

func disjoint(a, b map[ColumnID]bool) bool {
	for id := range a {
		if b[id] {
			return false
		}
	}
	return true
}

// carried are the columns that conditions of the correlation read.
func (q *selectBinder) carried(node Node) []NamedExpr {
	if q.outer == nil {
		return nil
	}
	read := readBy(q.outer.conds...)
	have := map[ColumnID]bool{}
	for _, it := range q.items {
		have[it.col.ID] = true
	}
	var out []NamedExpr
	for _, c := range node.Columns() {
		if read[c.ID] && !have[c.ID] {
			out = append(out, NamedExpr{Column: c, Expr: &ColumnRef{Column: c}})
		}
	}
	return out
}

// emptyValue is an item's value for no rows at all.
func (q *selectBinder) emptyValue(it *item) Expr {
	empty := rewrite(it.expr, func(e Expr) Expr {
		ref, ok := e.(*ColumnRef)
		if !ok {
			return e
		}
		for _, agg := range q.aggs.aggs {
			if agg.Column.ID == ref.Column.ID {
				return emptyAggregate(agg)
			}
		}
		return e
	})
	if l, ok := foldConstant(empty); ok {
		return l
	}
	return Null(it.expr.Type(), it.expr.Pos())
}

// emptyAggregate is what an aggregate gives for no rows.
func emptyAggregate(agg AggExpr) Expr {
	t := &foldTask{mem: goHeap}
	acc := agg.Fn.New(t)
	defer acc.Release()
	v, err := acc.Result(t, 1)
	if err != nil || t.faulty || v.Len() != 1 {
		return Null(agg.Column.Type, sql.Span{})
	}
	return &Literal{Value: v}
}

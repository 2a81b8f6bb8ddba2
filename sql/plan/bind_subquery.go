package plan

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql"
)

// filter keeps the rows of a plan for which a WHERE holds. Its conjuncts that
// ask for rows of a subquery become joins; those that read the query around
// become conditions of the correlation.
func (x *exprBinder) filter(n Node, where sql.Expr, outer *correlation) Node {
	var plain []Expr
	var joins []func(Node) Node
	for _, c := range sqlConjuncts(where) {
		if join, ok := x.existence(c); ok {
			joins = append(joins, join)
			continue
		}
		bound := x.condition(c)
		switch {
		case bound == nil: // reported
		case outer != nil && !subset(readBy(bound), x.own(n)):
			outer.conds = append(outer.conds, conjuncts(bound)...)
		default:
			plain = append(plain, bound)
		}
	}
	n = x.source.apply(n)
	if len(plain) > 0 {
		n = &Filter{Input: n, Cond: and(plain)}
	}
	for _, join := range joins {
		if join != nil {
			n = join(n)
		}
	}
	return n
}

// own are the columns that are the block's own.
func (x *exprBinder) own(n Node) map[ColumnID]bool {
	ids := columnSet(n.Columns())
	for id := range x.source.cols {
		ids[id] = true
	}
	return ids
}

func sqlConjuncts(e sql.Expr) []sql.Expr {
	if b, ok := e.(*sql.Binary); ok && b.Op == "AND" {
		return append(sqlConjuncts(b.L), sqlConjuncts(b.R)...)
	}
	return []sql.Expr{e}
}

// existence is the join that [NOT] EXISTS or [NOT] IN (SELECT ...) becomes when
// it is a conjunct by itself. The join is nil after a fault.
func (x *exprBinder) existence(e sql.Expr) (func(Node) Node, bool) {
	switch e := e.(type) {
	case *sql.Unary:
		switch in := e.X.(type) {
		case *sql.ExistsExpr:
			if e.Op == "NOT" {
				return x.semiJoin(Anti, nil, in.Query, in.Pos()), true
			}
		case *sql.InList:
			if e.Op == "NOT" && in.Query != nil {
				kind := Anti
				if in.Not {
					kind = Semi
				}
				return x.semiJoin(kind, in.X, in.Query, in.Pos()), true
			}
		}
	case *sql.ExistsExpr:
		return x.semiJoin(Semi, nil, e.Query, e.Pos()), true
	case *sql.InList:
		if e.Query != nil {
			kind := Semi
			if e.Not {
				kind = Anti
			}
			return x.semiJoin(kind, e.X, e.Query, e.Pos()), true
		}
	}
	return nil, false
}

func (x *exprBinder) semiJoin(kind JoinKind, operand sql.Expr, q *sql.Query, span sql.Span) func(Node) Node {
	corr := &correlation{scope: x.scope}
	sub := x.query(q, corr)
	var equal Expr
	if operand != nil {
		equal = x.equalTo(operand, sub, span)
		if equal == nil {
			return nil
		}
	}
	if sub.open {
		return nil
	}
	if corr.grouped {
		x.unsupported(span, "a correlated subquery with aggregates in EXISTS or IN")
		return nil
	}
	if equal != nil && kind == Anti { // NOT IN is NULL when a comparison is
		unknown := x.callNamed("isnull", span, []Expr{equal})
		if unknown == nil {
			return nil
		}
		equal = &Logic{Span: x.pos(span), Or: true, Args: []Expr{equal, unknown}}
	}
	conds := corr.conds
	if equal != nil {
		conds = append([]Expr{equal}, conds...)
	}
	return func(n Node) Node {
		n = x.source.apply(n)
		return &Join{Kind: kind, Left: n, Right: sub.node, On: and(conds)}
	}
}

// equalTo is operand = the subquery's column, or columns for a row (a, b).
func (x *exprBinder) equalTo(operand sql.Expr, sub *relation, span sql.Span) Expr {
	items := []sql.Expr{operand}
	if row, ok := operand.(*sql.RowExpr); ok && len(sub.cols) == len(row.Items) {
		items = row.Items
	}
	bound, ok := x.all(items)
	if !ok || sub.open {
		return nil
	}
	if len(sub.cols) != len(items) {
		x.errorf(span, "IN compares %s with a subquery of %s", count(len(items), "value"), count(len(sub.cols), "column"))
		return nil
	}
	var conds []Expr
	for i, e := range bound {
		eq := x.callNamed("=", span, []Expr{e, &ColumnRef{Span: x.pos(span), Column: sub.cols[i].Column}})
		if eq == nil {
			return nil
		}
		conds = append(conds, eq)
	}
	return and(conds)
}

// exists binds EXISTS where it is a value.
func (x *exprBinder) exists(e *sql.ExistsExpr) Expr {
	sub := x.plainSubquery(e.Query, e.Pos())
	if sub == nil {
		return nil
	}
	found := Column{ID: x.newID(), Name: "exists", Type: arrow.FixedWidthTypes.Boolean}
	node := &Project{Input: &Limit{Input: sub.node, N: 1}, Exprs: []NamedExpr{{Column: found, Expr: Bool(true, x.pos(e.Pos()))}}}
	return x.marked(node, found, nil, e.Pos())
}

// inSubquery binds IN (SELECT ...) where it is a value: as in Spark it is then
// TRUE or FALSE.
func (x *exprBinder) inSubquery(e *sql.InList) Expr {
	sub := x.plainSubquery(e.Query, e.Pos())
	if sub == nil {
		return nil
	}
	equal := x.equalTo(e.X, sub, e.Pos())
	if equal == nil {
		return nil
	}
	if e.Not {
		return x.notInSubquery(e, sub, equal)
	}
	return x.inRows(e, sub, equal)
}

// inRows is TRUE where a row of the subquery is equal.
func (x *exprBinder) inRows(e *sql.InList, sub *relation, equal Expr) Expr {
	found := Column{ID: x.newID(), Name: "exists", Type: arrow.FixedWidthTypes.Boolean}
	keys := distinct(sub.visible())
	node := &Project{Input: keys, Exprs: append(refs(keys.Columns()), NamedExpr{Column: found, Expr: Bool(true, x.pos(e.Pos()))})}
	return x.marked(node, found, equal, e.Pos())
}

// notInSubquery is TRUE where every row of the subquery is known to be
// different: none is equal, and neither side is NULL, unless there are no rows.
func (x *exprBinder) notInSubquery(e *sql.InList, sub *relation, equal Expr) Expr {
	call, single := equal.(*Call)
	count := x.cat.Aggregate("count")
	if !single || count == nil {
		x.unsupported(e.Pos(), "NOT IN (SELECT ...) of several columns inside an expression")
		return nil
	}
	agg := &Aggregate{Input: sub.visible()}
	var counts []Expr
	for _, arg := range []Expr{bigint(1), &ColumnRef{Column: sub.cols[0].Column}} {
		args := []argument{{expr: arg}}
		bound, err := count.BindAggregate(x.infos(args))
		if err != nil {
			x.errorf(e.Pos(), "%s", err)
			return nil
		}
		col := Column{ID: x.newID(), Name: "count", Type: bound.Type}
		agg.Aggs = append(agg.Aggs, AggExpr{Column: col, Name: "count", Fn: bound, Args: []Expr{arg}})
		counts = append(counts, &ColumnRef{Span: x.pos(e.Pos()), Column: col})
	}
	found := x.inRows(e, sub, equal)
	x.source.add(func(n Node) Node { return &Join{Kind: Cross, Left: n, Right: agg} }, agg.Columns()...)
	unknown := x.callNamed("isnull", e.Pos(), call.Args[:1])
	some := x.callNamed(">", e.Pos(), []Expr{counts[0], bigint(0)})
	nulls := x.callNamed("<", e.Pos(), []Expr{counts[1], counts[0]})
	if found == nil || unknown == nil || some == nil || nulls == nil {
		return nil
	}
	span := x.pos(e.Pos())
	unknown = &Logic{Span: span, Args: []Expr{unknown, some}}
	return x.not(&Logic{Span: span, Or: true, Args: []Expr{found, unknown, nulls}}, e.Pos())
}

// marked is a left join and the test that it found a row.
func (x *exprBinder) marked(sub Node, found Column, on Expr, span sql.Span) Expr {
	if on != nil {
		if on = x.aboveGroups(on, sub); on == nil {
			return nil
		}
	}
	x.source.add(func(n Node) Node { return &Join{Kind: Left, Left: n, Right: sub, On: on} }, sub.Columns()...)
	return x.callNamed("isnotnull", span, []Expr{&ColumnRef{Span: x.pos(span), Column: found}})
}

// plainSubquery binds a subquery that reads nothing of the query around.
func (x *exprBinder) plainSubquery(q *sql.Query, span sql.Span) *relation {
	if x.source == nil {
		x.unsupported(span, "a subquery in "+x.clause)
		return nil
	}
	corr := &correlation{scope: x.scope}
	sub := x.query(q, corr)
	if sub.open {
		return nil
	}
	if len(corr.conds) > 0 {
		x.unsupported(span, "a correlated subquery inside an expression")
		return nil
	}
	return sub
}

// scalarSubquery binds a subquery that is a value: the one column of its one
// row, or NULL.
func (x *exprBinder) scalarSubquery(e *sql.SubqueryExpr) Expr {
	if x.source == nil {
		x.unsupported(e.Pos(), "a subquery in "+x.clause)
		return nil
	}
	corr := &correlation{scope: x.scope}
	sub := x.query(e.Query, corr)
	if sub.open {
		return nil
	}
	if len(sub.cols) != 1 {
		x.errorf(e.Pos(), "a subquery that is a value has one column, and this has %d", len(sub.cols))
		return nil
	}
	value := sub.cols[0].Column
	if len(corr.conds) > 0 {
		return x.correlatedValue(sub, corr, e.Pos())
	}
	node := sub.node
	if !oneRowPlan(node) {
		call := singleValue(value.Type)
		agg := AggExpr{Column: Column{ID: x.newID(), Name: value.Name, Type: value.Type}, Name: "single_value", Fn: call,
			Args: []Expr{&ColumnRef{Column: value}}}
		node, value = &Aggregate{Input: node, Aggs: []AggExpr{agg}}, agg.Column
	}
	x.source.add(func(n Node) Node { return &Join{Kind: Cross, Left: n, Right: node} }, node.Columns()...)
	return &ColumnRef{Span: x.pos(e.Pos()), Column: value}
}

// oneRowPlan says whether a plan gives exactly one row whatever its input.
func oneRowPlan(n Node) bool {
	switch n := n.(type) {
	case *Aggregate:
		return len(n.Groups) == 0
	case *Project:
		return oneRowPlan(n.Input)
	case *Values:
		return n.Rows == 1
	}
	return false
}

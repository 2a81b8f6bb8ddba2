package plan

import (
	"slices"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql"
)

// lateralJoin binds a LATERAL subquery, which may read the columns on its left
// in its WHERE: a join by those conditions.
func (b *binder) lateralJoin(kind JoinKind, left *relation, d *sql.Derived, on sql.Expr) *relation {
	if kind != Inner && kind != Cross && kind != Left {
		b.unsupported(d.Pos(), kind.words()+" with a LATERAL subquery")
		return failed()
	}
	corr := &correlation{scope: left}
	sub := b.aliased(b.sampled(b.query(d.Query, corr), d.Sample), d.Alias, d.Pos())
	if sub.open || left.open {
		return failed()
	}
	if corr.grouped {
		return b.lateralAggregate(kind, left, sub, corr, on, d.Pos())
	}
	out := beside(left, sub)
	conds := corr.conds
	if on != nil {
		x := &exprBinder{binder: b, scope: out, clause: "ON"}
		cond := x.condition(on)
		if cond == nil {
			return failed()
		}
		conds = append(slices.Clone(conds), cond)
	}
	j := &Join{Kind: kind, Left: left.node, Right: sub.node, On: and(conds)}
	switch {
	case kind == Cross && j.On != nil:
		j.Kind = Inner
	case kind == Inner && j.On == nil:
		j.Kind = Cross
	}
	out.node = j
	return out
}

// lateralAggregate joins a LATERAL subquery of aggregates without GROUP BY: it
// has one row for each row on the left, also where nothing matches.
func (b *binder) lateralAggregate(kind JoinKind, left, sub *relation, corr *correlation, on sql.Expr, span sql.Span) *relation {
	if on != nil && kind == Left {
		b.unsupported(on.Pos(), "LEFT JOIN LATERAL of an aggregate with ON")
		return failed()
	}
	found := Column{ID: b.newID(), Name: "exists", Type: arrow.FixedWidthTypes.Boolean}
	right := &Project{Input: sub.node, Exprs: append(refs(sub.node.Columns()), NamedExpr{Column: found, Expr: Bool(true, b.pos(span))})}
	cond := b.callNamed("isnotnull", span, []Expr{&ColumnRef{Span: b.pos(span), Column: found}})
	if cond == nil {
		return failed()
	}
	p := &Project{
		Input: &Join{Kind: Left, Left: left.node, Right: right, On: and(corr.conds)},
		Exprs: refs(left.node.Columns()),
	}
	out := &relation{cols: slices.Clone(left.cols), hidden: left.hidden}
	for i, c := range sub.cols {
		value := &Case{Span: b.pos(span), Whens: []When{{Cond: cond, Then: &ColumnRef{Span: b.pos(span), Column: c.Column}}}, Else: corr.empty[i]}
		c.ID = b.newID()
		p.Exprs = append(p.Exprs, NamedExpr{Column: c.Column, Expr: value})
		out.cols = append(out.cols, c)
	}
	if out.node = p; on != nil {
		x := &exprBinder{binder: b, scope: out, clause: "ON"}
		cond := x.condition(on)
		if cond == nil {
			return failed()
		}
		out.node = &Filter{Input: p, Cond: cond}
	}
	return out
}

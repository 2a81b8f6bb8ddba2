package plan

import (
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql"
)

// condition binds an expression that must be BOOLEAN.
func (x *exprBinder) condition(e sql.Expr) Expr {
	out := x.expr(e)
	if out == nil {
		return nil
	}
	if out.Type().ID() != arrow.BOOL {
		x.errorf(e.Pos(), "%s needs a condition, and this is %s", x.clause, sql.TypeSQL(out.Type()))
		return nil
	}
	return out
}

// logic joins a chain of the same connective into one node.
func (x *exprBinder) logic(e *sql.Binary) Expr {
	var operands []sql.Expr
	var flatten func(sql.Expr)
	flatten = func(o sql.Expr) {
		if l, ok := o.(*sql.Binary); ok && l.Op == e.Op {
			flatten(l.L)
			flatten(l.R)
			return
		}
		operands = append(operands, o)
	}
	flatten(e)
	args, ok := x.all(operands)
	for i, a := range args {
		if a == nil {
			continue
		}
		switch a.Type().ID() {
		case arrow.BOOL:
		case arrow.NULL:
			args[i] = Null(arrow.FixedWidthTypes.Boolean, a.Pos())
		default:
			x.errorf(operands[i].Pos(), "%s needs conditions, and this is %s", e.Op, sql.TypeSQL(a.Type()))
			ok = false
		}
	}
	if !ok {
		return nil
	}
	return &Logic{Span: x.pos(e.Pos()), Or: e.Op == "OR", Args: args}
}

func (x *exprBinder) is(e *sql.IsExpr) Expr {
	var out Expr
	switch e.What {
	case "NULL":
		if e.Not {
			return x.operator("isnotnull", e.Pos(), e.X)
		}
		return x.operator("isnull", e.Pos(), e.X)
	case "DISTINCT FROM":
		out = x.operator("<=>", e.Pos(), e.X, e.Right)
		if !e.Not {
			return x.not(out, e.Pos())
		}
		return out
	}
	operand := x.expr(e.X)
	if operand == nil {
		return nil
	}
	if operand.Type().ID() == arrow.NULL {
		operand = Null(arrow.FixedWidthTypes.Boolean, operand.Pos())
	}
	if operand.Type().ID() != arrow.BOOL {
		x.errorf(e.X.Pos(), "IS %s needs a condition, and this is %s", e.What, sql.TypeSQL(operand.Type()))
		return nil
	}
	switch e.What {
	case "TRUE", "FALSE":
		out = x.callNamed("<=>", e.Pos(), []Expr{operand, Bool(e.What == "TRUE", x.pos(e.Pos()))})
	case "UNKNOWN":
		out = x.callNamed("isnull", e.Pos(), []Expr{operand})
	default:
		x.unsupported(e.Pos(), "IS "+e.What)
		return nil
	}
	if e.Not {
		return x.not(out, e.Pos())
	}
	return out
}

// not negates a bound condition.
func (x *exprBinder) not(e Expr, span sql.Span) Expr {
	if e == nil {
		return nil
	}
	return x.callNamed("not", span, []Expr{e})
}

func (x *exprBinder) between(e *sql.Between) Expr {
	v, low, high := x.expr(e.X), x.expr(e.Low), x.expr(e.High)
	if v == nil || low == nil || high == nil {
		return nil
	}
	from := x.callNamed(">=", e.Pos(), []Expr{v, low})
	to := x.callNamed("<=", e.Pos(), []Expr{v, high})
	if from == nil || to == nil {
		return nil
	}
	out := Expr(&Logic{Span: x.pos(e.Pos()), Args: []Expr{from, to}})
	if e.Not {
		return x.not(out, e.Pos())
	}
	return out
}

func (x *exprBinder) inList(e *sql.InList) Expr {
	if e.Query != nil {
		return x.inSubquery(e)
	}
	args, ok := x.all(append([]sql.Expr{e.X}, e.List...))
	if !ok {
		return nil
	}
	spans := []sql.Span{e.X.Pos()}
	for _, item := range e.List {
		spans = append(spans, item.Pos())
	}
	if args, ok = x.common(args, spans, "IN"); !ok {
		return nil
	}
	out := x.callNamed("in", e.Pos(), args)
	if e.Not {
		return x.not(out, e.Pos())
	}
	return out
}

func (x *exprBinder) like(e *sql.LikeExpr) Expr {
	name := strings.ToLower(e.Op)
	v := x.expr(e.X)
	patterns, ok := x.all(e.Patterns)
	var escape Expr
	if e.Escape != nil {
		escape = x.expr(e.Escape)
		ok = ok && escape != nil
	}
	if v == nil || !ok {
		return nil
	}
	var parts []Expr
	for _, p := range patterns {
		args := []Expr{v, p}
		if escape != nil {
			args = append(args, escape)
		}
		one := x.callNamed(name, e.Pos(), args)
		if e.Not && e.Quantifier != "" {
			one = x.not(one, e.Pos())
		}
		if one == nil {
			return nil
		}
		parts = append(parts, one)
	}
	if len(parts) == 1 {
		if e.Not && e.Quantifier == "" {
			return x.not(parts[0], e.Pos())
		}
		return parts[0]
	}
	return &Logic{Span: x.pos(e.Pos()), Or: e.Quantifier != "ALL", Args: parts}
}

func (x *exprBinder) caseExpr(e *sql.CaseExpr) Expr {
	var operand Expr
	ok := true
	if e.Operand != nil {
		operand = x.expr(e.Operand)
		ok = operand != nil
	}
	var conds, values []Expr
	var spans []sql.Span
	for _, w := range e.Whens {
		cond := x.expr(w.When)
		value := x.expr(w.Then)
		if operand != nil && cond != nil {
			cond = x.callNamed("=", w.When.Pos(), []Expr{operand, cond})
		}
		if ok = ok && cond != nil && value != nil; cond != nil {
			cond, ok = x.whenCondition(cond, w.When.Pos(), ok)
		}
		conds, values, spans = append(conds, cond), append(values, value), append(spans, w.Then.Pos())
	}
	if e.Else != nil {
		value := x.expr(e.Else)
		ok = ok && value != nil
		values, spans = append(values, value), append(spans, e.Else.Pos())
	}
	if !ok {
		return nil
	}
	if values, ok = x.common(values, spans, "CASE"); !ok {
		return nil
	}
	out := &Case{Span: x.pos(e.Pos())}
	for i, c := range conds {
		out.Whens = append(out.Whens, When{Cond: c, Then: values[i]})
	}
	if out.Else = Null(values[0].Type(), out.Span); e.Else != nil {
		out.Else = values[len(values)-1]
	}
	return out
}

func (x *exprBinder) whenCondition(cond Expr, span sql.Span, ok bool) (Expr, bool) {
	switch cond.Type().ID() {
	case arrow.BOOL:
		return cond, ok
	case arrow.NULL:
		return Null(arrow.FixedWidthTypes.Boolean, cond.Pos()), ok
	}
	x.errorf(span, "WHEN needs a condition, and this is %s", sql.TypeSQL(cond.Type()))
	return cond, false
}

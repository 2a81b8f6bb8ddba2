package plan

import (
	"errors"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// lambdaParam is a parameter in scope in a lambda's body.
type lambdaParam struct {
	name   string
	column Column
}

func (p lambdaParam) ref(span sql.Span) Expr { return &ColumnRef{Span: span, Column: p.column} }

// lambdaArg is a lambda that waits for the types of its parameters: what a
// function sees of it when it is bound.
type lambdaArg struct {
	x    *exprBinder
	e    *sql.Lambda
	body *lambdaBody
	errs sql.ErrorList // the faults of the last attempt
}

var errLambda = errors.New("the lambda does not type-check")

// Params is how many parameters were written.
func (l *lambdaArg) Params() int { return len(l.e.Params) }

// Bind type-checks the body for parameters of these types.
func (l *lambdaArg) Bind(types []arrow.DataType) (catalog.LambdaBody, error) {
	l.body, l.errs = nil, nil
	if len(types) != len(l.e.Params) {
		l.errs = sql.ErrorList{sql.Errorf(l.x.pos(l.e.Pos()), "this lambda needs %s, and has %d", count(len(types), "parameter"), len(l.e.Params))}
		return nil, errLambda
	}
	x := *l.x
	x.aggs, x.source, x.clause = nil, nil, "a lambda"
	x.params = append([]lambdaParam(nil), l.x.params...)
	body := &lambdaBody{}
	for i, p := range l.e.Params {
		c := Column{ID: x.newID(), Name: p.Name, Type: types[i]}
		body.params = append(body.params, c)
		x.params = append(x.params, lambdaParam{name: p.Name, column: c})
	}
	before := len(x.errs)
	body.expr = x.expr(l.e.Body)
	if len(x.errs) > before {
		l.errs = append(l.errs, x.errs[before:]...)
		l.x.errs = x.errs[:before]
	}
	if body.expr == nil {
		return nil, errLambda
	}
	body.findCaptures()
	l.body = body
	return body, nil
}

// expr is the bound lambda as an argument.
func (l *lambdaArg) expr() Expr {
	out := &Lambda{Span: l.x.pos(l.e.Pos()), Deterministic: true}
	for _, p := range l.e.Params {
		out.Params = append(out.Params, p.Name)
	}
	if l.body == nil { // the function did not look at it
		out.Body = Null(arrow.Null, out.Span)
		return out
	}
	out.Body, out.params, out.outer = l.body.expr, l.body.params, l.body.captures
	out.Deterministic = deterministic(l.body.expr)
	for _, c := range l.body.captures {
		out.Captures = append(out.Captures, &ColumnRef{Span: out.Span, Column: c})
	}
	return out
}

// paramName is a parameter in the text of a lambda: two lambdas written
// alike have the same text.
type paramName struct{ *ColumnRef }

func (p paramName) String() string { return p.Column.Name }

// bodyText is the body with the parameters' names and what the captures are now.
func (e *Lambda) bodyText() string {
	values := map[ColumnID]Expr{}
	for _, c := range e.params {
		values[c.ID] = paramName{&ColumnRef{Column: c}}
	}
	for i, c := range e.outer {
		values[c.ID] = e.Captures[i]
	}
	return rewriteDown(e.Body, func(e Expr) (Expr, bool) {
		ref, ok := e.(*ColumnRef)
		if !ok {
			return e, false
		}
		if v, found := values[ref.Column.ID]; found {
			return v, true
		}
		return e, true
	}).String()
}

// lambdaBody is a bound lambda; see catalog.LambdaBody.
type lambdaBody struct {
	params, captures []Column
	expr             Expr
}

// findCaptures collects the columns from outside, in the order of their first
// use.
func (l *lambdaBody) findCaptures() {
	own := columnSet(l.params)
	visit(l.expr, func(e Expr) bool {
		if ref, ok := e.(*ColumnRef); ok && !own[ref.Column.ID] {
			own[ref.Column.ID] = true
			l.captures = append(l.captures, ref.Column)
		}
		return true
	})
}

// Type of the body.
func (l *lambdaBody) Type() arrow.DataType { return l.expr.Type() }

// Captures is how many outer columns the body reads.
func (l *lambdaBody) Captures() int { return len(l.captures) }

// Eval computes the body for n rows.
func (l *lambdaBody) Eval(t catalog.Task, n int, params, captures []arrow.Array) (arrow.Array, error) {
	env := environment{}
	for i, c := range l.params {
		env[c.ID] = params[i]
	}
	for i, c := range l.captures {
		env[c.ID] = captures[i]
	}
	return evaluate(t, l.expr, env, n)
}

package plan

import (
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql"
)

// exprBinder binds the expressions of one clause. A nil expression in its
// results stands for a fault that was reported.
type exprBinder struct {
	*binder
	scope  *relation
	clause string // "WHERE", for messages
	// names are other things a name can be: aliases of the select list. They go
	// before columns with namesFirst.
	names      func(name sql.Ident) (Expr, bool)
	namesFirst bool
	// aggs collects aggregates; nil where there can be none.
	aggs *aggregation
	// inner is the name of the aggregate whose arguments are being bound, or "".
	inner string
	// params are the parameters of the lambdas around, innermost last.
	params []lambdaParam
	// source takes the joins that subqueries become; nil where there can be none.
	source *source
}

// expr binds an expression.
func (x *exprBinder) expr(e sql.Expr) Expr {
	out := x.bind(e)
	if out != nil {
		x.bound[e] = out
	}
	return out
}

func (x *exprBinder) bind(e sql.Expr) Expr {
	switch e := e.(type) {
	case *sql.NullLit, *sql.BoolLit, *sql.NumberLit, *sql.StringLit, *sql.BinaryLit, *sql.TypedLit:
		return x.literal(e)
	case *sql.IntervalLit:
		return x.interval(e)
	case *sql.ColumnRef:
		return x.columnRef(e)
	case *sql.Star:
		x.errorf(e.Pos(), "* can stand in a select list or among a call's arguments only")
		return nil
	case *sql.Unary:
		return x.unary(e)
	case *sql.Binary:
		return x.binary(e)
	case *sql.IsExpr:
		return x.is(e)
	case *sql.Between:
		return x.between(e)
	case *sql.InList:
		return x.inList(e)
	case *sql.LikeExpr:
		return x.like(e)
	case *sql.ExistsExpr:
		return x.exists(e)
	case *sql.SubqueryExpr:
		return x.scalarSubquery(e)
	case *sql.CaseExpr:
		return x.caseExpr(e)
	case *sql.CastExpr:
		return x.castExpr(e)
	case *sql.Call:
		return x.call(e)
	case *sql.Subscript:
		return x.subscript(e)
	case *sql.FieldAccess:
		if inner := x.expr(e.X); inner != nil {
			return x.field(inner, e.Name, e.Pos())
		}
		return nil
	case *sql.Lambda:
		x.errorf(e.Pos(), "a lambda can stand as an argument of a function only")
		return nil
	case *sql.RowExpr:
		return x.row(e)
	}
	x.unsupported(e.Pos(), "this expression")
	return nil
}

// all binds several expressions; ok is false when one had a fault.
func (x *exprBinder) all(exprs []sql.Expr) (out []Expr, ok bool) {
	ok = true
	for _, e := range exprs {
		bound := x.expr(e)
		ok = ok && bound != nil
		out = append(out, bound)
	}
	return out, ok
}

func (x *exprBinder) columnRef(e *sql.ColumnRef) Expr {
	name := e.Parts[0]
	for i := len(x.params) - 1; i >= 0; i-- {
		if strings.EqualFold(x.params[i].name, name.Name) {
			return x.fields(x.params[i].ref(x.pos(name.Pos())), e.Parts[1:], e.Pos())
		}
	}
	if x.namesFirst {
		if out, ok := x.alias(e); ok {
			return out
		}
	}
	found, used := x.match(x.scope, e.Parts)
	switch {
	case len(found) > 1:
		x.ambiguous(e.Pos(), dotted(e.Parts[:used]), found)
		return nil
	case len(found) == 1:
		if found[0].Type == nil {
			return nil // its own fault was reported
		}
		ref := &ColumnRef{Span: x.pos(e.Pos()), Column: found[0].Column}
		return x.fields(ref, e.Parts[used:], e.Pos())
	}
	if out, ok := x.alias(e); ok {
		return out
	}
	if out, ok := x.outerColumn(e); ok {
		return out
	}
	x.notFound(e)
	return nil
}

// alias looks a name up among the select list's.
func (x *exprBinder) alias(e *sql.ColumnRef) (Expr, bool) {
	if x.names == nil || x.inner != "" {
		return nil, false
	}
	out, ok := x.names(e.Parts[0])
	if !ok || out == nil {
		return nil, ok
	}
	return x.fields(out, e.Parts[1:], e.Pos()), true
}

func (x *exprBinder) notFound(e *sql.ColumnRef) {
	if x.scope.open {
		return
	}
	if len(e.Parts) > 1 {
		table := e.Parts[0].Name
		for scope := x.scope; scope != nil; scope = scope.around() {
			if scope.hasTable(table) {
				err := x.errorf(e.Parts[1].Pos(), "%s has no column %s", quoteName(table), quoteName(e.Parts[1].Name))
				hint(err, e.Parts[1].Name, scope.tableColumns(table), "its columns are")
				return
			}
		}
		err := x.errorf(e.Parts[0].Pos(), "there is no table or column %s here", quoteName(e.Parts[0].Name))
		hint(err, e.Parts[0].Name, append(x.scope.tables(), x.scope.columnNames()...), "there are")
		return
	}
	if len(x.scope.cols) == 0 {
		x.errorf(e.Pos(), "there is no column %s: nothing here has columns", quoteName(e.Parts[0].Name))
		return
	}
	err := x.errorf(e.Pos(), "there is no column %s", quoteName(e.Parts[0].Name))
	candidates := x.scope.columnNames()
	if dot := dottedCandidate(candidates, e.Parts[0].Name); dot != "" {
		_ = err.WithHint("did you mean %s?", quoteName(dot))
		return
	}
	hint(err, e.Parts[0].Name, candidates, "there are")
}

// dottedCandidate finds a column whose name has dots where name has
// underscores.
func dottedCandidate(candidates []string, name string) string {
	for _, c := range candidates {
		if strings.Contains(c, ".") && strings.EqualFold(strings.ReplaceAll(c, ".", "_"), name) {
			return c
		}
	}
	return ""
}

// fields reads a path of fields.
func (x *exprBinder) fields(e Expr, path []sql.Ident, span sql.Span) Expr {
	for _, name := range path {
		if e = x.field(e, name, span); e == nil {
			return nil
		}
	}
	return e
}

// field reads a field of a struct or, as Spark does, a key of a map.
func (x *exprBinder) field(e Expr, name sql.Ident, span sql.Span) Expr {
	span = x.pos(span)
	switch t := e.Type().(type) {
	case *arrow.StructType:
		switch i := structField(t, name.Name); i {
		case -1:
			err := x.errorf(name.Pos(), "there is no field %s in %s", quoteName(name.Name), sql.TypeSQL(t))
			hint(err, name.Name, fieldNames(t), "its fields are")
		case -2:
			x.errorf(name.Pos(), "%s is ambiguous: several fields of %s have that name", quoteName(name.Name), sql.TypeSQL(t))
		default:
			return &Field{Span: span, X: e, Index: i, Name: t.Field(i).Name}
		}
		return nil
	case *arrow.MapType:
		return x.callNamed("getitem", span, []Expr{e, String(name.Name, name.Pos())})
	case *arrow.ListType:
		if s, ok := t.Elem().(*arrow.StructType); ok {
			if i := structField(s, name.Name); i >= 0 {
				return elementField(e, i, s.Field(i).Name, span)
			}
		}
	}
	x.errorf(name.Pos(), "%s has no field %s: it is %s", describeExpr(e), quoteName(name.Name), sql.TypeSQL(e.Type()))
	return nil
}

// subscript is an element of an array or a map or, by a string as written, a field
// of a struct or of every struct of an array.
func (x *exprBinder) subscript(e *sql.Subscript) Expr {
	in := x.expr(e.X)
	if in == nil {
		return nil
	}
	t, list := in.Type(), false
	if l, ok := t.(*arrow.ListType); ok {
		t, list = l.Elem(), true
	}
	if _, ok := t.(*arrow.StructType); ok {
		if name, ok := e.Index.(*sql.StringLit); ok {
			return x.field(in, sql.Ident{Span: name.Span, Name: name.Value}, e.Pos())
		}
		if !list {
			x.errorf(e.Index.Pos(), "[ ] of a struct wants the name of a field as a string, like ['name']")
			return nil
		}
	}
	return x.callNamed("getitem", e.Pos(), []Expr{in, x.expr(e.Index)})
}

// describeExpr names an expression in a message.
func describeExpr(e Expr) string {
	switch e := e.(type) {
	case *ColumnRef:
		return "column " + quoteName(e.Column.Name)
	case *Field:
		return "field " + quoteName(e.Name)
	}
	return "this value"
}

func (x *exprBinder) unary(e *sql.Unary) Expr {
	if n, ok := e.X.(*sql.NumberLit); ok && e.Op == "-" {
		return x.number(n, true, e.Pos())
	}
	name, ok := map[string]string{"-": "negative", "+": "positive", "~": "~", "NOT": "not"}[e.Op]
	if !ok {
		x.unsupported(e.OpSpan, "the operator "+e.Op)
		return nil
	}
	if in, ok := e.X.(*sql.InList); ok && name == "not" && in.Query != nil {
		negated := *in
		negated.Not = !in.Not
		return x.inList(&negated)
	}
	return x.operator(name, e.Pos(), e.X)
}

func (x *exprBinder) binary(e *sql.Binary) Expr {
	if e.Op == "AND" || e.Op == "OR" {
		return x.logic(e)
	}
	args, ok := x.all([]sql.Expr{e.L, e.R})
	if !ok {
		return nil
	}
	if moved := x.moveDate(e, args[0], args[1]); moved != nil {
		return moved
	}
	return x.callNamed(strings.ToLower(e.Op), e.Pos(), args)
}

func (x *exprBinder) castExpr(e *sql.CastExpr) Expr {
	v := x.expr(e.X)
	if v == nil {
		return nil
	}
	out, err := x.cast(v, e.To, e.Pos())
	if err != nil {
		x.errorf(e.Pos(), "%s", err)
		return nil
	}
	return computed(out)
}

// computed is an expression that is no literal as written, though it may be
// constant.
func computed(e Expr) Expr {
	if l, ok := e.(*Literal); ok && l.Integer {
		return &Literal{Span: l.Span, Value: l.Value}
	}
	return e
}

// row is (a, b, ...): a struct with fields col1, col2, or the columns' names.
func (x *exprBinder) row(e *sql.RowExpr) Expr {
	args := make([]sql.Arg, len(e.Items))
	for i, item := range e.Items {
		args[i] = sql.Arg{Value: item}
	}
	return x.call(&sql.Call{Span: e.Span, Name: sql.Ident{Span: e.Span, Name: "struct"}, Args: args})
}

// operator binds a function over operands.
func (x *exprBinder) operator(name string, span sql.Span, operands ...sql.Expr) Expr {
	args, ok := x.all(operands)
	if !ok {
		return nil
	}
	return x.callNamed(name, span, args)
}

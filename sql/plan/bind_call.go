package plan

import (
	"errors"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// argument is a bound argument of a call.
type argument struct {
	expr     Expr // nil for a lambda that is not bound yet
	name     string
	explicit bool // false for a name that came from a star
	alias    bool // written AS name or name =>
	star     bool // came from a star
	span     sql.Span
	lambda   *lambdaArg
}

// call binds a call by name.
func (x *exprBinder) call(e *sql.Call) Expr {
	name := strings.ToLower(e.Name.Name)
	if e.Over != nil {
		x.unsupported(e.Over.Pos(), "window functions (OVER)")
		return nil
	}
	if out, ok := x.groupingCall(name, e); ok {
		return out
	}
	if name == "ml_predict" && x.cat.Function(name) == nil {
		x.noFunction(name, e) // its arguments are none of an expression
		return nil
	}
	agg := x.cat.Aggregate(name)
	args, ok := x.arguments(e, agg != nil)
	if !ok {
		return nil
	}
	if agg != nil {
		return x.aggregate(name, agg, e, args)
	}
	fn := x.cat.Function(name)
	if fn == nil && !slices.Contains(lazyNames, name) {
		x.noFunction(name, e)
		return nil
	}
	if !x.scalarOnly(e) {
		return nil
	}
	if out, ok := x.lazy(name, e, args); ok {
		return out
	}
	return x.bindCall(name, fn, e.Pos(), args)
}

// scalarOnly refuses what only aggregates take.
func (x *exprBinder) scalarOnly(e *sql.Call) bool {
	what := ""
	switch {
	case e.Distinct:
		what = "DISTINCT"
	case e.Filter != nil:
		what = "FILTER"
	case len(e.OrderBy) > 0:
		what = "WITHIN GROUP"
	case e.IgnoreNulls:
		what = "IGNORE NULLS"
	default:
		return true
	}
	x.errorf(e.Pos(), "%s is no aggregate: it takes no %s", e.Name.Name, what)
	return false
}

func (x *binder) noFunction(name string, e *sql.Call) {
	if x.cat.TableFunction(strings.TrimSuffix(name, "_outer")) != nil {
		x.errorf(e.Pos(), "%s gives rows: it can stand by itself in a select list, in FROM or in LATERAL VIEW only", e.Name.Name)
		return
	}
	if name == "ml_predict" {
		_ = x.errorf(e.Pos(), "%s gives a table: it stands in FROM", e.Name.Name).WithHint("predict, predict_all and predict_proba stand in expressions")
		return
	}
	err := x.errorf(e.Name.Pos(), "there is no function %s", quoteName(e.Name.Name))
	candidates := append(slices.Clone(x.cat.Names(catalog.Functions)), lazyNames...)
	if near := catalog.Nearest(name, candidates); near != "" {
		_ = err.WithHint("did you mean %s?", quoteName(near))
	}
}

// arguments binds a call's arguments; stars become one argument a column.
func (x *exprBinder) arguments(e *sql.Call, aggregate bool) (out []argument, ok bool) {
	in := *x
	if aggregate {
		if x.inner != "" {
			x.errorf(e.Pos(), "%s cannot stand inside %s: an aggregate takes no aggregates", e.Name.Name, x.inner)
			return nil, false
		}
		in.inner, in.namesFirst = e.Name.Name, false
	}
	if aggregate && len(e.Args) == 1 && bareStar(e.Args[0].Value) && !e.Distinct {
		return []argument{{expr: integer(1, x.pos(e.Pos())), span: e.Args[0].Value.Pos()}}, true
	}
	ok = true
	for i, a := range e.Args {
		switch v := a.Value.(type) {
		case *sql.Star:
			cols, fine := in.star(v)
			ok = ok && fine
			for _, c := range cols {
				out = append(out, argument{expr: c.Expr, name: c.Column.Name, star: true, span: v.Pos()})
			}
			continue
		case *sql.Lambda:
			out = append(out, argument{span: v.Pos(), lambda: &lambdaArg{x: &in, e: v}})
			continue
		}
		if name, is := in.modelName(e, i, a.Value); is {
			out = append(out, argument{expr: String(name, x.pos(a.Value.Pos())), span: a.Value.Pos()})
			continue
		}
		bound := in.expr(a.Value)
		ok = ok && bound != nil
		arg := argument{expr: bound, span: a.Value.Pos(), name: a.Name.Name, explicit: a.Name.Name != "", alias: a.Name.Name != ""}
		if name := columnName(a.Value); arg.name == "" && name != "" {
			arg.name, arg.explicit = name, true
		}
		out = append(out, arg)
	}
	return out, ok
}

// bareStar says whether an argument is just *.
func bareStar(e sql.Expr) bool {
	s, ok := e.(*sql.Star)
	return ok && len(s.Qualifier) == 0 && len(s.Except) == 0
}

// modelFunctions take a model's name first.
var modelFunctions = []string{"predict", "predict_all", "predict_proba", "model_version"}

// modelName is the first argument of a model's function, or of what looks like
// one, when it is a name: that of a model, or one that no column has. A column
// cannot stand there.
func (x *exprBinder) modelName(call *sql.Call, i int, e sql.Expr) (string, bool) {
	ref, ok := e.(*sql.ColumnRef)
	if !ok || i != 0 || len(ref.Parts) != 1 {
		return "", false
	}
	if fn := strings.ToLower(call.Name.Name); !slices.Contains(modelFunctions, fn) &&
		(x.cat.Function(fn) != nil || !strings.HasPrefix(fn, "predict") && !strings.HasPrefix(fn, "model_")) {
		return "", false
	}
	name := ref.Parts[0].Name
	if x.cat.Model(name) != nil {
		return name, true
	}
	if found, _ := x.match(x.scope, ref.Parts); len(found) > 0 {
		return "", false
	}
	return name, true
}

// columnName is the name an expression has because it reads a column or a
// field.
func columnName(e sql.Expr) string {
	switch e := e.(type) {
	case *sql.ColumnRef:
		return e.Parts[len(e.Parts)-1].Name
	case *sql.FieldAccess:
		return e.Name.Name
	}
	return ""
}

// callNamed binds a function over bound arguments.
func (b *binder) callNamed(name string, span sql.Span, args []Expr) Expr {
	for _, a := range args {
		if a == nil {
			return nil
		}
	}
	fn := b.cat.Function(name)
	if fn == nil {
		b.unsupported(span, "the function "+name)
		return nil
	}
	list := make([]argument, len(args))
	for i, a := range args {
		list[i] = argument{expr: a, span: a.Pos()}
		if ref, ok := a.(*ColumnRef); ok {
			list[i].name, list[i].explicit = ref.Column.Name, true
		}
	}
	return b.bindCall(name, fn, span, list)
}

// bindCall type-checks a call, folding its constant arguments before and
// converting its arguments after.
func (b *binder) bindCall(name string, fn catalog.Function, span sql.Span, args []argument) Expr {
	infos := b.infos(args)
	bound, err := fn.Bind(infos)
	if s, is := bound.Info.(*catalog.Scoring); is && err == nil && len(args) > len(s.Feed)+1 {
		// The columns of a * that the model has no fields for need not be read.
		args = fedArguments(args, s.Feed)
		infos = b.infos(args)
		bound, err = fn.Bind(infos)
	}
	if err != nil {
		b.callError(span, args, err)
		return nil
	}
	exprs, ok := b.convert(name, args, bound.ArgTypes)
	if !ok {
		return nil
	}
	call := &Call{Span: b.pos(span), Name: name, Fn: bound, Args: exprs, ArgNames: argNames(name, args), fn: fn, infos: infos}
	return call
}

// fedArguments are a model's name and the arguments that its inputs take, in the
// order they were written in.
func fedArguments(args []argument, feed []int) []argument {
	var out []argument
	for i, a := range args {
		if i == 0 || slices.Contains(feed, i) {
			out = append(out, a)
		}
	}
	return out
}

// argNames are the names worth showing: given ones, or none.
func argNames(name string, args []argument) []string {
	named := name == "struct"
	names := make([]string, len(args))
	for i, a := range args {
		named = named || a.alias || a.star
		names[i] = a.name
	}
	if !named {
		return nil
	}
	return names
}

// infos describes arguments to a function. Constant ones are folded in place.
func (b *binder) infos(args []argument) []catalog.Arg {
	infos := make([]catalog.Arg, len(args))
	for i := range args {
		a := &args[i]
		infos[i] = catalog.Arg{Name: a.name, Explicit: a.explicit}
		if a.lambda != nil {
			infos[i].Lambda = a.lambda
			continue
		}
		infos[i].Type = a.expr.Type()
		if l, ok := foldConstant(a.expr); ok {
			a.expr = l
			infos[i].Const, infos[i].Literal = l.Value, l.Integer
		}
	}
	return infos
}

// convert brings bound arguments to the types a kernel wants.
func (b *binder) convert(name string, args []argument, types []arrow.DataType) ([]Expr, bool) {
	out := make([]Expr, len(args))
	for i, a := range args {
		if a.lambda != nil {
			out[i] = a.lambda.expr()
			continue
		}
		out[i] = a.expr
		if i >= len(types) {
			continue
		}
		converted, err := b.implicit(a.expr, types[i])
		if err != nil {
			b.errorf(a.span, "argument %d of %s: %s", i+1, name, err)
			return nil, false
		}
		out[i] = converted
	}
	return out, true
}

// callError reports why a call does not type-check, at the argument at fault.
func (b *binder) callError(span sql.Span, args []argument, err error) {
	for _, a := range args {
		if a.lambda != nil && len(a.lambda.errs) > 0 {
			b.errs = append(b.errs, a.lambda.errs...)
			return
		}
	}
	if i := argPlace(err); i >= 0 && i < len(args) && args[i].span != (sql.Span{}) {
		span = args[i].span
	}
	var located *sql.Error
	if errors.As(err, &located) {
		_ = b.errorf(span, "%s", located.Msg).WithHint("%s", located.Hint)
		return
	}
	b.errorf(span, "%s", err)
}

// lazyNames are the functions that the planner itself makes of CASE and
// COALESCE.
var lazyNames = []string{"coalesce", "nvl", "ifnull", "nvl2", "nullif", "if", "iff"}

// lazy binds the functions that evaluate an argument only where it is needed.
func (x *exprBinder) lazy(name string, e *sql.Call, args []argument) (Expr, bool) {
	if !slices.Contains(lazyNames, name) {
		return nil, false
	}
	exprs, spans := make([]Expr, len(args)), make([]sql.Span, len(args))
	for i, a := range args {
		if a.lambda != nil {
			x.errorf(a.span, "%s takes no lambda", name)
			return nil, true
		}
		exprs[i], spans[i] = a.expr, a.span
	}
	want := map[string]int{"nvl": 2, "ifnull": 2, "nvl2": 3, "nullif": 2, "if": 3, "iff": 3}[name]
	if want > 0 && len(args) != want || len(args) == 0 {
		x.errorf(e.Pos(), "%s takes %s, not %d", name, count(max(want, 1), "argument"), len(args))
		return nil, true
	}
	span := x.pos(e.Pos())
	switch name {
	case "nvl2":
		cond := x.callNamed("isnotnull", e.Pos(), exprs[:1])
		return x.either(name, cond, exprs[1:], spans[1:], span), true
	case "if", "iff":
		cond, ok := x.whenCondition(exprs[0], spans[0], true)
		if !ok {
			return nil, true
		}
		return x.either(name, cond, exprs[1:], spans[1:], span), true
	case "nullif":
		cond := x.callNamed("=", e.Pos(), exprs)
		return x.either(name, cond, []Expr{Null(exprs[0].Type(), span), exprs[0]}, []sql.Span{span, spans[0]}, span), true
	}
	exprs, ok := x.common(exprs, spans, name)
	if !ok {
		return nil, true
	}
	if len(exprs) == 1 {
		return computed(exprs[0]), true
	}
	return &Coalesce{Span: span, Args: exprs}, true
}

// either is CASE WHEN cond THEN values[0] ELSE values[1] END.
func (x *exprBinder) either(name string, cond Expr, values []Expr, spans []sql.Span, span sql.Span) Expr {
	if cond == nil {
		return nil
	}
	values, ok := x.common(values, spans, name)
	if !ok {
		return nil
	}
	return &Case{Span: span, Whens: []When{{Cond: cond, Then: values[0]}}, Else: values[1]}
}

// rebind binds a call again for other arguments of the same types, some of
// which may have become constant. It is false when the call would become
// another.
func rebind(call *Call, args []Expr) (Expr, bool) {
	out := call.WithChildren(args).(*Call)
	if call.fn == nil || !constantsChanged(call.Args, args) {
		return out, call.fn != nil || !constantsChanged(call.Args, args)
	}
	infos := slices.Clone(call.infos)
	for i, a := range args {
		if _, ok := a.(*Lambda); ok {
			return nil, false
		}
		l, isLiteral := a.(*Literal)
		_, was := call.Args[i].(*Literal)
		if infos[i].Type = a.Type(); was {
			infos[i].Type = call.infos[i].Type
		} else if isLiteral {
			infos[i].Const = l.Value
		}
	}
	bound, err := call.fn.Bind(infos)
	if err != nil || !arrow.TypeEqual(bound.Type, call.Fn.Type) || len(bound.ArgTypes) != len(call.Fn.ArgTypes) {
		return nil, false
	}
	for i, t := range bound.ArgTypes {
		if was := call.Fn.ArgTypes[i]; (t == nil) != (was == nil) || t != nil && !arrow.TypeEqual(t, was) {
			return nil, false
		}
	}
	out.Fn, out.infos = bound, infos
	return out, true
}

// constantsChanged says whether an argument became a literal.
func constantsChanged(before, after []Expr) bool {
	for i := range after {
		_, was := before[i].(*Literal)
		if _, is := after[i].(*Literal); is != was {
			return true
		}
	}
	return false
}

package sql

import (
	"encoding/hex"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
)

// Text returns the name Spark gives a column that has none of its own: the
// name of a column (a for t.a, x for s.x, also under a CAST), else the
// expression in Spark's canonical form: count(1), (a + 1), upper(k), CAST((a +
// 1) AS STRING). Names inside an expression lose their qualifiers; TextOf lets
// the caller decide.
func Text(e Expr) string { return TextOf(e, Known{}) }

// Known is what a caller knows of the expressions that TextOf names.
type Known struct {
	// Name spells a name inside an expression: Spark writes upper(k) for a column
	// t.k but upper(s.k) for a field of a struct s. When nil, the last part of a name
	// stands for it.
	Name func(*ColumnRef) string
	// Type is the type of an expression, nil when it is not known: Spark shows how it
	// reads fields and moves dates. When nil, no type is known.
	Type func(Expr) arrow.DataType
}

// TextOf is Text with what the caller knows.
func TextOf(e Expr, known Known) string {
	switch x := e.(type) {
	case *ColumnRef:
		return lastPart(x)
	case *CastExpr:
		if ref, ok := x.X.(*ColumnRef); ok {
			return lastPart(ref)
		}
	}
	if known.Name == nil {
		known.Name = lastPart
	}
	if known.Type == nil {
		known.Type = func(Expr) arrow.DataType { return nil }
	}
	w := &textWriter{known: known}
	w.expr(e)
	return w.b.String()
}

func lastPart(ref *ColumnRef) string { return ref.Parts[len(ref.Parts)-1].Name }

// textWriter writes an expression in Spark's canonical form.
type textWriter struct {
	b      strings.Builder
	known  Known
	params []string // of the lambdas around, lower case
}

func (w *textWriter) str(parts ...string) {
	for _, s := range parts {
		w.b.WriteString(s)
	}
}

// seq writes strings and expressions one after another.
func (w *textWriter) seq(parts ...any) {
	for _, p := range parts {
		if s, ok := p.(string); ok {
			w.str(s)
		} else {
			w.expr(p.(Expr))
		}
	}
}

func (w *textWriter) list(items []Expr, comma string) {
	for i, x := range items {
		if i > 0 {
			w.str(comma)
		}
		w.expr(x)
	}
}

func (w *textWriter) expr(e Expr) {
	switch x := e.(type) {
	case *NullLit:
		w.str("NULL")
	case *BoolLit:
		if x.Value {
			w.str("true")
		} else {
			w.str("false")
		}
	case *NumberLit:
		w.str(numberText(x))
	case *StringLit:
		w.str(x.Value)
	case *BinaryLit:
		w.str("X'", strings.ToUpper(hex.EncodeToString(x.Value)), "'")
	case *TypedLit:
		w.typed(x)
	case *IntervalLit:
		w.str(intervalText(x))
	case *ColumnRef:
		w.column(x)
	case *Star:
		w.star(x)
	case *Unary:
		w.unary(x)
	case *Binary:
		w.binary(x)
	case *IsExpr:
		w.isExpr(x)
	case *Between:
		w.not(x.Not, func() { w.seq("((", x.X, " >= ", x.Low, ") AND (", x.X, " <= ", x.High, "))") })
	case *InList:
		w.not(x.Not, func() { w.in(x) })
	case *LikeExpr:
		w.not(x.Not, func() { w.like(x) })
	case *ExistsExpr:
		w.str("exists()")
	case *SubqueryExpr:
		w.str("scalarsubquery()")
	case *CaseExpr:
		w.caseExpr(x)
	case *CastExpr:
		w.cast(x)
	case *Call:
		w.call(x)
	case *Subscript:
		w.subscript(x)
	case *FieldAccess:
		if w.is(x.X, arrow.MAP) {
			w.seq(x.X, "[", x.Name.Name, "]")
		} else {
			w.seq(x.X, ".", x.Name.Name)
		}
	case *Lambda:
		w.lambda(x)
	case *RowExpr:
		w.row(x)
	}
}

func (w *textWriter) typed(x *TypedLit) {
	kind := x.Kind
	if kind == "TIMESTAMP_LTZ" {
		kind = "TIMESTAMP"
	}
	w.str(kind, " '", x.Value, "'")
}

func (w *textWriter) column(x *ColumnRef) {
	first := strings.ToLower(x.Parts[0].Name)
	for _, p := range w.params {
		if p != first {
			continue
		}
		w.str("namedlambdavariable()")
		for _, part := range x.Parts[1:] {
			w.str(".", part.Name)
		}
		return
	}
	w.str(w.known.Name(x))
}

func (w *textWriter) star(x *Star) {
	for _, q := range x.Qualifier {
		w.str(q.Name, ".")
	}
	w.str("*")
}

func (w *textWriter) unary(x *Unary) {
	switch {
	case x.Op == "NOT":
		w.seq("(NOT ", x.X, ")")
	case x.Op == "~":
		w.seq("~", x.X)
	case x.Op == "-" && isNumber(x.X):
		w.seq("-", x.X)
	default:
		w.seq("(", x.Op, " ", x.X, ")")
	}
}

func isNumber(e Expr) bool {
	_, ok := e.(*NumberLit)
	return ok
}

// binary walks down the left side in a loop: chains are long.
func (w *textWriter) binary(x *Binary) {
	if w.dates(x) {
		return
	}
	chain := []*Binary{x}
	for {
		left, ok := chain[len(chain)-1].L.(*Binary)
		if !ok || w.movesDates(left) {
			break
		}
		chain = append(chain, left)
	}
	for _, b := range chain {
		switch b.Op {
		case "||":
			w.str("concat(")
		case "!=":
			w.str("(NOT (")
		default:
			w.str("(")
		}
	}
	w.expr(chain[len(chain)-1].L)
	for i := len(chain) - 1; i >= 0; i-- {
		b := chain[i]
		switch b.Op {
		case "||":
			w.seq(", ", b.R, ")")
		case "!=":
			w.seq(" = ", b.R, "))")
		case "DIV":
			w.seq(" div ", b.R, ")")
		default:
			w.seq(" ", b.Op, " ", b.R, ")")
		}
	}
}

// not writes (NOT ...) around what inner writes, or only that.
func (w *textWriter) not(not bool, inner func()) {
	if not {
		w.str("(NOT ")
	}
	inner()
	if not {
		w.str(")")
	}
}

func (w *textWriter) isExpr(x *IsExpr) {
	switch x.What {
	case "TRUE", "FALSE":
		w.not(x.Not, func() { w.seq("(", x.X, " <=> ", strings.ToLower(x.What), ")") })
	case "DISTINCT FROM":
		w.not(!x.Not, func() { w.seq("(", x.X, " <=> ", x.Right, ")") })
	default:
		not := ""
		if x.Not {
			not = "NOT "
		}
		w.seq("(", x.X, " IS ", not, x.What, ")")
	}
}

func (w *textWriter) in(x *InList) {
	w.seq("(", x.X, " IN (")
	if x.Query != nil {
		w.str("listquery()")
	} else {
		w.list(x.List, ", ")
	}
	w.str("))")
}

func (w *textWriter) like(x *LikeExpr) {
	switch {
	case x.Quantifier != "":
		w.seq(strings.ToLower(x.Op), x.Quantifier, "(", x.X)
		for _, p := range x.Patterns {
			w.seq(", ", p)
		}
		w.str(")")
	case x.Op == "LIKE":
		w.seq(x.X, " LIKE ", x.Patterns[0])
	default: // ilike(a, b), RLIKE(a, b)
		op := x.Op
		if op == "ILIKE" {
			op = "ilike"
		}
		w.seq(op, "(", x.X, ", ", x.Patterns[0], ")")
	}
}

func (w *textWriter) caseExpr(x *CaseExpr) {
	w.str("CASE")
	for _, when := range x.Whens {
		w.str(" WHEN ")
		if x.Operand != nil {
			w.seq("(", x.Operand, " = ", when.When, ")")
		} else {
			w.expr(when.When)
		}
		w.seq(" THEN ", when.Then)
	}
	if x.Else != nil {
		w.seq(" ELSE ", x.Else)
	}
	w.str(" END")
}

func (w *textWriter) cast(x *CastExpr) {
	name := "CAST("
	if x.Try {
		name = "TRY_CAST("
	}
	w.seq(name, x.X, " AS ", TypeSQL(x.To), ")")
}

func (w *textWriter) lambda(x *Lambda) {
	outer := len(w.params)
	for _, p := range x.Params {
		w.params = append(w.params, strings.ToLower(p.Name))
	}
	w.seq("lambdafunction(", x.Body)
	for range x.Params {
		w.str(", namedlambdavariable()")
	}
	w.str(")")
	w.params = w.params[:outer]
}

// row writes (a, b) as the struct it is.
func (w *textWriter) row(x *RowExpr) {
	w.str("named_struct(")
	for i, item := range x.Items {
		if i > 0 {
			w.str(", ")
		}
		name := "col" + itoa(i+1)
		if ref, ok := item.(*ColumnRef); ok {
			name = lastPart(ref)
		}
		w.seq(name, ", ", item)
	}
	w.str(")")
}

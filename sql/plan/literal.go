package plan

import (
	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/sql"
)

// goHeap makes the arrays of literals: they are never released.
var goHeap = memory.NewGoAllocator()

// Null makes a NULL literal of a type.
func Null(t arrow.DataType, span sql.Span) *Literal {
	return &Literal{Span: span, Value: array.MakeArrayOfNull(goHeap, t, 1)}
}

// Bool makes a boolean literal.
func Bool(v bool, span sql.Span) *Literal {
	b := array.NewBooleanBuilder(goHeap)
	b.Append(v)
	return &Literal{Span: span, Value: b.NewArray()}
}

// String makes a string literal.
func String(v string, span sql.Span) *Literal {
	b := array.NewStringBuilder(goHeap)
	b.Append(v)
	return &Literal{Span: span, Value: b.NewArray()}
}

// IsNull says whether the literal is NULL.
func (e *Literal) IsNull() bool { return e.Value.IsNull(0) || e.Value.DataType().ID() == arrow.NULL }

// isTrue and isFalse say whether an expression is that boolean literal.
func isTrue(e Expr) bool  { return isBool(e, true) }
func isFalse(e Expr) bool { return isBool(e, false) }

func isBool(e Expr, want bool) bool {
	l, ok := e.(*Literal)
	if !ok || l.IsNull() {
		return false
	}
	b, ok := l.Value.(*array.Boolean)
	return ok && b.Value(0) == want
}

func isNullLiteral(e Expr) bool {
	l, ok := e.(*Literal)
	return ok && l.IsNull()
}

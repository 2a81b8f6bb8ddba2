package plan

import (
	"fmt"
	"strings"

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

// dayTime is microseconds as days and a time.
func dayTime(micros int64) string {
	sign := ""
	if micros < 0 {
		micros, sign = -micros, "-"
	}
	seconds := micros / 1e6
	return fmt.Sprintf("%s%d %02d:%02d:%02d.%06d", sign, seconds/86400, seconds/3600%24, seconds/60%60, seconds%60, micros%1e6)
}

// literalText is a literal for EXPLAIN.
func literalText(v arrow.Array) string {
	if v.DataType().ID() == arrow.NULL || v.IsNull(0) {
		return "NULL"
	}
	switch a := v.(type) {
	case *array.String:
		return "'" + strings.ReplaceAll(a.Value(0), "'", `\'`) + "'"
	case *array.Binary:
		return fmt.Sprintf("X'%X'", a.Value(0))
	case *array.Boolean:
		return strings.ToUpper(fmt.Sprint(a.Value(0)))
	case *array.Date32:
		return "DATE '" + a.Value(0).FormattedString() + "'"
	case *array.Timestamp:
		unit := a.DataType().(*arrow.TimestampType).Unit
		return "TIMESTAMP '" + a.Value(0).ToTime(unit).Format("2006-01-02 15:04:05.999999") + "'"
	case *array.Decimal128:
		return a.Value(0).ToString(a.DataType().(*arrow.Decimal128Type).Scale)
	case *array.Duration:
		return "INTERVAL '" + dayTime(int64(a.Value(0))) + "' DAY TO SECOND"
	case *array.MonthInterval:
		m, sign := int64(a.Value(0)), ""
		if m < 0 {
			m, sign = -m, "-"
		}
		return fmt.Sprintf("INTERVAL '%s%d-%d' YEAR TO MONTH", sign, m/12, m%12)
	}
	return v.ValueStr(0)
}

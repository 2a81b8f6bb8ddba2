package sql

import (
	"slices"

	"github.com/apache/arrow/go/v14/arrow"
)

// is says whether an expression is known to have one of some types.
func (w *textWriter) is(e Expr, ids ...arrow.Type) bool {
	t := w.known.Type(e)
	return t != nil && slices.Contains(ids, t.ID())
}

// subscript is a field of a struct, or of every struct of an array, by its name as
// a string, or an element.
func (w *textWriter) subscript(x *Subscript) {
	if name, ok := x.Index.(*StringLit); ok && w.is(x.X, arrow.STRUCT, arrow.LIST) {
		w.seq(x.X, ".", name.Value)
		return
	}
	w.seq(x.X, "[", x.Index, "]")
}

// movesDates says whether Spark shows an operator as another: one that adds to a
// date or a time, or whose interval stands on the right of *.
func (w *textWriter) movesDates(x *Binary) bool {
	interval := []arrow.Type{arrow.DURATION, arrow.INTERVAL_MONTHS}
	switch x.Op {
	case "*":
		return w.is(x.R, interval...)
	case "+":
		x = w.dateFirst(x)
	case "-":
	default:
		return false
	}
	if w.is(x.L, arrow.TIMESTAMP) {
		return w.is(x.R, interval...)
	}
	days := []arrow.Type{arrow.INT8, arrow.INT16, arrow.INT32}
	return w.is(x.L, arrow.DATE32) && w.is(x.R, append(days, interval...)...)
}

// dateFirst puts the date or time of a sum on the left.
func (w *textWriter) dateFirst(x *Binary) *Binary {
	if !w.is(x.R, arrow.DATE32, arrow.TIMESTAMP) {
		return x
	}
	swapped := *x
	swapped.L, swapped.R = x.R, x.L
	return &swapped
}

// dates writes the operators of movesDates.
func (w *textWriter) dates(x *Binary) bool {
	if !w.movesDates(x) {
		return false
	}
	date := w.is(x, arrow.DATE32)
	if x.Op == "+" {
		x = w.dateFirst(x)
	}
	switch {
	case x.Op == "*":
		w.seq("(", x.R, " * ", x.L, ")")
	case !w.is(x.R, arrow.DURATION, arrow.INTERVAL_MONTHS):
		w.seq(map[string]string{"+": "date_add(", "-": "date_sub("}[x.Op], x.L, ", ", x.R, ")")
	case date && w.is(x.R, arrow.DURATION) && x.Op == "+":
		w.seq("date_add(", x.L, ", extractansiintervaldays(", x.R, "))")
	case date && w.is(x.R, arrow.DURATION):
		w.seq("date_add(", x.L, ", (- extractansiintervaldays(", x.R, ")))")
	default:
		w.seq(x.L, " ", x.Op, " ", x.R)
	}
	return true
}

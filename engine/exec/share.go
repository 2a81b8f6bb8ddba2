package exec

import (
	"fmt"
	"strings"

	"github.com/millrace-sql/millrace/sql/plan"
)

// countCalls counts the deterministic calls of an expression by key.
func countCalls(e plan.Expr, seen map[string]int) {
	if e == nil {
		return
	}
	if c, ok := e.(*plan.Call); ok && len(c.Args) > 0 {
		if k := callKey(c); k != "" {
			seen[k]++
			if seen[k] > 1 {
				return // its operands are not evaluated again
			}
		}
	}
	for _, c := range e.Children() {
		countCalls(c, seen)
	}
}

// callKey is equal for calls that give equal values for the same row; "" when
// nothing can be said.
func callKey(c *plan.Call) string {
	var k strings.Builder
	if !writeKey(&k, c) {
		return ""
	}
	return k.String()
}

func writeKey(k *strings.Builder, e plan.Expr) bool {
	switch e := e.(type) {
	case *plan.ColumnRef:
		fmt.Fprintf(k, "#%d", e.Column.ID)
		return true
	case *plan.Literal:
		fmt.Fprintf(k, "%s:%q", e.Type(), e)
		return true
	case *plan.Call:
		if !e.Fn.Deterministic {
			return false
		}
		fmt.Fprintf(k, "%s:%s:%q", e.Name, e.Fn.Type, e.ArgNames)
	case *plan.Logic:
		fmt.Fprintf(k, "logic:%t", e.Or)
	case *plan.Field:
		fmt.Fprintf(k, "field:%d", e.Index)
	case *plan.Case:
		k.WriteString("case")
	case *plan.Coalesce:
		k.WriteString("coalesce")
	default:
		return false // a lambda: its body cannot be compared
	}
	k.WriteByte('(')
	for _, c := range e.Children() {
		if !writeKey(k, c) {
			return false
		}
		k.WriteByte(',')
	}
	k.WriteByte(')')
	return true
}

package exec

import (
	"maps"
	"slices"

	"github.com/millrace-sql/millrace/sql/plan"
)

// columnSet is columns that an operator's output must have; nil is all.
type columnSet map[plan.ColumnID]bool

// with is s and what expressions read.
func (s columnSet) with(es ...plan.Expr) columnSet {
	if s == nil {
		return nil
	}
	out := maps.Clone(s)
	for _, e := range es {
		out.read(e)
	}
	return out
}

func (s columnSet) read(e plan.Expr) {
	if c, ok := e.(*plan.ColumnRef); ok {
		s[c.Column.ID] = true
	}
	for _, c := range e.Children() {
		s.read(c)
	}
}

// of gives those columns that are in the set.
func (s columnSet) of(cols []plan.Column) []plan.Column {
	if s == nil {
		return cols
	}
	return slices.DeleteFunc(slices.Clone(cols), func(c plan.Column) bool { return !s[c.ID] })
}

func named(es []plan.NamedExpr) []plan.Expr {
	out := make([]plan.Expr, len(es))
	for i, e := range es {
		out[i] = e.Expr
	}
	return out
}

func sortExprs(n *plan.Sort) []plan.Expr {
	out := make([]plan.Expr, len(n.Keys))
	for i, k := range n.Keys {
		out[i] = k.Expr
	}
	return out
}

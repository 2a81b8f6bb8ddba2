package plan

import (
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql"
)

// star gives the columns of *, of a table's star or of the fields of a struct.
func (x *exprBinder) star(s *sql.Star) ([]NamedExpr, bool) {
	var out []NamedExpr
	switch {
	case len(s.Qualifier) == 0:
		if len(x.scope.cols) == 0 && !x.scope.open {
			x.errorf(s.Pos(), "* has no columns here: there is no FROM")
			return nil, false
		}
		out = x.starColumns(s, x.scope.cols)
	case len(s.Qualifier) == 1 && x.scope.hasTable(s.Qualifier[0].Name):
		var cols []scopeColumn
		for _, list := range [][]scopeColumn{x.scope.hidden, x.scope.cols} {
			for _, c := range list {
				if strings.EqualFold(c.table, s.Qualifier[0].Name) {
					cols = append(cols, c)
				}
			}
		}
		out = x.starColumns(s, cols)
	default:
		var ok bool
		if out, ok = x.structStar(s); !ok {
			return nil, false
		}
	}
	return x.except(s, out)
}

func (x *exprBinder) starColumns(s *sql.Star, cols []scopeColumn) []NamedExpr {
	var out []NamedExpr
	for _, c := range cols {
		if c.Type != nil {
			out = append(out, NamedExpr{Column: c.Column, Expr: &ColumnRef{Span: x.pos(s.Pos()), Column: c.Column}})
		}
	}
	return out
}

// structStar is s.* of a struct.
func (x *exprBinder) structStar(s *sql.Star) ([]NamedExpr, bool) {
	faults := len(x.errs)
	name := &sql.ColumnRef{Span: s.Qualifier[0].Pos().Cover(s.Qualifier[len(s.Qualifier)-1].Pos()), Parts: s.Qualifier}
	e := x.columnRef(name)
	if e == nil {
		if len(x.errs) > faults && len(s.Qualifier) == 1 {
			last := x.errs[len(x.errs)-1]
			last.Msg = strings.Replace(last.Msg, "there is no column ", "there is no table or struct ", 1)
			if last.Hint = ""; true {
				hint(last, s.Qualifier[0].Name, append(x.scope.tables(), x.scope.columnNames()...), "there are")
			}
		}
		return nil, false
	}
	t, ok := e.Type().(*arrow.StructType)
	if !ok {
		x.errorf(s.Pos(), "%s.* needs a table or a struct, and %s is %s", dotted(s.Qualifier), describeExpr(e), sql.TypeSQL(e.Type()))
		return nil, false
	}
	var out []NamedExpr
	for i, f := range t.Fields() {
		field := &Field{Span: x.pos(s.Pos()), X: e, Index: i, Name: f.Name}
		out = append(out, NamedExpr{Column: Column{Name: f.Name, Type: f.Type}, Expr: field})
	}
	return out, true
}

// except leaves out the columns that * EXCEPT (...) names.
func (x *exprBinder) except(s *sql.Star, cols []NamedExpr) ([]NamedExpr, bool) {
	drop := map[string]bool{}
	ok := true
	var names []string
	for _, c := range cols {
		names = append(names, c.Column.Name)
	}
	for _, e := range s.Except {
		found := false
		for _, n := range names {
			found = found || strings.EqualFold(n, e.Name)
		}
		if !found && !x.scope.open {
			err := x.errorf(e.Pos(), "* has no column %s to leave out", quoteName(e.Name))
			hint(err, e.Name, names, "its columns are")
			ok = false
		}
		drop[strings.ToLower(e.Name)] = true
	}
	var out []NamedExpr
	for _, c := range cols {
		if !drop[strings.ToLower(c.Column.Name)] {
			out = append(out, c)
		}
	}
	return out, ok
}

package plan

import (
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql"
)

// scopeColumn is a column that names can refer to.
type scopeColumn struct {
	Column
	// table is what it can be qualified with, or "".
	table string
}

// relation is a bound item of FROM or a bound query: a plan and what its
// columns are called.
type relation struct {
	node Node
	// cols are the columns that * gives, in its order, which need not be the node's.
	cols []scopeColumn
	// hidden columns can be named with their table only: the other side's columns
	// of USING.
	hidden []scopeColumn
	// open is true when something of it could not be bound and was reported: names
	// that are not found are not reported again.
	open bool
	// outer is the query around, whose columns names can mean too; or nil.
	outer *correlation
}

// visible is the relation's plan with exactly its columns, in order.
func (r *relation) visible() Node {
	if r.node == nil {
		return nil
	}
	have := r.node.Columns()
	exact := len(have) == len(r.cols)
	for i := 0; exact && i < len(have); i++ {
		exact = have[i].ID == r.cols[i].ID && have[i].Name == r.cols[i].Name
	}
	if exact {
		return r.node
	}
	exprs := make([]NamedExpr, len(r.cols))
	for i, c := range r.cols {
		exprs[i] = NamedExpr{Column: c.Column, Expr: &ColumnRef{Column: c.Column}}
	}
	return &Project{Input: r.node, Exprs: exprs}
}

// named is a relation whose columns are the node's, called by a table name.
func named(n Node, table string) *relation {
	r := &relation{node: n}
	for _, c := range n.Columns() {
		r.cols = append(r.cols, scopeColumn{Column: c, table: table})
	}
	return r
}

// failed stands for a relation that could not be bound.
func failed() *relation { return &relation{node: &Values{Rows: 0}, open: true} }

// columnNames are the names in scope, for suggestions.
func (r *relation) columnNames() []string {
	var out []string
	for _, c := range r.cols {
		out = append(out, c.Name)
	}
	return out
}

func (r *relation) tables() []string {
	var out []string
	seen := map[string]bool{}
	for _, cols := range [][]scopeColumn{r.hidden, r.cols} {
		for _, c := range cols {
			if c.table != "" && !seen[c.table] {
				seen[c.table] = true
				out = append(out, c.table)
			}
		}
	}
	return out
}

// tableColumns are the names of a table's columns.
func (r *relation) tableColumns(table string) []string {
	var names []string
	for _, cols := range [][]scopeColumn{r.hidden, r.cols} {
		for _, c := range cols {
			if strings.EqualFold(c.table, table) {
				names = append(names, c.Name)
			}
		}
	}
	return names
}

func (r *relation) hasTable(name string) bool {
	for _, t := range r.tables() {
		if strings.EqualFold(t, name) {
			return true
		}
	}
	return false
}

// match finds the columns that the first parts of a name can mean, and how many
// parts that takes. As in Spark a table's name goes before a struct's.
func (b *binder) match(r *relation, parts []sql.Ident) (found []scopeColumn, used int) {
	if len(parts) >= 3 && strings.EqualFold(parts[0].Name, "default") {
		if found, used = b.matchQualified(r, parts[1:]); len(found) > 0 {
			return found, used + 1
		}
	}
	if found, used = b.matchQualified(r, parts); len(found) > 0 {
		return found, used
	}
	for _, c := range r.cols {
		if strings.EqualFold(c.Name, parts[0].Name) {
			found = b.addMatch(found, c)
		}
	}
	return found, 1
}

func (b *binder) matchQualified(r *relation, parts []sql.Ident) (found []scopeColumn, used int) {
	if len(parts) < 2 {
		return nil, 0
	}
	for _, cols := range [][]scopeColumn{r.hidden, r.cols} {
		for _, c := range cols {
			if strings.EqualFold(c.table, parts[0].Name) && strings.EqualFold(c.Name, parts[1].Name) {
				found = b.addMatch(found, c)
			}
		}
	}
	return found, 2
}

// addMatch adds a candidate unless it is the same column again.
func (b *binder) addMatch(found []scopeColumn, c scopeColumn) []scopeColumn {
	for _, f := range found {
		if b.identity(f.ID) == b.identity(c.ID) {
			return found
		}
	}
	return append(found, c)
}

func (b *binder) identity(id ColumnID) ColumnID {
	for {
		first, ok := b.same[id]
		if !ok {
			return id
		}
		id = first
	}
}

// ambiguous reports a name that means several columns.
func (b *binder) ambiguous(span sql.Span, name string, found []scopeColumn) {
	names := make([]string, len(found))
	for i, c := range found {
		names[i] = quoteName(c.Name)
		if c.table != "" {
			names[i] = quoteName(c.table) + "." + names[i]
		}
	}
	e := b.errorf(span, "%s is ambiguous: it may be %s", quoteName(name), strings.Join(names, " or "))
	if sameTable(found) {
		_ = e.WithHint("give one of the tables another name with AS")
	} else {
		_ = e.WithHint("write the table's name before it")
	}
}

func sameTable(cols []scopeColumn) bool {
	for _, c := range cols {
		if c.table == "" || !strings.EqualFold(c.table, cols[0].table) {
			return false
		}
	}
	return true
}

// structField finds a field by name, ignoring case; -1 when there is none and
// -2 when there are several.
func structField(t *arrow.StructType, name string) int {
	found := -1
	for i, f := range t.Fields() {
		if !strings.EqualFold(f.Name, name) {
			continue
		}
		if found >= 0 {
			return -2
		}
		found = i
	}
	return found
}

func fieldNames(t *arrow.StructType) []string {
	var out []string
	for _, f := range t.Fields() {
		out = append(out, f.Name)
	}
	return out
}

// dotted is a name as the user wrote it.
func dotted(parts []sql.Ident) string {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.Name
	}
	return strings.Join(names, ".")
}

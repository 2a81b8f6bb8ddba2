package plan

import (
	"slices"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// insert binds INSERT INTO: the query's columns are brought to the table's.
func (b *binder) insert(s *sql.Insert) Node {
	t := b.insertTable(s)
	r := b.query(s.Query, nil)
	if t == nil || r.open || len(b.errs) > 0 {
		return nil
	}
	w := &Write{Span: s.Pos(), Table: t, Overwrite: s.Overwrite}
	schema := t.Write
	if schema == nil {
		schema = t.Schema
	}
	node := r.visible()
	if schema == nil {
		w.Input = b.insertNew(s, node)
		return w
	}
	targets, ok := b.insertTargets(s, t, schema, node.Columns())
	if !ok {
		return nil
	}
	if w.Input = b.insertProject(s, schema, targets, node, t.ByName); w.Input == nil {
		return nil
	}
	return w
}

func (b *binder) insertTable(s *sql.Insert) *catalog.Table {
	switch r := b.cat.Relation(s.Table.Name).(type) {
	case *catalog.Table:
		return r
	case *catalog.View:
		b.errorf(s.Table.Pos(), "%s is a view: INSERT needs a table or a stream", quoteName(r.Name))
		return nil
	}
	e := b.errorf(s.Table.Pos(), "there is no table or stream %s", quoteName(s.Table.Name))
	hint(e, s.Table.Name, append(b.cat.Names(catalog.Tables), b.cat.Names(catalog.Streams)...), "there are")
	return nil
}

// insertNew is an INSERT into a table that takes the query's columns.
func (b *binder) insertNew(s *sql.Insert, node Node) Node {
	cols := node.Columns()
	if len(s.Columns) == 0 {
		b.distinctNames(cols, s.Query.Pos())
		return node
	}
	if len(s.Columns) != len(cols) {
		b.errorf(s.Columns[0].Pos().Cover(s.Columns[len(s.Columns)-1].Pos()), "INSERT names %s, and the query gives %d",
			count(len(s.Columns), "column"), len(cols))
		return node
	}
	p := &Project{Input: node}
	for i, c := range cols {
		to := c
		to.Name = s.Columns[i].Name
		p.Exprs = append(p.Exprs, NamedExpr{Column: to, Expr: &ColumnRef{Column: c}})
	}
	b.distinctNames(p.Columns(), s.Query.Pos())
	return p
}

// distinctNames refuses a new table two of whose columns have one name.
func (b *binder) distinctNames(cols []Column, span sql.Span) {
	seen := map[string]bool{}
	for _, c := range cols {
		if name := strings.ToLower(c.Name); seen[name] {
			_ = b.errorf(span, "the table would have two columns named %s", quoteName(c.Name)).WithHint("give one of them another name with AS")
		} else {
			seen[name] = true
		}
	}
}

// insertTargets gives, for each column of the query, the index of the table's
// column that it goes to.
func (b *binder) insertTargets(s *sql.Insert, t *catalog.Table, schema *arrow.Schema, cols []Column) ([]int, bool) {
	if len(s.Columns) > 0 {
		return b.listedTargets(s, t, schema, cols)
	}
	if t.ByName {
		return b.namedTargets(s, t, schema, cols)
	}
	n := schema.NumFields()
	if len(cols) != n {
		e := b.errorf(s.Query.Pos(), "table %s has %s, and the query gives %d", quoteName(t.Name), count(n, "column"), len(cols))
		switch {
		case len(cols) < n:
			_ = e.WithHint("nothing is given for %s", quoteName(schema.Field(len(cols)).Name))
		default:
			_ = e.WithHint("the table has no column for %s", quoteName(cols[n].Name))
		}
		return nil, false
	}
	targets := make([]int, n)
	for i := range targets {
		targets[i] = i
	}
	return targets, true
}

func (b *binder) listedTargets(s *sql.Insert, t *catalog.Table, schema *arrow.Schema, cols []Column) ([]int, bool) {
	ok := true
	var targets []int
	for _, c := range s.Columns {
		i := b.target(t, schema, c.Name, c.Pos())
		if i >= 0 && slices.Contains(targets, i) {
			b.errorf(c.Pos(), "column %s is named twice", quoteName(c.Name))
			i = -1
		}
		ok = ok && i >= 0
		targets = append(targets, i)
	}
	if len(s.Columns) != len(cols) {
		b.errorf(s.Columns[0].Pos().Cover(s.Columns[len(s.Columns)-1].Pos()), "INSERT names %s, and the query gives %d",
			count(len(s.Columns), "column"), len(cols))
		return nil, false
	}
	return targets, ok && b.required(t, schema, targets, s.Columns[0].Pos())
}

// namedTargets matches the query's columns by their names.
func (b *binder) namedTargets(s *sql.Insert, t *catalog.Table, schema *arrow.Schema, cols []Column) ([]int, bool) {
	ok := true
	var targets []int
	spans := itemSpans(s.Query, len(cols))
	for k, c := range cols {
		i := b.target(t, schema, c.Name, spans[k])
		if i >= 0 && slices.Contains(targets, i) {
			b.errorf(spans[k], "the query has two columns named %s", quoteName(c.Name))
			i = -1
		}
		ok = ok && i >= 0
		targets = append(targets, i)
	}
	return targets, ok && b.required(t, schema, targets, s.Query.Pos())
}

// itemSpans are the places of a query's columns: its select list when that has
// one item for each, else the whole query.
func itemSpans(q *sql.Query, n int) []sql.Span {
	spans := make([]sql.Span, n)
	s, ok := q.Body.(*sql.Select)
	for i := range spans {
		if spans[i] = q.Pos(); ok && len(s.Items) == n {
			spans[i] = s.Items[i].Pos()
		}
	}
	return spans
}

func (b *binder) target(t *catalog.Table, schema *arrow.Schema, name string, span sql.Span) int {
	for i, f := range schema.Fields() {
		if strings.EqualFold(f.Name, name) {
			return i
		}
	}
	var names []string
	for _, f := range schema.Fields() {
		names = append(names, f.Name)
	}
	e := b.errorf(span, "table %s has no column %s", quoteName(t.Name), quoteName(name))
	if hint(e, name, names, "its columns are"); strings.Contains(name, "(") {
		_ = e.WithHint("name it with AS: the table's columns are %s", strings.Join(names, ", "))
	}
	return -1
}

func (b *binder) required(t *catalog.Table, schema *arrow.Schema, targets []int, span sql.Span) bool {
	ok := true
	for _, name := range t.Required {
		given := slices.ContainsFunc(targets, func(i int) bool { return i >= 0 && strings.EqualFold(schema.Field(i).Name, name) })
		if !given {
			b.errorf(span, "INSERT into %s must give column %s", quoteName(t.Name), quoteName(name))
			ok = false
		}
	}
	return ok
}

// insertProject brings the query's columns into the table's order and types. A
// table whose columns are matched by name gets those that are given; any other
// gets NULL for the rest.
func (b *binder) insertProject(s *sql.Insert, schema *arrow.Schema, targets []int, node Node, byName bool) Node {
	cols := node.Columns()
	spans := itemSpans(s.Query, len(cols))
	p := &Project{Input: node}
	ok := true
	for i, f := range schema.Fields() {
		k := slices.Index(targets, i)
		to := Column{Name: f.Name, Type: f.Type}
		if k < 0 {
			if !byName {
				to.ID = b.newID()
				p.Exprs = append(p.Exprs, NamedExpr{Column: to, Expr: Null(f.Type, s.Pos())})
			}
			continue
		}
		e := b.assign(&ColumnRef{Span: spans[k], Column: cols[k]}, f, spans[k])
		if e == nil {
			ok = false
			continue
		}
		if to.ID = cols[k].ID; !arrow.TypeEqual(cols[k].Type, f.Type) {
			to.ID = b.newID()
		}
		p.Exprs = append(p.Exprs, NamedExpr{Column: to, Expr: e})
	}
	if !ok {
		return nil
	}
	return p
}

// assign converts a value to the type of the column it is stored in, where
// Spark's store assignment allows it.
func (b *binder) assign(e Expr, f arrow.Field, span sql.Span) Expr {
	if storable(e.Type(), f.Type) {
		if out, err := b.cast(e, f.Type, span); err == nil {
			return out
		}
	}
	err := b.errorf(span, "column %s is %s, and the query gives %s", quoteName(f.Name), sql.TypeSQL(f.Type), sql.TypeSQL(e.Type()))
	_ = err.WithHint("CAST(... AS %s) converts it", sql.TypeSQL(f.Type))
	return nil
}

// storable says whether a value can be stored without a cast as written. Text
// is not read as a number, a time or a truth.
func storable(from, to arrow.DataType) bool {
	if arrow.TypeEqual(from, to) || from.ID() == arrow.NULL {
		return true
	}
	switch f := from.(type) {
	case *arrow.StructType:
		t, ok := to.(*arrow.StructType)
		if !ok || len(f.Fields()) != len(t.Fields()) {
			return false
		}
		for i := range f.Fields() {
			if !storable(f.Field(i).Type, t.Field(i).Type) {
				return false
			}
		}
		return true
	case *arrow.MapType:
		t, ok := to.(*arrow.MapType)
		return ok && storable(f.KeyType(), t.KeyType()) && storable(f.ItemType(), t.ItemType())
	case *arrow.ListType:
		t, ok := to.(*arrow.ListType)
		return ok && storable(f.Elem(), t.Elem())
	}
	class := storeClass(from)
	switch to.ID() {
	case arrow.STRING:
		return class != ""
	case arrow.BINARY:
		return class == "text"
	}
	return class != "" && class != "text" && class == storeClass(to)
}

// storeClass groups the types that are stored into each other.
func storeClass(t arrow.DataType) string {
	switch t.ID() {
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64, arrow.FLOAT32, arrow.FLOAT64, arrow.DECIMAL128:
		return "number"
	case arrow.DATE32, arrow.TIMESTAMP:
		return "time"
	case arrow.STRING, arrow.BINARY:
		return "text"
	case arrow.BOOL:
		return "truth"
	case arrow.DURATION, arrow.INTERVAL_MONTHS, arrow.INTERVAL_MONTH_DAY_NANO:
		return "interval " + t.Name()
	}
	return ""
}

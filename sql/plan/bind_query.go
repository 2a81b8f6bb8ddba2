package plan

import (
	"math"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/sql"
)

// cteScope is the named queries in scope, innermost first.
type cteScope struct {
	def    *sql.CTE
	used   bool
	parent *cteScope
}

func (s *cteScope) find(name string) *cteScope {
	for ; s != nil; s = s.parent {
		if strings.EqualFold(s.def.Name.Name, name) {
			return s
		}
	}
	return nil
}

func (s *cteScope) names() []string {
	var out []string
	for ; s != nil; s = s.parent {
		out = append(out, s.def.Name.Name)
	}
	return out
}

// query binds a whole query. outer is the scope of the query around a
// subquery, or nil.
func (b *binder) query(q *sql.Query, outer *correlation) *relation {
	defer b.with(q.With)()
	order := slices.Concat(q.OrderBy, q.SortBy)
	var r *relation
	if s, ok := q.Body.(*sql.Select); ok {
		r = b.selectBlock(s, order, outer)
	} else {
		r = b.body(q.Body)
		b.orderOutput(r, order)
	}
	if outer != nil && len(outer.conds) > 0 && (q.Limit != nil || q.Offset != nil) {
		b.unsupported(q.Pos(), "LIMIT in a correlated subquery")
		r.open = true
		return r
	}
	b.limit(r, q)
	return r
}

// with brings named queries into scope; what it returns takes them out again
// and checks those that nothing used.
func (b *binder) with(defs []sql.CTE) func() {
	before := b.ctes
	for i := range defs {
		def := &defs[i]
		for s := b.ctes; s != before; s = s.parent {
			if strings.EqualFold(s.def.Name.Name, def.Name.Name) {
				b.errorf(def.Name.Pos(), "WITH has two queries named %s", quoteName(def.Name.Name))
			}
		}
		if before.find(def.Name.Name) != nil {
			b.errorf(def.Name.Pos(), "%s names a query of an enclosing WITH already", quoteName(def.Name.Name))
		}
		b.ctes = &cteScope{def: def, parent: b.ctes}
	}
	return func() {
		for s := b.ctes; s != before; s = s.parent {
			if !s.used {
				b.cte(s)
			}
		}
		b.ctes = before
	}
}

// cte binds a named query anew: each use has columns of its own.
func (b *binder) cte(s *cteScope) *relation {
	s.used = true
	saved := b.ctes
	b.ctes = s.parent
	defer func() { b.ctes = saved }()
	r := b.query(s.def.Query, nil)
	b.rename(r, s.def.Name.Name, s.def.Columns, s.def.Name.Pos())
	return r
}

// rename gives a relation the names of an alias.
func (b *binder) rename(r *relation, table string, columns []sql.Ident, span sql.Span) {
	for i := range r.cols {
		r.cols[i].table = table
	}
	for i := range r.hidden {
		r.hidden[i].table = table
	}
	if len(columns) == 0 || r.open {
		return
	}
	if len(columns) != len(r.cols) {
		b.errorf(span, "%s gets %s here, and has %d", quoteName(table), count(len(columns), "column name"), len(r.cols))
		r.open = true
		return
	}
	for i, c := range columns {
		r.cols[i].Name = c.Name
	}
}

// body binds what is no SELECT block by itself.
func (b *binder) body(body sql.QueryBody) *relation {
	switch body := body.(type) {
	case *sql.Select:
		return b.selectBlock(body, nil, nil)
	case *sql.Query:
		return b.query(body, nil)
	case *sql.ValuesList:
		return b.values(body)
	case *sql.SetOp:
		return b.setOp(body)
	}
	b.unsupported(body.Pos(), "this query")
	return failed()
}

// orderOutput sorts the rows of a query by its own columns.
func (b *binder) orderOutput(r *relation, order []sql.OrderItem) {
	if len(order) == 0 {
		return
	}
	x := &exprBinder{binder: b, scope: r, clause: "ORDER BY"}
	var keys []SortKey
	for _, o := range order {
		var key Expr
		if n, ok := ordinal(o.X); ok {
			if n < 1 || n > len(r.cols) {
				b.errorf(o.X.Pos(), "ORDER BY %d: %s", n, thereAre(len(r.cols), "column"))
				continue
			}
			key = &ColumnRef{Span: b.pos(o.X.Pos()), Column: r.cols[n-1].Column}
		} else {
			key = x.expr(o.X)
		}
		if b.sortable(key, o.X.Pos()) {
			keys = append(keys, SortKey{Expr: key, Desc: o.Desc, NullsFirst: o.NullsFirst})
		}
	}
	if len(keys) == len(order) {
		r.node = &Sort{Input: r.node, Keys: keys}
	}
}

// sortable refuses keys that have no order.
func (b *binder) sortable(key Expr, span sql.Span) bool {
	if key == nil || key.Type() == nil {
		return false
	}
	if key.Type().ID() == arrow.MAP {
		b.errorf(span, "ORDER BY cannot order values of type %s", sql.TypeSQL(key.Type()))
		return false
	}
	return true
}

// ordinal is the number when an expression is an integer as written.
func ordinal(e sql.Expr) (int, bool) {
	n, ok := e.(*sql.NumberLit)
	if !ok || n.Suffix != "" {
		return 0, false
	}
	l, err := numberLiteral(n.Text, "")
	if err != nil || !l.Integer {
		return 0, false
	}
	if v, ok := integerValue(l); ok && v < math.MaxInt32 {
		return int(v), true
	}
	return math.MaxInt32, true
}

// integerValue is the value of an integer literal.
func integerValue(e Expr) (int64, bool) {
	l, ok := e.(*Literal)
	if !ok || l.IsNull() {
		return 0, false
	}
	switch l.Value.(type) {
	case *array.Int8, *array.Int16, *array.Int32, *array.Int64:
		return int64At(l.Value, 0), true
	}
	return 0, false
}

// int64At is an integer of any width.
func int64At(a arrow.Array, i int) int64 {
	switch a := a.(type) {
	case *array.Int8:
		return int64(a.Value(i))
	case *array.Int16:
		return int64(a.Value(i))
	case *array.Int32:
		return int64(a.Value(i))
	case *array.Int64:
		return a.Value(i)
	}
	return 0
}

func (b *binder) limit(r *relation, q *sql.Query) {
	if q.Limit == nil && q.Offset == nil {
		return
	}
	out := &Limit{Input: r.node, N: -1}
	ok := true
	if q.Limit != nil {
		out.N, ok = b.rowCount(q.Limit, "LIMIT")
	}
	if q.Offset != nil {
		var fine bool
		out.Offset, fine = b.rowCount(q.Offset, "OFFSET")
		ok = ok && fine
	}
	if ok {
		r.node = out
	}
}

// rowCount is the value of a constant number of rows.
func (b *binder) rowCount(e sql.Expr, clause string) (int64, bool) {
	if readsColumn(e) {
		b.errorf(e.Pos(), "%s needs a constant", clause)
		return 0, false
	}
	x := &exprBinder{binder: b, scope: &relation{}, clause: clause}
	bound := x.expr(e)
	if bound == nil {
		return 0, false
	}
	l, ok := foldConstant(bound)
	if !ok {
		b.errorf(e.Pos(), "%s needs a constant", clause)
		return 0, false
	}
	n, ok := integerValue(l)
	if !ok || n < 0 {
		b.errorf(e.Pos(), "%s needs a number of rows: an INT of 0 or more", clause)
		return 0, false
	}
	return n, true
}

// readsColumn says whether an expression names a column.
func readsColumn(e sql.Expr) bool {
	if _, ok := e.(*sql.ColumnRef); ok {
		return true
	}
	return slices.ContainsFunc(operands(e), readsColumn)
}

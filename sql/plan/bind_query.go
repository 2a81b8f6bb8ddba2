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

// oneRow is what a query without FROM reads.
func oneRow() *relation { return &relation{node: &Values{Rows: 1}} }

// values binds VALUES: its columns are col1, col2 and so on.
func (b *binder) values(v *sql.ValuesList) *relation {
	x := &exprBinder{binder: b, scope: &relation{}, clause: "VALUES"}
	var rows [][]Expr
	ok := true
	for _, row := range v.Rows {
		bound, fine := x.all(row)
		ok = ok && fine
		if len(row) != len(v.Rows[0]) {
			b.errorf(row[0].Pos().Cover(row[len(row)-1].Pos()), "this row of VALUES has %s, and the first has %d", count(len(row), "value"), len(v.Rows[0]))
			ok = false
		}
		rows = append(rows, bound)
	}
	if !ok {
		return failed()
	}
	cols := make([]Column, len(rows[0]))
	for c := range cols {
		column, spans := make([]Expr, len(rows)), make([]sql.Span, len(rows))
		for r := range rows {
			column[r], spans[r] = rows[r][c], v.Rows[r][c].Pos()
		}
		if column, ok = b.common(column, spans, "VALUES"); !ok {
			return failed()
		}
		for r := range rows {
			rows[r][c] = column[r]
		}
		cols[c] = Column{ID: b.newID(), Name: "col" + itoa(c+1), Type: column[0].Type()}
	}
	return named(b.valuesNode(cols, rows), "")
}

// valuesNode is rows of constants, or a union of projections when some value is
// none.
func (b *binder) valuesNode(cols []Column, rows [][]Expr) Node {
	arrays := make([]arrow.Array, len(cols))
	for c := range cols {
		ones := make([]arrow.Array, len(rows))
		for r := range rows {
			l, ok := foldConstant(rows[r][c])
			if !ok {
				return b.valuesUnion(cols, rows)
			}
			ones[r] = l.Value
		}
		joined, err := array.Concatenate(ones, goHeap)
		if err != nil {
			return b.valuesUnion(cols, rows)
		}
		arrays[c] = joined
	}
	return &Values{Cols: cols, Arrays: arrays, Rows: len(rows)}
}

func (b *binder) valuesUnion(cols []Column, rows [][]Expr) Node {
	out := &Union{Cols: cols}
	for _, row := range rows {
		p := &Project{Input: oneRow().node}
		for c, e := range row {
			p.Exprs = append(p.Exprs, NamedExpr{Column: Column{ID: b.newID(), Name: cols[c].Name, Type: cols[c].Type}, Expr: e})
		}
		out.Ins = append(out.Ins, p)
	}
	return out
}

// setOp binds UNION, EXCEPT and INTERSECT.
func (b *binder) setOp(s *sql.SetOp) *relation {
	l, r := b.body(s.L), b.body(s.R)
	if l.open || r.open {
		return failed()
	}
	if len(l.cols) != len(r.cols) {
		b.errorf(s.OpSpan, "%s needs as many columns on both sides: there are %d and %d", s.Op, len(l.cols), len(r.cols))
		return failed()
	}
	left, right, ok := b.align(l, r, s)
	if !ok {
		return failed()
	}
	if s.Op == "UNION" {
		var ins []Node
		for _, n := range []Node{left, right} {
			if u, ok := n.(*Union); ok && s.All {
				ins = append(ins, u.Ins...)
				continue
			}
			ins = append(ins, n)
		}
		cols := make([]Column, len(l.cols))
		for i, c := range left.Columns() {
			cols[i] = Column{ID: b.newID(), Name: c.Name, Type: c.Type}
		}
		var out Node = &Union{Ins: ins, Cols: cols}
		if !s.All {
			out = distinct(out)
		}
		return named(out, "")
	}
	if s.All {
		return b.setAll(s, left, right)
	}
	j := &Join{Kind: Semi, Left: distinct(left), Right: right}
	if s.Op == "EXCEPT" {
		j.Kind = Anti
	}
	rightCols := right.Columns()
	for i, c := range left.Columns() {
		j.LeftKeys = append(j.LeftKeys, &ColumnRef{Column: c})
		j.RightKeys = append(j.RightKeys, &ColumnRef{Column: rightCols[i]})
		j.NullSafe = append(j.NullSafe, true)
	}
	return named(j, "")
}

// distinct drops repeated rows.
func distinct(n Node) Node { return &Aggregate{Input: n, Groups: refs(n.Columns())} }

// align brings the columns of both sides to common types, with the left side's
// names.
func (b *binder) align(l, r *relation, s *sql.SetOp) (left, right Node, ok bool) {
	var types []arrow.DataType
	for i := range l.cols {
		t, fine := b.cat.Caster().Common(l.cols[i].Type, r.cols[i].Type)
		if !fine {
			b.errorf(s.OpSpan, "%s: column %d (%s) is %s on one side and %s on the other", s.Op, i+1, quoteName(l.cols[i].Name),
				sql.TypeSQL(l.cols[i].Type), sql.TypeSQL(r.cols[i].Type))
			return nil, nil, false
		}
		types = append(types, t)
	}
	left, ok = b.castColumns(l.visible(), types, s.OpSpan)
	if !ok {
		return nil, nil, false
	}
	right, ok = b.castColumns(r.visible(), types, s.OpSpan)
	return left, right, ok
}

// castColumns converts the columns of a node.
func (b *binder) castColumns(n Node, types []arrow.DataType, span sql.Span) (Node, bool) {
	p := &Project{Input: n}
	changed := false
	for i, c := range n.Columns() {
		ref := &ColumnRef{Span: b.pos(span), Column: c}
		out, err := b.cast(ref, types[i], span)
		if err != nil {
			b.errorf(span, "column %s: %s", quoteName(c.Name), err)
			return nil, false
		}
		if out != Expr(ref) {
			c, changed = Column{ID: b.newID(), Name: c.Name, Type: types[i]}, true
		}
		p.Exprs = append(p.Exprs, NamedExpr{Column: c, Expr: out})
	}
	if !changed {
		return n, true
	}
	return p, true
}

package plan

import (
	"slices"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// aggregation collects the groups and aggregates of one SELECT block.
type aggregation struct {
	b      *binder
	groups []NamedExpr
	aggs   []AggExpr
	known  map[string]Column // groups and aggregates by fingerprint
	// sets are the grouping sets, as indexes of groups; nil for a plain GROUP BY.
	sets [][]int
	// open is true when a group could not be bound and was reported: what it does not
	// have is not reported again.
	open bool
	// id is the column with a set's grouping_id, when there are sets.
	id Column
}

func newAggregation(b *binder) *aggregation {
	return &aggregation{b: b, known: map[string]Column{}}
}

// aggregated says whether a block groups rows.
func (q *selectBinder) aggregated(order []sql.OrderItem) bool {
	if q.s.GroupBy != nil || q.s.Having != nil {
		return true
	}
	for _, it := range q.s.Items {
		if q.hasAggregate(it.X) {
			return true
		}
	}
	for _, o := range order {
		if q.hasAggregate(o.X) {
			return true
		}
	}
	return false
}

// hasAggregate looks for an aggregate in an expression, not in its subqueries.
func (b *binder) hasAggregate(e sql.Expr) bool {
	if e == nil {
		return false
	}
	if c, ok := e.(*sql.Call); ok && c.Over == nil && b.cat.Aggregate(strings.ToLower(c.Name.Name)) != nil {
		return true
	}
	return slices.ContainsFunc(operands(e), b.hasAggregate)
}

// operands are the parts of an expression of the syntax tree.
func operands(e sql.Expr) []sql.Expr {
	switch e := e.(type) {
	case *sql.Unary:
		return []sql.Expr{e.X}
	case *sql.Binary:
		return []sql.Expr{e.L, e.R}
	case *sql.IsExpr:
		return []sql.Expr{e.X, e.Right}
	case *sql.Between:
		return []sql.Expr{e.X, e.Low, e.High}
	case *sql.InList:
		return append([]sql.Expr{e.X}, e.List...)
	case *sql.LikeExpr:
		return append([]sql.Expr{e.X, e.Escape}, e.Patterns...)
	case *sql.CaseExpr:
		out := []sql.Expr{e.Operand, e.Else}
		for _, w := range e.Whens {
			out = append(out, w.When, w.Then)
		}
		return out
	case *sql.CastExpr:
		return []sql.Expr{e.X}
	case *sql.Call:
		var out []sql.Expr
		for _, a := range e.Args {
			out = append(out, a.Value)
		}
		return out
	case *sql.Subscript:
		return []sql.Expr{e.X, e.Index}
	case *sql.FieldAccess:
		return []sql.Expr{e.X}
	case *sql.Lambda:
		return []sql.Expr{e.Body}
	case *sql.RowExpr:
		return e.Items
	}
	return nil
}

// groups binds GROUP BY.
func (q *selectBinder) groups() {
	g := q.s.GroupBy
	if g == nil {
		return
	}
	faults := len(q.errs)
	defer func() { q.aggs.open = len(q.errs) > faults }()
	if g.Kind == "ALL" {
		for i := range q.s.Items {
			it := &q.s.Items[i]
			if star, ok := it.X.(*sql.Star); ok {
				q.groupStar(star)
			} else if !q.hasAggregate(it.X) {
				q.groupItem(it.X, nil)
			}
		}
		return
	}
	for _, e := range g.Items {
		q.groupItem(e, nil)
	}
	q.groupingSets(g)
}

func (q *selectBinder) groupStar(star *sql.Star) {
	x := &exprBinder{binder: q.binder, scope: q.in, clause: "GROUP BY", source: &q.before}
	cols, _ := x.star(star)
	for _, c := range cols {
		q.aggs.group(c.Expr, c.Column.Name)
	}
}

// groupItem binds one expression of GROUP BY: an ordinal, a column of the input
// or an alias of the select list, or any expression. It gives the group's index,
// or -1.
func (q *selectBinder) groupItem(e sql.Expr, inAlias *sql.SelectItem) int {
	if n, ok := ordinal(e); ok && inAlias == nil {
		if n < 1 || n > len(q.s.Items) {
			q.errorf(e.Pos(), "GROUP BY %d: %s", n, thereAre(len(q.s.Items), "column"))
			return -1
		}
		it := &q.s.Items[n-1]
		if _, star := it.X.(*sql.Star); star {
			q.unsupported(e.Pos(), "an ordinal of GROUP BY in a select list with *")
			return -1
		}
		if q.hasAggregate(it.X) {
			q.errorf(e.Pos(), "GROUP BY %d: that column is an aggregate", n)
			return -1
		}
		return q.groupItem(it.X, it)
	}
	x := &exprBinder{binder: q.binder, scope: q.in, clause: "GROUP BY", source: &q.before}
	x.names = func(name sql.Ident) (Expr, bool) { return q.groupAlias(name, inAlias) }
	bound := x.expr(e)
	if bound == nil {
		return -1
	}
	if bound.Type().ID() == arrow.MAP {
		q.errorf(e.Pos(), "GROUP BY cannot compare values of type %s", sql.TypeSQL(bound.Type()))
		return -1
	}
	return q.aggs.group(bound, q.columnText(e))
}

// groupAlias is the expression of an alias of the select list, bound over the
// input. Inside the alias itself its name is no alias.
func (q *selectBinder) groupAlias(name sql.Ident, in *sql.SelectItem) (Expr, bool) {
	for i := range q.s.Items {
		it := &q.s.Items[i]
		if it == in || !strings.EqualFold(it.Alias.Name, name.Name) || it.Alias.Name == "" {
			continue
		}
		if q.hasAggregate(it.X) {
			q.errorf(name.Pos(), "%s is an aggregate: it cannot be grouped by", quoteName(name.Name))
			return nil, true
		}
		x := &exprBinder{binder: q.binder, scope: q.in, clause: "GROUP BY", source: &q.before}
		x.names = func(name sql.Ident) (Expr, bool) { return q.groupAlias(name, it) }
		return x.expr(it.X), true
	}
	return nil, false
}

// group adds a group and gives its index.
func (a *aggregation) group(e Expr, name string) int {
	key := fingerprint(e)
	if col, ok := a.known[key]; ok {
		return slices.IndexFunc(a.groups, func(g NamedExpr) bool { return g.Column.ID == col.ID })
	}
	col := Column{ID: a.b.newID(), Name: name, Type: e.Type()}
	if ref, ok := e.(*ColumnRef); ok {
		col = ref.Column
	}
	a.known[key] = col
	a.groups = append(a.groups, NamedExpr{Column: col, Expr: e})
	return len(a.groups) - 1
}

// aggregate binds a call of an aggregate function.
func (x *exprBinder) aggregate(name string, fn catalog.Aggregate, e *sql.Call, args []argument) Expr {
	if x.aggs == nil {
		err := x.errorf(e.Pos(), "%s is an aggregate: it cannot stand in %s", e.Name.Name, x.clause)
		if x.clause == "WHERE" {
			_ = err.WithHint("HAVING filters groups")
		}
		return nil
	}
	if len(e.OrderBy) > 0 {
		x.unsupported(e.Pos(), "WITHIN GROUP")
		return nil
	}
	if e.IgnoreNulls {
		args = append(args, argument{expr: Bool(true, x.pos(e.Pos())), span: e.Pos()})
	}
	bound, err := fn.BindAggregate(x.infos(args))
	if err != nil {
		x.callError(e.Pos(), args, err)
		return nil
	}
	exprs, ok := x.convert(name, args, bound.ArgTypes)
	if !ok {
		return nil
	}
	agg := AggExpr{Name: name, Fn: bound, Args: exprs, Distinct: e.Distinct && !bound.IgnoresDistinct}
	if e.Filter != nil {
		in := *x
		in.inner, in.namesFirst, in.clause = name, false, "FILTER"
		if agg.Filter = in.condition(e.Filter); agg.Filter == nil {
			return nil
		}
	}
	agg.Column = Column{Name: x.columnText(e), Type: bound.Type}
	return &ColumnRef{Span: x.pos(e.Pos()), Column: x.aggs.add(agg)}
}

// add adds an aggregate unless it is there, and gives its column.
func (a *aggregation) add(agg AggExpr) Column {
	named := agg.Column
	agg.Column = Column{}
	key := "aggregate " + agg.String() + " : " + named.Type.String()
	if col, ok := a.known[key]; ok && slices.ContainsFunc(agg.Args, deterministic) || ok && len(agg.Args) == 0 {
		return col
	}
	named.ID = a.b.newID()
	agg.Column = named
	a.known[key] = named
	a.aggs = append(a.aggs, agg)
	return named
}

// replace turns an expression over the input into one over groups and
// aggregates. Columns for which other is true stay. It is nil, with a fault,
// when a column is neither.
func (a *aggregation) replace(e Expr, other func(ColumnID) bool) Expr {
	ours := columnSet(namedColumns(a.groups))
	for _, agg := range a.aggs {
		ours[agg.Column.ID] = true
	}
	ok := true
	out := rewriteDown(e, func(e Expr) (Expr, bool) {
		if _, lambda := e.(*Lambda); !lambda {
			if col, found := a.known[fingerprint(e)]; found {
				return &ColumnRef{Span: e.Pos(), Column: col}, true
			}
		}
		ref, isRef := e.(*ColumnRef)
		if !isRef {
			return e, false
		}
		if id := ref.Column.ID; !ours[id] && id != a.id.ID && !other(id) {
			ok = false
			if a.open {
				return e, true
			}
			what := "there is no GROUP BY"
			if len(a.groups) > 0 {
				what = "GROUP BY does not have it"
			}
			a.b.errorf(e.Pos(), "column %s must be grouped by or stand in an aggregate: %s", quoteName(ref.Column.Name), what)
		}
		return e, true
	})
	if !ok {
		return nil
	}
	return out
}

// node is the aggregation over a plan.
func (a *aggregation) node(in Node) Node {
	if a.sets != nil {
		return a.setsNode(in)
	}
	return &Aggregate{Input: in, Groups: a.groups, Aggs: a.aggs}
}

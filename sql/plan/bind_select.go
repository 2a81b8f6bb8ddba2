package plan

import (
	"strconv"
	"strings"

	"github.com/millrace-sql/millrace/sql"
)

func itoa(n int) string { return strconv.Itoa(n) }

// source collects the joins that the subqueries of a clause become.
type source struct {
	joins []func(Node) Node
	cols  map[ColumnID]bool // what the joins add
}

func (s *source) add(join func(Node) Node, cols ...Column) {
	s.joins = append(s.joins, join)
	if s.cols == nil {
		s.cols = map[ColumnID]bool{}
	}
	for _, c := range cols {
		s.cols[c.ID] = true
	}
}

func (s *source) apply(n Node) Node {
	for _, join := range s.joins {
		n = join(n)
	}
	s.joins = nil
	return n
}

// item is one column of a select list.
type item struct {
	ast   sql.Expr // nil for a column of a star
	alias bool     // the user named it
	expr  Expr     // nil after a fault
	col   Column   // Type is nil after a fault
}

// selectBinder binds one SELECT block.
type selectBinder struct {
	*binder
	s     *sql.Select
	in    *relation
	outer *correlation
	items []*item
	aggs  *aggregation // nil when nothing is aggregated
	// before and after are the subqueries joined below and above the aggregation.
	before, after source
	generate      *Generate // the generator of the select list, without its input
}

// selectBlock binds SELECT with its ORDER BY, whose keys may be columns that
// are not selected.
func (b *binder) selectBlock(s *sql.Select, order []sql.OrderItem, outer *correlation) *relation {
	q := &selectBinder{binder: b, s: s, outer: outer}
	q.in = b.from(s.From)
	q.in.outer = outer // names can mean columns of the query around
	if s.Where != nil {
		q.where()
	}
	if q.aggregated(order) {
		q.aggs = newAggregation(b)
		q.groups()
	}
	faults := len(b.errs)
	q.groupByCorrelation()
	q.bindItems()
	having := q.having()
	keys := q.orderKeys(order)
	if len(b.errs) > faults || q.in.open {
		return q.fault()
	}
	node := q.before.apply(q.in.node)
	if q.aggs != nil {
		node = q.after.apply(q.aggs.node(node))
	}
	if having != nil {
		node = &Filter{Input: node, Cond: having}
	}
	if q.generate != nil {
		node = q.generate.WithInputs([]Node{node})
	}
	return q.output(node, keys)
}

// fault is the relation of a block that was not bound: its columns can be named
// without further faults.
func (q *selectBinder) fault() *relation {
	r := failed()
	for _, it := range q.items {
		r.cols = append(r.cols, scopeColumn{Column: it.col})
	}
	return r
}

func (q *selectBinder) where() {
	x := &exprBinder{binder: q.binder, scope: q.in, clause: "WHERE", source: &source{}}
	q.in.node = x.filter(q.in.node, q.s.Where, q.outer)
}

// itemBinder binds what stands above the aggregation, if there is one.
func (q *selectBinder) itemBinder(clause string) *exprBinder {
	x := &exprBinder{binder: q.binder, scope: q.in, clause: clause, aggs: q.aggs, source: &q.before}
	if q.aggs != nil {
		x.source = &q.after
	}
	return x
}

// bindItems binds the select list, each item in sight of the aliases before it.
func (q *selectBinder) bindItems() {
	for i := range q.s.Items {
		it := &q.s.Items[i]
		x := q.itemBinder("SELECT")
		x.names = q.lateral
		if star, ok := it.X.(*sql.Star); ok {
			cols, _ := x.star(star)
			for _, c := range cols {
				q.addItem(&item{expr: q.aboveAggregation(c.Expr), col: c.Column})
			}
			continue
		}
		if call, ok := it.X.(*sql.Call); ok && q.isGenerator(call) {
			q.generator(x, call, it)
			continue
		}
		if len(it.Aliases) > 0 {
			if call, ok := it.X.(*sql.Call); ok && q.cat.Function(strings.ToLower(call.Name.Name)) == nil {
				q.noFunction(strings.ToLower(call.Name.Name), call)
			} else {
				q.errorf(it.Pos(), "AS (...) names the columns of a generator such as explode, and this is none")
			}
			continue
		}
		out := &item{ast: it.X, alias: it.Alias.Name != "", expr: q.aboveAggregation(x.expr(it.X))}
		out.col.Name = it.Alias.Name
		if !out.alias {
			out.col.Name = q.columnText(it.X)
		}
		q.addItem(out)
	}
}

// addItem gives an item its column: a plain reference keeps its identity unless
// it is renamed or repeated.
func (q *selectBinder) addItem(it *item) {
	q.items = append(q.items, it)
	if it.expr == nil {
		it.col.ID = q.newID()
		return
	}
	it.col.Type = it.expr.Type()
	ref, ok := it.expr.(*ColumnRef)
	if !ok {
		it.col.ID = q.newID()
		return
	}
	it.col.ID = ref.Column.ID
	repeated := false
	for _, other := range q.items[:len(q.items)-1] {
		repeated = repeated || other.col.ID == it.col.ID
	}
	switch {
	case repeated:
		it.col.ID = q.newID()
		q.same[it.col.ID] = ref.Column.ID
	case !strings.EqualFold(it.col.Name, ref.Column.Name):
		it.col.ID = q.newID()
	}
}

// lateral finds an alias given before in the select list.
func (q *selectBinder) lateral(name sql.Ident) (Expr, bool) {
	return q.outputColumn(name, func(it *item) bool { return it.alias })
}

// outputColumn finds a column of the select list by name.
func (q *selectBinder) outputColumn(name sql.Ident, which func(*item) bool) (Expr, bool) {
	found := q.outputMatches(name, which)
	switch {
	case len(found) == 0:
		return nil, false
	case len(found) > 1:
		q.errorf(name.Pos(), "%s is ambiguous: several columns of the select list have that name", quoteName(name.Name))
		return nil, true
	case found[0].Type == nil:
		return nil, true
	}
	return &ColumnRef{Span: q.pos(name.Pos()), Column: found[0].Column}, true
}

// outputMatches are the columns of the select list that have a name.
func (q *selectBinder) outputMatches(name sql.Ident, which func(*item) bool) []scopeColumn {
	var found []scopeColumn
	for _, it := range q.items {
		if which(it) && strings.EqualFold(it.col.Name, name.Name) {
			found = q.addMatch(found, scopeColumn{Column: it.col})
		}
	}
	return found
}

// aboveAggregation turns an expression over the input into one over the groups
// and aggregates, where there is an aggregation.
func (q *selectBinder) aboveAggregation(e Expr) Expr {
	if e == nil || q.aggs == nil {
		return e
	}
	return q.aggs.replace(e, func(id ColumnID) bool {
		for _, it := range q.items {
			if it.col.ID == id {
				return true
			}
		}
		if q.generate != nil && columnSet(q.generate.Cols)[id] {
			return true
		}
		return q.after.cols[id]
	})
}

func (q *selectBinder) having() Expr {
	if q.s.Having == nil {
		return nil
	}
	x := q.itemBinder("HAVING")
	x.names = q.lateral
	cond := q.aboveAggregation(x.condition(q.s.Having))
	return rewrite(cond, func(e Expr) Expr { // HAVING runs below the select list
		if ref, ok := e.(*ColumnRef); ok {
			for _, it := range q.items {
				if it.col.ID == ref.Column.ID && it.expr != nil {
					return it.expr
				}
			}
		}
		return e
	})
}

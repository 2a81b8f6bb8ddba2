package plan

import (
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-sql/millrace/catalog"
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
	q.in.outerScope(outer)
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
			out.col.Name = itemName(it.X)
		}
		q.addItem(out)
	}
}

// itemName is what Spark calls a column without an alias.
func itemName(e sql.Expr) string {
	if ref, ok := e.(*sql.ColumnRef); ok {
		return ref.Parts[len(ref.Parts)-1].Name
	}
	return sql.Text(e)
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
	var found []scopeColumn
	for _, it := range q.items {
		if which(it) && strings.EqualFold(it.col.Name, name.Name) {
			found = q.addMatch(found, scopeColumn{Column: it.col})
		}
	}
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

// isGenerator says whether a call gives rows.
func (q *selectBinder) isGenerator(call *sql.Call) bool {
	name := strings.ToLower(call.Name.Name)
	return q.cat.TableFunction(strings.TrimSuffix(name, "_outer")) != nil || q.cat.TableFunction(name) != nil
}

// generator binds a generator as an item: its columns become items.
func (q *selectBinder) generator(x *exprBinder, call *sql.Call, it *sql.SelectItem) {
	if q.generate != nil {
		q.errorf(call.Pos(), "a select list can have one generator, and this is the second")
		return
	}
	names := it.Aliases
	if it.Alias.Name != "" {
		names = []sql.Ident{it.Alias}
	}
	g := x.generator(call, names)
	if g == nil {
		for _, n := range names {
			q.addItem(&item{alias: true, col: Column{Name: n.Name}})
		}
		return
	}
	for i, a := range g.Args {
		if g.Args[i] = q.aboveAggregation(a); g.Args[i] == nil {
			return
		}
	}
	q.generate = g
	for _, c := range g.Cols {
		q.addItem(&item{alias: len(names) > 0, expr: &ColumnRef{Span: q.pos(call.Pos()), Column: c}, col: Column{Name: c.Name}})
	}
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

// orderKey is a bound key of ORDER BY over the input and the select list.
type orderKey struct {
	expr Expr
	item *sql.OrderItem
}

func (q *selectBinder) orderKeys(order []sql.OrderItem) []orderKey {
	var keys []orderKey
	for i := range order {
		o := &order[i]
		if n, ok := ordinal(o.X); ok {
			if n < 1 || n > len(q.items) {
				q.errorf(o.X.Pos(), "ORDER BY %d: %s", n, thereAre(len(q.items), "column"))
				continue
			}
			if it := q.items[n-1]; it.expr != nil {
				keys = append(keys, orderKey{expr: &ColumnRef{Span: q.pos(o.X.Pos()), Column: it.col}, item: o})
			}
			continue
		}
		x := q.itemBinder("ORDER BY")
		x.namesFirst = true
		x.names = func(name sql.Ident) (Expr, bool) {
			return q.outputColumn(name, func(*item) bool { return true })
		}
		key := q.aboveAggregation(x.expr(o.X))
		if q.sortable(key, o.X.Pos()) {
			keys = append(keys, orderKey{expr: q.asOutput(key), item: o})
		}
	}
	return keys
}

// asOutput is the column of the select list that an expression is, if any.
func (q *selectBinder) asOutput(e Expr) Expr {
	if _, ok := e.(*ColumnRef); ok || !deterministic(e) {
		return e
	}
	for _, it := range q.items {
		if it.expr != nil && identical(it.expr, e) {
			return &ColumnRef{Span: e.Pos(), Column: it.col}
		}
	}
	return e
}

// output puts the select list, DISTINCT and ORDER BY above a plan.
func (q *selectBinder) output(node Node, keys []orderKey) *relation {
	exprs := make([]NamedExpr, len(q.items))
	cols := make([]Column, len(q.items))
	for i, it := range q.items {
		exprs[i] = NamedExpr{Column: it.col, Expr: it.expr}
		cols[i] = it.col
	}
	selected := columnSet(cols)
	var sort []SortKey
	extra := len(exprs)
	for _, k := range keys {
		key := k.expr
		if ref, ok := key.(*ColumnRef); !ok || !selected[ref.Column.ID] {
			if q.s.Distinct && !subset(readBy(key), selected) {
				q.errorf(k.item.X.Pos(), "ORDER BY after SELECT DISTINCT can use selected columns only")
				return q.fault()
			}
			if !q.s.Distinct {
				key = q.sortColumn(&exprs, key, ok)
			}
		}
		sort = append(sort, SortKey{Expr: key, Desc: k.item.Desc, NullsFirst: k.item.NullsFirst})
	}
	exprs = append(exprs, q.carried(node)...)
	if q.outer != nil && q.outer.grouped {
		q.outer.empty = q.emptyValue()
	}
	node = stack(node, exprs)
	if q.s.Distinct {
		node = distinct(node)
	}
	if len(sort) > 0 {
		node = &Sort{Input: node, Keys: sort}
	}
	if len(exprs) > extra && len(q.carried(node)) == 0 {
		node = &Project{Input: node, Exprs: refs(cols)}
	}
	out := &relation{node: node}
	for _, c := range cols {
		out.cols = append(out.cols, scopeColumn{Column: c})
	}
	return out
}

// sortColumn adds a column that is sorted by and not selected.
func (q *selectBinder) sortColumn(exprs *[]NamedExpr, key Expr, plain bool) Expr {
	col := Column{ID: q.newID(), Name: "sort", Type: key.Type()}
	if plain {
		col = key.(*ColumnRef).Column
	}
	for _, e := range *exprs {
		if e.Column.ID == col.ID {
			return &ColumnRef{Span: key.Pos(), Column: col}
		}
	}
	*exprs = append(*exprs, NamedExpr{Column: col, Expr: key})
	return &ColumnRef{Span: key.Pos(), Column: col}
}

// stack computes expressions that may read each other's columns, by one Project
// or several on top of each other.
func stack(node Node, exprs []NamedExpr) Node {
	done := make([]bool, len(exprs))
	for level := 0; ; level++ {
		have := columnSet(node.Columns())
		next := &Project{Input: node, Exprs: refs(node.Columns())}
		ready := 0
		for i, e := range exprs {
			if !done[i] && subset(readBy(e.Expr), have) {
				ready++
				done[i] = true
				if !have[e.Column.ID] {
					next.Exprs = append(next.Exprs, e)
				}
			} else if done[i] {
				ready++
			}
		}
		if ready < len(exprs) {
			node = next
			continue
		}
		if level == 0 {
			return &Project{Input: node, Exprs: exprs}
		}
		last := &Project{Input: node}
		for _, e := range exprs {
			if have[e.Column.ID] {
				e.Expr = &ColumnRef{Span: e.Expr.Pos(), Column: e.Column}
			}
			last.Exprs = append(last.Exprs, e)
		}
		return last
	}
}

// tableFunctions are the names of the functions that give rows.
func (b *binder) tableFunctions() []string {
	return slices.DeleteFunc(slices.Clone(b.cat.Names(catalog.Functions)), func(name string) bool {
		return b.cat.TableFunction(name) == nil
	})
}

// generator binds a table function over the columns in scope. names are the
// names its columns get, or nil. It is nil after a fault.
func (x *exprBinder) generator(call *sql.Call, names []sql.Ident) *Generate {
	name := strings.ToLower(call.Name.Name)
	base, outer := strings.CutSuffix(name, "_outer")
	fn := x.cat.TableFunction(base)
	if fn == nil {
		fn, outer = x.cat.TableFunction(name), false
	}
	if fn == nil {
		e := x.errorf(call.Name.Pos(), "there is no table function %s", quoteName(call.Name.Name))
		if x.cat.Function(name) != nil {
			_ = e.WithHint("%s gives a value, not rows", call.Name.Name)
		} else if near := catalog.Nearest(name, x.tableFunctions()); near != "" {
			_ = e.WithHint("did you mean %s?", quoteName(near))
		}
		return nil
	}
	args, ok := x.arguments(call, false)
	if !ok {
		return nil
	}
	bound, err := fn.BindTable(x.infos(args))
	if err != nil {
		x.callError(call.Pos(), args, err)
		return nil
	}
	exprs, ok := x.convert(name, args, bound.ArgTypes)
	if !ok {
		return nil
	}
	g := &Generate{Name: strings.ToLower(fn.Name()), Fn: bound, Args: exprs, Outer: outer}
	if len(names) > 0 && len(names) != len(bound.Columns) {
		x.errorf(call.Pos(), "%s gives %s, and %s here", call.Name.Name, count(len(bound.Columns), "column"), count(len(names), "name")+" stand")
		return nil
	}
	for i, f := range bound.Columns {
		c := Column{ID: x.newID(), Name: f.Name, Type: f.Type}
		if len(names) > 0 {
			c.Name = names[i].Name
		}
		g.Cols = append(g.Cols, c)
	}
	return g
}

package plan

import (
	"github.com/millrace-sql/millrace/sql"
)

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
		x.names = q.orderName
		key := q.aboveAggregation(x.expr(o.X))
		if q.sortable(key, o.X.Pos()) {
			keys = append(keys, orderKey{expr: q.asOutput(key), item: o})
		}
	}
	return keys
}

// orderName finds what a name of ORDER BY means among the selected columns. As in
// Spark, one that several of them have means the input's column, if that has it;
// after DISTINCT there is no input to see.
func (q *selectBinder) orderName(name sql.Ident) (Expr, bool) {
	if len(q.outputMatches(name, anyItem)) > 1 && !q.s.Distinct {
		if found, _ := q.match(q.in, []sql.Ident{name}); len(found) > 0 {
			return nil, false
		}
	}
	return q.outputColumn(name, anyItem)
}

func anyItem(*item) bool { return true }

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
		for _, it := range q.items {
			q.outer.empty = append(q.outer.empty, q.emptyValue(it))
		}
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

package plan

import (
	"slices"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/sql"
)

// groupingSets binds ROLLUP, CUBE and GROUPING SETS. They run as a union of
// aggregations, one a set.
func (q *selectBinder) groupingSets(g *sql.GroupBy) {
	if g.Kind == "" || g.Kind == "ALL" {
		return
	}
	var parts [][]int
	for _, set := range g.Sets {
		var part []int
		for _, e := range set {
			i := q.groupItem(e, nil)
			if i < 0 {
				return
			}
			part = append(part, i)
		}
		parts = append(parts, part)
	}
	var sets [][]int
	switch g.Kind {
	case "GROUPING SETS":
		sets = parts
	case "ROLLUP":
		for n := len(parts); n >= 0; n-- {
			sets = append(sets, slices.Concat(parts[:n]...))
		}
	case "CUBE":
		if len(parts) > 12 {
			q.errorf(g.Pos(), "CUBE of %d expressions makes too many groups: at most 12 can stand here", len(parts))
			return
		}
		for mask := 1<<len(parts) - 1; mask >= 0; mask-- {
			var set []int
			for i, part := range parts {
				if mask&(1<<(len(parts)-1-i)) != 0 {
					set = append(set, part...)
				}
			}
			sets = append(sets, set)
		}
	default:
		q.unsupported(g.Pos(), "GROUP BY "+g.Kind)
		return
	}
	q.aggs.useSets(sets)
}

// useSets makes the groups columns of their own, which are NULL in the sets that
// lack them.
func (a *aggregation) useSets(sets [][]int) {
	a.sets = sets
	a.id = Column{ID: a.b.newID(), Name: "grouping_id", Type: arrow.PrimitiveTypes.Int64}
	for i := range a.groups {
		old := a.groups[i].Column
		a.groups[i].Column.ID = a.b.newID()
		for key, col := range a.known {
			if col.ID == old.ID {
				a.known[key] = a.groups[i].Column
			}
		}
	}
}

// setsNode is the union of one aggregation a set.
func (a *aggregation) setsNode(in Node) Node {
	out := &Union{Cols: append(namedColumns(a.groups), a.id)}
	for _, agg := range a.aggs {
		out.Cols = append(out.Cols, agg.Column)
	}
	for _, set := range a.sets {
		agg := &Aggregate{Input: in}
		p := &Project{}
		id := int64(0)
		for i, g := range a.groups {
			id <<= 1
			col := Column{ID: a.b.newID(), Name: g.Column.Name, Type: g.Column.Type}
			if slices.Contains(set, i) {
				agg.Groups = append(agg.Groups, NamedExpr{Column: col, Expr: g.Expr})
				p.Exprs = append(p.Exprs, NamedExpr{Column: col, Expr: &ColumnRef{Column: col}})
				continue
			}
			id |= 1
			p.Exprs = append(p.Exprs, NamedExpr{Column: col, Expr: Null(col.Type, sql.Span{})})
		}
		if len(agg.Groups) == 0 { // of no rows Spark gives no total here
			all := Column{ID: a.b.newID(), Name: "all", Type: arrow.PrimitiveTypes.Int32}
			agg.Groups = []NamedExpr{{Column: all, Expr: integer(0, sql.Span{})}}
		}
		idCol := a.id
		idCol.ID = a.b.newID()
		p.Exprs = append(p.Exprs, NamedExpr{Column: idCol, Expr: bigint(id)})
		for _, e := range a.aggs {
			e.Column.ID = a.b.newID()
			agg.Aggs = append(agg.Aggs, e)
			p.Exprs = append(p.Exprs, NamedExpr{Column: e.Column, Expr: &ColumnRef{Column: e.Column}})
		}
		p.Input = agg
		out.Ins = append(out.Ins, p)
	}
	return out
}

func bigint(v int64) *Literal {
	b := array.NewInt64Builder(goHeap)
	b.Append(v)
	return &Literal{Value: b.NewArray()}
}

// groupingCall binds grouping(x) and grouping_id(), which speak of the grouping
// sets. It is false for any other call.
func (x *exprBinder) groupingCall(name string, e *sql.Call) (Expr, bool) {
	if name != "grouping" && name != "grouping_id" {
		return nil, false
	}
	if x.aggs == nil || x.aggs.sets == nil {
		x.errorf(e.Pos(), "%s needs GROUP BY with ROLLUP, CUBE or GROUPING SETS", e.Name.Name)
		return nil, true
	}
	id := &ColumnRef{Span: x.pos(e.Pos()), Column: x.aggs.id}
	if name == "grouping_id" {
		if len(e.Args) > 0 {
			x.unsupported(e.Pos(), "grouping_id with arguments")
			return nil, true
		}
		return id, true
	}
	if len(e.Args) != 1 {
		x.errorf(e.Pos(), "grouping takes 1 argument, not %d", len(e.Args))
		return nil, true
	}
	in := *x
	in.aggs, in.names = nil, nil
	arg := in.expr(e.Args[0].Value)
	if arg == nil {
		return nil, true
	}
	i := slices.IndexFunc(x.aggs.groups, func(g NamedExpr) bool { return identical(g.Expr, arg) })
	if i < 0 {
		x.errorf(e.Args[0].Value.Pos(), "grouping needs an expression of GROUP BY")
		return nil, true
	}
	bit := len(x.aggs.groups) - 1 - i
	shifted := Expr(id)
	for range bit { // id div 2 ...: shifting has no operator of its own
		shifted = x.callNamed("div", e.Pos(), []Expr{shifted, bigint(2)})
	}
	if one := x.callNamed("%", e.Pos(), []Expr{shifted, bigint(2)}); one != nil {
		out, err := x.cast(one, arrow.PrimitiveTypes.Int8, e.Pos())
		if err != nil {
			x.errorf(e.Pos(), "%s", strings.TrimSpace(err.Error()))
			return nil, true
		}
		return out, true
	}
	return nil, true
}

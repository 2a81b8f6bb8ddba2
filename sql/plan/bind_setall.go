package plan

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// setAll binds EXCEPT ALL and INTERSECT ALL: each distinct row is counted on
// both sides, and given as often as the counts say.
func (b *binder) setAll(s *sql.SetOp, left, right Node) *relation {
	counts := []Column{b.countColumn("l"), b.countColumn("r")}
	all := &Union{Ins: []Node{counted(b, left, counts, 0), counted(b, right, counts, 1)}}
	for _, c := range left.Columns() {
		all.Cols = append(all.Cols, Column{ID: b.newID(), Name: c.Name, Type: c.Type})
	}
	all.Cols = append(all.Cols, counts...)
	rows := all.Cols[:len(left.Columns())]
	agg := &Aggregate{Input: all, Groups: refs(rows)}
	var sums []Expr
	for _, c := range counts {
		sum, ok := b.sum(c, s.OpSpan)
		if !ok {
			return failed()
		}
		agg.Aggs = append(agg.Aggs, sum)
		sums = append(sums, &ColumnRef{Span: b.pos(s.OpSpan), Column: sum.Column})
	}
	times := b.rowTimes(s, sums[0], sums[1])
	if times == nil {
		return failed()
	}
	out := &Generate{Input: agg, Name: "repeat", Fn: repeatRows(), Args: []Expr{times}}
	return named(&Project{Input: out, Exprs: refs(rows)}, "")
}

func (b *binder) countColumn(name string) Column {
	return Column{ID: b.newID(), Name: name, Type: arrow.PrimitiveTypes.Int64}
}

// counted adds to a side 1 for its own count and 0 for the other's.
func counted(b *binder, n Node, counts []Column, side int) Node {
	p := &Project{Input: n, Exprs: refs(n.Columns())}
	for i, c := range counts {
		one := int64(0)
		if i == side {
			one = 1
		}
		p.Exprs = append(p.Exprs, NamedExpr{Column: Column{ID: b.newID(), Name: c.Name, Type: c.Type}, Expr: bigint(one)})
	}
	return p
}

// sum is the aggregate sum of a BIGINT column.
func (b *binder) sum(c Column, span sql.Span) (AggExpr, bool) {
	fn := b.cat.Aggregate("sum")
	if fn == nil {
		b.unsupported(span, "the function sum")
		return AggExpr{}, false
	}
	bound, err := fn.BindAggregate([]catalog.Arg{{Name: c.Name, Type: c.Type}})
	if err != nil {
		b.errorf(span, "%s", err)
		return AggExpr{}, false
	}
	col := Column{ID: b.newID(), Name: c.Name, Type: bound.Type}
	return AggExpr{Column: col, Name: "sum", Fn: bound, Args: []Expr{&ColumnRef{Column: c}}}, true
}

// rowTimes is how often a row comes that is l times on the left and r times on
// the right; less than 1 is not at all.
func (b *binder) rowTimes(s *sql.SetOp, l, r Expr) Expr {
	if s.Op == "EXCEPT" {
		return b.callNamed("-", s.OpSpan, []Expr{l, r})
	}
	less := b.callNamed("<", s.OpSpan, []Expr{l, r})
	if less == nil {
		return nil
	}
	return &Case{Span: b.pos(s.OpSpan), Whens: []When{{Cond: less, Then: l}}, Else: r}
}

// repeatRows is a table function without columns: it gives a row as often as
// its argument says.
func repeatRows() catalog.TableCall {
	return catalog.TableCall{
		ArgTypes: []arrow.DataType{arrow.PrimitiveTypes.Int64},
		Eval: func(_ catalog.Task, n int, args []arrow.Array) ([]int32, []arrow.Array, error) {
			var from []int32
			for row := range n {
				at := min(row, args[0].Len()-1)
				if nullAt(args[0], at) {
					continue
				}
				for range int64At(args[0], at) {
					from = append(from, int32(row))
				}
			}
			return from, nil, nil
		},
	}
}

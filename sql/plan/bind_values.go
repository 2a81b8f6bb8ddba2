package plan

import (
	"slices"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/sql"
)

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
		if !b.alike(column, spans) {
			return failed()
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

// alike refuses a column of VALUES that mixes strings with values of another
// type, as Spark does: elsewhere the others would become strings.
func (b *binder) alike(column []Expr, spans []sql.Span) bool {
	var rows []int // of the types so far
	for i, e := range column {
		t := e.Type()
		if slices.ContainsFunc(rows, func(r int) bool { return arrow.TypeEqual(column[r].Type(), t) }) {
			continue
		}
		for _, r := range rows {
			if other := column[r].Type(); mixesText(other, t) {
				err := b.errorf(spans[i], "a column of VALUES cannot mix strings with other types: this is %s, and %s in row %d", sql.TypeSQL(t), sql.TypeSQL(other), r+1)
				_ = err.WithHint("CAST(... AS STRING) makes strings of all")
				return false
			}
		}
		rows = append(rows, i)
	}
	return true
}

// mixesText says whether a STRING meets another type than STRING and NULL, at any
// depth.
func mixesText(a, b arrow.DataType) bool {
	switch a := a.(type) {
	case *arrow.MapType:
		if b, ok := b.(*arrow.MapType); ok {
			return mixesText(a.KeyType(), b.KeyType()) || mixesText(a.ItemType(), b.ItemType())
		}
	case *arrow.ListType:
		if b, ok := b.(*arrow.ListType); ok {
			return mixesText(a.Elem(), b.Elem())
		}
	case *arrow.StructType:
		b, ok := b.(*arrow.StructType)
		for i := 0; ok && i < min(len(a.Fields()), len(b.Fields())); i++ {
			if mixesText(a.Field(i).Type, b.Field(i).Type) {
				return true
			}
		}
	}
	if a.ID() == arrow.NULL || b.ID() == arrow.NULL {
		return false
	}
	return (a.ID() == arrow.STRING) != (b.ID() == arrow.STRING)
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

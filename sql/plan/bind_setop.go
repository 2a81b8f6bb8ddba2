package plan

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql"
)

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

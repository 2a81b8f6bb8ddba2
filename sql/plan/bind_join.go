package plan

import (
	"slices"
	"strings"

	"github.com/millrace-sql/millrace/sql"
)

// joinKinds are the kinds by the words for them.
var joinKinds = map[string]JoinKind{
	"INNER": Inner, "LEFT": Left, "RIGHT": Right, "FULL": Full, "SEMI": Semi, "ANTI": Anti, "CROSS": Cross,
}

func (b *binder) join(j *sql.Join) *relation {
	left := b.relation(j.L)
	kind, ok := joinKinds[j.Kind]
	if !ok {
		b.unsupported(j.KindSpan, j.Kind+" JOIN")
		return failed()
	}
	if f, ok := j.R.(*sql.TableFunc); ok && f.Lateral {
		if kind != Inner && kind != Cross && kind != Left || j.On != nil || len(j.Using) > 0 {
			b.unsupported(j.KindSpan, "this kind of join with a LATERAL table function")
			return failed()
		}
		return b.generateFrom(left, f, kind == Left)
	}
	if m, ok := j.R.(*sql.MLPredict); ok && m.Input == nil {
		on, always := j.On.(*sql.BoolLit) // each row has exactly one answer: nothing to keep or to drop
		if kind != Inner && kind != Cross && kind != Left || j.On != nil && (!always || !on.Value) || len(j.Using) > 0 || j.Natural {
			b.unsupported(j.KindSpan, "this kind of join with LATERAL TABLE(ML_PREDICT(...))")
			return failed()
		}
		return b.predictBeside(left, m)
	}
	if d, ok := j.R.(*sql.Derived); ok && d.Lateral {
		if j.Natural || len(j.Using) > 0 {
			b.unsupported(j.KindSpan, "USING with a LATERAL subquery")
			return failed()
		}
		return b.lateralJoin(kind, left, d, j.On)
	}
	right := b.relation(j.R)
	if j.Natural || len(j.Using) > 0 {
		return b.joinUsing(j, kind, left, right)
	}
	out := beside(left, right)
	node := &Join{Kind: kind, Left: left.node, Right: right.node}
	if j.On != nil {
		x := &exprBinder{binder: b, scope: out, clause: "ON"}
		node.On = x.condition(j.On)
		out.open = out.open || node.On == nil
	}
	if kind == Inner && node.On == nil {
		node.Kind = Cross
	}
	if kind == Cross && node.On != nil {
		node.Kind = Inner
	}
	if kind == Semi || kind == Anti {
		out.cols, out.hidden = left.cols, left.hidden
	}
	out.node = node
	return out
}

// usingPair is a column of USING on both sides.
type usingPair struct{ l, r scopeColumn }

// joinUsing binds USING and NATURAL: the shared columns come first and once.
func (b *binder) joinUsing(j *sql.Join, kind JoinKind, left, right *relation) *relation {
	names := j.Using
	if j.Natural {
		for _, c := range left.cols {
			if slices.ContainsFunc(right.cols, func(r scopeColumn) bool { return strings.EqualFold(r.Name, c.Name) }) {
				names = append(names, sql.Ident{Span: j.KindSpan, Name: c.Name})
			}
		}
	}
	if left.open || right.open {
		return failed()
	}
	var pairs []usingPair
	for _, name := range names {
		l, okL := b.usingColumn(left, name, "left")
		r, okR := b.usingColumn(right, name, "right")
		if okL && okR {
			pairs = append(pairs, usingPair{l: l, r: r})
		}
	}
	if len(pairs) < len(names) {
		return failed()
	}
	node := &Join{Kind: kind, Left: left.node, Right: right.node}
	var conds []Expr
	for i, p := range pairs {
		span := names[i].Pos()
		eq := b.callNamed("=", span, []Expr{&ColumnRef{Span: b.pos(span), Column: p.l.Column}, &ColumnRef{Span: b.pos(span), Column: p.r.Column}})
		if eq == nil {
			return failed()
		}
		conds = append(conds, eq)
	}
	if node.On = and(conds); node.On == nil && kind == Inner {
		node.Kind = Cross
	} else if kind == Cross && node.On != nil {
		node.Kind = Inner
	}
	return b.usingScope(node, pairs, left, right)
}

func (b *binder) usingColumn(r *relation, name sql.Ident, side string) (scopeColumn, bool) {
	found, _ := b.match(r, []sql.Ident{name})
	switch {
	case len(found) > 1:
		b.ambiguous(name.Pos(), name.Name, found)
	case len(found) == 0:
		e := b.errorf(name.Pos(), "the %s side of the join has no column %s", side, quoteName(name.Name))
		hint(e, name.Name, r.columnNames(), "its columns are")
	case found[0].Type == nil:
	default:
		return found[0], true
	}
	return scopeColumn{}, false
}

// usingScope is the scope of a join with USING: the shared columns, then the
// left side's others, then the right side's.
func (b *binder) usingScope(node *Join, pairs []usingPair, left, right *relation) *relation {
	out := &relation{node: node, hidden: slices.Concat(left.hidden, right.hidden)}
	taken := map[ColumnID]bool{}
	project := &Project{Input: node}
	for _, p := range pairs {
		taken[p.l.ID], taken[p.r.ID] = true, true
		switch node.Kind {
		case Right:
			out.cols = append(out.cols, p.r)
			out.hidden = append(out.hidden, p.l)
		case Full:
			both, ok := b.common([]Expr{&ColumnRef{Column: p.l.Column}, &ColumnRef{Column: p.r.Column}}, make([]sql.Span, 2), "USING")
			if !ok {
				return failed()
			}
			c := Column{ID: b.newID(), Name: p.l.Name, Type: both[0].Type()}
			project.Exprs = append(project.Exprs, NamedExpr{Column: c, Expr: &Coalesce{Args: both}})
			out.cols = append(out.cols, scopeColumn{Column: c})
			out.hidden = append(out.hidden, p.l, p.r)
		case Semi, Anti:
			out.cols = append(out.cols, p.l)
		default:
			out.cols = append(out.cols, p.l)
			out.hidden = append(out.hidden, p.r)
		}
	}
	for _, c := range left.cols {
		if !taken[c.ID] {
			out.cols = append(out.cols, c)
		}
	}
	if node.Kind != Semi && node.Kind != Anti {
		for _, c := range right.cols {
			if !taken[c.ID] {
				out.cols = append(out.cols, c)
			}
		}
	}
	if len(project.Exprs) > 0 {
		project.Exprs = append(refs(node.Columns()), project.Exprs...)
		out.node = project
	}
	return out
}

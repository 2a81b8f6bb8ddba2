package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// from binds FROM: several relations are a cross join.
func (b *binder) from(relations []sql.Relation) *relation {
	if len(relations) == 0 {
		return oneRow()
	}
	out := b.relation(relations[0], nil)
	for _, next := range relations[1:] {
		out = b.crossJoin(out, next)
	}
	return out
}

func (b *binder) crossJoin(left *relation, next sql.Relation) *relation {
	if f, ok := next.(*sql.TableFunc); ok && f.Lateral {
		return b.generateFrom(left, f, false)
	}
	right := b.relation(next, left)
	out := beside(left, right)
	out.node = &Join{Kind: Cross, Left: left.node, Right: right.node}
	return out
}

// beside is the scope of two relations, without a plan.
func beside(l, r *relation) *relation {
	return &relation{
		cols:   slices.Concat(l.cols, r.cols),
		hidden: slices.Concat(l.hidden, r.hidden),
		open:   l.open || r.open,
	}
}

func (b *binder) relation(r sql.Relation, left *relation) *relation {
	switch r := r.(type) {
	case *sql.TableName:
		return b.tableName(r)
	case *sql.Derived:
		if r.Lateral {
			b.unsupported(r.Pos(), "LATERAL subqueries")
			return failed()
		}
		return b.aliased(b.sampled(b.query(r.Query, nil), r.Sample), r.Alias, r.Pos())
	case *sql.ValuesRelation:
		return b.aliased(b.values(r.Values), r.Alias, r.Pos())
	case *sql.TableFunc:
		return b.generateFrom(nil, r, false)
	case *sql.Join:
		return b.join(r)
	case *sql.LateralView:
		return b.lateralView(r)
	case *sql.Unsupported:
		b.unsupported(r.Pos(), r.What)
		return failed()
	}
	b.unsupported(r.Pos(), "this relation")
	return failed()
}

// aliased names a relation; without an alias its columns have no table.
func (b *binder) aliased(r *relation, a sql.TableAlias, span sql.Span) *relation {
	if a.Name.Span != (sql.Span{}) {
		span = a.Name.Span
	}
	b.rename(r, a.Name.Name, a.Columns, span)
	return r
}

func (b *binder) tableName(t *sql.TableName) *relation {
	r := b.namedRelation(t)
	alias := t.Alias
	if alias.Name.Name == "" {
		alias.Name = t.Name
	}
	return b.aliased(b.sampled(r, t.Sample), alias, t.Pos())
}

func (b *binder) namedRelation(t *sql.TableName) *relation {
	if len(t.Qualifier) == 0 {
		if s := b.ctes.find(t.Name.Name); s != nil {
			return b.cte(s)
		}
	}
	if q := t.Qualifier; len(q) > 1 || len(q) == 1 && !strings.EqualFold(q[0].Name, "default") {
		e := b.errorf(q[0].Pos(), "there is no schema %s", quoteName(dotted(q)))
		_ = e.WithHint("all relations are in `default`")
		return failed()
	}
	switch r := b.cat.Relation(t.Name.Name).(type) {
	case *catalog.Table:
		return b.scan(r, t)
	case *catalog.View:
		return b.view(r, t)
	}
	e := b.errorf(t.Name.Pos(), "there is no table, stream or view %s", quoteName(t.Name.Name))
	hint(e, t.Name.Name, append(b.ctes.names(), b.cat.Names(catalog.Relations)...), "there are")
	return failed()
}

func (b *binder) scan(t *catalog.Table, at *sql.TableName) *relation {
	s := &Scan{Span: b.pos(at.Pos()), Name: t.Name, Table: t, Cache: t.Cache}
	schema := t.Schema
	if t.Cache != nil {
		schema = t.Cache.Schema
	}
	if schema == nil {
		e := b.errorf(at.Name.Pos(), "table %s has no columns yet", quoteName(t.Name))
		_ = e.WithHint("it takes those of the first INSERT into it")
		return failed()
	}
	for i, f := range schema.Fields() {
		s.Cols = append(s.Cols, ScanColumn{Column: Column{ID: b.newID(), Name: f.Name, Type: f.Type}, Source: i})
	}
	return named(s, t.Name)
}

// view expands a view from its text. Faults inside name the view and stand at
// the place where it is named.
func (b *binder) view(v *catalog.View, at *sql.TableName) *relation {
	span := b.pos(at.Pos())
	if v.Cache != nil {
		s := &Scan{Span: span, Name: v.Name, Cache: v.Cache}
		for i, f := range v.Cache.Schema.Fields() {
			s.Cols = append(s.Cols, ScanColumn{Column: Column{ID: b.newID(), Name: f.Name, Type: f.Type}, Source: i})
		}
		return named(s, v.Name)
	}
	if slices.ContainsFunc(b.views, func(name string) bool { return strings.EqualFold(name, v.Name) }) {
		b.errorf(at.Name.Pos(), "view %s reads itself: %s", quoteName(v.Name), strings.Join(append(b.views, v.Name), " -> "))
		return failed()
	}
	q, err := sql.ParseQuery(v.Text)
	if err != nil {
		b.viewFaults(v, span, err)
		return failed()
	}
	in := &binder{cat: b.cat, last: b.last, same: b.same, views: append(slices.Clone(b.views), v.Name), at: &span}
	r := in.query(q, nil)
	in.rename(r, v.Name, idents(v.Columns), span)
	b.last = in.last
	if len(in.errs) > 0 {
		b.viewFaults(v, span, in.errs)
		r.open = true
	}
	return r
}

func (b *binder) viewFaults(v *catalog.View, span sql.Span, err error) {
	where := "view " + quoteName(v.Name)
	if v.Origin != "" {
		where += " (" + v.Origin + ")"
	}
	list, ok := err.(sql.ErrorList)
	if !ok {
		list = sql.ErrorList{{Msg: err.Error()}}
	}
	for _, e := range list {
		msg := e.Msg
		if !strings.HasPrefix(msg, "in view ") && !strings.Contains(msg, "reads itself") {
			msg = fmt.Sprintf("in %s: %s", where, msg)
		}
		if out := b.errorf(span, "%s", msg); e.Hint != "" {
			_ = out.WithHint("%s", e.Hint)
		}
	}
}

func idents(names []string) []sql.Ident {
	out := make([]sql.Ident, len(names))
	for i, n := range names {
		out[i].Name = n
	}
	return out
}

// sampled puts TABLESAMPLE above a relation.
func (b *binder) sampled(r *relation, t *sql.TableSample) *relation {
	if t == nil || r.open {
		return r
	}
	s := &Sample{Input: r.node, Rows: -1}
	if t.Seed != nil {
		s.Seed, s.Seeded = *t.Seed, true
	}
	switch {
	case t.Rows != nil:
		n, ok := b.rowCount(t.Rows, "TABLESAMPLE")
		if !ok {
			return r
		}
		s.Rows = n
	case t.Bucket[1] != 0:
		s.Fraction = float64(t.Bucket[0]) / float64(t.Bucket[1])
	default:
		p, err := strconv.ParseFloat(t.Percent, 64)
		if err != nil {
			b.errorf(t.Pos(), "%s is no percentage", t.Percent)
			return r
		}
		s.Fraction = p / 100
	}
	if s.Fraction < 0 || s.Fraction > 1 {
		b.errorf(t.Pos(), "TABLESAMPLE needs a share between 0 and 100 PERCENT")
		return r
	}
	r.node = s
	return r
}

// generateFrom binds a table function of FROM over the columns of left, or over
// none.
func (b *binder) generateFrom(left *relation, f *sql.TableFunc, outer bool) *relation {
	in := left
	if in == nil {
		in = oneRow()
	}
	x := &exprBinder{binder: b, scope: in, clause: "FROM"}
	g := x.generator(f.Call, f.Alias.Columns)
	if g == nil {
		return failed()
	}
	g.Outer = g.Outer || outer
	table := f.Alias.Name.Name
	return withGenerated(in, g, table)
}

func withGenerated(in *relation, g *Generate, table string) *relation {
	out := &relation{node: g.WithInputs([]Node{in.node}), cols: slices.Clone(in.cols), hidden: in.hidden, open: in.open}
	for _, c := range g.Cols {
		out.cols = append(out.cols, scopeColumn{Column: c, table: table})
	}
	return out
}

func (b *binder) lateralView(v *sql.LateralView) *relation {
	in := oneRow()
	if v.Input != nil {
		in = b.relation(v.Input, nil)
	}
	x := &exprBinder{binder: b, scope: in, clause: "LATERAL VIEW"}
	g := x.generator(v.Call, v.Columns)
	if g == nil {
		in.open = true
		return in
	}
	g.Outer = g.Outer || v.Outer
	return withGenerated(in, g, v.Alias.Name)
}

// joinKinds are the kinds by the words for them.
var joinKinds = map[string]JoinKind{
	"INNER": Inner, "LEFT": Left, "RIGHT": Right, "FULL": Full, "SEMI": Semi, "ANTI": Anti, "CROSS": Cross,
}

func (b *binder) join(j *sql.Join) *relation {
	left := b.relation(j.L, nil)
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
	right := b.relation(j.R, left)
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

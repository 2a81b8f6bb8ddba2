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
	out := b.relation(relations[0])
	for _, next := range relations[1:] {
		out = b.crossJoin(out, next)
	}
	return out
}

func (b *binder) crossJoin(left *relation, next sql.Relation) *relation {
	if f, ok := next.(*sql.TableFunc); ok && f.Lateral {
		return b.generateFrom(left, f, false)
	}
	if d, ok := next.(*sql.Derived); ok && d.Lateral {
		return b.lateralJoin(Cross, left, d, nil)
	}
	if m, ok := next.(*sql.MLPredict); ok && m.Input == nil {
		return b.predictBeside(left, m)
	}
	right := b.relation(next)
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

func (b *binder) relation(r sql.Relation) *relation {
	switch r := r.(type) {
	case *sql.TableName:
		return b.tableName(r)
	case *sql.Derived:
		return b.aliased(b.sampled(b.query(r.Query, nil), r.Sample), r.Alias, r.Pos())
	case *sql.ValuesRelation:
		return b.aliased(b.values(r.Values), r.Alias, r.Pos())
	case *sql.TableFunc:
		return b.generateFrom(nil, r, false)
	case *sql.MLPredict:
		return b.mlPredict(r)
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
	in := &binder{cat: b.cat, last: b.last, same: b.same, bound: b.bound, views: append(slices.Clone(b.views), v.Name), at: &span}
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
		in = b.relation(v.Input)
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

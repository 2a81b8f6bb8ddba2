package plan

import (
	"slices"
	"strings"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

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

package plan

import "maps"

// inline puts the definitions of columns in their place. It is false when that
// cannot be done: a kernel that was bound for a column would get a constant, and
// cannot be bound for it.
func inline(e Expr, defs map[ColumnID]Expr) (Expr, bool) {
	ok := true
	out := inlineInto(e, defs, &ok)
	return out, ok
}

func inlineInto(e Expr, defs map[ColumnID]Expr, ok *bool) Expr {
	if ref, is := e.(*ColumnRef); is {
		if def, found := defs[ref.Column.ID]; found {
			return def
		}
		return e
	}
	out := withChildren(e, func(c Expr) Expr { return inlineInto(c, defs, ok) })
	if out == e || !*ok {
		return out
	}
	switch before := e.(type) {
	case *Call:
		out, *ok = settleCall(before, out.Children())
	case *Lambda:
		*ok = !constantsChanged(before.Captures, out.Children())
	}
	return out
}

// settleCall is a call over other arguments: the same kernel, one bound for the
// arguments that became constant, or the constant it gives.
func settleCall(call *Call, args []Expr) (Expr, bool) {
	out := call.WithChildren(args).(*Call)
	if !constantsChanged(call.Args, args) {
		return out, true
	}
	if l, ok := foldConstant(out); ok { // one row: a constant has the length of a column
		return l, true
	}
	return rebind(call, args)
}

// definitions are the expressions of a projection's columns.
func definitions(p *Project) map[ColumnID]Expr {
	defs := make(map[ColumnID]Expr, len(p.Exprs))
	for _, e := range p.Exprs {
		defs[e.Column.ID] = e.Expr
	}
	return defs
}

// columnUses counts how often expressions read each column.
func columnUses(exprs []Expr) map[ColumnID]int {
	uses := map[ColumnID]int{}
	for _, e := range exprs {
		visit(e, func(e Expr) bool {
			if ref, ok := e.(*ColumnRef); ok {
				uses[ref.Column.ID]++
			}
			return true
		})
	}
	return uses
}

// exprsOf are all expressions of a node itself.
func exprsOf(n Node) []Expr {
	var out []Expr
	mapExprs(n, func(e Expr) Expr {
		out = append(out, e)
		return e
	})
	return out
}

// mapExprs is a node with f applied to each of its expressions; it is the node
// itself when none changed. f gives expressions of the same type.
func mapExprs(n Node, f func(Expr) Expr) Node {
	changed := false
	one := func(e Expr) Expr {
		if e == nil {
			return nil
		}
		out := f(e)
		changed = changed || out != e
		return out
	}
	list := func(exprs []Expr) []Expr {
		out := make([]Expr, len(exprs))
		for i, e := range exprs {
			out[i] = one(e)
		}
		return out
	}
	named := func(exprs []NamedExpr) []NamedExpr {
		out := make([]NamedExpr, len(exprs))
		for i, e := range exprs {
			out[i] = NamedExpr{Column: e.Column, Expr: one(e.Expr)}
			out[i].Column.Type = out[i].Expr.Type()
		}
		return out
	}
	var out Node
	switch n := n.(type) {
	case *Filter:
		out = &Filter{Input: n.Input, Cond: one(n.Cond)}
	case *Project:
		out = &Project{Input: n.Input, Exprs: named(n.Exprs)}
	case *Join:
		j := *n
		j.LeftKeys, j.RightKeys, j.On = list(n.LeftKeys), list(n.RightKeys), one(n.On)
		out = &j
	case *Aggregate:
		a := *n
		a.Groups, a.Aggs = named(n.Groups), make([]AggExpr, len(n.Aggs))
		for i, e := range n.Aggs {
			e.Args, e.Filter = list(e.Args), one(e.Filter)
			a.Aggs[i] = e
		}
		out = &a
	case *Sort:
		s := &Sort{Input: n.Input, Keys: make([]SortKey, len(n.Keys))}
		for i, k := range n.Keys {
			k.Expr = one(k.Expr)
			s.Keys[i] = k
		}
		out = s
	case *Generate:
		g := *n
		g.Args = list(n.Args)
		out = &g
	}
	if !changed {
		return n
	}
	return out
}

// lastID is the greatest identity in a plan.
func lastID(n Node) ColumnID {
	last := ColumnID(0)
	see := func(id ColumnID) { last = max(last, id) }
	for _, c := range n.Columns() {
		see(c.ID)
	}
	for _, e := range exprsOf(n) {
		visitBodies(e, func(e Expr) {
			if ref, ok := e.(*ColumnRef); ok {
				see(ref.Column.ID)
			}
		})
	}
	for _, in := range n.Inputs() {
		see(lastID(in))
	}
	return last
}

// visitBodies calls f for an expression and all below it, lambdas' bodies too.
func visitBodies(e Expr, f func(Expr)) {
	visit(e, func(e Expr) bool {
		f(e)
		if l, ok := e.(*Lambda); ok {
			visitBodies(l.Body, f)
		}
		return true
	})
}

// costly says whether computing an expression twice is to be avoided.
func costly(e Expr) bool {
	found := false
	visit(e, func(e Expr) bool {
		if c, ok := e.(*Call); ok && !light[c.Name] {
			found = true
		}
		return !found
	})
	return found
}

// light are the calls that cost about as much as reading a column.
var light = lightCalls()

func lightCalls() map[string]bool {
	out := map[string]bool{}
	for _, name := range append([]string{"cast", "not", "negative", "positive", "isnull", "isnotnull", "in"}, infix...) {
		out[name] = true
	}
	maps.DeleteFunc(out, func(name string, _ bool) bool { return name == "rlike" || name == "like" || name == "ilike" })
	return out
}

package plan

import "strings"

// visit calls f for an expression and all below it, parents first, as long as f
// says to go on below.
func visit(e Expr, f func(Expr) bool) {
	if e == nil || !f(e) {
		return
	}
	for _, c := range e.Children() {
		visit(c, f)
	}
}

// rewrite replaces the parts of an expression, children first. f gives what an
// expression becomes.
func rewrite(e Expr, f func(Expr) Expr) Expr {
	if e == nil {
		return nil
	}
	return f(withChildren(e, func(c Expr) Expr { return rewrite(c, f) }))
}

// rewriteDown replaces parts of an expression, parents first: below what f
// replaces (true) it does not look.
func rewriteDown(e Expr, f func(Expr) (Expr, bool)) Expr {
	if e == nil {
		return nil
	}
	if out, done := f(e); done {
		return out
	}
	return withChildren(e, func(c Expr) Expr { return rewriteDown(c, f) })
}

// withChildren applies f to the operands and keeps e when none changed.
func withChildren(e Expr, f func(Expr) Expr) Expr {
	children := e.Children()
	var changed []Expr
	for i, c := range children {
		out := f(c)
		if out == c && changed == nil {
			continue
		}
		if changed == nil {
			changed = append(make([]Expr, 0, len(children)), children...)
		}
		changed[i] = out
	}
	if changed == nil {
		return e
	}
	return e.WithChildren(changed)
}

// readBy is the set of columns that expressions read.
func readBy(exprs ...Expr) map[ColumnID]bool {
	ids := map[ColumnID]bool{}
	for _, e := range exprs {
		visit(e, func(e Expr) bool {
			if ref, ok := e.(*ColumnRef); ok {
				ids[ref.Column.ID] = true
			}
			return true
		})
	}
	return ids
}

// deterministic says whether an expression gives equal results for equal rows.
func deterministic(e Expr) bool {
	ok := true
	visit(e, func(e Expr) bool {
		switch e := e.(type) {
		case *Call:
			ok = ok && e.Fn.Deterministic
		case *Lambda:
			ok = ok && e.Deterministic
		}
		return ok
	})
	return ok
}

// cheap says whether computing an expression twice costs next to nothing.
func cheap(e Expr) bool {
	switch e := e.(type) {
	case *ColumnRef, *Literal:
		return true
	case *Field:
		return cheap(e.X)
	}
	return false
}

// identical says whether two expressions are the same computation.
func identical(a, b Expr) bool { return fingerprint(a) == fingerprint(b) }

// fingerprint is a text that two expressions share only when they are the same
// computation.
func fingerprint(e Expr) string {
	var b strings.Builder
	b.WriteString(e.String())
	visitBodies(e, func(e Expr) { // two literals, or casts, can look alike
		if t := e.Type(); t != nil && e.Children() == nil {
			b.WriteString(" : " + t.String())
		}
	})
	if t := e.Type(); t != nil {
		b.WriteString(" : " + t.String())
	}
	return b.String()
}

// conjuncts splits a condition at its ANDs.
func conjuncts(e Expr) []Expr {
	if l, ok := e.(*Logic); ok && !l.Or {
		var out []Expr
		for _, a := range l.Args {
			out = append(out, conjuncts(a)...)
		}
		return out
	}
	if e == nil {
		return nil
	}
	return []Expr{e}
}

// and joins conditions; nil for none.
func and(conds []Expr) Expr {
	switch len(conds) {
	case 0:
		return nil
	case 1:
		return conds[0]
	}
	span := conds[0].Pos()
	for _, c := range conds[1:] {
		span = span.Cover(c.Pos())
	}
	return &Logic{Span: span, Args: conds}
}

// columnSet is the set of a list of columns.
func columnSet(cols []Column) map[ColumnID]bool {
	ids := make(map[ColumnID]bool, len(cols))
	for _, c := range cols {
		ids[c.ID] = true
	}
	return ids
}

func subset(ids, of map[ColumnID]bool) bool {
	for id := range ids {
		if !of[id] {
			return false
		}
	}
	return true
}

func refs(cols []Column) []NamedExpr {
	out := make([]NamedExpr, len(cols))
	for i, c := range cols {
		out[i] = NamedExpr{Column: c, Expr: &ColumnRef{Column: c}}
	}
	return out
}

// transformUp rewrites a plan, inputs first.
func transformUp(n Node, f func(Node) (Node, bool)) (Node, bool) {
	changed := false
	ins := n.Inputs()
	var out []Node
	for i, in := range ins {
		next, ok := transformUp(in, f)
		if !ok {
			continue
		}
		if out == nil {
			out = append(make([]Node, 0, len(ins)), ins...)
		}
		out[i], changed = next, true
	}
	if changed {
		n = n.WithInputs(out)
	}
	next, ok := f(n)
	return next, ok || changed
}

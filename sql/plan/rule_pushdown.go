package plan

// pushdownRule moves filters towards the scans: through projections, sorts,
// unions, grouping and joins, and from a join's condition into its sides. What
// is not deterministic stays, and nothing passes a projection, limit or sample
// whose rows would change by it.
func pushdownRule() Rule {
	return Rule{Name: "pushdown", Apply: func(n Node) (Node, bool) { return transformUp(n, pushdown) }}
}

func pushdown(n Node) (Node, bool) {
	switch n := n.(type) {
	case *Filter:
		return pushFilter(n)
	case *Join:
		return pushOn(n)
	}
	return n, false
}

func pushFilter(f *Filter) (Node, bool) {
	switch in := f.Input.(type) {
	case *Filter:
		return &Filter{Input: in.Input, Cond: and(append(conjuncts(in.Cond), conjuncts(f.Cond)...))}, true
	case *Project:
		return throughProject(f, in)
	case *Join:
		return intoJoin(f, in)
	case *Union:
		return intoUnion(f, in)
	case *Aggregate:
		return throughAggregate(f, in)
	case *Sort:
		if deterministic(f.Cond) {
			return in.WithInputs([]Node{&Filter{Input: in.Input, Cond: f.Cond}}), true
		}
	case *Generate:
		below, above := split(f.Cond, func(c Expr) (Expr, bool) {
			return c, deterministic(c) && subset(readBy(c), columnSet(in.Input.Columns()))
		})
		return replaceFilter(f, below, above, func(cond Expr) Node {
			return in.WithInputs([]Node{&Filter{Input: in.Input, Cond: cond}})
		})
	}
	return f, false
}

// split takes a condition's conjuncts apart: those that move, as they read
// where they move to, and those that stay.
func split(cond Expr, move func(Expr) (Expr, bool)) (below, above []Expr) {
	for _, c := range conjuncts(cond) {
		if moved, ok := move(c); ok {
			below = append(below, moved)
		} else {
			above = append(above, c)
		}
	}
	return below, above
}

// replaceFilter puts what moved below a node, and a filter of the rest above.
func replaceFilter(f *Filter, below, above []Expr, under func(cond Expr) Node) (Node, bool) {
	if len(below) == 0 {
		return f, false
	}
	out := under(and(below))
	if len(above) > 0 {
		out = &Filter{Input: out, Cond: and(above)}
	}
	return out, true
}

func throughProject(f *Filter, p *Project) (Node, bool) {
	for _, e := range p.Exprs {
		if !deterministic(e.Expr) {
			return f, false
		}
	}
	defs := definitions(p)
	below, above := split(f.Cond, func(c Expr) (Expr, bool) {
		if !deterministic(c) {
			return nil, false
		}
		for id := range readBy(c) {
			if costly(defs[id]) {
				return nil, false
			}
		}
		moved, ok := inline(c, defs)
		return moved, ok
	})
	return replaceFilter(f, below, above, func(cond Expr) Node {
		return p.WithInputs([]Node{&Filter{Input: p.Input, Cond: cond}})
	})
}

func throughAggregate(f *Filter, a *Aggregate) (Node, bool) {
	if len(a.Groups) == 0 {
		return f, false
	}
	defs := map[ColumnID]Expr{}
	for _, g := range a.Groups {
		if deterministic(g.Expr) && !costly(g.Expr) {
			defs[g.Column.ID] = g.Expr
		}
	}
	below, above := split(f.Cond, func(c Expr) (Expr, bool) {
		ids := readBy(c)
		for id := range ids {
			if defs[id] == nil {
				return nil, false
			}
		}
		if len(ids) == 0 || !deterministic(c) {
			return nil, false
		}
		return inline(c, defs)
	})
	return replaceFilter(f, below, above, func(cond Expr) Node {
		return a.WithInputs([]Node{&Filter{Input: a.Input, Cond: cond}})
	})
}

// intoUnion moves a condition into all inputs or none.
func intoUnion(f *Filter, u *Union) (Node, bool) {
	below, above := split(f.Cond, func(c Expr) (Expr, bool) {
		for _, in := range u.Ins {
			if _, ok := inline(c, unionColumns(u, in)); !ok {
				return nil, false
			}
		}
		return c, deterministic(c)
	})
	return replaceFilter(f, below, above, func(cond Expr) Node {
		ins := make([]Node, len(u.Ins))
		for i, in := range u.Ins {
			moved, _ := inline(cond, unionColumns(u, in))
			ins[i] = &Filter{Input: in, Cond: moved}
		}
		return u.WithInputs(ins)
	})
}

// intoJoin moves conditions into the sides of a join that keep their rows, and
// those of both sides into the condition of an inner join.
func intoJoin(f *Filter, j *Join) (Node, bool) {
	left, right := columnSet(j.Left.Columns()), columnSet(j.Right.Columns())
	var toLeft, toRight, toOn, stay []Expr
	for _, c := range conjuncts(f.Cond) {
		switch {
		case !deterministic(c):
			stay = append(stay, c)
		case readsOnly(c, left) && j.Kind != Right && j.Kind != Full:
			toLeft = append(toLeft, c)
		case readsOnly(c, right) && (j.Kind == Inner || j.Kind == Cross || j.Kind == Right):
			toRight = append(toRight, c)
		case (j.Kind == Inner || j.Kind == Cross) && len(readBy(c)) > 0:
			toOn = append(toOn, c)
		default:
			stay = append(stay, c)
		}
	}
	if len(toLeft)+len(toRight)+len(toOn) == 0 {
		return f, false
	}
	out := *j
	out.Left, out.Right = filtered(j.Left, toLeft), filtered(j.Right, toRight)
	if len(toOn) > 0 {
		out.Kind, out.On = Inner, and(append(conjuncts(j.On), toOn...))
	}
	return filtered(&out, stay), true
}

func filtered(n Node, conds []Expr) Node {
	if len(conds) == 0 {
		return n
	}
	return &Filter{Input: n, Cond: and(conds)}
}

// pushOn moves what a join's condition asks of one side into that side, where
// rows that fail it are not kept anyway.
func pushOn(j *Join) (Node, bool) {
	left, right := columnSet(j.Left.Columns()), columnSet(j.Right.Columns())
	leftToo := j.Kind == Inner || j.Kind == Cross || j.Kind == Semi || j.Kind == Right
	rightToo := j.Kind == Inner || j.Kind == Cross || j.Kind == Semi || j.Kind == Left || j.Kind == Anti
	var toLeft, toRight, stay []Expr
	for _, c := range conjuncts(j.On) {
		switch {
		case leftToo && deterministic(c) && readsOnly(c, left):
			toLeft = append(toLeft, c)
		case rightToo && deterministic(c) && readsOnly(c, right):
			toRight = append(toRight, c)
		default:
			stay = append(stay, c)
		}
	}
	if len(toLeft)+len(toRight) == 0 {
		return j, false
	}
	out := *j
	out.Left, out.Right, out.On = filtered(j.Left, toLeft), filtered(j.Right, toRight), and(stay)
	if out.Kind == Inner && out.On == nil && len(out.LeftKeys) == 0 {
		out.Kind = Cross
	}
	return &out, true
}

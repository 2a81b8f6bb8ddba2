package plan

// trivialRule drops projections that give just their input's columns.
func trivialRule() Rule {
	return Rule{Name: "trivial", Apply: func(n Node) (Node, bool) { return transformUp(n, dropTrivial) }}
}

func dropTrivial(n Node) (Node, bool) {
	p, ok := n.(*Project)
	if !ok {
		return n, false
	}
	in := p.Input.Columns()
	if len(in) != len(p.Exprs) {
		return n, false
	}
	for i, e := range p.Exprs {
		ref, ok := e.Expr.(*ColumnRef)
		if !ok || ref.Column.ID != e.Column.ID || in[i].ID != e.Column.ID || in[i].Name != e.Column.Name {
			return n, false
		}
	}
	return p.Input, true
}

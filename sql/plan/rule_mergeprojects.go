package plan

// mergeProjectsRule makes one projection of two on top of each other, unless a
// costly expression would be computed twice or one that is not deterministic
// more or fewer times than written.
func mergeProjectsRule() Rule {
	return Rule{Name: "mergeprojects", Apply: func(n Node) (Node, bool) { return transformUp(n, mergeProjects) }}
}

func mergeProjects(n Node) (Node, bool) {
	upper, ok := n.(*Project)
	if !ok {
		return n, false
	}
	lower, ok := upper.Input.(*Project)
	if !ok {
		return n, false
	}
	uses := columnUses(exprsOf(upper))
	for _, e := range lower.Exprs {
		if !deterministic(e.Expr) || uses[e.Column.ID] > 1 && !cheap(e.Expr) {
			return n, false
		}
	}
	defs := definitions(lower)
	out := &Project{Input: lower.Input, Exprs: make([]NamedExpr, len(upper.Exprs))}
	for i, e := range upper.Exprs {
		expr, ok := inline(e.Expr, defs)
		if !ok {
			return n, false
		}
		out.Exprs[i] = NamedExpr{Column: e.Column, Expr: expr}
	}
	return out, true
}

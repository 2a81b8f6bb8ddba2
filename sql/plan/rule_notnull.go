package plan

// notNullRule filters NULL keys before a join that they cannot match in: both
// sides of an inner or semi join, the side that is looked up of a left or right
// join. Pushed down, the filter spares the work below the join, such as scoring
// a record that will not be joined.
func notNullRule() Rule {
	return Rule{Name: "notnull", Apply: func(n Node) (Node, bool) { return transformUp(n, addNotNull) }}
}

func addNotNull(n Node) (Node, bool) {
	j, ok := n.(*Join)
	if !ok {
		return n, false
	}
	ins := []Node{j.Left, j.Right}
	changed := false
	if j.Kind == Inner || j.Kind == Semi || j.Kind == Right {
		ins[0], changed = requireKeys(j.Left, j.LeftKeys, j.NullSafe)
	}
	if j.Kind == Inner || j.Kind == Semi || j.Kind == Left {
		right, added := requireKeys(j.Right, j.RightKeys, j.NullSafe)
		ins[1], changed = right, changed || added
	}
	if !changed {
		return n, false
	}
	return j.WithInputs(ins), true
}

// requireKeys filters a side by the keys that may still be NULL there.
func requireKeys(n Node, keys []Expr, safe []bool) (Node, bool) {
	var conds []Expr
	seen := map[string]bool{}
	for i, k := range keys {
		if text := fingerprint(k); !safe[i] && !seen[text] && !neverNull(n, k) {
			seen[text] = true
			conds = append(conds, isNotNull(k))
		}
	}
	if len(conds) == 0 {
		return n, false
	}
	return &Filter{Input: n, Cond: and(conds)}, true
}

// neverNull says whether a filter below makes an expression not NULL.
func neverNull(n Node, e Expr) bool {
	if l, ok := e.(*Literal); ok {
		return !l.IsNull()
	}
	switch n := n.(type) {
	case *Filter:
		for _, c := range conjuncts(n.Cond) {
			if call, ok := c.(*Call); ok && call.Name == "isnotnull" && identical(call.Args[0], e) {
				return true
			}
		}
		return neverNull(n.Input, e)
	case *Project:
		if e, ok := inline(e, definitions(n)); ok {
			return neverNull(n.Input, e)
		}
	case *Sort, *Limit, *Sample:
		return neverNull(n.Inputs()[0], e)
	case *Generate:
		return subset(readBy(e), columnSet(n.Input.Columns())) && neverNull(n.Input, e)
	case *Aggregate:
		defs := map[ColumnID]Expr{}
		for _, g := range n.Groups {
			defs[g.Column.ID] = g.Expr
		}
		if !subset(readBy(e), columnSet(namedColumns(n.Groups))) {
			return false
		}
		if e, ok := inline(e, defs); ok {
			return neverNull(n.Input, e)
		}
	case *Union:
		for _, in := range n.Ins {
			if e, ok := inline(e, unionColumns(n, in)); !ok || !neverNull(in, e) {
				return false
			}
		}
		return true
	case *Join:
		return joinNeverNull(n, e)
	}
	return false
}

func joinNeverNull(j *Join, e Expr) bool {
	ids := readBy(e)
	keeps := func(kinds ...JoinKind) bool {
		for _, k := range kinds {
			if j.Kind == k {
				return true
			}
		}
		return false
	}
	if subset(ids, columnSet(j.Left.Columns())) {
		return keeps(Inner, Cross, Left, Semi, Anti) && neverNull(j.Left, e)
	}
	if subset(ids, columnSet(j.Right.Columns())) {
		return keeps(Inner, Cross, Right) && neverNull(j.Right, e)
	}
	return false
}

// unionColumns maps a union's columns to those of one of its inputs.
func unionColumns(u *Union, in Node) map[ColumnID]Expr {
	defs := map[ColumnID]Expr{}
	for i, c := range in.Columns() {
		defs[u.Cols[i].ID] = &ColumnRef{Column: c}
	}
	return defs
}

package plan

import "github.com/apache/arrow/go/v14/arrow"

// joinKeysRule makes keys of the equalities in a join's condition: a = b, or
// a <=> b where NULL equals NULL. A cross join with keys is an inner join.
func joinKeysRule() Rule {
	return Rule{Name: "joinkeys", Apply: func(n Node) (Node, bool) { return transformUp(n, joinKeys) }}
}

func joinKeys(n Node) (Node, bool) {
	j, ok := n.(*Join)
	if !ok || j.On == nil {
		return n, false
	}
	left, right := columnSet(j.Left.Columns()), columnSet(j.Right.Columns())
	out := *j
	out.LeftKeys = append([]Expr{}, j.LeftKeys...)
	out.RightKeys = append([]Expr{}, j.RightKeys...)
	out.NullSafe = append([]bool{}, j.NullSafe...)
	var rest []Expr
	for _, c := range conjuncts(j.On) {
		l, r, safe, ok := equality(c, left, right)
		if !ok {
			rest = append(rest, c)
			continue
		}
		out.LeftKeys = append(out.LeftKeys, l)
		out.RightKeys = append(out.RightKeys, r)
		out.NullSafe = append(out.NullSafe, safe)
	}
	if len(out.LeftKeys) == len(j.LeftKeys) {
		return n, false
	}
	if out.On = and(rest); out.Kind == Cross {
		out.Kind = Inner
	}
	return &out, true
}

// equality takes apart a condition that compares the two sides of a join.
func equality(c Expr, left, right map[ColumnID]bool) (l, r Expr, safe, ok bool) {
	call, is := c.(*Call)
	if !is || call.Name != "=" && call.Name != "<=>" || !deterministic(c) {
		return nil, nil, false, false
	}
	l, r = call.Args[0], call.Args[1]
	if readsOnly(r, left) && readsOnly(l, right) {
		l, r = r, l
	}
	ok = readsOnly(l, left) && readsOnly(r, right) && arrow.TypeEqual(l.Type(), r.Type())
	return l, r, call.Name == "<=>", ok
}

// readsOnly says whether an expression reads columns, and these only.
func readsOnly(e Expr, cols map[ColumnID]bool) bool {
	ids := readBy(e)
	return len(ids) > 0 && subset(ids, cols)
}

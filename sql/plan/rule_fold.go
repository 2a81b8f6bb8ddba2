package plan

import "github.com/apache/arrow/go/v14/arrow/array"

// foldRule computes constants and what AND, OR, CASE and COALESCE do with them.
// A call that is not deterministic, or that fails, stays.
func foldRule() Rule {
	return Rule{Name: "fold", Apply: func(n Node) (Node, bool) { return transformUp(n, foldNode) }}
}

func foldNode(n Node) (Node, bool) {
	var out Node
	switch n := n.(type) {
	case *Filter:
		return foldFilter(n)
	case *Project:
		out = mapExprs(n, foldExpr)
	default:
		// Join keys, aggregates' arguments, sort keys and generators' arguments are bound
		// as columns where they are none: a constant must not take their place.
		out = mapExprs(n, func(e Expr) Expr {
			if folded := foldExpr(e); !constantsChanged([]Expr{e}, []Expr{folded}) {
				return folded
			}
			return e
		})
	}
	if j, ok := out.(*Join); ok && j.On != nil && isTrue(foldExpr(j.On)) {
		joined := *j
		joined.On = nil
		return &joined, true
	}
	return out, out != n
}

func foldFilter(n *Filter) (Node, bool) {
	cond := foldExpr(n.Cond)
	var kept []Expr
	for _, c := range conjuncts(cond) {
		if isNullLiteral(c) {
			c = Bool(false, c.Pos())
		}
		if isFalse(c) && !IsUnbounded(n.Input) {
			return noRows(n.Columns()), true
		}
		if !isTrue(c) {
			kept = append(kept, c)
		}
	}
	if len(kept) == 0 {
		return n.Input, true
	}
	if cond == n.Cond && len(kept) == len(conjuncts(cond)) {
		return n, false
	}
	return &Filter{Input: n.Input, Cond: and(kept)}, true
}

// noRows is a plan of these columns without rows.
func noRows(cols []Column) Node {
	v := &Values{Cols: cols}
	for _, c := range cols {
		v.Arrays = append(v.Arrays, array.MakeArrayOfNull(goHeap, c.Type, 0))
	}
	return v
}

// foldExpr simplifies an expression; it is e itself when there is nothing to do.
func foldExpr(e Expr) Expr {
	switch e := e.(type) {
	case *Call:
		return foldCall(e)
	case *Lambda:
		out := withChildren(e, foldExpr)
		if constantsChanged(e.Captures, out.Children()) {
			return e
		}
		return out
	}
	out := withChildren(e, foldExpr)
	switch out := out.(type) {
	case *Logic:
		return foldLogic(out)
	case *Case:
		return foldCase(out)
	case *Coalesce:
		return foldCoalesce(out)
	case *Field:
		if l, ok := foldConstant(out); ok {
			return l
		}
	}
	return out
}

func foldCall(e *Call) Expr {
	out := withChildren(e, foldExpr)
	if out != Expr(e) {
		settled, ok := settleCall(e, out.Children())
		if !ok {
			return e
		}
		out = settled
	}
	if l, ok := foldConstant(out); ok {
		return l
	}
	return out
}

func foldLogic(e *Logic) Expr {
	var kept []Expr
	seen := map[string]bool{}
	flat := flatten(e)
	for _, a := range flat {
		if isBool(a, e.Or) { // TRUE decides OR, FALSE decides AND
			return a
		}
		if isBool(a, !e.Or) {
			continue
		}
		if deterministic(a) {
			key := fingerprint(a)
			if seen[key] {
				continue
			}
			seen[key] = true
		}
		kept = append(kept, a)
	}
	switch {
	case len(kept) == 0:
		return Bool(!e.Or, e.Span)
	case len(kept) == 1:
		return kept[0]
	case len(kept) == len(e.Args):
		return e
	}
	return &Logic{Span: e.Span, Or: e.Or, Args: kept}
}

// flatten joins nested uses of one connective.
func flatten(e *Logic) []Expr {
	var out []Expr
	for _, a := range e.Args {
		if l, ok := a.(*Logic); ok && l.Or == e.Or {
			out = append(out, flatten(l)...)
		} else {
			out = append(out, a)
		}
	}
	return out
}

func foldCase(e *Case) Expr {
	var whens []When
	otherwise := e.Else
	for _, w := range e.Whens {
		if isFalse(w.Cond) || isNullLiteral(w.Cond) {
			continue
		}
		if isTrue(w.Cond) {
			otherwise = w.Then
			break
		}
		whens = append(whens, w)
	}
	switch {
	case len(whens) == 0:
		return otherwise
	case len(whens) == len(e.Whens):
		return e
	}
	return &Case{Span: e.Span, Whens: whens, Else: otherwise}
}

func foldCoalesce(e *Coalesce) Expr {
	var kept []Expr
	for _, a := range e.Args {
		l, constant := a.(*Literal)
		if constant && l.IsNull() {
			continue
		}
		if kept = append(kept, a); constant {
			break
		}
	}
	switch {
	case len(kept) == 0:
		return Null(e.Type(), e.Span)
	case len(kept) == 1:
		return kept[0]
	case len(kept) == len(e.Args):
		return e
	}
	return &Coalesce{Span: e.Span, Args: kept}
}

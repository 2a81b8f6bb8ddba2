package sql

import "strings"

// groupBy parses what follows GROUP BY.
func (p *parser) groupBy() *GroupBy {
	start := p.pos
	g := &GroupBy{}
	switch {
	case p.is("ALL") && !p.peek(1).is(",") && !p.peek(1).is("."):
		p.next()
		g.Kind = "ALL"
	case (p.is("ROLLUP") || p.is("CUBE")) && p.peek(1).is("("):
		g.Kind = p.next().upper
		g.Sets = p.groupingSets()
	case p.is("GROUPING", "SETS"):
		p.pos += 2
		g.Kind = "GROUPING SETS"
		g.Sets = p.groupingSets()
	default:
		g.Items = p.exprs()
		p.groupSuffix(g)
	}
	if g.Kind != "" && p.is(",") {
		p.fail(p.tok().span, "more than one element in GROUP BY beside %s is not supported yet", g.Kind)
	}
	p.checkNoAnalytics(g.Items)
	g.Span = p.from(start)
	return g
}

// groupSuffix parses a, b WITH ROLLUP and a, b GROUPING SETS (...).
func (p *parser) groupSuffix(g *GroupBy) {
	switch {
	case p.is("WITH", "ROLLUP"), p.is("WITH", "CUBE"):
		p.next()
		g.Kind = p.next().upper
		for _, x := range g.Items {
			g.Sets = append(g.Sets, []Expr{x})
		}
	case p.is("GROUPING", "SETS"):
		p.pos += 2
		g.Kind = "GROUPING SETS"
		g.Sets = p.groupingSets()
	}
}

// checkNoAnalytics refuses a, ROLLUP(b), which reads as a call.
func (p *parser) checkNoAnalytics(items []Expr) {
	for _, x := range items {
		c, ok := x.(*Call)
		if ok && (strings.EqualFold(c.Name.Name, "ROLLUP") || strings.EqualFold(c.Name.Name, "CUBE")) {
			p.fail(c.Span, "%s beside other elements of GROUP BY is not supported yet", c.Name.Name)
		}
	}
}

// groupingSets parses ((a, b), c, ()).
func (p *parser) groupingSets() [][]Expr {
	var sets [][]Expr
	p.expect("(")
	for {
		if p.is("(") && !p.isQuery(p.pos) && p.closesSet(p.match[p.pos]) {
			p.next()
			set := []Expr{}
			if !p.is(")") {
				set = p.exprs()
			}
			p.expect(")")
			sets = append(sets, set)
		} else {
			sets = append(sets, []Expr{p.expr()})
		}
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	return sets
}

// closesSet reports whether the ")" at i ends a grouping set.
func (p *parser) closesSet(i int) bool {
	return i >= 0 && (p.at(i+1).is(",") || p.at(i+1).is(")"))
}

func (p *parser) valuesList() *ValuesList {
	start := p.pos
	p.expect("VALUES")
	v := &ValuesList{}
	for p.err == nil {
		x := p.expr()
		switch row := x.(type) {
		case *RowExpr:
			v.Rows = append(v.Rows, row.Items)
		case *Call:
			v.Rows = append(v.Rows, rowOf(row))
		default:
			v.Rows = append(v.Rows, []Expr{x})
		}
		if !p.accept(",") {
			break
		}
	}
	v.Span = p.from(start)
	return v
}

// rowOf is the row of VALUES that a call makes: struct(1, 2) is two columns.
func rowOf(c *Call) []Expr {
	if !strings.EqualFold(c.Name.Name, "STRUCT") || c.Distinct || c.Over != nil || c.Filter != nil {
		return []Expr{c}
	}
	out := make([]Expr, len(c.Args))
	for i, a := range c.Args {
		out[i] = a.Value
	}
	return out
}

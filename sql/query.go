package sql

// query parses a query: WITH, a body, ORDER BY, LIMIT.
func (p *parser) query() *Query {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	start := p.pos
	with := p.with()
	s := newStandIn(p)
	s.query()
	stmt := s.parse()
	if p.err != nil {
		return nil
	}
	q := s.buildQuery(stmt)
	if p.err != nil {
		return nil
	}
	q.With = with
	q.Span = p.from(start)
	return q
}

// parenQuery parses a query in parentheses.
func (p *parser) parenQuery() *Query {
	p.expect("(")
	q := p.query()
	p.expect(")")
	return q
}

// with parses the common table expressions before a query.
func (p *parser) with() []CTE {
	if !p.is("WITH") {
		return nil
	}
	p.next()
	if p.is("RECURSIVE") && p.peek(1).isName() {
		p.fail(p.tok().span, "WITH RECURSIVE is not supported yet")
	}
	var out []CTE
	for {
		start := p.pos
		c := CTE{Name: p.name("the name of a common table expression")}
		if p.is("(") && !p.isQuery(p.pos) {
			c.Columns = p.names("a column's name")
		}
		p.accept("AS")
		c.Query = p.parenQuery()
		c.Span = p.from(start)
		out = append(out, c)
		if !p.accept(",") {
			return out
		}
	}
}

// startsQuery reports whether the token at i begins a query; a "(" does not.
func (p *parser) startsQuery(i int) bool {
	t, follows := p.at(i), p.at(i+1)
	switch {
	case t.is("SELECT"):
		return true
	case t.is("WITH"):
		return follows.isName()
	case t.is("TABLE"):
		return follows.isName()
	case t.is("VALUES"):
		return follows.is("(") || follows.kind == tokNumber || follows.kind == tokString || follows.is("NULL") || follows.is("-")
	}
	return false
}

// isQuery reports whether the "(" at i holds a query. After ((SELECT ...) what
// follows decides.
func (p *parser) isQuery(i int) bool {
	first := i
	for p.at(i).is("(") {
		i++
	}
	if !p.startsQuery(i) {
		return false
	}
	// From the innermost parenthesis outwards, each must hold a query.
	for i -= 2; i >= first; i-- {
		end := p.match[i+1]
		if end < 0 || !p.continuesQuery(end+1) {
			return false
		}
	}
	return true
}

// continuesQuery reports whether the token at i can follow a query in
// parentheses as part of a larger query, or end it.
func (p *parser) continuesQuery(i int) bool {
	t := p.at(i)
	switch {
	case t.is(")"), t.is("UNION"), t.is("EXCEPT"), t.is("MINUS"), t.is("INTERSECT"), t.is("LIMIT"), t.is("OFFSET"):
		return true
	case t.is("ORDER"), t.is("SORT"), t.is("CLUSTER"), t.is("DISTRIBUTE"):
		return p.at(i + 1).is("BY")
	}
	return false
}

// query writes a body and what may follow it. It ends before the first token
// that no clause begins with.
func (s *standIn) query() {
	p := s.p
	for p.err == nil {
		switch {
		case s.block == nil:
			s.operand()
		case s.setOperator():
		case s.tail():
		case s.block.body == nil && s.selectClause():
		default:
			return
		}
	}
}

// operand writes what a query, or the part after UNION, begins with.
func (s *standIn) operand() {
	p := s.p
	start := p.pos
	b := &selectBlock{start: start, op: s.op}
	s.block, s.op = b, setOperator{}
	switch {
	case p.is("SELECT"):
		p.next()
		s.clause("select ", "SELECT", start)
		b.distinct = s.quantifier()
		s.selectItems()
	case p.is("("):
		b.body = p.parenQuery()
		s.standFor(b)
	case p.is("VALUES"):
		b.body = p.valuesList()
		s.standFor(b)
	case p.is("TABLE"):
		p.next()
		t := p.tableName(p.pos)
		sel := &Select{Span: p.from(start), From: []Relation{t}}
		sel.Items = []SelectItem{{Span: t.Span, X: &Star{Span: t.Span}, Text: "*"}}
		b.body = sel
		s.standFor(b)
	default:
		p.unexpected("SELECT, VALUES or a query in parentheses")
	}
	b.end = p.pos
}

// standFor writes a SELECT that stands for the block's body.
func (s *standIn) standFor(b *selectBlock) {
	s.write("select ", b.start)
	s.blocks[s.slot(b.body, b.start)] = b
}

// quantifier passes DISTINCT or ALL.
func (s *standIn) quantifier() bool {
	p := s.p
	if p.is("ALL") && !p.peek(1).is(",") && !p.peek(1).is(".") && p.peek(1).kind != tokEOF && !p.peek(1).is("FROM") {
		p.next()
		return false
	}
	if p.is("DISTINCT") && !p.peek(1).is(",") && !p.peek(1).is("FROM") {
		s.write("distinct ", p.pos)
		p.next()
		return true
	}
	return false
}

// selectItems writes the select list.
func (s *standIn) selectItems() {
	p := s.p
	for first := true; p.err == nil; first = false {
		start := p.pos
		n := s.slot(p.selectItem(), start)
		if first {
			s.blocks[n] = s.block
		}
		if !p.is(",") {
			return
		}
		s.write(", ", p.pos)
		p.next()
	}
}

func (p *parser) selectItem() *SelectItem {
	start := p.pos
	item := &SelectItem{X: p.expr()}
	if p.err != nil {
		return item
	}
	item.Text = p.userText(p.from(start))
	switch {
	case p.accept("AS"):
		if p.is("(") {
			item.Aliases = p.names("a name")
			break
		}
		item.Alias = p.name("a name")
	case p.isItemAlias():
		p.alias = p.pos
		item.Alias = p.next().ident()
	}
	item.Span = p.from(start)
	return item
}

// isItemAlias reports whether the current token names the select item before
// it without AS.
func (p *parser) isItemAlias() bool {
	if !p.tok().isName() {
		return false
	}
	return p.tok().kind == tokQuoted || !p.stops(p.pos) && !p.startsClause(p.pos)
}

// startsClause reports whether the word at i begins the next clause of a query
// rather than naming what stands before it.
func (p *parser) startsClause(i int) bool {
	t, follows := p.at(i), p.at(i+1)
	if t.kind != tokWord {
		return false
	}
	switch t.upper {
	case "FROM", "WHERE", "HAVING", "UNION", "ON", "USING", "AS", "JOIN":
		return true
	case "GROUP", "ORDER", "SORT", "CLUSTER", "DISTRIBUTE":
		return follows.is("BY")
	case "INTERSECT", "EXCEPT", "MINUS":
		return follows.is("ALL") || follows.is("DISTINCT") || follows.is("(") || p.startsQuery(i+1)
	case "LIMIT", "OFFSET":
		return follows.kind != tokEOF && !follows.is(",") && !follows.is(")")
	case "WINDOW":
		return follows.isName() && p.at(i+2).is("AS")
	case "LATERAL":
		return follows.is("VIEW")
	case "PIVOT", "UNPIVOT", "TABLESAMPLE":
		return follows.is("(") || follows.is("INCLUDE") || follows.is("EXCLUDE")
	case "INSERT", "CREATE", "DROP", "SHOW", "AWAIT", "STOP", "CACHE", "UNCACHE":
		return p.startsStatement(i)
	case "CROSS", "INNER", "LEFT", "RIGHT", "FULL", "NATURAL", "SEMI", "ANTI":
		_, n := p.joinWords(i)
		return n > 0
	}
	return false
}

// selectClause writes the next clause of a SELECT.
func (s *standIn) selectClause() bool {
	p := s.p
	start := p.pos
	switch {
	case p.accept("FROM"):
		s.clause(" from ", "FROM", start)
		s.from()
	case p.accept("WHERE"):
		s.clause(" where ", "WHERE", start)
		s.exprSlot()
	case p.accept("GROUP", "BY"):
		s.clause(" group by ", "GROUP BY", start)
		at := p.pos
		s.slot(p.groupBy(), at)
	case p.accept("HAVING"):
		s.clause(" having ", "HAVING", start)
		s.exprSlot()
	case p.is("WINDOW") && p.peek(1).isName() && p.peek(2).is("AS"):
		p.next()
		s.windows()
	case p.is("LATERAL", "VIEW"):
		s.block.views = append(s.block.views, p.lateralView())
	default:
		return false
	}
	s.block.end = p.pos
	return true
}

func (s *standIn) exprSlot() {
	at := s.p.pos
	s.slot(s.p.expr(), at)
}

func (s *standIn) windows() {
	p := s.p
	for {
		w := NamedWindow{Name: p.name("a window's name")}
		p.expect("AS")
		w.Spec = p.windowSpec()
		s.block.windows = append(s.block.windows, w)
		if !p.accept(",") {
			return
		}
	}
}

// setOperator writes UNION for any of the set operators and notes which it is.
func (s *standIn) setOperator() bool {
	p := s.p
	start := p.pos
	op := p.acceptAny("UNION", "EXCEPT", "MINUS", "INTERSECT")
	if op == "" {
		return false
	}
	if op == "MINUS" {
		op = "EXCEPT"
	}
	s.op = setOperator{op: op}
	if p.accept("ALL") {
		s.op.all = true
	} else {
		p.accept("DISTINCT")
	}
	s.op.span = p.from(start)
	s.write(" union ", start)
	s.block = nil
	return true
}

// tail writes ORDER BY and its kin, LIMIT or OFFSET.
func (s *standIn) tail() bool {
	p := s.p
	start := p.pos
	switch {
	case p.accept("ORDER", "BY"):
		s.clause(" order by ", "ORDER BY", start)
		s.orderSlots(p.orderItems(), false, start)
	case p.accept("SORT", "BY"), p.accept("CLUSTER", "BY"):
		s.clause(" order by ", "SORT BY", start)
		s.orderSlots(p.orderItems(), true, start)
	case p.accept("DISTRIBUTE", "BY"):
		p.exprs() // where rows go does not change the result
	case p.accept("LIMIT"):
		s.clause(" limit ", "LIMIT", start)
		if p.accept("ALL") {
			s.slot(&limitSlot{}, start)
			break
		}
		s.slot(&limitSlot{x: p.expr()}, start+1)
	case p.accept("OFFSET"):
		if n := len(s.block.clauses); n == 0 || s.block.clauses[n-1] != "LIMIT" {
			s.write(" limit ", start)
			s.slot(&limitSlot{}, start)
		}
		s.clause(" offset ", "OFFSET", start)
		s.slot(&limitSlot{x: p.expr()}, start+1)
	default:
		return false
	}
	return true
}

func (s *standIn) orderSlots(items []OrderItem, sort bool, tok int) {
	for i, item := range items {
		if i > 0 {
			s.write(", ", tok)
		}
		s.slot(&orderSlot{item: item, sort: sort}, tok)
	}
}

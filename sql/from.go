package sql

import "strings"

// from writes what follows FROM.
func (s *standIn) from() {
	p := s.p
	for p.err == nil {
		s.relation()
		if !p.is(",") {
			break
		}
		s.write(", ", p.pos)
		p.next()
	}
}

// relation writes a table or subquery and what is joined to it.
func (s *standIn) relation() {
	p := s.p
	s.primary()
	for p.err == nil {
		j, n := p.joinWords(p.pos)
		switch {
		case n > 0:
			s.join(j, n)
		case p.is("PIVOT") || p.is("UNPIVOT"):
			s.pivot()
		default:
			return
		}
	}
}

// joinWords returns the join whose words begin at token i and how many they
// are; 0 means none does.
func (p *parser) joinWords(i int) (j Join, n int) {
	start := i
	if p.at(i).is("NATURAL") {
		j.Natural = true
		i++
	}
	j.Kind = "INNER"
	switch t := p.at(i); {
	case t.is("INNER"):
		i++
	case t.is("CROSS"):
		j.Kind = "CROSS"
		i++
	case t.is("LEFT"):
		j.Kind = "LEFT"
		i++
		if p.at(i).is("SEMI") || p.at(i).is("ANTI") {
			j.Kind = p.at(i).upper
			i++
		} else if p.at(i).is("OUTER") {
			i++
		}
	case t.is("RIGHT"), t.is("FULL"):
		j.Kind = t.upper
		i++
		if p.at(i).is("OUTER") {
			i++
		}
	case t.is("SEMI"), t.is("ANTI"):
		j.Kind = t.upper
		i++
	}
	if !p.at(i).is("JOIN") {
		return Join{}, 0
	}
	return j, i + 1 - start
}

// join writes a join. Its condition's slot says what kind it is.
func (s *standIn) join(j Join, words int) {
	p := s.p
	start := p.pos
	p.pos += words
	j.KindSpan = p.from(start)
	switch j.Kind {
	case "INNER", "CROSS":
		s.write(" join ", start)
	case "RIGHT":
		s.write(" right join ", start)
	default: // LEFT, FULL, SEMI, ANTI
		s.write(" left join ", start)
	}
	s.primary()
	at := p.pos
	s.write(" on ", at)
	switch {
	case j.Natural && (p.is("ON") || p.is("USING")):
		p.unexpected("no condition: NATURAL joins on the columns both sides have")
	case p.accept("ON"):
		j.On = p.expr()
	case p.accept("USING"):
		j.Using = p.names("a column's name")
	}
	s.slot(&joinSlot{join: j}, at)
}

// primary writes one table, function, subquery or relation in parentheses.
func (s *standIn) primary() {
	p := s.p
	start := p.pos
	lateral := p.is("LATERAL") && !p.peek(1).is("VIEW") && p.accept("LATERAL")
	switch {
	case p.is("(") && p.isQuery(p.pos):
		s.derived(start, lateral)
	case p.is("("):
		s.parenthesised(start)
	case p.is("VALUES") && p.startsQuery(p.pos):
		v := &ValuesRelation{Values: p.valuesList()}
		v.Alias = p.tableAlias()
		v.Span = p.from(start)
		s.slot(v, start)
	case p.tok().isName() && !p.stops(p.pos):
		s.slot(p.namedRelation(start, lateral), start)
	default:
		p.unexpected("a table")
	}
}

// derived writes a subquery. Deep in parentheses it becomes a stand-in of its
// own.
func (s *standIn) derived(start int, lateral bool) {
	p := s.p
	d := &derivedSlot{}
	if s.parens >= maxInline {
		q := p.parenQuery()
		d.derived = Derived{Query: q, Lateral: lateral}
		p.derivedTail(&d.derived, start)
		s.slot(&d.derived, start)
		return
	}
	if !p.enter() {
		return
	}
	defer p.leave()
	s.write("(", p.pos)
	p.next()
	outer := s.block
	s.block = nil
	s.parens++
	at := p.pos
	d.with = p.with()
	s.query()
	d.query = p.from(at)
	s.parens--
	s.block = outer
	s.write(") as ", p.pos)
	p.expect(")")
	d.derived.Lateral = lateral
	p.derivedTail(&d.derived, start)
	s.slot(d, start)
}

// derivedTail parses the sample and alias of a subquery.
func (p *parser) derivedTail(d *Derived, start int) {
	d.Sample = p.sample()
	d.Alias = p.tableAlias()
	if d.Sample == nil {
		d.Sample = p.sample()
	}
	d.Span = p.from(start)
}

// parenthesised writes a relation in parentheses. With an alias or a sample it
// is a subquery of all its columns.
func (s *standIn) parenthesised(start int) {
	p := s.p
	if !p.enter() {
		return
	}
	defer p.leave()
	end := p.match[p.pos]
	if end >= 0 && s.parens < maxInline && !p.aliasAt(end+1) && !p.at(end+1).is("TABLESAMPLE") {
		s.write("(", p.pos)
		p.next()
		s.parens++
		s.relation()
		s.parens--
		s.write(")", p.pos)
		p.expect(")")
		return
	}
	p.next()
	inner := newStandIn(p)
	block := &selectBlock{start: start}
	inner.block = block
	inner.write("select ", p.pos)
	star := &SelectItem{X: &Star{Span: p.at(start).span}, Span: p.at(start).span, Text: "*"}
	inner.blocks[inner.slot(star, p.pos)] = block
	inner.clause(" from ", "FROM", p.pos)
	inner.relation()
	block.end = p.pos
	p.expect(")")
	stmt := inner.parse()
	if p.err != nil {
		return
	}
	q := inner.buildQuery(stmt)
	if p.err != nil {
		return
	}
	q.Span = p.from(start)
	d := &Derived{Query: q}
	p.derivedTail(d, start)
	if d.Alias.Name.Name == "" && d.Sample == nil {
		// Too deep to stand in line, but no subquery.
		if sel, ok := q.Body.(*Select); ok && len(sel.From) == 1 {
			s.slot(sel.From[0], start)
			return
		}
	}
	s.slot(d, start)
}

// namedRelation parses a table or a table function.
func (p *parser) namedRelation(start int, lateral bool) Relation {
	i := p.pos
	for p.at(i+1).is(".") && p.at(i+2).isName() {
		i += 2
	}
	switch {
	case p.is("TABLE", "("):
		return p.wrappedFunc(start, lateral)
	case p.at(i + 1).is("("):
		return p.aliasFunc(p.tableFunc(lateral), start)
	}
	t := p.tableName(start)
	if lateral {
		p.fail(p.at(start).span, "LATERAL stands before a subquery or a table function, not before a table")
	}
	return t
}

func (p *parser) tableName(start int) *TableName {
	parts := p.dotted("a table's name")
	t := &TableName{Name: parts[len(parts)-1]}
	if len(parts) > 1 {
		t.Qualifier = parts[:len(parts)-1]
	}
	if p.is("FOR", "SYSTEM_TIME") || p.is("VERSION", "AS") || p.is("TIMESTAMP", "AS") || p.is("FOR", "VERSION") {
		p.fail(p.tok().span, "reading a past version of a table is not supported yet")
	}
	t.Sample = p.sample()
	t.Alias = p.tableAlias()
	if t.Sample == nil {
		t.Sample = p.sample()
	}
	t.Span = p.from(start)
	return t
}

// tableFunc parses the call of a table function.
func (p *parser) tableFunc(lateral bool) Relation {
	at := p.pos
	name := joinName(p.dotted("a function's name"))
	if strings.EqualFold(name.Name, mlPredictName) {
		return p.mlPredict(at, lateral)
	}
	c := &Call{Name: name}
	p.expect("(")
	if p.is("TABLE", "(") || p.is("TABLE") && p.peek(1).isName() {
		p.fail(p.tok().span, "TABLE arguments of table functions are not supported yet")
	}
	if !p.is(")") {
		c.Args = p.args()
	}
	p.expect(")")
	c.Span = p.from(at)
	return &TableFunc{Call: c, Lateral: lateral}
}

// aliasFunc parses the alias of a table function, which begins at token start.
func (p *parser) aliasFunc(r Relation, start int) Relation {
	alias := p.tableAlias()
	switch f := r.(type) {
	case *TableFunc:
		f.Alias, f.Span = alias, p.from(start)
	case *MLPredict:
		f.Alias, f.Span = alias, p.from(start)
	}
	return r
}

// wrappedFunc parses TABLE(f(...)), the way of the SQL standard to call a table
// function.
func (p *parser) wrappedFunc(start int, lateral bool) Relation {
	p.pos += 2
	i := p.pos
	for p.at(i+1).is(".") && p.at(i+2).isName() {
		i += 2
	}
	if !p.tok().isName() || !p.at(i+1).is("(") {
		p.unexpected("a table function")
		return nil
	}
	f := p.tableFunc(lateral)
	p.expect(")")
	return p.aliasFunc(f, start)
}

// aliasAt reports whether an alias of a relation begins at token i.
func (p *parser) aliasAt(i int) bool {
	t := p.at(i)
	if t.is("AS") {
		return true
	}
	return t.kind == tokQuoted || t.kind == tokWord && !notAliases[t.upper] && !p.startsClause(i) && !p.stops(i)
}

// notAliases can name no relation, as in Spark.
var notAliases = map[string]bool{
	"ANTI": true, "CROSS": true, "EXCEPT": true, "FULL": true, "INNER": true, "INTERSECT": true, "JOIN": true, "LATERAL": true,
	"LEFT": true, "NATURAL": true, "ON": true, "RIGHT": true, "SEMI": true, "MINUS": true, "UNION": true, "USING": true,
}

// tableAlias parses [[AS] name [(columns)]].
func (p *parser) tableAlias() TableAlias {
	var a TableAlias
	if p.err != nil || !p.aliasAt(p.pos) {
		return a
	}
	if !p.accept("AS") {
		p.alias = p.pos
	}
	if t := p.tok(); t.kind == tokWord && notAliases[t.upper] {
		p.unexpected("a name")
		return a
	}
	a.Name = p.name("a name")
	if p.is("(") {
		a.Columns = p.names("a column's name")
	}
	return a
}

// lateralView parses LATERAL VIEW [OUTER] f(...) name [AS a, b].
func (p *parser) lateralView() LateralView {
	start := p.pos
	p.pos += 2
	var v LateralView
	v.Outer = p.accept("OUTER")
	at := p.pos
	c := &Call{Name: joinName(p.dotted("a function's name"))}
	p.expect("(")
	if !p.is(")") {
		c.Args = p.args()
	}
	p.expect(")")
	c.Span = p.from(at)
	v.Call = c
	if p.tok().isName() && !p.is("AS") && !p.startsClause(p.pos) {
		v.Alias = p.next().ident()
	}
	if p.accept("AS") {
		v.Columns = p.viewColumns()
	} else if p.err == nil && p.tok().isName() && !p.startsClause(p.pos) {
		v.Columns = p.viewColumns()
	}
	v.Span = p.from(start)
	return v
}

func (p *parser) viewColumns() []Ident {
	var out []Ident
	for {
		out = append(out, p.name("a column's name"))
		if !p.accept(",") {
			return out
		}
	}
}

// pivot passes PIVOT (...) or UNPIVOT (...), which cannot be bound yet.
func (s *standIn) pivot() {
	p := s.p
	start := p.pos
	what := p.next().upper
	if what == "UNPIVOT" && (p.is("INCLUDE", "NULLS") || p.is("EXCLUDE", "NULLS")) {
		p.pos += 2
	}
	end := -1
	if p.is("(") {
		end = p.match[p.pos]
	}
	if end < 0 {
		p.unexpected("( and what to " + strings.ToLower(what))
		return
	}
	p.pos = end + 1
	if s.block.pivot == nil {
		s.block.pivot = &Unsupported{Span: p.from(start), What: what}
	}
	p.tableAlias()
}

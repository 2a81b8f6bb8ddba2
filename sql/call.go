package sql

// call parses the argument list of a function and what may follow it. The
// current token is the "(".
func (p *parser) call(start int, name Ident) Expr {
	c := &Call{Name: name}
	p.next()
	if !p.is(")") {
		if p.accept("DISTINCT") {
			c.Distinct = true
		} else if p.is("ALL") && !p.peek(1).is(")") && !p.peek(1).is(",") && !p.peek(1).is(".") {
			p.next()
		}
		c.Args = p.args()
	}
	p.ignoreNulls(c)
	p.expect(")")
	return p.callTail(start, c)
}

// args parses arguments up to the ")".
func (p *parser) args() []Arg {
	var out []Arg
	for {
		var a Arg
		if p.tok().isName() && p.peek(1).is("=>") {
			a.Name, a.Named = p.next().ident(), true
			p.next()
		}
		a.Value = p.expr()
		if !a.Named {
			p.namedArg(&a)
		}
		out = append(out, a)
		if !p.accept(",") {
			return out
		}
	}
}

// namedArg parses the AS name of an argument. Without AS only what cannot be
// anything else is a name: first(x IGNORE NULLS) is not.
func (p *parser) namedArg(a *Arg) {
	if p.err != nil || p.is("IGNORE", "NULLS") || p.is("RESPECT", "NULLS") {
		return
	}
	if p.is("AS") || p.tok().isName() {
		p.argAlias(a)
	}
}

func (p *parser) ignoreNulls(c *Call) {
	switch {
	case p.accept("IGNORE", "NULLS"):
		c.IgnoreNulls = true
	case p.accept("RESPECT", "NULLS"):
	}
}

// callTail parses WITHIN GROUP, FILTER, IGNORE NULLS and OVER.
func (p *parser) callTail(start int, c *Call) Expr {
	if p.accept("WITHIN", "GROUP") {
		p.expect("(")
		p.expect("ORDER", "BY")
		c.OrderBy = p.orderItems()
		p.expect(")")
	}
	if p.is("FILTER", "(") && p.peek(2).is("WHERE") {
		p.pos += 3
		c.Filter = p.expr()
		p.expect(")")
	}
	p.ignoreNulls(c)
	if p.is("OVER") && (p.peek(1).is("(") || p.peek(1).isName()) {
		p.next()
		spec := p.windowSpec()
		c.Over = &spec
	}
	c.Span = p.from(start)
	return c
}

// windowSpec parses a name or (...).
func (p *parser) windowSpec() WindowSpec {
	start := p.pos
	var w WindowSpec
	if !p.is("(") {
		w.Name = p.name("a window's name or (")
		w.Span = p.from(start)
		return w
	}
	p.next()
	if p.tok().isName() && p.peek(1).is(")") {
		w.Name = p.next().ident()
	}
	switch {
	case p.accept("CLUSTER", "BY"):
		w.PartitionBy = p.exprs()
	default:
		if p.accept("PARTITION", "BY") || p.accept("DISTRIBUTE", "BY") {
			w.PartitionBy = p.exprs()
		}
		if p.accept("ORDER", "BY") || p.accept("SORT", "BY") {
			w.OrderBy = p.orderItems()
		}
	}
	if p.is("ROWS") || p.is("RANGE") {
		w.Frame = p.frame()
	}
	p.expect(")")
	w.Span = p.from(start)
	return w
}

// frame passes a frame and returns its text.
func (p *parser) frame() string {
	start := p.pos
	p.next()
	if p.accept("BETWEEN") {
		p.frameBound()
		p.expect("AND")
	}
	p.frameBound()
	if p.err != nil {
		return ""
	}
	return p.textFrom(start)
}

func (p *parser) frameBound() {
	if p.accept("CURRENT", "ROW") {
		return
	}
	if !p.accept("UNBOUNDED") {
		p.value()
	}
	if p.acceptAny("PRECEDING", "FOLLOWING") == "" {
		p.unexpected("PRECEDING or FOLLOWING")
	}
}

// orderItems parses a [ASC|DESC] [NULLS FIRST|LAST], ....
func (p *parser) orderItems() []OrderItem {
	var out []OrderItem
	for {
		out = append(out, p.orderItem())
		if !p.accept(",") {
			return out
		}
	}
}

func (p *parser) orderItem() OrderItem {
	start := p.pos
	o := OrderItem{X: p.expr()}
	o.Desc = p.acceptAny("ASC", "DESC") == "DESC"
	o.NullsFirst = !o.Desc
	if p.accept("NULLS") {
		switch p.acceptAny("FIRST", "LAST") {
		case "FIRST":
			o.NullsFirst = true
		case "LAST":
			o.NullsFirst = false
		default:
			p.unexpected("FIRST or LAST")
		}
	}
	o.Span = p.from(start)
	return o
}

// specialForm returns the parser of a call that has words between its
// arguments, if the call that begins here is one.
func (p *parser) specialForm(word string) func() Expr {
	switch word {
	case "CAST", "TRY_CAST":
		return p.cast
	case "EXTRACT":
		if p.peek(2).isName() && p.peek(3).is("FROM") {
			return p.extract
		}
	case "POSITION":
		if p.holds(p.pos+1, "IN") {
			return p.position
		}
	case "SUBSTRING", "SUBSTR":
		if p.holds(p.pos+1, "FROM") {
			return p.substring
		}
	case "TRIM":
		if p.holds(p.pos+1, "FROM") {
			return p.trim
		}
	case "OVERLAY":
		if p.holds(p.pos+1, "PLACING") {
			return p.overlay
		}
	case "TIMESTAMPADD", "DATEADD", "DATE_ADD", "TIMESTAMPDIFF", "DATEDIFF", "DATE_DIFF":
		if isDateUnit(p.peek(2)) && p.peek(3).is(",") {
			return p.dateUnit
		}
	}
	return nil
}

// holds reports whether the word stands directly inside the "(" at i.
func (p *parser) holds(i int, word string) bool {
	end := p.match[i]
	for i++; i < end; i++ {
		if p.toks[i].is(word) {
			return true
		}
		if m := p.match[i]; m >= 0 {
			i = m
		}
	}
	return false
}

// open passes the word and "(" of a call.
func (p *parser) open() (start int, name Ident) {
	start = p.pos
	name = p.next().ident()
	p.next()
	return start, name
}

func (p *parser) cast() Expr {
	start, _ := p.open()
	c := &CastExpr{Try: p.at(start).upper == "TRY_CAST"}
	c.X = p.expr()
	if !p.expect("AS") {
		return nil
	}
	at := p.pos
	c.To = p.dataType()
	c.TypeSpan = p.from(at)
	p.expect(")")
	c.Span = p.from(start)
	return c
}

func (p *parser) extract() Expr {
	start, name := p.open()
	field := p.next()
	p.expect("FROM")
	x := p.value()
	p.expect(")")
	return p.form(start, name, &StringLit{Span: field.span, Value: field.val}, x)
}

// form makes the call of a special form.
func (p *parser) form(start int, name Ident, args ...Expr) Expr {
	c := &Call{Name: name}
	for _, a := range args {
		c.Args = append(c.Args, Arg{Value: a})
	}
	return p.callTail(start, c)
}

// position parses POSITION(a IN b) as locate(a, b).
func (p *parser) position() Expr {
	start, name := p.open()
	name.Name = "locate"
	sub := p.value()
	p.expect("IN")
	x := p.value()
	p.expect(")")
	return p.form(start, name, sub, x)
}

// substring parses SUBSTRING(s FROM i [FOR n]), or SUBSTR.
func (p *parser) substring() Expr {
	start, name := p.open()
	name.Name = "substring"
	args := []Expr{p.value()}
	p.expect("FROM")
	args = append(args, p.value())
	if p.accept("FOR") {
		args = append(args, p.value())
	}
	p.expect(")")
	return p.form(start, name, args...)
}

// trim parses TRIM([BOTH|LEADING|TRAILING] [chars] FROM s) as
// trim | ltrim | rtrim(chars, s).
func (p *parser) trim() Expr {
	start, name := p.open()
	switch p.acceptAny("BOTH", "LEADING", "TRAILING") {
	case "LEADING":
		name.Name = "ltrim"
	case "TRAILING":
		name.Name = "rtrim"
	}
	var args []Expr
	if !p.is("FROM") {
		args = append(args, p.value())
	}
	p.expect("FROM")
	args = append(args, p.value())
	p.expect(")")
	return p.form(start, name, args...)
}

// overlay parses OVERLAY(s PLACING r FROM i [FOR n]).
func (p *parser) overlay() Expr {
	start, name := p.open()
	args := []Expr{p.value()}
	p.expect("PLACING")
	args = append(args, p.value())
	p.expect("FROM")
	args = append(args, p.value())
	if p.accept("FOR") {
		args = append(args, p.value())
	}
	p.expect(")")
	return p.form(start, name, args...)
}

func isDateUnit(t *token) bool {
	if t.kind != tokWord {
		return false
	}
	switch t.upper {
	case "YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "DAYOFYEAR", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND":
		return true
	}
	return false
}

// dateUnit parses DATEADD(unit, n, t) and DATEDIFF(unit, a, b) as calls of
// timestampadd and timestampdiff, the unit being a string.
func (p *parser) dateUnit() Expr {
	start, name := p.open()
	switch p.at(start).upper {
	case "TIMESTAMPADD", "DATEADD", "DATE_ADD":
		name.Name = "timestampadd"
	default:
		name.Name = "timestampdiff"
	}
	unit := p.next()
	p.expect(",")
	a := p.value()
	p.expect(",")
	b := p.value()
	p.expect(")")
	return p.form(start, name, &StringLit{Span: unit.span, Value: unit.upper}, a, b)
}

package sql

import (
	"encoding/hex"
	"strings"
)

// primary parses a literal, a name, a call or something in parentheses.
func (p *parser) primary() Expr {
	if p.err != nil {
		return nil
	}
	t := p.tok()
	switch t.kind {
	case tokString:
		s, span := p.stringToken("a string")
		return &StringLit{Span: span, Value: s}
	case tokNumber:
		p.next()
		return &NumberLit{Span: t.span, Text: t.val, Suffix: t.suffix}
	case tokQuoted:
		return p.nameOrCall()
	case tokWord:
		return p.word()
	}
	switch {
	case t.is("("):
		return p.paren()
	case t.is("*"):
		return p.star(p.pos, nil)
	}
	p.unexpected("an expression")
	return nil
}

// word parses what begins with an unquoted word.
func (p *parser) word() Expr {
	t := p.tok()
	switch follows := p.peek(1); {
	case follows.is("->"):
		return p.lambda()
	case follows.is("("):
		if form := p.specialForm(t.upper); form != nil {
			return form()
		}
	case follows.is("."):
		return p.nameOrCall()
	case follows.kind == tokString && t.upper != "CASE":
		return p.typedLiteral()
	}
	switch t.upper {
	case "NULL":
		p.next()
		return &NullLit{Span: t.span}
	case "TRUE", "FALSE":
		p.next()
		return &BoolLit{Span: t.span, Value: t.upper == "TRUE"}
	case "CASE":
		return p.caseExpr()
	case "INTERVAL":
		if p.isInterval() {
			return p.interval()
		}
	case "CURRENT_DATE", "CURRENT_TIMESTAMP":
		if !p.peek(1).is("(") {
			p.next()
			return &Call{Span: t.span, Name: t.ident()}
		}
	}
	if p.stops(p.pos) {
		p.unexpected("an expression")
		return nil
	}
	return p.nameOrCall()
}

// stopWords can begin no expression: taking them for names, as Spark does,
// would turn a slip of the pen into a strange answer.
var stopWords = map[string]bool{
	"SELECT": true, "FROM": true, "WHERE": true, "HAVING": true, "UNION": true, "AS": true, "AND": true, "OR": true, "ON": true,
	"JOIN": true, "IN": true, "IS": true, "BETWEEN": true, "THEN": true, "USING": true,
}

// stops reports whether the word at i can begin no expression.
func (p *parser) stops(i int) bool {
	t := p.at(i)
	if t.kind != tokWord {
		return false
	}
	follows := p.at(i + 1)
	switch t.upper {
	case "WHEN", "ELSE", "END":
		return p.cases > 0
	case "GROUP", "ORDER", "SORT", "CLUSTER", "DISTRIBUTE":
		return follows.is("BY")
	case "INTERSECT", "EXCEPT", "MINUS":
		return follows.is("SELECT") || follows.is("ALL") || follows.is("DISTINCT")
	case "LIMIT", "OFFSET":
		return follows.kind == tokNumber || follows.is("ALL")
	}
	return stopWords[t.upper]
}

// nameOrCall parses a, a.b.c, a.*, f(...) and db.f(...).
func (p *parser) nameOrCall() Expr {
	start := p.pos
	parts := []Ident{p.next().ident()}
	for p.is(".") {
		if p.peek(1).is("*") {
			p.next()
			return p.star(start, parts)
		}
		if !p.peek(1).isName() {
			break
		}
		p.next()
		parts = append(parts, p.next().ident())
	}
	if p.is("(") {
		return p.call(start, joinName(parts))
	}
	return &ColumnRef{Span: p.from(start), Parts: parts}
}

// joinName makes one name of a qualified one.
func joinName(parts []Ident) Ident {
	out := parts[0]
	for _, part := range parts[1:] {
		out = Ident{Span: out.Cover(part.Span), Name: out.Name + "." + part.Name}
	}
	return out
}

// star parses * and an EXCEPT list after it.
func (p *parser) star(start int, qualifier []Ident) Expr {
	p.next()
	s := &Star{Qualifier: qualifier}
	if p.is("EXCEPT", "(") && !p.isQuery(p.pos+1) {
		p.next()
		s.Except = p.names("a column's name")
	}
	s.Span = p.from(start)
	return s
}

// paren parses a subquery, a lambda's parameters, a row or an expression.
func (p *parser) paren() Expr {
	start := p.pos
	if p.isQuery(start) {
		q := p.parenQuery()
		return &SubqueryExpr{Span: p.from(start), Query: q}
	}
	if close := p.match[start]; close >= 0 && p.at(close+1).is("->") {
		return p.lambda()
	}
	p.next()
	x := p.expr()
	args := []Arg{{Value: x}}
	aliased := p.argAlias(&args[0])
	for p.accept(",") {
		a := Arg{Value: p.expr()}
		aliased = p.argAlias(&a) || aliased
		args = append(args, a)
	}
	p.expect(")")
	if p.err != nil {
		return nil
	}
	if aliased {
		return &Call{Span: p.from(start), Name: Ident{Span: p.at(start).span, Name: "struct"}, Args: args}
	}
	if len(args) == 1 {
		return x
	}
	row := &RowExpr{Span: p.from(start)}
	for _, a := range args {
		row.Items = append(row.Items, a.Value)
	}
	return row
}

// argAlias parses [AS] name after an argument.
func (p *parser) argAlias(a *Arg) bool {
	if p.accept("AS") {
		a.Name = p.name("a name")
		return true
	}
	if p.err == nil && p.isItemAlias() {
		p.alias = p.pos
		a.Name = p.next().ident()
		return true
	}
	return false
}

// lambda parses x -> body or (x, y) -> body.
func (p *parser) lambda() Expr {
	start := p.pos
	l := &Lambda{}
	if p.is("(") {
		l.Params = p.names("a parameter's name")
	} else {
		l.Params = []Ident{p.name("a parameter's name")}
	}
	p.expect("->")
	l.Body = p.expr()
	l.Span = p.from(start)
	return l
}

func (p *parser) caseExpr() Expr {
	start := p.pos
	p.next()
	p.cases++
	defer func() { p.cases-- }()
	c := &CaseExpr{}
	if !p.is("WHEN") {
		c.Operand = p.expr()
	}
	for p.accept("WHEN") {
		var w CaseWhen
		w.When = p.expr()
		p.expect("THEN")
		w.Then = p.expr()
		c.Whens = append(c.Whens, w)
	}
	if len(c.Whens) == 0 {
		p.unexpected("WHEN")
	}
	if p.accept("ELSE") {
		c.Else = p.expr()
	}
	p.expect("END")
	c.Span = p.from(start)
	return c
}

// typedLiteral parses DATE '...' and its like.
func (p *parser) typedLiteral() Expr {
	start := p.pos
	kind := p.tok().upper
	switch kind {
	case "NULL", "TRUE", "FALSE":
		// A keyword before a string: the string is what should not be here.
		p.unexpectedAt(start+1, "an operator or the end of the expression")
		return nil
	case "INTERVAL":
		return p.interval()
	}
	p.next()
	text := p.next()
	span := p.from(start)
	switch kind {
	case "DATE", "TIMESTAMP", "TIMESTAMP_LTZ", "TIMESTAMP_NTZ":
		if !validTime(kind, text.val) {
			p.fail(span, "%s is not a %s", clip(text.text), kind).WithHint("a %s is written %s", kind, timeExamples[kind])
		}
		return &TypedLit{Span: span, Kind: kind, Value: text.val}
	case "X":
		digits := text.val
		if len(digits)%2 == 1 {
			digits = "0" + digits
		}
		value, err := hex.DecodeString(digits)
		if err != nil {
			p.fail(span, "%s is not a binary literal: it may hold hexadecimal digits only", clip(p.userText(span)))
		}
		return &BinaryLit{Span: span, Value: value}
	}
	if p.stops(start) {
		p.pos = start
		p.unexpected("an expression")
		return nil
	}
	word := p.at(start)
	err := p.fail(span, "there are no literals of type %s", word.text)
	if near := nearest(word.text, []string{"DATE", "TIMESTAMP", "TIMESTAMP_NTZ", "TIMESTAMP_LTZ", "INTERVAL"}); near != "" {
		err.WithHint("did you mean %s %s?", near, clip(text.text))
	} else {
		err.WithHint("put an operator or a comma between %s and %s", word.text, clip(text.text))
	}
	return nil
}

func unitOf(t *token) string {
	if t.kind != tokWord {
		return ""
	}
	singular := strings.TrimSuffix(t.upper, "S")
	switch singular {
	case "NANOSECOND", "MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "YEAR":
		return singular
	}
	return ""
}

// isInterval reports whether a value follows the word INTERVAL here.
func (p *parser) isInterval() bool {
	t := p.peek(1)
	if t.is("-") || t.is("+") {
		return p.peek(2).kind == tokString || p.peek(2).kind == tokNumber && unitOf(p.peek(3)) != ""
	}
	return t.kind == tokString || t.kind == tokNumber
}

func (p *parser) interval() Expr {
	start := p.pos
	p.next()
	lit := &IntervalLit{}
	for p.err == nil {
		part := IntervalPart{Value: p.intervalValue()}
		first := len(lit.Parts) == 0
		part.Unit = unitOf(p.tok())
		switch {
		case part.Unit != "":
			p.next()
			if first && p.accept("TO") {
				part.To = unitOf(p.tok())
				if part.To == "" {
					p.unexpected("a unit such as SECOND or MONTH")
				}
				p.next()
			}
		case first && isStringLit(part.Value):
			// INTERVAL '1 day 2 hours'
		default:
			p.unexpected("a unit such as DAY or SECONDS")
		}
		lit.Parts = append(lit.Parts, part)
		if part.To != "" || part.Unit == "" || !p.morePairs() {
			break
		}
	}
	lit.Span = p.from(start)
	return lit
}

func isStringLit(e Expr) bool {
	_, ok := e.(*StringLit)
	return ok
}

// morePairs reports whether another value with a unit follows.
func (p *parser) morePairs() bool {
	t, n := p.tok(), 1
	if t.is("-") || t.is("+") {
		return false // an operator: INTERVAL 1 DAY - 2 ...
	}
	return (t.kind == tokNumber || t.kind == tokString) && unitOf(p.peek(n)) != ""
}

func (p *parser) intervalValue() Expr {
	start := p.pos
	var op *token
	if p.is("-") || p.is("+") {
		op = p.next()
	}
	var x Expr
	switch t := p.tok(); t.kind {
	case tokString:
		p.next()
		x = &StringLit{Span: t.span, Value: t.val}
	case tokNumber:
		p.next()
		x = &NumberLit{Span: t.span, Text: t.val, Suffix: t.suffix}
	default:
		p.unexpected("a number or a string")
		return nil
	}
	if op != nil {
		x = &Unary{Span: p.from(start), Op: op.text, OpSpan: op.span, X: x}
	}
	return x
}

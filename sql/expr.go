package sql

// Binding levels of the operators, loosest first, as in Spark's grammar.
const (
	levelOr = iota + 1
	levelAnd
	levelNot
	levelPredicate // IS, BETWEEN, IN, LIKE: at most one on a value
	levelCompare
	levelBitOr
	levelBitXor
	levelBitAnd
	levelAdd
	levelMultiply
	levelUnary
)

// binaryOperators maps a token to its operator's name and level.
var binaryOperators = map[string]struct {
	op    string
	level int
}{
	"OR": {"OR", levelOr}, "AND": {"AND", levelAnd},
	"=": {"=", levelCompare}, "==": {"=", levelCompare}, "<=>": {"<=>", levelCompare},
	"<>": {"!=", levelCompare}, "!=": {"!=", levelCompare},
	"<": {"<", levelCompare}, "<=": {"<=", levelCompare}, ">": {">", levelCompare}, ">=": {">=", levelCompare},
	"|": {"|", levelBitOr}, "^": {"^", levelBitXor}, "&": {"&", levelBitAnd},
	"+": {"+", levelAdd}, "-": {"-", levelAdd}, "||": {"||", levelAdd},
	"*": {"*", levelMultiply}, "/": {"/", levelMultiply}, "%": {"%", levelMultiply}, "DIV": {"DIV", levelMultiply},
}

// expr parses a whole expression.
func (p *parser) expr() Expr { return p.binary(levelOr) }

// value parses what Spark calls a valueExpression: no AND, OR, NOT, and no
// predicate.
func (p *parser) value() Expr { return p.binary(levelCompare) }

// binary parses operands joined by operators of at least the given level.
func (p *parser) binary(level int) Expr {
	if !p.enter() {
		return nil
	}
	defer p.leave()
	start := p.pos
	left, most := p.operand(level)
	chain := 0
	for p.err == nil {
		if next, ok := p.predicate(left, start, level, most); ok {
			left, most = next, levelAnd
			continue
		}
		t := p.tok()
		if t.kind != tokWord && t.kind != tokOp {
			break
		}
		o, ok := binaryOperators[operatorKey(t)]
		if !ok || o.level < level || o.level > most {
			break
		}
		if chain++; chain > maxChain {
			p.fail(t.span, "more than %d operators follow each other without parentheses", maxChain)
			break
		}
		p.next()
		right := p.binary(o.level + 1)
		left = &Binary{Span: p.from(start), Op: o.op, OpSpan: t.span, L: left, R: right}
		most = min(most, o.level)
	}
	return left
}

// operatorKey is what binaryOperators holds a token under.
func operatorKey(t *token) string {
	if t.kind == tokWord {
		return t.upper
	}
	return t.text
}

// operand parses what stands before the first operator. most is the tightest
// operator that may follow.
func (p *parser) operand(level int) (x Expr, most int) {
	start := p.pos
	switch {
	case p.isNot() && !p.peek(1).is("."):
		op := p.next()
		if level > levelNot {
			p.fail(op.span, "NOT needs parentheses here: it binds looser than the operator before it")
			return nil, 0
		}
		x := p.binary(levelNot)
		return &Unary{Span: p.from(start), Op: "NOT", OpSpan: op.span, X: x}, levelAnd
	case level <= levelPredicate && p.is("EXISTS", "(") && p.isQuery(p.pos+1):
		p.next()
		q := p.parenQuery()
		return &ExistsExpr{Span: p.from(start), Query: q}, levelAnd
	}
	return p.unary(), levelUnary
}

// isNot reports whether NOT or ! is next.
func (p *parser) isNot() bool { return p.is("NOT") || p.is("!") }

// unary parses the operators before an operand; they bind tighter than all
// between operands and looser than [ ] and the dot.
func (p *parser) unary() Expr {
	if !p.is("-") && !p.is("+") && !p.is("~") {
		return p.postfix()
	}
	if !p.enter() {
		return nil
	}
	defer p.leave()
	start := p.pos
	op := p.next()
	x := p.unary()
	return &Unary{Span: p.from(start), Op: op.text, OpSpan: op.span, X: x}
}

// predicate parses IS, BETWEEN, IN, LIKE and so on after x, if one is next and
// may stand here.
func (p *parser) predicate(x Expr, start, level, most int) (Expr, bool) {
	if level > levelPredicate || most < levelPredicate || p.tok().kind != tokWord && !p.is("!") {
		return nil, false
	}
	not := p.isNot()
	at := p.pos
	if not {
		at++
	}
	word := p.at(at)
	if word.kind != tokWord {
		return nil, false
	}
	var parse func(Expr, int, bool) Expr
	switch word.upper {
	case "IS":
		if not {
			return nil, false
		}
		parse = p.isPredicate
	case "BETWEEN":
		parse = p.between
	case "IN":
		parse = p.inList
	case "LIKE", "ILIKE", "RLIKE", "REGEXP":
		parse = p.like
	default:
		return nil, false
	}
	p.pos = at
	return parse(x, start, not), true
}

func (p *parser) isPredicate(x Expr, start int, _ bool) Expr {
	p.next()
	is := &IsExpr{X: x}
	if p.isNot() {
		p.next()
		is.Not = true
	}
	is.What = p.acceptAny("NULL", "TRUE", "FALSE", "UNKNOWN")
	switch {
	case is.What != "":
	case p.accept("DISTINCT", "FROM"):
		is.What = "DISTINCT FROM"
		is.Right = p.value()
	default:
		p.unexpected("NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM")
	}
	is.Span = p.from(start)
	return is
}

func (p *parser) between(x Expr, start int, not bool) Expr {
	p.next()
	b := &Between{X: x, Not: not}
	b.Low = p.value()
	p.expect("AND")
	b.High = p.value()
	b.Span = p.from(start)
	return b
}

func (p *parser) inList(x Expr, start int, not bool) Expr {
	p.next()
	in := &InList{X: x, Not: not}
	if p.is("(") && p.isQuery(p.pos) {
		in.Query = p.parenQuery()
	} else {
		p.expect("(")
		in.List = p.exprs()
		p.expect(")")
	}
	in.Span = p.from(start)
	return in
}

// exprs parses a, b, ....
func (p *parser) exprs() []Expr {
	var out []Expr
	for {
		out = append(out, p.expr())
		if !p.accept(",") {
			return out
		}
	}
}

func (p *parser) like(x Expr, start int, not bool) Expr {
	op := p.next().upper
	if op == "REGEXP" {
		op = "RLIKE"
	}
	l := &LikeExpr{X: x, Not: not, Op: op}
	if op != "RLIKE" && p.peek(1).is("(") {
		l.Quantifier = p.acceptAny("ANY", "SOME", "ALL")
	}
	if l.Quantifier != "" {
		p.expect("(")
		if p.is(")") {
			p.unexpected("a pattern")
		}
		l.Patterns = p.exprs()
		p.expect(")")
		l.Span = p.from(start)
		return l
	}
	l.Patterns = []Expr{p.value()}
	if op != "RLIKE" && p.accept("ESCAPE") {
		s, span := p.stringToken("a string of one character")
		if p.err == nil && len([]rune(s)) != 1 {
			p.fail(span, "the ESCAPE of LIKE must be one character, not %s", clip(p.userText(span)))
		}
		l.Escape = &StringLit{Span: span, Value: s}
	}
	l.Span = p.from(start)
	return l
}

// postfix parses a primary expression and the subscripts, fields and ::casts
// after it.
func (p *parser) postfix() Expr {
	start := p.pos
	x := p.primary()
	for chain := 0; p.err == nil; chain++ {
		if chain > maxNesting {
			p.fail(p.tok().span, "more than %d fields and subscripts follow each other", maxNesting)
			break
		}
		switch {
		case p.accept("["):
			index := p.value()
			p.expect("]")
			x = &Subscript{Span: p.from(start), X: x, Index: index}
		case p.is(".") && p.peek(1).isName():
			p.next()
			name := p.next().ident()
			x = &FieldAccess{Span: p.from(start), X: x, Name: name}
		case p.is("."):
			p.next()
			p.unexpected("a field's name")
		case p.accept("::"):
			at := p.pos
			to := p.dataType()
			x = &CastExpr{Span: p.from(start), X: x, To: to, TypeSpan: p.from(at)}
		default:
			return x
		}
	}
	return x
}

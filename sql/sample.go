package sql

import (
	"strconv"
	"strings"
)

// sample parses TABLESAMPLE (...) [REPEATABLE (seed)].
func (p *parser) sample() *TableSample {
	if !p.is("TABLESAMPLE", "(") {
		return nil
	}
	start := p.pos
	p.pos += 2
	t := &TableSample{}
	p.sampleMethod(t)
	p.expect(")")
	if p.accept("REPEATABLE") {
		p.expect("(")
		if seed, ok := p.seed(); ok {
			t.Seed = &seed
		}
		p.expect(")")
	}
	t.Span = p.from(start)
	return t
}

func (p *parser) sampleMethod(t *TableSample) {
	switch {
	case p.is("BUCKET"):
		p.next()
		t.Bucket[0] = p.smallInt("a bucket's number", 1, 1<<30)
		p.expect("OUT")
		p.expect("OF")
		t.Bucket[1] = p.smallInt("the number of buckets", t.Bucket[0], 1<<30)
		if p.is("ON") {
			p.fail(p.tok().span, "TABLESAMPLE (BUCKET ... ON ...) is not supported")
		}
	case p.tok().kind == tokNumber && p.peek(1).is("PERCENT"):
		t.Percent = p.next().val
		p.next()
	case p.is("-") && p.peek(2).is("PERCENT"):
		p.fail(p.from(p.pos), "a sample cannot be less than 0 PERCENT")
	default:
		t.Rows = p.expr()
		if !p.accept("ROWS") {
			p.unexpected("PERCENT or ROWS")
		}
	}
}

// seed reads the whole number of REPEATABLE.
func (p *parser) seed() (int64, bool) {
	start := p.pos
	minus := p.accept("-")
	t := p.tok()
	if p.err != nil || t.kind != tokNumber || strings.ContainsAny(t.text, ".eEdDfF") {
		p.unexpected("a whole number")
		return 0, false
	}
	p.next()
	digits := t.val
	if minus {
		digits = "-" + digits
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		p.fail(p.from(start), "the seed must fit in 64 bits")
	}
	return n, err == nil
}

package sql

import (
	"strings"
)

// maxNesting bounds how deep parentheses, subqueries, types and operators
// before an operand may nest: the parser and every walker of its tree recurse.
const maxNesting = 400

// maxChain bounds how many operators may follow each other without
// parentheses: a chain is as deep a tree.
const maxChain = 20000

// parser reads the tokens of one statement. At the first fault it notes the
// fault and moves to the end, so that every rule returns without further
// checks; results are worthless then.
type parser struct {
	user  string // the text spans point into
	text  string // the text tokens are cut from
	toks  []token
	pos   int
	err   *Error
	depth int
	cases int // CASE expressions around pos
	// alias is the token last taken as an alias without AS, or -1: a misspelled
	// keyword is mostly read as one.
	alias int
	match []int  // for "(": the index of its ")", or -1
	whole string // what the tokens are, for messages: statement, type, ...
}

func newParser(user, text string, toks []token) *parser {
	p := &parser{user: user, text: text, toks: toks, alias: -1, whole: "statement"}
	p.match = make([]int, len(toks))
	var open []int
	for i := range toks {
		p.match[i] = -1
		switch {
		case toks[i].is("("):
			open = append(open, i)
		case toks[i].is(")") && len(open) > 0:
			p.match[open[len(open)-1]] = i
			open = open[:len(open)-1]
		}
	}
	return p
}

// tok is the current token.
func (p *parser) tok() *token { return &p.toks[p.pos] }

// peek is the token n places on; at the end it is tokEOF.
func (p *parser) peek(n int) *token { return p.at(p.pos + n) }

// at is the token at index i, or the end.
func (p *parser) at(i int) *token {
	return &p.toks[max(0, min(i, len(p.toks)-1))]
}

// next returns the current token and moves on.
func (p *parser) next() *token {
	t := p.tok()
	if t.kind != tokEOF {
		p.pos++
	}
	return t
}

// is reports whether the tokens here are the given words and operators.
func (p *parser) is(words ...string) bool {
	for i, w := range words {
		if !p.peek(i).is(w) {
			return false
		}
	}
	return true
}

// accept passes the given words and operators if they are next.
func (p *parser) accept(words ...string) bool {
	if p.err != nil || !p.is(words...) {
		return false
	}
	p.pos += len(words)
	return true
}

// acceptAny passes one of the given words and returns it, or "".
func (p *parser) acceptAny(words ...string) string {
	for _, w := range words {
		if p.accept(w) {
			return w
		}
	}
	return ""
}

// expect passes the given words or fails.
func (p *parser) expect(words ...string) bool {
	for _, w := range words {
		if !p.accept(w) {
			p.unexpected(quoteWord(w))
			return false
		}
	}
	return true
}

func quoteWord(w string) string {
	if isWordAt(w, 0) {
		return w
	}
	return "'" + w + "'"
}

// fail notes a fault, unless there is one, and moves to the end.
func (p *parser) fail(span Span, format string, args ...any) *Error {
	err := Errorf(span, format, args...)
	if p.err == nil {
		p.err = err
		p.pos = len(p.toks) - 1
	}
	return err
}

// unexpected fails at the current token.
func (p *parser) unexpected(expected string) {
	if p.err != nil {
		return
	}
	p.unexpectedAt(p.pos, expected)
}

// unexpectedAt fails at token i; expected may be "".
func (p *parser) unexpectedAt(i int, expected string) {
	t := p.at(i)
	msg := "unexpected " + p.describeToken(t)
	if expected != "" {
		msg += ": expected " + expected
	}
	hint := p.hint(i, expected)
	p.fail(t.span, "%s", msg).Hint = hint
}

// expectEnd fails if anything is left.
func (p *parser) expectEnd() {
	if p.err == nil && p.tok().kind != tokEOF {
		p.unexpected("the end of the " + p.whole)
	}
}

// describeToken names a token in a message.
func (p *parser) describeToken(t *token) string {
	if t.kind == tokEOF {
		return "end of the " + p.whole
	}
	return t.describe()
}

// enter counts a level of nesting; false means it is one too many.
func (p *parser) enter() bool {
	p.depth++
	if p.depth > maxNesting {
		p.fail(p.tok().span, "this nests deeper than %d levels", maxNesting)
		return false
	}
	return p.err == nil
}

func (p *parser) leave() { p.depth-- }

// from is the span from token start to the last token passed.
func (p *parser) from(start int) Span {
	end := max(start, p.pos-1)
	return p.at(start).span.Cover(p.at(end).span)
}

// textFrom is the text after expansion from token start to the last passed.
func (p *parser) textFrom(start int) string {
	if p.pos <= start {
		return ""
	}
	return p.text[p.toks[start].at:p.toks[p.pos-1].end]
}

// userText is the user's spelling of a span.
func (p *parser) userText(s Span) string { return p.user[s.Start:s.End] }

// name reads one name; what says which, for the fault.
func (p *parser) name(what string) Ident {
	if p.err != nil || !p.tok().isName() {
		p.unexpected(what)
		return Ident{}
	}
	return p.next().ident()
}

// names reads "(a, b, ...)".
func (p *parser) names(what string) []Ident {
	if !p.expect("(") {
		return nil
	}
	var out []Ident
	for {
		out = append(out, p.name(what))
		if !p.accept(",") {
			break
		}
	}
	p.expect(")")
	return out
}

// dotted reads a.b.c.
func (p *parser) dotted(what string) []Ident {
	out := []Ident{p.name(what)}
	for p.accept(".") {
		out = append(out, p.name(what))
	}
	return out
}

// stringToken reads a string; adjacent ones are joined.
func (p *parser) stringToken(what string) (string, Span) {
	start := p.pos
	if p.err != nil || p.tok().kind != tokString {
		p.unexpected(what)
		return "", Span{}
	}
	var b strings.Builder
	for p.tok().kind == tokString {
		b.WriteString(p.next().val)
	}
	return b.String(), p.from(start)
}

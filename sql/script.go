package sql

import "io"

// Script reads the statements of a text one after another. It is not safe for
// concurrent use.
type Script struct {
	src *Source
	pos int
}

// NewScript returns a reader of the statements of src.
func NewScript(src *Source) *Script { return &Script{src: src} }

// Next reads the next statement, expanding its variables: vars gives what a
// name stands for, names the names there are, for hints; both may be nil. At
// the end the error is io.EOF. Any other error is an ErrorList whose members
// have Source set; Next can then be called again and goes on after the faulty
// statement.
func (s *Script) Next(vars func(name string) (string, bool), names func() []string) (Statement, error) {
	for s.pos < len(s.src.Text) {
		x := expand(s.src.Text, s.pos, vars, names)
		s.pos = x.next
		stmt, errs := parseExpanded(s.src, x)
		if len(errs) > 0 {
			return nil, errs.in(s.src)
		}
		if stmt != nil {
			return stmt, nil
		}
	}
	return nil, io.EOF
}

// Offset is where in the text the next statement is looked for.
func (s *Script) Offset() int { return s.pos }

// parseExpanded parses one statement; it is nil for an empty one.
func parseExpanded(src *Source, x expanded) (Statement, ErrorList) {
	toks, errs := lex(x.text, x.origin)
	if errs = append(x.errs, errs...); len(errs) > 0 {
		return nil, errs
	}
	if len(toks) == 1 {
		return nil, nil
	}
	p := newParser(src.Text, x.text, toks)
	stmt := p.statement()
	p.expectEnd()
	if p.err != nil {
		return nil, ErrorList{p.err}
	}
	return stmt, nil
}

// in attaches the source to every fault.
func (l ErrorList) in(src *Source) ErrorList {
	for _, e := range l {
		e.Source = src
	}
	return l
}

// ParseStatement parses a text that holds exactly one statement, with or
// without a ';' at its end. The error is an ErrorList with Source set.
func ParseStatement(src *Source, vars func(name string) (string, bool)) (Statement, error) {
	s := NewScript(src)
	stmt, err := s.Next(vars, nil)
	if err == io.EOF {
		end := len(src.Text)
		return nil, ErrorList{Errorf(Span{end, end}, "there is no statement here")}.in(src)
	}
	if err != nil {
		return nil, err
	}
	for pos := s.Offset(); pos < len(src.Text); {
		x := expand(src.Text, pos, vars, nil)
		if toks, errs := lex(x.text, x.origin); len(toks) > 1 || len(errs) > 0 {
			return nil, ErrorList{Errorf(toks[0].span, "there is a second statement here: expected one only")}.in(src)
		}
		pos = x.next
	}
	return stmt, nil
}

// ParseQuery parses the text of one query, such as a view's. Variables are not
// expanded. The error is an ErrorList with Source set.
func ParseQuery(text string) (*Query, error) {
	var q *Query
	err := parseAll(text, "query", func(p *parser) { q = p.query() })
	return q, err
}

// ParseExpr parses the text of one expression. Variables are not expanded. The
// error is an ErrorList with Source set.
func ParseExpr(text string) (Expr, error) {
	var e Expr
	err := parseAll(text, "expression", func(p *parser) { e = p.expr() })
	return e, err
}

// parseAll runs a parse function over a whole text; what names the text.
func parseAll(text, what string, parse func(*parser)) error {
	src := &Source{Name: "<" + what + ">", Text: text}
	toks, errs := lex(text, identity(0, len(text)))
	if len(errs) > 0 {
		return errs.in(src)
	}
	p := newParser(text, text, toks)
	p.whole = what
	parse(p)
	p.expectEnd()
	if p.err != nil {
		return ErrorList{p.err}.in(src)
	}
	return nil
}

// Complete reports whether the text ends where a statement ends: the last
// thing in it is a ';' that stands in no string and no comment, or it is
// blank. An interactive prompt asks for another line until it does.
func Complete(text string) bool {
	for pos := 0; ; {
		x := expand(text, pos, nil, nil)
		if !x.ended {
			toks, errs := lex(x.text, x.origin)
			return len(toks) == 1 && len(errs) == 0
		}
		pos = x.next
	}
}

package sql

import (
	"strings"
)

// maxExpansion bounds how deep defaults of variables may nest.
const maxExpansion = 16

// expander takes one statement out of a script and expands its variables. In
// a string or a quoted name what a variable stands for is data: quotes and
// backslashes in it are escaped. Elsewhere it is SQL text.
type expander struct {
	text  string // the script
	pos   int
	vars  func(name string) (string, bool)
	names func() []string
	out   strings.Builder
	copy  int // start of the text not copied yet
	from  origin
	errs  ErrorList
}

// statement is what expand found.
type expanded struct {
	text   string
	origin *origin
	errs   ErrorList
	next   int  // offset after the statement and its ';'
	ended  bool // there was a ';'
}

// expand reads from pos to the ';' that ends the statement, or to the end.
func expand(text string, pos int, vars func(string) (string, bool), names func() []string) expanded {
	e := &expander{text: text, pos: pos, copy: pos, vars: vars, names: names}
	ended := e.scan()
	e.flush(e.pos)
	if len(e.from.pieces) == 0 {
		e.from.pieces = []piece{{from: pos, to: pos}}
	}
	out := expanded{text: e.out.String(), origin: &e.from, errs: e.errs, next: e.pos, ended: ended}
	if ended {
		out.next++
	}
	return out
}

// scan stands at the ';' when it returns true.
func (e *expander) scan() bool {
	for e.pos < len(e.text) {
		rest := e.text[e.pos:]
		switch c := rest[0]; {
		case c == ';':
			return true
		case strings.HasPrefix(rest, "--"):
			e.pos += lineComment(rest)
		case strings.HasPrefix(rest, "/*"):
			n, _ := blockComment(rest)
			e.pos += n
		case c == '\'' || c == '"':
			e.quoted(c, !e.rawString())
		case c == '`':
			e.quoted(c, false)
		case strings.HasPrefix(rest, "${"):
			e.variable(func(s string) string { return s })
		default:
			e.pos++
		}
	}
	return false
}

// rawString reports whether the quote at pos belongs to r'...'.
func (e *expander) rawString() bool {
	if e.pos == 0 || e.text[e.pos-1] != 'r' && e.text[e.pos-1] != 'R' {
		return false
	}
	return e.pos < 2 || !endsInWord(e.text[:e.pos-1])
}

func endsInWord(s string) bool {
	for i := len(s) - 1; i >= 0 && i >= len(s)-4; i-- {
		if s[i]&0xC0 != 0x80 {
			return isWordAt(s, i)
		}
	}
	return false
}

// quoted passes a string or a quoted name.
func (e *expander) quoted(q byte, escapes bool) {
	literal := func(s string) string {
		switch {
		case q == '`':
			return strings.ReplaceAll(s, "`", "``")
		case escapes:
			return strings.NewReplacer(`\`, `\\`, string(q), `\`+string(q)).Replace(s)
		}
		return s
	}
	e.pos++
	for e.pos < len(e.text) {
		switch c := e.text[e.pos]; {
		case c == '\\' && escapes:
			e.pos = min(e.pos+2, len(e.text))
		case c == q:
			e.pos++
			return
		case strings.HasPrefix(e.text[e.pos:], "${"):
			e.variable(literal)
		default:
			e.pos++
		}
	}
}

// flush copies the text up to end.
func (e *expander) flush(end int) {
	if end > e.copy {
		e.from.pieces = append(e.from.pieces, piece{at: e.out.Len(), from: e.copy, to: end})
		e.out.WriteString(e.text[e.copy:end])
	}
	e.copy = end
}

// variable replaces the ${...} at pos.
func (e *expander) variable(form func(string) string) {
	start := e.pos
	end := closingBrace(e.text, start)
	if end < 0 {
		e.fail(Span{start, start + 2}, "the variable that starts here has no end: } is missing")
		e.pos = start + 2
		return
	}
	span := Span{start, end}
	val := e.lookup(e.text[start+2:end-1], span, 0)
	e.flush(start)
	e.from.pieces = append(e.from.pieces, piece{at: e.out.Len(), from: start, to: end, expanded: true})
	e.out.WriteString(form(val))
	e.copy, e.pos = end, end
}

func (e *expander) fail(span Span, format string, args ...any) *Error {
	err := Errorf(span, format, args...)
	e.errs = append(e.errs, err)
	return err
}

// closingBrace returns the offset after the } that closes the ${ at start, or
// -1. Only ${ nests.
func closingBrace(s string, start int) int {
	depth := 0
	for i := start; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], "${"):
			depth++
			i++
		case s[i] == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// lookup gives what the variable body (name or name:-default) stands for.
func (e *expander) lookup(body string, span Span, depth int) string {
	name, def, hasDefault := strings.Cut(body, ":-")
	name = strings.TrimSpace(name)
	if !isVariableName(name) {
		e.fail(span, "%q is not a variable's name", clip(name)).
			WithHint("a variable is written ${name} or ${name:-default}")
		return ""
	}
	if e.vars != nil {
		if v, ok := e.vars(name); ok {
			return v
		}
	}
	if hasDefault {
		return e.nested(def, span, depth+1)
	}
	err := e.fail(span, "variable `%s` is not defined", name)
	var known []string
	if e.names != nil {
		known = e.names()
	}
	if near := nearest(name, known); near != "" {
		err.WithHint("did you mean `${%s}`?", near)
	} else {
		err.WithHint("define it with SET %s = ... or --define %s=..., or write ${%s:-default}", name, name, name)
	}
	return ""
}

// nested expands the variables of a default.
func (e *expander) nested(s string, span Span, depth int) string {
	if depth > maxExpansion {
		e.fail(span, "defaults of variables nest deeper than %d", maxExpansion)
		return ""
	}
	var b strings.Builder
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			break
		}
		end := closingBrace(s, i)
		if end < 0 {
			break
		}
		b.WriteString(s[:i])
		b.WriteString(e.lookup(s[i+2:end-1], span, depth))
		s = s[end:]
	}
	b.WriteString(s)
	return b.String()
}

func isVariableName(s string) bool {
	if s == "" || isDigit(s[0]) {
		return false
	}
	for i := 0; i < len(s); i++ {
		if !isWordAt(s, i) && s[i]&0xC0 != 0x80 && s[i] != '.' && s[i] != '-' && s[i] != ':' {
			return false
		}
	}
	return true
}

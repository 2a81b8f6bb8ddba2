package sql

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// operators of more than one byte, longest first.
var longOperators = []string{"<=>", "<=", ">=", "<>", "!=", "==", "||", "->", "=>", "::"}

// lexer cuts the text of one statement into tokens. The text is complete: the
// variables in it are expanded already, and origin maps its offsets back.
type lexer struct {
	text   string
	origin *origin
	pos    int
	toks   []token
	errs   ErrorList
}

// lex returns the tokens of the text, the last one tokEOF, and its faults.
func lex(text string, o *origin) ([]token, ErrorList) {
	l := &lexer{text: text, origin: o}
	for l.next() {
	}
	return l.toks, l.errs
}

func (l *lexer) fault(start, end int, format string, args ...any) {
	l.errs = append(l.errs, Errorf(l.origin.span(start, end), format, args...))
}

func (l *lexer) add(kind tokenKind, start, end int, val string) *token {
	l.pos = end
	l.toks = append(l.toks, token{
		kind: kind, text: l.text[start:end], val: val,
		span: l.origin.span(start, end), at: start, end: end,
	})
	return &l.toks[len(l.toks)-1]
}

// next reads one token and reports whether there may be more.
func (l *lexer) next() bool {
	l.skipBlank()
	start := l.pos
	if start >= len(l.text) {
		l.add(tokEOF, len(l.text), len(l.text), "")
		return false
	}
	c := l.text[start]
	switch {
	case c == '\'' || c == '"':
		l.quoted(start, start, false)
	case c == '`':
		l.backtick(start)
	case (c == 'r' || c == 'R') && start+1 < len(l.text) && (l.text[start+1] == '\'' || l.text[start+1] == '"'):
		l.quoted(start, start+1, true)
	case isDigit(c) || c == '.' && start+1 < len(l.text) && isDigit(l.text[start+1]):
		l.numberOrWord(start)
	case isWordAt(l.text, start):
		l.word(start)
	default:
		l.operator(start)
	}
	return true
}

// skipBlank skips white space and comments.
func (l *lexer) skipBlank() {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch {
		case strings.HasPrefix(rest, "--"):
			l.pos += lineComment(rest)
		case strings.HasPrefix(rest, "/*"):
			n, closed := blockComment(rest)
			if !closed {
				l.fault(l.pos, l.pos+2, "the comment that starts here has no end: */ is missing")
			}
			l.pos += n
		default:
			r, n := utf8.DecodeRuneInString(rest)
			if !unicode.IsSpace(r) && r != '\ufeff' {
				return
			}
			l.pos += n
		}
	}
}

// lineComment returns the length of the -- comment s begins with, without its
// line end.
func lineComment(s string) int {
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		return i
	}
	return len(s)
}

// blockComment returns the length of the comment s begins with; comments nest.
func blockComment(s string) (n int, closed bool) {
	depth := 0
	for n < len(s) {
		switch {
		case strings.HasPrefix(s[n:], "/*"):
			depth++
			n += 2
		case strings.HasPrefix(s[n:], "*/"):
			depth--
			n += 2
			if depth == 0 {
				return n, true
			}
		default:
			n++
		}
	}
	return n, false
}

// stringEnd returns the offset after the closing quote of the string whose
// opening quote is at open, and whether there is one.
func stringEnd(s string, open int, raw bool) (int, bool) {
	q := s[open]
	for i := open + 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && !raw:
			i++
		case s[i] == q:
			return i + 1, true
		}
	}
	return len(s), false
}

func (l *lexer) quoted(start, open int, raw bool) {
	end, closed := stringEnd(l.text, open, raw)
	if !closed {
		l.fault(start, open+1, "the string that starts here has no end: %c is missing", l.text[open])
		l.add(tokString, start, end, "")
		return
	}
	val := l.text[open+1 : end-1]
	if !raw {
		val = unescape(val)
	}
	l.add(tokString, start, end, val)
}

func (l *lexer) backtick(start int) {
	i := start + 1
	for i < len(l.text) {
		if l.text[i] == '`' {
			if i+1 < len(l.text) && l.text[i+1] == '`' {
				i += 2
				continue
			}
			val := strings.ReplaceAll(l.text[start+1:i], "``", "`")
			if val == "" {
				l.fault(start, i+1, "a name in backticks cannot be empty")
			}
			l.add(tokQuoted, start, i+1, val)
			return
		}
		i++
	}
	l.fault(start, start+1, "the name that starts here has no end: ` is missing")
	l.add(tokQuoted, start, len(l.text), "")
}

func (l *lexer) word(start int) {
	end := wordEnd(l.text, start)
	t := l.add(tokWord, start, end, l.text[start:end])
	t.upper = strings.ToUpper(t.text)
}

// numberOrWord reads a number with its suffix. As in Spark the longest match
// wins, so 1st is a name and 1S a SMALLINT.
func (l *lexer) numberOrWord(start int) {
	s := l.text
	i := skipDigits(s, start)
	plain := true // no point and no exponent yet
	if i < len(s) && s[i] == '.' {
		if j := skipDigits(s, i+1); j > i+1 || i > start && endsNumber(s, j) {
			i, plain = j, false
		}
	}
	digits := skipExponent(s, i)
	suffix := numberSuffix(s[digits:], plain && digits == i)
	i = digits
	i += len(suffix)
	if i < len(s) && isWordAt(s, i) {
		// The number runs on into letters: a name if it holds no point or sign.
		end := wordEnd(s, start)
		switch {
		case end >= i:
			l.word(start)
		case s[start] == '.':
			l.operator(start)
		default:
			l.badNumber(start, i)
		}
		return
	}
	t := l.add(tokNumber, start, i, s[start:digits])
	t.suffix = strings.ToUpper(suffix)
}

// skipExponent returns the offset after the exponent at i, or i.
func skipExponent(s string, i int) int {
	if i >= len(s) || s[i] != 'e' && s[i] != 'E' {
		return i
	}
	j := i + 1
	if j < len(s) && (s[j] == '+' || s[j] == '-') {
		j++
	}
	if k := skipDigits(s, j); k > j {
		return k
	}
	return i
}

// endsNumber reports whether what stands at i, after a point without digits,
// lets a number end there: 1. and 1.e5 and 1.D, but not 1.a.
func endsNumber(s string, i int) bool {
	i = skipExponent(s, i)
	return !isWordAt(s, i+len(numberSuffix(s[i:], false)))
}

func (l *lexer) badNumber(start, i int) {
	end := wordEnd(l.text, i)
	l.fault(start, end, "%s is neither a number nor a name", clip(l.text[start:end]))
	l.add(tokNumber, start, end, "0")
}

// numberSuffix returns the type suffix s begins with, or "".
func numberSuffix(s string, integer bool) string {
	if len(s) >= 2 && (s[0] == 'b' || s[0] == 'B') && (s[1] == 'd' || s[1] == 'D') {
		return s[:2]
	}
	if s == "" {
		return ""
	}
	switch s[0] {
	case 'd', 'D', 'f', 'F':
		return s[:1]
	case 'y', 'Y', 's', 'S', 'l', 'L':
		if integer {
			return s[:1]
		}
	}
	return ""
}

func (l *lexer) operator(start int) {
	for _, op := range longOperators {
		if strings.HasPrefix(l.text[start:], op) {
			l.add(tokOp, start, start+len(op), op)
			return
		}
	}
	_, n := utf8.DecodeRuneInString(l.text[start:])
	l.add(tokOp, start, start+n, l.text[start:start+n])
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func skipDigits(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

// isWordAt reports whether a letter, digit or underscore stands at i. Spark
// takes ASCII only without backticks; we take every letter.
func isWordAt(s string, i int) bool {
	if i >= len(s) {
		return false
	}
	if c := s[i]; c < utf8.RuneSelf {
		return c == '_' || isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r)
}

func wordEnd(s string, i int) int {
	for isWordAt(s, i) {
		_, n := utf8.DecodeRuneInString(s[i:])
		i += n
	}
	return i
}

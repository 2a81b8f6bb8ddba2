package sql

import "strings"

// tokenKind says what a token is.
type tokenKind uint8

const (
	tokEOF    tokenKind = iota
	tokWord             // an unquoted name or keyword
	tokQuoted           // a name in backticks
	tokString
	tokNumber
	tokOp
)

// token is one token of a statement. span is where it stands in the user's
// text; [at, end) is where it stands in the text after expansion.
type token struct {
	kind   tokenKind
	text   string // as written, after expansion
	val    string // a name without quotes, a string without escapes, a number without suffix
	upper  string // for words: upper case, what keywords compare with
	suffix string // for numbers: upper case
	span   Span
	at     int
	end    int
}

// is reports whether t is the operator or the unquoted word s (upper case).
func (t *token) is(s string) bool {
	switch t.kind {
	case tokWord:
		return t.upper == s
	case tokOp:
		return t.text == s
	}
	return false
}

// isName reports whether t can be a name.
func (t *token) isName() bool { return t.kind == tokWord || t.kind == tokQuoted }

// ident is the name the token holds.
func (t *token) ident() Ident { return Ident{Span: t.span, Name: t.val} }

// describe names the token in a message.
func (t *token) describe() string {
	switch t.kind {
	case tokString:
		return "string " + clip(t.text)
	case tokNumber:
		return "number " + clip(t.text)
	case tokQuoted:
		return clip(t.text)
	}
	return "'" + clip(t.text) + "'"
}

// clip shortens what is quoted in a message.
func clip(s string) string {
	const most = 40
	if i := strings.IndexAny(s, "\r\n"); i >= 0 {
		s = s[:i] + "..."
	}
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "..."
	}
	return s
}

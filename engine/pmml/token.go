package pmml

import (
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// tokenKind says what a token is.
type tokenKind uint8

const (
	tokenText tokenKind = iota // character data
	tokenStart
	tokenEnd
	tokenOther // a comment or a processing instruction
	tokenEOF
)

// token is a piece of a document. Its strings are parts of the document's text where they can be.
type token struct {
	kind  tokenKind
	name  string // local name
	text  string
	attrs []attribute
}

// attribute is an attribute of a start tag.
type attribute struct {
	name     string // local name
	value    string
	prefixed bool // the name has a namespace prefix, or declares one
}

// tokenizer cuts a document into tokens: XML 1.0 without document types, as strictly as encoding/xml reads it, with which
// a fuzz test compares it. It does not resolve namespaces.
type tokenizer struct {
	s       string
	at      int
	line    int
	counted int      // line breaks are counted up to here
	open    []string // names of the open elements, with their prefixes
	closes  bool     // the start tag just read ends its element
}

func newTokenizer(s string) (*tokenizer, error) {
	x := &tokenizer{s: s, line: 1}
	if i := invalidUTF8(s); i >= 0 {
		x.at = i
		return nil, x.errorf("invalid UTF-8")
	}
	return x, nil
}

// invalidUTF8 is where a string stops being UTF-8, or -1.
func invalidUTF8(s string) int {
	if utf8.ValidString(s) {
		return -1
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// here is the line of the next byte.
func (x *tokenizer) here() int {
	x.line += strings.Count(x.s[x.counted:x.at], "\n")
	x.counted = x.at
	return x.line
}

func (x *tokenizer) errorf(format string, args ...any) error {
	return &Error{Line: x.here(), Msg: "not well-formed XML: " + fmt.Sprintf(format, args...)}
}

// next gives the next token.
func (x *tokenizer) next() (token, error) {
	switch {
	case x.closes:
		x.closes = false
		return x.pop(x.open[len(x.open)-1])
	case x.at == len(x.s):
		if len(x.open) > 0 {
			return token{}, x.errorf("unexpected EOF")
		}
		return token{kind: tokenEOF}, nil
	case x.s[x.at] != '<':
		end := strings.IndexByte(x.s[x.at:], '<')
		if end < 0 {
			end = len(x.s) - x.at
		}
		text, err := x.text(x.s[x.at:x.at+end], inText)
		x.at += end
		return token{kind: tokenText, text: text}, err
	}
	x.at++
	switch {
	case strings.HasPrefix(x.s[x.at:], "/"):
		x.at++
		return x.endTag()
	case strings.HasPrefix(x.s[x.at:], "?"):
		x.at++
		return token{kind: tokenOther}, x.instruction()
	case strings.HasPrefix(x.s[x.at:], "!"):
		x.at++
		return x.markup()
	}
	return x.startTag()
}

func (x *tokenizer) endTag() (token, error) {
	full, _, _, err := x.name()
	if err != nil {
		return token{}, err
	}
	if full == "" {
		return token{}, x.errorf("expected element name after </")
	}
	x.space()
	if !x.take(">") {
		return token{}, x.errorf("invalid characters between </%s and >", full)
	}
	return x.pop(full)
}

// pop closes the innermost element.
func (x *tokenizer) pop(full string) (token, error) {
	n := len(x.open) - 1
	if n < 0 {
		return token{}, x.errorf("unexpected end element </%s>", full)
	}
	if x.open[n] != full {
		return token{}, x.errorf("element <%s> closed by </%s>", x.open[n], full)
	}
	x.open = x.open[:n]
	return token{kind: tokenEnd}, nil
}

func (x *tokenizer) startTag() (token, error) {
	full, local, _, err := x.name()
	if err != nil {
		return token{}, err
	}
	if full == "" {
		return token{}, x.errorf("expected element name after <")
	}
	t := token{kind: tokenStart, name: local}
	for {
		x.space()
		switch {
		case x.take("/"):
			if !x.take(">") {
				return token{}, x.errorf("expected /> in element")
			}
			x.closes = true
			x.open = append(x.open, full)
			return t, nil
		case x.take(">"):
			x.open = append(x.open, full)
			return t, nil
		}
		if t.attrs == nil {
			t.attrs = make([]attribute, 0, 4)
		}
		a, err := x.attribute()
		if err != nil {
			return token{}, err
		}
		t.attrs = append(t.attrs, a)
	}
}

func (x *tokenizer) attribute() (attribute, error) {
	full, local, prefixed, err := x.name()
	if err != nil {
		return attribute{}, err
	}
	if full == "" {
		return attribute{}, x.errorf("expected attribute name in element")
	}
	x.space()
	if !x.take("=") {
		return attribute{}, x.errorf("attribute name without = in element")
	}
	x.space()
	if x.at == len(x.s) || x.s[x.at] != '"' && x.s[x.at] != '\'' {
		return attribute{}, x.errorf("unquoted or missing attribute value in element")
	}
	end := strings.IndexByte(x.s[x.at+1:], x.s[x.at])
	if end < 0 {
		x.at = len(x.s)
		return attribute{}, x.errorf("unexpected EOF")
	}
	v, err := x.text(x.s[x.at+1:x.at+1+end], inValue)
	x.at += end + 2
	return attribute{name: local, value: v, prefixed: prefixed}, err
}

func (x *tokenizer) take(s string) bool {
	if strings.HasPrefix(x.s[x.at:], s) {
		x.at += len(s)
		return true
	}
	return false
}

func (x *tokenizer) space() {
	for x.at < len(x.s) && (x.s[x.at] == ' ' || x.s[x.at] == '\n' || x.s[x.at] == '\t' || x.s[x.at] == '\r') {
		x.at++
	}
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == ':' || c == '.' || c == '-' || c >= utf8.RuneSelf
}

// name reads the name of an element or attribute: all of it, what follows its prefix, and whether it has one. It is
// empty where none stands.
func (x *tokenizer) name() (full, local string, prefixed bool, err error) {
	full, err = x.word()
	colon := strings.LastIndexByte(full, ':')
	switch {
	case err != nil || strings.Count(full, ":") > 1:
		return "", "", false, err
	case colon <= 0 || colon == len(full)-1:
		return full, full, false, nil
	}
	return full, full[colon+1:], true, nil
}

// word reads a name with any number of colons.
func (x *tokenizer) word() (string, error) {
	from, ascii := x.at, true
	for x.at < len(x.s) && nameByte(x.s[x.at]) {
		ascii = ascii && x.s[x.at] < utf8.RuneSelf
		x.at++
	}
	full := x.s[from:x.at]
	if full == "" {
		return "", nil
	}
	if c := full[0]; c >= '0' && c <= '9' || c == '.' || c == '-' || !ascii && !validName(full) {
		return "", x.errorf("invalid XML name: %s", full)
	}
	return full, nil
}

// validName asks encoding/xml, which has the tables, about a name that is not ASCII.
func validName(s string) bool {
	t, err := xml.NewDecoder(strings.NewReader("<?" + s + " ?>")).RawToken()
	_, ok := t.(xml.ProcInst)
	return err == nil && ok
}

// instruction reads a processing instruction; of the XML declaration only version 1.0 and UTF-8 pass: other encodings
// were converted before.
func (x *tokenizer) instruction() error {
	target, err := x.word()
	if err != nil {
		return err
	}
	if target == "" {
		return x.errorf("expected target name after <?")
	}
	x.space()
	end := strings.Index(x.s[x.at:], "?>")
	if end < 0 {
		x.at = len(x.s)
		return x.errorf("unexpected EOF")
	}
	content := x.s[x.at : x.at+end]
	x.at += end + 2
	if target != "xml" {
		return nil
	}
	if v := pseudo("version", content); v != "" && v != "1.0" {
		return x.errorf("unsupported version %q; only version 1.0 is supported", v)
	}
	return nil
}

// pseudo is an attribute of the XML declaration: what is quoted after its name and =.
func pseudo(name, content string) string {
	for {
		_, rest, ok := strings.Cut(content, name+"=")
		if !ok || rest == "" {
			return ""
		}
		if rest[0] == '\'' || rest[0] == '"' {
			if end := strings.IndexByte(rest[1:], rest[0]); end >= 0 {
				return rest[1 : 1+end]
			}
			return ""
		}
		content = rest
	}
}

// markup reads what starts with <!.
func (x *tokenizer) markup() (token, error) {
	switch {
	case x.take("--"):
		end := strings.Index(x.s[x.at:], "--")
		if end < 0 {
			x.at = len(x.s)
			return token{}, x.errorf("unexpected EOF")
		}
		if x.at += end + 2; !x.take(">") {
			return token{}, x.errorf(`invalid sequence "--" not allowed in comments`)
		}
		return token{kind: tokenOther}, nil
	case x.take("[CDATA["):
		end := strings.Index(x.s[x.at:], "]]>")
		if end < 0 {
			x.at = len(x.s)
			return token{}, x.errorf("unexpected EOF in CDATA section")
		}
		text, err := x.text(x.s[x.at:x.at+end], inCDATA)
		x.at += end + 3
		return token{kind: tokenText, text: text}, err
	case strings.HasPrefix(x.s[x.at:], "["), strings.HasPrefix(x.s[x.at:], "-"):
		return token{}, x.errorf("<! is followed by neither a comment nor CDATA")
	}
	word := x.s[x.at:]
	if i := strings.IndexAny(word, " \t\r\n>["); i >= 0 {
		word = word[:i]
	}
	return token{}, &Error{Line: x.here(), Msg: "<!" + word + "> is refused: a model needs no document type and no entities"}
}

// textPlace says where a text stands.
type textPlace uint8

const (
	inText textPlace = iota
	inValue
	inCDATA
)

// text checks a text that starts at or behind the tokenizer's place and resolves what is escaped in it.
func (x *tokenizer) text(s string, where textPlace) (string, error) {
	plain := true
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 0x20 && c != '&' && c != '<' && c != ']' && c < utf8.RuneSelf, c == '\n', c == '\t':
		case c == '\r', c == '&' && where != inCDATA:
			plain = false
		case c == '<' && where == inValue:
			return "", x.errorf("unescaped < inside quoted string")
		case c == ']' && where == inText && strings.HasPrefix(s[i:], "]]>"):
			return "", x.errorf("unescaped ]]> not in CDATA section")
		case c < 0x20:
			return "", x.errorf("illegal character code U+%04X", c)
		case c == 0xEF && (strings.HasPrefix(s[i:], "\uFFFE") || strings.HasPrefix(s[i:], "\uFFFF")):
			return "", x.errorf("illegal character code U+FFFE or U+FFFF")
		}
	}
	if plain {
		return s, nil
	}
	return x.resolve(s, where)
}

// resolve turns references into what they stand for, and line ends into \n.
func (x *tokenizer) resolve(s string, where textPlace) (string, error) {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\r':
			b = append(b, '\n')
			if i++; i < len(s) && s[i] == '\n' {
				i++
			}
		case c == '&' && where != inCDATA:
			r, n := reference(s[i:])
			if n == 0 {
				end := min(len(s), i+20)
				if j := strings.IndexByte(s[i:end], ';'); j >= 0 {
					return "", x.errorf("invalid character entity %s", s[i:i+j+1])
				}
				return "", x.errorf("invalid character entity %s (no semicolon)", s[i:end])
			}
			if !legal(r) {
				return "", x.errorf("illegal character code %U", r)
			}
			b = utf8.AppendRune(b, r)
			i += n
		default:
			b = append(b, c)
			i++
		}
	}
	return string(b), nil
}

// legal reports whether XML allows a character.
func legal(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune
}

// reference gives the character of a reference and the reference's length, 0 if it is none.
func reference(s string) (rune, int) {
	end := strings.IndexByte(s, ';')
	if end < 0 {
		return 0, 0
	}
	switch name := s[1:end]; name {
	case "lt":
		return '<', end + 1
	case "gt":
		return '>', end + 1
	case "amp":
		return '&', end + 1
	case "apos":
		return '\'', end + 1
	case "quot":
		return '"', end + 1
	default:
		digits, ok := strings.CutPrefix(name, "#")
		base := 10
		if hex, is := strings.CutPrefix(digits, "x"); is {
			digits, base = hex, 16
		}
		n, err := strconv.ParseUint(digits, base, 64)
		if !ok || err != nil || n > math.MaxInt32 || rune(n) > utf8.MaxRune {
			return 0, 0
		}
		if r := rune(n); utf8.ValidRune(r) {
			return r, end + 1
		}
		return utf8.RuneError, end + 1 // a surrogate
	}
}

// toUTF8 converts a document by the encoding that its XML declaration names.
func toUTF8(s string) (string, error) {
	rest, ok := strings.CutPrefix(s, "<?xml")
	end := strings.Index(rest, "?>")
	if !ok || end < 0 {
		return s, nil
	}
	switch label := pseudo("encoding", rest[:end]); strings.ToLower(label) {
	case "", "utf-8":
		return s, nil
	case "us-ascii", "ascii", "iso-8859-1", "latin1", "iso8859-1":
		var b strings.Builder
		for i := range len(s) {
			b.WriteRune(rune(s[i]))
		}
		return b.String(), nil
	default:
		return "", &Error{Line: 1, Msg: fmt.Sprintf("encoding %q is not supported, expected UTF-8", label)}
	}
}

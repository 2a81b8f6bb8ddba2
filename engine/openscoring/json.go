package openscoring

import (
	"bytes"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/millrace-sql/millrace/engine/codec"
)

// jsonError is a body that is no JSON, or not of the shape that was expected, in
// the words of Jackson, the library that Openscoring reads requests with.
type jsonError struct {
	msg   string
	line  int
	col   int
	chain string // the members on the way to the fault
}

const jsonSource = "\n at [Source: (org.glassfish.jersey.message.internal.ReaderInterceptorExecutor$UnCloseableInputStream); line: %d, column: %d]"

func (e *jsonError) Error() string {
	s := e.msg + fmt.Sprintf(jsonSource, e.line, e.col)
	if e.chain != "" {
		s += " (through reference chain: " + e.chain + ")"
	}
	return s
}

// jsonReader walks over a JSON text without making values. The first fault ends
// it: from then on every method returns false.
type jsonReader struct {
	b       []byte
	at      int
	err     *jsonError
	scratch []byte // texts with escapes, unescaped; it only grows, so that they stay valid
}

// maxJSONDepth bounds nesting.
const maxJSONDepth = 500

// fail notes a fault at byte at, unless there is one already.
func (r *jsonReader) fail(at int, format string, args ...any) bool {
	if r.err == nil {
		before := r.b[:min(at, len(r.b))]
		r.err = &jsonError{msg: fmt.Sprintf(format, args...), line: 1 + bytes.Count(before, []byte{'\n'}),
			col: at - bytes.LastIndexByte(before, '\n')}
	}
	return false
}

// space skips white space and gives the next byte, 0 at the end.
func (r *jsonReader) space() byte {
	for r.at < len(r.b) {
		switch c := r.b[r.at]; c {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return c
		}
	}
	return 0
}

func (r *jsonReader) unexpected(expected string) bool {
	if r.at >= len(r.b) {
		return r.fail(r.at, "Unexpected end-of-input: expected %s", expected)
	}
	c, n := utf8.DecodeRune(r.b[r.at:])
	return r.fail(r.at+n, "Unexpected character ('%c' (code %d)): was expecting %s", c, c, expected)
}

// members calls each for every member of the object that begins here, with its
// name; each must consume the value.
func (r *jsonReader) members(each func(name []byte) bool) bool {
	r.at++ // {
	if r.space() == '}' {
		r.at++
		return true
	}
	for {
		if r.space() != '"' {
			return r.unexpected("double-quote to start field name")
		}
		name, ok := r.text()
		if !ok {
			return false
		}
		if r.space() != ':' {
			return r.unexpected("a colon to separate field name and value")
		}
		r.at++
		r.space()
		if !each(name) {
			return false
		}
		switch r.space() {
		case ',':
			r.at++
		case '}':
			r.at++
			return true
		default:
			return r.unexpected("comma to separate Object entries")
		}
	}
}

// elements calls each for every element of the array that begins here; each must
// consume the value.
func (r *jsonReader) elements(each func() bool) bool {
	r.at++ // [
	if r.space() == ']' {
		r.at++
		return true
	}
	for {
		r.space()
		if !each() {
			return false
		}
		switch r.space() {
		case ',':
			r.at++
		case ']':
			r.at++
			return true
		default:
			return r.unexpected("comma to separate Array entries")
		}
	}
}

// value reads the value that begins here. A list's or an object's text is its
// source.
func (r *jsonReader) value(depth int) (cell, bool) {
	start := r.at
	switch c := r.space(); {
	case c == '"':
		s, ok := r.text()
		return cell{shape: quoted, text: s}, ok
	case c == '-' || c >= '0' && c <= '9':
		ok := r.number()
		return cell{shape: number, text: r.b[start:r.at]}, ok
	case depth > maxJSONDepth && (c == '{' || c == '['):
		return cell{}, r.fail(r.at, "Document nesting depth exceeds the maximum of %d", maxJSONDepth)
	case c == '{':
		ok := r.members(func([]byte) bool { _, ok := r.value(depth + 1); return ok })
		return cell{shape: object, text: r.b[start:r.at]}, ok
	case c == '[':
		ok := r.elements(func() bool { _, ok := r.value(depth + 1); return ok })
		return cell{shape: list, text: r.b[start:r.at]}, ok
	}
	return r.word()
}

// word reads true, false or null.
func (r *jsonReader) word() (cell, bool) {
	start := r.at
	for r.at < len(r.b) && (r.b[r.at] >= 'a' && r.b[r.at] <= 'z' || r.b[r.at] >= 'A' && r.b[r.at] <= 'Z') {
		r.at++
	}
	w := r.b[start:r.at]
	switch string(w) {
	case "true", "false":
		return cell{shape: boolean, text: w}, true
	case "null":
		return cell{}, true
	case "":
		return cell{}, r.unexpected("a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')")
	}
	return cell{}, r.fail(r.at, "Unrecognized token '%s': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')", w)
}

func (r *jsonReader) digits() bool {
	start := r.at
	for r.at < len(r.b) && r.b[r.at] >= '0' && r.b[r.at] <= '9' {
		r.at++
	}
	return r.at > start || r.unexpected("a digit")
}

func (r *jsonReader) number() bool {
	if r.b[r.at] == '-' {
		r.at++
	}
	start := r.at
	if !r.digits() {
		return false
	}
	if r.b[start] == '0' && r.at > start+1 {
		return r.fail(start+1, "Invalid numeric value: Leading zeroes not allowed")
	}
	if r.at < len(r.b) && r.b[r.at] == '.' {
		r.at++
		if !r.digits() {
			return false
		}
	}
	if r.at < len(r.b) && r.b[r.at]|0x20 == 'e' {
		r.at++
		if r.at < len(r.b) && (r.b[r.at] == '+' || r.b[r.at] == '-') {
			r.at++
		}
		return r.digits()
	}
	return true
}

// text reads the string that begins here. The result points into the source, or
// into scratch where there were escapes.
func (r *jsonReader) text() ([]byte, bool) {
	start := r.at + 1
	for i := start; i < len(r.b); i++ {
		switch c := r.b[i]; {
		case c == '"':
			r.at = i + 1
			if s := r.b[start:i]; utf8.Valid(s) {
				return s, true
			}
			return nil, r.fail(start, "Invalid UTF-8 in a string")
		case c == '\\':
			return r.escaped(start, i)
		case c < 0x20:
			return nil, r.fail(i+1, "Illegal unquoted character ((CTRL-CHAR, code %d)): has to be escaped using backslash to be included in string value", c)
		}
	}
	r.at = len(r.b)
	return nil, r.fail(r.at, "Unexpected end-of-input in VALUE_STRING")
}

// escaped goes on with a string from its first backslash.
func (r *jsonReader) escaped(start, i int) ([]byte, bool) {
	mark := len(r.scratch)
	r.scratch = append(r.scratch, r.b[start:i]...)
	for i < len(r.b) {
		c := r.b[i]
		switch {
		case c == '"':
			r.at = i + 1
			if s := r.scratch[mark:len(r.scratch):len(r.scratch)]; utf8.Valid(s) {
				return s, true
			}
			return nil, r.fail(start, "Invalid UTF-8 in a string")
		case c < 0x20:
			return nil, r.fail(i+1, "Illegal unquoted character ((CTRL-CHAR, code %d)): has to be escaped using backslash to be included in string value", c)
		case c != '\\':
			r.scratch = append(r.scratch, c)
			i++
			continue
		case i+1 >= len(r.b):
			return nil, r.fail(len(r.b), "Unexpected end-of-input in VALUE_STRING")
		}
		n, ok := r.escape(i)
		if !ok {
			return nil, false
		}
		i += n
	}
	r.at = len(r.b)
	return nil, r.fail(r.at, "Unexpected end-of-input in VALUE_STRING")
}

// escape reads the escape at i and gives its length.
func (r *jsonReader) escape(i int) (int, bool) {
	switch c := r.b[i+1]; c {
	case '"', '\\', '/':
		r.scratch = append(r.scratch, c)
	case 'b':
		r.scratch = append(r.scratch, '\b')
	case 'f':
		r.scratch = append(r.scratch, '\f')
	case 'n':
		r.scratch = append(r.scratch, '\n')
	case 'r':
		r.scratch = append(r.scratch, '\r')
	case 't':
		r.scratch = append(r.scratch, '\t')
	case 'u':
		return r.unicode(i)
	default:
		return 0, r.fail(i+2, "Unrecognized character escape '%c' (code %d)", c, c)
	}
	return 2, true
}

// unicode reads \uXXXX and a second one that completes it.
func (r *jsonReader) unicode(i int) (int, bool) {
	hi, ok := r.hex(i)
	if !ok {
		return 0, r.fail(i+2, "Unexpected character: expected a hex-digit for character escape sequence")
	}
	if !utf16.IsSurrogate(hi) {
		r.scratch = utf8.AppendRune(r.scratch, hi)
		return 6, true
	}
	if lo, ok := r.hex(i + 6); ok {
		if c := utf16.DecodeRune(hi, lo); c != utf8.RuneError {
			r.scratch = utf8.AppendRune(r.scratch, c)
			return 12, true
		}
	}
	r.scratch = utf8.AppendRune(r.scratch, utf8.RuneError)
	return 6, true
}

func (r *jsonReader) hex(i int) (rune, bool) {
	if i+6 > len(r.b) || r.b[i] != '\\' || r.b[i+1] != 'u' {
		return 0, false
	}
	return codec.Hex4(r.b[i+2:])
}

const hexDigits = "0123456789ABCDEF"

// appendJSONString appends s in quotes as Jackson does.
func appendJSONString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(append(dst, s[from:]...), '"')
}

package client

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/millrace-sql/millrace/engine/codec"
)

// reader walks over a JSON text without making values. The first fault ends it:
// from then on its methods give false.
type reader struct {
	b   []byte // valid UTF-8
	at  int
	err error
}

// shape is what a value is.
type shape uint8

const (
	absent shape = iota // not there, or null
	number
	text    // between the quotes
	escaped // text with backslashes
	yes
	no
	nested // an object or an array
)

// cell is a value of an answer: where it stands.
type cell struct {
	shape      shape
	start, end uint32
}

func (c cell) of(b []byte) []byte { return b[c.start:c.end] }

// maxDepth bounds nesting.
const maxDepth = 500

func (r *reader) fail(format string, args ...any) bool {
	if r.err == nil {
		r.err = fmt.Errorf("%s at byte %d", fmt.Sprintf(format, args...), r.at)
	}
	return false
}

// next skips white space and gives the byte there, 0 at the end.
func (r *reader) next() byte {
	for r.at < len(r.b) {
		switch c := r.b[r.at]; c {
		case ' ', '\n', '\r', '\t':
			r.at++
		default:
			return c
		}
	}
	return 0
}

// open enters an object or an array; more is false if it is empty and was left
// again.
func (r *reader) open(start, end byte) (more, ok bool) {
	if r.next() != start {
		return false, r.fail("%q was expected", start)
	}
	r.at++
	if r.next() == end {
		r.at++
		return false, true
	}
	return true, true
}

// more goes on to the next member or element; it is false at the end.
func (r *reader) more(end byte) (more, ok bool) {
	switch r.next() {
	case ',':
		r.at++
		r.next()
		return true, true
	case end:
		r.at++
		return false, true
	}
	return false, r.fail("a comma or %q was expected", end)
}

// name reads a member's name and the colon behind it.
func (r *reader) name() (cell, bool) {
	if r.next() != '"' {
		return cell{}, r.fail("a name in quotes was expected")
	}
	c, ok := r.text()
	if !ok {
		return cell{}, false
	}
	if r.next() != ':' {
		return cell{}, r.fail("a colon was expected")
	}
	r.at++
	return c, true
}

// value reads any value.
func (r *reader) value(depth int) (cell, bool) {
	switch c := r.next(); {
	case c == '"':
		return r.text()
	case c == '-' || c-'0' < 10:
		return r.number()
	case c == '{' || c == '[':
		return r.nested(depth, c)
	}
	for _, w := range [...]struct {
		word  string
		shape shape
	}{{"null", absent}, {"true", yes}, {"false", no}} {
		if end := r.at + len(w.word); end <= len(r.b) && string(r.b[r.at:end]) == w.word {
			c := cell{shape: w.shape, start: uint32(r.at), end: uint32(end)}
			r.at = end
			return c, true
		}
	}
	return cell{}, r.fail("a value was expected")
}

// nested passes over an object or an array.
func (r *reader) nested(depth int, open byte) (cell, bool) {
	if depth >= maxDepth {
		return cell{}, r.fail("values are nested more than %d deep", maxDepth)
	}
	start, end := r.at, open+2 // { and }, [ and ]
	more, ok := r.open(open, end)
	for more && ok {
		if open == '{' {
			if _, ok = r.name(); !ok {
				break
			}
		}
		if _, ok = r.value(depth + 1); ok {
			more, ok = r.more(end)
		}
	}
	return cell{shape: nested, start: uint32(start), end: uint32(r.at)}, ok
}

func (r *reader) digits() bool {
	start := r.at
	for r.at < len(r.b) && r.b[r.at]-'0' < 10 {
		r.at++
	}
	return r.at > start || r.fail("a digit was expected")
}

func (r *reader) peek() byte {
	if r.at < len(r.b) {
		return r.b[r.at]
	}
	return 0
}

func (r *reader) number() (cell, bool) {
	start := r.at
	if r.peek() == '-' {
		r.at++
	}
	if r.peek() == '0' {
		r.at++
	} else if !r.digits() {
		return cell{}, false
	}
	if r.peek() == '.' {
		r.at++
		if !r.digits() {
			return cell{}, false
		}
	}
	if r.peek()|0x20 == 'e' {
		r.at++
		if c := r.peek(); c == '+' || c == '-' {
			r.at++
		}
		if !r.digits() {
			return cell{}, false
		}
	}
	return cell{shape: number, start: uint32(start), end: uint32(r.at)}, true
}

// text reads the string that begins here.
func (r *reader) text() (cell, bool) {
	r.at++
	c := cell{shape: text, start: uint32(r.at)}
	for r.at < len(r.b) {
		switch b := r.b[r.at]; {
		case b == '"':
			c.end = uint32(r.at)
			r.at++
			return c, true
		case b < 0x20:
			return c, r.fail("a text has a control character")
		case b == '\\':
			c.shape = escaped
			n := escapeLen(r.b[r.at:])
			if n == 0 {
				return c, r.fail("a text has a backslash before what it cannot stand before")
			}
			r.at += n
		default:
			r.at++
		}
	}
	return c, r.fail("a text does not end")
}

// escapeLen is the length of the escape that b begins with, 0 if it is none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(b); ok {
			return 6
		}
	}
	return 0
}

// hex4 reads \uXXXX.
func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	return codec.Hex4(b[2:])
}

// unescape appends what a text with escapes, which was read before, means.
func unescape(dst, s []byte) []byte {
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			dst = append(dst, s[i])
			i++
			continue
		}
		switch c := s[i+1]; c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			x, _ := hex4(s[i:])
			i += 6
			if utf16.IsSurrogate(x) {
				low, _ := hex4(s[i:])
				if x = utf16.DecodeRune(x, low); x != utf8.RuneError {
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, x)
			continue
		default:
			dst = append(dst, c)
		}
		i += 2
	}
	return dst
}

// string is a cell's value as a text of its own; empty for what is not there.
func (c cell) string(b []byte) string {
	switch c.shape {
	case absent:
		return ""
	case escaped:
		return string(unescape(nil, c.of(b)))
	}
	return string(c.of(b))
}

// row is the row that an id names.
func (c cell) row(b []byte) (int, bool) {
	if c.shape != text && c.shape != number || c.end-c.start > 10 {
		return 0, false
	}
	n, err := strconv.Atoi(view(c.of(b)))
	return n, err == nil
}

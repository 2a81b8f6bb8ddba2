package codec

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// space skips JSON's white space.
func (s *JSONScanner) space(i int) int {
	b := s.b
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// pad skips white space and, where allowed, comments. A comment that does not end leaves i on it, where nothing fits.
// It is small enough to be inlined for the common case: there is nothing to skip.
func (s *JSONScanner) pad(i int) int {
	if uint(i) < uint(len(s.b)) && !padByte[s.b[i]] {
		return i
	}
	return s.padding(i)
}

// padByte marks what may begin white space or a comment.
var padByte = [256]bool{' ': true, '\n': true, '\t': true, '\r': true, '/': true}

func (s *JSONScanner) padding(i int) int {
	if i < 0 {
		return i
	}
	i = s.space(i)
	if s.comments {
		return s.comment(i)
	}
	return i
}

// comment skips the comments at i and the white space around them.
func (s *JSONScanner) comment(i int) int {
	b := s.b
	for s.comments && i+1 < len(b) && b[i] == '/' {
		switch b[i+1] {
		case '/':
			for i < len(b) && b[i] != '\n' && b[i] != '\r' {
				i++
			}
		case '*':
			j := i + 2
			for j+1 < len(b) && !(b[j] == '*' && b[j+1] == '/') {
				j++
			}
			if j+1 >= len(b) {
				return i
			}
			i = j + 2
		default:
			return i
		}
		i = s.space(i)
	}
	return i
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// textEnd finds the closing quote q of the string whose content begins at i. plain says that the content needs no
// work: no escape, and valid UTF-8. end is -1 when the string is broken.
func (s *JSONScanner) textEnd(i int, q byte) (end int, plain bool) {
	b := s.b
	plain = true
	qs := uint64(q) * ones
	for {
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			x, y := w^qs, w^('\\'*ones)
			m := ((x-ones)&^x | (y-ones)&^y | (w - 0x20*ones) | w) & highs
			if m != 0 {
				i += bits.TrailingZeros64(m) >> 3
				break
			}
			i += 8
		}
		if i >= len(b) {
			return s.syntax(i, "the string does not end"), false
		}
		switch c := b[i]; {
		case c == q:
			return i, plain
		case c == '\\':
			plain = false
			i += 2
		case c < 0x20:
			if !s.controlChars {
				return s.syntax(i, "a control character in a string"), false
			}
			i++
		case c >= utf8.RuneSelf:
			size, ok := runeSize(b[i:])
			plain = plain && ok
			i += size
		default:
			i++
		}
	}
}

// runeSize is the length of the character at the beginning of b, which is no ASCII. If it is malformed, it is the
// length of what Java's decoder replaces by one U+FFFD.
func runeSize(b []byte) (size int, ok bool) {
	if r, n := utf8.DecodeRune(b); r != utf8.RuneError || n > 1 {
		return n, true
	}
	at := func(i int) byte { // 0 at the end of the input
		if i < len(b) {
			return b[i]
		}
		return 0
	}
	cont := func(i int) bool { return at(i)&0xc0 == 0x80 }
	switch c := b[0]; {
	case c >= 0xe0 && c <= 0xef:
		if c == 0xe0 && at(1) < 0xa0 || !cont(1) {
			return 1, false
		}
		if !cont(2) {
			return 2, false
		}
		return 3, false // a surrogate
	case c >= 0xf0 && c <= 0xf4:
		if c == 0xf0 && at(1) < 0x90 || c == 0xf4 && at(1) > 0x8f || !cont(1) {
			return 1, false
		}
		if !cont(2) {
			return 2, false
		}
		return 3, false
	}
	return 1, false
}

// quoted reads the string whose quote is at i and returns its text, valid until the next string is read, and the
// index behind it, -1 when it is broken.
func (s *JSONScanner) quoted(i int) ([]byte, int) {
	end, plain := s.textEnd(i+1, s.b[i])
	if end < 0 {
		return nil, -1
	}
	if plain {
		return s.b[i+1 : end], end + 1
	}
	var ok bool
	if s.scratch, ok = s.unescape(s.scratch[:0], i+1, end); !ok {
		return nil, -1
	}
	return s.scratch, end + 1
}

// unescape appends the text of the string content [i, end) to dst: escapes resolved, malformed UTF-8 replaced. false
// means a wrong escape, which is noted.
func (s *JSONScanner) unescape(dst []byte, i, end int) ([]byte, bool) {
	b := s.b
	for i < end {
		c := b[i]
		if c >= utf8.RuneSelf {
			size, ok := runeSize(b[i:end])
			if ok {
				dst = append(dst, b[i:i+size]...)
			} else {
				dst = append(dst, "\uFFFD"...)
			}
			i += size
			continue
		}
		if c != '\\' {
			dst = append(dst, c)
			i++
			continue
		}
		if i+1 >= end {
			s.syntax(i, "an escape without its character")
			return dst, false
		}
		if b[i+1] == 'u' {
			if dst, i = s.unicodeEscape(dst, i, end); i < 0 {
				return dst, false
			}
			continue
		}
		r, ok := s.simpleEscape(b[i+1])
		if !ok {
			s.syntax(i, "an unknown escape in a string")
			return dst, false
		}
		if b[i+1] >= utf8.RuneSelf {
			i++ // any escape is allowed: the character itself comes next
			continue
		}
		dst = append(dst, r)
		i += 2
	}
	return dst, true
}

// simpleEscape is the meaning of the character behind a backslash.
func (s *JSONScanner) simpleEscape(c byte) (byte, bool) {
	switch c {
	case 'n':
		return '\n', true
	case 't':
		return '\t', true
	case 'r':
		return '\r', true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case '"', '\\', '/':
		return c, true
	case '\'':
		return c, s.singleQuotes || s.anyEscape
	}
	return c, s.anyEscape
}

// unicodeEscape appends the character of the \u escape at i, or of a surrogate pair of two. A lone surrogate becomes
// '?', as Java encodes it.
func (s *JSONScanner) unicodeEscape(dst []byte, i, end int) ([]byte, int) {
	u, ok := Hex4(s.b[i+2 : end])
	if !ok {
		return dst, s.syntax(i, "a \\u escape without its four hexadecimal digits")
	}
	i += 6
	if !utf16.IsSurrogate(u) {
		return utf8.AppendRune(dst, u), i
	}
	if i+1 < end && s.b[i] == '\\' && s.b[i+1] == 'u' {
		if low, ok := Hex4(s.b[i+2 : end]); ok {
			if r := utf16.DecodeRune(u, low); r != utf8.RuneError {
				return utf8.AppendRune(dst, r), i + 6
			}
		}
	}
	return append(dst, '?'), i
}

// Hex4 reads the four hexadecimal digits that b begins with, those of a \u escape; false if it does not.
func Hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var u rune
	for _, c := range b[:4] {
		switch {
		case c-'0' < 10:
			u = u<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			u = u<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return u, true
}

package sql

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// unescape resolves the escapes of a string literal as Spark does: \n, \t and
// the like, \u0041, \U00000041, three octal digits, and \% and \_ kept with
// their backslash because LIKE reads them.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 >= len(s) {
			b.WriteByte(s[i])
			i++
			continue
		}
		i += unescapeOne(&b, s[i:])
	}
	return b.String()
}

// unescapeOne writes the escape s begins with and returns its length.
func unescapeOne(b *strings.Builder, s string) int {
	switch c := s[1]; {
	case c == 'u' && writeCode(b, s, 4):
		return 6
	case c == 'U' && writeCode(b, s, 8):
		return 10
	case (c == '0' || c == '1') && len(s) >= 4 && isOctal(s[2]) && isOctal(s[3]):
		b.WriteRune(rune(c-'0')<<6 | rune(s[2]-'0')<<3 | rune(s[3]-'0'))
		return 4
	}
	r, n := utf8.DecodeRuneInString(s[1:])
	switch r {
	case '0':
		b.WriteByte(0)
	case 'b':
		b.WriteByte('\b')
	case 'n':
		b.WriteByte('\n')
	case 'r':
		b.WriteByte('\r')
	case 't':
		b.WriteByte('\t')
	case 'Z':
		b.WriteByte(0x1A)
	case '%', '_':
		b.WriteString(s[:2])
	default:
		b.WriteString(s[1 : 1+n])
	}
	return 1 + n
}

func isOctal(c byte) bool { return c >= '0' && c <= '7' }

// writeCode writes the code point of the n hexadecimal digits after \u or \U.
func writeCode(b *strings.Builder, s string, n int) bool {
	if len(s) < 2+n {
		return false
	}
	v, err := strconv.ParseUint(s[2:2+n], 16, 32)
	if err != nil || v > utf8.MaxRune {
		return false
	}
	b.WriteRune(rune(v))
	return true
}

package codec

import (
	"encoding/binary"
	"math"
	"unicode/utf16"
	"unicode/utf8"
)

// escapeMode says which characters beyond JSON's own are escaped.
type escapeMode uint8

const (
	escapePlain  escapeMode = iota
	escapeAstral            // as two \u escapes what needs a surrogate pair: Jackson's byte generator does so
	escapeASCII             // all but ASCII
)

const upperHex = "0123456789ABCDEF"

// appendJSONText appends text as a JSON string with quotes, escaped as Jackson does. Malformed UTF-8 becomes U+FFFD.
func appendJSONText[T ~string | ~[]byte](dst []byte, text T, mode escapeMode) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := decodeRune(text[i:])
			if r != utf8.RuneError && (mode == escapePlain || mode == escapeAstral && r < 0x10000) || r == utf8.RuneError && size == 3 {
				i += size
				continue
			}
			dst = append(dst, text[start:i]...)
			if r == utf8.RuneError {
				dst = append(dst, "\uFFFD"...)
				size, _ = runeSize([]byte(text[i:min(i+4, len(text))]))
			} else if r >= 0x10000 {
				hi, lo := utf16.EncodeRune(r)
				dst = appendUnicodeEscape(appendUnicodeEscape(dst, hi), lo)
			} else {
				dst = appendUnicodeEscape(dst, r)
			}
			i += size
			start = i
			continue
		}
		dst = append(dst, text[start:i]...)
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
			dst = appendUnicodeEscape(dst, rune(c))
		}
		i++
		start = i
	}
	dst = append(dst, text[start:]...)
	return append(dst, '"')
}

func decodeRune[T ~string | ~[]byte](text T) (rune, int) {
	var buf [utf8.UTFMax]byte
	return utf8.DecodeRune(buf[:copy(buf[:], text)])
}

func appendUnicodeEscape(dst []byte, r rune) []byte {
	return append(dst, '\\', 'u', upperHex[r>>12&15], upperHex[r>>8&15], upperHex[r>>4&15], upperHex[r&15])
}

// plainText tells whether text needs no escape and is ASCII, eight bytes a step.
func plainText(text []byte) bool {
	i := 0
	for ; i+8 <= len(text); i += 8 {
		w := binary.LittleEndian.Uint64(text[i:])
		x, y := w^('"'*ones), w^('\\'*ones)
		if ((x-ones)&^x|(y-ones)&^y|(w-0x20*ones)|w)&highs != 0 {
			return false
		}
	}
	for ; i < len(text); i++ {
		if c := text[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// appendJSONDouble appends a double as Jackson does: NaN and the infinities in quotes.
func appendJSONDouble(dst []byte, f float64) []byte {
	if f-f != 0 {
		return append(AppendDouble(append(dst, '"'), f), '"')
	}
	return AppendDouble(dst, f)
}

func appendJSONFloat32(dst []byte, f float32) []byte {
	if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
		return append(AppendFloat32(append(dst, '"'), f), '"')
	}
	return AppendFloat32(dst, f)
}

package codec

import (
	"encoding/binary"
	"math/bits"
	"strconv"
)

// maxNumberLength is Jackson's limit for the digits of a number.
const maxNumberLength = 1000

var pow10 = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// number is a checked JSON number.
type number struct {
	end   int  // behind it, -1 when it is broken
	isInt bool // neither fraction nor exponent
	word  bool // -Infinity or -INF
}

// number checks the number at i, which begins with a digit or a minus.
func (s *JSONScanner) number(i int) number {
	b, st := s.b, i
	if b[i] == '-' {
		i++
	}
	d0 := i
	i = digitsEnd(b, i)
	if i == d0 {
		if _, end, ok := s.bareNonNumber(st); ok {
			return number{end: end, word: true}
		}
		return number{end: s.syntax(st, "a number without digits")}
	}
	if b[d0] == '0' && i > d0+1 && !s.leadingZeros {
		return number{end: s.syntax(st, "a number with leading zeros")}
	}
	t := number{isInt: true}
	if i < len(b) && b[i] == '.' {
		t.isInt = false
		f0 := i + 1
		if i = digitsEnd(b, f0); i == f0 {
			return number{end: s.syntax(st, "a number without digits behind its point")}
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		t.isInt = false
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		e0 := i
		if i = digitsEnd(b, e0); i == e0 {
			return number{end: s.syntax(st, "a number without digits in its exponent")}
		}
	}
	if i-st > maxNumberLength {
		return number{end: s.syntax(st, "a number of more than 1000 characters")}
	}
	t.end = i
	return t
}

func digitsEnd(b []byte, i int) int {
	for i < len(b) && b[i]-'0' < 10 {
		i++
	}
	return i
}

// float64 is the value of the number with this text. Out of range is an infinity, the integer -0 is 0.
func (t number) float64(text []byte) float64 {
	if t.word {
		v, _ := nonNumber(text)
		return v
	}
	v, _ := strconv.ParseFloat(string(text), 64)
	if t.isInt && v == 0 {
		return 0
	}
	return v
}

func (t number) float32(text []byte) float32 {
	if t.word {
		v, _ := nonNumber(text)
		return float32(v)
	}
	v, _ := strconv.ParseFloat(string(text), 32)
	if t.isInt && v == 0 {
		return 0
	}
	return float32(v)
}

// parseLong is the value of an integer's checked text, false when it is out of range.
func parseLong(text []byte) (int64, bool) {
	v, err := strconv.ParseInt(string(text), 10, 64)
	return v, err == nil
}

// smallInt reads an integer of up to 18 digits, eight at a step. ok is false for all that is longer, not canonical or
// no integer; then number decides.
func smallInt(b []byte, i int) (v int64, end int, ok bool) {
	neg := b[i] == '-'
	if neg {
		i++
	}
	d0 := i
	var m uint64
	for i+8 <= len(b) {
		x := binary.LittleEndian.Uint64(b[i:]) ^ 0x3030303030303030
		if other := (x | (x + 0x0606060606060606)) & 0xf0f0f0f0f0f0f0f0; other != 0 {
			for n := bits.TrailingZeros64(other) >> 3; n > 0; n-- {
				m = m*10 + uint64(b[i]-'0')
				i++
			}
			break
		}
		x = (x*10 + x>>8) & 0x00ff00ff00ff00ff
		x = (x*100 + x>>16) & 0x0000ffff0000ffff
		x = (x*10000 + x>>32) & 0xffffffff
		m = m*100000000 + x
		i += 8
	}
	for i < len(b) && b[i]-'0' < 10 {
		m = m*10 + uint64(b[i]-'0')
		i++
	}
	n := i - d0
	if n == 0 || n > 18 || n > 1 && b[d0] == '0' || i < len(b) && (b[i] == '.' || b[i]|0x20 == 'e') {
		return 0, i, false
	}
	if neg {
		return -int64(m), i, true
	}
	return int64(m), i, true
}

package function

import (
	"bytes"
	"errors"
	"unicode"
	"unicode/utf8"
)

// find is the position (from 1) of sub in s at or after character from (from 1),
// or 0.
func find(s, sub []byte, from int32) int32 {
	if from < 1 {
		return 0
	}
	at := charOffset(s, int(from-1))
	if len(sub) == 0 {
		return 1
	}
	i := bytes.Index(s[at:], sub)
	if i < 0 {
		return 0
	}
	return int32(utf8.RuneCount(s[:at+i])) + 1
}

func instr(r *row) (int32, bool) { return find(r.str(0), r.str(1), 1), true }

// locate is locate(sub, text[, from]).
func locate(r *row) (int32, bool) {
	from := int32(1)
	if r.n() == 3 {
		from = r.int(2)
	}
	return find(r.str(1), r.str(0), from), true
}

func ascii(r *row) (int32, bool) {
	s := r.str(0)
	if len(s) == 0 {
		return 0, true
	}
	c, _ := utf8.DecodeRune(s)
	return c, true
}

func chr(r *row, dst []byte) ([]byte, bool) {
	n := r.long(0)
	if n < 0 {
		return dst, true
	}
	return utf8.AppendRune(dst, rune(n&0xff)), true
}

const soundexCodes = "01230120022455012623010202" // A to Z; vowels and y 0, h and w are skipped

func soundex(r *row, dst []byte) ([]byte, bool) {
	s := r.str(0)
	if len(s) == 0 {
		return dst, true
	}
	first := s[0] &^ 0x20
	if first < 'A' || first > 'Z' {
		return append(dst, s...), true
	}
	dst = append(dst, first)
	last := soundexCodes[first-'A']
	n := 1
	for _, c := range s[1:] {
		if n == 4 {
			break
		}
		c &^= 0x20
		if c < 'A' || c > 'Z' {
			last = '0'
			continue
		}
		if c == 'H' || c == 'W' {
			continue
		}
		code := soundexCodes[c-'A']
		if code != '0' && code != last {
			dst = append(dst, code)
			n++
		}
		last = code
	}
	for ; n < 4; n++ {
		dst = append(dst, '0')
	}
	return dst, true
}

// levenshtein is the edit distance in characters; -1 when beyond the threshold
// given.
func levenshtein(r *row) (int32, bool) {
	a, b := []rune(string(r.str(0))), []rune(string(r.str(1)))
	prev := make([]int32, len(b)+1)
	for j := range prev {
		prev[j] = int32(j)
	}
	cur := make([]int32, len(b)+1)
	for i := 1; i <= len(a); i++ {
		cur[0] = int32(i)
		for j := 1; j <= len(b); j++ {
			cost := int32(1)
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
		}
		prev, cur = cur, prev
	}
	d := prev[len(b)]
	if r.n() == 3 && d > r.int(2) {
		d = -1
	}
	return d, true
}

var errPartZero = errors.New("the part 0 of split_part is invalid: parts count from 1, or from -1 at the end")

func splitPart(r *row, dst []byte) ([]byte, bool) {
	s, delim, n := r.str(0), r.str(1), int(r.int(2))
	if n == 0 {
		return r.fail(errPartZero)
	}
	parts := [][]byte{s}
	if len(delim) > 0 {
		parts = bytes.Split(s, delim)
	}
	if n < 0 {
		n = len(parts) + n + 1
	}
	if n >= 1 && n <= len(parts) {
		dst = append(dst, parts[n-1]...)
	}
	return dst, true
}

func findInSet(r *row) (int32, bool) {
	s, set := r.str(0), r.str(1)
	if bytes.IndexByte(s, ',') >= 0 {
		return 0, true
	}
	for k, part := range bytes.Split(set, []byte{','}) {
		if bytes.Equal(part, s) {
			return int32(k + 1), true
		}
	}
	return 0, true
}

// mask replaces letters and digits: mask(text[, upper[, lower[, digit[,
// other]]]]); a NULL keeps the character.
func mask(r *row, dst []byte) ([]byte, bool) {
	if r.null(0) {
		return dst, false
	}
	with := [4][]byte{[]byte("X"), []byte("x"), []byte("n"), nil}
	for k := range with {
		if k+1 < r.n() {
			with[k] = nil
			if !r.null(k + 1) {
				with[k] = r.str(k + 1)
			}
		}
	}
	for s := r.str(0); len(s) > 0; {
		c, size := utf8.DecodeRune(s)
		k := 3
		switch {
		case unicode.IsUpper(c):
			k = 0
		case unicode.IsLower(c):
			k = 1
		case unicode.IsDigit(c):
			k = 2
		}
		if with[k] != nil {
			dst = append(dst, with[k]...)
		} else {
			dst = append(dst, s[:size]...)
		}
		s = s[size:]
	}
	return dst, true
}

func luhn(r *row) (bool, bool) {
	s := r.str(0)
	sum := 0
	for i := range s {
		d := int(s[len(s)-1-i]) - '0'
		if d < 0 || d > 9 {
			return false, true
		}
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return len(s) > 0 && sum%10 == 0, true
}

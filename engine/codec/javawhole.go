package codec

import (
	"math"
	"strconv"
)

// javaSlack is, by the number of bits that a whole number has more than its type holds (less one), how many of its
// last decimal digits Java before 19 rounds away: they say nothing, but one of them is often needed to read the same
// number back, and Java keeps what is left even when fewer digits would do.
var javaSlack = [...]uint8{
	0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6, 6, 7, 7, 7, 8, 8, 8, 9, 9, 9, 9, 10, 10, 10, 11, 11, 11,
}

// javaWhole appends to dst the digits that Java before 19 gives a whole number, and its decimal exponent. ok is false
// for numbers that are below the type's precision, where the shortest digits are all there are, or do not fit a long.
func javaWhole(dst []byte, f float64, bitSize int) (digits []byte, exp int, ok bool) {
	bits := 53
	if bitSize == 32 {
		bits = 24
	}
	if f >= 1<<63 || f < float64(uint64(1)<<bits) {
		return dst, 0, false
	}
	_, e := math.Frexp(f) // f < 2^e
	v := uint64(f)
	if over := e - 1 - bits - 1; over > 1 {
		p := uint64(pow10[javaSlack[over]])
		rest := v % p
		v /= p
		if rest >= p/2 && p > 1 {
			v++
		}
		exp = int(javaSlack[over])
	}
	start := len(dst)
	dst = strconv.AppendUint(dst, v, 10)
	exp += len(dst) - start - 1
	for len(dst) > start+1 && dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst, exp, true
}

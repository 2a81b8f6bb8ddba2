package codec

import (
	"math"
	"math/big"
	"strconv"

	"github.com/apache/arrow/go/v14/arrow/decimal128"
)

// AppendDouble appends f as Java's Double.toString writes it: the shortest digits that read back as f, plain from
// 1.0E-3 up to 1.0E7, otherwise with an exponent; always with a fraction. NaN, Infinity, -Infinity are words. Java
// before 19, on which Spark 3.5 runs, is not always the shortest: whole numbers up to 2^63 are as there, others are the
// shortest (8.41E21 where Java writes 8.409999999999999E21).
func AppendDouble(dst []byte, f float64) []byte {
	abs := math.Abs(f)
	if abs >= 1e-3 && abs < 1e7 {
		if m, digits, ok := shortDecimal(abs); ok {
			if f < 0 {
				dst = append(dst, '-')
			}
			return appendScaled(dst, m, digits)
		}
	}
	return appendJava(dst, f, 64)
}

// AppendFloat32 is AppendDouble for Float.toString.
func AppendFloat32(dst []byte, f float32) []byte { return appendJava(dst, float64(f), 32) }

// shortDecimal finds m and up to 4 digits with f = m / 10^digits. With so few digits in all the decimal is the only
// one of its length, so it is the shortest.
func shortDecimal(f float64) (m uint64, digits int, ok bool) {
	scale := 10.0
	for digits = 1; digits <= 4; digits++ {
		m = uint64(f*scale + 0.5)
		if float64(m)/scale == f {
			return m, digits, true
		}
		scale *= 10
	}
	return 0, 0, false
}

// appendScaled appends m / 10^digits, digits being at least 1.
func appendScaled(dst []byte, m uint64, digits int) []byte {
	var buf [24]byte
	i := len(buf)
	for n := 0; n < digits; n++ {
		i--
		buf[i] = byte('0' + m%10)
		m /= 10
	}
	i--
	buf[i] = '.'
	for {
		i--
		buf[i] = byte('0' + m%10)
		if m /= 10; m == 0 {
			return append(dst, buf[i:]...)
		}
	}
}

// appendJava lays out the digits in Java's way.
func appendJava(dst []byte, f float64, bitSize int) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case f == 0:
		if math.Signbit(f) {
			dst = append(dst, '-')
		}
		return append(dst, "0.0"...)
	}
	if f < 0 {
		dst, f = append(dst, '-'), -f
	}
	var buf [32]byte
	digits, exp, ok := javaWhole(buf[:0], f, bitSize)
	if !ok {
		digits, exp = shortest(buf[:0], f, bitSize)
	}
	switch {
	case exp >= 7 || exp < -3:
		dst = append(dst, digits[0], '.')
		dst = appendOrZero(dst, digits[1:])
		dst = append(dst, 'E')
		return strconv.AppendInt(dst, int64(exp), 10)
	case exp < 0:
		dst = append(dst, "0.00"[:1-exp]...)
		return append(dst, digits...)
	}
	for len(digits) <= exp {
		digits = append(digits, '0')
	}
	dst = append(append(dst, digits[:exp+1]...), '.')
	return appendOrZero(dst, digits[exp+1:])
}

// shortest appends the shortest digits of f to dst, which is empty, and gives the decimal exponent.
func shortest(dst []byte, f float64, bitSize int) (digits []byte, exp int) {
	text := strconv.AppendFloat(dst, f, 'e', -1, bitSize)
	if text[1] != '.' && (bitSize == 64 && f < 1e-307 || bitSize == 32 && f < 1e-37) {
		text = strconv.AppendFloat(dst, f, 'e', 1, bitSize) // Java writes at least two digits: 4.9E-324
	}
	// text is d[.ddd]e[+-]xx
	e := 1
	for text[e] != 'e' {
		e++
	}
	exp, _ = strconv.Atoi(string(text[e+1:]))
	if e == 1 {
		return text[:1], exp
	}
	text[1] = text[0] // close the gap that the point leaves
	return text[1:e], exp
}

func appendOrZero(dst, digits []byte) []byte {
	if len(digits) == 0 {
		return append(dst, '0')
	}
	return append(dst, digits...)
}

// AppendDecimal appends v with the given scale as Java's BigDecimal.toString writes it: plain, but with an exponent
// when more than six zeros would follow the point (0E-8). It is what CAST to STRING and to_json give.
func AppendDecimal(dst []byte, v decimal128.Num, scale int32) []byte {
	if v.Sign() < 0 {
		dst, v = append(dst, '-'), v.Negate()
	}
	var buf [48]byte
	digits := appendUnsigned(buf[:0], v)
	exp := len(digits) - 1 - int(scale)
	if scale >= 0 && exp >= -6 {
		return appendPoint(dst, digits, int(scale))
	}
	dst = append(dst, digits[0])
	if len(digits) > 1 {
		dst = append(append(dst, '.'), digits[1:]...)
	}
	dst = append(dst, 'E')
	if exp > 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, int64(exp), 10)
}

// AppendDecimalPlain is AppendDecimal without exponents (BigDecimal.toPlainString).
func AppendDecimalPlain(dst []byte, v decimal128.Num, scale int32) []byte {
	if v.Sign() < 0 {
		dst, v = append(dst, '-'), v.Negate()
	}
	var buf [48]byte
	digits := appendUnsigned(buf[:0], v)
	for ; scale < 0; scale++ {
		digits = append(digits, '0')
	}
	return appendPoint(dst, digits, int(scale))
}

// appendPoint appends digits with scale of them behind the point.
func appendPoint(dst, digits []byte, scale int) []byte {
	if scale == 0 {
		return append(dst, digits...)
	}
	whole := len(digits) - scale
	if whole > 0 {
		dst = append(dst, digits[:whole]...)
		return append(append(dst, '.'), digits[whole:]...)
	}
	dst = append(dst, "0."...)
	for ; whole < 0; whole++ {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

func appendUnsigned(dst []byte, v decimal128.Num) []byte {
	if v.HighBits() == 0 {
		return strconv.AppendUint(dst, v.LowBits(), 10)
	}
	return v.BigInt().Append(dst, 10)
}

// maxDecimalExponent bounds the exponents worth looking at: 38 digits are far less.
const maxDecimalExponent = 1 << 20

// ParseDecimal reads a number as Java's BigDecimal does (sign, digits, point, exponent; nothing around it) and rounds
// it half up to the scale. ok is false when it is no number or needs more digits than precision.
func ParseDecimal[T ~string | ~[]byte](text T, precision, scale int32) (v decimal128.Num, ok bool) {
	d, ok := splitDecimal(text)
	if !ok {
		return v, false
	}
	shift := int(scale) + d.exp
	if d.small && shift >= 0 && shift <= 18 && d.m <= math.MaxInt64/uint64(pow10[shift]) {
		m := d.m * uint64(pow10[shift])
		if precision < 19 && m >= uint64(pow10[precision]) {
			return v, false
		}
		v = decimal128.FromU64(m)
	} else if v, ok = d.big(text, shift, precision); !ok {
		return v, false
	}
	if d.neg {
		v = v.Negate()
	}
	return v, true
}

// decimalText is a number taken apart: m (when it fits 18 digits) times 10^exp.
type decimalText struct {
	m          uint64
	exp        int
	first, end int // of the digits and the point in the text
	neg, small bool
}

func splitDecimal[T ~string | ~[]byte](text T) (d decimalText, ok bool) {
	i, n := 0, len(text)
	if i < n && (text[i] == '-' || text[i] == '+') {
		d.neg = text[i] == '-'
		i++
	}
	d.first = i
	digits, significant, point := 0, 0, false
	for ; i < n; i++ {
		c := text[i]
		if c == '.' && !point {
			point = true
			continue
		}
		if c-'0' > 9 {
			break
		}
		digits++
		if significant > 0 || c != '0' {
			significant++
		}
		if point {
			d.exp--
		}
		if significant <= 18 {
			d.m = d.m*10 + uint64(c-'0')
		}
	}
	if digits == 0 {
		return d, false
	}
	d.end, d.small = i, significant <= 18
	if i == n {
		return d, true
	}
	if text[i]|0x20 != 'e' {
		return d, false
	}
	exp, err := strconv.Atoi(string(text[i+1:]))
	if err != nil || exp > maxDecimalExponent || exp < -maxDecimalExponent {
		return d, false
	}
	d.exp += exp
	return d, true
}

// big is the unsigned value times 10^shift for numbers that need more than a word.
func (d *decimalText) big(text any, shift int, precision int32) (v decimal128.Num, ok bool) {
	var digits []byte
	switch t := text.(type) {
	case string:
		digits = []byte(t[d.first:d.end])
	case []byte:
		digits = append(digits, t[d.first:d.end]...)
	}
	m := new(big.Int)
	for _, c := range digits {
		if c != '.' && (c != '0' || m.Sign() != 0) {
			m.Mul(m, big.NewInt(10)).Add(m, big.NewInt(int64(c-'0')))
		}
	}
	if m.Sign() == 0 {
		return v, true
	}
	if shift > 76 {
		return v, false
	}
	if shift >= 0 {
		m.Mul(m, tenTo(shift))
	} else if -shift > len(digits)+1 {
		return v, true
	} else {
		p := tenTo(-shift)
		q, r := new(big.Int).QuoRem(m, p, new(big.Int))
		if r.Lsh(r, 1).Cmp(p) >= 0 {
			q.Add(q, big.NewInt(1))
		}
		m = q
	}
	if m.Cmp(tenTo(int(precision))) >= 0 {
		return v, false
	}
	return decimal128.FromBigInt(m), true
}

func tenTo(n int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil) }

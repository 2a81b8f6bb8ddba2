package function

import (
	"math"
	"math/big"
	"strconv"
	"unsafe"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
)

type integer interface{ int8 | int16 | int32 | int64 }

// castToInteger casts to an integer type: floating values saturate to INT or
// BIGINT and then wrap, integers and decimals wrap.
func castToInteger[T integer](from, to arrow.DataType) (kernel, bool) {
	switch from := from.(type) {
	case *arrow.Float32Type:
		return floatToInteger[float32, T](to), true
	case *arrow.Float64Type:
		return floatToInteger[float64, T](to), true
	case *arrow.Decimal128Type:
		return mapFixed(to, func(v dec) T { return T(decToInt64(v, from.Scale)) }), true
	case *arrow.StringType:
		return rowsFixed(to, func(r *row) (T, bool) { return parseInteger[T](r.str(0)) }), true
	case *arrow.TimestampType:
		return mapFixed(to, func(v int64) T { return T(floorDiv(v, 1_000_000)) }), true
	}
	return wholeToNumber[T](from, to)
}

// wholeToNumber casts booleans and integers to a type of numbers, which keeps
// the low bits, and dates to NULL.
func wholeToNumber[T number](from, to arrow.DataType) (kernel, bool) {
	switch from.(type) {
	case *arrow.BooleanType:
		return rowsFixed(to, func(r *row) (T, bool) { return T(b2i(r.bool(0))), true }), true
	case *arrow.Int8Type:
		return mapFixed(to, func(v int8) T { return T(v) }), true
	case *arrow.Int16Type:
		return mapFixed(to, func(v int16) T { return T(v) }), true
	case *arrow.Int32Type:
		return mapFixed(to, func(v int32) T { return T(v) }), true
	case *arrow.Int64Type:
		return mapFixed(to, func(v int64) T { return T(v) }), true
	case *arrow.Date32Type:
		return allNull(to), true
	}
	return nil, false
}

func floatToInteger[F float32 | float64, T integer](to arrow.DataType) kernel {
	if unsafe.Sizeof(*new(T)) == 8 {
		return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			return floatLoop(t, n, args[0], to, func(v F) T { return T(saturate64(float64(v))) }), nil
		}
	}
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		out := newColumn[T](t.Allocator(), n)
		x := raw[F](args[0])
		if len(x) != n {
			if n > 0 {
				fill(out.v, T(saturate32(float64(x[0]))))
			}
			return out.array(to), nil
		}
		for i, v := range x {
			out.v[i] = T(saturate32(float64(v)))
		}
		return out.array(to), nil
	}
}

func floatLoop[F float32 | float64, T fixed](t catalog.Task, n int, a arrow.Array, to arrow.DataType, f func(F) T) arrow.Array {
	out := newColumn[T](t.Allocator(), n)
	x := raw[F](a)
	s := step(a)
	for i := range out.v {
		out.v[i] = f(x[i*s])
	}
	return out.array(to)
}

// saturate32 is Java's (int) of a double.
func saturate32(v float64) int32 {
	if v > -2147483649 && v < 2147483648 {
		return int32(v)
	}
	switch {
	case v != v:
		return 0
	case v < 0:
		return math.MinInt32
	}
	return math.MaxInt32
}

// saturate64 is Java's (long) of a double.
func saturate64(v float64) int64 {
	if v >= -9223372036854775808 && v < 9223372036854775808 {
		return int64(v)
	}
	switch {
	case v != v:
		return 0
	case v < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}

// trimSpace takes off what Spark's casts do: whitespace and ISO control
// characters.
func trimSpace(s []byte) []byte {
	for len(s) > 0 && (s[0] <= ' ' || s[0] == 0x7f) {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] <= ' ' || s[len(s)-1] == 0x7f) {
		s = s[:len(s)-1]
	}
	return s
}

// parseInteger reads an integer as Spark's casts do: a sign, digits, and a
// fraction that is checked and dropped.
func parseInteger[T integer](s []byte) (T, bool) {
	s = trimSpace(s)
	neg := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg = s[0] == '-'
		s = s[1:]
	}
	if len(s) == 0 {
		return 0, false
	}
	// Negative, because the least value has no positive.
	least := int64(-1) << (8*unsafe.Sizeof(*new(T)) - 1)
	var v int64
	i := 0
	for ; i < len(s) && s[i] != '.'; i++ {
		d := s[i] - '0'
		if d > 9 || v < least/10 {
			return 0, false
		}
		v = v*10 - int64(d)
		if v < least || v > 0 {
			return 0, false
		}
	}
	for i++; i < len(s); i++ {
		if s[i]-'0' > 9 {
			return 0, false
		}
	}
	if !neg {
		if v == least {
			return 0, false
		}
		v = -v
	}
	return T(v), true
}

// castToFloat casts to FLOAT or DOUBLE.
func castToFloat[T float32 | float64](from, to arrow.DataType) (kernel, bool) {
	switch from := from.(type) {
	case *arrow.Float32Type:
		return mapFixed(to, func(v float32) T { return T(v) }), true
	case *arrow.Float64Type:
		return mapFixed(to, func(v float64) T { return T(v) }), true
	case *arrow.Decimal128Type:
		return mapFixed(to, func(v dec) T { return decToAny[T](v, from.Scale) }), true
	case *arrow.StringType:
		size := int(8 * unsafe.Sizeof(*new(T)))
		return rowsFixed(to, func(r *row) (T, bool) {
			v, ok := parseFloat(r.str(0), size)
			return T(v), ok
		}), true
	case *arrow.TimestampType:
		return mapFixed(to, func(v int64) T { return T(float64(v) / 1e6) }), true
	}
	return wholeToNumber[T](from, to)
}

func decToAny[T float32 | float64](v dec, scale int32) T {
	if unsafe.Sizeof(*new(T)) == 4 {
		r := new(big.Rat).SetFrac(v.BigInt(), bigPow10(int(scale)))
		f, _ := r.Float32()
		return T(f)
	}
	return T(decToFloat(v, scale))
}

// parseFloat reads a number as Java's Double.parseDouble does, and the words for
// NaN and infinity that Spark accepts. What is too large is infinite.
func parseFloat(s []byte, size int) (float64, bool) {
	s = trimSpace(s)
	if len(s) == 0 {
		return 0, false
	}
	if v, ok := shortFloat(s); ok {
		return v, true
	}
	if c := s[len(s)-1] | 0x20; (c == 'd' || c == 'f') && len(s) > 1 && s[len(s)-2] < 'A' {
		s = s[:len(s)-1]
	}
	for _, c := range s {
		if c == '_' {
			return 0, false
		}
		if c > '9' && c|0x20 != 'e' {
			return wordFloat(s, size)
		}
	}
	v, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(s), len(s)), size)
	if err != nil && !math.IsInf(v, 0) {
		return 0, false
	}
	return v, true
}

// shortFloat reads a plain number of at most 15 digits, for which one division
// gives the nearest double.
func shortFloat(s []byte) (float64, bool) {
	neg := false
	if s[0] == '-' {
		neg, s = true, s[1:]
	}
	if len(s) == 0 || len(s) > 16 {
		return 0, false
	}
	var v int64
	point := -1
	for i, c := range s {
		if c == '.' {
			if point >= 0 {
				return 0, false
			}
			point = i
			continue
		}
		if c-'0' > 9 {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	if point >= 0 && len(s) == 1 || point < 0 && len(s) > 15 {
		return 0, false
	}
	f := float64(v)
	if point >= 0 {
		f /= tenTo[len(s)-1-point]
	}
	if neg {
		f = -f
	}
	return f, true
}

var tenTo = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16}

// wordFloat reads nan, inf, infinity and Java's hexadecimal form.
func wordFloat(s []byte, size int) (float64, bool) {
	t := s
	sign := 1
	signed := t[0] == '+' || t[0] == '-'
	if signed {
		if t[0] == '-' {
			sign = -1
		}
		t = t[1:]
	}
	switch {
	case equalFold(t, "inf"), equalFold(t, "infinity"):
		return math.Inf(sign), true
	case equalFold(t, "nan") && !signed, string(t) == "NaN":
		return math.NaN(), true
	}
	if len(t) > 2 && t[0] == '0' && t[1]|0x20 == 'x' {
		v, err := strconv.ParseFloat(string(s), size)
		return v, err == nil || math.IsInf(v, 0)
	}
	return 0, false
}

// equalFold compares with a lower-case ASCII word, ignoring case.
func equalFold(s []byte, word string) bool {
	if len(s) != len(word) {
		return false
	}
	for i, c := range s {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

// castToDecimal casts to DECIMAL(p, s), rounding half up; what does not fit is
// NULL.
func castToDecimal(from arrow.DataType, to *arrow.Decimal128Type) (kernel, bool) {
	p, s := to.Precision, to.Scale
	switch from := from.(type) {
	case *arrow.BooleanType:
		return rowsFixed(to, func(r *row) (dec, bool) { return intToDec(int64(b2i(r.bool(0))), p, s) }), true
	case *arrow.Int8Type:
		return mapChecked(to, func(v int8) (dec, bool) { return intToDec(int64(v), p, s) }), true
	case *arrow.Int16Type:
		return mapChecked(to, func(v int16) (dec, bool) { return intToDec(int64(v), p, s) }), true
	case *arrow.Int32Type:
		return mapChecked(to, func(v int32) (dec, bool) { return intToDec(int64(v), p, s) }), true
	case *arrow.Int64Type:
		return mapChecked(to, func(v int64) (dec, bool) { return intToDec(v, p, s) }), true
	case *arrow.Float32Type:
		return mapChecked(to, func(v float32) (dec, bool) { return floatToDec(float64(v), p, s) }), true
	case *arrow.Float64Type:
		return mapChecked(to, func(v float64) (dec, bool) { return floatToDec(v, p, s) }), true
	case *arrow.Decimal128Type:
		return mapChecked(to, func(v dec) (dec, bool) { return rescale(v, from.Scale, s, p) }), true
	case *arrow.StringType:
		return rowsFixed(to, func(r *row) (dec, bool) { return codec.ParseDecimal(trimSpace(r.str(0)), p, s) }), true
	case *arrow.TimestampType:
		return mapChecked(to, func(v int64) (dec, bool) { return floatToDec(float64(v)/1e6, p, s) }), true
	case *arrow.Date32Type:
		return allNull(to), true
	}
	return nil, false
}

func intToDec(v int64, p, s int32) (dec, bool) { return rescale(decFromInt(v), 0, s, p) }

// floatToDec takes the decimal that v's text is, as BigDecimal.valueOf does.
func floatToDec(v float64, p, s int32) (dec, bool) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return dec{}, false
	}
	var buf [32]byte
	return codec.ParseDecimal(codec.AppendDouble(buf[:0], v), p, s)
}

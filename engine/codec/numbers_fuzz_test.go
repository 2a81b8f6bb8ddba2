package codec

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// javaDouble is Double.toString by strings alone.
func javaDouble(f float64, bits int) string {
	withPoint := func(s string) string {
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	if abs := math.Abs(f); f == 0 || abs >= 1e-3 && abs < 1e7 {
		return withPoint(strconv.FormatFloat(f, 'f', -1, bits))
	}
	mantissa, exp, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, bits), "e")
	n, _ := strconv.Atoi(exp)
	return withPoint(mantissa) + "E" + strconv.Itoa(n)
}

// FuzzAppendDouble compares with the reference but for the words and the numbers near zero, for which Java takes two
// digits where one would do.
func FuzzAppendDouble(f *testing.F) {
	for _, v := range []float64{0, -0.001, 9999999.999999998, 1e7, 5.1, 123.4567, 0.1 + 0.2, 1e22, 33554432, 16777216.5} {
		f.Add(v)
	}
	f.Fuzz(func(t *testing.T, v float64) {
		if abs := math.Abs(v); !math.IsInf(v, 0) && v == v && (abs == 0 || abs > 1e-300) {
			if got, want := string(AppendDouble(nil, v)), javaDouble(v, 64); got != want && !longWhole(got, v, 64) {
				t.Errorf("%g: %s, want %s", v, got, want)
			}
		}
		s := float32(v)
		if abs := math.Abs(float64(s)); !math.IsInf(float64(s), 0) && s == s && (abs == 0 || abs > 1e-36) {
			if got, want := string(AppendFloat32(nil, s)), javaDouble(float64(s), 32); got != want && !longWhole(got, float64(s), 32) {
				t.Errorf("%g as float: %s, want %s", s, got, want)
			}
		}
	})
}

// longWhole says whether text is another form of a whole number that has more
// digits than the type holds: there Java 17 is not the shortest, so it has only to
// read back as v.
func longWhole(text string, v float64, bitSize int) bool {
	least := 0x1p53
	if bitSize == 32 {
		least = 0x1p24
	}
	back, err := strconv.ParseFloat(text, bitSize)
	return err == nil && back == v && v == math.Trunc(v) && math.Abs(v) > least && math.Abs(v) < 0x1p63
}

var decimalForm = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?$`)

// FuzzParseDecimal compares with rationals.
func FuzzParseDecimal(f *testing.F) {
	for _, s := range []string{"1.005", "-0.5", "99.95", "1e3", "12345678901234567890123456789.5", ".5e-1", "+7.", "0.000000000000000000000000000000001", "x", "1e-9999"} {
		f.Add(s, uint8(38), uint8(10))
		f.Add(s, uint8(3), uint8(1))
	}
	f.Fuzz(func(t *testing.T, s string, p, sc uint8) {
		precision, scale := int32(p%38)+1, int32(sc)
		if scale > precision {
			scale = precision
		}
		got, ok := ParseDecimal(s, precision, scale)
		fast, okBytes := ParseDecimal([]byte(s), precision, scale)
		if ok != okBytes || got != fast {
			t.Errorf("%q: as string %v, as bytes %v", s, got, fast)
		}
		if !decimalForm.MatchString(s) {
			if ok && !strings.ContainsAny(s, "eE") { // longer exponents are fine
				t.Errorf("%q is %v", s, got)
			}
			return
		}
		r, valid := new(big.Rat).SetString(strings.TrimSuffix(s, "."))
		if !valid {
			return // "7.e1": big.Rat has its own grammar
		}
		r.Mul(r, new(big.Rat).SetInt(tenTo(int(scale))))
		half := big.NewRat(1, 2)
		if r.Sign() < 0 {
			half.Neg(half)
		}
		r.Add(r, half)
		want := new(big.Int).Quo(r.Num(), r.Denom())
		fits := new(big.Int).Abs(want).Cmp(tenTo(int(precision))) < 0
		if ok != fits || ok && got.BigInt().Cmp(want) != 0 {
			t.Errorf("%q as DECIMAL(%d,%d): %v %v, want %v %v", s, precision, scale, got.BigInt(), ok, want, fits)
		}
	})
}

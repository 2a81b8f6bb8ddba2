package function

import (
	"encoding/binary"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// doubles reads a double of every eight bytes, and makes some NULL.
func doubles(data []byte) (out []any) {
	for ; len(data) >= 8; data = data[8:] {
		v := math.Float64frombits(binary.LittleEndian.Uint64(data))
		switch data[0] % 8 {
		case 0:
			out = append(out, nil)
		case 1:
			out = append(out, math.Trunc(math.Mod(v, 4))) // equal ones are else too rare
		default:
			out = append(out, v)
		}
	}
	return out
}

// refCompare is Spark's order of doubles, written plainly: -1, 0 or 1.
func refCompare(a, b float64) int {
	switch {
	case math.IsNaN(a) && math.IsNaN(b):
		return 0
	case math.IsNaN(a):
		return 1
	case math.IsNaN(b):
		return -1
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// FuzzCompare compares the comparison kernels, columns and constants on either
// side, with refCompare row by row.
func FuzzCompare(f *testing.F) {
	seed := make([]byte, 0, 80)
	for _, v := range []float64{nan, 0, math.Copysign(0, -1), 1, inf, -inf, 2, 3, nan, 5} {
		seed = binary.LittleEndian.AppendUint64(seed, math.Float64bits(v))
	}
	f.Add(seed)
	f.Add([]byte{})
	ops := map[string]func(c int) bool{
		"=": func(c int) bool { return c == 0 }, "!=": func(c int) bool { return c != 0 },
		"<": func(c int) bool { return c < 0 }, "<=": func(c int) bool { return c <= 0 },
		">": func(c int) bool { return c > 0 }, ">=": func(c int) bool { return c >= 0 },
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		all := doubles(data)
		n := len(all) / 2
		x, y := all[:n], all[n:2*n]
		task := newTask(t)
		a, b := arrayOf(t, task.mem, tDouble, x...), arrayOf(t, task.mem, tDouble, y...)
		defer a.Release()
		defer b.Release()
		for op, holds := range ops {
			check := func(x, y []any, cols []arrow.Array, args ...catalog.Arg) {
				call := bindFn(t, op, args...)
				got, err := run(task, call, n, cols)
				if err != nil {
					t.Fatal(err)
				}
				defer got.Release()
				for i := range n {
					u, v := x[i%len(x)], y[i%len(y)]
					want := "NULL"
					if u != nil && v != nil {
						want = strconv.FormatBool(holds(refCompare(u.(float64), v.(float64))))
					}
					if g := show(got, i); g != want {
						t.Fatalf("row %d: %v %s %v is %s, want %s", i, u, op, v, g, want)
					}
				}
			}
			check(x, y, []arrow.Array{a, b}, argOf(tDouble), argOf(tDouble))
			if n > 1 {
				c := constArg(t, task.mem, tDouble, x[0])
				check(x[:1], y, []arrow.Array{c.Const, b}, c, argOf(tDouble))
				check(y, x[:1], []arrow.Array{b, c.Const}, argOf(tDouble), c)
			}
		}
	})
}

// javaDouble is what Double.parseDouble accepts, from its documentation.
var javaDouble = regexp.MustCompile(`^[+-]?((\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|0[xX]([0-9a-fA-F]+\.?|[0-9a-fA-F]*\.[0-9a-fA-F]+)[pP][+-]?\d+)[fFdD]?$`)

// FuzzCastStringDouble compares the cast of strings to DOUBLE with a grammar and
// strconv.
func FuzzCastStringDouble(f *testing.F) {
	for _, s := range []string{"1", "-0", " 1.5e3 ", "1d", "1f", "nan", "-inf", "Infinity", "1_000", ".", "0x1p3", "1e400", "123456789012345678", "5.", "+.5", "e5", "1e", "\t7\n", "1.7976931348623157E308d", "NaN"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return
		}
		got, ok := parseFloat([]byte(s), 64)
		trimmed := strings.TrimFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f })
		want, wantOK := 0.0, false
		switch low := strings.ToLower(trimmed); {
		case low == "nan" || trimmed == "+NaN" || trimmed == "-NaN":
			want, wantOK = math.NaN(), true
		case low == "inf", low == "+inf", low == "infinity", low == "+infinity":
			want, wantOK = math.Inf(1), true
		case low == "-inf", low == "-infinity":
			want, wantOK = math.Inf(-1), true
		case javaDouble.MatchString(trimmed):
			number := trimmed
			if c := low[len(low)-1]; c == 'd' || c == 'f' {
				number = trimmed[:len(trimmed)-1]
			}
			want, _ = strconv.ParseFloat(number, 64)
			wantOK = true
		}
		if ok != wantOK || ok && math.Float64bits(got) != math.Float64bits(want) && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("%q: got %v, %v; want %v, %v", s, got, ok, want, wantOK)
		}
	})
}

// FuzzCastStringInt compares the cast of strings to integers with big numbers.
func FuzzCastStringInt(f *testing.F) {
	for _, s := range []string{"1", "-128", "127", "128", "1.9", "1.", ".5", "", "+", "-", "--1", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1.x", " 7 ", "00012"} {
		f.Add(s)
	}
	form := regexp.MustCompile(`^[+-]?(\d+(\.\d*)?|\.\d*)$`)
	f.Fuzz(func(t *testing.T, s string) {
		trimmed := strings.TrimFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f })
		if !utf8.ValidString(s) {
			return
		}
		for _, bits := range []uint{8, 64} {
			whole, _, _ := strings.Cut(strings.TrimPrefix(trimmed, "+"), ".")
			if whole == "" || whole == "-" {
				whole += "0"
			}
			v, parsed := new(big.Int).SetString(whole, 10)
			limit := new(big.Int).Lsh(big.NewInt(1), bits-1)
			fits := parsed && v.Cmp(limit) < 0 && new(big.Int).Neg(v).Cmp(limit) <= 0
			wantOK := form.MatchString(trimmed) && fits
			var got int64
			var ok bool
			if bits == 8 {
				var g int8
				g, ok = parseInteger[int8]([]byte(s))
				got = int64(g)
			} else {
				got, ok = parseInteger[int64]([]byte(s))
			}
			if ok != wantOK || ok && got != v.Int64() {
				t.Errorf("%q to %d bits: got %d, %v; want %v, %v", s, bits, got, ok, v, wantOK)
			}
		}
	})
}

// FuzzLike compares LIKE with the regular expression it stands for.
func FuzzLike(f *testing.F) {
	f.Add("abc", "a%")
	f.Add("abc", "%b%")
	f.Add("aXbXc", "a%X_")
	f.Add("", "%")
	f.Add("a%c", `a\%c`)
	f.Add("日本語", "_本%")
	f.Fuzz(func(t *testing.T, s, pattern string) {
		if !utf8.ValidString(s) || !utf8.ValidString(pattern) || strings.ContainsRune(pattern, utf8.RuneError) || strings.ContainsRune(s, utf8.RuneError) {
			return
		}
		p, err := compileLike([]byte(pattern), '\\')
		if err != nil {
			return
		}
		var re strings.Builder
		re.WriteString(`(?s)\A`)
		escaped := false
		for _, c := range pattern {
			switch {
			case escaped:
				re.WriteString(regexp.QuoteMeta(string(c)))
				escaped = false
			case c == '\\':
				escaped = true
			case c == '%':
				re.WriteString(".*")
			case c == '_':
				re.WriteString(".")
			default:
				re.WriteString(regexp.QuoteMeta(string(c)))
			}
		}
		want := regexp.MustCompile(re.String() + `\z`).MatchString(s)
		if got := p.match([]byte(s)); got != want {
			t.Errorf("%q LIKE %q is %v, want %v", s, pattern, got, want)
		}
	})
}

// FuzzDecimal compares decimal arithmetic with exact fractions.
func FuzzDecimal(f *testing.F) {
	f.Add(int64(15), int64(4), uint8(1), uint8(2), uint8(0))
	f.Add(int64(math.MaxInt64), int64(-3), uint8(18), uint8(0), uint8(3))
	f.Add(int64(-1), int64(0), uint8(0), uint8(18), uint8(3))
	ops := []string{"+", "-", "*", "/", "%"}
	f.Fuzz(func(t *testing.T, x, y int64, s1, s2, op uint8) {
		a, b := decimalType(19, int32(s1%19)), decimalType(19, int32(s2%19))
		name := ops[int(op)%len(ops)]
		dt, k := decimalArithmetic(name, a, b)
		task := newTask(t)
		one := func(dt *arrow.Decimal128Type, v int64) arrow.Array {
			c := newColumn[dec](task.mem, 1)
			c.v[0] = decFromInt(v)
			return c.array(dt)
		}
		u, v := one(a, x), one(b, y)
		defer u.Release()
		defer v.Release()
		out, err := k(task, 1, []arrow.Array{u, v})
		if err != nil {
			t.Fatal(err)
		}
		defer out.Release()
		p := new(big.Rat).SetFrac(big.NewInt(x), bigPow10(int(a.Scale)))
		q := new(big.Rat).SetFrac(big.NewInt(y), bigPow10(int(b.Scale)))
		r := new(big.Rat)
		switch name {
		case "+":
			r.Add(p, q)
		case "-":
			r.Sub(p, q)
		case "*":
			r.Mul(p, q)
		default:
			if y == 0 {
				if !out.IsNull(0) {
					t.Errorf("%d %s 0 is %s", x, name, show(out, 0))
				}
				return
			}
			r.Quo(p, q)
			if name == "%" {
				whole := new(big.Int).Quo(r.Num(), r.Denom())
				r.Sub(p, new(big.Rat).Mul(q, new(big.Rat).SetInt(whole)))
			}
		}
		want := roundHalfUp(r, int(dt.(*arrow.Decimal128Type).Scale))
		if fits := want.CmpAbs(bigPow10(int(dt.(*arrow.Decimal128Type).Precision))) < 0; fits == out.IsNull(0) {
			t.Errorf("%s %s %s: NULL is %v", p, name, q, out.IsNull(0))
		} else if fits && raw[dec](out)[0].BigInt().Cmp(want) != 0 {
			t.Errorf("%s %s %s is %s, want %s of scale %d", p, name, q, show(out, 0), want, dt.(*arrow.Decimal128Type).Scale)
		}
	})
}

// roundHalfUp is r * 10^scale rounded half away from zero: floor(|r| + 1/2).
func roundHalfUp(r *big.Rat, scale int) *big.Int {
	v := new(big.Rat).Mul(r, new(big.Rat).SetInt(bigPow10(scale)))
	neg := v.Sign() < 0
	v.Abs(v).Add(v, big.NewRat(1, 2))
	q := new(big.Int).Quo(v.Num(), v.Denom())
	if neg {
		q.Neg(q)
	}
	return q
}

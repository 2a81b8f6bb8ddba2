package function

import (
	"math/big"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/decimal128"

	"github.com/millrace-sql/millrace/catalog"
)

// decimalArithmetic gives the result type of an operation on decimals, and its
// kernel.
func decimalArithmetic(op string, a, b *arrow.Decimal128Type) (arrow.DataType, kernel) {
	p1, s1, p2, s2 := a.Precision, a.Scale, b.Precision, b.Scale
	var out *arrow.Decimal128Type
	switch op {
	case "+", "-":
		s := max(s1, s2)
		out = adjustedDecimal(max(p1-s1, p2-s2)+s+1, s)
		return out, decimalLoop(out, addDecimals(a, b, out, op == "-"))
	case "*":
		out = adjustedDecimal(p1+p2+1, s1+s2)
		return out, decimalLoop(out, func(x, y dec) (dec, bool) { return mulDecimals(x, y, s1+s2, out) })
	case "/":
		s := max(6, s1+p2+1)
		out = adjustedDecimal(p1-s1+s2+s, s)
		return out, decimalLoop(out, func(x, y dec) (dec, bool) { return divDecimals(x, y, s1, s2, out) })
	case "div":
		return tLong, func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			return intDivide(t, n, args, s1, s2), nil
		}
	}
	s := max(s1, s2)
	out = adjustedDecimal(min(p1-s1, p2-s2)+s, s)
	return out, decimalLoop(out, func(x, y dec) (dec, bool) { return modDecimals(x, y, s1, s2, out, op == "pmod") })
}

func decimalLoop(dt *arrow.Decimal128Type, f func(a, b dec) (dec, bool)) kernel {
	return checkedKernel(dt, f)
}

func addDecimals(a, b, out *arrow.Decimal128Type, minus bool) func(x, y dec) (dec, bool) {
	s := max(a.Scale, b.Scale)
	return func(x, y dec) (dec, bool) {
		if minus {
			y = y.Negate()
		}
		u, ok1 := rescale(x, a.Scale, s, maxPrecision)
		v, ok2 := rescale(y, b.Scale, s, maxPrecision)
		if ok1 && ok2 {
			if sum := u.Add(v); s == out.Scale {
				return sum, fits(sum, out.Precision)
			}
		}
		sum := new(big.Int).Add(scaleUp(x, s-a.Scale), scaleUp(y, s-b.Scale))
		return roundBig(sum, s, out)
	}
}

func scaleUp(d dec, by int32) *big.Int {
	v := d.BigInt()
	if by > 0 {
		v.Mul(v, bigPow10(int(by)))
	}
	return v
}

// roundBig brings v of scale s to the type out, rounding half up.
func roundBig(v *big.Int, s int32, out *arrow.Decimal128Type) (dec, bool) {
	switch {
	case s > out.Scale:
		v = bigDivRound(v, bigPow10(int(s-out.Scale)))
	case s < out.Scale:
		v = new(big.Int).Mul(v, bigPow10(int(out.Scale-s)))
	}
	return decFromBig(v, out.Precision)
}

func mulDecimals(x, y dec, s int32, out *arrow.Decimal128Type) (dec, bool) {
	u, ok1 := small(x)
	v, ok2 := small(y)
	if ok1 && ok2 && s == out.Scale {
		d := decimal128.New(mul64(u, v))
		return d, fits(d, out.Precision)
	}
	return roundBig(new(big.Int).Mul(x.BigInt(), y.BigInt()), s, out)
}

func divDecimals(x, y dec, s1, s2 int32, out *arrow.Decimal128Type) (dec, bool) {
	if y == (dec{}) {
		return dec{}, false
	}
	// x/10^s1 / (y/10^s2), at the scale of the result.
	num, den := x.BigInt(), y.BigInt()
	if up := out.Scale + s2 - s1; up >= 0 {
		num.Mul(num, bigPow10(int(up)))
	} else {
		den.Mul(den, bigPow10(int(-up)))
	}
	return decFromBig(bigDivRound(num, den), out.Precision)
}

func modDecimals(x, y dec, s1, s2 int32, out *arrow.Decimal128Type, positive bool) (dec, bool) {
	if y == (dec{}) {
		return dec{}, false
	}
	s := max(s1, s2)
	u, v := scaleUp(x, s-s1), scaleUp(y, s-s2)
	r := new(big.Int).Rem(u, v)
	if positive && r.Sign() < 0 {
		r.Add(r, v).Rem(r, v)
	}
	return roundBig(r, s, out)
}

func intDivide(t catalog.Task, n int, args []arrow.Array, s1, s2 int32) arrow.Array {
	out := newColumn[int64](t.Allocator(), n)
	x, y := raw[dec](args[0]), raw[dec](args[1])
	sx, sy := step(args[0]), step(args[1])
	s := max(s1, s2)
	for i := range n {
		a, b := x[i*sx], y[i*sy]
		if b == (dec{}) {
			out.setNull(i)
			continue
		}
		q := new(big.Int).Quo(scaleUp(a, s-s1), scaleUp(b, s-s2))
		out.v[i] = int64(new(big.Int).And(q, maxUint64).Uint64())
	}
	return out.array(tLong)
}

var maxUint64 = new(big.Int).SetUint64(1<<64 - 1)

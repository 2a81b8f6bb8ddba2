package function

import (
	"math"
	"math/big"
	mathbits "math/bits"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/decimal128"
)

type dec = decimal128.Num

// powers of ten as 128-bit numbers, up to 10^38.
var pow10 = func() (p [maxPrecision + 1]dec) {
	v := big.NewInt(1)
	for i := range p {
		p[i] = decimal128.FromBigInt(v)
		v.Mul(v, big.NewInt(10))
	}
	return p
}()

func bigPow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

// boundedDecimal is the type of a total of precision p and scale s: it keeps the
// scale and lets digits before the point overflow (DecimalType.bounded).
func boundedDecimal(p, s int32) *arrow.Decimal128Type {
	return decimalType(min(p, maxPrecision), min(s, maxPrecision))
}

// adjustedDecimal is the type of an operation's result of precision p and scale
// s, which give up fraction digits when they do not fit
// (DecimalType.adjustPrecisionScale).
func adjustedDecimal(p, s int32) *arrow.Decimal128Type {
	if p <= maxPrecision {
		return decimalType(p, s)
	}
	if s < 0 {
		return decimalType(maxPrecision, s)
	}
	digits := p - s
	least := min(s, 6)
	return decimalType(maxPrecision, max(maxPrecision-digits, least))
}

// small says that a decimal is in the range of int64, and its value.
func small(d dec) (int64, bool) {
	lo, hi := d.LowBits(), d.HighBits()
	return int64(lo), hi == int64(lo)>>63
}

// fits says whether |d| < 10^p.
func fits(d dec, p int32) bool {
	if p >= maxPrecision {
		p = maxPrecision
	}
	return d.Abs().Cmp(pow10[p]) < 0 && !(d.HighBits() == math.MinInt64 && d.LowBits() == 0)
}

// rescale brings a decimal from one scale to another, rounding half up (away from
// zero); false when the result has more than p digits.
func rescale(d dec, from, to, p int32) (dec, bool) {
	switch {
	case from == to:
	case from < to:
		if v, ok := small(d); ok && to-from <= 18 {
			hi, lo := mul64(v, int64pow10(to-from))
			d = decimal128.New(hi, lo)
			break
		}
		if to-from > maxPrecision {
			return dec{}, d.Sign() == 0 || d == dec{}
		}
		return decFromBig(new(big.Int).Mul(d.BigInt(), bigPow10(int(to-from))), p)
	default:
		d = divRound(d, from-to)
	}
	return d, fits(d, p)
}

// mul64 is the signed 128-bit product.
func mul64(a, b int64) (hi int64, lo uint64) {
	h, l := mathbits.Mul64(uint64(a), uint64(b))
	if a < 0 {
		h -= uint64(b)
	}
	if b < 0 {
		h -= uint64(a)
	}
	return int64(h), l
}

func int64pow10(n int32) int64 {
	v := int64(1)
	for range n {
		v *= 10
	}
	return v
}

// divRound divides by 10^n, rounding half away from zero.
func divRound(d dec, n int32) dec {
	if v, ok := small(d); ok && n <= 18 {
		p := int64pow10(n)
		q, r := v/p, v%p
		if r < 0 {
			r = -r
		}
		if r >= p-r {
			if v < 0 {
				q--
			} else {
				q++
			}
		}
		return decimal128.FromI64(q)
	}
	out, _ := decFromBig(bigDivRound(d.BigInt(), bigPow10(int(n))), maxPrecision)
	return out
}

// bigDivRound is a/b rounded half away from zero.
func bigDivRound(a, b *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(a, b, new(big.Int))
	r.Abs(r).Lsh(r, 1)
	if r.CmpAbs(b) >= 0 {
		if (a.Sign() < 0) != (b.Sign() < 0) {
			q.Sub(q, big.NewInt(1))
		} else {
			q.Add(q, big.NewInt(1))
		}
	}
	return q
}

// decFromBig is false when v has more than p digits.
func decFromBig(v *big.Int, p int32) (dec, bool) {
	if v.CmpAbs(bigPow10(int(min(p, maxPrecision)))) >= 0 {
		return dec{}, false
	}
	return decimal128.FromBigInt(v), true
}

// decToFloat is the double nearest to d / 10^s.
func decToFloat(d dec, s int32) float64 {
	if v, ok := small(d); ok && v > -(1<<53) && v < 1<<53 && s <= 22 && s >= 0 {
		return float64(v) / math.Pow10(int(s))
	}
	r := new(big.Rat).SetFrac(d.BigInt(), bigPow10(int(s)))
	f, _ := r.Float64()
	return f
}

// decTruncate is the integer part of d / 10^s.
func decTruncate(d dec, s int32) *big.Int {
	return new(big.Int).Quo(d.BigInt(), bigPow10(int(s)))
}

// decToInt64 is the integer part, its low 64 bits.
func decToInt64(d dec, s int32) int64 {
	if v, ok := small(d); ok && s <= 18 {
		return v / int64pow10(s)
	}
	q := decTruncate(d, s)
	n := decimal128.FromBigInt(q)
	return int64(n.LowBits())
}

func decFromInt(v int64) dec { return decimal128.FromI64(v) }

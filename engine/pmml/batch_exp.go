package pmml

import (
	"math"
	"math/big"
)

// The exponential function for columns: exp(x) = 2^(k/64) * exp(r) with k the nearest integer to x*64/ln 2, the power
// from a table and a short series for the rest, |r| < 0.0055. It is nearly always the nearest number.
const (
	expSteps = 64
	expLimit = 700 // beyond it math.Exp has overflow, tiny numbers and NaN
)

// ln 2 / 64 in two parts, the first with few enough bits that multiples of it are exact.
const (
	expHigh = 0x1.62e42fep-7
	expLow  = math.Ln2/expSteps - expHigh
)

// expTable holds 2^(i/64): the nearest number and what it lacks.
var expTable = func() (t [expSteps][2]float64) {
	const precision = 160
	root := big.NewFloat(2).SetPrec(precision)
	for n := expSteps; n > 1; n /= 2 {
		root.Sqrt(root)
	}
	x, rest := big.NewFloat(1).SetPrec(precision), new(big.Float)
	for i := range t {
		t[i][0], _ = x.Float64()
		t[i][1], _ = rest.Sub(x, big.NewFloat(t[i][0])).Float64()
		x.Mul(x, root)
	}
	return t
}()

// exp is math.Exp within the last bits. Both evaluators use it where links and activations do, so that they agree.
func exp(x float64) float64 {
	if !(x > -expLimit && x < expLimit) {
		return math.Exp(x)
	}
	const toEven = 3 << 51 // adding it leaves the nearest integer in the low bits
	k := x*(expSteps/math.Ln2) + toEven
	n := int64(math.Float64bits(k)) - int64(math.Float64bits(toEven))
	k -= toEven
	r := (x - k*expHigh) - k*expLow
	p := r + r*r*(1.0/2+r*(1.0/6+r*(1.0/24+r*(1.0/120))))
	e := &expTable[n&(expSteps-1)]
	y := e[0] + (e[1] + e[0]*p)
	return math.Float64frombits(math.Float64bits(y) + uint64(n>>6)<<52)
}

// logisticColumn is 1 / (1 + exp(-y)) for each number.
func logisticColumn(ys []float64) {
	for i, y := range ys {
		ys[i] = 1 / (1 + exp(-y))
	}
}

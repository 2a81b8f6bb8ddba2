package onnx

import "math"

// The functions here are of doubles and good to a few parts in 10^10, for results that are rounded to float: a third of
// the time of package math's.

// exponential is e to the power of x.
func exponential(x float64) float64 {
	if !(x > -700 && x < 700) {
		return math.Exp(x)
	}
	const (
		log2e = 1 / math.Ln2
		round = 3 << 51 // is added to round to a whole number, which then are the low bits
	)
	t := x*log2e + round
	k := t - round
	r := x - k*math.Ln2
	p := 1 + r*(1+r*(1./2+r*(1./6+r*(1./24+r*(1./120+r*(1./720+r*(1./5040+r*(1./40320))))))))
	return p * math.Float64frombits((math.Float64bits(t)+1023)<<52)
}

// tangent is the hyperbolic tangent of x.
func tangent(x float64) float64 {
	if a := math.Abs(x); a < 0.25 {
		y := x * x
		return x * (1 - y*(1./3-y*(2./15-y*(17./315-y*(62./2835-y*(1382./155925))))))
	} else if a > 20 {
		return math.Copysign(1, x)
	}
	return 1 - 2/(exponential(2*x)+1)
}

func sigmoidFloats(d, s []float32) {
	for i, x := range s {
		d[i] = float32(1 / (1 + exponential(-float64(x))))
	}
}

func tanhFloats(d, s []float32) {
	for i, x := range s {
		d[i] = float32(tangent(float64(x)))
	}
}

func expFloats(d, s []float32) {
	for i, x := range s {
		d[i] = float32(exponential(float64(x)))
	}
}

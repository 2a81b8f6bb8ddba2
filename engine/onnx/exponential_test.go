package onnx

import (
	"math"
	"testing"
)

// TestExponential compares with package math over all that floats can be.
func TestExponential(t *testing.T) {
	worstExp, worstTanh := 0.0, 0.0
	for bits := uint64(0); bits < 1<<32; bits += 4093 {
		x := float64(math.Float32frombits(uint32(bits)))
		worstExp = max(worstExp, apart(t, x, exponential(x), math.Exp(x)))
		worstTanh = max(worstTanh, apart(t, x, tangent(x), math.Tanh(x)))
	}
	if worstExp > 1e-9 || worstTanh > 1e-8 {
		t.Errorf("exponential is up to %g off, tangent %g", worstExp, worstTanh)
	}
	for _, x := range []float64{0, math.Copysign(0, -1), 1e-30, -1e-30, 0.25, -0.25, math.Inf(1), math.Inf(-1), math.NaN(), 700, -700, 1e300} {
		apart(t, x, exponential(x), math.Exp(x))
		if got, want := tangent(x), math.Tanh(x); math.Signbit(got) != math.Signbit(want) {
			t.Errorf("tangent(%g) is %g, expected %g", x, got, want)
		}
	}
}

// apart is how far a result is from the right one, as a part of it.
func apart(t *testing.T, x, got, want float64) float64 {
	t.Helper()
	if got == want || got != got && want != want {
		return 0
	}
	d := math.Abs(got-want) / math.Abs(want)
	if !(d < 1e-6) {
		t.Errorf("of %g: %g, expected %g", x, got, want)
	}
	return d
}

func BenchmarkTanh(b *testing.B) {
	d, s := make([]float32, 4096), make([]float32, 4096)
	for i := range s {
		s[i] = float32(i-2048) / 512
	}
	for b.Loop() {
		tanhFloats(d, s)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/4096, "ns/element")
}

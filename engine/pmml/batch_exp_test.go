package pmml

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestExp holds exp to math.Exp, which is itself off by a few last bits.
func TestExp(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	xs := []float64{0, math.Copysign(0, -1), 1, -1, 1e-300, -1e-17, 699.99, -699.99, 700, -700, 709.7, 710, -745, -746, math.Inf(1), math.Inf(-1), math.NaN(), math.MaxFloat64}
	for range 200_000 {
		xs = append(xs, rng.NormFloat64()*math.Exp(rng.Float64()*12-6))
	}
	for k := range 2000 { // the places where the table's index changes
		x := (float64(k-1000) + 0.5) * math.Ln2 / expSteps
		xs = append(xs, x, math.Nextafter(x, 1000), math.Nextafter(x, -1000))
	}
	worst := 0.0
	for _, x := range xs {
		got, want := exp(x), math.Exp(x)
		if got == want || math.IsNaN(got) && math.IsNaN(want) {
			continue
		}
		d := math.Abs(got-want) / want
		if worst = max(worst, d); !(d <= 5e-16) {
			t.Fatalf("exp(%v) = %v, want %v: %g", x, got, want, d)
		}
	}
	t.Logf("greatest relative difference: %g", worst)
}

func BenchmarkExp(b *testing.B) {
	xs := make([]float64, tileRows)
	for b.Loop() {
		for i := range xs {
			xs[i] = float64(i-128) / 10
		}
		logisticColumn(xs)
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e9/float64(b.N)/tileRows, "ns/number")
}

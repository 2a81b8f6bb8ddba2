package pmml

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestRanker holds encode to counting, for thresholds of many shapes and numbers on and beside them.
func TestRanker(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	shapes := map[string]func() float64{
		"normal":    rng.NormFloat64,
		"grid":      func() float64 { return float64(rng.IntN(40)) / 20 },
		"integers":  func() float64 { return float64(rng.IntN(5000)) },
		"wide":      func() float64 { return math.Ldexp(rng.NormFloat64(), rng.IntN(2000)-1000) },
		"clustered": func() float64 { return 1 + rng.Float64()*1e-12*float64(rng.IntN(2)) + float64(rng.IntN(9)/8) },
		"ends": func() float64 {
			return []float64{math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), math.MaxFloat64, -5e-324, 1}[rng.IntN(7)]
		},
	}
	for name, draw := range shapes {
		for _, n := range []int{0, 1, 3, 4, 5, 8, 9, 17, 100, 1300, 9000} {
			f := feature{}
			for range n {
				f.cut(draw())
			}
			r := newRanker(f.cuts)
			xs := []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), math.Float64frombits(1<<64 - 1), math.MaxFloat64, -math.MaxFloat64, 1e18, -1e18}
			for range 400 {
				x := draw()
				if len(f.cuts) > 0 && rng.IntN(3) > 0 {
					x = f.cuts[rng.IntN(len(f.cuts))]
				}
				xs = append(xs, x, math.Nextafter(x, math.Inf(1)), math.Nextafter(x, math.Inf(-1)))
			}
			codes := make([]uint16, len(xs))
			r.encode(xs, codes)
			for i, x := range xs {
				want := 0
				for _, c := range f.cuts {
					if x > c || x != x {
						want++
					}
				}
				if int(codes[i]) != want {
					t.Fatalf("%s, %d thresholds: %v has the code %d, want %d", name, len(f.cuts), x, codes[i], want)
				}
			}
		}
	}
}

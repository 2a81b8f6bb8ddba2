package sparkml

import (
	"fmt"
	"math"
)

// mapper is a stage that makes a vector of each vector.
type mapper struct {
	in, out int
	kind    string
	name    string
	dim     int // features wanted, 0: any
	size    func(dim int) int
	apply   func(t *tile, in, out []float64, dim int)
}

// mapVectors adds a stage that makes vectors of size(dim) features of those of dim.
func (b *builder) mapVectors(dim int, size func(int) int, apply func(t *tile, in, out []float64, dim int)) error {
	in, out, err := b.inputOutput()
	if err != nil {
		return err
	}
	s := &mapper{kind: b.md.kind(), name: in, dim: dim, size: size, apply: apply}
	if s.in, err = b.vector(in, dim); err != nil {
		return err
	}
	if dim = b.slots[s.in].dim; dim > 0 {
		dim = size(dim)
	}
	if s.out, err = b.create(slot{name: out, kind: vector, dim: dim}); err != nil {
		return err
	}
	b.add(s)
	return nil
}

func same(dim int) int { return dim }

func (s *mapper) run(t *tile) error {
	in := &t.cols[s.in]
	if s.dim != 0 && in.dim != s.dim {
		return fmt.Errorf("%s(%s): the vectors have %d features, expected %d", s.kind, s.name, in.dim, s.dim)
	}
	t.dropNulls(in, s.kind, s.name, "the vector is NULL")
	x, err := t.dense(in)
	if err != nil {
		return fmt.Errorf("%s(%s): %w", s.kind, s.name, err)
	}
	size := s.size(in.dim)
	if size > maxBlock {
		return fmt.Errorf("%s(%s): vectors of %d features are more than the %d that are supported", s.kind, s.name, size, maxBlock)
	}
	out := t.vectors(s.out, size)
	t.cols[s.out].valid = in.valid
	s.apply(t, x, out, in.dim)
	return nil
}

// features applies f to each feature's column.
func features(f func(j int, in, out []float64)) func(t *tile, in, out []float64, dim int) {
	return func(t *tile, in, out []float64, dim int) {
		for j := range dim {
			f(j, in[j*tileRows:j*tileRows+t.n], out[j*tileRows:j*tileRows+t.n])
		}
	}
}

func readMinMax(b *builder) error {
	t, err := b.data()
	if err != nil {
		return err
	}
	low, err := t.vector("originalMin")
	if err != nil {
		return err
	}
	high, err := t.vector("originalMax")
	if err != nil {
		return err
	}
	if len(low) != len(high) {
		return fmt.Errorf("originalMin and originalMax differ in length")
	}
	lo, err := b.md.number("min", 0)
	if err != nil {
		return err
	}
	hi, err := b.md.number("max", 1)
	if err != nil {
		return err
	}
	return b.mapVectors(len(low), same, features(func(j int, in, out []float64) {
		width := high[j] - low[j]
		if width == 0 {
			for i := range out {
				out[i] = (hi + lo) / 2
			}
			return
		}
		scale := (hi - lo) / width
		for i, v := range in {
			out[i] = (v-low[j])*scale + lo
		}
	}))
}

func readStandardScaler(b *builder) error {
	t, err := b.data()
	if err != nil {
		return err
	}
	std, err := t.vector("std")
	if err != nil {
		return err
	}
	mean, err := t.vector("mean")
	if err != nil {
		return err
	}
	withStd, err := b.md.flag("withStd", true)
	if err != nil {
		return err
	}
	withMean, err := b.md.flag("withMean", false)
	if err != nil {
		return err
	}
	if len(std) != len(mean) {
		return fmt.Errorf("std and mean differ in length")
	}
	shift, scale := make([]float64, len(std)), make([]float64, len(std))
	for j := range scale {
		scale[j] = 1
		if withStd {
			if scale[j] = 0; std[j] != 0 {
				scale[j] = 1 / std[j]
			}
		}
		if withMean {
			shift[j] = mean[j]
		}
	}
	return b.mapVectors(len(std), same, features(func(j int, in, out []float64) {
		for i, v := range in {
			out[i] = (v - shift[j]) * scale[j]
		}
	}))
}

func readMaxAbs(b *builder) error {
	t, err := b.data()
	if err != nil {
		return err
	}
	most, err := t.vector("maxAbs")
	if err != nil {
		return err
	}
	return b.mapVectors(len(most), same, features(func(j int, in, out []float64) {
		scale := 1.0
		if most[j] != 0 {
			scale = 1 / most[j]
		}
		for i, v := range in {
			out[i] = v * scale
		}
	}))
}

func readNormalizer(b *builder) error {
	p, err := b.md.number("p", 2)
	if err != nil {
		return err
	}
	if !(p >= 1) {
		return fmt.Errorf("p is %v, expected at least 1", p)
	}
	return b.mapVectors(0, same, func(t *tile, in, out []float64, dim int) {
		for i := range t.n {
			n := norm(in, i, dim, p)
			for j := range dim {
				v := in[j*tileRows+i]
				if n != 0 {
					v /= n
				}
				out[j*tileRows+i] = v
			}
		}
	})
}

// norm is the p-norm of a row.
func norm(x []float64, row, dim int, p float64) float64 {
	sum := 0.0
	for j := range dim {
		v := math.Abs(x[j*tileRows+row])
		switch {
		case p == 1:
			sum += v
		case p == 2:
			sum += v * v
		case math.IsInf(p, 1):
			if v > sum {
				sum = v
			}
		default:
			sum += math.Pow(v, p)
		}
	}
	switch {
	case p == 2:
		return math.Sqrt(sum)
	case p == 1 || math.IsInf(p, 1):
		return sum
	}
	return math.Pow(sum, 1/p)
}

func readPCA(b *builder) error {
	t, err := b.data()
	if err != nil {
		return err
	}
	pc, err := t.matrix("pc")
	if err != nil {
		return err
	}
	if len(pc) == 0 || len(pc[0]) == 0 {
		return fmt.Errorf("it has no components")
	}
	k := len(pc[0])
	return b.mapVectors(len(pc), func(int) int { return k }, func(t *tile, in, out []float64, dim int) {
		for c := range k {
			sums := out[c*tileRows : c*tileRows+t.n]
			clear(sums)
			for j := range dim {
				w := pc[j][c]
				for i, v := range in[j*tileRows : j*tileRows+len(sums)] {
					sums[i] += w * v
				}
			}
		}
	})
}

func readPolynomial(b *builder) error {
	d, err := b.md.number("degree", 2)
	if err != nil {
		return err
	}
	degree := int(d)
	if degree < 1 || degree > 64 {
		return fmt.Errorf("the degree is %v, expected 1 to 64", d)
	}
	return b.mapVectors(0, func(dim int) int { return polySize(dim, degree) - 1 }, func(t *tile, in, out []float64, dim int) {
		all := grow(&t.block, (dim+1)*tileRows)
		one := all[dim*tileRows : dim*tileRows+t.n]
		for i := range one {
			one[i] = 1
		}
		(&expansion{t, in, out, all}).expand(dim-1, degree, one, -1)
	})
}

// polySize is the number of monomials of n features up to a degree, with the constant; at most maxBlock+2.
func polySize(n, degree int) int {
	size := 1
	for i := 1; i <= degree; i++ {
		if size = size * (n + i) / i; size > maxBlock {
			return maxBlock + 2
		}
	}
	return size
}

// expansion writes monomials in Spark's order.
type expansion struct {
	t       *tile
	in, out []float64
	alphas  []float64 // a column for each feature: its power times the monomial so far
}

// expand writes the monomials of features 0 to last times m from place at on, and gives the place after them.
func (e *expansion) expand(last, degree int, m []float64, at int) int {
	if degree == 0 || last < 0 {
		if at >= 0 {
			copy(e.out[at*tileRows:], m)
		}
		return at + 1
	}
	v := e.in[last*tileRows : last*tileRows+e.t.n]
	alpha := e.alphas[last*tileRows : last*tileRows+e.t.n]
	copy(alpha, m)
	for i := 0; i <= degree; i++ {
		at = e.expand(last-1, degree-i, alpha, at)
		for r, a := range alpha {
			if a != 0 {
				alpha[r] = a * v[r]
			}
		}
	}
	return at
}

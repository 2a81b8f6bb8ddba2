package sparkml

import (
	"fmt"
	"math"
)

// bayes is NaiveBayes beside its linear part: multinomial and complement refuse negative features, bernoulli all but
// 0 and 1.
type bayes struct {
	*linear
	kind string
	name string
	// gaussian
	theta, sigma [][]float64
	prior        []float64 // with the logarithms of the variances
}

func readBayes(b *builder) error {
	t, err := b.data()
	if err != nil {
		return err
	}
	pi, err := t.vector("pi")
	if err != nil {
		return err
	}
	theta, err := t.matrix("theta")
	if err != nil {
		return err
	}
	if len(theta) != len(pi) || len(pi) == 0 {
		return fmt.Errorf("it has %d classes, but %d rows of numbers", len(pi), len(theta))
	}
	s := &bayes{}
	if s.kind, err = b.md.text("modelType", "multinomial"); err != nil {
		return err
	}
	if s.name, err = b.md.text("featuresCol", "features"); err != nil {
		return err
	}
	switch s.kind {
	case "multinomial":
		s.linear, err = newLinear(theta, pi)
	case "complement":
		s.linear, err = newLinear(theta, make([]float64, len(pi)))
	case "bernoulli":
		s.linear, err = bernoulli(theta, pi)
	case "gaussian":
		s.linear = &linear{byFeat: make([][]float64, len(theta[0]))}
		s.theta, s.prior = theta, pi
		if s.sigma, err = t.matrix("sigma"); err != nil {
			return err
		}
		if len(s.sigma) != len(theta) || len(s.sigma[0]) != len(theta[0]) {
			return fmt.Errorf("theta and sigma differ in size")
		}
		for c, row := range s.sigma {
			sum := 0.0
			for _, v := range row {
				sum += math.Log(v)
			}
			s.prior[c] -= sum / 2
		}
	default:
		return fmt.Errorf("the modelType %q is not supported, expected multinomial, bernoulli, gaussian or complement", s.kind)
	}
	if err != nil {
		return err
	}
	return b.classify(&classifier{k: len(pi), dim: s.dim(), score: s, toProb: logShares})
}

// bernoulli makes the weights of features that are there or not.
func bernoulli(theta [][]float64, pi []float64) (*linear, error) {
	w, b := make([][]float64, len(theta)), make([]float64, len(pi))
	for c, row := range theta {
		b[c] = pi[c]
		w[c] = make([]float64, len(row))
		for j, v := range row {
			not := math.Log1p(-math.Exp(v))
			w[c][j] = v - not
			b[c] += not
		}
	}
	return newLinear(w, b)
}

// logShares makes logarithms of likelihoods probabilities.
func logShares(x []float64, k, n int) {
	for i := range n {
		most := x[i]
		for c := 1; c < k; c++ {
			most = math.Max(most, x[c*tileRows+i])
		}
		sum := 0.0
		for c := range k {
			e := math.Exp(x[c*tileRows+i] - most)
			x[c*tileRows+i] = e
			sum += e
		}
		for c := range k {
			x[c*tileRows+i] /= sum
		}
	}
}

func (s *bayes) score(t *tile, in *column, out []float64) error {
	if s.kind == "gaussian" {
		return s.gaussian(t, in, out)
	}
	s.check(t, in)
	if err := s.linear.score(t, in, out); err != nil || s.kind != "complement" {
		return err
	}
	k := len(s.w)
	for i := range t.n {
		most := out[i]
		for c := 1; c < k; c++ {
			most = max(most, out[c*tileRows+i])
		}
		sum := 0.0
		for c := range k {
			sum += math.Exp(out[c*tileRows+i] - most)
		}
		log := math.Log(sum) + most
		for c := range k {
			out[c*tileRows+i] -= log
		}
	}
	return nil
}

// fits reports whether a feature may have a value.
func (s *bayes) fits(v float64) bool {
	if s.kind == "bernoulli" {
		return v == 0 || v == 1
	}
	return v >= 0
}

// check gives up the rows whose features do not fit.
func (s *bayes) check(t *tile, in *column) {
	want := "Naive Bayes requires nonnegative feature values"
	if s.kind == "bernoulli" {
		want = "Bernoulli naive Bayes requires 0 or 1 feature values"
	}
	refuse := func(v float64, row, j int) {
		t.drop(row, fmt.Errorf("NaiveBayes(%s): feature %d: %s but found %s", s.name, j, want, javaDouble(v)))
	}
	if in.sparse {
		for i := range t.n {
			for k := in.ptr[i]; k < in.ptr[i+1]; k++ {
				if v := in.val[k]; !s.fits(v) && in.ok(i) && t.alive(i) {
					refuse(v, i, int(in.idx[k]))
				}
			}
		}
		return
	}
	for j := range in.dim {
		for i, v := range in.x[j*tileRows : j*tileRows+t.n] {
			if !s.fits(v) && in.ok(i) && t.alive(i) {
				refuse(v, i, j)
			}
		}
	}
}

func (s *bayes) gaussian(t *tile, in *column, out []float64) error {
	x, err := t.dense(in)
	if err != nil {
		return err
	}
	for c, row := range s.theta {
		sums := out[c*tileRows : c*tileRows+t.n]
		clear(sums)
		for j, m := range row {
			v := s.sigma[c][j]
			for i, xi := range x[j*tileRows : j*tileRows+len(sums)] {
				d := xi - m
				sums[i] += d * d / v
			}
		}
		for i := range sums {
			sums[i] = s.prior[c] - sums[i]/2
		}
	}
	return nil
}

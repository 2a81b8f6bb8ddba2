package sparkml

import (
	"fmt"
	"math"
)

// classifier is what classification models have in common: raw scores, probabilities from them, and the class.
type classifier struct {
	in, raw, prob, pred int
	name                string // of the features column
	k, dim              int
	score               scorer
	toProb              func(x []float64, k int, n int) // makes raw scores in a block probabilities
	thresholds          []float64
	over                float64
	binary              bool // class 1 if its raw score is greater than over
}

// scorer computes k numbers for each row of vectors into a block, feature-major.
type scorer interface {
	score(t *tile, in *column, out []float64) error
}

// features declares the features column of a predictor.
func (b *builder) features(dim int) (int, string, error) {
	name, err := b.md.text("featuresCol", "features")
	if err != nil {
		return 0, "", err
	}
	at, err := b.vector(name, dim)
	return at, name, err
}

// classify adds a classifier with k classes over dim features. Without toProb it has no probabilities.
func (b *builder) classify(c *classifier) error {
	md := b.md
	var err error
	if c.k < 1 || c.k > maxBlock {
		return fmt.Errorf("the metadata says that there are %d classes", c.k)
	}
	if c.in, c.name, err = b.features(c.dim); err != nil {
		return err
	}
	var ts []float
	if _, err := md.param("thresholds", &ts); err != nil {
		return err
	}
	if len(ts) > 0 && !c.binary {
		if len(ts) != c.k {
			return fmt.Errorf("it has %d thresholds, but %d classes", len(ts), c.k)
		}
		for _, t := range ts {
			c.thresholds = append(c.thresholds, float64(t))
		}
	}
	names := [3]string{"prediction", "probability", "rawPrediction"}
	for i := range names {
		if names[i], err = md.text(names[i]+"Col", names[i]); err != nil {
			return err
		}
	}
	if c.pred, err = b.create(slot{name: names[0], kind: numbers, always: true, shown: Predicted}); err != nil {
		return err
	}
	if c.toProb == nil {
		names[1] = ""
	}
	if c.prob, err = b.create(slot{name: names[1], kind: vector, always: true, dim: c.k}); err != nil {
		return err
	}
	if c.raw, err = b.create(slot{name: names[2], kind: vector, always: true, dim: c.k}); err != nil {
		return err
	}
	if c.toProb != nil {
		label, err := md.text("labelCol", "label")
		if err != nil {
			return err
		}
		b.proba = append(b.proba, proba{c.prob, c.pred, c.k, label})
	}
	b.add(c)
	return nil
}

// usable checks a predictor's features: NULL ones give the row up.
func (t *tile) usable(in *column, name string, dim int) error {
	if in.dim != dim {
		return fmt.Errorf("the vectors of %s have %d features, but the model was trained with %d", name, in.dim, dim)
	}
	if in.valid == nil {
		return nil
	}
	for i, ok := range in.valid[:t.n] {
		if !ok && t.alive(i) {
			t.drop(i, missing(fmt.Errorf("%s is NULL", name)))
		}
	}
	return nil
}

func (c *classifier) run(t *tile) error {
	in := &t.cols[c.in]
	if err := t.usable(in, c.name, c.dim); err != nil {
		return err
	}
	raw := t.vectors(c.raw, c.k)
	if err := c.score.score(t, in, raw); err != nil {
		return err
	}
	best := raw
	if c.toProb != nil && (t.need[c.prob] || c.thresholds != nil) {
		p := t.vectors(c.prob, c.k)
		copy(p, raw)
		c.toProb(p, c.k, t.n)
		if c.thresholds != nil {
			best = p
		}
	}
	if !t.need[c.pred] {
		return nil
	}
	pred := t.numbers(c.pred)
	switch {
	case c.binary:
		for i, x := range raw[tileRows : tileRows+t.n] {
			pred[i] = 0
			if x > c.over {
				pred[i] = 1
			}
		}
	case c.thresholds != nil:
		c.scaled(best, pred)
	default:
		largest(best, c.k, pred)
	}
	return nil
}

// largest is the number of the first greatest score of each row.
func largest(x []float64, k int, out []float64) {
	for i := range out {
		at, most := 0, x[i]
		for c := 1; c < k; c++ {
			if v := x[c*tileRows+i]; v > most {
				at, most = c, v
			}
		}
		out[i] = float64(at)
	}
}

// scaled is the class whose probability over its threshold is greatest.
func (c *classifier) scaled(p, out []float64) {
	for i := range out {
		at, most := 0, math.Inf(-1)
		for k, th := range c.thresholds {
			if v := p[k*tileRows+i] / th; v > most {
				at, most = k, v
			}
		}
		out[i] = float64(at)
	}
}

// shares divides each row's scores by their sum, if that is not 0.
func shares(x []float64, k, n int) {
	for i := range n {
		sum := 0.0
		for c := range k {
			sum += x[c*tileRows+i]
		}
		if sum != 0 {
			for c := range k {
				x[c*tileRows+i] /= sum
			}
		}
	}
}

// softmax makes margins probabilities; an infinite one takes all.
func softmax(x []float64, k, n int) {
rows:
	for i := range n {
		most := -math.MaxFloat64
		for c := range k {
			v := x[c*tileRows+i]
			if math.IsInf(v, 1) {
				for d := range k {
					x[d*tileRows+i] = 0
				}
				x[c*tileRows+i] = 1
				continue rows
			}
			if v > most {
				most = v
			}
		}
		sum := 0.0
		for c := range k {
			e := math.Exp(x[c*tileRows+i] - most)
			x[c*tileRows+i] = e
			sum += e
		}
		for c := range k {
			x[c*tileRows+i] *= 1 / sum
		}
	}
}

// sigmoids gives the probabilities of two classes with the margins -m and m.
func sigmoids(scale float64) func(x []float64, k, n int) {
	return func(x []float64, _, n int) {
		for i := range n {
			p := 1 / (1 + math.Exp(-scale*x[tileRows+i]))
			x[i], x[tileRows+i] = 1-p, p
		}
	}
}

// regressor is what regression models have in common.
type regressor struct {
	in, out int
	name    string
	dim     int
	score   scorer
}

// regress adds a regression.
func (b *builder) regress(dim int, s scorer, whole bool) error {
	r := &regressor{dim: dim, score: s}
	var err error
	if r.in, r.name, err = b.features(dim); err != nil {
		return err
	}
	name, err := b.md.text("predictionCol", "prediction")
	if err != nil {
		return err
	}
	if r.out, err = b.create(slot{name: name, kind: numbers, always: true, shown: Predicted, whole: whole}); err != nil {
		return err
	}
	b.add(r)
	return nil
}

func (r *regressor) run(t *tile) error {
	in := &t.cols[r.in]
	if err := t.usable(in, r.name, r.dim); err != nil {
		return err
	}
	t.numbers(r.out)
	return r.score.score(t, in, t.cols[r.out].x)
}

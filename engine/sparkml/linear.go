package sparkml

import (
	"fmt"
	"math"
)

// linear is one or more weighted sums of the features.
type linear struct {
	w      [][]float64 // by result
	b      []float64
	byFeat [][]float64 // the same by feature, for sparse vectors
	both   bool        // two results, -m and m, of one sum
	gaps   bool        // saved without zeros: what these would be multiplied by is not looked at
}

func newLinear(w [][]float64, b []float64) (*linear, error) {
	if len(w) == 0 || len(w) != len(b) {
		return nil, fmt.Errorf("it has %d rows of coefficients, but %d intercepts", len(w), len(b))
	}
	l := &linear{w: w, b: b, byFeat: make([][]float64, len(w[0]))}
	all := make([]float64, len(w)*len(w[0]))
	for j := range l.byFeat {
		l.byFeat[j] = all[j*len(w) : (j+1)*len(w)]
		for c := range w {
			l.byFeat[j][c] = w[c][j]
		}
	}
	return l, nil
}

func (l *linear) dim() int { return len(l.byFeat) }

func (l *linear) score(t *tile, in *column, out []float64) error {
	for c := range l.w {
		clear(out[c*tileRows : c*tileRows+t.n])
	}
	if in.sparse {
		for i := range t.n {
			for k := in.ptr[i]; k < in.ptr[i+1]; k++ {
				for c, w := range l.byFeat[in.idx[k]] {
					if w == 0 && l.gaps {
						continue
					}
					out[c*tileRows+i] += w * in.val[k]
				}
			}
		}
	} else {
		for c, w := range l.w {
			sums := out[c*tileRows : c*tileRows+t.n]
			for j, wj := range w {
				if wj == 0 && l.gaps {
					continue
				}
				for i, v := range in.x[j*tileRows : j*tileRows+len(sums)] {
					sums[i] += wj * v
				}
			}
		}
	}
	for c, b := range l.b {
		sums := out[c*tileRows : c*tileRows+t.n]
		for i := range sums {
			sums[i] += b
		}
	}
	if l.both {
		for i, m := range out[:t.n] {
			out[i], out[tileRows+i] = -m, m
		}
	}
	return nil
}

func readLogistic(b *builder) error {
	t, err := b.data()
	if err != nil {
		return err
	}
	w, err := t.matrix("coefficientMatrix")
	if err != nil {
		return err
	}
	bias, err := t.vector("interceptVector")
	if err != nil {
		return err
	}
	multi, err := t.number("isMultinomial")
	if err != nil {
		return err
	}
	classes, err := t.number("numClasses")
	if err != nil {
		return err
	}
	l, err := newLinear(w, bias)
	if err != nil {
		return err
	}
	l.gaps = t.sparse["coefficientMatrix"]
	c := &classifier{k: int(classes), dim: l.dim(), score: l, toProb: softmax}
	if multi != 0 {
		if len(w) != c.k {
			return fmt.Errorf("it has %d rows of coefficients, but %d classes", len(w), c.k)
		}
		return b.classify(c)
	}
	if len(w) != 1 || c.k > 2 {
		return fmt.Errorf("it is binomial, but has %d rows of coefficients and %d classes", len(w), c.k)
	}
	c.k, l.both, c.binary, c.toProb = 2, true, true, sigmoids(1)
	th, err := b.md.number("threshold", 0.5)
	if err != nil {
		return err
	}
	var ts []float
	if _, err := b.md.param("thresholds", &ts); err != nil {
		return err
	}
	if len(ts) == 2 {
		th = 1 / (1 + float64(ts[0])/float64(ts[1]))
	}
	switch th {
	case 0:
		c.over = math.Inf(-1)
	case 1:
		c.over = math.Inf(1)
	default:
		c.over = math.Log(th / (1 - th))
	}
	return b.classify(c)
}

// oneSum reads coefficients and an intercept.
func oneSum(b *builder) (*linear, error) {
	t, err := b.data()
	if err != nil {
		return nil, err
	}
	w, err := t.vector("coefficients")
	if err != nil {
		return nil, err
	}
	bias, err := t.number("intercept")
	if err != nil {
		return nil, err
	}
	l, err := newLinear([][]float64{w}, []float64{bias})
	if err != nil {
		return nil, err
	}
	l.gaps = t.sparse["coefficients"]
	return l, nil
}

func readSVC(b *builder) error {
	l, err := oneSum(b)
	if err != nil {
		return err
	}
	l.both = true
	c := &classifier{k: 2, dim: l.dim(), score: l, binary: true}
	if c.over, err = b.md.number("threshold", 0); err != nil {
		return err
	}
	return b.classify(c)
}

func readLinear(b *builder) error {
	l, err := oneSum(b)
	if err != nil {
		return err
	}
	return b.regress(l.dim(), l, false)
}

// generalized is GeneralizedLinearRegression: a linear predictor and its mean.
type generalized struct {
	in, offset, out, eta int
	name                 string
	sum                  *linear
	unlink               func(float64) float64
	project              func(float64) float64
}

func readGeneralized(b *builder) error {
	l, err := oneSum(b)
	if err != nil {
		return err
	}
	g := &generalized{sum: l, offset: -1}
	if err := g.mean(b.md); err != nil {
		return err
	}
	if g.in, g.name, err = b.features(l.dim()); err != nil {
		return err
	}
	offset, err := b.md.text("offsetCol", "")
	if err != nil {
		return err
	}
	if offset != "" {
		if g.offset, err = b.use(offset, numbers); err != nil {
			return err
		}
	}
	name, err := b.md.text("predictionCol", "prediction")
	if err != nil {
		return err
	}
	if g.out, err = b.create(slot{name: name, kind: numbers, always: true, shown: Predicted}); err != nil {
		return err
	}
	eta, err := b.md.text("linkPredictionCol", "")
	if err != nil {
		return err
	}
	if g.eta, err = b.create(slot{name: eta, kind: numbers, always: true}); err != nil {
		return err
	}
	b.add(g)
	return nil
}

// mean finds the inverse of the link and the range of the family.
func (g *generalized) mean(md *metadata) error {
	family, err := md.text("family", "gaussian")
	if err != nil {
		return err
	}
	link, err := md.text("link", "")
	if err != nil {
		return err
	}
	power := 1.0
	if family == "tweedie" {
		variance, err := md.number("variancePower", 0)
		if err != nil {
			return err
		}
		if power, err = md.number("linkPower", 1-variance); err != nil {
			return err
		}
		link = map[float64]string{0: "log", 1: "identity", -1: "inverse", 0.5: "sqrt"}[power]
		if link == "" {
			link = "power"
		}
		if variance == 0 {
			family = "gaussian"
		}
	}
	defaults := map[string]string{"gaussian": "identity", "binomial": "logit", "poisson": "log", "gamma": "inverse", "tweedie": "identity"}
	if link == "" {
		link = defaults[family]
	}
	switch family {
	case "gaussian":
		g.project = func(x float64) float64 { return max(-math.MaxFloat64, min(math.MaxFloat64, x)) }
	case "binomial":
		g.project = func(x float64) float64 { return max(1e-16, min(1-1e-16, x)) }
	case "poisson", "gamma", "tweedie":
		g.project = func(x float64) float64 { return max(1e-16, min(math.MaxFloat64, x)) }
	default:
		return fmt.Errorf("the family %q is not supported, expected gaussian, binomial, poisson, gamma or tweedie", family)
	}
	switch link {
	case "identity":
		g.unlink = func(x float64) float64 { return x }
	case "log":
		g.unlink = math.Exp
	case "inverse":
		g.unlink = func(x float64) float64 { return 1 / x }
	case "logit":
		g.unlink = func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	case "probit":
		g.unlink = func(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
	case "cloglog":
		g.unlink = func(x float64) float64 { return 1 - math.Exp(-math.Exp(x)) }
	case "sqrt":
		g.unlink = func(x float64) float64 { return x * x }
	case "power":
		g.unlink = func(x float64) float64 { return math.Pow(x, 1/power) }
	default:
		return fmt.Errorf("the link %q is not supported, expected identity, log, inverse, logit, probit, cloglog or sqrt", link)
	}
	return nil
}

func (g *generalized) run(t *tile) error {
	in := &t.cols[g.in]
	if err := t.usable(in, g.name, g.sum.dim()); err != nil {
		return err
	}
	eta := t.numbers(g.eta)
	if err := g.sum.score(t, in, t.cols[g.eta].x); err != nil {
		return err
	}
	if g.offset >= 0 {
		off := &t.cols[g.offset]
		t.cols[g.eta].valid = off.valid
		for i, x := range off.x[:t.n] {
			eta[i] += x
		}
	}
	out := t.numbers(g.out)
	t.cols[g.out].valid = t.cols[g.eta].valid
	for i, x := range eta {
		out[i] = g.project(g.unlink(x))
	}
	return nil
}

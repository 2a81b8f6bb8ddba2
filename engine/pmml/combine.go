package pmml

import (
	"slices"
)

// combiner joins the results of an ensemble's segments, in their order.
type combiner struct {
	r *row
	m *mining
	f *frame

	weights, lost float64 // of the segments with a result, of those without
	votesLost     float64
	missing       bool      // a segment had none and that decides
	sums          []float64 // by class: sums of probabilities, or votes
	first         []int     // by class: when it got its first vote, 0 for never
	votes         int
	total         float64
	parts         []result // for median and max
	partWeights   []float64
	any           bool
}

func newCombiner(r *row, m *mining, f *frame) *combiner {
	c := &combiner{r: r, m: m, f: f}
	if f.classification() {
		c.sums = r.floats(len(f.classes.values))
	}
	return c
}

func (c *combiner) voting() bool {
	return c.m.method == "majorityVote" || c.m.method == "weightedMajorityVote"
}

// weighted reports whether the method looks at the segments' weights.
func (m *mining) weighted() bool {
	switch m.method {
	case "weightedMajorityVote", "weightedAverage", "weightedMedian", "weightedSum":
		return true
	}
	return false
}

func (c *combiner) add(res result, weight float64) {
	c.any = true
	share := weight
	if !c.m.weighted() {
		weight = 1
	}
	if res.missing {
		c.lost += share
		c.votesLost += weight
		switch c.m.treatment {
		case "returnMissing":
			c.missing = true
		case "continue":
			c.missing = c.missing || !c.voting()
		}
		return
	}
	c.weights += share
	switch c.m.method {
	case "majorityVote", "weightedMajorityVote":
		c.vote(res.code, weight)
	case "average", "weightedAverage":
		c.average(res, weight)
	case "sum", "weightedSum":
		c.total = narrow(c.total+narrow(res.value.num()*weight, c.f.float32), c.f.float32)
		c.votes++
	default:
		c.parts = append(c.parts, res)
		c.partWeights = append(c.partWeights, weight)
	}
}

func (c *combiner) vote(code int, weight float64) {
	if code < 0 {
		return
	}
	if c.first == nil {
		c.first = make([]int, len(c.sums))
	}
	c.votes++
	if c.first[code] == 0 {
		c.first[code] = c.votes
	}
	c.sums[code] += weight
	c.total += weight
}

func (c *combiner) average(res result, weight float64) {
	c.votes++
	if c.sums == nil {
		c.total = narrow(c.total+narrow(res.value.num()*weight, c.f.float32), c.f.float32)
		return
	}
	if res.probs == nil {
		c.sums[res.code] += weight
		return
	}
	if weight == 1 {
		for i, p := range res.probs {
			c.sums[i] += p
		}
		return
	}
	for i, p := range res.probs {
		c.sums[i] += p * weight
	}
}

// result is the ensemble's prediction.
func (c *combiner) result() result {
	m := c.m
	if !c.any || c.missing || c.weights == 0 && c.lost > 0 {
		return absent
	}
	if m.treatment == "skipSegment" && c.lost > 0 && c.lost/(c.lost+c.weights) > m.threshold {
		return absent
	}
	divisor := float64(c.votes)
	if m.weighted() {
		divisor = c.weights
	}
	switch m.method {
	case "majorityVote", "weightedMajorityVote":
		return c.elected()
	case "average", "weightedAverage":
		if c.sums == nil {
			return result{value: double(narrow(c.total/divisor, c.f.float32)), code: -1}
		}
		for i := range c.sums {
			c.sums[i] /= divisor
		}
		return ofProbs(c.sums, c.f.classes)
	case "sum", "weightedSum":
		return result{value: double(c.total), code: -1}
	case "median", "weightedMedian":
		return c.median()
	}
	return c.strongest()
}

// elected is the class with the most votes; of equals the one that got its first vote earliest.
func (c *combiner) elected() result {
	best := -1
	for i, v := range c.sums {
		if v > 0 && (best < 0 || v > c.sums[best] || v == c.sums[best] && c.first[i] < c.first[best]) {
			best = i
		}
	}
	if best < 0 || c.m.treatment == "continue" && c.votesLost > c.sums[best] {
		return absent
	}
	for i := range c.sums {
		c.sums[i] /= c.total
	}
	return result{value: c.f.classes.values[best], code: best, probs: c.sums}
}

func (c *combiner) median() result {
	if len(c.parts) == 0 {
		return absent
	}
	if c.f.classification() {
		return c.medianClass()
	}
	if c.m.method == "weightedMedian" {
		return result{value: double(c.weightedMedian()), code: -1}
	}
	xs := make([]float64, len(c.parts))
	for i, p := range c.parts {
		xs[i] = p.value.num()
	}
	return result{value: double(narrow(median(xs), c.f.float32)), code: -1}
}

// weightedMedian is the first value, in rising order, at which half of the weight is reached.
func (c *combiner) weightedMedian() float64 {
	order := make([]int, len(c.parts))
	total := 0.0
	for i := range order {
		order[i] = i
		total += c.partWeights[i]
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return compareFloat(c.parts[a].value.num(), c.parts[b].value.num())
	})
	sum := 0.0
	for _, i := range order {
		if sum += c.partWeights[i]; sum >= total/2 {
			return c.parts[i].value.num()
		}
	}
	return c.parts[order[len(order)-1]].value.num()
}

// prob is the probability a result gives a class.
func (res *result) prob(class int) float64 {
	switch {
	case class < len(res.probs):
		return res.probs[class]
	case res.probs == nil && class == res.code:
		return 1
	}
	return 0
}

// medianClass picks the class with the highest median probability and averages the models that gave that median.
func (c *combiner) medianClass() result {
	best, bestMedian := 0, -1.0
	xs := make([]float64, len(c.parts))
	lowest, highest := 0.0, 0.0
	for k := range c.sums {
		for i := range c.parts {
			xs[i] = c.parts[i].prob(k)
		}
		if m := median(xs); m > bestMedian {
			best, bestMedian = k, m
			lowest, highest = xs[(len(xs)-1)/2], xs[len(xs)/2]
		}
	}
	return c.averageOf(func(p *result) bool { x := p.prob(best); return x == lowest || x == highest })
}

// strongest is max: the average of the models that gave the highest probability of all.
func (c *combiner) strongest() result {
	top := -1.0
	for i := range c.parts {
		top = max(top, slices.Max(append([]float64{-1}, c.parts[i].probs...)))
	}
	return c.averageOf(func(p *result) bool { return p.probs != nil && slices.Max(p.probs) == top })
}

func (c *combiner) averageOf(take func(*result) bool) result {
	n := 0.0
	for i := range c.parts {
		p := &c.parts[i]
		if !take(p) {
			continue
		}
		n++
		for k := range c.sums {
			c.sums[k] += p.prob(k)
		}
	}
	if n == 0 {
		return absent
	}
	for k := range c.sums {
		c.sums[k] /= n
	}
	return ofProbs(c.sums, c.f.classes)
}

package onnx

import (
	"math"
)

// buildSVMRegressor builds a support vector machine that gives a number, or 1 and -1 for one class.
func buildSVMRegressor(n *node) (built, error) {
	columns, rows, err := n.features()
	if err != nil {
		return built{}, err
	}
	kernel, err := n.svmKernel()
	if err != nil {
		return built{}, err
	}
	weights, vectors, rho := n.floats("coefficients"), n.floats("support_vectors"), n.floats("rho")
	count, oneClass := n.int("n_supports", 0), n.int("one_class", 0) != 0
	if len(rho) == 0 {
		return built{}, n.errorf("attribute rho is empty, expected one element")
	}
	if count > 0 {
		if err := n.checkVectors(vectors, int64(len(weights)), columns); err != nil {
			return built{}, err
		}
		if count != int64(len(weights)) {
			return built{}, n.errorf("attribute coefficients has %d elements, but n_supports is %d", len(weights), count)
		}
	} else if len(weights) != columns {
		return built{}, n.errorf("attribute coefficients has %d elements, expected one for each of %d columns", len(weights), columns)
	}
	if _, err := n.postTransform(); err != nil { // onnxruntime reads it, and that is all
		return built{}, err
	}
	out := info{kind: kindFloat, shape: []int{rows, 1}}
	return built{outs: []info{out}, run: func(w *workspace, in, out []*tensor) error {
		y, x := out[0].f32, floats32(w, in[0])
		rows := len(y)
		if count <= 0 {
			products(y, 1, x, columns, weights, rho[:1], rows, 1)
		} else {
			count := len(weights)
			block := svmBlock(rows, count)
			k := w.scratch(0, kindFloat, block*count).f32
			for from := 0; from < rows; from += block {
				n := min(block, rows-from)
				kernel.rows(k, x[from*columns:], vectors, n, count, columns, 0)
				products(y[from:], 1, k, count, weights, rho[:1], n, 1)
			}
		}
		if !oneClass {
			return nil
		}
		for i, v := range y {
			if y[i] = -1; v > 0 {
				y[i] = 1
			}
		}
		return nil
	}}, nil
}

// svmBlock is how many rows are computed together: the kernel has a value for each of them and each support vector.
func svmBlock(rows, vectors int) int {
	return max(1, min(rows, 1<<18/max(1, vectors)))
}

// checkVectors checks the length of support_vectors.
func (n *node) checkVectors(vectors []float32, count int64, columns int) error {
	if int64(len(vectors)) != count*int64(columns) {
		return n.errorf("attribute support_vectors has %d elements, expected %d: %d vectors of %d columns", len(vectors), count*int64(columns), count, columns)
	}
	return nil
}

// svmClassifier is a support vector machine of one of two kinds: without support vectors a linear function for each
// class; with them a decision between each two classes.
type svmClassifier struct {
	names   *labels
	kernel  svmKernel
	columns int
	weights []float32
	rho     []float32
	post    postTransform
	// positive says that no coefficient is below zero.
	positive bool
	// of support vectors:
	vectors      []float32
	starts       []int // of the classes' vectors, and their number
	probA, probB []float32
	pairs        int
}

func buildSVMClassifier(n *node) (built, error) {
	columns, rows, err := n.features()
	if err != nil {
		return built{}, err
	}
	c := &svmClassifier{columns: columns, weights: n.floats("coefficients"), rho: n.floats("rho"), positive: true,
		vectors: n.floats("support_vectors"), probA: n.floats("prob_a"), probB: n.floats("prob_b")}
	if c.names, err = n.classLabels("classlabels_strings", "classlabels_ints"); err != nil {
		return built{}, err
	}
	if c.kernel, err = n.svmKernel(); err != nil {
		return built{}, err
	}
	if c.post, err = n.postTransform(); err != nil {
		return built{}, err
	}
	for _, w := range c.weights {
		c.positive = c.positive && w >= 0
	}
	counts := n.ints("vectors_per_class")
	total := int64(0)
	for i, k := range counts {
		if k < 0 || k > math.MaxInt32 {
			return built{}, n.errorf("attribute vectors_per_class has %d for class %d", k, i)
		}
		c.starts = append(c.starts, int(total))
		total += k
	}
	c.starts = append(c.starts, int(total))
	if total > 0 {
		err = c.checkPairs(n, counts, total)
	} else {
		err = c.checkLinear(n)
	}
	if err != nil {
		return built{}, err
	}
	width := c.names.len()
	if total > 0 && len(c.probA) == 0 {
		width = max(2, c.pairs)
	}
	outs := []info{
		{kind: c.names.kind(), shape: []int{rows}, labels: c.names},
		{kind: kindFloat, shape: []int{rows, width}},
	}
	if c.pairs <= 1 || len(c.probA) > 0 { // else the scores are the pairs'
		outs[1].classes = c.names
	}
	if c.names.len() == 1 && c.names.strings == nil {
		outs[0].labels = c.names.pairOr() // as label gives them
	}
	run := func(w *workspace, in, out []*tensor) error {
		rows := rowsOf(in[0], columns)
		scores, x := scoresOf(w, out, rows*width), floats32(w, in[0])
		if total > 0 {
			c.decidePairs(w, x, scores, width, rows, out[0])
		} else {
			c.decideLinear(x, scores, rows, out[0])
		}
		return nil
	}
	return built{outs: outs, run: run}, nil
}

func (c *svmClassifier) checkLinear(n *node) error {
	if want := c.names.len() * c.columns; len(c.weights) != want || want == 0 {
		return n.errorf("attribute coefficients has %d elements, expected %d: one for each of %d classes and each of %d columns", len(c.weights), want, c.names.len(), c.columns)
	}
	if len(c.rho) == 0 {
		return n.errorf("attribute rho is empty, expected one element")
	}
	c.kernel.name = "LINEAR"
	return nil
}

func (c *svmClassifier) checkPairs(n *node, counts []int64, total int64) error {
	k := c.names.len()
	if len(counts) != k {
		return n.errorf("attribute vectors_per_class has %d elements, but there are %d labels", len(counts), k)
	}
	if k < 2 {
		return n.errorf("there is one label, expected two or more")
	}
	if err := n.checkVectors(c.vectors, total, c.columns); err != nil {
		return err
	}
	if want := int64(k-1) * total; int64(len(c.weights)) != want {
		return n.errorf("attribute coefficients has %d elements, expected %d: %d vectors for each of %d classes but one", len(c.weights), want, total, k)
	}
	c.pairs = k * (k - 1) / 2
	if len(c.rho) < c.pairs {
		return n.errorf("attribute rho has %d elements, expected %d: one for each pair of classes", len(c.rho), c.pairs)
	}
	if err := n.checkProbit(c.post, c.pairs == 1 && len(c.probA) == 0); err != nil {
		return err
	}
	if len(c.probA) != len(c.probB) || len(c.probA) != 0 && len(c.probA) < c.pairs {
		return n.errorf("attributes prob_a and prob_b have %d and %d elements, expected %d or none", len(c.probA), len(c.probB), c.pairs)
	}
	return nil
}

// decideLinear scores each class by itself.
func (c *svmClassifier) decideLinear(x, scores []float32, rows int, label *tensor) {
	k := c.names.len()
	c.kernel.rows(scores, x, c.weights, rows, k, c.columns, c.rho[0])
	for i := range rows {
		row := scores[i*k : (i+1)*k]
		best := 0
		for j, v := range row {
			if v > row[best] {
				best = j
			}
		}
		c.label(label, i, best, row[best])
	}
	transformRows(c.post, scores, k)
}

// label writes the class best, which has the greatest score, or of two classes the one that onnxruntime takes.
func (c *svmClassifier) label(label *tensor, i, best int, score float32) {
	switch k := c.names.len(); {
	case k == 2 && len(c.probA) == 0:
		if c.positive && score >= 0.5 || !c.positive && score > 0 {
			best = 1
		}
	case k == 1 && label.kind == kindInt64:
		label.i64[i] = 0
		if score > 0 {
			label.i64[i] = 1
		}
		return
	}
	c.names.put(label, i, best)
}

// decidePairs lets each two classes compete; the class that wins most often is the label.
func (c *svmClassifier) decidePairs(w *workspace, x, scores []float32, width, rows int, label *tensor) {
	classes, total := c.names.len(), c.starts[c.names.len()]
	block := svmBlock(rows, total)
	kernels := w.scratch(1, kindFloat, block*total).f32
	matrices := 0
	if len(c.probA) > 0 {
		matrices = classes * (2*classes + 1)
	}
	pairs := w.scratch(2, kindFloat, c.pairs+matrices).f32
	votes := w.scratchInts(classes)
	for i := range rows {
		if i%block == 0 {
			c.kernel.rows(kernels, x[i*c.columns:], c.vectors, min(block, rows-i), total, c.columns, 0)
		}
		at := i % block * total
		c.compete(pairs, votes, kernels[at:at+total])
		best := 0
		for j, v := range votes {
			if v > votes[best] {
				best = j
			}
		}
		c.label(label, i, best, 0)
		row := scores[i*width : (i+1)*width]
		switch {
		case len(c.probA) > 0:
			c.probabilities(row, pairs, pairs[c.pairs:])
			apply(c.post, row)
		case c.pairs == 1 && c.post == postNone:
			applyOne(c.post, oppositeScores, pairs[0], row)
		case c.pairs == 1:
			applyOne(c.post, complementary, pairs[0], row)
		default:
			copy(row, pairs)
			apply(c.post, row)
		}
	}
}

// compete computes the decision of each pair of classes, and the votes.
func (c *svmClassifier) compete(pairs []float32, votes []int, kernels []float32) {
	classes, total, p := c.names.len(), len(kernels), 0
	clear(votes)
	for i := range classes - 1 {
		for j := i + 1; j < classes; j++ {
			sum := 0.0
			from, to := c.starts[i], c.starts[i+1]
			for m, w := range c.weights[(j-1)*total+from : (j-1)*total+to] {
				sum += float64(float32(w * kernels[from+m]))
			}
			from, to = c.starts[j], c.starts[j+1]
			for m, w := range c.weights[i*total+from : i*total+to] {
				sum += float64(float32(w * kernels[from+m]))
			}
			sum += float64(c.rho[p])
			pairs[p] = float32(sum)
			p++
			if sum > 0 {
				votes[i]++
			} else {
				votes[j]++
			}
		}
	}
}

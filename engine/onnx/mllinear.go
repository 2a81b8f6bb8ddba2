package onnx

// products writes the products of each row of x with each row of weights, plus a bias for each if there are any, in
// float32, to dst[row*stride+k].
func products(dst []float32, stride int, x []float32, columns int, weights, bias []float32, rows, count int) {
	for k := range count {
		w := weights[k*columns:][:columns]
		b := float32(0)
		if bias != nil {
			b = bias[k]
		}
		i := 0
		for ; i+4 <= rows; i += 4 { // four sums do not wait for each other
			x0, x1 := x[i*columns:][:columns], x[(i+1)*columns:][:columns]
			x2, x3 := x[(i+2)*columns:][:columns], x[(i+3)*columns:][:columns]
			var s0, s1, s2, s3 float32
			for j, v := range w {
				s0 += float32(x0[j] * v)
				s1 += float32(x1[j] * v)
				s2 += float32(x2[j] * v)
				s3 += float32(x3[j] * v)
			}
			at := i*stride + k
			dst[at], dst[at+stride], dst[at+2*stride], dst[at+3*stride] = s0+b, s1+b, s2+b, s3+b
		}
		for ; i < rows; i++ {
			s := float32(0)
			for j, v := range x[i*columns:][:columns] {
				s += float32(v * w[j])
			}
			dst[i*stride+k] = s + b
		}
	}
}

// buildLinearRegressor builds linear functions of the columns.
func buildLinearRegressor(n *node) (built, error) {
	columns, rows, err := n.features()
	if err != nil {
		return built{}, err
	}
	targets, weights, bias := n.int("targets", 1), n.floats("coefficients"), n.floats("intercepts")
	if targets < 1 || targets > int64(len(weights)) || len(weights) != int(targets)*columns {
		return built{}, n.errorf("attribute coefficients has %d elements, expected %d: one for each of %d targets and each of %d columns", len(weights), targets*int64(columns), targets, columns)
	}
	post, err := n.postTransform()
	if err != nil {
		return built{}, err
	}
	k := int(targets)
	if len(bias) != k {
		bias = nil // as onnxruntime does
	}
	out := info{kind: kindFloat, shape: []int{rows, k}}
	return built{outs: []info{out}, run: func(w *workspace, in, out []*tensor) error {
		rows, y := rowsOf(in[0], columns), out[0].f32
		products(y, k, floats32(w, in[0]), columns, weights, bias, rows, k)
		transformRows(post, y, k)
		return nil
	}}, nil
}

// transformRows applies a post_transform to each row. One number alone is only changed by PROBIT.
func transformRows(post postTransform, scores []float32, width int) {
	switch {
	case post == postNone, width == 1 && post != postProbit:
	case width == 1:
		apply(post, scores)
	default:
		for i := 0; i < len(scores); i += width {
			apply(post, scores[i:i+width])
		}
	}
}

// buildLinearClassifier builds a classifier by linear functions of the columns.
func buildLinearClassifier(n *node) (built, error) {
	columns, rows, err := n.features()
	if err != nil {
		return built{}, err
	}
	names, err := n.classLabels("classlabels_strings", "classlabels_ints")
	if err != nil {
		return built{}, err
	}
	post, err := n.postTransform()
	if err != nil {
		return built{}, err
	}
	weights, bias := n.floats("coefficients"), n.floats("intercepts")
	count := len(bias)
	if count == 0 { // as many functions as there are coefficients for
		if count = len(weights) / max(columns, 1); count > 0 {
			bias = make([]float32, count)
		}
	}
	if count == 0 || len(weights) != count*columns {
		return built{}, n.errorf("attribute coefficients has %d elements, expected %d: one for each of %d intercepts and each of %d columns", len(weights), count*columns, count, columns)
	}
	if count != names.len() && (count != 1 || names.len() > 2) {
		return built{}, n.errorf("there are %d labels for %d intercepts", names.len(), count)
	}
	second := count == 1 && names.len() == 2
	if err := n.checkProbit(post, second); err != nil {
		return built{}, err
	}
	width := count
	if second {
		width = 2
	}
	classes := names
	if count == 1 {
		names = names.pairOr()
	}
	outs := []info{
		{kind: names.kind(), shape: []int{rows}, labels: names},
		{kind: kindFloat, shape: []int{rows, width}, classes: classes},
	}
	run := func(w *workspace, in, out []*tensor) error {
		rows := rowsOf(in[0], columns)
		scores := scoresOf(w, out, rows*width)
		products(scores, width, floats32(w, in[0]), columns, weights, bias, rows, count)
		for i := range rows {
			row := scores[i*width : (i+1)*width]
			best := 0
			for j, x := range row[:count] {
				if x > row[best] {
					best = j
				}
			}
			if count == 1 && row[0] > 0 {
				best = 1
			}
			names.put(out[0], i, best)
			if second {
				applyOne(post, complementary, row[0], row)
			}
		}
		if !second {
			transformRows(post, scores, width)
		}
		return nil
	}
	return built{outs: outs, run: run}, nil
}

// scoresOf is the memory of a classifier's second output, or other memory where nobody wants that.
func scoresOf(w *workspace, out []*tensor, n int) []float32 {
	if len(out) > 1 {
		return out[1].f32[:n]
	}
	return w.scratch(0, kindFloat, n).f32
}

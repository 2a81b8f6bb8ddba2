package onnx

import "math"

// rowOperators are the operators that scale numbers by what is around them on an axis, or by trained statistics.
func rowOperators() map[string]builder {
	return map[string]builder{
		"Softmax":            softmaxOf(softmaxFiber),
		"LogSoftmax":         softmaxOf(logSoftmax),
		"Hardmax":            softmaxOf(hardmax),
		"BatchNormalization": batchNormalization,
		"LayerNormalization": layerNormalization,
		"RMSNormalization":   rmsNormalization,
		"LpNormalization":    lpNormalization,
		"CumSum":             cumSum,
	}
}

// fiber is a vector along an axis, in doubles.
type fiber func(x []float64)

// along applies a function to each vector that a tensor has along an axis of so many elements.
func along(k kind, axis int, joined bool, f fiber) kernel {
	return func(w *workspace, in, out []*tensor) error {
		outer, length, inner := around(in[0].shape, axis)
		if joined { // the axes from this one on are one
			length, inner = length*inner, 1
		}
		x := w.scratch64(length)
		if inner == 1 && k == kindFloat {
			for o := range outer {
				s, d := in[0].f32[o*length:(o+1)*length], out[0].f32[o*length:(o+1)*length]
				for j := range x {
					x[j] = float64(s[j])
				}
				f(x)
				for j := range x {
					d[j] = float32(x[j])
				}
			}
			return nil
		}
		for o := range outer {
			for i := range inner {
				at := o*length*inner + i
				for j := range x {
					x[j] = in[0].number(at + j*inner)
				}
				f(x)
				for j, y := range x {
					out[0].setNumber(at+j*inner, y)
				}
			}
		}
		return nil
	}
}

// softmaxOf is Softmax and its kin: up to version 12 the axes from the given one on are one.
func softmaxOf(f fiber) builder {
	return func(n *node) (built, error) {
		if err := n.arity(1, 1); err != nil {
			return built{}, err
		}
		v := n.inputs[0]
		if !v.kind.floating() {
			return built{}, n.errorf("it is not supported for %s", v.kind)
		}
		otherwise := int64(-1)
		if n.opset < 13 {
			otherwise = 1
		}
		axis, err := n.axis(n.int("axis", otherwise), len(v.shape))
		if err != nil {
			return built{}, err
		}
		joined := n.opset < 13
		if a := batchAxis(v.shape); a == axis || joined && a > axis {
			return built{}, n.errorf("it scales by the rows of the batch: a row's score may not depend on the others")
		}
		out := info{kind: v.kind, shape: v.shape}
		if axis == len(v.shape)-1 {
			out.classes = v.classes
		}
		return built{outs: []info{out}, run: along(v.kind, axis, joined, f)}, nil
	}
}

// topOf is the greatest element; NaN if there is one, -Inf of none.
func topOf(x []float64) float64 {
	top := math.Inf(-1)
	for _, v := range x {
		top = max(top, v)
	}
	return top
}

func softmaxFiber(x []float64) {
	top := topOf(x)
	sum := 0.0
	for i, v := range x {
		x[i] = math.Exp(v - top)
		sum += x[i]
	}
	for i := range x {
		x[i] /= sum
	}
}

func logSoftmax(x []float64) {
	top := topOf(x)
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(v - top)
	}
	sum = math.Log(sum)
	for i, v := range x {
		x[i] = v - top - sum
	}
}

// hardmax is 1 for the first of the greatest; of NaN alone for none.
func hardmax(x []float64) {
	best := -1
	for i, v := range x {
		if v == v && (best < 0 || v > x[best]) {
			best = i
		}
	}
	clear(x)
	if best >= 0 {
		x[best] = 1
	}
}

// statistics checks the inputs from which on that have a number for each of the channels.
func (n *node) statistics(from, channels int) error {
	v := n.inputs[0]
	for _, s := range n.inputs[from:] {
		if s == nil {
			continue
		}
		if !s.kind.floating() || len(s.shape) != 1 || s.shape[0] != channels {
			return n.errorf("its input %s is a %s of %s, expected %d numbers for the channels of %s", s.name, s.kind, shapeText(s.shape), channels, shapeText(v.shape))
		}
	}
	return nil
}

func batchNormalization(n *node) (built, error) {
	if err := n.arity(5, 5); err != nil {
		return built{}, err
	}
	v := n.inputs[0]
	if !v.kind.floating() || len(v.shape) < 2 || v.shape[1] < 0 || batchAxis(v.shape) > 0 {
		return built{}, n.errorf("its input is a %s of %s, expected floats of [N, channels]", v.kind, shapeText(v.shape))
	}
	if n.int("training_mode", 0) != 0 {
		return built{}, n.errorf("it is in training mode: export the model for inference")
	}
	if err := n.statistics(1, v.shape[1]); err != nil {
		return built{}, err
	}
	eps := float64(n.float("epsilon", 1e-5))
	run := func(w *workspace, in, out []*tensor) error {
		outer, channels, inner := around(in[0].shape, 1)
		f := w.scratch64(2 * channels)
		for c := range channels {
			f[2*c] = in[1].number(c) / math.Sqrt(in[4].number(c)+eps)
			f[2*c+1] = in[2].number(c) - in[3].number(c)*f[2*c]
		}
		at := 0
		for range outer {
			for c := range channels {
				for range inner {
					out[0].setNumber(at, in[0].number(at)*f[2*c]+f[2*c+1])
					at++
				}
			}
		}
		return nil
	}
	return built{outs: []info{{kind: v.kind, shape: v.shape}}, run: run}, nil
}

// lastAxesNormalization is what LayerNormalization and RMSNormalization have in common: each row's last axes are scaled.
func lastAxesNormalization(n *node, center bool) (built, error) {
	most := 3
	if !center {
		most = 2
	}
	if err := n.arity(2, most); err != nil {
		return built{}, err
	}
	v := n.inputs[0]
	axis, err := n.axis(n.int("axis", -1), len(v.shape))
	if err != nil {
		return built{}, err
	}
	if !v.kind.floating() || batchAxis(v.shape) >= axis {
		return built{}, n.errorf("its input is a %s of %s, normalized from axis %d on: a row's score may not depend on the others", v.kind, shapeText(v.shape), axis)
	}
	for _, s := range n.inputs[1:] {
		if s == nil {
			continue
		}
		whole, err := n.broadcastShape(v.shape[axis:], s.shape)
		if err != nil {
			return built{}, err
		}
		if s.kind != v.kind || len(whole) != len(v.shape)-axis || product(whole) != product(v.shape[axis:]) || batchAxis(s.shape) >= 0 {
			return built{}, n.errorf("its input %s is a %s of %s, which does not stretch to %s", s.name, s.kind, shapeText(s.shape), shapeText(v.shape[axis:]))
		}
	}
	eps := float64(n.float("epsilon", 1e-5))
	run := func(w *workspace, in, out []*tensor) error {
		outer, length := product(in[0].shape[:axis]), product(in[0].shape[axis:])
		scale, shift := w.scratch(0, v.kind, length), w.scratch(1, v.kind, length)
		scale.shape, shift.shape = in[0].shape[axis:], in[0].shape[axis:]
		w.pair = [2]*tensor{in[1], scale}
		if err := stretch(w, w.pair[:1], w.pair[1:]); err != nil {
			return err
		}
		biased := len(in) > 2 && in[2] != nil
		if biased {
			w.pair = [2]*tensor{in[2], shift}
			if err := stretch(w, w.pair[:1], w.pair[1:]); err != nil {
				return err
			}
		}
		for o := range outer {
			mean, inv := moments(in[0], o*length, length, center, eps)
			for j := range length {
				y := (in[0].number(o*length+j) - mean) * inv * scale.number(j)
				if biased {
					y += shift.number(j)
				}
				out[0].setNumber(o*length+j, y)
			}
		}
		return nil
	}
	return built{outs: []info{{kind: v.kind, shape: v.shape}}, run: run}, nil
}

// moments are the mean (0 where it is not wanted) and one over the root of the mean square around it.
func moments(t *tensor, from, length int, center bool, eps float64) (mean, inv float64) {
	if center {
		for j := range length {
			mean += t.number(from + j)
		}
		mean /= float64(length)
	}
	square := 0.0
	for j := range length {
		d := t.number(from+j) - mean
		square += d * d
	}
	return mean, 1 / math.Sqrt(square/float64(length)+eps)
}

func layerNormalization(n *node) (built, error) { return lastAxesNormalization(n, true) }

func rmsNormalization(n *node) (built, error) { return lastAxesNormalization(n, false) }

func lpNormalization(n *node) (built, error) {
	p := n.int("p", 2)
	if p != 1 && p != 2 {
		return built{}, n.errorf("attribute p is %d, expected 1 or 2", p)
	}
	if err := n.arity(1, 1); err != nil {
		return built{}, err
	}
	v := n.inputs[0]
	axis, err := n.axis(n.int("axis", -1), len(v.shape))
	if err != nil {
		return built{}, err
	}
	if !v.kind.floating() || v.shape[axis] < 0 {
		return built{}, n.errorf("its input is a %s of %s, normalized along axis %d: a row's score may not depend on the others", v.kind, shapeText(v.shape), axis)
	}
	f := func(x []float64) {
		norm := 0.0
		for _, v := range x {
			if p == 1 {
				norm += math.Abs(v)
			} else {
				norm += v * v
			}
		}
		if p == 2 {
			norm = math.Sqrt(norm)
		}
		for i := range x {
			if norm != 0 {
				x[i] /= norm
			}
		}
	}
	return built{outs: []info{{kind: v.kind, shape: v.shape}}, run: along(v.kind, axis, false, f)}, nil
}

func cumSum(n *node) (built, error) {
	if err := n.arity(2, 2); err != nil {
		return built{}, err
	}
	v := n.inputs[0]
	list, err := n.constantInts(1, "axis")
	if err != nil {
		return built{}, err
	}
	if len(list) != 1 || !numeric(v.kind) {
		return built{}, n.errorf("expected numbers and one axis, found a %s and %d axes", v.kind, len(list))
	}
	axis, err := n.axis(list[0], len(v.shape))
	if err != nil {
		return built{}, err
	}
	if v.shape[axis] < 0 {
		return built{}, n.errorf("it sums over the rows of a batch: a row's score may not depend on the others")
	}
	exclusive, reverse := n.int("exclusive", 0) != 0, n.int("reverse", 0) != 0
	n.inputs = n.inputs[:1]
	f := func(x []float64) {
		sum := 0.0
		for i := range x {
			if reverse {
				i = len(x) - 1 - i
			}
			v := x[i]
			if exclusive {
				x[i] = sum
			}
			sum += v
			if !exclusive {
				x[i] = sum
			}
		}
	}
	return built{outs: []info{{kind: v.kind, shape: v.shape}}, run: along(v.kind, axis, false, f)}, nil
}

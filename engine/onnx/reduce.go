package onnx

import (
	"math"
	"slices"
)

// reduction computes one number of many: finish(fold of step).
type reduction struct {
	first  float64
	step   func(acc, x float64) float64
	finish func(acc float64, n int) float64
	whole  bool // also for whole numbers
	axesIn int  // the version from which the axes are an input
}

// reduceOperators are the operators that make one number of the numbers along axes.
func reduceOperators() map[string]builder {
	add := func(acc, x float64) float64 { return acc + x }
	all := map[string]builder{}
	for name, r := range map[string]reduction{
		"ReduceSum":       {step: add, whole: true, axesIn: 13},
		"ReduceMean":      {step: add, finish: func(acc float64, n int) float64 { return acc / float64(n) }, axesIn: 18},
		"ReduceMax":       {first: math.Inf(-1), step: func(acc, x float64) float64 { return max(acc, x) }, whole: true, axesIn: 18},
		"ReduceMin":       {first: math.Inf(1), step: func(acc, x float64) float64 { return min(acc, x) }, whole: true, axesIn: 18},
		"ReduceProd":      {first: 1, step: func(acc, x float64) float64 { return acc * x }, whole: true, axesIn: 18},
		"ReduceSumSquare": {step: func(acc, x float64) float64 { return acc + x*x }, axesIn: 18},
		"ReduceL1":        {step: func(acc, x float64) float64 { return acc + math.Abs(x) }, axesIn: 18},
		"ReduceL2": {step: func(acc, x float64) float64 { return acc + x*x }, axesIn: 18,
			finish: func(acc float64, _ int) float64 { return math.Sqrt(acc) }},
		"ReduceLogSum": {step: add, finish: func(acc float64, _ int) float64 { return math.Log(acc) }, axesIn: 18},
	} {
		all[name] = r.build
	}
	all["ReduceLogSumExp"] = reduction{axesIn: 18}.logSumExp
	return all
}

// reducedAxes reads the axes; nil means that nothing is reduced.
func (r reduction) reducedAxes(n *node) ([]int, error) {
	if err := n.arity(1, 2); err != nil {
		return nil, err
	}
	v := n.inputs[0]
	var list []int64
	if n.opset >= r.axesIn {
		var err error
		if list, err = n.constantInts(1, "axes"); err != nil {
			return nil, err
		}
	} else {
		list = n.ints("axes")
	}
	axes, err := n.axes(list, len(v.shape))
	if err != nil {
		return nil, err
	}
	if len(axes) == 0 && (n.opset < r.axesIn || n.int("noop_with_empty_axes", 0) == 0) {
		for a := range v.shape {
			axes = append(axes, a)
		}
	}
	for _, a := range axes {
		if v.shape[a] < 0 {
			return nil, n.errorf("it puts the rows of a batch together (axis %d of %s): a row's score may not depend on the others", a, shapeText(v.shape))
		}
	}
	return axes, nil
}

func (r reduction) build(n *node) (built, error) {
	axes, err := r.reducedAxes(n)
	if err != nil {
		return built{}, err
	}
	v := n.inputs[0]
	if !v.kind.floating() && (!numeric(v.kind) || !r.whole) {
		return built{}, n.errorf("it is not supported for %s", v.kind)
	}
	keep := n.int("keepdims", 1) != 0
	n.inputs = n.inputs[:1]
	out := info{kind: v.kind, shape: reducedShape(v.shape, axes, keep)}
	run := func(_ *workspace, in, out []*tensor) error {
		var p fibers
		p.start(in[0].shape, axes)
		for j := range out[0].size() {
			acc := r.first
			at := p.next()
			for at >= 0 {
				acc = r.step(acc, in[0].number(at))
				at = p.element()
			}
			if r.finish != nil {
				acc = r.finish(acc, p.length)
			}
			out[0].setNumber(j, acc)
		}
		return nil
	}
	return built{outs: []info{out}, run: run}, nil
}

func (r reduction) logSumExp(n *node) (built, error) {
	axes, err := r.reducedAxes(n)
	if err != nil {
		return built{}, err
	}
	v := n.inputs[0]
	if !v.kind.floating() {
		return built{}, n.errorf("it is not supported for %s", v.kind)
	}
	keep := n.int("keepdims", 1) != 0
	n.inputs = n.inputs[:1]
	run := func(_ *workspace, in, out []*tensor) error {
		var top, p fibers
		top.start(in[0].shape, axes)
		p.start(in[0].shape, axes)
		for j := range out[0].size() {
			m := math.Inf(-1)
			for at := top.next(); at >= 0; at = top.element() {
				m = max(m, in[0].number(at))
			}
			if math.IsInf(m, 0) {
				m = 0
			}
			sum := 0.0
			for at := p.next(); at >= 0; at = p.element() {
				sum += math.Exp(in[0].number(at) - m)
			}
			out[0].setNumber(j, m+math.Log(sum))
		}
		return nil
	}
	return built{outs: []info{{kind: v.kind, shape: reducedShape(v.shape, axes, keep)}}, run: run}, nil
}

// fibers goes over the elements of a tensor that are put together: next begins a group and gives the place of its first
// element, element that of the next one, -1 at the group's end.
type fibers struct {
	length           int // of a group
	outer, inner     int // axes
	outLen, inLen    [maxRank]int
	outStep, inStep  [maxRank]int
	outCount, count  [maxRank]int
	at, from, passed int
	begun            bool
}

func (p *fibers) start(shape []int, axes []int) {
	p.length = 1
	stride := 1
	for a := len(shape) - 1; a >= 0; a-- { // the last axis moves first
		if slices.Contains(axes, a) {
			p.inLen[p.inner], p.inStep[p.inner] = shape[a], stride
			p.inner++
			p.length *= shape[a]
		} else {
			p.outLen[p.outer], p.outStep[p.outer] = shape[a], stride
			p.outer++
		}
		stride *= shape[a]
	}
}

func (p *fibers) next() int {
	if p.begun {
		p.from = advance(p.from, p.outCount[:p.outer], p.outLen[:p.outer], p.outStep[:p.outer])
	}
	p.begun = true
	p.at, p.passed = p.from, 0
	if p.length == 0 {
		return -1
	}
	return p.at
}

func (p *fibers) element() int {
	if p.passed++; p.passed >= p.length {
		clear(p.count[:p.inner])
		return -1
	}
	p.at = advance(p.at, p.count[:p.inner], p.inLen[:p.inner], p.inStep[:p.inner])
	return p.at
}

// advance moves to the next element, the first axis first.
func advance(at int, count, lens, steps []int) int {
	for a := range count {
		count[a]++
		at += steps[a]
		if count[a] < lens[a] {
			return at
		}
		at -= steps[a] * lens[a]
		count[a] = 0
	}
	return at
}

package onnx

import (
	"slices"
)

// readsDims says whether a node reads its input i as a shape, so that it may hold the number of rows.
func readsDims(n *node, i int) bool {
	switch n.fullOp() {
	case "Reshape", "Expand":
		return i == 1
	case "ConstantOfShape", "Shape", "Size":
		return i == 0
	}
	return false
}

// dimOperators are the operators that compute shapes from shapes, where the number of rows is not known.
func dimOperators() map[string]builder {
	return map[string]builder{
		"Identity": identity, "Cast": dimCast, "Squeeze": dimMove(squeeze), "Unsqueeze": dimMove(unsqueeze), "Reshape": dimMove(reshape),
		"Concat": dimConcat, "Gather": dimGather, "Slice": dimSlice,
		"Mul": dimProduct, "Div": dimProduct,
	}
}

// elementDims are an input's elements as dims.
func (n *node) elementDims(i int) ([]dim, error) {
	v := n.inputs[i]
	if v.dims != nil {
		return v.dims, nil
	}
	list, err := n.constantInts(i, "shape")
	if err != nil {
		return nil, err
	}
	out := make([]dim, len(list))
	for k, x := range list {
		out[k].n = x
	}
	return out, nil
}

func dimCast(n *node) (built, error) {
	b, err := cast(n)
	if err != nil {
		return b, err
	}
	if k := b.outs[0].kind; k != kindInt64 && k != kindInt32 {
		return b, n.errorf("it makes a %s of the number of rows of a batch: a row's score may not depend on it", k)
	}
	b.outs[0].dims = n.inputs[0].dims
	return b, nil
}

// dimMove keeps the elements.
func dimMove(of builder) builder {
	return func(n *node) (built, error) {
		dims := n.inputs[0].dims
		b, err := of(n)
		if err == nil {
			b.outs[0].dims = dims
		}
		return b, err
	}
}

func dimConcat(n *node) (built, error) {
	b, err := concat(n)
	if err != nil {
		return b, err
	}
	dims := []dim{}
	for i := range n.inputs {
		d, err := n.elementDims(i)
		if err != nil {
			return b, err
		}
		dims = append(dims, d...)
	}
	b.outs[0].dims = dims
	return b, nil
}

func dimGather(n *node) (built, error) {
	b, err := gather(n)
	if err != nil {
		return b, err
	}
	list, err := n.constantInts(1, "indices")
	if err != nil {
		return b, err
	}
	from, dims := n.inputs[0].dims, []dim{}
	if from == nil {
		return b, n.errorf("its indices depend on the number of rows of a batch")
	}
	for _, x := range list {
		if x < 0 {
			x += int64(len(from))
		}
		if x < 0 || x >= int64(len(from)) {
			return b, n.errorf("the index %d is outside an axis of %d", x, len(from))
		}
		dims = append(dims, from[x])
	}
	b.outs[0].dims = dims
	return b, nil
}

func dimSlice(n *node) (built, error) {
	v := n.inputs[0]
	if v.dims == nil {
		return built{}, n.errorf("its bounds depend on the number of rows of a batch")
	}
	var lists [4][]int64
	for i, name := range []string{"starts", "ends", "axes", "steps"} {
		var err error
		if lists[i], err = n.listOrInput(name, i+1); err != nil {
			return built{}, err
		}
	}
	b, err := slice(n)
	if err != nil {
		return b, err
	}
	dims := slices.Clone(v.dims)
	if len(lists[0]) == 1 && len(lists[1]) == 1 {
		step := int64(1)
		if len(lists[3]) == 1 {
			step = lists[3][0]
		}
		c, err := n.cut(lists[0][0], lists[1][0], step, len(dims))
		if err != nil {
			return b, err
		}
		dims = dims[:0]
		for i := range c.length {
			dims = append(dims, v.dims[c.start+i*c.step])
		}
	}
	b.outs[0].dims = dims
	return b, nil
}

// dimProduct multiplies or divides shapes.
func dimProduct(n *node) (built, error) {
	b, err := arithmetic(loops(mul[float32], mul[float64], mul[int64], mul[int32]))(n)
	if err != nil {
		return b, err
	}
	x, err := n.elementDims(0)
	if err != nil {
		return b, err
	}
	y, err := n.elementDims(1)
	if err != nil {
		return b, err
	}
	dims := make([]dim, product(b.outs[0].shape))
	if len(b.outs[0].shape) > 1 || len(dims) > maxRank {
		return b, n.errorf("it computes with the number of rows of a batch: a row's score may not depend on it")
	}
	for i := range dims {
		p, q := x[min(i, len(x)-1)], y[min(i, len(y)-1)]
		switch {
		case n.op == "Mul" && !(p.batch && q.batch) && abs64(p.n) <= maxWidth && abs64(q.n) <= maxWidth:
			dims[i] = dim{p.n * q.n, p.batch || q.batch}
		case n.op == "Div" && !q.batch && q.n != 0 && (!p.batch || p.n%q.n == 0):
			dims[i] = dim{p.n / q.n, p.batch}
		default:
			return b, n.errorf("it computes with the number of rows of a batch: a row's score may not depend on it")
		}
	}
	b.outs[0].dims = dims
	return b, nil
}

func abs64(x int64) int64 { return max(x, -x) }

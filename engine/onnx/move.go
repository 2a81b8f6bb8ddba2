package onnx

import (
	"slices"
)

// moveOperators are the operators that move elements and change none.
func moveOperators() map[string]builder {
	return map[string]builder{
		"Reshape": reshape, "Flatten": flatten, "Squeeze": squeeze, "Unsqueeze": unsqueeze, "Transpose": permute,
		"Concat": concat, "Split": split, "Slice": slice, "Expand": expand, "Pad": pad, "Tile": tile,
	}
}

// axis reads the number of an axis; a negative one counts from the end.
func (n *node) axis(a int64, rank int) (int, error) {
	if a < int64(-rank) || a >= int64(rank) {
		return 0, n.errorf("axis %d does not exist: the input has %d axes", a, rank)
	}
	if a < 0 {
		a += int64(rank)
	}
	return int(a), nil
}

// axes reads a list of axes, in rising order. Without any it is nil.
func (n *node) axes(list []int64, rank int) ([]int, error) {
	var out []int
	for _, a := range list {
		x, err := n.axis(a, rank)
		if err != nil {
			return nil, err
		}
		if slices.Contains(out, x) {
			return nil, n.errorf("axis %d is there twice", a)
		}
		out = append(out, x)
	}
	slices.Sort(out)
	return out, nil
}

// constantInts reads an input that must be constant integers; nil if it is left out.
func (n *node) constantInts(i int, what string) ([]int64, error) {
	v := n.input(i)
	if v == nil {
		return nil, nil
	}
	if v.kind != kindInt64 && v.kind != kindInt32 {
		return nil, n.errorf("its input %s, %s, is a %s, expected int64", what, v.name, v.kind)
	}
	if v.constant == nil {
		return nil, n.errorf("its input %s, %s, is not constant: shapes that depend on the rows are not supported", what, v.name)
	}
	out := v.constant.ints()
	if out == nil {
		out = []int64{}
	}
	return out, nil
}

// listOrInput reads integers that are an attribute in old versions and an input in new ones.
func (n *node) listOrInput(name string, i int) ([]int64, error) {
	if n.has(name) {
		return n.ints(name), nil
	}
	return n.constantInts(i, name)
}

// permute is Transpose.
func permute(n *node) (built, error) {
	if err := n.arity(1, 1); err != nil {
		return built{}, err
	}
	v := n.inputs[0]
	rank := len(v.shape)
	perm := make([]int, rank)
	if list := n.ints("perm"); n.has("perm") {
		if len(list) != rank {
			return built{}, n.errorf("attribute perm has %d axes, the input has %d", len(list), rank)
		}
		if _, err := n.axes(list, rank); err != nil {
			return built{}, err
		}
		for i, a := range list {
			perm[i], _ = n.axis(a, rank)
		}
	} else {
		for i := range perm {
			perm[i] = rank - 1 - i
		}
	}
	shape := make([]int, rank)
	for i, a := range perm {
		shape[i] = v.shape[a]
	}
	m := mover{of: v.kind, strides: func(in []int, steps []int) (at int) {
		for i, a := range perm {
			steps[i] = product(in[a+1:])
		}
		return 0
	}}
	return built{outs: []info{{kind: v.kind, shape: shape, labels: v.labels}}, run: m.kernel()}, nil
}

// mover copies elements to an output whose axes go through the input in steps.
type mover struct {
	of kind
	// strides gives for each axis of the output the step in the input's elements, and where the first element is.
	strides func(in []int, steps []int) (at int)
}

func (m mover) kernel() kernel {
	switch m.of {
	case kindFloat:
		return move[float32](m)
	case kindDouble:
		return move[float64](m)
	case kindInt64:
		return move[int64](m)
	case kindInt32:
		return move[int32](m)
	case kindString:
		return move[string](m)
	}
	return move[bool](m)
}

func move[T element](m mover) kernel {
	return func(w *workspace, in, out []*tensor) error {
		dst, src := elements[T](out[0]), elements[T](in[0])
		if len(dst) == 0 {
			return nil
		}
		shape := out[0].shape
		steps := w.scratchInts(2 * max(1, len(shape)))
		counts := steps[max(1, len(shape)):]
		clear(steps)
		at := m.strides(in[0].shape, steps)
		inner, step := 1, 0
		if n := len(shape); n > 0 {
			inner, step = shape[n-1], steps[n-1]
		}
		for o := 0; o < len(dst); o += inner {
			from := at
			for i := range inner {
				dst[o+i] = src[from]
				from += step
			}
			for a := len(shape) - 2; a >= 0; a-- {
				counts[a]++
				at += steps[a]
				if counts[a] < shape[a] {
					break
				}
				at -= steps[a] * shape[a]
				counts[a] = 0
			}
		}
		return nil
	}
}

// expand is Expand.
func expand(n *node) (built, error) {
	if err := n.arity(2, 2); err != nil {
		return built{}, err
	}
	v := n.inputs[0]
	target, err := n.shapeInput(1)
	if err != nil {
		return built{}, err
	}
	shape, err := n.broadcastShape(v.shape, target)
	if err != nil {
		return built{}, err
	}
	return built{outs: []info{{kind: v.kind, shape: shape, labels: v.labels}}, run: stretch}, nil
}

// shapeInput reads an input that is a shape.
func (n *node) shapeInput(i int) ([]int, error) {
	v := n.inputs[i]
	dims := v.dims
	if dims == nil {
		list, err := n.constantInts(i, "shape")
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			dims = append(dims, dim{n: d})
		}
	}
	if len(dims) > maxRank {
		return nil, n.errorf("its shape has %d axes, more than the %d that are supported", len(dims), maxRank)
	}
	shape := make([]int, len(dims))
	for k, d := range dims {
		if d.n < 0 || d.n > maxWidth {
			return nil, n.errorf("its shape has an axis of %d", d.n)
		}
		if shape[k] = int(d.n); d.batch {
			shape[k] = -shape[k]
		}
	}
	return shape, nil
}

// stretch writes its first input into an output of a shape that it stretches to.
func stretch(w *workspace, in, out []*tensor) error {
	switch out[0].kind {
	case kindFloat:
		stretched[float32](in[0], out[0])
	case kindDouble:
		stretched[float64](in[0], out[0])
	case kindInt64:
		stretched[int64](in[0], out[0])
	case kindInt32:
		stretched[int32](in[0], out[0])
	case kindString:
		stretched[string](in[0], out[0])
	case kindBool:
		stretched[bool](in[0], out[0])
	}
	return nil
}

func stretched[T element](in, out *tensor) {
	var k walk
	k.start(out.shape, in.shape)
	d, s := elements[T](out), elements[T](in)
	for k.next() {
		if k.step[0] != 0 {
			copy(d[k.out:k.out+k.run], s[k.off[0]:])
			continue
		}
		x := s[k.off[0]]
		for i := range k.run {
			d[k.out+i] = x
		}
	}
}

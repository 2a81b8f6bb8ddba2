package onnx

import (
	"slices"
)

// view is a node whose output has the elements of its first input.
func (n *node) view(shape []int) (built, error) {
	v := n.inputs[0]
	if v.maps {
		return built{}, n.errorf("its input is a sequence of maps, expected a tensor")
	}
	o := info{kind: v.kind, shape: shape, labels: v.labels}
	if len(shape) > 0 && v.classes != nil && shape[len(shape)-1] == v.classes.len() {
		o.classes = v.classes
	}
	if product(shape) == 1 {
		o.class = v.class
	}
	return built{outs: []info{o}}, nil
}

func reshape(n *node) (built, error) {
	if err := n.arity(2, 2); err != nil {
		return built{}, err
	}
	v, s := n.inputs[0], n.inputs[1]
	target := s.dims
	if target == nil {
		list, err := n.constantInts(1, "shape")
		if err != nil {
			return built{}, err
		}
		for _, d := range list {
			target = append(target, dim{n: d})
		}
	}
	if len(target) > maxRank {
		return built{}, n.errorf("its shape has %d axes, more than the %d that are supported", len(target), maxRank)
	}
	shape, err := n.reshaped(v.shape, target)
	if err != nil {
		return built{}, err
	}
	return n.view(shape)
}

// reshaped is the shape that a target means for an input.
func (n *node) reshaped(from []int, target []dim) ([]int, error) {
	zero := n.int("allowzero", 0) != 0
	open, width, batch := -1, 1, false
	shape := make([]int, len(target))
	for i, d := range target {
		switch {
		case d.batch:
			shape[i] = -int(d.n)
		case d.n == -1:
			if open >= 0 {
				return nil, n.errorf("its shape has -1 twice")
			}
			open = i
			continue
		case d.n == 0 && !zero:
			if i >= len(from) {
				return nil, n.errorf("its shape has a 0 at %d, the input has only %d axes", i, len(from))
			}
			shape[i] = from[i]
		case d.n < 0 || d.n > maxWidth:
			return nil, n.errorf("its shape has an axis of %d", d.n)
		default:
			shape[i] = int(d.n)
		}
		batch = batch || shape[i] < 0
		a := max(shape[i], -shape[i])
		if a > 0 && width > maxWidth/a {
			return nil, n.errorf("its shape has more than %d elements", maxWidth)
		}
		width *= a
	}
	total, rows := product(from), batchAxis(from) >= 0
	if open >= 0 {
		if width == 0 || total%width != 0 || batch && !rows {
			return nil, n.errorf("the shape %s does not fit the target's other axes", shapeText(from))
		}
		shape[open] = total / width
		if rows && !batch {
			shape[open] = -shape[open]
		}
		return shape, nil
	}
	if rows && !batch && n.graph.single && len(shape) > 0 && shape[0] == 1 && width == total {
		shape[0] = -1 // exported with a batch of one row
		return shape, nil
	}
	if width != total || batch != rows {
		return nil, n.errorf("the shape %s does not become %s: expected the same number of elements%s", shapeText(from), shapeText(shape), n.fixedHint(rows && !batch))
	}
	return shape, nil
}

func (n *node) fixedHint(fixed bool) string {
	if fixed {
		return " for any number of rows; export the model with a batch of any number of rows"
	}
	return ""
}

func flatten(n *node) (built, error) {
	if err := n.arity(1, 1); err != nil {
		return built{}, err
	}
	from := n.inputs[0].shape
	a, rank := n.int("axis", 1), int64(len(from))
	if a < -rank || a > rank {
		return built{}, n.errorf("axis %d does not exist: the input has %d axes", a, rank)
	}
	if a < 0 {
		a += rank
	}
	return n.view([]int{signedProduct(from[:a]), signedProduct(from[a:])})
}

// signedProduct is the product of axes as an axis: negative if one of them grows with N.
func signedProduct(shape []int) int {
	p := product(shape)
	if batchAxis(shape) >= 0 {
		p = -p
	}
	return p
}

func squeeze(n *node) (built, error) {
	if err := n.arity(1, 2); err != nil {
		return built{}, err
	}
	from := n.inputs[0].shape
	list, err := n.listOrInput("axes", 1)
	if err != nil {
		return built{}, err
	}
	axes, err := n.axes(list, len(from))
	if err != nil {
		return built{}, err
	}
	var shape []int
	for i, d := range from {
		drop := d == 1 && list == nil || slices.Contains(axes, i)
		if drop && d != 1 {
			return built{}, n.errorf("axis %d of %s is not 1 long", i, shapeText(from))
		}
		if !drop {
			shape = append(shape, d)
		}
	}
	n.inputs = n.inputs[:1]
	return n.view(shape)
}

func unsqueeze(n *node) (built, error) {
	if err := n.arity(1, 2); err != nil {
		return built{}, err
	}
	from := n.inputs[0].shape
	list, err := n.listOrInput("axes", 1)
	if err != nil {
		return built{}, err
	}
	rank := len(from) + len(list)
	if rank > maxRank {
		return built{}, n.errorf("its output has %d axes, more than the %d that are supported", rank, maxRank)
	}
	axes, err := n.axes(list, rank)
	if err != nil {
		return built{}, err
	}
	shape := make([]int, 0, rank)
	for i := range rank {
		if slices.Contains(axes, i) {
			shape = append(shape, 1)
		} else {
			shape = append(shape, from[len(shape)-countBelow(axes, i)])
		}
	}
	n.inputs = n.inputs[:1]
	return n.view(shape)
}

func countBelow(axes []int, i int) int {
	k := 0
	for _, a := range axes {
		if a < i {
			k++
		}
	}
	return k
}

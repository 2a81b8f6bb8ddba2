package onnx

import "math"

// constantOperators are the operators that make constants and shapes.
func constantOperators() map[string]builder {
	return map[string]builder{"Constant": constant, "ConstantOfShape": constantOfShape, "Shape": shapeOf, "Size": sizeOf, "Range": rangeOf}
}

func constant(n *node) (built, error) {
	if err := n.arity(0, 0); err != nil {
		return built{}, err
	}
	var t *tensor
	switch {
	case n.has("value"):
		t = n.tensor("value")
	case n.has("value_float"):
		t = &tensor{kind: kindFloat, f32: []float32{n.float("value_float", 0)}}
	case n.has("value_floats"):
		t = &tensor{kind: kindFloat, shape: []int{len(n.floats("value_floats"))}, f32: n.floats("value_floats")}
	case n.has("value_int"):
		t = &tensor{kind: kindInt64, i64: []int64{n.int("value_int", 0)}}
	case n.has("value_ints"):
		t = &tensor{kind: kindInt64, shape: []int{len(n.ints("value_ints"))}, i64: n.ints("value_ints")}
	case n.has("value_string"):
		t = &tensor{kind: kindString, str: []string{n.text("value_string", "")}}
	case n.has("value_strings"):
		t = &tensor{kind: kindString, shape: []int{len(n.texts("value_strings"))}, str: n.texts("value_strings")}
	}
	if t == nil {
		return built{}, n.errorf("its value is missing")
	}
	return built{outs: []info{constantInfo(t)}}, nil
}

func constantOfShape(n *node) (built, error) {
	if err := n.arity(1, 1); err != nil {
		return built{}, err
	}
	shape, err := n.shapeInput(0)
	if err != nil {
		return built{}, err
	}
	fill := newTensor(kindFloat, 1)
	if t := n.tensor("value"); t != nil {
		fill = t
	}
	if fill.size() != 1 {
		return built{}, n.errorf("attribute value has %d elements, expected 1", fill.size())
	}
	one := *fill
	one.shape = nil
	run := func(w *workspace, _, out []*tensor) error {
		if w.pair[0] = &one; out[0].size() == 0 {
			return nil
		}
		return stretch(w, w.pair[:1], out)
	}
	return built{outs: []info{{kind: fill.kind, shape: shape}}, run: run}, nil
}

// shapeOf is Shape: its elements are known up to N.
func shapeOf(n *node) (built, error) {
	if err := n.arity(1, 1); err != nil {
		return built{}, err
	}
	shape := n.inputs[0].shape
	rank := int64(len(shape))
	end := func(name string, otherwise int64) int {
		x := n.int(name, otherwise)
		if x < 0 {
			x += rank
		}
		return int(min(max(x, 0), rank))
	}
	from, to := end("start", 0), end("end", rank)
	dims := []dim{}
	for a := from; a < to; a++ {
		if d := shape[a]; d < 0 {
			dims = append(dims, dim{int64(-d), true})
		} else {
			dims = append(dims, dim{int64(d), false})
		}
	}
	return built{outs: []info{{kind: kindInt64, shape: []int{len(dims)}, dims: dims}}}, nil
}

func sizeOf(n *node) (built, error) {
	if err := n.arity(1, 1); err != nil {
		return built{}, err
	}
	shape := n.inputs[0].shape
	return built{outs: []info{{kind: kindInt64, dims: []dim{{int64(product(shape)), batchAxis(shape) >= 0}}}}}, nil
}

// rangeOf is Range, of constants.
func rangeOf(n *node) (built, error) {
	if err := n.arity(3, 3); err != nil {
		return built{}, err
	}
	first := n.inputs[0]
	for _, v := range n.inputs {
		if v.kind != first.kind || !numeric(v.kind) || v.constant == nil || v.constant.size() != 1 {
			return built{}, n.errorf("its inputs must be three constant numbers of one type")
		}
	}
	start, limit, delta := first.constant.number(0), n.inputs[1].constant.number(0), n.inputs[2].constant.number(0)
	count := math.Ceil((limit - start) / delta)
	if !(count <= maxWidth) {
		return built{}, n.errorf("it has %v elements, more than the %d that are supported", count, maxWidth)
	}
	run := func(_ *workspace, _, out []*tensor) error {
		for i := range out[0].size() {
			out[0].setNumber(i, start+float64(i)*delta)
		}
		return nil
	}
	return built{outs: []info{{kind: first.kind, shape: []int{int(max(0, count))}}}, run: run}, nil
}

package onnx

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// indexOperators are the operators that find elements, or take them by their index.
func indexOperators() map[string]builder {
	return map[string]builder{
		"Gather": gather, "GatherElements": gatherElements, "OneHot": oneHot, "TopK": topK,
		"ArgMax": arg(func(a, best float64) bool { return a > best }), "ArgMin": arg(func(a, best float64) bool { return a < best }),
	}
}

// index is an element of an index tensor, counted from the end where it is negative.
func (t *tensor) index(i, length int) (int, error) {
	x := int64(0)
	if t.kind == kindInt32 {
		x = int64(t.i32[i])
	} else {
		x = t.i64[i]
	}
	if x < 0 {
		x += int64(length)
	}
	if x < 0 || x >= int64(length) {
		return 0, fmt.Errorf("the index %d is outside an axis of %d", x, length)
	}
	return int(x), nil
}

// indexes checks indexes that are constant.
func (n *node) indexes(x *value, length int) error {
	if x.constant == nil || length < 0 {
		return nil
	}
	for i := range x.constant.size() {
		if _, err := x.constant.index(i, length); err != nil {
			return n.errorf("%v", err)
		}
	}
	return nil
}

func gather(n *node) (built, error) {
	if err := n.arity(2, 2); err != nil {
		return built{}, err
	}
	v, x := n.inputs[0], n.inputs[1]
	if x.kind != kindInt64 && x.kind != kindInt32 {
		return built{}, n.errorf("its indices are a %s, expected int64 or int32", x.kind)
	}
	axis, err := n.axis(n.int("axis", 0), len(v.shape))
	if err != nil {
		return built{}, err
	}
	if v.shape[axis] < 0 {
		return built{}, n.errorf("it takes rows of a batch by their number: a row's score may not depend on the others")
	}
	if err := n.indexes(x, v.shape[axis]); err != nil {
		return built{}, err
	}
	shape := slices.Concat(v.shape[:axis], x.shape, v.shape[axis+1:])
	o := info{kind: v.kind, shape: shape}
	if v.constant != nil && len(v.shape) == 1 {
		o.labels = labelsOf(v.constant) // a table of classes
	}
	if batchAxis(x.shape) >= 0 && (axis > 0 || batchAxis(x.shape) > 0) {
		return built{}, n.errorf("its indices have the shape %s and its axis is %d: indices that depend on the rows are only supported for axis 0", shapeText(x.shape), axis)
	}
	if batchAxis(v.shape) > 0 && x.constant == nil {
		return built{}, n.errorf("it takes elements of %s by indices that are not constant", shapeText(v.shape))
	}
	k := forKind(v.kind, gatherer[float32](axis), gatherer[float64](axis), gatherer[int64](axis), gatherer[int32](axis), gatherer[string](axis), gatherer[bool](axis))
	return built{outs: []info{o}, run: k}, nil
}

// labelsOf are the labels that a constant lists; nil if it is of numbers with a fraction.
func labelsOf(t *tensor) *labels {
	switch t.kind {
	case kindString:
		return &labels{strings: t.str}
	case kindInt64, kindInt32:
		return &labels{ints: t.ints()}
	}
	return nil
}

func gatherer[T element](axis int) kernel {
	return func(w *workspace, in, out []*tensor) error {
		dst, src, x := elements[T](out[0]), elements[T](in[0]), in[1]
		outer, length, inner := around(in[0].shape, axis)
		count := x.size()
		for j := range count {
			at, err := x.index(j, length)
			if err != nil {
				w.dropElement(x, j, err)
				at = 0
				if length == 0 {
					return err
				}
			}
			for o := range outer {
				copy(dst[(o*count+j)*inner:(o*count+j+1)*inner], src[(o*length+at)*inner:])
			}
		}
		return nil
	}
}

func gatherElements(n *node) (built, error) {
	if err := n.arity(2, 2); err != nil {
		return built{}, err
	}
	v, x := n.inputs[0], n.inputs[1]
	if x.kind != kindInt64 && x.kind != kindInt32 || len(x.shape) != len(v.shape) {
		return built{}, n.errorf("its indices are a %s of %s, expected int64 of the %d axes of the data", x.kind, shapeText(x.shape), len(v.shape))
	}
	axis, err := n.axis(n.int("axis", 0), len(v.shape))
	if err != nil {
		return built{}, err
	}
	if v.shape[axis] < 0 || batchAxis(x.shape) > 0 {
		return built{}, n.errorf("it takes rows of a batch by their number: a row's score may not depend on the others")
	}
	if err := n.indexes(x, v.shape[axis]); err != nil {
		return built{}, err
	}
	for a, d := range x.shape {
		if a != axis && d != v.shape[a] {
			return built{}, n.errorf("its indices have the shape %s, its data %s: only axis %d may differ", shapeText(x.shape), shapeText(v.shape), axis)
		}
	}
	k := forKind(v.kind, elementGatherer[float32](axis), elementGatherer[float64](axis), elementGatherer[int64](axis), elementGatherer[int32](axis),
		elementGatherer[string](axis), elementGatherer[bool](axis))
	return built{outs: []info{{kind: v.kind, shape: x.shape}}, run: k}, nil
}

func elementGatherer[T element](axis int) kernel {
	return func(w *workspace, in, out []*tensor) error {
		dst, src, x := elements[T](out[0]), elements[T](in[0]), in[1]
		_, length, inner := around(in[0].shape, axis)
		taken := x.shape[axis]
		for j := range dst {
			at, err := x.index(j, length)
			if err != nil {
				w.dropElement(x, j, err)
				at = 0
				if length == 0 {
					return err
				}
			}
			outer := j / (taken * inner)
			dst[j] = src[(outer*length+at)*inner+j%inner]
		}
		return nil
	}
}

// oneHot is OneHot: a new axis with one value where the index is and another elsewhere.
func oneHot(n *node) (built, error) {
	if err := n.arity(3, 3); err != nil {
		return built{}, err
	}
	x, depth, values := n.inputs[0], n.inputs[1], n.inputs[2]
	if !numeric(x.kind) || !numeric(depth.kind) {
		return built{}, n.errorf("its indices and its depth are a %s and a %s, expected numbers", x.kind, depth.kind)
	}
	if depth.constant == nil || depth.constant.size() != 1 || values.constant == nil || values.constant.size() != 2 {
		return built{}, n.errorf("its depth must be one constant number, its values two")
	}
	d := depth.constant.number(0)
	if !(d >= 1 && d <= maxWidth) {
		return built{}, n.errorf("its depth is %v", d)
	}
	axis, err := n.axis(n.int("axis", -1), len(x.shape)+1)
	if err != nil {
		return built{}, err
	}
	shape := slices.Insert(slices.Clone(x.shape), axis, int(d))
	k := forKind(values.kind, oneHotter[float32](axis), oneHotter[float64](axis), oneHotter[int64](axis), oneHotter[int32](axis), oneHotter[string](axis), oneHotter[bool](axis))
	return built{outs: []info{{kind: values.kind, shape: shape}}, run: k}, nil
}

func oneHotter[T element](axis int) kernel {
	return func(_ *workspace, in, out []*tensor) error {
		dst, values := elements[T](out[0]), elements[T](in[2])
		for i := range dst {
			dst[i] = values[0]
		}
		_, depth, inner := around(out[0].shape, axis)
		for j := range in[0].size() {
			x := math.Trunc(in[0].number(j))
			if x < 0 {
				x += float64(depth)
			}
			if x >= 0 && x < float64(depth) {
				dst[(j/inner*depth+int(x))*inner+j%inner] = values[1]
			}
		}
		return nil
	}
}

// reducedShape is a shape without axes, or with 1 in their places.
func reducedShape(shape []int, axes []int, keep bool) []int {
	var out []int
	for a, d := range shape {
		switch {
		case !slices.Contains(axes, a):
			out = append(out, d)
		case keep:
			out = append(out, 1)
		}
	}
	return out
}

// arg is ArgMax and ArgMin.
func arg(better func(a, best float64) bool) builder {
	return func(n *node) (built, error) {
		if err := n.arity(1, 1); err != nil {
			return built{}, err
		}
		v := n.inputs[0]
		if !numeric(v.kind) {
			return built{}, n.errorf("it is not supported for %s", v.kind)
		}
		axis, err := n.axis(n.int("axis", 0), len(v.shape))
		if err != nil {
			return built{}, err
		}
		if v.shape[axis] <= 0 {
			return built{}, n.errorf("it compares the rows of a batch, or nothing: axis %d of %s", axis, shapeText(v.shape))
		}
		shape := reducedShape(v.shape, []int{axis}, n.int("keepdims", 1) != 0)
		last := n.int("select_last_index", 0) != 0
		run := func(_ *workspace, in, out []*tensor) error {
			outer, length, inner := around(in[0].shape, axis)
			for o := range outer {
				for i := range inner {
					out[0].i64[o*inner+i] = argOf(in[0], o*length*inner+i, length, inner, better, last)
				}
			}
			return nil
		}
		return built{outs: []info{{kind: kindInt64, shape: shape}}, run: run}, nil
	}
}

func argOf(t *tensor, at, length, step int, better func(a, best float64) bool, last bool) int64 {
	best, found := t.number(at), 0
	for j := 1; j < length; j++ {
		x := t.number(at + j*step)
		if better(x, best) || last && x == best {
			best, found = x, j
		}
	}
	return int64(found)
}

// topK is TopK.
func topK(n *node) (built, error) {
	if err := n.arity(1, 2); err != nil {
		return built{}, err
	}
	v := n.inputs[0]
	if !numeric(v.kind) {
		return built{}, n.errorf("it is not supported for %s", v.kind)
	}
	axis, err := n.axis(n.int("axis", -1), len(v.shape))
	if err != nil {
		return built{}, err
	}
	if v.shape[axis] < 0 {
		return built{}, n.errorf("it compares the rows of a batch: a row's score may not depend on the others")
	}
	count := []int64{n.int("k", 0)}
	if n.opset >= 10 {
		if count, err = n.constantInts(1, "K"); err != nil {
			return built{}, err
		}
	}
	if len(count) != 1 || count[0] < 0 || count[0] > int64(v.shape[axis]) {
		return built{}, n.errorf("K is %v, expected a number from 0 to the axis's length of %d", count, v.shape[axis])
	}
	shape := slices.Clone(v.shape)
	shape[axis] = int(count[0])
	largest := n.int("largest", 1) != 0
	n.inputs = n.inputs[:1]
	run := func(w *workspace, in, out []*tensor) error {
		outer, length, inner := around(in[0].shape, axis)
		k := out[0].shape[axis]
		order := w.scratchInts(length)
		for o := range outer {
			for i := range inner {
				sortTop(order, in[0], o*length*inner+i, inner, largest)
				for j := range k {
					to := (o*k+j)*inner + i
					out[0].setFrom(to, in[0], (o*length+order[j])*inner+i)
					out[1].i64[to] = int64(order[j])
				}
			}
		}
		return nil
	}
	return built{outs: []info{{kind: v.kind, shape: shape}, {kind: kindInt64, shape: shape}}, run: run}, nil
}

// sortTop sorts the positions of an axis by their elements; equal ones by position.
func sortTop(order []int, t *tensor, at, step int, largest bool) {
	for j := range order {
		order[j] = j
	}
	slices.SortFunc(order, func(a, b int) int {
		c := t.compare(at+a*step, at+b*step)
		if largest {
			c = -c
		}
		if c == 0 {
			c = a - b
		}
		return c
	})
}

// compare orders two elements; NaN is the largest.
func (t *tensor) compare(i, j int) int {
	if t.kind == kindInt64 {
		return cmp.Compare(t.i64[i], t.i64[j])
	}
	a, b := t.number(i), t.number(j)
	switch {
	case a < b || a == a && b != b:
		return -1
	case a > b || a != a && b == b:
		return 1
	}
	return 0
}

// setFrom copies a number of a tensor of the same kind.
func (t *tensor) setFrom(i int, from *tensor, j int) {
	switch t.kind {
	case kindFloat:
		t.f32[i] = from.f32[j]
	case kindDouble:
		t.f64[i] = from.f64[j]
	case kindInt64:
		t.i64[i] = from.i64[j]
	case kindInt32:
		t.i32[i] = from.i32[j]
	}
}

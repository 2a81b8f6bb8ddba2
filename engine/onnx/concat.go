package onnx

import (
	"math"
	"slices"
)

// forKind chooses a kernel by a kind.
func forKind(k kind, f32, f64, i64, i32, str, boolean kernel) kernel {
	return [...]kernel{nil, f32, f64, i64, i32, str, boolean}[k]
}

// around are the numbers of elements before and after an axis of a tensor of a batch.
func around(shape []int, axis int) (outer, length, inner int) {
	return product(shape[:axis]), shape[axis], product(shape[axis+1:])
}

func concat(n *node) (built, error) {
	if len(n.inputs) == 0 {
		return built{}, n.errorf("it has no inputs")
	}
	if err := n.arity(len(n.inputs), len(n.inputs)); err != nil {
		return built{}, err
	}
	first := n.inputs[0]
	if !n.has("axis") {
		return built{}, n.errorf("attribute axis is missing")
	}
	axis, err := n.axis(n.int("axis", 0), len(first.shape))
	if err != nil {
		return built{}, err
	}
	shape := slices.Clone(first.shape)
	shape[axis] = 0
	for _, v := range n.inputs {
		if v.kind != first.kind || len(v.shape) != len(first.shape) {
			return built{}, n.errorf("its inputs are a %s of %s and a %s of %s", first.kind, shapeText(first.shape), v.kind, shapeText(v.shape))
		}
		for a, d := range v.shape {
			if a != axis && d != shape[a] {
				return built{}, n.errorf("its inputs have the shapes %s and %s, which differ in axis %d", shapeText(first.shape), shapeText(v.shape), a)
			}
		}
		if v.shape[axis] < 0 {
			if len(n.inputs) > 1 {
				return built{}, n.errorf("it puts the rows of a batch behind each other: a row's score may not depend on the others")
			}
		}
		shape[axis] += v.shape[axis]
	}
	k := forKind(first.kind, concatenate[float32](axis), concatenate[float64](axis), concatenate[int64](axis), concatenate[int32](axis),
		concatenate[string](axis), concatenate[bool](axis))
	return built{outs: []info{{kind: first.kind, shape: shape}}, run: k}, nil
}

func concatenate[T element](axis int) kernel {
	return func(_ *workspace, in, out []*tensor) error {
		dst := elements[T](out[0])
		outer, length, inner := around(out[0].shape, axis)
		at, stride := 0, length*inner
		for _, t := range in {
			src, run := elements[T](t), t.shape[axis]*inner
			if run == 1 {
				for i, x := range src[:outer] {
					dst[i*stride+at] = x
				}
			} else {
				for i := range outer {
					copy(dst[i*stride+at:], src[i*run:(i+1)*run])
				}
			}
			at += run
		}
		return nil
	}
}

func split(n *node) (built, error) {
	if err := n.arity(1, 2); err != nil {
		return built{}, err
	}
	v := n.inputs[0]
	axis, err := n.axis(n.int("axis", 0), len(v.shape))
	if err != nil {
		return built{}, err
	}
	if v.shape[axis] < 0 {
		return built{}, n.errorf("it splits the rows of a batch: a row's score may not depend on the others")
	}
	sizes, err := n.splitSizes(v.shape[axis])
	if err != nil {
		return built{}, err
	}
	total := 0
	var outs []info
	for _, s := range sizes {
		if s < 0 || s > v.shape[axis] {
			return built{}, n.errorf("a part is %d long, the axis is %d long", s, v.shape[axis])
		}
		total += s
		shape := slices.Clone(v.shape)
		shape[axis] = s
		outs = append(outs, info{kind: v.kind, shape: shape})
	}
	if total != v.shape[axis] {
		return built{}, n.errorf("its parts are %d long together, the axis is %d long", total, v.shape[axis])
	}
	k := forKind(v.kind, splitter[float32](axis), splitter[float64](axis), splitter[int64](axis), splitter[int32](axis), splitter[string](axis), splitter[bool](axis))
	return built{outs: outs, run: k}, nil
}

// splitSizes are the lengths of a Split's parts.
func (n *node) splitSizes(length int) ([]int, error) {
	list, err := n.listOrInput("split", 1)
	if err != nil {
		return nil, err
	}
	if list != nil && len(list) != len(n.wanted) {
		return nil, n.errorf("it has %d parts and %d outputs", len(list), len(n.wanted))
	}
	var sizes []int
	for _, s := range list {
		sizes = append(sizes, int(min(s, math.MaxInt32)))
	}
	if list != nil {
		return sizes, nil
	}
	parts := len(n.wanted)
	if n.opset >= 18 && n.has("num_outputs") && n.int("num_outputs", 0) != int64(parts) {
		return nil, n.errorf("attribute num_outputs is %d, it has %d outputs", n.int("num_outputs", 0), parts)
	}
	chunk := (length + parts - 1) / parts
	if n.opset < 18 && length%parts != 0 {
		return nil, n.errorf("an axis of %d does not split into %d parts", length, parts)
	}
	for range parts {
		s := min(chunk, length)
		length -= s
		sizes = append(sizes, s)
	}
	return sizes, nil
}

func splitter[T element](axis int) kernel {
	return func(_ *workspace, in, out []*tensor) error {
		src := elements[T](in[0])
		outer, length, inner := around(in[0].shape, axis)
		at, stride := 0, length*inner
		for _, t := range out {
			dst, run := elements[T](t), t.shape[axis]*inner
			for i := range outer {
				copy(dst[i*run:(i+1)*run], src[i*stride+at:])
			}
			at += run
		}
		return nil
	}
}

// cut is a slice of one axis.
type cut struct{ start, step, length int }

// slice is Slice: of attributes up to version 9, then of inputs.
func slice(n *node) (built, error) {
	if err := n.arity(1, 5); err != nil {
		return built{}, err
	}
	v := n.inputs[0]
	var lists [4][]int64
	for i, name := range []string{"starts", "ends", "axes", "steps"} {
		var err error
		if lists[i], err = n.listOrInput(name, i+1); err != nil {
			return built{}, err
		}
	}
	starts, ends, axes, steps := lists[0], lists[1], lists[2], lists[3]
	if len(starts) != len(ends) || axes != nil && len(axes) != len(starts) || steps != nil && len(steps) != len(starts) || len(starts) > len(v.shape) {
		return built{}, n.errorf("it has %d starts, %d ends, %d axes and %d steps for %d axes", len(starts), len(ends), len(axes), len(steps), len(v.shape))
	}
	shape := slices.Clone(v.shape)
	cuts := make([]cut, len(shape))
	for a := range cuts {
		cuts[a] = cut{step: 1}
	}
	for i := range starts {
		a, step := int64(i), int64(1)
		if axes != nil {
			a = axes[i]
		}
		axis, err := n.axis(a, len(shape))
		if err != nil {
			return built{}, err
		}
		if steps != nil {
			step = steps[i]
		}
		if shape[axis] < 0 {
			if starts[i] == 0 && ends[i] >= math.MaxInt32 && step == 1 {
				continue
			}
			return built{}, n.errorf("it takes some of the rows of a batch: a row's score may not depend on the others")
		}
		if cuts[axis], err = n.cut(starts[i], ends[i], step, v.shape[axis]); err != nil {
			return built{}, err
		}
		shape[axis] = cuts[axis].length
	}
	m := mover{of: v.kind, strides: func(in []int, steps []int) (at int) {
		for a, c := range cuts {
			stride := product(in[a+1:])
			steps[a] = c.step * stride
			at += c.start * stride
		}
		return at
	}}
	n.inputs = n.inputs[:1]
	o := info{kind: v.kind, shape: shape, labels: v.labels}
	if len(shape) == 2 && shape[0] == -1 && shape[1] == 1 && v.classes.len() == v.shape[1] {
		o.class = v.classes.one(cuts[1].start)
	}
	return built{outs: []info{o}, run: m.kernel()}, nil
}

// cut clamps a slice to an axis, as Python does.
func (n *node) cut(start, end, step int64, length int) (cut, error) {
	if step == 0 || step < -maxWidth || step > maxWidth {
		return cut{}, n.errorf("its step is %d", step)
	}
	l := int64(length)
	lo, hi := int64(0), l
	if step < 0 {
		lo, hi = -1, l-1
	}
	clamp := func(x int64) int64 {
		if x < 0 {
			x = max(x, -l-1) + l // -l-1 is before the first element
		}
		return min(max(x, lo), hi)
	}
	start, end = clamp(start), clamp(end)
	if step < 0 && start < 0 {
		start = 0
		end = 0
	}
	size := (end - start + step - sgn(step)) / step
	return cut{start: int(start), step: int(step), length: int(max(0, size))}, nil
}

func sgn(x int64) int64 {
	if x < 0 {
		return -1
	}
	return 1
}

// pad is Pad in the mode constant.
func pad(n *node) (built, error) {
	if err := n.arity(1, 4); err != nil {
		return built{}, err
	}
	if mode := n.text("mode", "constant"); mode != "constant" {
		return built{}, n.errorf("attribute mode is %q, only constant is supported", mode)
	}
	v := n.inputs[0]
	pads, err := n.listOrInput("pads", 1)
	if err != nil {
		return built{}, err
	}
	axes, err := n.constantInts(3, "axes")
	if err != nil {
		return built{}, err
	}
	if axes == nil {
		for a := range v.shape {
			axes = append(axes, int64(a))
		}
	}
	if len(pads) != 2*len(axes) {
		return built{}, n.errorf("it has %d pads for %d axes, expected two for each", len(pads), len(axes))
	}
	shape, before := slices.Clone(v.shape), make([]int, len(v.shape))
	for i, a := range axes {
		axis, err := n.axis(a, len(shape))
		if err != nil {
			return built{}, err
		}
		begin, end := pads[i], pads[len(axes)+i]
		if begin < 0 || end < 0 || begin > maxWidth || end > maxWidth {
			return built{}, n.errorf("it pads by %d and %d: only 0 to %d is supported", begin, end, maxWidth)
		}
		if shape[axis] < 0 && begin+end > 0 {
			return built{}, n.errorf("it adds rows to a batch")
		}
		if shape[axis] >= 0 {
			shape[axis] += int(begin + end)
			before[axis] = int(begin)
		}
	}
	fill := newTensor(v.kind, 1)
	if v.kind.floating() && n.has("value") {
		fill.setNumber(0, float64(n.float("value", 0)))
	}
	if c := n.input(2); c != nil {
		if c.constant == nil || c.kind != v.kind || c.constant.size() != 1 {
			return built{}, n.errorf("its fill value must be one constant %s", v.kind)
		}
		fill = c.constant
	}
	n.inputs = n.inputs[:1]
	k := forKind(v.kind, padder[float32](before, fill), padder[float64](before, fill), padder[int64](before, fill), padder[int32](before, fill),
		padder[string](before, fill), padder[bool](before, fill))
	return built{outs: []info{{kind: v.kind, shape: shape}}, run: k}, nil
}

func padder[T element](before []int, fill *tensor) kernel {
	return func(w *workspace, in, out []*tensor) error {
		dst, src := elements[T](out[0]), elements[T](in[0])
		x := elements[T](fill)[0]
		for i := range dst {
			dst[i] = x
		}
		counts := w.scratchInts(len(before))
		clear(counts)
		for i := range src {
			at := 0
			for a, c := range counts {
				at = at*out[0].shape[a] + c + before[a]
			}
			dst[at] = src[i]
			countUp(counts, in[0].shape)
		}
		return nil
	}
}

// tile is Tile: the input several times behind itself.
func tile(n *node) (built, error) {
	if err := n.arity(2, 2); err != nil {
		return built{}, err
	}
	v := n.inputs[0]
	repeats, err := n.constantInts(1, "repeats")
	if err != nil {
		return built{}, err
	}
	if len(repeats) != len(v.shape) {
		return built{}, n.errorf("it has %d repeats for %d axes", len(repeats), len(v.shape))
	}
	shape := slices.Clone(v.shape)
	for a, r := range repeats {
		if r < 0 || r > maxWidth {
			return built{}, n.errorf("it repeats axis %d %d times", a, r)
		}
		if shape[a] < 0 && r != 1 {
			return built{}, n.errorf("it repeats the rows of a batch: a row's score may not depend on the others")
		}
		shape[a] *= int(r)
	}
	n.inputs = n.inputs[:1]
	k := forKind(v.kind, tiler[float32], tiler[float64], tiler[int64], tiler[int32], tiler[string], tiler[bool])
	return built{outs: []info{{kind: v.kind, shape: shape}}, run: k}, nil
}

func tiler[T element](w *workspace, in, out []*tensor) error {
	dst, src := elements[T](out[0]), elements[T](in[0])
	counts := w.scratchInts(len(out[0].shape))
	clear(counts)
	for i := range dst {
		at := 0
		for a, c := range counts {
			at = at*in[0].shape[a] + c%in[0].shape[a]
		}
		dst[i] = src[at]
		countUp(counts, out[0].shape)
	}
	return nil
}

// countUp steps to the next element of a shape: the last axis varies fastest.
func countUp(counts, shape []int) {
	for a := len(counts) - 1; a >= 0; a-- {
		if counts[a]++; counts[a] < shape[a] {
			break
		}
		counts[a] = 0
	}
}

package onnx

import (
	"errors"
	"math"
)

// numberType is what arithmetic is done in.
type numberType interface {
	float32 | float64 | int64 | int32
}

// arithmeticOperators are the operators on two tensors or more, element by element.
func arithmeticOperators() map[string]builder {
	return map[string]builder{
		"Add": arithmetic(loops(add[float32], add[float64], add[int64], add[int32])),
		"Sub": arithmetic(loops(sub[float32], sub[float64], sub[int64], sub[int32])),
		"Mul": arithmetic(loops(mul[float32], mul[float64], mul[int64], mul[int32])),
		"Div": arithmetic(map[kind]kernel{
			kindFloat: elementPairs(div[float32]), kindDouble: elementPairs(div[float64]), kindInt64: wholeBinary(quotient[int64]), kindInt32: wholeBinary(quotient[int32]),
		}),
		"Mod": modulo,
		"Pow": raise,
		"Min": chain(loops(least[float32], least[float64], least[int64], least[int32]), false),
		"Max": chain(loops(greatest[float32], greatest[float64], greatest[int64], greatest[int32]), false),
		"Sum": chain(loops(add[float32], add[float64], add[int64], add[int32]), false),

		"Mean":           chain(loops(add[float32], add[float64], add[int64], add[int32]), true),
		"PRelu":          arithmetic(loops(prelu[float32], prelu[float64], prelu[int64], prelu[int32])),
		"Equal":          compare(equality()),
		"Less":           compare(comparison(less[float32], less[float64], less[int64], less[int32])),
		"LessOrEqual":    compare(comparison(lessEqual[float32], lessEqual[float64], lessEqual[int64], lessEqual[int32])),
		"Greater":        compare(comparison(greater[float32], greater[float64], greater[int64], greater[int32])),
		"GreaterOrEqual": compare(comparison(greaterEqual[float32], greaterEqual[float64], greaterEqual[int64], greaterEqual[int32])),
		"And":            compare(map[kind]kernel{kindBool: elementPairs(func(d, a, b []bool) { each(d, a, b, func(x, y bool) bool { return x && y }) })}),
		"Or":             compare(map[kind]kernel{kindBool: elementPairs(func(d, a, b []bool) { each(d, a, b, func(x, y bool) bool { return x || y }) })}),
		"Xor":            compare(map[kind]kernel{kindBool: elementPairs(func(d, a, b []bool) { each(d, a, b, func(x, y bool) bool { return x != y }) })}),
		"Where":          where,
	}
}

// elementPairs makes a kernel of a loop over two inputs of the output's length.
func elementPairs[T, R element](loop func(dst []R, a, b []T)) kernel {
	return func(w *workspace, in, out []*tensor) error {
		var k walk
		k.start(out[0].shape, in[0].shape, in[1].shape)
		dst := elements[R](out[0])
		lastA, lastB := -1, -1
		for k.next() {
			a, b := spread[T](w, &k, 0, in[0], &lastA), spread[T](w, &k, 1, in[1], &lastB)
			loop(dst[k.out:k.out+k.run], a, b)
		}
		return nil
	}
}

// wholeBinary is elementPairs for an operation that does not have a result for some numbers: their rows are given up.
func wholeBinary[T int64 | int32](f func(a, b T) (T, error)) kernel {
	return func(w *workspace, in, out []*tensor) error {
		var k walk
		k.start(out[0].shape, in[0].shape, in[1].shape)
		dst := elements[T](out[0])
		lastA, lastB := -1, -1
		for k.next() {
			a, b := spread[T](w, &k, 0, in[0], &lastA), spread[T](w, &k, 1, in[1], &lastB)
			for i := range k.run {
				x, err := f(a[i], b[i])
				if err != nil {
					w.dropElement(out[0], k.out+i, err)
				}
				dst[k.out+i] = x
			}
		}
		return nil
	}
}

func loops(f func(d, a, b []float32), g func(d, a, b []float64), h func(d, a, b []int64), i func(d, a, b []int32)) map[kind]kernel {
	return map[kind]kernel{kindFloat: elementPairs(f), kindDouble: elementPairs(g), kindInt64: elementPairs(h), kindInt32: elementPairs(i)}
}

func comparison(f func(d []bool, a, b []float32), g func(d []bool, a, b []float64), h func(d []bool, a, b []int64), i func(d []bool, a, b []int32)) map[kind]kernel {
	return map[kind]kernel{kindFloat: elementPairs(f), kindDouble: elementPairs(g), kindInt64: elementPairs(h), kindInt32: elementPairs(i)}
}

// pair checks two inputs of one kind, and finds the shape of the output.
func (n *node) pair(kinds map[kind]kernel) (kernel, []int, error) {
	if err := n.arity(2, 2); err != nil {
		return nil, nil, err
	}
	a, b := n.inputs[0], n.inputs[1]
	if a.kind != b.kind {
		return nil, nil, n.errorf("its inputs are a %s and a %s, expected two of one type", a.kind, b.kind)
	}
	k, ok := kinds[a.kind]
	if !ok {
		return nil, nil, n.errorf("it is not supported for %s", a.kind)
	}
	shape, err := n.broadcastShape(a.shape, b.shape)
	return k, shape, err
}

func arithmetic(kinds map[kind]kernel) builder {
	return func(n *node) (built, error) {
		k, shape, err := n.pair(kinds)
		if err != nil {
			return built{}, err
		}
		if batchAxis(shape) > 0 && !n.inputs[0].kind.floating() {
			return built{}, n.errorf("it is supported for whole numbers only where rows are the first axis, not of %s", shapeText(shape))
		}
		return built{outs: []info{{kind: n.inputs[0].kind, shape: shape}}, run: k}, nil
	}
}

func compare(kinds map[kind]kernel) builder {
	return func(n *node) (built, error) {
		k, shape, err := n.pair(kinds)
		if err != nil {
			return built{}, err
		}
		return built{outs: []info{{kind: kindBool, shape: shape}}, run: k}, nil
	}
}

func add[T numberType](d, a, b []T) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		d[i] = a[i] + b[i]
	}
}

func sub[T numberType](d, a, b []T) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		d[i] = a[i] - b[i]
	}
}

func mul[T numberType](d, a, b []T) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		d[i] = a[i] * b[i]
	}
}

func div[T float32 | float64](d, a, b []T) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		d[i] = a[i] / b[i]
	}
}

var errDivision = errors.New("a whole number is divided by 0")

func quotient[T int64 | int32](a, b T) (T, error) {
	if b == 0 {
		return 0, errDivision
	}
	return a / b, nil
}

// least and greatest are NaN where one of the numbers is.
func least[T numberType](d, a, b []T) {
	each(d, a, b, func(x, y T) T { return min(x, y) })
}

func greatest[T numberType](d, a, b []T) {
	each(d, a, b, func(x, y T) T { return max(x, y) })
}

func prelu[T numberType](d, a, b []T) {
	each(d, a, b, func(x, slope T) T {
		if x < 0 {
			return x * slope
		}
		return x
	})
}

func less[T numberType](d []bool, a, b []T)      { each(d, a, b, func(x, y T) bool { return x < y }) }
func lessEqual[T numberType](d []bool, a, b []T) { each(d, a, b, func(x, y T) bool { return x <= y }) }
func greater[T numberType](d []bool, a, b []T)   { each(d, a, b, func(x, y T) bool { return x > y }) }

func greaterEqual[T numberType](d []bool, a, b []T) {
	each(d, a, b, func(x, y T) bool { return x >= y })
}

func same[T element](d []bool, a, b []T) { each(d, a, b, func(x, y T) bool { return x == y }) }

func equality() map[kind]kernel {
	return map[kind]kernel{
		kindFloat: elementPairs(same[float32]), kindDouble: elementPairs(same[float64]), kindInt64: elementPairs(same[int64]),
		kindInt32: elementPairs(same[int32]), kindString: elementPairs(same[string]), kindBool: elementPairs(same[bool]),
	}
}

func each[T, R any](d []R, a, b []T, f func(x, y T) R) {
	a, b = a[:len(d)], b[:len(d)]
	for i := range d {
		d[i] = f(a[i], b[i])
	}
}

// modulo is Mod: of whole numbers with the sign of the divisor, or as C's fmod.
func modulo(n *node) (built, error) {
	fmod := n.int("fmod", 0) != 0
	kinds := map[kind]kernel{kindInt64: wholeBinary(modWhole[int64](fmod)), kindInt32: wholeBinary(modWhole[int32](fmod))}
	if fmod {
		kinds[kindFloat] = elementPairs(func(d, a, b []float32) {
			each(d, a, b, func(x, y float32) float32 { return float32(math.Mod(float64(x), float64(y))) })
		})
		kinds[kindDouble] = elementPairs(func(d, a, b []float64) { each(d, a, b, math.Mod) })
	}
	return arithmetic(kinds)(n)
}

func modWhole[T int64 | int32](fmod bool) func(a, b T) (T, error) {
	return func(a, b T) (T, error) {
		if b == 0 {
			return 0, errDivision
		}
		r := a % b
		if !fmod && r != 0 && (r < 0) != (b < 0) {
			r += b
		}
		return r, nil
	}
}

// raise is Pow: the result is of the base's type, the exponent may be of another.
func raise(n *node) (built, error) {
	if err := n.arity(2, 2); err != nil {
		return built{}, err
	}
	a, b := n.inputs[0], n.inputs[1]
	shape, err := n.broadcastShape(a.shape, b.shape)
	if err != nil {
		return built{}, err
	}
	if !numeric(a.kind) || !numeric(b.kind) {
		return built{}, n.errorf("it is not supported for %s and %s", a.kind, b.kind)
	}
	run := func(w *workspace, in, out []*tensor) error {
		var k walk
		k.start(out[0].shape, in[0].shape, in[1].shape)
		for k.next() {
			for i := range k.run {
				x, y := in[0].number(k.off[0]+i*k.step[0]), in[1].number(k.off[1]+i*k.step[1])
				out[0].setNumber(k.out+i, pow(x, y))
			}
		}
		return nil
	}
	return built{outs: []info{{kind: a.kind, shape: shape}}, run: run}, nil
}

// pow has the exponents that graphs are full of without a logarithm.
func pow(x, y float64) float64 {
	switch y {
	case 2:
		return x * x
	case 0.5:
		return math.Sqrt(x)
	case 3:
		return x * x * x
	}
	return math.Pow(x, y)
}

func numeric(k kind) bool {
	return k == kindFloat || k == kindDouble || k == kindInt64 || k == kindInt32
}

// number is element i as a double.
func (t *tensor) number(i int) float64 {
	switch t.kind {
	case kindFloat:
		return float64(t.f32[i])
	case kindDouble:
		return t.f64[i]
	case kindInt64:
		return float64(t.i64[i])
	}
	return float64(t.i32[i])
}

// setNumber sets element i.
func (t *tensor) setNumber(i int, x float64) {
	switch t.kind {
	case kindFloat:
		t.f32[i] = float32(x)
	case kindDouble:
		t.f64[i] = x
	case kindInt64:
		t.i64[i] = int64(x)
	default:
		t.i32[i] = int32(x)
	}
}

// chain makes an operator on any number of inputs of one on two.
func chain(kinds map[kind]kernel, mean bool) builder {
	return func(n *node) (built, error) {
		if len(n.inputs) == 0 {
			return built{}, n.errorf("it has no inputs")
		}
		if err := n.arity(len(n.inputs), len(n.inputs)); err != nil {
			return built{}, err
		}
		var shapes [][]int
		first := n.inputs[0]
		for _, v := range n.inputs {
			if v.kind != first.kind {
				return built{}, n.errorf("its inputs are a %s and a %s, expected one type", first.kind, v.kind)
			}
			shapes = append(shapes, v.shape)
		}
		step, ok := kinds[first.kind]
		if !ok || mean && !first.kind.floating() {
			return built{}, n.errorf("it is not supported for %s", first.kind)
		}
		shape, err := n.broadcastShape(shapes...)
		if err != nil {
			return built{}, err
		}
		return built{outs: []info{{kind: first.kind, shape: shape}}, run: chained(step, mean)}, nil
	}
}

func chained(step kernel, mean bool) kernel {
	return func(w *workspace, in, out []*tensor) error {
		if err := stretch(w, in[:1], out); err != nil {
			return err
		}
		// The output is input and output at once: each element is read before it is written.
		for _, t := range in[1:] {
			w.pair[0], w.pair[1] = out[0], t
			if err := step(w, w.pair[:], out); err != nil {
				return err
			}
		}
		if mean {
			for i := range out[0].size() {
				out[0].setNumber(i, out[0].number(i)/float64(len(in)))
			}
		}
		return nil
	}
}

// where is Where: of two values the first where the condition holds.
func where(n *node) (built, error) {
	if err := n.arity(3, 3); err != nil {
		return built{}, err
	}
	c, a, b := n.inputs[0], n.inputs[1], n.inputs[2]
	if c.kind != kindBool || a.kind != b.kind {
		return built{}, n.errorf("its inputs are a %s, a %s and a %s, expected a bool and two of one type", c.kind, a.kind, b.kind)
	}
	shape, err := n.broadcastShape(c.shape, a.shape, b.shape)
	if err != nil {
		return built{}, err
	}
	k := map[kind]kernel{
		kindFloat: choose[float32], kindDouble: choose[float64], kindInt64: choose[int64], kindInt32: choose[int32], kindString: choose[string], kindBool: choose[bool],
	}[a.kind]
	return built{outs: []info{{kind: a.kind, shape: shape}}, run: k}, nil
}

func choose[T element](_ *workspace, in, out []*tensor) error {
	var k walk
	k.start(out[0].shape, in[0].shape, in[1].shape, in[2].shape)
	d, a, b := elements[T](out[0]), elements[T](in[1]), elements[T](in[2])
	for k.next() {
		for i := range k.run {
			if in[0].bool[k.off[0]+i*k.step[0]] {
				d[k.out+i] = a[k.off[1]+i*k.step[1]]
			} else {
				d[k.out+i] = b[k.off[2]+i*k.step[2]]
			}
		}
	}
	return nil
}

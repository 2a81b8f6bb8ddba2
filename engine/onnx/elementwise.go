package onnx

import "math"

// elementOperators are the operators on one tensor, element by element.
func elementOperators() map[string]builder {
	all := map[string]builder{
		"Identity": identity,
		"Dropout":  dropout,
		"Cast":     cast,
		"CastLike": castLike,
		"Clip":     clip,
		"Neg": unary(map[kind]kernel{
			kindFloat: mapped(neg[float32]), kindDouble: mapped(neg[float64]), kindInt64: mapped(neg[int64]), kindInt32: mapped(neg[int32]),
		}),
		"Abs": unary(map[kind]kernel{
			kindFloat: mapped(abs[float32]), kindDouble: mapped(abs[float64]), kindInt64: mapped(abs[int64]), kindInt32: mapped(abs[int32]),
		}),
		"Sign": unary(map[kind]kernel{
			kindFloat: mapped(sign[float32]), kindDouble: mapped(sign[float64]), kindInt64: mapped(sign[int64]), kindInt32: mapped(sign[int32]),
		}),
		"Relu": unary(map[kind]kernel{
			kindFloat: mapped(relu[float32]), kindDouble: mapped(relu[float64]), kindInt64: mapped(relu[int64]), kindInt32: mapped(relu[int32]),
		}),
		"Not":     unary(map[kind]kernel{kindBool: mapped(func(d, s []bool) { over(d, s, func(x bool) bool { return !x }) })}),
		"IsNaN":   test(math.IsNaN),
		"IsInf":   isInf,
		"Sigmoid": unary(map[kind]kernel{kindFloat: mapped(sigmoidFloats), kindDouble: mapped(func(d, s []float64) { over(d, s, sigmoid) })}),
		"Tanh":    unary(map[kind]kernel{kindFloat: mapped(tanhFloats), kindDouble: mapped(func(d, s []float64) { over(d, s, math.Tanh) })}),
		"Exp":     unary(map[kind]kernel{kindFloat: mapped(expFloats), kindDouble: mapped(func(d, s []float64) { over(d, s, math.Exp) })}),
	}
	for name, f := range map[string]func(float64) float64{
		"Sqrt": math.Sqrt, "Log": math.Log, "Erf": math.Erf, "Floor": math.Floor, "Ceil": math.Ceil,
		"Round": math.RoundToEven, "Reciprocal": func(x float64) float64 { return 1 / x },
		"Softplus": softplus, "Softsign": func(x float64) float64 { return x / (1 + math.Abs(x)) },
		"Sin": math.Sin, "Cos": math.Cos, "Tan": math.Tan, "Asin": math.Asin, "Acos": math.Acos, "Atan": math.Atan,
		"Sinh": math.Sinh, "Cosh": math.Cosh, "Asinh": math.Asinh, "Acosh": math.Acosh, "Atanh": math.Atanh,
		"Mish":      func(x float64) float64 { return x * math.Tanh(softplus(x)) },
		"HardSwish": func(x float64) float64 { return x * min(1, max(0, x/6+0.5)) },
	} {
		all[name] = function(func(*node) func(float64) float64 { return f })
	}
	for name, f := range map[string]func(n *node) func(float64) float64{
		"LeakyRelu": leakyRelu, "ThresholdedRelu": thresholdedRelu, "Elu": elu, "Celu": celu, "Selu": selu,
		"HardSigmoid": hardSigmoid, "Gelu": gelu, "Shrink": shrink, "Swish": swish,
	} {
		all[name] = function(f)
	}
	return all
}

// mapped makes a kernel of a loop.
func mapped[T, R element](loop func(dst []R, src []T)) kernel {
	return func(_ *workspace, in, out []*tensor) error {
		loop(elements[R](out[0]), elements[T](in[0]))
		return nil
	}
}

func over[T, R any](d []R, s []T, f func(T) R) {
	s = s[:len(d)]
	for i := range d {
		d[i] = f(s[i])
	}
}

// unary is an operator whose output is of its input's type.
func unary(kinds map[kind]kernel) builder {
	return func(n *node) (built, error) {
		if err := n.arity(1, 1); err != nil {
			return built{}, err
		}
		v := n.inputs[0]
		k, ok := kinds[v.kind]
		if !ok {
			return built{}, n.errorf("it is not supported for %s", v.kind)
		}
		return built{outs: []info{{kind: v.kind, shape: v.shape}}, run: k}, nil
	}
}

// function is an operator that applies a function of doubles, rounded to floats where the graph has floats.
func function(make func(n *node) func(float64) float64) builder {
	return func(n *node) (built, error) {
		f := make(n)
		return unary(map[kind]kernel{
			kindFloat: mapped(func(d, s []float32) {
				for i, x := range s {
					d[i] = float32(f(float64(x)))
				}
			}),
			kindDouble: mapped(func(d, s []float64) { over(d, s, f) }),
		})(n)
	}
}

func neg[T numberType](d, s []T) {
	for i, x := range s {
		d[i] = -x
	}
}

func abs[T numberType](d, s []T) {
	for i, x := range s {
		if x < 0 || x == 0 { // -0 too
			x = 0 - x
		}
		d[i] = x
	}
}

func sign[T numberType](d, s []T) {
	for i, x := range s {
		switch {
		case x > 0:
			x = 1
		case x < 0:
			x = -1
		}
		d[i] = x
	}
}

// relu keeps NaN. Signs are like coins: a branch would be guessed wrong half the time.
func relu[T numberType](d, s []T) {
	for i, x := range s {
		d[i] = max(x, 0)
	}
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

func leakyRelu(n *node) func(float64) float64 {
	alpha := float64(n.float("alpha", 0.01))
	return func(x float64) float64 {
		if x < 0 {
			return alpha * x
		}
		return x
	}
}

func thresholdedRelu(n *node) func(float64) float64 {
	alpha := float64(n.float("alpha", 1))
	return func(x float64) float64 {
		if x > alpha {
			return x
		}
		return 0
	}
}

func elu(n *node) func(float64) float64 {
	alpha := float64(n.float("alpha", 1))
	return func(x float64) float64 {
		if x < 0 {
			return alpha * math.Expm1(x)
		}
		return x
	}
}

func celu(n *node) func(float64) float64 {
	alpha := float64(n.float("alpha", 1))
	return func(x float64) float64 { return max(0, x) + min(0, alpha*math.Expm1(x/alpha)) }
}

func selu(n *node) func(float64) float64 {
	alpha := float64(n.float("alpha", 1.67326319217681884765625))
	gamma := float64(n.float("gamma", 1.05070102214813232421875))
	return func(x float64) float64 {
		if x > 0 {
			return gamma * x
		}
		return gamma * alpha * math.Expm1(x)
	}
}

func hardSigmoid(n *node) func(float64) float64 {
	alpha, beta := float64(n.float("alpha", 0.2)), float64(n.float("beta", 0.5))
	return func(x float64) float64 { return max(0, min(1, alpha*x+beta)) }
}

func gelu(n *node) func(float64) float64 {
	switch a := n.text("approximate", "none"); a {
	case "none":
	case "tanh":
		return func(x float64) float64 {
			return 0.5 * x * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
		}
	default:
		n.err = n.errorf("attribute approximate is %q, expected none or tanh", a)
	}
	return func(x float64) float64 { return 0.5 * x * (1 + math.Erf(x/math.Sqrt2)) }
}

func swish(n *node) func(float64) float64 {
	alpha := float64(n.float("alpha", 1))
	return func(x float64) float64 { return x * sigmoid(alpha*x) }
}

func shrink(n *node) func(float64) float64 {
	bias, lambd := float64(n.float("bias", 0)), float64(n.float("lambd", 0.5))
	return func(x float64) float64 {
		switch {
		case x < -lambd:
			return x + bias
		case x > lambd:
			return x - bias
		}
		return 0
	}
}

// test is an operator from numbers to booleans.
func test(f func(float64) bool) builder {
	return func(n *node) (built, error) {
		b, err := unary(map[kind]kernel{
			kindFloat: mapped(func(d []bool, s []float32) {
				for i, x := range s {
					d[i] = f(float64(x))
				}
			}),
			kindDouble: mapped(func(d []bool, s []float64) { over(d, s, f) }),
		})(n)
		if err == nil {
			b.outs[0].kind = kindBool
		}
		return b, err
	}
}

func isInf(n *node) (built, error) {
	up, down := n.int("detect_positive", 1) != 0, n.int("detect_negative", 1) != 0
	return test(func(x float64) bool { return up && math.IsInf(x, 1) || down && math.IsInf(x, -1) })(n)
}

// identity gives its input, and what is known of it.
func identity(n *node) (built, error) {
	if err := n.arity(1, 1); err != nil {
		return built{}, err
	}
	return built{outs: []info{n.inputs[0].info}}, nil
}

// dropout does nothing where nothing is trained.
func dropout(n *node) (built, error) {
	if err := n.arity(1, 3); err != nil {
		return built{}, err
	}
	if t := n.input(2); t != nil && (t.constant == nil || t.kind != kindBool || t.constant.size() != 1 || t.constant.bool[0]) {
		return built{}, n.errorf("it is in training mode: export the model for inference")
	}
	n.inputs = n.inputs[:1]
	return identity(n)
}

// clip is Clip: of the attributes min and max up to version 10, then of inputs.
func clip(n *node) (built, error) {
	if n.opset < 11 {
		lo, hi := n.float("min", -math.MaxFloat32), n.float("max", math.MaxFloat32)
		return unary(map[kind]kernel{
			kindFloat:  mapped(func(d, s []float32) { clipTo(d, s, lo, hi) }),
			kindDouble: mapped(func(d, s []float64) { clipTo(d, s, float64(lo), float64(hi)) }),
		})(n)
	}
	if err := n.arity(1, 3); err != nil {
		return built{}, err
	}
	v := n.inputs[0]
	for _, b := range n.inputs[1:] {
		if b != nil && (b.kind != v.kind || product(b.shape) != 1 || batchAxis(b.shape) >= 0) {
			return built{}, n.errorf("its bound %s is a %s of the shape %s, expected one %s", b.name, b.kind, shapeText(b.shape), v.kind)
		}
	}
	k, ok := map[kind]kernel{
		kindFloat:  clipper[float32](-math.MaxFloat32, math.MaxFloat32),
		kindDouble: clipper[float64](-math.MaxFloat64, math.MaxFloat64),
		kindInt64:  clipper[int64](math.MinInt64, math.MaxInt64),
		kindInt32:  clipper[int32](math.MinInt32, math.MaxInt32),
	}[v.kind]
	if !ok {
		return built{}, n.errorf("it is not supported for %s", v.kind)
	}
	return built{outs: []info{{kind: v.kind, shape: v.shape}}, run: k}, nil
}

func clipper[T numberType](lo, hi T) kernel {
	return func(_ *workspace, in, out []*tensor) error {
		lo, hi := lo, hi
		if len(in) > 1 && in[1] != nil {
			lo = elements[T](in[1])[0]
		}
		if len(in) > 2 && in[2] != nil {
			hi = elements[T](in[2])[0]
		}
		clipTo(elements[T](out[0]), elements[T](in[0]), lo, hi)
		return nil
	}
}

// clipTo keeps NaN; where the bounds cross each other, the upper one holds.
func clipTo[T numberType](d, s []T, lo, hi T) {
	for i, x := range s {
		if x < lo {
			x = lo
		}
		if x > hi {
			x = hi
		}
		d[i] = x
	}
}

package onnx

import (
	"errors"
	"math"
)

// buildScaler builds (x-offset)*scale.
func buildScaler(n *node) (built, error) {
	columns, _, err := n.features()
	if err != nil {
		return built{}, err
	}
	scale, offset := n.floats("scale"), n.floats("offset")
	if len(scale) == 0 || len(scale) != len(offset) || len(scale) != 1 && len(scale) != columns {
		return built{}, n.errorf("attributes scale and offset have %d and %d elements, expected one or %d in both", len(scale), len(offset), columns)
	}
	v := n.inputs[0]
	return built{outs: []info{{kind: kindFloat, shape: v.shape}}, run: func(w *workspace, in, out []*tensor) error {
		if in[0].kind == kindDouble {
			scaled(out[0].f32, in[0].f64, offset, scale, columns)
			return nil
		}
		scaled(out[0].f32, floats32(w, in[0]), offset, scale, columns)
		return nil
	}}, nil
}

func scaled[T number](dst []float32, x []T, offset, scale []float32, columns int) {
	if len(scale) == 1 {
		o, s := T(offset[0]), T(scale[0])
		for i, v := range x {
			dst[i] = float32((v - o) * s)
		}
		return
	}
	for i := 0; i < len(x); i += columns {
		d := dst[i:][:columns]
		for j, v := range x[i:][:columns] {
			d[j] = float32((v - T(offset[j])) * T(scale[j]))
		}
	}
}

// buildNormalizer builds the division of each row by its maximum, its sum of absolute values, or its length.
func buildNormalizer(n *node) (built, error) {
	columns, _, err := n.features()
	if err != nil {
		return built{}, err
	}
	norm, err := n.oneOf("norm", "MAX", "MAX", "L1", "L2")
	if err != nil {
		return built{}, err
	}
	return built{outs: []info{{kind: kindFloat, shape: n.inputs[0].shape}}, run: func(w *workspace, in, out []*tensor) error {
		y := out[0].f32
		if norm == "L2" && in[0].kind == kindDouble { // squares are of the input's type
			for i := 0; i < len(y); i += columns {
				normL2(y[i:i+columns], in[0].f64[i:i+columns])
			}
			return nil
		}
		x := floats32(w, in[0])
		for i := 0; i < len(y); i += columns {
			dst, row := y[i:i+columns], x[i:i+columns]
			switch norm {
			case "MAX":
				normMax(dst, row)
			case "L1":
				normL1(dst, row)
			default:
				normL2(dst, row)
			}
		}
		return nil
	}}, nil
}

func normMax(dst, x []float32) {
	top := -maximum[float32]()
	for _, v := range x {
		if top < v {
			top = v
		}
	}
	divide(dst, x, top)
}

func normL1(dst, x []float32) {
	sum := float32(0)
	for _, v := range x {
		sum += float32(math.Abs(float64(v)))
	}
	divide(dst, x, sum)
}

func divide(dst, x []float32, by float32) {
	if by == 0 {
		by = 1
	}
	for i, v := range x {
		dst[i] = v / by
	}
}

func normL2[T number](dst []float32, x []T) {
	sum := float32(0)
	for i, v := range x {
		dst[i] = float32(v * v)
		sum += dst[i]
	}
	for i, v := range x {
		switch {
		case sum == 0:
			dst[i] = float32(v)
		case v < 0:
			dst[i] = -float32(math.Sqrt(float64(dst[i] / sum)))
		default:
			dst[i] = float32(math.Sqrt(float64(dst[i] / sum)))
		}
	}
}

// errNaN is a value that Binarizer does not take.
var errNaN = errors.New("a value is NaN, which Binarizer does not take")

// buildBinarizer builds x > threshold as 1 and 0.
func buildBinarizer(n *node) (built, error) {
	if _, _, err := n.features(); err != nil {
		return built{}, err
	}
	if err := n.kindIn(0, kindFloat); err != nil {
		return built{}, err
	}
	threshold := n.float("threshold", 0)
	v := n.inputs[0]
	columns := product(v.shape)
	if v.rows() > 0 {
		columns /= v.rows()
	}
	return built{outs: []info{{kind: kindFloat, shape: v.shape}}, run: func(w *workspace, in, out []*tensor) error {
		y := out[0].f32
		for i, x := range in[0].f32 {
			switch {
			case x != x:
				if row := i / max(columns, 1); row < w.rows {
					w.drop(row, errNaN)
				}
			case x > threshold:
				y[i] = 1
				continue
			}
			y[i] = 0
		}
		return nil
	}}, nil
}

// buildImputer builds the replacement of one value, perhaps NaN, by another for each column.
func buildImputer(n *node) (built, error) {
	columns, _, err := n.features()
	if err != nil {
		return built{}, err
	}
	v := n.inputs[0]
	floats, ints := n.floats("imputed_value_floats"), n.ints("imputed_value_int64s")
	out := []info{{kind: v.kind, shape: v.shape}}
	count, name := len(floats), "imputed_value_floats"
	if v.kind == kindInt64 || v.kind == kindInt32 {
		count, name = len(ints), "imputed_value_int64s"
	}
	if count != 1 && count != columns {
		return built{}, n.errorf("attribute %s has %d elements, expected one or %d", name, count, columns)
	}
	old, oldInt := n.float("replaced_value_float", 0), n.int("replaced_value_int64", 0)
	run := func(_ *workspace, in, out []*tensor) error {
		imputed(out[0].f32, in[0].f32, old, floats)
		return nil
	}
	switch v.kind {
	case kindInt64:
		run = func(_ *workspace, in, out []*tensor) error {
			imputed(out[0].i64, in[0].i64, oldInt, ints)
			return nil
		}
	case kindDouble:
		with := castAll(make([]float64, len(floats)), floats)
		run = func(_ *workspace, in, out []*tensor) error {
			imputed(out[0].f64, in[0].f64, float64(old), with)
			return nil
		}
	case kindInt32:
		with := castAll(make([]int32, len(ints)), ints)
		run = func(_ *workspace, in, out []*tensor) error {
			imputed(out[0].i32, in[0].i32, int32(oldInt), with)
			return nil
		}
	}
	return built{outs: out, run: run}, nil
}

func imputed[T float32 | float64 | int64 | int32](dst, x []T, old T, with []T) {
	nan := old != old
	for i, v := range x {
		if v == old || nan && v != v {
			v = with[i%len(with)]
		}
		dst[i] = v
	}
}

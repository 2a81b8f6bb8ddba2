package onnx

import (
	"cmp"
	"errors"
	"math"
)

// errCategory is a value that OneHotEncoder with zeros = 0 does not know.
var errCategory = errors.New("a value is none of the categories of OneHotEncoder, whose attribute zeros is 0")

// buildOneHotEncoder builds a new last axis with a 1 at the place of the value's category.
func buildOneHotEncoder(n *node) (built, error) {
	if err := n.arity(1, 1); err != nil {
		return built{}, err
	}
	if err := n.kindIn(0, kindString, kindInt64, kindInt32, kindFloat, kindDouble); err != nil {
		return built{}, err
	}
	v := n.inputs[0]
	if len(v.shape) > 2 {
		return built{}, n.errorf("input %s has the shape %s, expected rows and columns", v.name, shapeText(v.shape))
	}
	texts, ints := n.texts("cats_strings"), n.ints("cats_int64s")
	if len(texts) > 0 && len(ints) > 0 || len(texts)+len(ints) == 0 {
		return built{}, n.errorf("attributes cats_strings and cats_int64s have %d and %d elements, expected categories in one of them", len(texts), len(ints))
	}
	if (v.kind == kindString) != (len(texts) > 0) {
		return built{}, n.errorf("input %s is of type %s, which the categories are not", v.name, v.kind)
	}
	count, strict := len(texts)+len(ints), n.int("zeros", 1) == 0
	shape := append(append([]int{}, v.shape...), count)
	width := 1
	if len(v.shape) == 2 {
		width = max(v.shape[1], 1)
	}
	byText, byInt := newTable(texts, true), newTable(ints, true)
	run := func(w *workspace, in, out []*tensor) error {
		y := out[0].f32
		clear(y)
		for i := range in[0].size() {
			k := int32(-1)
			if in[0].kind == kindString {
				k = byText.find(in[0].str[i])
			} else if x, ok := integer(in[0], i); ok {
				k = byInt.find(x)
			}
			switch {
			case k >= 0:
				y[i*count+int(k)] = 1
			case strict && i/width < w.rows:
				w.drop(i/width, errCategory)
			}
		}
		return nil
	}
	return built{outs: []info{{kind: kindFloat, shape: shape}}, run: run}, nil
}

// integer is a number without its fraction; false if it is none or out of range.
func integer(t *tensor, i int) (int64, bool) {
	x := 0.0
	switch t.kind {
	case kindInt64:
		return t.i64[i], true
	case kindInt32:
		return int64(t.i32[i]), true
	case kindFloat:
		x = float64(t.f32[i])
	default:
		x = t.f64[i]
	}
	if !(x >= math.MinInt64 && x < math.MaxInt64) {
		return 0, false
	}
	return int64(x), true
}

// buildCategoryMapper builds the translation of strings to integers or back.
func buildCategoryMapper(n *node) (built, error) {
	if err := n.arity(1, 1); err != nil {
		return built{}, err
	}
	if err := n.kindIn(0, kindString, kindInt64); err != nil {
		return built{}, err
	}
	texts, ints := n.texts("cats_strings"), n.ints("cats_int64s")
	if len(texts) != len(ints) || len(ints) == 0 {
		return built{}, n.errorf("attributes cats_strings and cats_int64s have %d and %d elements, expected as many in both", len(texts), len(ints))
	}
	if n.inputs[0].kind == kindString {
		return mapping(n, newTable(texts, true), kindInt64, ints, n.int("default_int64", -1), nil)
	}
	return mapping(n, newTable(ints, true), kindString, texts, n.text("default_string", "_Unused"), &labels{strings: texts})
}

// mapping builds a kernel that looks keys up.
func mapping[K cmp.Ordered, V element](n *node, keys *table[K], to kind, values []V, otherwise V, names *labels) (built, error) {
	out := info{kind: to, shape: n.inputs[0].shape, labels: names}
	return built{outs: []info{out}, run: func(_ *workspace, in, out []*tensor) error {
		x, y := keysOf[K](in[0]), elements[V](out[0])
		for i, v := range x {
			if y[i] = otherwise; len(keys.keys) > 0 {
				if k := keys.find(v); k >= 0 {
					y[i] = values[k]
				}
			}
		}
		return nil
	}}, nil
}

// keysOf is a tensor's slice of keys.
func keysOf[K cmp.Ordered](t *tensor) []K {
	var p any
	switch t.kind {
	case kindString:
		p = &t.str
	case kindInt64:
		p = &t.i64
	case kindFloat:
		p = &t.f32
	default:
		p = &t.f64
	}
	return *p.(*[]K)
}

// labelKinds are the types of LabelEncoder's keys and values, with the endings of the attributes.
var labelKinds = []struct {
	kind   kind
	plural string
}{{kindString, "strings"}, {kindInt64, "int64s"}, {kindFloat, "floats"}}

// labelList is one side of a LabelEncoder as a tensor.
func labelList(n *node, side string) (*tensor, error) {
	var found *tensor
	name := ""
	for _, k := range labelKinds {
		attr := side + "_" + k.plural
		if !n.has(attr) {
			continue
		}
		if found != nil {
			return nil, n.errorf("attributes %s and %s are both there, expected one", name, attr)
		}
		t := &tensor{kind: k.kind}
		switch k.kind {
		case kindString:
			t.str = n.texts(attr)
		case kindInt64:
			t.i64 = n.ints(attr)
		default:
			t.f32 = n.floats(attr)
		}
		found, name = t, attr
	}
	if t := n.tensor(side + "_tensor"); t != nil {
		if found != nil {
			return nil, n.errorf("attributes %s and %s_tensor are both there, expected one", name, side)
		}
		found = t
	}
	if found == nil {
		return nil, n.errorf("there is no attribute %s_strings, %s_int64s, %s_floats or %s_tensor", side, side, side, side)
	}
	switch found.kind {
	case kindString, kindInt64, kindFloat, kindDouble:
		return found, nil
	}
	return nil, n.errorf("attribute %s_tensor is of %s, expected string, int64, float or double", side, found.kind)
}

// buildLabelEncoder builds the translation of keys to values.
func buildLabelEncoder(n *node) (built, error) {
	if err := n.arity(1, 1); err != nil {
		return built{}, err
	}
	if n.opset < 2 {
		return buildLabelEncoder1(n)
	}
	keys, err := labelList(n, "keys")
	if err != nil {
		return built{}, err
	}
	values, err := labelList(n, "values")
	if err != nil {
		return built{}, err
	}
	if keys.size() != values.size() {
		return built{}, n.errorf("there are %d keys but %d values", keys.size(), values.size())
	}
	if err := n.kindIn(0, keys.kind); err != nil {
		return built{}, err
	}
	switch keys.kind {
	case kindString:
		return labelsTo(n, newTable(keys.str, false), values)
	case kindInt64:
		return labelsTo(n, newTable(keys.i64, false), values)
	case kindFloat:
		return labelsTo(n, floatTable(n, keys.f32), values)
	}
	return labelsTo(n, floatTable(n, keys.f64), values)
}

// floatTable makes a table of numbers. Before version 4 NaN is never found.
func floatTable[T number](n *node, keys []T) *table[T] {
	t := newTable(keys, false)
	if n.opset < 4 {
		return dropNaN(t)
	}
	return t
}

// labelsTo builds the kernel for a type of values.
func labelsTo[K cmp.Ordered](n *node, keys *table[K], values *tensor) (built, error) {
	d := n.tensor("default_tensor")
	if d != nil && (d.kind != values.kind || d.size() != 1) {
		return built{}, n.errorf("attribute default_tensor has %d elements of %s, expected one of %s", d.size(), d.kind, values.kind)
	}
	switch values.kind {
	case kindString:
		return mapping(n, keys, kindString, values.str, first(d, n.text("default_string", "_Unused")), &labels{strings: values.str})
	case kindInt64:
		return mapping(n, keys, kindInt64, values.i64, first(d, n.int("default_int64", -1)), &labels{ints: values.i64})
	case kindFloat:
		return mapping(n, keys, kindFloat, values.f32, first(d, n.float("default_float", float32(math.Copysign(0, -1)))), nil)
	}
	return mapping(n, keys, kindDouble, values.f64, first(d, float64(n.float("default_float", float32(math.Copysign(0, -1))))), nil)
}

// first is a tensor's only element, otherwise if there is no tensor.
func first[T element](t *tensor, otherwise T) T {
	if t == nil {
		return otherwise
	}
	return elements[T](t)[0]
}

// buildLabelEncoder1 builds version 1: strings are numbered.
func buildLabelEncoder1(n *node) (built, error) {
	if err := n.kindIn(0, kindString, kindInt64); err != nil {
		return built{}, err
	}
	names := n.texts("classes_strings")
	numbers := make([]int64, len(names))
	for i := range numbers {
		numbers[i] = int64(i)
	}
	if len(names) == 0 {
		return built{}, n.errorf("attribute classes_strings is empty")
	}
	if n.inputs[0].kind == kindString {
		return mapping(n, newTable(names, true), kindInt64, numbers, n.int("default_int64", -1), nil)
	}
	return mapping(n, newTable(numbers, true), kindString, names, n.text("default_string", "_Unused"), &labels{strings: names})
}

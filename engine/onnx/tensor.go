package onnx

import (
	"fmt"
	"slices"
	"strings"
)

// kind is the type of a tensor's elements.
type kind uint8

const (
	kindNone   kind = iota // an input that is left out
	kindFloat              // float32
	kindDouble             // float64
	kindInt64
	kindInt32
	kindString
	kindBool
)

// String is ONNX's name of the kind.
func (k kind) String() string {
	return [...]string{"nothing", "float", "double", "int64", "int32", "string", "bool"}[k]
}

// floating says whether the kind is float or double.
func (k kind) floating() bool { return k == kindFloat || k == kindDouble }

// tensor is an array of any rank, row-major: the last axis varies fastest. Only the slice of its kind is in use, and it
// has as many elements as the shape says. A tensor of rank 0 has one element.
type tensor struct {
	kind  kind
	shape []int
	f32   []float32
	f64   []float64
	i64   []int64
	i32   []int32
	str   []string
	bool  []bool
}

// newTensor makes a tensor of zeros.
func newTensor(k kind, shape ...int) *tensor {
	t := &tensor{kind: k, shape: shape}
	t.resize(product(shape))
	return t
}

// resize makes the slice of the tensor's kind n elements long, in the memory it has where that is enough. The contents
// are undefined.
func (t *tensor) resize(n int) {
	switch t.kind {
	case kindFloat:
		grow(&t.f32, n)
	case kindDouble:
		grow(&t.f64, n)
	case kindInt64:
		grow(&t.i64, n)
	case kindInt32:
		grow(&t.i32, n)
	case kindString:
		grow(&t.str, n)
	case kindBool:
		grow(&t.bool, n)
	}
}

// size is the number of elements.
func (t *tensor) size() int {
	switch t.kind {
	case kindFloat:
		return len(t.f32)
	case kindDouble:
		return len(t.f64)
	case kindInt64:
		return len(t.i64)
	case kindInt32:
		return len(t.i32)
	case kindString:
		return len(t.str)
	case kindBool:
		return len(t.bool)
	}
	return 0
}

// ints are the elements of a tensor of int64 or int32.
func (t *tensor) ints() []int64 {
	if t.kind == kindInt32 {
		out := make([]int64, len(t.i32))
		for i, x := range t.i32 {
			out[i] = int64(x)
		}
		return out
	}
	return t.i64
}

// element is what Go types a tensor's elements have.
type element interface {
	float32 | float64 | int64 | int32 | string | bool
}

// elements is the slice of a tensor as its kind's Go type; T must be that type.
func elements[T element](t *tensor) []T {
	var p any
	switch any((*T)(nil)).(type) {
	case *float32:
		p = &t.f32
	case *float64:
		p = &t.f64
	case *int64:
		p = &t.i64
	case *int32:
		p = &t.i32
	case *string:
		p = &t.str
	case *bool:
		p = &t.bool
	}
	return *p.(*[]T)
}

// grow gives a slice of n elements, with b's memory where that is enough. The contents are undefined.
func grow[T any](b *[]T, n int) []T {
	if cap(*b) < n {
		*b = make([]T, n)
	}
	*b = (*b)[:n]
	return *b
}

// A shape lists a value's axes. While a model is loaded the number of rows in a batch, N, is unknown: an axis that has
// -c is c times N long, so -1 is N itself. A shape has at most one such axis. Tensors of a batch, and constants, have
// only lengths.

// product is the number of elements, where N counts as 1.
func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= max(d, -d)
	}
	return n
}

// batchAxis finds the axis that grows with N, -1 if there is none.
func batchAxis(shape []int) int { return slices.IndexFunc(shape, func(d int) bool { return d < 0 }) }

// shapeText writes a shape for people: [N, 4].
func shapeText(shape []int) string {
	parts := make([]string, len(shape))
	for i, d := range shape {
		switch {
		case d == -1:
			parts[i] = "N"
		case d < 0:
			parts[i] = fmt.Sprintf("%dN", -d)
		default:
			parts[i] = fmt.Sprint(d)
		}
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

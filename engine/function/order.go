package function

import (
	"bytes"
	"cmp"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
)

// comparer orders element i of one array against element j of another of the
// same type, NULL before everything, NaN after every other number, -0 equal to
// 0.
type comparer func(i, j int) int

// comparerOf makes a comparer of two arrays of one type.
func comparerOf(a, b arrow.Array) comparer {
	inner := valueComparer(a, b)
	if a.NullN() == 0 && b.NullN() == 0 {
		return inner
	}
	return func(i, j int) int {
		an, bn := nullAt(a, i), nullAt(b, j)
		switch {
		case an && bn:
			return 0
		case an:
			return -1
		case bn:
			return 1
		}
		return inner(i, j)
	}
}

func valueComparer(a, b arrow.Array) comparer {
	switch dt := a.DataType().(type) {
	case *arrow.BooleanType:
		x, y := boolsOf(a), boolsOf(b)
		x.step, y.step = 1, 1
		return func(i, j int) int { return cmp.Compare(b2i(x.at(i)), b2i(y.at(j))) }
	case *arrow.StringType, *arrow.BinaryType:
		x, y := textOf(a), textOf(b)
		x.step, y.step = 1, 1
		return func(i, j int) int { return bytes.Compare(x.at(i), y.at(j)) }
	case *arrow.Int8Type:
		return orderOf[int8](a, b)
	case *arrow.Int16Type:
		return orderOf[int16](a, b)
	case *arrow.Int32Type, *arrow.Date32Type, *arrow.MonthIntervalType:
		return orderOf[int32](a, b)
	case *arrow.Int64Type, *arrow.TimestampType, *arrow.DurationType:
		return orderOf[int64](a, b)
	case *arrow.Float32Type:
		return orderOf[float32](a, b)
	case *arrow.Float64Type:
		return orderOf[float64](a, b)
	case *arrow.Decimal128Type:
		x, y := raw[dec](a), raw[dec](b)
		return func(i, j int) int { return x[i].Cmp(y[j]) }
	case *arrow.MapType:
		return listComparer(a, b)
	case *arrow.ListType:
		return listComparer(a, b)
	case *arrow.StructType:
		x, y := a.(*array.Struct), b.(*array.Struct)
		fields := make([]comparer, len(dt.Fields()))
		for k := range fields {
			fields[k] = comparerOf(x.Field(k), y.Field(k))
		}
		return func(i, j int) int {
			for _, f := range fields {
				if c := f(i, j); c != 0 {
					return c
				}
			}
			return 0
		}
	}
	return func(i, j int) int { return 0 }
}

func listComparer(a, b arrow.Array) comparer {
	x, y := listOf(a), listOf(b)
	x.step, y.step = 1, 1
	elem := comparerOf(x.elem, y.elem)
	return func(i, j int) int {
		xi, xe := x.span(i)
		yi, ye := y.span(j)
		for ; xi < xe && yi < ye; xi, yi = xi+1, yi+1 {
			if c := elem(xi, yi); c != 0 {
				return c
			}
		}
		return cmp.Compare(xe-xi, ye-yi)
	}
}

func orderOf[T number](a, b arrow.Array) comparer {
	x, y := raw[T](a), raw[T](b)
	return func(i, j int) int { return compareNum(x[i], y[j]) }
}

// number are the types that Go orders.
type number interface {
	int8 | int16 | int32 | int64 | float32 | float64
}

// compareNum orders numbers with NaN equal to itself and above all others.
func compareNum[T number](a, b T) int {
	switch {
	case lessNum(a, b):
		return -1
	case equalNum(a, b):
		return 0
	}
	return 1
}

func equalNum[T number](a, b T) bool { return a == b || a != a && b != b }
func lessNum[T number](a, b T) bool  { return a < b || b != b && a == a }

func b2i(b bool) byte {
	var v byte
	if b {
		v = 1
	}
	return v
}

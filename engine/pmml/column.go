package pmml

import (
	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// cell reads one value of an input column as a value of type t. A time is text that has to be read; what cannot be
// read stays a string and is invalid or not as the MiningField says.
func cell(a arrow.Array, i int, t dataType) value {
	if a.IsNull(i) {
		return value{}
	}
	switch a := a.(type) {
	case *array.Float64:
		return double(a.Value(i))
	case *array.Float32:
		return double(float64(a.Value(i)))
	case *array.Int64:
		return integer(a.Value(i))
	case *array.Boolean:
		return boolean(a.Value(i))
	case *array.Date32:
		return value{k: kDate, i: int64(a.Value(i))}
	case *array.Timestamp:
		return value{k: kDateTime, i: int64(a.Value(i))}
	case *array.List:
		return basket(a, i)
	case *array.String:
		v := text(a.Value(i))
		if t == tTime {
			if p, err := t.cast(v); err == nil {
				return p
			}
		}
		return v
	}
	return value{}
}

// builder collects values into a column of type t.
type builder struct {
	t dataType
	b array.Builder
}

func newBuilder(mem memory.Allocator, t dataType, n int) *builder {
	b := array.NewBuilder(mem, arrowType(t))
	b.Reserve(n)
	return &builder{t: t, b: b}
}

// add appends a value, which is of the column's type or missing.
func (c *builder) add(v value) {
	if v.missing() {
		c.b.AppendNull()
		return
	}
	switch b := c.b.(type) {
	case *array.Float64Builder:
		b.Append(v.num())
	case *array.Float32Builder:
		b.Append(float32(v.num()))
	case *array.Int64Builder:
		b.Append(v.i)
	case *array.BooleanBuilder:
		b.Append(v.i != 0)
	case *array.Date32Builder:
		b.Append(arrow.Date32(v.i))
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(v.i))
	case *array.StringBuilder:
		b.Append(v.String())
	}
}

package function

import (
	"math"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
)

var nan, inf = math.NaN(), math.Inf(1)

// column of values, nil being NULL.
func arrayOf(tb testing.TB, mem memory.Allocator, dt arrow.DataType, values ...any) arrow.Array {
	tb.Helper()
	b := array.NewBuilder(mem, dt)
	defer b.Release()
	for _, v := range values {
		if v == nil {
			b.AppendNull()
			continue
		}
		switch b := b.(type) {
		case *array.BooleanBuilder:
			b.Append(v.(bool))
		case *array.Int8Builder:
			b.Append(int8(v.(int)))
		case *array.Int16Builder:
			b.Append(int16(v.(int)))
		case *array.Int32Builder:
			b.Append(int32(v.(int)))
		case *array.Int64Builder:
			b.Append(int64(v.(int)))
		case *array.Float32Builder:
			b.Append(float32(v.(float64)))
		case *array.Float64Builder:
			b.Append(v.(float64))
		case *array.StringBuilder:
			b.Append(v.(string))
		case *array.BinaryBuilder:
			b.Append([]byte(v.(string)))
		case *array.Date32Builder:
			b.Append(arrow.Date32(v.(int)))
		case *array.TimestampBuilder:
			b.Append(arrow.Timestamp(v.(int)))
		default:
			tb.Fatalf("no values of %s", dt)
		}
	}
	return b.NewArray()
}

// bindFn binds a built-in function for columns of these types.
func bindFn(tb testing.TB, name string, args ...catalog.Arg) catalog.Call {
	tb.Helper()
	f := catalog.New(Builtins()).Function(name)
	if f == nil {
		tb.Fatalf("there is no function %s", name)
	}
	c, err := f.Bind(args)
	if err != nil {
		tb.Fatalf("%s: %v", name, err)
	}
	return c
}

func argOf(dt arrow.DataType) catalog.Arg { return catalog.Arg{Type: dt} }

// constArg is a constant argument; the array is freed with the test.
func constArg(tb testing.TB, mem memory.Allocator, dt arrow.DataType, v any) catalog.Arg {
	a := arrayOf(tb, mem, dt, v)
	tb.Cleanup(a.Release)
	return catalog.Arg{Type: dt, Const: a}
}

// shown are the values as CAST to STRING shows them.
func shown(a arrow.Array) []string {
	out := make([]string, a.Len())
	for i := range out {
		out[i] = show(a, i)
	}
	return out
}

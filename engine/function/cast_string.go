package function

import (
	"strconv"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
)

// appender writes element i of an array as text, which is not NULL.
type appender func(dst []byte, i int) []byte

// castToString casts any type to STRING.
func castToString(from arrow.DataType) (kernel, bool) {
	if from.ID() == arrow.BINARY {
		return retype(tString), true
	}
	if !hasText(from) {
		return nil, false
	}
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		out := newTextColumn(t.Allocator(), n, 16*n)
		write := appenderOf(args[0])
		s := step(args[0])
		var buf []byte
		for i := range n {
			if args[0].IsNull(i * s) {
				out.skip(i)
				continue
			}
			buf = write(buf[:0], i*s)
			if err := out.put(i, buf); err != nil {
				out.release()
				return nil, err
			}
		}
		return out.array(tString), nil
	}, true
}

func hasText(t arrow.DataType) bool {
	switch t := t.(type) {
	case *arrow.MapType:
		return hasText(t.KeyType()) && hasText(t.ItemType())
	case *arrow.ListType:
		return hasText(t.Elem())
	case *arrow.StructType:
		for _, f := range t.Fields() {
			if !hasText(f.Type) {
				return false
			}
		}
		return true
	case *arrow.BooleanType, *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type,
		*arrow.Float32Type, *arrow.Float64Type, *arrow.Decimal128Type, *arrow.StringType, *arrow.BinaryType,
		*arrow.Date32Type, *arrow.TimestampType, *arrow.MonthIntervalType, *arrow.DurationType, *arrow.NullType:
		return true
	}
	return false
}

// appenderOf gives the text form of an array's elements.
func appenderOf(a arrow.Array) appender {
	switch dt := a.DataType().(type) {
	case *arrow.BooleanType:
		v := boolsOf(a)
		v.step = 1
		return func(dst []byte, i int) []byte { return strconv.AppendBool(dst, v.at(i)) }
	case *arrow.Int8Type:
		return intAppender[int8](a)
	case *arrow.Int16Type:
		return intAppender[int16](a)
	case *arrow.Int32Type:
		return intAppender[int32](a)
	case *arrow.Int64Type:
		return intAppender[int64](a)
	case *arrow.Float32Type:
		v := raw[float32](a)
		return func(dst []byte, i int) []byte { return codec.AppendFloat32(dst, v[i]) }
	case *arrow.Float64Type:
		v := raw[float64](a)
		return func(dst []byte, i int) []byte { return codec.AppendDouble(dst, v[i]) }
	case *arrow.Decimal128Type:
		v := raw[dec](a)
		return func(dst []byte, i int) []byte { return codec.AppendDecimal(dst, v[i], dt.Scale) }
	case *arrow.StringType, *arrow.BinaryType:
		v := textOf(a)
		v.step = 1
		return func(dst []byte, i int) []byte { return append(dst, v.at(i)...) }
	case *arrow.Date32Type:
		v := raw[int32](a)
		return func(dst []byte, i int) []byte { return codec.AppendDate(dst, v[i]) }
	case *arrow.TimestampType:
		v := raw[int64](a)
		return func(dst []byte, i int) []byte { return codec.AppendTimestamp(dst, v[i], nil) }
	case *arrow.MonthIntervalType:
		v := raw[int32](a)
		return func(dst []byte, i int) []byte { return codec.AppendMonths(dst, v[i]) }
	case *arrow.DurationType:
		v := raw[int64](a)
		return func(dst []byte, i int) []byte { return codec.AppendDuration(dst, v[i]) }
	case *arrow.MapType:
		return mapAppender(a)
	case *arrow.ListType:
		return listAppender(a)
	case *arrow.StructType:
		return structAppender(a.(*array.Struct))
	}
	return func(dst []byte, _ int) []byte { return append(dst, "null"...) }
}

func intAppender[T integer](a arrow.Array) appender {
	v := raw[T](a)
	return func(dst []byte, i int) []byte { return strconv.AppendInt(dst, int64(v[i]), 10) }
}

// orNull writes null for NULL.
func orNull(a arrow.Array) appender {
	inner := appenderOf(a)
	return func(dst []byte, i int) []byte {
		if nullAt(a, i) {
			return append(dst, "null"...)
		}
		return inner(dst, i)
	}
}

func listAppender(a arrow.Array) appender {
	l := listOf(a)
	l.step = 1
	elem := orNull(l.elem)
	return func(dst []byte, i int) []byte {
		dst = append(dst, '[')
		from, to := l.span(i)
		for k := from; k < to; k++ {
			if k > from {
				dst = append(dst, ", "...)
			}
			dst = elem(dst, k)
		}
		return append(dst, ']')
	}
}

func mapAppender(a arrow.Array) appender {
	l := listOf(a)
	l.step = 1
	keys, items := entries(a)
	key, item := orNull(keys), orNull(items)
	return func(dst []byte, i int) []byte {
		dst = append(dst, '{')
		from, to := l.span(i)
		for k := from; k < to; k++ {
			if k > from {
				dst = append(dst, ", "...)
			}
			dst = append(key(dst, k), " -> "...)
			dst = item(dst, k)
		}
		return append(dst, '}')
	}
}

func structAppender(s *array.Struct) appender {
	fields := make([]appender, s.NumField())
	for k := range fields {
		fields[k] = orNull(s.Field(k))
	}
	return func(dst []byte, i int) []byte {
		dst = append(dst, '{')
		for k, f := range fields {
			if k > 0 {
				dst = append(dst, ", "...)
			}
			dst = f(dst, i)
		}
		return append(dst, '}')
	}
}

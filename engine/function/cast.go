package function

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// caster implements catalog.Caster.
type caster struct{}

// Cast binds CAST(x AS to).
func (caster) Cast(from, to arrow.DataType) (catalog.Call, error) {
	k, ok := castKernel(from, to)
	if !ok {
		return catalog.Call{}, fmt.Errorf("there is no cast from %s to %s", typeName(from), typeName(to))
	}
	return catalog.Call{
		Type: to, ArgTypes: []arrow.DataType{from}, Deterministic: true, Strict: true, Eval: k,
	}, nil
}

// Implicit says whether Spark casts by itself.
func (caster) Implicit(from, to arrow.DataType) bool { return implicit(from, to) }

// Common is the type of branches.
func (caster) Common(a, b arrow.DataType) (arrow.DataType, bool) { return common(a, b) }

// castKernel finds the conversion between two types.
func castKernel(from, to arrow.DataType) (kernel, bool) {
	switch {
	case same(from, to):
		return same1, true
	case isNull(from):
		return func(t catalog.Task, n int, _ []arrow.Array) (arrow.Array, error) {
			return nullArray(t.Allocator(), to, n), nil
		}, true
	}
	switch to := to.(type) {
	case *arrow.StringType:
		return castToString(from)
	case *arrow.BinaryType:
		return castToBinary(from)
	case *arrow.BooleanType:
		return castToBool(from)
	case *arrow.Int8Type:
		return castToInteger[int8](from, to)
	case *arrow.Int16Type:
		return castToInteger[int16](from, to)
	case *arrow.Int32Type:
		return castToInteger[int32](from, to)
	case *arrow.Int64Type:
		return castToInteger[int64](from, to)
	case *arrow.Float32Type:
		return castToFloat[float32](from, to)
	case *arrow.Float64Type:
		return castToFloat[float64](from, to)
	case *arrow.Decimal128Type:
		return castToDecimal(from, to)
	case *arrow.Date32Type:
		return castToDate(from)
	case *arrow.TimestampType:
		return castToTimestamp(from, to)
	case *arrow.MonthIntervalType, *arrow.DurationType:
		return castToInterval(from, to)
	case *arrow.MapType:
		return castToMap(from, to)
	case *arrow.ListType:
		return castToList(from, to)
	case *arrow.StructType:
		return castToStruct(from, to)
	}
	return nil, false
}

// allNull is the cast of types that Spark accepts and never converts (a date to
// a number).
func allNull(to arrow.DataType) kernel {
	return func(t catalog.Task, n int, _ []arrow.Array) (arrow.Array, error) {
		return nullArray(t.Allocator(), to, n), nil
	}
}

// castInner runs a strict kernel on an inner column (the elements of a list)
// and settles its validity. The caller owns the result.
func castInner(t catalog.Task, k kernel, a arrow.Array) (arrow.Array, error) {
	out, err := k(t, a.Len(), []arrow.Array{a})
	if err != nil {
		return nil, err
	}
	return maskBy(t.Allocator(), out, []arrow.Array{a}), nil
}

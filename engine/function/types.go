package function

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql"
)

// The types of the dialect that have no parameters.
var (
	tNull      = arrow.Null
	tBool      = arrow.FixedWidthTypes.Boolean
	tTiny      = arrow.PrimitiveTypes.Int8
	tSmall     = arrow.PrimitiveTypes.Int16
	tInt       = arrow.PrimitiveTypes.Int32
	tLong      = arrow.PrimitiveTypes.Int64
	tFloat     = arrow.PrimitiveTypes.Float32
	tDouble    = arrow.PrimitiveTypes.Float64
	tString    = arrow.BinaryTypes.String
	tBinary    = arrow.BinaryTypes.Binary
	tDate      = arrow.FixedWidthTypes.Date32
	tTimestamp = arrow.FixedWidthTypes.Timestamp_us
	tMonths    = arrow.FixedWidthTypes.MonthInterval
	tDuration  = arrow.FixedWidthTypes.Duration_us
)

const maxPrecision = 38

func same(a, b arrow.DataType) bool { return arrow.TypeEqual(a, b) }

func isNull(t arrow.DataType) bool { return t.ID() == arrow.NULL }

func isIntegral(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64:
		return true
	}
	return false
}

func isFloating(t arrow.DataType) bool {
	return t.ID() == arrow.FLOAT32 || t.ID() == arrow.FLOAT64
}

func isDecimal(t arrow.DataType) bool { return t.ID() == arrow.DECIMAL128 }

func isNumeric(t arrow.DataType) bool { return isIntegral(t) || isFloating(t) || isDecimal(t) }

func isString(t arrow.DataType) bool { return t.ID() == arrow.STRING }

func isDatetime(t arrow.DataType) bool {
	return t.ID() == arrow.DATE32 || t.ID() == arrow.TIMESTAMP
}

func isInterval(t arrow.DataType) bool {
	return t.ID() == arrow.INTERVAL_MONTHS || t.ID() == arrow.DURATION
}

// isAtomic is true for types that hold one value.
func isAtomic(t arrow.DataType) bool {
	switch t.ID() {
	case arrow.NULL, arrow.LIST, arrow.MAP, arrow.STRUCT:
		return false
	}
	return true
}

// isOrdered is true for types with an order: all but maps, and whatever holds
// one.
func isOrdered(t arrow.DataType) bool {
	switch t := t.(type) {
	case *arrow.MapType:
		return false
	case *arrow.ListType:
		return isOrdered(t.Elem())
	case *arrow.StructType:
		for _, f := range t.Fields() {
			if !isOrdered(f.Type) {
				return false
			}
		}
	}
	return true
}

// rank orders the numeric types that widen into each other, decimals apart.
func rank(t arrow.DataType) int {
	switch t.ID() {
	case arrow.INT8:
		return 1
	case arrow.INT16:
		return 2
	case arrow.INT32:
		return 3
	case arrow.INT64:
		return 4
	case arrow.FLOAT32:
		return 5
	case arrow.FLOAT64:
		return 6
	}
	return 0
}

func decimalType(p, s int32) *arrow.Decimal128Type {
	return &arrow.Decimal128Type{Precision: p, Scale: s}
}

// decimalFor is the decimal type that holds every value of a numeric type.
func decimalFor(t arrow.DataType) *arrow.Decimal128Type {
	switch t := t.(type) {
	case *arrow.Decimal128Type:
		return t
	case *arrow.Int8Type:
		return decimalType(3, 0)
	case *arrow.Int16Type:
		return decimalType(5, 0)
	case *arrow.Int32Type:
		return decimalType(10, 0)
	case *arrow.Int64Type:
		return decimalType(20, 0)
	case *arrow.Float32Type:
		return decimalType(14, 7)
	case *arrow.Float64Type:
		return decimalType(30, 15)
	}
	return decimalType(38, 18)
}

// listType is ARRAY<elem>.
func listType(elem arrow.DataType) *arrow.ListType { return arrow.ListOf(elem) }

// mapType is MAP<key, item>.
func mapType(key, item arrow.DataType) *arrow.MapType { return arrow.MapOf(key, item) }

// typeName is the type as Spark's simpleString spells it.
func typeName(t arrow.DataType) string { return sql.TypeName(t) }

package sql

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
)

// TypeName returns Spark's simpleString of a type: int, decimal(10,2),
// struct<a:int,b:array<string>>, interval day to second, void. A type Spark
// does not have is named as arrow names it.
func TypeName(dt arrow.DataType) string {
	switch t := dt.(type) {
	case nil:
		return "void"
	case *arrow.NullType:
		return "void"
	case *arrow.Int8Type:
		return "tinyint"
	case *arrow.Int16Type:
		return "smallint"
	case *arrow.Int32Type:
		return "int"
	case *arrow.Int64Type:
		return "bigint"
	case *arrow.Float32Type:
		return "float"
	case *arrow.Float64Type:
		return "double"
	case *arrow.BooleanType:
		return "boolean"
	case *arrow.StringType, *arrow.LargeStringType:
		return "string"
	case *arrow.BinaryType, *arrow.LargeBinaryType, *arrow.FixedSizeBinaryType:
		return "binary"
	case *arrow.Date32Type, *arrow.Date64Type:
		return "date"
	case *arrow.TimestampType:
		if t.TimeZone == "" {
			return "timestamp_ntz"
		}
		return "timestamp"
	case *arrow.Decimal128Type:
		return fmt.Sprintf("decimal(%d,%d)", t.Precision, t.Scale)
	case *arrow.DurationType:
		return "interval day to second"
	case *arrow.MonthIntervalType:
		return "interval year to month"
	case *arrow.MonthDayNanoIntervalType:
		return "interval"
	case *arrow.MapType: // before ListLike: a map is a list of entries
		return "map<" + TypeName(t.KeyType()) + "," + TypeName(t.ItemType()) + ">"
	case arrow.ListLikeType:
		return "array<" + TypeName(t.Elem()) + ">"
	case *arrow.StructType:
		return "struct<" + fieldNames(t, ":", ",", TypeName) + ">"
	case *arrow.DictionaryType:
		return TypeName(t.ValueType)
	}
	return dt.String()
}

// TypeSQL returns a type in the form messages show: DOUBLE, DECIMAL(10,2),
// STRUCT<a: INT, b: ARRAY<STRING>>.
func TypeSQL(dt arrow.DataType) string {
	switch t := dt.(type) {
	case *arrow.MapType:
		return "MAP<" + TypeSQL(t.KeyType()) + ", " + TypeSQL(t.ItemType()) + ">"
	case arrow.ListLikeType:
		return "ARRAY<" + TypeSQL(t.Elem()) + ">"
	case *arrow.StructType:
		return "STRUCT<" + fieldNames(t, ": ", ", ", TypeSQL) + ">"
	case *arrow.DictionaryType:
		return TypeSQL(t.ValueType)
	}
	return strings.ToUpper(TypeName(dt))
}

func fieldNames(t *arrow.StructType, colon, comma string, name func(arrow.DataType) string) string {
	parts := make([]string, len(t.Fields()))
	for i, f := range t.Fields() {
		parts[i] = f.Name + colon + name(f.Type)
	}
	return strings.Join(parts, comma)
}

package codec

import (
	"github.com/apache/arrow/go/v14/arrow"
)

// inferred is a type while it is being inferred: the lattice of Spark's schema inference.
type inferred struct {
	kind             kind
	precision, scale int
	elem             *inferred   // of a list
	fields           []*inferred // of a struct, in the order of names
	names            []string
}

const maxPrecision = 38

// decimalOf is a decimal, or a double where no decimal is wide enough.
func decimalOf(precision, scale int) *inferred {
	if precision > maxPrecision {
		return &inferred{kind: kindFloat64}
	}
	return &inferred{kind: kindDecimal, precision: precision, scale: scale}
}

// asDecimal is the decimal that holds an integer type.
func (t *inferred) asDecimal() *inferred {
	switch t.kind {
	case kindInt32:
		return decimalOf(10, 0)
	case kindInt64:
		return decimalOf(20, 0)
	}
	return t
}

// widerNumber merges two number types; nil when one is none.
func widerNumber(a, b *inferred) *inferred {
	number := func(k kind) bool {
		return k == kindInt32 || k == kindInt64 || k == kindFloat64 || k == kindDecimal
	}
	switch {
	case !number(a.kind) || !number(b.kind):
		return nil
	case a.kind == kindFloat64 || b.kind == kindFloat64:
		return &inferred{kind: kindFloat64}
	case a.kind != kindDecimal && b.kind != kindDecimal:
		if a.kind == kindInt64 {
			return a
		}
		return b
	}
	a, b = a.asDecimal(), b.asDecimal()
	scale := max(a.scale, b.scale)
	return decimalOf(max(a.precision-a.scale, b.precision-b.scale)+scale, scale)
}

// dataType is the Arrow type, STRING for what was always NULL; nil when nothing is left of it.
func (t *inferred) dataType(dropNull bool) arrow.DataType {
	switch t.kind {
	case kindNull:
		if dropNull {
			return nil
		}
		return arrow.BinaryTypes.String
	case kindBool:
		return arrow.FixedWidthTypes.Boolean
	case kindInt32:
		return arrow.PrimitiveTypes.Int32
	case kindInt64:
		return arrow.PrimitiveTypes.Int64
	case kindFloat64:
		return arrow.PrimitiveTypes.Float64
	case kindDecimal:
		return &arrow.Decimal128Type{Precision: int32(t.precision), Scale: int32(t.scale)}
	case kindDate:
		return arrow.FixedWidthTypes.Date32
	case kindTimestamp:
		return arrow.FixedWidthTypes.Timestamp_us
	case kindList:
		if e := t.elem.dataType(dropNull); e != nil {
			return arrow.ListOf(e)
		}
		return nil
	case kindStruct:
		var fields []arrow.Field
		for i, f := range t.fields {
			if dt := f.dataType(dropNull); dt != nil && t.names[i] != "" {
				fields = append(fields, arrow.Field{Name: t.names[i], Type: dt, Nullable: true})
			}
		}
		if fields == nil {
			return nil
		}
		return arrow.StructOf(fields...)
	}
	return arrow.BinaryTypes.String
}

package function

import (
	"github.com/apache/arrow/go/v14/arrow"
)

// implicit says whether Spark casts from to to by itself where a function wants
// to (TypeCoercion.implicitCast).
func implicit(from, to arrow.DataType) bool {
	switch {
	case same(from, to), isNull(from):
		return true
	case isNumeric(from) && isNumeric(to), isDatetime(from) && isDatetime(to):
		return true
	case isString(from):
		return isNumeric(to) || isDatetime(to) || to.ID() == arrow.BINARY
	case isString(to):
		return isAtomic(from)
	}
	switch f := from.(type) {
	case *arrow.MapType:
		t, ok := to.(*arrow.MapType)
		return ok && implicit(f.KeyType(), t.KeyType()) && implicit(f.ItemType(), t.ItemType())
	case *arrow.ListType:
		t, ok := to.(*arrow.ListType)
		return ok && implicit(f.Elem(), t.Elem())
	}
	return false
}

// tightest is the type both convert to without loss of meaning, without strings
// (TypeCoercion.findTightestCommonType).
func tightest(a, b arrow.DataType) (arrow.DataType, bool) {
	switch {
	case same(a, b):
		return a, true
	case isNull(a):
		return b, true
	case isNull(b):
		return a, true
	case rank(a) > 0 && rank(b) > 0:
		if rank(a) > rank(b) {
			return a, true
		}
		return b, true
	case isDatetime(a) && isDatetime(b):
		return tTimestamp, true
	}
	return nil, false
}

// common is the type of the branches of CASE, the arguments of COALESCE and IN,
// the columns of a UNION (TypeCoercion.findWiderTypeForTwo): string where one is
// a string and the other another single value.
func common(a, b arrow.DataType) (arrow.DataType, bool) {
	if t, ok := wider(a, b, common); ok {
		return t, true
	}
	if promotes(a, b) || promotes(b, a) {
		return tString, true
	}
	return nil, false
}

// commonNoString is common without the promotion to string: what greatest,
// array_contains and the like use.
func commonNoString(a, b arrow.DataType) (arrow.DataType, bool) {
	return wider(a, b, commonNoString)
}

func promotes(str, other arrow.DataType) bool {
	return isString(str) && isAtomic(other) && other.ID() != arrow.BINARY && other.ID() != arrow.BOOL
}

func wider(a, b arrow.DataType, inner func(a, b arrow.DataType) (arrow.DataType, bool)) (arrow.DataType, bool) {
	if t, ok := tightest(a, b); ok {
		return t, true
	}
	if t, ok := widerDecimal(a, b); ok {
		return t, true
	}
	switch a := a.(type) {
	case *arrow.MapType:
		if b, ok := b.(*arrow.MapType); ok {
			k, ok1 := inner(a.KeyType(), b.KeyType())
			v, ok2 := inner(a.ItemType(), b.ItemType())
			if ok1 && ok2 {
				return mapType(k, v), true
			}
		}
	case *arrow.ListType:
		if b, ok := b.(*arrow.ListType); ok {
			if e, ok := inner(a.Elem(), b.Elem()); ok {
				return listType(e), true
			}
		}
	case *arrow.StructType:
		if b, ok := b.(*arrow.StructType); ok {
			return widerStruct(a, b, inner)
		}
	}
	return nil, false
}

func widerStruct(a, b *arrow.StructType, inner func(a, b arrow.DataType) (arrow.DataType, bool)) (arrow.DataType, bool) {
	if len(a.Fields()) != len(b.Fields()) {
		return nil, false
	}
	fields := make([]arrow.Field, len(a.Fields()))
	for i, f := range a.Fields() {
		t, ok := inner(f.Type, b.Field(i).Type)
		if !ok {
			return nil, false
		}
		fields[i] = arrow.Field{Name: f.Name, Type: t, Nullable: true}
	}
	return arrow.StructOf(fields...), true
}

// widerDecimal is the common type of two numbers of which one is a decimal.
func widerDecimal(a, b arrow.DataType) (arrow.DataType, bool) {
	if !isNumeric(a) || !isNumeric(b) || !isDecimal(a) && !isDecimal(b) {
		return nil, false
	}
	if isFloating(a) || isFloating(b) {
		return tDouble, true
	}
	x, y := decimalFor(a), decimalFor(b)
	s := max(x.Scale, y.Scale)
	digits := max(x.Precision-x.Scale, y.Precision-y.Scale)
	return decimalType(min(digits+s, maxPrecision), min(s, maxPrecision)), true
}

// commonOf folds find over the types of all arguments; k is the first argument
// that does not fit.
func commonOf(types []arrow.DataType, find func(a, b arrow.DataType) (arrow.DataType, bool)) (dt arrow.DataType, k int, ok bool) {
	dt = tNull
	for k, t := range types {
		next, ok := find(dt, t)
		if !ok {
			return dt, k, false
		}
		dt = next
	}
	return dt, 0, true
}

// comparedAs is the type two operands of a comparison are brought to
// (TypeCoercion.findCommonTypeForBinaryComparison and BooleanEquality).
func comparedAs(a, b arrow.DataType) (arrow.DataType, bool) {
	if t, ok := tightest(a, b); ok {
		return t, true
	}
	if t, ok := comparedString(a, b); ok {
		return t, true
	}
	if t, ok := comparedString(b, a); ok {
		return t, true
	}
	switch {
	case a.ID() == arrow.BOOL && isNumeric(b):
		return b, true
	case b.ID() == arrow.BOOL && isNumeric(a):
		return a, true
	}
	return wider(a, b, comparedAs)
}

func comparedString(str, other arrow.DataType) (arrow.DataType, bool) {
	if !isString(str) || !isAtomic(other) || isInterval(other) {
		return nil, false
	}
	if isDecimal(other) {
		return tDouble, true
	}
	return other, true
}

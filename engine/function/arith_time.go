package function

import (
	"math"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

const microsPerDay = 24 * 60 * 60 * 1_000_000

// timeArithmetic binds the operations on dates, timestamps and intervals; false
// when the operands are none of these.
func timeArithmetic(op string, args []catalog.Arg) (catalog.Call, bool) {
	a, b := args[0].Type, args[1].Type
	call := catalog.Call{Deterministic: true, Strict: true}
	set := func(ret, x, y arrow.DataType, k kernel) (catalog.Call, bool) {
		call.Type, call.ArgTypes, call.Eval = ret, []arrow.DataType{x, y}, k
		return call, true
	}
	switch op {
	case "+":
		if (isDatetime(b) || isInterval(b)) && !isDatetime(a) && !(isInterval(a) && isInterval(b)) {
			if c, ok := plusTime(b, a); ok { // the same, the other way round
				inner := c.eval
				return set(c.ret, c.b, c.a, func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
					return inner(t, n, []arrow.Array{args[1], args[0]})
				})
			}
		}
		if c, ok := plusTime(a, b); ok {
			return set(c.ret, c.a, c.b, c.eval)
		}
	case "-":
		if c, ok := minusTime(a, b); ok {
			return set(c.ret, c.a, c.b, c.eval)
		}
	case "*":
		if isInterval(a) && (isNumeric(b) || isNull(b)) {
			return set(a, a, tDouble, scaleInterval(a, false))
		}
		if isInterval(b) && (isNumeric(a) || isNull(a)) {
			k := scaleInterval(b, false)
			return set(b, tDouble, b, func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
				return k(t, n, []arrow.Array{args[1], args[0]})
			})
		}
	case "/":
		if isInterval(a) && (isNumeric(b) || isNull(b)) {
			return set(a, a, tDouble, scaleInterval(a, true))
		}
	}
	return call, false
}

// timeCall is one operation: its result, its operand types and its kernel.
type timeCall struct {
	ret, a, b arrow.DataType
	eval      kernel
}

func plusTime(a, b arrow.DataType) (timeCall, bool) {
	switch {
	case a.ID() == arrow.DATE32 && (isIntegral(b) && rank(b) <= 3 || isNull(b)):
		return timeCall{tDate, tDate, tInt, mapTwo(tDate, func(d, n int32) int32 { return d + n })}, true
	case isInterval(a) && (isInterval(b) && same(a, b) || isNull(b)):
		return timeCall{a, a, a, plainTime(a, "+")}, true
	case a.ID() == arrow.TIMESTAMP || a.ID() == arrow.DATE32 || isString(a) && isInterval(b):
		return plusInterval(a, b, 1)
	}
	return timeCall{}, false
}

// plusInterval adds an interval, or takes it off with sign -1. A date plus a
// day-time interval is a timestamp.
func plusInterval(a, b arrow.DataType, sign int32) (timeCall, bool) {
	isDate := a.ID() == arrow.DATE32
	if isString(a) {
		a = tTimestamp
	}
	switch {
	case b.ID() == arrow.INTERVAL_MONTHS && isDate:
		return timeCall{tDate, tDate, tMonths, mapTwo(tDate, func(d, m int32) int32 { return addMonths(d, sign*m) })}, true
	case b.ID() == arrow.INTERVAL_MONTHS:
		return timeCall{tTimestamp, a, tMonths, mapTwo(tTimestamp, func(v int64, m int32) int64 {
			day := floorDiv(v, microsPerDay)
			return int64(addMonths(int32(day), sign*m))*microsPerDay + v - day*microsPerDay
		})}, true
	case b.ID() == arrow.DURATION:
		return timeCall{tTimestamp, tTimestamp, tDuration, mapTwo(tTimestamp, func(v, d int64) int64 { return v + int64(sign)*d })}, true
	}
	return timeCall{}, false
}

func minusTime(a, b arrow.DataType) (timeCall, bool) {
	switch {
	case a.ID() == arrow.DATE32 && (isIntegral(b) && rank(b) <= 3):
		return timeCall{tDate, tDate, tInt, mapTwo(tDate, func(d, n int32) int32 { return d - n })}, true
	case a.ID() == arrow.DATE32 && b.ID() == arrow.DATE32:
		return timeCall{tDuration, tDate, tDate, mapTwo(tDuration, func(x, y int32) int64 { return (int64(x) - int64(y)) * microsPerDay })}, true
	case isDatetime(a) && isDatetime(b),
		isDatetime(a) && (isString(b) || isNull(b)), (isString(a) || isNull(a)) && isDatetime(b):
		return timeCall{tDuration, tTimestamp, tTimestamp, mapTwo(tDuration, func(x, y int64) int64 { return x - y })}, true
	case isInterval(a) && (same(a, b) || isNull(b)), isNull(a) && isInterval(b):
		if isNull(a) {
			a = b
		}
		return timeCall{a, a, a, plainTime(a, "-")}, true
	case isDatetime(a) || isString(a):
		return plusInterval(a, b, -1)
	}
	return timeCall{}, false
}

func plainTime(dt arrow.DataType, op string) kernel {
	if dt.ID() == arrow.INTERVAL_MONTHS {
		return plainKernel[int32](op, dt)
	}
	return plainKernel[int64](op, dt)
}

// scaleInterval multiplies or divides an interval, rounding half up; division by
// zero and what does not fit are NULL.
func scaleInterval(dt arrow.DataType, divide bool) kernel {
	apply := func(v, by float64) (float64, bool) {
		if divide {
			return math.Round(v / by), by != 0
		}
		return math.Round(v * by), true
	}
	if dt.ID() == arrow.INTERVAL_MONTHS {
		return rowsFixed(dt, func(r *row) (int32, bool) {
			f, ok := apply(float64(r.int(0)), r.float(1))
			return int32(f), ok && math.Abs(f) <= math.MaxInt32
		})
	}
	return rowsFixed(dt, func(r *row) (int64, bool) {
		f, ok := apply(float64(r.long(0)), r.float(1))
		return int64(f), ok && math.Abs(f) < math.MaxInt64
	})
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }

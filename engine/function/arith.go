package function

import (
	"math"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// arithmetic binds + - * / % div and pmod. What Spark does with dates and
// intervals is tried first.
func arithmetic(op string) binder {
	return func(_ string, args []catalog.Arg) (catalog.Call, error) {
		if err := arity(op, args, 2, 2); err != nil {
			return catalog.Call{}, err
		}
		if err := notLambda(op, args); err != nil {
			return catalog.Call{}, err
		}
		if call, ok := timeArithmetic(op, args); ok {
			return call, nil
		}
		dts, ok := operandTypes(op, args)
		if !ok {
			a, b := args[0].Type, args[1].Type
			k := 1
			if !isNumeric(a) && !isString(a) && !isNull(a) {
				k = 0
			}
			return catalog.Call{}, argErr(k, "%s cannot be applied to %s and %s", op, typeName(a), typeName(b))
		}
		call := catalog.Call{ArgTypes: dts[:], Deterministic: true, Strict: true}
		if isDecimal(dts[0]) {
			call.Type, call.Eval = decimalArithmetic(op, dts[0].(*arrow.Decimal128Type), dts[1].(*arrow.Decimal128Type))
			return call, nil
		}
		call.Type = dts[0]
		if op == "div" {
			call.Type = tLong
		}
		call.Eval = arithKernel(op, dts[0])
		return call, nil
	}
}

// operandTypes decides what the operands are cast to: one numeric type for both,
// or a decimal type for each.
func operandTypes(op string, args []catalog.Arg) (dts [2]arrow.DataType, ok bool) {
	a, b := args[0].Type, args[1].Type
	if op == "div" {
		return divTypes(args)
	}
	for k, t := range []arrow.DataType{a, b} {
		if !isNumeric(t) && !isString(t) && !isNull(t) {
			return dts, false
		}
		dts[k] = t
	}
	switch {
	case isString(a) || isString(b), isNull(a) && isNull(b):
		return both(tDouble), true
	case op == "/" && isNull(a):
		return both(tDouble), true
	case isNull(a):
		a = b
	case isNull(b):
		b = a
	}
	if isDecimal(a) || isDecimal(b) {
		if isFloating(a) || isFloating(b) {
			return both(tDouble), true
		}
		return [2]arrow.DataType{decimalOperand(args[0], a), decimalOperand(args[1], b)}, true
	}
	if op == "/" {
		return both(tDouble), true
	}
	t, ok := tightest(a, b)
	return both(t), ok
}

func both(t arrow.DataType) [2]arrow.DataType { return [2]arrow.DataType{t, t} }

// divTypes are the operands of div: integers of 64 bits or decimals; Spark casts
// neither strings nor doubles here.
func divTypes(args []catalog.Arg) (dts [2]arrow.DataType, ok bool) {
	a, b := args[0].Type, args[1].Type
	for _, t := range []arrow.DataType{a, b} {
		if !isIntegral(t) && !isDecimal(t) && !isNull(t) {
			return dts, false
		}
	}
	if !isDecimal(a) && !isDecimal(b) {
		return both(tLong), true
	}
	if isNull(a) {
		a = b
	}
	if isNull(b) {
		b = a
	}
	return [2]arrow.DataType{decimalOperand(args[0], a), decimalOperand(args[1], b)}, true
}

// decimalOperand is the decimal type of an operand: an integer literal has just
// the digits it is written with.
func decimalOperand(a catalog.Arg, t arrow.DataType) arrow.DataType {
	if a.Literal && a.Const != nil && a.Const.Len() == 1 && !nullAt(a.Const, 0) {
		switch t.ID() {
		case arrow.INT16:
			return digitsOf(int64(raw[int16](a.Const)[0]))
		case arrow.INT32:
			return digitsOf(int64(raw[int32](a.Const)[0]))
		case arrow.INT64:
			return digitsOf(raw[int64](a.Const)[0])
		}
	}
	return decimalFor(t)
}

func digitsOf(v int64) arrow.DataType {
	p := int32(1)
	for v /= 10; v != 0; v /= 10 {
		p++
	}
	return decimalType(p, 0)
}

func arithKernel(op string, dt arrow.DataType) kernel {
	switch dt.ID() {
	case arrow.INT8:
		return integerKernel[int8](op, dt)
	case arrow.INT16:
		return integerKernel[int16](op, dt)
	case arrow.INT32:
		return integerKernel[int32](op, dt)
	case arrow.INT64:
		return integerKernel[int64](op, dt)
	case arrow.FLOAT32:
		return floatKernel[float32](op, dt)
	}
	return floatKernel[float64](op, dt)
}

func integerKernel[T int8 | int16 | int32 | int64](op string, dt arrow.DataType) kernel {
	switch op {
	case "%":
		return checkedKernel(dt, remainder[T])
	case "pmod":
		return checkedKernel(dt, pmodInt[T])
	case "div":
		return checkedKernel(dt, quotient[T])
	}
	return plainKernel[T](op, dt)
}

func floatKernel[T float32 | float64](op string, dt arrow.DataType) kernel {
	switch op {
	case "/":
		return checkedKernel(dt, func(a, b T) (T, bool) { return a / b, b != 0 })
	case "%":
		return checkedKernel(dt, func(a, b T) (T, bool) { return T(math.Mod(float64(a), float64(b))), b != 0 })
	case "pmod":
		return checkedKernel(dt, pmodFloat[T])
	}
	return plainKernel[T](op, dt)
}

func remainder[T int8 | int16 | int32 | int64](a, b T) (T, bool) {
	if b == 0 {
		return 0, false
	}
	return a % b, true
}

func quotient[T int8 | int16 | int32 | int64](a, b T) (T, bool) {
	if b == 0 {
		return 0, false
	}
	return a / b, true
}

func pmodInt[T int8 | int16 | int32 | int64](a, b T) (T, bool) {
	if b == 0 {
		return 0, false
	}
	r := a % b
	if r < 0 {
		r = (r + b) % b
	}
	return r, true
}

func pmodFloat[T float32 | float64](a, b T) (T, bool) {
	r := math.Mod(float64(a), float64(b))
	if r < 0 {
		r = math.Mod(r+float64(b), float64(b))
	}
	return T(r), b != 0
}

// plainKernel is + - * of two columns, or of a column and a constant.
func plainKernel[T number](op string, dt arrow.DataType) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		out := newColumn[T](t.Allocator(), n)
		x, y := raw[T](args[0]), raw[T](args[1])
		if n > 0 {
			switch op {
			case "+":
				addLoop(out.v, x, y)
			case "-":
				subLoop(out.v, x, y)
			default:
				mulLoop(out.v, x, y)
			}
		}
		return out.array(dt), nil
	}
}

func addLoop[T number](dst, x, y []T) {
	switch {
	case len(x) == len(dst) && len(y) == len(dst):
		x, y = x[:len(dst)], y[:len(dst)]
		for i := range dst {
			dst[i] = x[i] + y[i]
		}
	case len(x) == len(dst):
		x, c := x[:len(dst)], y[0]
		for i := range dst {
			dst[i] = x[i] + c
		}
	case len(y) == len(dst):
		y, c := y[:len(dst)], x[0]
		for i := range dst {
			dst[i] = c + y[i]
		}
	default:
		fill(dst, x[0]+y[0])
	}
}

func subLoop[T number](dst, x, y []T) {
	switch {
	case len(x) == len(dst) && len(y) == len(dst):
		x, y = x[:len(dst)], y[:len(dst)]
		for i := range dst {
			dst[i] = x[i] - y[i]
		}
	case len(x) == len(dst):
		x, c := x[:len(dst)], y[0]
		for i := range dst {
			dst[i] = x[i] - c
		}
	case len(y) == len(dst):
		y, c := y[:len(dst)], x[0]
		for i := range dst {
			dst[i] = c - y[i]
		}
	default:
		fill(dst, x[0]-y[0])
	}
}

func mulLoop[T number](dst, x, y []T) {
	switch {
	case len(x) == len(dst) && len(y) == len(dst):
		x, y = x[:len(dst)], y[:len(dst)]
		for i := range dst {
			dst[i] = x[i] * y[i]
		}
	case len(x) == len(dst):
		x, c := x[:len(dst)], y[0]
		for i := range dst {
			dst[i] = x[i] * c
		}
	case len(y) == len(dst):
		y, c := y[:len(dst)], x[0]
		for i := range dst {
			dst[i] = c * y[i]
		}
	default:
		fill(dst, x[0]*y[0])
	}
}

func fill[T any](dst []T, v T) {
	for i := range dst {
		dst[i] = v
	}
}

// checkedKernel is an operation that gives NULL for some operands.
func checkedKernel[T fixed](dt arrow.DataType, f func(a, b T) (T, bool)) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		out := newColumn[T](t.Allocator(), n)
		x, y := raw[T](args[0]), raw[T](args[1])
		sx, sy := step(args[0]), step(args[1])
		for i := range out.v {
			v, ok := f(x[i*sx], y[i*sy])
			if !ok {
				out.setNull(i)
				continue
			}
			out.v[i] = v
		}
		return out.array(dt), nil
	}
}

// negate binds a function of one number that keeps its type (unary minus, abs).
// Strings become doubles.
func negate(f func(op string, dt arrow.DataType) kernel) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		if err := arity(name, args, 1, 1); err != nil {
			return catalog.Call{}, err
		}
		if err := notLambda(name, args); err != nil {
			return catalog.Call{}, err
		}
		dt := args[0].Type
		switch {
		case isString(dt), isNull(dt):
			dt = tDouble
		case !isNumeric(dt) && !isInterval(dt):
			return catalog.Call{}, wantType(name, 0, "a number", dt)
		}
		return catalog.Call{
			Type: dt, ArgTypes: []arrow.DataType{dt}, Deterministic: true, Strict: true,
			Eval: f(name, dt),
		}, nil
	}
}

func negateKernel(_ string, dt arrow.DataType) kernel {
	switch dt.ID() {
	case arrow.INT8:
		return mapFixed(dt, func(v int8) int8 { return -v })
	case arrow.INT16:
		return mapFixed(dt, func(v int16) int16 { return -v })
	case arrow.INT32, arrow.INTERVAL_MONTHS:
		return mapFixed(dt, func(v int32) int32 { return -v })
	case arrow.INT64, arrow.DURATION:
		return mapFixed(dt, func(v int64) int64 { return -v })
	case arrow.FLOAT32:
		return mapFixed(dt, func(v float32) float32 { return -v })
	case arrow.DECIMAL128:
		return mapFixed(dt, dec.Negate)
	}
	return mapFixed(dt, func(v float64) float64 { return -v })
}

func positiveKernel(string, arrow.DataType) kernel { return same1 }

// same1 gives its first argument back.
func same1(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
	return spread(t.Allocator(), args[0], n)
}

func absKernel(_ string, dt arrow.DataType) kernel {
	switch dt.ID() {
	case arrow.INT8:
		return mapFixed(dt, absInt[int8])
	case arrow.INT16:
		return mapFixed(dt, absInt[int16])
	case arrow.INT32, arrow.INTERVAL_MONTHS:
		return mapFixed(dt, absInt[int32])
	case arrow.INT64, arrow.DURATION:
		return mapFixed(dt, absInt[int64])
	case arrow.FLOAT32:
		return mapFixed(dt, func(v float32) float32 { return float32(math.Abs(float64(v))) })
	case arrow.DECIMAL128:
		return mapFixed(dt, dec.Abs)
	}
	return mapFixed(dt, math.Abs)
}

func absInt[T int8 | int16 | int32 | int64](v T) T {
	if v < 0 {
		return -v
	}
	return v
}

// mapFixed applies f to each value of a column.
func mapFixed[A, R fixed](dt arrow.DataType, f func(A) R) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		out := newColumn[R](t.Allocator(), n)
		x := raw[A](args[0])
		if len(x) == n {
			x = x[:n]
			for i := range out.v {
				out.v[i] = f(x[i])
			}
		} else if n > 0 {
			fill(out.v, f(x[0]))
		}
		return out.array(dt), nil
	}
}

// mapChecked applies f, whose false is NULL.
func mapChecked[A, R fixed](dt arrow.DataType, f func(A) (R, bool)) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		out := newColumn[R](t.Allocator(), n)
		x := raw[A](args[0])
		s := step(args[0])
		for i := range out.v {
			v, ok := f(x[i*s])
			if !ok {
				out.setNull(i)
				continue
			}
			out.v[i] = v
		}
		return out.array(dt), nil
	}
}

// mapTwo applies f to the values of two columns.
func mapTwo[A, B, R fixed](dt arrow.DataType, f func(A, B) R) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		out := newColumn[R](t.Allocator(), n)
		x, y := raw[A](args[0]), raw[B](args[1])
		sx, sy := step(args[0]), step(args[1])
		for i := range out.v {
			out.v[i] = f(x[i*sx], y[i*sy])
		}
		return out.array(dt), nil
	}
}

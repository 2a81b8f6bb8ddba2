package function

import (
	"bytes"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// comparison binds =, !=, <, <=, > and >=.
func comparison(op string) binder {
	return func(_ string, args []catalog.Arg) (catalog.Call, error) {
		dt, err := comparedType(op, args)
		if err != nil {
			return catalog.Call{}, err
		}
		return catalog.Call{
			Type: tBool, ArgTypes: repeatType(dt, 2), Deterministic: true, Strict: true,
			Eval: compareKernel(op, dt),
		}, nil
	}
}

func comparedType(op string, args []catalog.Arg) (arrow.DataType, error) {
	if err := arity(op, args, 2, 2); err != nil {
		return nil, err
	}
	if err := notLambda(op, args); err != nil {
		return nil, err
	}
	a, b := args[0], args[1]
	dt, ok := comparedAs(a.Type, b.Type)
	if ok && isNumeric(dt) && (a.Type.ID() == arrow.BOOL || b.Type.ID() == arrow.BOOL) {
		ok = equality(op) // only it takes booleans for numbers
	}
	if !ok {
		return nil, argErr(1, "%s cannot compare %s with %s", op, typeName(a.Type), typeName(b.Type))
	}
	if !isOrdered(dt) {
		return nil, argErr(0, "%s cannot compare values of type %s", op, typeName(dt))
	}
	return dt, nil
}

func equality(op string) bool {
	switch op {
	case "=", "!=", "<=>", "isdistinct":
		return true
	}
	return false
}

// compareKernel compares two columns of one type. Greater is less the other way
// round.
func compareKernel(op string, dt arrow.DataType) kernel {
	swap, negate := false, false
	base := op
	switch op {
	case ">":
		base, swap = "<", true
	case ">=":
		base, swap = "<=", true
	case "!=":
		base, negate = "=", true
	}
	loop := compareLoop(base, dt)
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		out := newBoolColumn(t.Allocator(), n)
		a, b := args[0], args[1]
		if swap {
			a, b = b, a
		}
		loop(out.v, n, a, b)
		if negate {
			for i := range out.v {
				out.v[i] = ^out.v[i]
			}
		}
		return out.array(), nil
	}
}

// compareLoop writes the bits of a op b, op being =, < or <=.
func compareLoop(op string, dt arrow.DataType) func(dst []byte, n int, a, b arrow.Array) {
	switch dt.ID() {
	case arrow.INT8:
		return numLoop[int8](op)
	case arrow.INT16:
		return numLoop[int16](op)
	case arrow.INT32, arrow.DATE32, arrow.INTERVAL_MONTHS:
		return numLoop[int32](op)
	case arrow.INT64, arrow.TIMESTAMP, arrow.DURATION:
		return numLoop[int64](op)
	case arrow.FLOAT32:
		return numLoop[float32](op)
	case arrow.FLOAT64:
		return numLoop[float64](op)
	case arrow.STRING, arrow.BINARY:
		return textLoop(op)
	case arrow.NULL:
		return func([]byte, int, arrow.Array, arrow.Array) {}
	}
	return orderLoop(op)
}

func numLoop[T number](op string) func(dst []byte, n int, a, b arrow.Array) {
	return func(dst []byte, n int, a, b arrow.Array) {
		x, y := raw[T](a), raw[T](b)
		switch {
		case n == 0:
		case len(x) == n && len(y) == n:
			switch op {
			case "=":
				packEqual(dst, x, y)
			case "<":
				packLess(dst, x, y)
			default:
				packLessEqual(dst, x, y)
			}
		case len(x) == n:
			switch op {
			case "=":
				packEqualConst(dst, x, y[0])
			case "<":
				packLessConst(dst, x, y[0])
			default:
				packLessEqualConst(dst, x, y[0])
			}
		case len(y) == n: // c < y is not (y <= c): the order is total
			switch op {
			case "=":
				packEqualConst(dst, y, x[0])
				return
			case "<":
				packLessEqualConst(dst, y, x[0])
			default:
				packLessConst(dst, y, x[0])
			}
			for i := range dst {
				dst[i] = ^dst[i]
			}
		default:
			c := compareNum(x[0], y[0])
			fillBits(dst, holds(op, c))
		}
	}
}

func fillBits(dst []byte, v bool) {
	if v {
		for i := range dst {
			dst[i] = 0xff
		}
	}
}

// holds says whether a op b is true when they compare as c.
func holds(op string, c int) bool {
	switch op {
	case "=":
		return c == 0
	case "<":
		return c < 0
	}
	return c <= 0
}

// pack writes eight results a byte; the tail's upper bits stay as they are.
// The loops are written out because a call of a function value a row costs more
// than the comparison.

func packEqual[T number](dst []byte, x, y []T) {
	y = y[:len(x)]
	for len(x) >= 8 {
		var m byte
		for k, v := range x[:8] {
			m |= b2i(equalNum(v, y[k])) << k
		}
		dst[0] = m
		dst, x, y = dst[1:], x[8:], y[8:]
	}
	for k, v := range x {
		dst[0] |= b2i(equalNum(v, y[k])) << k
	}
}

func packLess[T number](dst []byte, x, y []T) {
	y = y[:len(x)]
	for len(x) >= 8 {
		var m byte
		for k, v := range x[:8] {
			m |= b2i(lessNum(v, y[k])) << k
		}
		dst[0] = m
		dst, x, y = dst[1:], x[8:], y[8:]
	}
	for k, v := range x {
		dst[0] |= b2i(lessNum(v, y[k])) << k
	}
}

func packLessEqual[T number](dst []byte, x, y []T) {
	y = y[:len(x)]
	for len(x) >= 8 {
		var m byte
		for k, v := range x[:8] {
			m |= b2i(!lessNum(y[k], v)) << k
		}
		dst[0] = m
		dst, x, y = dst[1:], x[8:], y[8:]
	}
	for k, v := range x {
		dst[0] |= b2i(!lessNum(y[k], v)) << k
	}
}

func packEqualConst[T number](dst []byte, x []T, c T) {
	for len(x) >= 8 {
		var m byte
		for k, v := range x[:8] {
			m |= b2i(equalNum(v, c)) << k
		}
		dst[0] = m
		dst, x = dst[1:], x[8:]
	}
	for k, v := range x {
		dst[0] |= b2i(equalNum(v, c)) << k
	}
}

func packLessConst[T number](dst []byte, x []T, c T) {
	for len(x) >= 8 {
		var m byte
		for k, v := range x[:8] {
			m |= b2i(lessNum(v, c)) << k
		}
		dst[0] = m
		dst, x = dst[1:], x[8:]
	}
	for k, v := range x {
		dst[0] |= b2i(lessNum(v, c)) << k
	}
}

func packLessEqualConst[T number](dst []byte, x []T, c T) {
	for len(x) >= 8 {
		var m byte
		for k, v := range x[:8] {
			m |= b2i(!lessNum(c, v)) << k
		}
		dst[0] = m
		dst, x = dst[1:], x[8:]
	}
	for k, v := range x {
		dst[0] |= b2i(!lessNum(c, v)) << k
	}
}

func textLoop(op string) func(dst []byte, n int, a, b arrow.Array) {
	return func(dst []byte, n int, a, b arrow.Array) {
		x, y := textOf(a), textOf(b)
		if op == "=" {
			for i := range n {
				dst[i>>3] |= b2i(bytes.Equal(x.at(i), y.at(i))) << (i & 7)
			}
			return
		}
		for i := range n {
			dst[i>>3] |= b2i(holds(op, bytes.Compare(x.at(i), y.at(i)))) << (i & 7)
		}
	}
}

func orderLoop(op string) func(dst []byte, n int, a, b arrow.Array) {
	return func(dst []byte, n int, a, b arrow.Array) {
		c := valueComparer(a, b)
		sa, sb := step(a), step(b)
		for i := range n {
			dst[i>>3] |= b2i(holds(op, c(i*sa, i*sb))) << (i & 7)
		}
	}
}

// nullSafe binds <=>; isDistinct, with not, is its negation.
func nullSafe(not bool) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		dt, err := comparedType(name, args)
		if err != nil {
			return catalog.Call{}, err
		}
		loop := compareLoop("=", dt)
		return catalog.Call{
			Type: tBool, ArgTypes: repeatType(dt, 2), Deterministic: true,
			Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
				out := newBoolColumn(t.Allocator(), n)
				a, b := args[0], args[1]
				loop(out.v, n, a, b)
				if a.NullN() > 0 || b.NullN() > 0 || isNull(dt) {
					settleNulls(out.v, n, a, b)
				}
				if not {
					for i := range out.v {
						out.v[i] = ^out.v[i]
					}
				}
				return out.array(), nil
			},
		}, nil
	}
}

// settleNulls overwrites the results of rows with a NULL: equal only when both
// are.
func settleNulls(dst []byte, n int, a, b arrow.Array) {
	sa, sb := step(a), step(b)
	for i := range n {
		an, bn := nullAt(a, i*sa), nullAt(b, i*sb)
		if an || bn {
			dst[i>>3] &^= 1 << (i & 7)
			dst[i>>3] |= b2i(an && bn) << (i & 7)
		}
	}
}

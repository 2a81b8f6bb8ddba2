package function

import (
	"math"
	"math/big"
	"strconv"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// rounding is how digits are dropped.
type rounding int

const (
	halfUp rounding = iota
	halfEven
	ceiling
	floor
)

// bindRound is round and bround: the type stays, a decimal loses digits.
func bindRound(mode rounding) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		places, err := roundArgs(name, args)
		if err != nil {
			return catalog.Call{}, err
		}
		dt := args[0].Type
		if isString(dt) || isNull(dt) {
			dt = tDouble
		}
		call := catalog.Call{Type: dt, ArgTypes: roundTypes(dt, args), Deterministic: true, Strict: true}
		switch t := dt.(type) {
		case *arrow.Decimal128Type:
			out := roundedDecimal(t, places)
			call.Type = out
			call.Eval = mapChecked(out, func(v dec) (dec, bool) { return roundDecimal(v, t.Scale, places, out, mode) })
		case *arrow.Float32Type:
			call.Eval = mapFixed(dt, func(v float32) float32 { return float32(roundFloat(float64(v), 32, places, mode)) })
		case *arrow.Float64Type:
			call.Eval = mapFixed(dt, func(v float64) float64 { return roundFloat(v, 64, places, mode) })
		case *arrow.Int8Type:
			call.Eval = mapFixed(dt, func(v int8) int8 { return int8(roundInt(int64(v), places, mode)) })
		case *arrow.Int16Type:
			call.Eval = mapFixed(dt, func(v int16) int16 { return int16(roundInt(int64(v), places, mode)) })
		case *arrow.Int32Type:
			call.Eval = mapFixed(dt, func(v int32) int32 { return int32(roundInt(int64(v), places, mode)) })
		case *arrow.Int64Type:
			call.Eval = mapFixed(dt, func(v int64) int64 { return roundInt(v, places, mode) })
		}
		return call, nil
	}
}

// roundArgs checks round(x[, places]) and gives the places, which must be
// constant.
func roundArgs(name string, args []catalog.Arg) (int32, error) {
	if err := arity(name, args, 1, 2); err != nil {
		return 0, err
	}
	if err := notLambda(name, args); err != nil {
		return 0, err
	}
	if t := args[0].Type; !isNumeric(t) && !isString(t) && !isNull(t) {
		return 0, wantType(name, 0, "a number", t)
	}
	if len(args) == 1 {
		return 0, nil
	}
	places, ok := constLong(args[1])
	if !ok || !isIntegral(args[1].Type) {
		return 0, argErr(1, "the number of digits of %s must be a constant INT", name)
	}
	return int32(max(min(places, 1000), -1000)), nil
}

func roundTypes(dt arrow.DataType, args []catalog.Arg) []arrow.DataType {
	types := []arrow.DataType{dt}
	if len(args) == 2 {
		types = append(types, args[1].Type)
	}
	return types
}

// roundedDecimal is the type of a decimal rounded to places digits.
func roundedDecimal(t *arrow.Decimal128Type, places int32) *arrow.Decimal128Type {
	digits := t.Precision - t.Scale + 1
	if places < 0 {
		return decimalType(min(max(digits, -places+1), maxPrecision), 0)
	}
	s := min(t.Scale, places)
	return decimalType(min(digits+s, maxPrecision), s)
}

// roundDecimal rounds at a number of digits behind the point, before it when
// negative, and gives the value at out's scale.
func roundDecimal(v dec, scale, places int32, out *arrow.Decimal128Type, mode rounding) (dec, bool) {
	drop := scale - min(places, scale)
	if drop == 0 {
		return rescale(v, scale, out.Scale, out.Precision)
	}
	q := bigRound(v.BigInt(), bigPow10(int(min(drop, 100))), mode)
	if places < out.Scale {
		q.Mul(q, bigPow10(int(min(out.Scale-places, 100))))
	}
	return decFromBig(q, out.Precision)
}

// bigRound is a/b rounded to an integer.
func bigRound(a, b *big.Int, mode rounding) *big.Int {
	q, r := new(big.Int).QuoRem(a, b, new(big.Int))
	if r.Sign() == 0 {
		return q
	}
	away := false
	switch mode {
	case ceiling:
		away = a.Sign() > 0
	case floor:
		away = a.Sign() < 0
	default:
		r.Abs(r).Lsh(r, 1)
		c := r.CmpAbs(b)
		away = c > 0 || c == 0 && (mode == halfUp || q.Bit(0) == 1)
	}
	if away {
		q.Add(q, big.NewInt(int64(a.Sign())))
	}
	return q
}

// roundInt rounds at a power of ten when places is negative; the result wraps.
func roundInt(v int64, places int32, mode rounding) int64 {
	if places >= 0 {
		return v
	}
	if places < -19 {
		return 0
	}
	p := bigPow10(int(-places))
	q := bigRound(big.NewInt(v), p, mode)
	q.Mul(q, p)
	return int64(q.And(q, maxUint64).Uint64())
}

// roundFloat rounds the decimal that Java prints for v.
func roundFloat(v float64, size int, places int32, mode rounding) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) || v == 0 {
		return v
	}
	if places == 0 && math.Abs(v) < 1<<52 {
		if mode == halfEven {
			return math.RoundToEven(v)
		}
		return math.Round(v)
	}
	var buf [40]byte
	text := strconv.AppendFloat(buf[:0], v, 'e', -1, size)
	unscaled, exp := splitExp(text)
	// v = unscaled * 10^exp, rounded to a multiple of 10^-places
	drop := -int64(places) - exp
	if drop <= 0 || math.Abs(v) >= 1e300 {
		return v
	}
	if drop > 40 {
		return 0
	}
	q := bigRound(big.NewInt(unscaled), bigPow10(int(drop)), mode)
	s := append(q.Append(buf[:0], 10), 'e')
	out, _ := strconv.ParseFloat(string(strconv.AppendInt(s, -int64(places), 10)), size)
	return out
}

// splitExp reads d.ddde±xx as an integer and a power of ten.
func splitExp(text []byte) (unscaled, exp int64) {
	neg, seen, digits := false, false, int64(0)
	for i, c := range text {
		switch {
		case c == '-':
			neg = true
		case c == '.':
			seen = true
		case c == 'e':
			exp, _ = strconv.ParseInt(string(text[i+1:]), 10, 64)
			if neg {
				unscaled = -unscaled
			}
			return unscaled, exp - digits
		default:
			unscaled = unscaled*10 + int64(c-'0')
			if seen {
				digits++
			}
		}
	}
	return unscaled, -digits
}

// bindCeil is ceil and floor: BIGINT of an integer or a double, a decimal
// without or with fewer digits of a decimal.
func bindCeil(mode rounding) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		places, err := roundArgs(name, args)
		if err != nil {
			return catalog.Call{}, err
		}
		dt := args[0].Type
		if len(args) == 2 && !isDecimal(dt) { // Spark rounds decimals only
			switch {
			case isIntegral(dt):
				dt = decimalOperand(args[0], dt)
			default:
				dt = decimalFor(tDouble)
			}
		}
		call := catalog.Call{Type: tLong, Deterministic: true, Strict: true}
		switch t := dt.(type) {
		case *arrow.Decimal128Type:
			out := ceiledDecimal(t, places, len(args) == 2)
			call.Type = out
			call.Eval = mapChecked(out, func(v dec) (dec, bool) { return roundDecimal(v, t.Scale, places, out, mode) })
		case *arrow.Int8Type, *arrow.Int16Type, *arrow.Int32Type, *arrow.Int64Type:
			dt = tLong
			call.Eval = same1
		default:
			dt = tDouble
			f := math.Ceil
			if mode == floor {
				f = math.Floor
			}
			call.Eval = mapFixed(tLong, func(v float64) int64 { return saturate64(f(v)) })
		}
		call.ArgTypes = roundTypes(dt, args)
		return call, nil
	}
}

func ceiledDecimal(t *arrow.Decimal128Type, places int32, given bool) *arrow.Decimal128Type {
	if given {
		return roundedDecimal(t, places)
	}
	if t.Scale == 0 {
		return t
	}
	return boundedDecimal(t.Precision-t.Scale+1, 0)
}

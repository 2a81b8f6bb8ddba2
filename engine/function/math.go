package function

import (
	"fmt"
	"math"
	mathbits "math/bits"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// real1 is a function of a double.
func real1(f func(float64) float64) binder {
	return strict(takes(tDouble), tDouble, mapFixed(tDouble, f))
}

// positiveOnly is a logarithm: NULL at and below the limit.
func positiveOnly(f func(float64) float64, limit float64) binder {
	return strict(takes(tDouble), tDouble, mapChecked(tDouble, func(v float64) (float64, bool) { return f(v), !(v <= limit) }))
}

func real2(f func(a, b float64) float64) binder {
	return strict(takes(tDouble, tDouble), tDouble, mapTwo(tDouble, f))
}

func constantReal(v float64) binder {
	return strict(takes(), tDouble, func(t catalog.Task, n int, _ []arrow.Array) (arrow.Array, error) {
		out := newColumn[float64](t.Allocator(), n)
		fill(out.v, v)
		return out.array(tDouble), nil
	})
}

// bindLog is log(x) and log(base, x).
func bindLog(name string, args []catalog.Arg) (catalog.Call, error) {
	if len(args) == 1 {
		return positiveOnly(math.Log, 0)(name, args)
	}
	return strict(takes(tDouble, tDouble), tDouble, rowsFixed(tDouble, func(r *row) (float64, bool) {
		base, v := r.float(0), r.float(1)
		return math.Log(v) / math.Log(base), !(base <= 0 || v <= 0)
	}))(name, args)
}

// log10 hides the last-bit error of math.Log10 at powers of ten.
func log10(v float64) float64 {
	f := math.Log10(v)
	if r := math.Round(f); math.Abs(f-r) < 1e-12 && math.Pow(10, r) == v {
		return r
	}
	return f
}

func sign(v float64) float64 {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return v
}

func log2(v float64) float64 { return math.Log(v) / math.Log(2) }

// power is Java's Math.pow: 1 to the power of NaN or infinity is NaN.
func power(a, b float64) float64 {
	if math.Abs(a) == 1 && (math.IsNaN(b) || math.IsInf(b, 0)) || math.IsNaN(b) {
		return math.NaN()
	}
	return math.Pow(a, b)
}

func factorial(r *row) (int64, bool) {
	n := r.int(0)
	if n < 0 || n > 20 {
		return 0, false
	}
	v := int64(1)
	for i := int64(2); i <= int64(n); i++ {
		v *= i
	}
	return v, true
}

func binaryText(r *row, dst []byte) ([]byte, bool) {
	return strconv.AppendUint(dst, uint64(r.long(0)), 2), true
}

// conv is conv(number, from base, to base) as Hive has it: digits up to the
// first that is none count; negative results only with a negative target base.
func conv(r *row, dst []byte) ([]byte, bool) {
	from, to := r.int(1), r.int(2)
	absTo := to
	if to < 0 {
		absTo = -to
	}
	s := strings.TrimSpace(string(r.str(0)))
	if from < 2 || from > 36 || absTo < 2 || absTo > 36 || s == "" {
		return dst, false
	}
	neg := s[0] == '-'
	if neg {
		s = s[1:]
	}
	v, over := convValue(s, uint64(from))
	if over {
		v = math.MaxUint64
	} else if neg {
		v = -v
	}
	if to < 0 && int64(v) < 0 {
		dst = append(dst, '-')
		v = -v
	}
	return append(dst, strings.ToUpper(strconv.FormatUint(v, int(absTo)))...), true
}

func convValue(s string, base uint64) (v uint64, over bool) {
	for i := 0; i < len(s); i++ {
		d, ok := digitOf(s[i])
		if !ok || uint64(d) >= base {
			break
		}
		hi, lo := mathbits.Mul64(v, base)
		sum, carry := mathbits.Add64(lo, uint64(d), 0)
		if hi != 0 || carry != 0 {
			return 0, true
		}
		v = sum
	}
	return v, false
}

func digitOf(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'z':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// bindRand is rand([seed]) and randn([seed]). With a seed a batch gives the same
// numbers again when it has the same length; they are not Spark's.
func bindRand(next func(*rand.Rand) float64) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		types, err := takes(tLong).opt(1).resolve(name, args)
		if err != nil {
			return catalog.Call{}, err
		}
		if len(args) == 1 && args[0].Const == nil {
			return catalog.Call{}, argErr(0, "the seed of %s must be constant", name)
		}
		return catalog.Call{
			Type: tDouble, ArgTypes: types,
			Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
				seed := rand.Uint64()
				if len(args) == 1 {
					seed = uint64(raw[int64](args[0])[0])
				}
				src := rand.New(rand.NewPCG(seed, seed>>1))
				out := newColumn[float64](t.Allocator(), n)
				for i := range out.v {
					out.v[i] = next(src)
				}
				return out.array(tDouble), nil
			},
		}, nil
	}
}

// bitwise binds & | ^ of two integers.
func bitwise(op string) binder {
	return func(_ string, args []catalog.Arg) (catalog.Call, error) {
		if err := arity(op, args, 2, 2); err != nil {
			return catalog.Call{}, err
		}
		if err := notLambda(op, args); err != nil {
			return catalog.Call{}, err
		}
		for k, a := range args {
			if !isIntegral(a.Type) && !isNull(a.Type) {
				return catalog.Call{}, wantType(op, k, "an integer", a.Type)
			}
		}
		dt, _ := tightest(args[0].Type, args[1].Type)
		if isNull(dt) {
			dt = tInt
		}
		call := catalog.Call{Type: dt, ArgTypes: repeatType(dt, 2), Deterministic: true, Strict: true}
		switch dt.ID() {
		case arrow.INT8:
			call.Eval = mapTwo(dt, bitOp[int8](op))
		case arrow.INT16:
			call.Eval = mapTwo(dt, bitOp[int16](op))
		case arrow.INT32:
			call.Eval = mapTwo(dt, bitOp[int32](op))
		default:
			call.Eval = mapTwo(dt, bitOp[int64](op))
		}
		return call, nil
	}
}

func bitOp[T integer](op string) func(a, b T) T {
	switch op {
	case "&":
		return func(a, b T) T { return a & b }
	case "|":
		return func(a, b T) T { return a | b }
	}
	return func(a, b T) T { return a ^ b }
}

// bindBitNot is ~x.
func bindBitNot(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := oneArg(name, args); err != nil {
		return catalog.Call{}, err
	}
	dt := args[0].Type
	call := catalog.Call{Type: dt, ArgTypes: typesOf(args), Deterministic: true, Strict: true}
	switch dt.ID() {
	case arrow.INT8:
		call.Eval = mapFixed(dt, func(v int8) int8 { return ^v })
	case arrow.INT16:
		call.Eval = mapFixed(dt, func(v int16) int16 { return ^v })
	case arrow.INT32:
		call.Eval = mapFixed(dt, func(v int32) int32 { return ^v })
	case arrow.INT64:
		call.Eval = mapFixed(dt, func(v int64) int64 { return ^v })
	default:
		return call, wantType(name, 0, "an integer", dt)
	}
	return call, nil
}

// shift binds shiftleft, shiftright and shiftrightunsigned; the distance counts
// modulo the width, as in Java.
func shift(f32 func(v int32, by uint32) int32, f64 func(v int64, by uint32) int64) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		if err := arity(name, args, 2, 2); err != nil {
			return catalog.Call{}, err
		}
		if args[0].Type != nil && args[0].Type.ID() == arrow.INT64 {
			return strict(takes(tLong, tInt), tLong, mapTwo(tLong, func(v int64, by int32) int64 { return f64(v, uint32(by)&63) }))(name, args)
		}
		return strict(takes(tInt, tInt), tInt, mapTwo(tInt, func(v, by int32) int32 { return f32(v, uint32(by)&31) }))(name, args)
	}
}

// bitGet is bit n of an integer, from 0; a place there is not is an error.
func bitGet(r *row) (int8, bool) {
	n := r.int(1)
	if n < 0 || n > 63 {
		r.fail(fmt.Errorf("there is no bit %d; bits count from 0 to 63", n))
		return 0, false
	}
	return int8(r.long(0) >> n & 1), true
}

// bindBitCount is bit_count of an integer or a boolean: the bits of its 64-bit
// form.
func bindBitCount(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := oneArg(name, args); err != nil {
		return catalog.Call{}, err
	}
	if args[0].Type.ID() == arrow.BOOL {
		return strict(takes(tBool), tInt, rowsFixed(tInt, func(r *row) (int32, bool) { return int32(b2i(r.bool(0))), true }))(name, args)
	}
	if t := args[0].Type; !isIntegral(t) && !isNull(t) {
		return catalog.Call{}, wantType(name, 0, "an integer", t)
	}
	return strict(takes(tLong), tInt, mapFixed(tInt, func(v int64) int32 { return int32(mathbits.OnesCount64(uint64(v))) }))(name, args)
}

// try is an operation whose overflow is NULL: try_add, try_subtract,
// try_multiply.
func try(op string) binder {
	plain := arithmetic(op)
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		call, err := plain(name, args)
		if err != nil {
			return call, err
		}
		switch call.Type.ID() {
		case arrow.INT8:
			call.Eval = checkedKernel(call.Type, tryOp[int8](op))
		case arrow.INT16:
			call.Eval = checkedKernel(call.Type, tryOp[int16](op))
		case arrow.INT32:
			call.Eval = checkedKernel(call.Type, tryOp[int32](op))
		case arrow.INT64:
			call.Eval = checkedKernel(call.Type, tryOp[int64](op))
		}
		return call, nil
	}
}

func tryOp[T integer](op string) func(a, b T) (T, bool) {
	switch op {
	case "+":
		return func(a, b T) (T, bool) { c := a + b; return c, (c > a) == (b > 0) }
	case "-":
		return func(a, b T) (T, bool) { c := a - b; return c, (c < a) == (b > 0) }
	}
	return func(a, b T) (T, bool) {
		if a == 0 || b == 0 {
			return 0, true
		}
		c := a * b
		least := T(1)
		for least > 0 {
			least <<= 1
		}
		return c, c/b == a && !(a == -1 && b == least) && !(b == -1 && a == least)
	}
}

// widthBucket is width_bucket(v, min, max, n).
func widthBucket(r *row) (int64, bool) {
	v, lo, hi, n := r.float(0), r.float(1), r.float(2), r.long(3)
	if n <= 0 || n == math.MaxInt64 || math.IsNaN(v) || lo == hi || math.IsNaN(lo+hi) || math.IsInf(lo, 0) || math.IsInf(hi, 0) {
		return 0, false
	}
	if lo > hi {
		v, lo, hi = -v, -lo, -hi
	}
	switch {
	case v < lo:
		return 0, true
	case v >= hi:
		return n + 1, true
	}
	return int64(float64(n)*(v-lo)/(hi-lo)) + 1, true
}

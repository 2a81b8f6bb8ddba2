package function

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
)

// defaultTimePattern is the pattern of unix_timestamp and from_unixtime.
const defaultTimePattern = "yyyy-MM-dd HH:mm:ss"

// pattern is the compiled pattern of argument k at this row, or the default when
// it is not there. A wrong one is an error of the query.
func (r *row) pattern(k int, parse bool) (*codec.TimePattern, bool) {
	text := defaultTimePattern
	if k < r.n() {
		b := r.str(k)
		text = unsafe.String(unsafe.SliceData(b), len(b))
	}
	if c, ok := r.state.(*compiled[*codec.TimePattern]); ok && c.text == text {
		return c.p, true
	}
	p, err := codec.CompileTimePattern(text)
	if err == nil && parse {
		err = p.CanParse()
	}
	if err != nil {
		r.fail(err)
		return nil, false
	}
	r.state = &compiled[*codec.TimePattern]{p.String(), p}
	return p, true
}

// withPattern checks a constant pattern, argument k, when the call is bound.
func withPattern(k int, b binder) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		call, err := b(name, args)
		if err != nil || k >= len(args) {
			return call, err
		}
		if c := args[k].Const; c != nil && isString(args[k].Type) && !nullAt(c, 0) {
			if _, err := codec.CompileTimePattern(string(textOf(c).at(0))); err != nil {
				return call, argErr(k, "%w", err)
			}
		}
		return call, nil
	}
}

func dateFormat(r *row, dst []byte) ([]byte, bool) {
	p, ok := r.pattern(1, false)
	if !ok {
		return dst, false
	}
	return p.AppendTimestamp(dst, r.long(0), nil), true
}

func fromUnixtime(r *row, dst []byte) ([]byte, bool) {
	p, ok := r.pattern(1, false)
	if !ok {
		return dst, false
	}
	return p.AppendTimestamp(dst, timesSaturated(r.long(0), 1_000_000), nil), true
}

func parsedTime(r *row) (int64, bool) {
	p, ok := r.pattern(1, true)
	if !ok {
		return 0, false
	}
	v, ok := p.ParseTimestamp(string(r.str(0)), nil)
	if !ok {
		leftover(r, p)
	}
	return v, ok
}

func parsedDate(r *row) (int32, bool) {
	p, ok := r.pattern(1, true)
	if !ok {
		return 0, false
	}
	v, ok := p.ParseDate(string(r.str(0)))
	if !ok {
		leftover(r, p)
	}
	return v, ok
}

// leftover ends the query when only the text's tail does not fit the pattern:
// Spark 2 would have taken it and Spark 3 refuses to choose (the policy
// EXCEPTION, its default).
func leftover(r *row, p *codec.TimePattern) {
	s := string(r.str(0))
	for end := len(s) - 1; end > 0; end-- {
		if _, ok := p.ParseTimestamp(s[:end], nil); ok {
			r.fail(fmt.Errorf("'%s' goes on after what the pattern '%s' reads; cut it, or extend the pattern", s, p))
			return
		}
	}
}

// bindTo is to_date(x[, pattern]) and to_timestamp(x[, pattern]): without a
// pattern it is the cast.
func bindTo(to arrow.DataType, parse kernel) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		if err := arity(name, args, 1, 2); err != nil {
			return catalog.Call{}, err
		}
		if err := notLambda(name, args); err != nil {
			return catalog.Call{}, err
		}
		from := args[0].Type
		if len(args) == 2 && isString(from) {
			return strict(takes(tString, tString), to, parse)(name, args)
		}
		k, ok := castKernel(from, to)
		if !ok || !isString(from) && !isDatetime(from) && !isNull(from) && (to.ID() == arrow.DATE32 || !isNumeric(from)) {
			return catalog.Call{}, wantType(name, 0, "a STRING, a DATE or a TIMESTAMP", from)
		}
		return catalog.Call{Type: to, ArgTypes: typesOf(args), Deterministic: true, Strict: true,
			Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) { return k(t, n, args[:1]) },
		}, nil
	}
}

// bindUnixTimestamp is unix_timestamp([x[, pattern]]): seconds since the epoch;
// without arguments those of the epoch's time.
func bindUnixTimestamp(name string, args []catalog.Arg) (catalog.Call, error) {
	if len(args) == 0 && name == "unix_timestamp" {
		return volatile(takes(), tLong, func(t catalog.Task, n int, _ []arrow.Array) (arrow.Array, error) {
			out := newColumn[int64](t.Allocator(), n)
			fill(out.v, t.EpochTime().Unix())
			return out.array(tLong), nil
		})(name, args)
	}
	if err := arity(name, args, 1, 2); err != nil {
		return catalog.Call{}, err
	}
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	if isDatetime(args[0].Type) {
		call, err := toUnit(1_000_000)(name, args[:1])
		if len(args) == 2 {
			call.ArgTypes = append(call.ArgTypes, args[1].Type)
		}
		return call, err
	}
	return withPattern(1, strict(takes(tString, tString).opt(1), tLong, rowsFixed(tLong, func(r *row) (int64, bool) {
		v, ok := parsedTime(r)
		return floorDiv(v, 1_000_000), ok
	})))(name, args)
}

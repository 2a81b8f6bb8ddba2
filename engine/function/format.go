package function

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// bindFormatNumber is format_number(x, digits or pattern).
func bindFormatNumber(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity(name, args, 2, 2); err != nil {
		return catalog.Call{}, err
	}
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	dt := args[0].Type
	if isString(dt) || isNull(dt) {
		dt = tDouble
	}
	if !isNumeric(dt) {
		return catalog.Call{}, wantType(name, 0, "a number", dt)
	}
	how := arrow.DataType(tInt)
	if isString(args[1].Type) {
		how = tString
	} else if !implicit(args[1].Type, tInt) {
		return catalog.Call{}, wantType(name, 1, "an INT or a STRING", args[1].Type)
	}
	return catalog.Call{Type: tString, ArgTypes: []arrow.DataType{dt, how}, Deterministic: true, Strict: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			number := bigNumbers(args[0])
			return rowsText(tString, func(r *row, dst []byte) ([]byte, bool) {
				v, special := number(r.at(0))
				if special != "" {
					return append(dst, special...), true
				}
				if isString(how) {
					return appendPattern(dst, v, string(r.str(1))), true
				}
				d := r.int(1)
				if d < 0 {
					return dst, false
				}
				return appendGrouped(dst, roundedText(v, min(int(d), maxFraction)), 3), true
			})(t, n, args)
		}}, nil
}

// maxFraction is the most digits behind the point that Java's DecimalFormat
// writes.
const maxFraction = 340

// bigNumbers reads numbers exactly; NaN and infinities are texts.
func bigNumbers(a arrow.Array) func(i int) (*big.Rat, string) {
	switch dt := a.DataType().(type) {
	case *arrow.Decimal128Type:
		v, unit := raw[dec](a), bigPow10(int(dt.Scale))
		return func(i int) (*big.Rat, string) { return new(big.Rat).SetFrac(v[i].BigInt(), unit), "" }
	case *arrow.Float32Type:
		v := raw[float32](a)
		return func(i int) (*big.Rat, string) { return exactFloat(float64(v[i])) }
	case *arrow.Float64Type:
		v := raw[float64](a)
		return func(i int) (*big.Rat, string) { return exactFloat(v[i]) }
	}
	write := appenderOf(a)
	return func(i int) (*big.Rat, string) {
		r, _ := new(big.Rat).SetString(string(write(nil, i)))
		return r, ""
	}
}

func exactFloat(v float64) (*big.Rat, string) {
	switch {
	case math.IsNaN(v):
		return nil, "NaN"
	case math.IsInf(v, 1):
		return nil, "∞"
	case math.IsInf(v, -1):
		return nil, "-∞"
	}
	return new(big.Rat).SetFloat64(v), ""
}

// roundedText writes a number with d digits behind the point, rounded half to
// even.
func roundedText(v *big.Rat, d int) string {
	unit := bigPow10(d)
	num := new(big.Int).Mul(v.Num(), unit)
	q := bigRound(num, v.Denom(), halfEven)
	s := new(big.Int).Abs(q).String()
	if len(s) <= d {
		s = strings.Repeat("0", d+1-len(s)) + s
	}
	if d > 0 {
		s = s[:len(s)-d] + "." + s[len(s)-d:]
	}
	if q.Sign() < 0 {
		s = "-" + s
	}
	return s
}

// appendGrouped puts a comma between groups of digits before the point.
func appendGrouped(dst []byte, s string, size int) []byte {
	if strings.HasPrefix(s, "-") {
		dst, s = append(dst, '-'), s[1:]
	}
	whole, frac, hasFrac := strings.Cut(s, ".")
	for i := range len(whole) {
		if left := len(whole) - i; size > 0 && i > 0 && left%size == 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, whole[i])
	}
	if hasFrac {
		dst = append(append(dst, '.'), frac...)
	}
	return dst
}

// appendPattern writes a number by a pattern of Java's DecimalFormat: digits 0
// and #, one point, commas, and text before and behind.
func appendPattern(dst []byte, v *big.Rat, pattern string) []byte {
	start := strings.IndexAny(pattern, "#0,.")
	if start < 0 {
		return append(append(dst, pattern...), roundedText(v, 0)...)
	}
	end := strings.LastIndexAny(pattern, "#0,.") + 1
	whole, frac, _ := strings.Cut(pattern[start:end], ".")
	most, least := strings.Count(frac, "0")+strings.Count(frac, "#"), strings.Count(frac, "0")
	group := 0
	if i := strings.LastIndexByte(whole, ','); i >= 0 {
		group = len(whole) - i - 1
	}
	s := roundedText(v, most)
	if most > 0 {
		keep := len(s) - most + least
		for len(s) > keep && strings.HasSuffix(s, "0") {
			s = s[:len(s)-1]
		}
		s = strings.TrimSuffix(s, ".")
	}
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(s, "-")
	zeros := strings.Count(whole, "0")
	intPart, rest, has := strings.Cut(s, ".")
	if zeros == 0 && intPart == "0" && has {
		intPart = ""
	}
	if len(intPart) < zeros {
		intPart = strings.Repeat("0", zeros-len(intPart)) + intPart
	}
	if has {
		intPart += "." + rest
	}
	if neg {
		dst = append(dst, '-')
	}
	dst = appendGrouped(append(dst, pattern[:start]...), intPart, group)
	return append(dst, pattern[end:]...)
}

// bindFormatString is format_string(format, args...), with the conversions of
// Java's Formatter: d x X o s S f e E g b c % n.
func bindFormatString(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity(name, args, 1, -1); err != nil {
		return catalog.Call{}, err
	}
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	types := typesOf(args)
	types[0] = tString
	if !implicit(args[0].Type, tString) {
		return catalog.Call{}, wantType(name, 0, "STRING", args[0].Type)
	}
	return catalog.Call{Type: tString, ArgTypes: types, Deterministic: true,
		Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
			f := &formatter{write: make([]appender, len(args))}
			for k, a := range args {
				f.write[k] = appenderOf(a)
			}
			return rowsTextNull(tString, func(r *row, dst []byte) ([]byte, bool) {
				if r.null(0) {
					return dst, false
				}
				out, err := f.format(r, dst)
				if err != nil {
					return r.fail(err)
				}
				return out, true
			})(t, n, args)
		}}, nil
}

type formatter struct{ write []appender }

// format writes one row.
func (f *formatter) format(r *row, dst []byte) ([]byte, error) {
	s := string(r.str(0))
	next, last := 1, 0
	for len(s) > 0 {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			return append(dst, s...), nil
		}
		dst = append(dst, s[:i]...)
		spec, size, err := parseSpec(s[i:])
		if err != nil {
			return dst, err
		}
		s = s[i+size:]
		switch spec.verb {
		case '%':
			dst = append(dst, padded(spec, "%")...)
			continue
		case 'n':
			dst = append(dst, '\n')
			continue
		}
		k := spec.index
		switch {
		case k < 0:
			k = last
		case k == 0:
			k = next
			next++
		}
		last = k
		if k < 1 || k >= r.n() {
			return dst, fmt.Errorf("the format '%s' wants argument %d and has %d", r.str(0), k, r.n()-1)
		}
		text, err := f.value(r, k, spec)
		if err != nil {
			return dst, err
		}
		dst = append(dst, padded(spec, text)...)
	}
	return dst, nil
}

// spec is one conversion: %[index$][flags][width][.precision]verb.
type spec struct {
	index     int // 0: the next; -1: the last again
	flags     string
	width     int
	precision int // -1: not given
	verb      byte
}

func parseSpec(s string) (spec, int, error) {
	p := spec{precision: -1}
	i := 1
	number := func() int {
		v, from := 0, i
		for i < len(s) && s[i]-'0' <= 9 && i-from < 6 {
			v = v*10 + int(s[i]-'0')
			i++
		}
		return v
	}
	if at := i; at < len(s) && s[at] > '0' && s[at] <= '9' {
		if v := number(); i < len(s) && s[i] == '$' {
			p.index = v
			i++
		} else {
			i = at
		}
	} else if at < len(s) && s[at] == '<' {
		p.index = -1
		i++
	}
	for i < len(s) && strings.IndexByte("-#+ 0,(", s[i]) >= 0 {
		p.flags += s[i : i+1]
		i++
	}
	p.width = number()
	if i < len(s) && s[i] == '.' {
		i++
		p.precision = number()
	}
	if i >= len(s) || strings.IndexByte("dxXosSfeEgGbBc%n", s[i]) < 0 {
		return p, 0, fmt.Errorf("the format has '%s', which is no conversion; %%d, %%x, %%o, %%s, %%f, %%e, %%g, %%b, %%c are", s[:min(i+1, len(s))])
	}
	p.verb = s[i]
	return p, i + 1, nil
}

// value writes argument k by a conversion.
func (f *formatter) value(r *row, k int, p spec) (string, error) {
	dt := r.args[k].arr.DataType()
	if r.null(k) {
		if p.verb == 'b' || p.verb == 'B' {
			return "false", nil
		}
		return "null", nil
	}
	text := string(f.write[k](nil, r.at(k)))
	wrong := fmt.Errorf("%%%c of format_string cannot write a %s", p.verb, typeName(dt))
	switch p.verb {
	case 's', 'S':
		switch dt.ID() {
		case arrow.DATE32: // Spark hands its inner value to the formatter
			text = strconv.Itoa(int(r.int(k)))
		case arrow.TIMESTAMP:
			text = strconv.FormatInt(r.long(k), 10)
		}
		if p.precision >= 0 {
			text = text[:charOffset([]byte(text), p.precision)]
		}
		if p.verb == 'S' {
			text = strings.ToUpper(text)
		}
		return text, nil
	case 'b', 'B':
		if dt.ID() != arrow.BOOL {
			text = "true"
		}
		return text, nil
	case 'd':
		if !isIntegral(dt) {
			return "", wrong
		}
		return signed(p, grouped(p, text)), nil
	case 'x', 'X', 'o':
		return f.unsigned(text, dt, p, wrong)
	case 'c':
		if dt.ID() != arrow.INT8 && dt.ID() != arrow.INT16 && dt.ID() != arrow.INT32 {
			return "", wrong
		}
		v, _ := strconv.Atoi(text)
		return string(utf8.AppendRune(nil, rune(v))), nil
	}
	if !isFloating(dt) && !isDecimal(dt) {
		return "", wrong
	}
	return formatReal(text, p), nil
}

func (f *formatter) unsigned(text string, dt arrow.DataType, p spec, wrong error) (string, error) {
	if !isIntegral(dt) {
		return "", wrong
	}
	v, _ := strconv.ParseInt(text, 10, 64)
	u := uint64(v)
	if width := dt.(arrow.FixedWidthDataType).BitWidth(); width < 64 {
		u &= 1<<max(width, 8) - 1
	}
	switch p.verb {
	case 'o':
		return strconv.FormatUint(u, 8), nil
	case 'X':
		return strings.ToUpper(strconv.FormatUint(u, 16)), nil
	}
	return strconv.FormatUint(u, 16), nil
}

// formatReal writes with Java's half-up rounding of the shown decimal.
func formatReal(text string, p spec) string {
	if text == "NaN" || strings.HasSuffix(text, "Infinity") {
		return text
	}
	digits := p.precision
	if digits < 0 {
		digits = 6
	}
	digits = min(digits, maxFraction)
	v, _ := new(big.Rat).SetString(text)
	switch p.verb {
	case 'f':
		q := bigRound(new(big.Int).Mul(v.Num(), bigPow10(digits)), v.Denom(), halfUp)
		return signed(p, grouped(p, roundedText(new(big.Rat).SetFrac(q, bigPow10(digits)), digits)))
	}
	f, _ := v.Float64()
	s := strconv.FormatFloat(f, 'e', digits, 64)
	if p.verb == 'g' || p.verb == 'G' {
		if a := math.Abs(f); a >= 1e-4 && a < math.Pow10(max(digits, 1)) || f == 0 {
			left := 1
			for ; a >= 10; a /= 10 {
				left++
			}
			return signed(p, strconv.FormatFloat(f, 'f', max(digits-left, 0), 64))
		}
		s = strconv.FormatFloat(f, 'e', max(digits-1, 0), 64)
	}
	if p.verb == 'E' || p.verb == 'G' {
		s = strings.ToUpper(s)
	}
	return signed(p, s)
}

func grouped(p spec, s string) string {
	if !strings.Contains(p.flags, ",") {
		return s
	}
	return string(appendGrouped(nil, s, 3))
}

func signed(p spec, s string) string {
	neg := strings.HasPrefix(s, "-")
	switch {
	case neg && strings.Contains(p.flags, "("):
		return "(" + s[1:] + ")"
	case !neg && strings.Contains(p.flags, "+"):
		s = "+" + s
	case !neg && strings.Contains(p.flags, " "):
		s = " " + s
	}
	if strings.Contains(p.flags, "0") && len(s) < p.width {
		at := 0
		if strings.ContainsAny(s[:1], "+- ") {
			at = 1
		}
		s = s[:at] + strings.Repeat("0", p.width-len(s)) + s[at:]
	}
	return s
}

func padded(p spec, s string) string {
	missing := p.width - utf8.RuneCountInString(s)
	if missing <= 0 {
		return s
	}
	if strings.Contains(p.flags, "-") {
		return s + strings.Repeat(" ", missing)
	}
	return strings.Repeat(" ", missing) + s
}

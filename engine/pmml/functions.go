package pmml

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// missingRule says what a function does with missing arguments.
type missingRule uint8

const (
	missingIfAny missingRule = iota // the result is missing
	skipMissing                     // they are left out; all missing gives missing
	seesMissing                     // the function looks at them itself
)

// builtin is a built-in function: its number of arguments (max -1: any) and its kernel.
type builtin struct {
	min, max int
	missing  missingRule
	call     func(x *apply, args []value) (value, error)
}

// builtins are the functions of PMML 4.4 that a row alone can decide.
var builtins = map[string]builtin{
	"+": {2, 2, missingIfAny, arithmetic(func(a, b float64) float64 { return a + b }, func(a, b int64) int64 { return a + b })},
	"-": {1, 2, missingIfAny, minus},
	"*": {2, 2, missingIfAny, arithmetic(func(a, b float64) float64 { return a * b }, func(a, b int64) int64 { return a * b })},
	"/": {2, 2, missingIfAny, divide},

	"min":     {1, -1, skipMissing, fold(math.Min)},
	"max":     {1, -1, skipMissing, fold(math.Max)},
	"sum":     {1, -1, skipMissing, fold(func(a, b float64) float64 { return a + b })},
	"product": {1, -1, skipMissing, fold(func(a, b float64) float64 { return a * b })},
	"avg":     {1, -1, skipMissing, average},
	"median":  {1, -1, skipMissing, medianOf},

	"log10": real1(math.Log10), "ln": real1(math.Log), "sqrt": real1(math.Sqrt), "exp": real1(math.Exp),
	"abs": {1, 1, missingIfAny, absolute}, "floor": whole(math.Floor), "ceil": whole(math.Ceil),
	"round": whole(func(x float64) float64 { return math.Floor(x + 0.5) }),
	"rint":  real1(math.RoundToEven), "expm1": real1(math.Expm1), "ln1p": real1(math.Log1p),
	"sin": real1(math.Sin), "cos": real1(math.Cos), "tan": real1(math.Tan),
	"asin": real1(math.Asin), "acos": real1(math.Acos), "atan": real1(math.Atan),
	"sinh": real1(math.Sinh), "cosh": real1(math.Cosh), "tanh": real1(math.Tanh),
	"pow": real2(math.Pow), "atan2": real2(math.Atan2), "hypot": real2(math.Hypot),
	"threshold": real2(func(x, y float64) float64 { return float64(b2i(x > y)) }),
	"modulo":    real2(func(x, y float64) float64 { return x - y*math.Floor(x/y) }),

	"erf":          real1(math.Erf),
	"stdNormalCDF": real1(normalCDF), "stdNormalPDF": real1(normalPDF), "stdNormalIDF": real1(normalIDF),
	"normalCDF": real3(func(x, m, s float64) float64 { return normalCDF((x - m) / s) }),
	"normalPDF": real3(func(x, m, s float64) float64 { return normalPDF((x-m)/s) / s }),
	"normalIDF": real3(func(p, m, s float64) float64 { return m + s*normalIDF(p) }),

	"isMissing":    {1, 1, seesMissing, func(_ *apply, a []value) (value, error) { return boolean(a[0].missing()), nil }},
	"isNotMissing": {1, 1, seesMissing, func(_ *apply, a []value) (value, error) { return boolean(!a[0].missing()), nil }},
	"isValid":      {1, 1, seesMissing, func(_ *apply, a []value) (value, error) { return boolean(!a[0].missing()), nil }},
	"isNotValid":   {1, 1, seesMissing, func(_ *apply, a []value) (value, error) { return boolean(a[0].missing()), nil }},

	"equal":          comparison(func(c int) bool { return c == 0 }),
	"notEqual":       comparison(func(c int) bool { return c != 0 }),
	"lessThan":       comparison(func(c int) bool { return c < 0 }),
	"lessOrEqual":    comparison(func(c int) bool { return c <= 0 }),
	"greaterThan":    comparison(func(c int) bool { return c > 0 }),
	"greaterOrEqual": comparison(func(c int) bool { return c >= 0 }),
	"isIn":           {2, -1, missingIfAny, func(_ *apply, a []value) (value, error) { return boolean(isIn(a)), nil }},
	"isNotIn":        {2, -1, missingIfAny, func(_ *apply, a []value) (value, error) { return boolean(!isIn(a)), nil }},
	"and":            {2, -1, missingIfAny, logical(true)},
	"or":             {2, -1, missingIfAny, logical(false)},
	"not":            {1, 1, missingIfAny, not},
	"if":             {2, 3, seesMissing, nil}, // apply.choose

	"uppercase":  string1(strings.ToUpper),
	"lowercase":  string1(strings.ToLower),
	"trimBlanks": string1(func(s string) string { return strings.Trim(s, " \t\r\n") }),
	"stringLength": {1, 1, missingIfAny, func(_ *apply, a []value) (value, error) {
		return integer(int64(utf8.RuneCountInString(a[0].String()))), nil
	}},
	"substring":    {3, 3, missingIfAny, substring},
	"concat":       {2, -1, missingIfAny, concat},
	"replace":      {3, 3, missingIfAny, replace},
	"matches":      {2, 2, missingIfAny, matches},
	"formatNumber": {2, 2, missingIfAny, formatNumber},

	"formatDatetime":           {2, 2, missingIfAny, formatDatetime},
	"dateDaysSinceYear":        {2, 2, missingIfAny, daysSinceYear},
	"dateSecondsSinceYear":     {2, 2, missingIfAny, secondsSinceYear},
	"dateSecondsSinceMidnight": {1, 1, missingIfAny, secondsSinceMidnight},
}

// number is a numeric argument; a string that is one counts.
func number(v value) (float64, error) {
	switch v.k {
	case kInt, kDouble:
		return v.num(), nil
	case kString:
		if f, err := parseFloat(v.s); err == nil {
			return f, nil
		}
	}
	return 0, fmt.Errorf("%q is not a number", v.String())
}

func real1(f func(float64) float64) builtin {
	return builtin{1, 1, missingIfAny, func(_ *apply, a []value) (value, error) {
		x, err := number(a[0])
		return double(f(x)), err
	}}
}

func real2(f func(x, y float64) float64) builtin {
	return builtin{2, 2, missingIfAny, func(_ *apply, a []value) (value, error) {
		x, err := number(a[0])
		y, err2 := number(a[1])
		out := f(x, y)
		if a[0].k == kInt && a[1].k == kInt && out == math.Trunc(out) && math.Abs(out) < 1<<53 {
			return integer(int64(out)), errors.Join(err, err2)
		}
		return double(out), errors.Join(err, err2)
	}}
}

func real3(f func(x, y, z float64) float64) builtin {
	return builtin{3, 3, missingIfAny, func(_ *apply, a []value) (value, error) {
		x, err := number(a[0])
		y, err2 := number(a[1])
		z, err3 := number(a[2])
		return double(f(x, y, z)), errors.Join(err, err2, err3)
	}}
}

// whole keeps integers and rounds doubles.
func whole(f func(float64) float64) builtin {
	return builtin{1, 1, missingIfAny, func(_ *apply, a []value) (value, error) {
		if a[0].k == kInt {
			return a[0], nil
		}
		x, err := number(a[0])
		return double(f(x)), err
	}}
}

func absolute(_ *apply, a []value) (value, error) {
	if a[0].k == kInt {
		return integer(max(a[0].i, -a[0].i)), nil
	}
	x, err := number(a[0])
	return double(math.Abs(x)), err
}

func arithmetic(f func(a, b float64) float64, g func(a, b int64) int64) func(*apply, []value) (value, error) {
	return func(_ *apply, a []value) (value, error) {
		if a[0].k == kInt && a[1].k == kInt {
			return integer(g(a[0].i, a[1].i)), nil
		}
		x, err := number(a[0])
		y, err2 := number(a[1])
		return double(f(x, y)), errors.Join(err, err2)
	}
}

var subtract = arithmetic(func(a, b float64) float64 { return a - b }, func(a, b int64) int64 { return a - b })

func minus(x *apply, a []value) (value, error) {
	if len(a) == 2 {
		return subtract(x, a)
	}
	return subtract(x, []value{integer(0), a[0]})
}

// divide divides two integers as integers, towards zero.
func divide(_ *apply, a []value) (value, error) {
	if a[0].k == kInt && a[1].k == kInt {
		if a[1].i == 0 {
			return value{}, fmt.Errorf("integer division %d / 0", a[0].i)
		}
		return integer(a[0].i / a[1].i), nil
	}
	x, err := number(a[0])
	y, err2 := number(a[1])
	return double(x / y), errors.Join(err, err2)
}

// fold combines the arguments that are not missing; integers stay integers.
func fold(f func(a, b float64) float64) func(*apply, []value) (value, error) {
	return func(_ *apply, args []value) (value, error) {
		acc, any, ints := 0.0, false, true
		for _, v := range args {
			if v.missing() {
				continue
			}
			x, err := number(v)
			if err != nil {
				return value{}, err
			}
			ints = ints && v.k == kInt
			if !any {
				acc, any = x, true
				continue
			}
			acc = f(acc, x)
		}
		switch {
		case !any:
			return value{}, nil
		case ints && math.Abs(acc) < 1<<53:
			return integer(int64(acc)), nil
		}
		return double(acc), nil
	}
}

// numbers gives the arguments that are not missing.
func numbers(args []value) ([]float64, error) {
	var out []float64
	for _, v := range args {
		if v.missing() {
			continue
		}
		x, err := number(v)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

func average(_ *apply, args []value) (value, error) {
	xs, err := numbers(args)
	if err != nil || len(xs) == 0 {
		return value{}, err
	}
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return double(sum / float64(len(xs))), nil
}

func medianOf(_ *apply, args []value) (value, error) {
	xs, err := numbers(args)
	if err != nil || len(xs) == 0 {
		return value{}, err
	}
	return double(median(xs)), nil
}

// median sorts xs.
func median(xs []float64) float64 {
	slices.Sort(xs)
	n := len(xs)
	if n%2 == 1 {
		return xs[n/2]
	}
	return (xs[n/2-1] + xs[n/2]) / 2
}

func comparison(f func(c int) bool) builtin {
	return builtin{2, 2, missingIfAny, func(_ *apply, a []value) (value, error) {
		c, ok := compare(a[0], a[1])
		if !ok {
			if c, ok = compare(matchKind(a[0], a[1]), a[1]); !ok {
				if c, ok = compare(a[0], matchKind(a[1], a[0])); !ok {
					return value{}, fmt.Errorf("%s and %s cannot be compared", a[0], a[1])
				}
			}
		}
		return boolean(f(c)), nil
	}}
}

func isIn(a []value) bool {
	for _, v := range a[1:] {
		if equal(matchKind(v, a[0]), a[0]) {
			return true
		}
	}
	return false
}

func logical(and bool) func(*apply, []value) (value, error) {
	return func(_ *apply, args []value) (value, error) {
		out := and
		for _, v := range args {
			b, err := castBool(v)
			if err != nil {
				return value{}, err
			}
			if and {
				out = out && b.i != 0
			} else {
				out = out || b.i != 0
			}
		}
		return boolean(out), nil
	}
}

func not(_ *apply, a []value) (value, error) {
	b, err := castBool(a[0])
	return boolean(b.i == 0), err
}

func string1(f func(string) string) builtin {
	return builtin{1, 1, missingIfAny, func(_ *apply, a []value) (value, error) { return text(f(a[0].String())), nil }}
}

// substring is 1-based and counts characters.
func substring(_ *apply, a []value) (value, error) {
	start, err := number(a[1])
	n, err2 := number(a[2])
	if err := errors.Join(err, err2); err != nil {
		return value{}, err
	}
	if start < 1 || n < 0 {
		return value{}, fmt.Errorf("substring from %v of length %v: the start is at least 1, the length at least 0", start, n)
	}
	rs := []rune(a[0].String())
	from := min(int(min(start-1, 1<<31)), len(rs))
	return text(string(rs[from:min(from+int(min(n, 1<<31)), len(rs))])), nil
}

func concat(_ *apply, args []value) (value, error) {
	parts := make([]string, len(args))
	for i, v := range args {
		parts[i] = v.String()
	}
	s, err := joinText(parts, "")
	return text(s), err
}

// compilePattern compiles a constant pattern of matches and replace at load.
func compilePattern(n *applyNode, x *apply) error {
	if n.name != "matches" && n.name != "replace" {
		return nil
	}
	c, ok := x.args[1].(constant)
	if !ok {
		return n.e.errorf("the pattern of %s has to be a Constant", n.name)
	}
	re, err := regexp.Compile(c.v.String())
	if err != nil {
		return n.e.errorf("the pattern of %s: %v", n.name, err)
	}
	x.state = re
	return nil
}

func matches(x *apply, a []value) (value, error) {
	return boolean(x.state.(*regexp.Regexp).MatchString(a[0].String())), nil
}

func replace(x *apply, a []value) (value, error) {
	s, err := replaceAll(x.state.(*regexp.Regexp), a[0].String(), groupRefs.ReplaceAllString(a[2].String(), "${$1}"))
	return text(s), err
}

// groupRefs are Java's references to groups.
var groupRefs = regexp.MustCompile(`\$([0-9])`)

func normalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
func normalPDF(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }
func normalIDF(p float64) float64 { return 0 - math.Sqrt2*math.Erfcinv(2*p) }

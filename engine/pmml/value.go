package pmml

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// kind says which member of a value counts.
type kind uint8

const (
	kMissing  kind = iota
	kBool          // i is 0 or 1
	kInt           // i
	kDouble        // f
	kString        // s
	kDate          // i days since 1970-01-01
	kTime          // i seconds since midnight
	kDateTime      // i microseconds since 1970-01-01T00:00:00Z
	kBasket        // s packed items
)

// value is a typed PMML value; the zero value is a missing one. It is comparable, so it can key a map (NaN apart).
type value struct {
	k kind
	i int64
	f float64
	s string
}

func double(f float64) value  { return value{k: kDouble, f: f} }
func integer(i int64) value   { return value{k: kInt, i: i} }
func text(s string) value     { return value{k: kString, s: s} }
func boolean(b bool) value    { return value{k: kBool, i: b2i(b)} }
func (v value) missing() bool { return v.k == kMissing }
func (v value) numeric() bool { return v.k == kInt || v.k == kDouble }

func b2i(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// num is a numeric value as float64; temporal values and booleans have one too, for arithmetic over day and second counts.
func (v value) num() float64 {
	if v.k == kDouble {
		return v.f
	}
	return float64(v.i)
}

// String is the text Java would give: 1.0 for a double, 1 for an integer.
func (v value) String() string {
	switch v.k {
	case kMissing:
		return ""
	case kBool:
		return strconv.FormatBool(v.i != 0)
	case kInt:
		return strconv.FormatInt(v.i, 10)
	case kDouble:
		return formatDouble(v.f)
	case kDate:
		return time.Unix(v.i*86400, 0).UTC().Format("2006-01-02")
	case kTime:
		return time.Unix(v.i, 0).UTC().Format("15:04:05")
	case kDateTime:
		return time.UnixMicro(v.i).UTC().Format("2006-01-02T15:04:05.999999")
	case kBasket:
		return basketText(v)
	}
	return v.s
}

// formatDouble writes a double as Java's Double.toString does.
func formatDouble(f float64) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-3 || a >= 1e7) {
		m, e, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, 64), "E")
		if !strings.Contains(m, ".") {
			m += ".0"
		}
		n, _ := strconv.Atoi(e)
		return m + "E" + strconv.Itoa(n)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// compare orders two values of comparable kinds: NaN above every number and equal to itself, -0.0 equal to 0.0.
// ok is false if the kinds cannot be compared.
func compare(a, b value) (c int, ok bool) {
	switch {
	case a.k == kString && b.k == kString:
		return strings.Compare(a.s, b.s), true
	case a.numeric() && b.numeric() && (a.k == kDouble || b.k == kDouble):
		return compareFloat(a.num(), b.num()), true
	case a.k == b.k && a.k != kMissing, a.numeric() && b.numeric():
		switch {
		case a.i < b.i:
			return -1, true
		case a.i > b.i:
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

func compareFloat(a, b float64) int {
	switch {
	case a == b:
		return 0
	case a < b:
		return -1
	case a > b:
		return 1
	case a == a: // b is NaN
		return -1
	case b == b: // a is NaN
		return 1
	}
	return 0
}

func equal(a, b value) bool {
	c, ok := compare(a, b)
	return ok && c == 0
}

// dataType is a PMML dataType.
type dataType uint8

const (
	tString dataType = iota
	tInteger
	tFloat
	tDouble
	tBoolean
	tDate
	tTime
	tDateTime
	tSince // dateDaysSince[y], timeSeconds, dateTimeSecondsSince[y]: counts, kept as integers
)

var typeNames = [...]string{"string", "integer", "float", "double", "boolean", "date", "time", "dateTime", "integer count"}

func (t dataType) String() string { return typeNames[t] }
func (t dataType) numeric() bool {
	return t == tInteger || t == tFloat || t == tDouble || t == tSince
}

func parseType(s string) (dataType, bool) {
	for t, n := range typeNames[:tSince] {
		if n == s {
			return dataType(t), true
		}
	}
	if strings.HasPrefix(s, "dateDaysSince[") || strings.HasPrefix(s, "dateTimeSecondsSince[") || s == "timeSeconds" {
		return tSince, true
	}
	return 0, false
}

// parseFloat reads a number as XML Schema writes it: also INF, -INF, Infinity and NaN.
func parseFloat(s string) (float64, error) {
	s = strings.TrimSpace(s)
	switch s {
	case "INF", "Infinity", "+Infinity":
		return math.Inf(1), nil
	case "-INF", "-Infinity":
		return math.Inf(-1), nil
	case "NaN":
		return math.NaN(), nil
	}
	if s == "" || strings.ContainsAny(s, "_xXpPiI") {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	return strconv.ParseFloat(s, 64)
}

// parse reads a constant of the document as a value of the type.
func (t dataType) parse(s string) (value, error) {
	return t.cast(text(s))
}

// cast converts a value to the type, strictly: what would lose information is an error. Missing stays missing.
func (t dataType) cast(v value) (value, error) {
	if v.k == kMissing {
		return v, nil
	}
	switch t {
	case tString:
		return text(v.String()), nil
	case tDouble, tFloat:
		return t.castFloat(v)
	case tInteger, tSince:
		return t.castInt(v)
	case tBoolean:
		return castBool(v)
	}
	return t.castTemporal(v)
}

func (t dataType) castFloat(v value) (value, error) {
	var f float64
	switch v.k {
	case kDouble, kInt, kBool:
		f = v.num()
	case kString:
		var err error
		if f, err = parseFloat(v.s); err != nil {
			return value{}, fmt.Errorf("%q is not a %s", v.s, t)
		}
	default:
		return value{}, fmt.Errorf("%s is not a %s", v, t)
	}
	if t == tFloat {
		f = float64(float32(f))
	}
	return double(f), nil
}

func (t dataType) castInt(v value) (value, error) {
	switch v.k {
	case kInt, kBool, kDate, kTime:
		return integer(v.i), nil
	case kDouble:
		if v.f == math.Trunc(v.f) && math.Abs(v.f) < 1<<63 {
			return integer(int64(v.f)), nil
		}
	case kString:
		s := strings.TrimSpace(v.s)
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return integer(i), nil
		}
		if f, err := parseFloat(s); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<63 {
			return integer(int64(f)), nil
		}
	}
	return value{}, fmt.Errorf("%q is not an integer", v.String())
}

func castBool(v value) (value, error) {
	switch v.k {
	case kBool:
		return v, nil
	case kInt, kDouble:
		if f := v.num(); f == 0 || f == 1 {
			return boolean(f == 1), nil
		}
	case kString:
		switch s := strings.TrimSpace(v.s); {
		case strings.EqualFold(s, "true"), s == "1", s == "1.0":
			return boolean(true), nil
		case strings.EqualFold(s, "false"), s == "0", s == "0.0":
			return boolean(false), nil
		}
	}
	return value{}, fmt.Errorf("%q is not a boolean", v.String())
}

func (t dataType) castTemporal(v value) (value, error) {
	switch {
	case t == tDate && v.k == kDate, t == tTime && v.k == kTime, t == tDateTime && v.k == kDateTime:
		return v, nil
	case t == tDate && v.k == kDateTime:
		return value{k: kDate, i: floorDiv(v.i, 86400e6)}, nil
	case t == tTime && v.k == kDateTime:
		return value{k: kTime, i: floorMod(floorDiv(v.i, 1e6), 86400)}, nil
	case t == tDateTime && v.k == kDate:
		return value{k: kDateTime, i: v.i * 86400e6}, nil
	case v.k != kString:
		return value{}, fmt.Errorf("%s is not a %s", v, t)
	}
	return t.parseTemporal(strings.TrimSpace(v.s))
}

func (t dataType) parseTemporal(s string) (value, error) {
	var layouts []string
	switch t {
	case tDate:
		layouts = []string{"2006-01-02"}
	case tTime:
		layouts = []string{"15:04:05", "15:04"}
	default:
		layouts = []string{"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999"}
	}
	for _, l := range layouts {
		at, err := time.Parse(l, s)
		if err != nil {
			continue
		}
		switch t {
		case tDate:
			return value{k: kDate, i: floorDiv(at.Unix(), 86400)}, nil
		case tTime:
			return value{k: kTime, i: int64(at.Hour()*3600 + at.Minute()*60 + at.Second())}, nil
		}
		return value{k: kDateTime, i: at.UnixMicro()}, nil
	}
	return value{}, fmt.Errorf("%q is not a %s, expected the form %s", s, t, layouts[0])
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 { return a - floorDiv(a, b)*b }

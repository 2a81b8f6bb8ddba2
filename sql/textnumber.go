package sql

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// numberText writes a literal as Spark shows its value.
func numberText(n *NumberLit) string {
	exponent := strings.ContainsAny(n.Text, "eE")
	switch {
	case n.Suffix == "F":
		v, err := strconv.ParseFloat(n.Text, 32)
		if err != nil {
			return n.Text
		}
		return floatText(v, 32)
	case n.Suffix == "D" || n.Suffix == "" && exponent:
		v, err := strconv.ParseFloat(n.Text, 64)
		if err != nil {
			return n.Text
		}
		return floatText(v, 64)
	case exponent:
		return n.Text
	}
	whole, fraction, _ := strings.Cut(n.Text, ".")
	whole = strings.TrimLeft(whole, "0")
	if whole == "" {
		whole = "0"
	}
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}

// floatText writes a number as Java does: plain from 1e-3 up to 1e7, else with
// an exponent, and always with a digit after the point.
func floatText(v float64, bits int) string {
	if math.IsInf(v, 0) {
		return "Infinity"
	}
	format := byte('f')
	if v != 0 && (v < 1e-3 || v >= 1e7) {
		format = 'E'
	}
	s := strconv.FormatFloat(v, format, -1, bits)
	if format == 'f' {
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	mantissa, exponent, _ := strings.Cut(s, "E")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	n, err := strconv.Atoi(exponent)
	if err != nil {
		return s
	}
	return mantissa + "E" + itoa(n)
}

// unitMicros is how long a unit of a day-time interval is.
var unitMicros = map[string]int64{
	"WEEK": 7 * 86400e6, "DAY": 86400e6, "HOUR": 3600e6, "MINUTE": 60e6, "SECOND": 1e6, "MILLISECOND": 1e3, "MICROSECOND": 1,
}

// dayTimeUnits and their ranks; finer ones count as seconds.
var dayTimeRank = map[string]int{
	"WEEK": 0, "DAY": 0, "HOUR": 1, "MINUTE": 2, "SECOND": 3, "MILLISECOND": 3, "MICROSECOND": 3,
}

var dayTimeNames = [4]string{"DAY", "HOUR", "MINUTE", "SECOND"}

// intervalText writes an interval literal as Spark shows its value, or as it
// was written where that is no plain sum of whole units.
func intervalText(lit *IntervalLit) string {
	if s, ok := monthsText(lit.Parts); ok {
		return s
	}
	if s, ok := dayTimeText(lit.Parts); ok {
		return s
	}
	var b strings.Builder
	b.WriteString("INTERVAL")
	for _, part := range lit.Parts {
		sign, text := partValue(part)
		if part.To != "" {
			return "INTERVAL '" + sign + text + "' " + part.Unit + " TO " + part.To
		}
		b.WriteString(" '" + sign + text + "'")
		if part.Unit != "" {
			b.WriteString(" " + part.Unit)
		}
	}
	return b.String()
}

// partValue is the sign and the text of an interval's value.
func partValue(part IntervalPart) (sign, text string) {
	x := part.Value
	if u, ok := x.(*Unary); ok {
		if u.Op == "-" {
			sign = "-"
		}
		x = u.X
	}
	switch v := x.(type) {
	case *NumberLit:
		text = v.Text
	case *StringLit:
		text = strings.TrimSpace(v.Value)
	}
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		if text = rest; sign == "-" {
			return "", text
		}
		sign = "-"
	}
	return sign, text
}

func monthsText(parts []IntervalPart) (string, bool) {
	var months int64
	years, single := false, false
	for _, part := range parts {
		if part.To != "" || part.Unit != "YEAR" && part.Unit != "MONTH" {
			return "", false
		}
		sign, text := partValue(part)
		n, err := strconv.ParseInt(sign+text, 10, 32)
		if err != nil {
			return "", false
		}
		if part.Unit == "YEAR" {
			n *= 12
			years = true
		} else {
			single = true
		}
		months += n
	}
	switch {
	case years && single:
		sign := ""
		if months < 0 {
			sign, months = "-", -months
		}
		return fmt.Sprintf("INTERVAL '%s%d-%d' YEAR TO MONTH", sign, months/12, months%12), true
	case years:
		return fmt.Sprintf("INTERVAL '%d' YEAR", months/12), true
	}
	return fmt.Sprintf("INTERVAL '%d' MONTH", months), len(parts) > 0
}

func dayTimeText(parts []IntervalPart) (string, bool) {
	var micros int64
	first, last := 3, 0
	for _, part := range parts {
		unit, ok := unitMicros[part.Unit]
		if !ok || part.To != "" {
			return "", false
		}
		sign, text := partValue(part)
		n, ok := scaled(text, unit)
		if !ok {
			return "", false
		}
		if sign == "-" {
			n = -n
		}
		micros += n
		first, last = min(first, dayTimeRank[part.Unit]), max(last, dayTimeRank[part.Unit])
	}
	if len(parts) == 0 {
		return "", false
	}
	sign := ""
	if micros < 0 {
		sign, micros = "-", -micros
	}
	name := dayTimeNames[first]
	if first != last {
		name += " TO " + dayTimeNames[last]
	}
	return "INTERVAL '" + sign + clockText(micros, first, last) + "' " + name, true
}

// scaled is a number with perhaps a fraction, times unit.
func scaled(text string, unit int64) (int64, bool) {
	whole, fraction, dotted := strings.Cut(text, ".")
	n, err := strconv.ParseInt(whole, 10, 40)
	if err != nil || dotted && (unit != 1e6 || len(fraction) > 6) {
		return 0, false
	}
	if !dotted {
		return n * unit, true
	}
	f, err := strconv.ParseInt((fraction + "000000")[:6], 10, 64)
	return n*unit + f, err == nil
}

// clockText writes micros in the units first to last.
func clockText(micros int64, first, last int) string {
	var b strings.Builder
	sizes := [4]int64{86400e6, 3600e6, 60e6, 1e6}
	separators := [4]string{"", " ", ":", ":"}
	for i := first; i <= last; i++ {
		n := micros / sizes[i]
		micros %= sizes[i]
		if i == first && i == 0 {
			b.WriteString(strconv.FormatInt(n, 10))
		} else if i == first {
			fmt.Fprintf(&b, "%02d", n)
		} else {
			fmt.Fprintf(&b, "%s%02d", separators[i], n)
		}
	}
	if last == 3 && micros != 0 {
		b.WriteString("." + strings.TrimRight(fmt.Sprintf("%06d", micros), "0"))
	}
	return b.String()
}

package sql

import (
	"strconv"
	"strings"
	"time"
)

// timeExamples show how a literal of each kind is written.
var timeExamples = map[string]string{
	"DATE":          "DATE '2024-12-31'",
	"TIMESTAMP":     "TIMESTAMP '2024-12-31 23:59:59.999'",
	"TIMESTAMP_LTZ": "TIMESTAMP_LTZ '2024-12-31 23:59:59.999'",
	"TIMESTAMP_NTZ": "TIMESTAMP_NTZ '2024-12-31 23:59:59.999'",
}

// validTime reports whether Spark reads s as a date or timestamp literal.
func validTime(kind, s string) bool {
	s = strings.TrimSpace(s)
	switch strings.ToLower(s) {
	case "epoch", "now", "today", "tomorrow", "yesterday":
		return true
	}
	rest, ok := cutDate(s)
	if !ok {
		return kind != "DATE" && validClock(strings.TrimPrefix(s, "T"), true)
	}
	if rest == "" {
		return true
	}
	if rest[0] != ' ' && rest[0] != 'T' {
		return false
	}
	if kind == "DATE" {
		return true // Spark ignores what follows the date
	}
	return rest == "T" || rest == " " || validClock(rest[1:], false)
}

// cutDate reads [+-]y{4,7}[-m[m][-d[d]]] and returns what follows it.
func cutDate(s string) (rest string, ok bool) {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	year, s, ok := cutNumber(s, 4, 7)
	if !ok {
		return "", false
	}
	month, day := 1, 1
	if strings.HasPrefix(s, "-") {
		if month, s, ok = cutNumber(s[1:], 1, 2); !ok {
			return "", false
		}
		if strings.HasPrefix(s, "-") {
			if day, s, ok = cutNumber(s[1:], 1, 2); !ok {
				return "", false
			}
		}
	}
	d := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return s, month >= 1 && month <= 12 && day >= 1 && d.Day() == day
}

// cutNumber reads a number of least to most digits.
func cutNumber(s string, least, most int) (n int, rest string, ok bool) {
	i := skipDigits(s, 0)
	if i < least || i > most {
		return 0, s, false
	}
	n, err := strconv.Atoi(s[:i])
	return n, s[i:], err == nil
}

// validClock reports whether s is h[h]:m[m][:s[s][.f]] and a zone, perhaps.
// Alone, without a date, it must have minutes.
func validClock(s string, alone bool) bool {
	limits := [3]int{23, 59, 59}
	fields := 0
	for fields < 3 {
		n, rest, ok := cutNumber(s, 1, 2)
		if !ok || n > limits[fields] {
			return false
		}
		fields++
		s = rest
		if fields == 3 || !strings.HasPrefix(s, ":") {
			break
		}
		s = s[1:]
	}
	if alone && fields < 2 {
		return false
	}
	if fields == 3 && strings.HasPrefix(s, ".") {
		s = s[skipDigits(s, 1):]
	}
	return validZone(strings.TrimSpace(s))
}

// validZone reports whether s is a time zone: Z, +h, +hh:mm, UTC+1, or a
// region such as Europe/Berlin.
func validZone(s string) bool {
	if s == "" || s == "Z" {
		return true
	}
	for _, prefix := range []string{"UTC", "GMT", "UT"} {
		if t, ok := strings.CutPrefix(s, prefix); ok && (t == "" || t[0] == '+' || t[0] == '-') {
			s = t
			break
		}
	}
	if s == "" {
		return true
	}
	if s[0] == '+' || s[0] == '-' {
		hours, rest, ok := cutNumber(s[1:], 1, 2)
		if ok && rest == "" {
			return hours <= 18
		}
		minutes, rest, ok2 := cutNumber(strings.TrimPrefix(rest, ":"), 1, 2)
		return ok && ok2 && rest == "" && hours <= 18 && minutes <= 59
	}
	return isRegion(s)
}

// isRegion reports whether s has the form of a region's name. Whether there is
// such a region is seen when the literal's value is needed.
func isRegion(s string) bool {
	for part := range strings.SplitSeq(s, "/") {
		if part == "" || !isWordAt(part, 0) || isDigit(part[0]) {
			return false
		}
		for i := range len(part) {
			if !isWordAt(part, i) && part[i] != '-' && part[i] != '+' {
				return false
			}
		}
	}
	return true
}

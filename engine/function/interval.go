package function

import (
	"strconv"
	"strings"
)

// unitMicros is the length of the units of day-time intervals.
var unitMicros = map[string]int64{
	"MICROSECOND": 1, "MILLISECOND": 1000, "SECOND": 1_000_000, "MINUTE": 60_000_000,
	"HOUR": 3_600_000_000, "DAY": microsPerDay, "WEEK": 7 * microsPerDay,
}

// parseDuration reads a day-time interval: 'INTERVAL ”1 02:03:04” DAY TO
// SECOND', '1 02:03:04.5', or '1 day 2 hours'.
func parseDuration(text string) (int64, bool) {
	s := intervalBody(text)
	if v, ok := clockDuration(s); ok {
		return v, true
	}
	words := strings.Fields(s)
	if len(words) == 0 || len(words)%2 != 0 {
		return 0, false
	}
	var total int64
	for i := 0; i < len(words); i += 2 {
		unit, ok := unitMicros[singular(words[i+1])]
		if !ok {
			return 0, false
		}
		v, err := strconv.ParseFloat(words[i], 64)
		if err != nil || v != float64(int64(v)) && unit > 1_000_000 {
			return 0, false
		}
		total += int64(v * float64(unit))
	}
	return total, true
}

func singular(unit string) string { return strings.TrimSuffix(strings.ToUpper(unit), "S") }

// intervalBody takes off INTERVAL, the quotes and the range behind them.
func intervalBody(text string) string {
	s := strings.TrimSpace(text)
	if len(s) > 8 && strings.EqualFold(s[:8], "interval") {
		s = strings.TrimSpace(s[8:])
	}
	if strings.HasPrefix(s, "'") {
		if end := strings.LastIndexByte(s, '\''); end > 0 {
			s = s[1:end]
		}
	}
	return strings.TrimSpace(s)
}

// clockDuration reads [-]d hh:mm:ss[.f].
func clockDuration(s string) (int64, bool) {
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimLeft(s, "+-")
	day, clock, ok := strings.Cut(s, " ")
	if !ok {
		return 0, false
	}
	d, err := strconv.ParseInt(day, 10, 64)
	parts := strings.Split(clock, ":")
	if err != nil || len(parts) != 3 {
		return 0, false
	}
	h, err1 := strconv.Atoi(parts[0])
	m, err2 := strconv.Atoi(parts[1])
	sec, err3 := strconv.ParseFloat(parts[2], 64)
	if err1 != nil || err2 != nil || err3 != nil || h > 23 || m > 59 || sec >= 60 {
		return 0, false
	}
	v := d*microsPerDay + int64(h)*3_600_000_000 + int64(m)*60_000_000 + int64(sec*1e6+0.5)
	if neg {
		v = -v
	}
	return v, true
}

// parseMonths reads a year-month interval: '1-2', '1 year 2 months'.
func parseMonths(text string) (int32, bool) {
	s := intervalBody(text)
	words := strings.Fields(s)
	if len(words) > 0 && len(words)%2 == 0 {
		total := 0
		for i := 0; i < len(words); i += 2 {
			v, err := strconv.Atoi(words[i])
			switch {
			case err != nil:
				return 0, false
			case singular(words[i+1]) == "YEAR":
				total += 12 * v
			case singular(words[i+1]) == "MONTH":
				total += v
			default:
				return 0, false
			}
		}
		return int32(total), true
	}
	neg := strings.HasPrefix(s, "-")
	y, m, ok := strings.Cut(strings.TrimLeft(s, "+-"), "-")
	years, err1 := strconv.Atoi(y)
	months, err2 := strconv.Atoi(m)
	if !ok || err1 != nil || err2 != nil || months > 11 {
		return 0, false
	}
	v := years*12 + months
	if neg {
		v = -v
	}
	return int32(v), true
}

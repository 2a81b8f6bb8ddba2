package codec

import (
	"fmt"
	"strings"
	"time"
)

const (
	microsPerSecond = 1_000_000
	microsPerDay    = 86_400 * microsPerSecond
)

// daysFromCivil is the number of days from 1970-01-01 to a date of the proleptic Gregorian calendar.
func daysFromCivil(y, m, d int) int {
	if m <= 2 {
		y--
	}
	era := floorDiv(y, 400)
	yoe := y - era*400
	mp := (m + 9) % 12
	doy := (153*mp+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}

// civilFromDays is the date of a number of days since 1970-01-01.
func civilFromDays(days int) (y, m, d int) {
	days += 719468
	era := floorDiv(days, 146097)
	doe := days - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d = doy - (153*mp+2)/5 + 1
	m = mp + 3
	if m > 12 {
		m -= 12
	}
	y = yoe + era*400
	if m <= 2 {
		y++
	}
	return y, m, d
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

// daysInMonth is the length of a month.
func daysInMonth(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

func validDate(y, m, d int) bool { return m >= 1 && m <= 12 && d >= 1 && d <= daysInMonth(y, m) }

// trimAll cuts white space and control characters at both ends, as Spark does before a cast.
func trimAll[T ~string | ~[]byte](s T) T {
	for len(s) > 0 && (s[0] <= ' ' || s[0] == 0x7f) {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] <= ' ' || s[len(s)-1] == 0x7f) {
		s = s[:len(s)-1]
	}
	return s
}

// ParseDate reads a date as CAST(... AS DATE) does: [+-]yyyy[yyy], yyyy-[m]m, yyyy-[m]m-[d]d, and after a complete
// date a space or T with anything behind it. The result is days since 1970-01-01; ok is false for all other texts.
func ParseDate[T ~string | ~[]byte](text T) (days int32, ok bool) {
	s := trimAll(text)
	if len(s) == 0 {
		return 0, false
	}
	j, sign := 0, 1
	if s[0] == '-' || s[0] == '+' {
		if s[0] == '-' {
			sign = -1
		}
		j++
	}
	part := [3]int{1, 1, 1}
	i, value, digits := 0, 0, 0
	valid := func() bool {
		if i == 0 {
			return digits >= 4 && digits <= 7
		}
		return digits > 0 && digits <= 2
	}
	for ; j < len(s) && s[j] != ' ' && s[j] != 'T'; j++ {
		if c := s[j]; c-'0' <= 9 {
			if digits++; digits > 7 {
				return 0, false
			}
			value = value*10 + int(c-'0')
		} else if c == '-' && i < 2 && valid() {
			part[i] = value
			i, value, digits = i+1, 0, 0
		} else {
			return 0, false
		}
	}
	if !valid() || i < 2 && j < len(s) {
		return 0, false
	}
	part[i] = value
	y := sign * part[0]
	if !validDate(y, part[1], part[2]) {
		return 0, false
	}
	return int32(daysFromCivil(y, part[1], part[2])), true
}

// AppendDate appends a date as CAST to STRING does: yyyy-MM-dd, years beyond four digits with their sign.
func AppendDate(dst []byte, days int32) []byte {
	y, m, d := civilFromDays(int(days))
	dst = appendYear(dst, y)
	return append(dst, '-', byte('0'+m/10), byte('0'+m%10), '-', byte('0'+d/10), byte('0'+d%10))
}

func appendYear(dst []byte, y int) []byte {
	if y < 0 {
		dst, y = append(dst, '-'), -y
	} else if y > 9999 {
		dst = append(dst, '+')
	}
	return appendPadded(dst, y, 4)
}

// appendPadded appends a number of at least width digits.
func appendPadded(dst []byte, v, width int) []byte {
	var buf [20]byte
	i := len(buf)
	for v > 0 || width > 0 {
		i--
		buf[i] = byte('0' + v%10)
		v /= 10
		width--
	}
	return append(dst, buf[i:]...)
}

// AppendTimestamp appends microseconds since the epoch as CAST to STRING does: the clock of the zone (nil is UTC) as
// yyyy-MM-dd HH:mm:ss with as much of the fraction as is not zero.
func AppendTimestamp(dst []byte, micros int64, zone *time.Location) []byte {
	days, rest := splitMicros(micros + offsetMicros(micros, zone))
	dst = append(AppendDate(dst, int32(days)), ' ')
	return appendClockMicros(dst, rest)
}

// appendClockMicros appends the microseconds of a day as a clock, with as much of the fraction as is not zero.
func appendClockMicros(dst []byte, micros int) []byte {
	dst = appendClock(dst, micros/microsPerSecond)
	frac := micros % microsPerSecond
	if frac == 0 {
		return dst
	}
	dst = appendPadded(append(dst, '.'), frac, 6)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// AppendTimestampISO appends microseconds as to_json does: 2020-01-01T00:00:00.000Z, milliseconds and the zone's
// offset. zoned says whether the offset is written; a timestamp without zone has none.
func AppendTimestampISO(dst []byte, micros int64, zone *time.Location, zoned bool) []byte {
	offset := offsetMicros(micros, zone)
	days, rest := splitMicros(micros + offset)
	dst = append(AppendDate(dst, int32(days)), 'T')
	dst = appendClock(dst, rest/microsPerSecond)
	dst = appendPadded(append(dst, '.'), rest%microsPerSecond/1000, 3)
	if zoned {
		dst = appendOffset(dst, int(offset/microsPerSecond), true, "Z")
	}
	return dst
}

// splitMicros gives the day and the microseconds into it.
func splitMicros(micros int64) (days, rest int) {
	days = floorDiv(int(micros), microsPerDay)
	return days, int(micros) - days*microsPerDay
}

func appendClock(dst []byte, seconds int) []byte {
	h, m, s := seconds/3600, seconds/60%60, seconds%60
	return append(dst, byte('0'+h/10), byte('0'+h%10), ':', byte('0'+m/10), byte('0'+m%10), ':', byte('0'+s/10), byte('0'+s%10))
}

// appendOffset appends a zone's offset in seconds; zero is written as given.
func appendOffset(dst []byte, seconds int, colon bool, zero string) []byte {
	if seconds == 0 {
		return append(dst, zero...)
	}
	sign := byte('+')
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	dst = appendPadded(append(dst, sign), seconds/3600, 2)
	if colon {
		dst = append(dst, ':')
	}
	dst = appendPadded(dst, seconds/60%60, 2)
	if rest := seconds % 60; rest != 0 {
		if colon {
			dst = append(dst, ':')
		}
		dst = appendPadded(dst, rest, 2)
	}
	return dst
}

// offsetMicros is how far the zone's clock is ahead of UTC at an instant.
func offsetMicros(micros int64, zone *time.Location) int64 {
	if zone == nil || zone == time.UTC {
		return 0
	}
	_, seconds := time.UnixMicro(micros).In(zone).Zone()
	return int64(seconds) * microsPerSecond
}

// utcMicros is the instant at which the zone's clock shows local. In a gap the clock is moved on by its length, of
// two instants it is the earlier, as in java.time.
func utcMicros(local int64, zone *time.Location) int64 {
	if zone == nil || zone == time.UTC {
		return local
	}
	before := offsetMicros(local-microsPerDay, zone)
	after := offsetMicros(local+microsPerDay, zone)
	if before == after {
		return local - offsetMicros(local-before, zone)
	}
	if early := local - before; offsetMicros(early, zone) == before {
		return early
	}
	if late := local - after; offsetMicros(late, zone) == after {
		return late
	}
	return local - before
}

// ParseZone reads a zone as Spark does: Z, UTC, GMT, an offset (+1, +01:00, -0330, UTC+1), Java's short names, or a
// region such as Europe/Berlin.
func ParseZone(name string) (*time.Location, error) {
	if seconds, ok := fixedOffset(name); ok {
		if seconds == 0 {
			return time.UTC, nil
		}
		return time.FixedZone(name, seconds), nil
	}
	if region, ok := shortZones[name]; ok {
		return ParseZone(region)
	}
	if name == "" || name == "Local" || strings.HasPrefix(name, "/") || strings.ContainsAny(name, "+-") && !strings.Contains(name, "/") {
		return nil, fmt.Errorf("%q is no time zone", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("%q is no time zone: name a region (Europe/Berlin) or an offset (+01:00)", name)
	}
	return zone, nil
}

// fixedOffset is the offset in seconds of a zone that has but one: Z, UTC, GMT or UT with or without an offset, or an
// offset alone.
func fixedOffset[T ~string | ~[]byte](name T) (seconds int, ok bool) {
	n := len(name)
	if n == 1 && name[0]|0x20 == 'z' {
		return 0, true
	}
	at := 0
	switch {
	case n >= 3 && (name[0] == 'U' && name[1] == 'T' && name[2] == 'C' || name[0] == 'G' && name[1] == 'M' && name[2] == 'T'):
		at = 3
	case n >= 2 && name[0] == 'U' && name[1] == 'T':
		at = 2
	}
	if at > 0 && (n == at || n == at+1 && name[at] == '0') {
		return 0, true
	}
	return parseOffset(name[at:])
}

// shortZones are Java's ZoneId.SHORT_IDS.
var shortZones = map[string]string{
	"ACT": "Australia/Darwin", "AET": "Australia/Sydney", "AGT": "America/Argentina/Buenos_Aires", "ART": "Africa/Cairo",
	"AST": "America/Anchorage", "BET": "America/Sao_Paulo", "BST": "Asia/Dhaka", "CAT": "Africa/Harare",
	"CNT": "America/St_Johns", "CST": "America/Chicago", "CTT": "Asia/Shanghai", "EAT": "Africa/Addis_Ababa",
	"ECT": "Europe/Paris", "IET": "America/Indiana/Indianapolis", "IST": "Asia/Kolkata", "JST": "Asia/Tokyo",
	"MIT": "Pacific/Apia", "NET": "Asia/Yerevan", "NST": "Pacific/Auckland", "PLT": "Asia/Karachi",
	"PNT": "America/Phoenix", "PRT": "America/Puerto_Rico", "PST": "America/Los_Angeles", "SST": "Pacific/Guadalcanal",
	"VST": "Asia/Ho_Chi_Minh", "EST": "-05:00", "MST": "-07:00", "HST": "-10:00",
}

// parseOffset reads +h, +hh, +h:mm, +hh:m, +hh:mm, +hhmm, +hh:mm:ss, +hhmmss up to 18 hours.
func parseOffset[T ~string | ~[]byte](s T) (seconds int, ok bool) {
	if len(s) < 2 || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	var part [3]int
	run := digitRun(s, 1)
	switch i := 1 + run; {
	case run == 1 || run == 2:
		part[0] = smallNumber(s, 1, run)
		for k := 1; i < len(s); k++ {
			if k == 3 || s[i] != ':' {
				return 0, false
			}
			n := digitRun(s, i+1)
			if n == 0 || n > 2 || k == 2 && n != 2 {
				return 0, false
			}
			part[k] = smallNumber(s, i+1, n)
			i += 1 + n
		}
	case (run == 4 || run == 6) && i == len(s):
		for k := range run / 2 {
			part[k] = smallNumber(s, 1+2*k, 2)
		}
	default:
		return 0, false
	}
	seconds = part[0]*3600 + part[1]*60 + part[2]
	if part[1] > 59 || part[2] > 59 || seconds > 18*3600 {
		return 0, false
	}
	if s[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

// digitRun is the number of digits from i on.
func digitRun[T ~string | ~[]byte](s T, i int) int {
	n := 0
	for i+n < len(s) && s[i+n]-'0' <= 9 {
		n++
	}
	return n
}

// smallNumber is the value of the n digits at i.
func smallNumber[T ~string | ~[]byte](s T, i, n int) (v int) {
	for ; n > 0; n-- {
		v = v*10 + int(s[i]-'0')
		i++
	}
	return v
}

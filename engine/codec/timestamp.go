package codec

import (
	"math"
	"time"
)

// clock is a text taken apart into a local date and time.
type clock struct {
	part     [7]int // year, month, day, hour, minute, second, microsecond
	justTime bool   // no date: today is meant
}

// ParseTimestamp reads a timestamp as CAST(... AS TIMESTAMP) does: yyyy, yyyy-[m]m, yyyy-[m]m-[d]d, and after a space
// or T [h]h, [h]h:[m]m or [h]h:[m]m:[s]s[.fraction][zone]; a time alone is today's. The zone (nil is UTC) is that of
// texts without one; today is its date in days since 1970-01-01. The result is microseconds since the epoch.
func ParseTimestamp[T ~string | ~[]byte](text T, zone *time.Location, today int32) (micros int64, ok bool) {
	c, name, ok := parseClock(text)
	if !ok {
		return 0, false
	}
	local, ok := c.local(today)
	if !ok || len(name) == 0 {
		return utcMicros(local, zone), ok
	}
	if seconds, ok := fixedOffset(name); ok {
		return local - int64(seconds)*microsPerSecond, true
	}
	zone, err := ParseZone(string(name))
	if err != nil {
		return 0, false
	}
	return utcMicros(local, zone), true
}

// ParseTimestampNTZ is ParseTimestamp for a timestamp without zone: a zone in the text is checked and dropped, a time
// alone is no timestamp.
func ParseTimestampNTZ[T ~string | ~[]byte](text T) (micros int64, ok bool) {
	c, name, ok := parseClock(text)
	if !ok || c.justTime {
		return 0, false
	}
	if len(name) > 0 {
		if _, ok := fixedOffset(name); !ok {
			if _, err := ParseZone(string(name)); err != nil {
				return 0, false
			}
		}
	}
	return c.local(0)
}

// local is the clock's reading in microseconds, false when it is no valid date and time or out of range.
func (c *clock) local(today int32) (int64, bool) {
	p := &c.part
	if p[3] > 23 || p[4] > 59 || p[5] > 59 {
		return 0, false
	}
	days := int(today)
	if !c.justTime {
		if !validDate(p[0], p[1], p[2]) {
			return 0, false
		}
		days = daysFromCivil(p[0], p[1], p[2])
	}
	if days > math.MaxInt64/microsPerDay || days < math.MinInt64/microsPerDay {
		return 0, false
	}
	clock := int64(p[3]*3600+p[4]*60+p[5])*microsPerSecond + int64(p[6])
	micros := int64(days)*microsPerDay + clock
	return micros, days < 0 || micros >= 0 // else it ran over
}

// parseClock takes a text apart by the rules of a cast; zone is its zone's text, empty when it has none.
func parseClock[T ~string | ~[]byte](text T) (c clock, zone T, ok bool) {
	s := trimAll(text)
	if len(s) == 0 {
		return c, zone, false
	}
	c.part = [7]int{1, 1, 1}
	j, sign, signed := 0, 1, s[0] == '-' || s[0] == '+'
	if signed {
		if s[0] == '-' {
			sign = -1
		}
		j++
	}
	i, value, digits := 0, 0, 0
	valid := func(i int) bool {
		switch i {
		case 0:
			return digits >= 4 && digits <= 6
		case 6:
			return true
		}
		return digits > 0 && digits <= 2
	}
	for ; j < len(s); j++ {
		b := s[j]
		if b-'0' <= 9 {
			if i == 6 && digits < 6 || i < 6 && digits < 7 {
				value = value*10 + int(b-'0')
			}
			digits++
			continue
		}
		at, next := i, i+1 // the part that ends here, and what follows
		switch {
		case j == 0 && b == 'T':
			c.justTime, i = true, 3
			continue
		case i == 0 && b == ':' && !signed:
			c.justTime, at, next = true, 3, 4
		case i < 2 && b == '-', i == 2 && (b == ' ' || b == 'T'), (i == 3 || i == 4) && b == ':', i == 5 && b == '.':
		case i == 5 || i == 6:
			if !valid(i) {
				return c, zone, false
			}
			c.store(i, value, digits)
			c.part[0] *= sign
			zone = trimAll(s[j:])
			return c, zone, len(zone) > 0
		default:
			return c, zone, false
		}
		if !valid(at) {
			return c, zone, false
		}
		c.part[at] = value
		i, value, digits = next, 0, 0
	}
	if !valid(i) {
		return c, zone, false
	}
	c.store(i, value, digits)
	c.part[0] *= sign
	return c, zone, true
}

// store keeps the last part; a fraction is brought to microseconds.
func (c *clock) store(i, value, digits int) {
	if i == 6 {
		for ; digits < 6; digits++ {
			value *= 10
		}
	}
	c.part[i] = value
}

// textRules are how a reader turns texts into dates and timestamps: by a pattern where one is given, by CAST's rules
// otherwise.
type textRules struct {
	datePattern, timePattern, ntzPattern *TimePattern
	fallback                             bool // CAST's rules for what does not fit the pattern
	strictDays                           bool // a number is no date
	zone                                 *time.Location
	today                                int32
}

func newTextRules(date, timestamp, ntz string, fallback bool, zone *time.Location) (r textRules, err error) {
	r.fallback, r.zone = fallback, zone
	for _, p := range []struct {
		text string
		to   **TimePattern
	}{{date, &r.datePattern}, {timestamp, &r.timePattern}, {ntz, &r.ntzPattern}} {
		if p.text == "" {
			continue
		}
		if *p.to, err = CompileTimePattern(p.text); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (r *textRules) date(text []byte) (int32, bool) {
	if len(text) == 0 {
		return 0, false
	}
	if r.datePattern != nil {
		if v, ok := r.datePattern.ParseDate(string(text)); ok || !r.fallback {
			return v, ok
		}
	}
	if v, ok := ParseDate(text); ok {
		return v, true
	}
	if r.strictDays {
		return 0, false
	}
	v, ok := parseLong(text) // Spark 1.5 wrote days since the epoch
	return int32(v), ok && v == int64(int32(v))
}

func (r *textRules) timestamp(text []byte) (int64, bool) {
	if len(text) == 0 {
		return 0, false
	}
	if r.timePattern != nil {
		if v, ok := r.timePattern.ParseTimestamp(string(text), r.zone); ok || !r.fallback {
			return v, ok
		}
	}
	return ParseTimestamp(text, r.zone, r.today)
}

func (r *textRules) timestampNTZ(text []byte) (int64, bool) {
	if len(text) == 0 {
		return 0, false
	}
	if r.ntzPattern != nil {
		if v, ok := r.ntzPattern.ParseTimestamp(string(text), nil); ok || !r.fallback {
			return v, ok
		}
	}
	return ParseTimestampNTZ(text)
}

package codec

import (
	"strings"
	"time"
)

// fields are what a text says; -1 or absent means it says nothing.
type fields struct {
	year, month, day, yearDay int
	hour, halfHour, minute    int
	second, nano, half, era   int
	zone                      *time.Location // of the text, when it has one that changes its offset
	offset                    int            // seconds
	hasYear, hasOffset        bool
}

// ParseTimestamp reads a text by the pattern into microseconds since the epoch. What the pattern does not say is that
// of 1970-01-01 00:00:00; the zone is that of texts without one (nil is UTC). The whole text must fit.
func (p *TimePattern) ParseTimestamp(text string, zone *time.Location) (int64, bool) {
	f, ok := p.read(text)
	if !ok {
		return 0, false
	}
	days, ok := f.days(p.era)
	if !ok {
		return 0, false
	}
	h, ok := f.clockHour()
	if !ok {
		return 0, false
	}
	local := int64(days)*microsPerDay + int64(h*3600+max(f.minute, 0)*60+max(f.second, 0))*microsPerSecond + int64(max(f.nano, 0)/1000)
	if f.hasOffset {
		return local - int64(f.offset)*microsPerSecond, true
	}
	if f.zone != nil {
		zone = f.zone
	}
	return utcMicros(local, zone), true
}

// ParseDate reads a text by the pattern into days since 1970-01-01; a time of day in it is checked and dropped.
func (p *TimePattern) ParseDate(text string) (int32, bool) {
	f, ok := p.read(text)
	if !ok {
		return 0, false
	}
	if _, ok := f.clockHour(); !ok {
		return 0, false
	}
	days, ok := f.days(p.era)
	return int32(days), ok
}

func (p *TimePattern) read(text string) (fields, bool) {
	f := fields{month: -1, day: -1, yearDay: -1, hour: -1, halfHour: -1, minute: -1, second: -1, nano: -1, half: -1, era: -1}
	if p.parse != nil {
		return f, false
	}
	end, ok := readItems(p.items, text, 0, &f)
	return f, ok && end == len(text)
}

// days is the date, strictly checked.
func (f *fields) days(era bool) (int, bool) {
	y := 1970
	if f.hasYear {
		y = f.year
		if era {
			if y < 1 {
				return 0, false
			}
			if f.era == 0 {
				y = 1 - y
			}
		}
	}
	if y > 294247 || y < -290308 {
		return 0, false
	}
	if f.yearDay > 0 {
		leap := daysInMonth(y, 2) - 28
		days := daysFromCivil(y, 1, 1) + f.yearDay - 1
		_, m, d := civilFromDays(days)
		return days, f.yearDay <= 365+leap && (f.month < 0 || f.month == m) && (f.day < 0 || f.day == d)
	}
	m, d := f.month, f.day
	if m < 0 {
		m = 1
	}
	if d < 0 {
		d = 1
	}
	if !validDate(y, m, d) {
		return 0, false
	}
	return daysFromCivil(y, m, d), true
}

// clockHour is the hour of the day; a 12-hour clock without AM or PM is morning.
func (f *fields) clockHour() (int, bool) {
	h := 0
	switch {
	case f.hour >= 0:
		h = f.hour
		if f.half >= 0 && h/12 != f.half || f.halfHour >= 0 && h%12 != f.halfHour {
			return 0, false
		}
	case f.halfHour >= 0:
		h = f.halfHour + 12*max(f.half, 0)
	}
	return h, h < 24 && f.minute < 60 && f.second < 60
}

// readItems reads items from i on and returns where they end.
func readItems(items []patternItem, s string, i int, f *fields) (int, bool) {
	for k := range items {
		it := &items[k]
		switch {
		case it.letter == '[':
			saved := *f
			if j, ok := readItems(it.section, s, i, f); ok {
				i = j
			} else {
				*f = saved
			}
		case it.letter == 0:
			if len(s)-i < len(it.literal) || !strings.EqualFold(s[i:i+len(it.literal)], it.literal) {
				return 0, false
			}
			i += len(it.literal)
		case it.max > 0:
			v, j, ok := readNumber(it, s, i)
			if !ok || !f.set(it, v) {
				return 0, false
			}
			i = j
		default:
			j, ok := f.readText(it, s, i)
			if !ok {
				return 0, false
			}
			i = j
		}
	}
	return i, true
}

// readNumber reads the digits of a field; a year may have a sign.
func readNumber(it *patternItem, s string, i int) (v, end int, ok bool) {
	year := it.letter == 'y' && it.count != 2
	neg, signed := false, false
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		if !year || s[i] == '+' && it.count < 4 {
			return 0, 0, false
		}
		neg, signed = s[i] == '-', true
		i++
	}
	n := 0
	for n < it.max+it.follow && i+n < len(s) && s[i+n]-'0' <= 9 {
		n++
	}
	if it.follow > 0 {
		n = max(it.min, n-it.follow)
	}
	if n < it.min || n > it.max || n > 18 || i+n > len(s) {
		return 0, 0, false
	}
	if year && it.count >= 4 {
		if signed && !neg && n <= it.count || !signed && n > it.count {
			return 0, 0, false // a plus stands before years longer than the pattern, and only there
		}
	}
	for _, c := range []byte(s[i : i+n]) {
		if c-'0' > 9 {
			return 0, 0, false
		}
		v = v*10 + int(c-'0')
	}
	if neg {
		v = -v
	}
	return v, i + n, true
}

// set stores a number, false when it is out of the field's range.
func (f *fields) set(it *patternItem, v int) bool {
	in := func(lo, hi int) bool { return v >= lo && v <= hi }
	switch it.letter {
	case 'y':
		if it.count == 2 {
			v += 2000
		}
		f.year, f.hasYear = v, true
		return true
	case 'M', 'L':
		f.month = v
		return in(1, 12)
	case 'd':
		f.day = v
		return in(1, 31)
	case 'D':
		f.yearDay = v
		return in(1, 366)
	case 'H':
		f.hour = v
		return in(0, 23)
	case 'k':
		f.hour = v % 24
		return in(1, 24)
	case 'K':
		f.halfHour = v
		return in(0, 11)
	case 'h':
		f.halfHour = v % 12
		return in(1, 12)
	case 'm':
		f.minute = v
		return in(0, 59)
	case 's':
		f.second = v
		return in(0, 59)
	case 'S':
		for n := it.count; n < 9; n++ {
			v *= 10
		}
		f.nano = v
		return true
	}
	return false
}

// readText reads a field that is a word or a zone.
func (f *fields) readText(it *patternItem, s string, i int) (int, bool) {
	rest := s[i:]
	switch it.letter {
	case 'M', 'L':
		for m, name := range monthNames {
			if n := shortName(name, it.count); hasPrefixFold(rest, n) {
				f.month = m + 1
				return i + len(n), true
			}
		}
	case 'G':
		for era, y := range []int{0, 1} {
			if n := eraName(y, it.count); hasPrefixFold(rest, n) {
				f.era = era
				return i + len(n), true
			}
		}
	case 'a':
		for half, n := range []string{"AM", "PM"} {
			if hasPrefixFold(rest, n) {
				f.half = half
				return i + 2, true
			}
		}
	default:
		return f.readZone(it, s, i)
	}
	return 0, false
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// readZone reads an offset or a zone's name.
func (f *fields) readZone(it *patternItem, s string, i int) (int, bool) {
	end := i
	switch it.letter {
	case 'X', 'x', 'Z', 'O':
		if it.letter == 'O' || it.letter == 'Z' && it.count == 4 {
			if !strings.HasPrefix(s[i:], "GMT") {
				return 0, false
			}
			if i += 3; i == len(s) || s[i] != '+' && s[i] != '-' {
				f.offset, f.hasOffset = 0, true
				return i, true
			}
			end = i
		}
		if (it.letter == 'X' || it.letter == 'Z' && it.count == 5) && i < len(s) && (s[i] == 'Z' || s[i] == 'z') {
			f.offset, f.hasOffset = 0, true
			return i + 1, true
		}
		if i >= len(s) || s[i] != '+' && s[i] != '-' {
			return 0, false
		}
		end++
		colon := it.letter == 'O' || it.count == 3 && it.letter != 'Z' || it.count >= 4
		for end < len(s) && (s[end]-'0' <= 9 || colon && s[end] == ':') {
			end++
		}
		if !it.offsetFits(s[i:end]) {
			return 0, false
		}
	default:
		for end < len(s) && (s[end]|0x20 >= 'a' && s[end]|0x20 <= 'z' || s[end]-'0' <= 9 || strings.IndexByte("+-:/_", s[end]) >= 0) {
			end++
		}
	}
	if f.offset, f.hasOffset = fixedOffset(s[i:end]); f.hasOffset {
		return end, true
	}
	z, err := ParseZone(strings.Clone(s[i:end])) // the clone keeps callers' texts off the heap
	if err != nil {
		return 0, false
	}
	f.zone = z
	return end, true
}

// offsetFits tells whether an offset has the form its letters want.
func (it *patternItem) offsetFits(s string) bool {
	colons := strings.Count(s, ":")
	switch {
	case it.letter == 'O':
		return true
	case it.letter == 'Z' && it.count <= 3 || it.count == 2:
		return colons == 0 && len(s) == 5
	case it.count == 1:
		return colons == 0 && (len(s) == 3 || len(s) == 5)
	case it.count == 3:
		return colons == 1 && len(s) == 6
	case it.letter == 'Z' && it.count == 4:
		return true
	case it.count == 4:
		return colons == 0 && (len(s) == 5 || len(s) == 7)
	}
	return colons == 1 && len(s) == 6 || colons == 2 && len(s) == 9
}

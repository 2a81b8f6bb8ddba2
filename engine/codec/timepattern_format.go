package codec

import (
	"strconv"
	"time"
)

// moment is an instant on a zone's clock, taken apart for writing.
type moment struct {
	y, m, d    int
	days       int
	secs, nano int // of the day
	micros     int64
	offset     int // seconds
	zone       *time.Location
}

// AppendTimestamp appends microseconds since the epoch as the pattern says, on the zone's clock (nil is UTC).
func (p *TimePattern) AppendTimestamp(dst []byte, micros int64, zone *time.Location) []byte {
	offset := offsetMicros(micros, zone)
	days, rest := splitMicros(micros + offset)
	t := moment{days: days, secs: rest / microsPerSecond, nano: rest % microsPerSecond * 1000,
		micros: micros, offset: int(offset / microsPerSecond), zone: zone}
	t.y, t.m, t.d = civilFromDays(days)
	return p.append(dst, p.items, &t)
}

// AppendDate appends a date in days since 1970-01-01, at midnight UTC.
func (p *TimePattern) AppendDate(dst []byte, days int32) []byte {
	return p.AppendTimestamp(dst, int64(days)*microsPerDay, nil)
}

func (p *TimePattern) append(dst []byte, items []patternItem, t *moment) []byte {
	for i := range items {
		switch it := &items[i]; it.letter {
		case 0:
			dst = append(dst, it.literal...)
		case '[':
			dst = p.append(dst, it.section, t)
		default:
			dst = p.appendField(dst, it, t)
		}
	}
	return dst
}

func (p *TimePattern) appendField(dst []byte, it *patternItem, t *moment) []byte {
	h := t.secs / 3600
	switch it.letter {
	case 'G':
		return append(dst, eraName(t.y, it.count)...)
	case 'y':
		return p.appendYear(dst, it.count, t.y)
	case 'M', 'L':
		if it.count > 2 {
			return append(dst, shortName(monthNames[t.m-1], it.count)...)
		}
		return appendPadded(dst, t.m, it.count)
	case 'd':
		return appendPadded(dst, t.d, it.count)
	case 'D':
		return appendPadded(dst, t.days-daysFromCivil(t.y, 1, 1)+1, it.count)
	case 'Q', 'q':
		return appendQuarter(dst, (t.m+2)/3, it.count)
	case 'F':
		return appendPadded(dst, (t.d-1)%7+1, it.count)
	case 'E':
		return append(dst, shortName(dayNames[(t.days%7+10)%7], it.count)...)
	case 'a':
		return append(dst, "AMPM"[h/12*2:h/12*2+2]...)
	case 'H':
		return appendPadded(dst, h, it.count)
	case 'k':
		return appendPadded(dst, (h+23)%24+1, it.count)
	case 'K':
		return appendPadded(dst, h%12, it.count)
	case 'h':
		return appendPadded(dst, (h+11)%12+1, it.count)
	case 'm':
		return appendPadded(dst, t.secs/60%60, it.count)
	case 's':
		return appendPadded(dst, t.secs%60, it.count)
	case 'S':
		var buf [9]byte
		return append(dst, appendPadded(buf[:0], t.nano, 9)[:it.count]...)
	}
	return appendZone(dst, it, t)
}

// appendYear appends a year; two letters are its last two digits.
func (p *TimePattern) appendYear(dst []byte, n, y int) []byte {
	if p.era && y <= 0 {
		y = 1 - y
	}
	if n == 2 {
		return appendPadded(dst, (y%100+100)%100, 2)
	}
	if y < 0 {
		dst, y = append(dst, '-'), -y
	} else if n >= 4 && len(strconv.Itoa(y)) > n {
		dst = append(dst, '+')
	}
	return appendPadded(dst, y, n)
}

func eraName(y, n int) string {
	switch {
	case n == 4 && y > 0:
		return "Anno Domini"
	case n == 4:
		return "Before Christ"
	case y > 0:
		return "AD"
	}
	return "BC"
}

// shortName is a name, or its first three letters for fewer than four pattern letters.
func shortName(name string, n int) string {
	if n < 4 {
		return name[:3]
	}
	return name
}

func appendQuarter(dst []byte, q, n int) []byte {
	switch n {
	case 3:
		return append(dst, 'Q', byte('0'+q))
	case 4:
		return append(append(dst, byte('0'+q)), []string{"st", "nd", "rd", "th"}[q-1]+" quarter"...)
	}
	return appendPadded(dst, q, n)
}

// appendZone appends the zone's letters.
func appendZone(dst []byte, it *patternItem, t *moment) []byte {
	switch n := it.count; it.letter {
	case 'V':
		return append(dst, zoneID(t.zone)...)
	case 'z':
		if t.zone == nil || t.zone == time.UTC {
			if n == 4 {
				return append(dst, "Coordinated Universal Time"...)
			}
			return append(dst, "UTC"...)
		}
		name, _ := time.UnixMicro(t.micros).In(t.zone).Zone()
		return append(dst, name...)
	case 'O':
		return appendGMT(dst, t.offset, n == 4)
	case 'X':
		return appendOffsetPattern(dst, t.offset, n, "Z")
	case 'x':
		return appendOffsetPattern(dst, t.offset, n, [...]string{"+00", "+0000", "+00:00", "+0000", "+00:00"}[n-1])
	case 'Z':
		switch n {
		case 4:
			return appendGMT(dst, t.offset, true)
		case 5:
			return appendOffsetPattern(dst, t.offset, 5, "Z")
		}
		return appendOffsetPattern(dst, t.offset, 2, "+0000")
	}
	return dst
}

func zoneID(z *time.Location) string {
	if z == nil || z == time.UTC {
		return "UTC"
	}
	return z.String()
}

// appendGMT appends GMT+8, or GMT+08:00 in full.
func appendGMT(dst []byte, offset int, full bool) []byte {
	dst = append(dst, "GMT"...)
	if offset == 0 {
		return dst
	}
	if full {
		return appendOffset(dst, offset, true, "")
	}
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = strconv.AppendInt(append(dst, sign), int64(offset/3600), 10)
	if m := offset / 60 % 60; m != 0 {
		dst = appendPadded(append(dst, ':'), m, 2)
	}
	return dst
}

// appendOffsetPattern appends an offset as n letters X want it.
func appendOffsetPattern(dst []byte, offset, n int, zero string) []byte {
	if n <= 3 {
		offset -= offset % 60
	}
	if n == 1 && offset%3600 == 0 && offset != 0 {
		sign := byte('+')
		if offset < 0 {
			sign, offset = '-', -offset
		}
		return appendPadded(append(dst, sign), offset/3600, 2)
	}
	return appendOffset(dst, offset, n == 3 || n == 5, zero)
}

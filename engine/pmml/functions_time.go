package pmml

import (
	"fmt"
	"strings"
	"time"
)

// instant gives a temporal argument as a time; a string is read as a dateTime or a date.
func instant(v value) (time.Time, error) {
	switch v.k {
	case kDate:
		return time.Unix(v.i*86400, 0).UTC(), nil
	case kDateTime:
		return time.UnixMicro(v.i).UTC(), nil
	case kTime:
		return time.Unix(v.i, 0).UTC(), nil
	case kString:
		for _, t := range []dataType{tDateTime, tDate, tTime} {
			if p, err := t.parse(v.s); err == nil {
				return instant(p)
			}
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a date or time", v.String())
}

func sinceYear(a []value, unit int64) (value, error) {
	at, err := instant(a[0])
	if err != nil {
		return value{}, err
	}
	year, err := tInteger.cast(a[1])
	if err != nil {
		return value{}, err
	}
	if year.i < 0 || year.i > 9999 {
		return value{}, fmt.Errorf("the year %d is out of range", year.i)
	}
	from := time.Date(int(year.i), 1, 1, 0, 0, 0, 0, time.UTC)
	return integer(floorDiv(at.Unix()-from.Unix(), unit)), nil
}

func daysSinceYear(_ *apply, a []value) (value, error)    { return sinceYear(a, 86400) }
func secondsSinceYear(_ *apply, a []value) (value, error) { return sinceYear(a, 1) }

func secondsSinceMidnight(_ *apply, a []value) (value, error) {
	at, err := instant(a[0])
	if err != nil {
		return value{}, err
	}
	return integer(floorMod(at.Unix(), 86400)), nil
}

// strftime maps the conversions of C's strftime to Go layouts.
var strftime = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM",
	'B': "January", 'b': "Jan", 'h': "Jan", 'A': "Monday", 'a': "Mon", 'j': "002", 'e': "_2",
	'F': "2006-01-02", 'T': "15:04:05", 'D': "01/02/06", 'R': "15:04", '%': "%",
}

func formatDatetime(_ *apply, a []value) (value, error) {
	at, err := instant(a[0])
	if err != nil {
		return value{}, err
	}
	var b strings.Builder
	format := a[1].String()
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		if i++; i == len(format) {
			return value{}, fmt.Errorf("the format %q ends in %%", format)
		}
		layout, ok := strftime[format[i]]
		if !ok {
			return value{}, fmt.Errorf("%%%c in the format %q is not supported", format[i], format)
		}
		b.WriteString(at.Format(layout))
	}
	return text(b.String()), nil
}

// formatNumber is printf with one conversion: d, f, e, g, s or x, with flags, width and precision.
func formatNumber(_ *apply, a []value) (value, error) {
	x, err := number(a[0])
	if err != nil {
		return value{}, err
	}
	format := a[1].String()
	i := strings.IndexByte(strings.ReplaceAll(format, "%%", "  "), '%')
	if i < 0 {
		return value{}, fmt.Errorf("the format %q has no conversion", format)
	}
	j := i + 1
	for j < len(format) && strings.IndexByte("-+ #0123456789.", format[j]) >= 0 {
		j++
	}
	if j == len(format) || len(format) > 64 || j-i > 8 {
		return value{}, fmt.Errorf("the format %q is not supported", format)
	}
	switch format[j] {
	case 'd', 'x', 'X', 'o':
		return text(fmt.Sprintf(format, int64(x))), nil
	case 'f', 'e', 'E', 'g', 'G':
		return text(fmt.Sprintf(format, x)), nil
	case 's':
		return text(fmt.Sprintf(format, a[0].String())), nil
	}
	return value{}, fmt.Errorf("%%%c in the format %q is not supported", format[j], format)
}

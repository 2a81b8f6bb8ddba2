package codec

import (
	"strings"
	"testing"
	"time"
)

func TestParseTimes(t *testing.T) {
	const bad = "-"
	for _, c := range []struct{ in, date, ts string }{
		{"2024-02-29", "2024-02-29", "2024-02-29 00:00:00"},
		{"2023-02-29", bad, bad},
		{"2024-02", "2024-02-01", "2024-02-01 00:00:00"},
		{"2024-02-", bad, bad},
		{"2024 x", bad, bad},
		{"2024-02-29Tx", "2024-02-29", bad},
		{"2024-2-9 1:2:3", "2024-02-09", "2024-02-09 01:02:03"},
		{"2024-02-09 01", "2024-02-09", "2024-02-09 01:00:00"},
		{"2024-02-09T01:02", "2024-02-09", "2024-02-09 01:02:00"},
		{"2024-02-09T01:02Z", "2024-02-09", bad},
		{"2024-02-09T01:02:03.", "2024-02-09", "2024-02-09 01:02:03"},
		{"2024-02-09T01:02:03.1", "2024-02-09", "2024-02-09 01:02:03.1"},
		{"2024-02-09T01:02:03.123456789-08:00", "2024-02-09", "2024-02-09 09:02:03.123456"},
		{"2024-02-09 01:02:03 UTC+1", "2024-02-09", "2024-02-09 00:02:03"},
		{"2024-02-09 01:02:03Mars", "2024-02-09", bad},
		{"2024-02-09 24:00:00", "2024-02-09", bad},
		{"12345", "+12345-01-01", "+12345-01-01 00:00:00"},
		{"123", bad, bad},
		{"-0044-03-15", "-0044-03-15", "-0044-03-15 00:00:00"},
		{"+2024-01-01", "2024-01-01", "2024-01-01 00:00:00"},
		{"1234567-01-01", "+1234567-01-01", bad},
		{"12345678-01-01", bad, bad},
		{"294247-01-10 04:00:54.775807", "+294247-01-10", "+294247-01-10 04:00:54.775807"},
		{"294247-01-10 04:00:54.775808", "+294247-01-10", bad},
		{"", bad, bad},
		{" \t", bad, bad},
		{"T10:11:12", bad, "1970-01-02 10:11:12"},
		{"10:11", bad, "1970-01-02 10:11:00"},
	} {
		date := bad
		if d, ok := ParseDate(c.in); ok {
			date = string(AppendDate(nil, d))
		}
		if date != c.date {
			t.Errorf("date %q: %s, want %s", c.in, date, c.date)
		}
		ts := bad
		if v, ok := ParseTimestamp([]byte(c.in), nil, 1); ok {
			ts = string(AppendTimestamp(nil, v, nil))
		}
		if ts != c.ts {
			t.Errorf("timestamp %q: %s, want %s", c.in, ts, c.ts)
		}
	}
}

// TestClockChanges checks the hours that a zone skips or has twice, as java.time resolves them.
func TestClockChanges(t *testing.T) {
	berlin, err := ParseZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"2024-03-31 01:59:59": "2024-03-31 00:59:59", // UTC
		"2024-03-31 02:30:00": "2024-03-31 01:30:00", // skipped: an hour later
		"2024-03-31 03:00:00": "2024-03-31 01:00:00",
		"2024-10-27 02:30:00": "2024-10-27 00:30:00", // twice: the earlier
		"2024-10-27 03:00:00": "2024-10-27 02:00:00",
		"2024-07-01 12:00:00": "2024-07-01 10:00:00",
	} {
		v, ok := ParseTimestamp(in, berlin, 0)
		if got := string(AppendTimestamp(nil, v, nil)); !ok || got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	if got := string(AppendTimestamp(nil, 0, berlin)); got != "1970-01-01 01:00:00" {
		t.Error(got)
	}
}

func TestTimePatternFormat(t *testing.T) {
	at := time.Date(2024, 2, 9, 13, 5, 7, 123456000, time.UTC).UnixMicro()
	tokyo, err := ParseZone("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	for pattern, want := range map[string]string{
		"yyyy-MM-dd'T'HH:mm:ss.SSSSSS": "2024-02-09T22:05:07.123456", "y/M/d": "2024/2/9", "yy": "24", "yyyyy": "02024", "MMM MMMM L LLL": "Feb February 2 Feb",
		"E EEEE": "Fri Friday", "D DDD": "40 040", "Q QQ QQQ QQQQ": "1 01 Q1 1st quarter", "F": "2", "G GGGG": "AD Anno Domini",
		"h hh a": "10 10 PM", "K k": "10 22", "S SS SSSSSSSSS": "1 12 123456000", "X XX XXX": "+09 +0900 +09:00", "x xx xxx": "+09 +0900 +09:00",
		"Z ZZZZ ZZZZZ": "+0900 GMT+09:00 +09:00", "O OOOO": "GMT+9 GMT+09:00", "VV": "Asia/Tokyo", "z": "JST", "'it''s' ''": "it's '", "[yyyy][ HH]": "2024 22", "dd.MM": "09.02",
	} {
		p, err := CompileTimePattern(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		if got := string(p.AppendTimestamp(nil, at, tokyo)); got != want {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
	}
	p, err := CompileTimePattern("yyyy-MM-dd HH:mm XXX x z VV")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(p.AppendTimestamp(nil, 0, nil)); got != "1970-01-01 00:00 Z +00 UTC UTC" {
		t.Error(got)
	}
	if got := string(p.AppendDate(nil, -1)); !strings.HasPrefix(got, "1969-12-31 00:00") {
		t.Error(got)
	}
}

func TestTimePatternParse(t *testing.T) {
	const bad = "-"
	for _, c := range []struct{ pattern, in, want string }{
		{"yyyy-MM-dd", "2024-02-29", "2024-02-29 00:00:00"},
		{"yyyy-MM-dd", "2024-2-29", bad},
		{"yyyy-M-d", "2024-2-9", "2024-02-09 00:00:00"},
		{"yyyy-MM-dd", "2023-02-29", bad},
		{"yyyy-MM-dd", "12024-01-01", bad},
		{"yyyy-MM-dd", "+12024-01-01", "+12024-01-01 00:00:00"},
		{"yyyy-MM-dd", "+2024-01-01", bad},
		{"yyyyMMdd", "20240229", "2024-02-29 00:00:00"},
		{"yyyyMMddHHmmssSSS", "20240229101112123", "2024-02-29 10:11:12.123"},
		{"yMMdd", "20240229", "2024-02-29 00:00:00"},
		{"yy", "24", "2024-01-01 00:00:00"},
		{"dd MMM yyyy", "29 feb 2024", "2024-02-29 00:00:00"},
		{"MMMM d, yyyy", "February 9, 2024", "2024-02-09 00:00:00"},
		{"yyyy-MM-dd hh:mm a", "2024-01-01 12:30 am", "2024-01-01 00:30:00"},
		{"yyyy-MM-dd hh:mm a", "2024-01-01 12:30 PM", "2024-01-01 12:30:00"},
		{"yyyy-MM-dd hh", "2024-01-01 13", bad},
		{"yyyy-MM-dd HH a", "2024-01-01 13 AM", bad},
		{"yyyy DDD", "2024 366", "2024-12-31 00:00:00"},
		{"yyyy DDD", "2023 366", bad},
		{"HH:mm:ss[.SSS][XXX]", "10:11:12", "1970-01-01 10:11:12"},
		{"HH:mm:ss[.SSS][XXX]", "10:11:12.5", bad},
		{"HH:mm:ss[.SSS][XXX]", "10:11:12.500+01:00", "1970-01-01 09:11:12.5"},
		{"HH:mm:ss[.SSS][XXX]", "10:11:12Z", "1970-01-01 10:11:12"},
		{"HH X", "10 +0130", "1970-01-01 08:30:00"},
		{"HH X", "10 +01:30", bad},
		{"HH VV", "10 Asia/Tokyo", "1970-01-01 01:00:00"},
		{"HH O", "10 GMT+2", "1970-01-01 08:00:00"},
		{"G yyyy", "BC 0044", "-0043-01-01 00:00:00"},
		{"HH", "24", bad},
		{"kk", "24", "1970-01-01 00:00:00"},
		{"yyyy'T'", "2024t", "2024-01-01 00:00:00"},
		{"yyyy", "2024x", bad},
		{"E yyyy", "Fri 2024", bad},
	} {
		p, err := CompileTimePattern(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		got := bad
		if v, ok := p.ParseTimestamp(c.in, nil); ok {
			got = string(AppendTimestamp(nil, v, nil))
		}
		if got != c.want {
			t.Errorf("%s of %q: %s, want %s", c.pattern, c.in, got, c.want)
		}
	}
	for _, pattern := range []string{"Y", "w", "u", "e", "b", "A", "n", "MMMMM", "EEEEE", "ddd", "V", "'x", "]", "{", "SSSSSSSSSS", "yyyyyyyyyyy", "aa", "OO", "XXXXXX"} {
		if p, err := CompileTimePattern(pattern); err == nil {
			t.Errorf("%s is accepted as %v", pattern, p)
		} else if !strings.Contains(err.Error(), pattern[:1]) {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

// FuzzTimes compares with package time, and reads back what it writes.
func FuzzTimes(f *testing.F) {
	f.Add(int64(0))
	f.Add(int64(-1))
	f.Add(int64(1709164800123456))
	f.Fuzz(func(t *testing.T, micros int64) {
		at := time.UnixMicro(micros).UTC()
		text := string(AppendTimestamp(nil, micros, nil))
		if y := at.Year(); y >= 0 && y <= 9999 {
			if want := strings.TrimSuffix(at.Format("2006-01-02 15:04:05.999999"), "."); text != want {
				t.Errorf("%d: %s, want %s", micros, text, want)
			}
			p, err := CompileTimePattern("yyyy-MM-dd HH:mm:ss.SSSSSS D E")
			if err != nil {
				t.Fatal(err)
			}
			if got, want := string(p.AppendTimestamp(nil, micros, nil)), at.Format("2006-01-02 15:04:05.000000 __2 Mon"); got != strings.ReplaceAll(strings.ReplaceAll(want, "   ", " "), "  ", " ") {
				t.Errorf("%d: %s, want %s", micros, got, want)
			}
		}
		back, ok := ParseTimestamp(text, nil, 0)
		if days := micros / microsPerDay; days > -106751991 && (!ok || back != micros) {
			t.Errorf("%d: %s is read as %d %v", micros, text, back, ok)
		}
	})
}

// FuzzParseTimes looks for texts that crash the parsers or are read as what they do not say.
func FuzzParseTimes(f *testing.F) {
	for _, s := range []string{"2024-02-29T10:11:12.5+01:00", "2024", "T1:2:3", "-0044-3-15 1", "10:11 ", "29 Feb 24 PM GMT+2"} {
		f.Add(s)
	}
	var patterns []*TimePattern
	for _, s := range []string{"yyyy-MM-dd[' 'HH:mm:ss[.SSS][XXX]]", "dd MMM yy a O", "yMMdd", "DDD G y VV"} {
		p, err := CompileTimePattern(s)
		if err != nil {
			f.Fatal(err)
		}
		patterns = append(patterns, p)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if v, ok := ParseTimestamp(text, nil, 0); ok {
			again, ok := ParseTimestamp(AppendTimestamp(nil, v, nil), nil, 0)
			if !ok || again != v {
				t.Errorf("%q is %d, written and read %d %v", text, v, again, ok)
			}
		}
		if d, ok := ParseDate(text); ok {
			if again, ok := ParseDate(AppendDate(nil, d)); !ok || again != d {
				t.Errorf("%q is day %d, written and read %d %v", text, d, again, ok)
			}
		}
		for _, p := range patterns {
			if v, ok := p.ParseTimestamp(text, nil); ok && text != "" {
				if again, ok := p.ParseTimestamp(string(p.AppendTimestamp(nil, v, nil)), nil); !ok || again/microsPerDay != v/microsPerDay {
					t.Errorf("%s of %q is %d, written %s, read %d %v", p, text, v, p.AppendTimestamp(nil, v, nil), again, ok)
				}
			}
		}
	})
}

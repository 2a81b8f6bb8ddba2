package sql

import "testing"

func TestValidTime(t *testing.T) {
	for _, c := range []struct {
		kind, text string
		want       bool
	}{
		{"DATE", "2024-02-29", true}, {"DATE", "2023-02-29", false}, {"DATE", "2024-1-5", true}, {"DATE", "2024", true}, {"DATE", "2024-13-01", false},
		{"DATE", "2024-01-00", false}, {"DATE", "24-01-01", false}, {"DATE", "+12024-01-01", true}, {"DATE", " 2024-01-01 ", true},
		{"DATE", "2024-01-01 junk", true}, {"DATE", "2024-01-01junk", false}, {"DATE", "now", true}, {"DATE", "now-ish", false}, {"DATE", "", false},
		{"TIMESTAMP", "2024-01-01", true}, {"TIMESTAMP", "2024-01-01 10:00", true}, {"TIMESTAMP", "2024-01-01T10:00:00.123456789", true},
		{"TIMESTAMP", "2024-01-01 24:00", false}, {"TIMESTAMP", "2024-01-01 10:60", false}, {"TIMESTAMP", "2024-01-01 10:00:00Z", true},
		{"TIMESTAMP", "2024-01-01 10:00:00 UTC+1", true}, {"TIMESTAMP", "2024-01-01 10:00:00+25:00", false},
		{"TIMESTAMP", "2024-01-01 10:00:00 Europe/Berlin", true}, {"TIMESTAMP", "2024-01-01 10:00:00 ???", false}, {"TIMESTAMP", "bogus", false},
		{"TIMESTAMP", "10:00", true}, {"TIMESTAMP_NTZ", "2024-01-01 10:00", true},
	} {
		if got := validTime(c.kind, c.text); got != c.want {
			t.Errorf("%s '%s': %v", c.kind, c.text, got)
		}
	}
}

func TestUnescape(t *testing.T) {
	for text, want := range map[string]string{
		`a`: "a", `a\nb`: "a\nb", `\t\r\b\0\Z`: "\t\r\b\x00\x1a", `\'\"\\`: `'"\`, `\%\_`: `\%\_`, `\q`: "q", `\u0041\U0001F600`: "A\U0001F600",
		`\u00`: "u00", `\101`: "A", `\400`: "400", `\é`: "é", `a\`: `a\`, `\UFFFFFFFF`: "UFFFFFFFF",
	} {
		if got := unescape(text); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"1": "1|", "1L": "1|L", "1y": "1|Y", "1.5": "1.5|", "1.": "1.|", ".5": ".5|", "1e3": "1e3|", "1.e+3": "1.e+3|", "1.D": "1.|D", "1.5bd": "1.5|BD",
		"1e3f": "1e3|F", "007": "007|",
	} {
		e, err := ParseExpr(text)
		n, ok := e.(*NumberLit)
		if err != nil || !ok {
			t.Errorf("%s: %T, %v", text, e, err)
		} else if got := n.Text + "|" + n.Suffix; got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"1st", "1e", "2x_y", "1Lx"} {
		if e, err := ParseExpr(text); err != nil || Text(e) != text {
			t.Errorf("%s is not a name: %v", text, err)
		}
	}
	for _, text := range []string{"1.5x", "1.5L", "1e+5x"} {
		if _, err := ParseExpr(text); err == nil {
			t.Errorf("%s parses", text)
		}
	}
}

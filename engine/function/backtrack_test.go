package function

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestBacktracker(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       string // offsets, or "nil"
	}{
		{`(a)\1`, "xaab", "[1 3 1 2]"},
		{`(\w)(\w)\2\1`, "xabba", "[1 5 1 2 2 3]"},
		{`(?<q>['"]).*?\k<q>`, `a "b" 'c'`, "[2 5 2 3]"},
		{`foo(?=bar)`, "foofoobar", "[3 6]"},
		{`foo(?!bar)`, "foobarfoo", "[6 9]"},
		{`(?<=\$)\d+`, "a1 $23", "[4 6]"},
		{`(?<!\$)\b\d+`, "$1 23", "[3 5]"},
		{`a++b`, "aaab", "[0 4]"},
		{`a++ab`, "aaab", "nil"},
		{`(?>a|ab)c`, "abc", "nil"},
		{`(?i)(Ab)\1`, "aBAB", "[0 4 0 2]"},
		{`^(?=.*\d)(?=.*[a-z]).{3,5}$`, "ab1", "[0 3]"},
		{`(\p{L})\1`, "日日", "[0 6 0 3]"},
		{`(x)?\1y`, "y", "nil"},
		{`(?:(a)|b)*\1`, "abaa", "[0 4 2 3]"},
		{`(.)\1{2}`, "aabbb", "[2 5 2 3]"},
		{`a{2}?(?=a)`, "aaaa", "[0 2]"},
	} {
		b, err := compileBacktracker(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		m, err := b.find([]byte(c.s), 0)
		got := fmt.Sprint(m)
		if m == nil {
			got = "nil"
		}
		if err != nil || got != c.want {
			t.Errorf("%s in %q: got %s, %v; want %s", c.pattern, c.s, got, err, c.want)
		}
	}
	for _, bad := range []string{`(`, `)`, `[`, `a{3,2}`, `*a`, `\k<x>`, `(?q)`, `\`, `(?<n`} {
		if _, err := compileBacktracker(bad); err == nil {
			t.Errorf("%s compiles", bad)
		}
	}
}

// TestBacktrackerGivesUp is about work that grows without end and about stacks
// as deep as the text is long.
func TestBacktrackerGivesUp(t *testing.T) {
	for _, pattern := range []string{`(a|a)*b(?=c)`, `(?:ab|a)*\b(?!x)z`} {
		b, err := compileBacktracker(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.find([]byte(strings.Repeat("a", 200_000)), 0); err == nil {
			t.Errorf("%s: no error", pattern)
		}
	}
	b, err := compileBacktracker(`.*x(?!y)`)
	if err != nil {
		t.Fatal(err)
	}
	if m, err := b.find([]byte(strings.Repeat("a", 1_000_000)+"x"), 0); err != nil || m == nil {
		t.Errorf("a loop over one character: %v, %v", m, err)
	}
}

// FuzzBacktracker compares with Go's engine on what both accept.
func FuzzBacktracker(f *testing.F) {
	for _, p := range []string{`a*b`, `(a|ab)(c|bcd)(d*)`, `[^a-c]+`, `^x?$`, `\d{2,3}\w`, `(?i)AbC`, `a*?b+?`, `(?:x|y)+z`, `\p{L}+`, `.`, `(a*)*`, `\bfoo\b`} {
		f.Add(p, "aaabcd foo12x")
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if len(pattern) > 30 || len(s) > 50 || !utf8.ValidString(pattern) || !utf8.ValidString(s) || strings.Contains(s, "\n") {
			return
		}
		if strings.ContainsAny(pattern, "Uz") || strings.Contains(pattern, "[[:") || strings.Contains(pattern, "[&&") {
			return // (?U) and classes mean something else in Go
		}
		if strings.Contains(pattern, "{0") || strings.Contains(pattern, ",0") {
			return // {02} is no repetition in Go
		}
		re, err := regexp.Compile(fromJava(pattern))
		if err != nil {
			return
		}
		b, err := compileBacktracker(pattern)
		if err != nil {
			return
		}
		m, err := b.find([]byte(s), 0)
		if err != nil {
			return
		}
		want := re.FindStringSubmatchIndex(s)
		// Where a repeated group may match nothing, engines differ in what it holds.
		if len(m) > 2 && len(want) > 2 {
			m, want = m[:2], want[:2]
		}
		if !slices.Equal(m, want) {
			t.Errorf("%q in %q: got %v, want %v", pattern, s, m, want)
		}
	})
}

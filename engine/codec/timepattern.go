package codec

import (
	"fmt"
	"strings"
)

// TimePattern is a compiled pattern of Java's DateTimeFormatter with the letters Spark allows, in English. It is
// immutable.
type TimePattern struct {
	text  string
	items []patternItem
	era   bool // G is there: y counts years of an era
	parse error
}

// patternItem is one field, literal or optional section.
type patternItem struct {
	letter   byte // 0: literal; '[': optional section
	count    int
	literal  string
	section  []patternItem
	min, max int // digits of a number; max 0: the field is text
	follow   int // digits of the fixed-width numbers right behind it
}

// allowedLetters are Spark's; those of weeks it refuses since 3.0, others it never knew.
const (
	allowedLetters = "GyMLdDQqFEaHhKkmsSVzOXxZ"
	weekLetters    = "YWwuec"
	refusedLetters = "ABnNp"
	formatOnly     = "EFqQ"
)

// CompileTimePattern reads a pattern such as "yyyy-MM-dd HH:mm:ss[.SSS]". The error names the letter and its place.
func CompileTimePattern(pattern string) (*TimePattern, error) {
	p := &TimePattern{text: pattern}
	items, rest, err := p.compile(pattern, 0)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", pattern, err)
	}
	if rest != len(pattern) {
		return nil, fmt.Errorf("pattern %q: ']' at %d closes nothing", pattern, rest)
	}
	p.items = items
	return p, nil
}

// String is the pattern's text.
func (p *TimePattern) String() string { return p.text }

// compile reads items up to the end or an unmatched ']'.
func (p *TimePattern) compile(s string, i int) (items []patternItem, end int, err error) {
	for i < len(s) {
		c := s[i]
		switch {
		case c == '[':
			sec, j, err := p.compile(s, i+1)
			if err != nil {
				return nil, 0, err
			}
			items = append(items, patternItem{letter: '[', section: sec})
			if i = j; i < len(s) {
				i++
			}
		case c == ']':
			reserveAdjacent(items)
			return items, i, nil
		case c == '\'':
			lit, j, ok := quotedLiteral(s, i)
			if !ok {
				return nil, 0, fmt.Errorf("the quote at %d does not end", i)
			}
			items, i = append(items, patternItem{literal: lit}), j
		case c == '{' || c == '}' || c == '#':
			return nil, 0, fmt.Errorf("%q at %d is reserved", c, i)
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			j := i
			for j < len(s) && s[j] == c {
				j++
			}
			it, err := p.field(c, j-i, i)
			if err != nil {
				return nil, 0, err
			}
			items, i = append(items, it), j
		default:
			items, i = append(items, patternItem{literal: s[i : i+1]}), i+1
		}
	}
	reserveAdjacent(items)
	return items, i, nil
}

// quotedLiteral reads the text in quotes at i; two quotes are one.
func quotedLiteral(s string, i int) (lit string, end int, ok bool) {
	if strings.HasPrefix(s[i:], "''") {
		return "'", i + 2, true
	}
	var b strings.Builder
	for i++; i < len(s); i++ {
		if s[i] == '\'' {
			if i+1 < len(s) && s[i+1] == '\'' {
				i++
			} else {
				return b.String(), i + 1, true
			}
		}
		b.WriteByte(s[i])
	}
	return "", 0, false
}

// field checks a letter and gives its item.
func (p *TimePattern) field(c byte, n, at int) (patternItem, error) {
	it := patternItem{letter: c, count: n}
	bad := func(why string) (patternItem, error) {
		return it, fmt.Errorf("%s at %d %s", strings.Repeat(string(c), n), at, why)
	}
	if strings.IndexByte(weekLetters, c) >= 0 {
		return bad("is a week-based field, which Spark no longer supports; use EXTRACT")
	}
	if strings.IndexByte(refusedLetters, c) >= 0 || strings.IndexByte(allowedLetters, c) < 0 {
		return bad("is no pattern letter (" + allowedLetters + ")")
	}
	most := 2
	switch c {
	case 'G':
		p.era = true
		it.max, most = 0, 4
	case 'y':
		most = 10
		switch {
		case n == 2:
			it.min, it.max = 2, 2
		default:
			it.min, it.max = n, 19
		}
	case 'M', 'L', 'Q', 'q':
		most = 4
		it.numeric(n, 2)
	case 'E':
		most = 4
	case 'd', 'H', 'h', 'K', 'k', 'm', 's':
		it.numeric(n, 2)
	case 'F', 'a':
		most = 1
		if c == 'F' {
			it.numeric(1, 1)
		}
	case 'D':
		most = 3
		it.min, it.max = n, 3
		if n == 1 {
			it.max = 19
		}
	case 'S':
		most = 9
		it.min, it.max = n, n
	case 'V':
		if n != 2 {
			return bad("must be VV")
		}
	case 'O':
		if n != 1 && n != 4 {
			return bad("must be O or OOOO")
		}
		most = 4
	case 'z':
		most = 4
	case 'X', 'x', 'Z':
		most = 5
	}
	if n > most {
		return bad("has too many letters")
	}
	if strings.IndexByte(formatOnly, c) >= 0 && p.parse == nil {
		p.parse = fmt.Errorf("pattern %q: %c can be written but not read", p.text, c)
	}
	return it, nil
}

// numeric sets the digits of a field: one letter takes as many as there are, two are fixed.
func (it *patternItem) numeric(n, fixed int) {
	switch {
	case n == 1:
		it.min, it.max = 1, 19
	case n == fixed:
		it.min, it.max = n, n
	}
}

// reserveAdjacent tells each number of open width how many digits the fixed ones right behind it need.
func reserveAdjacent(items []patternItem) {
	for i := range items {
		if items[i].max <= items[i].min {
			continue
		}
		for j := i + 1; j < len(items) && items[j].max > 0 && items[j].max == items[j].min; j++ {
			items[i].follow += items[j].min
		}
	}
}

// CanParse is nil when texts can be read with the pattern; some letters can only be written.
func (p *TimePattern) CanParse() error { return p.parse }

var (
	monthNames = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	dayNames   = []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
)

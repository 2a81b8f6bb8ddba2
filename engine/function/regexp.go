package function

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// regex is a compiled regular expression of Java's syntax: in Go's engine, whose
// time is bounded, or, where that refuses it, in the backtracker.
type regex struct {
	re   *regexp.Regexp
	back *backtracker
}

// compileRegexp compiles a pattern.
func compileRegexp(pattern string) (*regex, error) {
	re, err := regexp.Compile(fromJava(pattern))
	if err == nil {
		return &regex{re: re}, nil
	}
	back, backErr := compileBacktracker(pattern)
	if backErr != nil {
		msg := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		return nil, fmt.Errorf("the regular expression '%s' is not valid: %s", pattern, msg)
	}
	return &regex{back: back}, nil
}

func (x *regex) groups() int {
	if x.re != nil {
		return x.re.NumSubexp()
	}
	return x.back.groups
}

func (x *regex) String() string {
	if x.re != nil {
		return x.re.String()
	}
	return x.back.text
}

func (x *regex) match(s []byte) (bool, error) {
	if x.re != nil {
		return x.re.Match(s), nil
	}
	m, err := x.back.find(s, 0)
	return m != nil, err
}

// find gives the offsets of the first match and its groups, or nil.
func (x *regex) find(s []byte) ([]int, error) {
	if x.re != nil {
		return x.re.FindSubmatchIndex(s), nil
	}
	return x.back.find(s, 0)
}

// all gives the offsets of all matches.
func (x *regex) all(s []byte) ([][]int, error) {
	if x.re != nil {
		return x.re.FindAllSubmatchIndex(s, -1), nil
	}
	var out [][]int
	for at := 0; at <= len(s); {
		m, err := x.back.find(s, at)
		if err != nil || m == nil {
			return out, err
		}
		out = append(out, m)
		at = m[1]
		if m[0] == m[1] {
			_, size := utf8.DecodeRune(s[at:])
			at += max(size, 1)
		}
	}
	return out, nil
}

// javaClasses are the names of \p{...} that Go spells as POSIX classes.
var javaClasses = map[string]string{
	"Lower": "lower", "Upper": "upper", "ASCII": "ascii", "Alpha": "alpha", "Digit": "digit", "Alnum": "alnum",
	"Punct": "punct", "Graph": "graph", "Print": "print", "Blank": "blank", "Cntrl": "cntrl", "XDigit": "xdigit", "Space": "space",
}

// fromJava rewrites what Java spells differently: \uXXXX, \p{Alpha}, \p{IsL},
// \h, \Z.
func fromJava(p string) string {
	if !strings.Contains(p, `\`) {
		return p
	}
	var b strings.Builder
	inClass := 0
	for i := 0; i < len(p); i++ {
		c := p[i]
		switch {
		case c == '[':
			inClass++
		case c == ']' && inClass > 0:
			inClass--
		case c == '\\' && i+1 < len(p):
			n := javaEscape(&b, p[i:], inClass > 0)
			i += n - 1
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// javaEscape writes the escape at the start of p and gives its length.
func javaEscape(b *strings.Builder, p string, inClass bool) int {
	switch p[1] {
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if !inClass { // a group's text in Java, an octal code in Go: let Go refuse it
			b.WriteString(`(?:\1)`)
			return 2
		}
	case 'u':
		if len(p) >= 6 {
			b.WriteString(`\x{` + p[2:6] + `}`)
			return 6
		}
	case 'h':
		posix(b, inClass, "blank", false)
		return 2
	case 'Z':
		b.WriteString(`\z`)
		return 2
	case 'Q':
		if end := strings.Index(p, `\E`); end > 0 {
			b.WriteString(regexp.QuoteMeta(p[2:end]))
			return end + 2
		}
		b.WriteString(regexp.QuoteMeta(p[2:]))
		return len(p)
	case 'p', 'P':
		end := strings.IndexByte(p, '}')
		if len(p) < 4 || p[2] != '{' || end < 0 {
			break
		}
		name := p[3:end]
		if class, ok := javaClasses[name]; ok {
			posix(b, inClass, class, p[1] == 'P')
			return end + 1
		}
		name = strings.TrimPrefix(strings.TrimPrefix(name, "Is"), "In")
		if name == "Alphabetic" {
			name = "L"
		}
		b.WriteString(`\` + p[1:2] + `{` + name + `}`)
		return end + 1
	}
	_, size := utf8.DecodeRuneInString(p[1:])
	b.WriteString(p[:1+size])
	return 1 + size
}

func posix(b *strings.Builder, inClass bool, class string, not bool) {
	name := "[:" + class + ":]"
	if not {
		name = "[:^" + class + ":]"
	}
	if !inClass {
		name = "[" + name + "]"
	}
	b.WriteString(name)
}

// regex gives the compiled pattern of argument k at this row. An error is set on
// the row.
func (r *row) regex(k int) (*regex, bool) {
	text := r.str(k)
	if c, ok := r.state.(*compiled[*regex]); ok && c.text == string(text) {
		return c.p, true
	}
	re, err := compileRegexp(string(text))
	if err != nil {
		r.fail(err)
		return nil, false
	}
	r.state = &compiled[*regex]{string(text), re}
	return re, true
}

// withRegexp checks a constant pattern, argument 1, when the call is bound.
func withRegexp(b binder) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		call, err := b(name, args)
		if err != nil {
			return call, err
		}
		if c := args[1].Const; c != nil && isString(args[1].Type) && !nullAt(c, 0) {
			if _, err := compileRegexp(string(textOf(c).at(0))); err != nil {
				return call, argErr(1, "%w", err)
			}
		}
		return call, nil
	}
}

func rlike(r *row) (bool, bool) {
	re, ok := r.regex(1)
	if !ok {
		return false, false
	}
	v, err := re.match(r.str(0))
	r.err = err
	return v, err == nil
}

func groupArg(r *row, k int, re *regex) (int, bool) {
	g := 1
	if k < r.n() {
		g = int(r.int(k))
	}
	if g < 0 || g > re.groups() {
		r.fail(fmt.Errorf("the regular expression '%s' has %d groups; there is no group %d", re, re.groups(), g))
		return 0, false
	}
	return g, true
}

func regexpExtract(r *row, dst []byte) ([]byte, bool) {
	re, ok := r.regex(1)
	if !ok {
		return dst, false
	}
	g, ok := groupArg(r, 2, re)
	if !ok {
		return dst, false
	}
	s := r.str(0)
	m, err := re.find(s)
	if err != nil {
		return r.fail(err)
	}
	if m != nil && m[2*g] >= 0 {
		dst = append(dst, s[m[2*g]:m[2*g+1]]...)
	}
	return dst, true
}

func regexpSubstr(r *row, dst []byte) ([]byte, bool) {
	re, ok := r.regex(1)
	if !ok {
		return dst, false
	}
	s := r.str(0)
	m, err := re.find(s)
	if err != nil {
		return r.fail(err)
	}
	if m == nil {
		return dst, false
	}
	return append(dst, s[m[0]:m[1]]...), true
}

func regexpCount(r *row) (int32, bool) {
	re, ok := r.regex(1)
	if !ok {
		return 0, false
	}
	all, err := re.all(r.str(0))
	r.err = err
	return int32(len(all)), err == nil
}

func regexpInstr(r *row) (int32, bool) {
	re, ok := r.regex(1)
	if !ok {
		return 0, false
	}
	s := r.str(0)
	m, err := re.find(s)
	if r.err = err; m == nil {
		return 0, err == nil
	}
	return int32(utf8.RuneCount(s[:m[0]])) + 1, true
}

// regexpReplace is regexp_replace(text, pattern, replacement[, position]).
func regexpReplace(r *row, dst []byte) ([]byte, bool) {
	re, ok := r.regex(1)
	if !ok {
		return dst, false
	}
	s := r.str(0)
	at := 0
	if r.n() == 4 {
		pos := r.int(3)
		if pos < 1 {
			return r.fail(fmt.Errorf("the position of regexp_replace must be above 0, not %d", pos))
		}
		at = charOffset(s, int(pos-1))
	}
	dst = append(dst, s[:at]...)
	s = s[at:]
	all, err := re.all(s)
	if err != nil {
		return r.fail(err)
	}
	last := 0
	for _, m := range all {
		dst = append(dst, s[last:m[0]]...)
		if dst, err = appendReplacement(dst, r.str(2), s, m); err != nil {
			return r.fail(err)
		}
		last = m[1]
	}
	return append(dst, s[last:]...), true
}

// appendReplacement writes Java's replacement: $1 is a group, \ takes the
// meaning off the next character.
func appendReplacement(dst, rep, s []byte, m []int) ([]byte, error) {
	for i := 0; i < len(rep); i++ {
		c := rep[i]
		switch {
		case c == '\\' && i+1 < len(rep):
			i++
			dst = append(dst, rep[i])
		case c == '$' && i+1 < len(rep) && rep[i+1]-'0' <= 9:
			g := int(rep[i+1] - '0')
			i++
			if 2*g >= len(m) {
				return dst, fmt.Errorf("the replacement '%s' names group %d, which the regular expression does not have", rep, g)
			}
			for i+1 < len(rep) && rep[i+1]-'0' <= 9 && 2*(10*g+int(rep[i+1]-'0')) < len(m) {
				g = 10*g + int(rep[i+1]-'0')
				i++
			}
			if m[2*g] >= 0 {
				dst = append(dst, s[m[2*g]:m[2*g+1]]...)
			}
		case c == '$':
			return dst, fmt.Errorf("in the replacement '%s' a $ stands without a group's number; write \\$ for the character", rep)
		default:
			dst = append(dst, c)
		}
	}
	return dst, nil
}

// rowsTexts is a kernel that gives an array of strings for each row with no NULL
// argument; f hands its strings to put.
func rowsTexts(f func(r *row, put func(s []byte)) bool) kernel {
	dt := listType(tString)
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		out := newListColumn(t.Allocator(), n)
		var elems [][]byte
		put := func(s []byte) { elems = append(elems, s) }
		r := newRow(t, args)
		for i := range n {
			r.i = i
			if r.anyNull() || !f(r, put) {
				out.set(i)
			}
			if r.err != nil {
				out.release()
				return nil, r.err
			}
			out.add(i, len(elems))
		}
		col := newTextColumn(t.Allocator(), len(elems), 8*len(elems))
		for i, s := range elems {
			if err := col.put(i, s); err != nil {
				col.release()
				out.release()
				return nil, err
			}
		}
		return out.array(dt, col.array(tString)), nil
	}
}

func regexpExtractAll(r *row, put func(s []byte)) bool {
	re, ok := r.regex(1)
	if !ok {
		return false
	}
	g, ok := groupArg(r, 2, re)
	if !ok {
		return false
	}
	s := r.str(0)
	all, err := re.all(s)
	if r.err = err; err != nil {
		return false
	}
	for _, m := range all {
		if m[2*g] >= 0 {
			put(s[m[2*g]:m[2*g+1]])
		} else {
			put(nil)
		}
	}
	return true
}

// splitText is split(text, pattern[, limit]): at most limit parts when it is
// above 0.
func splitText(r *row, put func(s []byte)) bool {
	s := r.str(0)
	limit := int32(-1)
	if r.n() == 3 {
		limit = r.int(2)
	}
	if len(r.str(1)) == 0 && len(s) > 0 {
		return splitChars(s, limit, put)
	}
	re, ok := r.regex(1)
	if !ok {
		return false
	}
	parts, err := re.split(s, limit)
	if r.err = err; err != nil {
		return false
	}
	for _, p := range parts {
		put(p)
	}
	return true
}

// split cuts s at the matches, into at most limit parts when it is above 0, as
// Java does: an empty match at an end splits nothing off.
func (x *regex) split(s []byte, limit int32) ([][]byte, error) {
	all, err := x.all(s)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	last := 0
	for _, m := range all {
		if limit > 0 && int32(len(out)) == limit-1 {
			break
		}
		if m[1] == 0 || m[0] == m[1] && m[0] == len(s) {
			continue
		}
		out = append(out, s[last:m[0]])
		last = m[1]
	}
	return append(out, s[last:]), nil
}

func splitChars(s []byte, limit int32, put func(s []byte)) bool {
	for parts := int32(1); len(s) > 0; parts++ {
		_, size := utf8.DecodeRune(s)
		if limit > 0 && parts == limit {
			size = len(s)
		}
		put(s[:size])
		s = s[size:]
	}
	return true
}

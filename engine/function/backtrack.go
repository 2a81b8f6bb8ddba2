package function

import (
	"bytes"
	"errors"
	"fmt"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// backtracker matches the regular expressions of Java that Go's engine refuses:
// with backreferences, lookaround, atomic groups and possessive quantifiers. It
// tries alternatives in order, as Java does, and gives up after a number of
// steps.
type backtracker struct {
	text   string
	groups int
	start  btNode
}

// btNode matches at byte i of a run's text and hands the end to k; false is no
// match on this way.
type btNode func(m *btRun, i int, k func(end int) bool) bool

// btRun is one search: the text, the groups found so far, the steps left and how
// deep repetitions of groups are nested.
type btRun struct {
	s     []byte
	caps  []int
	steps int
	depth int
}

// btSteps bounds the work on one text and btDepth the stack; Java would run for
// minutes, or overflow its stack.
const (
	btSteps = 5_000_000
	btDepth = 50_000
)

// enter counts a step into a repetition; false gives the search up.
func (m *btRun) enter() bool {
	m.steps--
	if m.depth++; m.depth > btDepth {
		m.steps = 0
	}
	return m.steps > 0
}

var errTooManySteps = errors.New("it backtracks too much on this text")

// find gives the first match at or after byte from, as pairs of offsets of the
// whole and of each group, or nil.
func (b *backtracker) find(s []byte, from int) ([]int, error) {
	m := &btRun{s: s, caps: make([]int, 2*(b.groups+1)), steps: btSteps}
	for at := from; at <= len(s); {
		for i := range m.caps {
			m.caps[i] = -1
		}
		end := -1
		if b.start(m, at, func(e int) bool { end = e; return true }) {
			m.caps[0], m.caps[1] = at, end
			return m.caps, nil
		}
		if m.steps <= 0 {
			return nil, fmt.Errorf("the regular expression '%s': %w", b.text, errTooManySteps)
		}
		if at == len(s) {
			break
		}
		_, size := utf8.DecodeRune(s[at:])
		at += size
	}
	return nil, nil
}

// btParser reads a pattern in Java's syntax.
type btParser struct {
	s      string
	i      int
	groups int
	names  map[string]int
	fold   bool // (?i)
	dotAll bool // (?s)
	multi  bool // (?m)
	depth  int
	// single is what the last atom accepts when it is one character, else nil.
	single func(c rune) bool
}

func compileBacktracker(pattern string) (*backtracker, error) {
	p := &btParser{s: pattern, names: map[string]int{}}
	start, err := p.alternatives()
	if err == nil && p.i < len(p.s) {
		err = fmt.Errorf("a ) at %d closes nothing", p.i)
	}
	if err != nil {
		return nil, err
	}
	return &backtracker{text: pattern, groups: p.groups, start: start}, nil
}

func (p *btParser) more() bool             { return p.i < len(p.s) }
func (p *btParser) has(prefix string) bool { return strings.HasPrefix(p.s[p.i:], prefix) }

func (p *btParser) take(prefix string) bool {
	if p.has(prefix) {
		p.i += len(prefix)
		return true
	}
	return false
}

func (p *btParser) alternatives() (btNode, error) {
	if p.depth++; p.depth > 200 {
		return nil, errors.New("its groups nest too deeply")
	}
	defer func() { p.depth-- }()
	fold, dotAll, multi := p.fold, p.dotAll, p.multi
	defer func() { p.fold, p.dotAll, p.multi = fold, dotAll, multi }()
	var alts []btNode
	for {
		n, err := p.sequence()
		if err != nil {
			return nil, err
		}
		alts = append(alts, n)
		if !p.take("|") {
			break
		}
	}
	if len(alts) == 1 {
		return alts[0], nil
	}
	return func(m *btRun, i int, k func(int) bool) bool {
		for _, a := range alts {
			if a(m, i, k) {
				return true
			}
		}
		return false
	}, nil
}

func (p *btParser) sequence() (btNode, error) {
	var nodes []btNode
	for p.more() && !p.has("|") && !p.has(")") {
		p.single = nil
		paren := p.has("(")
		n, err := p.atom()
		if err != nil {
			return nil, err
		}
		if paren {
			p.single = nil // that of the group's last atom
		}
		if n == nil { // flags
			continue
		}
		if n, err = p.quantified(n); err != nil {
			return nil, err
		}
		nodes = append(nodes, n)
	}
	return inOrder(nodes), nil
}

func inOrder(nodes []btNode) btNode {
	switch len(nodes) {
	case 0:
		return func(_ *btRun, i int, k func(int) bool) bool { return k(i) }
	case 1:
		return nodes[0]
	}
	first, rest := nodes[0], inOrder(nodes[1:])
	return func(m *btRun, i int, k func(int) bool) bool {
		return first(m, i, func(j int) bool { return rest(m, j, k) })
	}
}

// quantified reads *, +, ?, {m,n} and the ? or + behind.
func (p *btParser) quantified(n btNode) (btNode, error) {
	for p.more() {
		least, most, ok, err := p.bounds()
		if err != nil || !ok {
			return n, err
		}
		single := p.single
		p.single = nil
		switch {
		case p.take("?"):
			n = lazy(n, least, most)
		case single != nil && p.take("+"):
			n = atomic(greedySingle(single, least, most))
		case single != nil:
			n = greedySingle(single, least, most)
		case p.take("+"):
			n = atomic(greedy(n, least, most))
		default:
			n = greedy(n, least, most)
		}
	}
	return n, nil
}

// maxRepeat bounds {m,n}, as Go's engine does.
const maxRepeat = 1000

func (p *btParser) bounds() (least, most int, ok bool, err error) {
	switch {
	case p.take("*"):
		return 0, -1, true, nil
	case p.take("+"):
		return 1, -1, true, nil
	case p.take("?"):
		return 0, 1, true, nil
	case !p.has("{"):
		return 0, 0, false, nil
	}
	end := strings.IndexByte(p.s[p.i:], '}')
	if end < 0 {
		return 0, 0, false, fmt.Errorf("the { at %d is not closed", p.i)
	}
	low, high, comma := strings.Cut(p.s[p.i+1:p.i+end], ",")
	least, err = strconv.Atoi(low)
	most = least
	if err == nil && comma {
		if most = -1; high != "" {
			most, err = strconv.Atoi(high)
		}
	}
	if err != nil || least > maxRepeat || most > maxRepeat || most >= 0 && most < least {
		return 0, 0, false, fmt.Errorf("{%s} at %d is no number of repetitions", p.s[p.i+1:p.i+end], p.i)
	}
	p.i += end + 1
	return least, most, true, nil
}

// greedy repeats n as often as it can. A repetition of nothing is the last, as in
// Java.
func greedy(n btNode, least, most int) btNode {
	var try func(m *btRun, i, done int, k func(int) bool) bool
	try = func(m *btRun, i, done int, k func(int) bool) bool {
		defer func() { m.depth-- }()
		if !m.enter() {
			return false
		}
		if most < 0 || done < most {
			if n(m, i, func(j int) bool {
				if j == i && done >= least {
					return k(j)
				}
				return try(m, j, done+1, k)
			}) {
				return true
			}
		}
		return done >= least && m.steps > 0 && k(i)
	}
	return func(m *btRun, i int, k func(int) bool) bool { return try(m, i, 0, k) }
}

// greedySingle is greedy of one character: a loop, where greedy needs a stack as
// deep as the text is long.
func greedySingle(holds func(c rune) bool, least, most int) btNode {
	return func(m *btRun, i int, k func(int) bool) bool {
		end, n := i, 0
		for end < len(m.s) && (most < 0 || n < most) {
			c, size := utf8.DecodeRune(m.s[end:])
			if m.steps--; !holds(c) {
				break
			}
			end, n = end+size, n+1
		}
		for ; n >= least && m.steps > 0; n-- {
			if m.steps--; k(end) {
				return true
			}
			_, size := utf8.DecodeLastRune(m.s[i:end])
			end -= size
		}
		return false
	}
}

func lazy(n btNode, least, most int) btNode {
	var try func(m *btRun, i, done int, k func(int) bool) bool
	try = func(m *btRun, i, done int, k func(int) bool) bool {
		defer func() { m.depth-- }()
		if !m.enter() {
			return false
		}
		if done >= least && k(i) {
			return true
		}
		return (most < 0 || done < most) && m.steps > 0 &&
			n(m, i, func(j int) bool {
				if j == i && done >= least {
					return k(j)
				}
				return try(m, j, done+1, k)
			})
	}
	return func(m *btRun, i int, k func(int) bool) bool { return try(m, i, 0, k) }
}

// atomic takes the first way through n and never another.
func atomic(n btNode) btNode {
	return func(m *btRun, i int, k func(int) bool) bool {
		end := -1
		return n(m, i, func(j int) bool { end = j; return true }) && k(end)
	}
}

// ahead is (?=n) and (?!n).
func ahead(n btNode, not bool) btNode {
	return func(m *btRun, i int, k func(int) bool) bool {
		saved := append([]int(nil), m.caps...)
		found := n(m, i, func(int) bool { return true })
		if found == not || m.steps <= 0 {
			copy(m.caps, saved)
			return false
		}
		if not {
			copy(m.caps, saved)
		}
		return k(i)
	}
}

// behind is (?<=n) and (?<!n): a match that ends here, from anywhere before.
func behind(n btNode, not bool) btNode {
	return func(m *btRun, i int, k func(int) bool) bool {
		found := false
		for at := i; at >= 0 && !found && m.steps > 0; at-- {
			if at < len(m.s) && !utf8.RuneStart(m.s[at]) {
				continue
			}
			found = n(m, at, func(j int) bool { return j == i })
		}
		return found != not && m.steps > 0 && k(i)
	}
}

func capture(n btNode, g int) btNode {
	return func(m *btRun, i int, k func(int) bool) bool {
		from, to := m.caps[2*g], m.caps[2*g+1]
		if n(m, i, func(j int) bool {
			f, t := m.caps[2*g], m.caps[2*g+1]
			m.caps[2*g], m.caps[2*g+1] = i, j
			if k(j) {
				return true
			}
			m.caps[2*g], m.caps[2*g+1] = f, t
			return false
		}) {
			return true
		}
		m.caps[2*g], m.caps[2*g+1] = from, to
		return false
	}
}

func backreference(g int, fold bool) btNode {
	return func(m *btRun, i int, k func(int) bool) bool {
		if 2*g+1 >= len(m.caps) || m.caps[2*g] < 0 {
			return false
		}
		want := m.s[m.caps[2*g]:m.caps[2*g+1]]
		if len(m.s)-i < len(want) {
			return false
		}
		have := m.s[i : i+len(want)]
		if !bytes.Equal(have, want) && !(fold && bytes.EqualFold(have, want)) {
			return false
		}
		return k(i + len(want))
	}
}

// oneOf matches one character that holds accepts.
func (p *btParser) oneOf(holds func(c rune) bool) btNode {
	p.single = holds
	return func(m *btRun, i int, k func(int) bool) bool {
		if m.steps--; i >= len(m.s) || m.steps <= 0 {
			return false
		}
		c, size := utf8.DecodeRune(m.s[i:])
		return holds(c) && k(i+size)
	}
}

// place matches nothing where holds is true.
func place(holds func(s []byte, i int) bool) btNode {
	return func(m *btRun, i int, k func(int) bool) bool { return holds(m.s, i) && k(i) }
}

// atom reads one item; nil for flags such as (?i).
func (p *btParser) atom() (btNode, error) {
	switch c := p.s[p.i]; c {
	case '(':
		return p.group()
	case '[':
		return p.class()
	case '\\':
		return p.escape()
	case '*', '+', '?', '{':
		return nil, fmt.Errorf("the %c at %d repeats nothing", c, p.i)
	case '.':
		p.i++
		all := p.dotAll
		return p.oneOf(func(c rune) bool { return all || c != '\n' }), nil
	case '^':
		p.i++
		multi := p.multi
		return place(func(s []byte, i int) bool { return i == 0 || multi && s[i-1] == '\n' }), nil
	case '$':
		p.i++
		multi := p.multi
		return place(func(s []byte, i int) bool {
			return i == len(s) || i == len(s)-1 && s[i] == '\n' || multi && s[i] == '\n'
		}), nil
	}
	c, size := utf8.DecodeRuneInString(p.s[p.i:])
	p.i += size
	return p.literal(c), nil
}

func (p *btParser) literal(c rune) btNode {
	if p.fold {
		low := unicode.ToLower(c)
		return p.oneOf(func(r rune) bool { return r == c || unicode.ToLower(r) == low })
	}
	return p.oneOf(func(r rune) bool { return r == c })
}

func (p *btParser) group() (btNode, error) {
	at := p.i
	p.i++
	wrap := func(n btNode) btNode { return n }
	switch {
	case p.take("?:"):
	case p.take("?="):
		wrap = func(n btNode) btNode { return ahead(n, false) }
	case p.take("?!"):
		wrap = func(n btNode) btNode { return ahead(n, true) }
	case p.take("?<="):
		wrap = func(n btNode) btNode { return behind(n, false) }
	case p.take("?<!"):
		wrap = func(n btNode) btNode { return behind(n, true) }
	case p.take("?>"):
		wrap = atomic
	case p.take("?<"):
		end := strings.IndexByte(p.s[p.i:], '>')
		if end <= 0 {
			return nil, fmt.Errorf("the name of the group at %d is not closed", at)
		}
		p.groups++
		p.names[p.s[p.i:p.i+end]] = p.groups
		p.i += end + 1
		g := p.groups
		wrap = func(n btNode) btNode { return capture(n, g) }
	case p.has("?"):
		return p.flags(at)
	default:
		p.groups++
		g := p.groups
		wrap = func(n btNode) btNode { return capture(n, g) }
	}
	n, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if !p.take(")") {
		return nil, fmt.Errorf("the ( at %d is not closed", at)
	}
	return wrap(n), nil
}

// flags reads (?ims-ims) and (?ims:...).
func (p *btParser) flags(at int) (btNode, error) {
	fold, dotAll, multi := p.fold, p.dotAll, p.multi
	on := true
	for p.i++; p.more(); p.i++ {
		switch p.s[p.i] {
		case 'i':
			p.fold = on
		case 's':
			p.dotAll = on
		case 'm':
			p.multi = on
		case 'u', 'U': // Unicode is always on
		case '-':
			on = false
		case ')':
			p.i++
			return nil, nil
		case ':':
			p.i++
			n, err := p.alternatives()
			p.fold, p.dotAll, p.multi = fold, dotAll, multi
			if err == nil && !p.take(")") {
				err = fmt.Errorf("the ( at %d is not closed", at)
			}
			return n, err
		default:
			return nil, fmt.Errorf("the flag %c at %d is not supported", p.s[p.i], p.i)
		}
	}
	return nil, fmt.Errorf("the ( at %d is not closed", at)
}

// class reads [...]; Go's parser knows its syntax.
func (p *btParser) class() (btNode, error) {
	at := p.i
	depth := 0
	for i := p.i; i < len(p.s); i++ {
		switch p.s[i] {
		case '\\':
			i++
		case '[':
			depth++
		case ']':
			if first := i == at+1 || i == at+2 && p.s[at+1] == '^'; first {
				continue
			}
			if depth--; depth == 0 {
				p.i = i + 1
				return p.set(p.s[at : i+1])
			}
		}
	}
	return nil, fmt.Errorf("the [ at %d is not closed", at)
}

// set makes a node of a class in Go's syntax or in Java's.
func (p *btParser) set(text string) (btNode, error) {
	flags := syntax.Perl
	if p.fold {
		flags |= syntax.FoldCase
	}
	re, err := syntax.Parse(fromJava(text), flags)
	if err != nil {
		return nil, fmt.Errorf("the class %s is not valid", text)
	}
	switch re.Op {
	case syntax.OpCharClass:
		ranges := re.Rune
		return p.oneOf(func(c rune) bool {
			for k := 0; k < len(ranges); k += 2 {
				if c >= ranges[k] && c <= ranges[k+1] {
					return true
				}
			}
			return false
		}), nil
	case syntax.OpLiteral:
		if len(re.Rune) == 1 {
			return p.literal(re.Rune[0]), nil
		}
	case syntax.OpNoMatch:
		return p.oneOf(func(rune) bool { return false }), nil
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return p.oneOf(func(rune) bool { return true }), nil
	}
	return nil, fmt.Errorf("the class %s is not supported", text)
}

func isWord(s []byte, i int) bool {
	return i >= 0 && i < len(s) && (s[i] == '_' || s[i]-'0' <= 9 || s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z')
}

func (p *btParser) escape() (btNode, error) {
	if p.i+1 >= len(p.s) {
		return nil, errors.New(`it ends with \`)
	}
	at, c := p.i, p.s[p.i+1]
	switch c {
	case 'b', 'B':
		p.i += 2
		return place(func(s []byte, i int) bool { return (isWord(s, i-1) != isWord(s, i)) == (c == 'b') }), nil
	case 'A', 'G':
		p.i += 2
		return place(func(_ []byte, i int) bool { return i == 0 }), nil
	case 'z':
		p.i += 2
		return place(func(s []byte, i int) bool { return i == len(s) }), nil
	case 'Z':
		p.i += 2
		return place(func(s []byte, i int) bool { return i == len(s) || i == len(s)-1 && s[i] == '\n' }), nil
	case 'k':
		end := strings.IndexByte(p.s[at:], '>')
		if end < 4 || p.s[at+2] != '<' {
			return nil, fmt.Errorf(`\k at %d wants a group's name in < >`, at)
		}
		g, ok := p.names[p.s[at+3:at+end]]
		if !ok {
			return nil, fmt.Errorf("there is no group %s", p.s[at+3:at+end])
		}
		p.i += end + 1
		return backreference(g, p.fold), nil
	case 'Q':
		text := p.s[at+2:]
		p.i = len(p.s)
		if end := strings.Index(text, `\E`); end >= 0 {
			text, p.i = text[:end], at+2+end+2
		}
		var nodes []btNode
		for _, r := range text {
			nodes = append(nodes, p.literal(r))
		}
		p.single = nil
		return inOrder(nodes), nil
	}
	if c >= '1' && c <= '9' {
		g := int(c - '0')
		for p.i += 2; p.more() && p.s[p.i]-'0' <= 9 && 10*g+int(p.s[p.i]-'0') <= p.groups; p.i++ {
			g = 10*g + int(p.s[p.i]-'0')
		}
		return backreference(g, p.fold), nil
	}
	size := escapeLength(p.s[at:])
	p.i += size
	return p.set(p.s[at : at+size])
}

// escapeLength is the length of an escape that means a character or a class.
func escapeLength(s string) int {
	switch s[1] {
	case 'p', 'P', 'x':
		if len(s) > 2 && s[2] == '{' {
			if end := strings.IndexByte(s, '}'); end > 0 {
				return end + 1
			}
		}
		if s[1] == 'x' {
			return min(4, len(s))
		}
		return min(3, len(s))
	case 'u':
		return min(6, len(s))
	case '0':
		n := 2
		for n < len(s) && n < 4 && s[n] >= '0' && s[n] <= '7' {
			n++
		}
		return n
	}
	_, size := utf8.DecodeRuneInString(s[1:])
	return 1 + size
}

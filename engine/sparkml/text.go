package sparkml

import (
	"fmt"
	"math/bits"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenizer is Tokenizer and RegexTokenizer: a string becomes an array of words.
type tokenizer struct {
	in, out int
	kind    string
	name    string
	lower   bool
	gaps    bool
	spaces  bool // the pattern is white space, one or many
	many    bool
	re      *regexp.Regexp
	least   int // length of a token in UTF-16 units
}

func readTokenizer(b *builder) error {
	return b.tokens(&tokenizer{lower: true, gaps: true, spaces: true})
}

func readRegexTokenizer(b *builder) error {
	s := &tokenizer{}
	var err error
	if s.lower, err = b.md.flag("toLowercase", true); err != nil {
		return err
	}
	if s.gaps, err = b.md.flag("gaps", true); err != nil {
		return err
	}
	least, err := b.md.number("minTokenLength", 1)
	if err != nil {
		return err
	}
	s.least = int(least)
	pattern, err := b.md.text("pattern", `\s+`)
	if err != nil {
		return err
	}
	s.spaces, s.many = s.gaps && (pattern == `\s+` || pattern == `\s`), pattern == `\s+`
	if s.re, err = regexp.Compile(javaSpaces(pattern)); err != nil {
		return fmt.Errorf("the pattern %q is not supported: it must be one that Go's regexp package (RE2) takes too: %w", pattern, err)
	}
	return b.tokens(s)
}

// javaSpaces gives \s its meaning in Java, which has a vertical tab more than Go's.
func javaSpaces(p string) string {
	var out strings.Builder
	class := false
	for i := 0; i < len(p); i++ {
		switch {
		case p[i] == '\\' && i+1 < len(p):
			i++
			switch {
			case p[i] == 's' && class:
				out.WriteString(`\s\x0b`)
			case p[i] == 's':
				out.WriteString(`[\s\x0b]`)
			case p[i] == 'S' && !class:
				out.WriteString(`[^\s\x0b]`)
			default:
				out.WriteString(p[i-1 : i+1])
			}
			continue
		case p[i] == '[':
			class = true
		case p[i] == ']':
			class = false
		}
		out.WriteByte(p[i])
	}
	return out.String()
}

func (b *builder) tokens(s *tokenizer) error {
	in, out, err := b.inputOutput()
	if err != nil {
		return err
	}
	s.kind, s.name = b.md.kind(), in
	if s.in, s.out, err = b.useCreate(in, text, slot{name: out, kind: words}); err != nil {
		return err
	}
	b.add(s)
	return nil
}

// appendLower appends a text in lower case, as Java's toLowerCase does it but for the final sigma.
func appendLower(b []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			b = append(b, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		if r == 'İ' {
			b = append(b, "i̇"...)
			continue
		}
		b = utf8.AppendRune(b, unicode.ToLower(r))
	}
	return b
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func (s *tokenizer) run(t *tile) error {
	in, out := &t.cols[s.in], &t.cols[s.out]
	out.valid, out.bytes, out.ends, out.ptr = nil, out.bytes[:0], out.ends[:0], append(out.ptr[:0], 0)
	for i := range t.n {
		if in.ok(i) {
			start := len(out.bytes)
			if s.lower {
				out.bytes = appendLower(out.bytes, in.str(i))
			} else {
				out.bytes = append(out.bytes, in.str(i)...)
			}
			s.split(out, start)
		} else if t.alive(i) {
			t.drop(i, missing(fmt.Errorf("%s(%s): the text is NULL", s.kind, s.name)))
		}
		out.ptr = append(out.ptr, int32(len(out.ends)/2))
	}
	return nil
}

// split finds the tokens of the text at out.bytes[start:].
func (s *tokenizer) split(out *column, start int) {
	first := len(out.ends)
	b := out.bytes
	put := func(from, to int) {
		if s.least == 0 || utf16Len(b[from:to]) >= s.least {
			out.ends = append(out.ends, int32(from), int32(to))
		}
	}
	if !s.gaps {
		for at := start; at <= len(b); {
			m := s.re.FindIndex(b[at:])
			if m == nil {
				return
			}
			put(at+m[0], at+m[1])
			if at += m[1]; m[0] == m[1] {
				at++
			}
		}
		return
	}
	from, found := start, false
	for at := start; at < len(b); {
		lo, hi := s.gap(b, at)
		if lo < 0 {
			break
		}
		if lo == hi { // an empty match cuts between two characters
			if lo == from {
				_, n := utf8.DecodeRune(b[at:])
				at += n
				continue
			}
		}
		found = true
		put(from, lo)
		from = hi
		at = max(hi, at+1)
	}
	put(from, len(b))
	if s.least > 0 || !found {
		return
	}
	// Java's split drops empty texts at the end.
	for n := len(out.ends); n > first && out.ends[n-1] == out.ends[n-2]; n = len(out.ends) {
		out.ends = out.ends[:n-2]
	}
}

// gap finds the next match of the pattern from at on; -1 if there is none.
func (s *tokenizer) gap(b []byte, at int) (int, int) {
	if !s.spaces {
		m := s.re.FindIndex(b[at:])
		if m == nil {
			return -1, -1
		}
		return at + m[0], at + m[1]
	}
	for ; at < len(b); at++ {
		if isSpace(b[at]) {
			to := at + 1
			for s.many && to < len(b) && isSpace(b[to]) {
				to++
			}
			return at, to
		}
	}
	return -1, -1
}

// utf16Len is the length of a text in Java's characters.
func utf16Len(b []byte) int {
	n := 0
	for _, r := range string(b) {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}

// hashingTF is HashingTF: how often each word's hash occurs.
type hashingTF struct {
	in, out int
	name    string
	size    int
	binary  bool
}

func readHashingTF(b *builder) error {
	in, out, err := b.inputOutput()
	if err != nil {
		return err
	}
	n, err := b.md.number("numFeatures", 1<<18)
	if err != nil {
		return err
	}
	s := &hashingTF{name: in, size: int(n)}
	if s.size < 1 || s.size > maxDim {
		return fmt.Errorf("numFeatures is %v, expected 1 to %d", n, maxDim)
	}
	if s.binary, err = b.md.flag("binary", false); err != nil {
		return err
	}
	if major, _, _ := strings.Cut(b.md.Version, "."); major == "1" || major == "2" {
		return fmt.Errorf("it was saved by Spark %s, whose hash differs; save it again with Spark 3", b.md.Version)
	}
	if s.in, s.out, err = b.useCreate(in, words, slot{name: out, kind: vector, dim: s.size}); err != nil {
		return err
	}
	b.add(s)
	return nil
}

func (s *hashingTF) run(t *tile) error {
	in := &t.cols[s.in]
	t.dropNulls(in, "HashingTF", s.name, "the words are NULL")
	out := t.sparse(s.out, s.size)
	if len(t.tally) < s.size {
		t.tally = make([]float64, s.size)
	}
	tally := t.tally // all 0 between rows
	for i := range t.n {
		touched := t.touched[:0]
		for k := in.ptr[i]; k < in.ptr[i+1]; k++ {
			h := int32(murmur3(in.bytes[in.ends[2*k]:in.ends[2*k+1]], 42)) % int32(s.size)
			if h < 0 {
				h += int32(s.size)
			}
			if tally[h] == 0 {
				touched = append(touched, h)
			}
			tally[h]++
		}
		slices.Sort(touched)
		for _, h := range touched {
			n := tally[h]
			if s.binary {
				n = 1
			}
			out.idx, out.val = append(out.idx, h), append(out.val, n)
			tally[h] = 0
		}
		out.close()
		t.touched = touched
	}
	return nil
}

// murmur3 is the 32-bit MurmurHash3, as Spark 3 hashes words.
func murmur3(b []byte, seed uint32) uint32 {
	const c1, c2 = 0xcc9e2d51, 0x1b873593
	h, n := seed, uint32(len(b))
	for ; len(b) >= 4; b = b[4:] {
		k := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
		h ^= bits.RotateLeft32(k*c1, 15) * c2
		h = bits.RotateLeft32(h, 13)*5 + 0xe6546b64
	}
	var k uint32
	for i := len(b) - 1; i >= 0; i-- {
		k = k<<8 | uint32(b[i])
	}
	h ^= bits.RotateLeft32(k*c1, 15) * c2
	h ^= n
	h ^= h >> 16
	h *= 0x85ebca6b
	h ^= h >> 13
	h *= 0xc2b2ae35
	return h ^ h>>16
}

// idf is IDF: each feature times its weight.
type idf struct {
	in, out int
	name    string
	w       []float64
}

func readIDF(b *builder) error {
	in, out, err := b.inputOutput()
	if err != nil {
		return err
	}
	t, err := b.data()
	if err != nil {
		return err
	}
	s := &idf{name: in}
	if s.w, err = t.vector("idf"); err != nil {
		return err
	}
	if s.in, err = b.vector(in, len(s.w)); err != nil {
		return err
	}
	if s.out, err = b.create(slot{name: out, kind: vector, dim: len(s.w)}); err != nil {
		return err
	}
	b.add(s)
	return nil
}

func (s *idf) run(t *tile) error {
	in := &t.cols[s.in]
	if in.dim != len(s.w) {
		return fmt.Errorf("IDF(%s): the vectors have %d features, expected %d", s.name, in.dim, len(s.w))
	}
	t.dropNulls(in, "IDF", s.name, "the vector is NULL")
	if !in.sparse {
		out := t.vectors(s.out, in.dim)
		t.cols[s.out].valid = in.valid
		features(func(j int, in, out []float64) {
			for i, v := range in {
				out[i] = v * s.w[j]
			}
		})(t, in.x, out, in.dim)
		return nil
	}
	out := t.sparse(s.out, in.dim)
	out.valid = in.valid
	out.ptr = append(out.ptr[:0], in.ptr...)
	out.idx = append(out.idx, in.idx...)
	for k, v := range in.val {
		out.val = append(out.val, v*s.w[in.idx[k]])
	}
	return nil
}

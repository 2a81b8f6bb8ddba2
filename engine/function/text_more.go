package function

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// pad is lpad and rpad of a text; without a pad it is spaces.
func pad(left bool) func(r *row, dst []byte) ([]byte, bool) {
	return func(r *row, dst []byte) ([]byte, bool) {
		s, n := r.str(0), int(r.int(1))
		fill := []byte(" ")
		if r.n() == 3 {
			fill = r.str(2)
		}
		have := utf8.RuneCount(s)
		if n <= 0 {
			return dst, true
		}
		if have >= n || len(fill) == 0 {
			return append(dst, s[:charOffset(s, n)]...), true
		}
		if !left {
			dst = append(dst, s...)
		}
		fillLen := utf8.RuneCount(fill)
		for missing := n - have; missing > 0; missing -= fillLen {
			dst = append(dst, fill[:charOffset(fill, missing)]...)
			if len(dst) > math.MaxInt32 {
				return r.fail(errTooLong)
			}
		}
		if left {
			dst = append(dst, s...)
		}
		return dst, true
	}
}

// padBytes is lpad and rpad of a binary; without a pad it is zeros.
func padBytes(left bool) func(r *row, dst []byte) ([]byte, bool) {
	return func(r *row, dst []byte) ([]byte, bool) {
		s, n := r.str(0), int(r.int(1))
		fill := []byte{0}
		if r.n() == 3 {
			fill = r.str(2)
		}
		if n <= 0 || len(s) >= n || len(fill) == 0 {
			return append(dst, s[:min(len(s), max(n, 0))]...), true
		}
		if !left {
			dst = append(dst, s...)
		}
		for missing := n - len(s); missing > 0; missing -= len(fill) {
			dst = append(dst, fill[:min(missing, len(fill))]...)
		}
		if left {
			dst = append(dst, s...)
		}
		return dst, true
	}
}

func repeatText(r *row, dst []byte) ([]byte, bool) {
	s, n := r.str(0), int(r.int(1))
	if n > 0 && len(s)*n > math.MaxInt32 {
		return r.fail(errTooLong)
	}
	for range n {
		dst = append(dst, s...)
	}
	return dst, true
}

func spaceText(r *row, dst []byte) ([]byte, bool) {
	for range r.int(0) {
		dst = append(dst, ' ')
	}
	return dst, true
}

func reverseText(r *row, dst []byte) ([]byte, bool) {
	for s := r.str(0); len(s) > 0; {
		_, size := utf8.DecodeLastRune(s)
		dst = append(dst, s[len(s)-size:]...)
		s = s[:len(s)-size]
	}
	return dst, true
}

func replaceText(r *row, dst []byte) ([]byte, bool) {
	s, old := r.str(0), r.str(1)
	var to []byte
	if r.n() == 3 {
		to = r.str(2)
	}
	if len(old) == 0 {
		return append(dst, s...), true
	}
	for {
		i := bytes.Index(s, old)
		if i < 0 {
			return append(dst, s...), true
		}
		dst = append(append(dst, s[:i]...), to...)
		s = s[i+len(old):]
	}
}

// translate replaces characters one for one; what has no partner goes.
func translate(r *row, dst []byte) ([]byte, bool) {
	key := string(r.str(1)) + "\x00\x00" + string(r.str(2))
	c, ok := r.state.(*compiled[map[rune]rune])
	if !ok || c.text != key {
		c = &compiled[map[rune]rune]{text: key, p: map[rune]rune{}}
		to := []rune(string(r.str(2)))
		for i, from := range []rune(string(r.str(1))) {
			if _, dup := c.p[from]; dup {
				continue
			}
			c.p[from] = -1
			if i < len(to) {
				c.p[from] = to[i]
			}
		}
		r.state = c
	}
	for s := r.str(0); len(s) > 0; {
		ch, size := utf8.DecodeRune(s)
		switch to, ok := c.p[ch]; {
		case !ok:
			dst = append(dst, s[:size]...)
		case to >= 0:
			dst = utf8.AppendRune(dst, to)
		}
		s = s[size:]
	}
	return dst, true
}

// find is the position (from 1) of sub in s at or after character from (from 1),
// or 0.
func find(s, sub []byte, from int32) int32 {
	if from < 1 {
		return 0
	}
	at := charOffset(s, int(from-1))
	if len(sub) == 0 {
		return 1
	}
	i := bytes.Index(s[at:], sub)
	if i < 0 {
		return 0
	}
	return int32(utf8.RuneCount(s[:at+i])) + 1
}

func instr(r *row) (int32, bool) { return find(r.str(0), r.str(1), 1), true }

// locate is locate(sub, text[, from]).
func locate(r *row) (int32, bool) {
	from := int32(1)
	if r.n() == 3 {
		from = r.int(2)
	}
	return find(r.str(1), r.str(0), from), true
}

func initcap(r *row, dst []byte) ([]byte, bool) {
	start := true
	for s := r.str(0); len(s) > 0; {
		c, size := utf8.DecodeRune(s)
		switch {
		case c == utf8.RuneError:
			dst = append(dst, s[:size]...)
		case start:
			dst = utf8.AppendRune(dst, unicode.ToTitle(c))
		default:
			dst = utf8.AppendRune(dst, unicode.ToLower(c))
		}
		start = c == ' '
		s = s[size:]
	}
	return dst, true
}

func ascii(r *row) (int32, bool) {
	s := r.str(0)
	if len(s) == 0 {
		return 0, true
	}
	c, _ := utf8.DecodeRune(s)
	return c, true
}

func chr(r *row, dst []byte) ([]byte, bool) {
	n := r.long(0)
	if n < 0 {
		return dst, true
	}
	return utf8.AppendRune(dst, rune(n&0xff)), true
}

const soundexCodes = "01230120022455012623010202" // A to Z; vowels and y 0, h and w are skipped

func soundex(r *row, dst []byte) ([]byte, bool) {
	s := r.str(0)
	if len(s) == 0 {
		return dst, true
	}
	first := s[0] &^ 0x20
	if first < 'A' || first > 'Z' {
		return append(dst, s...), true
	}
	dst = append(dst, first)
	last := soundexCodes[first-'A']
	n := 1
	for _, c := range s[1:] {
		if n == 4 {
			break
		}
		c &^= 0x20
		if c < 'A' || c > 'Z' {
			last = '0'
			continue
		}
		if c == 'H' || c == 'W' {
			continue
		}
		code := soundexCodes[c-'A']
		if code != '0' && code != last {
			dst = append(dst, code)
			n++
		}
		last = code
	}
	for ; n < 4; n++ {
		dst = append(dst, '0')
	}
	return dst, true
}

// levenshtein is the edit distance in characters; -1 when beyond the threshold
// given.
func levenshtein(r *row) (int32, bool) {
	a, b := []rune(string(r.str(0))), []rune(string(r.str(1)))
	prev := make([]int32, len(b)+1)
	for j := range prev {
		prev[j] = int32(j)
	}
	cur := make([]int32, len(b)+1)
	for i := 1; i <= len(a); i++ {
		cur[0] = int32(i)
		for j := 1; j <= len(b); j++ {
			cost := int32(1)
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
		}
		prev, cur = cur, prev
	}
	d := prev[len(b)]
	if r.n() == 3 && d > r.int(2) {
		d = -1
	}
	return d, true
}

// overlay is overlay(text, replacement, position[, length]).
func overlay(r *row, dst []byte) ([]byte, bool) {
	s, rep, pos := r.str(0), r.str(1), r.int(2)
	length := int32(-1)
	if r.n() == 4 {
		length = r.int(3)
	}
	if length < 0 {
		length = int32(utf8.RuneCount(rep))
	}
	dst = appendChars(dst, s, 1, pos-1)
	dst = append(dst, rep...)
	return appendChars(dst, s, pos+length, math.MaxInt32), true
}

func overlayBytes(r *row, dst []byte) ([]byte, bool) {
	s, rep, pos := r.str(0), r.str(1), r.int(2)
	length := int32(len(rep))
	if r.n() == 4 && r.int(3) >= 0 {
		length = r.int(3)
	}
	from, to := window(1, pos-1, len(s))
	dst = append(append(dst, s[from:to]...), rep...)
	from, to = window(pos+length, math.MaxInt32, len(s))
	return append(dst, s[from:to]...), true
}

// substringIndex is what stands before the n-th delimiter, from the end when n is
// negative.
func substringIndex(r *row, dst []byte) ([]byte, bool) {
	s, delim, n := r.str(0), r.str(1), int(r.int(2))
	if len(delim) == 0 || n == 0 {
		return dst, true
	}
	at := 0
	if n > 0 {
		for ; n > 0; n-- {
			i := bytes.Index(s[at:], delim)
			if i < 0 {
				return append(dst, s...), true
			}
			at += i + len(delim)
		}
		return append(dst, s[:at-len(delim)]...), true
	}
	end := len(s)
	for ; n < 0; n++ {
		i := bytes.LastIndex(s[:end], delim)
		if i < 0 {
			return append(dst, s...), true
		}
		end = i
	}
	return append(dst, s[end+len(delim):]...), true
}

var errPartZero = errors.New("the part 0 of split_part is invalid: parts count from 1, or from -1 at the end")

func splitPart(r *row, dst []byte) ([]byte, bool) {
	s, delim, n := r.str(0), r.str(1), int(r.int(2))
	if n == 0 {
		return r.fail(errPartZero)
	}
	parts := [][]byte{s}
	if len(delim) > 0 {
		parts = bytes.Split(s, delim)
	}
	if n < 0 {
		n = len(parts) + n + 1
	}
	if n >= 1 && n <= len(parts) {
		dst = append(dst, parts[n-1]...)
	}
	return dst, true
}

func findInSet(r *row) (int32, bool) {
	s, set := r.str(0), r.str(1)
	if bytes.IndexByte(s, ',') >= 0 {
		return 0, true
	}
	for k, part := range bytes.Split(set, []byte{','}) {
		if bytes.Equal(part, s) {
			return int32(k + 1), true
		}
	}
	return 0, true
}

// textTest is a test of two texts or two binaries (contains, startswith).
func textTest(f func(s, part []byte) bool) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		dt := arrow.DataType(tString)
		if len(args) == 2 && args[0].Type != nil && args[0].Type.ID() == arrow.BINARY {
			dt = tBinary
		}
		return strict(takes(dt, dt), tBool, rowsBool(func(r *row) (bool, bool) { return f(r.str(0), r.str(1)), true }))(name, args)
	}
}

// bindElt is elt(n, a, b, ...): the n-th of the rest, NULL outside.
func bindElt(name string, args []catalog.Arg) (catalog.Call, error) {
	return lenient(takes(tInt, tString).repeat(), tString, rowsTextNull(tString, func(r *row, dst []byte) ([]byte, bool) {
		if r.null(0) {
			return dst, false
		}
		n := int(r.int(0))
		if n < 1 || n >= r.n() || r.null(n) {
			return dst, false
		}
		return append(dst, r.str(n)...), true
	}))(name, args)
}

// mask replaces letters and digits: mask(text[, upper[, lower[, digit[,
// other]]]]); a NULL keeps the character.
func mask(r *row, dst []byte) ([]byte, bool) {
	if r.null(0) {
		return dst, false
	}
	with := [4][]byte{[]byte("X"), []byte("x"), []byte("n"), nil}
	for k := range with {
		if k+1 < r.n() {
			with[k] = nil
			if !r.null(k + 1) {
				with[k] = r.str(k + 1)
			}
		}
	}
	for s := r.str(0); len(s) > 0; {
		c, size := utf8.DecodeRune(s)
		k := 3
		switch {
		case unicode.IsUpper(c):
			k = 0
		case unicode.IsLower(c):
			k = 1
		case unicode.IsDigit(c):
			k = 2
		}
		if with[k] != nil {
			dst = append(dst, with[k]...)
		} else {
			dst = append(dst, s[:size]...)
		}
		s = s[size:]
	}
	return dst, true
}

func luhn(r *row) (bool, bool) {
	s := r.str(0)
	sum := 0
	for i := range s {
		d := int(s[len(s)-1-i]) - '0'
		if d < 0 || d > 9 {
			return false, true
		}
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return len(s) > 0 && sum%10 == 0, true
}

func urlEncode(r *row, dst []byte) ([]byte, bool) {
	return append(dst, strings.ReplaceAll(url.QueryEscape(string(r.str(0))), "%2A", "*")...), true
}

func urlDecode(r *row, dst []byte) ([]byte, bool) {
	s, err := url.QueryUnescape(string(r.str(0)))
	if err != nil {
		return r.fail(fmt.Errorf("url_decode of '%s': %w", r.str(0), err))
	}
	return append(dst, s...), true
}

// parseURL is parse_url(url, part[, key]).
func parseURL(r *row, dst []byte) ([]byte, bool) {
	u, err := url.Parse(string(r.str(0)))
	if err != nil || strings.ContainsRune(string(r.str(0)), ' ') {
		return dst, false
	}
	part := ""
	switch string(r.str(1)) {
	case "HOST":
		part = u.Hostname()
	case "PATH":
		return append(dst, u.EscapedPath()...), u.Host != "" || u.Path != ""
	case "QUERY":
		part = u.RawQuery
		if r.n() == 3 {
			return queryKey(dst, u.RawQuery, string(r.str(2)))
		}
	case "REF":
		part = u.EscapedFragment()
	case "PROTOCOL":
		part = u.Scheme
	case "FILE":
		part = u.RequestURI()
	case "AUTHORITY":
		part = u.Host
		if u.User != nil {
			part = u.User.String() + "@" + part
		}
	case "USERINFO":
		if u.User != nil {
			part = u.User.String()
		}
	}
	return append(dst, part...), part != ""
}

func queryKey(dst []byte, query, key string) ([]byte, bool) {
	for _, pair := range strings.Split(query, "&") {
		if k, v, ok := strings.Cut(pair, "="); ok && k == key {
			return append(dst, v...), true
		}
	}
	return dst, false
}

// decodeText is decode(binary, charset).
func decodeText(r *row, dst []byte) ([]byte, bool) {
	s := r.str(0)
	switch charset := strings.ToUpper(string(r.str(1))); charset {
	case "UTF-8", "UTF8":
		return append(dst, bytes.ToValidUTF8(s, []byte("\uFFFD"))...), true
	case "US-ASCII", "ASCII", "ISO-8859-1":
		for _, c := range s {
			if c >= utf8.RuneSelf && charset != "ISO-8859-1" {
				dst = utf8.AppendRune(dst, utf8.RuneError)
				continue
			}
			dst = utf8.AppendRune(dst, rune(c))
		}
		return dst, true
	}
	return r.fail(fmt.Errorf("the charset '%s' is not supported; UTF-8, US-ASCII and ISO-8859-1 are", r.str(1)))
}

// encodeText is encode(text, charset).
func encodeText(r *row, dst []byte) ([]byte, bool) {
	s := r.str(0)
	limit := rune(0x80)
	switch charset := strings.ToUpper(string(r.str(1))); charset {
	case "UTF-8", "UTF8":
		return append(dst, s...), true
	case "ISO-8859-1":
		limit = 0x100
	case "US-ASCII", "ASCII":
	default:
		return r.fail(fmt.Errorf("the charset '%s' is not supported; UTF-8, US-ASCII and ISO-8859-1 are", r.str(1)))
	}
	for _, c := range string(s) {
		if c < limit {
			dst = append(dst, byte(c))
		} else {
			dst = append(dst, '?')
		}
	}
	return dst, true
}

// bindReverse is reverse of a text or an array.
func bindReverse(name string, args []catalog.Arg) (catalog.Call, error) {
	if len(args) == 1 && args[0].Type != nil && args[0].Type.ID() == arrow.LIST {
		return rearrange(name, args, func(_ *row, _ arrow.Array, idx []int32) []int32 {
			for i, j := 0, len(idx)-1; i < j; i, j = i+1, j-1 {
				idx[i], idx[j] = idx[j], idx[i]
			}
			return idx
		})
	}
	return strict(takes(tString), tString, rowsText(tString, reverseText))(name, args)
}

// bindDecode is decode(binary, charset), or decode(x, search, result, ...[,
// default]) with more arguments, where NULL finds NULL.
func bindDecode(name string, args []catalog.Arg) (catalog.Call, error) {
	if len(args) <= 2 {
		return strict(takes(tBinary, tString), tString, rowsText(tString, decodeText))(name, args)
	}
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	keys, results := []arrow.DataType{args[0].Type}, []arrow.DataType{}
	for k := 1; k < len(args); k++ {
		if k%2 == 1 && k+1 < len(args) {
			keys = append(keys, args[k].Type)
		} else {
			results = append(results, args[k].Type)
		}
	}
	kt, _, ok1 := commonOf(keys, common)
	rt, _, ok2 := commonOf(results, common)
	if !ok1 || !ok2 {
		return catalog.Call{}, fmt.Errorf("%s wants values of one type to compare with and results of one type", name)
	}
	types := make([]arrow.DataType, len(args))
	for k := range args {
		types[k] = rt
		if k == 0 || k%2 == 1 && k+1 < len(args) {
			types[k] = kt
		}
	}
	return catalog.Call{Type: rt, ArgTypes: types, Deterministic: true, Eval: decodeKernel(rt)}, nil
}

func decodeKernel(rt arrow.DataType) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		var results []arrow.Array
		var same []comparer
		for k := 1; k+1 < len(args); k += 2 {
			same = append(same, comparerOf(args[0], args[k]))
			results = append(results, args[k+1])
		}
		if len(args)%2 == 0 {
			results = append(results, args[len(args)-1])
		} else {
			none := nullArray(t.Allocator(), rt, 1)
			defer none.Release()
			results = append(results, none)
		}
		all, err := interleave(t.Allocator(), n, results)
		if err != nil {
			return nil, err
		}
		defer all.Release()
		idx := make([]int32, n)
		for i := range n {
			k := 0
			for k < len(same) && same[k](i*step(args[0]), i*step(args[1+2*k])) != 0 {
				k++
			}
			idx[i] = int32(i*len(results) + k)
		}
		return gather(t.Allocator(), all, idx)
	}
}

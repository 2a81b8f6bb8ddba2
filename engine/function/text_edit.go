package function

import (
	"bytes"
	"math"
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

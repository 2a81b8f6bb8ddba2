package function

import (
	"bytes"
	"math"
	"unicode"
	"unicode/utf8"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

func isASCII(s []byte) bool {
	for _, c := range s {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// textOrBinary binds a function that takes a string (or what casts to one) or a
// binary as its first argument and gives the same.
func textOrBinary(s sig, onText, onBinary func(r *row, dst []byte) ([]byte, bool)) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		types, err := s.resolve(name, args)
		if err != nil {
			return catalog.Call{}, err
		}
		f, dt := onText, arrow.DataType(tString)
		if args[0].Type.ID() == arrow.BINARY {
			types[0], f, dt = tBinary, onBinary, tBinary
		}
		return catalog.Call{Type: dt, ArgTypes: types, Deterministic: true, Strict: true, Eval: rowsText(dt, f)}, nil
	}
}

// bindConcat is concat and ||: strings, binaries when all are, or arrays.
func bindConcat(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	binaries, lists := len(args) > 0, false
	for _, a := range args {
		binaries = binaries && a.Type.ID() == arrow.BINARY
		_, isList := listElem(a.Type)
		lists = lists || isList
	}
	if lists {
		return bindConcatArrays(name, args)
	}
	dt := arrow.DataType(tString)
	if binaries {
		dt = tBinary
	}
	for k, a := range args {
		if !implicit(a.Type, dt) {
			return catalog.Call{}, wantType(name, k, "a STRING, a BINARY or an ARRAY", a.Type)
		}
	}
	return catalog.Call{
		Type: dt, ArgTypes: repeatType(dt, len(args)), Deterministic: true, Strict: true,
		Eval: rowsText(dt, func(r *row, dst []byte) ([]byte, bool) {
			for k := range r.args {
				dst = append(dst, r.str(k)...)
			}
			return dst, true
		}),
	}, nil
}

// bindConcatWS is concat_ws(sep, strings and arrays of strings...): NULLs are
// left out.
func bindConcatWS(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity(name, args, 1, -1); err != nil {
		return catalog.Call{}, err
	}
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	types := make([]arrow.DataType, len(args))
	for k, a := range args {
		types[k] = tString
		if _, ok := listElem(a.Type); ok && k > 0 {
			types[k] = listType(tString)
		}
		if !implicit(a.Type, types[k]) {
			return catalog.Call{}, wantType(name, k, "a STRING or an ARRAY of STRING", a.Type)
		}
	}
	return catalog.Call{
		Type: tString, ArgTypes: types, Deterministic: true,
		Eval: rowsTextNull(tString, concatWS),
	}, nil
}

func concatWS(r *row, dst []byte) ([]byte, bool) {
	if r.null(0) {
		return dst, false
	}
	sep, first := r.str(0), true
	put := func(s []byte) {
		if !first {
			dst = append(dst, sep...)
		}
		first = false
		dst = append(dst, s...)
	}
	for k := 1; k < r.n(); k++ {
		switch {
		case r.null(k):
		case r.args[k].list.elem == nil:
			put(r.str(k))
		default:
			from, to := r.span(k)
			elems := r.elems(k)
			t := textOf(elems)
			t.step = 1
			for i := from; i < to; i++ {
				if !elems.IsNull(i) {
					put(t.at(i))
				}
			}
		}
	}
	return dst, true
}

// bindLength is length(string or binary): code points or bytes.
func bindLength(name string, args []catalog.Arg) (catalog.Call, error) {
	if len(args) == 1 && args[0].Type != nil && args[0].Type.ID() == arrow.BINARY {
		return strict(takes(tBinary), tInt, rowsFixed(tInt, byteLength(1)))(name, args)
	}
	return strict(takes(tString), tInt, rowsFixed(tInt, func(r *row) (int32, bool) {
		return int32(utf8.RuneCount(r.str(0))), true
	}))(name, args)
}

func byteLength(unit int32) func(r *row) (int32, bool) {
	return func(r *row) (int32, bool) { return int32(len(r.str(0))) * unit, true }
}

// bindBytes is a function of the bytes of a string or binary (octet_length).
func bindBytes(unit int32) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		dt := arrow.DataType(tString)
		if len(args) == 1 && args[0].Type != nil && args[0].Type.ID() == arrow.BINARY {
			dt = tBinary
		}
		return strict(takes(dt), tInt, rowsFixed(tInt, byteLength(unit)))(name, args)
	}
}

func upper(r *row, dst []byte) ([]byte, bool) {
	s := r.str(0)
	if isASCII(s) {
		for _, c := range s {
			if 'a' <= c && c <= 'z' {
				c -= 'a' - 'A'
			}
			dst = append(dst, c)
		}
		return dst, true
	}
	for len(s) > 0 {
		c, size := utf8.DecodeRune(s)
		if full, ok := upperSpecial[c]; ok {
			dst = append(dst, full...)
		} else if c == utf8.RuneError {
			dst = append(dst, s[:size]...)
		} else {
			dst = utf8.AppendRune(dst, unicode.ToUpper(c))
		}
		s = s[size:]
	}
	return dst, true
}

// upperSpecial are the letters whose upper case is several.
var upperSpecial = map[rune]string{
	'ß': "SS", 'ŉ': "ʼN", 'ǰ': "J̌", 'ΐ': "Ϊ́", 'ΰ': "Ϋ́", 'և': "ԵՒ", 'ẖ': "H̱", 'ẗ': "T̈", 'ẘ': "W̊", 'ẙ': "Y̊", 'ẚ': "Aʾ",
	'ﬀ': "FF", 'ﬁ': "FI", 'ﬂ': "FL", 'ﬃ': "FFI", 'ﬄ': "FFL", 'ﬅ': "ST", 'ﬆ': "ST",
}

func lower(r *row, dst []byte) ([]byte, bool) {
	s := r.str(0)
	if isASCII(s) {
		for _, c := range s {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
		}
		return dst, true
	}
	letter := false // before a final sigma
	for len(s) > 0 {
		c, size := utf8.DecodeRune(s)
		next, _ := utf8.DecodeRune(s[size:])
		switch {
		case c == 'İ':
			dst = append(dst, "i̇"...)
		case c == 'Σ' && letter && !unicode.IsLetter(next):
			dst = utf8.AppendRune(dst, 'ς')
		case c == utf8.RuneError:
			dst = append(dst, s[:size]...)
		default:
			dst = utf8.AppendRune(dst, unicode.ToLower(c))
		}
		letter = unicode.IsLetter(c)
		s = s[size:]
	}
	return dst, true
}

// trimmer cuts characters of a set off the ends; the set is space unless given.
// Str and chars are the arguments' positions.
func trimmer(left, right bool, str, chars int) func(r *row, dst []byte) ([]byte, bool) {
	return func(r *row, dst []byte) ([]byte, bool) {
		if r.n() == 1 {
			s := r.str(0)
			if left {
				s = bytes.TrimLeft(s, " ")
			}
			if right {
				s = bytes.TrimRight(s, " ")
			}
			return append(dst, s...), true
		}
		s, set := r.str(str), string(r.str(chars))
		if left {
			s = bytes.TrimLeft(s, set)
		}
		if right {
			s = bytes.TrimRight(s, set)
		}
		return append(dst, s...), true
	}
}

// window gives the half-open range that substring(pos, length) means in a text of
// n characters.
func window(pos, length int32, n int) (from, to int) {
	start := int64(0)
	switch {
	case pos > 0:
		start = int64(pos) - 1
	case pos < 0:
		start = int64(n) + int64(pos)
	}
	end := start + int64(length)
	start, end = max(start, 0), min(end, int64(n))
	if end <= start {
		return 0, 0
	}
	return int(start), int(end)
}

func lengthArg(r *row, k int) int32 {
	if k < r.n() {
		return r.int(k)
	}
	return math.MaxInt32
}

func substringText(r *row, dst []byte) ([]byte, bool) {
	return appendChars(dst, r.str(0), r.int(1), lengthArg(r, 2)), true
}

// appendChars appends the characters that substring(pos, length) means.
func appendChars(dst, s []byte, pos, length int32) []byte {
	if isASCII(s) {
		from, to := window(pos, length, len(s))
		return append(dst, s[from:to]...)
	}
	from, to := window(pos, length, utf8.RuneCount(s))
	a := charOffset(s, from)
	return append(dst, s[a:a+charOffset(s[a:], to-from)]...)
}

// charOffset is the byte at which character n begins, or the length.
func charOffset(s []byte, n int) int {
	at := 0
	for ; n > 0 && at < len(s); n-- {
		_, size := utf8.DecodeRune(s[at:])
		at += size
	}
	return at
}

func substringBinary(r *row, dst []byte) ([]byte, bool) {
	s, pos, length := r.str(0), r.int(1), lengthArg(r, 2)
	if pos == math.MinInt32 && length > math.MinInt32 {
		return append(dst, s...), true // what Spark's 32-bit arithmetic makes of it
	}
	from, to := window(pos, length, len(s))
	return append(dst, s[from:to]...), true
}

func leftText(r *row, dst []byte) ([]byte, bool) {
	return appendChars(dst, r.str(0), 1, max(r.int(1), 0)), true
}

func leftBinary(r *row, dst []byte) ([]byte, bool) {
	s := r.str(0)
	return append(dst, s[:min(len(s), int(max(r.int(1), 0)))]...), true
}

func rightText(r *row, dst []byte) ([]byte, bool) {
	n := r.int(1)
	if n <= 0 {
		return dst, true
	}
	return appendChars(dst, r.str(0), -n, math.MaxInt32), true
}

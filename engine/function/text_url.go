package function

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

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

package function

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/millrace-sql/millrace/engine/codec"
)

// jsonNode is a parsed document, for functions that look for a place in it.
// Members keep their order.
type jsonNode struct {
	kind byte   // '{', '[', '"', '0' (number), 't', 'f', 'n'
	text []byte // a string's content, a number as it is written out
	keys [][]byte
	kids []*jsonNode
}

// member is the first member of an object with this name, or nil.
func (n *jsonNode) member(name []byte) *jsonNode {
	if n == nil || n.kind != '{' {
		return nil
	}
	for i, k := range n.keys {
		if bytes.Equal(k, name) {
			return n.kids[i]
		}
	}
	return nil
}

// maxJSONDepth is Jackson's limit of nesting.
const maxJSONDepth = 1000

// jsonParser reads a document as Spark does: single quotes are accepted, what
// follows the document is not looked at.
type jsonParser struct {
	s     []byte
	i     int
	depth int
}

func parseJSON(s []byte) (*jsonNode, bool) {
	p := &jsonParser{s: s}
	return p.value()
}

func (p *jsonParser) space() {
	for p.i < len(p.s) && (p.s[p.i] == ' ' || p.s[p.i] == '\n' || p.s[p.i] == '\t' || p.s[p.i] == '\r') {
		p.i++
	}
}

func (p *jsonParser) take(c byte) bool {
	p.space()
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

func (p *jsonParser) value() (*jsonNode, bool) {
	p.space()
	if p.i >= len(p.s) {
		return nil, false
	}
	switch c := p.s[p.i]; {
	case c == '{' || c == '[':
		return p.container(c)
	case c == '"' || c == '\'':
		t, ok := p.quoted()
		return &jsonNode{kind: '"', text: t}, ok
	case c == '-' || c-'0' <= 9:
		return p.number()
	}
	for _, w := range [...]string{"true", "false", "null"} {
		if bytes.HasPrefix(p.s[p.i:], []byte(w)) {
			p.i += len(w)
			return &jsonNode{kind: w[0], text: []byte(w)}, true
		}
	}
	return nil, false
}

func (p *jsonParser) container(open byte) (*jsonNode, bool) {
	if p.depth++; p.depth > maxJSONDepth {
		return nil, false
	}
	defer func() { p.depth-- }()
	n := &jsonNode{kind: open}
	end := open + 2 // '}' and ']' are two behind '{' and '['
	p.i++
	if p.take(end) {
		return n, true
	}
	for {
		if open == '{' {
			p.space()
			if p.i >= len(p.s) || p.s[p.i] != '"' && p.s[p.i] != '\'' {
				return nil, false
			}
			k, ok := p.quoted()
			if !ok || !p.take(':') {
				return nil, false
			}
			n.keys = append(n.keys, k)
		}
		v, ok := p.value()
		if !ok {
			return nil, false
		}
		n.kids = append(n.kids, v)
		if p.take(end) {
			return n, true
		}
		if !p.take(',') {
			return nil, false
		}
	}
}

// quoted reads a string with its escapes.
func (p *jsonParser) quoted() ([]byte, bool) {
	q := p.s[p.i]
	p.i++
	var out []byte
	for p.i < len(p.s) {
		c := p.s[p.i]
		switch {
		case c == q:
			p.i++
			return out, true
		case c < ' ':
			return nil, false
		case c == '\\':
			var ok bool
			if out, ok = p.escape(out); !ok {
				return nil, false
			}
			continue
		}
		out = append(out, c)
		p.i++
	}
	return nil, false
}

func (p *jsonParser) escape(out []byte) ([]byte, bool) {
	if p.i+1 >= len(p.s) {
		return nil, false
	}
	c := p.s[p.i+1]
	p.i += 2
	switch c {
	case '"', '\\', '/', '\'':
		return append(out, c), true
	case 'b':
		return append(out, '\b'), true
	case 'f':
		return append(out, '\f'), true
	case 'n':
		return append(out, '\n'), true
	case 'r':
		return append(out, '\r'), true
	case 't':
		return append(out, '\t'), true
	case 'u':
		hi, ok := p.hex4()
		if !ok {
			return nil, false
		}
		if hi >= 0xd800 && hi < 0xdc00 && bytes.HasPrefix(p.s[p.i:], []byte(`\u`)) {
			p.i += 2
			lo, ok := p.hex4()
			if !ok {
				return nil, false
			}
			hi = 0x10000 + (hi-0xd800)<<10 + (lo - 0xdc00)
		}
		return append(out, string(rune(hi))...), true
	}
	return nil, false
}

func (p *jsonParser) hex4() (uint64, bool) {
	if p.i+4 > len(p.s) {
		return 0, false
	}
	v, err := strconv.ParseUint(string(p.s[p.i:p.i+4]), 16, 32)
	p.i += 4
	return v, err == nil
}

// number reads a number; one with a point or an exponent is written out as a
// double.
func (p *jsonParser) number() (*jsonNode, bool) {
	start := p.i
	real := false
	for p.i < len(p.s) {
		c := p.s[p.i]
		if c == '.' || c|0x20 == 'e' {
			real = true
		} else if c-'0' > 9 && c != '-' && c != '+' {
			break
		}
		p.i++
	}
	t := p.s[start:p.i]
	digits := bytes.TrimPrefix(t, []byte("-"))
	if len(digits) == 0 || digits[0]-'0' > 9 || len(digits) > 1 && digits[0] == '0' && digits[1]-'0' <= 9 {
		return nil, false
	}
	if real {
		v, err := strconv.ParseFloat(string(t), 64)
		if err != nil && (v == 0 || v-v == 0) || t[len(t)-1] == '.' {
			return nil, false
		}
		t = codec.AppendDouble(nil, v)
	} else if bytes.ContainsAny(digits, "+-") {
		return nil, false
	}
	return &jsonNode{kind: '0', text: t}, true
}

// appendJSON writes a node as compact JSON.
func appendJSON(dst []byte, n *jsonNode) []byte {
	switch n.kind {
	case '"':
		return appendJSONString(dst, n.text)
	case '{', '[':
		dst = append(dst, n.kind)
		for i, k := range n.kids {
			if i > 0 {
				dst = append(dst, ',')
			}
			if n.kind == '{' {
				dst = append(appendJSONString(dst, n.keys[i]), ':')
			}
			dst = appendJSON(dst, k)
		}
		return append(dst, n.kind+2)
	}
	return append(dst, n.text...)
}

func appendJSONString(dst, s []byte) []byte {
	dst = append(dst, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c == '\b':
			dst = append(dst, `\b`...)
		case c == '\f':
			dst = append(dst, `\f`...)
		case c < ' ':
			dst = fmt.Appendf(dst, `\u%04X`, c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// jsonText writes a node as get_json_object gives it: a string without quotes,
// NULL for null.
func jsonText(dst []byte, n *jsonNode) ([]byte, bool) {
	switch {
	case n == nil || n.kind == 'n':
		return dst, false
	case n.kind == '"':
		return append(dst, n.text...), true
	}
	return appendJSON(dst, n), true
}

// whole parses a text that must be one document.
func whole(s []byte) (*jsonNode, bool) {
	p := &jsonParser{s: s}
	n, ok := p.value()
	p.space()
	return n, ok && p.i == len(s)
}

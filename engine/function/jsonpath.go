package function

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
	"github.com/millrace-sql/millrace/sql"
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

// pathStep is .name, [index] or [*].
type pathStep struct {
	name  []byte
	index int // -1: a name; -2: all elements
}

// compilePath reads $.a['b'][0][*].
func compilePath(s string) ([]pathStep, bool) {
	if !strings.HasPrefix(s, "$") {
		return nil, false
	}
	var out []pathStep
	for s = s[1:]; len(s) > 0; {
		switch {
		case s[0] == '.':
			end := strings.IndexAny(s[1:], ".[")
			if end < 0 {
				end = len(s) - 1
			}
			if end == 0 {
				return nil, false
			}
			out = append(out, pathStep{name: []byte(s[1 : 1+end]), index: -1})
			s = s[1+end:]
		case strings.HasPrefix(s, "['"):
			end := strings.Index(s, "']")
			if end < 2 {
				return nil, false
			}
			out = append(out, pathStep{name: []byte(s[2:end]), index: -1})
			s = s[end+2:]
		case s[0] == '[':
			end := strings.IndexByte(s, ']')
			if end < 0 {
				return nil, false
			}
			step := pathStep{index: -2}
			if in := strings.TrimSpace(s[1:end]); in != "*" {
				v, err := strconv.Atoi(in)
				if err != nil || v < 0 {
					return nil, false
				}
				step.index = v
			}
			out = append(out, step)
			s = s[end+1:]
		default:
			return nil, false
		}
	}
	return out, true
}

// follow collects the nodes a path leads to.
func follow(n *jsonNode, path []pathStep, found []*jsonNode) []*jsonNode {
	for k, step := range path {
		switch {
		case n == nil:
			return found
		case step.index == -1 && n.kind == '{':
			n = n.member(step.name)
		case step.index >= 0 && n.kind == '[' && step.index < len(n.kids):
			n = n.kids[step.index]
		case step.index == -2 && n.kind == '[':
			for _, e := range n.kids {
				found = follow(e, path[k+1:], found)
			}
			return found
		default:
			return found
		}
	}
	if n != nil {
		found = append(found, n)
	}
	return found
}

func hasWild(path []pathStep) bool {
	for _, s := range path {
		if s.index == -2 {
			return true
		}
	}
	return false
}

// getJSONObject is get_json_object(text, path): what a path with [*] finds
// several times is an array.
func getJSONObject(r *row, dst []byte) ([]byte, bool) {
	text := r.str(1)
	c, ok := r.state.(*compiled[[]pathStep])
	if !ok || c.text != string(text) {
		path, ok := compilePath(string(text))
		if !ok {
			return dst, false
		}
		c = &compiled[[]pathStep]{string(text), path}
		r.state = c
	}
	doc, ok := parseJSON(r.str(0))
	if !ok {
		return dst, false
	}
	found := follow(doc, c.p, nil)
	switch {
	case len(found) == 0:
		return dst, false
	case !hasWild(c.p):
		return jsonText(dst, found[0])
	case len(found) == 1:
		return appendJSON(dst, found[0]), true
	}
	return appendJSON(dst, &jsonNode{kind: '[', kids: found}), true
}

// whole parses a text that must be one document.
func whole(s []byte) (*jsonNode, bool) {
	p := &jsonParser{s: s}
	n, ok := p.value()
	p.space()
	return n, ok && p.i == len(s)
}

func jsonArrayLength(r *row) (int32, bool) {
	n, ok := whole(r.str(0))
	if !ok || n.kind != '[' {
		return 0, false
	}
	return int32(len(n.kids)), true
}

func jsonObjectKeys(r *row, put func(s []byte)) bool {
	n, ok := whole(r.str(0))
	if !ok || n.kind != '{' {
		return false
	}
	for _, k := range n.keys {
		put(k)
	}
	return true
}

// bindSchemaOfJSON is schema_of_json(constant text[, options]).
func bindSchemaOfJSON(name string, args []catalog.Arg) (catalog.Call, error) {
	if err := arity(name, args, 1, 2); err != nil {
		return catalog.Call{}, err
	}
	if err := notLambda(name, args); err != nil {
		return catalog.Call{}, err
	}
	if args[0].Const == nil || !isString(args[0].Type) || nullAt(args[0].Const, 0) {
		return catalog.Call{}, argErr(0, "the text of %s must be a constant string", name)
	}
	opts, err := jsonOptions(name, args, 1)
	if err != nil {
		return catalog.Call{}, err
	}
	dt, err := codec.InferJSONValue(textOf(args[0].Const).at(0), opts)
	if err != nil {
		return catalog.Call{}, argErr(0, "%s: %w", name, err)
	}
	text := sql.TypeSQL(dt)
	return catalog.Call{Type: tString, ArgTypes: typesOf(args), Deterministic: true,
		Eval: func(t catalog.Task, n int, _ []arrow.Array) (arrow.Array, error) {
			return rowsTextNull(tString, func(_ *row, dst []byte) ([]byte, bool) { return append(dst, text...), true })(t, n, nil)
		}}, nil
}

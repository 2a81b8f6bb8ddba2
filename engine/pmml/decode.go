package pmml

import (
	"fmt"
	"strconv"
	"strings"
)

// maxDepth bounds the nesting of elements: decoding and binding recurse.
const maxDepth = 4096

// element is one start tag.
type element struct {
	name  string // local name
	line  int
	attrs []attribute
}

// errorf makes a fault of this element.
func (e *element) errorf(format string, args ...any) error {
	return &Error{Element: e.name, Line: e.line, Msg: fmt.Sprintf(format, args...)}
}

// unsupported refuses a child element.
func (e *element) unsupported(in *element) error {
	return e.errorf("not supported inside %s", in.name)
}

// decoder walks the tokens of a document. A handler that is given an element must read it to its end with exactly
// one of each, text or skip.
type decoder struct {
	x     *tokenizer
	depth int
}

func newDecoder(doc string) (*decoder, error) {
	doc, err := toUTF8(doc)
	if err != nil {
		return nil, err
	}
	x, err := newTokenizer(doc)
	return &decoder{x: x}, err
}

// token reads one token; the document may not end.
func (d *decoder) token() (token, error) {
	t, err := d.x.next()
	if err == nil && t.kind == tokenEOF {
		err = &Error{Msg: "the document is empty or ends early"}
	}
	return t, err
}

// element makes an element of a start tag that starts in a line.
func (t *token) element(line int) *element {
	return &element{name: t.name, line: line, attrs: t.attrs}
}

// root reads up to the first start tag.
func (d *decoder) root() (*element, error) {
	for {
		line := d.x.here()
		t, err := d.token()
		if err != nil {
			return nil, err
		}
		if t.kind == tokenStart {
			d.depth = 1
			return t.element(line), nil
		}
	}
}

// each calls f for every child element of e but Extension, and reads e to its end.
func (d *decoder) each(e *element, f func(c *element) error) error {
	_, err := d.content(e, f)
	return err
}

// text gives the character data of e, which has no children.
func (d *decoder) text(e *element) (string, error) {
	return d.content(e, func(c *element) error { return c.unsupported(e) })
}

// skip reads e to its end.
func (d *decoder) skip(e *element) error {
	for open := 1; open > 0; {
		t, err := d.token()
		if err != nil {
			return err
		}
		switch t.kind {
		case tokenStart:
			open++
		case tokenEnd:
			open--
		}
		if open+d.depth > maxDepth {
			return e.errorf("elements are nested deeper than %d", maxDepth)
		}
	}
	return nil
}

func (d *decoder) content(e *element, f func(c *element) error) (string, error) {
	var text pieces
	parent := false
	for {
		line := 0
		if d.x.at < len(d.x.s) && d.x.s[d.x.at] == '<' {
			line = d.x.here()
		}
		t, err := d.token()
		if err != nil {
			return "", err
		}
		switch t.kind {
		case tokenText:
			if !parent || strings.TrimSpace(t.text) != "" { // not the blanks between children
				text.add(t.text)
			}
		case tokenEnd:
			return text.String(), nil
		case tokenStart:
			parent = true
			c := t.element(line)
			if d.depth++; d.depth > maxDepth {
				return "", c.errorf("elements are nested deeper than %d", maxDepth)
			}
			if c.name == "Extension" {
				err = d.skip(c)
			} else {
				err = f(c)
			}
			if err != nil {
				return "", err
			}
			d.depth--
		}
	}
}

// pieces is a text that is seldom in more than one piece.
type pieces struct {
	first string
	rest  []byte
}

func (p *pieces) add(s string) {
	if p.first == "" && p.rest == nil {
		p.first = s
		return
	}
	p.rest = append(p.rest, s...)
}

// String is the whole text.
func (p *pieces) String() string { return p.first + string(p.rest) }

// none reads e, which may have no children but Extension.
func (d *decoder) none(e *element) error {
	_, err := d.text(e)
	return err
}

// attrs reads the attributes of an element; the first fault sticks and end reports it.
type attrs struct {
	e    *element
	used uint64
	err  error
}

func (e *element) read() *attrs { return &attrs{e: e} }

func (a *attrs) fail(format string, args ...any) {
	if a.err == nil {
		a.err = a.e.errorf(format, args...)
	}
}

// get gives an attribute's text and whether it is there.
func (a *attrs) get(name string) (string, bool) {
	for i := range a.e.attrs {
		if at := &a.e.attrs[i]; at.name == name && !at.prefixed {
			if i < 64 {
				a.used |= 1 << i
			}
			return at.value, true
		}
	}
	return "", false
}

// older gives the name under which an attribute is there: before it came into the standard it was written x-name.
func (a *attrs) older(name string) string {
	if _, ok := a.get("x-" + name); ok {
		return "x-" + name
	}
	return name
}

// str gives an attribute's text, or def.
func (a *attrs) str(name, def string) string {
	if s, ok := a.get(name); ok {
		return s
	}
	return def
}

// need gives the text of an attribute that has to be there.
func (a *attrs) need(name string) string {
	s, ok := a.get(name)
	if !ok {
		a.fail("attribute %s is missing", name)
	}
	return s
}

// word gives an attribute that is one of a list of words; the first is the default.
func (a *attrs) word(name string, words ...string) string {
	s, ok := a.get(name)
	if !ok {
		return words[0]
	}
	for _, w := range words {
		if s == w {
			return s
		}
	}
	a.fail("%s=%q is not supported, expected one of %s", name, s, strings.Join(words, ", "))
	return words[0]
}

// num gives a numeric attribute, or def.
func (a *attrs) num(name string, def float64) float64 {
	s, ok := a.get(name)
	if !ok {
		return def
	}
	v, err := parseFloat(s)
	if err != nil {
		a.fail("%s=%q is not a number", name, s)
	}
	return v
}

// int gives an integer attribute, or def.
func (a *attrs) int(name string, def int) int {
	s, ok := a.get(name)
	if !ok {
		return def
	}
	v, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		a.fail("%s=%q is not an integer", name, s)
	}
	return v
}

// flag gives a boolean attribute, or def.
func (a *attrs) flag(name string, def bool) bool {
	s, ok := a.get(name)
	if !ok {
		return def
	}
	switch s {
	case "true", "1":
		return true
	case "false", "0":
		return false
	}
	a.fail("%s=%q is neither true nor false", name, s)
	return def
}

// end reports the first fault; an attribute that was not read and is not in ignored is one. Attributes with a
// namespace (xsi:..., xmlns) do not count.
func (a *attrs) end(ignored ...string) error {
	if a.err != nil {
		return a.err
	}
	for i := range a.e.attrs {
		at := &a.e.attrs[i]
		if at.prefixed || at.name == "xmlns" || (i < 64 && a.used&(1<<i) != 0) || contains(ignored, at.name) {
			continue
		}
		if i >= 64 {
			return a.e.errorf("too many attributes")
		}
		return a.e.errorf("attribute %s is not supported", at.name)
	}
	return nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

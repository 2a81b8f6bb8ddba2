package pmml

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxDepth bounds the nesting of elements: decoding and binding recurse.
const maxDepth = 4096

// element is one start tag.
type element struct {
	name  string // local name
	line  int
	attrs []xml.Attr
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
	x     *xml.Decoder
	depth int
}

func newDecoder(r io.Reader) *decoder {
	x := xml.NewDecoder(r)
	x.CharsetReader = charset
	return &decoder{x: x}
}

// charset lets single-byte encodings that real files declare through; everything else is refused.
func charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "us-ascii", "ascii", "iso-8859-1", "latin1", "iso8859-1":
		return &latin1{in: in}, nil
	}
	return nil, fmt.Errorf("encoding %q is not supported, expected UTF-8", label)
}

// latin1 turns ISO-8859-1 bytes into UTF-8.
type latin1 struct {
	in   io.Reader
	held []byte
}

// Read implements io.Reader.
func (l *latin1) Read(p []byte) (int, error) {
	if len(l.held) == 0 {
		var raw [512]byte
		n, err := l.in.Read(raw[:])
		for _, c := range raw[:n] {
			l.held = append(l.held, string(rune(c))...)
		}
		if n == 0 {
			return 0, err
		}
	}
	n := copy(p, l.held)
	l.held = l.held[n:]
	return n, nil
}

// token reads one token and the line it starts on; faults of the XML become *Error.
func (d *decoder) token() (xml.Token, int, error) {
	line, _ := d.x.InputPos()
	t, err := d.x.Token()
	if err != nil {
		return nil, line, d.xmlError(err)
	}
	if dir, ok := t.(xml.Directive); ok {
		word, _, _ := strings.Cut(string(dir), " ")
		return nil, line, &Error{Line: line, Msg: "<!" + word + "> is refused: a model needs no document type and no entities"}
	}
	return t, line, nil
}

func (d *decoder) xmlError(err error) error {
	var syn *xml.SyntaxError
	switch {
	case errors.As(err, &syn):
		return &Error{Line: syn.Line, Msg: "not well-formed XML: " + syn.Msg}
	case errors.Is(err, io.EOF):
		return &Error{Msg: "the document is empty or ends early"}
	}
	line, _ := d.x.InputPos()
	return &Error{Line: line, Msg: err.Error()}
}

// root reads up to the first start tag.
func (d *decoder) root() (*element, error) {
	for {
		t, line, err := d.token()
		if err != nil {
			return nil, err
		}
		if s, ok := t.(xml.StartElement); ok {
			d.depth = 1
			return &element{name: s.Name.Local, line: line, attrs: s.Attr}, nil
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
		t, _, err := d.token()
		if err != nil {
			return err
		}
		switch t.(type) {
		case xml.StartElement:
			open++
		case xml.EndElement:
			open--
		}
		if open+d.depth > maxDepth {
			return e.errorf("elements are nested deeper than %d", maxDepth)
		}
	}
	return nil
}

func (d *decoder) content(e *element, f func(c *element) error) (string, error) {
	var text []byte
	for {
		t, line, err := d.token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.CharData:
			text = append(text, t...)
		case xml.EndElement:
			return string(text), nil
		case xml.StartElement:
			c := &element{name: t.Name.Local, line: line, attrs: t.Attr}
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
		if at := &a.e.attrs[i]; at.Name.Local == name && at.Name.Space == "" {
			if i < 64 {
				a.used |= 1 << i
			}
			return at.Value, true
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
		if at.Name.Space != "" || at.Name.Local == "xmlns" || (i < 64 && a.used&(1<<i) != 0) || contains(ignored, at.Name.Local) {
			continue
		}
		if i >= 64 {
			return a.e.errorf("too many attributes")
		}
		return a.e.errorf("attribute %s is not supported", at.Name.Local)
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

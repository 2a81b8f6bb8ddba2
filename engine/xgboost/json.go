package xgboost

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonReader reads a JSON document. Numbers with a fraction or exponent are rounded to float32, which is what the
// library reads them as; whole numbers are exact.
type jsonReader struct {
	b  []byte
	at int
}

func (r *jsonReader) errorf(format string, args ...any) error {
	return fmt.Errorf("byte %d: %s", r.at, fmt.Sprintf(format, args...))
}

func (r *jsonReader) document() (*value, error) {
	v, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if r.space(); r.at < len(r.b) {
		return nil, r.errorf("expected the end of the document, found %s", r.found())
	}
	return v, nil
}

// found names what is at the reader's place.
func (r *jsonReader) found() string {
	if r.at >= len(r.b) {
		return "its end"
	}
	c, _ := utf8.DecodeRune(r.b[r.at:])
	return strconv.QuoteRune(c)
}

func (r *jsonReader) space() {
	for r.at < len(r.b) && strings.IndexByte(" \t\r\n", r.b[r.at]) >= 0 {
		r.at++
	}
}

// next skips white space and gives the next byte, 0 at the end.
func (r *jsonReader) next() byte {
	r.space()
	if r.at < len(r.b) {
		return r.b[r.at]
	}
	return 0
}

func (r *jsonReader) value(depth int) (*value, error) {
	if depth > maxNesting {
		return nil, r.errorf("the document is nested deeper than %d levels", maxNesting)
	}
	c := r.next()
	v := &value{at: r.at}
	switch c {
	case '{':
		v.kind = object
		return v, r.members(v, depth)
	case '[':
		v.kind = list
		return v, r.elements(v, depth)
	case '"':
		v.kind = text
		var err error
		v.text, err = r.text()
		return v, err
	case 't', 'f', 'n':
		return v, r.word(v)
	default:
		v.kind = number
		var err error
		v.num, err = r.number()
		return v, err
	}
}

func (r *jsonReader) word(v *value) error {
	for w, to := range map[string]value{"true": {kind: number, num: 1}, "false": {kind: number}, "null": {}} {
		if strings.HasPrefix(string(r.b[r.at:min(len(r.b), r.at+5)]), w) {
			v.kind, v.num = to.kind, to.num
			r.at += len(w)
			return nil
		}
	}
	return r.errorf("expected a value, found %s", r.found())
}

func (r *jsonReader) members(v *value, depth int) error {
	r.at++
	if r.next() == '}' {
		r.at++
		return nil
	}
	for {
		if r.next() != '"' {
			return r.errorf("expected a name in quotes, found %s", r.found())
		}
		key, err := r.text()
		if err != nil {
			return err
		}
		if r.next() != ':' {
			return r.errorf("expected a colon after the name %q, found %s", key, r.found())
		}
		r.at++
		m, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		v.keys, v.items = append(v.keys, key), append(v.items, m)
		switch r.next() {
		case ',':
			r.at++
		case '}':
			r.at++
			return nil
		default:
			return r.errorf("expected a comma or the object's end, found %s", r.found())
		}
	}
}

func (r *jsonReader) elements(v *value, depth int) error {
	r.at++
	if r.next() == ']' {
		r.at++
		return nil
	}
	for {
		if err := r.element(v, depth); err != nil {
			return err
		}
		switch r.next() {
		case ',':
			r.at++
		case ']':
			r.at++
			return nil
		default:
			return r.errorf("expected a comma or the list's end, found %s", r.found())
		}
	}
}

// element reads one element: numbers go to nums without a value of their own.
func (r *jsonReader) element(v *value, depth int) error {
	if c := r.next(); len(v.items) == 0 && (c == '-' || c >= '0' && c <= '9') {
		x, err := r.number()
		v.nums = append(v.nums, x)
		return err
	}
	e, err := r.value(depth + 1)
	if err != nil {
		return err
	}
	return v.add(e)
}

// add puts an element in a list, which holds either numbers or other values.
func (v *value) add(e *value) error {
	switch {
	case e.kind == number && len(v.items) == 0:
		v.nums = append(v.nums, e.num)
	case e.kind != number && len(v.nums) == 0:
		v.items = append(v.items, e)
	default:
		return fmt.Errorf("byte %d: a list that began at byte %d has both numbers and other values", e.at, v.at)
	}
	return nil
}

func (r *jsonReader) text() (string, error) {
	from := r.at
	for r.at++; r.at < len(r.b); r.at++ {
		switch r.b[r.at] {
		case '\\':
			r.at++
		case '"':
			r.at++
			raw := r.b[from:r.at]
			var s string
			if err := json.Unmarshal(raw, &s); err != nil {
				return "", fmt.Errorf("byte %d: %w", from, err)
			}
			return s, nil
		}
	}
	r.at = from
	return "", r.errorf("expected the end of a text that begins here")
}

func (r *jsonReader) number() (float64, error) {
	from := r.at
	whole := true
	for r.at < len(r.b) {
		c := r.b[r.at]
		if c == '.' || c == 'e' || c == 'E' || c == '+' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' {
			whole = false
		} else if c != '-' && (c < '0' || c > '9') {
			break
		}
		r.at++
	}
	s := string(r.b[from:r.at])
	if whole {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return float64(n), nil
		}
	}
	x, err := strconv.ParseFloat(s, 32)
	if err != nil && !(math.IsInf(x, 0) && len(s) > 0) || strings.ContainsAny(s, "xXpP_") {
		r.at = from
		return 0, r.errorf("expected a value, found %s", r.found())
	}
	return x, nil
}

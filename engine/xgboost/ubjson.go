package xgboost

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// ubjReader reads a UBJSON document (Universal Binary JSON, draft 12): values are a marker and big-endian bytes.
type ubjReader struct {
	b  []byte
	at int
}

func (r *ubjReader) errorf(format string, args ...any) error {
	return fmt.Errorf("byte %d: %s", r.at, fmt.Sprintf(format, args...))
}

func (r *ubjReader) document() (*value, error) {
	m, err := r.marker()
	if err != nil {
		return nil, err
	}
	v, err := r.value(m, 0)
	if err != nil {
		return nil, err
	}
	if r.at < len(r.b) {
		return nil, r.errorf("expected the end of the document, found %d more bytes", len(r.b)-r.at)
	}
	return v, nil
}

// marker reads a marker; N, which means nothing, is passed over.
func (r *ubjReader) marker() (byte, error) {
	for r.at < len(r.b) {
		r.at++
		if c := r.b[r.at-1]; c != 'N' {
			return c, nil
		}
	}
	return 0, r.errorf("expected a value, found the document's end")
}

// peek gives the next byte, 0 at the end.
func (r *ubjReader) peek() byte {
	if r.at < len(r.b) {
		return r.b[r.at]
	}
	return 0
}

// size is the number of bytes of a number with the marker, 0 if it is none.
func size(marker byte) int {
	switch marker {
	case 'i', 'U', 'C':
		return 1
	case 'I':
		return 2
	case 'l', 'd':
		return 4
	case 'L', 'D':
		return 8
	}
	return 0
}

// decode reads a number of size(marker) bytes.
func decode(marker byte, b []byte) float64 {
	switch marker {
	case 'i':
		return float64(int8(b[0]))
	case 'U', 'C':
		return float64(b[0])
	case 'I':
		return float64(int16(binary.BigEndian.Uint16(b)))
	case 'l':
		return float64(int32(binary.BigEndian.Uint32(b)))
	case 'L':
		return float64(int64(binary.BigEndian.Uint64(b)))
	case 'd':
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b))
}

func (r *ubjReader) number(marker byte) (float64, error) {
	n := size(marker)
	if len(r.b)-r.at < n {
		return 0, r.errorf("expected a number of %d bytes, found the document's end", n)
	}
	r.at += n
	return decode(marker, r.b[r.at-n:r.at]), nil
}

// length reads a count of things that take at least least bytes each.
func (r *ubjReader) length(what string, least int) (int, error) {
	at := r.at
	m, err := r.marker()
	if err != nil {
		return 0, err
	}
	if m == 'd' || m == 'D' || m == 'C' || size(m) == 0 {
		r.at = at
		return 0, r.errorf("expected the length of %s, found the marker %s", what, strconv.QuoteRune(rune(m)))
	}
	n, err := r.number(m)
	if err != nil {
		return 0, err
	}
	if n < 0 || n > float64((len(r.b)-r.at)/least) {
		r.at = at
		return 0, r.errorf("%s has length %v, but %d bytes are left", what, n, len(r.b)-r.at)
	}
	return int(n), nil
}

func (r *ubjReader) text(what string) (string, error) {
	n, err := r.length(what, 1)
	if err != nil {
		return "", err
	}
	r.at += n
	return string(r.b[r.at-n : r.at]), nil
}

func (r *ubjReader) value(marker byte, depth int) (*value, error) {
	v := &value{at: r.at - 1}
	if depth > maxNesting {
		return nil, r.errorf("the document is nested deeper than %d levels", maxNesting)
	}
	var err error
	switch marker {
	case 'Z':
		return v, nil
	case 'T', 'F':
		if v.kind = number; marker == 'T' {
			v.num = 1
		}
	case 'S':
		v.kind = text
		v.text, err = r.text("a text")
	case '{':
		v.kind = object
		err = r.members(v, depth)
	case '[':
		v.kind = list
		err = r.elements(v, depth)
	default:
		if size(marker) == 0 {
			r.at--
			return nil, r.errorf("expected a value, found the marker %s", strconv.QuoteRune(rune(marker)))
		}
		v.kind = number
		v.num, err = r.number(marker)
	}
	return v, err
}

func (r *ubjReader) members(v *value, depth int) error {
	count, err := r.count("an object", 2)
	if err != nil {
		return err
	}
	for i := 0; count < 0 || i < count; i++ {
		if count < 0 && r.peek() == '}' {
			r.at++
			break
		}
		key, err := r.text("a name")
		if err != nil {
			return err
		}
		m, err := r.marker()
		if err != nil {
			return err
		}
		item, err := r.value(m, depth+1)
		if err != nil {
			return err
		}
		v.keys, v.items = append(v.keys, key), append(v.items, item)
	}
	return nil
}

// count reads the length that may stand before the elements, -1 if there is none.
func (r *ubjReader) count(what string, least int) (int, error) {
	if r.peek() != '#' {
		return -1, nil
	}
	r.at++
	return r.length(what, least)
}

func (r *ubjReader) elements(v *value, depth int) error {
	if r.peek() == '$' {
		r.at++
		return r.typed(v)
	}
	count, err := r.count("a list", 1)
	if err != nil {
		return err
	}
	for i := 0; count < 0 || i < count; i++ {
		if count < 0 && r.peek() == ']' {
			r.at++
			break
		}
		m, err := r.marker()
		if err != nil {
			return err
		}
		e, err := r.value(m, depth+1)
		if err != nil {
			return err
		}
		if err := v.add(e); err != nil {
			return err
		}
	}
	return nil
}

// typed reads a list of numbers of one type, which stand without markers.
func (r *ubjReader) typed(v *value) error {
	m, err := r.marker()
	if err != nil {
		return err
	}
	width := size(m)
	if width == 0 {
		r.at--
		return r.errorf("expected the type of a list's numbers, found the marker %s", strconv.QuoteRune(rune(m)))
	}
	if r.peek() != '#' {
		return r.errorf("expected the length of a list after its type")
	}
	r.at++
	n, err := r.length("a list", width)
	if err != nil {
		return err
	}
	v.nums = make([]float64, n)
	for i := range v.nums {
		v.nums[i] = decode(m, r.b[r.at:])
		r.at += width
	}
	return nil
}

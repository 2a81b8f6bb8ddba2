package xgboost

import (
	"fmt"
	"math"
	"strings"
)

// value is a part of a document, whether it came as JSON or as UBJSON.
type value struct {
	kind  kind
	text  string
	num   float64   // of a number; 0 or 1 of a boolean
	nums  []float64 // of an array of numbers or booleans
	items []*value  // of another array; of an object
	keys  []string  // of an object
	at    int       // where it begins in the document
}

type kind uint8

const (
	null kind = iota
	number
	text
	list
	object
)

func (k kind) String() string {
	return [...]string{"null", "a number", "a text", "a list", "an object"}[k]
}

// maxNesting bounds the nesting of a document; a model has less than ten levels.
const maxNesting = 64

// path is a value and how one gets to it, for errors.
type path struct {
	v    *value
	name string
}

func (p path) errorf(format string, args ...any) error {
	name := p.name
	if name == "" {
		name = "the document"
	}
	return fmt.Errorf("%s (byte %d): %s", name, p.v.at, fmt.Sprintf(format, args...))
}

func (p path) expect(k kind) error {
	if p.v.kind != k {
		return p.errorf("expected %s, found %s", k, p.v.kind)
	}
	return nil
}

// find gives a member of an object; ok is false if there is none or it is null.
func (p path) find(key string) (path, bool) {
	if p.v.kind == object {
		for i, k := range p.v.keys {
			if k == key && p.v.items[i].kind != null {
				return path{p.v.items[i], strings.TrimPrefix(p.name+"."+key, ".")}, true
			}
		}
	}
	return path{}, false
}

// get gives a member of an object by a path of keys.
func (p path) get(keys ...string) (path, error) {
	for _, key := range keys {
		if err := p.expect(object); err != nil {
			return p, err
		}
		next, ok := p.find(key)
		if !ok {
			found := "nothing"
			if len(p.v.keys) > 0 {
				found = "only " + strings.Join(p.v.keys, ", ")
			}
			return p, p.errorf("expected a member %q, found %s", key, found)
		}
		p = next
	}
	return p, nil
}

// list gives the length of an array.
func (p path) list() (int, error) {
	if err := p.expect(list); err != nil {
		return 0, err
	}
	return len(p.v.nums) + len(p.v.items), nil
}

// item gives an element of an array of anything but numbers.
func (p path) item(i int) path { return path{p.v.items[i], fmt.Sprintf("%s[%d]", p.name, i)} }

// numbers gives an array of n numbers; n below zero allows any length.
func (p path) numbers(n int) ([]float64, error) {
	if _, err := p.list(); err != nil {
		return nil, err
	}
	if len(p.v.items) > 0 {
		return nil, p.errorf("expected a list of numbers, found %s in it", p.v.items[0].kind)
	}
	if n >= 0 && len(p.v.nums) != n {
		return nil, p.errorf("expected %d numbers, found %d", n, len(p.v.nums))
	}
	return p.v.nums, nil
}

// ints gives an array of n whole numbers of 32 bits.
func (p path) ints(n int) ([]int, error) {
	nums, err := p.numbers(n)
	if err != nil {
		return nil, err
	}
	out := make([]int, len(nums))
	for i, x := range nums {
		if x != math.Trunc(x) || x < math.MinInt32 || x > math.MaxInt32 {
			return nil, p.errorf("expected whole numbers of 32 bits, found %v at %d", x, i)
		}
		out[i] = int(x)
	}
	return out, nil
}

// texts gives an array of texts.
func (p path) texts() ([]string, error) {
	n, err := p.list()
	if err != nil {
		return nil, err
	}
	if len(p.v.nums) > 0 {
		return nil, p.errorf("expected a list of texts, found numbers")
	}
	out := make([]string, n)
	for i := range out {
		if err := p.item(i).expect(text); err != nil {
			return nil, err
		}
		out[i] = p.v.items[i].text
	}
	return out, nil
}

package pmml

import (
	"strings"
)

// truth is three-valued.
type truth uint8

const (
	unknown truth = iota
	no
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// predicate is a bound predicate.
type predicate interface {
	test(r *row) truth
}

type always struct{ t truth }

func (p always) test(*row) truth { return p.t }

// comparisonOp is the operator of a SimplePredicate.
type comparisonOp uint8

const (
	opEqual comparisonOp = iota
	opNotEqual
	opLess
	opLessOrEqual
	opGreater
	opGreaterOrEqual
)

var opNames = []string{"equal", "notEqual", "lessThan", "lessOrEqual", "greaterThan", "greaterOrEqual"}

func (op comparisonOp) holds(c int) bool {
	switch op {
	case opEqual:
		return c == 0
	case opNotEqual:
		return c != 0
	case opLess:
		return c < 0
	case opLessOrEqual:
		return c <= 0
	case opGreater:
		return c > 0
	}
	return c >= 0
}

// simple compares a field with a constant.
type simple struct {
	slot int
	op   comparisonOp
	v    value
}

func (p *simple) test(r *row) truth {
	v := r.get(p.slot)
	if v.missing() {
		return unknown
	}
	c, ok := compare(v, p.v)
	if !ok {
		return truthOf(p.op == opNotEqual)
	}
	return truthOf(p.op.holds(c))
}

// presence is isMissing (want true) or isNotMissing.
type presence struct {
	slot    int
	missing bool
}

func (p *presence) test(r *row) truth { return truthOf(r.get(p.slot).missing() == p.missing) }

// set is isIn or isNotIn.
type set struct {
	slot int
	in   bool
	keys []value
	has  map[value]bool // instead of keys, where they are many
}

func (p *set) test(r *row) truth {
	v := r.get(p.slot)
	if v.missing() {
		return unknown
	}
	return truthOf(p.holds(v) == p.in)
}

func (p *set) holds(v value) bool {
	if p.has != nil {
		return p.has[v]
	}
	for _, k := range p.keys {
		if equal(k, v) {
			return true
		}
	}
	return false
}

// compound is and, or, xor or surrogate.
type compound struct {
	op    string
	parts []predicate
}

func (p *compound) test(r *row) truth {
	switch p.op {
	case "and":
		return p.decide(r, no)
	case "or":
		return p.decide(r, yes)
	case "xor":
		out := no
		for _, q := range p.parts {
			switch q.test(r) {
			case unknown:
				return unknown
			case yes:
				out = no + yes - out
			}
		}
		return out
	}
	for _, q := range p.parts { // surrogate
		if t := q.test(r); t != unknown {
			return t
		}
	}
	return unknown
}

// decide is and (stop no) or or (stop yes): stop wins over unknown, unknown over the rest.
func (p *compound) decide(r *row, stop truth) truth {
	out := no + yes - stop
	for _, q := range p.parts {
		switch q.test(r) {
		case stop:
			return stop
		case unknown:
			out = unknown
		}
	}
	return out
}

// isPredicate reports whether an element is a predicate.
func isPredicate(name string) bool {
	switch name {
	case "True", "False", "SimplePredicate", "SimpleSetPredicate", "CompoundPredicate":
		return true
	}
	return false
}

// predicate decodes a predicate element and binds it.
func (l *loader) predicate(e *element, s *scope) (predicate, error) {
	switch e.name {
	case "True", "False":
		if err := e.read().end(); err != nil {
			return nil, err
		}
		return always{truthOf(e.name == "True")}, l.d.none(e)
	case "SimplePredicate":
		return l.simplePredicate(e, s)
	case "SimpleSetPredicate":
		return l.setPredicate(e, s)
	case "CompoundPredicate":
		return l.compoundPredicate(e, s)
	}
	return nil, e.errorf("not a predicate, expected SimplePredicate, SimpleSetPredicate, CompoundPredicate, True or False")
}

func (l *loader) simplePredicate(e *element, s *scope) (predicate, error) {
	a := e.read()
	name, op := a.need("field"), a.need("operator")
	raw, hasValue := a.get("value")
	if err := a.end(); err != nil {
		return nil, err
	}
	f, err := l.resolve(s, e, name)
	if err != nil {
		return nil, err
	}
	if op == "isMissing" || op == "isNotMissing" {
		return &presence{slot: f.slot, missing: op == "isMissing"}, l.d.none(e)
	}
	if !hasValue {
		return nil, e.errorf("attribute value is missing")
	}
	for i, n := range opNames {
		if n != op {
			continue
		}
		v, err := f.constant(raw)
		if err != nil {
			return nil, e.errorf("field %s: %v", name, err)
		}
		return &simple{slot: f.slot, op: comparisonOp(i), v: v}, l.d.none(e)
	}
	return nil, e.errorf("operator=%q is not supported%s", op, hint(op, append(opNames, "isMissing", "isNotMissing")))
}

// constant types the constant of a predicate as the field; an integer field may be compared with a fraction.
func (f *field) constant(raw string) (value, error) {
	v, err := f.typ.parse(raw)
	if err != nil && (f.typ == tInteger || f.typ == tSince) {
		return tDouble.parse(raw)
	}
	return v, err
}

func (l *loader) setPredicate(e *element, s *scope) (predicate, error) {
	a := e.read()
	name := a.need("field")
	in := a.word("booleanOperator", "isIn", "isNotIn") == "isIn"
	a.need("booleanOperator")
	if err := a.end(); err != nil {
		return nil, err
	}
	f, err := l.resolve(s, e, name)
	if err != nil {
		return nil, err
	}
	p := &set{slot: f.slot, in: in}
	seen := false
	err = l.d.each(e, func(c *element) error {
		if c.name != "Array" || seen {
			return c.unsupported(e)
		}
		seen = true
		words, err := l.array(c)
		for _, w := range words {
			v, err := f.constant(w)
			if err != nil {
				return c.errorf("field %s: %v", name, err)
			}
			p.keys = append(p.keys, v)
		}
		return err
	})
	if err == nil && !seen {
		err = e.errorf("has no Array")
	}
	if len(p.keys) > 8 && f.typ == tString {
		p.has = make(map[value]bool, len(p.keys))
		for _, k := range p.keys {
			p.has[k] = true
		}
	}
	return p, err
}

func (l *loader) compoundPredicate(e *element, s *scope) (predicate, error) {
	a := e.read()
	a.need("booleanOperator")
	p := &compound{op: a.word("booleanOperator", "and", "or", "xor", "surrogate")}
	if err := a.end(); err != nil {
		return nil, err
	}
	err := l.d.each(e, func(c *element) error {
		q, err := l.predicate(c, s)
		p.parts = append(p.parts, q)
		return err
	})
	if err == nil && len(p.parts) < 1 {
		err = e.errorf("has no predicates")
	}
	return p, err
}

// array decodes an Array's words: separated by blanks, quoted where they hold some, \" inside quotes.
func (l *loader) array(e *element) ([]string, error) {
	a := e.read()
	n := a.int("n", -1)
	a.word("type", "string", "int", "real", "prob", "percentage")
	if err := a.end(); err != nil {
		return nil, err
	}
	s, err := l.d.text(e)
	if err != nil {
		return nil, err
	}
	words, ok := splitWords(s)
	switch {
	case !ok:
		return nil, e.errorf("a quoted entry does not end")
	case n >= 0 && n != len(words):
		return nil, e.errorf("n=%d but there are %d entries", n, len(words))
	}
	return words, nil
}

func splitWords(s string) ([]string, bool) {
	var out []string
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		if s == "" {
			return out, true
		}
		if s[0] != '"' {
			i := strings.IndexAny(s, " \t\r\n")
			if i < 0 {
				i = len(s)
			}
			out, s = append(out, s[:i]), s[i:]
			continue
		}
		var b strings.Builder
		i := 1
		for ; i < len(s) && s[i] != '"'; i++ {
			if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
				i++
			}
			b.WriteByte(s[i])
		}
		if i == len(s) {
			return nil, false
		}
		out, s = append(out, b.String()), s[i+1:]
	}
}

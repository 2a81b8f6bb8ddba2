package function

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// likePattern is a compiled LIKE pattern.
type likePattern struct {
	form likeForm
	lit  []byte // for the simple forms
	toks []likeToken
}

type likeForm int

const (
	likeGeneral likeForm = iota
	likeEqual
	likePrefix
	likeSuffix
	likeContains
)

// likeToken is a literal text, one character (lit nil, not any) or any text.
type likeToken struct {
	lit []byte
	any bool
}

// compileLike reads a pattern: % is any text, _ one character, escape takes the
// meaning off the next of these three.
func compileLike(pattern []byte, escape rune) (*likePattern, error) {
	p := &likePattern{}
	literal := func(s []byte) {
		if k := len(p.toks) - 1; k >= 0 && p.toks[k].lit != nil {
			p.toks[k].lit = append(p.toks[k].lit, s...)
			return
		}
		p.toks = append(p.toks, likeToken{lit: append([]byte{}, s...)})
	}
	for i := 0; i < len(pattern); {
		c, size := utf8.DecodeRune(pattern[i:])
		switch {
		case c == escape && c != utf8.RuneError:
			next, n := utf8.DecodeRune(pattern[i+size:])
			if n == 0 {
				return nil, fmt.Errorf("the LIKE pattern '%s' ends with the escape character %c", pattern, escape)
			}
			if next != '%' && next != '_' && next != escape {
				return nil, fmt.Errorf("in the LIKE pattern '%s' the escape character %c stands before %c; only %%, _ and itself can be escaped", pattern, escape, next)
			}
			literal(pattern[i+size : i+size+n])
			size += n
		case c == '_':
			p.toks = append(p.toks, likeToken{})
		case c == '%':
			if k := len(p.toks) - 1; k < 0 || !p.toks[k].any {
				p.toks = append(p.toks, likeToken{any: true})
			}
		default:
			literal(pattern[i : i+size])
		}
		i += size
	}
	p.simplify()
	return p, nil
}

// simplify finds the forms that need no search over tokens.
func (p *likePattern) simplify() {
	t := p.toks
	isAny := func(k int) bool { return t[k].any }
	isLit := func(k int) bool { return t[k].lit != nil }
	switch {
	case len(t) == 0:
		p.form = likeEqual
	case len(t) == 1 && isLit(0):
		p.form, p.lit = likeEqual, t[0].lit
	case len(t) == 1 && isAny(0):
		p.form = likeContains
	case len(t) == 2 && isLit(0) && isAny(1):
		p.form, p.lit = likePrefix, t[0].lit
	case len(t) == 2 && isAny(0) && isLit(1):
		p.form, p.lit = likeSuffix, t[1].lit
	case len(t) == 3 && isAny(0) && isLit(1) && isAny(2):
		p.form, p.lit = likeContains, t[1].lit
	}
}

func (p *likePattern) match(s []byte) bool {
	switch p.form {
	case likeEqual:
		return bytes.Equal(s, p.lit)
	case likePrefix:
		return bytes.HasPrefix(s, p.lit)
	case likeSuffix:
		return bytes.HasSuffix(s, p.lit)
	case likeContains:
		return bytes.Contains(s, p.lit)
	}
	i, k := 0, 0
	star, mark := -1, 0 // the last % and where its text ends for now
	for i < len(s) || k < len(p.toks) {
		if k < len(p.toks) {
			switch t := p.toks[k]; {
			case t.any:
				if star, mark = k, p.next(s, i, k+1); mark < 0 {
					return false
				}
				i, k = mark, k+1
				continue
			case t.lit != nil:
				if bytes.HasPrefix(s[i:], t.lit) {
					i, k = i+len(t.lit), k+1
					continue
				}
			case i < len(s):
				_, size := utf8.DecodeRune(s[i:])
				i, k = i+size, k+1
				continue
			}
		}
		if star < 0 || mark >= len(s) {
			return false
		}
		_, size := utf8.DecodeRune(s[mark:])
		if mark = p.next(s, mark+size, star+1); mark < 0 {
			return false
		}
		i, k = mark, star+1
	}
	return true
}

// next is the first place at or after i where token k may begin; -1 if there is
// none.
func (p *likePattern) next(s []byte, i, k int) int {
	if k >= len(p.toks) || p.toks[k].lit == nil {
		return i
	}
	at := bytes.Index(s[i:], p.toks[k].lit)
	if at < 0 {
		return -1
	}
	return i + at
}

// bindLike is x LIKE pattern [ESCAPE c]; fold ignores case.
func bindLike(fold bool) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		types, err := takes(tString, tString, tString).opt(1).resolve(name, args)
		if err != nil {
			return catalog.Call{}, err
		}
		escape := '\\'
		if len(args) == 3 {
			if escape, err = likeEscape(args[2]); err != nil {
				return catalog.Call{}, err
			}
		}
		var fixed *likePattern
		if c := args[1].Const; c != nil && isString(args[1].Type) && !nullAt(c, 0) {
			if fixed, err = compileLike(foldIf(fold, textOf(c).at(0)), escape); err != nil {
				return catalog.Call{}, argErr(1, "%w", err)
			}
		}
		call := catalog.Call{Type: tBool, ArgTypes: types, Deterministic: true, Strict: true}
		if fixed != nil && !fold {
			call.Eval = likeConst(fixed)
			return call, nil
		}
		call.Eval = rowsBool(func(r *row) (bool, bool) {
			p := fixed
			if p == nil {
				var err error
				if p, err = r.likePattern(fold, escape); err != nil {
					r.fail(err)
					return false, false
				}
			}
			return p.match(foldIf(fold, r.str(0))), true
		})
		return call, nil
	}
}

// likeConst matches a column against one pattern.
func likeConst(p *likePattern) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		out := newBoolColumn(t.Allocator(), n)
		x := textOf(args[0])
		for i := range n {
			out.v[i>>3] |= b2i(p.match(x.at(i))) << (i & 7)
		}
		return out.array(), nil
	}
}

func likeEscape(a catalog.Arg) (rune, error) {
	if a.Const == nil || !isString(a.Type) || nullAt(a.Const, 0) {
		return 0, argErr(2, "ESCAPE wants a constant of one character")
	}
	s := textOf(a.Const).at(0)
	c, size := utf8.DecodeRune(s)
	if size == 0 || size != len(s) {
		return 0, argErr(2, "ESCAPE wants one character, not '%s'", s)
	}
	return c, nil
}

func foldIf(fold bool, s []byte) []byte {
	if !fold {
		return s
	}
	return bytes.ToLower(s)
}

// compiled is a pattern with the text it was made of, kept between rows.
type compiled[P any] struct {
	text string
	p    P
}

// likePattern compiles the pattern of this row, or takes the last row's.
func (r *row) likePattern(fold bool, escape rune) (*likePattern, error) {
	text := r.str(1)
	if c, ok := r.state.(*compiled[*likePattern]); ok && c.text == string(text) {
		return c.p, nil
	}
	p, err := compileLike(foldIf(fold, text), escape)
	if err == nil {
		r.state = &compiled[*likePattern]{string(text), p}
	}
	return p, err
}

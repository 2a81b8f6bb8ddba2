package client

import (
	"errors"
	"fmt"
	"unicode/utf8"
	"unsafe"
)

// answers are a server's answers to the rows [from, to) of a request, as cells of
// the body. It is used again for the next request.
type answers struct {
	plain    []string       // the names of all outputs as JSON has them, empty for one with escapes
	position map[string]int // of an output's name
	slot     []int          // of each output, its column among those wanted, or -1
	width    int            // columns wanted

	body     []byte
	from, to int
	cells    []cell // width for each row
	state    []state
	messages []cell // of each row

	record []cell // the answer being read, before its row is known
}

// state is what there is for a row.
type state uint8

const (
	silent  state = iota
	given         // its results
	refused       // a message instead
)

func newAnswers(m *Model, want []int) *answers {
	a := &answers{plain: m.plain, position: m.position, slot: make([]int, len(m.outputs)), width: len(want), record: make([]cell, len(want))}
	for i := range a.slot {
		a.slot[i] = -1
	}
	for k, w := range want {
		a.slot[w] = k
	}
	return a
}

// view is a text that must not be kept.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// read takes the body of an answer to a batch, which must have one answer for each
// row. The body must not change while the cells are used.
func (a *answers) read(body []byte, from, to int) error {
	n := to - from
	a.body, a.from, a.to = body, from, to
	a.cells = cleared(a.cells, n*a.width)
	a.state = cleared(a.state, n)
	a.messages = cleared(a.messages, n)
	if !utf8.Valid(body) {
		return errors.New("it is not UTF-8")
	}
	r := reader{b: body}
	if !a.batch(&r) {
		return r.err
	}
	if r.next(); r.at < len(body) {
		r.fail("there is more behind its end")
		return r.err
	}
	for i, s := range a.state {
		if s == silent {
			return fmt.Errorf("it has no answer to record %d", from+i)
		}
	}
	return nil
}

func cleared[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// batch reads {"id", "responses": [...]}.
func (a *answers) batch(r *reader) bool {
	more, ok := r.open('{', '}')
	for more && ok {
		var name cell
		if name, ok = r.name(); !ok {
			return false
		}
		if string(name.of(a.body)) == "responses" && r.next() == '[' {
			ok = a.responses(r)
		} else {
			_, ok = r.value(1)
		}
		if ok {
			more, ok = r.more('}')
		}
	}
	return ok
}

func (a *answers) responses(r *reader) bool {
	more, ok := r.open('[', ']')
	for more && ok {
		if ok = a.response(r); ok {
			more, ok = r.more(']')
		}
	}
	return ok
}

// response reads {"id", "results"} or {"id", "message"}, in any order.
func (a *answers) response(r *reader) bool {
	var id, message cell
	clear(a.record)
	more, ok := r.open('{', '}')
	for more && ok {
		var name, v cell
		if name, ok = r.name(); !ok {
			return false
		}
		switch string(name.of(a.body)) {
		case "id":
			id, ok = r.value(3)
		case "message":
			message, ok = r.value(3)
		case "results":
			if r.next() == '{' {
				ok = a.results(r)
			} else if v, ok = r.value(3); ok && v.shape != absent {
				return r.fail("results are no object")
			}
		default:
			_, ok = r.value(3)
		}
		if ok {
			more, ok = r.more('}')
		}
	}
	return ok && a.keep(r, id, message)
}

// keep puts an answer where its row is.
func (a *answers) keep(r *reader, id, message cell) bool {
	row, ok := id.row(a.body)
	if !ok || row < a.from || row >= a.to {
		return r.fail("an answer has the id %q, and no record of the request has", shorten(id.string(a.body)))
	}
	i := row - a.from
	if a.state[i] != silent {
		return r.fail("record %d is answered twice", row)
	}
	if message.shape != absent {
		a.state[i], a.messages[i] = refused, message
		return true
	}
	a.state[i] = given
	copy(a.cells[i*a.width:(i+1)*a.width], a.record)
	return true
}

// results reads the values of a record. They come in the order of the outputs as
// a rule.
func (a *answers) results(r *reader) bool {
	expected, members, known := 0, 0, 0
	more, ok := r.open('{', '}')
	for more && ok {
		at := a.expect(r, expected)
		if at >= 0 {
			ok = r.next() == ':' || r.fail("a colon was expected")
			r.at++
		} else {
			var name cell
			if name, ok = r.name(); !ok {
				return false
			}
			at = a.find(name)
		}
		var v cell
		if !ok {
			return false
		}
		if v, ok = r.value(4); !ok {
			return false
		}
		members++
		if at >= 0 {
			known++
			expected = at + 1
			if k := a.slot[at]; k >= 0 {
				a.record[k] = v
			}
		}
		more, ok = r.more('}')
	}
	if ok && members > 0 && known == 0 {
		return r.fail("a record's results have none of the model's outputs, so its model is another one by now")
	}
	return ok
}

// expect passes over the name of output at if it is here, in quotes and without
// escapes; else it gives -1.
func (a *answers) expect(r *reader, at int) int {
	if at >= len(a.plain) || a.plain[at] == "" {
		return -1
	}
	name := a.plain[at]
	end := r.at + 1 + len(name)
	if end >= len(r.b) || r.b[r.at] != '"' || r.b[end] != '"' || string(r.b[r.at+1:end]) != name {
		return -1
	}
	r.at = end + 1
	return at
}

// find is the output of a name, -1 if there is none.
func (a *answers) find(name cell) int {
	key := name.of(a.body)
	if name.shape == escaped {
		key = unescape(nil, key)
	}
	if at, ok := a.position[string(key)]; ok {
		return at
	}
	return -1
}

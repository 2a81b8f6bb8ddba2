package openscoring

import (
	"errors"
	"fmt"
)

// The classes of Openscoring's requests, for messages.
const (
	recordClass = "org.openscoring.common.EvaluationRequest"
	batchClass  = "org.openscoring.common.BatchEvaluationRequest"
)

// errTooManyRows refuses a request with more records than a server takes.
var errTooManyRows = errors.New("too many records")

// maxCells bounds the values that a request makes of its records, inputs and
// results together: a record without arguments has them too, as missing ones.
const maxCells = 1 << 24

// cellLimit is how many records of the model have maxCells values.
func (m *Model) cellLimit() int { return max(1, maxCells/max(1, m.width())) }

func (m *Model) width() int { return len(m.inputs) + len(m.results) }

// mostRows is how many records a request may have, if limit allows as many.
func (m *Model) mostRows(limit int) int { return min(limit, m.cellLimit()) }

// tooMany refuses more records than limit, which is one of mostRows.
func (m *Model) tooMany(limit int) error {
	if limit < m.cellLimit() {
		return fmt.Errorf("%w: at most %d in a request", errTooManyRows, limit)
	}
	return fmt.Errorf("%w: at most %d in a request for this model, whose records have %d values each, inputs and results", errTooManyRows, limit, m.width())
}

// nullError is what Openscoring says of a request that lacks something: the text
// of the NullPointerException that it runs into.
type nullError struct{ call, what string }

func (e *nullError) Error() string {
	return fmt.Sprintf("Cannot invoke %q because %q is null", e.call, e.what)
}

var (
	errNoRecord    = &nullError{recordClass + ".getArguments()", "request"}
	errNoArguments = &nullError{"java.util.Map.get(Object)", "requestArguments"}
	errNoBatch     = &nullError{batchClass + ".getRequests()", "batchRequest"}
	errNoRequests  = &nullError{"java.util.List.iterator()", "requests"}
)

// batch is a request of records: their arguments as rows, and the ids. It is
// reused from request to request.
type batch struct {
	rows *rows
	json jsonReader
	id   []byte // of the whole; empty for none
	ids  [][]byte
	max  int // records, 0 for any number

	grouped bool // records make rows by the model's group field
	groups  groups
	key     cell // of the record being read
}

// parseRecord reads one record.
func (b *batch) parseRecord(body []byte) error {
	b.begin(body)
	ok, err := b.record(recordClass)
	switch {
	case err != nil:
		return err
	case b.json.err != nil:
		return b.json.err
	case !ok:
		return errNoRecord
	}
	return nil
}

// parseBatch reads {"id", "requests": [records]}. What is wrong with a single
// record becomes its fault; what is no JSON is an error.
func (b *batch) parseBatch(body []byte) error {
	b.begin(body)
	b.grouped = b.rows.m.group.name != ""
	r := &b.json
	switch r.space() {
	case 0:
		return errNoBatch
	case '{':
	default:
		c, _ := r.value(0)
		if r.err == nil && c.shape == absent {
			return errNoBatch
		}
		b.mismatch(batchClass, c, 0)
		return r.err
	}
	var err error
	seen := false
	ok := r.members(func(name []byte) bool {
		switch string(name) {
		case "id":
			b.id = b.text(batchClass)
		case "requests":
			seen, err = b.requests()
		default:
			b.unknown(name, batchClass, `"id", "requests"`)
		}
		return r.err == nil && err == nil
	})
	switch {
	case err != nil:
		return err
	case !ok:
		return r.err
	case !seen:
		return errNoRequests
	}
	if b.grouped && b.groups.rows(b.rows) {
		b.ids = append(b.ids[:0], make([][]byte, b.rows.n)...)
	}
	return nil
}

// requests reads the records of a batch; seen is false for null.
func (b *batch) requests() (seen bool, err error) {
	r := &b.json
	if r.space() != '[' {
		start := r.at
		c, _ := r.value(0)
		if c.shape != absent {
			b.mismatch("java.util.ArrayList<"+recordClass+">", c, start)
		}
		return false, nil
	}
	r.elements(func() bool {
		if b.max > 0 && max(b.rows.n, b.groups.n) >= b.max {
			err = b.rows.m.tooMany(b.max)
			return false
		}
		ok, fault := b.record(recordClass)
		switch {
		case r.err != nil:
			return false
		case b.grouped && (fault != nil || !ok): // Openscoring groups before it looks at records
			err = fault
			if err == nil {
				err = errNoRecord
			}
			return false
		case fault != nil:
			b.rows.addFault(classNull, fault.Error())
		case !ok:
			b.ids = append(b.ids, nil)
			b.rows.addFault(classNull, errNoRecord.Error())
		}
		return true
	})
	return true, err
}

func (b *batch) begin(body []byte) {
	b.json = jsonReader{b: body, scratch: b.json.scratch[:0]}
	b.id, b.ids = nil, b.ids[:0]
	b.grouped, b.groups = false, groups{}
}

// record reads {"id", "arguments"} and adds its row; ok is false for null or
// nothing. The error is of a record that has no arguments: then no row was added.
func (b *batch) record(class string) (ok bool, err error) {
	r := &b.json
	if r.space() != '{' {
		if r.at == len(r.b) {
			return false, nil
		}
		start := r.at
		c, ok := r.value(0)
		if ok && c.shape == absent {
			return false, nil
		}
		b.mismatch(class, c, start)
		return false, nil
	}
	b.ids, b.key = append(b.ids, nil), cell{}
	at, has := len(b.ids)-1, false
	ok = r.members(func(name []byte) bool {
		switch string(name) {
		case "id":
			b.ids[at] = b.text(class)
		case "arguments":
			has = b.arguments()
		default:
			b.unknown(name, class, `"id", "arguments"`)
		}
		return r.err == nil
	})
	if !ok {
		return false, nil
	}
	if !has {
		return true, errNoArguments
	}
	if b.grouped {
		b.groups.add(b.key, b.rows.cells, false)
	} else {
		b.rows.add()
	}
	return true, nil
}

// arguments reads a record's cells; false for null.
func (b *batch) arguments() bool {
	r := &b.json
	if r.space() != '{' {
		start := r.at
		c, _ := r.value(0)
		if c.shape != absent {
			b.mismatch("java.util.LinkedHashMap<java.lang.String,java.lang.Object>", c, start)
		}
		return false
	}
	return r.members(func(name []byte) bool {
		c, ok := r.value(0)
		if i, known := b.rows.m.byName[string(name)]; known && ok {
			b.rows.cells[i] = c
		} else if b.grouped && ok && string(name) == b.rows.m.group.name {
			b.key = c
		}
		return ok
	})
}

// text reads the id of a class, a text, or a number or boolean taken as one.
func (b *batch) text(class string) []byte {
	start := b.json.at
	c, ok := b.json.value(0)
	if ok && c.shape >= list {
		b.mismatch("java.lang.String", c, start)
		b.json.err.chain = class + `["id"]`
	}
	return c.text
}

// unknown refuses a member; Jackson has read the first token of its value then.
func (b *batch) unknown(name []byte, class, known string) {
	r := &b.json
	c, ok := r.value(0)
	if !ok {
		return
	}
	if c.shape >= list {
		r.at -= len(c.text) - 1
	}
	r.fail(r.at, "Unrecognized field \"%s\" (class %s), not marked as ignorable (2 known properties: %s])", name, class, known)
	r.err.chain = fmt.Sprintf("%s[\"%s\"]", class, name)
}

// mismatch refuses a value of the wrong shape for a Java type.
func (b *batch) mismatch(class string, c cell, start int) {
	if b.json.err != nil {
		return
	}
	what := map[shape][2]string{
		list: {"Array", "START_ARRAY"}, object: {"Object", "START_OBJECT"}, quoted: {"String", "VALUE_STRING"},
		number: {"Number", "VALUE_NUMBER"}, boolean: {"Boolean", "VALUE_BOOLEAN"},
	}[c.shape]
	b.json.fail(start, "Cannot deserialize value of type `%s` from %s value (token `JsonToken.%s`)", class, what[0], what[1])
}

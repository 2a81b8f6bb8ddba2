package codec

import (
	"encoding/binary"
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
)

// maxJSONDepth is how deep objects and arrays may nest; a deeper document is broken.
const maxJSONDepth = 1000

// JSONScanner reads documents into a column, one row each. It belongs to one goroutine. It learns the order of the
// members from the documents it sees and keeps that knowledge from batch to batch.
type JSONScanner struct {
	root    *node
	corrupt *column // of root's columns, or nil

	b     []byte // the document
	depth int
	bad   bool  // something of the document was not what the schema says
	full  error // a column cannot take more

	faultAt   int // of the first fault in the document
	faultMsg  string
	faultNode *node

	scratch []byte
	raw     []byte
	text    textRules

	mode                              Mode
	lines, singleQuotes, nonNumeric   bool
	comments, bareNames, leadingZeros bool
	anyEscape, controlChars           bool
}

// slot is one learned member: its raw `"name":` bytes and where its value goes (nil: nowhere).
type slot struct {
	n      int
	w0, w1 uint64 // first and last 8 bytes
	raw    string
	to     *node
}

// maxSlots bounds what is learned of one object, slotSearch how far a member is looked for that is not the next one:
// objects with ever new names must not cost more than reading the names.
const (
	maxSlots   = 128
	slotSearch = 16
)

// match tells whether the slot's bytes stand at i: for up to 16 bytes two loads and two compares.
func (t *slot) match(b []byte, i int) bool {
	if t.n > len(b)-i {
		return false
	}
	if t.n >= 8 {
		return binary.LittleEndian.Uint64(b[i:]) == t.w0 && binary.LittleEndian.Uint64(b[i+t.n-8:]) == t.w1 &&
			(t.n <= 16 || string(b[i+8:i+t.n-8]) == t.raw[8:t.n-8])
	}
	return string(b[i:i+t.n]) == t.raw
}

// find looks for the member at i among the slots behind the expected one, round to the first; -1 if it is none of them.
func (n *node) find(b []byte, i, next int) int {
	at := next
	for range min(slotSearch, len(n.slots)) {
		if at++; at >= len(n.slots) {
			at = 0
		}
		if n.slots[at].match(b, i) {
			return at
		}
	}
	return -1
}

// learn adds a member's raw key, and returns its slot (or where it would be).
func (n *node) learn(key []byte, to *node) int {
	if len(n.slots) >= maxSlots {
		return maxSlots
	}
	t := slot{n: len(key), raw: string(key), to: to}
	if t.n >= 8 {
		t.w0, t.w1 = binary.LittleEndian.Uint64(key), binary.LittleEndian.Uint64(key[t.n-8:])
	}
	n.slots = append(n.slots, t)
	return len(n.slots) - 1
}

// Reserve makes room for n rows in all, so that appending them does not move buffers.
func (s *JSONScanner) Reserve(n int) {
	if s.root.kind != kindStruct {
		s.root.reserve(n)
	}
	for _, k := range s.root.kids {
		if s.root.kind == kindStruct {
			k.reserve(n)
		}
	}
}

// Len is the number of rows so far.
func (s *JSONScanner) Len() int { return s.root.n }

// AppendNull appends a NULL row: what from_json makes of NULL.
func (s *JSONScanner) AppendNull() { s.root.appendNull() }

// Append reads one document, as a row (JSONOptions.Lines: any number of rows). The bytes are not kept. A document that
// is broken or does not fit the schema is an error only in FAILFAST mode, which then names the fault and its byte
// offset and appends nothing; the only other error is a column that outgrows Arrow's 2 GiB.
func (s *JSONScanner) Append(doc []byte) error {
	s.b, s.depth, s.bad = doc, 0, false
	r := s.root
	start, i := r.n, 0
	if i < len(doc) && doc[i] <= ' ' {
		i = s.space(i)
	}
	if i < len(doc) && doc[i] == '{' && r.kind == kindStruct {
		i = s.object(i+1, r)
		if i >= 0 && !s.bad {
			return nil
		}
	} else if s.blank(i) {
		if !s.lines {
			r.appendNull()
		}
		return nil
	} else {
		i = s.document(i)
	}
	if i < 0 {
		r.truncate(start)
	}
	return s.settle(start)
}

// blank tells whether there is no document at all. from_json trims like Java, everything up to the space; a data
// source knows only JSON's own white space.
func (s *JSONScanner) blank(i int) bool {
	if s.lines {
		return i == len(s.b)
	}
	for _, c := range s.b {
		if c > ' ' {
			return false
		}
	}
	return true
}

// document reads what is not simply an object for a STRUCT; i is behind leading white space.
func (s *JSONScanner) document(i int) int {
	b, r := s.b, s.root
	if s.lines && i == 0 && len(b) >= 3 && string(b[:3]) == "\xef\xbb\xbf" {
		if i = s.space(3); i == len(b) {
			return i
		}
	}
	i = s.comment(i)
	if i < 0 || i == len(b) {
		return s.syntax(len(b), "the document ends before its value")
	}
	switch {
	case r.kind == kindStruct && b[i] == '{':
		return s.object(i+1, r)
	case r.kind == kindStruct && b[i] == '[' && s.lines:
		return s.rows(i)
	case r.kind == kindStruct:
		s.mismatch(i, r)
		return s.skip(i)
	case r.kind == kindList && b[i] == '{' && r.kids[0].kind == kindStruct:
		if i = s.object(i+1, r.kids[0]); i >= 0 { // one object counts as an array of one
			r.endList()
		}
		return i
	case b[i] == 'n': // null is no document
		s.mismatch(i, r)
		return s.skip(i)
	}
	return s.value(i, r)
}

// rows reads a top-level array, an object a row. An element that is none spoils them all.
func (s *JSONScanner) rows(i int) int {
	b, start, spoiled := s.b, s.root.n, false
	s.depth++
	if i = s.pad(i + 1); i < len(b) && b[i] == ']' {
		return i + 1
	}
	for {
		switch {
		case i >= len(b):
			return s.syntax(i, "the array does not end")
		case b[i] == '{':
			i = s.object(i+1, s.root)
		default:
			s.mismatch(i, s.root)
			spoiled = true
			i = s.skip(i)
		}
		if i < 0 {
			return -1
		}
		if i = s.pad(i); i >= len(b) {
			return s.syntax(i, "the array does not end")
		}
		c := b[i]
		i = s.pad(i + 1)
		if c == ']' {
			if spoiled {
				s.root.truncate(start)
			}
			return i
		}
		if c != ',' {
			return s.syntax(i-1, "expected ',' or ']'")
		}
	}
}

// settle does what the mode says about the document whose rows begin at start.
func (s *JSONScanner) settle(start int) error {
	r := s.root
	if !s.bad {
		return nil
	}
	if s.full != nil {
		r.truncate(start)
		return s.full
	}
	switch s.mode {
	case FailFast:
		r.truncate(start)
		return s.faultError()
	case DropMalformed:
		r.truncate(start)
		return nil
	}
	if r.n == start {
		if r.kind != kindStruct {
			r.appendNull()
			return nil
		}
		for _, k := range r.kids { // a STRUCT of NULLs, itself not NULL
			k.appendNull()
		}
		r.n++
	}
	if s.corrupt == nil {
		return nil
	}
	s.corrupt.truncate(start)
	for s.corrupt.n < r.n {
		if !s.corrupt.appendText(s.b) {
			r.truncate(start)
			return errColumnFull(DefaultCorruptColumn)
		}
	}
	return nil
}

// Finish gives the rows as an array, which the caller releases, and leaves the scanner empty for the next batch. The
// fields of a NULL struct are NULL too. The only error is that of an Append before: a column that outgrew 2 GiB.
func (s *JSONScanner) Finish() (arrow.Array, error) {
	if s.full != nil {
		return nil, s.full
	}
	d := s.root.finish()
	defer d.Release()
	return array.MakeFromData(d), nil
}

// Release drops rows not finished. The scanner may be used again.
func (s *JSONScanner) Release() {
	s.root.reset()
	s.full = nil
}

// fault notes what is wrong with the document; the first fault is the one reported.
func (s *JSONScanner) fault(at int, msg string, n *node) {
	if !s.bad {
		s.bad, s.faultAt, s.faultMsg, s.faultNode = true, at, msg, n
	}
}

// syntax notes broken JSON and gives the -1 that ends the document.
func (s *JSONScanner) syntax(at int, msg string) int {
	s.bad = false // it counts for more than a wrong type before it
	s.fault(at, msg, nil)
	return -1
}

// mismatch notes a value of the wrong type at i.
func (s *JSONScanner) mismatch(i int, n *node) { s.fault(i, "", n) }

func (s *JSONScanner) faultError() error {
	if s.faultNode == nil {
		return fmt.Errorf("malformed JSON record: %s at byte %d", s.faultMsg, s.faultAt)
	}
	what := "the record"
	if s.faultNode.path != "" {
		what = "field `" + s.faultNode.path + "`"
	}
	return fmt.Errorf("malformed JSON record: %s cannot be read as %s from %s at byte %d",
		what, typeName(s.faultNode.dt), excerpt(s.b[min(s.faultAt, len(s.b)):]), s.faultAt)
}

// excerpt is the beginning of a text for a message.
func excerpt(b []byte) string {
	if len(b) > 24 {
		return string(b[:24]) + "..."
	}
	return string(b)
}

func errColumnFull(name string) error {
	return fmt.Errorf("column `%s` would hold more than 2 GiB of text in one batch; use smaller batches", name)
}

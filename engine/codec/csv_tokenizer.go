package codec

import "bytes"

// token is one value of a CSV record.
type token struct {
	text   []byte // of the record or of the tokenizer's scratch; nil: nothing between two separators
	quoted bool
}

// tokenizer cuts records of CSV into values by univocity's rules, which are Spark's: encoding/csv knows no escape but
// the doubled quote, no comment inside multi-line input, and fails on a stray quote that Spark keeps.
type tokenizer struct {
	o       CSVOptions // with defaults
	sep0    byte
	crlf    bool // lines end in \r\n, which inside quotes is read as \n
	tokens  []token
	scratch []byte
}

func newTokenizer(o CSVOptions) *tokenizer {
	return &tokenizer{o: o, sep0: o.Sep[0]}
}

// separates tells whether a separator stands at i.
func (t *tokenizer) separates(b []byte, i int) bool {
	return b[i] == t.sep0 && (len(t.o.Sep) == 1 || len(b)-i >= len(t.o.Sep) && string(b[i:i+len(t.o.Sep)]) == t.o.Sep)
}

// ends tells whether the record ends at i: at the end of b, or of the line where b is more than a line.
func (t *tokenizer) ends(b []byte, i int) bool {
	return i >= len(b) || t.o.MultiLine && (b[i] == '\n' || b[i] == '\r')
}

// record cuts the record at the beginning of b into tokens, valid until the next call, and returns where it ends. open
// means that the end of b came first: inside quotes, or anywhere in multi-line input.
func (t *tokenizer) record(b []byte) (end int, open bool) {
	t.tokens, t.scratch = t.tokens[:0], t.scratch[:0]
	i := 0
	for {
		if t.o.IgnoreLeadingSpace {
			for !t.ends(b, i) && b[i] <= ' ' && !t.separates(b, i) {
				i++
			}
		}
		var tok token
		if t.o.Quote != 0 && i < len(b) && b[i] == t.o.Quote {
			tok, i, open = t.quoted(b, i)
		} else {
			tok, i = t.bare(b, i)
		}
		t.tokens = append(t.tokens, tok)
		if t.ends(b, i) || len(t.tokens) > t.o.MaxColumns {
			return i, open || i >= len(b)
		}
		i += len(t.o.Sep)
	}
}

// bare reads a value without quotes.
func (t *tokenizer) bare(b []byte, i int) (token, int) {
	end := t.delimiter(b, i)
	text := b[i:end]
	if t.o.IgnoreTrailingSpace {
		text = bytes.TrimRight(text, " \t\r\n\v\f")
	}
	if len(text) == 0 {
		return token{}, end
	}
	return token{text: text}, end
}

// delimiter finds the separator or record end from i on.
func (t *tokenizer) delimiter(b []byte, i int) int {
	if !t.o.MultiLine && len(t.o.Sep) == 1 {
		if n := bytes.IndexByte(b[i:], t.sep0); n >= 0 {
			return i + n
		}
		return len(b)
	}
	for !t.ends(b, i) && !t.separates(b, i) {
		i++
	}
	return i
}

// quoted reads the value whose quote is at i. A quote inside that is not escaped makes it a value without quotes,
// whose quotes belong to it.
func (t *tokenizer) quoted(b []byte, i int) (tok token, end int, open bool) {
	q, esc := t.o.Quote, t.o.Escape
	st, from := len(t.scratch), i+1 // scratch[st:] and b[from:j] are the text so far
	j := i + 1
	take := func() { t.scratch = append(t.scratch, b[from:j]...) }
	text := func(to int) []byte {
		if len(t.scratch) == st {
			return b[from:to]
		}
		t.scratch = append(t.scratch, b[from:to]...)
		return t.scratch[st:len(t.scratch):len(t.scratch)]
	}
	for j < len(b) {
		c := b[j]
		switch {
		case c == esc && esc != 0 && j+1 < len(b) && b[j+1] == q:
			take()
			from = j + 1
			j += 2
			continue
		case c == t.o.EscapeEscape && c != 0 && c != q && j+1 < len(b) && b[j+1] == esc:
			take()
			from = j + 1
			j += 2
			continue
		case c == '\r' && t.crlf && j+1 < len(b) && b[j+1] == '\n':
			take()
			from = j + 1
			j++
			continue
		}
		if c != q {
			j++
			continue
		}
		k := j + 1
		for !t.ends(b, k) && b[k] <= ' ' && !t.separates(b, k) {
			k++
		}
		if t.ends(b, k) || t.separates(b, k) {
			return token{text: text(j), quoted: true}, k, false
		}
		if b[j+1] == q && (t.ends(b, j+2) || t.separates(b, j+2)) { // a doubled quote before the end counts as one
			return token{text: text(j + 1), quoted: true}, j + 2, false
		}
		end = t.delimiter(b, k)
		raw := append(append([]byte{q}, text(j)...), b[j:end]...)
		return token{text: raw}, end, false
	}
	return token{text: text(j), quoted: true}, j, true
}

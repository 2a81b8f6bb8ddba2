package codec

import "strconv"

// skip checks the value at i, of which nothing is wanted, and returns the index behind it, -1 when it is broken. It
// is as strict as reading: whether a document is broken must not depend on the columns wanted.
func (s *JSONScanner) skip(i int) int {
	b := s.b
	if i >= len(b) {
		return s.syntax(i, "the document ends before a value")
	}
	switch c := b[i]; c {
	case '"':
		return s.skipString(i)
	case '{':
		return s.skipObject(i)
	case '[':
		return s.skipArray(i)
	case 't':
		return s.literal(i, "true")
	case 'f':
		return s.literal(i, "false")
	case 'n':
		return s.literal(i, "null")
	case '\'':
		if s.singleQuotes {
			return s.skipString(i)
		}
	case 'N', 'I', '+':
		if _, end, ok := s.bareNonNumber(i); ok {
			return end
		}
	default:
		if c-'0' < 10 || c == '-' {
			return s.number(i).end
		}
	}
	return s.syntax(i, "expected a value")
}

func (s *JSONScanner) skipString(i int) int {
	end, plain := s.textEnd(i+1, s.b[i])
	if end < 0 {
		return -1
	}
	if !plain {
		var ok bool
		if s.scratch, ok = s.unescape(s.scratch[:0], i+1, end); !ok {
			return -1
		}
	}
	return end + 1
}

// enter goes into the array or object that opens at i and ends with end. It returns the index of the first member, or
// that behind the end when there is none, and whether it is done: so it is when it failed, with -1.
func (s *JSONScanner) enter(i int, end byte) (next int, done bool) {
	if s.depth++; s.depth > maxJSONDepth {
		return s.syntax(i, "nested more than 1000 levels deep"), true
	}
	if i = s.pad(i + 1); i < len(s.b) && s.b[i] == end {
		s.depth--
		return i + 1, true
	}
	return i, false
}

// after goes on behind a member that ends at i, as enter does.
func (s *JSONScanner) after(i int, end byte) (next int, done bool) {
	if i = s.pad(i); i < len(s.b) {
		switch s.b[i] {
		case ',':
			return s.pad(i + 1), false
		case end:
			s.depth--
			return i + 1, true
		}
	}
	return s.unfinished(i, end), true
}

// unfinished is the fault of an array or object that does not go on at i.
func (s *JSONScanner) unfinished(i int, end byte) int {
	switch {
	case i >= len(s.b) && end == ']':
		return s.syntax(i, "the array does not end")
	case i >= len(s.b):
		return s.syntax(i, "the object does not end")
	case end == ']':
		return s.syntax(i, "expected ',' or ']'")
	}
	return s.syntax(i, "expected ',' or '}'")
}

func (s *JSONScanner) skipArray(i int) int {
	i, done := s.enter(i, ']')
	for !done {
		if i = s.skip(i); i < 0 {
			return -1
		}
		i, done = s.after(i, ']')
	}
	return i
}

func (s *JSONScanner) skipObject(i int) int {
	i, done := s.enter(i, '}')
	for !done {
		if _, i = s.memberName(i); i < 0 {
			return -1
		}
		if i = s.skip(i); i < 0 {
			return -1
		}
		i, done = s.after(i, '}')
	}
	return i
}

// rewrite appends the value at i to raw in the text Jackson's generator gives it (no white space, numbers in Java's
// form, its own choice of escapes), and returns the index behind it.
func (s *JSONScanner) rewrite(i int) int {
	b := s.b
	if i >= len(b) {
		return s.syntax(i, "the document ends before a value")
	}
	switch c := b[i]; {
	case c == '"' || c == '\'' && s.singleQuotes:
		text, end := s.quoted(i)
		if end >= 0 {
			s.raw = appendJSONText(s.raw, text, escapeAstral)
		}
		return end
	case c == '{':
		return s.rewriteObject(i)
	case c == '[':
		return s.rewriteArray(i)
	case c-'0' < 10 || c == '-':
		t := s.number(i)
		if t.end >= 0 {
			s.rewriteNumber(t, b[i:t.end])
		}
		return t.end
	case c == 'N' || c == 'I' || c == '+':
		v, end, ok := s.bareNonNumber(i)
		if !ok {
			return s.syntax(i, "expected a value")
		}
		s.raw = appendJSONDouble(s.raw, v)
		return end
	}
	end := s.skip(i)
	if end >= 0 {
		s.raw = append(s.raw, b[i:end]...)
	}
	return end
}

// rewriteNumber appends an integer as it is, any other number as a double.
func (s *JSONScanner) rewriteNumber(t number, text []byte) {
	if !t.isInt {
		s.raw = appendJSONDouble(s.raw, t.float64(text))
		return
	}
	if v, ok := parseLong(text); ok {
		s.raw = strconv.AppendInt(s.raw, v, 10)
		return
	}
	if text[0] == '-' {
		s.raw = append(s.raw, '-')
		text = text[1:]
	}
	for len(text) > 1 && text[0] == '0' {
		text = text[1:]
	}
	s.raw = append(s.raw, text...)
}

func (s *JSONScanner) rewriteArray(i int) int {
	s.raw = append(s.raw, '[')
	i, done := s.enter(i, ']')
	for !done {
		if i = s.rewrite(i); i < 0 {
			return -1
		}
		if i, done = s.after(i, ']'); !done {
			s.raw = append(s.raw, ',')
		}
	}
	s.raw = append(s.raw, ']')
	return i
}

func (s *JSONScanner) rewriteObject(i int) int {
	s.raw = append(s.raw, '{')
	i, done := s.enter(i, '}')
	for !done {
		name, v := s.memberName(i)
		if v < 0 {
			return -1
		}
		s.raw = append(appendJSONText(s.raw, name, escapeAstral), ':')
		if i = s.rewrite(v); i < 0 {
			return -1
		}
		if i, done = s.after(i, '}'); !done {
			s.raw = append(s.raw, ',')
		}
	}
	s.raw = append(s.raw, '}')
	return i
}

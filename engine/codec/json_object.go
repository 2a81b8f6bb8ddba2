package codec

// object reads the members after a '{' as one entry of n and returns the index after the '}', or -1 when the JSON is
// broken: the caller of the document then cuts everything back. Members not met are NULL.
func (s *JSONScanner) object(i int, n *node) int {
	if s.depth++; s.depth > maxJSONDepth {
		return s.syntax(i-1, "nested more than 1000 levels deep")
	}
	b, row, open := s.b, n.n, i
	next, met := 0, 0
	if i = s.pad(i); i < len(b) && b[i] == '}' {
		i++
	} else {
		for {
			var to *node
			if next < len(n.slots) && n.slots[next].match(b, i) {
				to = n.slots[next].to
				i += n.slots[next].n
			} else if to, i, next = s.key(i, n, next); i < 0 {
				return -1
			}
			next++
			i = s.pad(i)
			at := i
			if to == nil {
				i = s.skip(i)
			} else if to.n == row {
				i = s.value(i, to)
				met += to.n - row
			} else {
				i = s.again(i, to, n, open, row)
			}
			if i < 0 {
				return -1
			}
			if i = s.pad(i); i >= len(b) {
				return s.syntax(i, "the object does not end")
			}
			if b[i] == ',' {
				i = s.pad(i + 1)
				continue
			}
			if b[i] == '}' {
				i++
				break
			}
			return s.syntax(max(i, at), "expected ',' or '}'")
		}
	}
	s.depth--
	if met != len(n.kids) {
		for _, k := range n.kids {
			if k.n == row {
				k.appendNull()
			}
		}
	}
	n.n++
	return i
}

// key reads a member's name that is not the expected one, and the colon. It finds the member among the slots or learns
// it, and returns where its value goes, the index of the value, and its slot.
func (s *JSONScanner) key(i int, n *node, next int) (*node, int, int) {
	b := s.b
	if at := n.find(b, i, next); at >= 0 {
		return n.slots[at].to, i + n.slots[at].n, at
	}
	if i >= len(b) {
		return nil, s.syntax(i, "the object does not end"), next
	}
	st, name, plain := i, []byte(nil), b[i] == '"'
	switch {
	case plain || b[i] == '\'' && s.singleQuotes:
		name, i = s.quoted(i)
	case s.bareNames:
		name, i = s.bareName(i)
	default:
		i = s.syntax(i, "expected a member's name in double quotes")
	}
	if i < 0 {
		return nil, -1, next
	}
	to := n.member(name)
	if i < len(b) && b[i] == ':' && plain {
		return to, i + 1, n.learn(b[st:i+1], to)
	}
	i = s.pad(i)
	if i >= len(b) || b[i] != ':' {
		return nil, s.syntax(i, "expected ':' after a member's name"), next
	}
	return to, i + 1, next
}

// bareName reads a name without quotes.
func (s *JSONScanner) bareName(i int) ([]byte, int) {
	b, st := s.b, i
	for i < len(b) && bareNameByte(b[i]) {
		i++
	}
	if i == st || b[st]-'0' < 10 {
		return nil, s.syntax(st, "expected a member's name")
	}
	return b[st:i], i
}

func bareNameByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c-'0' < 10 || c == '_' || c == '$' || c == '@' || c == '#' || c == '*' || c == '-' || c == '+' || c >= 0x80
}

// again reads a member that the object has had before: the last good value stays. n's object opens at open.
func (s *JSONScanner) again(i int, to, n *node, open, row int) int {
	to.truncate(row)
	end := s.value(i, to)
	if end < 0 || to.n > row {
		return end
	}
	// It is bad, so the value before it counts: read the members before it once more.
	bad, msg, at, node := s.bad, s.faultMsg, s.faultAt, s.faultNode
	positions := s.occurrences(open, i, to, n)
	for k := len(positions) - 1; k >= 0 && to.n == row; k-- {
		s.value(positions[k], to)
	}
	s.bad, s.faultMsg, s.faultAt, s.faultNode = bad, msg, at, node
	if to.n == row {
		to.appendNull()
	}
	return end
}

// occurrences are the values before end that an object gives to one member; the object was found sound so far.
func (s *JSONScanner) occurrences(i, end int, to, n *node) (at []int) {
	depth := s.depth
	for i = s.pad(i); i < end; i = s.pad(i + 1) {
		k, v, _ := s.key(i, n, maxSlots)
		v = s.pad(v)
		if v >= end || v < 0 {
			break
		}
		if k == to {
			at = append(at, v)
		}
		if i = s.pad(s.skip(v)); i < 0 {
			break
		}
	}
	s.depth = depth
	return at
}

// array reads a '[' at i as one entry of a list. An element of the wrong type makes the whole array a wrong value.
func (s *JSONScanner) array(i int, n *node) int {
	elem := n.kids[0]
	start, spoiled := elem.n, false
	i, done := s.enter(i, ']')
	for !done {
		if i, spoiled = s.member(i, elem, spoiled); i < 0 {
			return -1
		}
		i, done = s.after(i, ']')
	}
	switch {
	case i < 0:
		return -1
	case spoiled:
		elem.truncate(start)
	default:
		n.endList()
	}
	return i
}

// mapping reads a '{' at i as one entry of a map. A value of the wrong type makes the whole map a wrong value.
func (s *JSONScanner) mapping(i int, n *node) int {
	keys, vals := n.kids[0], n.kids[1]
	start, spoiled := keys.n, false
	i, done := s.enter(i, '}')
	for !done {
		if i = s.mapKey(i, keys); i < 0 {
			return -1
		}
		if i, spoiled = s.member(i, vals, spoiled); i < 0 {
			return -1
		}
		i, done = s.after(i, '}')
	}
	switch {
	case i < 0:
		return -1
	case spoiled:
		keys.truncate(start)
		vals.truncate(start)
	default:
		n.endList()
	}
	return i
}

// member reads the value at i into a list or map, unless one before has spoiled it, and says whether it is spoiled now.
func (s *JSONScanner) member(i int, to *node, spoiled bool) (int, bool) {
	if spoiled {
		return s.skip(i), true
	}
	before := to.n
	i = s.value(i, to)
	return i, to.n == before
}

// mapKey appends the name at i to the keys and returns the index of its value.
func (s *JSONScanner) mapKey(i int, keys *node) int {
	name, i := s.memberName(i)
	if i < 0 {
		return -1
	}
	if !keys.appendText(name) {
		return s.overflow(keys)
	}
	return i
}

// memberName reads a name and its colon; the name is valid until the next string is read.
func (s *JSONScanner) memberName(i int) ([]byte, int) {
	b := s.b
	var name []byte
	switch {
	case i >= len(b):
		return nil, s.syntax(i, "the object does not end")
	case b[i] == '"' || b[i] == '\'' && s.singleQuotes:
		name, i = s.quoted(i)
	case s.bareNames:
		name, i = s.bareName(i)
	default:
		i = s.syntax(i, "expected a member's name in double quotes")
	}
	if i < 0 {
		return nil, -1
	}
	if i = s.pad(i); i >= len(b) || b[i] != ':' {
		return nil, s.syntax(i, "expected ':' after a member's name")
	}
	return name, s.pad(i + 1)
}

// overflow gives up the document: a column cannot take its text.
func (s *JSONScanner) overflow(n *node) int {
	s.full = errColumnFull(n.path)
	return s.syntax(0, "too much text")
}

package codec

import (
	"encoding/base64"
	"math"

	"github.com/apache/arrow/go/v14/arrow"
)

// value reads the value at i as one entry of n and returns the index behind it, -1 when the JSON is broken. A value
// of the wrong type is skipped and noted, and appends nothing.
func (s *JSONScanner) value(i int, n *node) int {
	b := s.b
	if i >= len(b) {
		return s.syntax(i, "the document ends before a value")
	}
	c := b[i]
	if n.kind == kindFloat64 && (c-'0' < 10 || c == '-') {
		return s.float64(i, n)
	}
	if c == 'n' {
		if i = s.literal(i, "null"); i >= 0 {
			n.appendNull()
		}
		return i
	}
	switch n.kind {
	case kindString:
		if c == '"' || c == '\'' && s.singleQuotes {
			return s.string(i, n)
		}
		return s.rawText(i, n)
	case kindInt8, kindInt16, kindInt32, kindInt64:
		if c-'0' < 10 || c == '-' {
			return s.integer(i, n)
		}
	case kindFloat32:
		if c-'0' < 10 || c == '-' {
			return s.float32(i, n)
		}
		return s.floatWord(i, n)
	case kindFloat64:
		return s.floatWord(i, n)
	case kindStruct:
		if c == '{' {
			return s.object(i+1, n)
		}
	case kindList:
		if c == '[' {
			return s.array(i, n)
		}
	case kindMap:
		if c == '{' {
			return s.mapping(i, n)
		}
	case kindBool:
		if c == 't' || c == 'f' {
			return s.boolean(i, n)
		}
	case kindDecimal:
		return s.decimal(i, n)
	case kindBinary, kindDate, kindTimestamp, kindTimestampNTZ:
		return s.parsed(i, n)
	case kindNull:
		n.appendNull()
		return s.skip(i)
	}
	return s.wrong(i, n)
}

// wrong notes the value at i as one of the wrong type and skips it.
func (s *JSONScanner) wrong(i int, n *node) int {
	s.mismatch(i, n)
	return s.skip(i)
}

// string reads a JSON string into a STRING column: found and copied in one pass unless it has escapes.
func (s *JSONScanner) string(i int, n *node) int {
	end, plain := s.textEnd(i+1, s.b[i])
	if end < 0 {
		return -1
	}
	if plain {
		if !n.appendText(s.b[i+1 : end]) {
			return s.overflow(n)
		}
		return end + 1
	}
	var ok bool
	if s.scratch, ok = s.unescape(s.scratch[:0], i+1, end); !ok {
		return -1
	}
	if !n.appendText(s.scratch) {
		return s.overflow(n)
	}
	return end + 1
}

// rawText gives a STRING column the JSON text of a value that is no string, written anew as Jackson does.
func (s *JSONScanner) rawText(i int, n *node) int {
	s.raw = s.raw[:0]
	end := s.rewrite(i)
	if end < 0 {
		return -1
	}
	if !n.appendText(s.raw) {
		return s.overflow(n)
	}
	return end
}

func (s *JSONScanner) boolean(i int, n *node) int {
	if s.b[i] == 't' {
		if i = s.literal(i, "true"); i >= 0 {
			n.appendBool(true)
		}
		return i
	}
	if i = s.literal(i, "false"); i >= 0 {
		n.appendBool(false)
	}
	return i
}

// literal checks the word at i and returns the index behind it.
func (s *JSONScanner) literal(i int, word string) int {
	b := s.b
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return s.syntax(i, "expected a value")
	}
	i += len(word)
	if i < len(b) && (b[i]|0x20 >= 'a' && b[i]|0x20 <= 'z' || b[i]-'0' < 10 || b[i] == '_' || b[i] == '$') {
		return s.syntax(i-len(word), "expected a value")
	}
	return i
}

// integer reads a number into an integer column. Only JSON integers in range will do; a TINYINT takes up to 255 and
// wraps, because Jackson's getByteValue does.
func (s *JSONScanner) integer(i int, n *node) int {
	v, end, ok := smallInt(s.b, i)
	if !ok {
		t := s.number(i)
		if t.end < 0 {
			return -1
		}
		if end, ok = t.end, t.isInt; ok {
			v, ok = parseLong(s.b[i:end])
		}
	}
	switch n.kind {
	case kindInt32:
		ok = ok && v == int64(int32(v))
	case kindInt16:
		ok = ok && v == int64(int16(v))
	case kindInt8:
		ok = ok && v >= math.MinInt8 && v <= math.MaxUint8
	}
	if !ok {
		s.mismatch(i, n)
		return end
	}
	n.appendInteger(v)
	return end
}

// float64 reads a number into a DOUBLE column: up to 15 digits exactly by one multiplication or division, the rest by
// strconv.
func (s *JSONScanner) float64(i int, n *node) int {
	b := s.b
	st := i
	neg := b[i] == '-'
	if neg {
		i++
	}
	var m uint64
	d0 := i
	for i < len(b) && b[i]-'0' < 10 {
		m = m*10 + uint64(b[i]-'0')
		i++
	}
	digits := i - d0
	if digits == 0 || digits > 1 && b[d0] == '0' {
		return s.float64Slow(st, n)
	}
	scale := 0
	if i < len(b) && b[i] == '.' {
		i++
		f0 := i
		for i < len(b) && b[i]-'0' < 10 {
			m = m*10 + uint64(b[i]-'0')
			i++
		}
		if scale = i - f0; scale == 0 {
			return s.float64Slow(st, n)
		}
		digits += scale
	} else if m == 0 {
		neg = false // the integer -0 is 0
	}
	if digits > 15 || i < len(b) && b[i]|0x20 == 'e' {
		return s.float64Slow(st, n)
	}
	v := float64(m)
	if scale > 0 {
		v /= pow10[scale]
	}
	if neg {
		v = -v
	}
	if n.n >= len(n.f64) {
		n.grow()
	}
	n.f64[n.n] = v
	n.n++
	return i
}

func (s *JSONScanner) float64Slow(i int, n *node) int {
	t := s.number(i)
	if t.end < 0 {
		return -1
	}
	n.appendFloat64(t.float64(s.b[i:t.end]))
	return t.end
}

func (s *JSONScanner) float32(i int, n *node) int {
	t := s.number(i)
	if t.end < 0 {
		return -1
	}
	n.appendFloat32(t.float32(s.b[i:t.end]))
	return t.end
}

// floatWord reads NaN and the infinities, bare or as strings.
func (s *JSONScanner) floatWord(i int, n *node) int {
	var v float64
	var ok bool
	end := -1
	switch s.b[i] {
	case '"', '\'':
		if s.b[i] == '\'' && !s.singleQuotes {
			break
		}
		var text []byte
		if text, end = s.quoted(i); end < 0 {
			return -1
		}
		if v, ok = nonNumber(text); !ok || !s.nonNumeric {
			s.mismatch(i, n)
			return end
		}
	default:
		if v, end, ok = s.bareNonNumber(i); !ok {
			return s.wrong(i, n)
		}
	}
	if end < 0 {
		return s.wrong(i, n)
	}
	if n.kind == kindFloat32 {
		n.appendFloat32(float32(v))
	} else {
		n.appendFloat64(v)
	}
	return end
}

// nonNumber is the value of a word that Jackson takes for a number.
func nonNumber(word []byte) (float64, bool) {
	switch string(word) {
	case "NaN":
		return math.NaN(), true
	case "Infinity", "+Infinity", "+INF":
		return math.Inf(1), true
	case "-Infinity", "-INF":
		return math.Inf(-1), true
	}
	return 0, false
}

// bareNonNumber reads such a word without quotes.
func (s *JSONScanner) bareNonNumber(i int) (float64, int, bool) {
	b, end := s.b, i
	for end < len(b) && (b[end]|0x20 >= 'a' && b[end]|0x20 <= 'z' || b[end] == '+' || b[end] == '-') {
		end++
	}
	v, ok := nonNumber(b[i:end])
	return v, end, ok && s.nonNumeric
}

// decimal reads a number, or a string that Java's BigDecimal understands, rounded half up to the column's scale.
func (s *JSONScanner) decimal(i int, n *node) int {
	b := s.b
	var text []byte
	var end int
	switch c := b[i]; {
	case c-'0' < 10 || c == '-':
		t := s.number(i)
		if t.end < 0 {
			return -1
		}
		text, end = b[i:t.end], t.end
		if t.word {
			s.mismatch(i, n)
			return end
		}
	case c == '"' || c == '\'' && s.singleQuotes:
		if text, end = s.quoted(i); end < 0 {
			return -1
		}
		text = withoutCommas(text)
	default:
		return s.wrong(i, n)
	}
	dt := n.dt.(*arrow.Decimal128Type)
	v, ok := ParseDecimal(text, dt.Precision, dt.Scale)
	if !ok {
		s.mismatch(i, n)
		return end
	}
	n.appendDecimal(v)
	return end
}

// parsed reads the types that are strings in JSON: dates, timestamps and base64. A timestamp may be whole seconds.
func (s *JSONScanner) parsed(i int, n *node) int {
	b := s.b
	if c := b[i]; c != '"' && (c != '\'' || !s.singleQuotes) {
		if (c-'0' < 10 || c == '-') && n.kind == kindTimestamp {
			t := s.number(i)
			if t.end < 0 {
				return -1
			}
			if v, ok := parseLong(b[i:t.end]); ok && t.isInt {
				n.appendInt64(v * 1e6)
			} else {
				s.mismatch(i, n)
			}
			return t.end
		}
		return s.wrong(i, n)
	}
	text, end := s.quoted(i)
	if end < 0 {
		return -1
	}
	ok := false
	switch n.kind {
	case kindBinary:
		return s.binary(i, end, text, n)
	case kindDate:
		var v int32
		if v, ok = s.text.date(text); ok {
			n.appendInt32(v)
		}
	case kindTimestamp:
		var v int64
		if v, ok = s.text.timestamp(text); ok {
			n.appendInt64(v)
		}
	case kindTimestampNTZ:
		var v int64
		if v, ok = s.text.timestampNTZ(text); ok {
			n.appendInt64(v)
		}
	}
	if !ok {
		s.mismatch(i, n)
	}
	return end
}

// binary decodes base64 straight into the column.
func (s *JSONScanner) binary(i, end int, text []byte, n *node) int {
	enc := base64.StdEncoding
	if len(text)%4 != 0 {
		s.mismatch(i, n)
		return end
	}
	if !n.textRoom(enc.DecodedLen(len(text))) {
		return s.overflow(n)
	}
	size, err := enc.Decode(n.column.text[n.used:], text)
	if err != nil {
		s.mismatch(i, n)
		return end
	}
	n.used += size
	n.endText()
	return end
}

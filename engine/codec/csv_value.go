package codec

import (
	"bytes"
	"math"
	"strconv"

	"github.com/apache/arrow/go/v14/arrow"
)

// value appends a token to a column; false means the text is none of the column's type, and appends nothing.
func (c *csvRows) value(col *column, t token) bool {
	o := &c.d.opts
	text := t.text
	if t.quoted && len(text) == 0 {
		text = append(text, o.EmptyValue...)
	}
	if text == nil || string(text) == o.NullValue {
		col.appendNull()
		return true
	}
	switch col.kind {
	case kindString, kindBinary:
		if !col.appendText(text) {
			col.full = true
			return false
		}
		return true
	case kindFloat64:
		v, ok := o.double(text, 64)
		if ok {
			col.appendFloat64(v)
		}
		return ok
	case kindFloat32:
		v, ok := o.double(text, 32)
		if ok {
			col.appendFloat32(float32(v))
		}
		return ok
	case kindInt8, kindInt16, kindInt32, kindInt64:
		v, err := strconv.ParseInt(string(text), 10, bitSize(col.kind))
		if err == nil {
			col.appendInteger(v)
		}
		return err == nil
	case kindBool:
		v, ok := parseBool(text)
		if ok {
			col.appendBool(v)
		}
		return ok
	case kindDecimal:
		dt := col.dt.(*arrow.Decimal128Type)
		v, ok := ParseDecimal(withoutCommas(text), dt.Precision, dt.Scale)
		if ok {
			col.appendDecimal(v)
		}
		return ok
	}
	return c.time(col, text)
}

// time appends a date or timestamp.
func (c *csvRows) time(col *column, text []byte) bool {
	switch col.kind {
	case kindDate:
		v, ok := c.text.date(text)
		if ok {
			col.appendInt32(v)
		}
		return ok
	case kindTimestamp:
		v, ok := c.text.timestamp(text)
		if ok {
			col.appendInt64(v)
		}
		return ok
	case kindTimestampNTZ:
		v, ok := c.text.timestampNTZ(text)
		if ok {
			col.appendInt64(v)
		}
		return ok
	}
	col.appendNull()
	return true
}

// withoutCommas drops the thousands separators that Spark drops from decimals.
func withoutCommas(text []byte) []byte {
	if bytes.IndexByte(text, ',') < 0 {
		return text
	}
	return bytes.ReplaceAll(text, []byte{','}, nil)
}

func bitSize(k kind) int {
	switch k {
	case kindInt8:
		return 8
	case kindInt16:
		return 16
	case kindInt32:
		return 32
	}
	return 64
}

// parseBool reads true and false in any case.
func parseBool(text []byte) (v, ok bool) {
	switch {
	case len(text) == 4 && bytes.EqualFold(text, []byte("true")):
		return true, true
	case len(text) == 5 && bytes.EqualFold(text, []byte("false")):
		return false, true
	}
	return false, false
}

// double reads a number, or one of the words the options set.
func (o *CSVOptions) double(text []byte, bitSize int) (float64, bool) {
	switch string(text) {
	case o.NanValue:
		return math.NaN(), true
	case o.PositiveInf:
		return math.Inf(1), true
	case o.NegativeInf:
		return math.Inf(-1), true
	}
	return parseJavaDouble(text, bitSize)
}

// parseJavaDouble reads what Java's Double.parseDouble does: spaces around, a suffix d or f, NaN, Infinity.
func parseJavaDouble(text []byte, bitSize int) (float64, bool) {
	for len(text) > 0 && text[0] <= ' ' {
		text = text[1:]
	}
	for len(text) > 0 && text[len(text)-1] <= ' ' {
		text = text[:len(text)-1]
	}
	if v, ok := shortDouble(text); ok && bitSize == 64 {
		return v, true
	}
	switch string(bytes.TrimLeft(text, "+-")) {
	case "NaN", "Infinity":
		v, err := strconv.ParseFloat(string(text), bitSize)
		return v, err == nil
	}
	hex := bytes.ContainsAny(text, "xX")
	if n := len(text); n > 1 && (!hex || bytes.ContainsAny(text, "pP")) {
		if c := text[n-1] | 0x20; c == 'd' || c == 'f' {
			text = text[:n-1]
		}
	}
	for _, c := range text {
		switch {
		case c-'0' < 10, c == '+', c == '-', c == '.', c|0x20 == 'e':
		case hex && (c|0x20 == 'x' || c|0x20 == 'p' || c|0x20 >= 'a' && c|0x20 <= 'f'):
		default:
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(string(text), bitSize)
	if err != nil && !math.IsInf(v, 0) {
		return 0, false
	}
	return v, true
}

// shortDouble reads a plain decimal of up to 15 digits exactly.
func shortDouble(text []byte) (float64, bool) {
	i, neg := 0, false
	if len(text) > 0 && text[0] == '-' {
		i, neg = 1, true
	}
	var m uint64
	digits, scale, point := 0, 0, false
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case c-'0' < 10:
			m = m*10 + uint64(c-'0')
			digits++
			if point {
				scale++
			}
		case c == '.' && !point:
			point = true
		default:
			return 0, false
		}
	}
	if digits == 0 || digits > 15 {
		return 0, false
	}
	v := float64(m) / pow10[scale]
	if neg {
		v = -v
	}
	return v, true
}

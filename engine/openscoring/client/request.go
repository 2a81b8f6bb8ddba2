package client

import (
	"bytes"
	"math"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/engine/codec"
)

// appendBatch appends the request for rows [from, to). A record's id is its row;
// a NULL is left out, which is how a value is missing.
func (m *Model) appendBatch(dst []byte, in []arrow.Array, from, to int) []byte {
	dst = append(dst, `{"id":"rows","requests":[`...)
	for row := from; row < to; row++ {
		if row > from {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"id":"`...)
		dst = strconv.AppendInt(dst, int64(row), 10)
		dst = append(dst, `","arguments":{`...)
		more := false
		for i, a := range in {
			if a.IsNull(row) {
				continue
			}
			if more {
				dst = append(dst, ',')
			}
			more = true
			dst = append(dst, m.keys[i]...)
			dst = appendValue(dst, a, row)
		}
		dst = append(dst, '}', '}')
	}
	return append(dst, ']', '}')
}

// appendValue appends a value that is not NULL.
func appendValue(dst []byte, a arrow.Array, row int) []byte {
	switch a := a.(type) {
	case *array.Float64:
		return appendFloat(dst, a.Value(row), 64)
	case *array.Float32:
		return appendFloat(dst, float64(a.Value(row)), 32)
	case *array.Int64:
		return strconv.AppendInt(dst, a.Value(row), 10)
	case *array.Boolean:
		return strconv.AppendBool(dst, a.Value(row))
	case *array.Date32:
		return append(codec.AppendDate(append(dst, '"'), int32(a.Value(row))), '"')
	case *array.Timestamp:
		start := len(dst)
		dst = codec.AppendTimestamp(append(dst, '"'), int64(a.Value(row)), time.UTC)
		if blank := bytes.IndexByte(dst[start:], ' '); blank >= 0 {
			dst[start+blank] = 'T'
		}
		return append(dst, '"')
	case *array.String:
		return appendString(dst, a.Value(row))
	}
	return append(dst, "null"...)
}

// appendFloat appends a number as short as it can be read back, in quotes if JSON
// has none such.
func appendFloat(dst []byte, x float64, bits int) []byte {
	switch {
	case math.IsNaN(x):
		return append(dst, `"NaN"`...)
	case math.IsInf(x, 1):
		return append(dst, `"Infinity"`...)
	case math.IsInf(x, -1):
		return append(dst, `"-Infinity"`...)
	}
	return strconv.AppendFloat(dst, x, 'g', -1, bits)
}

// appendString appends a text in quotes.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		if c >= 0x20 {
			dst = append(dst, '\\', c)
		} else {
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, s[from:]...), '"')
}

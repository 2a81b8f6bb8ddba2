package client

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/engine/codec"
)

// column is one wanted output on its way into an array.
type column struct {
	out     *describedField
	builder array.Builder
}

// put appends a value of an answer. An error means that the server gave what its
// own description does not say.
func (c *column) put(v cell, body []byte, row int) error {
	if v.shape == absent {
		c.builder.AppendNull()
		return nil
	}
	if c.append(v, body) {
		return nil
	}
	dataType := c.out.DataType
	if dataType == "" {
		dataType = "string"
	}
	return fmt.Errorf("record %d has %s = %s, and by the model's description that is a %s: its model is another one by now",
		row, c.out.ID, shorten(v.string(body)), dataType)
}

// append appends a value if the column can take it.
func (c *column) append(v cell, body []byte) bool {
	s := v.of(body)
	switch b := c.builder.(type) {
	case *array.Float64Builder:
		x, ok := float(v, s, 64)
		if ok {
			b.Append(x)
		}
		return ok
	case *array.Float32Builder:
		x, ok := float(v, s, 32)
		if ok {
			b.Append(float32(x))
		}
		return ok
	case *array.Int64Builder:
		x, ok := integer(v, s)
		if ok {
			b.Append(x)
		}
		return ok
	case *array.BooleanBuilder:
		if v.shape != yes && v.shape != no {
			return false
		}
		b.Append(v.shape == yes)
		return true
	case *array.Date32Builder:
		days, ok := codec.ParseDate(s)
		if ok = ok && v.shape == text; ok {
			b.Append(arrow.Date32(days))
		}
		return ok
	case *array.TimestampBuilder:
		micros, ok := codec.ParseTimestamp(s, time.UTC, 0)
		if ok = ok && v.shape == text; ok {
			b.Append(arrow.Timestamp(micros))
		}
		return ok
	case *array.StringBuilder:
		if v.shape == escaped {
			s = unescape(nil, s)
		}
		b.Append(view(s)) // the builder copies it
		return true
	}
	return false
}

// float reads a number, or one of the texts that stand for what JSON has no
// number for.
func float(v cell, s []byte, bits int) (float64, bool) {
	if v.shape == text {
		switch string(s) {
		case "NaN":
			return math.NaN(), true
		case "Infinity":
			return math.Inf(1), true
		case "-Infinity":
			return math.Inf(-1), true
		}
		return 0, false
	}
	if v.shape != number {
		return 0, false
	}
	x, err := strconv.ParseFloat(view(s), bits)
	return x, err == nil || math.IsInf(x, 0)
}

// integer reads a whole number, also one that is written with a fraction of zero.
func integer(v cell, s []byte) (int64, bool) {
	if v.shape != number {
		return 0, false
	}
	if x, err := strconv.ParseInt(view(s), 10, 64); err == nil {
		return x, true
	}
	x, err := strconv.ParseFloat(view(s), 64)
	if err != nil || x != math.Trunc(x) || math.Abs(x) >= 1<<53 {
		return 0, false
	}
	return int64(x), true
}

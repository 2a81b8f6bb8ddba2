package plan

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/sql"
)

// literalText is value i of an array as SQL would write it, for EXPLAIN: 'text',
// X'00FF', DATE '2024-01-01', array(1, NaN), named_struct('a', NULL), map('k', 1).
// No type makes it panic; of one that SQL does not have it gives the name.
func literalText(v arrow.Array, i int) string {
	if nullAt(v, i) {
		return "NULL"
	}
	if text, ok := nestedText(v, i); ok {
		return text
	}
	if text, ok := numberText(v, i); ok {
		return text
	}
	switch a := v.(type) {
	case *array.String:
		return quoteText(a.Value(i))
	case *array.LargeString:
		return quoteText(a.Value(i))
	case *array.Binary:
		return binaryText(a.Value(i))
	case *array.LargeBinary:
		return binaryText(a.Value(i))
	case *array.FixedSizeBinary:
		return binaryText(a.Value(i))
	case *array.Boolean:
		return strings.ToUpper(strconv.FormatBool(a.Value(i)))
	case *array.Date32:
		return "DATE '" + a.Value(i).FormattedString() + "'"
	case *array.Date64:
		return "DATE '" + a.Value(i).FormattedString() + "'"
	case *array.Timestamp:
		unit := a.DataType().(*arrow.TimestampType).Unit
		return "TIMESTAMP '" + a.Value(i).ToTime(unit).Format("2006-01-02 15:04:05.999999999") + "'"
	case *array.Duration:
		unit := a.DataType().(*arrow.DurationType).Unit
		return durationText(int64(a.Value(i)), int64(unit.Multiplier()))
	case *array.MonthInterval:
		return monthsText(int64(a.Value(i)))
	}
	return "<" + sql.TypeName(v.DataType()) + ">"
}

// nestedText writes the values that hold others.
func nestedText(v arrow.Array, i int) (string, bool) {
	switch a := v.(type) {
	case *array.Map:
		from, to := a.ValueOffsets(i)
		parts := make([]string, 0, 2*(to-from))
		for at := int(from); at < int(to); at++ {
			parts = append(parts, literalText(a.Keys(), at), literalText(a.Items(), at))
		}
		return "map(" + strings.Join(parts, ", ") + ")", true
	case array.ListLike:
		from, to := a.ValueOffsets(i)
		parts := make([]string, 0, to-from)
		for at := int(from); at < int(to); at++ {
			parts = append(parts, literalText(a.ListValues(), at))
		}
		return "array(" + strings.Join(parts, ", ") + ")", true
	case *array.Struct:
		fields := a.DataType().(*arrow.StructType).Fields()
		parts := make([]string, len(fields))
		for f := range fields {
			parts[f] = quoteText(fields[f].Name) + ", " + literalText(a.Field(f), i)
		}
		return "named_struct(" + strings.Join(parts, ", ") + ")", true
	case *array.Dictionary:
		return literalText(a.Dictionary(), a.GetValueIndex(i)), true
	case array.ExtensionArray:
		return literalText(a.Storage(), i), true
	}
	return "", false
}

func numberText(v arrow.Array, i int) (string, bool) {
	switch a := v.(type) {
	case *array.Int8:
		return strconv.FormatInt(int64(a.Value(i)), 10), true
	case *array.Int16:
		return strconv.FormatInt(int64(a.Value(i)), 10), true
	case *array.Int32:
		return strconv.FormatInt(int64(a.Value(i)), 10), true
	case *array.Int64:
		return strconv.FormatInt(a.Value(i), 10), true
	case *array.Uint8:
		return strconv.FormatUint(uint64(a.Value(i)), 10), true
	case *array.Uint16:
		return strconv.FormatUint(uint64(a.Value(i)), 10), true
	case *array.Uint32:
		return strconv.FormatUint(uint64(a.Value(i)), 10), true
	case *array.Uint64:
		return strconv.FormatUint(a.Value(i), 10), true
	case *array.Float16:
		return floatText(float64(a.Value(i).Float32()), 32), true
	case *array.Float32:
		return floatText(float64(a.Value(i)), 32), true
	case *array.Float64:
		return floatText(a.Value(i), 64), true
	case *array.Decimal128:
		return a.Value(i).ToString(a.DataType().(*arrow.Decimal128Type).Scale), true
	case *array.Decimal256:
		return a.Value(i).ToString(a.DataType().(*arrow.Decimal256Type).Scale), true
	}
	return "", false
}

func floatText(v float64, bits int) string {
	switch {
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(v, 'g', -1, bits)
}

// quoteText escapes as a string literal does, so that no two texts look alike.
func quoteText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}

func binaryText(b []byte) string { return fmt.Sprintf("X'%X'", b) }

// monthsText is months as years and months.
func monthsText(months int64) string {
	sign := ""
	if months < 0 {
		months, sign = -months, "-"
	}
	return fmt.Sprintf("INTERVAL '%s%d-%d' YEAR TO MONTH", sign, months/12, months%12)
}

// durationText is a number of units, each of some nanoseconds, as days and a
// time. The sign is taken off in unsigned arithmetic: the smallest number has no opposite.
func durationText(n, nanos int64) string {
	sign, size := "", uint64(n)
	if n < 0 {
		sign, size = "-", -uint64(n)
	}
	second := uint64(1e9 / nanos)
	seconds, rest := size/second, size%second*uint64(nanos)
	digits, width := rest/1000, 6
	if nanos == 1 && rest%1000 != 0 {
		digits, width = rest, 9
	}
	return fmt.Sprintf("INTERVAL '%s%d %02d:%02d:%02d.%0*d' DAY TO SECOND",
		sign, seconds/86400, seconds/3600%24, seconds/60%60, seconds%60, width, digits)
}

package plan

import (
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/decimal128"
	"github.com/apache/arrow/go/v14/arrow/decimal256"
	"github.com/apache/arrow/go/v14/arrow/float16"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// literalValue fills a value of a type into a builder: something that differs
// from the type's zero.
func literalValue(t testing.TB, b array.Builder) {
	switch b := b.(type) {
	case *array.NullBuilder:
		b.AppendNull()
	case *array.BooleanBuilder:
		b.Append(true)
	case *array.Int8Builder:
		b.Append(-8)
	case *array.Int16Builder:
		b.Append(-16)
	case *array.Int32Builder:
		b.Append(-32)
	case *array.Int64Builder:
		b.Append(math.MinInt64)
	case *array.Uint8Builder:
		b.Append(8)
	case *array.Uint16Builder:
		b.Append(16)
	case *array.Uint32Builder:
		b.Append(32)
	case *array.Uint64Builder:
		b.Append(math.MaxUint64)
	case *array.Float16Builder:
		b.Append(float16.New(1.5))
	case *array.Float32Builder:
		b.Append(float32(math.Inf(-1)))
	case *array.Float64Builder:
		b.Append(math.NaN())
	case *array.Decimal128Builder:
		b.Append(decimal128.FromI64(-12345))
	case *array.Decimal256Builder:
		b.Append(decimal256.FromI64(12345))
	case *array.StringBuilder:
		b.Append(`a'\b`)
	case *array.LargeStringBuilder:
		b.Append("large")
	case *array.BinaryBuilder:
		b.Append([]byte{0, 0xff})
	case *array.FixedSizeBinaryBuilder:
		b.Append([]byte{1, 2})
	case *array.Date32Builder:
		b.Append(19782)
	case *array.Date64Builder:
		b.Append(arrow.Date64(19782 * 86400000))
	case *array.TimestampBuilder:
		b.Append(1500000)
	case *array.DurationBuilder:
		b.Append(-93784000500)
	case *array.MonthIntervalBuilder:
		b.Append(-14)
	case *array.StructBuilder:
		b.Append(true)
		for i := range b.NumField() {
			literalValue(t, b.FieldBuilder(i))
		}
	case *array.MapBuilder:
		b.Append(true)
		literalValue(t, b.KeyBuilder())
		literalValue(t, b.ItemBuilder())
	case *array.FixedSizeListBuilder:
		b.Append(true)
		literalValue(t, b.ValueBuilder())
		b.ValueBuilder().AppendNull()
	case array.ListLikeBuilder:
		b.Append(true)
		literalValue(t, b.ValueBuilder())
		b.ValueBuilder().AppendNull()
	default:
		if b.Type().ID() == arrow.DICTIONARY {
			if err := b.AppendValueFromString("word"); err != nil {
				t.Fatal(err)
			}
			return
		}
		b.AppendEmptyValue()
	}
}

// literalTypes are types and the texts of the values that literalValue gives.
var literalTypes = []struct {
	t    arrow.DataType
	want string
}{
	{arrow.Null, "NULL"},
	{arrow.FixedWidthTypes.Boolean, "TRUE"},
	{arrow.PrimitiveTypes.Int8, "-8"},
	{arrow.PrimitiveTypes.Int16, "-16"},
	{arrow.PrimitiveTypes.Int32, "-32"},
	{arrow.PrimitiveTypes.Int64, "-9223372036854775808"},
	{arrow.PrimitiveTypes.Uint8, "8"},
	{arrow.PrimitiveTypes.Uint16, "16"},
	{arrow.PrimitiveTypes.Uint32, "32"},
	{arrow.PrimitiveTypes.Uint64, "18446744073709551615"},
	{arrow.FixedWidthTypes.Float16, "1.5"},
	{arrow.PrimitiveTypes.Float32, "-Infinity"},
	{arrow.PrimitiveTypes.Float64, "NaN"},
	{&arrow.Decimal128Type{Precision: 7, Scale: 2}, "-123.45"},
	{&arrow.Decimal256Type{Precision: 50, Scale: 3}, "12.345"},
	{arrow.BinaryTypes.String, `'a\'\\b'`},
	{arrow.BinaryTypes.LargeString, "'large'"},
	{arrow.BinaryTypes.Binary, "X'00FF'"},
	{arrow.BinaryTypes.LargeBinary, "X'00FF'"},
	{&arrow.FixedSizeBinaryType{ByteWidth: 2}, "X'0102'"},
	{arrow.FixedWidthTypes.Date32, "DATE '2024-02-29'"},
	{arrow.FixedWidthTypes.Date64, "DATE '2024-02-29'"},
	{arrow.FixedWidthTypes.Timestamp_us, "TIMESTAMP '1970-01-01 00:00:01.5'"},
	{&arrow.TimestampType{Unit: arrow.Microsecond}, "TIMESTAMP '1970-01-01 00:00:01.5'"},
	{arrow.FixedWidthTypes.Duration_us, "INTERVAL '-1 02:03:04.000500' DAY TO SECOND"},
	{arrow.FixedWidthTypes.Duration_ns, "INTERVAL '-0 00:01:33.784000500' DAY TO SECOND"},
	{arrow.FixedWidthTypes.Duration_s, "INTERVAL '-1085462 23:15:00.000000' DAY TO SECOND"},
	{arrow.FixedWidthTypes.MonthInterval, "INTERVAL '-1-2' YEAR TO MONTH"},
	{arrow.FixedWidthTypes.DayTimeInterval, "<"},
	{arrow.FixedWidthTypes.MonthDayNanoInterval, "<interval>"},
	{arrow.FixedWidthTypes.Time32ms, "<"},
	{arrow.FixedWidthTypes.Time64ns, "<"},
	{arrow.LargeListOf(arrow.PrimitiveTypes.Int32), "array(-32, NULL)"},
	{arrow.FixedSizeListOf(2, arrow.PrimitiveTypes.Float64), "array(NaN, NULL)"},
	{&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, "'word'"},
	{arrow.SparseUnionOf([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int8}}, []arrow.UnionTypeCode{0}), "<"},
	{arrow.RunEndEncodedOf(arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Float64), "<"},
}

// TestLiteralText writes a value and a NULL of every type, alone and in an array,
// a struct and a map.
func TestLiteralText(t *testing.T) {
	for _, c := range literalTypes {
		t.Run(c.t.String(), func(t *testing.T) {
			wraps := []struct {
				t     arrow.DataType
				under func(string) string
			}{
				{c.t, func(s string) string { return s }},
				{arrow.ListOf(c.t), func(s string) string { return "array(" + s + ", NULL)" }},
				{arrow.StructOf(arrow.Field{Name: "a b", Type: c.t, Nullable: true}), func(s string) string { return "named_struct('a b', " + s + ")" }},
				{arrow.MapOf(arrow.BinaryTypes.LargeString, c.t), func(s string) string { return "map('large', " + s + ")" }},
				{arrow.ListOf(arrow.StructOf(arrow.Field{Name: "x", Type: arrow.ListOf(c.t), Nullable: true})), func(s string) string {
					return "array(named_struct('x', array(" + s + ", NULL)), NULL)"
				}},
			}
			for i, w := range wraps {
				if c.t.ID() == arrow.SPARSE_UNION || c.t.ID() == arrow.RUN_END_ENCODED {
					if i > 0 {
						break // arrow cannot append a NULL of them to a list
					}
				}
				b := array.NewBuilder(goHeap, w.t)
				literalValue(t, b)
				b.AppendNull()
				l := &Literal{Value: b.NewArray()}
				want := w.under(c.want)
				if before, after, cut := strings.Cut(want, "<"); cut && !strings.Contains(after, ">") {
					if got := l.String(); !strings.HasPrefix(got, before+"<") || !strings.HasSuffix(got, ">"+after) {
						t.Errorf("%s, want %s...>%s", got, before+"<", after)
					}
				} else if got := l.String(); got != want {
					t.Errorf("%s, want %s", got, want)
				}
				if w.t.ID() == arrow.SPARSE_UNION || w.t.ID() == arrow.RUN_END_ENCODED {
					continue // they have no validity of their own
				}
				if got := (&Literal{Value: array.NewSlice(l.Value, 1, 2)}).String(); got != "NULL" {
					t.Errorf("NULL of %s is %s", w.t, got)
				}
			}
		})
	}
}

// TestNestedLiteralText folds what the user writes, and cuts: the value of a
// literal may lie anywhere in its array.
func TestNestedLiteralText(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"array(CAST('NaN' AS DOUBLE), CAST('-Infinity' AS DOUBLE), NULL)", "array(NaN, -Infinity, NULL)"},
		{"struct(CAST('Infinity' AS FLOAT))", "named_struct('col1', Infinity)"},
		{"map('k', CAST('NaN' AS DOUBLE), 'l', NULL)", "map('k', NaN, 'l', NULL)"},
		{`from_json('{"a":1e400}', 'a DOUBLE')`, "named_struct('a', Infinity)"},
		{"array()", "array()"},
		{"array(array(1, NULL), NULL, array())", "array(array(1, NULL), NULL, array())"},
		{"named_struct('d', DATE '2024-02-29', 'b', X'00', 'i', INTERVAL '1' DAY, 'm', INTERVAL '14' MONTH)",
			"named_struct('d', DATE '2024-02-29', 'b', X'00', 'i', INTERVAL '1 00:00:00.000000' DAY TO SECOND, 'm', INTERVAL '1-2' YEAR TO MONTH)"},
		{"slice(array('a', 'b', 'c'), 2, 2)", "array('b', 'c')"},
	} {
		l, ok := foldConstant(bindExpr(t, c.text))
		if !ok {
			t.Errorf("%s does not fold", c.text)
			continue
		}
		if got := l.String(); got != c.want {
			t.Errorf("%s is %s, want %s", c.text, got, c.want)
		}
		two, err := array.Concatenate([]arrow.Array{array.MakeArrayOfNull(goHeap, l.Type(), 1), l.Value}, goHeap)
		if err != nil {
			t.Fatal(err)
		}
		if got := (&Literal{Value: array.NewSlice(two, 1, 2)}).String(); got != c.want {
			t.Errorf("%s cut out of an array is %s, want %s", c.text, got, c.want)
		}
	}
}

// TestFoldPanic checks that a constant call that panics is left as it is, by
// itself and as an argument.
func TestFoldPanic(t *testing.T) {
	boom := &Call{Name: "boom", Fn: catalog.Call{Type: arrow.PrimitiveTypes.Int32, Deterministic: true,
		Eval: func(catalog.Task, int, []arrow.Array) (arrow.Array, error) { panic("boom") }}}
	if l, ok := foldConstant(boom); ok || l != nil {
		t.Errorf("folded to %v", l)
	}
	around := &Coalesce{Args: []Expr{Null(arrow.PrimitiveTypes.Int32, sql.Span{}), boom}}
	if got := foldExpr(around); got != Expr(boom) {
		t.Errorf("%s folds to %s", around, got)
	}
}

// TestCastIsNoLiteral checks the types that Spark 3.5 gives: beside a decimal an
// integer counts by its digits only as written.
func TestCastIsNoLiteral(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"1 + 1.5", "decimal(3,1)"}, {"-1 + 1.5", "decimal(3,1)"}, {"1L + 1.5", "decimal(3,1)"}, {"1S * 1.5", "decimal(4,1)"},
		{"CAST(1 AS INT) + 1.5", "decimal(12,1)"}, {"CAST('1' AS INT) + 1.5", "decimal(12,1)"}, {"CAST(1 AS BIGINT) + 1.5", "decimal(22,1)"},
		{"CAST(1 AS SMALLINT) + 1.5", "decimal(7,1)"}, {"(1 + 1) + 1.5", "decimal(12,1)"}, {"abs(1) + 1.5", "decimal(12,1)"},
		{"coalesce(1) + 1.5", "decimal(12,1)"}, {"if(true, 1, 2) + 1.5", "decimal(12,1)"}, {"int(1) + 1.5", "decimal(12,1)"},
	} {
		if got := sql.TypeName(bindExpr(t, c.text).Type()); got != c.want {
			t.Errorf("%s is %s, want %s", c.text, got, c.want)
		}
	}
}

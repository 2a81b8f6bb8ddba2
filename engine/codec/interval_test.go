package codec

import (
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
)

// TestAppendIntervals compares the texts with Spark 3.5.7's.
func TestAppendIntervals(t *testing.T) {
	for micros, want := range map[int64]string{
		0:              "INTERVAL '0 00:00:00' DAY TO SECOND",
		86_400_000_000: "INTERVAL '1 00:00:00' DAY TO SECOND",
		93_784_500_000: "INTERVAL '1 02:03:04.5' DAY TO SECOND",
		-1:             "INTERVAL '-0 00:00:00.000001' DAY TO SECOND",
		50_000:         "INTERVAL '0 00:00:00.05' DAY TO SECOND",
		math.MinInt64:  "INTERVAL '-106751991 04:00:54.775808' DAY TO SECOND",
		math.MaxInt64:  "INTERVAL '106751991 04:00:54.775807' DAY TO SECOND",
	} {
		if got := string(AppendDuration(nil, micros)); got != want {
			t.Errorf("%d: got %s, want %s", micros, got, want)
		}
	}
	for months, want := range map[int32]string{
		0: "INTERVAL '0-0' YEAR TO MONTH", 14: "INTERVAL '1-2' YEAR TO MONTH", -14: "INTERVAL '-1-2' YEAR TO MONTH",
		math.MinInt32: "INTERVAL '-178956970-8' YEAR TO MONTH",
	} {
		if got := string(AppendMonths(nil, months)); got != want {
			t.Errorf("%d: got %s, want %s", months, got, want)
		}
	}
}

// TestWriteIntervals writes columns of intervals, alone, in a list and as keys of a map, with a NULL, from a slice.
func TestWriteIntervals(t *testing.T) {
	mem := checked(t)
	day, month := arrow.FixedWidthTypes.Duration_us, arrow.FixedWidthTypes.MonthInterval
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "a", Type: day, Nullable: true}, {Name: "b", Type: month, Nullable: true},
		{Name: "c", Type: arrow.ListOf(day), Nullable: true}, {Name: "d", Type: arrow.MapOf(day, month), Nullable: true},
	}, nil)
	b := array.NewRecordBuilder(mem, schema)
	defer b.Release()
	for _, v := range []int64{0, 93_784_500_000} {
		b.Field(0).(*array.DurationBuilder).Append(arrow.Duration(v))
		b.Field(1).(*array.MonthIntervalBuilder).Append(arrow.MonthInterval(v % 100 * 7))
		list := b.Field(2).(*array.ListBuilder)
		list.Append(true)
		list.ValueBuilder().(*array.DurationBuilder).Append(arrow.Duration(-v))
		list.ValueBuilder().AppendNull()
		m := b.Field(3).(*array.MapBuilder)
		m.Append(true)
		m.KeyBuilder().(*array.DurationBuilder).Append(arrow.Duration(v))
		m.ItemBuilder().(*array.MonthIntervalBuilder).Append(14)
	}
	for i := range 4 {
		b.Field(i).AppendNull()
	}
	all := b.NewRecord()
	defer all.Release()
	rec := all.NewSlice(1, 3)
	defer rec.Release()

	w, err := NewJSONWriter(schema, JSONOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"a":"INTERVAL '1 02:03:04.5' DAY TO SECOND","b":"INTERVAL '0-0' YEAR TO MONTH",` +
		`"c":["INTERVAL '-1 02:03:04.5' DAY TO SECOND",null],"d":{"93784500000":"INTERVAL '1-2' YEAR TO MONTH"}}` + "\n{}\n"
	if got := string(w.AppendRecord(nil, rec)); got != want {
		t.Errorf("JSON: got\n%swant\n%s", got, want)
	}
	c, err := NewCSVWriter(schema, CSVOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := string(c.AppendRecord(nil, rec))
	if want := "INTERVAL '1 02:03:04.5' DAY TO SECOND,INTERVAL '0-0' YEAR TO MONTH,"; !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "\n,,,\n") {
		t.Errorf("CSV: got\n%swant it to begin with\n%s", got, want)
	}
}

// TestReadIntervals: intervals are written only, and the error says so by the type's name.
func TestReadIntervals(t *testing.T) {
	for want, dt := range map[string]arrow.DataType{
		"INTERVAL DAY TO SECOND": arrow.FixedWidthTypes.Duration_us, "INTERVAL YEAR TO MONTH": arrow.FixedWidthTypes.MonthInterval,
	} {
		schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: dt}}, nil)
		if _, err := NewCSVDecoder(schema, CSVOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("CSV: %v, want it to name %s", err, want)
		}
		if _, err := NewJSONDecoder(arrow.StructOf(schema.Fields()...), JSONOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("JSON: %v, want it to name %s", err, want)
		}
	}
}

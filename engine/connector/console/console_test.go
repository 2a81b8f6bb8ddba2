package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
)

var schema = arrow.NewSchema([]arrow.Field{
	{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "text", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "d", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
	{Name: "day", Type: arrow.FixedWidthTypes.Date32, Nullable: true},
	{Name: "at", Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, Nullable: true},
	{Name: "l", Type: arrow.ListOf(arrow.PrimitiveTypes.Int32), Nullable: true},
}, nil)

// records gives rows [from, to) in records of two.
func records(mem memory.Allocator, s connector.Sink, from, to int64, fail error) iter.Seq2[connector.Encoded, error] {
	return func(yield func(connector.Encoded, error) bool) {
		for n := from; n < to; n += 2 {
			rec := record(mem, n, min(n+2, to))
			e, err := s.Encode(nil, rec)
			rec.Release()
			if !yield(e, err) {
				return
			}
		}
		if fail != nil {
			yield(nil, fail)
		}
	}
}

func record(mem memory.Allocator, from, to int64) arrow.Record {
	b := array.NewRecordBuilder(mem, schema)
	defer b.Release()
	for n := from; n < to; n++ {
		b.Field(0).(*array.Int64Builder).Append(n)
		b.Field(1).(*array.StringBuilder).Append(strings.Repeat("é", int(n)*9) + "\n")
		b.Field(2).(*array.Float64Builder).Append([]float64{0.1, 1e10, math.NaN()}[n%3])
		b.Field(3).(*array.Date32Builder).Append(arrow.Date32(n))
		b.Field(4).(*array.TimestampBuilder).Append(arrow.Timestamp(n * 1_500_000))
		if n == 1 {
			b.Field(5).(*array.ListBuilder).AppendNull()
			continue
		}
		b.Field(5).(*array.ListBuilder).Append(true)
		b.Field(5).(*array.ListBuilder).ValueBuilder().(*array.Int32Builder).AppendValues([]int32{1, 2}, nil)
	}
	return b.NewRecord()
}

func TestPrint(t *testing.T) {
	for _, c := range []struct {
		options  map[string]string
		from, to int64
		want     string
	}{
		{map[string]string{"numrows": "3"}, 0, 5, `-------------------------------------------
Batch: 7
-------------------------------------------
+---+--------------------+------+----------+--------------------+-----+
|  n|                text|     d|       day|                  at|    l|
+---+--------------------+------+----------+--------------------+-----+
|  0|                  \n|   0.1|1970-01-01| 1970-01-01 00:00:00|[1,2]|
|  1|         ééééééééé\n|1.0E10|1970-01-02|1970-01-01 00:00:...| NULL|
|  2|éééééééééééééééééé\n|   NaN|1970-01-03| 1970-01-01 00:00:03|[1,2]|
+---+--------------------+------+----------+--------------------+-----+
only showing top 3 rows

`},
		{map[string]string{"truncate": "false"}, 1, 2, `-------------------------------------------
Batch: 7
-------------------------------------------
+---+-----------+------+----------+---------------------+----+
|n  |text       |d     |day       |at                   |l   |
+---+-----------+------+----------+---------------------+----+
|1  |ééééééééé\n|1.0E10|1970-01-02|1970-01-01 00:00:01.5|NULL|
+---+-----------+------+----------+---------------------+----+

`},
		{nil, 0, 0, `-------------------------------------------
Batch: 7
-------------------------------------------
+---+----+---+---+---+---+
|  n|text|  d|day| at|  l|
+---+----+---+---+---+---+
+---+----+---+---+---+---+

`},
	} {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		var out bytes.Buffer
		s, err := New(&out).OpenSink(context.Background(), connector.Env{}, &catalog.Table{Options: c.options}, schema)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Write(context.Background(), "q", 7, records(mem, s, c.from, c.to, nil)); err != nil {
			t.Fatal(err)
		}
		if out.String() != c.want {
			t.Errorf("%v: got\n%s", c.options, out.String())
		}
		mem.AssertSize(t, 0)
	}
}

func TestFormatAndFaults(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	var out bytes.Buffer
	c := New(&out)
	c.Format = func(w io.Writer, rec arrow.Record) error {
		_, err := fmt.Fprintf(w, "%d rows\n", rec.NumRows())
		return err
	}
	s, err := c.OpenSink(context.Background(), connector.Env{}, &catalog.Table{}, schema)
	if err != nil {
		t.Fatal(err)
	}
	odd := errors.New("odd")
	if err := s.Write(context.Background(), "q", 0, records(mem, s, 0, 3, odd)); !errors.Is(err, odd) || out.Len() > 0 {
		t.Errorf("got %v and %s", err, out.String())
	}
	if err := s.Write(context.Background(), "q", 0, records(mem, s, 0, 3, nil)); err != nil || !strings.Contains(out.String(), "3 rows") {
		t.Errorf("got %v and %s", err, out.String())
	}
}

func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		options map[string]string
		stream  bool
		want    string
	}{
		{map[string]string{"numrows": "x"}, false, `option numRows: "x" is not a number of rows`},
		{map[string]string{"truncate": "x"}, false, "option truncate"},
		{map[string]string{"rows": "1"}, false, "unknown option rows"},
		{nil, true, "can only be written"},
	} {
		_, err := New(io.Discard).Describe(context.Background(), connector.Env{}, &catalog.Table{Options: c.options, Stream: c.stream}, false)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v", c.options, err)
		}
	}
	if _, err := New(io.Discard).OpenSource(context.Background(), connector.Env{}, &catalog.Table{Name: "c"}); err == nil {
		t.Error("the console was read")
	}
}

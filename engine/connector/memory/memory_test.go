package memory

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
	"github.com/millrace-sql/millrace/engine/connector"
)

type task struct{ mem memory.Allocator }

func (task) Context() context.Context       { return context.Background() }
func (t task) Allocator() memory.Allocator  { return t.mem }
func (task) EpochTime() time.Time           { return time.Time{} }
func (task) Fault(_ int, _ string, _ error) {}

func checked(t *testing.T) task {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return task{mem}
}

var schema = arrow.NewSchema([]arrow.Field{
	{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "s", Type: arrow.BinaryTypes.String, Nullable: true},
}, nil)

func record(t task, from, to int64) arrow.Record {
	b := array.NewRecordBuilder(t.mem, schema)
	defer b.Release()
	for n := from; n < to; n++ {
		b.Field(0).(*array.Int64Builder).Append(n)
		b.Field(1).(*array.StringBuilder).Append(fmt.Sprintf(`{"v":%d}`, n))
	}
	return b.NewRecord()
}

func add(t *testing.T, tk task, tab *Table, from, to int64) {
	t.Helper()
	rec := record(tk, from, to)
	defer rec.Release()
	if err := tab.Append(rec); err != nil {
		t.Fatal(err)
	}
}

// read gives the first column between two offsets.
func read(t *testing.T, tk task, s connector.Source, from, to connector.Offsets) (out []int64) {
	t.Helper()
	p := &connector.Projection{Schema: arrow.NewSchema(schema.Fields()[:1], nil), Columns: []connector.ProjectedColumn{{Index: 0}}}
	for _, r := range s.Ranges(from, to) {
		for c, err := range s.Read(context.Background(), r) {
			if err != nil {
				t.Fatal(err)
			}
			rec, err := c.Decode(tk, p)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, rec.Column(0).(*array.Int64).Int64Values()...)
			rec.Release()
			c.Release()
		}
	}
	return out
}

func plan(t *testing.T, s connector.Source, from connector.Offsets, l connector.Limit) connector.Offsets {
	t.Helper()
	to, err := s.Plan(context.Background(), from, l)
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func TestSource(t *testing.T) {
	tk := checked(t)
	tab := NewTable("Rows", schema)
	defer tab.Release()
	add(t, tk, tab, 0, 3)
	add(t, tk, tab, 3, 3)
	add(t, tk, tab, 3, 10)
	c := New(tab)
	bounded, err := c.OpenSource(context.Background(), connector.Env{}, &catalog.Table{Name: "rows"})
	if err != nil {
		t.Fatal(err)
	}
	stream, err := c.OpenSource(context.Background(), connector.Env{}, &catalog.Table{Name: "x", Stream: true, Options: map[string]string{"name": "ROWS"}})
	if err != nil {
		t.Fatal(err)
	}
	add(t, tk, tab, 10, 12)
	for _, s := range []connector.Source{bounded, stream} {
		start, err := s.Initial(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		to := plan(t, s, start, connector.Limit{Rows: 5})
		if got := fmt.Sprint(read(t, tk, s, start, to)); got != "[0 1 2 3 4]" {
			t.Errorf("first five: %s", got)
		}
		if got := fmt.Sprint(read(t, tk, s, to, plan(t, s, to, connector.Limit{Until: connector.Offsets{split: 7}}))); got != "[5 6]" {
			t.Errorf("up to seven: %s", got)
		}
	}
	all := plan(t, bounded, connector.Offsets{split: 7}, connector.Limit{})
	if got := fmt.Sprint(read(t, tk, bounded, connector.Offsets{split: 7}, all)); got != "[7 8 9]" {
		t.Errorf("bounded: %s", got)
	}
	all = plan(t, stream, connector.Offsets{split: 7}, connector.Limit{})
	if got := fmt.Sprint(read(t, tk, stream, connector.Offsets{split: 7}, all)); got != "[7 8 9 10 11]" {
		t.Errorf("stream: %s", got)
	}
	if again := plan(t, stream, all, connector.Limit{}); again[split] != all[split] || stream.Ranges(all, again) != nil {
		t.Errorf("nothing new: %v", again)
	}
	offsets := stream.(connector.OffsetCodec)
	text, err := offsets.FormatOffsets(all)
	if err != nil || text != `{"rows":12}` {
		t.Errorf("%s %v", text, err)
	}
	if back, err := offsets.ParseOffsets(text); err != nil || back[split] != 12 {
		t.Errorf("%v %v", back, err)
	}
	if _, err := offsets.ParseOffsets("x"); err == nil {
		t.Error("bad offsets were accepted")
	}
	// A reader that stops early leaves nothing behind.
	for c := range stream.Read(context.Background(), connector.Range{Split: split, From: 0, To: 12}) {
		c.Release()
		break
	}
	for _, err := range stream.Read(context.Background(), connector.Range{Split: split, From: 0, To: 13}) {
		if err == nil || !strings.Contains(err.Error(), "rows 0 to 13 are not there any more") {
			t.Errorf("got %v", err)
		}
	}
}

func TestParsedColumn(t *testing.T) {
	tk := checked(t)
	tab := NewTable("t", nil)
	defer tab.Release()
	add(t, tk, tab, 5, 7)
	s, err := New(tab).OpenSource(context.Background(), connector.Env{}, &catalog.Table{Name: "t"})
	if err != nil {
		t.Fatal(err)
	}
	typ := arrow.StructOf(arrow.Field{Name: "v", Type: arrow.PrimitiveTypes.Int32, Nullable: true})
	d, err := codec.NewJSONDecoder(typ, codec.JSONOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p := &connector.Projection{Schema: arrow.NewSchema([]arrow.Field{{Name: "p", Type: typ, Nullable: true}}, nil), Columns: []connector.ProjectedColumn{{Index: 1, JSON: d}}}
	for c, err := range s.Read(context.Background(), connector.Range{Split: split, From: 1, To: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		rec, err := c.Decode(tk, p)
		if err != nil {
			t.Fatal(err)
		}
		if got := rec.Column(0).(*array.Struct).Field(0).(*array.Int32).Int32Values(); fmt.Sprint(got) != "[6]" {
			t.Errorf("got %v", got)
		}
		if got := c.Origin(0); got != "t row 2" {
			t.Errorf("origin %s", got)
		}
		rec.Release()
		c.Release()
	}
}

func rows(tk task, s connector.Sink, fail error, from, to int64) iter.Seq2[connector.Encoded, error] {
	return func(yield func(connector.Encoded, error) bool) {
		for n := from; n < to; n++ {
			rec := record(tk, n, n+1)
			e, err := s.Encode(tk, rec)
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

func TestSink(t *testing.T) {
	tk := checked(t)
	c := New()
	tab := &catalog.Table{Name: "out", Options: map[string]string{}}
	s, err := c.OpenSink(context.Background(), connector.Env{}, tab, schema)
	if err != nil {
		t.Fatal(err)
	}
	out := c.Table("OUT")
	defer out.Release()
	write := func(q connector.QueryID, epoch, from, to int64) {
		t.Helper()
		if err := s.Write(context.Background(), q, epoch, rows(tk, s, nil, from, to)); err != nil {
			t.Fatal(err)
		}
	}
	write("a", 0, 0, 3)
	write("a", 0, 0, 3) // again
	write("a", 1, 3, 3)
	write("b", 0, 3, 5)
	odd := errors.New("odd")
	if err := s.Write(context.Background(), "a", 2, rows(tk, s, odd, 5, 9)); !errors.Is(err, odd) {
		t.Errorf("got %v", err)
	}
	if last, ok := out.Epochs("a"); out.Rows() != 5 || last != 1 || !ok {
		t.Errorf("%d rows, epoch %d", out.Rows(), last)
	}
	records := out.Records()
	if len(records) != 5 || records[4].Column(0).(*array.Int64).Value(0) != 4 {
		t.Errorf("%v", records)
	}
	release(records)

	tab.Options[connector.OverwriteOption] = "true"
	if s, err = c.OpenSink(context.Background(), connector.Env{}, tab, schema); err != nil {
		t.Fatal(err)
	}
	write("c", 0, 7, 8)
	if out.Rows() != 1 {
		t.Errorf("%d rows after an overwrite", out.Rows())
	}
}

func TestSchemas(t *testing.T) {
	tk := checked(t)
	other := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int32}, schema.Field(1)}, nil)
	tab := NewTable("t", other)
	rec := record(tk, 0, 1)
	defer rec.Release()
	if err := tab.Append(rec); err == nil || !strings.Contains(err.Error(), "memory table t: column 1 is n int32, the rows have n int64") {
		t.Errorf("got %v", err)
	}
	c := New(tab)
	_, err := c.Describe(context.Background(), connector.Env{}, &catalog.Table{Name: "t", Declared: true, Schema: schema}, false)
	if err == nil || !strings.Contains(err.Error(), "column 1 is n int32") {
		t.Errorf("got %v", err)
	}
	if _, err := c.OpenSource(context.Background(), connector.Env{}, &catalog.Table{Name: "new"}); err == nil || !strings.Contains(err.Error(), "memory table new has no rows yet") {
		t.Errorf("got %v", err)
	}
	d, err := c.Describe(context.Background(), connector.Env{}, &catalog.Table{Name: "T", Stream: true}, false)
	if err != nil || !d.Schema.Equal(other) || !d.Unbounded || !d.Readable || !d.Writable {
		t.Errorf("%+v %v", d, err)
	}
}

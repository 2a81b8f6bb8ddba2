package file

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/disk"
)

// task is what a worker gives.
type task struct{ mem memory.Allocator }

func (task) Context() context.Context       { return context.Background() }
func (t task) Allocator() memory.Allocator  { return t.mem }
func (task) EpochTime() time.Time           { return time.Time{} }
func (task) Fault(_ int, _ string, _ error) {}

// checked is a task whose memory must all be given back.
func checked(t testing.TB) task {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return task{mem}
}

var rowSchema = arrow.NewSchema([]arrow.Field{
	{Name: "n", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "s", Type: arrow.BinaryTypes.String, Nullable: true},
}, nil)

// record makes rows n..n+count-1.
func record(t task, n, count int64) arrow.Record {
	b := array.NewRecordBuilder(t.mem, rowSchema)
	defer b.Release()
	for i := n; i < n+count; i++ {
		b.Field(0).(*array.Int64Builder).Append(i)
		b.Field(1).(*array.StringBuilder).Append(fmt.Sprintf("row %d", i))
	}
	return b.NewRecord()
}

// rowText is how row n is printed by rowsOf.
func rowText(n int64) string { return fmt.Sprintf(`{"n":%d,"s":"row %d"}`, n, n) }

func rowTexts(from, to int64) []string {
	var out []string
	for n := from; n < to; n++ {
		out = append(out, rowText(n))
	}
	return out
}

// encodedRows encodes rows [from, to) in records of two.
func encodedRows(t task, s connector.Sink, from, to int64) iter.Seq2[connector.Encoded, error] {
	return func(yield func(connector.Encoded, error) bool) {
		for n := from; n < to; n += 2 {
			rec := record(t, n, min(2, to-n))
			e, err := s.Encode(t, rec)
			rec.Release()
			if !yield(e, err) {
				return
			}
		}
	}
}

func table(options ...string) *catalog.Table {
	t := &catalog.Table{Name: "t", Options: map[string]string{}}
	for i := 0; i < len(options); i += 2 {
		t.Options[strings.ToLower(options[i])] = options[i+1]
	}
	return t
}

// declared is a table with columns.
func declared(schema *arrow.Schema, options ...string) *catalog.Table {
	t := table(options...)
	t.Schema, t.Declared = schema, true
	return t
}

func openSink(t testing.TB, c *Connector, tab *catalog.Table) connector.Sink {
	t.Helper()
	s, err := c.OpenSink(context.Background(), connector.Env{}, tab, rowSchema)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// readRows reads a table through its source, each row as JSON, in order.
func readRows(c *Connector, tk task, tab *catalog.Table, columns ...int) ([]string, error) {
	src, err := c.OpenSource(context.Background(), connector.Env{}, tab)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	return rowsOf(src, tk, columns...)
}

func rowsOf(src connector.Source, tk task, columns ...int) ([]string, error) {
	ctx := context.Background()
	from, err := src.Initial(ctx)
	if err != nil {
		return nil, err
	}
	to, err := src.Plan(ctx, from, connector.Limit{})
	if err != nil {
		return nil, err
	}
	p := projection(src.Schema(), columns...)
	w, err := codec.NewJSONWriter(p.Schema, codec.JSONOptions{KeepNullFields: true})
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range src.Ranges(from, to) {
		for c, err := range src.Read(ctx, r) {
			if err != nil {
				return nil, err
			}
			rec, err := c.Decode(tk, p)
			if err != nil {
				return nil, err
			}
			if int(rec.NumRows()) > c.Rows() {
				return nil, fmt.Errorf("%d rows, at most %d were promised", rec.NumRows(), c.Rows())
			}
			text := string(w.AppendRecord(nil, rec))
			out = append(out, strings.Split(text, "\n")[:rec.NumRows()]...)
			rec.Release()
			c.Release()
		}
	}
	return out, nil
}

// projection of some columns, or of all.
func projection(schema *arrow.Schema, columns ...int) *connector.Projection {
	if columns == nil {
		for i := range schema.Fields() {
			columns = append(columns, i)
		}
	}
	p := &connector.Projection{}
	for _, i := range columns {
		p.Columns = append(p.Columns, connector.ProjectedColumn{Index: i})
	}
	p.Schema = arrow.NewSchema(fieldsAt(schema, columns), nil)
	return p
}

func mustRows(t testing.TB, c *Connector, tab *catalog.Table, columns ...int) []string {
	t.Helper()
	rows, err := readRows(c, checked(t), tab, columns...)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func equalRows(t testing.TB, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %d rows\n%s\nwant %d\n%s", len(got), strings.Join(got, "\n"), len(want), strings.Join(want, "\n"))
	}
}

func put(t testing.TB, fsys disk.FS, name, text string) {
	t.Helper()
	dir := name[:strings.LastIndexByte(name, '/')]
	if err := disk.MkdirAll(fsys, dir); err != nil {
		t.Fatal(err)
	}
	if err := disk.ReplaceFile(fsys, name, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

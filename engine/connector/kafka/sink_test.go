package kafka

import (
	"context"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
)

func openSink(t testing.TB, tab *catalog.Table, schema *arrow.Schema) *sink {
	t.Helper()
	s, err := New().OpenSink(context.Background(), testEnv(tab.Options[optServers], nil), tab, schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s.(*sink)
}

// write encodes records and writes them as one epoch.
func write(ctx context.Context, s *sink, tk *task, recs ...arrow.Record) error {
	return s.Write(ctx, "q", 0, func(yield func(connector.Encoded, error) bool) {
		for _, r := range recs {
			e, err := s.Encode(tk, r)
			if !yield(e, err) || err != nil {
				return
			}
		}
	})
}

// jsonRecord makes a record from JSON rows.
func jsonRecord(t testing.TB, tk *task, schema *arrow.Schema, rows ...string) arrow.Record {
	t.Helper()
	rec, _, err := array.RecordFromJSON(tk.mem, schema, strings.NewReader("["+strings.Join(rows, ",")+"]"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(rec.Release)
	return rec
}

var valueOnly = arrow.NewSchema([]arrow.Field{{Name: "value", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)

func TestWriteAndRead(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	tk := newTask(t)
	s := openSink(t, table(addr, "topic", topic), valueOnly)
	rec := jsonRecord(t, tk, valueOnly, `{"value":"v0"}`, `{"value":"v1"}`, `{"value":null}`)
	if err := write(context.Background(), s, tk, rec, rec); err != nil {
		t.Fatal(err)
	}
	src := openSource(t, table(addr, "subscribe", topic, "startingOffsets", "earliest"))
	wantValues(t, values(t, src, topic+"/0", 0, 6), []string{"v0", "v1", "NULL", "v0", "v1", "NULL"})
}

var keyed = arrow.NewSchema([]arrow.Field{
	{Name: "key", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "value", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "partition", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
}, nil)

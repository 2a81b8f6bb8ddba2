package kafka

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
	"github.com/millrace-sql/millrace/engine/connector"
)

// benchRecords is how many records the topic of a consume benchmark has; an
// operation reads them all.
const benchRecords = 500_000

// plainTask is a task without checks, as in production.
type plainTask struct{ *task }

func (plainTask) Allocator() memory.Allocator { return memory.DefaultAllocator }

func newPlainTask() catalog.Task { return plainTask{&task{ctx: context.Background()}} }

// irisValue is a record as the iris producer writes it, 75 bytes or so.
func irisValue(i int) []byte {
	return fmt.Appendf(nil, `{"sepal_length":%d.%d,"sepal_width":3.5,"petal_length":1.%d,"petal_width":0.2}`, 4+i%4, i%10, i%7)
}

// fillTopic makes a topic of iris records in batches of about a thousand.
func fillTopic(b *testing.B, addr string) string {
	b.Helper()
	topic := newTopicName(b)
	createTopic(b, addr, topic, 1)
	schema := arrow.NewSchema([]arrow.Field{{Name: "value", Type: arrow.BinaryTypes.Binary}}, nil)
	snk := openSink(b, table(addr, "topic", topic), schema)
	rec := irisRecord(schema, 1000)
	defer rec.Release()
	t := newPlainTask()
	err := snk.Write(b.Context(), "q", 0, func(yield func(connector.Encoded, error) bool) {
		for range benchRecords / 1000 {
			if e, err := snk.Encode(t, rec); !yield(e, err) {
				return
			}
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	return topic
}

func irisRecord(schema *arrow.Schema, rows int) arrow.Record {
	rb := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer rb.Release()
	for i := range rows {
		rb.Field(0).(*array.BinaryBuilder).Append(irisValue(i))
	}
	return rb.NewRecord()
}

// perRecord reports records/s and allocations a record of n records an
// operation.
func perRecord(b *testing.B, n int, run func()) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	b.ResetTimer()
	for b.Loop() {
		run()
	}
	runtime.ReadMemStats(&after)
	total := float64(n) * float64(b.N)
	b.ReportMetric(total/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/total, "allocs/record")
	b.ReportMetric(0, "ns/op")
}

// readAll reads the topic once and decodes every chunk.
func readAll(b *testing.B, s *source, topic string, p *connector.Projection) {
	t := newPlainTask()
	rows := int64(0)
	for c, err := range s.Read(b.Context(), connector.Range{Split: topic + "/0", To: benchRecords}) {
		if err != nil {
			b.Fatal(err)
		}
		rec, err := c.Decode(t, p)
		if err != nil {
			b.Fatal(err)
		}
		rows += rec.NumRows()
		rec.Release()
		c.Release()
	}
	if rows != benchRecords {
		b.Fatalf("%d rows", rows)
	}
}

// The three consumers below read the same kind of topic: compare their
// records/s. Ours also checks checksums and, unlike the others, builds columns.

func BenchmarkRawConsume(b *testing.B) {
	addr := brokerAddr(b)
	topic := fillTopic(b, addr)
	s := openSource(b, table(addr, "subscribe", topic))
	for _, c := range []struct {
		name    string
		columns []string
	}{{"offset", []string{"offset"}}, {"value", []string{"value"}}, {"all", nil}} {
		b.Run(c.name, func(b *testing.B) {
			p := project(s, c.columns...)
			perRecord(b, benchRecords, func() { readAll(b, s, topic, p) })
		})
	}
	b.Run("json", func(b *testing.B) {
		p := irisProjection(b)
		perRecord(b, benchRecords, func() { readAll(b, s, topic, p) })
	})
}

func irisProjection(b *testing.B) *connector.Projection {
	var fields []arrow.Field
	for _, name := range []string{"sepal_length", "sepal_width", "petal_length", "petal_width"} {
		fields = append(fields, arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Float64, Nullable: true})
	}
	dt := arrow.StructOf(fields...)
	d, err := codec.NewJSONDecoder(dt, codec.JSONOptions{})
	if err != nil {
		b.Fatal(err)
	}
	return &connector.Projection{
		Schema:  arrow.NewSchema([]arrow.Field{{Name: "v", Type: dt, Nullable: true}}, nil),
		Columns: []connector.ProjectedColumn{{Index: colValue, JSON: d}},
	}
}

func BenchmarkReaderConsume(b *testing.B) {
	addr := brokerAddr(b)
	topic := fillTopic(b, addr)
	perRecord(b, benchRecords, func() {
		r := kafkago.NewReader(kafkago.ReaderConfig{Brokers: strings.Split(addr, ","), Topic: topic, MinBytes: 1, MaxBytes: 8 << 20, MaxWait: 10 * time.Millisecond})
		for range benchRecords {
			if _, err := r.FetchMessage(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkFranzConsume(b *testing.B) {
	addr := brokerAddr(b)
	topic := fillTopic(b, addr)
	perRecord(b, benchRecords, func() {
		k, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(addr, ",")...), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(0)}}))
		if err != nil {
			b.Fatal(err)
		}
		for n := 0; n < benchRecords; {
			fs := k.PollFetches(b.Context())
			if err := fs.Err(); err != nil {
				b.Fatal(err)
			}
			fs.EachRecord(func(*kgo.Record) { n++ })
		}
		k.Close()
	})
}

// BenchmarkDecode is a worker's part alone: one chunk of iris records to four
// columns.
func BenchmarkDecode(b *testing.B) {
	f := &fakeCluster{}
	var w batchWriter
	w.reset(nil, 0)
	const n = 1000
	for i := range n {
		w.append(nil, irisValue(i), false, true, noHeaders)
	}
	data, err := w.seal(0)
	if err != nil {
		b.Fatal(err)
	}
	stamp(data, noProducer, -1)
	s := openFake(b, f)
	one, _, ok, err := parseBatch(data)
	if !ok || err != nil {
		b.Fatal(err)
	}
	c := &chunk{src: s, part: partition{"t", 0}, split: "t/0", batches: []batch{one}, to: n, rows: n}
	p := irisProjection(b)
	t := newPlainTask()
	perRecord(b, n, func() {
		rec, err := c.Decode(t, p)
		if err != nil {
			b.Fatal(err)
		}
		rec.Release()
	})
}

// BenchmarkEncode is a worker's part of writing.
func BenchmarkEncode(b *testing.B) {
	addr := brokerAddr(b)
	schema := arrow.NewSchema([]arrow.Field{{Name: "value", Type: arrow.BinaryTypes.Binary}}, nil)
	s := openSink(b, table(addr, "topic", newTopicName(b)), schema)
	rec := irisRecord(schema, 4096)
	defer rec.Release()
	t := newPlainTask()
	perRecord(b, 4096, func() {
		e, err := s.Encode(t, rec)
		if err != nil {
			b.Fatal(err)
		}
		e.Release()
	})
}

func BenchmarkProduce(b *testing.B) {
	const n = 100 * 4096
	b.Run("raw", func(b *testing.B) {
		addr := brokerAddr(b)
		schema := arrow.NewSchema([]arrow.Field{{Name: "value", Type: arrow.BinaryTypes.Binary}}, nil)
		s := openSink(b, table(addr, "topic", newTopicName(b)), schema)
		rec := irisRecord(schema, 4096)
		defer rec.Release()
		t := newPlainTask()
		perRecord(b, n, func() {
			err := s.Write(b.Context(), "q", 0, func(yield func(connector.Encoded, error) bool) {
				for range n / 4096 {
					if e, err := s.Encode(t, rec); !yield(e, err) {
						return
					}
				}
			})
			if err != nil {
				b.Fatal(err)
			}
		})
	})
	b.Run("writer", func(b *testing.B) {
		addr, topic := brokerAddr(b), newTopicName(b)
		createTopic(b, addr, topic, 1)
		w := &kafkago.Writer{Addr: kafkago.TCP(addr), Topic: topic, BatchSize: 1000, BatchTimeout: time.Millisecond, RequiredAcks: kafkago.RequireAll}
		msgs := make([]kafkago.Message, 4096)
		for i := range msgs {
			msgs[i].Value = bytes.Clone(irisValue(i))
		}
		perRecord(b, n, func() {
			for range n / 4096 {
				if err := w.WriteMessages(b.Context(), msgs...); err != nil {
					b.Fatal(err)
				}
			}
		})
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	})
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/broker"
	"github.com/millrace-sql/millrace/engine/codec"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/connector/kafka"
)

// consumed is how many records the consume benchmarks read.
const consumed = 300_000

var irisFields = []string{"sepal_length", "sepal_width", "petal_length", "petal_width"}

// irisDocs are 75-byte JSON rows like those of the iris stream.
func irisDocs(n int) [][]byte {
	rnd := rand.New(rand.NewPCG(1, 2))
	v := func() float64 { return float64(rnd.IntN(90)+10) / 10 }
	docs := make([][]byte, n)
	for i := range docs {
		docs[i] = fmt.Appendf(nil, `{"sepal_length":%.1f,"sepal_width":%.1f,"petal_length":%.1f,"petal_width":%.1f}`, v(), v(), v(), v())
	}
	return docs
}

// cpuTime is the processor time that this process took so far, all its threads'.
// Unlike time on a clock it does not depend on what else the machine does.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// perRow reports the processor time since began for each row.
func perRow(b *testing.B, began time.Duration, rows int) {
	b.Helper()
	b.ReportMetric(float64(cpuTime(b)-began)/float64(b.N)/float64(rows), "ns/row")
}

// BenchmarkJSONScan reads rows into four columns with the engine's scanner.
func BenchmarkJSONScan(b *testing.B) {
	docs := irisDocs(8192)
	var fields []arrow.Field
	for _, name := range irisFields {
		fields = append(fields, arrow.Field{Name: name, Type: arrow.PrimitiveTypes.Float64, Nullable: true})
	}
	d, err := codec.NewJSONDecoder(arrow.StructOf(fields...), codec.JSONOptions{})
	if err != nil {
		b.Fatal(err)
	}
	s := d.NewScanner(memory.NewGoAllocator())
	defer s.Release()
	began := cpuTime(b)
	for b.Loop() {
		s.Reserve(len(docs))
		for _, doc := range docs {
			if err := s.Append(doc); err != nil {
				b.Fatal(err)
			}
		}
		arr, err := s.Finish()
		if err != nil || arr.Len() != len(docs) {
			b.Fatal(arr, err)
		}
		arr.Release()
	}
	perRow(b, began, len(docs))
}

// BenchmarkJSONStandard does the same with encoding/json and arrow's builders.
func BenchmarkJSONStandard(b *testing.B) {
	docs := irisDocs(8192)
	type row struct {
		SepalLength *float64 `json:"sepal_length"`
		SepalWidth  *float64 `json:"sepal_width"`
		PetalLength *float64 `json:"petal_length"`
		PetalWidth  *float64 `json:"petal_width"`
	}
	builders := make([]*array.Float64Builder, len(irisFields))
	for i := range builders {
		builders[i] = array.NewFloat64Builder(memory.NewGoAllocator())
		defer builders[i].Release()
	}
	began := cpuTime(b)
	for b.Loop() {
		for _, doc := range docs {
			var r row
			if err := json.Unmarshal(doc, &r); err != nil {
				b.Fatal(err)
			}
			for i, v := range []*float64{r.SepalLength, r.SepalWidth, r.PetalLength, r.PetalWidth} {
				if v == nil {
					builders[i].AppendNull()
				} else {
					builders[i].Append(*v)
				}
			}
		}
		for _, bl := range builders {
			bl.NewArray().Release()
		}
	}
	perRow(b, began, len(docs))
}

// filledTopic is the address of a broker in this process with a topic t of
// consumed records in one partition.
func filledTopic(b *testing.B) string {
	b.Helper()
	br, err := broker.Start(b.Context(), broker.Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := br.Close(); err != nil {
			b.Error(err)
		}
	})
	cl, err := kgo.NewClient(kgo.SeedBrokers(br.Addr()), kgo.AllowAutoTopicCreation(), kgo.DefaultProduceTopic("t"),
		kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerBatchMaxBytes(90_000))
	if err != nil {
		b.Fatal(err)
	}
	defer cl.Close()
	docs := irisDocs(1000)
	batch := make([]*kgo.Record, len(docs))
	for range consumed / len(docs) {
		for i, doc := range docs {
			batch[i] = &kgo.Record{Value: doc}
		}
		if err := cl.ProduceSync(b.Context(), batch...).FirstErr(); err != nil {
			b.Fatal(err)
		}
	}
	return br.Addr()
}

// chunkTask is what a chunk needs to decode itself.
type chunkTask struct {
	catalog.Task
	ctx context.Context
	mem memory.Allocator
}

func (t chunkTask) Context() context.Context    { return t.ctx }
func (t chunkTask) Allocator() memory.Allocator { return t.mem }

// BenchmarkConsumeSource reads the topic's values with the engine's source.
func BenchmarkConsumeSource(b *testing.B) {
	addr := filledTopic(b)
	table := &catalog.Table{Name: "t", Stream: true, Connector: "kafka", Options: map[string]string{
		"kafka.bootstrap.servers": addr, "subscribe": "t",
	}}
	task := chunkTask{ctx: b.Context(), mem: memory.NewGoAllocator()}
	began := cpuTime(b)
	for b.Loop() {
		src, err := kafka.New().OpenSource(b.Context(), connector.Env{Logger: slog.New(slog.DiscardHandler)}, table)
		if err != nil {
			b.Fatal(err)
		}
		value := src.Schema().FieldIndices("value")[0]
		p := &connector.Projection{
			Schema:  arrow.NewSchema([]arrow.Field{src.Schema().Field(value)}, nil),
			Columns: []connector.ProjectedColumn{{Index: value}},
		}
		rows := int64(0)
		for chunk, err := range src.Read(b.Context(), connector.Range{Split: "t/0", From: 0, To: consumed}) {
			if err != nil {
				b.Fatal(err)
			}
			rec, err := chunk.Decode(task, p)
			if err != nil {
				b.Fatal(err)
			}
			rows += rec.NumRows()
			rec.Release()
			chunk.Release()
		}
		if err := src.Close(); err != nil {
			b.Fatal(err)
		}
		if rows != consumed {
			b.Fatalf("%d rows, want %d", rows, consumed)
		}
	}
	perRow(b, began, consumed)
}

// BenchmarkConsumeReader reads them with kafka-go's Reader.
func BenchmarkConsumeReader(b *testing.B) {
	addr := filledTopic(b)
	began := cpuTime(b)
	for b.Loop() {
		r := kafkago.NewReader(kafkago.ReaderConfig{Brokers: []string{addr}, Topic: "t", MinBytes: 1, MaxBytes: 8 << 20, MaxWait: 100 * time.Millisecond, QueueCapacity: 1000})
		for range consumed {
			if _, err := r.FetchMessage(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		if err := r.Close(); err != nil {
			b.Fatal(err)
		}
	}
	perRow(b, began, consumed)
}

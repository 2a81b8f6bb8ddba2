package kafka

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/broker"
	"github.com/millrace-sql/millrace/engine/connector"
)

// brokerAddr gives the broker that the source and sink tests run against: a new
// embedded one, or the cluster that MILLRACE_KAFKA names.
func brokerAddr(t testing.TB) string {
	t.Helper()
	if addr := os.Getenv("MILLRACE_KAFKA"); addr != "" {
		return addr
	}
	b, err := broker.Start(t.Context(), broker.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b.Addr()
}

var topicNumber atomic.Int64

// newTopicName gives a name that no other test uses, on a shared cluster neither.
func newTopicName(t testing.TB) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, t.Name())
	return fmt.Sprintf("%s-%d-%d", name, os.Getpid(), topicNumber.Add(1))
}

func kgoClient(t testing.TB, addr string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	k, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(strings.Split(addr, ",")...), kgo.RecordPartitioner(kgo.ManualPartitioner())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

// createTopic makes a topic with a foreign client.
func createTopic(t testing.TB, addr, topic string, partitions int32) {
	t.Helper()
	k := kgoClient(t, addr)
	req := kmsg.NewCreateTopicsRequest()
	rt := kmsg.NewCreateTopicsRequestTopic()
	rt.Topic, rt.NumPartitions, rt.ReplicationFactor = topic, partitions, 1
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	if c := resp.Topics[0].ErrorCode; c != 0 {
		t.Fatalf("topic %s: error %d", topic, c)
	}
}

func deleteTopic(t testing.TB, addr, topic string) {
	t.Helper()
	req := kmsg.NewDeleteTopicsRequest()
	rt := kmsg.NewDeleteTopicsRequestTopic()
	rt.Topic = &topic
	req.Topics, req.TopicNames = append(req.Topics, rt), []string{topic}
	resp, err := req.RequestWith(t.Context(), kgoClient(t, addr))
	if err != nil {
		t.Fatal(err)
	}
	if c := resp.Topics[0].ErrorCode; c != 0 {
		t.Fatalf("deleting %s: error %d", topic, c)
	}
}

func produce(t testing.TB, k *kgo.Client, recs ...*kgo.Record) {
	t.Helper()
	if err := k.ProduceSync(context.Background(), recs...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// records makes records "v0", "v1", ... for one partition.
func records(topic string, part int32, from, to int) []*kgo.Record {
	var out []*kgo.Record
	for i := from; i < to; i++ {
		out = append(out, &kgo.Record{Topic: topic, Partition: part, Value: fmt.Appendf(nil, "v%d", i)})
	}
	return out
}

// task is a catalog.Task under a checked allocator.
type task struct {
	ctx context.Context
	mem *memory.CheckedAllocator
}

func newTask(t testing.TB) *task {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	t.Cleanup(func() { mem.AssertSize(t, 0) })
	return &task{ctx: context.Background(), mem: mem}
}

func (t *task) Context() context.Context    { return t.ctx }
func (t *task) Allocator() memory.Allocator { return t.mem }
func (t *task) EpochTime() time.Time        { return time.Unix(0, 0) }
func (t *task) Fault(int, string, error)    {}

// status notes what a source or sink tells people.
type status struct{ said atomic.Pointer[string] }

func (s *status) set(msg string) { s.said.Store(&msg) }
func (s *status) get() string {
	if p := s.said.Load(); p != nil {
		return *p
	}
	return ""
}

func testEnv(addr string, st *status) connector.Env {
	env := connector.Env{
		Embedded: func(context.Context) (string, error) { return addr, nil },
		Logger:   slog.New(slog.DiscardHandler),
	}
	if st != nil {
		env.Status = st.set
	}
	return env
}

// table makes a stream from pairs of option and value; a pair "table", "" makes
// it a table.
func table(addr string, options ...string) *catalog.Table {
	t := &catalog.Table{Name: "t", Stream: true, Connector: "kafka", Options: map[string]string{
		optServers: addr, optRetryBackoff: "5",
	}}
	for i := 0; i < len(options); i += 2 {
		if options[i] == "table" {
			t.Stream = false
			continue
		}
		t.Options[strings.ToLower(options[i])] = options[i+1]
	}
	return t
}

func openSource(t testing.TB, tab *catalog.Table) *source {
	t.Helper()
	s, err := New().OpenSource(context.Background(), testEnv(tab.Options[optServers], nil), tab)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	src := s.(*source)
	src.missing = 50 * time.Millisecond
	return src
}

// project wants columns by name; none are all.
func project(s *source, names ...string) *connector.Projection {
	p := &connector.Projection{}
	var fields []arrow.Field
	for i, f := range s.schema.Fields() {
		if len(names) == 0 || slices.Contains(names, f.Name) {
			fields = append(fields, f)
			p.Columns = append(p.Columns, connector.ProjectedColumn{Index: i})
		}
	}
	p.Schema = arrow.NewSchema(fields, nil)
	return p
}

// readRange reads a range and hands every record of its chunks to f.
func readRange(ctx context.Context, t testing.TB, s *source, r connector.Range, p *connector.Projection, f func(connector.Chunk, arrow.Record)) error {
	t.Helper()
	tk := newTask(t)
	for c, err := range s.Read(ctx, r) {
		if err != nil {
			return err
		}
		rec, err := c.Decode(tk, p)
		if err != nil {
			c.Release()
			return err
		}
		if rec.NumRows() > int64(c.Rows()) {
			t.Errorf("%d rows of a chunk that promised at most %d", rec.NumRows(), c.Rows())
		}
		f(c, rec)
		rec.Release()
		c.Release()
	}
	return nil
}

// values reads a range's values as text.
func values(t testing.TB, s *source, split string, from, to int64) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	out, err := valuesErr(ctx, t, s, split, from, to)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func valuesErr(ctx context.Context, t testing.TB, s *source, split string, from, to int64) ([]string, error) {
	t.Helper()
	var out []string
	err := readRange(ctx, t, s, connector.Range{Split: split, From: from, To: to}, project(s, "value", "offset"), func(c connector.Chunk, rec arrow.Record) {
		vals, offs := rec.Column(0).(*array.Binary), rec.Column(1).(*array.Int64)
		for i := range vals.Len() {
			if want := fmt.Sprintf("%s offset %d", split, offs.Value(i)); c.Origin(i) != want {
				t.Errorf("origin of row %d is %q, want %q", i, c.Origin(i), want)
			}
			if vals.IsNull(i) {
				out = append(out, "NULL")
			} else {
				out = append(out, string(vals.Value(i)))
			}
		}
	})
	return out, err
}

// numbered gives "v0", "v1", ...
func numbered(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprintf("v%d", i))
	}
	return out
}

func wantValues(t testing.TB, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %d values %s, want %d %s", len(got), abridge(got), len(want), abridge(want))
	}
}

func abridge(s []string) string {
	if len(s) > 12 {
		return strings.Join(s[:6], " ") + " ... " + strings.Join(s[len(s)-6:], " ")
	}
	return strings.Join(s, " ")
}

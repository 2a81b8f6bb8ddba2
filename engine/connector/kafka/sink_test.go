package kafka

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

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

var (
	stringField = func(name string) arrow.Field {
		return arrow.Field{Name: name, Type: arrow.BinaryTypes.String, Nullable: true}
	}
	valueOnly = arrow.NewSchema([]arrow.Field{stringField("value")}, nil)
	keyed     = arrow.NewSchema([]arrow.Field{stringField("key"), stringField("value"),
		{Name: "partition", Type: arrow.PrimitiveTypes.Int32, Nullable: true}}, nil)
	everything = arrow.NewSchema([]arrow.Field{
		{Name: "KEY", Type: arrow.BinaryTypes.Binary, Nullable: true},
		{Name: "Value", Type: arrow.BinaryTypes.Binary, Nullable: true},
		stringField("topic"), stringField("ignored"),
		{Name: "headers", Type: headersType(), Nullable: true},
	}, nil)
)

// consume reads a topic with a foreign client, by partition.
func consume(t testing.TB, addr string, n int, topics ...string) map[string][]*kgo.Record {
	t.Helper()
	k := kgoClient(t, addr, kgo.ConsumeTopics(topics...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(50*time.Millisecond))
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	out := map[string][]*kgo.Record{}
	for got := 0; got < n; {
		fs := k.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("%d of %d records came", got, n)
		}
		fs.EachRecord(func(r *kgo.Record) {
			got++
			split := partition{r.Topic, r.Partition}.String()
			out[split] = append(out[split], r)
		})
	}
	return out
}

func TestWriteAndRead(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	tk := newTask(t)
	for _, compression := range []string{"none", "gzip", "snappy", "lz4", "ZSTD"} {
		name := topic + compression
		s := openSink(t, table(addr, "topic", name, "kafka.compression.type", compression), valueOnly)
		rec := jsonRecord(t, tk, valueOnly, `{"value":"v0"}`, `{"value":"v1"}`, `{"value":null}`, `{"value":""}`)
		empty := jsonRecord(t, tk, valueOnly)
		tail := rec.NewSlice(1, 3)
		if err := write(context.Background(), s, tk, rec, empty, tail); err != nil {
			t.Fatal(err)
		}
		tail.Release()
		want := []string{"v0", "v1", "NULL", "", "v1", "NULL"}
		src := openSource(t, table(addr, "subscribe", name))
		wantValues(t, values(t, src, name+"/0", 0, 6), want)
		var foreign []string
		for _, r := range consume(t, addr, 6, name)[name+"/0"] {
			if r.Value == nil {
				foreign = append(foreign, "NULL")
			} else {
				foreign = append(foreign, string(r.Value))
			}
			if r.Key != nil || len(r.Headers) != 0 || time.Since(r.Timestamp).Abs() > time.Minute {
				t.Errorf("%s: key %q, headers %v, time %v", compression, r.Key, r.Headers, r.Timestamp)
			}
		}
		wantValues(t, foreign, want)
	}
}

func TestWriteEverything(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	a, b := topic+".a", topic+".b"
	tk := newTask(t)
	s := openSink(t, table(addr), everything)
	rec := jsonRecord(t, tk, everything,
		fmt.Sprintf(`{"KEY":"aw==","Value":"dg==","topic":%q,"headers":[{"key":"h","value":"MQ=="},{"key":"h","value":null}]}`, a),
		fmt.Sprintf(`{"KEY":null,"Value":null,"topic":%q,"headers":null}`, b),
		fmt.Sprintf(`{"KEY":"","Value":"","topic":%q,"headers":[]}`, a))
	if err := write(context.Background(), s, tk, rec, rec); err != nil {
		t.Fatal(err)
	}
	got := consume(t, addr, 6, a, b)
	ra, rb := got[a+"/0"], got[b+"/0"]
	if len(ra) != 4 || len(rb) != 2 {
		t.Fatalf("%d and %d records", len(ra), len(rb))
	}
	h := ra[2].Headers
	if string(ra[2].Key) != "k" || string(ra[2].Value) != "v" || len(h) != 2 || h[0].Key != "h" || string(h[0].Value) != "1" || h[1].Value != nil {
		t.Errorf("got %+v", ra[2])
	}
	if ra[3].Key == nil || len(ra[3].Key) != 0 || ra[3].Value == nil || len(ra[3].Headers) != 0 {
		t.Errorf("got %+v", ra[3])
	}
	if rb[1].Key != nil || rb[1].Value != nil {
		t.Errorf("got %+v", rb[1])
	}
	// The option topic wins over the column.
	c := topic + ".c"
	s = openSink(t, table(addr, "topic", c), everything)
	if err := write(context.Background(), s, tk, rec); err != nil {
		t.Fatal(err)
	}
	consume(t, addr, 3, c)
}

func TestMurmur2(t *testing.T) {
	// The Java client's own test values.
	for key, want := range map[string]int32{
		"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536, "a-little-bit-longer-string": -1486304829,
		"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971, "abc": 479470107,
	} {
		if got := int32(murmur2([]byte(key))); got != want {
			t.Errorf("%q: %d, want %d", key, got, want)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	theirs := kgo.StickyKeyPartitioner(nil).ForTopic("t")
	for range 2000 {
		key := make([]byte, rng.IntN(40))
		for i := range key {
			key[i] = byte(rng.Uint32())
		}
		n := 1 + rng.IntN(20)
		if got, want := keyPartition(key, n), theirs.Partition(&kgo.Record{Key: key}, n); int(got) != want {
			t.Fatalf("key %x of %d partitions: %d, want %d", key, n, got, want)
		}
	}
}

func TestPartitioning(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	createTopic(t, addr, topic, 4)
	tk := newTask(t)
	s := openSink(t, table(addr, "topic", topic), keyed)
	var rows []string
	for i := range 40 {
		rows = append(rows, fmt.Sprintf(`{"key":"k%d","value":"keyed"}`, i))
	}
	rows = append(rows, `{"key":"k0","value":"placed","partition":3}`, `{"key":null,"value":"placed","partition":2}`)
	loose := jsonRecord(t, tk, keyed, `{"value":"loose"}`, `{"value":"loose"}`)
	recs := []arrow.Record{jsonRecord(t, tk, keyed, rows...), loose, loose, loose, loose}
	if err := write(context.Background(), s, tk, recs...); err != nil {
		t.Fatal(err)
	}
	looseIn := map[string]int{}
	for split, rs := range consume(t, addr, 50, topic) {
		for _, r := range rs {
			switch string(r.Value) {
			case "keyed":
				if want := keyPartition(r.Key, 4); r.Partition != want {
					t.Errorf("key %s is in %d, want %d", r.Key, r.Partition, want)
				}
			case "placed":
				if want := map[bool]int32{true: 2, false: 3}[r.Key == nil]; r.Partition != want {
					t.Errorf("%q is in %d, want %d", r.Key, r.Partition, want)
				}
			default:
				looseIn[split]++
			}
		}
	}
	for split, n := range looseIn {
		if n != 2 {
			t.Errorf("rows without a key: %d in %s", n, split)
		}
	}
	if len(looseIn) != 4 {
		t.Errorf("rows without a key went to %v", looseIn)
	}
}

// TestManyBatches writes records whose batches overflow, over several partitions
// and in requests of a bounded size, and finds each partition in order.
func TestManyBatches(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	createTopic(t, addr, topic, 3)
	tk := newTask(t)
	s := openSink(t, table(addr, "topic", topic, "kafka.batch.size", "2000"), keyed)
	var recs []arrow.Record
	const n = 3000
	for i := 0; i < n; i += 500 {
		var rows []string
		for j := i; j < i+500; j++ {
			rows = append(rows, fmt.Sprintf(`{"value":"%d","partition":%d}`, j, j%3))
		}
		recs = append(recs, jsonRecord(t, tk, keyed, rows...))
	}
	if err := write(context.Background(), s, tk, recs...); err != nil {
		t.Fatal(err)
	}
	for split, rs := range consume(t, addr, n, topic) {
		if len(rs) != n/3 {
			t.Errorf("%d records in %s", len(rs), split)
		}
		for i, r := range rs {
			if want := fmt.Sprint(3*i + int(r.Partition)); string(r.Value) != want {
				t.Fatalf("%s: record %d is %s, want %s", split, i, r.Value, want)
			}
		}
	}
}

// TestHome writes to a stream that reads one topic and names no other.
func TestHome(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	tk := newTask(t)
	s := openSink(t, table(addr, "subscribe", topic), valueOnly)
	if err := write(t.Context(), s, tk, jsonRecord(t, tk, valueOnly, `{"value":"v0"}`)); err != nil {
		t.Fatal(err)
	}
	consume(t, addr, 1, topic)
}

func TestSinkFaults(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	createTopic(t, addr, topic, 2)
	tk := newTask(t)
	big := `{"value":"` + strings.Repeat("x", 3000) + `"}`
	for _, c := range []struct {
		name    string
		options []string
		schema  *arrow.Schema
		row     string
		want    string
	}{
		{"no such partition", []string{"topic", topic}, keyed, `{"value":"v","partition":2}`, "topic " + topic + " has no partition 2, it has 2 partitions"},
		{"negative partition", []string{"topic", topic}, keyed, `{"value":"v","partition":-1}`, "has no partition -1"},
		{"null topic", nil, everything, `{"Value":"dg=="}`, "null topic present in the data. Use the topic option for setting a topic"},
		{"null header key", []string{"topic", topic}, everything, `{"Value":"dg==","headers":[{"value":"dg=="}]}`, "a header has a NULL key"},
		{"large record", []string{"topic", topic, "kafka.max.request.size", "2048"}, valueOnly, big, "topic " + topic + ": a record of 3021 bytes is larger than kafka.max.request.size (2048 bytes)"},
		{"topic that must not be made", []string{"kafka.allow.auto.create.topics", "false"}, everything, fmt.Sprintf(`{"Value":"dg==","topic":%q}`, topic+"x"), "did you mean " + topic + "?"},
	} {
		s := openSink(t, table(addr, c.options...), c.schema)
		err := write(t.Context(), s, tk, jsonRecord(t, tk, c.schema, c.row))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	s := openSink(t, table(addr, "topic", topic), valueOnly)
	fault := errors.New("upstream")
	if err := s.Write(t.Context(), "q", 0, func(yield func(connector.Encoded, error) bool) { yield(nil, fault) }); !errors.Is(err, fault) {
		t.Errorf("an error in rows: %v", err)
	}
	if err := s.Write(t.Context(), "q", 0, func(yield func(connector.Encoded, error) bool) { yield(foreign{}, nil) }); err == nil {
		t.Error("rows of another sink were taken")
	}
}

type foreign struct{}

func (foreign) Rows() int { return 1 }
func (foreign) Release()  {}

// TestBatchTooLargeForTopic writes more than the topic takes.
func TestBatchTooLargeForTopic(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	req := kmsg.NewCreateTopicsRequest()
	rt := kmsg.NewCreateTopicsRequestTopic()
	rt.Topic, rt.NumPartitions, rt.ReplicationFactor = topic, 1, 1
	c := kmsg.NewCreateTopicsRequestTopicConfig()
	c.Name, c.Value = "max.message.bytes", kmsg.StringPtr("1000")
	rt.Configs = append(rt.Configs, c)
	req.Topics = append(req.Topics, rt)
	if _, err := req.RequestWith(t.Context(), kgoClient(t, addr)); err != nil {
		t.Fatal(err)
	}
	tk := newTask(t)
	s := openSink(t, table(addr, "topic", topic), valueOnly)
	err := write(t.Context(), s, tk, jsonRecord(t, tk, valueOnly, `{"value":"`+strings.Repeat("x", 3000)+`"}`))
	if err == nil || !strings.Contains(err.Error(), "topic "+topic+": a batch of ") || !strings.Contains(err.Error(), "(1 records) is larger than the broker takes") {
		t.Errorf("got %v", err)
	}
}

// lossy is a transport that loses answers: the broker did what it was asked.
type lossy struct {
	transport
	lose func(*call) bool
}

func (l *lossy) RoundTrip(ctx context.Context, addr net.Addr, m kafkago.Request) (kafkago.Response, error) {
	r, err := l.transport.RoundTrip(ctx, addr, m)
	if c, ok := m.(*call); ok && err == nil && l.lose(c) {
		return nil, io.EOF
	}
	return r, err
}

// TestLostAnswers loses every second answer to a produce request: the batch is
// sent again and stored once.
func TestLostAnswers(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	tk := newTask(t)
	s := openSink(t, table(addr, "topic", topic), valueOnly)
	n := 0
	s.cluster.transport = &lossy{s.cluster.transport, func(c *call) bool {
		if c.key != protocol.Produce {
			return false
		}
		n++
		return n%2 == 1
	}}
	for i := range 10 {
		if err := write(t.Context(), s, tk, jsonRecord(t, tk, valueOnly, fmt.Sprintf(`{"value":"v%d"}`, i))); err != nil {
			t.Fatal(err)
		}
	}
	src := openSource(t, table(addr, "subscribe", topic, "startingOffsets", "earliest"))
	latest, err := src.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantValues(t, values(t, src, topic+"/0", 0, latest[topic+"/0"]), numbered(0, 10))
}

// TestForgottenProducer has the broker not know the producer any more.
func TestForgottenProducer(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	tk := newTask(t)
	s := openSink(t, table(addr, "topic", topic), valueOnly)
	for i := range 4 {
		if i == 2 {
			s.sequences[partition{topic, 0}] += 1000 // a gap: what a broker says that lost the rest
		}
		if err := write(t.Context(), s, tk, jsonRecord(t, tk, valueOnly, fmt.Sprintf(`{"value":"v%d"}`, i))); err != nil {
			t.Fatal(err)
		}
	}
	src := openSource(t, table(addr, "subscribe", topic))
	wantValues(t, values(t, src, topic+"/0", 0, 4), numbered(0, 4))
}

func TestPlainProducer(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	tk := newTask(t)
	s := openSink(t, table(addr, "topic", topic, "kafka.enable.idempotence", "false"), valueOnly)
	if err := write(t.Context(), s, tk, jsonRecord(t, tk, valueOnly, `{"value":"v0"}`)); err != nil {
		t.Fatal(err)
	}
	if r := consume(t, addr, 1, topic)[topic+"/0"][0]; r.ProducerID != -1 {
		t.Errorf("producer %d", r.ProducerID)
	}
}

// TestBatchWriterByTheBook compares the encoder with records encoded another way.
func TestBatchWriterByTheBook(t *testing.T) {
	var w batchWriter
	w.reset(nil, 1000)
	var want []byte
	for i, v := range numbered(0, 300) {
		w.append(nil, []byte(v), false, true, noHeaders)
		want = appendRecord(want, int64(i), v)
	}
	if !bytes.Equal(w.buf[batchHeaderLen:], want) {
		t.Error("the records differ")
	}
	data, err := w.seal(0)
	if err != nil {
		t.Fatal(err)
	}
	stamp(data, producerID{7, 3}, 9)
	b, rest, ok, err := parseBatch(data)
	if err != nil || !ok || len(rest) != 0 || b.count != 300 || b.next() != 300 || b.producer != 7 || b.checkCRC() != nil {
		t.Errorf("batch %+v, %v, %v", b, ok, err)
	}
}

// scripted is a transport that answers some calls itself.
type scripted struct {
	transport
	answer func(*call) *answer
}

func (s *scripted) RoundTrip(ctx context.Context, addr net.Addr, m kafkago.Request) (kafkago.Response, error) {
	if c, ok := m.(*call); ok {
		if a := s.answer(c); a != nil {
			return a, nil
		}
	}
	return s.transport.RoundTrip(ctx, addr, m)
}

// TestIdempotenceNotAllowed writes where the cluster does not give producer ids.
func TestIdempotenceNotAllowed(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	tk := newTask(t)
	s := openSink(t, table(addr, "topic", topic), valueOnly)
	s.cluster.transport = &scripted{s.cluster.transport, func(c *call) *answer {
		if c.key != protocol.InitProducerId {
			return nil
		}
		body := appendInt16(appendInt32(nil, 0), int16(kafkago.ClusterAuthorizationFailed))
		return &answer{body: appendInt16(appendInt64(body, -1), -1)}
	}}
	if err := write(t.Context(), s, tk, jsonRecord(t, tk, valueOnly, `{"value":"v0"}`)); err != nil {
		t.Fatal(err)
	}
	if r := consume(t, addr, 1, topic)[topic+"/0"][0]; r.ProducerID != -1 {
		t.Errorf("producer %d", r.ProducerID)
	}
}

// TestTopicRefused has the broker not create the topic.
func TestTopicRefused(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	tk := newTask(t)
	s := openSink(t, table(addr), everything)
	s.cluster.transport = &scripted{s.cluster.transport, func(c *call) *answer {
		if c.key != protocol.CreateTopics {
			return nil
		}
		body := appendString(appendInt32(appendInt32(nil, 0), 1), topic)
		return &answer{body: appendString(appendInt16(body, int16(kafkago.PolicyViolation)), "not on a Friday")}
	}}
	err := write(t.Context(), s, tk, jsonRecord(t, tk, everything, fmt.Sprintf(`{"Value":"dg==","topic":%q}`, topic)))
	if want := "topic " + topic + " does not exist and cannot be created: not on a Friday"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

// TestManyHeaders reads records with more headers than a chunk has rows.
func TestManyHeaders(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	createTopic(t, addr, topic, 1)
	const n = 200
	r := &kgo.Record{Topic: topic, Value: []byte("v")}
	for i := range n {
		h := kgo.RecordHeader{Key: fmt.Sprintf("k%d", i)}
		if i%3 != 0 {
			h.Value = fmt.Appendf(nil, "h%d", i)
		}
		r.Headers = append(r.Headers, h)
	}
	again := *r
	produce(t, kgoClient(t, addr), r, &kgo.Record{Topic: topic}, &again)
	s := openSource(t, table(addr, "subscribe", topic, "includeHeaders", "true"))
	err := readRange(t.Context(), t, s, connector.Range{Split: topic + "/0", To: 3}, project(s, "headers"), func(_ connector.Chunk, rec arrow.Record) {
		list := rec.Column(0).(*array.List)
		st := list.ListValues().(*array.Struct)
		keys, vals := st.Field(0).(*array.String), st.Field(1).(*array.Binary)
		if list.Len() != 3 || list.IsValid(1) || list.IsNull(0) || list.IsNull(2) || keys.Len() != 2*n {
			t.Fatalf("%v", list)
		}
		for i := range 2 * n {
			want := r.Headers[i%n]
			if keys.Value(i) != want.Key || vals.IsNull(i) != (want.Value == nil) || string(vals.Value(i)) != string(want.Value) {
				t.Fatalf("header %d is %s: %q, want %s: %q", i, keys.Value(i), vals.Value(i), want.Key, want.Value)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

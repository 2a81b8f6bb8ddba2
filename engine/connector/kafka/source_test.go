package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-sql/millrace/engine/codec"
	"github.com/millrace-sql/millrace/engine/connector"
)

func TestReadRanges(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	createTopic(t, addr, topic, 1)
	k := kgoClient(t, addr, kgo.ProducerBatchCompression(kgo.NoCompression()))
	for i := 0; i < 100; i += 10 {
		produce(t, k, records(topic, 0, i, i+10)...)
	}
	s := openSource(t, table(addr, "subscribe", topic))
	split := topic + "/0"
	for _, r := range [][2]int{{0, 100}, {0, 100}, {0, 1}, {1, 7}, {7, 10}, {10, 55}, {55, 56}, {99, 100}, {3, 3}, {0, 10}} {
		wantValues(t, values(t, s, split, int64(r[0]), int64(r[1])), numbered(r[0], r[1]))
	}
}

var compressions = map[string]kgo.CompressionCodec{
	"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
	"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
}

func TestReadCompressions(t *testing.T) {
	addr := brokerAddr(t)
	for _, name := range sortedKeys(compressions) {
		t.Run(name, func(t *testing.T) {
			topic := newTopicName(t)
			createTopic(t, addr, topic, 1)
			k := kgoClient(t, addr, kgo.ProducerBatchCompression(compressions[name]))
			for i := 0; i < 3000; i += 1000 {
				produce(t, k, records(topic, 0, i, i+1000)...)
			}
			s := openSource(t, table(addr, "subscribe", topic))
			wantValues(t, values(t, s, topic+"/0", 0, 3000), numbered(0, 3000))
			wantValues(t, values(t, s, topic+"/0", 1500, 1501), numbered(1500, 1501))
		})
	}
}

// TestLargeBatch reads one batch of many records, which is cut into chunks.
func TestLargeBatch(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	createTopic(t, addr, topic, 1)
	k := kgoClient(t, addr, kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerLinger(time.Second), kgo.MaxBufferedRecords(40000))
	const n = 20000
	produce(t, k, records(topic, 0, 0, n)...)
	s := openSource(t, table(addr, "subscribe", topic))
	wantValues(t, values(t, s, topic+"/0", 0, n), numbered(0, n))
	wantValues(t, values(t, s, topic+"/0", 17, n-1), numbered(17, n-1))
	chunks := 0
	for c, err := range s.Read(context.Background(), connector.Range{Split: topic + "/0", From: 0, To: n}) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Rows() > 2*chunkRows {
			t.Errorf("a chunk of %d rows", c.Rows())
		}
		chunks++
		c.Release()
	}
	if chunks < 3 {
		t.Errorf("%d rows came in %d chunks", n, chunks)
	}
}

func TestColumns(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	createTopic(t, addr, topic, 2)
	at := time.UnixMilli(1700000000123)
	produce(t, kgoClient(t, addr),
		&kgo.Record{Topic: topic, Partition: 1, Key: []byte("k"), Value: []byte("v"), Timestamp: at,
			Headers: []kgo.RecordHeader{{Key: "a", Value: []byte("1")}, {Key: "a", Value: nil}, {Key: "", Value: []byte{}}}},
		&kgo.Record{Topic: topic, Partition: 1, Key: []byte{}, Value: []byte{}, Timestamp: at},
		&kgo.Record{Topic: topic, Partition: 1, Value: []byte("no key"), Timestamp: at},
		&kgo.Record{Topic: topic, Partition: 1, Key: []byte("tombstone"), Timestamp: at, Headers: []kgo.RecordHeader{{Key: "h"}}},
	)
	s := openSource(t, table(addr, "subscribe", topic, "includeHeaders", "true"))
	var got []string
	read := func(names ...string) string {
		got = nil
		err := readRange(t.Context(), t, s, connector.Range{Split: topic + "/1", To: 4}, project(s, names...), func(_ connector.Chunk, r arrow.Record) {
			b, err := r.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, strings.TrimSpace(string(b)))
		})
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(got, "\n")
	}
	row := func(key, value string, offset int, headers string) string {
		return fmt.Sprintf(`{"headers":%s,"key":%s,"offset":%d,"partition":1,"timestamp":"2023-11-14 22:13:20.123","timestampType":0,"topic":%q,"value":%s}`, headers, key, offset, topic, value)
	}
	want := "[" + strings.Join([]string{
		row(`"aw=="`, `"dg=="`, 0, `[{"key":"a","value":"MQ=="},{"key":"a","value":null},{"key":"","value":""}]`),
		row(`""`, `""`, 1, "null"),
		row(`null`, `"bm8ga2V5"`, 2, "null"),
		row(`"dG9tYnN0b25l"`, `null`, 3, `[{"key":"h","value":null}]`),
	}, "\n,") + "\n]"
	if all := read(); all != want {
		t.Errorf("got  %s\nwant %s", all, want)
	}
	for _, f := range s.schema.Fields() {
		one := read(f.Name)
		if n := strings.Count(one, fmt.Sprintf("{%q:", f.Name)); n != 4 {
			t.Errorf("column %s alone: %s", f.Name, one)
		}
	}
	// No column at all: only the number of rows is wanted.
	rows := int64(0)
	empty := &connector.Projection{Schema: arrow.NewSchema(nil, nil)}
	if err := readRange(t.Context(), t, s, connector.Range{Split: topic + "/1", To: 4}, empty, func(_ connector.Chunk, r arrow.Record) { rows += r.NumRows() }); err != nil {
		t.Fatal(err)
	}
	if rows != 4 {
		t.Errorf("%d rows without columns", rows)
	}
}

func TestJSONColumn(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	createTopic(t, addr, topic, 1)
	produce(t, kgoClient(t, addr),
		&kgo.Record{Topic: topic, Key: []byte(`{"b":"k"}`), Value: []byte(`{"a":1.5,"b":"x"}`)},
		&kgo.Record{Topic: topic, Value: []byte(`{"b":"y","c":[1,2]}`)},
		&kgo.Record{Topic: topic, Value: []byte(`{broken`)},
		&kgo.Record{Topic: topic, Value: nil})
	dt := arrow.StructOf(arrow.Field{Name: "a", Type: arrow.PrimitiveTypes.Float64, Nullable: true}, arrow.Field{Name: "b", Type: arrow.BinaryTypes.String, Nullable: true})
	s := openSource(t, table(addr, "subscribe", topic))
	projection := func(o codec.JSONOptions, index ...int) *connector.Projection {
		d, err := codec.NewJSONDecoder(dt, o)
		if err != nil {
			t.Fatal(err)
		}
		p := &connector.Projection{}
		var fields []arrow.Field
		for _, i := range index {
			fields = append(fields, arrow.Field{Name: fmt.Sprintf("c%d", i), Type: dt, Nullable: true})
			p.Columns = append(p.Columns, connector.ProjectedColumn{Index: i, JSON: d})
		}
		p.Schema = arrow.NewSchema(fields, nil)
		return p
	}
	p := projection(codec.JSONOptions{}, colKey, colValue)
	var got []string
	for range 2 { // the second time with the scanners of the first
		got = nil
		err := readRange(t.Context(), t, s, connector.Range{Split: topic + "/0", To: 4}, p, func(_ connector.Chunk, r arrow.Record) {
			b, err := r.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, strings.Split(strings.Trim(string(b), "[]\n"), "\n,")...)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		`{"c0":{"a":null,"b":"k"},"c1":{"a":1.5,"b":"x"}}`,
		`{"c0":null,"c1":{"a":null,"b":"y"}}`,
		`{"c0":null,"c1":{"a":null,"b":null}}`,
		`{"c0":null,"c1":null}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	err := readRange(t.Context(), t, s, connector.Range{Split: topic + "/0", To: 4}, projection(codec.JSONOptions{Mode: codec.FailFast}, colValue), func(connector.Chunk, arrow.Record) {})
	if err == nil || !strings.Contains(err.Error(), topic+"/0 offset 2") {
		t.Errorf("FAILFAST on a broken value: %v", err)
	}
	err = readRange(t.Context(), t, s, connector.Range{Split: topic + "/0", To: 4}, projection(codec.JSONOptions{}, colTopic), func(connector.Chunk, arrow.Record) {})
	if err == nil || !strings.Contains(err.Error(), "column topic cannot be read as JSON") {
		t.Errorf("JSON of the topic: %v", err)
	}
}

// TestTransactions mixes committed, aborted and open transactions and plain
// records over several batches.
func TestTransactions(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	createTopic(t, addr, topic, 1)
	plain := kgoClient(t, addr)
	txn := kgoClient(t, addr, kgo.TransactionalID(topic), kgo.ProducerBatchCompression(kgo.NoCompression()))
	var committed, all []string
	n := 0
	put := func(k *kgo.Client, count int, visible bool) {
		produce(t, k, records(topic, 0, n, n+count)...)
		all = append(all, numbered(n, n+count)...)
		if visible {
			committed = append(committed, numbered(n, n+count)...)
		}
		n += count
	}
	end := func(how kgo.TransactionEndTry) {
		if err := txn.EndTransaction(t.Context(), how); err != nil {
			t.Fatal(err)
		}
	}
	for round := range 6 {
		commit := round%3 != 1
		if err := txn.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		put(txn, 3, commit)
		put(plain, 2, true)
		put(txn, 2, commit)
		end(kgo.TransactionEndTry(commit))
		put(plain, 1, true)
	}
	s := openSource(t, table(addr, "subscribe", topic, "startingOffsets", "earliest"))
	latest, err := s.Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	split := topic + "/0"
	to := latest[split]
	if want := int64(n + 6); to != want { // a marker ends each transaction
		t.Errorf("latest is %d, want %d", to, want)
	}
	wantValues(t, values(t, s, split, 0, to), committed)
	// Any cut gives the same rows.
	var pieces []string
	for from := int64(0); from < to; from += 4 {
		pieces = append(pieces, values(t, s, split, from, min(from+4, to))...)
	}
	wantValues(t, pieces, committed)

	dirty := openSource(t, table(addr, "subscribe", topic, "kafka.isolation.level", "read_uncommitted"))
	wantValues(t, values(t, dirty, split, 0, to), all)

	// An open transaction holds the end back, for read_committed only.
	if err := txn.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	put(txn, 2, false)
	put(plain, 1, true)
	if o, err := s.Latest(t.Context()); err != nil || o[split] != to {
		t.Errorf("latest with an open transaction is %v, %v; want %d", o, err, to)
	}
	if o, err := dirty.Latest(t.Context()); err != nil || o[split] != to+3 {
		t.Errorf("uncommitted latest is %v, %v; want %d", o, err, to+3)
	}
	end(kgo.TryAbort)
	wantValues(t, values(t, s, split, to, to+4), numbered(n-1, n))
}

func TestPlanSharesLimit(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	createTopic(t, addr, topic, 3)
	k := kgoClient(t, addr)
	for p, n := range []int{100, 50, 1} {
		produce(t, k, records(topic, int32(p), 0, n)...)
	}
	split := func(p int) string { return fmt.Sprintf("%s/%d", topic, p) }
	offsets := func(o ...int64) connector.Offsets {
		out := connector.Offsets{}
		for i, x := range o {
			out[split(i)] = x
		}
		return out
	}
	s := openSource(t, table(addr, "subscribe", topic, "startingOffsets", "earliest", "maxOffsetsPerTrigger", "30"))
	initial, err := s.Initial(t.Context())
	if err != nil || !maps.Equal(initial, offsets(0, 0, 0)) {
		t.Fatalf("initial %v, %v", initial, err)
	}
	for _, c := range []struct {
		name string
		from connector.Offsets
		l    connector.Limit
		want connector.Offsets
	}{
		{"proportional, at least one each", offsets(0, 0, 0), connector.Limit{}, offsets(19, 9, 1)},
		{"limit on top", offsets(0, 0, 0), connector.Limit{Rows: 3}, offsets(1, 1, 1)},
		{"larger limit", offsets(0, 0, 0), connector.Limit{Rows: 300}, offsets(19, 9, 1)},
		{"near the end", offsets(90, 45, 1), connector.Limit{}, offsets(100, 50, 1)},
		{"nothing new", offsets(100, 50, 1), connector.Limit{}, offsets(100, 50, 1)},
		{"until", offsets(90, 50, 1), connector.Limit{Until: offsets(95, 50, 1)}, offsets(95, 50, 1)},
		{"until is behind", offsets(90, 50, 1), connector.Limit{Until: offsets(80, 50, 1)}, offsets(90, 50, 1)},
		{"partition after until", offsets(90), connector.Limit{Until: offsets(95)}, offsets(95)},
		{"new partitions from their beginning", offsets(100), connector.Limit{}, offsets(100, 29, 1)},
	} {
		to, err := s.Plan(t.Context(), c.from, c.l)
		if err != nil || !maps.Equal(to, c.want) {
			t.Errorf("%s: %v, %v; want %v", c.name, to, err, c.want)
		}
	}
	rs := s.Ranges(offsets(10, 50), offsets(20, 50, 1))
	if want := []connector.Range{{Split: split(0), From: 10, To: 20}, {Split: split(2), From: 0, To: 1}}; !slices.Equal(rs, want) {
		t.Errorf("ranges %v, want %v", rs, want)
	}
}

func TestStartAndEnd(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	createTopic(t, addr, topic, 2)
	k := kgoClient(t, addr)
	for p := range int32(2) {
		for i, r := range records(topic, p, 0, 10) {
			r.Timestamp = time.UnixMilli(1000 + int64(i))
			produce(t, k, r)
		}
	}
	at := func(a, b int64) string { return fmt.Sprintf(`{%q:{"0":%d,"1":%d}}`, topic, a, b) }
	for _, c := range []struct {
		name       string
		options    []string
		start, end [2]int64
	}{
		{"stream", nil, [2]int64{10, 10}, [2]int64{10, 10}},
		{"stream from earliest", []string{"startingOffsets", "Earliest"}, [2]int64{0, 0}, [2]int64{10, 10}},
		{"table", []string{"table", ""}, [2]int64{0, 0}, [2]int64{10, 10}},
		{"offsets", []string{"startingOffsets", at(3, -1)}, [2]int64{3, 10}, [2]int64{10, 10}},
		{"offsets of a table", []string{"table", "", "startingOffsets", at(3, -2), "endingOffsets", at(7, -1)}, [2]int64{3, 0}, [2]int64{7, 10}},
		{"time", []string{"startingTimestamp", "1004"}, [2]int64{4, 4}, [2]int64{10, 10}},
		{"times", []string{"table", "", "startingOffsetsByTimestamp", at(1001, 1002), "endingOffsetsByTimestamp", at(1005, 9999)}, [2]int64{1, 2}, [2]int64{5, 10}},
		{"too late, latest", []string{"startingTimestamp", "2000", "startingOffsetsByTimestampStrategy", "latest"}, [2]int64{10, 10}, [2]int64{10, 10}},
		{"end time", []string{"table", "", "endingTimestamp", "1002"}, [2]int64{0, 0}, [2]int64{2, 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := openSource(t, table(addr, append(c.options, "subscribe", topic)...))
			check := func(what string, o connector.Offsets, err error, want [2]int64) {
				t.Helper()
				if err != nil || len(o) != 2 || o[topic+"/0"] != want[0] || o[topic+"/1"] != want[1] {
					t.Errorf("%s is %v, %v; want %v", what, o, err, want)
				}
			}
			from, err := s.Initial(t.Context())
			check("start", from, err, c.start)
			to, err := s.Latest(t.Context())
			check("end", to, err, c.end)
			planned, err := s.Plan(t.Context(), from, connector.Limit{})
			check("plan", planned, err, c.end)
		})
	}
	var opt *connector.OptionError
	s := openSource(t, table(addr, "subscribe", topic, "startingTimestamp", "2000"))
	if _, err := s.Initial(t.Context()); !errors.As(err, &opt) || opt.Option != optStartingTime {
		t.Errorf("no record that late: %v", err)
	}
	s = openSource(t, table(addr, "subscribe", topic, "startingOffsets", fmt.Sprintf(`{%q:{"0":3}}`, topic)))
	if _, err := s.Initial(t.Context()); !errors.As(err, &opt) || !strings.Contains(err.Error(), "must specify all partitions") {
		t.Errorf("a partition left out: %v", err)
	}
}

func TestSubscriptions(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	a, b, c := topic+".a", topic+".b", topic+".c"
	for i, name := range []string{a, b, c} {
		createTopic(t, addr, name, int32(i+1))
	}
	for _, x := range []struct {
		name    string
		options []string
		want    []string
	}{
		{"list", []string{"subscribe", b + ", " + a + "," + b}, []string{a + "/0", b + "/0", b + "/1"}},
		{"pattern", []string{"subscribePattern", topic + `\.[ab]`}, []string{a + "/0", b + "/0", b + "/1"}},
		{"pattern of nothing", []string{"subscribePattern", topic}, nil},
		{"assign", []string{"assign", fmt.Sprintf(`{%q:[2,0],%q:[0]}`, c, a)}, []string{a + "/0", c + "/0", c + "/2"}},
	} {
		s := openSource(t, table(addr, x.options...))
		o, err := s.Latest(t.Context())
		if err != nil || !slices.Equal(sortedKeys(o), x.want) {
			t.Errorf("%s: %v, %v; want %v", x.name, o, err, x.want)
		}
	}
}

func TestMissingTopic(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	createTopic(t, addr, topic+"-setosa", 1)
	open := func(options ...string) error {
		s, err := New().OpenSource(t.Context(), testEnv(addr, nil), table(addr, options...))
		if err == nil {
			return s.Close()
		}
		return err
	}
	err := open("subscribe", topic+"-setosaa", "kafka.allow.auto.create.topics", "false")
	if want := "did you mean " + topic + "-setosa?"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v does not say %q", err, want)
	}
	err = open("assign", fmt.Sprintf(`{%q:[1]}`, topic+"-setosa"))
	if err == nil || !strings.Contains(err.Error(), "has no partition 1, it has 1 partitions") {
		t.Errorf("assigned partition: %v", err)
	}
	if err := open("subscribe", newTopicName(t)); err != nil {
		t.Errorf("a topic that the broker creates: %v", err)
	}
	if err := open(); err == nil || !strings.Contains(err.Error(), "give one of the options subscribe, assign, subscribePattern") {
		t.Errorf("no subscription: %v", err)
	}
}

func TestCommitted(t *testing.T) {
	addr, topic := brokerAddr(t), newTopicName(t)
	createTopic(t, addr, topic, 2)
	group := topic + "-group"
	s := openSource(t, table(addr, "subscribe", topic, "kafka.group.id", group))
	if err := s.Committed(t.Context(), connector.Offsets{topic + "/0": 3, topic + "/1": 4}); err != nil {
		t.Fatal(err)
	}
	req := kmsg.NewOffsetFetchRequest()
	rg := kmsg.NewOffsetFetchRequestGroup()
	rg.Group = group
	req.Group, req.Groups = group, append(req.Groups, rg)
	resp, err := req.RequestWith(t.Context(), kgoClient(t, addr))
	if err != nil {
		t.Fatal(err)
	}
	got := map[int32]int64{}
	for _, g := range resp.Groups {
		for _, tp := range g.Topics {
			for _, p := range tp.Partitions {
				got[p.Partition] = p.Offset
			}
		}
	}
	if !maps.Equal(got, map[int32]int64{0: 3, 1: 4}) {
		t.Errorf("group has %v", got)
	}
	silent := openSource(t, table(addr, "subscribe", topic))
	if err := silent.Committed(t.Context(), connector.Offsets{"not a split": 1}); err != nil {
		t.Errorf("without a group nothing is sent, got %v", err)
	}
}

func TestFormatOffsets(t *testing.T) {
	s := &source{}
	for _, c := range []struct {
		o    connector.Offsets
		text string
	}{
		{connector.Offsets{}, `{}`},
		{connector.Offsets{"iris/0": 140}, `{"iris":{"0":140}}`},
		{connector.Offsets{"b/10": 1, "b/2": 2, "a.x-y/0": 3}, `{"a.x-y":{"0":3},"b":{"2":2,"10":1}}`},
	} {
		text, err := s.FormatOffsets(c.o)
		if err != nil || text != c.text {
			t.Errorf("%v: %s, %v; want %s", c.o, text, err, c.text)
		}
		back, err := s.ParseOffsets(text)
		if err != nil || !maps.Equal(back, c.o) {
			t.Errorf("%s: %v, %v", text, back, err)
		}
	}
	for _, bad := range []string{"", "3", `{"a":1}`, `{"a":{"x":1}}`, `{"a":{"-1":1}}`, `{"a":{"0":-1}}`, `{"a":{"0":"1"}}`} {
		if o, err := s.ParseOffsets(bad); err == nil {
			t.Errorf("%s gave %v", bad, o)
		}
	}
	for _, bad := range []string{"iris", "/0", "iris/", "iris/-1", "iris/x"} {
		if text, err := s.FormatOffsets(connector.Offsets{bad: 1}); err == nil {
			t.Errorf("split %q gave %s", bad, text)
		}
	}
}

package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/compress"
	"github.com/segmentio/kafka-go/protocol"

	"github.com/millrace-sql/millrace/engine/connector"
)

// TestCompacted reads what log compaction leaves: batches without a tail,
// without a head, without any record.
func TestCompacted(t *testing.T) {
	codecs := []compress.Compression{compress.None, compress.Gzip, compress.Snappy, compress.Lz4, compress.Zstd}
	full := func(base int64, c compress.Compression) crafted {
		return crafted{base: base, span: 5, keep: all(5), codec: c}
	}
	for name, batches := range map[string]func(c compress.Compression) []crafted{
		"plain": func(c compress.Compression) []crafted { return []crafted{full(0, c), full(5, c)} },
		"tail gone": func(c compress.Compression) []crafted {
			return []crafted{{base: 0, span: 5, keep: []int{0, 1}, codec: c}, full(5, c)}
		},
		"tail gone at end": func(c compress.Compression) []crafted {
			return []crafted{full(0, c), {base: 5, span: 5, keep: []int{0, 1}, codec: c}}
		},
		"head gone": func(c compress.Compression) []crafted {
			return []crafted{{base: 0, span: 5, keep: []int{3, 4}, codec: c}, full(5, c)}
		},
		"holes": func(c compress.Compression) []crafted {
			return []crafted{{base: 0, span: 9, keep: []int{1, 4, 7}, codec: c}}
		},
		"empty first": func(c compress.Compression) []crafted { return []crafted{{base: 0, span: 5, codec: c}, full(5, c)} },
		"empty last":  func(c compress.Compression) []crafted { return []crafted{full(0, c), {base: 5, span: 5, codec: c}} },
		"two empty": func(c compress.Compression) []crafted {
			return []crafted{full(0, c), {base: 5, span: 5, codec: c}, {base: 10, span: 5, codec: c}, full(15, c)}
		},
		"batches gone":      func(c compress.Compression) []crafted { return []crafted{full(10, c), full(40, c)} },
		"nothing but empty": func(c compress.Compression) []crafted { return []crafted{{base: 0, span: 5, codec: c}} },
	} {
		for _, codec := range codecs {
			for _, alone := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%v/alone=%v", name, codec, alone), func(t *testing.T) {
					f := &fakeCluster{alone: alone}
					var want []string
					for _, b := range batches(codec) {
						f.batches = append(f.batches, b.bytes(t))
						for _, d := range b.keep {
							want = append(want, numbered(int(b.base)+d, int(b.base)+d+1)...)
						}
					}
					s := openFake(t, f)
					end := f.end()
					wantValues(t, values(t, s, "t/0", 0, end), want)
					for _, step := range []int64{1, 3} {
						var got []string
						for from := int64(0); from < end; from += step {
							got = append(got, values(t, s, "t/0", from, min(from+step, end))...)
						}
						wantValues(t, got, want)
					}
				})
			}
		}
	}
}

// TestCutAnswers has the broker cut its answers at every length.
func TestCutAnswers(t *testing.T) {
	f := &fakeCluster{}
	for i := range int64(4) {
		f.batches = append(f.batches, crafted{base: i * 3, span: 3, keep: all(3)}.bytes(t))
	}
	one := len(f.batches[3]) // the longest
	for cut := one; cut < 4*one; cut++ {
		f.cut = cut
		wantValues(t, values(t, openFake(t, f), "t/0", 0, 12), numbered(0, 12))
	}
}

// TestBatchLargerThanFetch has a broker that sends less than one batch until the
// fetch is large enough.
func TestBatchLargerThanFetch(t *testing.T) {
	f := &fakeCluster{batches: [][]byte{crafted{base: 0, span: 200, keep: all(200)}.bytes(t)}}
	s := openFake(t, f, "kafka.max.partition.fetch.bytes", "100")
	f.fail = func(c *call) error {
		if c.key == protocol.Fetch {
			b := c.body(11, nil)
			f.cut = int(int32(be.Uint32(b[12:]))) // the request's maxBytes
		}
		return nil
	}
	wantValues(t, values(t, s, "t/0", 0, 200), numbered(0, 200))
}

func TestOldBrokers(t *testing.T) {
	for v := int16(4); v <= 11; v++ {
		f := &fakeCluster{batches: [][]byte{crafted{base: 0, span: 5, keep: all(5)}.bytes(t)}}
		f.versions = map[protocol.ApiKey]int16{protocol.Fetch: v, protocol.Metadata: min(8, v), protocol.ListOffsets: min(5, v-2)}
		s := openFake(t, f, "startingOffsets", "earliest")
		to, err := s.Plan(t.Context(), connector.Offsets{"t/0": 0}, connector.Limit{})
		if err != nil || to["t/0"] != 5 {
			t.Errorf("version %d: plan %v, %v", v, to, err)
		}
		wantValues(t, values(t, s, "t/0", 0, 5), numbered(0, 5))
	}
	f := &fakeCluster{versions: map[protocol.ApiKey]int16{protocol.Metadata: 8, protocol.Fetch: 3}}
	_, err := valuesErr(t.Context(), t, openFake(t, f), "t/0", 0, 5)
	if err == nil || !strings.Contains(err.Error(), "the broker is too old: it offers Fetch up to version 3, needed is 4") {
		t.Errorf("Fetch 3: %v", err)
	}
}

// TestDamaged flips bytes, cuts and lies: a clear error names topic, partition
// and offset, and nothing panics.
func TestDamaged(t *testing.T) {
	good := func() []byte { return crafted{base: 7, span: 3, keep: all(3)}.bytes(t) }
	restamp := func(b []byte) []byte { stamp(b, noProducer, -1); return b }
	for _, c := range []struct {
		name string
		data func() []byte
		want string
	}{
		{"a record's byte", func() []byte { b := good(); b[len(b)-2] ^= 1; return b }, "t/0: batch at offset 7: its CRC-32C is"},
		{"the record count", func() []byte { b := good(); be.PutUint32(b[atCount:], 4); return restamp(b) }, "t/0: batch at offset 7 claims 4 records over 3 offsets in 88 bytes"},
		{"a record's length", func() []byte { b := good(); b[batchHeaderLen] = 60; return restamp(b) }, "t/0: batch at offset 7: a record is cut short"},
		{"a negative count", func() []byte { b := good(); be.PutUint32(b[atCount:], ^uint32(0)); return restamp(b) }, "batch at offset 7 claims -1 records"},
		{"more records than offsets", func() []byte { b := good(); be.PutUint32(b[atLastDelta:], 0); return restamp(b) }, ""},
		{"old format", func() []byte { b := good(); b[atMagic] = 1; return b }, "batch at offset 7 has format version 1"},
		{"short length", func() []byte { b := good(); be.PutUint32(b[atLength:], 3); return b }, "batch at offset 7 claims a length of 15 bytes"},
		{"unknown compression", func() []byte { b := good(); be.PutUint16(b[atAttributes:], 5); return restamp(b) }, "batch at offset 7: compression 5 is not known"},
		{"not gzip", func() []byte { b := good(); be.PutUint16(b[atAttributes:], 1); return restamp(b) }, "batch at offset 7: gzip data"},
		{"not snappy", func() []byte { b := good(); be.PutUint16(b[atAttributes:], 2); return restamp(b) }, "batch at offset 7: snappy data"},
		{"a snappy block beyond the end", func() []byte {
			b := append(good()[:batchHeaderLen], "\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01\xff\xff\xff\xff"...)
			be.PutUint32(b[atLength:], uint32(len(b)-12))
			be.PutUint16(b[atAttributes:], 2)
			return restamp(b)
		}, "batch at offset 7: snappy data: unexpected EOF"},
		{"not lz4", func() []byte { b := good(); be.PutUint16(b[atAttributes:], 3); return restamp(b) }, "batch at offset 7: lz4 data"},
		{"not zstd", func() []byte { b := good(); be.PutUint16(b[atAttributes:], 4); return restamp(b) }, "batch at offset 7: zstd data"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fakeCluster{start: 7, batches: [][]byte{c.data()}}
			got, err := valuesErr(t.Context(), t, openFake(t, f, "kafka.isolation.level", "read_uncommitted"), "t/0", 7, 10)
			if c.want == "" {
				if err == nil && len(got) > 3 {
					t.Errorf("got %v", got)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "t/0") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	// A damaged marker is noticed though nobody decodes it.
	marker := crafted{base: 7, span: 1, keep: all(1), flags: attrControl | attrTransactional}.bytes(t)
	marker[len(marker)-2] ^= 1
	_, err := valuesErr(t.Context(), t, openFake(t, &fakeCluster{start: 7, batches: [][]byte{marker}}), "t/0", 7, 8)
	if err == nil || !strings.Contains(err.Error(), "CRC-32C") {
		t.Errorf("damaged marker: %v", err)
	}
}

func TestAbortedList(t *testing.T) {
	txn := func(base int64, producer int64) []byte {
		return crafted{base: base, span: 2, keep: all(2), producer: producer, flags: attrTransactional}.bytes(t)
	}
	marker := func(base int64, producer int64) []byte {
		return crafted{base: base, span: 1, keep: all(1), producer: producer, flags: attrTransactional | attrControl}.bytes(t)
	}
	f := &fakeCluster{
		batches: [][]byte{
			txn(0, 1), txn(2, 2), // 1 commits, 2 aborts
			marker(4, 1), txn(5, 1), // 1 again, aborts
			txn(7, 2), marker(9, 2),
			txn(10, 2), // 2 again, commits
			marker(12, 1), marker(13, 2), crafted{base: 14, span: 1, keep: all(1), producer: 1}.bytes(t),
		},
		// Not sorted, as the protocol does not promise an order.
		aborted: []abortedTxn{{1, 5}, {2, 2}},
	}
	want := slices.Concat(numbered(0, 2), numbered(10, 12), numbered(14, 15))
	s := openFake(t, f)
	wantValues(t, values(t, s, "t/0", 0, 15), want)
	dirty := openFake(t, f, "kafka.isolation.level", "read_uncommitted")
	wantValues(t, values(t, dirty, "t/0", 0, 15), slices.Concat(numbered(0, 4), numbered(5, 9), numbered(10, 12), numbered(14, 15)))
}

func TestAppendTimeOfBatch(t *testing.T) {
	f := &fakeCluster{batches: [][]byte{
		crafted{base: 0, span: 2, keep: all(2), flags: attrLogAppendTime, maxTime: 5000}.bytes(t),
		crafted{base: 2, span: 1, keep: all(1)}.bytes(t),
	}}
	s := openFake(t, f)
	var times []arrow.Timestamp
	var types []int32
	err := readRange(t.Context(), t, s, connector.Range{Split: "t/0", To: 3}, project(s, "timestamp", "timestampType"), func(_ connector.Chunk, r arrow.Record) {
		times = append(times, r.Column(0).(*array.Timestamp).TimestampValues()...)
		types = append(types, r.Column(1).(*array.Int32).Int32Values()...)
	})
	if err != nil || !slices.Equal(times, []arrow.Timestamp{5000000, 5000000, 1000000}) || !slices.Equal(types, []int32{1, 1, 0}) {
		t.Errorf("times %v, types %v, %v", times, types, err)
	}
}

func TestOutOfRange(t *testing.T) {
	f := &fakeCluster{start: 70, batches: [][]byte{crafted{base: 70, span: 30, keep: all(30)}.bytes(t)}}
	for _, c := range []struct {
		name     string
		from, to int64
		want     []string
		fault    string
	}{
		{"first records deleted", 60, 90, numbered(70, 90), "t/0: the records from offset 60 to 70 are gone, the first one left has offset 70"},
		{"all deleted", 10, 20, nil, "t/0: the records from offset 10 to 20 are gone, the first one left has offset 70"},
		{"beyond the end", 500, 510, nil, "t/0: the records from offset 500 to 510 are not there, the partition ends at 100"},
		{"ends early", 90, 110, numbered(90, 100), "t/0: the records from offset 100 to 110 are not there, the partition ends at 100"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := valuesErr(t.Context(), t, openFake(t, f), "t/0", c.from, c.to)
			var loss *dataLossError
			if !errors.As(err, &loss) || !strings.Contains(err.Error(), c.fault) || !strings.Contains(err.Error(), "set failOnDataLoss = 'false'") {
				t.Errorf("got %v, want %q", err, c.fault)
			}
			wantValues(t, values(t, openFake(t, f, "failOnDataLoss", "false"), "t/0", c.from, c.to), c.want)
		})
	}
}

func TestNewPartitionWithDeletedHead(t *testing.T) {
	f := &fakeCluster{start: 70, batches: [][]byte{crafted{base: 70, span: 30, keep: all(30)}.bytes(t)}}
	s := openFake(t, f)
	to, err := s.Plan(t.Context(), connector.Offsets{}, connector.Limit{Rows: 10})
	if err != nil || to["t/0"] != 80 {
		t.Fatalf("plan %v, %v", to, err)
	}
	r := s.Ranges(connector.Offsets{}, to)
	wantValues(t, values(t, s, r[0].Split, r[0].From, r[0].To), numbered(70, 80))
}

// TestNewPartitionAllDeleted finds a partition whose records are all gone: the
// query reaches its end, without rows and without a complaint.
func TestNewPartitionAllDeleted(t *testing.T) {
	s := openFake(t, &fakeCluster{start: 70})
	to, err := s.Plan(t.Context(), connector.Offsets{}, connector.Limit{})
	if err != nil || to["t/0"] != 70 {
		t.Fatalf("plan %v, %v", to, err)
	}
	for _, r := range s.Ranges(connector.Offsets{}, to) {
		wantValues(t, values(t, s, r.Split, r.From, r.To), nil)
	}
	to, err = openFake(t, &fakeCluster{}).Plan(t.Context(), connector.Offsets{}, connector.Limit{})
	if err != nil || len(to) != 0 {
		t.Errorf("a partition that never had a record: %v, %v", to, err)
	}
}

func TestPlanAfterLoss(t *testing.T) {
	f := &fakeCluster{batches: [][]byte{crafted{base: 0, span: 100, keep: all(100)}.bytes(t)}}
	_, err := openFake(t, f).Plan(t.Context(), connector.Offsets{"t/0": 500}, connector.Limit{})
	if err == nil || !strings.Contains(err.Error(), "t/0: its offset was changed from 500 to 100") {
		t.Errorf("plan beyond the end: %v", err)
	}
	s := openFake(t, f, "failOnDataLoss", "false")
	to, err := s.Plan(t.Context(), connector.Offsets{"t/0": 500}, connector.Limit{})
	if err != nil || to["t/0"] != 100 || len(s.Ranges(connector.Offsets{"t/0": 500}, to)) != 0 {
		t.Errorf("plan goes on at %v, %v", to, err)
	}
	_, err = openFake(t, f).Plan(t.Context(), connector.Offsets{"t/0": 5, "t/1": 7, "gone/0": 1}, connector.Limit{})
	if err == nil || !strings.Contains(err.Error(), "gone/0, t/1 are gone") {
		t.Errorf("partitions gone: %v", err)
	}
	to, err = s.Plan(t.Context(), connector.Offsets{"t/0": 5, "t/1": 7}, connector.Limit{})
	if err != nil || len(to) != 1 || to["t/0"] != 100 {
		t.Errorf("plan without the partition: %v, %v", to, err)
	}
}

// TestRetries has calls fail in every way that passes, at every step.
func TestRetries(t *testing.T) {
	for _, fault := range []error{
		io.EOF, io.ErrUnexpectedEOF, context.DeadlineExceeded, kafkago.NotLeaderForPartition, kafkago.FencedLeaderEpoch,
		kafkago.UnknownTopicOrPartition, kafkago.BrokerNotAvailable, kafkago.KafkaStorageError,
	} {
		for at := range 6 {
			f := &fakeCluster{alone: true}
			for i := range int64(3) {
				f.batches = append(f.batches, crafted{base: i * 5, span: 5, keep: all(5)}.bytes(t))
			}
			n := 0
			f.fail = func(*call) error {
				n++
				if n == at+1 || n == at+2 {
					return fault
				}
				return nil
			}
			s := openFake(t, f)
			s.missing = time.Minute
			to, err := s.Plan(t.Context(), connector.Offsets{"t/0": 0}, connector.Limit{})
			if err != nil || to["t/0"] != 15 {
				t.Fatalf("%v at call %d: plan %v, %v", fault, at, to, err)
			}
			wantValues(t, values(t, s, "t/0", 0, 15), numbered(0, 15))
		}
	}
}

// TestFinalErrors has calls fail in ways that do not pass.
func TestFinalErrors(t *testing.T) {
	for _, fault := range []error{kafkago.TopicAuthorizationFailed, kafkago.SASLAuthenticationFailed, errAnswer} {
		f := &fakeCluster{fail: func(*call) error { return fault }}
		s := openFake(t, f)
		if _, err := s.Latest(t.Context()); !errors.Is(err, fault) {
			t.Errorf("latest: %v, want %v", err, fault)
		}
		if _, err := valuesErr(t.Context(), t, s, "t/0", 0, 5); !errors.Is(err, fault) {
			t.Errorf("read: %v, want %v", err, fault)
		}
	}
}

func TestCancelledWhileAway(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	f := &fakeCluster{fail: func(*call) error {
		if n++; n == 5 {
			cancel()
		}
		return io.EOF
	}}
	s := openFake(t, f)
	if _, err := valuesErr(ctx, t, s, "t/0", 0, 5); !errors.Is(err, context.Canceled) {
		t.Errorf("read: %v", err)
	}
	if _, err := s.Plan(ctx, connector.Offsets{}, connector.Limit{}); !errors.Is(err, context.Canceled) {
		t.Errorf("plan: %v", err)
	}
}

// TestGarbageAnswers cuts every answer at every length: an error, no panic.
func TestGarbageAnswers(t *testing.T) {
	f := &fakeCluster{batches: [][]byte{crafted{base: 0, span: 2, keep: all(2)}.bytes(t)}, aborted: []abortedTxn{{9, 0}}}
	layout := f.metadata(8)
	bodies := map[string][]byte{"metadata": layout[:len(layout)-4]} // without what we do not read
	x := exchange{f: f, key: protocol.Fetch, version: 11}
	c := fetchCall(0, fetchLimits{}, []fetchPart{{partition: partition{"t", 0}}}, nil)
	if _, err := x.Write(append(append(make([]byte, 12), 0, 0), c.body(11, nil)...)); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(&x)
	if err != nil {
		t.Fatal(err)
	}
	bodies["fetch"] = b[8:]
	for name, body := range bodies {
		for n := range body {
			a := &answer{version: 11, body: body[:n]}
			var err error
			if name == "metadata" {
				a.version = 8
				_, err = parseMetadata(a)
			} else {
				_, err = parseFetch(a)
			}
			if !errors.Is(err, errAnswer) {
				t.Errorf("%s cut at %d of %d: %v", name, n, len(body), err)
			}
		}
	}
}

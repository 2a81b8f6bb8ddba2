package kafka

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/compress"
	"github.com/segmentio/kafka-go/protocol"
)

// fakeCluster answers calls from memory: what a real broker may send and kfake
// never does. Topic "t" has one partition, led by broker 0.
type fakeCluster struct {
	mu       sync.Mutex
	batches  [][]byte
	start    int64 // log start
	aborted  []abortedTxn
	alone    bool // one batch an answer
	cut      int  // bytes of an answer's records, 0 for all
	versions map[protocol.ApiKey]int16
	// fail, when it gives an error, is the outcome of a call.
	fail  func(*call) error
	calls map[protocol.ApiKey]int
}

func (f *fakeCluster) CloseIdleConnections() {}

// RoundTrip runs the call's own exchange against an answer made from its request.
func (f *fakeCluster) RoundTrip(ctx context.Context, _ net.Addr, m kafkago.Request) (kafkago.Response, error) {
	c := m.(*call)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.calls == nil {
		f.calls = map[protocol.ApiKey]int{}
	}
	f.calls[c.key]++
	if f.fail != nil {
		if err := f.fail(c); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	versions := f.versions
	if versions == nil {
		versions = map[protocol.ApiKey]int16{protocol.Metadata: 8, protocol.ListOffsets: 5, protocol.Fetch: 11, protocol.Produce: 8, protocol.InitProducerId: 4, protocol.CreateTopics: 5}
	}
	c.Required(versions)
	return c.RawExchange(&exchange{f: f, version: c.version, key: c.key})
}

// exchange is the connection of one call.
type exchange struct {
	f       *fakeCluster
	key     protocol.ApiKey
	version int16
	answer  bytes.Reader
}

func (x *exchange) Write(b []byte) (int, error) {
	r := wireReader{b: b[4+2+2+4:]}
	r.string() // client id
	var body []byte
	switch x.key {
	case protocol.Metadata:
		body = x.f.metadata(x.version)
	case protocol.ListOffsets:
		body = x.f.listOffsets(&r, x.version)
	case protocol.Fetch:
		body = x.f.fetch(&r, x.version)
	}
	out := appendInt32(nil, int32(len(body)+4))
	x.answer.Reset(append(appendInt32(out, correlation), body...))
	return len(b), nil
}

func (x *exchange) Read(b []byte) (int, error) { return x.answer.Read(b) }

var _ io.ReadWriter = (*exchange)(nil)

func (f *fakeCluster) metadata(v int16) []byte {
	b := appendInt32(nil, 0)
	b = appendInt32(b, 1)
	b = appendInt32(appendString(appendInt32(b, 0), "fake"), 9092)
	b = appendNullString(b)
	b = appendNullString(b)
	b = appendInt32(b, 0)
	b = appendInt32(b, 1)
	b = appendBool(appendString(appendInt16(b, 0), "t"), false)
	b = appendInt32(b, 1)
	b = appendInt32(appendInt32(appendInt16(b, 0), 0), 0)
	if v >= 7 {
		b = appendInt32(b, 0)
	}
	b = appendInt32(appendInt32(b, 0), 0)
	if v >= 5 {
		b = appendInt32(b, 0)
	}
	if v >= 8 {
		b = appendInt32(appendInt32(b, 0), 0)
	}
	return b
}

func (f *fakeCluster) end() int64 {
	if len(f.batches) == 0 {
		return f.start
	}
	b, _, _, err := parseBatch(f.batches[len(f.batches)-1])
	if err != nil {
		return f.start
	}
	return b.next()
}

func (f *fakeCluster) listOffsets(r *wireReader, v int16) []byte {
	r.take(4 + 1 + 4) // replica, isolation, topics
	r.string()
	r.take(4 + 4) // partitions, partition
	if v >= 4 {
		r.int32()
	}
	offset := f.end()
	if r.int64() == earliestTime {
		offset = f.start
	}
	b := appendInt32(nil, 0)
	b = appendString(appendInt32(b, 1), "t")
	b = appendInt16(appendInt32(appendInt32(b, 1), 0), 0)
	b = appendInt64(appendInt64(b, -1), offset)
	if v >= 4 {
		b = appendInt32(b, 0)
	}
	return b
}

func (f *fakeCluster) fetch(r *wireReader, v int16) []byte {
	r.take(16 + 1)
	if v >= 7 {
		r.take(8)
	}
	r.int32()
	r.string()
	r.take(4 + 4)
	if v >= 9 {
		r.int32()
	}
	offset := r.int64()
	code, records := int16(0), []byte(nil)
	if offset < f.start || offset > f.end() {
		code = int16(kafkago.OffsetOutOfRange)
	} else {
		records = f.records(offset)
	}
	b := appendInt32(nil, 0)
	if v >= 7 {
		b = appendInt32(appendInt16(b, 0), 0)
	}
	b = appendString(appendInt32(b, 1), "t")
	b = appendInt16(appendInt32(appendInt32(b, 1), 0), code)
	b = appendInt64(appendInt64(b, f.end()), f.end())
	if v >= 5 {
		b = appendInt64(b, f.start)
	}
	b = appendInt32(b, int32(len(f.aborted)))
	for _, a := range f.aborted {
		b = appendInt64(appendInt64(b, a.producer), a.first)
	}
	if v >= 11 {
		b = appendInt32(b, -1)
	}
	b = appendInt32(b, int32(len(records)))
	return append(b, records...)
}

func (f *fakeCluster) records(offset int64) []byte {
	var out []byte
	for _, data := range f.batches {
		b, _, ok, err := parseBatch(data)
		if err == nil && ok && b.next() <= offset {
			continue
		}
		out = append(out, data...)
		if f.alone {
			break
		}
	}
	if f.cut > 0 && len(out) > f.cut {
		out = out[:f.cut]
	}
	return out
}

// openFake makes a source over a fake cluster.
func openFake(t testing.TB, f *fakeCluster, options ...string) *source {
	t.Helper()
	set, err := newSettings(table("fake:9092", append(options, "subscribe", "t")...))
	if err != nil {
		t.Fatal(err)
	}
	c, err := set.source(true)
	if err != nil {
		t.Fatal(err)
	}
	c.missing = 20 * time.Millisecond
	s := newSource("t", c, &cluster{
		transport: f, addr: kafkago.TCP("fake:9092"), servers: "fake:9092", timeout: time.Second,
		backoff: time.Millisecond, logger: slog.New(slog.DiscardHandler), topics: map[string]topicInfo{},
	})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// crafted describes a batch made by hand: span offsets from base on, of which
// those in keep still have a record "v<offset>".
type crafted struct {
	base     int64
	span     int
	keep     []int
	codec    compress.Compression
	producer int64
	flags    int16
	maxTime  int64
}

// all keeps every record of a span.
func all(span int) []int {
	keep := make([]int, span)
	for i := range keep {
		keep[i] = i
	}
	return keep
}

func (c crafted) bytes(t testing.TB) []byte {
	t.Helper()
	var recs []byte
	for _, d := range c.keep {
		recs = appendRecord(recs, int64(d), numbered(int(c.base)+d, int(c.base)+d+1)[0])
	}
	w := batchWriter{buf: append(make([]byte, batchHeaderLen), recs...), count: int32(len(c.keep)), time: 1000}
	b, err := w.seal(c.codec)
	if err != nil {
		t.Fatal(err)
	}
	be.PutUint64(b, uint64(c.base))
	be.PutUint32(b[atLastDelta:], uint32(c.span-1))
	be.PutUint16(b[atAttributes:], uint16(int16(c.codec)|c.flags))
	if c.maxTime != 0 {
		be.PutUint64(b[atMaxTime:], uint64(c.maxTime))
	}
	stamp(b, producerID{id: c.producer}, 0)
	return b
}

// appendRecord encodes a record by the book, beside batchWriter's way.
func appendRecord(dst []byte, delta int64, value string) []byte {
	body := []byte{0, 0}
	body = appendVarint(body, delta)
	body = appendVarint(body, -1)
	body = appendVarint(body, int64(len(value)))
	body = append(append(body, value...), 0)
	return append(appendVarint(dst, int64(len(body))), body...)
}

func appendVarint(b []byte, x int64) []byte {
	u := uint64(x<<1) ^ uint64(x>>63)
	for ; u >= 0x80; u >>= 7 {
		b = append(b, byte(u)|0x80)
	}
	return append(b, byte(u))
}

package broker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func start(t *testing.T, c Config) *Broker {
	t.Helper()
	b, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func client(t *testing.T, b *Broker, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	k, err := kgo.NewClient(append(opts, kgo.SeedBrokers(b.Addr()), kgo.AllowAutoTopicCreation())...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

func produce(t *testing.T, b *Broker, topic string, values ...string) {
	t.Helper()
	k := client(t, b)
	for _, v := range values {
		if err := k.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte(v)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

func consume(t *testing.T, b *Broker, topic string, n int) []string {
	t.Helper()
	k := client(t, b, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var out []string
	for len(out) < n && ctx.Err() == nil {
		k.PollFetches(ctx).EachRecord(func(r *kgo.Record) { out = append(out, string(r.Value)) })
	}
	return out
}

func TestInMemory(t *testing.T) {
	b := start(t, Config{})
	if host, _, err := net.SplitHostPort(b.Addr()); err != nil || host != "127.0.0.1" {
		t.Fatalf("address %q is not a loopback address", b.Addr())
	}
	produce(t, b, "iris", "a", "b")
	if got := strings.Join(consume(t, b, "iris", 2), ","); got != "a,b" {
		t.Errorf("got %s", got)
	}
	if n := partitions(t, b, "iris"); n != DefaultPartitions {
		t.Errorf("auto-created with %d partitions, want %d", n, DefaultPartitions)
	}
}

func partitions(t *testing.T, b *Broker, topic string) int {
	t.Helper()
	req := kmsg.NewMetadataRequest()
	rt := kmsg.NewMetadataRequestTopic()
	rt.Topic = &topic
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(t.Context(), client(t, b))
	if err != nil {
		t.Fatal(err)
	}
	return len(resp.Topics[0].Partitions)
}

func TestAutoCreatePartitions(t *testing.T) {
	b := start(t, Config{AutoCreatePartitions: 4})
	produce(t, b, "wide", "x")
	if n := partitions(t, b, "wide"); n != 4 {
		t.Errorf("got %d partitions, want 4", n)
	}
}

func TestDirectorySurvivesRestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "broker")
	b := start(t, Config{Dir: dir})
	addr := b.Addr()
	produce(t, b, "iris", "a", "b", "c")
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	again := start(t, Config{Dir: dir})
	if again.Addr() != addr {
		t.Errorf("address changed from %s to %s", addr, again.Addr())
	}
	if got := strings.Join(consume(t, again, "iris", 3), ","); got != "a,b,c" {
		t.Errorf("got %s", got)
	}
}

func TestRememberedPortTaken(t *testing.T) {
	dir := t.TempDir()
	b := start(t, Config{Dir: dir})
	addr := b.Addr()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if again := start(t, Config{Dir: dir}); again.Addr() == addr {
		t.Error("two listeners on one port")
	}
}

func TestOddPortFile(t *testing.T) {
	for _, s := range []string{"", "x", "-1", "70000"} {
		dir := t.TempDir()
		if err := os.WriteFile(portFile(dir), []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
		start(t, Config{Dir: dir})
	}
}

func TestPortTaken(t *testing.T) {
	b := start(t, Config{})
	var port int
	if _, err := fmt.Sscanf(b.Addr(), "127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	_, err := Start(t.Context(), Config{Port: port, Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "taken by another process") {
		t.Fatalf("got %v", err)
	}
	start(t, Config{Dir: dir}) // the failed start left no lock
}

func TestTwoOnOneDirectory(t *testing.T) {
	dir := t.TempDir()
	b := start(t, Config{Dir: dir})
	_, err := Start(t.Context(), Config{Dir: dir})
	var locked *LockedError
	if !errors.As(err, &locked) || locked.PID != os.Getpid() || locked.Dir != dir {
		t.Fatalf("got %v", err)
	}
	if want := fmt.Sprintf("in use by process %d", os.Getpid()); !strings.Contains(err.Error(), want) {
		t.Errorf("%q does not say %q", err, want)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	start(t, Config{Dir: dir})
}

func TestUnusableDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Config{Dir: filepath.Join(file, "sub")}); err == nil {
		t.Error("no error for a directory that cannot be made")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(ctx, Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled start: %v", err)
	}
}

// TestRetention fills several segments and waits until the ticker has trimmed the
// log: the earliest offset moves on by itself.
func TestRetention(t *testing.T) {
	b := start(t, Config{SegmentBytes: 1 << 16, RetentionBytes: 1 << 17, RetentionEvery: 5 * time.Millisecond})
	k := client(t, b, kgo.ProducerBatchCompression(kgo.NoCompression()))
	value := []byte(strings.Repeat("x", 1<<12))
	for range 200 {
		if err := k.ProduceSync(t.Context(), &kgo.Record{Topic: "big", Value: value}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for earliest(ctx, t, k, "big") == 0 {
		if ctx.Err() != nil {
			t.Fatal("nothing was trimmed")
		}
	}
}

func earliest(ctx context.Context, t *testing.T, k *kgo.Client, topic string) int64 {
	t.Helper()
	req := kmsg.NewListOffsetsRequest()
	rt := kmsg.NewListOffsetsRequestTopic()
	rt.Topic = topic
	rp := kmsg.NewListOffsetsRequestTopicPartition()
	rp.Timestamp = -2
	rt.Partitions = append(rt.Partitions, rp)
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(ctx, k)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Topics[0].Partitions[0].Offset
}

func TestDefaults(t *testing.T) {
	mem, disk := Config{}.withDefaults(), Config{Dir: "d"}.withDefaults()
	if mem.SegmentBytes != DefaultMemorySegment || disk.SegmentBytes != DefaultSegmentBytes {
		t.Errorf("segment sizes %d, %d", mem.SegmentBytes, disk.SegmentBytes)
	}
	if mem.retentionMs() != 604800000 || mem.RetentionBytes != DefaultMemoryBytes || disk.RetentionBytes != -1 {
		t.Errorf("retention %d ms, %d and %d bytes", mem.retentionMs(), mem.RetentionBytes, disk.RetentionBytes)
	}
	if got := (Config{RetentionBytes: -5}).withDefaults().RetentionBytes; got != -1 {
		t.Errorf("no bound is %d bytes", got)
	}
	if got := (Config{Retention: -1}).withDefaults().retentionMs(); got != -1 {
		t.Errorf("unbounded retention is %d ms", got)
	}
}

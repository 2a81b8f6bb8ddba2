package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-sql/millrace/engine"
)

// benchRecords is how many records the benchmarks' topic holds.
const benchRecords = 2_000_000

// benchTopic is a broker over a folder with a topic of benchRecords records,
// shared by the benchmarks of one run.
type benchTopic struct {
	engine  *engine.Engine
	dir     string
	brokers string
	records int
}

// sharedTopic makes the topic on first use; TestMain closes it.
var sharedTopic struct {
	once sync.Once
	t    *benchTopic
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if t := sharedTopic.t; t != nil {
		_ = t.engine.Close()
		_ = os.RemoveAll(t.dir)
	}
	os.Exit(code)
}

func bigTopic(tb testing.TB) *benchTopic {
	tb.Helper()
	sharedTopic.once.Do(func() { sharedTopic.t, sharedTopic.err = newBenchTopic(benchRecords) })
	if sharedTopic.err != nil {
		tb.Fatal(sharedTopic.err)
	}
	return sharedTopic.t
}

// newBenchTopic fills topic iris, one partition, with the 75-byte iris records
// over and over, without keys, in batches of 1,000.
func newBenchTopic(n int) (*benchTopic, error) {
	dir, err := os.MkdirTemp("", "millrace-bench")
	if err != nil {
		return nil, err
	}
	e, err := engine.Open(engine.Config{DataDir: dir})
	if err != nil {
		return nil, err
	}
	t := &benchTopic{engine: e, dir: dir, records: n}
	ctx := context.Background()
	if t.brokers, err = e.StartBroker(ctx); err != nil {
		return nil, err
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(t.brokers), kgo.AllowAutoTopicCreation(), kgo.DefaultProduceTopic("iris"),
		kgo.MaxBufferedRecords(20_000), kgo.ProducerLinger(5*time.Millisecond), kgo.ProducerBatchMaxBytes(80_000), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	values, err := irisValues()
	if err != nil {
		return nil, err
	}
	var failed atomic.Value
	for range n/150 + 1 {
		for _, v := range values {
			cl.Produce(ctx, &kgo.Record{Value: v}, func(_ *kgo.Record, err error) {
				if err != nil {
					failed.Store(err)
				}
			})
		}
	}
	if err := cl.Flush(ctx); err != nil {
		return nil, err
	}
	if err, ok := failed.Load().(error); ok {
		return nil, err
	}
	t.records = (n/150 + 1) * 150
	return t, nil
}

// irisValues are the values of the recorded records.
func irisValues() ([][]byte, error) {
	text, err := os.ReadFile(irisData + "expected/iris150.input.jsonl")
	if err != nil {
		return nil, err
	}
	var values [][]byte
	for line := range bytes.Lines(text) {
		var r struct{ Value string }
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, err
		}
		values = append(values, []byte(r.Value))
	}
	return values, nil
}

// pipeline runs the pipeline over the whole topic once, into a fresh folder.
func (bt *benchTopic) pipeline(tb testing.TB, dir string) {
	r := irisRun{dir: dir, brokers: bt.brokers, topic: "iris"}
	e, err := engine.Open(engine.Config{AvailableNow: true})
	if err != nil {
		tb.Fatal(err)
	}
	defer e.Close()
	for res, err := range e.Run(tb.Context(), quoteDotted(r.script())) {
		if err != nil {
			tb.Fatal(err)
		}
		if q := res.Query; q != nil {
			if err := q.Wait(tb.Context()); err != nil {
				tb.Fatal(err)
			}
			if got := q.Progress().TotalIn; got != int64(bt.records) {
				tb.Fatalf("%d records read, want %d", got, bt.records)
			}
		}
	}
}

// BenchmarkPipeline is the whole job beside a bare consume of the same topic by
// two Go clients: records/s, allocations a record, and the peak memory of a
// process that does only this.
func BenchmarkPipeline(b *testing.B) {
	bt := bigTopic(b)
	b.Run("millrace", func(b *testing.B) {
		dir := b.TempDir()
		i := 0
		perRecord(b, bt.records, func() {
			bt.pipeline(b, filepath.Join(dir, fmt.Sprint(i)))
			i++
		})
	})
	b.Run("kafka-go-reader", func(b *testing.B) { perRecord(b, bt.records, func() { bt.reader(b) }) })
	b.Run("franz-go", func(b *testing.B) { perRecord(b, bt.records, func() { bt.franz(b) }) })
	b.Run("process", func(b *testing.B) { bt.process(b) })
}

// perRecord runs pass b.N times and reports what it costs for each record.
func perRecord(b *testing.B, records int, pass func()) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for b.Loop() {
		pass()
	}
	runtime.ReadMemStats(&after)
	total := float64(records) * float64(b.N)
	b.ReportMetric(total/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/total, "allocs/record")
	b.ReportMetric(0, "ns/op")
}

func (bt *benchTopic) reader(b *testing.B) {
	r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{bt.brokers}, Topic: "iris", MinBytes: 1, MaxBytes: 8 << 20, MaxWait: time.Second})
	for range bt.records {
		if _, err := r.FetchMessage(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer() // Close waits for the long poll under way
	_ = r.Close()
	b.StartTimer()
}

func (bt *benchTopic) franz(tb testing.TB) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(bt.brokers), kgo.ConsumeTopics("iris"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		tb.Fatal(err)
	}
	defer cl.Close()
	for n := 0; n < bt.records; {
		fetches := cl.PollFetches(tb.Context())
		if err := fetches.Err(); err != nil {
			tb.Fatal(err)
		}
		n += fetches.NumRecords()
	}
}

// process runs the pipeline in a process of its own and reports its peak resident
// memory and its CPU time.
func (bt *benchTopic) process(b *testing.B) {
	dir := b.TempDir()
	binary, script := filepath.Join(dir, "millrace"), filepath.Join(dir, "iris.sql")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/millrace").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	var peak, cpu, wall float64
	n := 0
	for b.Loop() {
		r := irisRun{dir: filepath.Join(dir, fmt.Sprint(n)), brokers: bt.brokers, topic: "iris"}
		if err := os.WriteFile(script, []byte(quoteDotted(r.script())), 0o666); err != nil {
			b.Fatal(err)
		}
		cmd := exec.Command(binary, "run", "--available-now", "--progress", "none", "--data-dir", r.dir, script)
		cmd.Stderr = os.Stderr
		cmd.Stdout = io.Discard
		began := time.Now()
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		watched := make(chan float64)
		go func() { watched <- watchMemory(cmd.Process.Pid) }()
		if err := cmd.Wait(); err != nil {
			b.Fatal(err)
		}
		wall += time.Since(began).Seconds()
		cpu += (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
		peak = max(peak, <-watched)
		n++
	}
	if peak > 0 {
		b.ReportMetric(peak, "peak-MiB")
	}
	b.ReportMetric(float64(bt.records)*float64(n)/cpu, "records/CPU-s")
	b.ReportMetric(float64(bt.records)*float64(n)/wall, "records/s")
	b.ReportMetric(0, "ns/op")
}

// watchMemory looks at a process until it is gone and returns the most memory, in
// MiB, that it had resident; 0 where the system does not tell. What wait4 reports
// will not do: Linux counts the parent's memory at the fork in it.
func watchMemory(pid int) float64 {
	var peak float64
	for {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		_, rest, found := strings.Cut(string(status), "VmHWM:")
		if err != nil || !found {
			return peak
		}
		var kib float64
		if _, err := fmt.Sscan(rest, &kib); err != nil {
			return peak
		}
		peak = max(peak, kib/1024)
		time.Sleep(5 * time.Millisecond)
	}
}

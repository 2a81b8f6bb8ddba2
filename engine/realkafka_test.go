package engine_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-sql/millrace/engine"
)

// realKafka is the address of the real Kafka broker that MILLRACE_KAFKA names;
// without one the test is skipped. .ci/run starts one, and fails when any of
// these tests is skipped.
func realKafka(t *testing.T) string {
	t.Helper()
	addr := os.Getenv("MILLRACE_KAFKA")
	if addr == "" {
		t.Skip("NOT RUN: needs a real Kafka broker; set MILLRACE_KAFKA=host:port (.ci/kafka/start DIR starts one)")
	}
	return addr
}

// realTopic is a topic name that no earlier run of the tests used on the broker.
func realTopic(t *testing.T) string {
	return fmt.Sprintf("%s-%d", strings.ReplaceAll(t.Name(), "/", "-"), time.Now().UnixNano())
}

// irisOutput is what the pipeline writes for the 150 records, times over.
func irisOutput(t *testing.T, times int) []string {
	t.Helper()
	return slices.Repeat(readLines(t, irisData+"expected/iris150.output.jsonl"), times)
}

func TestRealKafkaPipeline(t *testing.T) {
	brokers := realKafka(t)
	for _, partitions := range []int32{1, 4} {
		topic := realTopic(t) + fmt.Sprint("-", partitions)
		produce(t, brokers, topic, partitions, irisRecords(t))
		for _, perTrigger := range []int{0, 7} {
			t.Run(fmt.Sprintf("partitions=%d,perTrigger=%d", partitions, perTrigger), func(t *testing.T) {
				r := irisRun{dir: t.TempDir(), brokers: brokers, topic: topic, perTrigger: perTrigger}
				if err := r.run(t); err != nil {
					t.Fatal(err)
				}
				sameLines(t, readLog(t, r.dir+"/results"), irisOutput(t, 1))
			})
		}
	}
}

// TestRealKafkaTransactions runs the pipeline over a topic of committed and
// aborted transactions and plain records, as a real transaction coordinator and
// log write them: the aborted records must not be seen.
func TestRealKafkaTransactions(t *testing.T) {
	brokers, topic := realKafka(t), realTopic(t)
	produce(t, brokers, topic, 1, nil)
	txn, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.DefaultProduceTopic(topic), kgo.TransactionalID(topic))
	if err != nil {
		t.Fatal(err)
	}
	defer txn.Close()
	plain, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.DefaultProduceTopic(topic))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	put := func(cl *kgo.Client, recs []*kgo.Record) {
		t.Helper()
		if err := cl.ProduceSync(t.Context(), recs...).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	committed := 0
	for round := range 9 {
		if round%3 == 2 {
			put(plain, irisRecords(t))
			committed++
			continue
		}
		commit := round%2 == 0
		if err := txn.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		recs := irisRecords(t)
		put(txn, recs[:70])
		put(txn, recs[70:])
		if err := txn.EndTransaction(t.Context(), kgo.TransactionEndTry(commit)); err != nil {
			t.Fatal(err)
		}
		if commit {
			committed++
		}
	}
	if committed == 9 {
		t.Fatal("no transaction was aborted")
	}
	for _, perTrigger := range []int{0, 41} {
		t.Run(fmt.Sprint("perTrigger=", perTrigger), func(t *testing.T) {
			r := irisRun{dir: t.TempDir(), brokers: brokers, topic: topic, perTrigger: perTrigger}
			if err := r.run(t); err != nil {
				t.Fatal(err)
			}
			sameLines(t, readLog(t, r.dir+"/results"), irisOutput(t, committed))
		})
	}
}

// TestRealKafkaRestart kills the broker while a query reads from it, and starts
// it again on its data: the query goes on, and every record is there once.
// MILLRACE_KAFKA_DIR is the folder that .ci/kafka/start was given.
func TestRealKafkaRestart(t *testing.T) {
	brokers, topic := realKafka(t), realTopic(t)
	dir := os.Getenv("MILLRACE_KAFKA_DIR")
	if dir == "" {
		t.Skip("NOT RUN: needs a real Kafka broker that it may kill; set MILLRACE_KAFKA_DIR to the folder that .ci/kafka/start was given")
	}
	const before, after = 60, 5 // times 150 records
	fill := func(rounds int) {
		for range rounds {
			produceOnly(t, brokers, topic, irisRecords(t))
		}
	}
	produce(t, brokers, topic, 1, nil)
	fill(before)

	r := irisRun{dir: t.TempDir(), brokers: brokers, topic: topic, perTrigger: 50}
	epochs := make(chan struct{}, 10_000)
	e, err := engine.Open(engine.Config{Hook: func(point string) {
		if point == "epoch committed" {
			epochs <- struct{}{}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var q *engine.Query
	for res, err := range e.Run(ctx, quoteDotted(r.script())) {
		if err != nil {
			t.Fatal(err)
		}
		if res.Query != nil {
			q = res.Query
		}
	}
	if q == nil {
		t.Fatal("the script started no query")
	}
	for range 5 {
		receive(t, epochs, "an epoch's commit")
	}
	killBroker(t, dir)
	killedAt := q.Progress()
	waitUntil(t, "the query says that the broker is away", func() bool {
		return strings.Contains(q.Progress().Status, "is away")
	})
	if s := q.State(); s != engine.Running {
		t.Fatalf("the query is %v while the broker is away: %v", s, q.Err())
	}
	restartBroker(t, brokers, dir)
	fill(after)
	if err := q.AwaitAvailable(ctx); err != nil {
		t.Fatal(err)
	}
	if err := q.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	t.Logf("killed after epoch %d, ended after epoch %d", killedAt.Epoch, q.Progress().Epoch)
	if q.Progress().Epoch <= killedAt.Epoch {
		t.Error("the query had nothing left to do when the broker was killed")
	}
	sameLines(t, readLog(t, r.dir+"/results"), irisOutput(t, before+after))
}

// produceOnly writes records to a topic that exists, partition 0.
func produceOnly(t *testing.T, brokers, topic string, recs []*kgo.Record) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.DefaultProduceTopic(topic), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if err := cl.ProduceSync(t.Context(), recs...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// killBroker kills the broker of a folder as kill -9 does.
func killBroker(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
}

// restartBroker starts the broker of a folder again on its data and its port.
func restartBroker(t *testing.T, brokers, dir string) {
	t.Helper()
	_, port, _ := strings.Cut(brokers, ":")
	cmd := exec.Command("bash", "../.ci/kafka/start", "--again", dir)
	cmd.Env = append(os.Environ(), "KAFKA_PORT="+port)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func receive(t *testing.T, c <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(time.Minute):
		t.Fatalf("waited a minute for %s", what)
	}
}

// waitUntil polls for what gives no signal.
func waitUntil(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited a minute until %s", what)
		}
	}
}

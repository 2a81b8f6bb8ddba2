package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/engine"
	"github.com/millrace-sql/millrace/engine/connector"
)

// TestCloseEndsStart closes the engine while a query waits for a broker that is
// away: both calls return.
func TestCloseEndsStart(t *testing.T) {
	waiting := make(chan struct{}, 100)
	e, err := engine.Open(engine.Config{Listener: func(ev engine.Event) {
		if s, ok := ev.(engine.QueryStatus); ok && s.Text != "" {
			waiting <- struct{}{}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan error, 1)
	go func() {
		for _, err := range e.Run(t.Context(), `
			CREATE STREAM s USING kafka OPTIONS ('kafka.bootstrap.servers' = '127.0.0.1:1', subscribe = 's');
			CREATE TABLE out USING memory;
			INSERT INTO out SELECT value FROM s`) {
			if err != nil {
				started <- err
				return
			}
		}
		started <- nil
	}()
	<-waiting
	if err := e.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := <-started; !errors.Is(err, engine.ErrClosed) {
		t.Errorf("the start of the query ended with %v, want %v", err, engine.ErrClosed)
	}
	for _, q := range e.Queries() {
		if q.State() == engine.Running {
			t.Errorf("query %s is still running", q.Name())
		}
	}
}

// TestPanicAtStart lets a source of the embedder panic while a query starts: the
// query ends, and the engine can be closed.
func TestPanicAtStart(t *testing.T) {
	e, err := engine.Open(engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.BinaryTypes.String, Nullable: true}}, nil)
	boom := func(context.Context) (connector.Source, error) { panic("boom") }
	if err := e.RegisterSource("s", true, schema, boom); err != nil {
		t.Fatal(err)
	}
	for _, err := range e.Run(t.Context(), "CREATE TABLE o USING memory; INSERT INTO o SELECT a FROM s") {
		if err == nil {
			continue
		}
		var start *engine.StartError
		if !errors.As(err, &start) || !strings.Contains(err.Error(), "internal error: boom") {
			t.Errorf("got %v", err)
		}
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

// TestStopDuringStart stops a query that waits for its broker, by the name that
// the listener tells.
func TestStopDuringStart(t *testing.T) {
	waiting := make(chan *engine.Query, 100)
	e, err := engine.Open(engine.Config{Listener: func(ev engine.Event) {
		if s, ok := ev.(engine.QueryStatus); ok && s.Text != "" {
			waiting <- s.Query
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ended := make(chan error, 1)
	go func() {
		var last error
		for _, err := range e.Run(t.Context(), `
			CREATE STREAM s USING kafka OPTIONS ('kafka.bootstrap.servers' = '127.0.0.1:1', subscribe = 's');
			CREATE TABLE out USING memory;
			INSERT INTO out SELECT value FROM s`) {
			last = err
		}
		ended <- last
	}()
	q := <-waiting
	if err := q.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	var start *engine.StartError
	if err := <-ended; !errors.As(err, &start) || start.Query != "out" {
		t.Errorf("the start ended with %v", err)
	}
}

// TestRefusedOutput gives a query a folder that its sink refuses, and then
// another: the first must leave nothing in the checkpoint.
func TestRefusedOutput(t *testing.T) {
	brokers := broker(t)
	produce(t, brokers, "refused", 1, irisRecords(t))
	first := irisRun{dir: t.TempDir(), brokers: brokers, topic: "refused"}
	if err := first.run(t); err != nil {
		t.Fatal(err)
	}
	second := irisRun{dir: t.TempDir(), brokers: brokers, topic: "refused"}
	taken := filepath.Join(second.dir, "results")
	if err := os.CopyFS(taken, os.DirFS(filepath.Join(first.dir, "results"))); err != nil {
		t.Fatal(err)
	}
	if err := second.run(t); err == nil || !strings.Contains(err.Error(), "belongs to another query") {
		t.Fatalf("got %v", err)
	}
	if err := os.RemoveAll(taken); err != nil {
		t.Fatal(err)
	}
	if err := second.run(t); err != nil {
		t.Error(err)
	}
}

// TestListenerMayAsk calls the engine from its listener.
func TestListenerMayAsk(t *testing.T) {
	var e *engine.Engine
	asked := make(chan string, 1)
	e, err := engine.Open(engine.Config{Listener: func(ev engine.Event) {
		if _, ok := ev.(engine.BrokerStarted); ok {
			asked <- e.BrokerAddr()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	addr, err := e.StartBroker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := <-asked; got != addr {
		t.Errorf("the listener saw the address %q, want %q", got, addr)
	}
}

// TestPanicIsError lets a function of the embedder panic on constants, which the
// planner computes, and on columns, which the workers do.
func TestPanicIsError(t *testing.T) {
	e, err := engine.Open(engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := e.RegisterFunction(engine.Function1("boom", func(string) (string, error) { panic("boom") })); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		"SELECT boom('x')",
		"SELECT boom(v) FROM (VALUES ('a'), ('b')) AS t(v)",
		"SELECT count(*) FROM (VALUES ('a'), ('b')) AS t(v) GROUP BY boom(v)",
	} {
		rows, err := e.Query(t.Context(), query)
		if err == nil {
			for _, rerr := range rows.All() {
				err = rerr
			}
		}
		if err == nil || !strings.Contains(err.Error(), "internal error: boom") {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// TestRestoredCheckpoint puts an older state of the checkpoint back: the folder
// is ahead, and going on would lose the rows of an epoch.
func TestRestoredCheckpoint(t *testing.T) {
	brokers := broker(t)
	produce(t, brokers, "restored", 1, irisRecords(t))
	r := irisRun{dir: t.TempDir(), brokers: brokers, topic: "restored", perTrigger: 50}
	if err := r.run(t); err != nil {
		t.Fatal(err)
	}
	for _, log := range []string{"offsets", "commits"} {
		if err := os.Remove(filepath.Join(r.dir, "checkpoint", log, "2")); err != nil {
			t.Fatal(err)
		}
	}
	err := r.run(t)
	if err == nil || !strings.Contains(err.Error(), "ahead of the checkpoint") {
		t.Errorf("got %v", err)
	}
}

// TestReplayOfStoredEpoch loses only the commit of the last epoch: the restart
// commits it without reading its rows again.
func TestReplayOfStoredEpoch(t *testing.T) {
	brokers := broker(t)
	produce(t, brokers, "replayed", 1, irisRecords(t))
	r := irisRun{dir: t.TempDir(), brokers: brokers, topic: "replayed", perTrigger: 50}
	if err := r.run(t); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(r.dir, "checkpoint", "commits", "2")); err != nil {
		t.Fatal(err)
	}
	if err := r.run(t); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(r.dir, "checkpoint", "commits", "2")); err != nil {
		t.Error(err)
	}
	sameLines(t, readLog(t, r.dir+"/results"), readLines(t, irisData+"expected/iris150.output.jsonl"))
}

// TestStopTwice stops and kills a query that waits for its trigger, in fake time.
func TestStopTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, err := engine.Open(engine.Config{PollInterval: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		for _, err := range e.Run(t.Context(), "CREATE TABLE seed AS SELECT 1 AS a") {
			if err == nil {
				t.Error("CREATE TABLE AS without USING was accepted")
			}
		}
		for _, err := range e.Run(t.Context(), `
			CREATE TABLE rows (a INT) USING memory;
			CREATE STREAM rows_stream (a INT) USING memory OPTIONS (name = 'rows');
			CREATE TABLE copy USING memory;
			CREATE QUERY q OPTIONS (trigger = '1 minute') AS INSERT INTO copy SELECT a FROM rows_stream`) {
			if err != nil {
				t.Fatal(err)
			}
		}
		q := e.Lookup("Q")
		if q == nil || q.State() != engine.Running {
			t.Fatalf("query q: %v", q)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		for range 2 {
			if err := q.Stop(ctx); err != nil {
				t.Error(err)
			}
		}
		q.Kill()
		if q.State() != engine.Stopped {
			t.Errorf("the query is %v", q.State())
		}
	})
}

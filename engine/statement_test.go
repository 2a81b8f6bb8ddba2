package engine_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	arrowmem "github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine"
	"github.com/millrace-sql/millrace/engine/connector/memory"
)

// TestIntervalTrigger: epochs start an interval apart, however fast rows come,
// and a query that waits for its next epoch stops at once.
func TestIntervalTrigger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var mu sync.Mutex
		var epochs []int // seconds since the start, a number an epoch
		var rows []int64
		e, err := engine.Open(engine.Config{Workers: 1, Listener: func(ev engine.Event) {
			if p, ok := ev.(engine.QueryProgress); ok {
				mu.Lock()
				defer mu.Unlock()
				epochs = append(epochs, int(time.Since(began).Seconds()))
				rows = append(rows, p.Progress.NumInputRows)
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		numbers := memory.NewTable("numbers", arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil))
		defer numbers.Release()
		if err := e.RegisterTable(numbers, true); err != nil {
			t.Fatal(err)
		}
		appendRow(t, numbers)
		if err := runAll(t.Context(), e, "CREATE TABLE out USING memory; CREATE QUERY q OPTIONS (trigger = '10 seconds') AS INSERT INTO out SELECT n FROM numbers"); err != nil {
			t.Fatal(err)
		}
		for _, pause := range []time.Duration{time.Second, 3 * time.Second, 21 * time.Second} { // at 1, 4, 25
			time.Sleep(pause)
			appendRow(t, numbers)
		}
		time.Sleep(2 * time.Second)
		stopping := time.Now()
		if err := e.Lookup("q").Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(stopping); d > time.Second {
			t.Errorf("the query took %v to stop", d)
		}
		mu.Lock()
		defer mu.Unlock()
		equal(t, "epochs at seconds", epochs, []int{0, 10, 25})
		equal(t, "rows of the epochs", rows, []int64{1, 2, 1})
	})
}

func equal[T comparable](t *testing.T, what string, got, want []T) {
	t.Helper()
	same := len(got) == len(want)
	for i := range got {
		same = same && got[i] == want[i]
	}
	if !same {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func appendRow(t *testing.T, table *memory.Table) {
	t.Helper()
	b := array.NewRecordBuilder(arrowmem.DefaultAllocator, table.Schema())
	defer b.Release()
	b.Field(0).(*array.Int64Builder).Append(1)
	rec := b.NewRecord()
	defer rec.Release()
	if err := table.Append(rec); err != nil {
		t.Fatal(err)
	}
}

// TestParseTrigger reads what a trigger may be.
func TestParseTrigger(t *testing.T) {
	for text, want := range map[string]engine.Trigger{
		"10 seconds": {Interval: 10 * time.Second}, "1 minute 30 seconds": {Interval: 90 * time.Second}, "500 ms": {Interval: 500 * time.Millisecond},
		"2m30s": {Interval: 150 * time.Second}, "Once": {Once: true}, "availableNow": {AvailableNow: true}, "asap": {}, "0 seconds": {},
	} {
		if got, err := engine.ParseTrigger(text); err != nil || got != want {
			t.Errorf("%q: %+v %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "often", "-1 second", "10", "10 parsecs", "ten seconds"} {
		if got, err := engine.ParseTrigger(text); err == nil {
			t.Errorf("%q: %+v, an error was wanted", text, got)
		}
	}
}

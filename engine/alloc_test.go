package engine_test

import (
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-sql/millrace/engine"
)

// TestAllocations holds the whole pipeline, the embedded broker included, to a
// tenth of an allocation for each record, set-up apart.
func TestAllocations(t *testing.T) {
	const rounds, perEpoch = 1400, 50_000
	brokers := broker(t)
	values, err := irisValues()
	if err != nil {
		t.Fatal(err)
	}
	recs := make([]*kgo.Record, 0, rounds*len(values))
	for range rounds {
		for _, v := range values {
			recs = append(recs, &kgo.Record{Value: v})
		}
	}
	produce(t, brokers, "iris", 1, recs)
	var mu sync.Mutex
	var mallocs []uint64 // at the end of each epoch
	e, err := engine.Open(engine.Config{AvailableNow: true, Listener: func(ev engine.Event) {
		if _, ok := ev.(engine.QueryProgress); !ok {
			return
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		mu.Lock()
		mallocs = append(mallocs, m.Mallocs)
		mu.Unlock()
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	r := irisRun{dir: t.TempDir(), brokers: brokers, topic: "iris", perTrigger: perEpoch}
	for res, err := range e.Run(t.Context(), quoteDotted(r.script())) {
		if err != nil {
			t.Fatal(err)
		}
		if res.Query != nil {
			if err := res.Query.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	var each []float64
	for i := 1; i < len(mallocs)-1; i++ { // the first holds the set-up, the last is short
		each = append(each, float64(mallocs[i]-mallocs[i-1])/perEpoch)
	}
	if len(each) < 2 {
		t.Fatalf("%d epochs", len(mallocs))
	}
	slices.Sort(each)
	median := each[len(each)/2]
	t.Logf("%.3f allocations a record", median)
	if median > 0.1 {
		t.Errorf("%.3f allocations a record, at most 0.1 were wanted", median)
	}
}

package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestMetamorphic runs the pipeline under random cuts into epochs, partitions,
// workers, crashes and with the optimiser on and off: the rows must be the same.
func TestMetamorphic(t *testing.T) {
	brokers := broker(t)
	records := irisRecords(t)
	want := readLines(t, irisData+"expected/iris150.output.jsonl")
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, partitions := range []int32{1, 3} {
		produce(t, brokers, fmt.Sprintf("meta-%d", partitions), partitions, records)
	}
	for i := range 16 {
		partitions := []int32{1, 3}[rnd.IntN(2)]
		perTrigger := []int{0, 4, 11, 50}[rnd.IntN(4)]
		workers := 1 + rnd.IntN(4)
		noOptimizer := rnd.IntN(2) == 1
		crashes := rnd.IntN(5)
		name := fmt.Sprintf("%d/partitions=%d,perTrigger=%d,workers=%d,noOptimizer=%v,crashes=%d", i, partitions, perTrigger, workers, noOptimizer, crashes)
		points := make([]int, crashes)
		for j := range points {
			points[j] = 1 + rnd.IntN(12)
		}
		t.Run(name, func(t *testing.T) {
			r := irisRun{
				dir: t.TempDir(), brokers: brokers, topic: fmt.Sprintf("meta-%d", partitions),
				perTrigger: perTrigger, workers: workers, noOptimizer: noOptimizer,
			}
			for _, p := range points {
				r.crash(t, p)
			}
			if err := r.run(t); err != nil {
				t.Fatal(err)
			}
			sameLines(t, readLog(t, r.dir+"/results"), slices.Clone(want))
		})
	}
}

// crash runs the pipeline until it has passed n points of its epochs, and fails
// there as if the process had died: nothing of what comes after is done.
func (r irisRun) crash(t *testing.T, n int) {
	t.Helper()
	passed := 0
	r.hook = func(point string) {
		if passed++; passed >= n {
			panic("crash at " + point)
		}
	}
	err := r.run(t)
	if err != nil && !strings.Contains(err.Error(), "crash at ") {
		t.Fatal(err)
	}
}

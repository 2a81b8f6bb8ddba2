package function

import (
	"fmt"
	"sync"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// TestCallsAreShared evaluates one bound call from several goroutines at once;
// the race detector watches.
func TestCallsAreShared(t *testing.T) {
	mem := memory.NewGoAllocator()
	x := arrayOf(t, mem, tString, "abc", "xbz", "ABC")
	for name, pattern := range map[string]string{"ilike": "%b%", "rlike": "[bB]", "translate": "", "in": "", "date_format": ""} {
		args := []arrow.Array{x, arrayOf(t, mem, tString, pattern, pattern, pattern)}
		types := argOf(tString)
		call := bindFn(t, "ilike", types, types)
		switch name {
		case "rlike":
			call = bindFn(t, name, types, types)
		case "translate":
			args = append(args, x)
			call = bindFn(t, name, types, types, types)
		case "in":
			call = bindFn(t, name, types, types)
		case "date_format":
			args = []arrow.Array{arrayOf(t, mem, tTimestamp, 0, 1, 2), arrayOf(t, mem, tString, "yyyy", "MM", "dd")}
			call = bindFn(t, name, argOf(tTimestamp), types)
		}
		var wg sync.WaitGroup
		results := make([]string, 4)
		for g := range results {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for range 50 {
					a, err := run(&testTask{mem: mem}, call, 3, args)
					if err != nil {
						results[g] = err.Error()
						return
					}
					results[g] = fmt.Sprint(shown(a))
				}
			}()
		}
		wg.Wait()
		for _, r := range results[1:] {
			if r != results[0] {
				t.Errorf("%s: %s and %s", name, results[0], r)
			}
		}
	}
}

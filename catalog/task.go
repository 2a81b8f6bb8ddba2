package catalog

import (
	"context"
	"time"

	"github.com/apache/arrow/go/v14/arrow/memory"
)

// Task is what a kernel or an operator may use of its surroundings. It belongs
// to one worker at a time.
type Task interface {
	// Context ends when the query must stop.
	Context() context.Context
	// Allocator makes every buffer of every array. A test hands in a checked one.
	Allocator() memory.Allocator
	// EpochTime is what current_timestamp() gives: the same for a whole epoch, also
	// when the epoch is run again.
	EpochTime() time.Time
	// Fault reports a row whose value became NULL because of an error in the data.
	// Row is an index into the arguments at hand; stage names who reports
	// ("predict forest"). The engine counts it, or drops, or dead-letters the row,
	// by its policy. It may be called from one goroutine only.
	Fault(row int, stage string, err error)
}

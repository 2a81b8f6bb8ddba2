package exec

import (
	"fmt"
	"iter"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// Records is a sequence of records. An error ends it. The receiver releases each
// record.
type Records = iter.Seq2[arrow.Record, error]

// Operator turns records into records. It is an immutable recipe: Run may be
// called many times and by many goroutines at once, each time over the rows of
// one chunk; what Run gives is used by the goroutine that called it.
type Operator interface {
	fmt.Stringer
	// Schema of the records that Run gives.
	Schema() *arrow.Schema
	// Run owns what it pulls from in: it releases each record, or hands it on.
	Run(t catalog.Task, in Records) Records
}

// Breaker takes all rows of a stage before it gives any: a sort, an aggregate,
// a limit, the build side of a join. It is used for one run of its stage.
type Breaker interface {
	fmt.Stringer
	// Schema of the records that Finish gives.
	Schema() *arrow.Schema
	// Ordered breakers want all rows in one Partial, in the order of the input.
	// Others get a Partial a worker.
	Ordered() bool
	// Local makes an empty part.
	Local(t catalog.Task) Partial
	// Merge moves what b holds into a and returns a; b is used up.
	Merge(t catalog.Task, a, b Partial) (Partial, error)
	// Finish gives the result, over all rows; p is used up.
	Finish(t catalog.Task, p Partial) Records
}

// Partial is the rows of a breaker so far. It is used by one goroutine at a
// time.
type Partial interface {
	// Add takes a record, which it borrows. Seq numbers the record's place in the
	// input: it grows with the order of rows, and orders parts when they are merged.
	// Done means that no further row can change the result.
	Add(t catalog.Task, seq int64, rec arrow.Record) (done bool, err error)
	// Release frees a part that is not finished.
	Release()
}

package catalog

import (
	"context"
	"errors"
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
	// ("predict forest"). The engine counts it; what else becomes of a row that a
	// model cannot score is its policy's, see Rejecter. It may be called from one
	// goroutine only.
	Fault(row int, stage string, err error)
}

// ErrMissing marks a fault that is about a value that is missing, not about one
// that cannot be scored: errors.Is tells the two apart, and so do the policies of
// a model. See Missing.
var ErrMissing = errors.New("a value is missing")

// Missing marks an error as one about a missing value; its text stays.
func Missing(err error) error { return &missing{err} }

type missing struct{ err error }

func (m *missing) Error() string        { return m.err.Error() }
func (m *missing) Unwrap() error        { return m.err }
func (m *missing) Is(target error) bool { return target == ErrMissing }

// Rejecter is a Task that knows the rows it is about: it names the place of one,
// and leaves one out of the query's result. The tasks that the operators of
// engine/exec lend to a call with Rejects are.
type Rejecter interface {
	// Place says where a row, an index into the arguments at hand, came from, for
	// messages: "topic iris, partition 3, offset 1042"; "" when nobody can tell.
	Place(row int) string
	// Reject leaves the row out of the result: whatever the kernel gives for it is
	// not looked at. It may be called more than once for a row. An error, which the
	// kernel returns, says that the query has no place for it.
	Reject(row int, r Rejection) error
}

// Rejection is why a model's policy keeps a row out of a query's result: what is
// written to its dead letters.
type Rejection struct {
	Model *ModelEntry
	// Missing is true when the model has no answer because a value is missing, false
	// when a value cannot be scored.
	Missing bool
	Err     error
	// Inputs gives the model's input fields of the row as a JSON object. It is called,
	// if at all, before Reject returns.
	Inputs func() string
}

package connector

import (
	"context"
	"io"
	"iter"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// OverwriteOption is the key of the option that the engine adds to a table when
// an INSERT OVERWRITE opens its sink; users cannot give it.
const OverwriteOption = ".overwrite"

// QueryID names a query across restarts: the id in its checkpoint (a UUID), or
// a fresh one for a query without.
type QueryID string

// Encoded is rows ready to be stored: a sink's own type, made by Encode on a
// worker and handed back to Write.
type Encoded interface {
	// Rows is how many rows it holds.
	Rows() int
	// Release gives its memory back.
	Release()
}

// Sink stores the rows of one query.
type Sink interface {
	// Encode turns a record into the sink's bytes. It runs on the workers, many at
	// once. The record is borrowed.
	Encode(t catalog.Task, rec arrow.Record) (Encoded, error)
	// Write stores a whole epoch, in order, and returns nil only when it is durable.
	// The same epoch of the same query may come again after a crash: the sink knows
	// (query, epoch) and makes that exactly-once, where it promises to; rows of an
	// epoch that it holds already it leaves unread, and they are never computed. It
	// releases each Encoded that it reads. An error in rows ends the epoch and is
	// returned, with nothing of the epoch visible.
	Write(ctx context.Context, q QueryID, epoch int64, rows iter.Seq2[Encoded, error]) error
	io.Closer
}

// Resumer is a sink that can say how far a query got, so that a checkpoint and
// an output that do not belong together are refused before anything is written.
type Resumer interface {
	// Resume is called once before the first Write. An error says what does not fit
	// and the remedy. It is called for streaming queries only: a batch INSERT has no
	// place to go on from, and its rows are appended to what is there.
	Resume(ctx context.Context, q QueryID, at Resumption) error
}

// Resumption says where a query goes on.
type Resumption struct {
	// Next is the epoch to be run next, again or for the first time.
	Next int64
	// Planned is true when an earlier run has planned Next, so that the sink may hold
	// it. Otherwise a sink that holds Next is ahead of the checkpoint.
	Planned bool
	// First is true when the query has no checkpoint yet.
	First bool
}

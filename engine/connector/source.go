package connector

import (
	"context"
	"fmt"
	"io"
	"iter"
	"maps"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
)

// Offsets maps a split (a topic-partition as "topic/3", a file's path, ...) to
// one past the last row read.
type Offsets map[string]int64

// Clone copies o.
func (o Offsets) Clone() Offsets { return maps.Clone(o) }

// Range is the rows [From, To) of one split.
type Range struct {
	Split    string
	From, To int64
}

// Limit bounds what one epoch takes.
type Limit struct {
	// Rows is the most rows an epoch should take over all splits; 0 is no bound.
	// It is applied on top of the source's own option (maxOffsetsPerTrigger).
	Rows int64
	// Until, when not nil, is where the query ends: no epoch goes past it
	// (available-now, endingOffsets).
	Until Offsets
}

// Source gives the rows of one table to one query. Plan, Initial and Committed
// are called by one goroutine; Read may run for different ranges at once.
type Source interface {
	// Schema of the rows of its chunks.
	Schema() *arrow.Schema
	// Initial says where a query without a checkpoint starts.
	Initial(ctx context.Context) (Offsets, error)
	// Latest says what the source holds now: the end of every split.
	Latest(ctx context.Context) (Offsets, error)
	// Plan says what the next epoch takes: the end of every split, at least as far as
	// from (splits new since from start at their beginning). It is cheap, does not
	// wait for rows and retries while the system is away, until ctx ends. To equal to
	// from means nothing new.
	Plan(ctx context.Context, from Offsets, l Limit) (to Offsets, err error)
	// Ranges cuts what lies between two offsets into ranges that can be read side by
	// side, in a fixed order.
	Ranges(from, to Offsets) []Range
	// Read gives the rows of a range in order, the same every time. It may fetch
	// ahead, past To, and keep the rest for the next call. The receiver releases each
	// chunk. An error ends it. Errors that mean "away, for now" are retried inside,
	// until ctx ends.
	Read(ctx context.Context, r Range) iter.Seq2[Chunk, error]
	// Committed tells it that an epoch up to o is done (consumer-group offsets for lag
	// tools). An error is reported and does not stop the query.
	Committed(ctx context.Context, o Offsets) error
	io.Closer
}

// OffsetCodec is a source whose offsets have a text form of their own in a
// checkpoint: Spark's, for the systems that Spark reads too. Both methods need
// no connection and may be called by any goroutine.
type OffsetCodec interface {
	// FormatOffsets writes offsets as one line.
	FormatOffsets(o Offsets) (string, error)
	// ParseOffsets reads what FormatOffsets wrote.
	ParseOffsets(s string) (Offsets, error)
}

// Chunk is some consecutive rows of one split, not decoded yet: the batches of a
// Kafka fetch, a block of a file. It belongs to one goroutine at a time and may
// be handed on.
type Chunk interface {
	// Rows is an upper bound of the rows that Decode gives.
	Rows() int
	// Decode builds the wanted columns, and only them. The record may point into the
	// chunk's buffer and keeps it alive by itself; Release of the chunk is still the
	// receiver's. It may be called once.
	Decode(t catalog.Task, p *Projection) (arrow.Record, error)
	// Origin says where a row of the decoded record came from, for messages:
	// "iris/3 offset 1042".
	Origin(row int) string
	// Release gives the chunk's memory back.
	Release()
}

// Placed is a Chunk whose rows have a place in a partitioned log.
type Placed interface {
	// Place gives the place of a row of the decoded record; false when it is not
	// known. Like Origin it may be asked until the chunk is released.
	Place(row int) (Place, bool)
}

// Place is where a row stands in a partitioned log.
type Place struct {
	Topic     string
	Partition int32
	Offset    int64
}

// String names the place for a person.
func (p Place) String() string {
	return fmt.Sprintf("topic %s, partition %d, offset %d", p.Topic, p.Partition, p.Offset)
}

// Projection is the columns wanted of a chunk, in order.
type Projection struct {
	// Schema of the record that Decode builds: one field a column of Columns.
	Schema  *arrow.Schema
	Columns []ProjectedColumn
}

// ProjectedColumn is one wanted column.
type ProjectedColumn struct {
	// Index of the column in the source's schema.
	Index int
	// JSON, when set, asks for the column's bytes (BINARY or STRING) parsed as JSON:
	// the result is the decoder's struct, and the text itself is not built.
	JSON *codec.JSONDecoder
}

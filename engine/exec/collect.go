package exec

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
)

// collected is a part that keeps all its records.
type collected struct{ pieces []piece }

// piece is a record and its place in the input.
type piece struct {
	seq int64
	rec arrow.Record
}

// Add keeps the record.
func (c *collected) Add(_ catalog.Task, seq int64, rec arrow.Record) (bool, error) {
	if rec.NumRows() > 0 {
		rec.Retain()
		c.pieces = append(c.pieces, piece{seq, plainRecord(rec)})
	}
	return false, nil
}

// Release drops the records.
func (c *collected) Release() {
	for _, p := range c.pieces {
		p.rec.Release()
	}
	c.pieces = nil
}

// join moves what o holds here.
func (c *collected) join(o *collected) *collected {
	c.pieces = append(c.pieces, o.pieces...)
	o.pieces = nil
	return c
}

// columns gives all rows in the order of the input and uses c up.
func (c *collected) columns(mem memory.Allocator, schema *arrow.Schema) (cols []arrow.Array, n int, err error) {
	defer c.Release()
	slices.SortStableFunc(c.pieces, func(a, b piece) int { return cmp.Compare(a.seq, b.seq) })
	for _, p := range c.pieces {
		n += int(p.rec.NumRows())
	}
	if n > math.MaxInt32 {
		return nil, 0, fmt.Errorf("%d rows are too many to be held at once: at most %d", n, math.MaxInt32)
	}
	cols = make([]arrow.Array, len(schema.Fields()))
	for i, f := range schema.Fields() {
		if cols[i], err = c.column(mem, i, f.Type); err != nil {
			releaseArrays(cols)
			return nil, 0, fmt.Errorf("column %s: %w", f.Name, err)
		}
	}
	return cols, n, nil
}

func (c *collected) column(mem memory.Allocator, i int, dt arrow.DataType) (arrow.Array, error) {
	if len(c.pieces) == 0 {
		return nullArray(mem, dt, 0), nil
	}
	parts := make([]arrow.Array, len(c.pieces))
	for k, p := range c.pieces {
		parts[k] = slice(p.rec.Column(i), 0, int(p.rec.NumRows()))
	}
	defer releaseArrays(parts)
	return concat(mem, parts)
}

// fail is a sequence of one error.
func fail(err error) Records {
	return func(yield func(arrow.Record, error) bool) { yield(nil, err) }
}

// none is the empty sequence.
func none(func(arrow.Record, error) bool) {}

// inOrder is what breakers have in common for which the order of rows counts.
type inOrder struct{}

// Ordered is true: there is one part.
func (inOrder) Ordered() bool { return true }

// Merge is not for them.
func (inOrder) Merge(_ catalog.Task, a, b Partial) (Partial, error) {
	a.Release()
	b.Release()
	return nil, errors.New("an operator that wants its rows in order was given them in several parts")
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
)

// DeadLetters is how many rows a model had no answer for, which its policy left
// out of a query's result.
type DeadLetters struct {
	Model string `json:"model"`
	// Reason is missing or invalid.
	Reason string `json:"reason"`
	Count  int64  `json:"count"`
	// First is the first row's message and place.
	First string `json:"first"`
}

// leftOut says how many rows models left out, where there is no place for them.
func leftOut(all []DeadLetters) []string {
	var notes []string
	for _, d := range all {
		notes = append(notes, fmt.Sprintf("%s left out: model %s, %s; the first: %s", catalog.Count(int(d.Count), "row"), d.Model, d.Reason, d.First))
	}
	return notes
}

// letter is one dead letter: a row and why it is one.
type letter struct {
	model, version string
	reason         string
	err            string
	origin         string
	place          connector.Place
	placed         bool
	inputs         string
}

// The reasons of dead letters.
const (
	reasonMissing = "missing"
	reasonInvalid = "invalid"
)

// letterKey tells the letters of one chunk apart: a row that was read, a model and
// what it was asked. A row that a join or a generator has made several of is one
// letter, unless the model was asked something else of each.
type letterKey struct {
	row           int
	model, inputs string
}

// rejected is the rows of one chunk that models rejected.
type rejected struct {
	letters []letter
	seen    map[letterKey]bool
}

// Place names where a row came from.
func (t *task) Place(row int) string {
	if t.chunk == nil || row < 0 {
		return ""
	}
	if p, ok := t.chunk.(connector.Placed); ok {
		if at, ok := p.Place(row); ok {
			return at.String()
		}
	}
	return t.chunk.Origin(row)
}

// Reject keeps a row as a dead letter.
func (t *task) Reject(row int, why catalog.Rejection) error {
	if t.letters != nil && t.letters.to.table == nil {
		return fmt.Errorf("%w; %w", why.Err, errNoDeadLetters)
	}
	key := letterKey{row, why.Model.Name, why.Inputs()}
	if t.rejected.seen[key] {
		return nil
	}
	if t.rejected.seen == nil {
		t.rejected.seen = map[letterKey]bool{}
	}
	t.rejected.seen[key] = true
	l := letter{
		model: why.Model.Name, version: why.Model.Version, reason: reasonInvalid, err: why.Err.Error(),
		inputs: key.inputs,
	}
	if why.Missing {
		l.reason = reasonMissing
	}
	if p, ok := t.chunk.(connector.Placed); ok && row >= 0 {
		l.place, l.placed = p.Place(row)
	}
	if l.placed {
		l.origin = l.place.String()
	} else {
		l.origin = t.Place(row)
	}
	t.rejected.letters = append(t.rejected.letters, l)
	return nil
}

// letterBatch is the dead letters of one chunk on their way.
type letterBatch struct {
	letters []letter
	rows    connector.Encoded // nil when they are only counted
}

// Release frees what it holds.
func (b *letterBatch) Release() {
	if b != nil && b.rows != nil {
		b.rows.Release()
		b.rows = nil
	}
}

// takeLetters gives the dead letters since it was last called, encoded for where
// they go; nil when there are none.
func (t *task) takeLetters() (*letterBatch, error) {
	if t.rejected.letters == nil {
		return nil, nil
	}
	b := &letterBatch{letters: t.rejected.letters}
	t.rejected = rejected{}
	if !t.letters.writes() {
		return b, nil
	}
	sink, shape, err := t.letters.to.open(t.ctx)
	if err != nil {
		return nil, err
	}
	rec := shape.record(t.alloc, t.letters, b.letters)
	defer rec.Release()
	if b.rows, err = sink.Encode(t, rec); err != nil {
		return nil, t.letters.to.named(err)
	}
	return b, nil
}

// deliver counts the dead letters of a chunk and hands them on; it is given them.
// Chunks come in their order.
func (t *task) deliver(b *letterBatch) error {
	if b == nil {
		return nil
	}
	t.faults.addLetters(b.letters)
	if b.rows == nil {
		return nil
	}
	rows := b.rows
	b.rows = nil
	return t.letters.add(rows)
}

// errNoDeadLetters is a query that has no place for rows that a model rejects.
var errNoDeadLetters = errors.New("the query has no place for dead letters: start it with OPTIONS (deadLetters = '<table>'), or with a checkpointLocation")

// deadLetters is where the rows of one query go that models reject. Its sink is
// opened when it is first needed. It may be used by many goroutines.
type deadLetters struct {
	query *Query
	table *catalog.Table // nil when there is no place

	mu    sync.Mutex
	sink  connector.Sink
	shape *letterShape
}

// named puts the place into an error.
func (d *deadLetters) named(err error) error {
	return fmt.Errorf("dead letters in %s: %w", tableOf(d.table), err)
}

// open opens the sink, once.
func (d *deadLetters) open(ctx context.Context) (connector.Sink, *letterShape, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sink != nil {
		return d.sink, d.shape, nil
	}
	if d.table == nil {
		return nil, nil, errNoDeadLetters
	}
	shape, err := shapeFor(d.table)
	if err != nil {
		return nil, nil, d.named(err)
	}
	e := d.query.engine
	sink, err := e.connectors[d.table.Connector].OpenSink(ctx, e.env(d.query.status), d.table, shape.schema)
	if err != nil {
		return nil, nil, d.named(err)
	}
	d.sink, d.shape = sink, shape
	return sink, shape, nil
}

// close closes the sink; it may be opened again.
func (d *deadLetters) close() error {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sink == nil {
		return nil
	}
	sink := d.sink
	d.sink = nil
	return sink.Close()
}

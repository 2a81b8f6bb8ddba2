package memory

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
)

// split is the one split: all rows, by number.
const split = "rows"

// source reads a table's rows.
type source struct {
	table  *Table
	schema *arrow.Schema
	end    int64 // -1: there is none
}

// Schema of the rows.
func (s *source) Schema() *arrow.Schema { return s.schema }

// Initial is the first row.
func (s *source) Initial(context.Context) (connector.Offsets, error) {
	return connector.Offsets{split: 0}, nil
}

// Latest is the last row there is.
func (s *source) Latest(context.Context) (connector.Offsets, error) {
	return connector.Offsets{split: s.latest()}, nil
}

func (s *source) latest() int64 {
	if s.end >= 0 {
		return s.end
	}
	return s.table.Rows()
}

// Plan takes all rows that are new.
func (s *source) Plan(_ context.Context, from connector.Offsets, l connector.Limit) (connector.Offsets, error) {
	to := s.latest()
	if until, ok := l.Until[split]; ok {
		to = min(to, until)
	}
	if l.Rows > 0 {
		to = min(to, from[split]+l.Rows)
	}
	return connector.Offsets{split: max(to, from[split])}, nil
}

// Ranges cuts at the ends of records.
func (s *source) Ranges(from, to connector.Offsets) []connector.Range {
	var out []connector.Range
	at := from[split]
	if at >= to[split] {
		return nil
	}
	for _, end := range s.table.cuts(at, to[split]) {
		out = append(out, connector.Range{Split: split, From: at, To: end})
		at = end
	}
	return out
}

// Read gives the rows of a range.
func (s *source) Read(ctx context.Context, r connector.Range) iter.Seq2[connector.Chunk, error] {
	return func(yield func(connector.Chunk, error) bool) {
		records := s.table.slice(r.From, r.To)
		rows := int64(0)
		for _, rec := range records {
			rows += rec.NumRows()
		}
		if rows != r.To-r.From {
			release(records)
			yield(nil, fmt.Errorf("memory table %s: rows %d to %d are not there any more", s.table.name, r.From, r.To))
			return
		}
		at := r.From
		for i, rec := range records {
			if ctx.Err() != nil {
				release(records[i:])
				yield(nil, ctx.Err())
				return
			}
			n := rec.NumRows()
			if !yield(&chunk{table: s.table.name, rec: rec, at: at}, nil) {
				release(records[i+1:])
				return
			}
			at += n
		}
	}
}

// FormatOffsets writes how many rows are done.
func (s *source) FormatOffsets(o connector.Offsets) (string, error) {
	return fmt.Sprintf(`{"%s":%d}`, split, o[split]), nil
}

// ParseOffsets reads what FormatOffsets wrote.
func (s *source) ParseOffsets(text string) (connector.Offsets, error) {
	o := connector.Offsets{}
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return nil, fmt.Errorf("%.60q are not the offsets of memory table %s: %w", text, s.table.name, err)
	}
	return o, nil
}

// Committed has nobody to tell.
func (s *source) Committed(context.Context, connector.Offsets) error { return nil }

// Close holds nothing.
func (s *source) Close() error { return nil }

// chunk is some rows.
type chunk struct {
	table string
	rec   arrow.Record
	at    int64
}

// Rows is how many there are.
func (c *chunk) Rows() int { return int(c.rec.NumRows()) }

// Decode takes the wanted columns.
func (c *chunk) Decode(t catalog.Task, p *connector.Projection) (arrow.Record, error) {
	cols := make([]arrow.Array, 0, len(p.Columns))
	defer func() {
		for _, col := range cols {
			col.Release()
		}
	}()
	for _, want := range p.Columns {
		col := c.rec.Column(want.Index)
		if want.JSON == nil {
			col.Retain()
			cols = append(cols, col)
			continue
		}
		parsed, err := connector.ParseJSON(t.Allocator(), want.JSON, col)
		if err != nil {
			return nil, fmt.Errorf("memory table %s: %w", c.table, err)
		}
		cols = append(cols, parsed)
	}
	return array.NewRecord(p.Schema, cols, c.rec.NumRows()), nil
}

// Origin counts rows from the table's first.
func (c *chunk) Origin(row int) string { return fmt.Sprintf("%s row %d", c.table, c.at+int64(row)+1) }

// Release gives the rows back.
func (c *chunk) Release() { c.rec.Release() }

package memory

import (
	"fmt"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/engine/connector"
)

// Table is rows in memory. It may be used by many goroutines at once.
type Table struct {
	name string

	mu      sync.Mutex
	schema  *arrow.Schema
	records []arrow.Record
	ends    []int64 // rows up to the end of each record
	// epochs are the last epoch of each query that wrote into the table.
	epochs map[connector.QueryID]int64
}

// NewTable makes an empty table. A nil schema is that of the first records.
func NewTable(name string, schema *arrow.Schema) *Table {
	return &Table{name: name, schema: schema, epochs: map[connector.QueryID]int64{}}
}

// Name is the name that queries find it by.
func (t *Table) Name() string { return t.name }

// Schema of the rows, or nil if it is not known yet.
func (t *Table) Schema() *arrow.Schema {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.schema
}

// Append adds rows at the end. A stream over the table takes them in its next
// epoch. The table keeps the records; the caller still releases its own.
func (t *Table) Append(records ...arrow.Record) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.append(records)
}

func (t *Table) append(records []arrow.Record) error {
	for _, r := range records {
		if err := t.accept(r.Schema()); err != nil {
			return err
		}
	}
	for _, r := range records {
		if r.NumRows() == 0 {
			continue
		}
		r.Retain()
		t.records = append(t.records, r)
		t.ends = append(t.ends, t.rows()+r.NumRows())
	}
	return nil
}

// accept compares a schema with the table's, or takes it. Metadata does not
// count.
func (t *Table) accept(s *arrow.Schema) error {
	if t.schema == nil {
		t.schema = s
		return nil
	}
	want := t.schema.Fields()
	if len(want) != s.NumFields() {
		return fmt.Errorf("memory table %s has %d columns, the rows have %d", t.name, len(want), s.NumFields())
	}
	for i, f := range want {
		if g := s.Field(i); g.Name != f.Name || !arrow.TypeEqual(g.Type, f.Type) {
			return fmt.Errorf("memory table %s: column %d is %s %s, the rows have %s %s", t.name, i+1, f.Name, f.Type, g.Name, g.Type)
		}
	}
	return nil
}

// write is Append of a query's epoch, once.
func (t *Table) write(q connector.QueryID, epoch int64, records []arrow.Record, overwrite bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if last, ok := t.epochs[q]; ok && epoch <= last {
		return nil
	}
	old, ends := t.records, t.ends
	if overwrite {
		t.records, t.ends = nil, nil
	}
	if err := t.append(records); err != nil {
		t.records, t.ends = old, ends
		return err
	}
	t.epochs[q] = epoch
	if overwrite {
		release(old)
	}
	return nil
}

func (t *Table) rows() int64 {
	if len(t.ends) == 0 {
		return 0
	}
	return t.ends[len(t.ends)-1]
}

// Rows is how many rows there are.
func (t *Table) Rows() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rows()
}

// Records are all rows, in order. The caller releases each.
func (t *Table) Records() []arrow.Record {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.records {
		r.Retain()
	}
	return slices.Clone(t.records)
}

// Epochs says up to which epoch a query has written; false if it has not.
func (t *Table) Epochs(q connector.QueryID) (last int64, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	last, ok = t.epochs[q]
	return last, ok
}

// Release drops the rows. The table may be used on, empty.
func (t *Table) Release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	release(t.records)
	t.records, t.ends = nil, nil
}

func release(records []arrow.Record) {
	for _, r := range records {
		r.Release()
	}
}

// slice gives the rows [from, to) as records that the caller releases.
func (t *Table) slice(from, to int64) []arrow.Record {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []arrow.Record
	at := int64(0)
	for i, r := range t.records {
		a, b := max(from-at, 0), min(to-at, r.NumRows())
		if a < b {
			out = append(out, r.NewSlice(a, b))
		}
		at = t.ends[i]
	}
	return out
}

// cuts are the ends of records between two rows.
func (t *Table) cuts(from, to int64) []int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []int64
	for _, end := range t.ends {
		if end > from && end < to {
			out = append(out, end)
		}
	}
	return append(out, to)
}

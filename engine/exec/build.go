package exec

import (
	"sync/atomic"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// built is one side of a join: its rows, and for each distinct key the rows that
// have it. It is immutable and read by many goroutines.
type built struct {
	cols  []arrow.Array
	n     int
	table *keyTable // nil for a join without keys: all rows match
	// rows of key k are rows[starts[k]:starts[k+1]], in the order of the input.
	starts, rows []int32
	// unique is true when no key has two rows: rows[k] is then the row of key k.
	unique bool
}

func (b *built) release() { releaseArrays(b.cols) }

// holder is where the build side of a join leaves its rows for the probe side.
type holder struct{ p atomic.Pointer[built] }

// set publishes b and frees what was there.
func (h *holder) set(b *built) {
	if old := h.p.Swap(b); old != nil {
		old.release()
	}
}

// buildSide is the breaker that takes the rows of a join's build side. It gives
// none, or all of them when emit is set.
type buildSide struct {
	label
	schema *arrow.Schema
	keys   []*evaluator
	memos  int
	layout *keyLayout // nil without keys
	to     *holder
	emit   bool
}

func (s *buildSide) Schema() *arrow.Schema { return s.schema }

// Ordered is false: rows are put in order at the end.
func (s *buildSide) Ordered() bool { return false }

func (s *buildSide) Local(catalog.Task) Partial { return &collected{} }

func (s *buildSide) Merge(_ catalog.Task, a, b Partial) (Partial, error) {
	return a.(*collected).join(b.(*collected)), nil
}

// Finish builds the table at once, not when the records are asked for.
func (s *buildSide) Finish(t catalog.Task, p Partial) Records {
	b, err := s.build(t, p.(*collected))
	if err != nil {
		return fail(err)
	}
	s.to.set(b)
	if !s.emit || b.n == 0 {
		return none
	}
	return func(yield func(arrow.Record, error) bool) {
		for _, c := range b.cols {
			c.Retain()
		}
		yield(makeRecord(s.schema, b.cols, b.n), nil)
	}
}

func (s *buildSide) build(t catalog.Task, p *collected) (*built, error) {
	cols, n, err := p.columns(t.Allocator(), s.schema)
	if err != nil {
		return nil, err
	}
	for _, c := range cols {
		settle(c)
	}
	b := &built{cols: cols, n: n}
	if s.layout == nil {
		b.index([]int32(nil), min(n, 1))
		return b, nil
	}
	if err := s.index(t, b); err != nil {
		b.release()
		return nil, err
	}
	return b, nil
}

// index builds the table of keys.
func (s *buildSide) index(t catalog.Task, b *built) error {
	b.table = newKeyTable(s.layout)
	ids := make([]int32, b.n)
	if b.n > 0 {
		in := heldBatch(t, b.cols, b.n, s.memos)
		keys, err := evalAll(in, s.keys)
		in.release()
		if err != nil {
			return err
		}
		defer releaseArrays(keys)
		valid := s.layout.matchable(keys)
		var k keyRows
		s.layout.blocks(&k, keys, b.n, func(from int) {
			b.table.insert(&k, ids[from:from+k.n], valid, from)
		})
	}
	b.index(ids, b.table.n)
	return nil
}

// index lists the rows of each of n keys, by each row's key; without ids all rows
// have key 0.
func (b *built) index(ids []int32, n int) {
	if ids == nil {
		ids = make([]int32, b.n)
	}
	b.starts = make([]int32, n+1)
	for _, id := range ids {
		if id >= 0 {
			b.starts[id+1]++
		}
	}
	b.unique = true
	for k := range n {
		b.unique = b.unique && b.starts[k+1] == 1
		b.starts[k+1] += b.starts[k]
	}
	b.rows = make([]int32, b.starts[n])
	next := append([]int32(nil), b.starts[:n]...)
	for r, id := range ids {
		if id >= 0 {
			b.rows[next[id]] = int32(r)
			next[id]++
		}
	}
}

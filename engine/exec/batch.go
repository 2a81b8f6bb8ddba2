package exec

import (
	"slices"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
)

// batch is the rows that expressions are evaluated over: the columns of a
// record, or of some of its rows. It belongs to one goroutine.
type batch struct {
	task catalog.Task // its rows are those of the batch
	n    int
	cols []arrow.Array // nil for those that nothing reads
	// memo holds the values of expressions that occur more than once, by slot.
	memo []arrow.Array
	// parent and rows say where the rows come from, when they are not a record's.
	parent *batch
	rows   []int32
	// own is true when cols are the batch's to release.
	own bool
}

// newBatch is a batch over a record, which is borrowed for as long as the batch
// lives. Memos is the number of slots.
func newBatch(t catalog.Task, rec arrow.Record, memos int) *batch {
	b := &batch{task: originTask(t, rec), n: int(rec.NumRows()), cols: rec.Columns()}
	if memos > 0 {
		b.memo = make([]arrow.Array, memos)
	}
	if slices.ContainsFunc(b.cols, func(c arrow.Array) bool { return c.Len() != b.n }) {
		b.cut()
	}
	return b
}

// cut shortens the columns of a record that has fewer rows than they.
func (b *batch) cut() {
	cols := make([]arrow.Array, len(b.cols))
	for i, c := range b.cols {
		cols[i] = slice(c, 0, b.n)
	}
	b.cols, b.own = cols, true
}

func (b *batch) mem() memory.Allocator { return b.task.Allocator() }

// some is a batch of some rows and the columns in need. All rows, in order, are
// the batch itself.
func (b *batch) some(rows []int32, need []int) (*batch, error) {
	if len(rows) == b.n {
		return b, nil
	}
	sub := &batch{
		task: rowsTask{b.task, rows}, n: len(rows), cols: make([]arrow.Array, len(b.cols)),
		memo: make([]arrow.Array, len(b.memo)), parent: b, rows: rows, own: true,
	}
	for _, i := range need {
		var err error
		if sub.cols[i], err = gather(b.mem(), b.cols[i], selection{rows: rows}); err != nil {
			sub.release()
			return nil, err
		}
	}
	return sub, nil
}

// done releases a batch made by some of b.
func (b *batch) done(sub *batch) {
	if sub != b {
		sub.release()
	}
}

func (b *batch) release() {
	releaseArrays(b.memo)
	b.memo = nil
	if b.own {
		releaseArrays(b.cols)
	}
	b.cols = nil
}

// heldBatch is a batch over rows that a breaker holds, which are borrowed. They
// come from many records, so faults name no row.
func heldBatch(t catalog.Task, cols []arrow.Array, n, memos int) *batch {
	return &batch{task: rowlessTask{t}, n: n, cols: cols, memo: make([]arrow.Array, memos)}
}

// rowlessTask reports faults of rows that cannot be told any more: as row -1.
type rowlessTask struct{ catalog.Task }

// Fault forgets the row.
func (t rowlessTask) Fault(_ int, stage string, err error) { t.Task.Fault(-1, stage, err) }

// rowsTask reports faults of some rows as those of the whole.
type rowsTask struct {
	catalog.Task
	rows []int32
}

// Fault translates the row.
func (t rowsTask) Fault(row int, stage string, err error) { t.Task.Fault(t.at(row), stage, err) }

// at is a row of the whole.
func (t rowsTask) at(row int) int {
	if row >= 0 && row < len(t.rows) {
		return int(t.rows[row])
	}
	return row
}

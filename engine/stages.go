package engine

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/exec"
	"github.com/millrace-sql/millrace/sql/plan"
)

// runner drives the stages of one program. It belongs to one query.
type runner struct {
	program *exec.Program
	workers int
	alloc   memory.Allocator
	faults  *faultLog
	now     time.Time // the epoch's time
	rowsIn  func(scan *plan.Scan, n int64)
	scans   map[*exec.ScanLeaf]*scanInput
	// results are the finished breakers whose rows another stage still reads.
	results map[*exec.Stage]exec.Records
	// letters takes the rows that models reject; nil: they are only counted.
	letters *epochLetters
}

// scanInput is an open source and the ranges of it that the present epoch reads.
type scanInput struct {
	leaf   *exec.ScanLeaf
	source connector.Source
	ranges []connector.Range
}

func newRunner(p *exec.Program, workers int, alloc memory.Allocator, faults *faultLog) *runner {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return &runner{
		program: p, workers: workers, alloc: alloc, faults: faults,
		scans: map[*exec.ScanLeaf]*scanInput{}, results: map[*exec.Stage]exec.Records{},
	}
}

func (r *runner) task(ctx context.Context) *task {
	return &task{ctx: ctx, alloc: r.alloc, now: r.now, faults: r.faults, letters: r.letters}
}

func (r *runner) newWorkers() []*worker {
	ws := make([]*worker, r.workers)
	for i := range ws {
		ws[i] = &worker{
			task:   task{alloc: r.alloc, now: r.now, faults: r.faults, letters: r.letters},
			places: r.program.Rejects, rowsIn: r.rowsIn,
		}
	}
	return ws
}

// runStages runs every stage before the root for which want is true.
func (r *runner) runStages(ctx context.Context, want func(*exec.Stage) bool) error {
	stages := r.program.Stages
	for _, s := range stages[:len(stages)-1] {
		if !want(s) {
			continue
		}
		rows, err := r.runBreaker(ctx, s)
		if err != nil {
			return err
		}
		if r.isLeaf(s) {
			r.results[s] = rows
			continue
		}
		for rec, err := range rows { // the build side of a join gives no rows
			if err != nil {
				return err
			}
			rec.Release()
		}
	}
	return nil
}

// isLeaf says whether another stage reads the rows of s.
func (r *runner) isLeaf(s *exec.Stage) bool {
	for _, other := range r.program.Stages {
		for _, b := range other.Branches {
			if l, ok := b.Leaf.(*exec.StageLeaf); ok && l.Stage == s {
				return true
			}
		}
	}
	return false
}

// runBreaker feeds all rows of a stage to its breaker and gives the result.
func (r *runner) runBreaker(ctx context.Context, s *exec.Stage) (exec.Records, error) {
	t := r.task(ctx)
	var part exec.Partial
	var err error
	if s.Breaker.Ordered() {
		part, err = r.feedOrdered(ctx, t, s)
	} else {
		part, err = r.feedParts(ctx, t, s)
	}
	if err != nil {
		return nil, err
	}
	return s.Breaker.Finish(t, part), nil
}

// feedOrdered gives a breaker its rows in order, in one part.
func (r *runner) feedOrdered(ctx context.Context, t *task, s *exec.Stage) (exec.Partial, error) {
	part := s.Breaker.Local(t)
	keep := func(_ *worker, _ int64, rec arrow.Record) (arrow.Record, error) {
		rec.Retain()
		return rec, nil
	}
	var seq int64
	for rec, err := range inOrder(ctx, r.newWorkers(), r.inputs(s), keep) {
		if err != nil {
			part.Release()
			return nil, err
		}
		done, err := part.Add(t, seq, rec)
		rec.Release()
		seq++
		if err != nil {
			part.Release()
			return nil, err
		}
		if done {
			break
		}
	}
	return part, nil
}

// nothing is the result of a worker that keeps what it makes.
type nothing struct{}

// Release does nothing.
func (nothing) Release() {}

// feedParts gives a breaker its rows in a part a worker and merges the parts.
func (r *runner) feedParts(ctx context.Context, t *task, s *exec.Stage) (exec.Partial, error) {
	workers := r.newWorkers()
	for _, w := range workers {
		w.partial = s.Breaker.Local(t)
	}
	release := func(from int) {
		for _, w := range workers[from:] {
			w.partial.Release()
		}
	}
	add := func(w *worker, seq int64, rec arrow.Record) (nothing, error) {
		_, err := w.partial.Add(&w.task, seq, rec)
		return nothing{}, err
	}
	for _, err := range inOrder(ctx, workers, r.inputs(s), add) {
		if err != nil {
			release(0)
			return nil, err
		}
	}
	sum := workers[0].partial
	for i, w := range workers[1:] {
		merged, err := s.Breaker.Merge(t, sum, w.partial)
		if err != nil {
			sum.Release()
			release(i + 1)
			return nil, err
		}
		sum = merged
	}
	return sum, nil
}

// rootRows runs the root stage, whose rows encode turns into the sink's form on
// the workers. All stages before it must have run.
func (r *runner) rootRows(ctx context.Context, encode func(t *task, rec arrow.Record) (connector.Encoded, error)) iter.Seq2[connector.Encoded, error] {
	root := r.program.Root()
	fn := func(w *worker, _ int64, rec arrow.Record) (connector.Encoded, error) { return encode(&w.task, rec) }
	if root.Breaker == nil {
		return inOrder(ctx, r.newWorkers(), r.inputs(root), fn)
	}
	return func(yield func(connector.Encoded, error) bool) {
		rows, err := r.runBreaker(ctx, root)
		if err != nil {
			yield(nil, err)
			return
		}
		t := r.task(ctx)
		for rec, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			enc, err := encode(t, rec)
			rec.Release()
			if !yield(enc, err) || err != nil {
				return
			}
		}
	}
}

// inputs gives what flows into a stage, branch after branch.
func (r *runner) inputs(s *exec.Stage) func(context.Context) iter.Seq2[input, error] {
	return func(ctx context.Context) iter.Seq2[input, error] {
		return func(yield func(input, error) bool) {
			for i := range s.Branches {
				for in, err := range r.leafInputs(ctx, &s.Branches[i]) {
					if !yield(in, err) || err != nil {
						return
					}
				}
			}
		}
	}
}

func (r *runner) leafInputs(ctx context.Context, b *exec.Branch) iter.Seq2[input, error] {
	return func(yield func(input, error) bool) {
		switch leaf := b.Leaf.(type) {
		case *exec.ScanLeaf:
			scan := r.scans[leaf]
			if scan == nil {
				yield(input{}, fmt.Errorf("internal error: the source of %s is not open", leaf.Scan.Name))
				return
			}
			for c, err := range readRanges(ctx, scan.source, scan.ranges) {
				if !yield(input{branch: b, chunk: c}, err) || err != nil {
					return
				}
			}
		case *exec.RecordsLeaf:
			for _, rec := range leaf.Records {
				rec.Retain()
				if !yield(input{branch: b, record: rec}, nil) {
					return
				}
			}
		case *exec.StageLeaf:
			rows := r.results[leaf.Stage]
			delete(r.results, leaf.Stage)
			if rows == nil {
				return
			}
			for rec, err := range rows {
				if !yield(input{branch: b, record: rec}, err) || err != nil {
					return
				}
			}
		}
	}
}

// reset prepares an epoch: results that the one before left unread are freed.
func (r *runner) reset(now time.Time) {
	r.drop()
	r.now = now
}

// drop frees the results that nobody read.
func (r *runner) drop() {
	for s, rows := range r.results {
		delete(r.results, s)
		for rec, err := range rows {
			if err == nil {
				rec.Release()
			}
			break
		}
	}
}

// close frees the results that nobody read and the tables of joins.
func (r *runner) close() {
	r.letters.close()
	r.drop()
	r.program.Release()
}

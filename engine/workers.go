package engine

import (
	"context"
	"fmt"
	"iter"
	"runtime/debug"
	"sync"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/exec"
	"github.com/millrace-sql/millrace/sql/plan"
)

// input is some rows on their way to a worker: a chunk still to be decoded, or a
// record. It is owned by whoever holds it.
type input struct {
	branch *exec.Branch
	chunk  connector.Chunk
	record arrow.Record
}

func (in input) release() {
	if in.chunk != nil {
		in.chunk.Release()
	}
	if in.record != nil {
		in.record.Release()
	}
}

// releaser is what a worker makes of a record.
type releaser interface{ Release() }

// work turns one record, which it borrows, into a result on a worker. Seq grows
// with the order of the input.
type work[T releaser] func(w *worker, seq int64, rec arrow.Record) (T, error)

// worker is the state of one worker goroutine during a stage.
type worker struct {
	task    task
	places  bool         // calls may ask where rows came from
	partial exec.Partial // this worker's part of an unordered breaker
	rowsIn  func(scan *plan.Scan, n int64)
}

// job is one input, its place in the order, and the way back for its results.
type job[T releaser] struct {
	seq  int64
	in   input
	done chan outcome[T] // capacity 1: a worker never waits
}

type outcome[T releaser] struct {
	results []T
	letters *letterBatch // the rows that models rejected, or nil
	err     error
}

// release frees what nobody has taken.
func (o outcome[T]) release() {
	releaseAll(o.results)
	o.letters.Release()
}

// recordsPerChunk bounds how many records one chunk becomes, for numbering them
// in order: seq = chunk number * recordsPerChunk + record number.
const recordsPerChunk = 1 << 20

// inOrder runs inputs through their branches' operators and fn on the workers and
// yields the results in the order of the inputs. At most window inputs are under
// way: that is the back-pressure. In gets a context that ends with the sequence.
// The receiver releases each result. Whatever
// ends the sequence, no goroutine outlives it.
func inOrder[T releaser](ctx context.Context, workers []*worker, in func(context.Context) iter.Seq2[input, error], fn work[T]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		window := 3 * len(workers)
		jobs := make(chan *job[T], window)
		order := make(chan *job[T], window)
		var wg sync.WaitGroup
		wg.Go(func() { dispatch(ctx, in(ctx), jobs, order) })
		for _, w := range workers {
			w.task.ctx = ctx
			wg.Go(func() {
				for j := range jobs {
					j.done <- runJob(w, j, fn)
				}
			})
		}
		defer wg.Wait()
		defer drain(order)
		defer cancel()
		var none T
		for j := range order {
			out := <-j.done
			if err := workers[0].task.deliver(out.letters); err != nil {
				out.release()
				yield(none, err)
				return
			}
			for i, r := range out.results {
				if !yield(r, nil) {
					releaseAll(out.results[i+1:])
					return
				}
			}
			if out.err != nil {
				yield(none, out.err)
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(none, context.Cause(ctx))
		}
	}
}

// dispatch numbers inputs and hands each to the workers and to the consumer. It
// closes both channels.
func dispatch[T releaser](ctx context.Context, in iter.Seq2[input, error], jobs, order chan<- *job[T]) {
	defer close(order)
	defer close(jobs)
	fail := func(err error) {
		j := &job[T]{done: make(chan outcome[T], 1)}
		j.done <- outcome[T]{err: err}
		select {
		case order <- j:
		case <-ctx.Done():
		}
	}
	defer func() {
		if p := recover(); p != nil {
			fail(panicError(p))
		}
	}()
	var seq int64
	for x, err := range in {
		if err != nil {
			fail(err)
			return
		}
		j := &job[T]{seq: seq, in: x, done: make(chan outcome[T], 1)}
		seq++
		select {
		case order <- j:
		case <-ctx.Done():
			x.release()
			return
		}
		select {
		case jobs <- j:
		case <-ctx.Done():
			x.release()
			j.done <- outcome[T]{err: context.Cause(ctx)}
			return
		}
	}
}

// drain waits for the jobs that nobody will look at and releases their results.
func drain[T releaser](order <-chan *job[T]) {
	for j := range order {
		(<-j.done).release()
	}
}

func releaseAll[T releaser](results []T) {
	for _, r := range results {
		r.Release()
	}
}

// runJob decodes one input, runs its operators and fn. A panic becomes the
// query's error.
func runJob[T releaser](w *worker, j *job[T], fn work[T]) (out outcome[T]) {
	defer func() {
		if p := recover(); p != nil {
			out.err = panicError(p)
		}
		if out.err != nil {
			out.release()
			out = outcome[T]{err: out.err}
		}
		w.let()
	}()
	rec, err := w.decode(&j.in)
	if err != nil {
		return outcome[T]{err: err}
	}
	seq := j.seq * recordsPerChunk
	for r, err := range operate(&w.task, j.in.branch.Ops, rec) {
		if err != nil {
			out.err = err
			return out
		}
		res, err := fn(w, seq, r)
		r.Release()
		if err != nil {
			out.err = err
			return out
		}
		out.results = append(out.results, res)
		seq++
	}
	out.letters, out.err = w.task.takeLetters()
	return out
}

// let releases the chunk of the rows that the worker has done.
func (w *worker) let() {
	w.task.rejected = rejected{}
	if w.task.chunk != nil {
		w.task.chunk.Release()
		w.task.chunk = nil
	}
}

// decode gives the record of an input, which it uses up. With places the chunk
// stays until let.
func (w *worker) decode(in *input) (arrow.Record, error) {
	w.task.origin = nil
	if in.record != nil {
		return in.record, nil
	}
	chunk := in.chunk
	if w.places {
		w.task.chunk = chunk
	} else {
		defer chunk.Release()
	}
	leaf := in.branch.Leaf.(*exec.ScanLeaf)
	w.task.origin = func() string { return chunk.Origin(0) + " and on" }
	rec, err := chunk.Decode(&w.task, leaf.Projection)
	if err != nil {
		return nil, err
	}
	first := chunk.Origin(0)
	w.task.origin = func() string { return first + " and on" }
	if w.rowsIn != nil && leaf.Scan.Table != nil {
		w.rowsIn(leaf.Scan, rec.NumRows())
	}
	return rec, nil
}

// operate passes a record, which it uses up, through operators.
func operate(t catalog.Task, ops []exec.Operator, rec arrow.Record) exec.Records {
	var out exec.Records = func(yield func(arrow.Record, error) bool) { yield(rec, nil) }
	for _, op := range ops {
		out = op.Run(t, out)
	}
	return out
}

// PanicError is a query's error when its code panicked: a fault of the program,
// or of a function that was registered, not of the user.
type PanicError struct {
	Value any    // what was panicked with
	Stack []byte // where, as debug.Stack writes it
}

// Error is the value without the stack, which says nothing to a user.
func (e *PanicError) Error() string { return fmt.Sprintf("internal error: %v", e.Value) }

// panicError makes an error of a recovered panic.
func panicError(p any) error { return &PanicError{Value: p, Stack: debug.Stack()} }

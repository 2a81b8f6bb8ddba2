package engine

import (
	"context"
	"errors"
)

// State is where a query is in its life.
type State int

// The states of a query.
const (
	Running State = iota
	Stopped       // stopped, or done
	Failed
)

// String is the state in a word.
func (s State) String() string { return [...]string{"running", "stopped", "failed"}[s] }

// Query is an INSERT that runs, or ran: in the background over a stream, or to
// its end over bounded inputs. Its methods may be called from any goroutine.
type Query struct {
	name      string
	text      string
	streaming bool
	target    string
	engine    *Engine
	meter     *meter
	faults    faultLog
	letters   *deadLetters // nil for a SELECT

	ctx      context.Context         // ends when the query must stop at once
	cancel   context.CancelCauseFunc // ends ctx
	gentle   context.Context         // ends when no new epoch should be started
	stop     context.CancelFunc      // ends gentle
	requests chan *availability
	over     chan struct{} // closed when the query has ended
	done     chan struct{} // closed when the listener knows it, too
	err      error         // why it ended; set before over is closed
}

// errStopped is the cause of a context that a stop at once cancelled.
var errStopped = errors.New("the query was stopped")

// Name of the query.
func (q *Query) Name() string { return q.name }

// Streaming is false for a query over bounded inputs.
func (q *Query) Streaming() bool { return q.streaming }

// Target is the name of the table that the query writes.
func (q *Query) Target() string { return q.target }

// DeadLetters names where the rows go that models have no answer for and whose
// policy is dlq: a connector and a place; "" for a SELECT, which leaves them out.
func (q *Query) DeadLetters() string {
	if q.letters == nil || q.letters.table == nil {
		return ""
	}
	return tableOf(q.letters.table)
}

// State of the query at this moment.
func (q *Query) State() State {
	select {
	case <-q.over:
		if q.err != nil {
			return Failed
		}
		return Stopped
	default:
		return Running
	}
}

// Done is closed when the query has ended and the listener was told.
func (q *Query) Done() <-chan struct{} { return q.done }

// Err is why the query failed; nil while it runs and when it was stopped or has
// done its work.
func (q *Query) Err() error {
	select {
	case <-q.over:
		return q.err
	default:
		return nil
	}
}

// Progress of the query at this moment.
func (q *Query) Progress() Progress {
	p := q.meter.snapshot()
	p.Faults = q.faults.snapshot()
	p.DeadLetters = q.faults.deadLetters()
	return p
}

// Wait waits until the query has ended and returns why it failed, or ctx's error.
func (q *Query) Wait(ctx context.Context) error {
	select {
	case <-q.done:
		return q.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Stop ends the query when the epoch under way is committed, and waits for that.
// When ctx ends first it returns ctx's error, and the query still stops; see Kill.
func (q *Query) Stop(ctx context.Context) error {
	q.stop()
	return q.Wait(ctx)
}

// Kill ends the query at once, in the middle of an epoch, and waits for that. The
// epoch runs again when the query is next started from its checkpoint.
func (q *Query) Kill() {
	q.cancel(errStopped)
	<-q.done
}

// AwaitAvailable notes what the query's sources hold now and waits until that is
// committed. A query that fails first returns its error; one that was stopped,
// nil.
func (q *Query) AwaitAvailable(ctx context.Context) error {
	if !q.streaming {
		return q.Wait(ctx)
	}
	req := &availability{reached: make(chan error, 1)}
	select {
	case q.requests <- req:
	case <-q.done:
		return q.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case err := <-req.reached:
		return err
	case <-q.done:
		return q.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// finish ends a query that the listener was never told of.
func (q *Query) finish(err error) {
	q.record(err)
	close(q.done)
}

// end ends the query, tells the listener and then those who wait.
func (q *Query) end(err error) {
	q.record(err)
	q.engine.emit(QueryEnded{Query: q, Err: q.err})
	close(q.done)
}

// record keeps why the query ended and frees its contexts.
func (q *Query) record(err error) {
	if errors.Is(err, errStopped) {
		err = nil
	}
	if cerr := q.letters.close(); cerr != nil && err == nil {
		err = cerr
	}
	q.err = err
	close(q.over)
	q.stop()
	q.cancel(nil)
}

// status tells a person what the query waits for.
func (q *Query) status(text string) {
	if q.meter.setStatus(text) {
		q.engine.emit(QueryStatus{Query: q, Text: text})
	}
}

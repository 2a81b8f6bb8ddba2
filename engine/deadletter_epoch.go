package engine

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/millrace-sql/millrace/engine/connector"
)

// epochLetters is the dead letters of one epoch. They are written while the epoch
// runs and are durable before the epoch's own rows: an epoch that runs again
// after a crash brings the same ones, which the sink then has, and none is lost
// with rows that count.
//
// A nil *epochLetters is of a query without dead letters, a SELECT: they are only
// counted.
type epochLetters struct {
	to    *deadLetters
	ctx   context.Context
	id    connector.QueryID
	epoch int64 // negative: they are only counted
	now   time.Time

	started bool
	ended   bool
	rows    chan connector.Encoded
	stop    chan struct{} // closed when the epoch fails
	done    chan struct{} // closed when Write has returned
	err     error         // of Write, once done is closed
}

// begin prepares the dead letters of an epoch. The caller ends them with finish or
// close, or both.
func (d *deadLetters) begin(ctx context.Context, id connector.QueryID, epoch int64, now time.Time) *epochLetters {
	if d == nil {
		return nil
	}
	return &epochLetters{to: d, ctx: ctx, id: id, epoch: epoch, now: now}
}

// writes says whether the letters are stored and not only counted.
func (l *epochLetters) writes() bool { return l != nil && l.epoch >= 0 }

var errEpochFailed = errors.New("the epoch failed")

// add hands encoded letters, which it is given, to the sink.
func (l *epochLetters) add(enc connector.Encoded) error {
	if !l.started {
		l.start()
	}
	select {
	case l.rows <- enc:
		return nil
	case <-l.done: // it has the epoch already, or has failed
		enc.Release()
		return l.err
	}
}

// start runs the sink's Write beside the epoch.
func (l *epochLetters) start() {
	l.started = true
	l.rows, l.stop, l.done = make(chan connector.Encoded), make(chan struct{}), make(chan struct{})
	sink, _, err := l.to.open(l.ctx)
	go func() {
		defer close(l.done)
		if err != nil {
			l.err = err
			return
		}
		if err := guarded(func() error { return sink.Write(l.ctx, l.id, l.epoch, l.incoming()) }); err != nil {
			l.err = l.to.named(err)
		}
	}()
}

// incoming is the letters as they come.
func (l *epochLetters) incoming() iter.Seq2[connector.Encoded, error] {
	return func(yield func(connector.Encoded, error) bool) {
		for {
			select {
			case enc, ok := <-l.rows:
				if !ok || !yield(enc, nil) {
					return
				}
			case <-l.stop:
				yield(nil, errEpochFailed)
				return
			}
		}
	}
}

// finish waits until the letters are durable.
func (l *epochLetters) finish() error {
	if l == nil || !l.started || l.ended {
		return nil
	}
	l.ended = true
	close(l.rows)
	<-l.done
	if l.err == nil {
		l.to.query.engine.hook("dead letters written")
	}
	return l.err
}

// close gives up what was not finished.
func (l *epochLetters) close() {
	if l == nil || !l.started || l.ended {
		return
	}
	l.ended = true
	close(l.stop)
	<-l.done
}

// before gives the rows of the epoch and makes its dead letters durable when they
// end, before the sink of the rows can think that it has them all.
func (l *epochLetters) before(rows iter.Seq2[connector.Encoded, error]) iter.Seq2[connector.Encoded, error] {
	if l == nil {
		return rows
	}
	return func(yield func(connector.Encoded, error) bool) {
		for enc, err := range rows {
			if !yield(enc, err) || err != nil {
				return
			}
		}
		if err := l.finish(); err != nil {
			yield(nil, err)
		}
	}
}

// epochLetters gives the dead letters of an epoch of a stream. Those of its tables,
// which are read once a run, go with the query's first epoch.
func (r *stream) epochLetters(ctx context.Context, n int64, now time.Time) *epochLetters {
	if l := r.runner.letters; l != nil && l.epoch == n && !l.ended {
		l.now = now
		return l
	}
	r.runner.letters.close()
	r.runner.letters = r.q.letters.begin(ctx, r.id(), n, now)
	return r.runner.letters
}

// tableLetters prepares for the dead letters of the stream's tables: those of a
// query that goes on were written when it began, and are only counted.
func (r *stream) tableLetters(ctx context.Context) {
	if s := r.log.State(); s.Committed < 0 {
		r.epochLetters(ctx, 0, r.runner.now)
	} else {
		r.epochLetters(ctx, -1, r.runner.now)
	}
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/checkpoint"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/exec"
	"github.com/millrace-sql/millrace/sql"
	"github.com/millrace-sql/millrace/sql/plan"
)

// stream drives a streaming query in epochs.
type stream struct {
	assembly
	streamModels
	q       *Query
	log     *checkpoint.Log
	sink    connector.Sink
	trigger Trigger
	poll    time.Duration

	done    []connector.Offsets // committed, by input
	until   []connector.Offsets // where the query ends, by input; nil: nowhere
	waiting []*availability
	latest  []connector.Offsets // what the sources held at lagAt, by input
	lagAt   time.Time
}

// lagEvery is how often the sources are asked how much they hold, for progress.
const lagEvery = 500 * time.Millisecond

// identify compares the checkpoint with the query, refuses one of another and
// gives notes about what has changed within the same.
func (r *stream) identify(w *plan.Write) ([]string, error) {
	f := checkpoint.Fingerprint{
		Query: r.q.text,
		// Without state nothing but sources, sink and schema ties a query to its
		// checkpoint: as in Spark, its text may change between runs.
		Plan:   "stateless",
		Sink:   tableOf(w.Table),
		Schema: sql.TypeName(arrow.StructOf(r.runner.program.Schema.Fields()...)),
	}
	for _, in := range r.inputs {
		f.Sources = append(f.Sources, tableOf(in.scan.leaf.Scan.Table))
	}
	var notes []string
	if old, ok := r.log.Fingerprint(); ok && old.Query != f.Query {
		notes = append(notes, "the query's text has changed since its last run; it goes on from its checkpoint")
	}
	return notes, r.log.SetFingerprint(f)
}

// begin finds where the query goes on, or logs where it starts. The sink is asked
// first whether it fits, so that a query that it refuses leaves nothing behind.
func (r *stream) begin(ctx context.Context) error {
	state := r.log.State()
	if s, ok := r.sink.(connector.Resumer); ok {
		at := connector.Resumption{Next: state.Next(), Planned: state.Planned > state.Committed, First: state.Planned < 0}
		if err := s.Resume(ctx, r.id(), at); err != nil {
			return err
		}
	}
	if state.Planned < 0 && state.From == nil {
		if err := r.logStart(ctx); err != nil {
			return err
		}
		state = r.log.State()
	}
	lines := state.From
	if state.Planned >= 0 && state.Planned == state.Committed {
		lines = state.Last.Offsets
	}
	var err error
	r.done, err = r.parse(lines)
	return err
}

// logStart makes durable where a new query starts.
func (r *stream) logStart(ctx context.Context) error {
	lines := make([]string, len(r.inputs))
	for i, in := range r.inputs {
		start, err := in.scan.source.Initial(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", in.name, err)
		}
		if lines[i], err = in.format(start); err != nil {
			return err
		}
	}
	return r.log.Start(lines)
}

func (r *stream) id() connector.QueryID { return connector.QueryID(r.log.ID()) }

// parse reads the sources' offsets from the lines of the checkpoint.
func (r *stream) parse(lines []string) ([]connector.Offsets, error) {
	if len(lines) != len(r.inputs) {
		return nil, fmt.Errorf("checkpoint %s holds %s, the query reads %d: it belongs to another query", r.log.Dir(), catalog.Count(len(lines), "source"), len(r.inputs))
	}
	all := make([]connector.Offsets, len(lines))
	for i, in := range r.inputs {
		o, err := in.parse(lines[i])
		if err != nil {
			return nil, fmt.Errorf("checkpoint %s, source %d (%s): %w", r.log.Dir(), i, in.name, err)
		}
		all[i] = o
	}
	return all, nil
}

// run drives epochs until the query is stopped, ends or fails.
func (r *stream) run(ctx context.Context) error {
	gentle := r.q.gentle
	r.tableLetters(ctx)
	if err := r.runStatic(ctx); err != nil {
		return r.wrong(err)
	}
	if err := r.recover(ctx); err != nil {
		return err
	}
	if err := r.fixEnd(gentle); err != nil {
		return ignoreEnd(gentle, r.wrong(err))
	}
	return r.epochs(ctx, gentle)
}

// recover runs the epoch again that was planned and not committed.
func (r *stream) recover(ctx context.Context) error {
	state := r.log.State()
	if state.Planned == state.Committed {
		return nil
	}
	to, err := r.parse(state.Last.Offsets)
	if err != nil {
		return r.wrong(err)
	}
	return r.epoch(ctx, state.Planned, to, state.Last.Time, time.Now())
}

// fixEnd notes where a query with an end ends.
func (r *stream) fixEnd(ctx context.Context) error {
	if !r.trigger.AvailableNow && !r.trigger.Once {
		return nil
	}
	r.until = make([]connector.Offsets, len(r.inputs))
	for i, in := range r.inputs {
		o, err := in.scan.source.Latest(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", in.name, err)
		}
		r.until[i] = o
	}
	return nil
}

// epochs plans and runs epochs. Gentle ends when no new epoch should be started.
func (r *stream) epochs(ctx, gentle context.Context) error {
	pause := r.poll
	for {
		began := time.Now()
		if err := r.answer(gentle); err != nil {
			return ignoreEnd(gentle, err)
		}
		to, fresh, err := r.plan(gentle)
		if gentle.Err() != nil {
			return ignoreEnd(gentle, gentle.Err())
		}
		if err != nil {
			return r.wrong(err)
		}
		// After the sources were asked: rows that came after a model was replaced must
		// not meet the one before.
		if err := r.renew(gentle); err != nil {
			return ignoreEnd(gentle, r.wrong(err))
		}
		if !fresh {
			if r.trigger.AvailableNow || r.trigger.Once {
				return nil
			}
			if !r.sleep(gentle, pause) {
				return ignoreEnd(gentle, gentle.Err())
			}
			pause = min(pause*2, 10*r.poll)
			continue
		}
		pause = r.poll
		if err := r.next(ctx, to, began); err != nil {
			return err
		}
		if r.trigger.Once {
			return nil
		}
		if wait := r.trigger.Interval - time.Since(began); wait > 0 && !r.sleep(gentle, wait) {
			return ignoreEnd(gentle, gentle.Err())
		}
	}
}

// ignoreEnd makes the end that was asked for no error.
func ignoreEnd(gentle context.Context, err error) error {
	if gentle.Err() != nil {
		return nil
	}
	return err
}

// sleep waits, answering requests; false when the query should stop.
func (r *stream) sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return true
		case req := <-r.q.requests:
			r.accept(ctx, req)
		case <-ctx.Done():
			return false
		}
	}
}

// plan asks the sources what the next epoch takes; fresh is false when none has
// anything new.
func (r *stream) plan(ctx context.Context) (to []connector.Offsets, fresh bool, err error) {
	to = make([]connector.Offsets, len(r.inputs))
	for i, in := range r.inputs {
		var l connector.Limit
		if r.until != nil {
			l.Until = r.until[i]
		}
		if r.trigger.Once { // whatever the source's own limit is, as in Spark
			to[i] = r.until[i]
			fresh = fresh || !maps.Equal(to[i], r.done[i])
			continue
		}
		if to[i], err = in.scan.source.Plan(ctx, r.done[i], l); err != nil {
			return nil, false, fmt.Errorf("%s: %w", in.name, err)
		}
		fresh = fresh || !maps.Equal(to[i], r.done[i])
	}
	if fresh {
		r.q.meter.busy(r.lag(ctx, to))
	}
	return to, fresh, nil
}

// lag is how many rows the sources held, when last asked, beyond offsets; 0 when
// they do not say.
func (r *stream) lag(ctx context.Context, to []connector.Offsets) int64 {
	if time.Since(r.lagAt) >= lagEvery {
		r.lagAt = time.Now()
		r.latest = r.latest[:0]
		for _, in := range r.inputs {
			latest, err := in.scan.source.Latest(ctx)
			if err != nil {
				latest = nil
			}
			r.latest = append(r.latest, latest)
		}
	}
	var sum int64
	for i, latest := range r.latest {
		for split, end := range latest {
			sum += max(0, end-to[i][split])
		}
	}
	return sum
}

// next plans an epoch durably and runs it.
func (r *stream) next(ctx context.Context, to []connector.Offsets, began time.Time) error {
	n := r.log.State().Next()
	e := checkpoint.Epoch{Time: time.Now(), Offsets: make([]string, len(to)), Models: r.versions}
	for i, in := range r.inputs {
		line, err := in.format(to[i])
		if err != nil {
			return r.wrong(err)
		}
		e.Offsets[i] = line
	}
	if err := r.log.Plan(n, e); err != nil {
		return r.wrong(err)
	}
	r.q.engine.hook("epoch planned")
	return r.epoch(ctx, n, to, r.log.State().Last.Time, began)
}

// epoch runs epoch n from where the query is to the given offsets, and commits
// it. The query's time in it is now.
func (r *stream) epoch(ctx context.Context, n int64, to []connector.Offsets, now, began time.Time) error {
	planned := time.Now()
	var splits []connector.Range
	sources := make([]SourceProgress, len(r.inputs))
	for i, in := range r.inputs {
		in.scan.ranges = in.scan.source.Ranges(r.done[i], to[i])
		splits = append(splits, in.scan.ranges...)
		sources[i] = in.progress(r.done[i], to[i])
	}
	r.runner.reset(now)
	letters := r.epochLetters(ctx, n, now)
	defer letters.close()
	if err := r.runner.runStages(ctx, func(s *exec.Stage) bool { return !s.Static }); err != nil {
		return r.failed(n, splits, err)
	}
	encode := func(t *task, rec arrow.Record) (connector.Encoded, error) { return r.sink.Encode(t, rec) }
	rows := letters.before(r.q.counted(r.runner.rootRows(ctx, encode)))
	if err := r.sink.Write(ctx, r.id(), n, rows); err != nil {
		return r.failed(n, splits, err)
	}
	if err := letters.finish(); err != nil {
		return r.failed(n, splits, err)
	}
	written := time.Now()
	if err := r.log.Commit(n); err != nil {
		return r.failed(n, splits, err)
	}
	r.q.engine.hook("epoch committed")
	r.done = to
	r.committed(ctx)
	p := r.q.meter.epochDone(n, map[string]int64{
		"latestOffset": planned.Sub(began).Milliseconds(), "addBatch": written.Sub(planned).Milliseconds(),
		"commitOffsets": time.Since(written).Milliseconds(), "triggerExecution": time.Since(began).Milliseconds(),
	}, sources)
	r.q.engine.emit(QueryProgress{Query: r.q, Progress: p})
	return nil
}

// wrong names the query in an error that ends it between epochs.
func (r *stream) wrong(err error) error { return fmt.Errorf("query %s: %w", r.q.name, err) }

// failed names the epoch and what it reads in an error that ends the query.
func (r *stream) failed(n int64, ranges []connector.Range, err error) error {
	where := ""
	if len(ranges) > 0 {
		where = fmt.Sprintf(" (%s offsets %d to %d", ranges[0].Split, ranges[0].From, ranges[0].To)
		if len(ranges) > 1 {
			where += fmt.Sprintf(" and %d more", len(ranges)-1)
		}
		where += ")"
	}
	return fmt.Errorf("query %s, epoch %d%s: %w", r.q.name, n, where, err)
}

// committed tells the sources, and whoever waits, how far the query is.
func (r *stream) committed(ctx context.Context) {
	for i, in := range r.inputs {
		if err := in.scan.source.Committed(ctx, r.done[i]); err != nil {
			r.q.engine.cfg.Logger.Warn("offsets were not committed for lag tools", "query", r.q.name, "source", in.name, "error", err)
		}
	}
	r.release()
}

// close closes whatever is open.
func (r *stream) close() error {
	err := r.closeProgram()
	for _, in := range r.inputs {
		err = errors.Join(err, in.scan.source.Close())
	}
	if r.sink != nil {
		err = errors.Join(err, r.sink.Close())
	}
	if r.log != nil {
		err = errors.Join(err, r.log.Close())
	}
	return err
}

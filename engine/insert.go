package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/google/uuid"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/checkpoint"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/disk"
	"github.com/millrace-sql/millrace/engine/exec"
	"github.com/millrace-sql/millrace/sql"
	"github.com/millrace-sql/millrace/sql/plan"
)

// Start begins an INSERT or CREATE QUERY in the background and returns its query
// once its first offsets are logged. One over bounded inputs is run to its end.
func (e *Engine) Start(ctx context.Context, text string) (*Query, error) {
	src := &sql.Source{Name: "<query>", Text: text}
	s := e.liveSession()
	st, err := sql.ParseStatement(src, s.variable)
	if err != nil {
		return nil, err
	}
	switch st.(type) {
	case *sql.Insert, *sql.CreateQuery:
	default:
		return nil, withSource(sql.Errorf(st.Pos(), "an INSERT or a CREATE QUERY was expected"), src)
	}
	res, err := s.execute(ctx, st, src)
	if err != nil {
		return nil, withSource(err, src)
	}
	return res.Query, nil
}

// insert runs an INSERT: to its end, or in the background when its input has
// none.
func (s *session) insert(ctx context.Context, st *sql.Insert, src *sql.Source, opts startOptions, res *Result) error {
	w, err := s.bindInsert(st)
	if err != nil {
		return err
	}
	if opts.name == "" {
		opts.name = st.Table.Name
	}
	q := s.engine.newQuery(opts.name, textOf(src, st.Span), w)
	if err := s.openLetters(ctx, q, w, opts); err != nil {
		q.finish(err)
		return err
	}
	if !q.streaming {
		res.Query = q
		if err := s.engine.runBatch(ctx, q, w); err != nil {
			return err
		}
		res.Message = rowsWritten(w.Table.Name, q.Progress())
		return nil
	}
	where, notes, err := s.engine.startStream(ctx, q, s.insertRecipe(st), opts)
	if err != nil {
		return err
	}
	s.note(notes...)
	res.Query = q
	res.Message = fmt.Sprintf("query %s started: %s -> %s%s", q.name, streamNames(w), w.Table.Name, where)
	return nil
}

func textOf(src *sql.Source, s sql.Span) string {
	if s.Start < 0 || s.End > len(src.Text) || s.Start >= s.End {
		return ""
	}
	return src.Text[s.Start:s.End]
}

func streamNames(n plan.Node) string {
	var names []string
	for _, scan := range plan.Scans(n) {
		if scan.Table != nil && scan.Table.Stream {
			names = append(names, scan.Table.Name)
		}
	}
	return strings.Join(names, ", ")
}

func (e *Engine) newQuery(name, text string, n plan.Node) *Query {
	q := &Query{
		name: name, text: text, streaming: plan.IsUnbounded(n), engine: e,
		requests: make(chan *availability), over: make(chan struct{}), done: make(chan struct{}),
	}
	q.ctx, q.cancel = context.WithCancelCause(e.ctx)
	q.gentle, q.stop = context.WithCancel(q.ctx)
	base := Progress{ID: uuid.NewString(), RunID: uuid.NewString(), Name: name}
	if w, ok := n.(*plan.Write); ok {
		q.target = w.Table.Name
		base.Sink.Description = w.Table.Connector + " " + w.Table.Name
	}
	q.meter = newMeter(base)
	return q
}

// register gives a streaming query its name, which must not be that of a running
// one.
func (e *Engine) register(q *Query) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return ErrClosed
	}
	key := strings.ToLower(q.name)
	if old := e.queries[key]; old != nil && old.State() == Running {
		return fmt.Errorf("a query named %s is running already: give this one a name of its own with CREATE QUERY", old.name)
	}
	e.queries[key] = q
	return nil
}

// forget drops an ended query from the list.
func (e *Engine) forget(q *Query) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if key := strings.ToLower(q.name); e.queries[key] == q {
		delete(e.queries, key)
	}
}

// within is ctx that also ends with another context. The caller calls done.
func within(ctx, other context.Context) (both context.Context, done func()) {
	both, cancel := context.WithCancelCause(ctx)
	detach := context.AfterFunc(other, func() { cancel(context.Cause(other)) })
	return both, func() {
		detach()
		cancel(nil)
	}
}

// runBatch runs an INSERT over bounded inputs to its end.
func (e *Engine) runBatch(ctx context.Context, q *Query, w *plan.Write) error {
	ctx, done := within(ctx, q.ctx)
	defer done()
	e.emit(QueryStarted{Query: q})
	err := guarded(func() error { return e.batchEpoch(ctx, q, w) })
	q.end(err)
	return err
}

// batchEpoch is the one epoch of an INSERT over bounded inputs.
func (e *Engine) batchEpoch(ctx context.Context, q *Query, w *plan.Write) (err error) {
	program, err := exec.Compile(w.Input)
	if err != nil {
		return err
	}
	sink, err := e.openSink(ctx, q, w, program.Schema)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sink.Close()) }()
	id := connector.QueryID(q.meter.last.ID)
	b, err := e.openBatch(ctx, q, program, e.cfg.Allocator)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	began := time.Now()
	letters := q.letters.begin(ctx, id, 0, b.runner.now)
	defer letters.close()
	b.runner.letters = letters
	rows := b.rows(ctx, func(t *task, rec arrow.Record) (connector.Encoded, error) { return sink.Encode(t, rec) })
	if err := sink.Write(ctx, id, 0, letters.before(q.counted(rows))); err != nil {
		return err
	}
	if err := letters.finish(); err != nil {
		return err
	}
	p := q.meter.epochDone(0, map[string]int64{"triggerExecution": time.Since(began).Milliseconds()}, nil)
	e.emit(QueryProgress{Query: q, Progress: p})
	return nil
}

// openSink opens the sink of an INSERT.
func (e *Engine) openSink(ctx context.Context, q *Query, w *plan.Write, schema *arrow.Schema) (connector.Sink, error) {
	t := w.Table
	if w.Overwrite {
		over := *t
		over.Options = map[string]string{}
		for k, v := range t.Options {
			over.Options[k] = v
		}
		over.Options[connector.OverwriteOption] = "true"
		t = &over
	}
	sink, err := e.connectors[t.Connector].OpenSink(ctx, e.env(q.status), t, schema)
	if err != nil {
		return nil, named(t, err)
	}
	return sink, nil
}

// named puts a table into an error that does not name it.
func named(t *catalog.Table, err error) error {
	if strings.Contains(err.Error(), t.Name) {
		return err
	}
	return fmt.Errorf("%s %s: %w", t.Connector, t.Name, err)
}

// startStream opens everything a streaming query needs, logs its first offsets
// and starts it. Where says where its checkpoint is; notes, what has changed since its
// last run.
func (e *Engine) startStream(ctx context.Context, q *Query, rec *recipe, opts startOptions) (where string, notes []string, err error) {
	if err := e.register(q); err != nil {
		q.finish(err)
		return "", nil, err
	}
	r := &stream{q: q, trigger: opts.trigger, poll: e.cfg.PollInterval, streamModels: streamModels{recipe: rec}}
	if e.cfg.AvailableNow && r.trigger == (Trigger{}) {
		r.trigger.AvailableNow = true
	}
	ctx, done := within(ctx, q.gentle)
	defer done()
	err = guarded(func() (err error) {
		where, notes, err = r.prepare(ctx, e.checkpointDir(opts), opts.currentModels)
		return err
	})
	if err == nil {
		e.launch(q, r)
		return where, notes, nil
	}
	e.forget(q)
	err = &StartError{Query: q.name, Err: errors.Join(err, r.close())}
	if q.gentle.Err() != nil { // it was stopped, or the engine closed
		q.finish(nil)
	} else {
		q.finish(err)
	}
	return "", nil, err
}

// StartError is why a streaming query could not be started. Nothing of it was run.
type StartError struct {
	Query string
	Err   error
}

// Error names the query.
func (e *StartError) Error() string { return fmt.Sprintf("query %s: %v", e.Query, e.Err) }

// Unwrap gives the reason.
func (e *StartError) Unwrap() error { return e.Err }

// prepare opens what the stream needs and logs its first offsets. CurrentModels
// lets an epoch that must run again be scored by other models than it was planned
// with.
func (r *stream) prepare(ctx context.Context, dir string, currentModels bool) (where string, notes []string, err error) {
	d, err := r.recipe.make(nil)
	if err != nil {
		return "", nil, err
	}
	w := d.plan.(*plan.Write)
	if r.log, err = openLog(dir); err != nil {
		return "", nil, err
	}
	if dir != "" {
		where = "; checkpoint " + dir
	}
	if r.sink, err = r.q.engine.openSink(ctx, r.q, w, d.program.Schema); err != nil {
		return "", nil, err
	}
	program, modelNotes, err := r.firstProgram(d, currentModels)
	if err != nil {
		return "", nil, err
	}
	if err := r.open(ctx, r.q, program, nil); err != nil {
		return "", nil, err
	}
	if notes, err = r.identify(w); err != nil {
		return "", nil, err
	}
	if err := r.begin(ctx); err != nil {
		return "", nil, err
	}
	return where, append(notes, modelNotes...), r.keepFirst()
}

// launch runs a stream in its own goroutine.
func (e *Engine) launch(q *Query, r *stream) {
	e.emit(QueryStarted{Query: q})
	go func() {
		err := guarded(func() error { return r.run(q.ctx) })
		if cause := context.Cause(q.ctx); cause != nil && err != nil {
			err = cause
			if errors.Is(cause, ErrClosed) {
				err = errStopped
			}
		}
		q.end(errors.Join(err, r.close()))
	}()
}

// guarded turns a panic into the query's error.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicError(p)
		}
	}()
	return f()
}

// checkpointDir is where a query keeps its checkpoint: where it says, else under
// the data directory, else nowhere.
func (e *Engine) checkpointDir(opts startOptions) string {
	if opts.checkpoint != "" {
		return strings.TrimPrefix(opts.checkpoint, "file://")
	}
	if e.cfg.DataDir == "" {
		return ""
	}
	return filepath.Join(e.cfg.DataDir, "checkpoints", folderName(opts.name))
}

// folderName is a query's name as that of one folder: what makes a path is written
// as in a URL.
func folderName(query string) string {
	switch query {
	case ".", "..":
		return strings.ReplaceAll(query, ".", "%2E")
	}
	return strings.NewReplacer("%", "%25", "/", "%2F", `\`, "%5C").Replace(query)
}

func openLog(dir string) (*checkpoint.Log, error) {
	if dir == "" {
		return checkpoint.Memory(), nil
	}
	return checkpoint.Open(disk.OS{}, dir)
}

// tableOf describes a table for a checkpoint's fingerprint: the connector and
// the place.
func tableOf(t *catalog.Table) string {
	for _, k := range []string{"path", "subscribe", "subscribepattern", "assign", "topic"} {
		if v := t.Options[k]; v != "" {
			return t.Connector + " " + v
		}
	}
	return t.Connector + " " + t.Name
}

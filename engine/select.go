package engine

import (
	"context"
	"errors"
	"iter"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/checkpoint"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/exec"
	"github.com/millrace-sql/millrace/sql"
	"github.com/millrace-sql/millrace/sql/plan"
)

// Query runs one statement that gives rows: a SELECT, SHOW, DESCRIBE or EXPLAIN.
// The context bounds the whole iteration.
func (e *Engine) Query(ctx context.Context, text string) (*Rows, error) {
	src := &sql.Source{Name: "<query>", Text: text}
	s := e.liveSession()
	st, err := sql.ParseStatement(src, s.variable)
	if err != nil {
		return nil, err
	}
	switch st.(type) {
	case *sql.SelectStmt, *sql.Show, *sql.Describe, *sql.Explain, *sql.Set:
	default:
		return nil, withSource(sql.Errorf(st.Pos(), "a SELECT was expected").WithHint("Run executes any statement"), src)
	}
	res, err := s.execute(ctx, st, src)
	if err != nil {
		return nil, withSource(err, src)
	}
	if res.Rows == nil {
		return textRows(nil, nil), nil
	}
	return res.Rows, nil
}

// selectRows gives the rows of a query.
func (s *session) selectRows(ctx context.Context, q *sql.Query) (*Rows, error) {
	n, err := s.bindSelect(q)
	if err != nil {
		return nil, err
	}
	if plan.IsUnbounded(n) {
		return s.followRows(ctx, n, s.selectRecipe(q))
	}
	return s.engine.boundedRows(ctx, n)
}

// held is a record as a connector.Encoded: the form of rows that stay in memory.
type held struct{ rec arrow.Record }

func hold(_ *task, rec arrow.Record) (connector.Encoded, error) {
	rec.Retain()
	return held{rec}, nil
}

// Rows of the record.
func (h held) Rows() int { return int(h.rec.NumRows()) }

// Release the record.
func (h held) Release() { h.rec.Release() }

// boundedRows runs a plan over bounded inputs as its rows are asked for.
func (e *Engine) boundedRows(ctx context.Context, n plan.Node) (*Rows, error) {
	program, err := exec.Compile(n)
	if err != nil {
		return nil, err
	}
	q := e.newQuery("select", "", n)
	ctx, done := within(ctx, q.ctx)
	b, err := e.openBatch(ctx, q, program, e.cfg.Allocator)
	if err != nil {
		done()
		q.finish(err)
		return nil, err
	}
	end := func() {
		_ = b.Close()
		done()
		q.finish(nil)
	}
	seq := func(yield func(arrow.Record, error) bool) {
		for enc, err := range b.rows(ctx, hold) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(enc.(held).rec, nil) {
				return
			}
		}
	}
	return &Rows{schema: program.Schema, query: q, seq: seq, close: end}, nil
}

// followRows runs a SELECT over a stream: rows come as they are read, until the
// context ends or a LIMIT is reached.
func (s *session) followRows(ctx context.Context, n plan.Node, rec *recipe) (*Rows, error) {
	e := s.engine
	_, limit := takeLimit(n)
	d, err := rec.make(nil)
	if err != nil {
		return nil, err
	}
	sink := &followSink{records: make(chan arrow.Record)}
	q := e.newQuery("select", "", d.plan)
	r := &stream{q: q, log: checkpoint.Memory(), sink: sink, poll: e.cfg.PollInterval, streamModels: streamModels{recipe: rec}}
	r.trigger.AvailableNow = e.cfg.AvailableNow
	starting, done := within(ctx, q.ctx)
	defer done()
	program, _, err := r.firstProgram(d, false)
	if err == nil {
		err = r.open(starting, q, program, nil)
	}
	if err == nil {
		err = r.begin(starting)
	}
	if err == nil {
		err = r.keepFirst()
	}
	if err == nil {
		err = context.Cause(starting)
	}
	if err != nil {
		q.finish(err)
		return nil, errors.Join(err, r.close())
	}
	e.launch(q, r)
	return &Rows{schema: d.program.Schema, unbounded: true, query: q, seq: sink.follow(ctx, q, limit), close: q.Kill}, nil
}

// takeLimit takes the LIMIT of a query out of its plan, where it stands on top or
// below what only computes columns: a stream's limit counts over all its epochs.
// It is negative when there is none.
func takeLimit(n plan.Node) (plan.Node, int64) {
	switch x := n.(type) {
	case *plan.Limit:
		if x.Offset == 0 && x.N >= 0 {
			return x.Input, x.N
		}
	case *plan.Project:
		if in, limit := takeLimit(x.Input); limit >= 0 {
			return x.WithInputs([]plan.Node{in}), limit
		}
	}
	return n, -1
}

// followSink hands records to whoever iterates.
type followSink struct{ records chan arrow.Record }

// Encode keeps the record as it is.
func (s *followSink) Encode(_ catalog.Task, rec arrow.Record) (connector.Encoded, error) {
	return hold(nil, rec)
}

// Write hands the rows over, one record at a time.
func (s *followSink) Write(ctx context.Context, _ connector.QueryID, _ int64, rows iter.Seq2[connector.Encoded, error]) error {
	for enc, err := range rows {
		if err != nil {
			return err
		}
		select {
		case s.records <- enc.(held).rec:
		case <-ctx.Done():
			enc.Release()
			return context.Cause(ctx)
		}
	}
	return nil
}

// Close does nothing.
func (s *followSink) Close() error { return nil }

// follow gives at most limit rows (negative: all) until the query or ctx ends.
func (s *followSink) follow(ctx context.Context, q *Query, limit int64) iter.Seq2[arrow.Record, error] {
	return func(yield func(arrow.Record, error) bool) {
		for limit != 0 {
			select {
			case rec := <-s.records:
				if rec.NumRows() == 0 {
					rec.Release()
					continue
				}
				if limit > 0 {
					rec = firstRows(rec, limit)
					limit -= rec.NumRows()
				}
				if !yield(rec, nil) {
					return
				}
			case <-q.done:
				if q.err != nil {
					yield(nil, q.err)
				}
				return
			case <-ctx.Done():
				return
			}
		}
	}
}

// firstRows cuts a record, which it uses up, to at most n rows.
func firstRows(rec arrow.Record, n int64) arrow.Record {
	if rec.NumRows() <= n {
		return rec
	}
	defer rec.Release()
	return rec.NewSlice(0, n)
}

// cache keeps the rows of a relation in memory.
func (s *session) cache(ctx context.Context, st *sql.Cache, src *sql.Source) (string, error) {
	n, err := s.cachePlan(st, src)
	if err != nil {
		return "", err
	}
	c, left, err := s.engine.materialise(ctx, n)
	if err != nil {
		return "", err
	}
	s.note(leftOut(left)...)
	name := st.Name.Name
	switch r := s.catalog.Relation(name).(type) {
	case *catalog.Table:
		full := *r
		full.Cache = c
		err = s.catalog.PutRelation(r.Name, &full, true)
	case *catalog.View:
		full := *r
		full.Cache = c
		err = s.catalog.PutRelation(r.Name, &full, true)
	}
	return name + ": " + catalog.Count(int(c.Rows), "row") + " cached", err
}

// materialise runs a plan and keeps its rows on the Go heap, where any number of
// queries may use them and the garbage collector ends them. Left are the rows that
// models left out.
func (e *Engine) materialise(ctx context.Context, n plan.Node) (c *catalog.Cached, left []DeadLetters, err error) {
	program, err := exec.Compile(n)
	if err != nil {
		return nil, nil, err
	}
	q := e.newQuery("cache", "", n)
	defer q.finish(nil)
	b, err := e.openBatch(ctx, q, program, memory.NewGoAllocator())
	if err != nil {
		return nil, nil, err
	}
	c = &catalog.Cached{Schema: program.Schema}
	for enc, err := range b.rows(ctx, hold) {
		if err != nil {
			return nil, nil, errors.Join(err, b.Close())
		}
		rec := enc.(held).rec
		for _, col := range rec.Columns() {
			countNulls(col.Data())
		}
		c.Records = append(c.Records, rec)
		c.Rows += rec.NumRows()
	}
	return c, q.Progress().DeadLetters, b.Close()
}

// countNulls counts an array's NULLs, its children's too. Arrow does that when it
// is first asked, without a lock, so it must be done before queries share the
// array.
func countNulls(d arrow.ArrayData) {
	arr := array.MakeFromData(d)
	arr.NullN()
	arr.Release()
	for _, child := range d.Children() {
		countNulls(child)
	}
}

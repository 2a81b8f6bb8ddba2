package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/exec"
	"github.com/millrace-sql/millrace/sql/plan"
)

// batch is a program over bounded inputs, its sources open.
type batch struct {
	runner  *runner
	sources []connector.Source
}

// openBatch opens the sources of a program and fixes what is read of each. The
// rows' buffers come from alloc.
func (e *Engine) openBatch(ctx context.Context, q *Query, p *exec.Program, alloc memory.Allocator) (*batch, error) {
	b := &batch{runner: newRunner(p, e.cfg.Workers, alloc, &q.faults)}
	b.runner.now = time.Now()
	b.runner.rowsIn = func(_ *plan.Scan, n int64) { q.meter.rowsIn(n) }
	for _, s := range p.Stages {
		if err := b.open(ctx, e, q, s); err != nil {
			return nil, errors.Join(err, b.Close())
		}
	}
	return b, nil
}

// open opens the scans of one stage.
func (b *batch) open(ctx context.Context, e *Engine, q *Query, s *exec.Stage) error {
	for i := range s.Branches {
		leaf, ok := s.Branches[i].Leaf.(*exec.ScanLeaf)
		if !ok {
			continue
		}
		scan, err := e.openBounded(ctx, q, leaf)
		if err != nil {
			return err
		}
		b.sources = append(b.sources, scan.source)
		b.runner.scans[leaf] = scan
	}
	return nil
}

// openBounded opens a table and takes all that it holds now.
func (e *Engine) openBounded(ctx context.Context, q *Query, leaf *exec.ScanLeaf) (*scanInput, error) {
	src, err := e.openSource(ctx, q, leaf)
	if err != nil {
		return nil, err
	}
	ranges, err := allRanges(ctx, src)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", leaf.Scan.Name, err), src.Close())
	}
	return &scanInput{leaf: leaf, source: src, ranges: ranges}, nil
}

func (e *Engine) openSource(ctx context.Context, q *Query, leaf *exec.ScanLeaf) (connector.Source, error) {
	t := leaf.Scan.Table
	src, err := e.connectors[t.Connector].OpenSource(ctx, e.env(q.status), t)
	if err != nil {
		return nil, named(t, err)
	}
	return src, nil
}

// allRanges is everything between a source's beginning and its end.
func allRanges(ctx context.Context, src connector.Source) ([]connector.Range, error) {
	from, err := src.Initial(ctx)
	if err != nil {
		return nil, err
	}
	until, err := src.Latest(ctx)
	if err != nil {
		return nil, err
	}
	to, err := src.Plan(ctx, from, connector.Limit{Until: until})
	if err != nil {
		return nil, err
	}
	return src.Ranges(from, to), nil
}

// rows runs all stages and gives the result's rows, encoded.
func (b *batch) rows(ctx context.Context, encode func(t *task, rec arrow.Record) (connector.Encoded, error)) iter.Seq2[connector.Encoded, error] {
	return guardedRows(func(yield func(connector.Encoded, error) bool) {
		if err := b.runner.runStages(ctx, func(*exec.Stage) bool { return true }); err != nil {
			yield(nil, err)
			return
		}
		for enc, err := range b.runner.rootRows(ctx, encode) {
			if !yield(enc, err) || err != nil {
				return
			}
		}
	})
}

// guardedRows turns a panic in rows into an error at their end. A panic of the
// receiver's own code goes on.
func guardedRows(rows iter.Seq2[connector.Encoded, error]) iter.Seq2[connector.Encoded, error] {
	return func(yield func(connector.Encoded, error) bool) {
		receiving := false
		defer func() {
			if receiving {
				return
			}
			if p := recover(); p != nil {
				yield(nil, panicError(p))
			}
		}()
		for enc, err := range rows {
			receiving = true
			more := yield(enc, err)
			receiving = false
			if !more {
				return
			}
		}
	}
}

// Close closes the sources and frees results that nobody read.
func (b *batch) Close() error {
	b.runner.close()
	var err error
	for _, s := range b.sources {
		err = errors.Join(err, s.Close())
	}
	b.sources = nil
	return err
}

// counted counts the rows that pass.
func (q *Query) counted(rows iter.Seq2[connector.Encoded, error]) iter.Seq2[connector.Encoded, error] {
	return func(yield func(connector.Encoded, error) bool) {
		for enc, err := range rows {
			n := 0
			if err == nil {
				n = enc.Rows()
			}
			if !yield(enc, err) || err != nil {
				return
			}
			q.meter.out.Add(int64(n))
		}
	}
}

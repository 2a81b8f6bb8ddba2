package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/exec"
	"github.com/millrace-sql/millrace/sql/plan"
)

// assembly is a program of a streaming query with what it reads, open.
type assembly struct {
	inputs []*streamInput // one a streaming scan, in the order of the plan
	tables []connector.Source
	runner *runner
}

// open opens the sources of a program. The streaming ones are those of have, which
// has them open for the same query, or nil.
func (a *assembly) open(ctx context.Context, q *Query, p *exec.Program, have []*streamInput) error {
	e := q.engine
	a.runner = newRunner(p, e.cfg.Workers, e.cfg.Allocator, &q.faults)
	a.runner.rowsIn = func(scan *plan.Scan, n int64) {
		if scan.Table.Stream {
			q.meter.rowsIn(n)
		}
	}
	for _, s := range p.Stages {
		for i := range s.Branches {
			if err := a.openLeaf(ctx, q, s, s.Branches[i].Leaf, have); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *assembly) openLeaf(ctx context.Context, q *Query, s *exec.Stage, leaf exec.Leaf, have []*streamInput) error {
	scan, ok := leaf.(*exec.ScanLeaf)
	switch {
	case ok && scan.Scan.Table.Stream:
		src, err := a.streamSource(ctx, q, scan, have)
		if err != nil {
			return err
		}
		in := &streamInput{scan: &scanInput{leaf: scan, source: src}, name: scan.Scan.Name}
		a.runner.scans[scan] = in.scan
		a.inputs = append(a.inputs, in)
	case ok:
		in, err := q.engine.openBounded(ctx, q, scan)
		if err != nil {
			return err
		}
		a.runner.scans[scan] = in
		a.tables = append(a.tables, in.source)
	}
	if _, stream := leaf.(*exec.ScanLeaf); !s.Static && (!stream || !scan.Scan.Table.Stream) {
		if _, inner := leaf.(*exec.StageLeaf); !inner {
			return fmt.Errorf("a stream and a table cannot be united in one streaming query: the table's rows would come again in every epoch")
		}
	}
	return nil
}

// streamSource opens the source of the next streaming scan, or takes the one that
// is open.
func (a *assembly) streamSource(ctx context.Context, q *Query, scan *exec.ScanLeaf, have []*streamInput) (connector.Source, error) {
	if have == nil {
		return q.engine.openSource(ctx, q, scan)
	}
	k := len(a.inputs)
	if k >= len(have) || tableOf(have[k].scan.leaf.Scan.Table) != tableOf(scan.Scan.Table) {
		return nil, fmt.Errorf("the query would read its streams in another order")
	}
	return have[k].scan.source, nil
}

// runStatic runs what is computed once for all epochs.
func (a *assembly) runStatic(ctx context.Context) error {
	a.runner.now = time.Now()
	if err := a.runner.runStages(ctx, func(s *exec.Stage) bool { return s.Static }); err != nil {
		return err
	}
	return a.closeTables()
}

func (a *assembly) closeTables() error {
	var err error
	for _, t := range a.tables {
		err = errors.Join(err, t.Close())
	}
	a.tables = nil
	return err
}

// closeProgram closes all but the streaming sources.
func (a *assembly) closeProgram() error {
	err := a.closeTables()
	if a.runner != nil {
		a.runner.close()
	}
	return err
}

// streamInput is a source that has no end.
type streamInput struct {
	scan *scanInput
	name string
}

// format writes offsets as the checkpoint keeps them, in the source's own form.
func (in *streamInput) format(o connector.Offsets) (string, error) {
	return in.scan.source.(connector.OffsetCodec).FormatOffsets(o)
}

func (in *streamInput) parse(line string) (connector.Offsets, error) {
	return in.scan.source.(connector.OffsetCodec).ParseOffsets(line)
}

func (in *streamInput) progress(from, to connector.Offsets) SourceProgress {
	p := SourceProgress{Description: in.name, StartOffset: Offsets(from), EndOffset: Offsets(to)}
	for split, end := range to {
		p.NumInputRows += end - from[split]
	}
	return p
}

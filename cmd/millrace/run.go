package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace-sql/millrace/engine"
	"github.com/millrace-sql/millrace/sql"
)

const runLong = `Run checks scripts and then executes their statements in order. If any statement is faulty, nothing is
started. A streaming INSERT goes on in the background; at the end of the scripts run stays while queries
run, until Ctrl-C, or as --idle-timeout or --available-now say. Ctrl-C ends queries when their epoch is
done, a second Ctrl-C at once: either way they go on from their checkpoint next time.`

func (a *app) runCommand() *cobra.Command {
	var inline []string
	cmd := &cobra.Command{
		Use:               "run FILE.sql...",
		Short:             "Run scripts",
		Long:              runLong,
		Example:           "  millrace run --idle-timeout 3s queries/iris.sql\n  millrace run -e 'SELECT 1 + 1'\n  cat script.sql | millrace run -",
		ValidArgsFunction: sqlFiles,
		RunE: func(cmd *cobra.Command, files []string) error {
			srcs, err := a.scripts(files, inline)
			if err != nil {
				return err
			}
			return a.run(cmd.Context(), srcs)
		},
	}
	f := cmd.Flags()
	f.StringArrayVarP(&inline, "execute", "e", nil, "run this `SQL`, after the files")
	f.DurationVar(&a.idleTimeout, "idle-timeout", 0, "end when no source had anything new for that long (0: never)")
	f.BoolVar(&a.availableNow, "available-now", false, "end when everything that was there at the start is done")
	return cmd
}

// run executes scripts and waits for their queries.
func (a *app) run(ctx context.Context, srcs []*sql.Source) error {
	show := newDisplay(a)
	e, err := a.open(show.event)
	if err != nil {
		return err
	}
	defer show.close()
	defer e.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in := newInterrupt(e, show, cancel)
	defer in.close()
	show.start()
	err = a.runScripts(ctx, e, show, srcs, in.interrupted)
	if err == nil {
		err = a.settle(ctx, e)
	}
	if in.interrupted() {
		if errors.Is(err, context.Canceled) && !show.cutShort() {
			err = nil
		}
		in.wait()
	}
	err = stopAll(e, err)
	show.summary(e.Catalog())
	return err
}

// runScripts executes the statements and prints what they give, until stopped.
func (a *app) runScripts(ctx context.Context, e *engine.Engine, show *display, srcs []*sql.Source, stopped func() bool) error {
	p := newPrinter(a)
	for res, err := range e.RunSource(ctx, srcs...) {
		if err != nil {
			if errors.Is(err, context.Canceled) && bounded(err) {
				show.cut.Store(true)
			}
			return err
		}
		if err := a.print(ctx, p, show, res); err != nil {
			return err
		}
		if stopped() {
			return nil
		}
	}
	return nil
}

// print shows the result of one statement.
func (a *app) print(ctx context.Context, p *printer, show *display, res *engine.Result) error {
	for _, n := range res.Notes {
		show.line(a.err, "note: "+n)
	}
	if res.Message != "" {
		show.line(a.messages(), res.Message)
	}
	if res.Rows == nil {
		return nil
	}
	if res.Rows.Unbounded() {
		if isTerminal(a.err) {
			show.line(a.err, "rows are shown as they come; Ctrl-C ends that")
		}
		return a.follow(ctx, p, show, res.Rows)
	}
	show.pause()
	defer show.resume()
	err := p.rows(res.Rows)
	if errors.Is(err, context.Canceled) {
		show.cut.Store(true)
	}
	for _, l := range res.Rows.Progress().DeadLetters {
		show.line(a.err, "note: "+letterText(l, ""))
	}
	return err
}

// follow prints the rows of a SELECT over a stream as they come, until Ctrl-C,
// its LIMIT, or --idle-timeout.
func (a *app) follow(ctx context.Context, p *printer, show *display, rows *engine.Rows) error {
	idle, cancel := context.WithCancel(ctx)
	defer cancel()
	if a.idleTimeout > 0 {
		go func() {
			for tick := time.NewTicker(100 * time.Millisecond); ; {
				select {
				case <-idle.Done():
					tick.Stop()
					return
				case <-tick.C:
					if time.Since(rows.Progress().IdleSince) > a.idleTimeout {
						rows.Stop()
						return
					}
				}
			}
		}()
	}
	show.pause()
	defer show.resume()
	return p.rows(rows)
}

// messages is where lines about statements go: beside the rows when a person
// reads them, apart from them when a program does.
func (a *app) messages() io.Writer {
	if a.format == "table" {
		return a.out
	}
	return a.err
}

// settle waits while queries run: until one fails, all have ended, or none had
// anything new for --idle-timeout.
func (a *app) settle(ctx context.Context, e *engine.Engine) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		running, idle := 0, true
		for _, q := range e.Queries() {
			if err := q.Err(); err != nil {
				return err
			}
			if q.State() != engine.Running {
				continue
			}
			running++
			p := q.Progress()
			idle = idle && time.Since(p.IdleSince) >= a.idleTimeout && p.Status == ""
		}
		if running == 0 || a.idleTimeout > 0 && idle {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// stopAll ends the queries that run, at an epoch's end, and adds to err the errors
// of those that failed.
func stopAll(e *engine.Engine, err error) error {
	for _, q := range e.Queries() {
		if failed := q.Stop(context.Background()); !errors.Is(err, failed) {
			err = errors.Join(err, failed)
		}
	}
	return err
}

// interrupt turns Ctrl-C into a stop: the first when epochs are done, the second
// at once.
type interrupt struct {
	e       *engine.Engine
	show    *display
	cancel  func()
	stop    func()
	end     chan struct{}
	pressed chan struct{}
	stopped chan struct{}
}

func newInterrupt(e *engine.Engine, show *display, cancel func()) *interrupt {
	ch, stop := signals()
	in := &interrupt{e: e, show: show, cancel: cancel, stop: stop,
		end: make(chan struct{}), pressed: make(chan struct{}), stopped: make(chan struct{})}
	go func() {
		select {
		case <-ch:
		case <-in.end:
			return
		}
		close(in.pressed)
		show.line(show.a.err, "stopping when the epoch under way is done; Ctrl-C again stops at once")
		go in.gentle()
		select {
		case <-ch:
			fmt.Fprintln(show.a.err, "stopped at once")
			os.Exit(exitFailed)
		case <-in.end:
		}
	}()
	return in
}

// gentle stops the queries at an epoch's end and lets a batch INSERT run to its
// end before the script is cut short.
func (in *interrupt) gentle() {
	for _, q := range in.e.Queries() {
		_ = q.Stop(context.Background()) // run reports why one failed
	}
	in.show.awaitBatch()
	in.cancel()
	close(in.stopped)
}

func (in *interrupt) interrupted() bool {
	select {
	case <-in.pressed:
		return true
	default:
		return false
	}
}

// wait waits until the queries have stopped.
func (in *interrupt) wait() { <-in.stopped }

func (in *interrupt) close() {
	in.stop()
	close(in.end)
}

// bounded says whether the error of a statement that Ctrl-C ended left rows out: all
// but that of a streaming query, which goes on from its checkpoint.
func bounded(err error) bool {
	var streaming *engine.StartError
	return !errors.As(err, &streaming)
}

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/millrace-sql/millrace/engine"
)

// display shows the progress of running queries: on a terminal a line that is
// rewritten, elsewhere a plain line a second, or events as JSON.
type display struct {
	a    *app
	mode string // live, plain, json, none

	mu      sync.Mutex
	running []*engine.Query
	drawn   bool // the live line is on the screen
	paused  int
	last    map[*engine.Query]string // what was last printed of a query
	stop    chan struct{}
	stopped chan struct{}
	batch   chan struct{} // closed when the batch INSERT under way has ended; nil: none
}

func newDisplay(a *app) *display {
	d := &display{a: a, mode: a.progress, last: map[*engine.Query]string{}}
	if d.mode == "auto" {
		d.mode = "plain"
		if f, ok := a.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			d.mode = "live"
		}
	}
	return d
}

// start begins to draw.
func (d *display) start() {
	every := time.Second
	if d.mode == "live" {
		every = 200 * time.Millisecond
	}
	d.stop, d.stopped = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(d.stopped)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				d.draw()
			case <-d.stop:
				return
			}
		}
	}()
}

// close ends drawing and clears the live line.
func (d *display) close() {
	if d.stop == nil {
		return
	}
	close(d.stop)
	<-d.stopped
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clear()
}

// event takes what the engine tells.
func (d *display) event(ev engine.Event) {
	switch ev := ev.(type) {
	case engine.QueryStarted:
		d.mu.Lock()
		d.running = append(d.running, ev.Query)
		if !ev.Query.Streaming() {
			d.batch = make(chan struct{})
		}
		d.mu.Unlock()
	case engine.QueryProgress:
		if d.mode == "json" {
			b, _ := json.Marshal(ev.Progress)
			d.line(d.a.err, string(b))
		}
	case engine.QueryStatus:
		if ev.Text != "" && d.mode != "none" {
			d.line(d.a.err, ev.Query.Name()+": "+ev.Text)
		}
	case engine.QueryEnded:
		d.ended(ev.Query)
	case engine.BrokerStarted:
		d.line(d.a.messages(), "embedded broker on "+ev.Addr+" (any Kafka client can use it while this runs)")
	}
}

func (d *display) ended(q *engine.Query) {
	p := q.Progress()
	d.mu.Lock()
	for i, r := range d.running {
		if r == q {
			d.running = append(d.running[:i], d.running[i+1:]...)
			break
		}
	}
	if !q.Streaming() && d.batch != nil {
		close(d.batch)
		d.batch = nil
	}
	d.mu.Unlock()
	if q.Streaming() && d.mode != "none" && d.mode != "json" {
		d.line(d.a.err, "query "+q.Name()+" ended: "+totals(p))
	}
	if d.mode != "none" {
		for _, f := range p.Faults {
			d.line(d.a.err, fmt.Sprintf("query %s: %s bad rows gave NULL in %s; the first: %s", q.Name(), count(f.Count), f.Stage, f.First))
		}
	}
}

// awaitBatch waits until the batch INSERT under way, if any, has ended.
func (d *display) awaitBatch() {
	d.mu.Lock()
	batch := d.batch
	d.mu.Unlock()
	if batch != nil {
		<-batch
	}
}

// line prints a line without tearing the live one.
func (d *display) line(w io.Writer, s string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clear()
	fmt.Fprintln(w, s)
}

// pause keeps the display off the screen while rows are printed.
func (d *display) pause() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clear()
	d.paused++
}

func (d *display) resume() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.paused--
}

// clear takes the live line off the screen; d.mu is held.
func (d *display) clear() {
	if d.drawn {
		fmt.Fprint(d.a.err, "\r\x1b[K")
		d.drawn = false
	}
}

// draw shows where the queries are.
func (d *display) draw() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.paused > 0 || d.mode == "none" || d.mode == "json" {
		return
	}
	var parts []string
	for _, q := range d.running {
		parts = append(parts, describe(q))
	}
	if d.mode == "live" {
		d.clear()
		if len(parts) > 0 {
			fmt.Fprint(d.a.err, clip(strings.Join(parts, "  |  "), width(d.a.err)))
			d.drawn = true
		}
		return
	}
	for i, q := range d.running {
		if d.last[q] != parts[i] {
			d.last[q] = parts[i]
			fmt.Fprintln(d.a.err, parts[i])
		}
	}
}

func width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 1 {
			return n - 1
		}
	}
	return 79
}

func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n])
}

// describe is a query's progress in one line.
func describe(q *engine.Query) string {
	p := q.Progress()
	s := q.Name() + ": " + totals(p)
	if q.Streaming() {
		s += fmt.Sprintf(", lag %s, epoch %d", count(p.Lag), p.Epoch)
	}
	if p.Status != "" {
		s += " [" + p.Status + "]"
	}
	return s
}

func totals(p engine.Progress) string {
	s := fmt.Sprintf("%s rows in, %s out", count(p.TotalIn), count(p.TotalOut))
	if p.ProcessedRowsPerSecond > 0 {
		s += fmt.Sprintf(", %s rows/s", count(int64(p.ProcessedRowsPerSecond)))
	}
	return s
}

// count writes a number with a comma every three digits.
func count(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/term"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine"
)

// display shows the progress of running queries: on a terminal a line that is
// rewritten, elsewhere a plain line a second, or events as JSON.
type display struct {
	a    *app
	mode string // live, plain, json, none

	cut atomic.Bool // see cutShort

	mu      sync.Mutex
	running []*engine.Query
	drawn   bool // the live line is on the screen
	paused  int
	later   []string                 // lines that wait for the end of a pause
	last    map[*engine.Query]string // what was last printed of a query
	stop    chan struct{}
	stopped chan struct{}
	batch   chan struct{} // closed when the batch INSERT under way has ended; nil: none
	written []written
}

// written is what a run's queries wrote to one table.
type written struct {
	table string
	rows  int64
}

func newDisplay(a *app) *display {
	d := &display{a: a, mode: a.progress, last: map[*engine.Query]string{}}
	if d.mode == "auto" {
		d.mode = "plain"
		if !a.verbose && isTerminal(a.err) { // log lines would tear the live one
			d.mode = "live"
		}
	}
	return d
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
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
	d.flush()
}

// event takes what the engine tells.
func (d *display) event(ev engine.Event) {
	switch ev := ev.(type) {
	case engine.QueryStarted:
		d.mu.Lock()
		d.runs(ev.Query)
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
		d.status(ev)
	case engine.ModelChanged:
		d.model(ev.Query, changedText(ev), false)
	case engine.ModelRefused:
		text := fmt.Sprintf("model %s has changed and cannot be used, the version before stays: %v", ev.Model, ev.Err)
		if ev.Query != nil {
			text = ev.Query.Name() + ": " + text
		}
		d.model(ev.Query, text, true)
	case engine.ModelNotKept:
		d.model(ev.Query, fmt.Sprintf("%s: the checkpoint keeps no copy of model %s, so an epoch that is cut short can run again only while the model is the same: %v",
			ev.Query.Name(), ev.Model, ev.Err), true)
	case engine.QueryEnded:
		d.ended(ev.Query)
	case engine.BrokerStarted:
		d.line(d.a.messages(), "embedded broker on "+ev.Addr+" (any Kafka client can use it while this runs)")
	}
}

// runs adds a query to those that are drawn; d.mu is held.
func (d *display) runs(q *engine.Query) {
	if !slices.Contains(d.running, q) {
		d.running = append(d.running, q)
	}
}

// status takes what a query waits for. A query that waits before it has started is
// drawn from then on.
func (d *display) status(ev engine.QueryStatus) {
	if d.mode == "json" {
		b, _ := json.Marshal(ev.Query.Progress())
		d.line(d.a.err, string(b))
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.runs(ev.Query)
}

// changedText says from when on a query uses another model.
func changedText(ev engine.ModelChanged) string {
	if ev.Is == ev.Was {
		return fmt.Sprintf("%s: model %s has other options from epoch %d on", ev.Query.Name(), ev.Model, ev.Epoch)
	}
	return fmt.Sprintf("%s: model %s was replaced: %s from epoch %d on, %s before", ev.Query.Name(), ev.Model, short(ev.Is), ev.Epoch, short(ev.Was))
}

// model says what became of a model that has changed; q is nil when that is no
// query's own business. A warning is printed even where there is no progress.
func (d *display) model(q *engine.Query, text string, warning bool) {
	if d.mode == "json" && q != nil {
		b, _ := json.Marshal(q.Progress()) // its models are in it
		d.line(d.a.err, string(b))
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.mode != "none" || warning {
		d.remark(text)
	}
}

// short is enough of a checksum to tell it from another.
func short(version string) string {
	if len(version) > 12 {
		return version[:12]
	}
	return version
}

// ended takes a query off the screen and says how it ended up.
func (d *display) ended(q *engine.Query) {
	p := q.Progress()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.running = slices.DeleteFunc(d.running, func(r *engine.Query) bool { return r == q })
	if !q.Streaming() && errors.Is(q.Err(), context.Canceled) {
		d.cut.Store(true)
	}
	if !q.Streaming() && d.batch != nil {
		close(d.batch)
		d.batch = nil
	}
	d.wrote(q.Target(), p.TotalOut)
	if q.Streaming() && q.Target() != "" && d.lines() {
		d.settled(q)
	}
	if d.mode == "none" {
		return
	}
	for _, f := range p.Faults {
		d.remark(fmt.Sprintf("%s: %s gave NULL in %s; the first: %s", q.Name(), catalog.Count(f.Count, "bad row"), f.Stage, f.First))
	}
	for _, l := range p.DeadLetters {
		d.remark(q.Name() + ": " + letterText(l, q.DeadLetters()))
	}
}

// cutShort says whether Ctrl-C ended a statement over bounded inputs before its
// end: a SELECT or a batch INSERT.
func (d *display) cutShort() bool { return d.cut.Load() }

// lines says whether progress is shown as lines of text.
func (d *display) lines() bool { return d.mode == "live" || d.mode == "plain" }

// settled leaves the last progress of a query that has ended on the screen; d.mu
// is held.
func (d *display) settled(q *engine.Query) {
	if s := describe(q); d.last[q] != s {
		d.remark(s)
	}
	delete(d.last, q)
}

// wrote adds to what a table was given; d.mu is held.
func (d *display) wrote(table string, rows int64) {
	i := slices.IndexFunc(d.written, func(w written) bool { return strings.EqualFold(w.table, table) })
	if i < 0 {
		i, d.written = len(d.written), append(d.written, written{table: table})
	}
	d.written[i].rows += rows
}

// summary says where the rows of the run's INSERTs are.
func (d *display) summary(c catalog.Reader) {
	d.mu.Lock()
	all := slices.Clone(d.written)
	d.mu.Unlock()
	for _, w := range all {
		if t, ok := c.Relation(w.table).(*catalog.Table); ok {
			d.line(d.a.messages(), fmt.Sprintf("%s: %s (%s in this run)", t.Name, place(t), catalog.Count(w.rows, "row")))
		}
	}
}

// place is where a table's rows are, for a person who wants to look at them.
func place(t *catalog.Table) string {
	if p := t.Options["path"]; p != "" {
		return p
	}
	for _, k := range []string{"topic", "subscribe"} {
		if topic := t.Options[k]; topic != "" {
			return "topic " + topic
		}
	}
	return t.Connector
}

// awaitBatch waits until the batch INSERT under way, if any, has ended or itself
// waits for something, such as a broker.
func (d *display) awaitBatch() {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		d.mu.Lock()
		batch := d.batch
		stuck := slices.ContainsFunc(d.running, func(q *engine.Query) bool { return !q.Streaming() && q.Progress().Status != "" })
		d.mu.Unlock()
		if batch == nil || stuck {
			return
		}
		select {
		case <-batch:
		case <-tick.C:
		}
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
	if d.paused--; d.paused == 0 {
		d.flush()
	}
}

// remark prints a line about a query, not among rows nor into a prompt; d.mu is
// held.
func (d *display) remark(s string) {
	d.later = append(d.later, s)
	if d.paused == 0 {
		d.flush()
	}
}

// flush prints what waited; d.mu is held.
func (d *display) flush() {
	for _, s := range d.later {
		d.clear()
		fmt.Fprintln(d.a.err, s)
	}
	d.later = nil
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
	if d.paused > 0 || !d.lines() {
		return
	}
	var parts []string
	d.running = slices.DeleteFunc(d.running, func(q *engine.Query) bool { return q.State() != engine.Running })
	for _, q := range d.running {
		parts = append(parts, describe(q))
	}
	if d.mode == "live" {
		d.rewrite(strings.Join(parts, "  |  "))
		return
	}
	for i, q := range d.running {
		if d.last[q] != parts[i] {
			d.last[q] = parts[i]
			fmt.Fprintln(d.a.err, parts[i])
		}
	}
}

// rewrite puts a text where the live line is, in one write so that it does not
// flicker; d.mu is held.
func (d *display) rewrite(s string) {
	if s == "" {
		d.clear()
		return
	}
	fmt.Fprint(d.a.err, "\r"+clip(s, width(d.a.err))+"\x1b[K")
	d.drawn = true
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

// deadRows is how many rows models had no answer for and left out.
func deadRows(p engine.Progress) (n int64) {
	for _, l := range p.DeadLetters {
		n += l.Count
	}
	return n
}

// letterText says what became of rows that a model had no answer for.
func letterText(l engine.DeadLetters, where string) string {
	what := "left out"
	if where != "" {
		what = "sent to the dead letters in " + where
	}
	return fmt.Sprintf("%s %s: model %s, %s; the first: %s", catalog.Count(l.Count, "row"), what, l.Model, l.Reason, l.First)
}

// describe is a query's progress in one line.
func describe(q *engine.Query) string {
	p := q.Progress()
	s := q.Name() + ": " + totals(p)
	if q.Streaming() {
		s += fmt.Sprintf(", lag %s", catalog.Thousands(p.Lag))
	}
	if q.Streaming() && p.Epoch >= 0 {
		s += fmt.Sprintf(", epoch %d", p.Epoch)
	}
	if p.Status != "" {
		reason, _, _ := strings.Cut(p.Status, ", next attempt") // a line for each would be many
		s += " [" + reason + "]"
	}
	return s
}

func totals(p engine.Progress) string {
	s := fmt.Sprintf("%s rows in, %s out", catalog.Thousands(p.TotalIn), catalog.Thousands(p.TotalOut))
	if p.ProcessedRowsPerSecond > 0 {
		s += fmt.Sprintf(", %s rows/s", catalog.Thousands(int64(p.ProcessedRowsPerSecond)))
	}
	if dead := deadRows(p); dead > 0 {
		s += ", " + catalog.Count(dead, "dead letter")
	}
	return s
}

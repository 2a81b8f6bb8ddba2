package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine/connector"
)

// task is what one worker lends to kernels and operators; it implements
// catalog.Task.
type task struct {
	ctx    context.Context
	alloc  memory.Allocator
	now    time.Time
	faults *faultLog
	// origin names where the rows at hand came from, or is nil.
	origin func() string
	// chunk is what the rows at hand were read from, when a call may ask for their
	// places; else nil.
	chunk    connector.Chunk
	letters  *epochLetters // nil: rows that models reject are only counted
	rejected rejected
}

func (t *task) Context() context.Context    { return t.ctx }
func (t *task) Allocator() memory.Allocator { return t.alloc }
func (t *task) EpochTime() time.Time        { return t.now }

func (t *task) Fault(_ int, stage string, err error) {
	t.faults.add(stage, err, t.origin)
}

// Fault is how often a stage of a query turned a bad row's value into NULL, with
// the first message.
type Fault struct {
	Stage string `json:"stage"`
	Count int64  `json:"count"`
	// First is the first fault's message and the rows it was among.
	First string `json:"first"`
}

// faultLog counts the faults of a query by stage, and its dead letters.
type faultLog struct {
	mu      sync.Mutex
	stages  map[string]*Fault
	letters map[letterGroup]*DeadLetters
}

// letterGroup is what dead letters are counted by.
type letterGroup struct{ model, reason string }

func (l *faultLog) addLetters(letters []letter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range letters {
		key := letterGroup{x.model, x.reason}
		d := l.letters[key]
		if d == nil {
			d = &DeadLetters{Model: x.model, Reason: x.reason, First: x.err}
			if x.origin != "" {
				d.First = fmt.Sprintf("%s (%s)", x.err, x.origin)
			}
			if l.letters == nil {
				l.letters = map[letterGroup]*DeadLetters{}
			}
			l.letters[key] = d
		}
		d.Count++
	}
}

// deadLetters lists the dead letters so far, by model and reason.
func (l *faultLog) deadLetters() []DeadLetters {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]DeadLetters, 0, len(l.letters))
	for _, d := range l.letters {
		out = append(out, *d)
	}
	slices.SortFunc(out, func(a, b DeadLetters) int {
		return cmp.Or(strings.Compare(a.Model, b.Model), strings.Compare(a.Reason, b.Reason))
	})
	return out
}

func (l *faultLog) add(stage string, err error, origin func() string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.stages[stage]
	if f == nil {
		f = &Fault{Stage: stage, First: err.Error()}
		if origin != nil {
			f.First = fmt.Sprintf("%v (%s)", err, origin())
		}
		if l.stages == nil {
			l.stages = map[string]*Fault{}
		}
		l.stages[stage] = f
	}
	f.Count++
}

// snapshot lists the faults so far, by stage.
func (l *faultLog) snapshot() []Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Fault, 0, len(l.stages))
	for _, f := range l.stages {
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b Fault) int { return strings.Compare(a.Stage, b.Stage) })
	return out
}

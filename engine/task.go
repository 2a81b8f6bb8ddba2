package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/apache/arrow/go/v14/arrow/memory"
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

// faultLog counts the faults of a query by stage.
type faultLog struct {
	mu     sync.Mutex
	stages map[string]*Fault
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

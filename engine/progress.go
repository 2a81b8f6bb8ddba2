package engine

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Progress is how far a query is: its last epoch, under the names of Spark's
// StreamingQueryProgress, and totals over the query's run.
type Progress struct {
	ID                     string           `json:"id"`
	RunID                  string           `json:"runId"`
	Name                   string           `json:"name"`
	Timestamp              time.Time        `json:"timestamp"`
	Epoch                  int64            `json:"batchId"` // -1 before the first
	NumInputRows           int64            `json:"numInputRows"`
	InputRowsPerSecond     float64          `json:"inputRowsPerSecond"`
	ProcessedRowsPerSecond float64          `json:"processedRowsPerSecond"`
	DurationMs             map[string]int64 `json:"durationMs"`
	Sources                []SourceProgress `json:"sources"`
	Sink                   SinkProgress     `json:"sink"`

	// TotalIn and TotalOut are the rows read and written so far in this run,
	// including those of an epoch under way.
	TotalIn  int64 `json:"totalInputRows"`
	TotalOut int64 `json:"totalOutputRows"`
	// Elapsed is the time since the query started.
	Elapsed time.Duration `json:"-"`
	// Lag is how many rows the sources held, when last asked, beyond those planned.
	Lag int64 `json:"lag"`
	// Status is what the query waits for, or "".
	Status string `json:"status,omitempty"`
	// IdleSince is when the sources last had something new.
	IdleSince time.Time `json:"-"`
	// Faults are the bad rows so far, by stage.
	Faults []Fault `json:"faults,omitempty"`
	// DeadLetters are the rows so far that models had no answer for and that their
	// policies left out, by model and reason.
	DeadLetters []DeadLetters `json:"deadLetters,omitempty"`
	// Models are the models that score the query's rows now, by name.
	Models []ModelProgress `json:"models,omitempty"`
}

// deadLetters is how many rows models left out so far.
func (p Progress) deadLetters() (n int64) {
	for _, d := range p.DeadLetters {
		n += d.Count
	}
	return n
}

// modelsText names the models in use with their versions, and what keeps later ones
// out.
func (p Progress) modelsText() string {
	var all []string
	for _, m := range p.Models {
		text := m.Name + " " + shortVersion(m.Version)
		if m.Refused != "" {
			text += " (a later one is refused: " + m.Refused + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// ModelProgress is a model in a query.
type ModelProgress struct {
	Name string `json:"name"`
	// Version of the model: a checksum.
	Version string `json:"version"`
	// Refused is why the query does not use a later version that there is, or "".
	Refused string `json:"refused,omitempty"`
}

// SourceProgress is the part of one source in an epoch.
type SourceProgress struct {
	Description  string  `json:"description"`
	StartOffset  Offsets `json:"startOffset"`
	EndOffset    Offsets `json:"endOffset"`
	NumInputRows int64   `json:"numInputRows"`
}

// Offsets maps a source's splits to one past the last row read.
type Offsets map[string]int64

// SinkProgress is the sink's part in an epoch.
type SinkProgress struct {
	Description   string `json:"description"`
	NumOutputRows int64  `json:"numOutputRows"`
}

// meter keeps a query's progress. Its counters may be raised by any goroutine.
type meter struct {
	started time.Time
	in, out atomic.Int64

	mu       sync.Mutex
	last     Progress
	lastDone time.Time
	inDone   int64 // rows in and out when the last epoch was done
	outDone  int64
	status   string
	idle     time.Time
	lag      int64
}

func newMeter(base Progress) *meter {
	now := time.Now()
	base.Epoch = -1
	return &meter{started: now, lastDone: now, idle: now, last: base}
}

// rowsIn counts rows read.
func (m *meter) rowsIn(n int64) { m.in.Add(n) }

// busy notes that the sources have something new, and how much they hold beyond
// what is planned.
func (m *meter) busy(lag int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.idle, m.lag = time.Now(), lag
}

// setStatus notes what the query waits for and says whether that is new.
func (m *meter) setStatus(s string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	changed := m.status != s
	m.status = s
	return changed
}

// setModels notes the models in use.
func (m *meter) setModels(models []ModelProgress) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last.Models = models
}

// epochDone closes the books of an epoch and gives its progress.
func (m *meter) epochDone(epoch int64, durations map[string]int64, sources []SourceProgress) Progress {
	m.mu.Lock()
	now := time.Now()
	in, out := m.in.Load(), m.out.Load()
	p := m.last
	p.Timestamp = now.UTC().Truncate(time.Millisecond)
	p.Epoch = epoch
	p.NumInputRows = in - m.inDone
	p.Sink.NumOutputRows = out - m.outDone
	p.DurationMs, p.Sources = durations, sources
	if d := now.Sub(m.lastDone).Seconds(); d > 0 {
		p.InputRowsPerSecond = float64(p.NumInputRows) / d
	}
	if ms := durations["triggerExecution"]; ms > 0 {
		p.ProcessedRowsPerSecond = float64(p.NumInputRows) * 1000 / float64(ms)
	}
	m.last, m.lastDone, m.inDone, m.outDone, m.idle = p, now, in, out, now
	m.mu.Unlock()
	return m.snapshot()
}

// snapshot is the progress at this moment.
func (m *meter) snapshot() Progress {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.last
	p.TotalIn, p.TotalOut = m.in.Load(), m.out.Load()
	p.Elapsed = time.Since(m.started)
	p.Status, p.IdleSince, p.Lag = m.status, m.idle, m.lag
	return p
}

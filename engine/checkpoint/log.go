package checkpoint

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/millrace-sql/millrace/engine/disk"
)

// retain is how many epochs before the last committed one keep their files:
// Spark's spark.sql.streaming.minBatchesToRetain.
const retain = 100

// Log is the checkpoint of one query. It belongs to one goroutine at a time.
// After a method returned an error of the disk it is not known what is stored:
// every later Start, Plan and Commit returns that error, and the checkpoint must
// be opened again.
type Log struct {
	fs   disk.FS // nil: kept in memory only
	dir  string
	lock io.Closer

	id      string
	stored  bool // metadata is on the disk
	state   State
	print   *Fingerprint
	failed  error
	cleaned int64 // epochs below have no files any more
	models  models
}

// Epoch is the plan of one epoch.
type Epoch struct {
	// Offsets are where the epoch ends, one line a source, in the query's order.
	Offsets []string
	// Time is what current_timestamp() gives in it, to the millisecond.
	Time time.Time
	// WatermarkMs is the watermark that holds in it.
	WatermarkMs int64
	// Conf are Spark's settings that must not change while the query has state. Nil
	// takes those of the epoch before, or Spark's defaults.
	Conf map[string]string
	// Models are the models that score the epoch, by name. Nil takes those of the
	// epoch before; it stays nil when nothing is known of them.
	Models map[string]Model
}

// State is how far a query got.
type State struct {
	// Planned and Committed are the last such epochs; -1 is none. They are equal, or
	// Planned is one more: then that epoch must run again.
	Planned, Committed int64
	// Last is the plan of epoch Planned.
	Last Epoch
	// From is where epoch Planned begins, one line a source. Before the first epoch
	// it is where the query begins, or nil if Start was not called. It may be nil
	// when epoch Planned is committed.
	From []string
}

// Next is the epoch to run next, again or for the first time.
func (s State) Next() int64 { return s.Committed + 1 }

// Started says whether it is known where the next epoch begins: Start was called,
// in this run or an earlier one.
func (s State) Started() bool { return s.start() != nil }

// Memory makes a checkpoint that is kept in memory only, for a query that has
// none: everything works and nothing outlives the process.
func Memory() *Log {
	return &Log{id: uuid.NewString(), state: State{Planned: -1, Committed: -1}}
}

// Open opens the checkpoint in a folder, or makes a new one, and locks it
// against other queries until Close. Files that are cut off, changed or missing
// are a *DamageError; a checkpoint in use is a *disk.LockedError (wrapped).
func Open(fsys disk.FS, dir string) (*Log, error) {
	for _, d := range []string{dir, filepath.Join(dir, offsetsDir), filepath.Join(dir, commitsDir)} {
		if err := disk.MkdirAll(fsys, d); err != nil {
			return nil, fmt.Errorf("checkpoint: %w", err)
		}
	}
	lock, err := fsys.Lock(filepath.Join(dir, ".lock"))
	if err != nil {
		return nil, lockError(dir, err)
	}
	l := &Log{fs: fsys, dir: dir, lock: lock}
	if err := l.load(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return l, nil
}

func lockError(dir string, err error) error {
	var locked *disk.LockedError
	if errors.As(err, &locked) {
		return fmt.Errorf("checkpoint %s is in use by %s: stop that query first, or give this one another checkpointLocation: %w", dir, locked.Owner, err)
	}
	return fmt.Errorf("checkpoint: %w", disk.Explain("lock", dir, err))
}

// ID is the query's id, a UUID that stays the same over restarts.
func (l *Log) ID() string { return l.id }

// Dir is the folder, or "" for one in memory.
func (l *Log) Dir() string { return l.dir }

// State says how far the query got. The caller must not change its slices.
func (l *Log) State() State { return l.state }

// Start stores the query's id and where its sources begin, one line a source.
// It is called once, before the first Plan of a query whose State is not Started.
func (l *Log) Start(sources []string) error {
	if l.failed != nil {
		return l.failed
	}
	if l.state.Started() {
		return fmt.Errorf("checkpoint %s: the query has started already", l.dir)
	}
	if err := l.store(func() error { return l.writeStart(sources) }); err != nil {
		return err
	}
	l.state.From = slices.Clone(sources)
	return nil
}

func (l *Log) writeStart(sources []string) error {
	if err := l.writeMetadata(); err != nil {
		return err
	}
	// The first source comes last: where it is, all of them are.
	for i, line := range slices.Backward(sources) {
		name := filepath.Join(l.dir, sourcesDir, fmt.Sprint(i), "0")
		if err := disk.MkdirAll(l.fs, filepath.Dir(name)); err != nil {
			return err
		}
		if err := disk.ReplaceFile(l.fs, name, encodeSource(line)); err != nil {
			return err
		}
	}
	return nil
}

// writeMetadata stores the query's id once.
func (l *Log) writeMetadata() error {
	if l.stored {
		return nil
	}
	err := disk.WriteFile(l.fs, filepath.Join(l.dir, metadataFile), encodeMetadata(l.id))
	l.stored = err == nil
	return err
}

// Plan makes an epoch's end durable before anything of it is read. Epoch is
// Planned+1, and Planned must be committed.
func (l *Log) Plan(epoch int64, e Epoch) error {
	if l.failed != nil {
		return l.failed
	}
	s := l.state
	switch {
	case s.Planned != s.Committed:
		return fmt.Errorf("checkpoint %s: epoch %d cannot be planned before epoch %d is committed", l.dir, epoch, s.Planned)
	case epoch != s.Planned+1:
		return fmt.Errorf("checkpoint %s: epoch %d cannot be planned after epoch %d", l.dir, epoch, s.Planned)
	case !s.Started():
		return fmt.Errorf("checkpoint %s: the query was not started", l.dir)
	case len(e.Offsets) != len(s.start()):
		return l.sourcesDiffer(len(e.Offsets))
	}
	e.Offsets = slices.Clone(e.Offsets)
	e.Time = e.Time.Truncate(time.Millisecond)
	if e.Conf == nil {
		e.Conf = s.Last.Conf
	}
	if e.Conf == nil {
		e.Conf = sparkConf
	}
	if e.Models == nil {
		e.Models = l.models.known
	}
	err := l.store(func() error {
		if err := l.writeMetadata(); err != nil {
			return err
		}
		if err := l.writeModels(epoch, e.Models); err != nil {
			return err
		}
		return disk.WriteFile(l.fs, l.file(offsetsDir, epoch), encodeEpoch(e))
	})
	if err != nil {
		return err
	}
	l.state = State{Planned: epoch, Committed: s.Committed, Last: e, From: s.start()}
	return nil
}

// start is where the epoch after Planned begins.
func (s State) start() []string {
	if s.Planned < 0 {
		return s.From
	}
	return s.Last.Offsets
}

// Commit makes durable that epoch Planned is done.
func (l *Log) Commit(epoch int64) error {
	if l.failed != nil {
		return l.failed
	}
	if epoch != l.state.Planned || epoch == l.state.Committed {
		return fmt.Errorf("checkpoint %s: epoch %d cannot be committed, %d is planned and %d committed", l.dir, epoch, l.state.Planned, l.state.Committed)
	}
	err := l.store(func() error {
		return disk.WriteFile(l.fs, l.file(commitsDir, epoch), encodeCommit(l.state.Last.WatermarkMs))
	})
	if err != nil {
		return err
	}
	l.state.Committed = epoch
	l.clean()
	l.cleanModels()
	return nil
}

// clean removes the files of epochs that no restart needs. That one stays does
// no harm, so errors do not count.
func (l *Log) clean() {
	if l.fs == nil {
		return
	}
	for ; l.cleaned < l.state.Committed-retain; l.cleaned++ {
		for _, sub := range []string{offsetsDir, commitsDir} {
			name := l.file(sub, l.cleaned)
			_ = l.fs.Remove(name)
			_ = l.fs.Remove(filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".crc"))
		}
	}
}

// Close gives up the lock.
func (l *Log) Close() error {
	l.failed = errors.New("checkpoint " + l.dir + " is closed")
	if l.lock == nil {
		return nil
	}
	lock := l.lock
	l.lock = nil
	return lock.Close()
}

// store runs a write, and remembers that it failed.
func (l *Log) store(write func() error) error {
	if l.fs == nil {
		return nil
	}
	if err := write(); err != nil {
		l.failed = fmt.Errorf("checkpoint: %w", err)
		return l.failed
	}
	return nil
}

func (l *Log) file(sub string, epoch int64) string {
	return filepath.Join(l.dir, sub, fmt.Sprint(epoch))
}

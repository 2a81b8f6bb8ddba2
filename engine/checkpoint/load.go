package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/millrace-sql/millrace/engine/disk"
)

// DamageError says that a file of a checkpoint is not as a query left it.
type DamageError struct {
	// Path of the file or folder.
	Path string
	// What is wrong and what to do.
	What, Remedy string
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("checkpoint file %s is damaged: %s; %s", e.Path, e.What, e.Remedy)
}

const (
	restore  = "restore the checkpoint from a backup, or start over with an empty checkpoint folder and an empty output folder"
	lastPlan = "if the output has nothing of this epoch, delete the file and the epoch is planned anew; else " + restore
)

// load reads what is in the folder. What it saw and trusts is made durable first:
// after a failed sync of a former run a file can be visible and not yet safe.
func (l *Log) load() error {
	if err := l.loadID(); err != nil {
		return err
	}
	planned, err := l.numbers(offsetsDir)
	if err != nil {
		return err
	}
	committed, err := l.numbers(commitsDir)
	if err != nil {
		return err
	}
	if err := l.checkOrder(planned, committed); err != nil {
		return err
	}
	l.state = State{Planned: last(planned), Committed: last(committed)}
	if len(planned) > 0 {
		l.cleaned = planned[0]
	}
	if err := l.loadEpochs(planned); err != nil {
		return err
	}
	if err := l.loadModels(); err != nil {
		return err
	}
	return l.loadFingerprint()
}

// loadID reads the query's id. Without the file there is a new one, as in Spark.
func (l *Log) loadID() error {
	if err := l.tidy(l.dir); err != nil {
		return err
	}
	name := filepath.Join(l.dir, metadataFile)
	data, err := l.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		l.id = uuid.NewString()
		return nil
	}
	if err != nil {
		return err
	}
	id, err := decodeMetadata(data)
	if err != nil {
		return &DamageError{name, err.Error(), "restore it from a backup, or delete it: the query gets a new id then, which a folder that it wrote before does not accept"}
	}
	l.id, l.stored = id, true
	return nil
}

func (l *Log) checkOrder(planned, committed []int64) error {
	p, c := last(planned), last(committed)
	dir := filepath.Join(l.dir, offsetsDir)
	switch {
	case c > p:
		return &DamageError{filepath.Join(l.dir, commitsDir, fmt.Sprint(c)), fmt.Sprintf("epoch %d is committed, but the last one planned is %s", c, number(p)), restore}
	case p > c+1:
		return &DamageError{filepath.Join(dir, fmt.Sprint(p)), fmt.Sprintf("epoch %d is planned, but the last one committed is %s: what lies between would never be processed", p, number(c)),
			fmt.Sprintf("if two queries used this checkpoint, find out which is right; if the output has nothing after epoch %s, delete the files in %s from %d on; else %s", number(c), dir, c+2, restore)}
	}
	return nil
}

// loadEpochs reads the last plan and where it begins.
func (l *Log) loadEpochs(planned []int64) error {
	s := &l.state
	from, err := l.loadSources()
	if err != nil && s.Committed < 0 {
		return err
	}
	if s.Planned < 0 {
		s.From = from
		return nil
	}
	name := l.file(offsetsDir, s.Planned)
	remedy := restore
	if s.Planned > s.Committed {
		remedy = lastPlan
	}
	if s.Last, err = l.readEpoch(name, remedy); err != nil {
		return err
	}
	if s.Planned > 0 {
		from, err = l.epochBefore(planned)
		if err != nil {
			return err
		}
	}
	if s.Planned > s.Committed && len(from) != len(s.Last.Offsets) {
		return l.startMissing(len(from))
	}
	s.From = from
	if s.Committed < 0 {
		return nil
	}
	return l.checkCommitted(l.file(commitsDir, s.Committed))
}

// epochBefore reads the end of the epoch before the last one planned. It is
// needed only if that one must run again.
func (l *Log) epochBefore(planned []int64) ([]string, error) {
	s := l.state
	before := s.Planned - 1
	if !slices.Contains(planned, before) {
		if s.Planned == s.Committed {
			return nil, nil
		}
		return nil, &DamageError{l.file(offsetsDir, before), "the file is missing, and epoch " + fmt.Sprint(s.Planned) + ", which must run again, begins where it ends", restore}
	}
	e, err := l.readEpoch(l.file(offsetsDir, before), restore)
	if err != nil && s.Planned == s.Committed {
		return nil, nil
	}
	return e.Offsets, err
}

func (l *Log) startMissing(have int) error {
	if l.state.Planned > 0 {
		return &DamageError{l.file(offsetsDir, l.state.Planned), fmt.Sprintf("it has %d sources, the epoch before %d", len(l.state.Last.Offsets), have), restore}
	}
	return &DamageError{filepath.Join(l.dir, sourcesDir), fmt.Sprintf("it says where %d sources begin, and epoch 0, which must run again, has %d", have, len(l.state.Last.Offsets)), lastPlan}
}

func (l *Log) readEpoch(name, remedy string) (Epoch, error) {
	data, err := l.read(name)
	if err != nil {
		return Epoch{}, err
	}
	e, err := decodeEpoch(data)
	if err != nil {
		return Epoch{}, &DamageError{name, err.Error(), remedy}
	}
	return e, nil
}

func (l *Log) checkCommitted(name string) error {
	data, err := l.read(name)
	if err != nil {
		return err
	}
	if err := checkCommit(data); err != nil {
		return &DamageError{name, err.Error(), "if the output has this epoch, write a line v1 into the file; else delete the file and the epoch runs again"}
	}
	return nil
}

// loadSources reads where the sources begin; nil if nothing is there.
func (l *Log) loadSources() ([]string, error) {
	dir := filepath.Join(l.dir, sourcesDir)
	if _, err := l.fs.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	ids, err := l.numbers(sourcesDir)
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range ids {
		name := filepath.Join(dir, fmt.Sprint(i), "0")
		if err := l.tidy(filepath.Dir(name)); err != nil {
			return nil, err
		}
		data, err := l.read(name)
		if i == 0 && errors.Is(err, fs.ErrNotExist) && l.state.Planned < 0 {
			return nil, nil // a crash came in the middle of Start
		}
		if err != nil {
			return nil, err
		}
		line, err := decodeSource(data)
		if err != nil {
			return nil, &DamageError{name, err.Error(), "delete the folder " + dir + " if nothing is committed yet and the query may begin at its startingOffsets; else " + restore}
		}
		out = append(out, line)
	}
	return out, nil
}

// numbers lists the files of a folder whose names are numbers, ascending.
func (l *Log) numbers(sub string) ([]int64, error) {
	dir := filepath.Join(l.dir, sub)
	if err := l.tidy(dir); err != nil {
		return nil, err
	}
	entries, err := l.fs.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", disk.Explain("read", dir, err))
	}
	var out []int64
	for _, e := range entries {
		if n, err := strconv.ParseInt(e.Name(), 10, 64); err == nil && n >= 0 && strconv.FormatInt(n, 10) == e.Name() {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, nil
}

// tidy removes what a crash left half written in a folder and makes the rest
// durable.
func (l *Log) tidy(dir string) error {
	entries, err := l.fs.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("checkpoint: %w", disk.Explain("read", dir, err))
	}
	for _, e := range entries {
		if disk.IsTemporary(e.Name()) {
			if err := l.fs.Remove(filepath.Join(dir, e.Name())); err != nil {
				return fmt.Errorf("checkpoint: %w", disk.Explain("remove", filepath.Join(dir, e.Name()), err))
			}
		}
	}
	if err := disk.SyncDir(l.fs, dir); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

func (l *Log) read(name string) ([]byte, error) {
	data, err := disk.ReadFile(l.fs, name)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	return data, nil
}

func last(numbers []int64) int64 {
	if len(numbers) == 0 {
		return -1
	}
	return numbers[len(numbers)-1]
}

func number(n int64) string {
	if n < 0 {
		return "none"
	}
	return fmt.Sprint(n)
}

package checkpoint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"strings"

	"github.com/millrace-sql/millrace/engine/disk"
)

// Model is the version of a model that scores an epoch, and how it is used.
type Model struct {
	Format  string `json:"format"`
	Version string `json:"version"`
	// Copy is the name under which Keep keeps the model's files; "" when nothing is
	// kept of it.
	Copy string `json:"copy,omitempty"`
	// OnMissing and OnInvalid are the policies for rows that the model has no answer
	// for; "" in a checkpoint of before they were kept.
	OnMissing string `json:"onMissing,omitempty"`
	OnInvalid string `json:"onInvalid,omitempty"`
}

// models is what a log knows of its epochs' models.
type models struct {
	// known are the versions that hold for the next epoch unless it says otherwise.
	known map[string]Model
	// damaged is true when known could not be read.
	damaged bool
	// since are the epochs with a file of versions, ascending.
	since []int64
	// copies are the copies that are whole.
	copies map[string]bool
}

// modelsRecord is the second line of a file in models.
type modelsRecord struct {
	Models map[string]Model `json:"models"`
}

func encodeModels(m map[string]Model) []byte {
	return append([]byte(version+"\n"), encodeJSON(modelsRecord{Models: m})...)
}

func decodeModels(data []byte) (map[string]Model, error) {
	lines, err := versioned(data)
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 {
		return nil, errors.New("it ends before the models")
	}
	var r modelsRecord
	if err := json.Unmarshal([]byte(lines[0]), &r); err != nil {
		return nil, notJSON([]byte(lines[0]), err)
	}
	if r.Models == nil {
		return nil, errors.New("it names no models")
	}
	return r.Models, nil
}

// writeModels stores the models of an epoch that is not planned yet, if they are
// not those of the epoch before.
func (l *Log) writeModels(epoch int64, m map[string]Model) error {
	if m == nil || !l.models.damaged && maps.Equal(m, l.models.known) {
		return nil
	}
	for _, x := range m {
		if x.Copy != "" && !l.models.copies[x.Copy] {
			return fmt.Errorf("the copy %s of a model is not kept", x.Copy)
		}
	}
	if err := disk.MkdirAll(l.fs, filepath.Join(l.dir, modelsDir)); err != nil {
		return err
	}
	// The file may be there: the epoch was not planned after it was written.
	if err := disk.ReplaceFile(l.fs, l.file(modelsDir, epoch), encodeModels(m)); err != nil {
		return err
	}
	l.models.known, l.models.damaged = maps.Clone(m), false
	if n := len(l.models.since); n == 0 || l.models.since[n-1] != epoch {
		l.models.since = append(l.models.since, epoch)
	}
	return nil
}

// loadModels reads the versions of the last epoch planned and those that hold for
// the next, and drops copies that neither needs.
func (l *Log) loadModels() error {
	l.models.copies = map[string]bool{}
	_, err := l.fs.Stat(filepath.Join(l.dir, modelsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if l.models.since, err = l.numbers(modelsDir); err != nil {
		return err
	}
	if err := l.dropLater(); err != nil {
		return err
	}
	s := &l.state
	if s.Last.Models, err = l.readModels(s.Planned); err != nil {
		if s.Planned > s.Committed {
			return err
		}
		s.Last.Models = nil // of use in a message only
	}
	var damage *DamageError
	l.models.known, err = l.readModels(s.Planned + 1)
	if l.models.damaged = errors.As(err, &damage); err != nil && !l.models.damaged {
		return err
	}
	for _, m := range []map[string]Model{s.Last.Models, l.models.known} {
		for _, x := range m {
			if x.Copy != "" {
				l.models.copies[x.Copy] = true
			}
		}
	}
	return l.tidyCopies()
}

// dropLater removes versions for epochs beyond the next: an older state of the
// checkpoint was put back.
func (l *Log) dropLater() error {
	since := l.models.since
	n := len(since)
	for ; n > 0 && since[n-1] > l.state.Planned+1; n-- {
		name := l.file(modelsDir, since[n-1])
		if err := l.fs.Remove(name); err != nil {
			return fmt.Errorf("checkpoint: %w", disk.Explain("remove", name, err))
		}
	}
	if n == len(since) {
		return nil
	}
	l.models.since = since[:n]
	if err := disk.SyncDir(l.fs, filepath.Join(l.dir, modelsDir)); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// readModels reads the versions that hold in an epoch; nil when nothing is known.
func (l *Log) readModels(epoch int64) (map[string]Model, error) {
	at := int64(-1)
	for _, n := range l.models.since {
		if n <= epoch {
			at = n
		}
	}
	if at < 0 {
		return nil, nil
	}
	name := l.file(modelsDir, at)
	data, err := l.read(name)
	if err != nil {
		return nil, err
	}
	m, err := decodeModels(data)
	if err != nil {
		return nil, &DamageError{name, err.Error(), "restore it from a backup, or delete it: an epoch that must run again is scored with the present models then"}
	}
	return m, nil
}

// CopyDir is the folder of a copy that Keep made, in this run or an earlier one;
// "" when there is none.
func (l *Log) CopyDir(name string) string {
	if l.fs == nil || !l.models.copies[name] {
		return ""
	}
	return l.copyDir(name)
}

func (l *Log) copyDir(name string) string {
	return filepath.Join(l.dir, modelsDir, copiesDir, name)
}

// Keep copies a file or a folder of files into a folder of that name in the
// checkpoint, in the place of a copy that has the name, and returns nil when it is
// durable. The copy stays as long as an epoch whose
// Models name it can run again; the Plan that names it must come before the next
// Commit. Name is that of one folder. Hidden files are left out. An error of
// reading the files is a *SourceError, after which the log is as before. A log in
// memory keeps nothing.
func (l *Log) Keep(name string, files fs.FS, root string) error {
	if l.failed != nil || l.fs == nil {
		return l.failed
	}
	if !fs.ValidPath(name) || strings.ContainsAny(name, `/\`) || strings.HasPrefix(name, ".") {
		return fmt.Errorf("checkpoint %s: %q cannot be the name of a copy", l.dir, name)
	}
	delete(l.models.copies, name)
	var source *SourceError
	err := l.store(func() error {
		err := l.writeCopy(l.copyDir(name), files, root)
		if errors.As(err, &source) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	if source != nil {
		_ = l.removeAll(l.copyDir(name))
		return source
	}
	l.models.copies[name] = true
	return nil
}

// SourceError says that a file to be kept could not be read.
type SourceError struct{ Err error }

// Error is the error's own text.
func (e *SourceError) Error() string { return e.Err.Error() }

// Unwrap gives the error itself.
func (e *SourceError) Unwrap() error { return e.Err }

func (l *Log) writeCopy(to string, files fs.FS, root string) error {
	if err := l.removeAll(to); err != nil {
		return err
	}
	if err := disk.MkdirAll(l.fs, to); err != nil {
		return err
	}
	folders := []string{to}
	err := fs.WalkDir(files, root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return &SourceError{err}
		}
		name := filepath.Join(to, filepath.FromSlash(path))
		switch {
		case path != root && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			folders = append(folders, name)
			return disk.Explain("create", name, l.fs.Mkdir(name))
		}
		return l.copyFile(name, files, path)
	})
	if err != nil {
		return err
	}
	for _, dir := range folders {
		if err := disk.SyncDir(l.fs, dir); err != nil {
			return err
		}
	}
	return nil
}

func (l *Log) copyFile(to string, files fs.FS, path string) error {
	src, err := files.Open(path)
	if err != nil {
		return &SourceError{err}
	}
	defer src.Close()
	dst, err := disk.CreateFile(l.fs, to)
	if err != nil {
		return err
	}
	if _, err := io.Copy(dst, sourceReader{src}); err != nil {
		return errors.Join(err, dst.Abort())
	}
	return dst.Commit()
}

// sourceReader makes the errors of reading SourceErrors.
type sourceReader struct{ r io.Reader }

func (s sourceReader) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &SourceError{err}
	}
	return n, err
}

// cleanModels removes what no restart needs after a commit: copies that the last
// epoch did not use, and files of versions that other files replace for all
// epochs that have files. That one stays does no harm, so errors do not count.
func (l *Log) cleanModels() {
	if l.fs == nil {
		return
	}
	l.DropCopies(nil)
	for len(l.models.since) > 1 && l.models.since[1] <= l.state.Committed-retain {
		_ = l.fs.Remove(l.file(modelsDir, l.models.since[0]))
		l.models.since = l.models.since[1:]
	}
}

// DropCopies removes the copies that neither the last epoch planned uses nor a next
// one with these models would. A query calls it that keeps copies and has nothing
// to plan for long. That one stays does no harm, so errors do not count.
func (l *Log) DropCopies(next map[string]Model) {
	needed := map[string]bool{}
	for _, models := range []map[string]Model{l.state.Last.Models, next} {
		for _, m := range models {
			needed[m.Copy] = true
		}
	}
	for name := range l.models.copies {
		if !needed[name] {
			delete(l.models.copies, name)
			_ = l.removeAll(l.copyDir(name))
		}
	}
}

// tidyCopies removes the copies that nobody needs any more, or that a crash left
// half made. That one stays does no harm.
func (l *Log) tidyCopies() error {
	dir := filepath.Join(l.dir, modelsDir, copiesDir)
	entries, err := l.fs.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("checkpoint: %w", disk.Explain("read", dir, err))
	}
	for _, e := range entries {
		if !l.models.copies[e.Name()] {
			_ = l.removeAll(filepath.Join(dir, e.Name()))
		}
	}
	return nil
}

// removeAll removes a file, or a folder and all that is in it. What is not there
// is no fault.
func (l *Log) removeAll(name string) error {
	info, err := l.fs.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return disk.Explain("remove", name, err)
	}
	if info.IsDir() {
		entries, err := l.fs.ReadDir(name)
		if err != nil {
			return disk.Explain("read", name, err)
		}
		for _, e := range entries {
			if err := l.removeAll(filepath.Join(name, e.Name())); err != nil {
				return err
			}
		}
	}
	if err := l.fs.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return disk.Explain("remove", name, err)
	}
	return nil
}

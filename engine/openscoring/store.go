package openscoring

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millrace-sql/millrace/engine/disk"
	"github.com/millrace-sql/millrace/engine/model"
)

// validID is what a model may be called.
var validID = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9\-._]*$`)

// maxID bounds names, so that they fit into a file's.
const maxID = 200

// entry is a deployed model. All but the time of access never changes.
type entry struct {
	id       string
	model    *Model
	document []byte // nil for a Spark ML directory
	// files are what a folder has of the model by name, the document first. Others
	// are of an earlier deployment as another format whose replacement was cut short.
	files    []string
	created  time.Time
	accessed atomic.Pointer[time.Time]
	stats    *modelStats
}

// store is the deployed models: in memory, and in a folder if there is one. A
// document is in the folder before it answers requests, and gone from it before
// it stops to.
type store struct {
	dir string // empty: none
	fs  disk.FS

	change sync.Mutex // held while a model is deployed or undeployed
	mu     sync.RWMutex
	models map[string]*entry
}

// Fault is a file of the models folder that was left out.
type Fault struct {
	Path string
	Err  error
}

// openStore loads what the folder holds. A file that is no model does not stop
// the others; it is among the faults.
func openStore(dir string, fsys disk.FS) (*store, []Fault, error) {
	s := &store{dir: dir, fs: fsys, models: map[string]*entry{}}
	if dir == "" {
		return s, nil, nil
	}
	if err := disk.MkdirAll(fsys, dir); err != nil {
		return nil, nil, err
	}
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		return nil, nil, disk.Explain("read", dir, err)
	}
	var faults []Fault
	for _, d := range entries {
		path := filepath.Join(dir, d.Name())
		if disk.IsTemporary(d.Name()) {
			// Left by a crash in the middle of a deployment, which had not been answered.
			if err := fsys.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				faults = append(faults, Fault{path, err})
			}
			continue
		}
		if err := s.load(path); err != nil {
			faults = append(faults, Fault{path, err})
		}
	}
	return s, faults, nil
}

// load deploys a file or directory of the folder under its name.
func (s *store) load(path string) error {
	info, err := s.fs.Stat(path)
	if err != nil {
		return err
	}
	name := filepath.Base(path)
	id, format := name, sparkmlFormat
	if !info.IsDir() {
		id, format = formatByName(name)
	}
	if strings.HasPrefix(id, ".") || format == "" || info.IsDir() && !s.isSparkML(path) {
		return nil // something else that lies there
	}
	e := &entry{id: id, created: info.ModTime(), files: []string{name}, stats: &modelStats{}}
	if !info.IsDir() {
		if e.document, err = disk.ReadFile(s.fs, path); err != nil {
			return err
		}
		if found, _ := model.DetectDocument(e.document); strings.HasSuffix(name, ".txt") && found != format {
			return nil // a text
		}
	}
	if !validID.MatchString(id) || len(id) > maxID {
		return fmt.Errorf("%q cannot be a model's name: letters, digits, -, . and _ were expected", id)
	}
	if err := s.taken(id); err != nil {
		return err
	}
	old := s.models[id]
	if old != nil && !old.olderThan(e) {
		old.files = append(old.files, name)
		return fmt.Errorf("a second model %s: %s is used", id, old.files[0])
	}
	if info.IsDir() {
		e.model, err = Load(path, format)
	} else {
		e.model, err = LoadDocument(e.document, format)
	}
	if err != nil {
		return err
	}
	s.models[id] = e
	if old != nil {
		e.files = append(e.files, old.files...)
		return fmt.Errorf("a second model %s: %s is newer, and %s is not used", id, name, old.files[0])
	}
	return nil
}

// olderThan says that a document is to give way to another of its name. What a
// deployment leaves when it is cut short is the document that it was to replace.
func (e *entry) olderThan(other *entry) bool {
	return e.document != nil && other.document != nil && e.created.Before(other.created)
}

// errSameName refuses a name that some file systems take for another's.
var errSameName = errors.New("names that differ only in capitals are one file for some systems")

// taken refuses a name that differs from a deployed model's only in capitals.
func (s *store) taken(id string) error {
	for other := range s.models {
		if other != id && strings.EqualFold(other, id) {
			return fmt.Errorf("the model %s cannot be beside the model %s: %w", id, other, errSameName)
		}
	}
	return nil
}

func (s *store) isSparkML(path string) bool {
	info, err := s.fs.Stat(filepath.Join(path, "metadata"))
	return err == nil && info.IsDir()
}

// get gives a model, nil if there is none.
func (s *store) get(id string) *entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.models[id]
}

// all gives the models in the order of their names, ignoring case.
func (s *store) all() []*entry {
	s.mu.RLock()
	list := make([]*entry, 0, len(s.models))
	for _, e := range s.models {
		list = append(list, e)
	}
	s.mu.RUnlock()
	slices.SortFunc(list, func(a, b *entry) int {
		return cmp.Or(cmp.Compare(strings.ToLower(a.id), strings.ToLower(b.id)), cmp.Compare(a.id, b.id))
	})
	return list
}

// errDirectory refuses a change of a model that is not the server's to change.
var errDirectory = errors.New("this model is a Spark ML directory of the models folder: change it there, and start the server again")

// deploy puts a document in place; fresh says that it replaced none. Requests
// under way go on with the model they began with.
func (s *store) deploy(id string, doc []byte, m *Model) (e *entry, fresh bool, err error) {
	s.change.Lock()
	defer s.change.Unlock()
	old := s.get(id)
	if old != nil && old.document == nil {
		return nil, false, errDirectory
	}
	if err := s.taken(id); err != nil { // the map is written to only while change is held
		return nil, false, err
	}
	e = &entry{id: id, model: m, document: doc, files: []string{fileName(id, m.format, doc)}, created: time.Now(), stats: &modelStats{}}
	if s.dir != "" {
		if err := disk.ReplaceFile(s.fs, filepath.Join(s.dir, e.files[0]), doc); err != nil {
			return nil, false, err
		}
	}
	if old != nil {
		e.stats = old.stats
		if err := s.remove(old, e.files[0]); err != nil {
			return nil, false, err
		}
	}
	s.mu.Lock()
	s.models[id] = e
	s.mu.Unlock()
	return e, old == nil, nil
}

// undeploy removes a model; ok is false if there is none.
func (s *store) undeploy(id string) (ok bool, err error) {
	s.change.Lock()
	defer s.change.Unlock()
	old := s.get(id)
	if old == nil {
		return false, nil
	}
	if old.document == nil {
		return true, errDirectory
	}
	if err := s.remove(old, ""); err != nil {
		return true, err
	}
	s.mu.Lock()
	delete(s.models, id)
	s.mu.Unlock()
	return true, nil
}

// remove removes the files of a model, but for one that is another's now.
func (s *store) remove(e *entry, but string) error {
	if s.dir == "" {
		return nil
	}
	changed := false
	for _, name := range e.files {
		if name == but {
			continue
		}
		path := filepath.Join(s.dir, name)
		if err := s.fs.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return disk.Explain("remove", path, err)
		}
		changed = true
	}
	if !changed {
		return nil
	}
	return disk.SyncDir(s.fs, s.dir)
}

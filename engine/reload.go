package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/model"
)

// settles is how old a file must be for its size and time to tell it from a later
// one: some file systems count time in steps of two seconds.
const settles = 2 * time.Second

// reloads watches the files of models with reload = true.
type reloads struct {
	mu      sync.Mutex
	watches map[string]*watch // by lower-case name
}

// watch is what was last seen of one model's files.
type watch struct {
	mu    sync.Mutex
	entry *catalog.ModelEntry // the model that seen belongs to
	seen  fileState
	sum   string // of what seen describes; "" when it could not be read
}

// watch gives the watch of a name.
func (r *reloads) watch(name string) *watch {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := strings.ToLower(name)
	w := r.watches[key]
	if w == nil {
		if r.watches == nil {
			r.watches = map[string]*watch{}
		}
		w = &watch{}
		r.watches[key] = w
	}
	return w
}

// forget drops the watch of a name, which holds the model that was last seen.
func (r *reloads) forget(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.watches, strings.ToLower(name))
}

// loaded notes what a model's files looked like just before it was loaded.
func (r *reloads) loaded(e *catalog.ModelEntry, seen fileState) {
	if !e.Reload {
		return
	}
	w := r.watch(e.Name)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.entry, w.seen, w.sum = e, seen, e.Version
}

// keeperOf is the format of a model whose files can be watched and copied, or nil.
func (e *Engine) keeperOf(m *catalog.ModelEntry) model.Keeper {
	k, _ := e.formats[m.Connector].(model.Keeper)
	return k
}

// currentModel is the model of a name, loaded again when its files have changed
// and it has reload = true; nil when there is none.
func (e *Engine) currentModel(name string) *catalog.ModelEntry {
	m := e.catalog.Model(name)
	if m == nil || !m.Reload {
		return m
	}
	k := e.keeperOf(m)
	if k == nil {
		return m
	}
	w := e.reloads.watch(name)
	w.mu.Lock()
	defer w.mu.Unlock()
	if m = e.catalog.Model(name); m == nil || !m.Reload || !w.changed(m, k) {
		return m
	}
	return e.reload(w, m, k)
}

// refreshModels loads the models again whose files have changed.
func (e *Engine) refreshModels() {
	for _, name := range e.catalog.Names(catalog.Models) {
		e.currentModel(name)
	}
}

// changed looks whether the files are not those that were last seen. It notes how
// they look now.
func (w *watch) changed(m *catalog.ModelEntry, k model.Keeper) bool {
	path := k.Path(m.Options)
	now := stateOf(path)
	if w.entry != m { // made otherwise than by CREATE MODEL
		w.entry, w.seen, w.sum = m, fileState{}, m.Version
	}
	if w.seen.same(now) && (w.seen.settled || !now.settled) {
		return false
	}
	w.seen = now
	sum, err := k.Sum(path)
	if err != nil {
		sum = "" // Load says what is wrong
	}
	same := sum == w.sum
	w.sum = sum
	return !same
}

// reload loads a model whose files have changed. Files that do not load leave the
// model as it is; they are tried again when they change. w.mu is held.
func (e *Engine) reload(w *watch, m *catalog.ModelEntry, k model.Keeper) *catalog.ModelEntry {
	fresh := *m
	err := guarded(func() (err error) {
		fresh.Model, fresh.Version, err = k.Load(m.Options)
		return err
	})
	if err != nil {
		e.warn("the model's changed files do not load; the version before stays", "model", m.Name, "error", err)
		e.emit(ModelRefused{Model: m.Name, Err: err})
		return m
	}
	// What was loaded may be newer than what was seen: the next look tells.
	w.sum = fresh.Version
	if fresh.Version == m.Version {
		return m
	}
	if !e.catalog.SwapModel(m, &fresh) {
		return e.catalog.Model(m.Name) // replaced or dropped meanwhile
	}
	w.entry = &fresh
	e.cfg.Logger.Info("model loaded again", "model", m.Name, "was", m.Version, "is", fresh.Version)
	return &fresh
}

// fileState is how a file, or the files of a directory, look from outside.
type fileState struct {
	files []seenFile
	err   string // why they could not be looked at, or ""
	// settled is true when no file is so young that it may change without looking
	// otherwise.
	settled bool
}

type seenFile struct {
	name string
	info fs.FileInfo
}

// stateOf looks at a file, or at all files of a directory that are not hidden.
func stateOf(path string) fileState {
	s := fileState{settled: true}
	young := time.Now().Add(-settles)
	root, err := filepath.EvalSymlinks(path)
	if err == nil {
		err = s.look(root, young)
	}
	if err != nil {
		s.err = err.Error()
		var p *fs.PathError
		if errors.As(err, &p) {
			s.err = p.Err.Error()
		}
	}
	return s
}

// look notes the files at or below root; those changed after young are not
// settled.
func (s *fileState) look(root string, young time.Time) error {
	return filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name != root && strings.HasPrefix(d.Name(), ".") {
			return err
		}
		info, err := os.Stat(name)
		if err != nil || info.IsDir() {
			return err
		}
		s.files = append(s.files, seenFile{name, info})
		s.settled = s.settled && info.ModTime().Before(young)
		return nil
	})
}

// same says whether two looks saw the same files.
func (s fileState) same(o fileState) bool {
	if s.err != o.err || len(s.files) != len(o.files) {
		return false
	}
	for i, f := range s.files {
		g := o.files[i]
		if f.name != g.name || !os.SameFile(f.info, g.info) || f.info.Size() != g.info.Size() || !f.info.ModTime().Equal(g.info.ModTime()) {
			return false
		}
	}
	return true
}

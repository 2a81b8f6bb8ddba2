package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/checkpoint"
	"github.com/millrace-sql/millrace/engine/exec"
	"github.com/millrace-sql/millrace/engine/model"
)

// firstProgram is what a query begins with: d, its plan with the present models,
// or, when an epoch must run again, that with the models and policies which the
// epoch was planned with. The present ones are taken up after it. CurrentModels
// scores it with the present models, and the policies it was planned with.
func (r *stream) firstProgram(d dish, currentModels bool) (program *exec.Program, notes []string, err error) {
	r.rows, r.width = d.schema, d.program.Schema
	r.want, r.using = d.models, maps.Clone(d.models)
	defer func() { r.showModels() }() // those in use then
	state := r.log.State()
	again := state.Planned > state.Committed
	var differ []string
	for _, name := range slices.Sorted(maps.Keys(d.models)) {
		m := d.models[name]
		was, ok := state.Last.Models[name]
		if !ok {
			continue
		}
		if otherVersion(m, was) {
			notes = append(notes, changedNote(m, state.Planned, again, currentModels))
		}
		if !again {
			continue
		}
		old := withPolicies(m, was)
		if otherVersion(m, was) && !currentModels {
			if old, err = r.plannedModel(old, was); err != nil {
				return nil, nil, r.cannotRepeat(m, was, err)
			}
		}
		if !sameModel(old, m) {
			differ = append(differ, name)
			r.using[name] = old
		}
	}
	if len(differ) == 0 {
		return d.program, notes, nil
	}
	old, err := r.recipe.make(r.using)
	if err == nil {
		err = r.fits(old)
	}
	if err != nil {
		m := d.models[differ[0]]
		return nil, nil, r.cannotRepeat(m, state.Last.Models[differ[0]], plainError(err))
	}
	return old.program, notes, nil
}

func otherVersion(m *catalog.ModelEntry, was checkpoint.Model) bool {
	return was.Format != m.Connector || was.Version != m.Version
}

// withPolicies is m with the policies that an epoch was planned with: letters that
// it has written already are then of rows that it leaves out again. A policy that
// made the query fail has written nothing, and whoever changed it means this epoch.
func withPolicies(m *catalog.ModelEntry, was checkpoint.Model) *catalog.ModelEntry {
	old := *m
	if p, ok := catalog.ParsePolicy(was.OnMissing); ok && p != catalog.PolicyError {
		old.OnMissing = p
	}
	if p, ok := catalog.ParsePolicy(was.OnInvalid); ok && p != catalog.PolicyError {
		old.OnInvalid = p
	}
	return &old
}

func changedNote(m *catalog.ModelEntry, epoch int64, again, currentModels bool) string {
	note := "model " + m.Name + " has changed since the query's last run"
	switch {
	case again && currentModels:
		return fmt.Sprintf("%s; epoch %d runs again with the present version", note, epoch)
	case again:
		return fmt.Sprintf("%s; epoch %d runs again with the version it was planned with; modelVersions = 'current' would take the present one", note, epoch)
	}
	return note
}

// cannotRepeat says that an epoch cannot be scored as it was planned.
func (r *stream) cannotRepeat(m *catalog.ModelEntry, was checkpoint.Model, err error) error {
	return fmt.Errorf("epoch %d must run again and was planned with version %s of model %s, which is now %s: %w; make the model with that version again, or start the query with OPTIONS (modelVersions = 'current') to score the epoch with the present one",
		r.log.State().Planned, shortVersion(was.Version), m.Name, shortVersion(m.Version), err)
}

// shortVersion is enough of a checksum for a message.
func shortVersion(v string) string {
	if len(v) > 12 {
		return v[:12]
	}
	return v
}

// plannedModel loads an earlier version of a model from the checkpoint's copy.
func (r *stream) plannedModel(now *catalog.ModelEntry, was checkpoint.Model) (*catalog.ModelEntry, error) {
	if was.Copy == "" {
		return nil, errors.New("the checkpoint has no copy of that version")
	}
	k, ok := r.q.engine.formats[was.Format].(model.Keeper)
	if !ok {
		return nil, fmt.Errorf("there is no model format %s that reads its copy", was.Format)
	}
	dir := r.log.CopyDir(was.Copy)
	path, err := onlyEntry(dir)
	if err != nil {
		return nil, fmt.Errorf("its copy in the checkpoint is missing or damaged: %w", err)
	}
	if sum, err := k.Sum(path); err != nil || sum != was.Version {
		return nil, fmt.Errorf("its copy %s is damaged: its checksum is another", path)
	}
	old := *now
	old.Connector = was.Format
	err = guarded(func() (err error) {
		old.Model, old.Version, err = k.Load(k.At(now.Options, path))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("its copy does not load: %w", err)
	}
	return &old, nil
}

// onlyEntry is the file or folder that a copy consists of.
func onlyEntry(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	if len(entries) != 1 {
		return "", fmt.Errorf("%s holds %s instead of 1", dir, catalog.Count(len(entries), "file"))
	}
	return filepath.Join(dir, entries[0].Name()), nil
}

// keepFirst keeps the models of a query that has no epoch to run again: their
// files may be others by the time of the first epoch.
func (r *stream) keepFirst() error {
	if state := r.log.State(); state.Planned > state.Committed {
		return nil
	}
	_, err := r.keep()
	return err
}

// keep copies the files of the models in use into the checkpoint and notes the
// versions for the next plan. Whole is false when the files of a model are no
// longer those that it was loaded from, so that there is no copy.
func (r *stream) keep() (whole bool, err error) {
	versions := make(map[string]checkpoint.Model, len(r.using))
	whole = true
	for name, m := range r.using {
		x := checkpoint.Model{Format: m.Connector, Version: m.Version, OnMissing: m.OnMissing.String(), OnInvalid: m.OnInvalid.String()}
		k := r.q.engine.keeperOf(m)
		if k != nil && r.log.Dir() != "" {
			if x.Copy, err = r.keepFiles(m, k); err != nil {
				return false, err
			}
			whole = whole && x.Copy != ""
		}
		versions[name] = x
	}
	r.versions = versions
	r.log.DropCopies(versions)
	return whole, nil
}

// keepFiles gives the name of a copy of a model's files, which it makes when there
// is none; "" when the files are not the model's any more.
func (r *stream) keepFiles(m *catalog.ModelEntry, k model.Keeper) (string, error) {
	name := copyName(m)
	if r.copyIs(name, m, k) {
		return name, nil
	}
	path, err := filepath.Abs(k.Path(m.Options))
	if err == nil {
		err = r.log.Keep(name, os.DirFS(filepath.Dir(path)), filepath.Base(path))
	}
	var unread *checkpoint.SourceError
	if err != nil && !errors.As(err, &unread) {
		return "", err
	}
	if err == nil && r.copyIs(name, m, k) {
		r.q.engine.hook("model kept")
		return name, nil
	}
	if err == nil {
		err = errors.New("it has changed since it was loaded")
	}
	r.unkept(m, path, err)
	return "", nil
}

// unkept tells, once, that the checkpoint has no copy of a model.
func (r *stream) unkept(m *catalog.ModelEntry, path string, err error) {
	if r.toldUnkept[m.Name] == m.Version {
		return
	}
	if r.toldUnkept == nil {
		r.toldUnkept = map[string]string{}
	}
	r.toldUnkept[m.Name] = m.Version
	e := r.q.engine
	e.warn("the checkpoint keeps no copy of a model", "query", r.q.name, "model", m.Name, "version", m.Version, "path", path, "error", err)
	e.emit(ModelNotKept{Query: r.q, Model: m.Name, Version: m.Version, Err: fmt.Errorf("%s: %w", path, err)})
}

// copyName is the name of a model's copy: one folder on any system.
func copyName(m *catalog.ModelEntry) string {
	odd := strings.IndexFunc(m.Version, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	})
	if odd < 0 && len(m.Version) <= 100 {
		return m.Connector + "-" + m.Version
	}
	sum := sha256.Sum256([]byte(m.Version))
	return m.Connector + "-" + hex.EncodeToString(sum[:])
}

// copyIs says whether the checkpoint has a copy of that name, and it is the model.
func (r *stream) copyIs(name string, m *catalog.ModelEntry, k model.Keeper) bool {
	dir := r.log.CopyDir(name)
	if dir == "" {
		return false
	}
	path, err := onlyEntry(dir)
	if err != nil {
		return false
	}
	sum, err := k.Sum(path)
	return err == nil && sum == m.Version
}

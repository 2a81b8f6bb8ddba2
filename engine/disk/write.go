package disk

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
)

// WriteFile puts a whole file in place: after it returned nil the file is there
// with this content, whatever happens to the machine; after an error or a crash
// it is there whole or not at all. A name that is taken is fs.ErrExist.
func WriteFile(fsys FS, name string, data []byte) error { return writeFile(fsys, name, data, false) }

// ReplaceFile is WriteFile that takes the place of a file that has the name:
// after an error or a crash either the old or the new one is there, whole.
func ReplaceFile(fsys FS, name string, data []byte) error { return writeFile(fsys, name, data, true) }

func writeFile(fsys FS, name string, data []byte, replace bool) error {
	f, err := CreateFile(fsys, name)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Abort())
	}
	if replace {
		err = f.Replace()
	} else {
		err = f.Commit()
	}
	if err != nil {
		return err
	}
	return SyncDir(fsys, filepath.Dir(name))
}

// Pending is a file being written under a name that readers ignore. It ends
// with Commit, Replace or Abort.
type Pending struct {
	fsys      FS
	f         File
	name, tmp string
}

// CreateFile begins a file that gets its name only when it is complete. Until
// then it stands in the same folder under a dot name.
func CreateFile(fsys FS, name string) (*Pending, error) {
	tmp := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+"."+uuid.NewString()+tmpSuffix)
	f, err := fsys.Create(tmp)
	if err != nil {
		return nil, Explain("create", name, err)
	}
	return &Pending{fsys: fsys, f: f, name: name, tmp: tmp}, nil
}

const tmpSuffix = ".tmp"

// IsTemporary says whether a file's base name is one that CreateFile makes: left
// behind by a crash when nobody is writing in the folder.
func IsTemporary(base string) bool {
	const idLen = 36
	rest, ok := strings.CutSuffix(base, tmpSuffix)
	if !ok || len(rest) < idLen+2 || rest[0] != '.' || rest[len(rest)-idLen-1] != '.' {
		return false
	}
	_, err := uuid.Parse(rest[len(rest)-idLen:])
	return err == nil
}

// Write appends to the file.
func (p *Pending) Write(b []byte) (int, error) {
	n, err := p.f.Write(b)
	return n, Explain("write", p.name, err)
}

// Commit makes the content durable and gives the file its name; a name that is
// taken is fs.ErrExist. The name is durable after SyncDir of the folder.
// After an error the file is gone.
func (p *Pending) Commit() error { return p.finish(p.fsys.RenameNew) }

// Replace is Commit that takes the place of a file that has the name.
func (p *Pending) Replace() error { return p.finish(p.fsys.Rename) }

func (p *Pending) finish(rename func(from, to string) error) error {
	if err := p.f.Sync(); err != nil {
		return errors.Join(Explain("sync", p.name, err), p.Abort())
	}
	if err := p.f.Close(); err != nil {
		return errors.Join(Explain("close", p.name, err), p.remove())
	}
	if err := rename(p.tmp, p.name); err != nil {
		return errors.Join(Explain("rename", p.name, err), p.remove())
	}
	return nil
}

// Abort drops the file.
func (p *Pending) Abort() error {
	return errors.Join(p.f.Close(), p.remove())
}

// remove drops the temporary file. That it is gone already is no fault: a rename
// may have reported an error after it was done.
func (p *Pending) remove() error {
	if err := p.fsys.Remove(p.tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Explain("remove", p.tmp, err)
	}
	return nil
}

// ReadFile reads a whole file.
func ReadFile(fsys FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, Explain("open", name, err)
	}
	data, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, Explain("read", name, err)
	}
	return data, nil
}

// SyncDir makes the names in a folder durable.
func SyncDir(fsys FS, dir string) error { return Explain("sync", dir, fsys.SyncDir(dir)) }

// MkdirAll makes a folder and the folders above it that are missing, durably.
func MkdirAll(fsys FS, dir string) error {
	dir = filepath.Clean(dir)
	info, err := fsys.Stat(dir)
	parent := filepath.Dir(dir)
	switch {
	case err == nil && !info.IsDir():
		return &Error{Op: "create", Path: dir, Err: fs.ErrExist, What: "is a file, and a folder is needed", Remedy: "choose another place, or move the file away"}
	case err == nil:
		syncAbove(fsys, dir)
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return Explain("create", dir, err)
	}
	if parent != dir {
		if err := MkdirAll(fsys, parent); err != nil {
			return err
		}
	}
	if err := fsys.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return Explain("create", dir, err)
	}
	return SyncDir(fsys, parent)
}

// syncAbove makes the name of a folder that is there durable, and those of the
// folders above it: an earlier run may have made them and then failed to. Folders
// that others made are none of our business, so errors do not count.
func syncAbove(fsys FS, dir string) {
	for parent := filepath.Dir(dir); parent != dir; dir, parent = parent, filepath.Dir(parent) {
		_ = fsys.SyncDir(parent)
	}
}

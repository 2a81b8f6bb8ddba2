package enginetest

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/millrace-sql/millrace/engine/disk"
)

// ErrCrashed is what every operation returns after a simulated crash.
var ErrCrashed = errors.New("the machine crashed")

// FaultFS is a disk.FS in memory that keeps apart what a crash would leave from
// what it shows: the content of a file since its last Sync and the names in a
// folder since its last SyncDir are not durable. Its operations are counted, so
// that a test can let each of them fail in turn.
type FaultFS struct {
	mu    sync.Mutex
	root  *node
	locks map[string]bool
	clock time.Time
	ops   int
	fault fault
	dead  bool
}

// fault is what happens to one operation.
type fault struct {
	at    int // 0: nothing happens
	err   error
	after bool // the operation takes effect and then reports err
	crash bool
}

// node is a file or a folder. A folder's durable names are those of its last
// SyncDir; a file's durable content is that of its last Sync.
type node struct {
	dir            bool
	mod            time.Time
	names, durable map[string]*node
	data, synced   []byte
}

func newDir() *node {
	return &node{dir: true, names: map[string]*node{}, durable: map[string]*node{}}
}

// NewFaultFS makes an empty file system.
func NewFaultFS() *FaultFS {
	return &FaultFS{root: newDir(), locks: map[string]bool{}, clock: time.Unix(1_700_000_000, 0)}
}

// Ops is how many operations there were: every call of a method of disk.FS or
// disk.File.
func (f *FaultFS) Ops() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ops
}

// FailAt lets operation k from now (1 is the next) fail with an error, once. It
// has no effect then, except that a Write writes half.
func (f *FaultFS) FailAt(k int, err error) { f.set(k, fault{err: err}) }

// FailAfter lets operation k from now report an error after it took effect, once:
// what a network drive does when the answer is lost.
func (f *FaultFS) FailAfter(k int, err error) { f.set(k, fault{err: err, after: true}) }

// CrashAt lets the machine crash before operation k from now: it and all later
// ones return ErrCrashed. AfterCrash shows what is left.
func (f *FaultFS) CrashAt(k int) { f.set(k, fault{err: ErrCrashed, crash: true}) }

func (f *FaultFS) set(k int, x fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	x.at = f.ops + k
	f.fault = x
}

// Fate is what becomes of something that was not synced.
type Fate int

// The fates.
const (
	Lost Fate = iota
	Kept
	// Mixed keeps one half: every second changed name of a folder, the first half of
	// a file's content.
	Mixed
)

// Loss says what a crash does to unsynced names and to unsynced content.
type Loss struct{ Names, Content Fate }

// Losses are all combinations.
func Losses() []Loss {
	fates := []Fate{Lost, Kept, Mixed}
	var out []Loss
	for _, n := range fates {
		for _, c := range fates {
			out = append(out, Loss{Names: n, Content: c})
		}
	}
	return out
}

// AfterCrash is the file system as it would be found after a crash at this
// moment: a copy, without locks and without faults to come. It may be called
// several times.
func (f *FaultFS) AfterCrash(l Loss) *FaultFS {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := NewFaultFS()
	out.clock = f.clock.Add(time.Second)
	out.root = f.root.after(l, map[*node]*node{})
	return out
}

// after copies what a crash leaves of a node; a file with two names stays one
// file.
func (n *node) after(l Loss, done map[*node]*node) *node {
	if c, ok := done[n]; ok {
		return c
	}
	c := &node{dir: n.dir, mod: n.mod}
	done[n] = c
	if !n.dir {
		c.data = n.contentAfter(l.Content)
		c.synced = slices.Clone(c.data)
		return c
	}
	c.names = map[string]*node{}
	for name, child := range n.namesAfter(l.Names) {
		c.names[name] = child.after(l, done)
	}
	c.durable = maps.Clone(c.names)
	return c
}

func (n *node) contentAfter(fate Fate) []byte {
	switch fate {
	case Lost:
		return slices.Clone(n.synced)
	case Kept:
		return slices.Clone(n.data)
	}
	if slices.Equal(n.data, n.synced) {
		return slices.Clone(n.data)
	}
	return slices.Clone(n.data[:len(n.data)/2])
}

func (n *node) namesAfter(fate Fate) map[string]*node {
	switch fate {
	case Lost:
		return n.durable
	case Kept:
		return n.names
	}
	out := maps.Clone(n.durable)
	changed := 0
	all := maps.Clone(n.durable)
	maps.Copy(all, n.names)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if n.names[name] == n.durable[name] {
			continue
		}
		if changed++; changed%2 == 1 {
			continue
		}
		if now, ok := n.names[name]; ok {
			out[name] = now
		} else {
			delete(out, name)
		}
	}
	return out
}

// op counts an operation and runs do, unless it is the one to fail.
func (f *FaultFS) op(do func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ops++
	f.clock = f.clock.Add(time.Millisecond)
	if f.dead {
		return ErrCrashed
	}
	if f.ops != f.fault.at {
		return do()
	}
	if f.fault.crash {
		f.dead = true
		return ErrCrashed
	}
	if f.fault.after {
		return errors.Join(do(), f.fault.err)
	}
	return f.fault.err
}

// find walks to a node.
func (f *FaultFS) find(op, name string) (*node, error) {
	n := f.root
	for _, part := range strings.Split(clean(name), "/") {
		if part == "" {
			continue
		}
		next, ok := n.names[part]
		if !ok {
			return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
		n = next
	}
	return n, nil
}

func (f *FaultFS) parent(op, name string) (*node, string, error) {
	p := clean(name)
	n, err := f.find(op, path.Dir(p))
	if err == nil && !n.dir {
		err = &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return n, path.Base(p), err
}

func clean(name string) string { return path.Clean("/" + filepath.ToSlash(name)) }

// Open opens a file for reading.
func (f *FaultFS) Open(name string) (disk.File, error) {
	var out disk.File
	err := f.op(func() error {
		n, err := f.find("open", name)
		if err != nil {
			return err
		}
		out = &faultFile{fs: f, n: n, name: name}
		return nil
	})
	return orNil(out, err)
}

// Create makes a new file.
func (f *FaultFS) Create(name string) (disk.File, error) {
	var out disk.File
	err := f.op(func() error {
		dir, base, err := f.parent("create", name)
		if err != nil {
			return err
		}
		if dir.names[base] != nil {
			return &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
		}
		n := &node{mod: f.clock}
		dir.names[base] = n
		out = &faultFile{fs: f, n: n, name: name}
		return nil
	})
	return orNil(out, err)
}

func orNil(f disk.File, err error) (disk.File, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Rename replaces to.
func (f *FaultFS) Rename(from, to string) error { return f.rename(from, to, true) }

// RenameNew never replaces.
func (f *FaultFS) RenameNew(from, to string) error { return f.rename(from, to, false) }

func (f *FaultFS) rename(from, to string, replace bool) error {
	return f.op(func() error {
		dir, base, err := f.parent("rename", from)
		if err != nil {
			return err
		}
		n := dir.names[base]
		switch {
		case n == nil:
			return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
		case path.Dir(clean(from)) != path.Dir(clean(to)):
			return &fs.PathError{Op: "rename", Path: to, Err: errors.New("in another folder")}
		case !replace && dir.names[path.Base(clean(to))] != nil:
			return &fs.PathError{Op: "rename", Path: to, Err: fs.ErrExist}
		}
		delete(dir.names, base)
		dir.names[path.Base(clean(to))] = n
		return nil
	})
}

// Remove removes a file or an empty folder.
func (f *FaultFS) Remove(name string) error {
	return f.op(func() error {
		dir, base, err := f.parent("remove", name)
		if err != nil {
			return err
		}
		n := dir.names[base]
		if n == nil {
			return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
		}
		if len(n.names) > 0 {
			return &fs.PathError{Op: "remove", Path: name, Err: errors.New("folder not empty")}
		}
		delete(dir.names, base)
		return nil
	})
}

// Mkdir makes one folder.
func (f *FaultFS) Mkdir(name string) error {
	return f.op(func() error {
		dir, base, err := f.parent("mkdir", name)
		if err != nil {
			return err
		}
		if dir.names[base] != nil {
			return &fs.PathError{Op: "mkdir", Path: name, Err: fs.ErrExist}
		}
		n := newDir()
		n.mod = f.clock
		dir.names[base] = n
		return nil
	})
}

// ReadDir lists a folder.
func (f *FaultFS) ReadDir(name string) ([]fs.DirEntry, error) {
	var out []fs.DirEntry
	err := f.op(func() error {
		n, err := f.find("open", name)
		if err != nil {
			return err
		}
		if !n.dir {
			return &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
		}
		for _, base := range slices.Sorted(maps.Keys(n.names)) {
			out = append(out, fs.FileInfoToDirEntry(n.names[base].info(base)))
		}
		return nil
	})
	return out, err
}

// Stat describes a file or a folder.
func (f *FaultFS) Stat(name string) (fs.FileInfo, error) {
	var out fs.FileInfo
	err := f.op(func() error {
		n, err := f.find("stat", name)
		if err == nil {
			out = n.info(path.Base(clean(name)))
		}
		return err
	})
	return out, err
}

// SyncDir makes the names in a folder durable.
func (f *FaultFS) SyncDir(name string) error {
	return f.op(func() error {
		n, err := f.find("sync", name)
		if err == nil {
			n.durable = maps.Clone(n.names)
		}
		return err
	})
}

// Lock locks a name.
func (f *FaultFS) Lock(name string) (io.Closer, error) {
	took := false
	err := f.op(func() error {
		dir, base, err := f.parent("lock", name)
		switch {
		case err != nil:
			return err
		case f.locks[clean(name)]:
			return &disk.LockedError{Name: name, Owner: "this process"}
		case dir.names[base] == nil:
			dir.names[base] = &node{mod: f.clock}
		}
		f.locks[clean(name)], took = true, true
		return nil
	})
	u := unlock{f, clean(name)}
	if err != nil && took {
		// A lock whose taking was reported as failed is not held.
		_ = u.Close()
	}
	if err != nil {
		return nil, err
	}
	return u, nil
}

type unlock struct {
	fs   *FaultFS
	name string
}

// Close is not an operation of the disk: it cannot fail.
func (u unlock) Close() error {
	u.fs.mu.Lock()
	defer u.fs.mu.Unlock()
	delete(u.fs.locks, u.name)
	return nil
}

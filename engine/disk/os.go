package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// OS is the operating system's file system.
type OS struct{}

// Open opens a file for reading.
func (OS) Open(name string) (File, error) { return file(os.Open(name)) }

// Create makes a new, empty file for writing.
func (OS) Create(name string) (File, error) {
	return file(os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666))
}

// file keeps a nil *os.File from becoming a File that is not nil.
func file(f *os.File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return f, nil
}

// Rename replaces to.
func (OS) Rename(from, to string) error { return os.Rename(from, to) }

// RenameNew links the file under its new name, which fails when the name is
// taken, and then drops the old one. Where the file system has no links it looks
// before it renames: there the lock of the folder is what keeps others out.
func (OS) RenameNew(from, to string) error {
	err := os.Link(from, to)
	switch {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, fs.ErrExist), errors.Is(err, fs.ErrNotExist):
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		return &fs.PathError{Op: "rename", Path: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}

// Remove removes a file or an empty folder.
func (OS) Remove(name string) error { return os.Remove(name) }

// Mkdir makes one folder.
func (OS) Mkdir(name string) error { return os.Mkdir(name, 0o777) }

// ReadDir lists a folder, sorted by name.
func (OS) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

// Stat follows symbolic links.
func (OS) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// SyncDir makes the names in a folder durable. Windows has no such operation;
// there the file system's journal keeps the order.
func (OS) SyncDir(name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Lock locks a file and writes the number of this process into it, so that the
// next one can say who holds it.
func (OS) Lock(name string) (io.Closer, error) {
	l := flock.New(name, flock.SetPermissions(0o666))
	ok, err := l.TryLock()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &LockedError{Name: name, Owner: owner(name)}
	}
	pid := strconv.Itoa(os.Getpid()) + "\n"
	if err := os.WriteFile(name, []byte(pid), 0o666); err != nil && runtime.GOOS != "windows" {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func owner(name string) string {
	data, err := os.ReadFile(name)
	pid, bad := strconv.Atoi(strings.TrimSpace(string(data)))
	switch {
	case err != nil || bad != nil:
		return "another process"
	case pid == os.Getpid():
		return "this process"
	}
	return fmt.Sprintf("process %d", pid)
}

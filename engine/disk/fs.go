package disk

import (
	"io"
	"io/fs"
)

// FS is a file system. Names are paths as the operating system writes them.
// All methods may be called by many goroutines at once. Errors wrap fs.ErrNotExist,
// fs.ErrExist and fs.ErrPermission where those apply.
//
// What a method changed survives a crash of the machine only after the Sync
// that covers it: File.Sync for content, SyncDir of the folder for a name that
// was made, renamed or removed in it.
type FS interface {
	// Open opens a file for reading. The caller closes it.
	Open(name string) (File, error)
	// Create makes a new, empty file for writing; fs.ErrExist if the name is taken.
	// The caller closes it.
	Create(name string) (File, error)
	// Rename gives a file another name in the same folder, taking the place of a
	// file that has it.
	Rename(from, to string) error
	// RenameNew is Rename that never takes the place of another file: fs.ErrExist
	// if the name is taken. A crash may leave the file under both names.
	RenameNew(from, to string) error
	// Remove removes a file or an empty folder.
	Remove(name string) error
	// Mkdir makes one folder; fs.ErrExist if the name is taken.
	Mkdir(name string) error
	// ReadDir lists a folder, sorted by name.
	ReadDir(name string) ([]fs.DirEntry, error)
	// Stat describes a file or a folder.
	Stat(name string) (fs.FileInfo, error)
	// SyncDir makes the names in a folder durable.
	SyncDir(name string) error
	// Lock takes the lock that a file stands for, making the file when it is missing,
	// or returns a *LockedError at once. It holds until the Closer is closed or the
	// process ends, however it ends.
	Lock(name string) (io.Closer, error)
}

// File is an open file. It belongs to one goroutine at a time, except ReadAt,
// which may be called by many.
type File interface {
	io.Reader
	io.ReaderAt
	io.Writer
	io.Closer
	// Sync makes the content durable. After an error it is not known what of it is,
	// and calling Sync again does not help.
	Sync() error
	Stat() (fs.FileInfo, error)
}

// LockedError says that somebody else holds a lock.
type LockedError struct {
	// Name of the lock file.
	Name string
	// Owner is who holds it, for a person: "process 4711", "this process".
	Owner string
}

func (e *LockedError) Error() string { return e.Name + " is locked by " + e.Owner }

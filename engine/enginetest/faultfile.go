package enginetest

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/millrace-sql/millrace/engine/disk"
)

// faultFile is an open file of a FaultFS.
type faultFile struct {
	fs   *FaultFS
	n    *node
	name string
	at   int64
}

// Read reads on.
func (f *faultFile) Read(b []byte) (int, error) {
	n, err := f.ReadAt(b, f.at)
	f.at += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

// ReadAt reads at an offset.
func (f *faultFile) ReadAt(b []byte, off int64) (n int, err error) {
	err = f.fs.op(func() error {
		if f.n.dir {
			return &fs.PathError{Op: "read", Path: f.name, Err: errors.New("is a directory")}
		}
		if off >= int64(len(f.n.data)) {
			return io.EOF
		}
		n = copy(b, f.n.data[off:])
		if n < len(b) {
			return io.EOF
		}
		return nil
	})
	return n, err
}

// Write appends. A Write that fails has written half.
func (f *faultFile) Write(b []byte) (n int, err error) {
	err = f.fs.op(func() error {
		f.n.data = append(f.n.data, b...)
		f.n.mod = f.fs.clock
		n = len(b)
		return nil
	})
	if err != nil && n == 0 && !errors.Is(err, ErrCrashed) {
		n = len(b) / 2
		f.fs.mu.Lock()
		defer f.fs.mu.Unlock()
		f.n.data = append(f.n.data, b[:n]...)
	}
	return n, err
}

// Sync makes the content durable.
func (f *faultFile) Sync() error {
	return f.fs.op(func() error {
		f.n.synced = slices.Clone(f.n.data)
		return nil
	})
}

// Stat describes the file.
func (f *faultFile) Stat() (info fs.FileInfo, err error) {
	err = f.fs.op(func() error {
		info = f.n.info(filepath.Base(f.name))
		return nil
	})
	return info, err
}

// Close does nothing but may fail.
func (f *faultFile) Close() error { return f.fs.op(func() error { return nil }) }

func (n *node) info(base string) fs.FileInfo {
	return fileInfo{base: base, size: int64(len(n.data)), dir: n.dir, mod: n.mod}
}

// fileInfo is a snapshot of a node.
type fileInfo struct {
	base string
	size int64
	dir  bool
	mod  time.Time
}

func (i fileInfo) Name() string       { return i.base }
func (i fileInfo) Size() int64        { return i.size }
func (i fileInfo) ModTime() time.Time { return i.mod }
func (i fileInfo) IsDir() bool        { return i.dir }
func (i fileInfo) Sys() any           { return nil }
func (i fileInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}

// CopyDir copies a folder with all that is in it from one file system to
// another and syncs it there.
func CopyDir(to disk.FS, dst string, from disk.FS, src string) error {
	if err := disk.MkdirAll(to, dst); err != nil {
		return err
	}
	entries, err := from.ReadDir(src)
	if err != nil {
		return err
	}
	for _, e := range entries {
		d, s := filepath.Join(dst, e.Name()), filepath.Join(src, e.Name())
		if e.IsDir() {
			err = CopyDir(to, d, from, s)
		} else {
			err = copyFile(to, d, from, s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func copyFile(to disk.FS, dst string, from disk.FS, src string) error {
	data, err := disk.ReadFile(from, src)
	if err != nil {
		return err
	}
	return disk.WriteFile(to, dst, data)
}

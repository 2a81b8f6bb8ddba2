package broker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// LockedError says that another process runs a broker on a directory.
type LockedError struct {
	Dir string
	// PID is the holder's process id, 0 when it is not known.
	PID int
}

func (e *LockedError) Error() string {
	holder := "another process"
	if e.PID != 0 {
		holder = fmt.Sprintf("process %d", e.PID)
	}
	return fmt.Sprintf("the embedded broker's directory %s is in use by %s: stop it, or give this one another data directory", e.Dir, holder)
}

// dirLock is the lock on a directory. The holder's pid is kept beside the lock
// file, because a locked file cannot be read everywhere.
type dirLock struct {
	lock *flock.Flock
	pid  string
}

func lockDir(dir string) (*dirLock, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("embedded broker: %w", err)
	}
	l := &dirLock{lock: flock.New(filepath.Join(dir, "lock")), pid: filepath.Join(dir, "pid")}
	ok, err := l.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("embedded broker: locking %s: %w", dir, err)
	}
	if !ok {
		return nil, &LockedError{Dir: dir, PID: readPID(l.pid)}
	}
	if err := os.WriteFile(l.pid, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
		return nil, errors.Join(fmt.Errorf("embedded broker: %w", err), l.lock.Close())
	}
	return l, nil
}

func readPID(path string) int {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0
	}
	return pid
}

// release gives the lock back. The lock file stays: removing it would let two
// processes hold locks on two files of one name. A nil lock is no lock.
func (l *dirLock) release() error {
	if l == nil {
		return nil
	}
	if err := os.Remove(l.pid); err != nil && !errors.Is(err, os.ErrNotExist) {
		return errors.Join(err, l.lock.Close())
	}
	return l.lock.Close()
}

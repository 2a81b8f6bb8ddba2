//go:build unix

package disk

import (
	"errors"
	"syscall"
)

// explainNumber knows the error numbers that io/fs has no name for.
func explainNumber(err error) (what, remedy string) {
	const space = "free some space and start again: what was written before is safe"
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "the disk is full", space
	case errors.Is(err, syscall.EDQUOT):
		return "the disk quota is used up", space
	case errors.Is(err, syscall.EROFS):
		return "the file system is read-only", "choose another place, or mount it for writing"
	case errors.Is(err, syscall.ENOTDIR):
		return "a part of the path is a file, not a folder", "choose another path"
	case errors.Is(err, syscall.EISDIR):
		return "is a folder, and a file is needed", "choose another path"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many files are open", "raise the limit (ulimit -n)"
	case errors.Is(err, syscall.EIO):
		return "the disk reported an input/output error", "look at the system's log: the disk may be failing"
	}
	return "", ""
}

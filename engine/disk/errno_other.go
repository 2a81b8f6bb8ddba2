//go:build !unix

package disk

import (
	"errors"
	"syscall"
)

// The numbers of Windows: ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL.
const (
	diskFull       = syscall.Errno(112)
	handleDiskFull = syscall.Errno(39)
)

// explainNumber knows the error numbers that io/fs has no name for.
func explainNumber(err error) (what, remedy string) {
	if errors.Is(err, diskFull) || errors.Is(err, handleDiskFull) {
		return "the disk is full", "free some space and start again: what was written before is safe"
	}
	return "", ""
}

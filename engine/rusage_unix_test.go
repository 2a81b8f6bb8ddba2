//go:build unix

package engine_test

import (
	"os"
	"runtime"
	"syscall"
)

// peakMiB is the most memory that an ended process had resident.
func peakMiB(s *os.ProcessState) float64 {
	r, ok := s.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" { // bytes there, KiB elsewhere
		return float64(r.Maxrss) / (1 << 20)
	}
	return float64(r.Maxrss) / (1 << 10)
}

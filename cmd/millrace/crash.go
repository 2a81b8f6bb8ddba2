package main

import (
	"fmt"
	"os"
	"time"
)

// crashHook makes the engine's test hook from the environment, for tests that
// kill the process. MILLRACE_CRASH_TRACE names a file in which the last point
// that was passed ("model kept", "epoch planned", "part file renamed", "sink log
// written", "epoch committed", ...) always stands; MILLRACE_CRASH_PAUSE is how long to stay at
// each point. The hook is nil normally.
func crashHook(getenv func(string) string) (func(string), error) {
	name := getenv("MILLRACE_CRASH_TRACE")
	if name == "" {
		return nil, nil
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, fmt.Errorf("MILLRACE_CRASH_TRACE: %w", err)
	}
	var pause time.Duration
	if p := getenv("MILLRACE_CRASH_PAUSE"); p != "" {
		if pause, err = time.ParseDuration(p); err != nil {
			return nil, fmt.Errorf("MILLRACE_CRASH_PAUSE: %w", err)
		}
	}
	return func(point string) {
		_, _ = f.WriteAt(fmt.Appendf(nil, "%-24s\n", point), 0)
		time.Sleep(pause)
	}, nil
}

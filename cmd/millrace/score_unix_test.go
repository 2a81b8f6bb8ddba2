//go:build unix

package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestScoreToPipe writes to a named pipe and leaves it a pipe.
func TestScoreToPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "out")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	read := make(chan string, 1)
	go func() {
		f, err := os.Open(pipe)
		if err != nil {
			read <- err.Error()
			return
		}
		defer f.Close()
		b, _ := io.ReadAll(f)
		read <- string(b)
	}()
	got := run(t, "sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,.2\n", "score", "--model", irisModel, "--output", pipe)
	if got.code != exitDone {
		t.Fatalf("exit code %d: %s", got.code, got.err)
	}
	if out := <-read; !strings.HasPrefix(out, "label,prediction,") {
		t.Errorf("%q", out)
	}
	if info, err := os.Lstat(pipe); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Errorf("%v, %v", info, err)
	}
}

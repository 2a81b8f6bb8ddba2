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

// TestScoreOutput replaces the file that links lead to, whether it is there yet or
// not, and keeps the permissions of one that is.
func TestScoreOutput(t *testing.T) {
	dir := t.TempDir()
	in, file, link, far := filepath.Join(dir, "in.csv"), filepath.Join(dir, "file.csv"), filepath.Join(dir, "link.csv"), filepath.Join(dir, "far.csv")
	write(t, in, "sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,0.2\n")
	for from, to := range map[string]string{link: "file.csv", far: link} {
		if err := os.Symlink(to, from); err != nil {
			t.Fatal(err)
		}
	}
	score := func(output string) {
		t.Helper()
		got := run(t, "", "score", "--model", irisModel, "--input", in, "--output", output)
		if got.code != exitDone || !strings.HasPrefix(fileText(t, file), "label,") {
			t.Errorf("%s: exit code %d: %s", output, got.code, got.err)
		}
		if info, err := os.Lstat(output); err != nil || (info.Mode()&os.ModeSymlink != 0) != (output != file) {
			t.Errorf("%s: %v, %v", output, info, err)
		}
	}
	score(far)
	made, err := os.OpenFile(filepath.Join(dir, "made"), os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		t.Fatal(err)
	}
	usual, err := made.Stat()
	if err != nil || made.Close() != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != usual.Mode() {
		t.Errorf("%v, %v: a new file is %v", info.Mode(), err, usual.Mode())
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, output := range []string{link, file} {
		write(t, file, "of last time")
		score(output)
		if info, err := os.Stat(file); err != nil || info.Mode() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	}
	if got := run(t, "", "score", "--model", irisModel, "--input", in, "--output", dir); got.code != exitFailed || !strings.Contains(got.err, "is a directory") {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
}

// TestScoreInterrupt interrupts the command while it waits for input: it ends, and
// leaves nothing behind.
func TestScoreInterrupt(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "in")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := command(t.Context(), "score", "--model", irisModel, "--input", pipe, "--output", filepath.Join(dir, "out.csv"))
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	feed, err := os.OpenFile(pipe, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer feed.Close()
	// More than a pipe holds: when it is written, the command has begun to read.
	if _, err := feed.WriteString("sepal_length\n" + strings.Repeat("5\n", 1<<18)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the exit code tells
	if code := cmd.ProcessState.ExitCode(); code != exitCut || out.String() != "" || errs.String() != "interrupted: nothing was written\n" {
		t.Errorf("exit code %d\n%s\n%s", code, &out, &errs)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
}

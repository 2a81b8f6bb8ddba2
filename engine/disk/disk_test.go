package disk

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestWriteFileOnTheRealDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := MkdirAll(OS{}, dir); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "f")
	if err := WriteFile(OS{}, name, []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(OS{}, name, []byte("two")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second WriteFile: %v", err)
	}
	if data, err := ReadFile(OS{}, name); err != nil || string(data) != "one" {
		t.Errorf("%q %v", data, err)
	}
	if err := ReplaceFile(OS{}, name, []byte("three")); err != nil {
		t.Fatal(err)
	}
	if data, err := ReadFile(OS{}, name); err != nil || string(data) != "three" {
		t.Errorf("%q %v", data, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}

func TestLockNamesTheProcess(t *testing.T) {
	name := filepath.Join(t.TempDir(), ".lock")
	l, err := OS{}.Lock(name)
	if err != nil {
		t.Fatal(err)
	}
	var locked *LockedError
	if _, err := (OS{}).Lock(name); !errors.As(err, &locked) || locked.Owner != "this process" {
		t.Errorf("got %v", err)
	}
	other := strconv.Itoa(os.Getppid())
	if err := os.WriteFile(name, []byte(other), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := (OS{}).Lock(name); !errors.As(err, &locked) || locked.Owner != "process "+other {
		t.Errorf("got %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := OS{}.Lock(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// A lock is held against another process, which is named, and ends with it
// however it ends.
func TestLockOfAnotherProcess(t *testing.T) {
	name := filepath.Join(t.TempDir(), ".lock")
	cmd := exec.Command(os.Args[0], "-test.run=TestMain")
	cmd.Env = append(os.Environ(), lockEnv+"="+name)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "locked\n" {
		t.Fatalf("%q %v", line, err)
	}
	var locked *LockedError
	if _, err := (OS{}).Lock(name); !errors.As(err, &locked) || locked.Owner != fmt.Sprint("process ", cmd.Process.Pid) {
		t.Errorf("got %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	l, err := OS{}.Lock(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

const lockEnv = "MILLRACE_TEST_LOCK"

// TestMain is the other process too.
func TestMain(m *testing.M) {
	name := os.Getenv(lockEnv)
	if name == "" {
		os.Exit(m.Run())
	}
	if _, err := (OS{}).Lock(name); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("locked")
	_, _ = io.ReadAll(os.Stdin) // until it is killed
}

func TestExplain(t *testing.T) {
	path := func(err error) error { return &fs.PathError{Op: "write", Path: "/x/.y.tmp", Err: err} }
	for _, c := range []struct {
		err  error
		want string
	}{
		{path(syscall.ENOSPC), "/x/y: the disk is full; free some space"},
		{path(syscall.EACCES), "/x/y: no permission to write; give this user the right to write there"},
		{path(syscall.EROFS), "/x/y: the file system is read-only; choose another place"},
		{path(syscall.ENOENT), "/x/y: no such file or folder"},
		{path(errors.New("odd")), "/x/y: cannot write: odd"},
	} {
		err := Explain("write", "/x/y", c.err)
		if !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("got %q, want %q", err, c.want)
		}
		if again := Explain("create", "/other", err); again != err {
			t.Errorf("explained twice: %v", again)
		}
	}
	if Explain("write", "x", nil) != nil {
		t.Error("nil became an error")
	}
}

func TestMkdirAllOverAFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	err := MkdirAll(OS{}, name)
	if err == nil || !strings.Contains(err.Error(), "is a file, and a folder is needed") {
		t.Errorf("got %v", err)
	}
	if err := MkdirAll(OS{}, filepath.Join(name, "sub")); err == nil {
		t.Error("a folder under a file was made")
	}
}

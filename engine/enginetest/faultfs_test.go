package enginetest

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/millrace-sql/millrace/engine/disk"
)

func TestCrashLosesWhatIsNotSynced(t *testing.T) {
	f := NewFaultFS()
	if err := disk.MkdirAll(f, "/d"); err != nil {
		t.Fatal(err)
	}
	if err := disk.WriteFile(f, "/d/safe", []byte("safe")); err != nil {
		t.Fatal(err)
	}
	file, err := f.Create("/d/new")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write([]byte("12")); err != nil {
		t.Fatal(err)
	}
	if err := file.Sync(); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write([]byte("3456")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		loss Loss
		want string // "" is no file
	}{
		{Loss{Lost, Kept}, ""},
		{Loss{Kept, Lost}, "12"},
		{Loss{Kept, Kept}, "123456"},
		{Loss{Kept, Mixed}, "123"},
	} {
		after := f.AfterCrash(c.loss)
		if data, err := disk.ReadFile(after, "/d/safe"); err != nil || string(data) != "safe" {
			t.Errorf("%v: the synced file: %q %v", c.loss, data, err)
		}
		data, err := disk.ReadFile(after, "/d/new")
		if c.want == "" && !errors.Is(err, fs.ErrNotExist) || c.want != "" && string(data) != c.want {
			t.Errorf("%v: %q %v, want %q", c.loss, data, err, c.want)
		}
	}
}

// Whatever operation fails and however much is lost, a replaced file is whole,
// old or new, and new once the call has returned nil.
func TestReplaceFileIsAtomic(t *testing.T) {
	setup := func() *FaultFS {
		f := NewFaultFS()
		if err := errors.Join(disk.MkdirAll(f, "/d"), disk.WriteFile(f, "/d/a", []byte("old"))); err != nil {
			t.Fatal(err)
		}
		return f
	}
	for _, kind := range []string{"fail", "after", "crash"} {
		for k := 1; ; k++ {
			f := setup()
			before := f.Ops()
			inject(f, kind, k)
			err := disk.ReplaceFile(f, "/d/a", []byte("newer"))
			if f.Ops()-before < k {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
			for _, l := range Losses() {
				data, rerr := disk.ReadFile(f.AfterCrash(l), "/d/a")
				if got := string(data); rerr != nil || got != "newer" && (err == nil || got != "old") {
					t.Errorf("%s %d %v: %q %v after %v", kind, k, l, got, rerr, err)
				}
			}
		}
	}
}

func TestWriteFileDoesNotReplace(t *testing.T) {
	f := NewFaultFS()
	if err := disk.WriteFile(f, "/a", []byte("1")); err != nil {
		t.Fatal(err)
	}
	if err := disk.WriteFile(f, "/a", []byte("2")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v", err)
	}
	entries, err := f.ReadDir("/")
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}

func inject(f *FaultFS, kind string, k int) {
	switch kind {
	case "fail":
		f.FailAt(k, fmt.Errorf("fault %d", k))
	case "after":
		f.FailAfter(k, fmt.Errorf("fault %d", k))
	case "crash":
		f.CrashAt(k)
	}
}

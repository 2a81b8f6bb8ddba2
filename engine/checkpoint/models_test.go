package checkpoint

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/millrace-sql/millrace/engine/disk"
	"github.com/millrace-sql/millrace/engine/enginetest"
)

// saved are the files of a model of some version: a folder with hidden files.
func saved(version string) fs.FS {
	return fstest.MapFS{
		"m/metadata/part-0":      {Data: []byte("meta " + version)},
		"m/metadata/.part-0.crc": {Data: []byte("crc")},
		"m/.hidden/x":            {Data: []byte("x")},
		"m/data":                 {Data: []byte("data " + version)},
		"other":                  {Data: []byte("another model's")},
	}
}

func versions(v string) map[string]Model {
	return map[string]Model{"m": {Format: "sparkml", Version: v, Copy: "sparkml-" + v}}
}

// keep copies a version and checks that it is there.
func keep(l *Log, v string) error {
	if l.CopyDir("sparkml-"+v) != "" {
		return nil
	}
	return l.Keep("sparkml-"+v, saved(v), "m")
}

// tree lists the files below a folder with their text.
func tree(t *testing.T, fsys disk.FS, dir string) (files []string) {
	t.Helper()
	entries, err := fsys.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		if e.IsDir() {
			files = append(files, tree(t, fsys, name)...)
			continue
		}
		text, err := disk.ReadFile(fsys, name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, strings.TrimPrefix(name, "/data/c/models/kept/")+": "+string(text))
	}
	return files
}

// wholeCopy checks that the copy of a version is there and that a crash would
// leave all of it.
func wholeCopy(t *testing.T, what string, fsys *enginetest.FaultFS, l *Log, v string) {
	t.Helper()
	dir := l.CopyDir("sparkml-" + v)
	if dir == "" {
		t.Errorf("%s: the copy of version %s is gone", what, v)
		return
	}
	want := []string{"sparkml-" + v + "/m/data: data " + v, "sparkml-" + v + "/m/metadata/part-0: meta " + v}
	if got := tree(t, fsys.AfterCrash(enginetest.Loss{}), dir); !slices.Equal(got, want) {
		t.Errorf("%s: the copy of version %s is %q", what, v, got)
	}
}

// score runs a query over four epochs whose model is replaced after the second
// one, and calls done for each epoch that is planned.
func score(t *testing.T, what string, fsys *enginetest.FaultFS, done func(l *Log, epoch int64)) error {
	l, err := Open(fsys, "/data/c")
	if err != nil {
		return err
	}
	defer l.Close()
	if !l.State().Started() {
		if err := l.Start([]string{line(0)}); err != nil {
			return err
		}
	}
	for e := l.State().Next(); e < 4; e++ {
		if l.State().Planned < e {
			v := []string{"a", "a", "b", "b"}[e]
			if err := keep(l, v); err != nil {
				return err
			}
			p := epoch(10 * (e + 1))
			p.Models = versions(v)
			if err := l.Plan(e, p); err != nil {
				return err
			}
		}
		done(l, e)
		wholeCopy(t, what, fsys, l, l.State().Last.Models["m"].Version)
		if err := l.Commit(e); err != nil {
			return err
		}
	}
	return nil
}

// TestModelsEveryFault: whatever fails and whatever a crash loses, an epoch that
// was planned has its versions, and their copy is whole.
func TestModelsEveryFault(t *testing.T) {
	cases := 0
	for _, kind := range []string{"fail", "after", "crash"} {
		for k := 1; ; k++ {
			fsys := enginetest.NewFaultFS()
			planned := map[int64]string{}
			done := func(l *Log, e int64) {
				is := l.State().Last.Models["m"].Version
				if want := []string{"a", "a", "b", "b"}[e]; is != want {
					t.Errorf("%s %d: epoch %d has version %q, want %q", kind, k, e, is, want)
				}
				planned[e] = is
			}
			inject(fsys, kind, k)
			what := fmt.Sprintf("%s %d", kind, k)
			err := score(t, what, fsys, done)
			if fsys.Ops() < k {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
			if kind != "crash" {
				if err := score(t, what, fsys, done); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
			}
			for _, loss := range enginetest.Losses() {
				cases++
				what := fmt.Sprintf("%s %+v", what, loss)
				after := fsys.AfterCrash(loss)
				if err := score(t, what, after, done); err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				l := open(t, after, "/data/c")
				wholeCopy(t, what, after, l, "b")
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
				if rest := tree(t, after, "/data/c/models/kept"); len(rest) != 2 {
					t.Errorf("%s: the checkpoint keeps %q", what, rest)
				}
			}
		}
	}
	if cases < 1000 {
		t.Errorf("only %d cases", cases)
	}
}

// TestModelsAreWrittenOnce: epochs with the models of the one before have no file
// of their own, and files go when no epoch has files that they hold for.
func TestModelsAreWrittenOnce(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	l := open(t, fsys, "/data/c")
	if err := l.Start([]string{line(0)}); err != nil {
		t.Fatal(err)
	}
	for e := range int64(250) {
		p := epoch(10 * (e + 1))
		p.Models = map[string]Model{"m": {Format: "go", Version: fmt.Sprint(e / 40)}}
		if err := l.Plan(e, p); err != nil {
			t.Fatal(err)
		}
		if err := l.Commit(e); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := fsys.ReadDir("/data/c/models")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"120", "160", "200", "240"}; !slices.Equal(names, want) {
		t.Errorf("the files are %q, want %q", names, want)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if got := open(t, fsys, "/data/c").State().Last.Models["m"].Version; got != "6" {
		t.Errorf("the version is %q", got)
	}
}

// TestModelsOfARestoredCheckpoint: versions of epochs that were taken back do not
// hold for those that come in their place.
func TestModelsOfARestoredCheckpoint(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	if err := score(t, "first", fsys, func(*Log, int64) {}); err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"1", "2", "3"} {
		for _, dir := range []string{"offsets/", "commits/"} {
			if err := fsys.Remove("/data/c/" + dir + n); err != nil {
				t.Fatal(err)
			}
		}
	}
	l := open(t, fsys, "/data/c")
	for e := int64(1); e < 5; e++ {
		p := epoch(100 * (e + 1))
		p.Models = map[string]Model{"m": {Format: "go", Version: "c"}}
		if err := l.Plan(e, p); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = open(t, fsys, "/data/c")
		if got := l.State().Last.Models["m"].Version; got != "c" {
			t.Errorf("epoch %d: version %q", e, got)
		}
		if err := l.Commit(e); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDamagedModels(t *testing.T) {
	for _, text := range []string{"", "v1", "v1\n{\"mod", "v1\n{}", "v2\n{}"} {
		for _, again := range []bool{false, true} {
			fsys := enginetest.NewFaultFS()
			if err := score(t, "first", fsys, func(*Log, int64) {}); err != nil {
				t.Fatal(err)
			}
			write(t, fsys, "/data/c/models/2", text)
			if again {
				if err := fsys.Remove("/data/c/commits/3"); err != nil {
					t.Fatal(err)
				}
			}
			l, err := Open(fsys, "/data/c")
			if again {
				var damage *DamageError
				if !errors.As(err, &damage) || !strings.Contains(err.Error(), "/data/c/models/2 is damaged") || !strings.Contains(err.Error(), "delete it") {
					t.Errorf("%q: got %v", text, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%q: %v", text, err)
				continue
			}
			p := epoch(50)
			p.Models = map[string]Model{}
			if err := l.Plan(4, p); err != nil {
				t.Fatal(err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if got := open(t, fsys, "/data/c").State().Last.Models; got == nil || len(got) > 0 {
				t.Errorf("%q: then the models are %v", text, got)
			}
		}
	}
}

// unreadable is a file system one file of which cannot be read.
type unreadable struct{ fs.FS }

func (u unreadable) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, "part-0") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return u.FS.Open(name)
}

// TestKeep: what cannot be read leaves the log as it was; a copy may be of one
// file; a name is one folder; memory keeps nothing.
func TestKeep(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	l := open(t, fsys, "/data/c")
	var source *SourceError
	if err := l.Keep("a", unreadable{saved("a")}, "m"); !errors.As(err, &source) || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("got %v", err)
	}
	if err := l.Keep("a", saved("a"), "nosuch"); !errors.As(err, &source) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if dir := l.CopyDir("a"); dir != "" {
		t.Errorf("a copy in %s", dir)
	}
	if err := l.Keep("a", saved("a"), "other"); err != nil {
		t.Error(err)
	}
	if got := tree(t, fsys, l.CopyDir("a")); !slices.Equal(got, []string{"a/other: another model's"}) {
		t.Errorf("the copy is %q", got)
	}
	for _, name := range []string{"", ".", "..", "a/b", `a\b`, ".hidden"} {
		if err := l.Keep(name, saved("a"), "m"); err == nil {
			t.Errorf("a copy was named %q", name)
		}
	}
	if err := l.Keep("b", saved("b"), "other"); err != nil {
		t.Error(err)
	}
	l.DropCopies(map[string]Model{"m": {Copy: "a"}})
	if l.CopyDir("a") == "" || l.CopyDir("b") != "" {
		t.Errorf("a copy that the next epoch would use is in %q, another in %q", l.CopyDir("a"), l.CopyDir("b"))
	}
	run(t, l, 1) // no epoch uses the copy
	if rest := tree(t, fsys, "/data/c/models/kept"); len(rest) > 0 || l.CopyDir("a") != "" {
		t.Errorf("the copy stays: %q", rest)
	}
	m := Memory()
	if err := m.Keep("a", saved("a"), "m"); err != nil || m.CopyDir("a") != "" {
		t.Errorf("memory keeps %q, %v", m.CopyDir("a"), err)
	}
}

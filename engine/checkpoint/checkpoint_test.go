package checkpoint

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millrace-sql/millrace/engine/disk"
	"github.com/millrace-sql/millrace/engine/enginetest"
)

var at = time.UnixMilli(1795399022147).UTC()

func line(n int64) string { return fmt.Sprintf(`{"iris":{"0":%d}}`, n) }

func epoch(end int64) Epoch { return Epoch{Offsets: []string{line(end)}, Time: at} }

func open(t *testing.T, fsys disk.FS, dir string) *Log {
	t.Helper()
	l, err := Open(fsys, dir)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// run starts a query if need be and takes it to n committed epochs of ten rows.
func run(t *testing.T, l *Log, n int64) {
	t.Helper()
	if !l.State().Started() {
		if err := l.Start([]string{line(0)}); err != nil {
			t.Fatal(err)
		}
	}
	for e := l.State().Next(); e < n; e++ {
		if l.State().Planned < e {
			if err := l.Plan(e, epoch(10*(e+1))); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Commit(e); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLifeOfACheckpoint(t *testing.T) {
	logs := map[string]func() *Log{
		"disk":   func() *Log { return open(t, disk.OS{}, filepath.Join(t.TempDir(), "c")) },
		"memory": Memory,
	}
	for name, make := range logs {
		t.Run(name, func(t *testing.T) {
			l := make()
			s := l.State()
			if s.Planned != -1 || s.Committed != -1 || s.From != nil || s.Next() != 0 {
				t.Fatalf("new: %+v", s)
			}
			if err := l.Plan(0, epoch(10)); err == nil {
				t.Error("a query that was not started planned an epoch")
			}
			run(t, l, 2)
			if err := l.Start([]string{line(0)}); err == nil {
				t.Error("started twice")
			}
			if err := l.Plan(3, epoch(30)); err == nil {
				t.Error("an epoch was left out")
			}
			if err := l.Plan(2, Epoch{Offsets: []string{"1", "2"}}); err == nil {
				t.Error("another number of sources was accepted")
			}
			if err := l.Plan(2, epoch(30)); err != nil {
				t.Fatal(err)
			}
			if err := l.Plan(3, epoch(40)); err == nil {
				t.Error("two epochs were planned")
			}
			s = l.State()
			if s.Planned != 2 || s.Committed != 1 || s.Next() != 2 || s.From[0] != line(20) || s.Last.Offsets[0] != line(30) {
				t.Errorf("planned: %+v", s)
			}
			if err := l.Commit(1); err == nil {
				t.Error("committed an epoch twice")
			}
			if err := l.Commit(2); err != nil {
				t.Error(err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			if err := l.Plan(3, epoch(40)); err == nil {
				t.Error("planned after Close")
			}
		})
	}
}

func TestReopen(t *testing.T) {
	dir := t.TempDir()
	l := open(t, disk.OS{}, dir)
	id := l.ID()
	run(t, l, 2)
	if err := l.Plan(2, epoch(25)); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, disk.OS{}, dir)
	s := l.State()
	if l.ID() != id || s.Planned != 2 || s.Committed != 1 || !slices.Equal(s.From, []string{line(20)}) || !slices.Equal(s.Last.Offsets, []string{line(25)}) || !s.Last.Time.Equal(at) {
		t.Errorf("reopened: %s %+v", l.ID(), s)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	l := open(t, disk.OS{}, dir)
	_, err := Open(disk.OS{}, dir)
	var locked *disk.LockedError
	if !errors.As(err, &locked) || !strings.Contains(err.Error(), "in use by this process: stop that query first") {
		t.Errorf("got %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, disk.OS{}, dir).Close(); err != nil {
		t.Fatal(err)
	}
}

func TestUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(disk.OS{}, file); err == nil || !strings.Contains(err.Error(), "is a file, and a folder is needed") {
		t.Errorf("got %v", err)
	}
}

// What a run leaves is byte for byte what Spark left, apart from the times.
func TestFormatIsSparks(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	l := open(t, fsys, "/c")
	if err := l.Start([]string{line(0)}); err != nil {
		t.Fatal(err)
	}
	ends := []int64{0, 140, 150}
	times := []int64{1795399022147, 1795399025734, 1795399028476}
	for e, end := range ends {
		if err := l.Plan(int64(e), Epoch{Offsets: []string{line(end)}, Time: time.UnixMilli(times[e])}); err != nil {
			t.Fatal(err)
		}
		if err := l.Commit(int64(e)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"sources/0/0", "offsets/0", "offsets/1", "offsets/2", "commits/0", "commits/2"} {
		want := read(t, disk.OS{}, filepath.Join(spark, name))
		got := read(t, fsys, filepath.Join("/c", name))
		if strings.HasPrefix(name, "offsets") {
			// The order of keys in conf is a map's.
			want, got = sorted(want), sorted(got)
		}
		if got != want {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, want)
		}
	}
	if got, want := len(read(t, fsys, "/c/metadata")), len(read(t, disk.OS{}, filepath.Join(spark, "metadata"))); got != want {
		t.Errorf("metadata has %d bytes, Spark's %d", got, want)
	}
}

const spark = "../../testdata/checkpoint/spark"

func read(t *testing.T, fsys disk.FS, name string) string {
	t.Helper()
	data, err := disk.ReadFile(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func sorted(s string) string {
	words := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(",{}\n", r) })
	slices.Sort(words)
	return strings.Join(words, "\n")
}

func sparkCopy(t *testing.T) *enginetest.FaultFS {
	t.Helper()
	fsys := enginetest.NewFaultFS()
	if err := enginetest.CopyDir(fsys, "/c", disk.OS{}, spark); err != nil {
		t.Fatal(err)
	}
	return fsys
}

func TestGoOnFromSpark(t *testing.T) {
	fsys := sparkCopy(t)
	l := open(t, fsys, "/c")
	s := l.State()
	if l.ID() != "42dd643c-9fc5-40fd-a271-1ea216308445" || s.Planned != 2 || s.Committed != 2 || s.Last.Offsets[0] != line(150) || s.Last.Conf["spark.sql.shuffle.partitions"] != "200" {
		t.Fatalf("%s %+v", l.ID(), s)
	}
	if _, ok := l.Fingerprint(); ok {
		t.Error("Spark's checkpoint has a fingerprint")
	}
	if err := l.SetFingerprint(Fingerprint{Query: "SELECT 1"}); err != nil {
		t.Fatal(err)
	}
	run(t, l, 5)
	if got := read(t, fsys, "/c/metadata"); got != `{"id":"42dd643c-9fc5-40fd-a271-1ea216308445"}` {
		t.Errorf("metadata became %s", got)
	}
}

// An epoch that Spark planned and did not commit runs again with its offsets.
func TestRunAgainWhatSparkPlanned(t *testing.T) {
	fsys := sparkCopy(t)
	if err := fsys.Remove("/c/commits/2"); err != nil {
		t.Fatal(err)
	}
	s := open(t, fsys, "/c").State()
	if s.Next() != 2 || s.Planned != 2 || s.From[0] != line(140) || s.Last.Offsets[0] != line(150) {
		t.Errorf("%+v", s)
	}
}

// The smallest folder that Spark accepts is enough here too.
func TestSmallestSet(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	for name, text := range map[string]string{
		"offsets/7": "v1\n{}\n" + line(60),
		"commits/7": "v1",
	} {
		write(t, fsys, "/c/"+name, text)
	}
	l := open(t, fsys, "/c")
	if s := l.State(); s.Next() != 8 || s.Last.Offsets[0] != line(60) {
		t.Fatalf("%+v", s)
	}
	run(t, l, 9)
	if got := read(t, fsys, "/c/metadata"); !strings.Contains(got, l.ID()) {
		t.Errorf("metadata %s, id %s", got, l.ID())
	}
}

func write(t *testing.T, fsys disk.FS, name, text string) {
	t.Helper()
	if err := disk.MkdirAll(fsys, filepath.Dir(name)); err != nil {
		t.Fatal(err)
	}
	if err := disk.ReplaceFile(fsys, name, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func TestRetention(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	l := open(t, fsys, "/c")
	run(t, l, 250)
	for _, sub := range []string{"offsets", "commits"} {
		entries, err := fsys.ReadDir("/c/" + sub)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != retain+1 {
			t.Errorf("%d files in %s", len(entries), sub)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	run(t, open(t, fsys, "/c"), 260)
}

func TestFingerprint(t *testing.T) {
	base := Fingerprint{Query: "SELECT a FROM s", Plan: "1", Sources: []string{"kafka iris"}, Sink: "json /out", Schema: "a INT"}
	for _, c := range []struct {
		name   string
		change func(*Fingerprint)
		want   string // "" is accepted
	}{
		{"same", func(f *Fingerprint) {}, ""},
		{"another text of the same plan", func(f *Fingerprint) { f.Query = "select a from s" }, ""},
		{"plan", func(f *Fingerprint) { f.Query, f.Plan = "SELECT a+1 FROM s", "2" }, "its query text was\n  SELECT a FROM s\nand now is\n  SELECT a+1 FROM s"},
		{"sources", func(f *Fingerprint) { f.Sources = []string{"kafka other"} }, "its source list was\n  kafka iris\nand now is\n  kafka other"},
		{"sink", func(f *Fingerprint) { f.Sink = "json /other" }, "its sink was\n  json /out\n"},
		{"schema", func(f *Fingerprint) { f.Schema = "a STRING" }, "its output schema was\n  a INT\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := enginetest.NewFaultFS()
			l := open(t, fsys, "/c")
			if err := l.SetFingerprint(base); err != nil {
				t.Fatal(err)
			}
			other := base
			other.Sink = "json /refused"
			for _, f := range []Fingerprint{other, base} { // it belongs to nobody before its start
				if err := l.SetFingerprint(f); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.Start([]string{"{}"}); err != nil {
				t.Fatal(err)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			l = open(t, fsys, "/c")
			f, ok := l.Fingerprint()
			if !ok {
				t.Fatal("not stored")
			}
			c.change(&f)
			err := l.SetFingerprint(f)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "delete /c/millrace")) {
				t.Errorf("got %v", err)
			}
		})
	}
}

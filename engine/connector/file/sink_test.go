package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/disk"
	"github.com/millrace-sql/millrace/engine/enginetest"
)

const query1 = connector.QueryID("42dd643c-9fc5-40fd-a271-1ea216308445") // Spark's, in testdata

const sparkResults = "../../../testdata/file/spark-results"

func resume(t testing.TB, s connector.Sink, q connector.QueryID, next int64, first bool) {
	t.Helper()
	if err := s.(connector.Resumer).Resume(context.Background(), q, connector.Resumption{Next: next, Planned: !first, First: first}); err != nil {
		t.Fatal(err)
	}
}

func writeEpoch(t testing.TB, tk task, s connector.Sink, q connector.QueryID, epoch, from, to int64) {
	t.Helper()
	if err := s.Write(context.Background(), q, epoch, encodedRows(tk, s, from, to)); err != nil {
		t.Fatal(err)
	}
}

func closeSink(t testing.TB, s connector.Sink) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// A log entry is Spark's, apart from the values.
func TestLogEntryIsSparks(t *testing.T) {
	tk := checked(t)
	dir := filepath.Join(t.TempDir(), "out")
	s := openSink(t, NewJSON(disk.OS{}, Config{}), table("path", dir))
	resume(t, s, query1, 0, true)
	writeEpoch(t, tk, s, query1, 0, 0, 3)
	closeSink(t, s)
	got := readText(t, disk.OS{}, filepath.Join(dir, logDir, "0"))
	want := readText(t, disk.OS{}, filepath.Join(sparkResults, logDir, "1"))
	if form(got) != form(want) {
		t.Errorf("got\n%s\nSpark's\n%s", form(got), form(want))
	}
	e, err := decodeEntry([]byte(strings.Split(got, "\n")[1]))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(pathOf(e.Path))
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() != e.Size || filepath.Dir(pathOf(e.Path)) != dir {
		t.Errorf("entry %+v of a file of %d bytes in %s", e, info.Size(), dir)
	}
}

var values = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}|:[0-9]{2,}|file://[^"]*/`)

// form is a text without the values that differ from run to run.
func form(s string) string {
	return values.ReplaceAllStringFunc(s, func(v string) string {
		if v == ":33554432" {
			return v
		}
		return "…"
	})
}

func readText(t testing.TB, fsys disk.FS, name string) string {
	t.Helper()
	data, err := disk.ReadFile(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestFileURI(t *testing.T) {
	for path, uri := range map[string]string{
		"/data/out/part-0.json":  "file:///data/out/part-0.json",
		"/a b/100%/c#d?e":        "file:///a%20b/100%25/c%23d%3Fe",
		"/[x]{y}\"^`|\\<>":       "file:///%5Bx%5D%7By%7D%22%5E%60%7C%5C%3C%3E",
		"/-_.!~*'(),;:$&+=@":     "file:///-_.!~*'(),;:$&+=@",
		"/été/日本\u00a0x\x01\x7f": "file:///été/日本%C2%A0x%01%7F",
	} {
		if got := fileURI(path); got != uri {
			t.Errorf("%q: %s, want %s", path, got, uri)
		}
		if got := pathOf(uri); got != path {
			t.Errorf("%s: %q, want %q", uri, got, path)
		}
	}
	for uri, path := range map[string]string{"file:/a/b": "/a/b", "/a/b": "/a/b", "file://host/a": "/a", "file:///a%zz": "/a%zz"} {
		if got := pathOf(uri); got != path {
			t.Errorf("%s: %q, want %q", uri, got, path)
		}
	}
}

// names lists a folder, without dot files.
func names(t testing.TB, fsys disk.FS, dir string) []string {
	t.Helper()
	entries, err := fsys.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			out = append(out, e.Name())
		}
	}
	return out
}

func TestCompaction(t *testing.T) {
	tk := checked(t)
	fsys := enginetest.NewFaultFS()
	c := NewJSON(fsys, Config{})
	s := openSink(t, c, table("path", "/out"))
	resume(t, s, query1, 0, true)
	for e := range int64(32) {
		writeEpoch(t, tk, s, query1, e, e, e+1)
	}
	got := names(t, fsys, "/out/_spark_metadata")
	for _, want := range []string{"8", "9.compact", "10", "19.compact", "29.compact", "31"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %s in %v", want, got)
		}
	}
	if slices.Contains(got, "9") {
		t.Error("a plain 9")
	}
	if n := strings.Count(readText(t, fsys, "/out/_spark_metadata/19.compact"), "\n"); n != 20 {
		t.Errorf("19.compact has %d entries", n)
	}
	equalRows(t, mustRows(t, c, declared(rowSchema, "path", "/out")), rowTexts(0, 32))
	// What comes before the last compaction is not needed.
	for _, name := range got {
		if n, _ := strconv.Atoi(strings.TrimSuffix(name, ".compact")); n < 29 {
			if err := fsys.Remove("/out/_spark_metadata/" + name); err != nil {
				t.Fatal(err)
			}
		}
	}
	equalRows(t, mustRows(t, c, declared(rowSchema, "path", "/out")), rowTexts(0, 32))
}

// The interval is that of the compactions that are there.
func TestCompactInterval(t *testing.T) {
	for _, c := range []struct {
		compacts []int64
		want     int64
	}{
		{nil, 10}, {[]int64{2}, 3}, {[]int64{4}, 5}, {[]int64{7}, 8}, {[]int64{9}, 10}, {[]int64{12}, 13}, {[]int64{29}, 10},
		{[]int64{35}, 12}, {[]int64{9, 19}, 10}, {[]int64{2, 5}, 3}, {[]int64{0, 1}, 1},
	} {
		l := sinkLog{compacts: c.compacts}
		if got := l.interval(); got != c.want {
			t.Errorf("%v: %d, want %d", c.compacts, got, c.want)
		}
	}
}

func TestOldLogFilesAreRemoved(t *testing.T) {
	fsys := enginetest.NewFaultFS()
	put(t, fsys, "/out/_spark_metadata/0", "v1")
	l, _, err := openLog(fsys, "/out")
	if err != nil {
		t.Fatal(err)
	}
	for id := int64(1); id < 10; id++ {
		if err := l.append(id, nil, false); err != nil {
			t.Fatal(err)
		}
	}
	// Each operation takes a millisecond of the file system's clock.
	for range 700_000 {
		_ = fsys.SyncDir("/out")
	}
	for id := int64(10); id < 20; id++ {
		if err := l.append(id, nil, false); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := fmt.Sprint(names(t, fsys, "/out/_spark_metadata")), "[10 11 12 13 14 15 16 17 18 19.compact 9.compact]"; got != want {
		t.Errorf("left: %s", got)
	}
	if l.interval() != 10 || l.latest() != 19 {
		t.Errorf("interval %d, latest %d", l.interval(), l.latest())
	}
}

// An epoch without rows is an entry list without entries.
func TestEmptyEpoch(t *testing.T) {
	tk := checked(t)
	fsys := enginetest.NewFaultFS()
	s := openSink(t, NewJSON(fsys, Config{}), table("path", "/out"))
	resume(t, s, query1, 0, true)
	writeEpoch(t, tk, s, query1, 0, 0, 0)
	if got := readText(t, fsys, "/out/_spark_metadata/0"); got != "v1" {
		t.Errorf("got %q", got)
	}
	if got := names(t, fsys, "/out"); !slices.Equal(got, []string{"_spark_metadata"}) {
		t.Errorf("files: %v", got)
	}
}

// The same epoch again writes nothing; the rows are given back all the same.
func TestSameEpochAgain(t *testing.T) {
	tk := checked(t)
	fsys := enginetest.NewFaultFS()
	c := NewJSON(fsys, Config{})
	s := openSink(t, c, table("path", "/out"))
	resume(t, s, query1, 0, true)
	writeEpoch(t, tk, s, query1, 0, 0, 3)
	writeEpoch(t, tk, s, query1, 0, 0, 3)
	closeSink(t, s)
	s = openSink(t, c, table("path", "/out"))
	resume(t, s, query1, 0, false)
	writeEpoch(t, tk, s, query1, 0, 0, 3)
	writeEpoch(t, tk, s, query1, 1, 3, 5)
	equalRows(t, mustRows(t, c, declared(rowSchema, "path", "/out")), rowTexts(0, 5))
	if err := s.Write(context.Background(), query1, 4, encodedRows(tk, s, 0, 1)); err == nil || !strings.Contains(err.Error(), "epoch 4 comes after epoch 1") {
		t.Errorf("got %v", err)
	}
}

// An error in the rows leaves nothing of the epoch.
func TestRowsFail(t *testing.T) {
	tk := checked(t)
	fsys := enginetest.NewFaultFS()
	c := NewJSON(fsys, Config{})
	s := openSink(t, c, table("path", "/out"))
	resume(t, s, query1, 0, true)
	odd := errors.New("odd")
	var rows iter.Seq2[connector.Encoded, error] = func(yield func(connector.Encoded, error) bool) {
		for e, err := range encodedRows(tk, s, 0, 4) {
			if !yield(e, err) {
				return
			}
		}
		yield(nil, odd)
	}
	if err := s.Write(context.Background(), query1, 0, rows); !errors.Is(err, odd) {
		t.Errorf("got %v", err)
	}
	entries, err := fsys.ReadDir("/out")
	if err != nil || len(entries) != 1 {
		t.Errorf("left: %v %v", entries, err)
	}
	writeEpoch(t, tk, s, query1, 0, 0, 4)
	equalRows(t, mustRows(t, c, declared(rowSchema, "path", "/out")), rowTexts(0, 4))
}

func TestHooks(t *testing.T) {
	tk := checked(t)
	var points []string
	c := NewJSON(enginetest.NewFaultFS(), Config{Hook: func(p string) { points = append(points, p) }})
	s := openSink(t, c, table("path", "/out"))
	resume(t, s, query1, 0, true)
	writeEpoch(t, tk, s, query1, 0, 0, 1)
	writeEpoch(t, tk, s, query1, 1, 0, 0)
	if want := []string{PointRenamed, PointLogged, PointLogged}; !slices.Equal(points, want) {
		t.Errorf("got %v", points)
	}
}

func TestGzip(t *testing.T) {
	tk := checked(t)
	fsys := enginetest.NewFaultFS()
	c := NewJSON(fsys, Config{})
	s := openSink(t, c, table("path", "/out", "compression", "GZIP"))
	resume(t, s, query1, 0, true)
	writeEpoch(t, tk, s, query1, 0, 0, 100)
	if got := names(t, fsys, "/out"); !strings.HasSuffix(got[1], "-c000.json.gz") {
		t.Errorf("files: %v", got)
	}
	rec := record(tk, 0, 1000)
	defer rec.Release()
	e, err := s.Encode(tk, rec)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(e.(*encoded).data.data); n == 0 || n > 1000*len(rowText(0))/3 {
		t.Errorf("1000 rows became %d bytes", n)
	}
	e.Release()
	equalRows(t, mustRows(t, c, declared(rowSchema, "path", "/out")), rowTexts(0, 100))
	if _, err := c.OpenSink(context.Background(), connector.Env{}, table("path", "/out", "compression", "zstd"), rowSchema); err == nil || !strings.Contains(err.Error(), "use none or gzip") {
		t.Errorf("got %v", err)
	}
}

func TestCSVSink(t *testing.T) {
	for _, compression := range []string{"none", "gzip"} {
		tk := checked(t)
		fsys := enginetest.NewFaultFS()
		c := NewCSV(fsys, Config{})
		options := []string{"path", "/out", "header", "true", "compression", compression}
		s := openSink(t, c, table(options...))
		resume(t, s, query1, 0, true)
		writeEpoch(t, tk, s, query1, 0, 0, 5)
		writeEpoch(t, tk, s, query1, 1, 5, 7)
		equalRows(t, mustRows(t, c, declared(rowSchema, options...)), rowTexts(0, 7))
		equalRows(t, mustRows(t, c, table(options...)), rowTexts(0, 7))
	}
}

// Batch INSERTs append, each as the log's next epoch.
func TestBatchInserts(t *testing.T) {
	tk := checked(t)
	fsys := enginetest.NewFaultFS()
	c := NewJSON(fsys, Config{})
	for i := range int64(12) {
		s := openSink(t, c, table("path", "/out"))
		q := connector.QueryID(fmt.Sprintf("batch %d", i))
		writeEpoch(t, tk, s, q, 0, 2*i, 2*i+2)
		writeEpoch(t, tk, s, q, 0, 2*i, 2*i+2) // again
		closeSink(t, s)
	}
	equalRows(t, mustRows(t, c, declared(rowSchema, "path", "/out")), rowTexts(0, 24))
	// The columns are known from the writing.
	d, err := c.Describe(context.Background(), connector.Env{}, table("path", "/out"), true)
	if err != nil || d.Schema == nil || !d.Schema.Equal(rowSchema) || !d.Writable || !d.Readable {
		t.Errorf("%+v %v", d, err)
	}
}

// INSERT OVERWRITE replaces what is there, at once.
func TestOverwrite(t *testing.T) {
	tk := checked(t)
	for _, before := range []int64{0, 1, 9, 10, 13} {
		fsys := enginetest.NewFaultFS()
		c := NewJSON(fsys, Config{})
		insert := func(q string, from, to int64, overwrite string) {
			s := openSink(t, c, table("path", "/out", connector.OverwriteOption, overwrite))
			writeEpoch(t, tk, s, connector.QueryID(q), 0, from, to)
			closeSink(t, s)
		}
		for i := range before {
			insert(fmt.Sprint("b", i), i, i+1, "")
		}
		insert("over", 100, 102, "true")
		equalRows(t, mustRows(t, c, declared(rowSchema, "path", "/out")), rowTexts(100, 102))
		if got := names(t, fsys, "/out"); len(got) != 2 {
			t.Errorf("files: %v", got)
		}
		for i := range int64(12) {
			insert(fmt.Sprint("a", i), 102+i, 103+i, "")
		}
		equalRows(t, mustRows(t, c, declared(rowSchema, "path", "/out")), rowTexts(100, 114))
		insert("none", 0, 0, "true")
		equalRows(t, mustRows(t, c, declared(rowSchema, "path", "/out")), nil)
	}
	fsys := enginetest.NewFaultFS()
	put(t, fsys, "/out/a.json", rowText(0)+"\n")
	c := NewJSON(fsys, Config{})
	s := openSink(t, c, table("path", "/out", connector.OverwriteOption, "true"))
	writeEpoch(t, tk, s, "b", 0, 1, 3)
	equalRows(t, mustRows(t, c, declared(rowSchema, "path", "/out")), rowTexts(1, 3))
}

// A batch INSERT whose log write reports an error, although it is there, is not
// written again.
func TestBatchInsertAgain(t *testing.T) {
	tk := checked(t)
	for k := 1; ; k++ {
		fsys := enginetest.NewFaultFS()
		c := NewJSON(fsys, Config{})
		s := openSink(t, c, table("path", "/out"))
		fsys.FailAfter(k, errors.New("odd"))
		err := s.Write(context.Background(), "b", 0, encodedRows(tk, s, 0, 2))
		if fsys.Ops() < k {
			break
		}
		if err != nil {
			writeEpoch(t, tk, s, "b", 0, 0, 2)
		}
		equalRows(t, mustRows(t, c, declared(rowSchema, "path", "/out")), rowTexts(0, 2))
	}
}

// In a folder of files without a log a batch INSERT adds a file, as in Spark: a
// log would hide the others.
func TestBatchInsertBesidePlainFiles(t *testing.T) {
	tk := checked(t)
	fsys := enginetest.NewFaultFS()
	put(t, fsys, "/out/a.json", rowText(0)+"\n")
	c := NewJSON(fsys, Config{})
	s := openSink(t, c, table("path", "/out"))
	writeEpoch(t, tk, s, "b", 0, 1, 3)
	closeSink(t, s)
	equalRows(t, mustRows(t, c, declared(rowSchema, "path", "/out")), rowTexts(0, 3))
	s = openSink(t, c, table("path", "/out"))
	err := s.(connector.Resumer).Resume(context.Background(), query1, connector.Resumption{First: true})
	if err == nil || !strings.Contains(err.Error(), "holds 2 files that no query has written") {
		t.Errorf("got %v", err)
	}
}

func TestResume(t *testing.T) {
	const other = connector.QueryID("other")
	three := func(t *testing.T, tk task, c *Connector, q connector.QueryID) {
		s := openSink(t, c, table("path", "/out"))
		resume(t, s, q, 0, true)
		for e := range int64(3) {
			writeEpoch(t, tk, s, q, e, e, e+1)
		}
		closeSink(t, s)
	}
	for _, c := range []struct {
		name    string
		setup   func(t *testing.T, tk task, c *Connector)
		next    int64
		first   bool
		planned bool
		want    string // "" is accepted
	}{
		{"new", nil, 0, true, false, ""},
		{"again from the start", nil, 0, false, false, ""},
		{"goes on", func(t *testing.T, tk task, c *Connector) { three(t, tk, c, query1) }, 3, false, false, ""},
		{"runs the last one again", func(t *testing.T, tk task, c *Connector) { three(t, tk, c, query1) }, 2, false, true, ""},
		{"ahead by the epoch that nobody planned", func(t *testing.T, tk task, c *Connector) { three(t, tk, c, query1) }, 2, false, false, "ahead of the checkpoint: its log goes to epoch 2, the checkpoint goes on with epoch 2"},
		{"checkpoint lost", func(t *testing.T, tk task, c *Connector) { three(t, tk, c, query1) }, 0, true, false, "holds 3 epochs, and the query has no checkpoint"},
		{"another query", func(t *testing.T, tk task, c *Connector) { three(t, tk, c, other) }, 3, false, false, "belongs to another query (other, 3 epochs)"},
		{"another query, from the start", func(t *testing.T, tk task, c *Connector) { three(t, tk, c, other) }, 0, true, false, "belongs to another query"},
		{"ahead", func(t *testing.T, tk task, c *Connector) { three(t, tk, c, query1) }, 1, false, true, "ahead of the checkpoint: its log goes to epoch 2, the checkpoint goes on with epoch 1"},
		{"behind", func(t *testing.T, tk task, c *Connector) { three(t, tk, c, query1) }, 4, false, false, "behind the checkpoint: its log ends at epoch 2, the checkpoint has committed epoch 3"},
		{"folder lost", nil, 5, false, false, "its log ends at epoch none"},
		{"of batch INSERTs", func(t *testing.T, tk task, c *Connector) {
			s := openSink(t, c, table("path", "/out"))
			writeEpoch(t, tk, s, "b", 0, 0, 1)
			closeSink(t, s)
		}, 0, true, false, "filled by INSERTs of batch queries"},
		{"in use", func(t *testing.T, tk task, c *Connector) {
			s := openSink(t, c, table("path", "/out"))
			resume(t, s, other, 0, true)
		}, 0, true, false, "this process is writing into the folder; stop its query first"},
		{"Spark's folder with its checkpoint", func(t *testing.T, tk task, c *Connector) {
			if err := enginetest.CopyDir(c.fs, "/out", disk.OS{}, sparkResults); err != nil {
				t.Fatal(err)
			}
		}, 3, false, false, ""},
		{"Spark's folder without its checkpoint", func(t *testing.T, tk task, c *Connector) {
			if err := enginetest.CopyDir(c.fs, "/out", disk.OS{}, sparkResults); err != nil {
				t.Fatal(err)
			}
		}, 0, true, false, "the query has no checkpoint"},
		{"damaged owner", func(t *testing.T, tk task, c *Connector) { put(t, c.fs, "/out/_spark_metadata/.millrace", "{") }, 0, true, false, ".millrace is damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := NewJSON(enginetest.NewFaultFS(), Config{})
			if c.setup != nil {
				c.setup(t, checked(t), conn)
			}
			s := openSink(t, conn, table("path", "/out"))
			err := s.(connector.Resumer).Resume(context.Background(), query1, connector.Resumption{Next: c.next, Planned: c.planned, First: c.first})
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v", err)
			}
			closeSink(t, s)
		})
	}
}

func TestBatchInsertIntoAStreamsFolder(t *testing.T) {
	tk := checked(t)
	fsys := enginetest.NewFaultFS()
	c := NewJSON(fsys, Config{})
	s := openSink(t, c, table("path", "/out"))
	resume(t, s, query1, 0, true)
	writeEpoch(t, tk, s, query1, 0, 0, 1)
	closeSink(t, s)
	s = openSink(t, c, table("path", "/out"))
	err := s.Write(context.Background(), "b", 0, encodedRows(tk, s, 0, 1))
	if err == nil || !strings.Contains(err.Error(), "belongs to the streaming query "+string(query1)) {
		t.Errorf("got %v", err)
	}
}

func TestSinkFaultsForPeople(t *testing.T) {
	tk := checked(t)
	t.Run("disk full", func(t *testing.T) {
		fsys := enginetest.NewFaultFS()
		c := NewJSON(fsys, Config{})
		s := openSink(t, c, table("path", "/out"))
		resume(t, s, query1, 0, true)
		fsys.FailAt(2, &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}) // Create, Write
		err := s.Write(context.Background(), query1, 0, encodedRows(tk, s, 0, 1))
		if err == nil || !strings.Contains(err.Error(), "c000.json: the disk is full; free some space") {
			t.Errorf("got %v", err)
		}
		entries, err := fsys.ReadDir("/out")
		if err != nil || len(entries) != 1 {
			t.Errorf("left: %v %v", entries, err)
		}
	})
	t.Run("the path is a file", func(t *testing.T) {
		fsys := enginetest.NewFaultFS()
		put(t, fsys, "/out", "x")
		s := openSink(t, NewJSON(fsys, Config{}), table("path", "/out"))
		err := s.(connector.Resumer).Resume(context.Background(), query1, connector.Resumption{First: true})
		if err == nil || !strings.Contains(err.Error(), "/out: is a file, and a folder is needed") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("no permission", func(t *testing.T) {
		fsys := enginetest.NewFaultFS()
		s := openSink(t, NewJSON(fsys, Config{}), table("path", "/out"))
		fsys.FailAt(3, &fs.PathError{Op: "mkdir", Path: "/out", Err: fs.ErrPermission}) // Stat, Stat, Mkdir
		err := s.(connector.Resumer).Resume(context.Background(), query1, connector.Resumption{First: true})
		if err == nil || !strings.Contains(err.Error(), "/out: no permission to create; give this user the right") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("another writer", func(t *testing.T) {
		fsys := enginetest.NewFaultFS()
		s := openSink(t, NewJSON(fsys, Config{}), table("path", "/out"))
		resume(t, s, query1, 0, true)
		put(t, fsys, "/out/_spark_metadata/0", "v1")
		err := s.Write(context.Background(), query1, 0, encodedRows(tk, s, 0, 1))
		if err == nil || !strings.Contains(err.Error(), "another program writes into the same folder") {
			t.Errorf("got %v", err)
		}
	})
}

// A query that Spark began goes on in Spark's folder.
func TestGoOnInSparksFolder(t *testing.T) {
	tk := checked(t)
	fsys := enginetest.NewFaultFS()
	if err := enginetest.CopyDir(fsys, "/data/iris-run/results", disk.OS{}, sparkResults); err != nil {
		t.Fatal(err)
	}
	c := NewJSON(fsys, Config{})
	before := mustRows(t, c, table("path", "/data/iris-run/results"))
	s := openSink(t, c, table("path", "/data/iris-run/results"))
	resume(t, s, query1, 3, false)
	for e := int64(3); e < 12; e++ {
		writeEpoch(t, tk, s, query1, e, e, e+1)
	}
	closeSink(t, s)
	text := readText(t, fsys, "/data/iris-run/results/_spark_metadata/9.compact")
	for _, spark := range []string{"0", "1", "2"} {
		line := strings.Split(readText(t, fsys, "/data/iris-run/results/_spark_metadata/"+spark), "\n")[1]
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the compaction lacks %s", line)
		}
	}
	if got := mustRows(t, c, declared(rowSchema, "path", "/data/iris-run/results")); len(got) != len(before)+9 || len(before) != 152 {
		t.Errorf("%d rows, before %d", len(got), len(before))
	}
}

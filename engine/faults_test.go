package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow/memory"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-sql/millrace/engine"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/connector/file"
	"github.com/millrace-sql/millrace/engine/disk"
	"github.com/millrace-sql/millrace/sql"
)

// openChecked opens an engine whose queries must free all that they allocate.
func openChecked(t *testing.T, cfg engine.Config) *engine.Engine {
	t.Helper()
	alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
	cfg.Allocator = alloc
	e, err := engine.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		alloc.AssertSize(t, 0)
	})
	return e
}

// runAll runs a script to its end or its first error.
func runAll(ctx context.Context, e *engine.Engine, script string) error {
	for res, err := range e.Run(ctx, script) {
		if err != nil {
			return err
		}
		if res.Rows == nil {
			continue
		}
		for _, err := range res.Rows.All() {
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// mentions checks that an error holds every part.
func mentions(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, one with %q was wanted", parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("the error lacks %q:\n%v", p, err)
		}
	}
	if strings.Contains(err.Error(), "goroutine ") {
		t.Errorf("a stack trace:\n%v", err)
	}
}

// faulty checks that an error is a script's fault: nothing was started.
func faulty(t *testing.T, err error) {
	t.Helper()
	var list sql.ErrorList
	if !errors.As(err, &list) {
		t.Errorf("%T is no fault of the script: %v", err, err)
	}
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestBadDefinitions: what a script names and what is wrong with it is found
// before anything is started, with the place.
func TestBadDefinitions(t *testing.T) {
	dir := t.TempDir()
	pmml, err := os.ReadFile(irisData + "RandomForestIris.pmml")
	if err != nil {
		t.Fatal(err)
	}
	truncated := writeFile(t, filepath.Join(dir, "cut.pmml"), string(pmml[:len(pmml)/2]))
	unknown := writeFile(t, filepath.Join(dir, "odd.pmml"), strings.Replace(string(pmml), "<MiningSchema>", "<Cauldron/>\n<MiningSchema>", 1))
	text := writeFile(t, filepath.Join(dir, "text.pmml"), "not a document")
	lacking := writeFile(t, filepath.Join(dir, "lacking.csv"), "a,c\n1,2\n")
	const forest = "CREATE MODEL forest USING pmml OPTIONS (path = '" + irisData + "RandomForestIris.pmml');\n"
	for name, c := range map[string]struct {
		script string
		want   []string
	}{
		"missing model": {"CREATE MODEL m USING pmml OPTIONS (path = '" + irisData + "RandomForestIrs.pmml')",
			[]string{"<script>:1:43", "RandomForestIrs.pmml does not exist", "did you mean " + irisData + "RandomForestIris.pmml?", "^~"}},
		"missing folder":     {"CREATE MODEL m USING pmml OPTIONS (path = 'nosuch/deep/m.pmml')", []string{"model file nosuch/deep/m.pmml does not exist", "neither does its folder"}},
		"model without path": {"CREATE MODEL m USING pmml", []string{"path"}},
		"truncated model":    {"CREATE MODEL m USING pmml OPTIONS (path = '" + truncated + "')", []string{"cut.pmml", "line "}},
		"unknown element":    {"CREATE MODEL m USING pmml OPTIONS (path = '" + unknown + "')", []string{"odd.pmml", "Cauldron", "line "}},
		"no PMML":            {"CREATE MODEL m USING pmml OPTIONS (path = '" + text + "')", []string{"text.pmml"}},
		"missing sparkml":    {"CREATE MODEL m USING sparkml OPTIONS (path = '" + irisData + "index_to_clas')", []string{"model directory", "does not exist", "index_to_class?"}},
		"sparkml is a file":  {"CREATE MODEL m USING sparkml OPTIONS (path = '" + truncated + "')", []string{"is a file", "directory"}},
		"a missing field":    {forest + "SELECT predict('forest', 1D AS sepal_length, 2D AS sepal_width, 3D AS petal_length)", []string{"<script>:2:8", "petal_width"}},
		"a field too many":   {forest + "SELECT predict('forest', 1D AS sepal_length, 2D AS sepal_width, 3D AS petal_length, 4D AS petal_width, 5D AS petal_weight)", []string{"petal_weight", "petal_width"}},
		"a field's type":     {forest + "SELECT predict('forest', 1D AS sepal_length, 2D AS sepal_width, 3D AS petal_length, array(1) AS petal_width)", []string{"petal_width", "ARRAY<INT>"}},
		"an unknown model":   {forest + "SELECT predict('forst', 1)", []string{"forst", "did you mean", "forest"}},
		"a missing table":    {"CREATE TABLE t (a INT) USING csv OPTIONS (path = '" + irisData + "irs.csv', header = true)", []string{"irs.csv", "iris.csv"}},
		"a CSV lacks a column": {"CREATE TABLE t (a INT, b INT, c INT) USING csv OPTIONS (path = '" + lacking + "', header = true, enforceSchema = false); SELECT * FROM t",
			[]string{"lacking.csv", "b"}},
		"below a file":     {"CREATE TABLE t USING json OPTIONS (path = '" + lacking + "/results')", []string{"lacking.csv", "file"}},
		"columns of kafka": {"CREATE STREAM s (a INT) USING kafka OPTIONS ('kafka.bootstrap.servers' = 'embedded', subscribe = 's')", []string{"key, value, topic"}},
		"no servers":       {"CREATE STREAM s USING kafka OPTIONS (subscribe = 's')", []string{"kafka.bootstrap.servers"}},
		"no value for kafka": {"CREATE STREAM s USING kafka OPTIONS ('kafka.bootstrap.servers' = 'embedded', subscribe = 's'); INSERT INTO s SELECT 'k' AS key",
			[]string{"must give column", "value"}},
		"an option's name": {"CREATE STREAM s USING kafka OPTIONS ('kafka.bootstrap.servers' = 'embedded', subscribe = 's', startingOffset = 'earliest')",
			[]string{"startingOffset", "did you mean startingOffsets?"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := openChecked(t, engine.Config{})
			err := runAll(t.Context(), e, c.script)
			mentions(t, err, c.want...)
			if !strings.Contains(name, "lacks") {
				faulty(t, err)
			}
		})
	}
}

// copyScript copies a topic's values into a folder.
func copyScript(brokers, dir, options string) string {
	return fmt.Sprintf(`
CREATE STREAM s USING kafka OPTIONS ('kafka.bootstrap.servers' = '%s', subscribe = 's', startingOffsets = 'earliest'%s);
CREATE TABLE out USING json OPTIONS (path = '%s/out');
CREATE QUERY copy OPTIONS (checkpointLocation = '%s/checkpoint') AS INSERT INTO out SELECT CAST(value AS STRING) AS v FROM s;
`, brokers, options, dir, dir)
}

func numbered(from, to int) (recs []*kgo.Record, lines []string) {
	for i := from; i < to; i++ {
		recs = append(recs, kgo.StringRecord(fmt.Sprint(i)))
		lines = append(lines, fmt.Sprintf(`{"v":"%d"}`, i))
	}
	return recs, lines
}

// statuses notes what queries say they wait for.
type statuses struct {
	mu    sync.Mutex
	texts []string
	news  chan struct{}
}

func newStatuses() *statuses { return &statuses{news: make(chan struct{}, 1000)} }

func (s *statuses) listen(ev engine.Event) {
	if st, ok := ev.(engine.QueryStatus); ok {
		s.mu.Lock()
		s.texts = append(s.texts, st.Text)
		s.mu.Unlock()
		s.news <- struct{}{}
	}
}

// await waits for a text that holds a part.
func (s *statuses) await(t *testing.T, part string) string {
	t.Helper()
	for {
		s.mu.Lock()
		i := slices.IndexFunc(s.texts, func(x string) bool { return strings.Contains(x, part) })
		text := ""
		if i >= 0 {
			text = s.texts[i]
		}
		seen := slices.Clone(s.texts)
		s.mu.Unlock()
		if i >= 0 {
			return text
		}
		select {
		case <-s.news:
		case <-time.After(30 * time.Second):
			t.Fatalf("no status with %q, but %q", part, seen)
		}
	}
}

// durableBroker is a broker that can be ended and started again on its port.
type durableBroker struct {
	dir string
	e   *engine.Engine
}

func (b *durableBroker) start(t *testing.T) string {
	t.Helper()
	var err error
	if b.e, err = engine.Open(engine.Config{DataDir: b.dir}); err != nil {
		t.Fatal(err)
	}
	addr, err := b.e.StartBroker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

func (b *durableBroker) stop(t *testing.T) {
	t.Helper()
	if err := b.e.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestBrokerAway: a query waits for a broker that is not there at its start, says
// so, goes on when it comes, and again when it goes and returns while it runs.
// Every row is written once.
func TestBrokerAway(t *testing.T) {
	b := &durableBroker{dir: t.TempDir()}
	addr := b.start(t)
	recs, want := numbered(0, 10)
	produce(t, addr, "s", 2, recs)
	b.stop(t)

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	dir := t.TempDir()
	s := newStatuses()
	e := openChecked(t, engine.Config{Listener: s.listen})
	started := make(chan error, 1)
	go func() { started <- runAll(ctx, e, copyScript(addr, dir, "")) }()
	s.await(t, "broker "+addr+" is away")
	if again := b.start(t); again != addr {
		t.Fatalf("the broker came back on %s, not %s", again, addr)
	}
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	q := e.Lookup("copy")
	if err := q.AwaitAvailable(ctx); err != nil {
		t.Fatal(err)
	}
	sameLines(t, readLog(t, dir+"/out"), slices.Clone(want))

	s.mu.Lock()
	s.texts = nil
	s.mu.Unlock()
	b.stop(t)
	s.await(t, "broker "+addr+" is away")
	if err := q.Err(); err != nil {
		t.Fatalf("the query failed: %v", err)
	}
	b.start(t)
	defer b.stop(t)
	more, lines := numbered(10, 30)
	produce(t, addr, "s", 2, more)
	if err := q.AwaitAvailable(ctx); err != nil {
		t.Fatal(err)
	}
	if p := q.Progress(); p.Status != "" {
		t.Errorf("the query still says %q", p.Status)
	}
	if err := q.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	sameLines(t, readLog(t, dir+"/out"), append(want, lines...))
}

// TestUnknownTopic: a topic that the broker does not make is named, with a remedy.
func TestUnknownTopic(t *testing.T) {
	addr := broker(t)
	e := openChecked(t, engine.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err := runAll(ctx, e, copyScript(addr, t.TempDir(), ", 'kafka.allow.auto.create.topics' = 'false'"))
	mentions(t, err, "query copy: kafka source s", "topic s does not exist and the broker does not create it")
}

// limitedFS is a disk with room for some bytes, or one whose folders cannot be
// written.
type limitedFS struct {
	disk.FS
	room   *atomic.Int64
	denied *atomic.Bool
}

func newLimitedFS(room int64) limitedFS {
	f := limitedFS{FS: disk.OS{}, room: new(atomic.Int64), denied: new(atomic.Bool)}
	f.room.Store(room)
	return f
}

func (f limitedFS) Create(name string) (disk.File, error) {
	if f.denied.Load() {
		return nil, &os.PathError{Op: "open", Path: name, Err: syscall.EACCES}
	}
	inner, err := f.FS.Create(name)
	return limitedFile{inner, name, f}, err
}

func (f limitedFS) Mkdir(name string) error {
	if f.denied.Load() {
		return &os.PathError{Op: "mkdir", Path: name, Err: syscall.EACCES}
	}
	return f.FS.Mkdir(name)
}

type limitedFile struct {
	disk.File
	name string
	fs   limitedFS
}

func (f limitedFile) Write(b []byte) (int, error) {
	if f.fs.room.Add(-int64(len(b))) < 0 {
		return 0, &os.PathError{Op: "write", Path: f.name, Err: syscall.ENOSPC}
	}
	return f.File.Write(b)
}

// TestFullDisk: a query whose disk fills up fails with its name, epoch, offsets
// and the file; with room again it goes on, and every row is there once. So does
// one whose folder cannot be written.
func TestFullDisk(t *testing.T) {
	addr := broker(t)
	recs, want := numbered(0, 100)
	produce(t, addr, "s", 1, recs)
	for name, c := range map[string]struct {
		spoil func(limitedFS)
		mend  func(limitedFS)
		want  []string
	}{
		"full":       {func(f limitedFS) { f.room.Store(2000) }, func(f limitedFS) { f.room.Store(1 << 40) }, []string{"query copy, epoch ", "s/0 offsets ", "the disk is full; free some space"}},
		"unwritable": {func(f limitedFS) { f.denied.Store(true) }, func(f limitedFS) { f.denied.Store(false) }, []string{"query copy: output ", "out", "no permission to create"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			fsys := newLimitedFS(1 << 40)
			c.spoil(fsys)
			run := func() error {
				e := openChecked(t, engine.Config{AvailableNow: true, Connectors: []connector.Connector{file.NewJSON(fsys, file.Config{})}})
				if err := runAll(t.Context(), e, copyScript(addr, dir, ", maxOffsetsPerTrigger = 7")); err != nil {
					return err
				}
				return e.Lookup("copy").Wait(t.Context())
			}
			err := run()
			mentions(t, err, c.want...)
			c.mend(fsys)
			if err := run(); err != nil {
				t.Fatal(err)
			}
			sameLines(t, readLog(t, dir+"/out"), slices.Clone(want))
		})
	}
}

// TestUnwritableCheckpoint: a checkpoint below a regular file is refused before
// anything is read.
func TestUnwritableCheckpoint(t *testing.T) {
	addr := broker(t)
	dir := t.TempDir()
	regular := writeFile(t, filepath.Join(dir, "checkpoint"), "x")
	e := openChecked(t, engine.Config{})
	err := runAll(t.Context(), e, copyScript(addr, dir, ""))
	mentions(t, err, regular)
	if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
		t.Errorf("the output folder was made")
	}
}

// TestHugeRecords: values of several megabytes go through whole.
func TestHugeRecords(t *testing.T) {
	addr := broker(t)
	dir := t.TempDir()
	big := strings.Repeat("x", 5<<20)
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.AllowAutoTopicCreation(), kgo.ProducerBatchMaxBytes(16<<20), kgo.DefaultProduceTopic("s"))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for _, v := range []string{`{"a":1,"s":"small"}`, `{"a":2,"s":"` + big + `"}`, `{"a":3,"unknown":"` + big + `","a":4}`} {
		if err := cl.ProduceSync(t.Context(), kgo.StringRecord(v)).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	e := openChecked(t, engine.Config{AvailableNow: true})
	script := strings.Replace(copyScript(addr, dir, ""), "SELECT CAST(value AS STRING) AS v FROM s",
		"SELECT v.a, v.s FROM (SELECT from_json(CAST(value AS STRING), 'a INT, s STRING') AS v FROM s)", 1)
	if err := runAll(t.Context(), e, script); err != nil {
		t.Fatal(err)
	}
	if err := e.Lookup("copy").Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	sameLines(t, readLog(t, dir+"/out"), []string{`{"a":1,"s":"small"}`, `{"a":2,"s":"` + big + `"}`, `{"a":4}`})
}

// TestFailedEpoch: a failed query names itself, its epoch and the offsets, keeps
// what came before, and goes on there when its cause is mended.
func TestFailedEpoch(t *testing.T) {
	addr := broker(t)
	dir := t.TempDir()
	recs, want := numbered(0, 10)
	recs[7] = kgo.StringRecord("9")
	want[7] = `{"class":"c9"}`
	for i := range want {
		if i != 7 {
			want[i] = fmt.Sprintf(`{"class":"c%d"}`, i)
		}
	}
	produce(t, addr, "s", 1, recs)
	run := func(labels int) error {
		e := openChecked(t, engine.Config{AvailableNow: true})
		model := filepath.Join(dir, fmt.Sprintf("labels%d", labels))
		writeLabels(t, model, labels)
		script := fmt.Sprintf("CREATE MODEL m USING sparkml OPTIONS (path = '%s', onInvalid = 'error');", model) + strings.Replace(
			copyScript(addr, dir, ", maxOffsetsPerTrigger = 3"), "CAST(value AS STRING) AS v", "predict('m', CAST(CAST(value AS STRING) AS DOUBLE) AS prediction) AS class", 1)
		script = strings.Replace(script, "CREATE QUERY copy OPTIONS (", "CREATE QUERY copy OPTIONS (modelVersions = 'current', ", 1)
		if err := runAll(t.Context(), e, script); err != nil {
			return err
		}
		return e.Lookup("copy").Wait(t.Context())
	}
	err := run(9)
	mentions(t, err, "query copy, epoch 2 (s/0 offsets 6 to 9)", "9")
	sameLines(t, readLog(t, dir+"/out"), slices.Clone(want[:6]))
	if err := run(10); err != nil {
		t.Fatal(err)
	}
	sameLines(t, readLog(t, dir+"/out"), slices.Clone(want))
}

// writeLabels saves an IndexToString model with labels c0, c1, ...
func writeLabels(t *testing.T, dir string, n int) {
	t.Helper()
	if err := os.CopyFS(dir, os.DirFS(irisData+"index_to_class")); err != nil {
		if os.IsExist(err) {
			return
		}
		t.Fatal(err)
	}
	labels := make([]string, n)
	for i := range labels {
		labels[i] = fmt.Sprintf("%q", fmt.Sprintf("c%d", i))
	}
	names, err := filepath.Glob(filepath.Join(dir, "metadata", "part-*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%v %v", names, err)
	}
	text, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), `"labels":[`)
	_, tail, ok2 := strings.Cut(rest, "]")
	if !ok || !ok2 {
		t.Fatalf("no labels in %s", text)
	}
	writeFile(t, names[0], head+`"labels":[`+strings.Join(labels, ",")+"]"+tail)
}

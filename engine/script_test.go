package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow/memory"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-sql/millrace/engine"
	"github.com/millrace-sql/millrace/engine/codec"
	"github.com/millrace-sql/millrace/engine/enginetest"
)

// TestScripts runs the golden scripts of testdata/cli. A case "run" shows what each
// statement gives: its message, its notes, its rows as JSON; "check" shows the
// faults of a script. ${dir} is an empty folder and ${iris} the iris data.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("../testdata/cli/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden scripts: %v", err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			enginetest.Golden(t, path, func(cmd, _, script string) string {
				if cmd != "run" && cmd != "check" {
					return "error: no command " + cmd
				}
				return runScript(t, cmd, script)
			})
		})
	}
}

// runScript runs or checks a script on an engine of its own and gives all that a
// user sees, with what differs from run to run replaced.
func runScript(t *testing.T, cmd, script string) string {
	dir := t.TempDir()
	alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
	e, err := engine.Open(engine.Config{Allocator: alloc, Variables: map[string]string{"dir": dir, "iris": irisData}})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if cmd == "check" {
		err = e.Check(script)
	} else {
		err = show(t, e, script, &out)
	}
	if err != nil {
		fmt.Fprintf(&out, "%v\n", err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	alloc.AssertSize(t, 0)
	return stable(out.String(), dir)
}

func show(t *testing.T, e *engine.Engine, script string, out *strings.Builder) error {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for res, err := range e.Run(ctx, script) {
		if err != nil {
			return err
		}
		for _, n := range res.Notes {
			fmt.Fprintf(out, "note: %s\n", n)
		}
		if res.Message != "" {
			fmt.Fprintln(out, res.Message)
		}
		if res.Rows == nil {
			continue
		}
		opts, _, err := codec.ParseJSONOptions(map[string]string{"ignoreNullFields": "false"})
		if err != nil {
			return err
		}
		w, err := codec.NewJSONWriter(res.Rows.Schema(), opts)
		if err != nil {
			return err
		}
		for rec, err := range res.Rows.All() {
			if err != nil {
				return err
			}
			out.Write(w.AppendRecord(nil, rec))
		}
	}
	return nil
}

var (
	seconds   = regexp.MustCompile(` in \d+\.\d s\b`)
	checksums = regexp.MustCompile(`"[0-9a-f]{64}"`)
	partFile  = regexp.MustCompile(`part-\d+-[0-9a-f-]{36}-c000`)
)

// stable replaces what differs from run to run.
func stable(s, dir string) string {
	s = strings.ReplaceAll(s, dir, "DIR")
	s = seconds.ReplaceAllString(s, " in 0.0 s")
	s = checksums.ReplaceAllString(s, `"CHECKSUM"`)
	return partFile.ReplaceAllString(s, "part-file")
}

// TestNothingStarts: a script with a fault anywhere starts nothing at all.
func TestNothingStarts(t *testing.T) {
	dir := t.TempDir()
	e := openChecked(t, engine.Config{DataDir: dir})
	err := runAll(t.Context(), e, `CREATE STREAM s USING kafka OPTIONS ('kafka.bootstrap.servers' = 'embedded', subscribe = 's');
		CREATE TABLE out USING json OPTIONS (path = '${data_dir}/out');
		INSERT INTO out SELECT CAST(value AS STRING) AS v FROM s;
		SELECT nosuch(1);`)
	faulty(t, err)
	mentions(t, err, "`nosuch`")
	if len(e.Queries()) != 0 || e.BrokerAddr() != "" {
		t.Errorf("queries %v, broker %q", e.Queries(), e.BrokerAddr())
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("the data directory holds %v %v", entries, err)
	}
}

// TestCheckpointOfAnother: a checkpoint serves one query, an output folder too.
func TestCheckpointOfAnother(t *testing.T) {
	addr := broker(t)
	recs, _ := numbered(0, 3)
	produce(t, addr, "s", 1, recs)
	dir := t.TempDir()
	run := func(script string) error {
		e := openChecked(t, engine.Config{AvailableNow: true})
		if err := runAll(t.Context(), e, script); err != nil {
			return err
		}
		return e.Lookup("copy").Wait(t.Context())
	}
	script := copyScript(addr, dir, "")
	for range 2 {
		if err := run(script); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		old, new string
		want     []string
	}{
		"other columns": {"CAST(value AS STRING) AS v", "CAST(value AS STRING) AS w", []string{"query copy", dir + "/checkpoint", "v", "w"}},
		"other topic":   {"subscribe = 's'", "subscribe = 'z'", []string{"query copy", dir + "/checkpoint", "kafka s", "kafka z"}},
		"other folder":  {dir + "/out", dir + "/other", []string{"query copy", dir + "/checkpoint", dir + "/out", dir + "/other"}},
		"folder of another query": {dir + "/checkpoint", dir + "/checkpoint2",
			[]string{"query copy", dir + "/out", "another query"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := run(strings.Replace(script, c.old, c.new, 1))
			mentions(t, err, c.want...)
		})
	}
	if got := readLog(t, dir+"/out"); len(got) != 3 {
		t.Errorf("the folder has %d rows, want 3", len(got))
	}
}

// TestCheckpointInUse: a second query on a checkpoint that is in use is refused.
func TestCheckpointInUse(t *testing.T) {
	addr := broker(t)
	dir := t.TempDir()
	first := openChecked(t, engine.Config{})
	if err := runAll(t.Context(), first, copyScript(addr, dir, "")); err != nil {
		t.Fatal(err)
	}
	second := openChecked(t, engine.Config{})
	err := runAll(t.Context(), second, copyScript(addr, dir, ""))
	mentions(t, err, dir+"/checkpoint", "in use")
	if err := first.Lookup("copy").Err(); err != nil {
		t.Errorf("the first query suffers: %v", err)
	}
}

// TestPanic: a function that panics fails its query, named, and nothing else.
func TestPanic(t *testing.T) {
	addr := broker(t)
	recs, _ := numbered(0, 3)
	produce(t, addr, "s", 1, recs)
	e := openChecked(t, engine.Config{})
	if err := e.RegisterFunction(engine.Function1("explode_on_two", func(s string) (string, error) {
		if s == "2" {
			panic("two!")
		}
		return s, nil
	})); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := strings.Replace(copyScript(addr, dir, ""), "CAST(value AS STRING) AS v", "explode_on_two(CAST(value AS STRING)) AS v", 1)
	if err := runAll(t.Context(), e, script); err != nil {
		t.Fatal(err)
	}
	err := e.Lookup("copy").Wait(t.Context())
	mentions(t, err, "query copy, epoch 0 (s/0 offsets 0 to 3)", "internal error: two!")
	var panicked *engine.PanicError
	if !errors.As(err, &panicked) || !strings.Contains(string(panicked.Stack), "script_test.go") {
		t.Errorf("the stack does not show where: %v", err)
	}
	if err := runAll(t.Context(), e, "SELECT explode_on_two('1')"); err != nil {
		t.Error(err)
	}
	mentions(t, runAll(t.Context(), e, "SELECT explode_on_two(x) FROM VALUES ('2') AS t(x)"), "internal error: two!")
	if _, err := os.Stat(dir + "/out/_spark_metadata/0"); err == nil {
		t.Errorf("the failed epoch is in the folder's log")
	}
}

// TestTriggers runs a backlog of nine records, three an epoch at most, under each
// trigger.
func TestTriggers(t *testing.T) {
	addr := broker(t)
	recs, want := numbered(0, 9)
	produce(t, addr, "s", 1, recs)
	for trigger, epochs := range map[string]int{"availableNow": 3, "once": 1, "10 milliseconds": 3, "asap": 3} {
		t.Run(trigger, func(t *testing.T) {
			dir := t.TempDir()
			e := openChecked(t, engine.Config{})
			script := strings.Replace(copyScript(addr, dir, ", maxOffsetsPerTrigger = 3"), "checkpointLocation", "trigger = '"+trigger+"', checkpointLocation", 1)
			if err := runAll(t.Context(), e, script+"AWAIT ALL AVAILABLE;"); err != nil {
				t.Fatal(err)
			}
			q := e.Lookup("copy")
			ends := trigger == "availableNow" || trigger == "once"
			if !ends {
				if q.State() != engine.Running {
					t.Errorf("the query has %v", q.State())
				}
				if err := q.Stop(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if err := q.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			commits, err := os.ReadDir(dir + "/checkpoint/commits")
			if err != nil {
				t.Fatal(err)
			}
			if len(commits) != epochs {
				t.Errorf("%d epochs, want %d", len(commits), epochs)
			}
			sameLines(t, readLog(t, dir+"/out"), slices.Clone(want))
		})
	}
}

// TestSeveralQueries: queries of one engine share a topic and know nothing of one
// another; one that fails leaves the other running.
func TestSeveralQueries(t *testing.T) {
	addr := broker(t)
	recs, want := numbered(0, 20)
	produce(t, addr, "s", 2, recs)
	dir := t.TempDir()
	e := openChecked(t, engine.Config{})
	err := runAll(t.Context(), e, copyScript(addr, dir, "")+fmt.Sprintf(`
		CREATE TABLE evens USING json OPTIONS (path = '%s/evens');
		CREATE TABLE broken USING memory;
		INSERT INTO evens SELECT CAST(value AS STRING) AS v FROM s WHERE CAST(CAST(value AS STRING) AS INT) %% 2 = 0;
		INSERT INTO broken SELECT from_json(CAST(value AS STRING), 'a INT', map('mode', 'FAILFAST')) AS v FROM s;
		AWAIT QUERY copy AVAILABLE; AWAIT QUERY evens AVAILABLE;`, dir))
	if err != nil {
		t.Fatal(err)
	}
	mentions(t, e.Lookup("broken").Wait(t.Context()), "query broken, epoch 0")
	more, lines := numbered(20, 22)
	produce(t, addr, "s", 2, more)
	for _, name := range []string{"copy", "evens"} {
		q := e.Lookup(name)
		if err := q.AwaitAvailable(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := q.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	sameLines(t, readLog(t, dir+"/out"), append(want, lines...))
	if got := readLog(t, dir+"/evens"); len(got) != 11 {
		t.Errorf("%d even numbers, want 11", len(got))
	}
}

// TestFollowLimit: a SELECT over a stream with LIMIT ends, over as many epochs as
// it takes, also where the limit stands below a projection.
func TestFollowLimit(t *testing.T) {
	addr := broker(t)
	e := openChecked(t, engine.Config{})
	if err := runAll(t.Context(), e, fmt.Sprintf("CREATE STREAM s USING kafka OPTIONS ('kafka.bootstrap.servers' = '%s', subscribe = 's', startingOffsets = 'earliest', maxOffsetsPerTrigger = 2)", addr)); err != nil {
		t.Fatal(err)
	}
	produce(t, addr, "s", 1, []*kgo.Record{kgo.StringRecord("a"), kgo.StringRecord("b"), kgo.StringRecord("c"), kgo.StringRecord("d")})
	for _, n := range []int64{0, 1, 3} {
		rows, err := e.Query(t.Context(), fmt.Sprintf("SELECT upper(CAST(value AS STRING)) AS v, offset FROM s LIMIT %d", n))
		if err != nil {
			t.Fatal(err)
		}
		var got int64
		for rec, err := range rows.All() {
			if err != nil {
				t.Fatal(err)
			}
			got += rec.NumRows()
		}
		if got != n {
			t.Errorf("LIMIT %d gave %d rows", n, got)
		}
	}
}

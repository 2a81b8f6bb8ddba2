package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-sql/millrace/engine"
)

// killScript is the iris pipeline over a topic that is full already, in epochs of
// 500 records.
const killScript = `
CREATE STREAM iris USING kafka OPTIONS ('kafka.bootstrap.servers' = '${brokers}', subscribe = 'iris',
  startingOffsets = 'earliest', maxOffsetsPerTrigger = 500);
CREATE TABLE iris_df (sepal_length DOUBLE, sepal_width DOUBLE, petal_length DOUBLE, petal_width DOUBLE, variety STRING)
  USING csv OPTIONS (path = '${data}/iris_df.csv', header = true);
CREATE MODEL forest USING pmml OPTIONS (path = '${data}/RandomForestIris.pmml', reload = true);
CREATE MODEL index_to_class USING sparkml OPTIONS (path = '${data}/index_to_class');
CREATE TABLE results USING json OPTIONS (path = '${data_dir}/results');
CREATE QUERY classify OPTIONS (checkpointLocation = '${data_dir}/checkpoint') AS
INSERT INTO results
SELECT sepal_length, sepal_width, petal_length, petal_width, prediction, variety AS original_class,
       predict('index_to_class', CAST(prediction AS DOUBLE) AS prediction) AS predicted_class
FROM (SELECT s.*, CAST(predict('forest', s.*) AS INT) AS prediction
      FROM (SELECT v.* FROM (SELECT from_json(CAST(value AS STRING),
              'sepal_length DOUBLE, sepal_width DOUBLE, petal_length DOUBLE, petal_width DOUBLE') AS v FROM iris)) s)
JOIN iris_df USING (sepal_length, sepal_width, petal_length, petal_width);
`

// windows are where a kill can fall: after which point of an epoch.
var windows = []string{"epoch planned", "part file renamed", "sink log written", "epoch committed"}

// victim is a process that is killed again and again.
type victim struct {
	binary, script, data, dir, brokers string
	trace                              string
}

// command is one life of the process.
func (v victim) command(ctx context.Context, pause time.Duration, extra ...string) (*exec.Cmd, *bytes.Buffer) {
	args := append([]string{"run", "--progress", "none", "--data-dir", v.dir, "-D", "brokers=" + v.brokers, "-D", "data=" + v.data}, extra...)
	cmd := exec.CommandContext(ctx, v.binary, append(args, v.script)...)
	cmd.Env = append(os.Environ(), "MILLRACE_CRASH_TRACE="+v.trace, "MILLRACE_CRASH_PAUSE="+pause.String())
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	return cmd, &out
}

// window is the point that the process passed last, or "".
func (v victim) window() string {
	b, _ := os.ReadFile(v.trace)
	return strings.TrimSpace(string(b))
}

// live starts the process, kills it some time after it started or passed its
// first epoch's first point, and says after which point that was, "" for none. Done is true when it ended by itself.
func (v victim) live(t *testing.T, pause, after time.Duration, fromStart bool) (window string, done bool) {
	t.Helper()
	_ = os.Remove(v.trace)
	cmd, out := v.command(t.Context(), pause, "--available-now")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	var kill <-chan time.Time
	if fromStart {
		kill = time.After(after)
	}
	for {
		select {
		case <-tick.C:
			if w := v.window(); kill == nil && w != "" && w != "model kept" {
				kill = time.After(after)
			}
		case <-kill:
			_ = cmd.Process.Kill()
			<-exited
			return v.window(), false
		case err := <-exited:
			if err != nil {
				t.Fatalf("the process failed by itself: %v\n%s", err, out)
			}
			return "", true
		}
	}
}

// TestKill kills the process at random moments of its epochs and starts it again:
// in the end every row must be in the folder once. Each life finds another version
// of the forest, which answers the same: an epoch that runs again must find the copy
// of the one it was planned with. MILLRACE_KILLS is how often.
func TestKill(t *testing.T) {
	kills := 12
	if s := os.Getenv("MILLRACE_KILLS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		kills = n
	}
	const rounds = 1000 // of 150 records
	v := newVictim(t)
	fillIris(t, v.brokers, v.data, rounds)
	rnd := rand.New(rand.NewPCG(uint64(kills), 7))
	fell := map[string]int{}
	const pause = 4 * time.Millisecond
	n := 0
	for ; n < kills; n++ {
		v.replaceForest(t, n)
		// Most kills fall some time after a life's first epoch began, so that epochs are hit;
		// every tenth at any moment, the start of the process included.
		moment, fromStart := time.Duration(rnd.Int64N(int64(8*pause))), n%10 == 9
		if fromStart {
			moment = time.Duration(rnd.Int64N(int64(120 * time.Millisecond)))
		}
		window, done := v.live(t, pause, moment, fromStart)
		if done {
			t.Fatalf("everything was done after %d kills of %d", n, kills)
		}
		fell[window]++
	}
	t.Logf("%d kills fell after: %v", n, fell)
	for _, w := range windows {
		if kills >= 200 && fell[w] < 10 {
			t.Errorf("only %d kills fell after %q", fell[w], w)
		}
	}
	cmd, out := v.command(t.Context(), 0, "--available-now")
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	checkOnce(t, filepath.Join(v.dir, "results"), v.data, rounds)
}

// replaceForest puts another version of the forest in the place of its file.
func (v victim) replaceForest(t *testing.T, n int) {
	t.Helper()
	text, err := os.ReadFile("../../testdata/iris/RandomForestIris.pmml")
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(v.data, "RandomForestIris.pmml")
	if err := os.WriteFile(name+".new", fmt.Appendf(text, "<!-- %d -->\n", n), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

func newVictim(t *testing.T) victim {
	t.Helper()
	dir := t.TempDir()
	v := victim{binary: buildBinary(t), script: filepath.Join(dir, "kill.sql"), data: filepath.Join(dir, "data"), dir: filepath.Join(dir, "run"), trace: filepath.Join(dir, "trace")}
	if err := os.WriteFile(v.script, []byte(killScript), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(v.data, os.DirFS("../../testdata/iris")); err != nil {
		t.Fatal(err)
	}
	csv, err := os.ReadFile(filepath.Join(v.data, "iris.csv"))
	if err != nil {
		t.Fatal(err)
	}
	_, rows, _ := bytes.Cut(csv, []byte("\n"))
	named := append([]byte("sepal_length,sepal_width,petal_length,petal_width,variety\n"), rows...)
	if err := os.WriteFile(filepath.Join(v.data, "iris_df.csv"), named, 0o666); err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	if v.brokers, err = e.StartBroker(t.Context()); err != nil {
		t.Fatal(err)
	}
	return v
}

// buildBinary builds the command and returns its path.
func buildBinary(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "millrace")
	if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", name, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return name
}

// fillIris produces the 150 recorded records, rounds times over.
func fillIris(t *testing.T, brokers, data string, rounds int) {
	t.Helper()
	input, err := os.ReadFile(filepath.Join(data, "expected/iris150.input.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.AllowAutoTopicCreation(), kgo.DefaultProduceTopic("iris"))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	var once []*kgo.Record
	for line := range bytes.Lines(input) {
		var r struct{ Key, Value string }
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		once = append(once, &kgo.Record{Key: []byte(r.Key), Value: []byte(r.Value)})
	}
	for range rounds {
		batch := make([]*kgo.Record, len(once))
		for i, r := range once {
			batch[i] = &kgo.Record{Key: r.Key, Value: r.Value}
		}
		if err := cl.ProduceSync(t.Context(), batch...).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// checkOnce reads the folder through its log and compares with the recorded
// output, rounds times over.
func checkOnce(t *testing.T, dir, data string, rounds int) {
	t.Helper()
	want := map[string]int{}
	expected, err := os.ReadFile(filepath.Join(data, "expected/iris150.output.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(expected)) {
		want[strings.TrimSpace(line)] += rounds
	}
	got := map[string]int{}
	for _, name := range loggedFiles(t, dir) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			got[strings.TrimSpace(line)]++
		}
	}
	if maps.Equal(got, want) {
		return
	}
	for _, line := range slices.Sorted(maps.Keys(want)) {
		if got[line] != want[line] {
			t.Errorf("%d times, want %d: %s", got[line], want[line], line)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d different rows, want %d", len(got), len(want))
	}
}

// loggedFiles lists the part files that the folder's log names: those of the last
// compact file and of the entries after it.
func loggedFiles(t *testing.T, dir string) []string {
	t.Helper()
	meta := filepath.Join(dir, "_spark_metadata")
	entries, err := os.ReadDir(meta)
	if err != nil {
		t.Fatal(err)
	}
	from, last := 0, -1
	for _, e := range entries {
		base, compact := strings.CutSuffix(e.Name(), ".compact")
		n, err := strconv.Atoi(base)
		if err != nil {
			continue
		}
		if last = max(last, n); compact {
			from = max(from, n)
		}
	}
	var files []string
	for n := from; n <= last; n++ {
		text, err := os.ReadFile(filepath.Join(meta, strconv.Itoa(n)))
		if err != nil {
			text, err = os.ReadFile(filepath.Join(meta, strconv.Itoa(n)+".compact"))
		}
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			if i == 0 {
				continue
			}
			var entry struct{ Path string }
			if err := json.Unmarshal([]byte(line), &entry); err != nil {
				t.Fatal(fmt.Errorf("%d: %w", n, err))
			}
			files = append(files, filepath.Join(dir, filepath.Base(entry.Path)))
		}
	}
	return files
}

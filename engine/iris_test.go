package engine_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow/memory"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/millrace-sql/millrace/engine"
)

const irisData = "../testdata/iris/"

// irisRun is one run of the iris pipeline in a test.
type irisRun struct {
	dir         string // results/ and checkpoint/ are here
	brokers     string
	topic       string
	perTrigger  int // 0: no bound
	starting    string
	noOptimizer bool
	workers     int
	hook        func(string)
}

// script is the pipeline without its producer.
func (r irisRun) script() string {
	limit := ""
	if r.perTrigger > 0 {
		limit = fmt.Sprintf(", maxOffsetsPerTrigger = %d", r.perTrigger)
	}
	if r.starting == "" {
		r.starting = "earliest"
	}
	return fmt.Sprintf(`
CREATE STREAM iris USING kafka OPTIONS ('kafka.bootstrap.servers' = '%s', subscribe = '%s', startingOffsets = '%s'%s);
CREATE TABLE iris_raw ("sepal.length" DOUBLE, "sepal.width" DOUBLE, "petal.length" DOUBLE, "petal.width" DOUBLE, variety STRING)
  USING csv OPTIONS (path = '%siris.csv', header = true);
CREATE VIEW iris_df AS SELECT "sepal.width" AS sepal_width, "sepal.length" AS sepal_length,
  "petal.width" AS petal_width, "petal.length" AS petal_length, variety FROM iris_raw;
CACHE TABLE iris_df;
CREATE MODEL forest USING pmml OPTIONS (path = '%sRandomForestIris.pmml');
CREATE MODEL index_to_class USING sparkml OPTIONS (path = '%sindex_to_class');
CREATE TABLE results USING json OPTIONS (path = '%s/results');
CREATE QUERY classify OPTIONS (checkpointLocation = '%s/checkpoint') AS
INSERT INTO results
SELECT sepal_length, sepal_width, petal_length, petal_width, prediction, variety AS original_class,
       predict('index_to_class', CAST(prediction AS DOUBLE) AS prediction) AS predicted_class
FROM (SELECT s.*, CAST(predict('forest', s.*) AS INT) AS prediction
      FROM (SELECT v.* FROM (SELECT from_json(CAST(value AS STRING),
              'sepal_length DOUBLE, sepal_width DOUBLE, petal_length DOUBLE, petal_width DOUBLE') AS v FROM iris)) s)
JOIN iris_df USING (sepal_length, sepal_width, petal_length, petal_width);
`, r.brokers, r.topic, r.starting, limit, irisData, irisData, irisData, r.dir, r.dir)
}

// quoteDotted puts the dotted names in backticks, which a Go raw string cannot
// hold.
func quoteDotted(script string) string {
	for _, c := range []string{"sepal.length", "sepal.width", "petal.length", "petal.width"} {
		script = strings.ReplaceAll(script, `"`+c+`"`, "`"+c+"`")
	}
	return script
}

// run runs the pipeline until all that is in the topic is done.
func (r irisRun) run(t *testing.T) error {
	t.Helper()
	alloc := memory.NewCheckedAllocator(memory.DefaultAllocator)
	e, err := engine.Open(engine.Config{NoOptimizer: r.noOptimizer, Workers: r.workers, Hook: r.hook, Allocator: alloc})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
		if r.hook == nil { // a crash leaves what it held
			alloc.AssertSize(t, 0)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, err := range e.Run(ctx, quoteDotted(r.script())+"AWAIT ALL AVAILABLE; STOP ALL QUERIES;") {
		if err != nil {
			return err
		}
	}
	return nil
}

// broker is an embedded broker for the life of a test.
func broker(t *testing.T) string {
	t.Helper()
	e, err := engine.Open(engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	addr, err := e.StartBroker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

// produce makes a topic and fills it, record i into partition i modulo the number
// of partitions.
func produce(t *testing.T, brokers, topic string, partitions int32, records []*kgo.Record) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	req := kmsg.NewPtrCreateTopicsRequest()
	rt := kmsg.NewCreateTopicsRequestTopic()
	rt.Topic, rt.NumPartitions, rt.ReplicationFactor = topic, partitions, 1
	req.Topics = append(req.Topics, rt)
	if _, err := req.RequestWith(t.Context(), cl); err != nil {
		t.Fatal(err)
	}
	for i, r := range records {
		r.Topic, r.Partition = topic, int32(i)%partitions
	}
	if err := cl.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// readLines reads a text file's lines.
func readLines(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines []string
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		lines = append(lines, sc.Text())
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func irisRecords(t *testing.T) []*kgo.Record {
	t.Helper()
	var recs []*kgo.Record
	for _, line := range readLines(t, irisData+"expected/iris150.input.jsonl") {
		var r struct{ Key, Value string }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		recs = append(recs, &kgo.Record{Key: []byte(r.Key), Value: []byte(r.Value)})
	}
	return recs
}

// readLog reads an output folder as a reader does that honours its log: the lines
// of the listed files, sorted, and how many epochs wrote any.
func readLog(t *testing.T, dir string) []string {
	t.Helper()
	var lines []string
	for _, path := range loggedFiles(t, dir) {
		lines = append(lines, readLines(t, path)...)
	}
	slices.Sort(lines)
	return lines
}

// loggedFiles lists the part files that a folder's _spark_metadata log names: the
// last compact file and the entries after it.
func loggedFiles(t *testing.T, dir string) []string {
	t.Helper()
	meta := filepath.Join(dir, "_spark_metadata")
	last := -1
	for n := 0; ; n++ {
		_, plain := os.Stat(filepath.Join(meta, fmt.Sprint(n)))
		_, compact := os.Stat(filepath.Join(meta, fmt.Sprintf("%d.compact", n)))
		if plain != nil && compact != nil {
			break
		}
		last = n
	}
	var files []string
	for n := last; n >= 0; n-- {
		name := filepath.Join(meta, fmt.Sprint(n))
		compact := false
		if _, err := os.Stat(name); err != nil {
			name, compact = name+".compact", true
		}
		lines := readLines(t, name)
		if len(lines) == 0 || lines[0] != "v1" {
			t.Fatalf("%s does not begin with v1", name)
		}
		for _, line := range lines[1:] {
			var entry struct{ Path string }
			if err := json.Unmarshal([]byte(line), &entry); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			files = append(files, filepath.Join(dir, filepath.Base(entry.Path)))
		}
		if compact {
			break
		}
	}
	return files
}

// sameLines compares two sorted multisets of lines.
func sameLines(t *testing.T, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if slices.Equal(got, want) {
		return
	}
	t.Errorf("%d lines, want %d", len(got), len(want))
	count := map[string]int{}
	for _, l := range want {
		count[l]++
	}
	for _, l := range got {
		count[l]--
	}
	shown := 0
	for l, n := range count {
		if n != 0 && shown < 10 {
			t.Errorf("%+d %s", -n, l)
			shown++
		}
	}
}

func TestIris(t *testing.T) {
	brokers := broker(t)
	want := readLines(t, irisData+"expected/iris150.output.jsonl")
	for _, partitions := range []int32{1, 4} {
		topic := fmt.Sprintf("iris-%d", partitions)
		produce(t, brokers, topic, partitions, irisRecords(t))
		for _, perTrigger := range []int{0, 7} {
			t.Run(fmt.Sprintf("partitions=%d/perTrigger=%d", partitions, perTrigger), func(t *testing.T) {
				r := irisRun{dir: t.TempDir(), brokers: brokers, topic: topic, perTrigger: perTrigger}
				if err := r.run(t); err != nil {
					t.Fatal(err)
				}
				sameLines(t, readLog(t, r.dir+"/results"), slices.Clone(want))
				commits, err := os.ReadDir(r.dir + "/checkpoint/commits")
				if err != nil {
					t.Fatal(err)
				}
				if many := len(commits) > 1; many != (perTrigger > 0) {
					t.Errorf("%d epochs with at most %d records an epoch", len(commits), perTrigger)
				}
			})
		}
	}
}

func TestIrisDirty(t *testing.T) {
	brokers := broker(t)
	var recs []*kgo.Record
	for _, line := range readLines(t, irisData+"expected/dirty.jsonl") {
		var r struct {
			Key   *string `json:"key_base64"`
			Value *string `json:"value_base64"`
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		rec := &kgo.Record{}
		for _, f := range []struct {
			from *string
			to   *[]byte
		}{{r.Key, &rec.Key}, {r.Value, &rec.Value}} {
			if f.from == nil {
				continue
			}
			b, err := base64.StdEncoding.DecodeString(*f.from)
			if err != nil {
				t.Fatal(err)
			}
			*f.to = append([]byte{}, b...)
		}
		recs = append(recs, rec)
	}
	produce(t, brokers, "dirty", 1, recs)
	r := irisRun{dir: t.TempDir(), brokers: brokers, topic: "dirty"}
	if err := r.run(t); err != nil {
		t.Fatal(err)
	}
	sameLines(t, readLog(t, r.dir+"/results"), readLines(t, irisData+"expected/dirty.stream-output.jsonl"))
}

package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// lettersScript scores records of which every third has nothing to be scored by, in
// epochs of 100.
const lettersScript = `
CREATE STREAM s USING kafka OPTIONS ('kafka.bootstrap.servers' = '${brokers}', subscribe = 'numbers',
  startingOffsets = 'earliest', maxOffsetsPerTrigger = 100);
CREATE MODEL forest USING pmml OPTIONS (path = '${data}/RandomForestIris.pmml', reload = true, onMissing = 'dlq', onInvalid = 'dlq');
CREATE TABLE results USING json OPTIONS (path = '${data_dir}/results');
CREATE QUERY score OPTIONS (checkpointLocation = '${data_dir}/checkpoint') AS
INSERT INTO results SELECT offset, predict('forest', x AS sepal_length, x AS sepal_width, x AS petal_length, x AS petal_width) AS p
FROM (SELECT offset, CAST(CAST(value AS STRING) AS DOUBLE) AS x FROM s);
`

// TestKillLetters kills the process again and again while models leave rows out and
// are replaced: each record is in the output once, or once among the dead letters.
func TestKillLetters(t *testing.T) {
	const records, kills = 20_000, 8
	v := newVictim(t)
	if err := os.WriteFile(v.script, []byte(lettersScript), 0o666); err != nil {
		t.Fatal(err)
	}
	fillNumbers(t, v.brokers, records)
	rnd := rand.New(rand.NewPCG(kills, 11))
	fell := map[string]int{}
	const pause = 4 * time.Millisecond
	for n := range kills {
		v.replaceForest(t, n)
		window, done := v.live(t, pause, time.Duration(rnd.Int64N(int64(20*pause))), false)
		if done {
			t.Fatalf("everything was done after %d kills", n)
		}
		fell[window]++
	}
	t.Logf("kills fell after: %v", fell)
	cmd, out := v.command(t.Context(), 0, "--available-now")
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rows, letters := offsetsIn(t, filepath.Join(v.dir, "results")), offsetsIn(t, filepath.Join(v.dir, "checkpoint/dead-letters"))
	for i := range int64(records) {
		want := [2]int{1, 0}
		if i%3 == 0 {
			want = [2]int{0, 1}
		}
		if got := [2]int{rows[i], letters[i]}; got != want {
			t.Fatalf("record %d: rows and dead letters are %v, want %v", i, got, want)
		}
	}
}

// fillNumbers produces numbers, each third record empty.
func fillNumbers(t *testing.T, brokers string, n int) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers), kgo.AllowAutoTopicCreation(), kgo.DefaultProduceTopic("numbers"))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	batch := make([]*kgo.Record, n)
	for i := range batch {
		value := ""
		if i%3 != 0 {
			value = fmt.Sprint(i % 7)
		}
		batch[i] = &kgo.Record{Value: []byte(value)}
	}
	if err := cl.ProduceSync(t.Context(), batch...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// offsetsIn counts the offsets in the lines of a folder's files.
func offsetsIn(t *testing.T, dir string) map[int64]int {
	t.Helper()
	found := map[int64]int{}
	for _, name := range loggedFiles(t, dir) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			var row struct{ Offset int64 }
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatal(err)
			}
			found[row.Offset]++
		}
	}
	return found
}

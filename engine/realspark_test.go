package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-sql/millrace/engine"
)

// spark runs a script of testdata/spark with the Python that MILLRACE_SPARK
// names, which has PySpark, and gives the lines that the script printed as rows.
// Without that variable the test is skipped. .ci/run sets it, and fails when any
// of these tests is skipped.
func spark(t *testing.T, script string, args ...string) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Getenv("MILLRACE_SPARK"), append([]string{"../testdata/spark/" + script}, args...)...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "PYSPARK_PYTHON="+os.Getenv("MILLRACE_SPARK"))
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s\n%s", script, err, &errs, &out)
	}
	_, rows, found := strings.Cut(out.String(), "ROWS\n")
	if !found {
		t.Fatalf("%s printed no rows\n%s\n%s", script, &errs, &out)
	}
	if rows = strings.TrimSuffix(rows, "\n"); rows == "" {
		return nil
	}
	return strings.Split(rows, "\n")
}

func needSpark(t *testing.T) {
	t.Helper()
	if os.Getenv("MILLRACE_SPARK") == "" {
		t.Skip("NOT RUN: needs a real Spark; set MILLRACE_SPARK to a Python that has pyspark 3.5.7 (and Java)")
	}
}

const resultsSchema = "sepal_length DOUBLE, sepal_width DOUBLE, petal_length DOUBLE, petal_width DOUBLE, prediction INT, original_class STRING, predicted_class STRING"

// TestRealSparkReads lets Spark read, by its log, a folder that 30 epochs wrote.
func TestRealSparkReads(t *testing.T) {
	needSpark(t)
	brokers := broker(t)
	produce(t, brokers, "iris", 1, irisRecords(t))
	r := irisRun{dir: t.TempDir(), brokers: brokers, topic: "iris", perTrigger: 5}
	if err := r.run(t); err != nil {
		t.Fatal(err)
	}
	commits, err := filepath.Glob(r.dir + "/checkpoint/commits/[0-9]*")
	if err != nil || len(commits) != 30 {
		t.Fatalf("%d epochs, want 30; %v", len(commits), err)
	}
	// What a killed process leaves behind and no log names: to be passed over.
	if err := os.WriteFile(r.dir+"/results/part-99999-orphan.json", []byte(`{"sepal_length":1.0,"prediction":9}`+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	sameLines(t, spark(t, "read.py", r.dir+"/results", resultsSchema), irisOutput(t, 1))
}

const plainSchema = "sepal_length DOUBLE, sepal_width DOUBLE, petal_length DOUBLE, petal_width DOUBLE"

// plainScript copies the records' four columns, in epochs of 4 records, if a model
// has an answer for them: it has for all.
const plainScript = `
CREATE STREAM iris USING kafka OPTIONS ('kafka.bootstrap.servers' = '%s', subscribe = '%s', startingOffsets = 'earliest', maxOffsetsPerTrigger = 4);
CREATE TABLE results USING json OPTIONS (path = '%s/results');
CREATE MODEL forest USING pmml OPTIONS (path = '../testdata/iris/RandomForestIris.pmml', onMissing = 'dlq', onInvalid = 'dlq');
CREATE QUERY copy OPTIONS (checkpointLocation = '%[3]s/checkpoint') AS
INSERT INTO results SELECT v.* FROM (SELECT from_json(CAST(value AS STRING), '%[4]s') AS v FROM iris) WHERE predict('forest', v.*) IS NOT NULL;
`

// TestRealSparkGoesOn hands a query to and fro: millrace begins it, Spark goes on
// from the checkpoint and the folder, then millrace from Spark's, each past a
// compaction of the log. Every record is in the folder once. Spark does not mind the
// models that the checkpoint keeps. Its Java client reads
// from the embedded broker here.
func TestRealSparkGoesOn(t *testing.T) {
	needSpark(t)
	if os.Getenv("MILLRACE_SPARK_JARS") == "" {
		t.Skip("NOT RUN: needs a real Spark with its Kafka source; set MILLRACE_SPARK_JARS to the folder that .ci/spark/pom.xml's jars were copied to")
	}
	brokers, topic, dir := broker(t), "iris", t.TempDir()
	records := irisRecords(t)
	want := plainRows(t, records)
	produce(t, brokers, topic, 1, nil)

	part := func(n int) { // of three
		produceOnly(t, brokers, topic, records[n*50:n*50+50])
	}
	part(0)
	millraceCopies(t, brokers, topic, dir)
	sameLines(t, readLog(t, dir+"/results"), slices.Clone(want[:50]))
	for _, pattern := range []string{"/checkpoint/models/0", "/checkpoint/models/kept/pmml-*/RandomForestIris.pmml"} {
		if found, err := filepath.Glob(dir + pattern); err != nil || len(found) != 1 {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
	}
	part(1)
	sameLines(t, spark(t, "goon.py", brokers, topic, plainSchema, dir+"/checkpoint", dir+"/results", "4"), slices.Clone(want[:100]))
	part(2)
	millraceCopies(t, brokers, topic, dir)
	sameLines(t, readLog(t, dir+"/results"), slices.Clone(want))
	sameLines(t, spark(t, "read.py", dir+"/results", plainSchema), want)
}

// millraceCopies runs plainScript over what is in the topic.
func millraceCopies(t *testing.T, brokers, topic, dir string) {
	t.Helper()
	e, err := engine.Open(engine.Config{AvailableNow: true})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for res, err := range e.Run(t.Context(), fmt.Sprintf(plainScript, brokers, topic, dir, plainSchema)) {
		if err != nil {
			t.Fatal(err)
		}
		if res.Query != nil {
			if err := res.Query.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// plainRows are the lines that plainScript writes for records, in their order.
func plainRows(t *testing.T, records []*kgo.Record) []string {
	t.Helper()
	var lines []string
	for _, r := range records {
		var v map[string]json.Number
		if err := json.Unmarshal(r.Value, &v); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf(`{"sepal_length":%s,"sepal_width":%s,"petal_length":%s,"petal_width":%s}`,
			v["sepal_length"], v["sepal_width"], v["petal_length"], v["petal_width"]))
	}
	return lines
}

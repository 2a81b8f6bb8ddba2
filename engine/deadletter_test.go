package engine_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-sql/millrace/engine"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/connector/file"
	"github.com/millrace-sql/millrace/engine/disk"
)

// mixedRecords are n records of which every third lacks x and every third has one
// that cannot be scored.
func mixedRecords(n int) (recs []*kgo.Record, good []string) {
	for i := range n {
		switch i % 3 {
		case 0:
			recs = append(recs, kgo.StringRecord(fmt.Sprintf(`{"id":%d,"x":1}`, i)))
			good = append(good, fmt.Sprintf(`{"id":%d,"y":3.0}`, i))
		case 1:
			recs = append(recs, kgo.StringRecord(fmt.Sprintf(`{"id":%d}`, i)))
		default:
			recs = append(recs, kgo.StringRecord(fmt.Sprintf(`{"id":%d,"x":%d}`, i, 100+i)))
		}
	}
	return recs, good
}

// mixedScript scores them. Rows of the table r, one of which cannot be scored, are
// read once.
func mixedScript(brokers, dir, queryOptions, select1 string) string {
	return fmt.Sprintf(`
CREATE MODEL m USING pmml OPTIONS (path = '%[2]s/m.pmml', onMissing = 'dlq', onInvalid = 'dlq');
CREATE STREAM s USING kafka OPTIONS ('kafka.bootstrap.servers' = '%[1]s', subscribe = 's', startingOffsets = 'earliest', maxOffsetsPerTrigger = 4);
CREATE VIEW v AS SELECT e.* FROM (SELECT from_json(CAST(value AS STRING), 'id INT, x DOUBLE') AS e FROM s);
CREATE VIEW r AS SELECT w, predict('m', w AS x) AS y FROM (VALUES (1D), (50D)) AS t(w);
CREATE TABLE out USING json OPTIONS (path = '%[2]s/out');
CREATE QUERY q OPTIONS (checkpointLocation = '%[2]s/checkpoint'%[3]s) AS INSERT INTO out %[4]s;
`, brokers, dir, queryOptions, select1)
}

const (
	scoreMixed = "SELECT id, predict('m', x) AS y FROM v"
	joinMixed  = "SELECT id, y FROM (SELECT id, predict('m', x) AS y FROM v) JOIN r USING (y)"
)

// crashAt runs a script and dies when a point has been passed for the n-th time.
// It says whether that happened.
func crashAt(t *testing.T, script, point string, n int) bool {
	t.Helper()
	passed := 0
	e := openChecked(t, engine.Config{AvailableNow: true, Hook: func(p string) {
		if p == point {
			if passed++; passed == n {
				panic("crash at " + p)
			}
		}
	}})
	err := runAll(t.Context(), e, script)
	if q := e.Lookup("q"); err == nil && q != nil {
		err = q.Wait(t.Context())
	}
	if err != nil && !strings.Contains(err.Error(), "crash at ") {
		t.Fatal(err)
	}
	return err != nil
}

var even = regexp.MustCompile(`"id":\d*[02468],`)

// TestDeadLettersOnce kills a query over Kafka at each point at which that makes a
// difference, again and again: each record is once in the output or once among
// the dead letters, with its place.
func TestDeadLettersOnce(t *testing.T) {
	brokers := broker(t)
	recs, good := mixedRecords(30)
	produce(t, brokers, "s", 3, recs)
	for name, query := range map[string]string{"scan": scoreMixed, "filter": scoreMixed + " WHERE id % 2 = 1", "join": joinMixed} {
		for _, point := range []string{"epoch planned", "part file renamed", "sink log written", "dead letters written", "epoch committed"} {
			t.Run(name+"/"+point, func(t *testing.T) {
				dir := t.TempDir()
				writeFile(t, dir+"/m.pmml", linear(""))
				script := mixedScript(brokers, dir, "", query)
				crashes := 0
				for _, n := range []int{1, 2, 1, 3} {
					if crashAt(t, script, point, n) {
						crashes++
					}
				}
				if crashes == 0 {
					t.Error("no crash")
				}
				crashAt(t, script, "none", 1)
				want := slices.Clone(good)
				if name == "filter" {
					want = slices.DeleteFunc(want, func(l string) bool { return even.MatchString(l) })
				}
				sameLines(t, readLog(t, dir+"/out"), want)
				asked := func(i int) bool { return name != "filter" || i%2 == 1 }
				checkMixed(t, readDead(t, dir+"/checkpoint/dead-letters"), 30, asked, name == "join")
			})
		}
	}
}

func allAsked(int) bool { return true }

// checkMixed checks the dead letters of n records, for some of which a model was
// asked, and of the table.
func checkMixed(t *testing.T, dead []deadLine, n int, asked func(i int) bool, table bool) {
	t.Helper()
	got := map[string]int{}
	for _, d := range dead {
		where := d.Topic
		if d.Partition != nil {
			where = fmt.Sprintf("%s/%d/%d", d.Topic, *d.Partition, d.Offset)
			if want := fmt.Sprintf("topic s, partition %d, offset %d", *d.Partition, d.Offset); d.Origin != want {
				t.Errorf("origin %q, want %q", d.Origin, want)
			}
		}
		got[where+" "+d.Reason+" "+d.Inputs]++
	}
	want := map[string]int{}
	for i := range n {
		where := fmt.Sprintf("s/%d/%d ", i%3, i/3)
		switch {
		case !asked(i):
		case i%3 == 1:
			want[where+`missing {"x":null}`] = 1
		case i%3 == 2:
			want[fmt.Sprintf(`%sinvalid {"x":%d.0}`, where, 100+i)] = 1
		}
	}
	if table {
		want[` invalid {"x":50.0}`] = 1
	}
	if !maps.Equal(got, want) {
		t.Errorf("dead letters\n%v\nwant\n%v", got, want)
	}
}

// TestPlannedPolicies: an epoch that has written its dead letters leaves their rows
// out again when it runs again, whatever the policies are by then; the epochs after
// it follow the new ones. So it is with another version of the model.
func TestPlannedPolicies(t *testing.T) {
	brokers := broker(t)
	recs, _ := mixedRecords(30)
	produce(t, brokers, "s", 3, recs)
	for name, c := range map[string]struct{ options, comment string }{
		"same model":         {"", ""},
		"other model":        {"", "new"},
		"other model is due": {", modelVersions = 'current'", "new"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeFile(t, dir+"/m.pmml", linear(""))
			script := mixedScript(brokers, dir, c.options, scoreMixed)
			if !crashAt(t, script, "dead letters written", 1) {
				t.Fatal("no crash")
			}
			if c.comment != "" {
				writeFile(t, dir+"/m.pmml", strings.Replace(linear(""), "<Header", "<!-- "+c.comment+" --><Header", 1))
			}
			if crashAt(t, strings.Replace(script, "onMissing = 'dlq', onInvalid = 'dlq'", "onMissing = 'null'", 1), "none", 1) {
				t.Fatal("crash")
			}
			dead := readDead(t, dir+"/checkpoint/dead-letters")
			if len(dead) == 0 || len(dead) > 4 {
				t.Errorf("%d dead letters, want those of the first epoch alone", len(dead))
			}
			times := map[string]int{}
			for _, d := range dead {
				times[fmt.Sprint(d.Offset*3+int64(*d.Partition))]++
			}
			id := regexp.MustCompile(`"id":(\d+)`)
			for _, line := range readLog(t, dir+"/out") {
				times[id.FindStringSubmatch(line)[1]]++
			}
			for i := range 30 {
				if n := times[fmt.Sprint(i)]; n != 1 {
					t.Errorf("record %d is %d times in the output and among the dead letters", i, n)
				}
			}
		})
	}
}

// TestPolicyErrorPlace: the error of a query over Kafka names the record, and the
// query goes on there when the policy is another.
func TestPolicyErrorPlace(t *testing.T) {
	brokers := broker(t)
	recs, good := mixedRecords(30)
	produce(t, brokers, "s", 3, recs)
	dir := t.TempDir()
	writeFile(t, dir+"/m.pmml", linear(""))
	script := mixedScript(brokers, dir, "", scoreMixed)
	e := openChecked(t, engine.Config{AvailableNow: true})
	err := runAll(t.Context(), e, strings.Replace(script, "onInvalid = 'dlq'", "onInvalid = 'error'", 1))
	if q := e.Lookup("q"); err == nil && q != nil {
		err = q.Wait(t.Context())
	}
	mentions(t, err, "query q, epoch 0 (", "model m: field x cannot accept the invalid value 102.0 (topic s, partition 2, offset 0)")
	crashAt(t, script, "none", 1)
	sameLines(t, readLog(t, dir+"/out"), good)
	checkMixed(t, readDead(t, dir+"/checkpoint/dead-letters"), 30, allAsked, false)
}

// TestDeadLetterTables sends dead letters to tables: with some columns, and to a
// topic as JSON.
func TestDeadLetterTables(t *testing.T) {
	brokers := broker(t)
	recs, good := mixedRecords(9)
	produce(t, brokers, "s", 3, recs)
	for name, c := range map[string]struct{ table, read string }{
		"all columns": {"CREATE TABLE dead USING json OPTIONS (path = '%s/dead');", "SELECT topic, partition, offset, reason, model FROM dead"},
		"some":        {"CREATE TABLE dead (offset BIGINT, REASON STRING, partition INT, topic STRING, model STRING) USING csv OPTIONS (path = '%s/dead', header = true);", "SELECT topic, partition, offset, reason, model FROM dead"},
		"memory":      {"CREATE TABLE dead USING memory;", "SELECT topic, partition, offset, reason, model FROM dead"},
		"topic": {"CREATE TABLE dead USING kafka OPTIONS ('kafka.bootstrap.servers' = '" + brokers + "', topic = 'dead', subscribe = 'dead'); -- %s",
			"SELECT d.topic, d.partition, d.offset, d.reason, d.model FROM (SELECT from_json(CAST(value AS STRING), 'topic STRING, partition INT, offset BIGINT, reason STRING, model STRING') AS d FROM dead)"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeFile(t, dir+"/m.pmml", linear(""))
			e := openChecked(t, engine.Config{AvailableNow: true})
			script := strings.Replace(mixedScript(brokers, dir, ", deadLetters = 'dead'", scoreMixed), "CREATE QUERY", strings.ReplaceAll(c.table, "%s", dir)+"\nCREATE QUERY", 1)
			if err := runAll(t.Context(), e, script); err != nil {
				t.Fatal(err)
			}
			q := e.Lookup("q")
			if err := q.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			sameLines(t, readLog(t, dir+"/out"), slices.Clone(good))
			var got []string
			for row := range slices.Chunk(queryValues(t, e, c.read), 5) {
				got = append(got, strings.Join(row, " "))
			}
			sameLines(t, got, []string{
				"s 1 0 missing m", "s 1 1 missing m", "s 1 2 missing m", "s 2 0 invalid m", "s 2 1 invalid m", "s 2 2 invalid m",
			})
			p := q.Progress()
			want := []engine.DeadLetters{
				{Model: "m", Reason: "invalid", Count: 3, First: "field x cannot accept the invalid value 102.0 (topic s, partition 2, offset 0)"},
				{Model: "m", Reason: "missing", Count: 3, First: "there is no answer while field x is missing (topic s, partition 1, offset 0)"},
			}
			if !slices.Equal(p.DeadLetters, want) || len(p.Faults) > 0 || p.TotalOut != 3 {
				t.Errorf("progress %+v, want dead letters %+v", p, want)
			}
			if text, err := json.Marshal(p); err != nil || !strings.Contains(string(text), `"deadLetters":[{"model":"m","reason":"invalid","count":3,`) {
				t.Errorf("%s: %v", text, err)
			}
			if q.DeadLetters() == "" {
				t.Error("the query does not say where its dead letters are")
			}
		})
	}
}

// TestDeadLetterPlaces: where dead letters go by themselves, and what is refused.
func TestDeadLetterPlaces(t *testing.T) {
	dir := t.TempDir()
	head := rejectedScript(t, dir)
	t.Run("data directory", func(t *testing.T) {
		data := t.TempDir()
		head := rejectedScript(t, data)
		e := openChecked(t, engine.Config{DataDir: data})
		for range 2 { // INSERTs add to what is there
			if err := runAll(t.Context(), e, strings.ReplaceAll(head, "CREATE ", "CREATE OR REPLACE ")+"INSERT INTO out SELECT y FROM scored;"); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(readDead(t, data+"/dead-letters/out")); n != 4 {
			t.Errorf("%d dead letters, want 4", n)
		}
	})
	t.Run("odd names", func(t *testing.T) {
		data := t.TempDir()
		e := openChecked(t, engine.Config{DataDir: data + "/in"})
		script := rejectedScript(t, data)
		for name, folder := range map[string]string{"..": "%2E%2E", "../a b": "..%2Fa b", `a\b%`: "a%5Cb%25"} {
			query := "CREATE QUERY `" + name + "` AS INSERT INTO out SELECT y FROM scored;"
			if err := runAll(t.Context(), e, strings.ReplaceAll(script, "CREATE ", "CREATE OR REPLACE ")+query); err != nil {
				t.Fatal(err)
			}
			if n := len(readDead(t, data+"/in/dead-letters/"+folder)); n != 2 {
				t.Errorf("%s: %d dead letters, want 2", name, n)
			}
		}
	})
	t.Run("select", func(t *testing.T) {
		e := openChecked(t, engine.Config{})
		if err := runAll(t.Context(), e, head); err != nil {
			t.Fatal(err)
		}
		rows, err := e.Query(t.Context(), "SELECT y FROM scored")
		if err != nil {
			t.Fatal(err)
		}
		n := int64(0)
		for rec, err := range rows.All() {
			if err != nil {
				t.Fatal(err)
			}
			n += rec.NumRows()
		}
		left := rows.Progress().DeadLetters
		if n != 2 || len(left) != 2 || left[0].Count != 1 || left[1].Count != 1 {
			t.Errorf("%d rows, left out: %+v", n, left)
		}
	})
	t.Run("cache", func(t *testing.T) {
		e := openChecked(t, engine.Config{})
		var last *engine.Result
		for res, err := range e.Run(t.Context(), head+"CACHE TABLE scored;") {
			if err != nil {
				t.Fatal(err)
			}
			last = res
		}
		if last.Message != "scored: 2 rows cached" || len(last.Notes) != 2 || !strings.HasPrefix(last.Notes[0], "1 row left out: model m, invalid; the first: field x") {
			t.Errorf("%s, %q", last.Message, last.Notes)
		}
	})
	for _, c := range []struct{ script, want string }{
		{"INSERT INTO out SELECT y FROM scored", "model m sends rows to dead letters (onMissing = 'dlq', onInvalid = 'dlq'), and this query has no place for them"},
		{"INSERT INTO out SELECT predict('n', x) AS y FROM t", "model n sends rows to dead letters (onMissing = 'dlq', onInvalid = 'null')"},
		{"CREATE QUERY q AS INSERT INTO out SELECT y FROM scored", "OPTIONS (deadLetters = '<table>')"},
		{"CREATE TABLE c USING json OPTIONS (path = '" + dir + "/c') AS SELECT y FROM scored", "has no place for them"},
		{"CREATE QUERY q OPTIONS (deadLetters = 'daed') AS INSERT INTO out SELECT y FROM scored", "did you mean dead?"},
		{"CREATE QUERY q OPTIONS (deadLetters = 't') AS INSERT INTO out SELECT y FROM scored", "there is no table t for dead letters"},
		{"CREATE QUERY q OPTIONS (deadLetters = 'out') AS INSERT INTO out SELECT y FROM scored", "table out takes the query's rows"},
		{"CREATE TABLE d (reason STRING, why STRING) USING json OPTIONS (path = '" + dir + "/d'); CREATE QUERY q OPTIONS (deadLetters = 'd') AS INSERT INTO out SELECT y FROM scored",
			"they have no column why, only time TIMESTAMP, query STRING"},
		{"CREATE TABLE d (offset INT) USING json OPTIONS (path = '" + dir + "/d'); CREATE QUERY q OPTIONS (deadLetters = 'd') AS INSERT INTO out SELECT y FROM scored",
			"its column offset is INT, theirs is BIGINT"},
		{"CREATE STREAM s USING kafka OPTIONS ('kafka.bootstrap.servers' = '127.0.0.1:1', subscribe = 'a, s'); CREATE TABLE back USING kafka OPTIONS ('kafka.bootstrap.servers' = '127.0.0.1:1', topic = 's');" +
			"CREATE QUERY q OPTIONS (deadLetters = 'back') AS INSERT INTO out SELECT predict('m', CAST(CAST(value AS STRING) AS DOUBLE) AS x) AS y FROM s",
			"the query reads what goes to table back, by stream s: its dead letters would come back to it without end"},
		{"SELECT transform(array(x), e -> predict('m', e AS x)) FROM t", "model m cannot be asked inside a lambda with onMissing = 'dlq'"},
		{"SELECT id FROM t LEFT JOIN r ON predict('m', t.x) > r.k", "in the condition of an outer, semi or anti join"},
	} {
		e := openChecked(t, engine.Config{})
		err := runAll(t.Context(), e, head+c.script+";")
		mentions(t, err, c.want)
		faulty(t, err)
	}
	if _, err := os.Stat(dir + "/out"); err == nil {
		t.Error("a refused script wrote something")
	}
}

// TestOneWriter: a folder takes the dead letters of one running query, a table in
// memory of several.
func TestOneWriter(t *testing.T) {
	brokers := broker(t)
	recs, _ := mixedRecords(6)
	produce(t, brokers, "s", 1, recs)
	for table, refused := range map[string]string{"json OPTIONS (path = '%s/dead')": "the dead letters of query q go to dead", "memory": ""} {
		dir := t.TempDir()
		writeFile(t, dir+"/m.pmml", linear(""))
		e := openChecked(t, engine.Config{})
		script := strings.Replace(mixedScript(brokers, dir, ", deadLetters = 'dead'", scoreMixed), "CREATE QUERY", "CREATE TABLE dead USING "+strings.ReplaceAll(table, "%s", dir)+";\nCREATE QUERY", 1)
		script += fmt.Sprintf("CREATE TABLE out2 USING json OPTIONS (path = '%s/out2');\nCREATE QUERY q2 OPTIONS (deadLetters = 'dead') AS INSERT INTO out2 %s;\nAWAIT ALL AVAILABLE; STOP ALL QUERIES;", dir, scoreMixed)
		err := runAll(t.Context(), e, script)
		if refused != "" {
			mentions(t, err, refused)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(queryValues(t, e, "SELECT query, count(*) AS n FROM dead GROUP BY query ORDER BY query"), " "); got != "q 4 q2 4" {
			t.Errorf("dead letters by query: %s", got)
		}
	}
}

// failOnce is a disk whose n-th change of a folder fails.
type failOnce struct {
	disk.FS
	left *atomic.Int64
}

func (f failOnce) fail(name string) error {
	if f.left.Add(-1) != 0 {
		return nil
	}
	return &os.PathError{Op: "write", Path: name, Err: syscall.EIO}
}

func (f failOnce) Create(name string) (disk.File, error) {
	if err := f.fail(name); err != nil {
		return nil, err
	}
	return f.FS.Create(name)
}

func (f failOnce) Rename(from, to string) error {
	if err := f.fail(to); err != nil {
		return err
	}
	return f.FS.Rename(from, to)
}

func (f failOnce) RenameNew(from, to string) error {
	if err := f.fail(to); err != nil {
		return err
	}
	return f.FS.RenameNew(from, to)
}

func (f failOnce) SyncDir(name string) error {
	if err := f.fail(name); err != nil {
		return err
	}
	return f.FS.SyncDir(name)
}

// TestDeadLettersOnDisk fails changes of folders, one a run, while rows and dead
// letters are written: started again, the query has each row once.
func TestDeadLettersOnDisk(t *testing.T) {
	brokers := broker(t)
	recs, good := mixedRecords(6)
	produce(t, brokers, "s", 3, recs)
	for n := 1; ; n += 1 + n/8 { // the first eight, and some of the others
		dir := t.TempDir()
		writeFile(t, dir+"/m.pmml", linear(""))
		script := mixedScript(brokers, dir, "", scoreMixed)
		fs := failOnce{disk.OS{}, new(atomic.Int64)}
		fs.left.Store(int64(n))
		e := openChecked(t, engine.Config{AvailableNow: true, Connectors: []connector.Connector{file.NewJSON(fs, file.Config{})}})
		err := runAll(t.Context(), e, script)
		if q := e.Lookup("q"); err == nil && q != nil {
			err = q.Wait(t.Context())
		}
		if fs.left.Load() > 0 {
			if n < 20 || err != nil {
				t.Errorf("%d changes of folders, %v", n, err)
			}
			return
		}
		crashAt(t, script, "none", 1)
		sameLines(t, readLog(t, dir+"/out"), slices.Clone(good))
		checkMixed(t, readDead(t, dir+"/checkpoint/dead-letters"), 6, allAsked, false)
	}
}

// TestPolicyReplaced: a running query takes up a model's other policies between two
// epochs. One that has no place for dead letters fails when it would need one.
func TestPolicyReplaced(t *testing.T) {
	for _, option := range []string{"deadLetters = 'dead'", "trigger = '0 seconds'"} {
		brokers := broker(t)
		recs, _ := mixedRecords(3)
		produce(t, brokers, "s", 1, recs)
		dir := t.TempDir()
		writeFile(t, dir+"/m.pmml", linear(""))
		e := openChecked(t, engine.Config{})
		script := strings.Replace(mixedScript(brokers, dir, "", scoreMixed), "CREATE TABLE out", "CREATE TABLE dead USING memory; CREATE TABLE out", 1)
		script = strings.Replace(script, "checkpointLocation = '"+dir+"/checkpoint'", option, 1)
		script = strings.Replace(script, "onMissing = 'dlq', onInvalid = 'dlq'", "onMissing = 'null'", 1) + "AWAIT ALL AVAILABLE;"
		if err := runAll(t.Context(), e, script); err != nil {
			t.Fatal(err)
		}
		sameLines(t, readLog(t, dir+"/out"), []string{`{"id":0,"y":3.0}`, `{"id":1}`, `{"id":2}`})
		if err := runAll(t.Context(), e, "CREATE OR REPLACE MODEL m USING pmml OPTIONS (path = '"+dir+"/m.pmml', onMissing = 'dlq');"); err != nil {
			t.Fatal(err)
		}
		more, _ := mixedRecords(3)
		produce(t, brokers, "s", 1, more)
		err := e.Lookup("q").AwaitAvailable(t.Context())
		if option != "deadLetters = 'dead'" {
			mentions(t, err, "query q, epoch 1", "model m: there is no answer while field x is missing", "the query has no place for dead letters")
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(queryValues(t, e, "SELECT offset, reason FROM dead"), " "); got != "4 missing" {
			t.Errorf("dead letters: %s", got)
		}
	}
}

package engine_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/millrace-sql/millrace/engine"
)

// constantTree is a PMML tree that answers the same for every row: a string, or, with
// function regression, a number. The fields are its inputs.
func constantTree(function, answer string, fields ...string) string {
	var b strings.Builder
	target, op := "string", "categorical"
	if function == "regression" {
		target, op = "double", "continuous"
	}
	fmt.Fprintf(&b, `<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header/><DataDictionary><DataField name="answer" optype="%s" dataType="%s"/>`, op, target)
	for _, f := range fields {
		name, kind, _ := strings.Cut(f, " ")
		op := "continuous"
		if kind == "string" {
			op = "categorical"
		}
		fmt.Fprintf(&b, `<DataField name="%s" optype="%s" dataType="%s"/>`, name, op, kind)
	}
	fmt.Fprintf(&b, `</DataDictionary><TreeModel functionName="%s"><MiningSchema><MiningField name="answer" usageType="target"/>`, function)
	for _, f := range fields {
		name, _, _ := strings.Cut(f, " ")
		fmt.Fprintf(&b, `<MiningField name="%s"/>`, name)
	}
	fmt.Fprintf(&b, `</MiningSchema><Node score="%s"><True/></Node></TreeModel></PMML>`, answer)
	return b.String()
}

func answering(answer string) string { return constantTree("classification", answer, "x double") }

// replaceFile puts a file in the place of another in one step.
func replaceFile(t *testing.T, name, text string) {
	t.Helper()
	fresh := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".new")
	writeFile(t, fresh, text)
	if err := os.Rename(fresh, name); err != nil {
		t.Fatal(err)
	}
}

// changes notes what the engine tells of models.
type changes struct {
	mu   sync.Mutex
	told []string
	news chan struct{}
}

func newChanges() *changes { return &changes{news: make(chan struct{}, 1000)} }

func (c *changes) listen(ev engine.Event) {
	var text string
	switch ev := ev.(type) {
	case engine.ModelChanged:
		text = fmt.Sprintf("%s: %s changed in epoch %d", ev.Query.Name(), ev.Model, ev.Epoch)
		if ev.Was == ev.Is {
			text += " to the same version"
		}
	case engine.ModelRefused:
		text = fmt.Sprintf("%s refused: %v", ev.Model, ev.Err)
		if ev.Query != nil {
			text = ev.Query.Name() + ": " + text
		}
	default:
		return
	}
	c.mu.Lock()
	c.told = append(c.told, text)
	c.mu.Unlock()
	c.news <- struct{}{}
}

// take gives what was told since it was last asked.
func (c *changes) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	told := c.told
	c.told = nil
	return told
}

// await waits until something is told that holds a part.
func (c *changes) await(t *testing.T, part string) {
	t.Helper()
	for {
		c.mu.Lock()
		found := slices.ContainsFunc(c.told, func(s string) bool { return strings.Contains(s, part) })
		c.mu.Unlock()
		if found {
			return
		}
		select {
		case <-c.news:
		case <-time.After(30 * time.Second):
			t.Fatalf("nothing was told of %q: %q", part, c.take())
		}
	}
}

// scoring is a query that gives each record of a topic a model's answer.
type scoring struct {
	dir, brokers string
	limit        int    // records an epoch; 0: no bound
	model        string // CREATE MODEL's options beside the path
	query        string // the SELECT; "" is the plain one
	options      string // of the query
}

// newScoring makes a topic, a model that answers "old", and a folder.
func newScoring(t *testing.T) scoring {
	t.Helper()
	r := scoring{dir: t.TempDir(), brokers: broker(t)}
	replaceFile(t, r.path(), answering("old"))
	produce(t, r.brokers, "s", 2, nil)
	return r
}

// path is the model's file.
func (r scoring) path() string { return filepath.Join(r.dir, "m.pmml") }

func (r scoring) script() string {
	limit, query, model, options := "", r.query, r.model, r.options
	if r.limit > 0 {
		limit = fmt.Sprintf(", maxOffsetsPerTrigger = %d", r.limit)
	}
	if query == "" {
		query = "SELECT CAST(value AS STRING) AS v, predict('m', CAST(CAST(value AS STRING) AS DOUBLE) AS x) AS a FROM s"
	}
	if model == "" {
		model = fmt.Sprintf("CREATE MODEL m USING pmml OPTIONS (path = '%s', reload = true);", r.path())
	}
	return fmt.Sprintf(`
CREATE STREAM s USING kafka OPTIONS ('kafka.bootstrap.servers' = '%s', subscribe = 's', startingOffsets = 'earliest'%s);
%s
CREATE TABLE out USING json OPTIONS (path = '%s/out');
CREATE QUERY score OPTIONS (checkpointLocation = '%s/checkpoint'%s) AS INSERT INTO out %s;
`, r.brokers, limit, model, r.dir, r.dir, options, query)
}

// start runs the script on an engine of its own.
func (r scoring) start(t *testing.T, cfg engine.Config) (*engine.Engine, *changes) {
	t.Helper()
	c := newChanges()
	cfg.Listener = c.listen
	e := openChecked(t, cfg)
	if err := runAll(t.Context(), e, r.script()); err != nil {
		t.Fatal(err)
	}
	return e, c
}

// send adds the records of numbers and waits until they are done.
func (r scoring) send(t *testing.T, e *engine.Engine, from, to int) {
	t.Helper()
	r.produce(t, from, to)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := e.Lookup("score").AwaitAvailable(ctx); err != nil {
		t.Fatal(err)
	}
}

func (r scoring) produce(t *testing.T, from, to int) {
	t.Helper()
	var recs []*kgo.Record
	for i := from; i < to; i++ {
		recs = append(recs, kgo.StringRecord(fmt.Sprint(i)))
	}
	produce(t, r.brokers, "s", 2, recs)
}

// answered are the lines of the numbers between bounds, with the answer of each part.
func answered(bounds []int, answers ...string) (lines []string) {
	for k, a := range answers {
		for i := bounds[k]; i < bounds[k+1]; i++ {
			lines = append(lines, fmt.Sprintf(`{"v":"%d","a":"%s"}`, i, a))
		}
	}
	return lines
}

func told(t *testing.T, c *changes, want ...string) {
	t.Helper()
	got := c.take()
	ok := len(got) == len(want)
	for i := range min(len(got), len(want)) {
		ok = ok && strings.Contains(got[i], want[i])
	}
	if !ok {
		t.Errorf("the engine told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestReplacedModel replaces a model while a query uses it, in each way there is.
func TestReplacedModel(t *testing.T) {
	for name, replace := range map[string]func(t *testing.T, e *engine.Engine, path string){
		"statement": func(t *testing.T, e *engine.Engine, path string) {
			other := writeFile(t, path+".other", answering("new"))
			if err := runAll(t.Context(), e, "CREATE OR REPLACE MODEL M USING pmml OPTIONS (path = '"+other+"')"); err != nil {
				t.Fatal(err)
			}
		},
		"file":     func(t *testing.T, _ *engine.Engine, path string) { replaceFile(t, path, answering("new")) },
		"in place": func(t *testing.T, _ *engine.Engine, path string) { writeFile(t, path, answering("newer")) },
	} {
		for _, workers := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s/workers=%d", name, workers), func(t *testing.T) {
				r := newScoring(t)
				r.limit = 7
				e, c := r.start(t, engine.Config{Workers: workers})
				r.send(t, e, 0, 20)
				before := e.Lookup("score").Progress()
				epochs := len(plannedEpochs(t, r.dir))
				replace(t, e, r.path())
				r.send(t, e, 20, 40)
				is := "new"
				if name == "in place" {
					is = "newer"
				}
				sameLines(t, readLog(t, r.dir+"/out"), answered([]int{0, 20, 40}, "old", is))
				model := "m"
				if name == "statement" {
					model = "M"
				}
				events := c.take()
				if name == "in place" { // it may have been seen half written
					events = slices.DeleteFunc(events, func(s string) bool { return strings.HasPrefix(s, "m refused: ") })
				}
				if want := fmt.Sprintf("score: %s changed in epoch %d", model, epochs); !slices.Equal(events, []string{want}) {
					t.Errorf("the engine told %q, want %s", events, want)
				}
				after := e.Lookup("score").Progress()
				if len(before.Models) != 1 || len(after.Models) != 1 || before.Models[0].Name != "m" || before.Models[0].Version == after.Models[0].Version {
					t.Errorf("the progress shows %+v and then %+v", before.Models, after.Models)
				}
				copies(t, r.dir, after.Models[0].Version)
			})
		}
	}
}

// copies checks which versions a checkpoint keeps.
func copies(t *testing.T, dir string, versions ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir + "/checkpoint/models/kept")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	for _, v := range versions {
		want = append(want, "pmml-"+v)
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the checkpoint keeps %q, want %q", got, want)
	}
}

// TestReplacedWithinEpoch replaces a model when an epoch is planned: the epoch is
// scored by the one before to its end.
func TestReplacedWithinEpoch(t *testing.T) {
	r := newScoring(t)
	r.limit = 10
	r.produce(t, 0, 40)
	var e *engine.Engine
	planned := 0
	hook := func(point string) {
		if point != "epoch planned" {
			return
		}
		if planned++; planned == 2 {
			replaceFile(t, r.path(), answering("new"))
			for _, err := range e.Run(context.Background(), "CREATE OR REPLACE MODEL m USING pmml OPTIONS (path = '"+r.path()+"')") {
				if err != nil {
					t.Error(err)
				}
			}
		}
	}
	c := newChanges()
	e = openChecked(t, engine.Config{Hook: hook, Listener: c.listen})
	if err := runAll(t.Context(), e, r.script()+"AWAIT ALL AVAILABLE"); err != nil {
		t.Fatal(err)
	}
	sameLines(t, readLog(t, r.dir+"/out"), byEpoch(plannedEpochs(t, r.dir), 2, "old", "new"))
	told(t, c, "score: m changed in epoch 2")
}

// byEpoch are the lines of the first n epochs and of the others.
func byEpoch(epochs [][]int, n int, first, later string) (lines []string) {
	for k, epoch := range epochs {
		a := first
		if k >= n {
			a = later
		}
		for _, i := range epoch {
			lines = append(lines, fmt.Sprintf(`{"v":"%d","a":"%s"}`, i, a))
		}
	}
	return lines
}

// plannedEpochs gives the numbers that each planned epoch takes: number i is in
// partition i modulo 2, at offset i/2.
func plannedEpochs(t *testing.T, dir string) (epochs [][]int) {
	t.Helper()
	done := [2]int{}
	for n := 0; ; n++ {
		name := fmt.Sprintf("%s/checkpoint/offsets/%d", dir, n)
		if _, err := os.Stat(name); err != nil {
			return epochs
		}
		lines := readLines(t, name)
		var ends [2]int
		rest := strings.Trim(lines[2], `{}"s:`)
		for part := range strings.SplitSeq(rest, ",") {
			split, end, _ := strings.Cut(part, ":")
			p, err := strconv.Atoi(strings.Trim(split, `"{}`))
			if err != nil {
				t.Fatalf("%s: %v", lines[2], err)
			}
			if ends[p], err = strconv.Atoi(strings.Trim(end, `"{}`)); err != nil {
				t.Fatalf("%s: %v", lines[2], err)
			}
		}
		var epoch []int
		for p := range ends {
			for i := done[p]; i < ends[p]; i++ {
				epoch = append(epoch, 2*i+p)
			}
		}
		done = ends
		epochs = append(epochs, epoch)
	}
}

// TestRefusedModels gives a query models that it cannot use: the one before stays,
// and a good one is taken up later.
func TestRefusedModels(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want string
	}{
		"cut off":         {answering("new")[:300], "m refused: "},
		"no document":     {"hello", "m refused: "},
		"another type":    {constantTree("regression", "1", "x double"), "score: m refused: column a of the query would be DOUBLE instead of STRING"},
		"another field":   {constantTree("classification", "new", "y double"), "score: m refused: model m has no field x"},
		"one field more":  {constantTree("classification", "new", "x double", "y double"), "score: m refused: model m wants y"},
		"a field's type":  {constantTree("classification", "new", "x boolean"), "score: m refused: field x of model m is BOOLEAN, not DOUBLE"},
		"the file's gone": {"", "m refused: model file"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newScoring(t)
			e, told := r.start(t, engine.Config{})
			r.send(t, e, 0, 10)
			if c.text == "" {
				if err := os.Remove(r.path()); err != nil {
					t.Fatal(err)
				}
			} else {
				replaceFile(t, r.path(), c.text)
			}
			told.await(t, c.want) // an idle query looks, too
			r.send(t, e, 10, 20)
			r.send(t, e, 20, 30)
			if got := told.take(); len(got) != 1 {
				t.Errorf("told more than once: %q", got)
			}
			p := e.Lookup("score").Progress()
			if refused := p.Models[0].Refused; (refused != "") != strings.HasPrefix(c.want, "score: ") {
				t.Errorf("the progress shows the refusal %q", refused)
			}
			replaceFile(t, r.path(), answering("new"))
			r.send(t, e, 30, 40)
			sameLines(t, readLog(t, r.dir+"/out"), answered([]int{0, 30, 40}, "old", "new"))
			if p := e.Lookup("score").Progress(); p.Models[0].Refused != "" {
				t.Errorf("the progress still shows %+v", p.Models)
			}
		})
	}
}

// TestReplacedBesideTable replaces a model that scores the rows of a stream and of
// the table that they are joined with.
func TestReplacedBesideTable(t *testing.T) {
	r := newScoring(t)
	r.limit = 9
	table := writeFile(t, filepath.Join(r.dir, "t.csv"), "k,label\n0,even\n1,odd\n")
	r.model = fmt.Sprintf(`CREATE MODEL m USING pmml OPTIONS (path = '%s', reload = true);
		CREATE TABLE t (k INT, label STRING) USING csv OPTIONS (path = '%s', header = true);
		CREATE VIEW labels AS SELECT k, label, predict('m', CAST(k AS DOUBLE) AS x) AS b FROM t;`, r.path(), table)
	r.query = `SELECT v, a, b, label FROM (SELECT CAST(value AS STRING) AS v, CAST(CAST(value AS STRING) AS INT) % 2 AS k,
		predict('m', CAST(CAST(value AS STRING) AS DOUBLE) AS x) AS a FROM s) JOIN labels USING (k)`
	e, _ := r.start(t, engine.Config{Workers: 3})
	var want []string
	for k, a := range []string{"old", "new", "newer"} {
		if k > 0 {
			replaceFile(t, r.path(), answering(a))
		}
		r.send(t, e, 30*k, 30*k+30)
		for i := 30 * k; i < 30*k+30; i++ {
			want = append(want, fmt.Sprintf(`{"v":"%d","a":"%s","b":"%s","label":"%s"}`, i, a, a, []string{"even", "odd"}[i%2]))
		}
	}
	sameLines(t, readLog(t, r.dir+"/out"), want)
	// Without its table the query cannot be made again, and goes on as it is.
	if err := os.Remove(table); err != nil {
		t.Fatal(err)
	}
	replaceFile(t, r.path(), answering("newest"))
	r.send(t, e, 90, 92)
	want = append(want, `{"v":"90","a":"newer","b":"newer","label":"even"}`, `{"v":"91","a":"newer","b":"newer","label":"odd"}`)
	sameLines(t, readLog(t, r.dir+"/out"), want)
}

// TestReplacedTogether changes two models that only fit together: while the first
// is there alone it is refused.
func TestReplacedTogether(t *testing.T) {
	r := newScoring(t)
	first, second := writeFile(t, r.dir+"/first.pmml", constantTree("classification", "one", "x double")), writeFile(t, r.dir+"/second.pmml", constantTree("classification", "old", "y string"))
	r.model = fmt.Sprintf("CREATE MODEL first USING pmml OPTIONS (path = '%s', reload = true); CREATE MODEL second USING pmml OPTIONS (path = '%s', reload = true);", first, second)
	r.query = "SELECT v, predict('second', y AS y) AS a FROM (SELECT CAST(value AS STRING) AS v, predict('first', CAST(CAST(value AS STRING) AS DOUBLE) AS x) AS y FROM s)"
	e, c := r.start(t, engine.Config{})
	r.send(t, e, 0, 10)
	replaceFile(t, first, constantTree("regression", "1", "x double"))
	r.send(t, e, 10, 20)
	told(t, c, "score: first refused: field y of model second is STRING, not DOUBLE")
	replaceFile(t, second, constantTree("classification", "new", "y double"))
	r.send(t, e, 20, 30)
	told(t, c, "score: first changed", "score: second changed")
	sameLines(t, readLog(t, r.dir+"/out"), answered([]int{0, 20, 30}, "old", "new"))
	// Of two that do not fit together the one that fits alone is taken.
	replaceFile(t, first, constantTree("classification", "1", "x double"))
	replaceFile(t, second, constantTree("classification", "newer", "y double"))
	r.send(t, e, 30, 40)
	events := c.take() // first was perhaps seen and refused before second was there, too
	slices.Sort(events)
	if events = slices.Compact(events); len(events) != 2 || !strings.Contains(events[0], "first refused") || !strings.Contains(events[1], "second changed") {
		t.Errorf("the engine told %q", events)
	}
	sameLines(t, readLog(t, r.dir+"/out"), answered([]int{0, 20, 30, 40}, "old", "new", "newer"))
}

// TestDroppedModel: a query goes on with a model that was dropped, and takes up one
// that is made under its name.
func TestDroppedModel(t *testing.T) {
	r := newScoring(t)
	e, c := r.start(t, engine.Config{})
	r.send(t, e, 0, 10)
	if err := runAll(t.Context(), e, "DROP MODEL m"); err != nil {
		t.Fatal(err)
	}
	replaceFile(t, r.path(), answering("new"))
	r.send(t, e, 10, 20)
	told(t, c)
	if err := runAll(t.Context(), e, "CREATE MODEL m USING pmml OPTIONS (path = '"+r.path()+"')"); err != nil {
		t.Fatal(err)
	}
	r.send(t, e, 20, 30)
	told(t, c, "score: m changed")
	// Without reload = true the file may change.
	replaceFile(t, r.path(), answering("newer"))
	r.send(t, e, 30, 40)
	told(t, c)
	sameLines(t, readLog(t, r.dir+"/out"), answered([]int{0, 20, 40}, "old", "new"))
}

// TestReloadedDirectory changes a file of a directory that Spark ML saved.
func TestReloadedDirectory(t *testing.T) {
	r := newScoring(t)
	model := filepath.Join(r.dir, "labels")
	writeLabels(t, model, 3)
	r.model = fmt.Sprintf("CREATE MODEL m USING sparkml OPTIONS (path = '%s', reload = true);", model)
	r.query = "SELECT CAST(value AS STRING) AS v, predict('m', CAST(CAST(value AS STRING) AS DOUBLE) % 3 AS prediction) AS a FROM s"
	e, c := r.start(t, engine.Config{})
	r.send(t, e, 0, 3)
	other := filepath.Join(r.dir, "other")
	writeLabels(t, other, 3)
	part, err := filepath.Glob(model + "/metadata/part-*")
	if err != nil || len(part) != 1 {
		t.Fatal(part, err)
	}
	text, err := os.ReadFile(part[0])
	if err != nil {
		t.Fatal(err)
	}
	replaceFile(t, part[0], strings.Replace(string(text), `"c1"`, `"changed"`, 1))
	r.send(t, e, 3, 6)
	told(t, c, "score: m changed")
	sameLines(t, readLog(t, r.dir+"/out"), []string{`{"v":"0","a":"c0"}`, `{"v":"1","a":"c1"}`, `{"v":"2","a":"c2"}`, `{"v":"3","a":"c0"}`, `{"v":"4","a":"changed"}`, `{"v":"5","a":"c2"}`})
}

// TestBoundedSeesReload: a SELECT takes the files as they are when it begins, and
// keeps its model to its end.
func TestBoundedSeesReload(t *testing.T) {
	dir := t.TempDir()
	path := writeFile(t, dir+"/m.pmml", answering("old"))
	e := openChecked(t, engine.Config{})
	if err := runAll(t.Context(), e, "CREATE MODEL m USING pmml OPTIONS (path = '"+path+"', reload = true)"); err != nil {
		t.Fatal(err)
	}
	const text = "SELECT predict('m', x) AS a FROM (VALUES (1D), (2D)) AS t(x)"
	begun, err := e.Query(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	version := func() (v string) {
		values := queryValues(t, e, "DESCRIBE MODEL m")
		for i, name := range values {
			if name == "checksum" {
				v = values[i+1]
			}
		}
		return v
	}
	was := version()
	replaceFile(t, path, answering("new"))
	if is := version(); was == "" || is == "" || was == is {
		t.Errorf("DESCRIBE shows the checksums %q and then %q", was, is)
	}
	for want, rows := range map[string]*engine.Rows{"old": begun, "new": query(t, e, text)} {
		n := 0
		for rec, err := range rows.All() {
			if err != nil {
				t.Fatal(err)
			}
			for i := range int(rec.NumRows()) {
				n++
				if got := rec.Column(0).ValueStr(i); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		}
		if n != 2 {
			t.Errorf("%d rows", n)
		}
	}
}

func query(t *testing.T, e *engine.Engine, text string) *engine.Rows {
	t.Helper()
	rows, err := e.Query(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestFollowedSelect replaces a model under a SELECT that follows a stream.
func TestFollowedSelect(t *testing.T) {
	r := newScoring(t)
	e := openChecked(t, engine.Config{})
	create, _, _ := strings.Cut(r.script(), "CREATE TABLE out")
	if err := runAll(t.Context(), e, create); err != nil {
		t.Fatal(err)
	}
	r.produce(t, 0, 2)
	rows := query(t, e, "SELECT predict('m', CAST(CAST(value AS STRING) AS DOUBLE) AS x) AS a FROM s LIMIT 4")
	var got []string
	for rec, err := range rows.All() {
		if err != nil {
			t.Fatal(err)
		}
		for i := range int(rec.NumRows()) {
			got = append(got, rec.Column(0).ValueStr(i))
		}
		if len(got) == 2 {
			replaceFile(t, r.path(), answering("new"))
			r.produce(t, 2, 4)
		}
	}
	if want := []string{"old", "old", "new", "new"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestModelOptions: what CREATE MODEL and CREATE QUERY refuse.
func TestModelOptions(t *testing.T) {
	r := newScoring(t)
	r.options = ", modelVersions = 'newest'"
	e := openChecked(t, engine.Config{})
	err := runAll(t.Context(), e, r.script())
	mentions(t, err, `modelVersions is "newest": planned or current was expected`)
	faulty(t, err)
	err = runAll(t.Context(), e, "CREATE MODEL m USING openscoring OPTIONS (url = 'http://127.0.0.1:1/openscoring', model = 'm', reload = true)")
	mentions(t, err, "a model of the format openscoring has no files that could change", "reload", "^~")
	faulty(t, err)
}

// TestReplacedPolicy replaces a model before the query's first epoch, whose dead
// letters those of its table go with, and then only its policies.
func TestReplacedPolicy(t *testing.T) {
	brokers, dir := broker(t), t.TempDir()
	produce(t, brokers, "s", 1, nil)
	path := writeFile(t, dir+"/m.pmml", linear(""))
	c := newChanges()
	e := openChecked(t, engine.Config{Listener: c.listen})
	if err := runAll(t.Context(), e, mixedScript(brokers, dir, "", joinMixed)); err != nil {
		t.Fatal(err)
	}
	replaceFile(t, path, linear("")+"<!-- changed -->")
	again := func(policy string) {
		t.Helper()
		if err := runAll(t.Context(), e, fmt.Sprintf("CREATE OR REPLACE MODEL m USING pmml OPTIONS (path = '%s', onMissing = '%s', onInvalid = '%[2]s')", path, policy)); err != nil {
			t.Fatal(err)
		}
	}
	again("dlq")
	c.await(t, "q: m changed in epoch 0")
	recs, want := mixedRecords(9)
	send := func() {
		t.Helper()
		produce(t, brokers, "s", 1, recs)
		if err := e.Lookup("q").AwaitAvailable(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	send()
	if n := len(readDead(t, dir+"/checkpoint/dead-letters")); n != 8 { // of the table one a version
		t.Errorf("%d dead letters, want 8", n)
	}
	again("null")
	send()
	if n := len(readDead(t, dir+"/checkpoint/dead-letters")); n != 8 {
		t.Errorf("then %d dead letters, want 8", n)
	}
	sameLines(t, readLog(t, dir+"/out"), append(slices.Clone(want), want...))
}

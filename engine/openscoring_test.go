package engine_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/millrace-sql/millrace/engine"
	"github.com/millrace-sql/millrace/engine/openscoring"
)

// openscoringServer serves the iris forest under the name forest. Requests for
// batches go to batch first, if that is not nil; it says whether it has answered.
func openscoringServer(t *testing.T, batch func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	s, err := openscoring.New(openscoring.Config{})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.Open(irisData + "RandomForestIris.pmml")
	if err != nil {
		t.Fatal(err)
	}
	defer doc.Close()
	put := httptest.NewRequest(http.MethodPut, "http://localhost/openscoring/model/forest", doc)
	put.RemoteAddr = "127.0.0.1:1"
	w := httptest.NewRecorder()
	if s.ServeHTTP(w, put); w.Code != http.StatusCreated {
		t.Fatal(w.Body)
	}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if batch != nil && strings.HasSuffix(r.URL.Path, "/batch") && batch(w, r) {
			return
		}
		s.ServeHTTP(w, r)
	}))
	t.Cleanup(h.Close)
	return h.URL + "/openscoring"
}

// TestOpenscoringModel scores the iris rows with a model of a server and with the
// same document here.
func TestOpenscoringModel(t *testing.T) {
	url := openscoringServer(t, nil)
	const read = `
CREATE TABLE raw ("sepal.length" DOUBLE, "sepal.width" DOUBLE, "petal.length" DOUBLE, "petal.width" DOUBLE, variety STRING) USING csv OPTIONS (path = '` + irisData + `iris.csv', header = true);
CREATE VIEW t AS SELECT "sepal.length" AS sepal_length, "sepal.width" AS sepal_width, "petal.length" AS petal_length, "petal.width" AS petal_width FROM raw;`
	const ask = `SELECT predict('m', t.*) AS p, predict_proba('m', t.*)['1'] AS one, predict_all('m', t.*).` + "`probability(2)`" + ` AS two, predict_all('m', t.*).label AS label FROM t;`
	want, err := scoreScript(t, quoteDotted(read)+"CREATE MODEL m USING pmml OPTIONS (path = '"+irisData+"RandomForestIris.pmml');"+ask)
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != 150 {
		t.Fatalf("%d rows", len(want))
	}
	for _, options := range []string{
		"url = '" + url + "', model = 'forest'",
		"url = '" + url + "/model/forest', batchSize = 1, maxConcurrent = 2, timeout = '10 s', connectTimeout = '1s', retries = 0, maxBytes = 1000000, user = 'me', password = 'secret', 'header.x-trace' = 'a b'",
	} {
		got, err := scoreScript(t, quoteDotted(read)+"CREATE MODEL m USING openscoring OPTIONS ("+options+");"+ask)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the answers are others than those of the local model", options)
		}
	}
}

// remote makes the pipeline's forest a model of a server.
func remote(script, url string) string {
	return strings.Replace(script, "USING pmml OPTIONS (path = '"+irisData+"RandomForestIris.pmml')",
		"USING openscoring OPTIONS (url = '"+url+"', model = 'forest', batchSize = 4, retries = 0, token = 's3cret')", 1)
}

// TestOpenscoringStream runs the pipeline with a server that goes away: the query
// fails and says so, and one that is started again has lost nothing.
func TestOpenscoringStream(t *testing.T) {
	var asked, down atomic.Int64
	down.Store(9)
	url := openscoringServer(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != "Bearer s3cret" {
			t.Errorf("%v", r.Header)
		}
		if asked.Add(1) < down.Load() {
			return false
		}
		http.Error(w, `{"message":"out of service"}`, http.StatusServiceUnavailable)
		return true
	})
	brokers := broker(t)
	produce(t, brokers, "iris", 2, irisRecords(t))
	r := irisRun{dir: t.TempDir(), brokers: brokers, topic: "iris", perTrigger: 10}
	script := remote(quoteDotted(r.script()), url) + "AWAIT ALL AVAILABLE; STOP ALL QUERIES;"
	run := func() error {
		e := openChecked(t, engine.Config{DataDir: r.dir + "/data"})
		return runAll(t.Context(), e, script)
	}
	mentions(t, run(), "query classify", url+"/model/forest: 503 Service Unavailable: out of service")
	stored := len(readLog(t, r.dir+"/results"))
	if stored == 0 || stored >= 150 {
		t.Errorf("%d rows were stored before", stored)
	}
	down.Store(1 << 40)
	if err := run(); err != nil {
		t.Fatal(err)
	}
	sameLines(t, readLog(t, r.dir+"/results"), slices.Clone(readLines(t, irisData+"expected/iris150.output.jsonl")))
	err := fs.WalkDir(os.DirFS(r.dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(filepath.Join(r.dir, path))
		if strings.Contains(string(b), "s3cret") {
			t.Errorf("%s has the token", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOpenscoringShown shows what the server says, and no secrets.
func TestOpenscoringShown(t *testing.T) {
	url := openscoringServer(t, nil)
	e := openChecked(t, engine.Config{})
	var all strings.Builder
	for res, err := range e.Run(t.Context(), fmt.Sprintf(`
		CREATE MODEL m USING openscoring OPTIONS (url = '%s/model/forest?key=s3cret', user = 'me', password = 's3cret', 'header.x-key' = 's3cret');
		DESCRIBE MODEL m; SHOW MODELS;
		EXPLAIN SELECT predict('m', a AS sepal_length, a AS sepal_width, a AS petal_length, a AS petal_width) FROM VALUES (1.0D), (2.0D) AS t(a);`, url)) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&all, res.Message)
		if res.Rows != nil {
			fmt.Fprintln(&all, objects(t, res.Rows))
		}
	}
	text := all.String()
	for _, want := range []string{
		"model m: Openscoring remote, 4 inputs", "kind:property name:url value:" + url + "/model/forest]", "kind:property name:model value:Ensemble model",
		"kind:target name:label value:double", "kind:output name:probability(2) value:double", "name:checksum value:4eb03b6da40eb95",
		"name:asked so far value:0 rows in 1 request, 0 of them repeated", "name:size value:72,702 bytes",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(text, "s3cret") || t.Failed() {
		t.Errorf("shown:\n%s", text)
	}
}

// TestOpenscoringFaults shows what a user is told, by a check too, which asks the
// server.
func TestOpenscoringFaults(t *testing.T) {
	url := openscoringServer(t, nil)
	closed := httptest.NewServer(nil)
	closed.Close()
	for _, c := range []struct{ options, want string }{
		{"url = '" + url + "', model = 'forrest'", url + "/model/forrest: 404 Not Found; the server has no model forrest, did you mean forest?"},
		{"url = '" + closed.URL + "', model = 'm', retries = 0", closed.URL + "/openscoring/model/m: dial tcp"},
		{"model = 'forest'", "option url is required"},
		{"url = '" + url + "'", "names no model: give model = 'name' beside it"},
		{"url = '" + url + "', model = 'forest', timeout = '10'", "timeout is \"10\": a time such as 10s or 500ms was expected"},
		{"url = '" + url + "', model = 'forest', retries = -1", "retries is \"-1\": a number from 0 to 100 was expected"},
		{"url = '" + url + "', model = 'forest', maxBytes = '1GB'", "maxBytes is \"1GB\""},
		{"url = '" + url + "', model = 'forest', batchsize = 0", "batchSize is \"0\": a number from 1 to 1000000 was expected"},
		{"url = '" + url + "', model = 'forest', retrys = 1", "did you mean retries?"},
		{"url = '" + url + "', model = 'forest', password = 's3cret'", "password is without user"},
		{"url = '" + url + "', model = 'forest', user = 'a', password = 's3cret', token = 's3cret'", "token and user are two ways"},
		{"url = '" + url + "', model = 'forest', 'header.a b' = 's3cret'", `"a b" is no name of a header`},
		{"url = '" + url + "', model = 'forest', 'header.Host' = 's3cret'", "header host is not free"},
		{"url = '" + url + "', model = 'forest', 'header.x' = 's3cret\n'", "the value of header x has control characters"},
		{"url = '" + url + "', model = 'forest', 'tls.caFile' = 'openscoring_test.go'", "openscoring_test.go holds no certificate in PEM"},
		{"url = '" + url + "', model = 'forest', 'tls.caFile' = 'openscoring_tset.go'", "did you mean openscoring_test.go?"},
		{"url = '" + url + "', model = 'forest', 'tls.insecureSkipVerify' = 'maybe'", `"maybe": true or false was expected`},
		{"url = '" + url + "', model = 'forest', reload = true", "reload"},
	} {
		e := openChecked(t, engine.Config{})
		script := "CREATE MODEL m USING openscoring OPTIONS (" + c.options + ");"
		for what, err := range map[string]error{"check": e.Check(script), "run": runAll(t.Context(), e, script)} {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s of %s\ngave: %v\nwant: %s", what, script, err, c.want)
			} else {
				faulty(t, err)
			}
		}
	}
}

// TestOpenscoringInterrupted ends a CREATE MODEL whose server does not answer.
func TestOpenscoringInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	h := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	defer h.Close()
	e := openChecked(t, engine.Config{})
	err := runAll(ctx, e, "CREATE MODEL m USING openscoring OPTIONS (url = '"+h.URL+"', model = 'm');")
	mentions(t, err, context.Canceled.Error())
}

package client_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/model"
	"github.com/millrace-sql/millrace/engine/openscoring"
	"github.com/millrace-sql/millrace/engine/openscoring/client"
)

const iris = "../../../testdata/iris/"

// task is a catalog.Task that notes faults.
type task struct {
	ctx    context.Context
	mem    memory.Allocator
	faults []string
}

func (t *task) Context() context.Context    { return t.ctx }
func (t *task) Allocator() memory.Allocator { return t.mem }
func (t *task) EpochTime() time.Time        { return time.Time{} }
func (t *task) Fault(row int, stage string, err error) {
	if errors.Is(err, catalog.ErrMissing) {
		stage += " (missing)"
	}
	t.faults = append(t.faults, fmt.Sprintf("%d %s: %v", row, stage, err))
}

// newTask is a task whose memory is checked when the test ends.
func newTask(t testing.TB) *task {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	if t, ok := t.(*testing.T); ok {
		t.Cleanup(func() { mem.AssertSize(t, 0) })
	}
	return &task{ctx: t.Context(), mem: mem}
}

// serve starts a server that has the iris forest, behind wrap if that is not nil.
func serve(t testing.TB, wrap func(http.Handler) http.Handler) *httptest.Server {
	t.Helper()
	s, err := openscoring.New(openscoring.Config{})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(iris + "RandomForestIris.pmml")
	if err != nil {
		t.Fatal(err)
	}
	put := httptest.NewRequest(http.MethodPut, "http://localhost/openscoring/model/forest", strings.NewReader(string(doc)))
	put.RemoteAddr = "127.0.0.1:1"
	w := httptest.NewRecorder()
	if s.ServeHTTP(w, put); w.Code != http.StatusCreated {
		t.Fatal(w.Body)
	}
	h := http.Handler(s)
	if wrap != nil {
		h = wrap(s)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv
}

// atBatch wraps a server so that batch requests go to f first, with their number
// from 1; f says whether it has answered.
func atBatch(f func(n int, w http.ResponseWriter, r *http.Request) bool) func(http.Handler) http.Handler {
	var n atomic.Int64
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/batch") && f(int(n.Add(1)), w, r) {
				return
			}
			h.ServeHTTP(w, r)
		})
	}
}

// waits are the times that a client would have waited.
type waits struct {
	mu  sync.Mutex
	all []time.Duration
}

func (w *waits) wait(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, d)
	return ctx.Err()
}

func open(t testing.TB, srv *httptest.Server, change func(*client.Config)) *client.Model {
	t.Helper()
	cfg := client.Config{URL: srv.URL + "/openscoring/model/forest", Retries: 3, Wait: new(waits).wait}
	if change != nil {
		change(&cfg)
	}
	m, err := client.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// irisRows are the four columns of the 150 rows, times over.
func irisRows(t testing.TB, times int) (n int, in []arrow.Array) {
	t.Helper()
	f, err := os.Open(iris + "iris.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	cols := make([][]float64, 4)
	for range times {
		for _, r := range rows[1:] {
			for i := range cols {
				x, err := strconv.ParseFloat(r[i], 64)
				if err != nil {
					t.Fatal(err)
				}
				cols[i] = append(cols[i], x)
			}
		}
	}
	return len(cols[0]), columns(cols...)
}

// columns are arrays in Go's memory; NaN of these is NULL.
func columns(cols ...[]float64) (in []arrow.Array) {
	for _, c := range cols {
		b := array.NewFloat64Builder(memory.DefaultAllocator)
		for _, x := range c {
			if math.IsNaN(x) {
				b.AppendNull()
			} else {
				b.Append(x)
			}
		}
		in = append(in, b.NewArray())
	}
	return in
}

// score gives the columns wanted as text.
func score(t testing.TB, m catalog.Model, task *task, n int, in []arrow.Array, want ...int) ([]string, error) {
	t.Helper()
	out, err := m.Score(task, n, in, want)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, a := range out {
		if a.Len() != n {
			t.Errorf("%d rows, want %d", a.Len(), n)
		}
		texts = append(texts, fmt.Sprint(a))
		a.Release()
	}
	return texts, nil
}

// TestIris compares the remote model with the local one.
func TestIris(t *testing.T) {
	f, _ := model.Named("pmml")
	local, _, err := f.Load(map[string]string{"path": iris + "RandomForestIris.pmml"})
	if err != nil {
		t.Fatal(err)
	}
	n, in := irisRows(t, 2)
	all := []int{0, 1, 2, 3, 4}
	var shown []int
	for i, o := range local.Outputs() {
		if !o.Hidden {
			shown = append(shown, i)
		}
	}
	want, err := score(t, local, newTask(t), n, in, shown...)
	if err != nil {
		t.Fatal(err)
	}
	srv := serve(t, nil)
	for _, batch := range []int{1, 7, 150, 1000} {
		m := open(t, srv, func(c *client.Config) { c.BatchSize = batch })
		if got, exp := m.Inputs(), local.Inputs(); len(got) != len(exp) || got[2].Name != exp[2].Name || !arrow.TypeEqual(got[2].Type, exp[2].Type) {
			t.Errorf("inputs %v, want %v", got, exp)
		}
		names := func(m catalog.Model) (s []string) {
			for _, o := range m.Outputs() {
				if !o.Hidden {
					s = append(s, fmt.Sprint(o.Field.Name, o.Field.Type, o.Role == catalog.RoleProbability, o.Class, o.Target))
				}
			}
			return s
		}
		if got, exp := names(m), names(local); !slices.Equal(got, exp) {
			t.Errorf("outputs %v, want %v", got, exp)
		}
		task := newTask(t)
		got, err := score(t, m, task, n, in, all...)
		if err != nil || !slices.Equal(got, want) || len(task.faults) > 0 {
			t.Errorf("batches of %d: %v, %v", batch, err, task.faults)
		}
		if got, err = score(t, m, task, n, in, 4, 1); err != nil || !slices.Equal(got, []string{want[4], want[1]}) {
			t.Errorf("some outputs: %v", err)
		}
		requests := fmt.Sprintf("600 rows in %d requests, 0 of them repeated", 1+2*((n+batch-1)/batch))
		if p := m.Describe(); p[len(p)-1].Value != requests {
			t.Errorf("%v, want %s", p, requests)
		}
	}
	m := open(t, srv, nil)
	if got, err := score(t, m, newTask(t), 0, columns(nil, nil, nil, nil), 1); err != nil || got[0] != "[]" {
		t.Errorf("no rows: %v, %v", got, err)
	}
	if got, err := score(t, m, newTask(t), n, in); err != nil || got != nil {
		t.Errorf("no outputs: %v, %v", got, err)
	}
}

// TestBadRows makes rows without an answer NULL, and only them.
func TestBadRows(t *testing.T) {
	m := open(t, serve(t, nil), nil)
	task := newTask(t)
	null := math.NaN()
	in := columns([]float64{5.1, null, 6}, []float64{3.5, 3, 3}, []float64{1.4, 1, 5}, []float64{0.2, null, 2})
	got, err := score(t, m, task, 3, in, 1)
	if err != nil || got[0] != "[0 (null) 2]" {
		t.Errorf("%v, %v", got, err)
	}
	if want := []string{`1 predict (missing): org.jpmml.evaluator.MissingFieldException: Field "pmml(prediction)" is not defined`}; !slices.Equal(task.faults, want) {
		t.Errorf("%q", task.faults)
	}
}

// TestRefusedBatch halves a batch that is refused as a whole.
func TestRefusedBatch(t *testing.T) {
	bad := []string{`"17"`, `"18"`, `"90"`}
	requests := 0
	srv := serve(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				requests++
				b, _ := io.ReadAll(r.Body)
				r.Body = io.NopCloser(strings.NewReader(string(b)))
				for _, id := range bad {
					if strings.Contains(string(b), `"id":`+id) {
						w.WriteHeader(http.StatusBadRequest)
						fmt.Fprintf(w, `{"message": "record %s is bad"}`, strings.Trim(id, `"`))
						return
					}
				}
			}
			h.ServeHTTP(w, r)
		})
	})
	m, task := open(t, srv, nil), newTask(t)
	n, in := irisRows(t, 1)
	got, err := m.Score(task, n, in, []int{1})
	if err != nil {
		t.Fatal(err)
	}
	defer got[0].Release()
	if got[0].NullN() != 3 || !got[0].IsNull(17) || !got[0].IsNull(18) || !got[0].IsNull(90) {
		t.Error(got[0])
	}
	if want := []string{"17 predict: 400 Bad Request: record 17 is bad", "18 predict: 400 Bad Request: record 18 is bad", "90 predict: 400 Bad Request: record 90 is bad"}; !slices.Equal(task.faults, want) {
		t.Errorf("%q", task.faults)
	}
	if requests > 50 {
		t.Errorf("%d requests", requests)
	}
}

// TestRefusedAll is an error when it is not the rows.
func TestRefusedAll(t *testing.T) {
	requests := 0
	srv := serve(t, atBatch(func(n int, w http.ResponseWriter, _ *http.Request) bool {
		requests = n
		http.Error(w, "no batches here", http.StatusBadRequest)
		return true
	}))
	n, in := irisRows(t, 1)
	_, err := score(t, open(t, srv, nil), newTask(t), n, in, 1)
	if want := srv.URL + "/openscoring/model/forest: it refuses one row after another: 400 Bad Request: no batches here"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if requests > 30 {
		t.Errorf("%d requests", requests)
	}
}

// TestTooLarge sends fewer rows when the server takes no more.
func TestTooLarge(t *testing.T) {
	var sizes []int
	srv := serve(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(string(b)))
			if r.Method == http.MethodPost {
				sizes = append(sizes, strings.Count(string(b), "arguments"))
				if sizes[len(sizes)-1] > 40 {
					w.WriteHeader(http.StatusRequestEntityTooLarge)
					return
				}
			}
			h.ServeHTTP(w, r)
		})
	})
	m, task := open(t, srv, func(c *client.Config) { c.BatchSize = 100 }), newTask(t)
	n, in := irisRows(t, 1)
	if _, err := score(t, m, task, n, in, 1); err != nil || len(task.faults) > 0 {
		t.Error(err, task.faults)
	}
	if want := []int{100, 50, 25, 25, 50, 25, 25, 25, 25}; !slices.Equal(sizes, want) {
		t.Errorf("%d, want %d", sizes, want)
	}
}

// TestFlaky gets its answers from a server that fails now and then.
func TestFlaky(t *testing.T) {
	n, in := irisRows(t, 1)
	want, err := score(t, open(t, serve(t, nil), nil), newTask(t), n, in, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		fail  func(w http.ResponseWriter, r *http.Request)
		least time.Duration
	}{
		{"dropped", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 125 * time.Millisecond},
		{"503", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, 125 * time.Millisecond},
		{"Retry-After", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusServiceUnavailable)
		}, 7 * time.Second},
		{"Retry-After, a time", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Date"] = []string{"Sun, 06 Nov 1994 08:49:37 GMT"}
			w.Header().Set("Retry-After", "Sun, 06 Nov 1994 08:49:57 GMT")
			w.WriteHeader(http.StatusTooManyRequests)
		}, 20 * time.Second},
		{"broken off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, `{"responses":[`)
		}, 125 * time.Millisecond},
		{"slow", func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // so that net/http looks for the client's end
			<-r.Context().Done()
		}, 125 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := serve(t, atBatch(func(n int, w http.ResponseWriter, r *http.Request) bool {
				if n%3 != 0 {
					c.fail(w, r)
				}
				return n%3 != 0
			}))
			w := &waits{}
			m := open(t, srv, func(cfg *client.Config) {
				cfg.Wait, cfg.BatchSize = w.wait, 50
				if c.name == "slow" {
					cfg.Timeout = 200 * time.Millisecond
				}
			})
			task := newTask(t)
			got, err := score(t, m, task, n, in, 1)
			if err != nil || !slices.Equal(got, want) || len(task.faults) > 0 {
				t.Errorf("%v, %v", err, task.faults)
			}
			if len(w.all) != 6 {
				t.Errorf("waited %d times", len(w.all))
			}
			for i, d := range w.all {
				if least := max(c.least, 125*time.Millisecond<<(i%2)); d < least || c.least < time.Second && d > 2*least+1 {
					t.Errorf("wait %d: %v", i, d)
				}
			}
		})
	}
}

// TestGivenUp fails the query when the server cannot be asked, in the user's
// words, after a bounded number of tries.
func TestGivenUp(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request)
		tries  int
		want   string
	}{
		{"down", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"message": "no\nplace"}`, http.StatusServiceUnavailable)
		}, 3, "503 Service Unavailable: no place (tried 3 times)"},
		{"gone", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, `{"message":"Not Found"}`, http.StatusNotFound)
		}, 1, "404 Not Found"},
		{"who", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, 1, "401 Unauthorized; user and password, or token, say who is asking"},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://else.example/x?key=s3cret", http.StatusTemporaryRedirect)
		}, 1, "307 Temporary Redirect; it points to http://else.example/x, and redirects are not followed: give that url"},
		{"patience", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusServiceUnavailable)
		}, 1, "503 Service Unavailable; it asks for 1h0m0s of patience, and more than 1m0s is not waited"},
		{"garbage", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>\x1b[31mlogin</html>") }, 1, "its answer to 150 rows cannot be used: '{' was expected at byte 0: <html> [31mlogin</html>"},
		{"truncated", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"responses":[{"id":"0"},`) }, 1, `its answer to 150 rows cannot be used: '{' was expected at byte 25: {"responses":[{"id":"0"},`},
		{"others", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"responses":[{"id":"150"}]}`) }, 1, `its answer to 150 rows cannot be used: an answer has the id "150", and no record of the request has at byte 26: {"responses":[{"id":"150"}]}`},
		{"type", func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, answerAll(r, `"results":{"prediction":"setosa"}`))
		}, 1, "record 0 has prediction = setosa, and by the model's description that is a double: its model is another one by now"},
		{"endless", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, strings.Repeat(" ", 200_000)) }, 1,
			"its answer is longer than 100000 bytes: a smaller batchSize makes answers shorter, maxBytes allows longer ones"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tries := 0
			srv := serve(t, atBatch(func(n int, w http.ResponseWriter, r *http.Request) bool {
				tries = n
				c.answer(w, r)
				return true
			}))
			m := open(t, srv, func(c *client.Config) { c.Retries, c.MaxBytes = 2, 100_000 })
			n, in := irisRows(t, 1)
			_, err := score(t, m, newTask(t), n, in, 1)
			if want := srv.URL + "/openscoring/model/forest: " + c.want; err == nil || err.Error() != want {
				t.Errorf("%v\nwant %s", err, want)
			}
			if tries != c.tries {
				t.Errorf("%d tries, want %d", tries, c.tries)
			}
		})
	}
	srv := serve(t, nil)
	m := open(t, srv, nil)
	srv.Close()
	n, in := irisRows(t, 1)
	if _, err := score(t, m, newTask(t), n, in, 1); err == nil || !strings.Contains(err.Error(), "connection refused (tried 4 times)") {
		t.Error(err)
	}
}

// answerAll answers each record of a batch.
func answerAll(r *http.Request, members string) string {
	var batch struct{ Requests []struct{ ID string } }
	if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
		return err.Error()
	}
	var all []string
	for _, q := range batch.Requests {
		all = append(all, fmt.Sprintf(`{"id":%q,%s}`, q.ID, members))
	}
	return `{"responses":[` + strings.Join(all, ",") + `]}`
}

// TestOrder takes answers in any order.
func TestOrder(t *testing.T) {
	srv := serve(t, atBatch(func(_ int, w http.ResponseWriter, r *http.Request) bool {
		var batch struct {
			Requests []struct {
				ID        string
				Arguments map[string]any
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&batch); err != nil {
			t.Error(err)
		}
		var all []string
		for _, q := range slices.Backward(batch.Requests) {
			all = append(all, fmt.Sprintf(`{"results":{"probability(1)":"NaN","extra":{"a":[1]},"prediction":%v,"label":null},"id":%s}`, q.Arguments["sepal_length"], q.ID))
		}
		fmt.Fprintf(w, `{"responses":[%s],"id":null}`, strings.Join(all, ","))
		return true
	}))
	m := open(t, srv, func(c *client.Config) { c.BatchSize = 2 })
	got, err := score(t, m, newTask(t), 3, columns([]float64{1, 2.5, 1e300}, []float64{0, 0, 0}, []float64{0, 0, 0}, []float64{0, 0, 0}), 0, 1, 3, 2)
	if want := []string{"[(null) (null) (null)]", "[1 2.5 1e+300]", "[NaN NaN NaN]", "[(null) (null) (null)]"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

// TestTypes sends and reads values of each type.
func TestTypes(t *testing.T) {
	var body string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			var fields []string
			for _, f := range []string{"double", "float", "integer", "boolean", "string", "date", "dateTime"} {
				fields = append(fields, fmt.Sprintf(`{"id":"%s\u0020\"x\"","dataType":%q}`, f, f))
			}
			fmt.Fprintf(w, `{"schema":{"inputFields":[%s],"outputFields":[%[1]s]}}`, strings.Join(fields, ","))
			return
		}
		b, _ := io.ReadAll(r.Body)
		body = string(b)
		// The arguments come back as results.
		fmt.Fprint(w, strings.NewReplacer("requests", "responses", "arguments", "results").Replace(body))
	}))
	defer srv.Close()
	m := open(t, srv, nil)
	in := []arrow.Array{}
	for _, c := range []string{`["NaN", 1e300, null]`, `[0.1, -3.4e38, null]`, `[4503599627370497, -1, null]`, `[true, false, null]`, `["a\"\\\n\u00e9", "", null]`,
		`["2020-02-29", "0001-01-01", null]`, `["2020-02-29T12:34:56.789012Z", "1969-12-31T23:59:59Z", null]`} {
		dt := m.Inputs()[len(in)].Type
		if strings.Contains(c, "NaN") {
			b := array.NewFloat64Builder(memory.DefaultAllocator)
			b.AppendValues([]float64{math.NaN(), 1e300, 0}, []bool{true, true, false})
			in = append(in, b.NewArray())
			continue
		}
		a, _, err := array.FromJSON(memory.DefaultAllocator, dt, strings.NewReader(c))
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, a)
	}
	task := newTask(t)
	out, err := m.Score(task, 3, in, []int{0, 1, 2, 3, 4, 5, 6})
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range out {
		if fmt.Sprint(a) != fmt.Sprint(in[i]) {
			t.Errorf("%s: %v, want %v", m.Inputs()[i].Name, a, in[i])
		}
		a.Release()
	}
	want := `{"id":"rows","requests":[{"id":"0","arguments":{"double \"x\"":"NaN","float \"x\"":0.1,"integer \"x\"":4503599627370497,"boolean \"x\"":true,"string \"x\"":"a\"\\\u000aé",` +
		`"date \"x\"":"2020-02-29","dateTime \"x\"":"2020-02-29T12:34:56.789012"}},{"id":"1","arguments":{"double \"x\"":1e+300,"float \"x\"":-3.4e+38,"integer \"x\"":-1,"boolean \"x\"":false,` +
		`"string \"x\"":"","date \"x\"":"0001-01-01","dateTime \"x\"":"1969-12-31T23:59:59"}},{"id":"2","arguments":{}}]}`
	if body != want {
		t.Errorf("%s\nwant %s", body, want)
	}
}

// TestLimit never has more requests under way than allowed.
func TestLimit(t *testing.T) {
	const limit, callers = 3, 12
	var mu sync.Mutex
	now, most := 0, 0
	full := make(chan struct{}) // closed when as many as allowed are there
	count := func(d int) {
		mu.Lock()
		defer mu.Unlock()
		now += d
		if now > most {
			if most = now; most == limit {
				close(full)
			}
		}
	}
	srv := serve(t, atBatch(func(int, http.ResponseWriter, *http.Request) bool {
		count(1)
		<-full // the first ones stay until the limit is reached
		count(-1)
		return false
	}))
	m := open(t, srv, func(c *client.Config) { c.MaxConcurrent, c.BatchSize = limit, 50 })
	n, in := irisRows(t, 1)
	var wg sync.WaitGroup
	for range callers {
		task := newTask(t)
		wg.Go(func() {
			if _, err := score(t, m, task, n, in, 1); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most != limit {
		t.Errorf("%d requests at a time, want %d", most, limit)
	}
}

// TestCancel ends at once with the query: during a request, while it waits for a
// place, and between tries.
func TestCancel(t *testing.T) {
	n, in := irisRows(t, 1)
	t.Run("request", func(t *testing.T) {
		here := make(chan struct{}, 2)
		srv := serve(t, atBatch(func(_ int, _ http.ResponseWriter, r *http.Request) bool {
			_, _ = io.Copy(io.Discard, r.Body)
			here <- struct{}{}
			<-r.Context().Done()
			return true
		}))
		m := open(t, srv, func(c *client.Config) { c.MaxConcurrent = 1 })
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 2 { // the second waits for the first one's place
			task := newTask(t)
			task.ctx = ctx
			wg.Go(func() {
				if _, err := score(t, m, task, n, in, 1); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		}
		<-here
		cancel()
		wg.Wait()
	})
	t.Run("wait", func(t *testing.T) {
		srv := serve(t, atBatch(func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}))
		ctx, cancel := context.WithCancel(t.Context())
		m := open(t, srv, func(c *client.Config) {
			c.Wait = func(ctx context.Context, _ time.Duration) error {
				cancel()
				<-ctx.Done()
				return ctx.Err()
			}
		})
		task := newTask(t)
		task.ctx = ctx
		if _, err := score(t, m, task, n, in, 1); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// TestOpen says what is wrong with a server or a model.
func TestOpen(t *testing.T) {
	srv := serve(t, nil)
	for _, c := range []struct{ path, want string }{
		{"/openscoring/model/forrest", `/openscoring/model/forrest: 404 Not Found; the server has no model forrest, did you mean forest?`},
		{"/openscoring/model/kmeans", `/openscoring/model/kmeans: 404 Not Found; the server has no model kmeans, it has forest`},
		{"/other/model/forest", `/other/model/forest: 404 Not Found`},
		{"/metrics", `/metrics: its answer is no description of a model: # HELP`},
	} {
		_, err := client.Open(t.Context(), client.Config{URL: srv.URL + c.path, Wait: new(waits).wait})
		if err == nil || !strings.HasPrefix(err.Error(), srv.URL+c.want) {
			t.Errorf("%v\nwant %s", err, c.want)
		}
	}
	srv.Close()
	_, err := client.Open(t.Context(), client.Config{URL: srv.URL + "/openscoring/model/forest?key=s3cret", Retries: 2, Wait: new(waits).wait})
	if err == nil || !strings.HasPrefix(err.Error(), srv.URL+"/openscoring/model/forest: dial tcp ") || !strings.HasSuffix(err.Error(), "connection refused (tried 3 times)") {
		t.Error(err)
	}
}

// TestSecrets sends who is asking, and shows it nowhere.
func TestSecrets(t *testing.T) {
	for _, c := range []struct {
		cfg  client.Config
		want string
	}{
		{client.Config{User: "me", Password: "s3cret"}, "Basic bWU6czNjcmV0"},
		{client.Config{Token: "s3cret"}, "Bearer s3cret"},
		{client.Config{Header: http.Header{"X-Key": {"s3cret"}}}, ""},
	} {
		broken := false
		srv := serve(t, func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("Authorization"); got != c.want || c.want == "" && r.Header.Get("X-Key") != "s3cret" || r.URL.RawQuery != "q=s3cret" {
					t.Errorf("%q, %v, %s", got, r.Header, r.URL)
				}
				if broken {
					panic(http.ErrAbortHandler)
				}
				h.ServeHTTP(w, r)
			})
		})
		m := open(t, srv, func(cfg *client.Config) {
			url := cfg.URL + "?q=s3cret"
			*cfg = c.cfg
			cfg.URL, cfg.Wait = url, new(waits).wait
		})
		n, in := irisRows(t, 1)
		if _, err := score(t, m, newTask(t), n, in, 1); err != nil {
			t.Error(err)
		}
		broken = true
		_, err := score(t, m, newTask(t), n, in, 1)
		if text := fmt.Sprint(err, m.Describe(), m.Version()); err == nil || strings.Contains(text, "s3cret") || strings.Contains(text, "bWU6czNjcmV0") {
			t.Error(text)
		}
	}
}

// TestTLS trusts the certificates that it is told to.
func TestTLS(t *testing.T) {
	plain := serve(t, nil)
	srv := httptest.NewUnstartedServer(plain.Config.Handler)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	cfg := client.Config{URL: srv.URL + "/openscoring/model/forest", Retries: 3, Wait: new(waits).wait}
	if _, err := client.Open(t.Context(), cfg); err == nil || !strings.HasSuffix(err.Error(), "; tls.caFile names a file of certificates to trust") {
		t.Error(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	cfg.TLS = &tls.Config{RootCAs: pool}
	m, err := client.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	n, in := irisRows(t, 1)
	if _, err := score(t, m, newTask(t), n, in, 1); err != nil {
		t.Error(err)
	}
	cfg.URL = strings.Replace(plain.URL, "http:", "https:", 1) + "/openscoring/model/forest"
	if _, err := client.Open(t.Context(), cfg); err == nil || strings.Contains(err.Error(), "tried") {
		t.Error(err)
	}
}

// TestDomains are what the server says of its inputs.
func TestDomains(t *testing.T) {
	d, ok := catalog.Model(open(t, serve(t, nil), nil)).(catalog.Domains)
	if !ok || !reflect.DeepEqual(d.Domains(), make([]catalog.Domain, 4)) {
		t.Errorf("%+v", d)
	}
}

// BenchmarkScore scores through loopback, server included.
func BenchmarkScore(b *testing.B) {
	srv := serve(b, nil)
	n, in := irisRows(b, 20)
	for _, batch := range []int{1, 100, 1000, 3000} {
		b.Run(strconv.Itoa(batch), func(b *testing.B) {
			m := open(b, srv, func(c *client.Config) { c.BatchSize = batch })
			task := &task{ctx: b.Context(), mem: memory.DefaultAllocator}
			b.ReportAllocs()
			for b.Loop() {
				out, err := m.Score(task, n, in, []int{1})
				if err != nil {
					b.Fatal(err)
				}
				out[0].Release()
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

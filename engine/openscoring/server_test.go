package openscoring

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// TestAdmin lets whoever has the token change models or, if there is no token,
// programs of this machine, and nobody else.
func TestAdmin(t *testing.T) {
	const secret = "s3cret"
	for _, c := range []struct {
		name, token, remote, host string
		header                    [2]string
		want                      int
	}{
		{"loopback", "", "127.0.0.1:1", "localhost:8080", [2]string{}, 201},
		{"loopback 6", "", "[::1]:1", "[::1]:8080", [2]string{}, 201},
		{"mapped", "", "[::ffff:127.0.0.1]:1", "127.0.0.1", [2]string{}, 201},
		{"elsewhere", "", "192.0.2.7:1", "models.example:8080", [2]string{}, 403},
		{"elsewhere, says localhost", "", "192.0.2.7:1", "localhost", [2]string{}, 403},
		{"elsewhere, says forwarded", "", "192.0.2.7:1", "localhost", [2]string{"X-Forwarded-For", "127.0.0.1"}, 403},
		{"proxy on this machine", "", "127.0.0.1:1", "models.example", [2]string{}, 403},
		{"proxy, For", "", "127.0.0.1:1", "localhost:8080", [2]string{"X-Forwarded-For", "192.0.2.7"}, 403},
		{"proxy, Proto", "", "127.0.0.1:1", "localhost:8080", [2]string{"x-forwarded-proto", "https"}, 403},
		{"proxy, Forwarded", "", "127.0.0.1:1", "localhost:8080", [2]string{"Forwarded", "for=192.0.2.7"}, 403},
		{"proxy, real IP", "", "127.0.0.1:1", "localhost:8080", [2]string{"X-Real-IP", "127.0.0.1"}, 403},
		{"proxy, Via", "", "127.0.0.1:1", "localhost:8080", [2]string{"Via", ""}, 403},
		{"rebound name", "", "127.0.0.1:1", "attacker.example:8080", [2]string{"Origin", "http://attacker.example:8080"}, 403},
		{"page of another site", "", "127.0.0.1:1", "localhost:8080", [2]string{"Origin", "http://attacker.example"}, 403},
		{"page of another site, new browser", "", "127.0.0.1:1", "localhost:8080", [2]string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"token", secret, "192.0.2.7:1", "models.example", [2]string{"Authorization", "Bearer s3cret"}, 201},
		{"token here", secret, "127.0.0.1:1", "localhost", [2]string{"Authorization", "Bearer s3cret"}, 201},
		{"wrong token", secret, "192.0.2.7:1", "models.example", [2]string{"Authorization", "Bearer s3cre"}, 403},
		{"no token here", secret, "127.0.0.1:1", "localhost", [2]string{}, 403},
		{"no scheme here", secret, "127.0.0.1:1", "localhost", [2]string{"Authorization", "s3cret"}, 403},
		{"wrong token here", secret, "127.0.0.1:1", "localhost", [2]string{"Authorization", "Bearer "}, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, Config{Token: c.token})
			r := httptest.NewRequest(http.MethodPost, "/openscoring/model/m?_method=put", strings.NewReader(readFile(t, kmeansDocument)))
			r.RemoteAddr, r.Host = c.remote, c.host
			r.Header.Set("Content-Type", "text/xml")
			if c.header[0] != "" {
				r.Header.Set(c.header[0], c.header[1])
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != c.want || (w.Code == 403) != (len(s.Models()) == 0) {
				t.Errorf("%d, want %d: %s", w.Code, c.want, w.Body)
			}
		})
	}
	s := newServer(t, Config{}) // without a token none is right
	r := httptest.NewRequest(http.MethodDelete, "/openscoring/model/m", nil)
	r.RemoteAddr = "192.0.2.7:1"
	r.Header.Set("Authorization", "Bearer ")
	w := httptest.NewRecorder()
	if s.ServeHTTP(w, r); w.Code != http.StatusForbidden {
		t.Errorf("an empty token: %d", w.Code)
	}
}

// TestWaysToDeploy sends a document in every form that is taken.
func TestWaysToDeploy(t *testing.T) {
	doc := readFile(t, irisDocument)
	packed := gzipped(t, doc)
	form, formType := formWith(t, "pmml", doc)
	for _, c := range []struct {
		name, method, path, contentType, body string
		header                                [2]string
		want                                  int
	}{
		{"text", "PUT", "", "text/xml; charset=utf-8", doc, [2]string{}, 201},
		{"application", "PUT", "", "application/xml", doc, [2]string{}, 201},
		{"no type", "PUT", "", "", doc, [2]string{}, 201},
		{"gzip", "PUT", "", "text/xml", packed, [2]string{"Content-Encoding", "gzip"}, 201},
		{"form", "PUT", "", formType, form, [2]string{}, 201},
		{"override", "POST", "", "text/xml", doc, [2]string{"X-HTTP-Method-Override", "PUT"}, 201},
		{"form, parameter", "POST", "?_method=PUT", formType, form, [2]string{}, 201},
		{"model name", "PUT", "?modelName=other", "text/xml", doc, [2]string{}, 400},
		{"json", "PUT", "", "application/json", doc, [2]string{}, 415},
		{"odd type", "PUT", "", "text/", doc, [2]string{}, 415},
		{"odd encoding", "PUT", "", "text/xml", doc, [2]string{"Content-Encoding", "br"}, 415},
		{"not gzip", "PUT", "", "text/xml", doc, [2]string{"Content-Encoding", "gzip"}, 400},
		{"half gzip", "PUT", "", "text/xml", packed[:len(packed)/2], [2]string{"Content-Encoding", "gzip"}, 400},
		{"other form", "PUT", "", strings.Replace(formType, "boundary=", "boundary=x", 1), form, [2]string{}, 400},
		{"empty", "PUT", "", "text/xml", "", [2]string{}, 400},
		{"not a model", "PUT", "", "text/xml", "<PMML version='4.4'/>", [2]string{}, 400},
		{"doctype", "PUT", "", "text/xml", `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><PMML>&e;</PMML>`, [2]string{}, 400},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newServer(t, Config{})
			r := httptest.NewRequest(c.method, "http://localhost/openscoring/model/m"+c.path, strings.NewReader(c.body))
			r.RemoteAddr = "127.0.0.1:1"
			if c.contentType != "" {
				r.Header.Set("Content-Type", c.contentType)
			}
			if c.header[0] != "" {
				r.Header.Set(c.header[0], c.header[1])
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			if w.Code != c.want || (w.Code == 201) != (len(s.Models()) == 1) {
				t.Errorf("%d, want %d: %s", w.Code, c.want, w.Body)
			}
			if w.Code == 201 && w.Header().Get("Location") != "/openscoring/model/m" {
				t.Errorf("Location %q", w.Header().Get("Location"))
			}
			if !json.Valid(w.Body.Bytes()) {
				t.Errorf("not JSON: %s", w.Body)
			}
		})
	}
}

func gzipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, s); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func formWith(t *testing.T, name, content string) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	f := multipart.NewWriter(&b)
	part, err := f.CreateFormFile(name, "file")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(part, content); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), f.FormDataContentType()
}

// TestPaths answers every path and method, in JSON where Openscoring does.
func TestPaths(t *testing.T) {
	s := newServer(t, Config{})
	if w := admin(s, "GET", "/openscoring/model", "", ""); w.Body.String() != "{ }" {
		t.Errorf("no models: %s", w.Body)
	}
	put(t, s, "m", irisDocument, http.StatusCreated)
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/", 200}, {"GET", "/healthz", 200}, {"GET", "/metrics", 200}, {"GET", "/openapi.json", 200}, {"HEAD", "/", 200}, {"HEAD", "/metrics", 200},
		{"POST", "/", 405}, {"POST", "/metrics", 405}, {"POST", "/healthz", 405},
		{"GET", "/x", 404}, {"GET", "/openscoring", 404}, {"GET", "/openscoring/model/", 404}, {"GET", "/openscoring/model/m/x", 404},
		{"GET", "/openscoring/model/..%2fm", 404}, {"PUT", "/openscoring/model/-m", 404}, {"PUT", "/openscoring/model/m%20m", 404},
		{"PUT", "/openscoring/model/" + strings.Repeat("m", 201), 404},
		{"POST", "/openscoring/model", 405}, {"DELETE", "/openscoring/model/m/batch", 405}, {"GET", "/openscoring/model/m/csv", 405}, {"POST", "/openscoring/model/m/pmml", 405},
		{"HEAD", "/openscoring/model", 200}, {"HEAD", "/openscoring/model/m", 200}, {"POST", "/openscoring/model/m?_method=PATCH", 405},
		{"GET", "/openscoring/model/n/pmml", 404}, {"POST", "/openscoring/model/n/csv", 404}, {"POST", "/openscoring/model/n/batch", 404},
	} {
		w := admin(s, c.method, c.path, "", "")
		if w.Code != c.want {
			t.Errorf("%s %s: %d, want %d: %s", c.method, c.path, w.Code, c.want, w.Body)
		}
		if c.method == "HEAD" && w.Body.Len() > 0 {
			t.Errorf("%s %s has a body", c.method, c.path)
		}
		if w.Code >= 400 && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %s: %s", c.method, c.path, w.Body)
		}
		if w.Code == 405 && w.Header().Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", c.method, c.path)
		}
	}
}

// TestSchema describes names, ranges and categories.
func TestSchema(t *testing.T) {
	s := newServer(t, Config{})
	w := admin(s, "PUT", "/openscoring/model/fields?modelName=fields", "text/xml", fieldsDocument)
	var got struct {
		MiningFunction, Summary string
		Properties              map[string]any
		Schema                  struct{ InputFields, TargetFields, OutputFields []map[string]any }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 201 {
		t.Fatal(w.Code, w.Body, err)
	}
	if got.MiningFunction != "regression" || got.Summary != "Regression" || got.Properties["model.version"] != "7" {
		t.Errorf("%s", w.Body)
	}
	text := func(v any) string { b, _ := json.Marshal(v); return string(b) }
	if n := len(got.Schema.InputFields); n != 10 {
		t.Fatalf("%d inputs", n)
	}
	for i, want := range map[int]string{
		0: `{"dataType":"double","id":"d","name":"the d","opType":"continuous"}`,
		5: `{"dataType":"date","id":"t","name":"the t","opType":"ordinal"}`,
		8: `{"dataType":"double","id":"range","name":"the range","opType":"continuous","values":["[0.0, 10.5)","(100.0, Infinity]"]}`,
		9: `{"dataType":"string","id":"word","name":"the word","opType":"categorical","values":["a","b"]}`,
	} {
		if g := text(got.Schema.InputFields[i]); g != want {
			t.Errorf("input %d: %s, want %s", i, g, want)
		}
	}
	if g := text(got.Schema.TargetFields); g != `[{"dataType":"double","id":"y","opType":"continuous"}]` {
		t.Errorf("targets %s", g)
	}
	if g := text(got.Schema.OutputFields[5]); g != `{"dataType":"date","id":"out t","opType":"ordinal"}` {
		t.Errorf("output %s", g)
	}
}

// TestCSVRequests sends CSV in every form that is taken.
func TestCSVRequests(t *testing.T) {
	s := newServer(t, Config{MaxRows: 3})
	put(t, s, "m", irisDocument, http.StatusCreated)
	const head, row = "sepal_length,sepal_width,petal_length,petal_width", "5.1,3.5,1.4,0.2"
	const outHead, outRow = "label,prediction,probability(0),probability(1),probability(2)", "0.0,0.0,1.0,0.0,0.0"
	semicolons := func(s string) string { return strings.ReplaceAll(s, ",", ";") }
	form, formType := formWith(t, "csv", head+"\n"+row+"\n")
	for _, c := range []struct {
		name, query, contentType, body string
		code                           int
		want                           string
	}{
		{"semicolons", "", "text/csv", semicolons(head + "\n" + row), 200, semicolons(outHead + "\n" + outRow + "\n")},
		{"tabs", "", "application/csv", strings.ReplaceAll(head+"\n"+row, ",", "\t"), 200, strings.ReplaceAll(outHead+"\n"+outRow+"\n", ",", "\t")},
		{"given", "?delimiterChar=|", "text/plain", strings.ReplaceAll(head+"\n"+row, ",", "|"), 200, strings.ReplaceAll(outHead+"\n"+outRow+"\n", ",", "|")},
		{"quotes", "?quoteChar='", "text/plain", "ID," + head + "\n'a,''b'," + row, 200, "ID," + outHead + "\n'a,''b'," + outRow + "\n"},
		{"form", "", formType, form, 200, outHead + "\n" + outRow + "\n"},
		{"extra columns", "", "text/csv", head + ",x\n" + row + ",y", 200, outHead + "\n" + outRow + "\n"},
		{"only a header", "", "text/csv", head + "\n", 200, ""},
		{"only CR", "", "text/csv", strings.ReplaceAll(head+"\n"+row+"\n", "\n", "\r"), 400, "line 1: a carriage return inside the header: lines that end with LF or CRLF were expected"},
		{"one column", "", "text/csv", "sepal_length\n5\n", 400, "Unrecognized CSV format"},
		{"one column, given", "?delimiterChar=,", "text/csv", "sepal_length\n5\n", 400, `Field \"pmml(prediction)\" is not defined`},
		{"nothing", "?delimiterChar=,", "text/csv", "", 400, "Unrecognized CSV format"},
		{"bad row", "", "text/csv", head + "\n" + row + "\nx,1,1,1\n", 400, `Field \"sepal_length\" cannot accept invalid value \"x\"`},
		{"short row", "?delimiterChar=,", "text/csv", head + "\n1,2\n", 400, "line 2 has 2 cells, and the header has 4"},
		{"too many", "", "text/csv", head + strings.Repeat("\n"+row, 4), 413, "too many records: at most 3 in a request"},
		{"long parameter", "?delimiterChar=ab", "text/csv", head, 400, "the parameter delimiterChar must be one ASCII character"},
		{"json", "", "application/json", head, 415, "Unsupported Media Type"},
	} {
		w := admin(s, "POST", "/openscoring/model/m/csv"+c.query, c.contentType, c.body)
		want := c.want
		if c.code != 200 {
			want = "{\n  \"message\" : \"" + c.want + "\"\n}"
		}
		if w.Code != c.code || w.Body.String() != want {
			t.Errorf("%s: %d %q, want %d %q", c.name, w.Code, w.Body, c.code, want)
		}
	}
}

// TestLimits refuses what costs too much.
func TestLimits(t *testing.T) {
	s := newServer(t, Config{MaxRows: 2, MaxBody: 1000, MaxConcurrency: 1, Timeout: 20 * time.Millisecond})
	s.cfg.MaxBody = 64 << 20
	put(t, s, "m", irisDocument, http.StatusCreated)
	s.cfg.MaxBody = 1000
	records := func(n int) string {
		return `{"requests":[` + strings.TrimSuffix(strings.Repeat(`{"arguments":{}},`, n), ",") + `]}`
	}
	const path = "/openscoring/model/m/batch"
	for _, c := range []struct {
		name, body, encoding string
		code                 int
		want                 string
	}{
		{"rows", records(2), "", 200, "responses"},
		{"too many rows", records(3), "", 413, "at most 2 in a request"},
		{"too long", `{"requests":[` + strings.Repeat(" ", 1000) + `]}`, "", 413, "longer than 1000 bytes"},
		{"too long unpacked", gzipped(t, `{"requests":[`+strings.Repeat(" ", 100_000)+`]}`), "gzip", 413, "longer than 1000 bytes"},
		{"packed", gzipped(t, records(1)), "gzip", 200, "responses"},
	} {
		r := httptest.NewRequest("POST", path, strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Content-Encoding", c.encoding)
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != c.code || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		}
	}
	s.places <- struct{}{} // as if another request were computed, for longer than the time allowed
	w := admin(s, "POST", path, "application/json", records(1))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || s.metrics.refused.Load() != 1 {
		t.Errorf("busy: %d %s", w.Code, w.Body)
	}
	<-s.places
	if w := admin(s, "POST", path, "application/json", records(1)); w.Code != 200 {
		t.Errorf("free again: %d", w.Code)
	}
}

// TestBombs refuses what unpacks to more than a body may have, in a part of a form
// that nobody asked for as well.
func TestBombs(t *testing.T) {
	s := newServer(t, Config{})
	put(t, s, "m", irisDocument, http.StatusCreated)
	s.cfg.MaxBody = 2000
	form, formType := formWith(t, "other", strings.Repeat(" ", 100_000))
	for encoding, body := range map[string]string{"gzip": gzipped(t, form), "": form} {
		r := httptest.NewRequest("POST", "/openscoring/model/m/csv", strings.NewReader(body))
		r.Header.Set("Content-Type", formType)
		r.Header.Set("Content-Encoding", encoding)
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != http.StatusRequestEntityTooLarge || !strings.Contains(w.Body.String(), "longer than 2000 bytes") {
			t.Errorf("%q: %d %s", encoding, w.Code, w.Body)
		}
	}
}

// TestLongBodies bounds how many long bodies are in memory; short ones have no
// part in it.
func TestLongBodies(t *testing.T) {
	s := newServer(t, Config{MaxConcurrency: 1, Timeout: 20 * time.Millisecond})
	put(t, s, "m", irisDocument, http.StatusCreated)
	const path = "/openscoring/model/m"
	long := irisRecord + strings.Repeat(" ", maxKept)
	s.longBodies <- struct{}{} // as if another long body were there
	if w := admin(s, "POST", path, "application/json", long); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("long: %d %s", w.Code, w.Body)
	}
	if w := admin(s, "POST", path, "application/json", irisRecord); w.Code != 200 {
		t.Errorf("short: %d %s", w.Code, w.Body)
	}
	<-s.longBodies
	for range 3 {
		if w := admin(s, "POST", path, "application/json", long); w.Code != 200 || len(s.longBodies) != 0 {
			t.Errorf("long, alone: %d %s, %d places are taken", w.Code, w.Body, len(s.longBodies))
		}
	}
}

// TestBuffered bounds what short bodies and answers have in memory together; a
// request that is alone is always taken.
func TestBuffered(t *testing.T) {
	s := newServer(t, Config{MaxBuffered: 1000})
	put(t, s, "m", irisDocument, http.StatusCreated)
	const path = "/openscoring/model/m"
	ask := func(body string, want int) {
		t.Helper()
		w := admin(s, "POST", path, "application/json", body)
		if w.Code != want || (want == http.StatusServiceUnavailable) != (w.Header().Get("Retry-After") != "") {
			t.Errorf("%d, want %d: %s", w.Code, want, w.Body)
		}
	}
	ask(irisRecord+strings.Repeat(" ", 2000), http.StatusOK)
	held := s.buffered.Load()
	if held != 0 {
		t.Fatalf("%d bytes are held", held)
	}
	s.buffered.Add(900)                            // as if others were under way
	ask(irisRecord, http.StatusServiceUnavailable) // its answer is too much
	ask(irisRecord+strings.Repeat(" ", 2000), http.StatusServiceUnavailable)
	if got := s.metrics.refused.Load(); got != 2 {
		t.Errorf("%d were refused", got)
	}
	s.buffered.Add(-600)
	ask(irisRecord, http.StatusOK)
	if got := s.buffered.Load(); got != 300 {
		t.Errorf("%d bytes are held", got)
	}
}

// TestDeclaredLength takes no memory for what a client says that it will send.
func TestDeclaredLength(t *testing.T) {
	s := newServer(t, Config{Timeout: time.Minute})
	put(t, s, "m", irisDocument, http.StatusCreated)
	in, out := io.Pipe()
	r := httptest.NewRequest("POST", "/openscoring/model/m", in)
	r.Header.Set("Content-Type", "application/json")
	r.ContentLength = maxKept
	done := make(chan int)
	go func() {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		done <- w.Code
	}()
	if _, err := out.Write([]byte(irisRecord)); err != nil { // returns when it was read
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if code := <-done; code != http.StatusOK || s.buffered.Load() != 0 {
		t.Errorf("%d, %d bytes are held", code, s.buffered.Load())
	}
	if b, ok := s.buffers.Get().(*buffers); !ok || b.body.Cap() > 128<<10 {
		t.Errorf("a buffer of %d bytes", b.body.Cap())
	}
}

// TestCellLimit allows fewer records for models of many fields.
func TestCellLimit(t *testing.T) {
	for _, c := range []struct {
		inputs, limit, want int
		message             string
	}{
		{4, 100, 100, "too many records: at most 100 in a request"},
		{1 << 20, 100_000, 16, "too many records: at most 16 in a request for this model, whose records have 1048576 values each, inputs and results"},
		{1 << 20, 15, 15, "too many records: at most 15 in a request"},
		{maxCells + 1, 100_000, 1, "too many records: at most 1 in a request for this model, whose records have 16777217 values each, inputs and results"},
	} {
		m := &Model{results: make([]resultColumn, 1), inputs: make([]input, c.inputs-1)}
		if got := m.mostRows(c.limit); got != c.want || m.tooMany(got).Error() != c.message {
			t.Errorf("%d inputs, %d records: %d, %v", c.inputs, c.limit, got, m.tooMany(got))
		}
	}
}

// TestPanic answers a request whose scoring panics, logs it, and loses no place.
func TestPanic(t *testing.T) {
	var log bytes.Buffer
	s := newServer(t, Config{MaxConcurrency: 1, Timeout: time.Second, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))})
	put(t, s, "m", irisDocument, http.StatusCreated)
	m := s.store.get("m").model
	sound := m.score
	m.score = func(memory.Allocator, int, []arrow.Array, []int, func(int, error)) ([]arrow.Array, error) {
		panic("a fault of ours")
	}
	for path, body := range map[string]string{"": irisRecord, "/batch": `{"requests":[` + irisRecord + `]}`, "/csv": "sepal_length,x\n1,2\n" + strings.Repeat("1,2\n", maxKept/4)} {
		contentType := "application/json"
		if path == "/csv" {
			contentType = "text/csv"
			s.cfg.MaxRows = maxKept
		}
		log.Reset()
		w := admin(s, "POST", "/openscoring/model/m"+path, contentType, body)
		if w.Code != http.StatusInternalServerError || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		if !strings.Contains(log.String(), "a fault of ours") || !strings.Contains(log.String(), "scoring.go") {
			t.Errorf("%s: the log has %s", path, log.String())
		}
		if len(s.places)+len(s.longBodies) > 0 || s.metrics.underWay.Load() != 0 {
			t.Errorf("%s: %d and %d places are lost", path, len(s.places), len(s.longBodies))
		}
	}
	m.score = sound
	if w := admin(s, "POST", "/openscoring/model/m", "application/json", irisRecord); w.Code != http.StatusOK {
		t.Errorf("afterwards: %d %s", w.Code, w.Body)
	}
	log.Reset()
	if _, err := fmt.Fprint(httpLog{s.cfg.Logger}, "http: TLS handshake error from x\n"); err != nil || log.Len() > 0 {
		t.Errorf("%v, a client's fault is logged: %s", err, log.String())
	}
	if _, err := fmt.Fprint(httpLog{s.cfg.Logger}, "http: panic serving x: y\n"); err != nil || !strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("%v, a panic is not logged: %s", err, log.String())
	}
}

// TestSlowClient gives up on a request that does not come to its end.
func TestSlowClient(t *testing.T) {
	s := newServer(t, Config{Timeout: 50 * time.Millisecond})
	put(t, s, "m", irisDocument, http.StatusCreated)
	h := httptest.NewServer(s)
	defer h.Close()
	conn, err := net.Dial("tcp", h.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(conn, "POST /openscoring/model/m HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"id\"")
	answer, err := io.ReadAll(conn) // the server closes the connection
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") {
		t.Errorf("%q, %v", answer, err)
	}
}

// TestServe listens, with TLS too, and lets what is under way end when it stops.
func TestServe(t *testing.T) {
	for _, secure := range []bool{false, true} {
		s := newServer(t, Config{})
		put(t, s, "m", irisDocument, http.StatusCreated)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var certificates *tls.Config
		client, url := &http.Client{Transport: &http.Transport{}}, "http://"+l.Addr().String()
		if secure {
			h := httptest.NewTLSServer(nil) // for its certificate
			certificates = &tls.Config{Certificates: h.TLS.Certificates}
			client, url = h.Client(), "https://"+l.Addr().String()
			defer h.Close()
		}
		began := make(chan struct{}, 1)
		s.buffers = sync.Pool{New: func() any {
			began <- struct{}{}
			return &buffers{}
		}}
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- s.Serve(ctx, l, certificates) }()
		body, feed := io.Pipe()
		answered := make(chan string, 1)
		go func() {
			res, err := client.Post(url+"/openscoring/model/m", "application/json", body)
			if err != nil {
				answered <- err.Error()
				return
			}
			defer res.Body.Close()
			b, _ := io.ReadAll(res.Body)
			answered <- string(b)
		}()
		if _, err := io.WriteString(feed, irisRecord[:10]); err != nil {
			t.Fatal(err)
		}
		<-began // the request is under way
		if res, err := client.Get(url + "/healthz"); err != nil || res.StatusCode != 200 {
			t.Fatal(res, err)
		} else {
			_ = res.Body.Close()
		}
		stop()
		for { // until the listener is closed
			conn, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				break
			}
			_ = conn.Close()
		}
		if _, err := io.WriteString(feed, irisRecord[10:]); err != nil {
			t.Fatal(err)
		}
		_ = feed.Close()
		if got := <-answered; !strings.Contains(got, `"probability(1)" : 0.985`) {
			t.Errorf("the request under way got %s", got)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		client.CloseIdleConnections()
	}
}

// TestConcurrent scores, replaces and lists at the same time.
func TestConcurrent(t *testing.T) {
	s := newServer(t, Config{Dir: t.TempDir(), MaxConcurrency: 3})
	put(t, s, "m", irisDocument, http.StatusCreated)
	doc, want := readFile(t, irisDocument), admin(s, "POST", "/openscoring/model/m", "application/json", irisRecord).Body.String()
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 30 {
				switch {
				case worker == 0 && i%10 == 0:
					if w := admin(s, "PUT", "/openscoring/model/m", "text/xml", doc); w.Code != 200 {
						t.Errorf("PUT: %d %s", w.Code, w.Body)
					}
				case worker == 1:
					admin(s, "GET", "/openscoring/model", "", "")
					admin(s, "GET", "/metrics", "", "")
				case worker%2 == 0:
					if got := admin(s, "POST", "/openscoring/model/m", "application/json", irisRecord).Body.String(); got != want {
						t.Errorf("%s", got)
					}
				default:
					id := fmt.Sprintf("w%d-%d", worker, i)
					got := admin(s, "POST", "/openscoring/model/m/batch", "application/json", `{"id":"`+id+`","requests":[`+irisRecord+`,{"id":"\u0041","arguments":{"sepal_length":"x"}}]}`).Body.String()
					if !strings.Contains(got, id) || strings.Count(got, `"probability(1)" : 0.985`) != 1 || !strings.Contains(got, `"id" : "A"`) {
						t.Errorf("%s", got)
					}
				}
			}
		})
	}
	all.Wait()
}

// TestMetrics counts requests, records and faults.
func TestMetrics(t *testing.T) {
	s := newServer(t, Config{})
	put(t, s, "m", irisDocument, http.StatusCreated)
	for range 3 {
		admin(s, "POST", "/openscoring/model/m", "application/json", irisRecord)
	}
	admin(s, "POST", "/openscoring/model/m/batch", "application/json", `{"requests":[`+irisRecord+`,{"arguments":{}}]}`)
	admin(s, "POST", "/openscoring/model/n", "application/json", irisRecord)
	w := admin(s, "GET", "/metrics", "", "")
	got := w.Body.String()
	for _, want := range []string{
		"millrace_http_requests_total{operation=\"score\",code=\"200\"} 3\n",
		"millrace_http_requests_total{operation=\"score\",code=\"404\"} 1\n",
		"millrace_http_requests_total{operation=\"deploy\",code=\"201\"} 1\n",
		"millrace_http_request_duration_seconds_bucket{operation=\"score\",le=\"+Inf\"} 4\n",
		"millrace_http_request_duration_seconds_count{operation=\"batch\"} 1\n",
		"millrace_model_requests_total{model=\"m\"} 4\n",
		"millrace_model_rows_total{model=\"m\"} 5\n",
		"millrace_model_row_faults_total{model=\"m\"} 1\n",
		"millrace_models 1\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	line := regexp.MustCompile(`^(# (HELP|TYPE) millrace_\w+ .+|millrace_\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [0-9.e+-]+)$`)
	for l := range strings.Lines(got) {
		if !line.MatchString(strings.TrimSuffix(l, "\n")) {
			t.Errorf("not the text format: %s", l)
		}
	}
}

// TestPage loads nothing from elsewhere, and the OpenAPI document names the paths
// that there are.
func TestPage(t *testing.T) {
	s := newServer(t, Config{})
	w := admin(s, "GET", "/", "", "")
	if got := w.Header().Get("X-Application"); !strings.HasPrefix(got, "Openscoring/2.1") {
		t.Errorf("X-Application is %q: Openscoring's Python client refuses it", got)
	}
	if regexp.MustCompile(`(src|href)="(https?:)?//`).MatchString(w.Body.String()) || !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Error("the page refers to other places")
	}
	var api struct {
		Paths map[string]map[string]any
	}
	if err := json.Unmarshal(admin(s, "GET", "/openapi.json", "", "").Body.Bytes(), &api); err != nil {
		t.Fatal(err)
	}
	if len(api.Paths) != 8 {
		t.Errorf("%d paths", len(api.Paths))
	}
	put(t, s, "m", irisDocument, http.StatusCreated)
	for path, methods := range api.Paths {
		for method := range methods {
			if method == "parameters" {
				continue
			}
			w := admin(s, strings.ToUpper(method), strings.ReplaceAll(path, "{id}", "m"), "", "")
			if w.Code == 404 && method != "delete" || w.Code == 405 {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
			if w.Code == 200 && method == "delete" {
				put(t, s, "m", irisDocument, http.StatusCreated)
			}
		}
	}
}

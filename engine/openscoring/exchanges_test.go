package openscoring

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow/memory"
)

const irisDocument = "../../testdata/iris/RandomForestIris.pmml"

// exchange is a request to the real Openscoring 2.1.0 and its answer.
type exchange struct {
	Method       string
	Path         string
	ContentType  *string `json:"content_type"`
	Body         *string
	Status       int
	ResponseType string `json:"response_content_type"`
	Response     string
}

func exchanges(t *testing.T) []exchange {
	t.Helper()
	f, err := os.Open("../../testdata/openscoring/exchanges.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []exchange
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var e exchange
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

// timestamps are what differs from run to run.
var timestamps = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00"`)

// TestExchanges repeats a recorded session with Openscoring: status, content
// type and every byte of the answers must be the same, times apart.
func TestExchanges(t *testing.T) {
	s := newServer(t, Config{Dir: t.TempDir()})
	h := httptest.NewServer(s)
	defer h.Close()
	all := exchanges(t)
	if len(all) != 40 {
		t.Fatalf("%d exchanges", len(all))
	}
	for i, e := range all {
		body := ""
		if e.Body != nil {
			body = *e.Body
		}
		if body == "@RandomForestIris.pmml" {
			body = readFile(t, irisDocument)
		}
		req, err := http.NewRequest(e.Method, h.URL+e.Path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if e.ContentType != nil {
			req.Header.Set("Content-Type", *e.ContentType)
		}
		res, got := do(t, req)
		blank := func(s string) string { return timestamps.ReplaceAllString(s, `"time"`) }
		if res.StatusCode != e.Status || res.Header.Get("Content-Type") != e.ResponseType || blank(got) != blank(e.Response) {
			t.Errorf("exchange %d, %s %s %.120q:\n%d %s\n%s\nwant %d %s\n%s", i+1, e.Method, e.Path, body,
				res.StatusCode, res.Header.Get("Content-Type"), got, e.Status, e.ResponseType, e.Response)
		}
	}
}

// TestDeployResponse compares with the answer to a deployment under another name.
func TestDeployResponse(t *testing.T) {
	s := newServer(t, Config{})
	h := httptest.NewServer(s)
	defer h.Close()
	_, got := send(t, http.MethodPut, h.URL+"/openscoring/model/RandomForestIris", "application/xml", readFile(t, irisDocument))
	want := strings.TrimSpace(readFile(t, "../../testdata/openscoring/deploy-response.json"))
	if g, w := timestamps.ReplaceAllString(got, "time"), timestamps.ReplaceAllString(want, "time"); g != w {
		t.Errorf("%s\nwant\n%s", g, w)
	}
}

// newServer makes a server whose Arrow data is checked when the test ends.
func newServer(t testing.TB, cfg Config) *Server {
	t.Helper()
	if t, ok := t.(*testing.T); ok {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		t.Cleanup(func() { mem.AssertSize(t, 0) })
		cfg.Allocator = mem
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func send(t testing.TB, method, url, contentType, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return do(t, req)
}

func do(t testing.TB, req *http.Request) (*http.Response, string) {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var b strings.Builder
	if _, err := bufio.NewReader(res.Body).WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return res, b.String()
}

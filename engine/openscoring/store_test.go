package openscoring

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/millrace-sql/millrace/engine/disk"
	"github.com/millrace-sql/millrace/engine/enginetest"
)

const kmeansDocument = "../../testdata/pmml/models/KMeansIris.pmml"

// admin sends a request as this machine does.
func admin(s *Server, method, path, contentType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:4711"
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func put(t *testing.T, s *Server, id, document string, want int) {
	t.Helper()
	if w := admin(s, http.MethodPut, "/openscoring/model/"+id, "text/xml", readFile(t, document)); w.Code != want {
		t.Fatalf("PUT %s: %d %s", id, w.Code, w.Body)
	}
}

const irisRecord = `{"id":"r","arguments":{"sepal_length":6.6,"sepal_width":3.0,"petal_length":4.4,"petal_width":1.4}}`

// TestRestart keeps what was deployed, and what was undeployed stays away.
func TestRestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "models")
	s := newServer(t, Config{Dir: dir})
	put(t, s, "iris", kmeansDocument, http.StatusCreated)
	put(t, s, "iris", irisDocument, http.StatusOK)
	put(t, s, "b.2-x_y", kmeansDocument, http.StatusCreated)
	put(t, s, "gone", kmeansDocument, http.StatusCreated)
	if w := admin(s, http.MethodDelete, "/openscoring/model/gone", "", ""); w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	want := admin(s, http.MethodPost, "/openscoring/model/iris", "application/json", irisRecord).Body.String()
	s = newServer(t, Config{Dir: dir})
	if got := s.Models(); !slices.Equal(got, []string{"b.2-x_y", "iris"}) || len(s.Faults()) > 0 {
		t.Fatalf("%q, %v", got, s.Faults())
	}
	if got := admin(s, http.MethodPost, "/openscoring/model/iris", "application/json", irisRecord).Body.String(); got != want || !strings.Contains(got, `"probability(1)" : 0.985`) {
		t.Errorf("%s\nbefore the restart: %s", got, want)
	}
	if got := admin(s, http.MethodGet, "/openscoring/model/iris/pmml", "", ""); got.Body.String() != readFile(t, irisDocument) ||
		got.Header().Get("Content-Disposition") != "attachment; filename=model.pmml.xml" {
		t.Errorf("the document is another one: %d, %v", got.Code, got.Header())
	}
	w := admin(s, http.MethodGet, "/openscoring/model", "", "")
	if i, j := strings.Index(w.Body.String(), `"b.2-x_y"`), strings.Index(w.Body.String(), `"iris"`); i < 0 || j < i || strings.Contains(w.Body.String(), "schema") {
		t.Errorf("list: %s", w.Body)
	}
}

// TestFolder deploys what lies in a folder and leaves out what is no model.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(dir, "names"), os.DirFS("../../testdata/iris/index_to_class")); err != nil {
		t.Fatal(err)
	}
	temporary := ".half.pmml.5bf2d8f0-6a0c-4d6e-9f25-0d3c7c5d8a11.tmp"
	write("iris.pmml", readFile(t, irisDocument))
	write("broken.pmml", "<PMML/>")
	write("two words.pmml", readFile(t, kmeansDocument))
	write("README.txt", "not a model")
	write("release notes.txt", "not a model")
	write(".hidden.pmml", "not a model")
	write(temporary, "half")
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, Config{Dir: dir})
	if got := s.Models(); !slices.Equal(got, []string{"iris", "names"}) {
		t.Fatalf("%q", got)
	}
	if f := s.Faults(); len(f) != 2 || filepath.Base(f[0].Path) != "broken.pmml" || filepath.Base(f[1].Path) != "two words.pmml" {
		t.Errorf("%v", f)
	}
	if _, err := os.Stat(filepath.Join(dir, temporary)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the temporary file is still there: %v", err)
	}
	w := admin(s, http.MethodPost, "/openscoring/model/names", "application/json", `{"id":"1","arguments":{"prediction":2}}`)
	if want := "{\n  \"id\" : \"1\",\n  \"results\" : {\n    \"predicted_class\" : \"Virginica\"\n  }\n}"; w.Body.String() != want {
		t.Errorf("%s", w.Body)
	}
	// A label that the stage does not have fails Spark's query, and this request.
	if w := admin(s, http.MethodPost, "/openscoring/model/names", "application/json", `{"arguments":{"prediction":7}}`); w.Code != http.StatusBadRequest {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{http.MethodPut, "/openscoring/model/names", http.StatusConflict},
		{http.MethodDelete, "/openscoring/model/names", http.StatusConflict},
		{http.MethodGet, "/openscoring/model/names/pmml", http.StatusNotFound},
	} {
		if w := admin(s, c.method, c.path, "text/xml", readFile(t, kmeansDocument)); w.Code != c.want {
			t.Errorf("%s %s: %d %s", c.method, c.path, w.Code, w.Body)
		}
	}
	write("file", "")
	if _, err := New(Config{Dir: filepath.Join(dir, "file")}); err == nil {
		t.Error("a file as models folder is no fault")
	}
}

// TestCapitals refuses names that some file systems take for one.
func TestCapitals(t *testing.T) {
	f := enginetest.NewFaultFS()
	s := newServer(t, Config{Dir: "models", FS: f})
	put(t, s, "m", kmeansDocument, http.StatusCreated)
	if w := admin(s, http.MethodPut, "/openscoring/model/M", "text/xml", readFile(t, irisDocument)); w.Code != http.StatusConflict ||
		!strings.Contains(w.Body.String(), "the model M cannot be beside the model m") || len(s.Models()) != 1 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	put(t, s, "m", kmeansDocument, http.StatusOK)
	if err := disk.ReplaceFile(f, filepath.Join("models", "M.pmml"), []byte(readFile(t, irisDocument))); err != nil {
		t.Fatal(err)
	}
	s = newServer(t, Config{Dir: "models", FS: f})
	if faults := s.Faults(); len(s.Models()) != 1 || len(faults) != 1 || !errors.Is(faults[0].Err, errSameName) {
		t.Errorf("%q, %v", s.Models(), faults)
	}
}

// TestUnbroken makes a fault of a panic.
func TestUnbroken(t *testing.T) {
	var none []int
	if m, err := unbroken(func() (*Model, error) { return &Model{size: int64(none[len(none)])}, nil }); m != nil || err == nil || !strings.Contains(err.Error(), "index out of range") {
		t.Errorf("%v, %v", m, err)
	}
	want := errors.New("no model")
	if _, err := unbroken(func() (*Model, error) { return nil, want }); !errors.Is(err, want) {
		t.Error(err)
	}
}

// TestFaultyDisk fails or crashes every file operation of a replacement once. The
// answer and the folder have to agree: an answer of success is durable, and
// after any other the old or the new document is there, whole.
func TestFaultyDisk(t *testing.T) {
	before, after := readFile(t, kmeansDocument), readFile(t, irisDocument)
	for k := 1; ; k++ {
		f := enginetest.NewFaultFS()
		s := newServer(t, Config{Dir: "models", FS: f})
		put(t, s, "m", kmeansDocument, http.StatusCreated)
		f.CrashAt(k)
		w := admin(s, http.MethodPut, "/openscoring/model/m", "text/xml", after)
		whole := w.Code == http.StatusOK
		for _, loss := range enginetest.Losses() {
			left := newServer(t, Config{Dir: "models", FS: f.AfterCrash(loss)})
			got := admin(left, http.MethodGet, "/openscoring/model/m/pmml", "", "").Body.String()
			if got != after && (whole || got != before) || len(left.Faults()) > 0 {
				t.Errorf("crash at operation %d (%d): %d bytes are left, faults %v", k, w.Code, len(got), left.Faults())
			}
		}
		if whole {
			if k < 4 {
				t.Errorf("a deployment is %d operations", k)
			}
			return
		}
		if w.Code != http.StatusInternalServerError {
			t.Errorf("crash at operation %d: %d %s", k, w.Code, w.Body)
		}
	}
}

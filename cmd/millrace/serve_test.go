package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

const irisRecord = `{"id":"r","arguments":{"sepal_length":6.6,"sepal_width":3.0,"petal_length":4.4,"petal_width":1.4}}`

// TestServe deploys into a folder, stops, and finds the model again.
func TestServe(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "models")
	l := start(t, "serve", "--models", dir, "--listen", "127.0.0.1:0")
	url := servedAt(t, l.await(t, "serving no models yet on http://"))
	if code, body := ask(t, http.MethodPut, url+"/openscoring/model/forest", "text/xml", fileText(t, irisModel)); code != http.StatusCreated {
		t.Fatal(code, body)
	}
	_, want := ask(t, http.MethodPost, url+"/openscoring/model/forest", "application/json", irisRecord)
	if !strings.Contains(want, `"prediction" : 1.0`) {
		t.Errorf("%s", want)
	}
	l.signal(t)
	if code := l.end(t); code != exitDone {
		t.Errorf("exit code %d", code)
	}
	if fileText(t, filepath.Join(dir, "forest.pmml")) != fileText(t, irisModel) {
		t.Error("the folder has another document")
	}
	if err := os.CopyFS(filepath.Join(dir, "names"), os.DirFS("../../testdata/iris/index_to_class")); err != nil {
		t.Fatal(err)
	}
	l = start(t, "serve", "--models", dir, "--listen", "127.0.0.1:0")
	url = servedAt(t, l.await(t, "serving forest, names on http://"))
	if _, got := ask(t, http.MethodPost, url+"/openscoring/model/forest", "application/json", irisRecord); got != want {
		t.Errorf("after the restart %s, before %s", got, want)
	}
	if code, body := ask(t, http.MethodPost, url+"/openscoring/model/names/csv", "text/csv", "Id,prediction\n7,0\n"); code != http.StatusOK || body != "Id,predicted_class\n7,Setosa\n" {
		t.Error(code, body)
	}
	l.signal(t)
	if code := l.end(t); code != exitDone {
		t.Errorf("exit code %d", code)
	}
}

func servedAt(t *testing.T, line string) string {
	t.Helper()
	_, url, ok := strings.Cut(line, " on http")
	if !ok {
		t.Fatalf("no address in %q", line)
	}
	return "http" + url
}

func ask(t *testing.T, method, url, contentType, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestServeFaults(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"body":    {[]string{"--max-body", "64MB"}, exitFaulty, "--max-body 64MB: a number of bytes was expected, like 1048576 or 64MiB"},
		"memory":  {[]string{"--max-buffered", "x"}, exitFaulty, "--max-buffered x: a number of bytes was expected"},
		"no body": {[]string{"--max-body", "0"}, exitFaulty, "a number of bytes was expected"},
		"key":     {[]string{"--tls-cert", "cert.pem"}, exitFaulty, "--tls-cert and --tls-key were expected together"},
		"no cert": {[]string{"--tls-cert", "cert.pem", "--tls-key", "key.pem"}, exitFailed, "cert.pem"},
		"address": {[]string{"--listen", "127.0.0.1:99999"}, exitFailed, "--listen 127.0.0.1:99999"},
		"folder":  {[]string{"--models", irisModel}, exitFailed, "RandomForestIris.pmml"},
	} {
		t.Run(name, func(t *testing.T) {
			got := run(t, "", append([]string{"serve"}, c.args...)...)
			if got.code != c.code || !strings.Contains(got.err, c.want) {
				t.Errorf("exit code %d, want %d: %s, want %s", got.code, c.code, got.err, c.want)
			}
		})
	}
}

func TestParseBytes(t *testing.T) {
	for s, want := range map[string]int64{"1": 1, "1024": 1024, "3KiB": 3 << 10, "64MiB": 64 << 20, "2 GiB": 2 << 30} {
		if got, err := parseBytes(s); err != nil || got != want {
			t.Errorf("%s: %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "-1", "x", "1x", "9999999999999GiB", "1 2"} {
		if got, err := parseBytes(s); err == nil {
			t.Errorf("%q: %d", s, got)
		}
	}
}

// TestServingDoc holds docs/serving.md to the flags that there are, and to their
// defaults.
func TestServingDoc(t *testing.T) {
	doc := fileText(t, "../../docs/serving.md")
	scoring := strings.Index(doc, "\n## score\n")
	if scoring < 0 {
		t.Fatal("the document has no part about score")
	}
	_, a := newRoot(nil, io.Discard, io.Discard)
	for _, c := range []struct {
		cmd  *cobra.Command
		text string
	}{{a.serveCommand(), doc[:scoring]}, {a.scoreCommand(), doc[scoring:]}} {
		for _, flag := range regexp.MustCompile(`(?m)^ +(?:-\w, )?--([a-z-]+)`).FindAllStringSubmatch(c.cmd.Flags().FlagUsages(), -1) {
			f := c.cmd.Flags().Lookup(flag[1])
			at := max(strings.Index(c.text, "| `--"+f.Name+"`"), strings.Index(c.text, ", `--"+f.Name+"` |"))
			if at < 0 {
				t.Errorf("%s: no line for --%s", c.cmd.Name(), f.Name)
				continue
			}
			line, _, _ := strings.Cut(c.text[at:], "\n")
			if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "0s" && f.DefValue != "[]" && !strings.Contains(line, "`"+f.DefValue+"`") {
				t.Errorf("%s: --%s has the default %s, the document: %s", c.cmd.Name(), f.Name, f.DefValue, line)
			}
		}
		for _, name := range regexp.MustCompile(`--([a-z][a-z-]+)`).FindAllStringSubmatch(c.text, -1) {
			if c.cmd.Flags().Lookup(name[1]) == nil && name[1] != "data-binary" {
				t.Errorf("%s: there is no --%s", c.cmd.Name(), name[1])
			}
		}
	}
}

package engine_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documents are the texts whose paths must exist.
var documents = []string{
	"README.md", "ARCHITECTURE.md", "docs/benchmarks.md", "docs/formats.md", "docs/models-in-sql.md", "docs/serving.md",
}

// commands are what the README promises to a person who has just cloned the
// repository; .ci/run runs them.
var commands = []string{
	"go run ./cmd/millrace run --idle-timeout 3s queries/iris.sql",
	"go test ./...",
}

var (
	fenced   = regexp.MustCompile("(?ms)^```.*?^```$")
	inCode   = regexp.MustCompile("`([^`\n]+)`")
	inLink   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	pathLike = regexp.MustCompile(`^[\w.*-]+(/[\w.*-]+)*/?$`)
	// member is a Go name after a package's path: engine/exec.Compile.
	member = regexp.MustCompile(`\.[A-Z]\w*$`)
)

// TestDocumentPaths checks that each path of the repository that a document
// names is there: in backquotes, and as the target of a link.
func TestDocumentPaths(t *testing.T) {
	t.Chdir("..")
	roots := rootNames(t)
	for _, doc := range documents {
		text := fenced.ReplaceAllString(document(t, doc), "")
		named := 0
		for _, m := range inCode.FindAllStringSubmatch(text, -1) {
			path := strings.TrimPrefix(m[1], "./")
			if !pathLike.MatchString(path) || !isOurs(path, roots) {
				continue
			}
			named++
			if !exists(t, path) && !exists(t, member.ReplaceAllString(path, "")) {
				t.Errorf("%s names `%s`, which does not exist", doc, m[1])
			}
		}
		for _, m := range inLink.FindAllStringSubmatch(text, -1) {
			path, _, _ := strings.Cut(m[1], "#")
			if path == "" || strings.Contains(path, "://") || strings.HasPrefix(path, "mailto:") {
				continue
			}
			named++
			if !exists(t, filepath.Join(filepath.Dir(doc), path)) {
				t.Errorf("%s links to %s, which does not exist", doc, m[1])
			}
		}
		if named == 0 && filepath.Dir(doc) == "." {
			t.Errorf("%s names no path of the repository", doc)
		}
	}
}

func TestReadmeCommands(t *testing.T) {
	text := document(t, "../README.md")
	for _, c := range commands {
		if !strings.Contains(text, c) {
			t.Errorf("README.md does not show the command %q", c)
		}
	}
}

// rootNames are the names in the repository's root, and those that its layout has
// had from the start, so that a folder that was removed is missed.
func rootNames(t *testing.T) []string {
	t.Helper()
	names := []string{"sql", "catalog", "engine", "cmd", "queries", "testdata", ".ci"}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	// What runs leave behind is not of the repository.
	return slices.DeleteFunc(names, func(n string) bool { return n == "millrace-data" || n == "millrace" || n == "bin" })
}

// isOurs says whether a path is meant as one of the repository.
func isOurs(path string, roots []string) bool {
	first, _, deep := strings.Cut(path, "/")
	if deep {
		return slices.Contains(roots, first)
	}
	return slices.Contains([]string{".md", ".sql", ".mod", ".yml"}, filepath.Ext(path))
}

func exists(t *testing.T, path string) bool {
	t.Helper()
	found, err := filepath.Glob(path)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return len(found) > 0
}

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

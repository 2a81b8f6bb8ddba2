package plan_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
	"github.com/millrace-sql/millrace/sql/plan"
)

// goldenFiles are the files of testdata/plan: cases of a command line, a
// statement, a line of dashes and what is expected, with an empty line between.
//
//	bind            the plan as bound, or the faults with their carets
//	optimize        the plan as it runs
//	rule a, b       the plan as bound, and as rules a and b leave it
//	rule b after a  the same, with rule a applied before
//	extended        both, as EXPLAIN EXTENDED shows them
//	schema          the columns and their types
//	stream          whether it can run on a stream
//
// MILLRACE_GOLDEN=rewrite writes what comes out.
func goldenFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../testdata/plan/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	return files
}

// goldenCase is one case of a golden file.
type goldenCase struct {
	comment       []string
	command, text string
	want          string
}

func parseGolden(t *testing.T, path string) []goldenCase {
	t.Helper()
	var out []goldenCase
	for _, block := range strings.Split(strings.TrimSpace(readFile(t, path)), "\n\n") {
		var c goldenCase
		input, want, ok := strings.Cut(strings.Trim(block, "\n"), "\n----")
		if !ok {
			t.Fatalf("%s: a case without ----:\n%s", path, block)
		}
		c.want = strings.Trim(want, "\n")
		lines := strings.Split(input, "\n")
		for len(lines) > 0 && strings.HasPrefix(lines[0], "#") {
			c.comment, lines = append(c.comment, lines[0]), lines[1:]
		}
		if len(lines) < 2 {
			t.Fatalf("%s: a case without a command and a statement:\n%s", path, block)
		}
		c.command, c.text = lines[0], strings.Join(lines[1:], "\n")
		out = append(out, c)
	}
	return out
}

func TestGolden(t *testing.T) {
	rewrite := os.Getenv("MILLRACE_GOLDEN") == "rewrite"
	for _, path := range goldenFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			var blocks []string
			for _, c := range parseGolden(t, path) {
				got := strings.Trim(runGolden(t, testCatalog(t), c), "\n")
				if got != c.want && !rewrite {
					t.Errorf("%s\n%s\n--- got\n%s\n--- want\n%s", c.command, c.text, got, c.want)
				}
				head := append(c.comment, c.command, c.text, "----")
				blocks = append(blocks, strings.Join(append(head, got), "\n"))
			}
			if rewrite {
				if err := os.WriteFile(path, []byte(strings.Join(blocks, "\n\n")+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func runGolden(t *testing.T, c *catalog.Catalog, g goldenCase) string {
	t.Helper()
	n, err := bindText(c, g.text)
	if err != nil {
		return err.Error()
	}
	command, args, _ := strings.Cut(g.command, " ")
	switch command {
	case "bind":
		return plan.Explain(n)
	case "optimize":
		return plan.Explain(plan.Optimize(n))
	case "extended":
		return strings.ReplaceAll(plan.ExplainExtended(n), "\n\n", "\n.\n")
	case "rule":
		args, before, _ := strings.Cut(args, " after ")
		if before != "" {
			n = plan.OptimizeWith(n, rules(t, before))
		}
		return "before\n" + plan.Explain(n) + "after\n" + plan.Explain(plan.OptimizeWith(n, rules(t, args)))
	case "schema":
		var lines []string
		for _, c := range n.Columns() {
			lines = append(lines, c.Name+" "+sql.TypeName(c.Type))
		}
		return strings.Join(lines, "\n")
	case "stream":
		err := plan.CheckStreaming(n)
		if err == nil {
			return fmt.Sprintf("fine (unbounded: %t)", plan.IsUnbounded(n))
		}
		return withSource(err, g.text).Error()
	}
	t.Fatalf("no command %q", command)
	return ""
}

// bindText parses and binds one statement.
func bindText(c catalog.Reader, text string) (plan.Node, error) {
	stmt, err := sql.ParseStatement(&sql.Source{Name: "test", Text: text}, nil)
	if err != nil {
		return nil, err
	}
	n, err := plan.Bind(stmt, c)
	if err != nil {
		return nil, withSource(err, text)
	}
	return n, nil
}

func withSource(err error, text string) error {
	var list sql.ErrorList
	if errors.As(err, &list) {
		for _, e := range list {
			e.Source = &sql.Source{Name: "test", Text: text}
		}
	}
	return err
}

func rules(t *testing.T, names string) []plan.Rule {
	t.Helper()
	var out []plan.Rule
	for _, name := range strings.Split(names, ", ") {
		found := false
		for _, r := range plan.Rules() {
			if r.Name == name {
				out, found = append(out, r), true
			}
		}
		if !found {
			t.Fatalf("no rule %q", name)
		}
	}
	return out
}

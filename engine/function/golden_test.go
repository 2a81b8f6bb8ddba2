package function

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"
)

// golden is one line of testdata/function/expressions.jsonl: what Spark 3.5.7
// answers.
type golden struct {
	Group  string          `json:"group"`
	SQL    string          `json:"sql"`
	Type   *string         `json:"type"`
	Value  json.RawMessage `json:"value"`
	String *string         `json:"string"`
	Error  *string         `json:"error"`
	Multi  bool            `json:"multi"`
	Rows   json.RawMessage `json:"rows"`
	Note   string          `json:"note"`
}

const goldenDir = "../../testdata/function/"

func readGoldens(t *testing.T) []golden {
	f, err := os.Open(goldenDir + "expressions.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []golden
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var g golden
		if err := json.Unmarshal(sc.Bytes(), &g); err != nil {
			t.Fatal(err)
		}
		out = append(out, g)
	}
	if sc.Err() != nil || len(out) < 1500 {
		t.Fatalf("%d goldens, %v", len(out), sc.Err())
	}
	return out
}

// check says how our answer differs, or "".
func (g golden) check(t *testing.T) string {
	task := newTask(t)
	e := newEvaluator(task)
	defer e.close()
	a, err := e.value(g.SQL)
	if err != nil {
		if g.Error != nil {
			return ""
		}
		return "error: " + strings.ReplaceAll(err.Error(), "\n", " / ")
	}
	defer a.Release()
	switch {
	case g.Error != nil:
		return fmt.Sprintf("got %s and no error", show(a, 0))
	case g.Multi:
		return "several columns"
	case g.Rows != nil:
		return "several rows"
	case typeName(a.DataType()) != *g.Type:
		return fmt.Sprintf("type %s, want %s (value %s)", typeName(a.DataType()), *g.Type, show(a, 0))
	}
	want := "NULL"
	if g.String != nil {
		want = *g.String
	} else if string(g.Value) != "null" {
		want = string(g.Value)
	}
	if got := show(a, 0); strings.ToValidUTF8(got, "\uFFFD") != want {
		return fmt.Sprintf("got %q, want %q", got, want)
	}
	return ""
}

// TestSparkGoldens compares all expressions with Spark's answers. Those that
// differ stand in testdata/function/differences.txt with how; any other
// difference, and any that went away, fails the test. With
// MILLRACE_GOLDEN=rewrite the list is written anew.
func TestSparkGoldens(t *testing.T) {
	const file = goldenDir + "differences.txt"
	got := map[string]string{}
	goldens := readGoldens(t)
	for _, g := range goldens {
		if diff := g.check(t); diff != "" {
			got[g.Group+"\t"+g.SQL] = diff
		}
	}
	t.Logf("%d of %d expressions answer as Spark", len(goldens)-len(got), len(goldens))
	if os.Getenv("MILLRACE_GOLDEN") == "rewrite" {
		var lines []string
		for k, v := range got {
			lines = append(lines, fmt.Sprintf("%q\t%q", k, v))
		}
		sort.Strings(lines)
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	known := readDifferences(t, file)
	for k, v := range got {
		if _, ok := known[k]; !ok {
			t.Errorf("%s\n\t%s", k, v)
		}
	}
	for k := range known {
		if _, ok := got[k]; !ok {
			t.Errorf("%s\n\tanswers as Spark now: take it off %s", k, file)
		}
	}
}

func readDifferences(t *testing.T, file string) map[string]string {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		var k, v string
		if _, err := fmt.Sscanf(line, "%q\t%q", &k, &v); err != nil {
			t.Fatalf("%s: %q: %v", file, line, err)
		}
		out[k] = v
	}
	return out
}

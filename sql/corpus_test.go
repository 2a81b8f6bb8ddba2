package sql

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// corpusEntry is a text that the real Spark was given.
type corpusEntry struct {
	kind    string
	fails   bool // Spark could not parse it
	text    string
	columns []string
}

func readCorpus(t testing.TB) []corpusEntry {
	t.Helper()
	f, err := os.Open("../testdata/sql/spark-corpus.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []corpusEntry
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		parts := strings.Split(lines.Text(), "\t")
		if len(parts) != 4 {
			t.Fatalf("a line of the corpus has %d parts: %s", len(parts), lines.Text())
		}
		e := corpusEntry{kind: parts[0], fails: parts[1] == "parse"}
		if err := json.Unmarshal([]byte(parts[2]), &e.text); err != nil {
			t.Fatal(err)
		}
		if parts[3] != "-" {
			if err := json.Unmarshal([]byte(parts[3]), &e.columns); err != nil {
				t.Fatal(err)
			}
		}
		out = append(out, e)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if len(out) < 2000 {
		t.Fatalf("the corpus has %d texts", len(out))
	}
	return out
}

// parse parses the entry as it was given to Spark.
func (e corpusEntry) parse() (Statement, error) {
	text := e.text
	if e.kind == "expr" {
		text = "SELECT " + text
	}
	return ParseStatement(&Source{Name: "corpus", Text: text}, nil)
}

// parseDifferences are the texts on which we differ from Spark 3.5 on purpose,
// by how they end, with the reason.
var parseDifferences = map[string]string{
	"SELECT * EXCEPT (id) FROM l":      "later versions of Spark have it",
	"SELECT * EXCEPT (id, a) FROM c":   "later versions of Spark have it",
	"SELECT id, x::string AS a FROM b": "later versions of Spark have it",
	"SELECT id FROM l WHERE":           "Spark takes WHERE for the table's alias; a fault helps more",
	"SELECT FROM l":                    "Spark takes FROM for a column and l for its alias, and then misses the column",
	"CAST(1 AS DECIMAL(39,0))":         "Spark finds the range when it analyses",
}

func TestSparkCorpusParses(t *testing.T) {
	met := map[string]bool{}
	for _, e := range readCorpus(t) {
		_, err := e.parse()
		if (err != nil) == e.fails {
			continue
		}
		known := false
		for end := range parseDifferences {
			if strings.HasSuffix(e.text, end) {
				known, met[end] = true, true
			}
		}
		if !known {
			t.Errorf("Spark fails: %v, we: %v\n%s", e.fails, err, e.text)
		}
	}
	for end := range parseDifferences {
		if !met[end] {
			t.Errorf("no difference any more: %s", end)
		}
	}
}

// nameDifferences are the columns whose names we do not derive as Spark does,
// by how their expressions begin, with the reason.
var nameDifferences = map[string]string{
	"array_sort(":        "Spark shows the comparator it puts in",
	"aggregate(":         "Spark shows the finish function it puts in",
	"reduce(":            "Spark shows the finish function it puts in",
	"explode":            "the columns of a generator are named by the generator, when it is bound",
	"2 > 1.1":            "Spark shows the literal after its cast",
	"array_append(CAST":  "Spark loses the cast in its rewriting",
	"array_prepend(CAST": "Spark loses the cast in its rewriting",
	"assert_true(":       "Spark shows the message it puts in",
	"convert_timezone(":  "Spark shows the session's zone it puts in",
	"hex(lpad(unhex":     "the default depends on the type",
	"hex(rpad(unhex":     "the default depends on the type",
	"'%SystemDrive":      "recorded with spark.sql.parser.escapedStringLiterals on",
	"regexp('%System":    "recorded with spark.sql.parser.escapedStringLiterals on",
	"regexp_like('%Sys":  "recorded with spark.sql.parser.escapedStringLiterals on",
	"rlike('%System":     "recorded with spark.sql.parser.escapedStringLiterals on",
}

func TestSparkColumnNames(t *testing.T) {
	same := 0
	met := map[string]bool{}
	for _, e := range readCorpus(t) {
		if e.columns == nil {
			continue
		}
		stmt, err := e.parse()
		if err != nil {
			continue
		}
		for i, item := range unnamedItems(stmt, len(e.columns)) {
			if item == nil {
				continue
			}
			if got := Text(item.X); got == e.columns[i] {
				same++
				continue
			} else if begin := nameDifference(item.Text); begin != "" {
				met[begin] = true
			} else {
				t.Errorf("%s\n got  %s\n want %s", item.Text, got, e.columns[i])
			}
		}
	}
	if same < 1000 {
		t.Errorf("only %d names were compared", same)
	}
	for begin := range nameDifferences {
		if !met[begin] {
			t.Errorf("no difference any more: %s", begin)
		}
	}
}

func nameDifference(text string) string {
	for begin := range nameDifferences {
		if strings.HasPrefix(text, begin) {
			return begin
		}
	}
	return ""
}

// unnamedItems returns the select items of a query, nil in place of those with
// an alias; none if they are not one a column.
func unnamedItems(stmt Statement, columns int) []*SelectItem {
	s, ok := stmt.(*SelectStmt)
	if !ok {
		return nil
	}
	body := s.Query.Body
	for {
		op, ok := body.(*SetOp)
		if !ok {
			break
		}
		body = op.L
	}
	sel, ok := body.(*Select)
	if !ok || len(sel.Items) != columns {
		return nil
	}
	out := make([]*SelectItem, columns)
	for i := range sel.Items {
		item := &sel.Items[i]
		if _, star := item.X.(*Star); star || item.Aliases != nil {
			return nil
		}
		if item.Alias.Name == "" {
			out[i] = item
		}
	}
	return out
}

// TestSparkCorpusSpans checks the spans of every tree: each lies within its
// parent's and ends where the next sibling begins or before.
func TestSparkCorpusSpans(t *testing.T) {
	for _, e := range readCorpus(t) {
		stmt, err := e.parse()
		if err != nil {
			continue
		}
		text := e.text
		if e.kind == "expr" {
			text = "SELECT " + text
		}
		if msg := checkSpans(stmt, len(text)); msg != "" {
			t.Errorf("%s\n%s", msg, text)
		}
	}
}

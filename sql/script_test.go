package sql

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
)

func TestComplete(t *testing.T) {
	for text, want := range map[string]bool{
		"":                         true,
		"  -- only a comment":      true,
		"SELECT 1":                 false,
		"SELECT 1;":                true,
		"SELECT 1; -- done":        true,
		"SELECT 1; SELECT":         false,
		"SELECT ';":                false,
		"SELECT ';'":               false,
		"SELECT ';';":              true,
		"SELECT 1 -- ;":            false,
		"SELECT 1 /* ; */":         false,
		"SELECT 1; /* open":        false,
		"SELECT `a;":               false,
		"SELECT ${a:-;}":           false,
		"SELECT ${a:-;};":          true,
		"SELECT 'it\\'s;":          false,
		"SELECT r'\\';":            true,
		"SELECT \"a;\n":            false,
		"SELECT 1;\n\n":            true,
		"SELECT /* /* */ ; */ 1;":  true,
		"SELECT bar'x\\';' FROM t": false,
	} {
		if got := Complete(text); got != want {
			t.Errorf("Complete(%q) = %v", text, got)
		}
	}
}

// TestScriptGoesOn checks that a fault costs one statement only and that every
// fault carries its source.
func TestScriptGoesOn(t *testing.T) {
	src := &Source{Name: "x.sql", Text: "SELECT 1;; SELEC 2; SELECT , 3;\nSELECT 4; -- end\n"}
	s := NewScript(src)
	var good, bad int
	for {
		stmt, err := s.Next(nil, nil)
		if err == io.EOF {
			break
		}
		if err == nil {
			if _, ok := stmt.(*SelectStmt); !ok {
				t.Errorf("got %T", stmt)
			}
			good++
			continue
		}
		var list ErrorList
		if !errors.As(err, &list) || len(list) == 0 {
			t.Fatalf("not an ErrorList: %v", err)
		}
		for _, e := range list {
			if e.Source != src {
				t.Errorf("%v: Source is not set", e)
			}
		}
		bad++
	}
	if good != 2 || bad != 2 {
		t.Errorf("%d good, %d bad", good, bad)
	}
	if _, err := s.Next(nil, nil); err != io.EOF {
		t.Errorf("after the end: %v", err)
	}
}

func TestParseStatement(t *testing.T) {
	for text, want := range map[string]string{
		"SELECT 1":            "",
		"SELECT 1;":           "",
		"SELECT 1; -- x":      "",
		"":                    "there is no statement here",
		";":                   "there is no statement here",
		"SELECT 1; SELECT 2":  "second statement",
		"SELECT 1;; -- x\n;":  "",
		"SELECT 1; 'x":        "second statement",
		"SELECT ${x}":         "variable `x` is not defined",
		"SELECT ${x:-1}":      "",
		"SELECT ${a b}":       "is not a variable's name",
		"SELECT '${'":         "} is missing",
		"SELECT ${x:-${y:-1}": "} is missing",
	} {
		_, err := ParseStatement(&Source{Name: "x", Text: text}, nil)
		switch {
		case want == "" && err != nil:
			t.Errorf("%q: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

// TestNesting checks that depth is an error and never a stack overflow.
func TestNesting(t *testing.T) {
	deep := func(open, inner, end string, n int) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
	}
	shapes := map[string]func(n int) string{
		"parentheses": func(n int) string { return "SELECT " + deep("(", "1", ")", n) },
		"calls":       func(n int) string { return "SELECT " + deep("f(", "1", ")", n) },
		"trim":        func(n int) string { return "SELECT " + deep("trim(", "a", ")", n) },
		"substring":   func(n int) string { return "SELECT " + deep("substring(", "a", ", 1)", n) },
		"case":        func(n int) string { return "SELECT " + deep("CASE WHEN ", "a", " THEN 1 END", n) },
		"not":         func(n int) string { return "SELECT " + deep("NOT ", "a", "", n) },
		"minus":       func(n int) string { return "SELECT " + deep("- ", "a", "", n) },
		"lambda":      func(n int) string { return "SELECT " + deep("f(x -> ", "a", ")", n) },
		"subscripts":  func(n int) string { return "SELECT " + deep("a[", "1", "]", n) },
		"in list":     func(n int) string { return "SELECT " + deep("a IN (", "1", ")", n) },
		"scalar":      func(n int) string { return deep("SELECT (", "SELECT 1", ")", n) },
		"derived":     func(n int) string { return deep("SELECT * FROM (", "SELECT 1", ")", n) },
		"relations":   func(n int) string { return "SELECT * FROM " + deep("(", "a", ")", n) },
		"joins":       func(n int) string { return "SELECT * FROM " + deep("a JOIN (", "b", ") ON x", n) },
		"queries":     func(n int) string { return deep("(", "SELECT 1", ")", n) },
		"with":        func(n int) string { return deep("WITH a AS (", "SELECT 1", ") SELECT 1", n) },
		"types":       func(n int) string { return "SELECT CAST(a AS " + deep("array<", "int", ">", n) + ")" },
		"explain":     func(n int) string { return deep("EXPLAIN ", "SELECT 1", "", n) },
	}
	for name, shape := range shapes {
		if name != "explain" {
			if _, err := ParseStatement(&Source{Text: shape(90)}, nil); err != nil {
				t.Errorf("%s: 90 levels: %v", name, err)
			}
		}
		_, err := ParseStatement(&Source{Text: shape(20_000)}, nil)
		if err == nil {
			t.Errorf("%s: 20000 levels parse", name)
		} else if name != "explain" && !strings.Contains(err.Error(), "deeper than 400 levels") {
			t.Errorf("%s: %.200s", name, err)
		}
	}
}

// TestChains checks that long flat texts parse.
func TestChains(t *testing.T) {
	for name, text := range map[string]string{
		"sum":      "SELECT 1" + strings.Repeat(" + 1", 10_000),
		"and":      "SELECT a" + strings.Repeat(" AND a", 10_000),
		"list":     "SELECT a IN (1" + strings.Repeat(", 1", 30_000) + ")",
		"items":    "SELECT 1" + strings.Repeat(", a + 1", 30_000),
		"values":   "VALUES (1, -1)" + strings.Repeat(", (1, -1)", 30_000),
		"union":    "SELECT 1" + strings.Repeat(" UNION ALL SELECT 1", 2_000),
		"joins":    "SELECT 1 FROM a" + strings.Repeat(" JOIN a ON b", 2_000),
		"case":     "SELECT CASE" + strings.Repeat(" WHEN a THEN 1", 10_000) + " END",
		"concat":   "SELECT a" + strings.Repeat(" || a", 10_000),
		"comments": "SELECT 1" + strings.Repeat(" /* x */", 10_000),
	} {
		stmt, err := ParseStatement(&Source{Text: text}, nil)
		if err != nil {
			t.Errorf("%s: %.200s", name, err)
			continue
		}
		if sel, ok := stmt.(*SelectStmt).Query.Body.(*Select); ok && Text(sel.Items[0].X) == "" {
			t.Errorf("%s: no text", name)
		}
	}
	if _, err := ParseStatement(&Source{Text: "SELECT 1" + strings.Repeat(" + 1", 30_000)}, nil); err == nil {
		t.Error("30000 operators in a row parse")
	}
}

func TestPosition(t *testing.T) {
	s := &Source{Text: "aä\r\nb\n\tc"}
	for offset, want := range map[int][2]int{0: {1, 1}, 3: {1, 3}, 5: {2, 1}, 7: {3, 1}, 8: {3, 2}, 9: {3, 3}, 99: {3, 3}, -1: {1, 1}} {
		if line, col := s.Position(offset); line != want[0] || col != want[1] {
			t.Errorf("Position(%d) = %d:%d, want %v", offset, line, col, want)
		}
	}
}

// TestTypeNamesParse checks that what TypeName and TypeSQL write reads as the
// same type.
func TestTypeNamesParse(t *testing.T) {
	var all []arrow.DataType
	for _, dt := range simpleTypes {
		all = append(all, dt)
	}
	all = append(all, &arrow.Decimal128Type{Precision: 38, Scale: 3}, arrow.FixedWidthTypes.Duration_us, arrow.FixedWidthTypes.MonthInterval)
	for _, dt := range all[:len(all):len(all)] {
		all = append(all, arrow.ListOf(dt), arrow.MapOf(arrow.BinaryTypes.String, dt),
			arrow.StructOf(arrow.Field{Name: "a", Type: dt, Nullable: true}, arrow.Field{Name: "b_1", Type: arrow.ListOf(dt), Nullable: true}))
	}
	for _, dt := range all {
		for _, text := range []string{TypeName(dt), TypeSQL(dt)} {
			got, err := ParseType(text)
			if err != nil {
				t.Errorf("%s: %v", text, err)
			} else if !arrow.TypeEqual(got, dt) {
				t.Errorf("%s reads as %v, want %v", text, got, dt)
			}
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"sepal_width", "sepal_length", "variety"}
	for name, want := range map[string]string{
		"sepal_widht": "sepal_width", "SEPAL_LENGTH": "sepal_length", "vareity": "variety", "x": "", "petal": "", "": "",
	} {
		if got := nearest(name, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestErrorWithoutSource(t *testing.T) {
	e := Errorf(Span{3, 5}, "no %s", "thing").WithHint("try %d", 1)
	if got := e.Error(); got != "error: no thing\nhint: try 1" {
		t.Errorf("got %q", got)
	}
	if ErrorList(nil).Err() != nil {
		t.Error("an empty list is an error")
	}
}

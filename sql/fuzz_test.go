package sql

import (
	"errors"
	"io"
	"testing"
)

// FuzzParse checks that no text makes the parser panic or give a span outside
// the text, that faults can be shown, and that every script ends.
func FuzzParse(f *testing.F) {
	for i, e := range readCorpus(f) {
		if i%20 == 0 || e.fails {
			f.Add(e.text)
		}
	}
	for _, s := range []string{
		"CREATE TABLE t (a INT) USING csv OPTIONS (path = '${x:-y}');", "SELECT ${a}${b}; SELECT '${a}", "${a:-${b:-c}}",
		"INSERT INTO t SELECT 1; AWAIT ALL AVAILABLE", "SELECT 1 FROM a, (b JOIN c) d LATERAL VIEW f(x) y", "/*/**/", "SELECT \xff'\xff", "`", "1.e5 .5e 1y2",
		"SELECT * FROM ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(a, b), MAP['async', 'true']) p(x), LATERAL TABLE(ML_PREDICT('m', a))",
		"SELECT * FROM TABLE(ml_predict(INPUT => (SELECT 1), MODEL => MODEL 'm', ARGS => DESCRIPTOR(a.b))) JOIN u",
		"a INT, b STRUCT<c: DOUBLE>", `{"type":"struct","fields":[]}`,
	} {
		f.Add(s)
	}
	vars := func(name string) (string, bool) {
		switch name {
		case "a":
			return "(SELECT ';' /*", true
		case "b":
			return "", true
		}
		return "", false
	}
	f.Fuzz(func(t *testing.T, text string) {
		s := NewScript(&Source{Name: "fuzz", Text: text})
		for steps := 0; ; steps++ {
			if steps > len(text)+1 {
				t.Fatal("the script does not end")
			}
			stmt, err := s.Next(vars, nil)
			if err == io.EOF {
				break
			}
			if err != nil {
				checkFaults(t, err, len(text))
				continue
			}
			if msg := checkSpans(stmt, len(text)); msg != "" {
				t.Fatal(msg)
			}
		}
		if e, err := ParseExpr(text); err != nil {
			checkFaults(t, err, len(text))
		} else if Text(e) == "" && len(text) > 4 {
			call, isCall := e.(*Call) // date('') is called what its string is
			named := isCall && len(call.Args) == 1
			if _, ok := e.(*StringLit); !ok && !named {
				t.Fatalf("no text for %T", e)
			}
		}
		if _, err := ParseSchema(text); err != nil {
			_ = err.Error()
		}
		Complete(text)
	})
}

func checkFaults(t *testing.T, err error, n int) {
	var list ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		t.Fatalf("not an ErrorList: %v", err)
	}
	for _, e := range list {
		if e.Span.Start < 0 || e.Span.Start > e.Span.End || e.Span.End > n {
			t.Fatalf("span %v of a text of %d bytes: %v", e.Span, n, e.Msg)
		}
		if e.Error() == "" || e.Source == nil {
			t.Fatal("a fault without text or source")
		}
	}
}

package engine_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/engine"
)

// TestFunction2 calls a Go function of two arguments with columns and constants in
// either place, with NULLs, and with an error that becomes NULL.
func TestFunction2(t *testing.T) {
	e, err := engine.Open(engine.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	times := func(s string, n int32) (string, error) {
		if n < 0 {
			return "", errors.New("negative")
		}
		out := ""
		for range n {
			out += s
		}
		return out, nil
	}
	if err := e.RegisterFunction(engine.Function2("times", times)); err != nil {
		t.Fatal(err)
	}
	const from = " FROM (VALUES ('a', 2), (NULL, 1), ('b', NULL), ('c', -1), ('d', 0)) AS t(s, n)"
	for query, want := range map[string][]string{
		"SELECT times(s, n) AS r" + from:   {"aa", "NULL", "NULL", "NULL", ""},
		"SELECT times('x', n) AS r" + from: {"xx", "x", "NULL", "NULL", ""},
		"SELECT times(s, 3) AS r" + from:   {"aaa", "NULL", "bbb", "ccc", "ddd"},
		"SELECT times('y', 2) AS r":        {"yy"},
		"SELECT times(NULL, 2) AS r":       {"NULL"},
	} {
		rows, err := e.Query(t.Context(), query)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		var got []string
		for rec, err := range rows.All() {
			if err != nil {
				t.Fatal(err)
			}
			col := rec.Column(0).(*array.String)
			for i := range col.Len() {
				if col.IsNull(i) {
					got = append(got, "NULL")
				} else {
					got = append(got, col.Value(i))
				}
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

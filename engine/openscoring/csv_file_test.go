package openscoring

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/apache/arrow/go/v14/arrow/memory"
)

const examples = "../../testdata/pmml/"

// TestScoreExamples scores the models of other producers and compares with their
// own predictions, within the tolerances of the manifest.
func TestScoreExamples(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(readFile(t, examples+"manifest.tsv")), "\n")
	head := strings.Split(lines[0], "\t")
	if len(lines) != 12 {
		t.Fatalf("%d examples", len(lines)-1)
	}
	for _, l := range lines[1:] {
		e := map[string]string{}
		for i, c := range strings.Split(l, "\t") {
			e[head[i]] = c
		}
		t.Run(e["id"], func(t *testing.T) {
			tol, err := strconv.ParseFloat(e["rel_tol"], 64)
			if err != nil {
				t.Fatal(err)
			}
			got, res := scoreText(t, load(t, examples+e["model"]), readFile(t, examples+e["input"]), CSVOptions{Rows: 64})
			if res.Failed != 0 || strconv.FormatInt(res.Rows, 10) != e["n_rows"] {
				t.Errorf("%+v, and %s rows were expected", res, e["n_rows"])
			}
			compareTables(t, records(t, got), records(t, readFile(t, examples+e["expected"])), tol)
		})
	}
}

// compareTables looks for every column of want in got.
func compareTables(t *testing.T, got, want [][]string, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d lines, want %d", len(got), len(want))
	}
	for j, name := range want[0] {
		at := slices.Index(got[0], name)
		if at < 0 {
			t.Errorf("no column %s in %q", name, got[0])
			continue
		}
		for i := range want[1:] {
			g, w := got[i+1][at], want[i+1][j]
			x, err1 := strconv.ParseFloat(g, 64)
			y, err2 := strconv.ParseFloat(w, 64)
			if g != w && (err1 != nil || err2 != nil || math.Abs(x-y) > max(tol*math.Abs(y), 1e-8)) {
				t.Errorf("row %d: %s = %s, want %s", i+1, name, g, w)
			}
		}
	}
}

func load(t testing.TB, path string) *Model {
	t.Helper()
	m, err := Load(path, "")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func scoreText(t *testing.T, m *Model, in string, o CSVOptions) (string, CSVResult) {
	t.Helper()
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	o.Allocator, o.TempDir = mem, t.TempDir()
	var out bytes.Buffer
	res, err := m.ScoreCSV(context.Background(), &out, strings.NewReader(in), o)
	if err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(o.TempDir)
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
	return out.String(), res
}

func records(t *testing.T, s string) [][]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(s)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestScoreErrors(t *testing.T) {
	m := load(t, irisDocument)
	in := "\xef\xbb\xbfkey,more,sepal_length,sepal_width,petal_length,petal_width\r\n" +
		"1,x,5.1,3.5,1.4,0.2\r\n" +
		"\"a \"\"b\"\"\nc,d\",x,5.1,wide,1.4,0.2\r\n" +
		"\r\n" +
		"3,\"\",,,,\r\n" +
		"\"4\n\n\",,\"5.1\",3.5,1.4,0.2"
	want := `key,label,prediction,probability(0),probability(1),probability(2),_error
1,0.0,0.0,1.0,0.0,0.0,
"a ""b""
c,d",,,,,,"Field ""sepal_width"" cannot accept invalid value ""wide"""
3,,,,,,"Field ""pmml(prediction)"" is not defined"
"4

",0.0,0.0,1.0,0.0,0.0,
`
	for rows := 1; rows <= 5; rows++ {
		got, res := scoreText(t, m, in, CSVOptions{ID: "key", Rows: rows})
		if got != want || res.Rows != 4 || res.Failed != 2 || res.First != `row 2: Field "sepal_width" cannot accept invalid value "wide"` {
			t.Errorf("%d at a time: %+v\n%s\nwant\n%s", rows, res, got, want)
		}
	}
}

func TestScoreEmpty(t *testing.T) {
	got, res := scoreText(t, load(t, irisDocument), "sepal_length,sepal_width\n", CSVOptions{})
	if got != "label,prediction,probability(0),probability(1),probability(2)\n" || res.Rows != 0 {
		t.Errorf("%+v %q", res, got)
	}
}

func TestScoreSparkML(t *testing.T) {
	got, res := scoreText(t, load(t, "../../testdata/iris/index_to_class"), "prediction,id\n0.0,a\n2,b\n1,c\n", CSVOptions{ID: "id"})
	if want := "id,predicted_class\na,Setosa\nb,Virginica\nc,Versicolor\n"; got != want || res.Failed != 0 {
		t.Errorf("%+v\n%s", res, got)
	}
}

func TestScoreFaults(t *testing.T) {
	m := load(t, irisDocument)
	broken := errors.New("the disk is gone")
	for _, c := range []struct {
		name, in, want string
		o              CSVOptions
		reader         io.Reader
	}{
		{name: "empty", in: "", want: "the input is empty: a header"},
		{name: "CR", in: "sepal_length,sepal_width\r5,3\r", want: "line 1: a carriage return inside the header"},
		{name: "UTF-16", in: "\xff\xfes\x00e\x00", want: "the input is UTF-16: UTF-8 was expected"},
		{name: "semicolons", in: "sepal_length;sepal_width\n5;3\n", want: "petal_width; cells are separated by commas"},
		{name: "no field", in: "a,b\n1,2\n", want: "none of the model's fields: it has a, b, and the model takes sepal_length"},
		{name: "no id", in: "sepal_length,customer\n1,2\n", o: CSVOptions{ID: "custmer"}, want: "no column custmer (did you mean customer?)"},
		{name: "cells", in: "sepal_length,sepal_width\n1,2\n1\n", want: "line 3 has 1 cells, and the header has 2"},
		{name: "twice", in: "sepal_length,sepal_length\n", want: "two columns sepal_length"},
		{name: "quote", in: "sepal_length,sepal_width\n\"1,2\n3,4\n", want: "line 2: a quote that is not closed"},
		{name: "after quote", in: "sepal_length,sepal_width\n\"1\"x,2\n", want: "line 2: text after the quote"},
		{name: "read", reader: iotest.ErrReader(broken), want: "the disk is gone"},
		{name: "folder", in: "sepal_length\n", o: CSVOptions{TempDir: "/no/such/folder"}, want: "temporary file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := c.reader
			if in == nil {
				in = strings.NewReader(c.in)
			}
			var out bytes.Buffer
			_, err := m.ScoreCSV(context.Background(), &out, in, c.o)
			if err == nil || !strings.Contains(err.Error(), c.want) || out.Len() > 0 {
				t.Errorf("%v, output %q", err, &out)
			}
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := m.ScoreCSV(ctx, io.Discard, strings.NewReader("sepal_length\n1\n"), CSVOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	for _, in := range []string{"sepal_length\n1\n", "sepal_length\n1\nx\n"} {
		if _, err := m.ScoreCSV(context.Background(), failingWriter{}, strings.NewReader(in), CSVOptions{}); !errors.Is(err, errNoSpace) {
			t.Errorf("an output that fails: %v", err)
		}
	}
}

var errNoSpace = errors.New("no space left")

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errNoSpace }

func TestLoadFaults(t *testing.T) {
	for _, c := range []struct{ path, format, want string }{
		{"no.pmml", "", "no.pmml"},
		{irisDocument, "sparkml", "is a file: Spark ML saves a model as a directory"},
		{"../../testdata/iris/index_to_class", "pmml", "is a directory, and a PMML document is a file"},
		{irisDocument, "onyx", "onyx is no format of models"},
		{irisDocument, "xgbost", "xgbost is no format of models (did you mean xgboost?): pmml, sparkml, xgboost"},
		{irisDocument, "xgboost", "RandomForestIris.pmml: XGBoost model: byte 0: expected a JSON or UBJSON object"},
		{"../../testdata/iris/index_to_class", "lightgbm", "is a directory, and a model of the format lightgbm is a file"},
		{"../../testdata/pmml/manifest.tsv", "pmml", "manifest.tsv: PMML"},
		{"../../testdata/pmml/manifest.tsv", "", "manifest.tsv: it is none of the formats of models"},
	} {
		if _, err := Load(c.path, c.format); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Load(%s, %s): %v, want %s", c.path, c.format, err, c.want)
		}
	}
}

// TestScoreProgress sees every piece, and the whole of the input in the end.
func TestScoreProgress(t *testing.T) {
	var b strings.Builder
	b.WriteString("sepal_length,sepal_width,petal_length,petal_width\n")
	for i := range 10_000 {
		fmt.Fprintf(&b, "%d,3,%d,0.2\n", i%8, i%5)
	}
	var rows, read []int64
	_, res := scoreText(t, load(t, irisDocument), b.String(), CSVOptions{Rows: 4000, Progress: func(r, n int64) { rows, read = append(rows, r), append(read, n) }})
	if !slices.Equal(rows, []int64{4000, 8000, 10_000}) || read[2] != int64(b.Len()) || res.Rows != 10_000 {
		t.Errorf("%v, %v, %+v", rows, read, res)
	}
}

// FuzzCSV writes cells and reads them back, and reads arbitrary text as
// encoding/csv does.
func FuzzCSV(f *testing.F) {
	f.Add("a,b\n\"c\"\"d\",e\n", "x\ny")
	f.Add("a\r\n\r\n\"b\r\nc\"", ",\"\r")
	f.Add("\"a\"b,c\n", "")
	f.Fuzz(func(t *testing.T, doc, text string) {
		line := appendCSV(append(appendCSV(nil, []byte("k"), ',', '"'), ','), []byte(text), ',', '"')
		rec, err := newCSVReader(bytes.NewReader(append(line, '\n')), ',', '"').read()
		// A line's \r belongs to its end, as in encoding/csv.
		if plain := strings.ReplaceAll(text, "\r\n", "\n"); err != nil || len(rec) != 2 || string(rec[1]) != plain {
			t.Fatalf("%q was written as %q and read as %q, %v", text, line, rec, err)
		}
		ref := csv.NewReader(strings.NewReader(strings.TrimPrefix(doc, "\xef\xbb\xbf")))
		ref.FieldsPerRecord, ref.LazyQuotes = -1, false
		got := newCSVReader(strings.NewReader(doc), ',', '"')
		for {
			want, err1 := ref.Read()
			rec, err2 := got.read()
			if err1 != nil || err2 != nil {
				// A quote inside a bare cell is text here, and a fault there.
				if (err1 == io.EOF) != (err2 == io.EOF) && !errors.Is(err1, csv.ErrBareQuote) {
					t.Fatalf("%q: %v, encoding/csv: %v", doc, err2, err1)
				}
				return
			}
			if len(rec) != len(want) {
				t.Fatalf("%q: %q, encoding/csv: %q", doc, rec, want)
			}
			for i := range want {
				if string(rec[i]) != want[i] {
					t.Fatalf("%q: %q, encoding/csv: %q", doc, rec, want)
				}
			}
		}
	})
}

// TestBlankLines takes a blank line for an empty cell where there is one column,
// and leaves it out elsewhere.
func TestBlankLines(t *testing.T) {
	m := load(t, irisDocument)
	for in, want := range map[string]int64{
		"sepal_length\n1\n\n2\n":               3,
		"sepal_length\r\n\r\n2":                2,
		"\nsepal_length\n\n":                   1,
		"sepal_length\n":                       0,
		"sepal_length,sepal_width\n1,2\n\n3,4": 2,
	} {
		if _, res := scoreText(t, m, in, CSVOptions{}); res.Rows != want {
			t.Errorf("%q: %d rows, want %d", in, res.Rows, want)
		}
	}
}

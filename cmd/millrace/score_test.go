package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	pmmlExamples = "../../testdata/pmml/"
	irisModel    = "../../testdata/iris/RandomForestIris.pmml"
)

// TestScoreExamples scores the examples of other producers with the command and
// compares with their own predictions.
func TestScoreExamples(t *testing.T) {
	manifest, err := os.ReadFile(pmmlExamples + "manifest.tsv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(manifest)), "\n")
	head := strings.Split(lines[0], "\t")
	column := func(line, name string) string { return strings.Split(line, "\t")[slices.Index(head, name)] }
	for _, l := range lines[1:] {
		t.Run(column(l, "id"), func(t *testing.T) {
			tol, err := strconv.ParseFloat(column(l, "rel_tol"), 64)
			if err != nil {
				t.Fatal(err)
			}
			got := run(t, "", "score", "--model", pmmlExamples+column(l, "model"), "--input", pmmlExamples+column(l, "input"))
			if got.code != exitDone || got.err != "" {
				t.Fatalf("exit code %d\n%s", got.code, got.err)
			}
			want, err := os.ReadFile(pmmlExamples + column(l, "expected"))
			if err != nil {
				t.Fatal(err)
			}
			compareCells(t, got.out, string(want), tol)
		})
	}
}

// compareCells looks for every column of want in got; none of the examples has
// quotes.
func compareCells(t *testing.T, got, want string, tol float64) {
	t.Helper()
	table := func(s string) (rows [][]string) {
		for _, l := range strings.Split(strings.TrimRight(s, "\n"), "\n") {
			rows = append(rows, strings.Split(l, ","))
		}
		return rows
	}
	g, w := table(got), table(want)
	if len(g) != len(w) {
		t.Fatalf("%d lines, want %d", len(g), len(w))
	}
	for j, name := range w[0] {
		at := slices.Index(g[0], name)
		if at < 0 {
			t.Errorf("no column %s in %q", name, g[0])
			continue
		}
		for i := 1; i < len(w); i++ {
			x, err1 := strconv.ParseFloat(g[i][at], 64)
			y, err2 := strconv.ParseFloat(w[i][j], 64)
			if g[i][at] != w[i][j] && (err1 != nil || err2 != nil || math.Abs(x-y) > max(tol*math.Abs(y), 1e-8)) {
				t.Errorf("row %d: %s = %s, want %s", i, name, g[i][at], w[i][j])
			}
		}
	}
}

func TestScoreCommand(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.csv"), filepath.Join(dir, "out.csv")
	write(t, in, "sepal_length,sepal_width,petal_length,petal_width,k\n5.1,3.5,1.4,0.2,a\nlong,3.5,1.4,0.2,b\n")
	const header = "label,prediction,probability(0),probability(1),probability(2)"
	for name, c := range map[string]struct {
		args   []string
		in     string
		code   int
		out    string
		errHas string
	}{
		"pipe":     {args: []string{"--model", irisModel}, in: "sepal_length,sepal_width,petal_length,petal_width\n5.1,3.5,1.4,.2\n", out: header + "\n0.0,0.0,1.0,0.0,0.0\n"},
		"error":    {args: []string{"--model", irisModel, "--input", in, "--id", "k", "--format", "pmml"}, out: "k," + header + ",_error\na,0.0,0.0,1.0,0.0,0.0,\nb,,,,,,\"Field \"\"sepal_length\"\" cannot accept invalid value \"\"long\"\"\"\n", errHas: "1 of 2 rows could not be scored (see _error); the first, row 2: Field"},
		"sparkml":  {args: []string{"--model", "../../testdata/iris/index_to_class"}, in: "prediction\n1\n", out: "predicted_class\nVersicolor\n"},
		"no model": {args: nil, code: exitFaulty, errHas: "--model was expected"},
		"format":   {args: []string{"--model", irisModel, "--format", "onyx"}, code: exitFaulty, errHas: "--format onyx is no format of models"},
		"missing":  {args: []string{"--model", "no.pmml"}, code: exitFailed, errHas: "error: model no.pmml does not exist"},
		"bad":      {args: []string{"--model", in}, code: exitFailed, errHas: "in.csv: it is none of the formats of models"},
		"no PMML":  {args: []string{"--model", in, "--format", "pmml"}, code: exitFailed, errHas: "in.csv: PMML"},
		"lightgbm": {args: []string{"--model", "../../testdata/lightgbm/binary.txt", "--format", "lightgbm"}, in: "a,b\n", out: "prediction,probability(0),probability(1),raw_score\n"},
		"onnx":     {args: []string{"--model", "../../testdata/onnx/dense/mlp_logistic.onnx", "--option", "features=sl,sw,pl,pw", "--id", "n"}, in: "n,pw,pl,sw,sl\n7,0.2,1.4,3.5,5.1\n", out: "n,output_label,probability(setosa),probability(versicolor),probability(virginica)\n7,setosa,0.80453414,0.17256649,0.022899397\n"},
		"option":   {args: []string{"--model", irisModel, "--option", "modelNam=x"}, code: exitFailed, errHas: "did you mean modelName?"},
		"options":  {args: []string{"--model", irisModel, "--option", "modelName"}, code: exitFaulty, errHas: "--option modelName: name=value was expected"},
		"near":     {args: []string{"--model", irisModel, "--format", "lightgmb"}, code: exitFaulty, errHas: "(did you mean lightgbm?): pmml, sparkml, xgboost"},
		"xgboost":  {args: []string{"--model", "../../testdata/xgboost/stump.json"}, in: "a,b,c,d,e\n0,0,0,0,0\n", out: "prediction\n-0.3750293254852295\n"},
		"input":    {args: []string{"--model", irisModel, "--input", "no.csv"}, code: exitFailed, errHas: "error: input no.csv: no such file"},
		"long":     {args: []string{"--model", irisModel}, in: "sepal_length\n\"x\n" + strings.Repeat("y", 1000) + "\"\n", out: header + ",_error\n,,,,,\"Field \"\"sepal_length\"\" cannot accept invalid value \"\"x " + strings.Repeat("y", 1000) + "\"\"\"\n", errHas: "yyy...\n"},
		"not CSV":  {args: []string{"--model", irisModel}, in: "a\n1\n", code: exitFailed, errHas: "standard input: the input has none of the model's fields"},
		"id":       {args: []string{"--model", irisModel, "--input", in, "--id", "kk"}, code: exitFailed, errHas: "no column kk (did you mean k?)"},
		"output":   {args: []string{"--model", irisModel, "--input", in, "--output", filepath.Join(dir, "no", "out.csv")}, code: exitFailed, errHas: "error: output " + filepath.Join(dir, "no", "out.csv") + ": no such file"},
		"folder":   {args: []string{"--model", irisModel, "--input", in, "--output", dir}, code: exitFailed, errHas: "error: output " + dir + ": it is a directory, and a file was expected"},
	} {
		t.Run(name, func(t *testing.T) {
			got := run(t, c.in, append([]string{"score"}, c.args...)...)
			if got.code != c.code || got.out != c.out || !strings.Contains(got.err, c.errHas) {
				t.Errorf("exit code %d, want %d\n%s\nwant\n%s\nstderr: %s, want %s", got.code, c.code, got.out, c.out, got.err, c.errHas)
			}
		})
	}
	write(t, out, "of last time")
	if got := run(t, "", "score", "--model", irisModel, "--input", in, "--output", out, "--id", "no"); got.code != exitFailed || fileText(t, out) != "of last time" {
		t.Errorf("exit code %d, and the file has %q", got.code, fileText(t, out))
	}
	if got := run(t, "", "score", "--model", irisModel, "--input", in, "--output", out); got.code != exitDone || got.out != "" ||
		!strings.HasPrefix(fileText(t, out), header+",_error\n0.0,") {
		t.Errorf("exit code %d, and the file has %q", got.code, fileText(t, out))
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	more, err2 := filepath.Glob(filepath.Join(dir, "millrace-*"))
	if err != nil || err2 != nil || len(left)+len(more) > 0 {
		t.Errorf("temporary files are left: %q %q", left, more)
	}
}

func fileText(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestScoreLine(t *testing.T) {
	for want, c := range map[string]struct{ rows, read, size int64 }{
		" 50% [###############               ] 1,000 rows, 500 rows/s": {1000, 50, 100},
		"100% [##############################] 2 rows, 1 rows/s":       {2, 200, 100},
		"1,000 rows, 500 rows/s":                                       {1000, 50, 0},
	} {
		if got := scoreLine(c.rows, c.read, c.size, 2*time.Second); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Command benchmodels measures how long models take to score a row, beside other evaluators of the same models over
// the same rows. `make bench-models` trains the models, builds the others and runs it.
//
// Every contender has one thread and its rows prepared in the form that it likes best. They take turns, so that what
// else the machine does slows all of them, and the median of the turns counts. Time is processor time: of the thread
// for jpmml-evaluator (compiling and collecting garbage are free), of the process for the others. A contender whose answers
// differ from millrace's is an error.
//
// The others are processes that answer lines: `check LIBRARY MODEL ROWS` scores FOLDER/ROWS.csv with FOLDER/MODEL and
// writes the columns it gives to FOLDER/MODEL@ROWS.LIBRARY.csv; `time LIBRARY MODEL ROWS SECONDS` scores them over and
// over for that long and gives the nanoseconds for each row.
package main

import (
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
)

// bench is one line of work: a model, its rows and who scores them.
type bench struct {
	name, model, rows string
	format            string   // of millrace's document
	others            []string // the contenders beside it
}

var benches = []bench{
	{"100 trees of depth 8, 20 features, 3 classes", "forest", "forest", "pmml", []string{"jpmml", "sklearn"}},
	{"the same, 5 % of the values missing", "forest", "forest-missing", "pmml", []string{"jpmml", "sklearn"}},
	{"100 regression trees of depth 8, 20 features", "regression", "regression", "pmml", []string{"jpmml", "sklearn"}},
	{"the same, 5 % of the values missing", "regression", "regression-missing", "pmml", []string{"jpmml", "sklearn"}},
	{"200 boosted trees of depth 4, LightGBM", "boosted", "boosted", "pmml", []string{"jpmml", "lightgbm", "millrace-lightgbm"}},
	{"the same, 5 % of the values missing", "boosted", "boosted-missing", "pmml", []string{"jpmml", "lightgbm", "millrace-lightgbm"}},
	{"iris, 20 trees", "iris", "iris", "pmml", []string{"jpmml"}},
	{"logistic regression, 8 numbers, 2 categories", "logistic", "logistic", "pmml", []string{"jpmml", "sklearn"}},
	{"scorecard, 10 characteristics, 3 reasons", "scorecard", "scorecard", "pmml", []string{"jpmml"}},
	{"neural network 20-16-8-3, rectifier", "network", "forest", "pmml", []string{"jpmml", "sklearn"}},
	{"neural network 20-16-8-3, logistic", "network-logistic", "forest", "pmml", []string{"jpmml", "sklearn"}},
	{"100 trees of depth 8, 20 features, 3 classes, Spark ML", "spark-forest", "forest", "sparkml", []string{"spark"}},
	{"200 boosted trees of depth 4, XGBoost", "boosted", "boosted", "xgboost", []string{"xgboost"}},
	{"the same, 5 % of the values missing", "boosted", "boosted-missing", "xgboost", []string{"xgboost"}},
}

// settings are the flags.
type settings struct {
	folder  string
	turns   int
	seconds float64
	warm    float64
	only    string
	with    string
	python  string
	pyspark string
	table   bool
}

func main() {
	var s settings
	flag.StringVar(&s.folder, "folder", "bin/benchmodels", "the folder of the models, the rows and the other contenders")
	flag.IntVar(&s.turns, "turns", 7, "how often each contender is measured; the median counts")
	flag.Float64Var(&s.seconds, "seconds", 0.4, "how long each turn takes at least, in seconds of processor time")
	flag.Float64Var(&s.warm, "warm", 10, "how long contenders of the JVM warm up for each model, in seconds")
	flag.StringVar(&s.only, "only", "", "the models to measure, a regular expression")
	flag.StringVar(&s.with, "with", "jpmml,sklearn,lightgbm,xgboost,spark,millrace-lightgbm", "the contenders beside millrace")
	flag.StringVar(&s.python, "python", "bin/benchmodels/venv/bin/python", "the Python that has the libraries")
	flag.StringVar(&s.pyspark, "pyspark", "bin/benchmodels/spark-venv/bin/python", "the Python that has pyspark")
	flag.BoolVar(&s.table, "markdown", false, "print the table of docs/benchmarks.md")
	flag.Parse()
	if err := s.run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "benchmodels:", err)
		os.Exit(1)
	}
}

// run measures every bench and prints the table.
func (s *settings) run(w io.Writer) error {
	only, err := regexp.Compile(s.only)
	if err != nil {
		return err
	}
	runtime.GOMAXPROCS(1)
	python := exec.Command(s.python, ".ci/benchmodels/contender.py", s.folder)
	python.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
	libraries := &process{cmd: python}
	defer libraries.close()
	jvm := &process{cmd: exec.Command("java", "-Xmx3g", "-cp", s.folder+"/java/classes"+string(filepath.ListSeparator)+s.folder+"/java/lib/*", "Contender", s.folder)}
	defer jvm.close()
	spark := &process{cmd: exec.Command(s.pyspark, ".ci/benchmodels/spark.py", s.folder)}
	defer spark.close()
	outside := map[string]scorer{"jpmml": jvm, "spark": spark, "sklearn": libraries, "lightgbm": libraries, "xgboost": libraries}
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	s.line(tab, "model", "contender", "ns/row", "ratio", "greatest difference")
	if s.table {
		s.line(tab, "---", "---", "---:", "---:", "---:")
	}
	for _, b := range benches {
		if !only.MatchString(b.model) {
			continue
		}
		if err := s.bench(tab, b, outside); err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		tab.Flush()
	}
	return nil
}

// contender is one that takes part in a bench.
type contender struct {
	name  string
	it    scorer
	times []float64
	diff  float64
}

// scorer scores a bench's rows.
type scorer interface {
	check(library string, b *bench) error
	time(library string, b *bench, seconds float64) (float64, error)
}

// bench checks that the contenders agree, lets them take turns and prints their lines.
func (s *settings) bench(w io.Writer, b bench, outside map[string]scorer) error {
	all := []*contender{{name: "millrace", it: &millrace{folder: s.folder, format: b.format}}}
	for _, name := range b.others {
		if !slices.Contains(strings.Split(s.with, ","), name) {
			continue
		}
		c := &contender{name: name, it: outside[name]}
		if format, ok := strings.CutPrefix(name, "millrace-"); ok {
			c.it = &millrace{folder: s.folder, format: format}
		}
		all = append(all, c)
	}
	for i, c := range all {
		if err := c.it.check(c.name, &b); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if i > 0 {
			var err error
			if c.diff, err = b.differ(s.folder, all[0].name, c.name); err != nil {
				return err
			}
		}
		warm := s.seconds
		if c.name == "jpmml" || c.name == "spark" {
			warm = s.warm
		}
		if _, err := c.it.time(c.name, &b, warm); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	for range s.turns {
		for _, c := range all {
			t, err := c.it.time(c.name, &b, s.seconds)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			c.times = append(c.times, t)
		}
	}
	base := median(all[0].times)
	for i, c := range all {
		name, ratio, diff := "", "", ""
		if i == 0 {
			name = b.name
		} else {
			ratio, diff = fmt.Sprintf("%.3g", median(c.times)/base), fmt.Sprintf("%.1g", c.diff)
		}
		s.line(w, name, c.name, fmt.Sprintf("%.0f", median(c.times)), ratio, diff)
	}
	return nil
}

// line prints a line of the table.
func (s *settings) line(w io.Writer, cells ...string) {
	if s.table {
		fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
		return
	}
	fmt.Fprintln(w, strings.Join(cells, "\t"))
}

func median(xs []float64) float64 {
	xs = slices.Clone(xs)
	slices.Sort(xs)
	return xs[len(xs)/2]
}

// answers is the path of what a library gave.
func (b *bench) answers(folder, library string) string {
	return filepath.Join(folder, b.model+"@"+b.rows+"."+library+".csv")
}

// tolerance is how far answers may lie from each other, relative to the larger if that is above 1: xgboost computes in
// float32.
func tolerance(library string) float64 {
	if library == "xgboost" {
		return 1e-6
	}
	return 1e-10
}

// differ compares what two libraries gave, column by column of those that both have, and gives the greatest difference.
func (b *bench) differ(folder, base, other string) (float64, error) {
	want, err := readTable(b.answers(folder, base))
	if err != nil {
		return 0, err
	}
	got, err := readTable(b.answers(folder, other))
	if err != nil {
		return 0, err
	}
	worst, shared := 0.0, 0
	for c, name := range got.names {
		k := slices.Index(want.names, name)
		if k < 0 {
			continue
		}
		shared++
		if len(got.cells[c]) != len(want.cells[k]) {
			return 0, fmt.Errorf("%s gave %d rows, %s %d", other, len(got.cells[c]), base, len(want.cells[k]))
		}
		for i, x := range got.cells[c] {
			d := distance(x, want.cells[k][i])
			if worst = max(worst, d); d > tolerance(other) {
				return 0, fmt.Errorf("row %d, %s: %s gave %s, %s %s", i+1, name, other, x, base, want.cells[k][i])
			}
		}
	}
	if shared == 0 {
		return 0, fmt.Errorf("%s gave none of the columns %s that %s gave", other, strings.Join(want.names, ", "), base)
	}
	return worst, nil
}

// distance is how far two cells lie from each other; different texts are infinitely far.
func distance(a, b string) float64 {
	if a == b {
		return 0
	}
	x, ok := parse(a)
	y, also := parse(b)
	if !ok || !also {
		return math.Inf(1)
	}
	return math.Abs(x-y) / max(1, math.Abs(x), math.Abs(y))
}

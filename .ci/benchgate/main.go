// Command benchgate runs the benchmarks whose ratios must not fall, and fails
// when one does. A ratio compares two ways of doing the same work within one run,
// so it holds on any machine.
package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// slack is which part of a wanted ratio is enough: shared machines are noisy.
const slack = 0.7

// runs is how often each pair of benchmarks runs; the median ratio counts.
const runs = 3

// gate is one ratio: how many times longer a row takes in slow than in fast.
type gate struct {
	name       string
	pkg        string
	fast, slow string
	want       float64
	benchtime  string
}

var gates = []gate{
	{name: "JSON scan against encoding/json", pkg: "./.ci/benchgate", fast: "JSONScan", slow: "JSONStandard", want: 8, benchtime: "300ms"},
	{name: "raw consume against kafka-go's Reader", pkg: "./.ci/benchgate", fast: "ConsumeSource", slow: "ConsumeReader", want: 4, benchtime: "500ms"},
	{name: "batch forest against the row interpreter", pkg: "./engine/pmml", fast: "ForestBatch", slow: "ForestRow", want: 5, benchtime: "300ms"},
}

func main() {
	ok, err := check(os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchgate:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// check measures every ratio, prints a table and says whether all are high
// enough.
func check(w io.Writer) (bool, error) {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "ratio\tns/row\tof\twanted\tfails below\tmeasured\t")
	binaries, err := os.MkdirTemp("", "benchgate")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(binaries)
	ok := true
	for _, g := range gates {
		fast, slow, err := g.measure(binaries)
		if err != nil {
			return false, err
		}
		ratio, verdict := slow/fast, "ok"
		if ratio < g.want*slack {
			ok, verdict = false, "TOO LOW"
		}
		fmt.Fprintf(tab, "%s\t%.1f\t%.1f\t%.0fx\t%.1fx\t%.1fx\t%s\n", g.name, fast, slow, g.want, g.want*slack, ratio, verdict)
	}
	return ok, tab.Flush()
}

// measure runs both ways beside each other, runs times over, and gives the costs
// of the run whose ratio is the median: what else the machine does then slows both.
func (g gate) measure(binaries string) (fast, slow float64, err error) {
	binary := filepath.Join(binaries, strings.ReplaceAll(g.pkg, "/", "_")+".test")
	if out, err := exec.Command("go", "test", "-c", "-o", binary, g.pkg).CombinedOutput(); err != nil {
		return 0, 0, fmt.Errorf("%s: %w\n%s", g.pkg, err, out)
	}
	type pair struct{ fast, slow float64 }
	var pairs []pair
	for range runs {
		cmd := exec.Command(binary, "-test.run", "^$", "-test.bench", fmt.Sprintf("^Benchmark(%s|%s)$", g.fast, g.slow), "-test.benchtime", g.benchtime)
		cmd.Dir = g.pkg
		out, err := cmd.CombinedOutput()
		if err != nil {
			return 0, 0, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
		}
		found := parse(string(out))
		p := pair{found[g.fast], found[g.slow]}
		if p.fast <= 0 || p.slow <= 0 {
			return 0, 0, fmt.Errorf("%s: Benchmark%s or Benchmark%s reported no ns/row\n%s", g.pkg, g.fast, g.slow, out)
		}
		pairs = append(pairs, p)
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Compare(a.slow/a.fast, b.slow/b.fast) })
	m := pairs[runs/2]
	return m.fast, m.slow, nil
}

// parse reads the ns/row of benchmarks, by name without Benchmark and -procs.
func parse(out string) map[string]float64 {
	found := map[string]float64{}
	sc := bufio.NewScanner(strings.NewReader(out))
	for sc.Scan() {
		f := strings.Fields(sc.Text())
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(f[0], "Benchmark"), "-")
		for i := 2; i+1 < len(f); i += 2 {
			if f[i+1] != "ns/row" {
				continue
			}
			if v, err := strconv.ParseFloat(f[i], 64); err == nil {
				found[name] = v
			}
		}
	}
	return found
}

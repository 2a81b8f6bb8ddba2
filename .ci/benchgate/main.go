// Command benchgate runs the benchmarks whose ratios must not fall, and fails
// when one does. A ratio compares two ways of doing the same work within one run,
// so it holds on any machine.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// slack is which part of a wanted ratio is enough: shared machines are noisy.
const slack = 0.7

// runs is how often each benchmark runs; the median counts.
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
	ok := true
	for _, g := range gates {
		fast, slow, err := g.measure()
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

// measure gives the median ns/row of both ways.
func (g gate) measure() (fast, slow float64, err error) {
	cmd := exec.Command("go", "test", "-run", "^$", "-bench", fmt.Sprintf("^Benchmark(%s|%s)$", g.fast, g.slow),
		"-benchtime", g.benchtime, "-count", strconv.Itoa(runs), g.pkg)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	found := parse(string(out))
	for _, side := range []struct {
		name string
		to   *float64
	}{{g.fast, &fast}, {g.slow, &slow}} {
		values := found[side.name]
		if len(values) != runs {
			return 0, 0, fmt.Errorf("%s: Benchmark%s ran %d times, want %d\n%s", g.pkg, side.name, len(values), runs, out)
		}
		slices.Sort(values)
		*side.to = values[runs/2]
	}
	return fast, slow, nil
}

// parse reads the ns/row of benchmarks, by name without Benchmark and -procs.
func parse(out string) map[string][]float64 {
	found := map[string][]float64{}
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
				found[name] = append(found[name], v)
			}
		}
	}
	return found
}

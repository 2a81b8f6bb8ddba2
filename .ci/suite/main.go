// Command suite runs go test and is stricter than it: a suite that was to run
// fails when nothing of it ran and when a test was skipped.
//
// Usage: suite [-skips REASON] [-min N] -- ARGUMENTS OF go test
//
// It prints what failed, and a line for each package with its number of tests.
// With -skips, a regular expression, it lets tests be skipped that give such a
// reason.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

func main() {
	reason := flag.String("skips", "", "a regular expression: let tests be skipped whose output matches it")
	least := flag.Int("min", 1, "how many tests must have run at least")
	flag.Parse()
	var skips *regexp.Regexp
	if *reason != "" {
		skips = regexp.MustCompile(*reason)
	}
	ok, err := run(flag.Args(), skips, *least)
	if err != nil {
		fmt.Fprintln(os.Stderr, "suite:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// event is a line of go test -json.
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
	Elapsed float64
}

// tally is what became of the tests.
type tally struct {
	passed, failed, skipped int
	badSkips                int                         // skipped for another reason than skips allows
	skips                   *regexp.Regexp              // may be nil
	output                  map[string]*strings.Builder // of tests and packages that did not end yet
	perPackage              map[string]int
	badPackages             int
}

// run runs go test with the arguments and says whether all is well.
func run(args []string, skips *regexp.Regexp, least int) (bool, error) {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	t := tally{skips: skips, output: map[string]*strings.Builder{}, perPackage: map[string]int{}}
	if err := t.read(out, os.Stdout); err != nil {
		return false, err
	}
	failed := cmd.Wait()
	fmt.Printf("%d tests passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
	switch {
	case failed != nil || t.failed > 0 || t.badPackages > 0:
		return false, nil
	case t.badSkips > 0:
		fmt.Printf("%d tests that should have run were skipped\n", t.badSkips)
		return false, nil
	case t.passed < least:
		fmt.Printf("%d tests ran, at least %d were expected\n", t.passed, least)
		return false, nil
	}
	return true, nil
}

// read takes the events in and writes to w what a person wants to see of them.
func (t *tally) read(r io.Reader, w io.Writer) error {
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		var e event
		if err := json.Unmarshal(sc.Bytes(), &e); err != nil {
			fmt.Fprintln(w, sc.Text()) // go's own words, as when a package does not build
			continue
		}
		t.take(e, w)
	}
	return sc.Err()
}

func (t *tally) take(e event, w io.Writer) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output", "build-output":
		b := t.output[key]
		if b == nil {
			b = &strings.Builder{}
			t.output[key] = b
		}
		b.WriteString(e.Output)
		if e.Action == "build-output" {
			fmt.Fprint(w, e.Output)
		}
		return
	case "pass", "fail", "skip":
	default:
		return
	}
	text := ""
	if b := t.output[key]; b != nil {
		text = b.String()
	}
	delete(t.output, key)
	if e.Test == "" {
		t.endPackage(e, text, w)
		return
	}
	switch e.Action {
	case "pass":
		t.passed++
		t.perPackage[e.Package]++
	case "fail":
		t.failed++
		fmt.Fprint(w, text)
	case "skip":
		t.skipped++
		if t.skips == nil || !t.skips.MatchString(text) {
			t.badSkips++
			fmt.Fprint(w, text)
		}
	}
}

func (t *tally) endPackage(e event, text string, w io.Writer) {
	if e.Action == "fail" {
		t.badPackages++
		fmt.Fprint(w, text)
		return
	}
	if n := t.perPackage[e.Package]; n > 0 {
		fmt.Fprintf(w, "ok  \t%s\t%.3fs\t%d tests\n", e.Package, e.Elapsed, n)
	}
}

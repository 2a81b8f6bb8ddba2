package enginetest

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// RewriteEnv is the environment variable that makes Golden write what it got
// into the files, when it is set to "rewrite".
const RewriteEnv = "MILLRACE_GOLDEN"

// Golden runs a golden text file: a list of cases, each
//
//	command args
//	input
//	----
//	output
//
// that ends with a blank line. Lines that start with # before a command are
// comments. An output with blank lines in it stands between two lines "----" at
// each end. Input may be empty, and has no last newline when it is given to run; a
// last newline of the output does not matter. Errors are output: run returns
// "error: ...". Each case is a subtest.
//
// Run with MILLRACE_GOLDEN=rewrite to write the outputs into the file.
func Golden(t *testing.T, path string, run func(cmd, args, input string) string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cases, tail, err := parseGolden(string(text))
	if err != nil {
		t.Fatalf("%s:%v", path, err)
	}
	if len(cases) == 0 {
		t.Fatalf("%s: no cases", path)
	}
	rewrite := os.Getenv(RewriteEnv) == "rewrite"
	var out strings.Builder
	for i, c := range cases {
		name := fmt.Sprintf("line%d", c.line)
		t.Run(name, func(t *testing.T) {
			got := strings.TrimSuffix(run(c.cmd, c.args, c.input), "\n")
			if !rewrite && got != c.output {
				t.Errorf("%s:%d: %s\n%s\n-- want\n%s\n-- got\n%s\n%s", path, c.line, c.header, c.input, c.output, got, firstDifference(c.output, got))
			}
			cases[i].output = got
		})
		out.WriteString(cases[i].String())
	}
	if !rewrite {
		return
	}
	out.WriteString(tail)
	if err := os.WriteFile(path, []byte(out.String()), 0o666); err != nil {
		t.Fatal(err)
	}
}

type goldenCase struct {
	line             int
	before           string // comments and blank lines
	header           string
	cmd, args, input string
	output           string
}

// String is the case as it stands in a file.
func (c goldenCase) String() string {
	var b strings.Builder
	b.WriteString(c.before + c.header + "\n")
	if c.input != "" {
		b.WriteString(c.input + "\n")
	}
	fence := "----\n"
	if c.output == "" {
		return b.String() + fence + "\n"
	}
	if strings.Contains("\n"+c.output+"\n", "\n\n") {
		return b.String() + fence + fence + c.output + "\n" + fence + fence + "\n"
	}
	return b.String() + fence + c.output + "\n\n"
}

// parseGolden reads a file's cases and what follows the last one.
func parseGolden(text string) (cases []goldenCase, tail string, err error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for at := 0; at < len(lines); {
		var before []string
		for at < len(lines) && (lines[at] == "" || strings.HasPrefix(lines[at], "#")) {
			before = append(before, lines[at])
			at++
		}
		if at == len(lines) {
			return cases, joinLines(before), nil
		}
		c := goldenCase{line: at + 1, before: joinLines(before), header: lines[at]}
		c.cmd, c.args, _ = strings.Cut(lines[at], " ")
		at++
		var input []string
		for at < len(lines) && lines[at] != "----" {
			input = append(input, lines[at])
			at++
		}
		if at == len(lines) {
			return nil, "", fmt.Errorf("%d: no line ---- after the command %q", c.line, c.header)
		}
		c.input = strings.Join(input, "\n")
		if c.output, at, err = parseOutput(lines, at+1); err != nil {
			return nil, "", fmt.Errorf("%d: %w", c.line, err)
		}
		cases = append(cases, c)
	}
	return cases, "", nil
}

// parseOutput reads the output that begins at a line, and the blank line after
// it.
func parseOutput(lines []string, at int) (string, int, error) {
	fenced := at < len(lines) && lines[at] == "----"
	if fenced {
		at++
	}
	from := at
	for at < len(lines) {
		if !fenced && lines[at] == "" {
			return strings.Join(lines[from:at], "\n"), at + 1, nil
		}
		if fenced && lines[at] == "----" && at+1 < len(lines) && lines[at+1] == "----" {
			end := at + 2
			if end < len(lines) && lines[end] == "" {
				end++
			}
			return strings.Join(lines[from:at], "\n"), end, nil
		}
		at++
	}
	if fenced {
		return "", at, fmt.Errorf("the output has no two lines ---- at its end")
	}
	return strings.Join(lines[from:], "\n"), at, nil
}

func joinLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := 0; i < max(len(w), len(g)); i++ {
		a, b := lineAt(w, i), lineAt(g, i)
		if a != b {
			return fmt.Sprintf("-- first difference, line %d:\nwant %s\ngot  %s", i+1, a, b)
		}
	}
	return ""
}

func lineAt(lines []string, i int) string {
	if i >= len(lines) {
		return "(no line)"
	}
	return fmt.Sprintf("%q", lines[i])
}

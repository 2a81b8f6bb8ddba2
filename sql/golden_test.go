package sql

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v14/arrow"
)

// A golden file is a list of cases: a command, input lines, ----, the output
// and an empty line. Lines before the first command that begin with # are kept.
// MILLRACE_GOLDEN=rewrite writes what comes out.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("../testdata/sql/*.golden.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".golden.txt"), func(t *testing.T) { runGolden(t, file) })
	}
}

type goldenCase struct{ command, input, output string }

func runGolden(t *testing.T, file string) {
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	header, cases := splitGolden(t, string(raw))
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	var b strings.Builder
	b.WriteString(header)
	rewrite := os.Getenv("MILLRACE_GOLDEN") == "rewrite"
	for _, c := range cases {
		got := strings.TrimRight(runCase(t, c), "\n")
		if !rewrite && got != c.output {
			t.Errorf("%s %s\ngot:\n%s\nwant:\n%s", c.command, c.input, got, c.output)
		}
		fmt.Fprintf(&b, "\n%s\n%s\n----\n%s\n", c.command, c.input, got)
	}
	if rewrite {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func splitGolden(t *testing.T, text string) (header string, cases []goldenCase) {
	lines := strings.Split(text, "\n")
	i := 0
	for i < len(lines) && strings.HasPrefix(lines[i], "#") {
		header += lines[i] + "\n"
		i++
	}
	for {
		for i < len(lines) && lines[i] == "" {
			i++
		}
		if i == len(lines) {
			return header, cases
		}
		c := goldenCase{command: lines[i]}
		i++
		start := i
		for i < len(lines) && lines[i] != "----" {
			i++
		}
		if i == len(lines) {
			t.Fatalf("case %q has no ----", c.command)
		}
		c.input = strings.Join(lines[start:i], "\n")
		i++
		start = i
		for i < len(lines) && lines[i] != "" {
			i++
		}
		c.output = strings.Join(lines[start:i], "\n")
		cases = append(cases, c)
	}
}

// runCase runs a command: script (each statement, errors included), spans (the
// text of each node), expr, name (the derived column name), type and schema.
// Words after script are name=value variables.
func runCase(t *testing.T, c goldenCase) string {
	command, args, _ := strings.Cut(c.command, " ")
	switch command {
	case "script":
		return runScript(c.input, args, dump)
	case "spans":
		return runScript(c.input, args, func(node any) string {
			d := &dumper{texts: c.input}
			d.value("", reflect.ValueOf(node), 0)
			return d.b.String()
		})
	case "expr":
		return perLine(c.input, func(line string) string {
			e, err := ParseExpr(line)
			return orError(dump(e), err)
		})
	case "name":
		return perLine(c.input, func(line string) string {
			e, err := ParseExpr(line)
			if err != nil {
				return err.Error()
			}
			return line + " -> " + Text(e)
		})
	case "type", "schema":
		parse := ParseType
		if command == "schema" {
			parse = ParseSchema
		}
		return perLine(c.input, func(line string) string {
			dt, err := parse(line)
			if err != nil {
				return err.Error()
			}
			return TypeName(dt) + " | " + TypeSQL(dt) + notNulls(dt)
		})
	}
	t.Fatalf("unknown command %q", command)
	return ""
}

func orError(s string, err error) string {
	if err != nil {
		return err.Error()
	}
	return s
}

// perLine joins what f makes of each line.
func perLine(input string, f func(string) string) string {
	var out []string
	for _, line := range strings.Split(input, "\n") {
		out = append(out, strings.TrimRight(f(line), "\n"))
	}
	return strings.Join(out, "\n")
}

// notNulls names the top-level fields that are not nullable.
func notNulls(dt arrow.DataType) string {
	st, ok := dt.(*arrow.StructType)
	if !ok {
		return ""
	}
	var out string
	for _, f := range st.Fields() {
		if !f.Nullable {
			out += " not-null:" + f.Name
		}
		for i, key := range f.Metadata.Keys() {
			out += " " + key + ":" + f.Metadata.Values()[i]
		}
	}
	return out
}

func runScript(input, args string, show func(any) string) string {
	vars := map[string]string{}
	for _, arg := range strings.Fields(args) {
		name, value, _ := strings.Cut(arg, "=")
		vars[name] = value
	}
	names := func() []string {
		var out []string
		for name := range vars {
			out = append(out, name)
		}
		sort.Strings(out)
		return out
	}
	s := NewScript(&Source{Name: "queries/x.sql", Text: input})
	var b strings.Builder
	for {
		stmt, err := s.Next(func(name string) (string, bool) { v, ok := vars[name]; return v, ok }, names)
		if err == io.EOF {
			return b.String()
		}
		if err != nil {
			b.WriteString(err.Error() + "\n")
			continue
		}
		if set, ok := stmt.(*Set); ok && set.HasValue {
			vars[set.Name] = set.Value // as a session does: a SET before counts
		}
		b.WriteString(show(stmt))
	}
}

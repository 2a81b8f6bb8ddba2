package enginetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goldenText = `# A comment.

upper of words
one
two
----
ONE
TWO

nothing
----

blank
a
----
----
A

B
----
----

last
x
----
X

# The end.
`

func TestGoldenCases(t *testing.T) {
	cases, tail, err := parseGolden(goldenText)
	if err != nil {
		t.Fatal(err)
	}
	want := []goldenCase{
		{cmd: "upper", args: "of words", input: "one\ntwo", output: "ONE\nTWO"},
		{cmd: "nothing"},
		{cmd: "blank", input: "a", output: "A\n\nB"},
		{cmd: "last", input: "x", output: "X"},
	}
	if len(cases) != len(want) {
		t.Fatalf("%d cases, want %d", len(cases), len(want))
	}
	var back strings.Builder
	for i, c := range cases {
		w := want[i]
		if c.cmd != w.cmd || c.args != w.args || c.input != w.input || c.output != w.output {
			t.Errorf("case %d: %+v", i, c)
		}
		back.WriteString(c.String())
	}
	back.WriteString(tail)
	if back.String() != goldenText {
		t.Errorf("written back:\n%s", back.String())
	}
}

func TestGoldenFaults(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"cmd\ninput\n", "1: no line ----"},
		{"cmd\n----\n----\nout\n", "1: the output has no two lines"},
	} {
		if _, _, err := parseGolden(c.text); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: %v", c.text, err)
		}
	}
}

func TestGoldenRewrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "upper.txt")
	if err := os.WriteFile(path, []byte("# c\nupper\na\n\nb\n----\nold\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv(RewriteEnv, "rewrite")
	upper := func(_, _, input string) string { return strings.ToUpper(input) }
	Golden(t, path, upper)
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := "# c\nupper\na\n\nb\n----\n----\nA\n\nB\n----\n----\n\n"; string(got) != want {
		t.Errorf("got %q", got)
	}
	t.Setenv(RewriteEnv, "")
	Golden(t, path, upper)
}

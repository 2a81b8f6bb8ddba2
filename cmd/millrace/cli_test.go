package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestMain lets the test binary stand in for the command: with MILLRACE_AS_COMMAND
// set it is millrace, so that tests run real processes without building one.
func TestMain(m *testing.M) {
	if os.Getenv("MILLRACE_AS_COMMAND") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// command is a millrace process.
func command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), "MILLRACE_AS_COMMAND=1")
	return cmd
}

// ran is what a process left.
type ran struct {
	out, err string
	code     int
}

// run starts millrace with a data directory of its own, unless args name one, and
// waits for its end.
func run(t *testing.T, stdin string, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if !strings.Contains(strings.Join(args, " "), "--data-dir") {
		args = append(args, "--data-dir", t.TempDir())
	}
	cmd := command(ctx, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("millrace %s did not end\n%s\n%s", strings.Join(args, " "), &out, &errs)
	}
	if _, exit := err.(*exec.ExitError); err != nil && !exit {
		t.Fatal(err)
	}
	return ran{out: out.String(), err: errs.String(), code: cmd.ProcessState.ExitCode()}
}

func TestCommandLine(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "iris.sql"), "SELECT ${n:-7} AS n;")
	write(t, filepath.Join(dir, "view.sql"), "CREATE VIEW v AS SELECT 41 AS a")
	write(t, filepath.Join(dir, "use.sql"), "SELECT a + 1 AS b FROM v")
	const all = `SELECT 1 AS a, NULL AS b, '' AS c, CAST('NaN' AS DOUBLE) AS d, CAST('-Infinity' AS FLOAT) AS e, 'x,"y' AS f`
	for name, c := range map[string]struct {
		args       []string
		in         string
		code       int
		out        string   // exactly, unless ""
		outHas     []string // parts of stdout
		errHas     []string // parts of stderr
		noOut      bool
		errIsEmpty bool
	}{
		"version":             {args: []string{"version"}, outHas: []string{"millrace "}, errIsEmpty: true},
		"help":                {args: nil, outHas: []string{"Exit codes: 0 done", "millrace repl", "completion"}},
		"help of run":         {args: []string{"run", "--help"}, outHas: []string{"--idle-timeout", "--available-now", "Ctrl-C", "cat script.sql | millrace run -"}},
		"help of check":       {args: []string{"check", "--help"}, outHas: []string{"exits with 2"}},
		"help of explain":     {args: []string{"explain", "--help"}, outHas: []string{"innermost line"}},
		"help of broker":      {args: []string{"broker", "--help"}, outHas: []string{"kcat", "loopback only"}},
		"unknown command":     {args: []string{"rum"}, code: exitFaulty, noOut: true, errHas: []string{"unknown command rum: did you mean run?"}},
		"a script as command": {args: []string{"x.sql"}, code: exitFaulty, errHas: []string{"did you mean run x.sql?"}},
		"unknown flag":        {args: []string{"run", "--formt", "json"}, code: exitFaulty, errHas: []string{"unknown flag: --formt"}},
		"unknown format":      {args: []string{"run", "--format", "jsn", "-e", "SELECT 1"}, code: exitFaulty, errHas: []string{"--format jsn: one of table, json, csv was expected"}},
		"unknown progress":    {args: []string{"run", "--progress", "all", "-e", "SELECT 1"}, code: exitFaulty, errHas: []string{"auto, plain, json, none"}},
		"define without =":    {args: []string{"run", "-D", "x", "-e", "SELECT 1"}, code: exitFaulty, errHas: []string{"name=value was expected"}},
		"no script":           {args: []string{"run"}, code: exitFaulty, errHas: []string{"no script"}},
		"missing script":      {args: []string{"run", filepath.Join(dir, "irsi.sql")}, code: exitFaulty, errHas: []string{"irsi.sql does not exist: did you mean " + filepath.Join(dir, "iris.sql")}},
		"a folder":            {args: []string{"run", dir}, code: exitFaulty, errHas: []string{"is a directory"}},
		"args to version":     {args: []string{"version", "x"}, code: exitFaulty, errHas: []string{"unknown command"}},
		"default":             {args: []string{"run", "--format", "csv", filepath.Join(dir, "iris.sql")}, out: "n\n7\n"},
		"define":              {args: []string{"run", "--format", "csv", "--define", "n=8", filepath.Join(dir, "iris.sql")}, out: "n\n8\n"},
		"define wins":         {args: []string{"run", "--format", "csv", "-D", "n=8", "-e", "SET n = 9; SELECT ${n} AS n"}, out: "n\n8\n", errHas: []string{"n stays 8"}},
		"several files":       {args: []string{"run", "--format", "csv", filepath.Join(dir, "view.sql"), filepath.Join(dir, "use.sql")}, out: "b\n42\n", errHas: []string{"view v: 1 column"}},
		"stdin":               {args: []string{"run", "--format", "csv", "-"}, in: "SELECT 1 AS a", out: "a\n1\n"},
		"fault in stdin":      {args: []string{"run", "-"}, in: "SELECT\n  upperr('a')", code: exitFaulty, errHas: []string{"<stdin>:2:3: error: there is no function `upperr`", "did you mean `upper`?"}},
		"json":                {args: []string{"run", "--format", "json", "-e", all}, out: `{"a":1,"b":null,"c":"","d":"NaN","e":"-Infinity","f":"x,\"y"}` + "\n", errIsEmpty: true},
		"csv":                 {args: []string{"run", "--format", "csv", "-e", all}, out: "a,b,c,d,e,f\n1,,\"\",NaN,-Infinity,\"x,\"\"y\"\n", errIsEmpty: true},
		"table": {args: []string{"run", "-e", "SELECT 1 AS a, NULL AS b, 'x' AS c"}, errIsEmpty: true,
			out: "+---+------+---+\n| a | b    | c |\n+---+------+---+\n| 1 | NULL | x |\n+---+------+---+\n(1 row)\n"},
		"json describe": {args: []string{"run", "--format", "json", "-e", "DESCRIBE SELECT 1 AS a, named_struct('a', 1, 'b', array('x')) AS s"},
			out: `{"col_name":"a","data_type":"int"}` + "\n" + `{"col_name":"s","data_type":"struct<a:int,b:array<string>>"}` + "\n"},
		"json describe table": {args: []string{"run", "--format", "json", "-e", "CREATE VIEW v AS SELECT 1.5D AS x; DESCRIBE v"},
			out: `{"col_name":"x","data_type":"double"}` + "\n", errHas: []string{"view v"}},
		"json, only rows": {args: []string{"run", "--format", "json", "-e", "SET a = 1; CREATE TABLE m USING memory; INSERT INTO m SELECT 1 AS a; SELECT * FROM m"},
			out: `{"a":1}` + "\n", errHas: []string{"a = 1", "1 row written to m", "m: memory (1 row in this run)"}},
		"all faults at once": {args: []string{"run", "-e", "SELEC 1; SELECT x FROM bar; CREATE TABLE t USING jsn; SELECT ${q}"}, code: exitFaulty, noOut: true,
			errHas: []string{"-e:1:1", "did you mean SELECT?", "-e:1:24", "`bar`", "unknown connector jsn", "did you mean json?", "variable `q` is not defined"}},
		"nothing starts": {args: []string{"run", "-e", "SELECT 1; SELECT nosuch(1)"}, code: exitFaulty, noOut: true, errHas: []string{"`nosuch`"}},
		"check":          {args: []string{"check", "-e", "SELECT 1"}, out: "-e: no faults found\n"},
		"check fails":    {args: []string{"check", "-e", "SELECT 1; SELECT zz"}, code: exitFaulty, noOut: true, errHas: []string{"-e:1:18", "^~"}},
		"explain":        {args: []string{"explain", "-e", "SELECT 1 + 1 AS x"}, outHas: []string{"-- SELECT 1 + 1 AS x", "Project [2 AS x#1]"}},
		"extended":       {args: []string{"explain", "--extended", "-e", "SELECT 1 + 1 AS x"}, outHas: []string{"(1 + 1) AS x", "2 AS x"}},
		"fails":          {args: []string{"run", "-e", "CREATE TABLE t (a INT) USING csv OPTIONS (path = '" + dir + "', mode = 'FAILFAST'); SELECT * FROM t"}, code: exitFailed, errHas: []string{"error: "}},
		"bash":           {args: []string{"completion", "bash"}, outHas: []string{"bash completion"}},
		"zsh":            {args: []string{"completion", "zsh"}, outHas: []string{"#compdef millrace"}},
		"fish":           {args: []string{"completion", "fish"}, outHas: []string{"fish completion"}},
		"complete value": {args: []string{"__complete", "run", "--data-dir", "x", "--format", ""}, outHas: []string{"table\njson\ncsv\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := run(t, c.in, c.args...)
			if got.code != c.code {
				t.Errorf("exit code %d, want %d", got.code, c.code)
			}
			if c.out != "" && got.out != c.out || c.noOut && got.out != "" {
				t.Errorf("stdout %q, want %q", got.out, c.out)
			}
			if c.errIsEmpty && got.err != "" {
				t.Errorf("stderr %q, want nothing", got.err)
			}
			for _, s := range c.outHas {
				if !strings.Contains(got.out, s) {
					t.Errorf("stdout misses %q:\n%s", s, got.out)
				}
			}
			for _, s := range c.errHas {
				if !strings.Contains(got.err, s) {
					t.Errorf("stderr misses %q:\n%s", s, got.err)
				}
			}
			if strings.Contains(got.err, "goroutine ") {
				t.Errorf("a stack trace:\n%s", got.err)
			}
		})
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// counterScript counts what comes to a topic into a folder.
const counterScript = `
CREATE STREAM numbers USING kafka OPTIONS ('kafka.bootstrap.servers' = 'embedded', subscribe = 'numbers', startingOffsets = 'earliest');
CREATE TABLE out USING json OPTIONS (path = '${data_dir}/out');
CREATE QUERY copy OPTIONS (checkpointLocation = '${data_dir}/checkpoint') AS INSERT INTO out SELECT CAST(value AS STRING) AS v FROM numbers;
`

const produceThree = "INSERT INTO numbers SELECT CAST(id AS STRING) AS value FROM VALUES (1), (2), (3) AS t(id);"

// TestRunTwice runs a script twice on one data directory: it goes on from its
// checkpoint, and says what it did.
func TestRunTwice(t *testing.T) {
	dir := t.TempDir()
	script := counterScript + produceThree + "AWAIT ALL AVAILABLE; SELECT count(*) AS n FROM out;"
	for i, want := range []string{"| 3 |", "| 6 |"} {
		got := run(t, script, "run", "--data-dir", dir, "--idle-timeout", "100ms", "--progress", "plain", "-")
		if got.code != exitDone {
			t.Fatalf("exit code %d\n%s", got.code, got.err)
		}
		lines := []string{"stream numbers: kafka numbers, 7 columns", "embedded broker on 127.0.0.1:", "query copy started: numbers -> out; checkpoint ",
			"3 rows written to numbers", "all available rows are done: copy (3 in, 3 out)", want, "out: " + filepath.Join(dir, "out") + " (3 rows in this run)"}
		checkOrder(t, got.out, lines)
		final := regexp.MustCompile(`(?m)^copy: 3 rows in, 3 out.*, lag 0, epoch \d$`)
		if n := len(final.FindAllString(got.err, -1)); n != 1 {
			t.Errorf("run %d: the last progress stands %d times on stderr:\n%s", i, n, got.err)
		}
	}
}

// checkOrder checks that parts follow one another in a text.
func checkOrder(t *testing.T, text string, parts []string) {
	t.Helper()
	rest := text
	for _, p := range parts {
		_, after, ok := strings.Cut(rest, p)
		if !ok {
			t.Fatalf("%q is missing, or not in its place, in:\n%s", p, text)
		}
		rest = after
	}
}

// TestProgress checks what --progress shows.
func TestProgress(t *testing.T) {
	script := counterScript + produceThree + "AWAIT ALL AVAILABLE;"
	got := run(t, script, "run", "--idle-timeout", "100ms", "--progress", "json", "-")
	n := 0
	for line := range strings.Lines(got.err) {
		var p struct {
			Name         string
			BatchID      int64
			NumInputRows int64
			Sources      []any
		}
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if p.Name == "copy" && p.NumInputRows > 0 && len(p.Sources) == 1 {
			n++
		}
	}
	if n == 0 || got.code != exitDone {
		t.Errorf("no progress of the query, exit code %d:\n%s", got.code, got.err)
	}
	if got = run(t, script, "run", "--idle-timeout", "100ms", "--progress", "none", "-"); got.err != "" || got.code != exitDone {
		t.Errorf("exit code %d, stderr %q, want nothing", got.code, got.err)
	}
}

// TestAvailableNow ends when everything that was there is done.
func TestAvailableNow(t *testing.T) {
	dir := t.TempDir()
	run(t, "CREATE STREAM numbers USING kafka OPTIONS ('kafka.bootstrap.servers' = 'embedded', subscribe = 'numbers');"+produceThree, "run", "--data-dir", dir, "-")
	got := run(t, counterScript, "run", "--data-dir", dir, "--available-now", "-")
	if got.code != exitDone || !strings.Contains(got.out, "(3 rows in this run)") {
		t.Errorf("exit code %d\n%s\n%s", got.code, got.out, got.err)
	}
}

// TestFailedQuery: one message, with the query, the epoch and its offsets, and
// exit code 1.
func TestFailedQuery(t *testing.T) {
	script := strings.Replace(counterScript, "CAST(value AS STRING) AS v", "from_json(CAST(value AS STRING), 'a INT', map('mode', 'FAILFAST')) AS v", 1) +
		"INSERT INTO numbers SELECT '{broken' AS value; AWAIT ALL AVAILABLE; SELECT 1;"
	got := run(t, script, "run", "--idle-timeout", "5s", "-")
	if got.code != exitFailed {
		t.Errorf("exit code %d, want %d", got.code, exitFailed)
	}
	if n := strings.Count(got.err, "query copy, epoch 0 (numbers/0 offsets 0 to 1)"); n != 1 {
		t.Errorf("the failure is told %d times:\n%s", n, got.err)
	}
	if strings.Contains(got.err, "goroutine") || strings.Contains(got.out, "(1 row)") {
		t.Errorf("%s\n%s", got.out, got.err)
	}
}

// live is a process that runs while the test looks at it.
type live struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	lines  chan string // of stdout and stderr
	closed chan struct{}
}

func start(t *testing.T, args ...string) *live {
	t.Helper()
	l := &live{cmd: command(t.Context(), args...), lines: make(chan string, 1000), closed: make(chan struct{})}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	l.cmd.Stdout, l.cmd.Stderr = w, w
	if l.stdin, err = l.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	t.Cleanup(func() { _ = l.cmd.Process.Kill() })
	go func() {
		defer close(l.closed)
		defer r.Close()
		for s := bufio.NewScanner(r); s.Scan(); {
			l.lines <- s.Text()
		}
	}()
	return l
}

// await waits for a line that has a part, and gives it.
func (l *live) await(t *testing.T, part string) string {
	t.Helper()
	timeout := time.After(30 * time.Second)
	var seen []string
	for {
		select {
		case line := <-l.lines:
			if seen = append(seen, line); strings.Contains(line, part) {
				return line
			}
		case <-l.closed:
			t.Fatalf("the process ended without %q:\n%s", part, strings.Join(seen, "\n"))
		case <-timeout:
			t.Fatalf("no %q in time:\n%s", part, strings.Join(seen, "\n"))
		}
	}
}

func (l *live) signal(t *testing.T) {
	t.Helper()
	if err := l.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
}

// end waits for the process's end and gives its exit code.
func (l *live) end(t *testing.T) int {
	t.Helper()
	select {
	case <-l.closed:
	case <-time.After(30 * time.Second):
		t.Fatal("the process does not end")
	}
	_ = l.cmd.Wait()
	return l.cmd.ProcessState.ExitCode()
}

// TestInterrupt: a first Ctrl-C ends at an epoch's end, and what came before is
// in the folder; the next run goes on.
func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "s.sql"), counterScript)
	l := start(t, "run", "--data-dir", dir, "--progress", "plain", filepath.Join(dir, "s.sql"))
	addr := brokerAddr(t, l.await(t, "embedded broker on "))
	l.await(t, "query copy started")
	produce(t, addr, "numbers", "a", "b")
	l.await(t, "copy: 2 rows in, 2 out")
	l.signal(t)
	l.await(t, "stopping when the epoch under way is done")
	l.await(t, "(2 rows in this run)")
	if code := l.end(t); code != exitDone {
		t.Errorf("exit code %d", code)
	}
	got := run(t, counterScript+produceThree+"AWAIT ALL AVAILABLE; SELECT count(*) AS n FROM out;", "run", "--data-dir", dir, "--idle-timeout", "100ms", "-")
	if !strings.Contains(got.out, "| 5 |") {
		t.Errorf("the second run:\n%s\n%s", got.out, got.err)
	}
}

// TestInterruptAway: a batch INSERT that waits for a broker does not hold up the
// first Ctrl-C, and the exit code tells that its rows were not written.
func TestInterruptAway(t *testing.T) {
	l := start(t, "run", "--progress", "plain", "--data-dir", t.TempDir(), "-e",
		"CREATE TABLE s USING kafka OPTIONS ('kafka.bootstrap.servers' = '127.0.0.1:1', topic = 's'); INSERT INTO s SELECT 'x' AS value")
	l.await(t, "broker 127.0.0.1:1 is away")
	l.signal(t)
	l.await(t, "stopping when the epoch under way is done")
	if code := l.end(t); code != exitCut {
		t.Errorf("exit code %d", code)
	}
}

// TestInterruptTwice: a second Ctrl-C ends at once an epoch that does not end.
func TestInterruptTwice(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "s.sql"), counterScript+produceThree)
	cmd := command(t.Context(), "run", "--data-dir", dir, filepath.Join(dir, "s.sql"))
	trace := filepath.Join(dir, "trace")
	cmd.Env = append(cmd.Env, "MILLRACE_CRASH_TRACE="+trace, "MILLRACE_CRASH_PAUSE=1h")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	waitFor(t, func() bool { b, _ := os.ReadFile(trace); return strings.Contains(string(b), "epoch planned") })
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for range 2 {
		select {
		case <-ended:
			t.Fatalf("ended after one Ctrl-C:\n%s", &out)
		case <-time.After(200 * time.Millisecond): // two signals at once would be one
		}
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Fatal("a second Ctrl-C does not end it")
	}
	if !strings.Contains(out.String(), "stopped at once") || cmd.ProcessState.ExitCode() != exitFailed {
		t.Errorf("exit code %d:\n%s", cmd.ProcessState.ExitCode(), &out)
	}
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for tick, timeout := time.NewTicker(5*time.Millisecond), time.After(30*time.Second); !ok(); {
		select {
		case <-tick.C:
		case <-timeout:
			t.Fatal("waited in vain")
		}
	}
}

func brokerAddr(t *testing.T, line string) string {
	t.Helper()
	addr := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(line)
	if addr == "" {
		t.Fatalf("no address in %q", line)
	}
	return addr
}

func produce(t *testing.T, addr, topic string, values ...string) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.AllowAutoTopicCreation(), kgo.DefaultProduceTopic(topic))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for _, v := range values {
		if err := cl.ProduceSync(t.Context(), kgo.StringRecord(v)).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestBroker: other clients use the broker while it runs, a second process on its
// directory is told so, and a script reaches it by its address.
func TestBroker(t *testing.T) {
	dir := t.TempDir()
	l := start(t, "broker", "--data-dir", dir)
	addr := brokerAddr(t, l.await(t, "broker on "))
	produce(t, addr, "numbers", "x", "y")
	for _, args := range [][]string{{"broker"}, {"run", "-e", counterScript}} {
		got := run(t, "", append(args, "--data-dir", dir)...)
		if got.code != exitFailed || !strings.Contains(got.err, "is in use by process") || !strings.Contains(got.err, "another data directory") {
			t.Errorf("%v on a directory in use: exit code %d\n%s", args, got.code, got.err)
		}
	}
	got := run(t, "CREATE STREAM n USING kafka OPTIONS ('kafka.bootstrap.servers' = '${b}', subscribe = 'numbers', startingOffsets = 'earliest');"+
		"SELECT CAST(value AS STRING) AS v, partition, offset FROM n LIMIT 2;", "run", "--format", "csv", "-D", "b="+addr, "-")
	if got.out != "v,partition,offset\nx,0,0\ny,0,1\n" || got.code != exitDone {
		t.Errorf("exit code %d\n%s\n%s", got.code, got.out, got.err)
	}
	l.signal(t)
	if code := l.end(t); code != exitDone {
		t.Errorf("exit code %d of the broker", code)
	}
}

// TestFollow: a SELECT over a stream shows rows as they come, until Ctrl-C or
// until nothing came for --idle-timeout.
func TestFollow(t *testing.T) {
	const script = "CREATE STREAM n USING kafka OPTIONS ('kafka.bootstrap.servers' = 'embedded', subscribe = 'n', startingOffsets = 'earliest'); SELECT CAST(value AS STRING) AS v FROM n;"
	l := start(t, "run", "--format", "json", "--data-dir", t.TempDir(), "-e", script)
	addr := brokerAddr(t, l.await(t, "embedded broker on "))
	for _, v := range []string{"a", "b"} {
		produce(t, addr, "n", v)
		l.await(t, `{"v":"`+v+`"}`)
	}
	l.signal(t)
	if code := l.end(t); code != exitDone {
		t.Errorf("exit code %d", code)
	}
	got := run(t, strings.Replace(script, "SELECT", "INSERT INTO n SELECT 'c' AS value; SELECT", 1), "run", "--format", "json", "--idle-timeout", "200ms", "-")
	if got.out != `{"v":"c"}`+"\n" || got.code != exitDone {
		t.Errorf("exit code %d\n%s\n%s", got.code, got.out, got.err)
	}
}

// TestRepl drives the prompt through pipes: statements of several lines, errors
// that leave the prompt standing, Ctrl-C in a SELECT over a stream, the end of
// the input.
func TestRepl(t *testing.T) {
	dir := t.TempDir()
	l := start(t, "repl", "--format", "csv", "--data-dir", dir)
	say := func(s string) {
		if _, err := io.WriteString(l.stdin, s+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	say("SELECT 1 AS a,\n  'x;y' AS b\n;")
	l.await(t, "1,x;y")
	say("SELEC 1;")
	l.await(t, "did you mean SELECT?")
	say("help")
	l.await(t, "leave")
	say("CREATE STREAM n USING kafka OPTIONS ('kafka.bootstrap.servers' = 'embedded', subscribe = 'n', startingOffsets = 'earliest'); INSERT INTO n SELECT 'hello' AS value;")
	l.await(t, "1 row written to n")
	say("SELECT CAST(value AS STRING) AS v FROM n;")
	l.await(t, "hello")
	l.signal(t)
	say("CREATE TABLE r USING memory; INSERT INTO r SELECT from_json(CAST(value AS STRING), 'a INT', map('mode', 'FAILFAST')) AS v FROM n;")
	l.await(t, "query r started")
	say("AWAIT QUERY r;")
	l.await(t, "query r, epoch 0")
	say("SHOW QUERIES;")
	l.await(t, "r,failed")
	say("SELECT 5 AS last;")
	l.await(t, "5")
	if err := l.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if code := l.end(t); code != exitDone {
		t.Errorf("exit code %d", code)
	}
	b, err := os.ReadFile(filepath.Join(dir, "history"))
	if err != nil || !strings.Contains(string(b), "SELECT 1 AS a,   'x;y' AS b ;\n") {
		t.Errorf("history: %v\n%s", err, b)
	}
}

package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace-sql/millrace/engine"
)

// app is the command line's settings and streams.
type app struct {
	in       io.Reader
	out, err io.Writer

	define       []string
	dataDir      string
	format       string
	idleTimeout  time.Duration
	availableNow bool
	progress     string
	workers      int
	brokerPort   int
	verbose      bool
}

const rootLong = `millrace runs streaming SQL over Kafka in one process: Spark SQL's dialect and semantics,
PMML and Spark ML models scored in process, files written exactly once.

Start with a script, or with the prompt:

  millrace run --idle-timeout 3s queries/iris.sql
  millrace repl

Rows go to stdout, progress and errors to stderr. Exit codes: 0 done, 1 a query failed, 2 a script (or the
command line) is faulty and nothing of it was started, 130 Ctrl-C cut a SELECT or INSERT over bounded inputs short.`

// newRoot makes the command line, and the settings that it fills.
func newRoot(in io.Reader, out, errw io.Writer) (*cobra.Command, *app) {
	a := &app{in: in, out: out, err: errw}
	root := &cobra.Command{
		Use:           "millrace",
		Short:         "Streaming SQL over Kafka with models, in one binary",
		Long:          rootLong,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          usageArgs(knownCommand),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },

		SuggestionsMinimumDistance: 2,
	}
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errw)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	f := root.PersistentFlags()
	f.StringArrayVarP(&a.define, "define", "D", nil, "set a variable for ${name}: `name=value`; wins over SET")
	f.StringVar(&a.dataDir, "data-dir", "millrace-data", "where the embedded broker, checkpoints and ${data_dir} live")
	f.StringVar(&a.format, "format", "table", "how rows are printed: table, json or csv")
	f.StringVar(&a.progress, "progress", "auto", "progress of running queries, on stderr: auto, plain, json or none")
	f.IntVar(&a.workers, "workers", 0, "goroutines that compute, for each query (0: one a processor)")
	f.IntVar(&a.brokerPort, "broker-port", 0, "the embedded broker's port on 127.0.0.1 (0: the one of last time, or any)")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "log what the engine does, on stderr")
	root.AddCommand(a.runCommand(), a.checkCommand(), a.explainCommand(), a.replCommand(), a.brokerCommand(), a.serveCommand(), a.scoreCommand(), a.versionCommand())
	completeValues(root, "format", "table", "json", "csv")
	completeValues(root, "progress", "auto", "plain", "json", "none")
	return root, a
}

// knownCommand refuses a word that is no command and names the nearest ones.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	near := cmd.SuggestionsFor(args[0])
	if len(near) == 0 && strings.HasSuffix(args[0], ".sql") {
		near = []string{"run " + args[0]}
	}
	if len(near) == 0 {
		return fmt.Errorf("unknown command %s", args[0])
	}
	return fmt.Errorf("unknown command %s: did you mean %s?", args[0], strings.Join(near, " or "))
}

// usageArgs makes a wrong argument a fault in the command line.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}

func completeValues(cmd *cobra.Command, flag string, values ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// validate refuses flag values that do not exist.
func (a *app) validate() error {
	for _, c := range []struct {
		flag, value string
		known       []string
	}{
		{"format", a.format, []string{"table", "json", "csv"}},
		{"progress", a.progress, []string{"auto", "plain", "json", "none"}},
	} {
		if !slices.Contains(c.known, c.value) {
			return usageError{fmt.Errorf("--%s %s: one of %s was expected", c.flag, c.value, strings.Join(c.known, ", "))}
		}
	}
	switch {
	case a.workers < 0:
		return usageError{fmt.Errorf("--workers %d: 0 or more was expected", a.workers)}
	case a.brokerPort < 0 || a.brokerPort > 65535:
		return usageError{fmt.Errorf("--broker-port %d: 0 to 65535 was expected", a.brokerPort)}
	case a.idleTimeout < 0:
		return usageError{fmt.Errorf("--idle-timeout %v: 0 or more was expected", a.idleTimeout)}
	}
	return nil
}

// variables reads --define.
func (a *app) variables() (map[string]string, error) {
	vars := map[string]string{}
	for _, d := range a.define {
		name, value, ok := strings.Cut(d, "=")
		if !ok || name == "" {
			return nil, usageError{fmt.Errorf("--define %s: name=value was expected", d)}
		}
		vars[name] = value
	}
	return vars, nil
}

// open makes the engine that the flags ask for.
func (a *app) open(listener func(engine.Event)) (*engine.Engine, error) {
	if err := a.validate(); err != nil {
		return nil, err
	}
	vars, err := a.variables()
	if err != nil {
		return nil, err
	}
	hook, err := crashHook(os.Getenv)
	if err != nil {
		return nil, err
	}
	level := slog.LevelWarn
	if a.verbose {
		level = slog.LevelDebug
	}
	return engine.Open(engine.Config{
		DataDir:      filepath.Clean(a.dataDir),
		Variables:    vars,
		Workers:      a.workers,
		BrokerPort:   a.brokerPort,
		AvailableNow: a.availableNow,
		Listener:     listener,
		Logger:       slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level})),
		Hook:         hook,
	})
}

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// scripts reads the scripts that a command was given: files, - for stdin, and -e.
func (a *app) scripts(files, inline []string) ([]*sql.Source, error) {
	var srcs []*sql.Source
	for _, f := range files {
		text, err := a.readScript(f)
		if err != nil {
			return nil, err
		}
		name := f
		if f == "-" {
			name = "<stdin>"
		}
		srcs = append(srcs, &sql.Source{Name: name, Text: text})
	}
	for _, e := range inline {
		srcs = append(srcs, &sql.Source{Name: "-e", Text: e})
	}
	if len(srcs) == 0 {
		return nil, usageError{fmt.Errorf("no script: name a file, - for stdin, or give -e 'SQL'")}
	}
	return srcs, nil
}

func (a *app) readScript(name string) (string, error) {
	if name == "-" {
		b, err := io.ReadAll(a.in)
		return string(b), err
	}
	b, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", usageError{missingScript(name)}
	case err != nil:
		return "", usageError{fmt.Errorf("script %s: %w", name, errors.Unwrap(err))}
	}
	return string(b), nil
}

// missingScript names the nearest script of the same folder.
func missingScript(name string) error {
	dir := filepath.Dir(name)
	names, _ := filepath.Glob(filepath.Join(dir, "*.sql"))
	for i, n := range names {
		names[i] = filepath.Base(n)
	}
	if near := catalog.Nearest(filepath.Base(name), names); near != "" {
		return fmt.Errorf("script %s does not exist: did you mean %s?", name, filepath.Join(dir, near))
	}
	return fmt.Errorf("script %s does not exist; give SQL itself with -e", name)
}

// sqlFiles completes arguments with files that end in .sql.
func sqlFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"sql"}, cobra.ShellCompDirectiveFilterFileExt
}

func (a *app) checkCommand() *cobra.Command {
	var inline []string
	cmd := &cobra.Command{
		Use:               "check FILE.sql...",
		Short:             "Find what is wrong in scripts without running them",
		Example:           "  millrace check queries/iris.sql\n  millrace check -D brokers=kafka:9092 queries/*.sql",
		Long:              "Check finds all that can be found without running: syntax, names, types, models, options, files that\nmust exist. It reports every fault with its place and exits with 2 if there is one.",
		ValidArgsFunction: sqlFiles,
		RunE: func(cmd *cobra.Command, files []string) error {
			srcs, err := a.scripts(files, inline)
			if err != nil {
				return err
			}
			e, err := a.open(nil)
			if err != nil {
				return err
			}
			defer e.Close()
			if err := e.CheckSource(cmd.Context(), srcs...); err != nil {
				return err
			}
			for _, s := range srcs {
				fmt.Fprintf(a.out, "%s: no faults found\n", s.Name)
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVarP(&inline, "execute", "e", nil, "check this `SQL`")
	return cmd
}

func (a *app) explainCommand() *cobra.Command {
	var inline []string
	var extended bool
	cmd := &cobra.Command{
		Use:   "explain FILE.sql...",
		Short: "Show the plan of every query of scripts without running them",
		Long: "Explain shows how each SELECT and INSERT would run, after the optimiser: what a scan reads and parses, which\n" +
			"columns a join compares, what was computed beforehand. Read a plan from the innermost line outwards.",
		Example:           "  millrace explain queries/iris.sql\n  millrace explain --extended -e 'SELECT 1 + 1'",
		ValidArgsFunction: sqlFiles,
		RunE: func(cmd *cobra.Command, files []string) error {
			srcs, err := a.scripts(files, inline)
			if err != nil {
				return err
			}
			e, err := a.open(nil)
			if err != nil {
				return err
			}
			defer e.Close()
			for _, s := range srcs {
				plans, err := e.ExplainSource(cmd.Context(), s, extended)
				if err != nil {
					return err
				}
				for _, p := range plans {
					fmt.Fprintf(a.out, "-- %s\n%s\n", p.Statement, p.Plan)
				}
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVarP(&inline, "execute", "e", nil, "explain this `SQL`")
	cmd.Flags().BoolVar(&extended, "extended", false, "show the plan before optimisation too")
	return cmd
}

func (a *app) brokerCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "broker",
		Short:   "Run the embedded Kafka broker alone, until Ctrl-C",
		Long:    "Broker runs the embedded broker over the data directory, so that any Kafka client can use it. It is for\ndevelopment on one machine: one node, loopback only, no replication. Scripts reach it with its address,\nor start it themselves with 'kafka.bootstrap.servers' = 'embedded'.",
		Example: "  millrace broker --broker-port 9092\n  kcat -b 127.0.0.1:9092 -P -t iris\n  millrace run -D brokers=127.0.0.1:9092 queries/iris.sql",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			e, err := a.open(nil)
			if err != nil {
				return err
			}
			defer e.Close()
			addr, err := e.StartBroker(cmd.Context())
			if err != nil {
				return err
			}
			fmt.Fprintf(a.out, "broker on %s, data in %s; Ctrl-C ends it\n", addr, a.dataDir)
			waitForSignal(cmd.Context())
			return nil
		},
	}
}

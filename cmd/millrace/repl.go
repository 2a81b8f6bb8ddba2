package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/peterh/liner"
	"github.com/spf13/cobra"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine"
	"github.com/millrace-sql/millrace/sql"
)

const replLong = `Repl reads statements, which end with a semicolon and may span lines, and shows what they give. Streaming
INSERTs run in the background until the prompt is left. Ctrl-C ends the statement under way; Ctrl-D leaves.`

func (a *app) replCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "repl",
		Short: "Read and run statements at a prompt",
		Long:  replLong,
		Args:  usageArgs(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.repl(cmd.Context()) },
	}
}

// repl runs the prompt.
func (a *app) repl(ctx context.Context) error {
	if a.progress == "auto" && !isTerminal(a.err) {
		a.progress = "none"
	}
	show := newDisplay(a)
	show.pause() // but while a statement runs
	e, err := a.open(show.event)
	if err != nil {
		return err
	}
	defer e.Close()
	show.start()
	defer show.close()
	line := liner.NewLiner()
	defer line.Close()
	line.SetCtrlCAborts(true)
	line.SetMultiLineMode(true)
	line.SetWordCompleter(completer(e))
	history := filepath.Join(a.dataDir, "history")
	loadHistory(line, history)
	defer saveHistory(line, history)
	line.SetTabCompletionStyle(liner.TabPrints)
	first, more := "millrace> ", "       -> "
	if !isTerminal(a.in) { // statements come through a pipe: rows alone go out
		first, more = "", ""
	}
	failed := map[*engine.Query]bool{} // those whose failure was told
	fmt.Fprintf(a.err, "millrace %s. Statements end with a semicolon; \\q or Ctrl-D leaves, help; helps.\n", version())
	for {
		text, err := readStatement(line, first, more)
		switch {
		case errors.Is(err, liner.ErrPromptAborted):
			continue
		case errors.Is(err, io.EOF):
			if isTerminal(a.out) {
				fmt.Fprintln(a.out)
			}
			return a.leave(e, failed)
		case err != nil:
			return err
		}
		switch strings.TrimSuffix(strings.TrimSpace(text), ";") {
		case "":
			continue
		case `\q`, "quit", "exit":
			return a.leave(e, failed)
		case "help":
			fmt.Fprint(a.out, replHelp)
			continue
		}
		remember(line, text)
		err = a.statement(ctx, e, show, text)
		a.reportFailed(e, failed, err)
	}
}

// leave ends the queries that run in the background.
func (a *app) leave(e *engine.Engine, failed map[*engine.Query]bool) error {
	_ = stopAll(e, nil) // a failure is told, and is no failure of the prompt
	a.reportFailed(e, failed, nil)
	return nil
}

// reportFailed tells once of each background query that has failed; told is an
// error that was shown already.
func (a *app) reportFailed(e *engine.Engine, failed map[*engine.Query]bool, told error) {
	for _, q := range e.Queries() {
		err := q.Err()
		if err == nil || failed[q] {
			continue
		}
		if failed[q] = true; !errors.Is(told, err) {
			fmt.Fprintln(a.err, a.errorText(err))
		}
	}
}

// remember puts a statement into the history, as one line where no comment would
// swallow what follows it.
func remember(line *liner.State, text string) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if !strings.Contains(text, "--") {
		lines = []string{strings.Join(lines, " ")}
	}
	for _, l := range lines {
		line.AppendHistory(l)
	}
}

const replHelp = `CREATE STREAM | TABLE | VIEW | MODEL | QUERY ...    define
SELECT ...                                          show rows (over a stream: until Ctrl-C)
INSERT INTO t SELECT ...                            write; over a stream: in the background
SHOW STREAMS | TABLES | VIEWS | MODELS | QUERIES | FUNCTIONS
DESCRIBE name, EXPLAIN statement, STOP QUERY name, AWAIT ALL AVAILABLE
\q                                                  leave
`

// readStatement reads lines until they end a statement, after the prompts first
// and more.
func readStatement(line *liner.State, first, more string) (string, error) {
	prompt, text := first, ""
	for {
		l, err := line.Prompt(prompt)
		if errors.Is(err, io.EOF) && strings.TrimSpace(text+l) != "" {
			return text + l, nil // the last statement needs no semicolon; the end comes again
		}
		if err != nil {
			return "", err
		}
		if text += l + "\n"; sql.Complete(text) || isCommand(text) || strings.TrimSpace(text) == "" {
			return text, nil
		}
		prompt = more
	}
}

// isCommand says whether a line is a word of the prompt's own, which needs no
// semicolon.
func isCommand(text string) bool {
	switch strings.TrimSpace(text) {
	case `\q`, "quit", "exit", "help":
		return true
	}
	return false
}

// statement runs what was typed; Ctrl-C ends it and leaves the prompt. The error
// has been shown.
func (a *app) statement(ctx context.Context, e *engine.Engine, show *display, text string) error {
	show.resume()
	defer show.pause()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ch, stop := signals()
	defer stop()
	go func() {
		select {
		case <-ch:
			cancel()
		case <-ctx.Done():
		}
	}()
	p := newPrinter(a)
	for res, err := range e.RunSource(ctx, &sql.Source{Name: "<repl>", Text: text}) {
		if err == nil {
			err = a.print(ctx, p, show, res)
		}
		if err != nil {
			if ctx.Err() != nil {
				fmt.Fprintln(a.err, "interrupted")
			} else {
				fmt.Fprintln(a.err, a.errorText(err))
			}
			return err
		}
	}
	return nil
}

func loadHistory(line *liner.State, name string) {
	if f, err := os.Open(name); err == nil {
		defer f.Close()
		_, _ = line.ReadHistory(f)
	}
}

func saveHistory(line *liner.State, name string) {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return
	}
	if f, err := os.Create(name); err == nil {
		defer f.Close()
		_, _ = line.WriteHistory(f)
	}
}

// keywords are the words that completion knows beside names.
var keywords = strings.Fields(`SELECT FROM WHERE GROUP BY HAVING ORDER LIMIT JOIN LEFT INNER USING ON AS AND OR NOT NULL IS IN
BETWEEN LIKE CASE WHEN THEN ELSE END CAST CREATE STREAM TABLE VIEW MODEL QUERY OPTIONS INSERT INTO VALUES DROP SHOW
STREAMS TABLES VIEWS MODELS QUERIES FUNCTIONS DESCRIBE EXPLAIN CACHE UNCACHE SET AWAIT ALL AVAILABLE STOP UNION DISTINCT WITH`)

// completer completes the word before the cursor with keywords, relations,
// models and functions.
func completer(e *engine.Engine) liner.WordCompleter {
	return func(line string, pos int) (head string, completions []string, tail string) {
		head, tail = splitAt(line, pos)
		start := strings.LastIndexAny(head, " (),.;'=`") + 1
		word := strings.ToLower(head[start:])
		if word == "" {
			return head, nil, tail
		}
		names := slices.Clone(keywords)
		for _, k := range []catalog.Kind{catalog.Relations, catalog.Models, catalog.Functions} {
			names = append(names, e.Catalog().Names(k)...)
		}
		for _, n := range names {
			if strings.HasPrefix(strings.ToLower(n), word) {
				completions = append(completions, n)
			}
		}
		slices.Sort(completions)
		return head[:start], slices.Compact(completions), tail
	}
}

// splitAt cuts a line before its rune at pos.
func splitAt(line string, pos int) (head, tail string) {
	runes := []rune(line)
	return string(runes[:pos]), string(runes[pos:])
}

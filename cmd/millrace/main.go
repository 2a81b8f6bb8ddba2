package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	_ "time/tzdata" // zones by name work on machines without a zone database

	"github.com/millrace-sql/millrace/engine"
	"github.com/millrace-sql/millrace/sql"
)

// The exit codes.
const (
	exitDone   = 0   // everything was done
	exitFailed = 1   // a query or a command failed
	exitFaulty = 2   // a script or the command line is faulty; nothing was started
	exitCut    = 130 // Ctrl-C cut a SELECT or INSERT over bounded inputs, or score, short, as a shell counts it
)

func main() {
	root, a := newRoot(os.Stdin, os.Stdout, os.Stderr)
	err := root.Execute()
	if err != nil {
		fmt.Fprintln(os.Stderr, a.errorText(err))
	}
	os.Exit(exitCode(err))
}

// usageError is a fault in the command line.
type usageError struct{ error }

// cutShort is an interrupt, with what came of the command in words.
type cutShort string

func (c cutShort) Error() string { return string(c) }

// Unwrap makes it what it is for exitCode.
func (cutShort) Unwrap() error { return context.Canceled }

// exitCode is what the process ends with after err.
func exitCode(err error) int {
	var list sql.ErrorList
	var usage usageError
	var ran *engine.StatementError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &ran) && !errors.Is(err, context.Canceled):
		return exitFailed
	case errors.As(err, &list), errors.As(err, &usage):
		return exitFaulty
	case errors.Is(err, context.Canceled):
		return exitCut
	}
	return exitFailed
}

// errorText is how an error is shown: faults of a script speak for themselves.
// The stack of a panic is for --verbose.
func (a *app) errorText(err error) string {
	var list sql.ErrorList
	var usage usageError
	var panicked *engine.PanicError
	var cut cutShort
	switch {
	case errors.As(err, &cut):
		return "interrupted: " + cut.Error()
	case errors.As(err, &list):
		return list.Error()
	case errors.As(err, &usage):
		return fmt.Sprintf("error: %v\nmillrace --help lists the commands, millrace COMMAND --help the flags of one", err)
	case errors.Is(err, context.Canceled):
		return "interrupted: the statement under way was cut short, what comes after it was not run"
	case errors.As(err, &panicked) && a.verbose:
		return fmt.Sprintf("error: %v\n%s", err, panicked.Stack)
	}
	return "error: " + err.Error()
}

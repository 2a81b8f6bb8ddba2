package main

import (
	"errors"
	"fmt"
	"os"
	_ "time/tzdata" // zones by name work on machines without a zone database

	"github.com/millrace-sql/millrace/sql"
)

// The exit codes.
const (
	exitDone   = 0 // everything was done
	exitFailed = 1 // a query or a command failed
	exitFaulty = 2 // a script or the command line is faulty; nothing was started
)

func main() {
	root := newRoot(os.Stdin, os.Stdout, os.Stderr)
	err := root.Execute()
	if err != nil && !errors.Is(err, errReported) {
		fmt.Fprintln(os.Stderr, errorText(err))
	}
	os.Exit(exitCode(err))
}

// errReported is an error whose text the user has seen.
var errReported = errors.New("reported")

// usageError is a fault in the command line.
type usageError struct{ error }

// exitCode is what the process ends with after err.
func exitCode(err error) int {
	var list sql.ErrorList
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &list), errors.As(err, &usage):
		return exitFaulty
	}
	return exitFailed
}

// errorText is how an error is shown: faults of a script speak for themselves.
func errorText(err error) string {
	var list sql.ErrorList
	if errors.As(err, &list) {
		return list.Error()
	}
	return "error: " + err.Error()
}

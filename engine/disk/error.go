package disk

import (
	"errors"
	"io/fs"
	"strings"
)

// Error is a file operation that did not work, told to a person: what is wrong
// with which path, and what to do about it.
type Error struct {
	// Op is what was tried: open, create, read, write, sync, rename, remove.
	Op   string
	Path string
	// What is wrong ("no permission to write"); "" shows Err instead.
	What string
	// Remedy is what to do; may be "".
	Remedy string
	Err    error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Path)
	b.WriteString(": ")
	if e.What != "" {
		b.WriteString(e.What)
	} else {
		b.WriteString("cannot " + e.Op + ": " + e.Err.Error())
	}
	if e.Remedy != "" {
		b.WriteString("; " + e.Remedy)
	}
	return b.String()
}

// Unwrap returns the operating system's error.
func (e *Error) Unwrap() error { return e.Err }

// Explain turns the error of an operation on a path into an *Error. Nil stays
// nil, and an *Error or *LockedError stays as it is.
func Explain(op, path string, err error) error {
	if err == nil {
		return nil
	}
	var done *Error
	var locked *LockedError
	if errors.As(err, &done) || errors.As(err, &locked) {
		return err
	}
	e := &Error{Op: op, Path: path, Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.What = "no such file or folder"
	case errors.Is(err, fs.ErrExist):
		e.What = "is there already"
	case errors.Is(err, fs.ErrPermission):
		e.What = "no permission to " + op
		e.Remedy = "give this user the right to " + op + " there, or choose another place"
	default:
		e.What, e.Remedy = explainNumber(err)
	}
	if e.What == "" {
		// The path is named once, by us.
		if p := (*fs.PathError)(nil); errors.As(err, &p) {
			e.Err = p.Err
		}
	}
	return e
}

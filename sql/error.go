package sql

import (
	"fmt"
	"strings"
)

// Error is one fault in a script, with its place.
type Error struct {
	// Source is the script the fault is in; nil until the text is attached.
	Source *Source
	Span   Span
	Msg    string
	// Hint is the way out ("did you mean `sepal_width`?"), or "".
	Hint string
}

// Source is a script's text and where it came from.
type Source struct {
	Name string // a file's path as given, "-e", "<stdin>", "<repl>"
	Text string
}

// Errorf makes an error at a span.
func Errorf(span Span, format string, args ...any) *Error {
	return &Error{Span: span, Msg: fmt.Sprintf(format, args...)}
}

// WithHint sets the hint and returns e.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// ErrorList is the faults of a script in the order of the text.
type ErrorList []*Error

// Err returns nil for an empty list, else the list.
func (l ErrorList) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// Error renders every fault, each as file:line:column, the line and a caret.
func (l ErrorList) Error() string {
	parts := make([]string, len(l))
	for i, e := range l {
		parts[i] = e.Error()
	}
	return strings.Join(parts, "\n")
}

// Unwrap gives the faults to errors.As and errors.Is.
func (l ErrorList) Unwrap() []error {
	out := make([]error, len(l))
	for i, e := range l {
		out[i] = e
	}
	return out
}

// Error renders the fault as file:line:column: error: message, the line it is
// in, a line with a caret under the place, and the hint.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Source == nil {
		b.WriteString("error: " + e.Msg)
	} else {
		line, col := position(e.Source.Text, e.Span.Start)
		fmt.Fprintf(&b, "%s:%d:%d: error: %s", e.Source.Name, line, col, e.Msg)
		b.WriteString(excerpt(e.Source.Text, e.Span))
	}
	if e.Hint != "" {
		b.WriteString("\nhint: " + e.Hint)
	}
	return b.String()
}

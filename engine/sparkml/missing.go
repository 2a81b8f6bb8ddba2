package sparkml

import "errors"

// ErrMissing marks the faults of rows that a stage refuses because a value is NULL or NaN, not because it is none of
// those it knows: errors.Is tells them apart.
var ErrMissing = errors.New("a value is missing")

// missing marks a fault as one about a value that is missing; its text stays.
func missing(err error) error { return &missingError{err} }

type missingError struct{ err error }

func (e *missingError) Error() string        { return e.err.Error() }
func (e *missingError) Unwrap() error        { return e.err }
func (e *missingError) Is(target error) bool { return target == ErrMissing }

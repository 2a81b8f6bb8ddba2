package pmml

import "errors"

// ErrMissing marks the faults of rows that cannot be scored because a value is missing, not because one is invalid:
// errors.Is tells them apart.
var ErrMissing = errors.New("a value is missing")

// missingError is such a fault.
type missingError string

func (e missingError) Error() string        { return string(e) }
func (e missingError) Is(target error) bool { return target == ErrMissing }

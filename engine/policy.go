package engine

import "github.com/millrace-sql/millrace/catalog"

// ModelOption is what RegisterModel says of a model beside its name.
type ModelOption func(*catalog.ModelEntry)

// OnMissing says what becomes of a row that the model has no answer for because an
// input is missing: by default the answer is NULL. The model marks such faults with
// catalog.Missing; a NULL answer while an input is NULL or NaN counts too.
func OnMissing(p catalog.Policy) ModelOption {
	return func(e *catalog.ModelEntry) { e.OnMissing = p }
}

// OnInvalid says what becomes of a row for which the model reports any other
// fault: by default the answer is NULL.
func OnInvalid(p catalog.Policy) ModelOption {
	return func(e *catalog.ModelEntry) { e.OnInvalid = p }
}

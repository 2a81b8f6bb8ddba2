package catalog

import (
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
)

// Role is what an output of a model means.
type Role int

// The roles.
const (
	RoleOther       Role = iota
	RolePredicted        // the predicted value of a target, or an output that repeats or decodes it
	RoleProbability      // the probability of Output.Class
)

// Output is one result field of a model.
type Output struct {
	Field arrow.Field
	Role  Role
	// Class is the category a probability is of.
	Class string
	// Target is true for a target field, false for a field of the document's output.
	Target bool
	// Hidden outputs are intermediate (isFinalResult="false"): no function shows
	// them.
	Hidden bool
}

// Model scores rows. It is immutable and may be used by many goroutines at
// once.
type Model interface {
	// Inputs are the fields it wants, by name.
	Inputs() []arrow.Field
	// Outputs are all its results, targets first, in the document's order.
	Outputs() []Output
	// Score computes the outputs whose indexes are in want, for n rows. In holds one
	// array for each of Inputs, of its type and of length n, borrowed. The results
	// belong to the caller. A row that cannot be scored is NULL and a Fault.
	Score(t Task, n int, in []arrow.Array, want []int) ([]arrow.Array, error)
	// Describe gives the lines of DESCRIBE MODEL beside inputs and outputs: kind,
	// size, checksum, what its verification found.
	Describe() []Property
}

// Property is one fact about an object, for a person.
type Property struct{ Name, Value string }

// FieldIndex is the field that a name means, -1 for none: the one of that very
// name, which a model may have beside another in other case, else the first that
// differs in case only. An empty name means none.
func FieldIndex(fields []arrow.Field, name string) int {
	found := -1
	for i, f := range fields {
		switch {
		case name == "":
			return -1
		case f.Name == name:
			return i
		case found < 0 && strings.EqualFold(f.Name, name):
			found = i
		}
	}
	return found
}

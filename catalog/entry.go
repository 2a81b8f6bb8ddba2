package catalog

import (
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
)

// Table is a stream or a table: rows that live outside, reached through a
// connector.
type Table struct {
	Name string
	// Stream is true for CREATE STREAM: the input has no end.
	Stream bool
	// Connector is the name after USING, lower case.
	Connector string
	// Options are the user's, with keys in lower case.
	Options map[string]string
	// Schema is nil for a table without columns whose first INSERT is still to come.
	Schema *arrow.Schema
	// Write is the schema that INSERT gives when it is not Schema, else nil.
	Write *arrow.Schema
	// Declared is true when the user gave the columns.
	Declared bool
	// ByName is true when INSERT matches columns by name instead of position, and may
	// leave some out: a Kafka topic's key, value, headers.
	ByName bool
	// Required are the columns that an INSERT by name must give.
	Required []string
	Comment  string
	// Cache holds the rows of a cached table, else nil.
	Cache *Cached
}

// View is a named query, kept as text.
type View struct {
	Name    string
	Columns []string // renamed columns, or nil
	// Text is the query, variables expanded; Origin and Offset say where its first
	// byte stood ("queries/iris.sql", byte 310), for messages.
	Text   string
	Origin string
	Offset int
	// Cache holds the rows of a cached view, else nil.
	Cache *Cached
}

// Cached is the materialised rows of a table or view.
type Cached struct {
	Schema *arrow.Schema
	// Records are owned by the cache and immutable.
	Records []arrow.Record
	Rows    int64
}

// ModelEntry is a model under its name.
type ModelEntry struct {
	Name      string
	Connector string // pmml, sparkml, ...
	Options   map[string]string
	Model     Model
	// Version is the checksum of the model's files.
	Version string
	// OnMissing and OnInvalid say what becomes of a row that the model has no answer
	// for: because an input is missing, or because a value cannot be scored.
	OnMissing, OnInvalid Policy
	// Reload is true when running queries shall take up a changed file.
	Reload bool
}

// Policy is what becomes of a row that a model has no answer for.
type Policy int

// The policies.
const (
	PolicyNull  Policy = iota // the answer is NULL
	PolicyError               // the query fails
	PolicyDLQ                 // the row goes to the query's dead letters instead of its sink
)

// String is the policy as OPTIONS has it.
func (p Policy) String() string { return [...]string{"null", "error", "dlq"}[p] }

// ParsePolicy reads a policy as OPTIONS has it; case does not count.
func ParsePolicy(text string) (Policy, bool) {
	for _, p := range []Policy{PolicyNull, PolicyError, PolicyDLQ} {
		if strings.EqualFold(text, p.String()) {
			return p, true
		}
	}
	return PolicyNull, false
}

// Domain is the values that a model's document declares for one of its inputs.
type Domain struct {
	// Categories are the valid values of a categorical field, as texts.
	Categories []string
	// Intervals are the valid ranges of a continuous field, as "[4.3, 7.9]".
	Intervals []string
}

// Domains is a Model that knows the domains of its inputs: one for each of Inputs,
// in that order.
type Domains interface{ Domains() []Domain }

// OutputDomains is a Model that knows the values of its outputs: one for each of
// Outputs, in that order, empty where nothing is known.
type OutputDomains interface{ OutputDomains() []Domain }

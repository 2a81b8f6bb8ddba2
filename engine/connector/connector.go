package connector

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// Connector is what a name after USING means. It is immutable and may be used
// by many goroutines at once.
type Connector interface {
	// Name is the word after USING, lower case: kafka, csv, json, memory, console.
	Name() string
	// Options specifies every option, for checking, help and suggestions.
	Options() []Option
	// Describe says what a table is: its schema and whether it can be read, written,
	// followed without end. It may look at files and must not change anything. Live
	// is false while a script is only checked: then nothing is contacted over a
	// network.
	Describe(ctx context.Context, env Env, t *catalog.Table, live bool) (Description, error)
	// OpenSource makes a source for one query. The caller closes it.
	OpenSource(ctx context.Context, env Env, t *catalog.Table) (Source, error)
	// OpenSink makes a sink for one query whose rows have the given schema. The
	// caller closes it.
	OpenSink(ctx context.Context, env Env, t *catalog.Table, schema *arrow.Schema) (Sink, error)
}

// Description is what a connector knows of a table without reading its rows.
type Description struct {
	// Schema of the rows when read; nil when it is not known before the first
	// INSERT.
	Schema *arrow.Schema
	// Readable and Writable say what the connector can do with the table.
	Readable, Writable bool
	// Write is the schema of the rows that an INSERT may give, when it is not Schema;
	// ByName is true when an INSERT matches it by column name and may leave columns
	// out, except Required.
	Write    *arrow.Schema
	ByName   bool
	Required []string
	// Unbounded is true when a stream over this table has no end.
	Unbounded bool
	// Notes are remarks for the user (an option without effect here).
	Notes []string
}

// Env is what the engine lends to connectors.
type Env struct {
	// DataDir is where the process keeps its own files; "" when it keeps none.
	DataDir string
	// Embedded gives the address of the embedded broker, starting it on demand.
	Embedded func(ctx context.Context) (string, error)
	// Logger takes remarks for the operator (a broker went away, a retry).
	Logger *slog.Logger
	// Status tells a person what a source or sink is waiting for ("broker
	// 127.0.0.1:9092 is away: ..., next attempt in 2 s"); "" clears it. May be nil.
	Status func(string)
}

// Option specifies one option of a connector.
type Option struct {
	// Name as Spark spells it. A name that ends in "*" stands for every name with
	// that prefix ("kafka.*").
	Name    string
	Default string
	// Read and Write say where it has an effect. An option with neither is known to
	// Spark and has no effect here: using it gives a note.
	Read, Write bool
	Required    bool
	Help        string
}

// CheckOptions compares a table's options (keys in lower case) with a
// specification. Unknown names are an *OptionError; options that have no effect
// give notes.
func CheckOptions(spec []Option, options map[string]string) (notes []string, err error) {
	keys := make([]string, 0, len(options))
	for k := range options {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		o, ok := find(spec, k)
		if !ok {
			return notes, unknownOption(spec, k)
		}
		if !o.Read && !o.Write {
			notes = append(notes, fmt.Sprintf("option %s has no effect here", o.Name))
		}
	}
	for _, o := range spec {
		if _, ok := options[strings.ToLower(o.Name)]; o.Required && !ok {
			return notes, &OptionError{Msg: fmt.Sprintf("option %s is required: %s", o.Name, o.Help)}
		}
	}
	return notes, nil
}

func find(spec []Option, key string) (Option, bool) {
	for _, o := range spec {
		name := strings.ToLower(o.Name)
		if prefix, ok := strings.CutSuffix(name, "*"); ok && strings.HasPrefix(key, prefix) || name == key {
			return o, true
		}
	}
	return Option{}, false
}

func unknownOption(spec []Option, key string) error {
	names := make([]string, 0, len(spec))
	for _, o := range spec {
		if !strings.HasSuffix(o.Name, "*") {
			names = append(names, o.Name)
		}
	}
	slices.Sort(names)
	e := &OptionError{Option: key, Msg: fmt.Sprintf("unknown option %s", key)}
	if near := catalog.Nearest(key, names); near != "" {
		e.Hint = fmt.Sprintf("did you mean %s?", near)
	} else {
		e.Hint = "the options are " + strings.Join(names, ", ")
	}
	return e
}

// OptionError is a fault in an option. Option is its key in lower case, so that
// the caret can point at it, or "".
type OptionError struct {
	Option string
	Msg    string
	Hint   string
}

func (e *OptionError) Error() string {
	if e.Hint == "" {
		return e.Msg
	}
	return e.Msg + ": " + e.Hint
}

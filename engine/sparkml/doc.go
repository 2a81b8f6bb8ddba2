// Package sparkml reads model directories that Spark ML's save() wrote and applies their stages to Arrow columns.
//
// A stage is read by class name: one stage type is one file implementing stage, and one case in open. Now there is
// IndexToString; every other class is refused by name at load. The package trains nothing and writes nothing.
//
// It imports Arrow, encoding/json and the standard library, and nothing else of millrace.
package sparkml

// Package catalog holds what names mean: streams, tables, views, models and
// functions, and the contracts of the things that are found by name and called
// by a running query (functions, aggregates, table functions, models).
//
// A catalog lives as long as the process and may be used from any goroutine. It
// knows no SQL text beyond the text of views, opens nothing and runs nothing.
//
// The package may import arrow and nothing of millrace.
package catalog

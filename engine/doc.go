// Package engine runs SQL: it is what a Go program imports to get streaming SQL
// with models in its own process, and what the millrace command is made of.
//
// An Engine holds a catalog, connectors, an embedded broker started on demand,
// and the queries that run. Run executes a script statement by statement, Query
// gives the rows of a SELECT, Start starts an INSERT in the background. A
// streaming query is driven in epochs: the offsets of an epoch are logged, its
// rows are read, worked on and encoded on the workers, put back in order and
// stored by the sink, and the epoch is committed. A query over bounded inputs is
// one epoch of the same loop.
//
// This package and the connectors are the only ones that start goroutines; each
// has an owner that waits for it.
package engine

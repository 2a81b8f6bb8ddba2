// Package client scores rows with a model that an Openscoring server, or millrace
// serve, holds somewhere else: many rows in a request, several requests at a time,
// each tried again when the server could not be asked.
//
// It starts no goroutines of its own: the workers that call Score are what runs
// concurrently. It is not a general client of Openscoring: it deploys nothing.
//
// It may import catalog and engine/codec.
package client

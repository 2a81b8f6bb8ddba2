// Package client scores rows with a model that an Openscoring server, or millrace
// serve, holds somewhere else.
//
// It may import catalog and nothing else of ours.
package client

// Package exec turns a plan into operators over arrow records and says in which
// stages they run. It starts no goroutines, opens nothing and keeps no
// checkpoint: the engine drives what Compile gives.
//
// The package may import sql/plan, catalog and engine/connector (for its
// contracts), and arrow.
package exec

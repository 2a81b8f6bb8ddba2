// Package memory is the connector for tables whose rows are arrow records in
// this process: what an embedder or a test hands to queries, and what queries
// hand back.
//
// It keeps nothing on a disk and is no cache of other tables. It may import
// catalog, engine/connector, engine/codec and arrow.
package memory

// Package console is the sink that prints each epoch's first rows for a person,
// as Spark's console sink does.
//
// It promises nothing: an epoch that runs again is printed again. It may import
// catalog, engine/connector, engine/codec and arrow.
package console

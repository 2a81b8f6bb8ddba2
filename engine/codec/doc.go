// Package codec turns bytes into Arrow columns and back: JSON and CSV in both directions, and the text forms of
// numbers, dates and timestamps that go with them.
//
// The rules are Spark SQL's (3.5, ANSI mode off): what a bad field, a broken record, a partial date or a quoted
// empty string means is decided here and nowhere else, so that from_json, CAST, the file tables and the sinks agree.
//
// Decoders and writers are immutable recipes built once from a type and options; a scanner is the mutable part that
// one worker keeps between batches. Decoding is one pass from bytes to column buffers, without a tree and without an
// allocation per row; everything that ends up in an array comes from the allocator given.
//
// The package reads no files, starts no goroutines, and knows neither plans nor connectors. It imports Arrow and the
// standard library only.
package codec

// Package file reads and writes tables that are files: csv, json and text. A
// table's path is a file, a folder or a glob; files whose names start with "_"
// or "." are not data.
//
// Reading cuts files into blocks of whole lines that decode side by side. A
// folder with a _spark_metadata log is read by it, so that rows of an epoch that
// a crash left behind are not seen.
//
// The sink writes an epoch as one part file and then an entry in the folder's
// _spark_metadata log, both in Spark's format, each under a dot name first. An
// epoch counts when its log entry is there. Beside the log a file of ours,
// .millrace, says whose epochs these are.
//
// What the bytes mean is engine/codec's. The package runs no queries. It may
// import catalog, engine/connector, engine/codec and engine/disk.
package file

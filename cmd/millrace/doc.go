// Command millrace runs streaming SQL over Kafka, with models scored in process,
// from query files, a prompt, or one line.
//
// It holds flags, the terminal and nothing of the engine: everything it does
// goes through the public API of package engine.
package main

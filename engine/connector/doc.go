// Package connector holds the contracts between the engine and the systems that
// rows come from and go to: Connector (what a name after USING means), Source,
// Chunk and Sink, and the specification of options.
//
// Connectors know no plan and run no queries; each lives in a sub-package and
// is handed to the engine as a value. The package may import catalog,
// engine/codec and arrow.
package connector

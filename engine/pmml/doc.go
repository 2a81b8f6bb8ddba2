// Package pmml reads PMML documents (versions 3.0 to 4.4) and scores Arrow columns with them.
//
// Load reads a document token by token, checks all of it (fields, types, functions, cycles, limits, the
// document's own ModelVerification rows) and compiles it; what it cannot do exactly it refuses by element name
// and line, so that a Model that loaded scores.
//
// Model types: all of PMML 4.4 but TextModel and SequenceModel. docs/models.md has the list of what is supported and
// what is refused. Models that look at more than one row (a time series) are supported as far as one row goes; where an
// association model's baskets are spread over the rows of a group, a basket is an array.
//
// A Model has two evaluators. The row interpreter is the reference: typed values, three-valued logic, one row at
// a time, every supported element. The batch evaluator runs trees and their ensembles, regressions, neural networks,
// clusters, scorecards and chains and mixtures of them over columns and gives the same answers, to the last bit for
// trees; a row it cannot decide (an invalid value, a missing one that the model has no way for) goes to the row
// interpreter.
//
// One model type is one file with one body type (see body). The package is not a PMML writer and keeps no
// tree of elements: what does not matter for scoring (statistics, explanations, extensions) is skipped. The document's
// text stays in memory as long as its Model, whose names are parts of it.
//
// It imports Arrow and the standard library, and nothing else of millrace.
package pmml

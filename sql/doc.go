// Package sql turns SQL text into a syntax tree.
//
// It is pure: it does no I/O and knows no catalog. The structure of a query
// (clauses, joins, set operations, nesting) is decided by
// github.com/xwb1989/sqlparser, which is used in this package and nowhere
// else, over a stand-in text in which every expression, table and alias is a
// numbered name; the expressions themselves are read by this package's own
// Pratt parser, with Spark SQL's grammar and precedence. Every node carries the
// span of the user's text it came from.
//
// A Script gives the statements of a text one after another, with ${name}
// expanded as each is read; ParseQuery, ParseExpr, ParseType and ParseSchema
// read parts. Faults are *Error in an ErrorList: place, message, hint. Text
// gives the name of a column that has none.
//
// The package may import arrow (for type names and schema strings) and
// sqlparser, and nothing else of millrace.
package sql

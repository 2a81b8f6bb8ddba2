// Package function holds the built-in functions of the dialect as values:
// operators, scalar functions, aggregates, table functions and the conversions
// between types. Binding a use of one (catalog.Function and its siblings) checks
// its types, decides the casts Spark would make and gives a columnar kernel.
//
// The semantics are Spark SQL 3.5's with ANSI mode off: integers wrap, division
// by zero is NULL, a failed cast is NULL, NaN equals NaN and is greater than any
// other number. AND, OR, CASE, COALESCE and the access to a struct's field are
// nodes of the plan and not here: they are lazy.
//
// Everything is a literal table (see Builtins); nothing registers itself.
// Kernels are stateless, borrow their arguments and allocate what they return
// with the task's allocator.
//
// The package may import arrow and, of millrace, sql (schema strings, names of
// types), catalog and engine/codec.
package function

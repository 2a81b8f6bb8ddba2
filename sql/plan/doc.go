// Package plan turns a syntax tree and a catalog into a typed plan, rewrites
// the plan by rules, and prints it for EXPLAIN.
//
// A plan is a tree of plain structs. Columns have identities (ColumnID) that
// never change under rewriting; ordinals exist only in the operators built from
// the plan. Expressions are typed and bound: every call carries its kernel, so
// constants fold without an execution package.
//
// The package may import sql and catalog (and arrow), and nothing else of
// millrace.
package plan

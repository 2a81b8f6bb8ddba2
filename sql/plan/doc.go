// Package plan turns a syntax tree and a catalog into a typed plan, rewrites
// the plan by rules, and prints it for EXPLAIN.
//
// A plan is a tree of plain structs (node.go) with expressions (expr.go).
// Columns have identities (ColumnID) that never change under rewriting; ordinals
// exist only in the operators built from the plan. Expressions are typed and
// bound: every call carries its kernel, so constants fold without an execution
// package.
//
// Bind (bind.go and the files beside it, one a part of the language) resolves
// names as Spark does and collects all faults of a statement. A subquery becomes a
// join, a view its text's plan. Optimize tries the rules (rule_*.go, one a file)
// until none changes anything; each says in its comment what it keeps. Check is
// what every plan must be, and a test of every rule. CheckStreaming says what
// cannot run over an input without end.
//
// The package runs no queries: its own evaluator computes constants, and the
// bodies of lambdas for the kernels that call them.
//
// The package may import sql and catalog (and arrow), and nothing else of
// millrace.
package plan

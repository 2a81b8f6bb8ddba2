// Package exec turns a plan into operators over arrow records and says in which
// stages they run. It starts no goroutines, opens nothing and keeps no
// checkpoint: the engine drives what Compile gives.
//
// A Program is stages; a stage is branches of operators over chunks of input,
// side by side, and perhaps a breaker that must see all rows before it gives any.
// Expressions are closures over the columns of a record; column identities become
// ordinals here and nowhere else. Results do not depend on how rows are cut into
// records or on how many workers take them: breakers put rows in order by the
// sequence numbers they come with.
//
// Records made by filters and joins remember which rows of their chunk they came
// from, so that Task.Fault always names a row as it was read; it names row -1
// where rows of many chunks lie together (the keys of a sort or of a join's build
// side).
//
// A call of a model whose policy is not NULL may reject rows: the filter or
// projection that asks leaves them out of its result and tells the task, which
// keeps them as dead letters. Such calls in the keys and conditions of joins, in
// breakers and in generators are moved into projections when a plan is compiled.
//
// The package may import sql/plan (and sql for spans), catalog, engine/connector
// and engine/codec (for the contract of a projected column), and arrow.
package exec

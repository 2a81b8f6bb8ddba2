package catalog

import (
	"github.com/apache/arrow/go/v14/arrow"
)

// Arg describes one argument of a call when the call is bound.
type Arg struct {
	// Name is the argument's name when it has one: the alias given to it
	// (struct(a AS b)), the name of the column it is, or "".
	Name string
	// Explicit is true when the user wrote the name as an alias or as name => value,
	// false when it came from a column or a star.
	Explicit bool
	// Type is the argument's type; nil for a lambda.
	Type arrow.DataType
	// Const is the value, an array of length 1, when the argument is a constant
	// expression; else nil. It is borrowed: Retain what is kept.
	Const arrow.Array
	// Literal is true for an integer literal: its tightest decimal type counts when
	// it meets a decimal.
	Literal bool
	// Lambda is set when the argument is x -> body.
	Lambda Lambda
}

// Lambda is a function argument that is not bound yet.
type Lambda interface {
	// Params is how many parameters it was written with.
	Params() int
	// Bind gives the parameters their types and type-checks the body.
	Bind(params []arrow.DataType) (LambdaBody, error)
}

// LambdaBody is a bound lambda. The columns it takes from outside follow the
// call's own arguments when Eval is called, in the order of Captures.
type LambdaBody interface {
	Type() arrow.DataType
	// Captures is how many outer columns the body reads.
	Captures() int
	// Eval computes the body for n rows: one array a parameter, then one a capture,
	// each of length n (the caller repeats captures to fit). All are borrowed; the
	// result is the caller's.
	Eval(t Task, n int, params, captures []arrow.Array) (arrow.Array, error)
}

// Call is a function specialised to one use: its types are known and, for
// literal arguments, their values. It is immutable and may be evaluated by many
// goroutines at once.
type Call struct {
	// Type of the result.
	Type arrow.DataType
	// ArgTypes are what Eval wants. The planner casts arguments that differ, as
	// Spark casts implicitly; a nil entry takes the argument as it is. Its length is
	// the number of arguments.
	ArgTypes []arrow.DataType
	// Deterministic calls may be folded when their arguments are constant, and
	// computed once for equal arguments.
	Deterministic bool
	// Strict calls give NULL when any argument is NULL. The caller then handles
	// validity: it sets the result's validity to the AND of the arguments' and the
	// kernel's own, so the kernel may compute garbage for NULL rows but must not
	// fault or fail on them.
	Strict bool
	// Eval computes n rows. Arguments are borrowed. An argument that was constant
	// when the call was bound (Arg.Const set) comes with length 1, whatever n is; all
	// others have length n. The result has length n and belongs to the caller. An error ends the query: a bad value is a NULL and a
	// Fault instead. A lambda's slot in args is nil.
	Eval func(t Task, n int, args []arrow.Array) (arrow.Array, error)
	// Info is what a rule of the planner may know of this call, or nil: a *JSONParse
	// or a *Scoring.
	Info any
	// Rejects is set for a call of a model whose policy for rows without an answer is
	// not NULL: Eval then fails for such a row, or rejects it through its task, which
	// must be a Rejecter. The call is not folded, though it may be deterministic: it
	// is about rows.
	Rejects *ModelEntry
}

// JSONParse is the Info of from_json: a call that a scan can make in its place,
// straight from the bytes it fetched.
type JSONParse struct {
	// Root is the type that the text is parsed to.
	Root arrow.DataType
	// Narrow gives the type and the parser for a part of Root's fields (indexes,
	// ascending): what is left when only those are used. The parser is opaque to the
	// planner and goes to the connector.
	Narrow func(fields []int) (root arrow.DataType, parser any, err error)
}

// Scoring is the Info of a call that scores a model. With it a planner scores a
// model once for several calls that give it the same values, and computes no
// output that nothing reads.
type Scoring struct {
	Model *ModelEntry
	// Feed are the arguments of the call that the model's inputs take, in the order
	// of Inputs. The first argument is the model's name.
	Feed []int
	// Want are the outputs, indexes into Model.Outputs, that the result is made of.
	Want []int
	// Fields is true when the result is a struct whose field i is output Want[i].
	Fields bool
	// Taken is true for a call made by Take.
	Taken bool
	// Score makes the call that gives some outputs as a struct, in that order; its
	// Info is a Scoring too. Its arguments are the model's name and the inputs.
	Score func(want []int) (Call, error)
	// Take makes the call whose one argument is such a struct, of the outputs have,
	// and whose result is this call's. have holds all of Want.
	Take func(have []int) Call
}

// Function is a scalar function or an operator.
type Function interface {
	// Name is the name it is called by, lower case.
	Name() string
	// Bind type-checks one use. The error is in the user's words and names the
	// argument at fault with ArgError.
	Bind(args []Arg) (Call, error)
}

// ArgError says which argument (from 0) an error of Bind is about, so that the
// caret can point at it.
type ArgError struct {
	Arg int
	Err error
}

func (e *ArgError) Error() string { return e.Err.Error() }

// Unwrap returns the error itself.
func (e *ArgError) Unwrap() error { return e.Err }

// Aggregate is an aggregate function.
type Aggregate interface {
	Name() string
	// BindAggregate type-checks one use. DISTINCT and FILTER are the planner's.
	BindAggregate(args []Arg) (AggregateCall, error)
}

// AggregateCall is an aggregate specialised to one use.
type AggregateCall struct {
	Type     arrow.DataType
	ArgTypes []arrow.DataType
	// IgnoresDistinct is true when DISTINCT changes nothing (min, max).
	IgnoresDistinct bool
	// New makes an empty accumulator.
	New func(t Task) Accumulator
}

// Accumulator holds the states of all groups of one aggregate: state i belongs
// to group i. It is used by one goroutine at a time.
type Accumulator interface {
	// Update takes rows: row r belongs to group groups[r] < n, where n is the number
	// of groups so far and never shrinks. Arguments are borrowed.
	Update(t Task, groups []uint32, n int, args []arrow.Array) error
	// Merge takes the states of another accumulator of the same call: its group i is
	// this one's group groups[i] < n.
	Merge(t Task, other Accumulator, groups []uint32, n int) error
	// Result gives one value a group, in order; the caller owns it.
	Result(t Task, n int) (arrow.Array, error)
	// Save gives the states as columns, one row a group, and Load sets them from such
	// columns: what a stateful query keeps between epochs. The caller owns what Save
	// returns.
	Save(t Task, n int) ([]arrow.Array, error)
	Load(t Task, n int, states []arrow.Array) error
	// Release frees what it holds.
	Release()
}

// TableFunction turns one row into any number of rows (explode).
type TableFunction interface {
	Name() string
	BindTable(args []Arg) (TableCall, error)
}

// TableCall is a table function specialised to one use.
type TableCall struct {
	Columns  []arrow.Field
	ArgTypes []arrow.DataType
	// Eval returns, for each row produced, the input row it came from (ascending),
	// and the columns produced, which belong to the caller.
	Eval func(t Task, n int, args []arrow.Array) (from []int32, cols []arrow.Array, err error)
}

// Caster makes the conversion between two types.
type Caster interface {
	// Cast binds CAST(x AS to), with Spark's non-ANSI rules; an error if there is no
	// such cast.
	Cast(from, to arrow.DataType) (Call, error)
	// Implicit says whether Spark converts from to to by itself where a function
	// wants to.
	Implicit(from, to arrow.DataType) bool
	// Common is the type that Spark brings the branches of CASE, COALESCE, IN, UNION
	// and comparison to; false if there is none.
	Common(a, b arrow.DataType) (arrow.DataType, bool)
}

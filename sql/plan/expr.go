package plan

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// ColumnID identifies a column within one plan, for good.
type ColumnID int

// Column is a column of a node's output.
type Column struct {
	ID   ColumnID
	Name string
	Type arrow.DataType
}

// Expr is a bound, typed expression. The concrete types are the pointers to the
// structs of this file; an Expr is immutable.
type Expr interface {
	// Type of the value.
	Type() arrow.DataType
	// Pos is where the user wrote it, for messages; it may be empty.
	Pos() sql.Span
	// Children are the operands, in order.
	Children() []Expr
	// WithChildren is a copy with other operands of the same number and types.
	WithChildren([]Expr) Expr
	// String is the text for EXPLAIN.
	String() string
}

type (
	// ColumnRef reads a column of the input by its identity.
	ColumnRef struct {
		sql.Span
		Column Column
	}

	// Literal is a constant: an array of length 1, which lives on the Go heap and is
	// never released.
	Literal struct {
		sql.Span
		Value arrow.Array
		// Integer is true for an integer literal as written: beside a decimal, its
		// tightest decimal type counts.
		Integer bool
	}

	// Call is a function call, operators and casts included (Name "cast").
	// An argument that was constant when the call was bound is a *Literal, no other
	// is, and rules keep it so.
	Call struct {
		sql.Span
		Name string
		Fn   catalog.Call
		Args []Expr // a *Lambda argument has Type nil
		// ArgNames are the names in struct(a AS b) and predict(m, x AS y), or nil.
		ArgNames []string

		// What the call was bound with, to bind it again when a rule makes an argument
		// constant.
		fn    catalog.Function
		infos []catalog.Arg
	}

	// Logic is AND or OR over two or more boolean operands, three-valued, lazy.
	Logic struct {
		sql.Span
		Or   bool
		Args []Expr
	}

	// Case is CASE WHEN ... THEN ... ELSE ... END. Branches are evaluated only for
	// the rows that reach them. Else is never nil (a NULL literal at least), and all
	// branches have one type.
	Case struct {
		sql.Span
		Whens []When
		Else  Expr
	}

	// Coalesce is the first argument that is not NULL; lazy; all of one type.
	Coalesce struct {
		sql.Span
		Args []Expr
	}

	// Field reads a field of a struct; NULL where the struct is NULL.
	Field struct {
		sql.Span
		X     Expr
		Index int
		Name  string
	}
)

// When is one branch of a Case.
type When struct{ Cond, Then Expr }

// NamedExpr is an expression and the column it becomes.
type NamedExpr struct {
	Column Column
	Expr   Expr
}

// SortKey is one key of a Sort.
type SortKey struct {
	Expr       Expr
	Desc       bool
	NullsFirst bool
}

// Lambda is an argument x -> body. What it takes from outside stands in
// Captures; their values follow the call's own arguments when the call's kernel
// runs. The body itself is inside the kernel.
type Lambda struct {
	sql.Span
	Params   []string
	Captures []Expr
	// Body is the bound body, for EXPLAIN: its references are to the parameters and
	// to the captures as they were when it was bound.
	Body Expr
	// Deterministic says whether the body gives equal results for equal values.
	Deterministic bool

	// What stands in Body for the parameters and the captures.
	params, outer []Column
}

package plan

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// Node is a relational operator. The concrete types are the pointers to the
// structs of this file; a node is immutable.
type Node interface {
	// Columns of the output, in order.
	Columns() []Column
	// Inputs are the nodes it reads.
	Inputs() []Node
	// WithInputs is a copy over other inputs, which give the same columns (or at
	// least those it uses).
	WithInputs([]Node) Node
	// String is the node's own line in EXPLAIN.
	String() string
}

type (
	// Scan reads a table, a stream or a cached relation.
	Scan struct {
		sql.Span
		Table *catalog.Table  // nil when Cache is set
		Cache *catalog.Cached // rows held in memory
		Name  string          // for EXPLAIN
		Cols  []ScanColumn
	}

	// Filter keeps the rows for which Cond is TRUE.
	Filter struct {
		Input Node
		Cond  Expr
	}

	// Project computes columns.
	Project struct {
		Input Node
		Exprs []NamedExpr
	}

	// Join joins by equal keys and a residual condition. Columns are those of Left
	// then Right (Left's only, for Semi and Anti).
	Join struct {
		Kind        JoinKind
		Left, Right Node
		// LeftKeys[i] equals RightKeys[i], both of one type. With NullSafe[i], NULL
		// equals NULL (<=>); else a NULL key matches nothing. NaN equals NaN and -0.0
		// equals 0.0.
		LeftKeys, RightKeys []Expr
		NullSafe            []bool
		// On is what else must hold, over the columns of both; nil for nothing.
		On Expr
	}

	// Aggregate groups rows by Groups and computes Aggs. Without Groups it gives one
	// row even for no input.
	Aggregate struct {
		Input  Node
		Groups []NamedExpr
		Aggs   []AggExpr
	}

	// Sort orders rows; it is stable.
	Sort struct {
		Input Node
		Keys  []SortKey
	}

	// Limit gives at most N rows (N < 0: all) after skipping Offset.
	Limit struct {
		Input     Node
		N, Offset int64
	}

	// Sample keeps each row with a probability (Fraction), or the first Rows rows
	// when Rows is not negative.
	Sample struct {
		Input    Node
		Fraction float64
		Rows     int64
		Seed     int64
		Seeded   bool // REPEATABLE was given
	}

	// Union gives the rows of all inputs; column i of each is of the type of Cols[i].
	Union struct {
		Ins  []Node
		Cols []Column
	}

	// Values is rows of constants: one array a column. The arrays live on the Go heap.
	Values struct {
		Cols   []Column
		Arrays []arrow.Array
		Rows   int
	}

	// Generate runs a table function for each row of Input and gives Input's columns
	// and then the function's. Outer keeps a row for which it gives none.
	Generate struct {
		Input Node
		Name  string
		Fn    catalog.TableCall
		Args  []Expr
		Cols  []Column
		Outer bool
	}

	// Write is the root of an INSERT: Input's columns go to Table, by position. It
	// has no columns.
	Write struct {
		sql.Span
		Input     Node
		Table     *catalog.Table
		Overwrite bool
	}
)

// ScanColumn is one column that a scan gives.
type ScanColumn struct {
	Column Column
	// Source is the column's index in the table's schema.
	Source int
	// Parser, when not nil, has the connector parse the column's bytes as JSON: the
	// opaque parser of catalog.JSONParse. Column.Type is then the parsed type.
	Parser any

	// What the parser was made of: the from_json call it stands for, and for fewer
	// fields the indexes of parse.Root's fields that it gives.
	parse  *catalog.JSONParse
	call   *Call
	fields []int
}

// JoinKind is the kind of a join.
type JoinKind int

// The kinds of join.
const (
	Inner JoinKind = iota
	Left
	Right
	Full
	Semi
	Anti
	Cross
)

// AggExpr is one aggregate and the column it becomes.
type AggExpr struct {
	Column   Column
	Name     string
	Fn       catalog.AggregateCall
	Args     []Expr
	Distinct bool
	Filter   Expr // nil: all rows
}

package sql

// Query is a whole query expression: WITH, a body, ORDER BY, LIMIT.
type Query struct {
	Span
	With    []CTE
	Body    QueryBody
	OrderBy []OrderItem
	SortBy  []OrderItem // SORT BY / CLUSTER BY; parsed, bound later
	Limit   Expr        // nil: none; LIMIT ALL is nil too
	Offset  Expr
}

// CTE is one named query of WITH.
type CTE struct {
	Span
	Name    Ident
	Columns []Ident
	Query   *Query
}

// QueryBody is a *Select, a *SetOp, a *ValuesList or, in parentheses, a *Query.
type QueryBody interface {
	Node
	body()
}

// Select is one SELECT block.
type Select struct {
	Span
	Distinct bool
	Items    []SelectItem
	From     []Relation // several: a cross join, in order; none: one row without columns
	Where    Expr
	GroupBy  *GroupBy
	Having   Expr
	Windows  []NamedWindow
}

// NamedWindow is WINDOW name AS (...).
type NamedWindow struct {
	Name Ident
	Spec WindowSpec
}

// SelectItem is one item of a select list: an expression, perhaps with an
// alias, or a Star.
type SelectItem struct {
	Span
	X       Expr
	Alias   Ident
	Aliases []Ident // AS (a, b): for generators
	// Text is the user's spelling of the expression; what a column without a name
	// of its own is called is derived by the planner from X.
	Text string
}

// GroupBy is a GROUP BY clause. Kind is "" (plain), ALL, ROLLUP, CUBE or
// "GROUPING SETS".
type GroupBy struct {
	Span
	Kind  string
	Items []Expr
	Sets  [][]Expr // ROLLUP and CUBE: one element an item; GROUPING SETS: the sets
}

// SetOp joins two queries: UNION, EXCEPT or INTERSECT.
type SetOp struct {
	Span
	Op     string // UNION, EXCEPT, INTERSECT (MINUS reads as EXCEPT)
	All    bool
	OpSpan Span
	L, R   QueryBody
}

// ValuesList is VALUES (a, b), (c, d).
type ValuesList struct {
	Span
	Rows [][]Expr
}

func (*Select) body()     {}
func (*SetOp) body()      {}
func (*ValuesList) body() {}
func (*Query) body()      {}

// Relation is an item of FROM.
type Relation interface {
	Node
	relation()
}

// TableAlias is [AS] name [(a, b, ...)].
type TableAlias struct {
	Name    Ident
	Columns []Ident
}

type (
	// TableName is a named table, stream or view.
	TableName struct {
		Span
		Name      Ident // the last part; qualifiers such as default. are in Qualifier
		Qualifier []Ident
		Alias     TableAlias
		Sample    *TableSample
	}

	// Derived is a subquery in FROM.
	Derived struct {
		Span
		Query   *Query
		Lateral bool
		Alias   TableAlias
		Sample  *TableSample
	}

	// ValuesRelation is VALUES ... in FROM.
	ValuesRelation struct {
		Span
		Values *ValuesList
		Alias  TableAlias
	}

	// TableFunc is a table function in FROM: range(10), explode(...).
	TableFunc struct {
		Span
		Call    *Call
		Lateral bool
		Alias   TableAlias
	}

	// MLPredict is ML_PREDICT in FROM, as Flink writes it: the rows of a relation, each
	// with what a model makes of it.
	//
	//	ML_PREDICT(TABLE t, MODEL m, DESCRIPTOR(a, b), MAP['key', 'value'])
	//	t, LATERAL TABLE(ML_PREDICT('m', a, b, MAP['key', 'value']))
	MLPredict struct {
		Span
		// Input is a *TableName or a *Derived; nil for the second form, whose rows are
		// those of the relation before it.
		Input Relation
		Model Ident
		Args  []Arg // of the first form: the columns of DESCRIPTOR, each a *ColumnRef
		// ArgsSpan is where they stand.
		ArgsSpan Span
		Config   []Option
		Lateral  bool
		Alias    TableAlias
	}

	// Join is two relations joined. Kind is INNER, LEFT, RIGHT, FULL, SEMI, ANTI or
	// CROSS.
	Join struct {
		Span
		Kind     string
		KindSpan Span
		Natural  bool
		L, R     Relation
		On       Expr
		Using    []Ident
	}

	// LateralView is relation LATERAL VIEW [OUTER] f(...) alias AS a, b.
	LateralView struct {
		Span
		Input   Relation
		Outer   bool
		Call    *Call
		Alias   Ident
		Columns []Ident
	}

	// Unsupported is a relation that parses and cannot be bound yet (PIVOT,
	// UNPIVOT): What names it.
	Unsupported struct {
		Span
		What string
	}
)

// TableSample is TABLESAMPLE (10 PERCENT | 5 ROWS | BUCKET x OUT OF y)
// [REPEATABLE (seed)].
type TableSample struct {
	Span
	Percent string // the number as written, for PERCENT
	Rows    Expr   // for ROWS
	Bucket  [2]int // x out of y; zero: not given
	Seed    *int64
}

func (*TableName) relation()      {}
func (*Derived) relation()        {}
func (*ValuesRelation) relation() {}
func (*TableFunc) relation()      {}
func (*MLPredict) relation()      {}
func (*Join) relation()           {}
func (*LateralView) relation()    {}
func (*Unsupported) relation()    {}

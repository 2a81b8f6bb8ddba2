package sql

import "github.com/apache/arrow/go/v14/arrow"

// Expr is an expression. The concrete types are the pointers to the structs of
// this file.
type Expr interface {
	Node
	expr()
}

type (
	// NullLit is the literal NULL.
	NullLit struct{ Span }

	// BoolLit is TRUE or FALSE.
	BoolLit struct {
		Span
		Value bool
	}

	// NumberLit is a numeric literal. Text is as written, without its suffix and
	// without a sign; Suffix is upper case: "" (INT, BIGINT or DECIMAL by its
	// form; DOUBLE with an exponent), "Y", "S", "L", "F", "D" or "BD".
	NumberLit struct {
		Span
		Text   string
		Suffix string
	}

	// StringLit is a string literal, escapes resolved, adjacent literals joined.
	StringLit struct {
		Span
		Value string
	}

	// BinaryLit is X'1F2A'.
	BinaryLit struct {
		Span
		Value []byte
	}

	// TypedLit is a literal introduced by a type name: DATE '2020-01-01',
	// TIMESTAMP '...', TIMESTAMP_NTZ '...'. Kind is upper case.
	TypedLit struct {
		Span
		Kind  string
		Value string
	}

	// IntervalLit is INTERVAL with one or more value/unit pairs
	// (INTERVAL 1 DAY 2 HOURS, INTERVAL '1' DAY, INTERVAL '1 day 2 hours'), or one
	// value with a unit range (INTERVAL '1-2' YEAR TO MONTH).
	IntervalLit struct {
		Span
		Parts []IntervalPart
	}

	// ColumnRef is a possibly qualified name: a, t.a, db.t.a, s.f.g. Whether the
	// first parts are a table or a struct is decided when the name is bound.
	ColumnRef struct {
		Span
		Parts []Ident
	}

	// Star is * or t.* or s.*, with an optional EXCEPT list. It stands in a select
	// list or as an argument of a call.
	Star struct {
		Span
		Qualifier []Ident
		Except    []Ident
	}

	// Unary is an operator before its operand. Op is "-", "+", "~" or "NOT" ("!"
	// reads as NOT).
	Unary struct {
		Span
		Op     string
		OpSpan Span
		X      Expr
	}

	// Binary is an operator between operands. Op is upper case, one of
	// OR AND = == <=> <> != < <= > >= + - * / % DIV || & | ^ ; == reads as =, <> as
	// !=.
	Binary struct {
		Span
		Op     string
		OpSpan Span
		L, R   Expr
	}

	// IsExpr is x IS [NOT] what: What is NULL, TRUE, FALSE, UNKNOWN or, with Right
	// set, "DISTINCT FROM".
	IsExpr struct {
		Span
		X     Expr
		Not   bool
		What  string
		Right Expr
	}

	// Between is x [NOT] BETWEEN Low AND High.
	Between struct {
		Span
		X         Expr
		Not       bool
		Low, High Expr
	}

	// InList is x [NOT] IN (a, b, ...), or IN (SELECT ...) with Query set.
	InList struct {
		Span
		X     Expr
		Not   bool
		List  []Expr
		Query *Query
	}

	// LikeExpr is x [NOT] LIKE | ILIKE | RLIKE | REGEXP pattern [ESCAPE 'c']. Op is
	// LIKE, ILIKE or RLIKE. Quantifier is "", ANY, SOME or ALL; then Patterns has
	// the list.
	LikeExpr struct {
		Span
		X          Expr
		Not        bool
		Op         string
		Quantifier string
		Patterns   []Expr
		Escape     Expr
	}

	// ExistsExpr is EXISTS (SELECT ...).
	ExistsExpr struct {
		Span
		Query *Query
	}

	// SubqueryExpr is a scalar subquery in parentheses.
	SubqueryExpr struct {
		Span
		Query *Query
	}

	// CaseExpr is CASE [operand] WHEN ... THEN ... [ELSE ...] END.
	CaseExpr struct {
		Span
		Operand Expr
		Whens   []CaseWhen
		Else    Expr
	}

	// CastExpr is CAST(x AS type) or TRY_CAST(x AS type), or x::type.
	CastExpr struct {
		Span
		X        Expr
		To       arrow.DataType
		TypeSpan Span
		Try      bool
	}

	// Call is a call by name. Arguments may be Star, Lambda or have a name
	// (struct(a AS b), f(x => 1)). Special forms read as calls of the function
	// Spark gives them: EXTRACT(f FROM x), TRIM(BOTH a FROM b), POSITION(a IN b),
	// SUBSTRING(a FROM b FOR c), OVERLAY(...), CURRENT_DATE without parentheses.
	Call struct {
		Span
		Name        Ident
		Distinct    bool
		Args        []Arg
		OrderBy     []OrderItem // WITHIN GROUP (ORDER BY ...)
		Filter      Expr        // FILTER (WHERE ...)
		IgnoreNulls bool
		Over        *WindowSpec
	}

	// Subscript is x[index].
	Subscript struct {
		Span
		X, Index Expr
	}

	// FieldAccess is x.name where x is not itself a name: f(x).a, a[0].b.
	FieldAccess struct {
		Span
		X    Expr
		Name Ident
	}

	// Lambda is x -> body or (x, y) -> body, as an argument.
	Lambda struct {
		Span
		Params []Ident
		Body   Expr
	}

	// RowExpr is (a, b, ...): a struct of two or more expressions.
	RowExpr struct {
		Span
		Items []Expr
	}
)

// IntervalPart is one value with its unit. Unit is upper case and singular
// (DAY); To is the second unit of a range, or "". Unit is "" for the form
// INTERVAL '1 day 2 hours', where Value holds the whole text.
type IntervalPart struct {
	Value Expr
	Unit  string
	To    string
}

// CaseWhen is one WHEN ... THEN ....
type CaseWhen struct{ When, Then Expr }

// Arg is an argument of a call. Name is the alias (struct(a AS b)) or the name
// of a named argument (f(n => 1)), or the zero Ident.
type Arg struct {
	Name  Ident
	Named bool // written name => value
	Value Expr
}

// WindowSpec is what follows OVER.
type WindowSpec struct {
	Span
	Name        Ident // OVER w
	PartitionBy []Expr
	OrderBy     []OrderItem
	Frame       string // the frame's text as written, or ""
}

// OrderItem is one key of ORDER BY. NullsFirst is resolved: Spark puts NULLs
// first when ascending and last when descending unless told otherwise.
type OrderItem struct {
	Span
	X          Expr
	Desc       bool
	NullsFirst bool
}

func (*NullLit) expr()      {}
func (*BoolLit) expr()      {}
func (*NumberLit) expr()    {}
func (*StringLit) expr()    {}
func (*BinaryLit) expr()    {}
func (*TypedLit) expr()     {}
func (*IntervalLit) expr()  {}
func (*ColumnRef) expr()    {}
func (*Star) expr()         {}
func (*Unary) expr()        {}
func (*Binary) expr()       {}
func (*IsExpr) expr()       {}
func (*Between) expr()      {}
func (*InList) expr()       {}
func (*LikeExpr) expr()     {}
func (*ExistsExpr) expr()   {}
func (*SubqueryExpr) expr() {}
func (*CaseExpr) expr()     {}
func (*CastExpr) expr()     {}
func (*Call) expr()         {}
func (*Subscript) expr()    {}
func (*FieldAccess) expr()  {}
func (*Lambda) expr()       {}
func (*RowExpr) expr()      {}

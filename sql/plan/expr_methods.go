package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql"
)

// String is the column as EXPLAIN shows it: name#id.
func (c Column) String() string { return fmt.Sprintf("%s#%d", c.Name, c.ID) }

// Type is the column's type.
func (e *ColumnRef) Type() arrow.DataType { return e.Column.Type }

// Children are none.
func (e *ColumnRef) Children() []Expr { return nil }

// WithChildren is e: a reference has no operands.
func (e *ColumnRef) WithChildren([]Expr) Expr { return e }

func (e *ColumnRef) String() string { return e.Column.String() }

// Type is the type of the value.
func (e *Literal) Type() arrow.DataType { return e.Value.DataType() }

// Children are none.
func (e *Literal) Children() []Expr { return nil }

// WithChildren is e: a literal has no operands.
func (e *Literal) WithChildren([]Expr) Expr { return e }

func (e *Literal) String() string { return literalText(e.Value, 0) }

// Type is what the bound call gives.
func (e *Call) Type() arrow.DataType { return e.Fn.Type }

// Children are the arguments.
func (e *Call) Children() []Expr { return e.Args }

// WithChildren is the same kernel over other arguments.
func (e *Call) WithChildren(children []Expr) Expr {
	out := *e
	out.Args = children
	return &out
}

func (e *Call) String() string { return callText(e) }

// Type is BOOLEAN.
func (e *Logic) Type() arrow.DataType { return arrow.FixedWidthTypes.Boolean }

// Children are the operands.
func (e *Logic) Children() []Expr { return e.Args }

// WithChildren is the same connective over other operands.
func (e *Logic) WithChildren(children []Expr) Expr {
	out := *e
	out.Args = children
	return &out
}

func (e *Logic) String() string {
	op := " AND "
	if e.Or {
		op = " OR "
	}
	return "(" + joinExprs(e.Args, op) + ")"
}

// Type is the type of the branches.
func (e *Case) Type() arrow.DataType { return e.Else.Type() }

// Children are each branch's condition and result in turn, then Else.
func (e *Case) Children() []Expr {
	out := make([]Expr, 0, 2*len(e.Whens)+1)
	for _, w := range e.Whens {
		out = append(out, w.Cond, w.Then)
	}
	return append(out, e.Else)
}

// WithChildren takes the operands in the order of Children.
func (e *Case) WithChildren(children []Expr) Expr {
	out := &Case{Span: e.Span, Whens: make([]When, len(e.Whens)), Else: children[len(children)-1]}
	for i := range out.Whens {
		out.Whens[i] = When{Cond: children[2*i], Then: children[2*i+1]}
	}
	return out
}

func (e *Case) String() string {
	var b strings.Builder
	b.WriteString("CASE")
	for _, w := range e.Whens {
		fmt.Fprintf(&b, " WHEN %s THEN %s", w.Cond, w.Then)
	}
	fmt.Fprintf(&b, " ELSE %s END", e.Else)
	return b.String()
}

// Type is the type of the arguments.
func (e *Coalesce) Type() arrow.DataType { return e.Args[0].Type() }

// Children are the arguments.
func (e *Coalesce) Children() []Expr { return e.Args }

// WithChildren is COALESCE over other arguments.
func (e *Coalesce) WithChildren(children []Expr) Expr {
	out := *e
	out.Args = children
	return &out
}

func (e *Coalesce) String() string { return "coalesce(" + joinExprs(e.Args, ", ") + ")" }

// Type is the field's type.
func (e *Field) Type() arrow.DataType {
	return e.X.Type().(*arrow.StructType).Field(e.Index).Type
}

// Children is the struct.
func (e *Field) Children() []Expr { return []Expr{e.X} }

// WithChildren reads the field of another struct of the same type.
func (e *Field) WithChildren(children []Expr) Expr {
	out := *e
	out.X = children[0]
	return &out
}

func (e *Field) String() string { return e.X.String() + "." + e.Name }

// Type is nil: a lambda is no value.
func (e *Lambda) Type() arrow.DataType { return nil }

// Children are the captures.
func (e *Lambda) Children() []Expr { return e.Captures }

// WithChildren is the same body with other captures.
func (e *Lambda) WithChildren(children []Expr) Expr {
	out := *e
	out.Captures = children
	return &out
}

func (e *Lambda) String() string {
	params := strings.Join(e.Params, ", ")
	if len(e.Params) != 1 {
		params = "(" + params + ")"
	}
	return params + " -> " + e.bodyText()
}

// infix are the functions that EXPLAIN writes between their operands.
var infix = []string{
	"+", "-", "*", "/", "%", "div", "=", "<=>", "!=", "<", "<=", ">", ">=",
	"&", "|", "^", "||", "like", "ilike", "rlike", "and", "or",
}

func callText(e *Call) string {
	switch {
	case e.Name == "cast" && len(e.Args) == 1:
		return fmt.Sprintf("cast(%s as %s)", e.Args[0], sql.TypeName(e.Fn.Type))
	case e.Name == "getitem" && len(e.Args) == 2:
		return fmt.Sprintf("%s[%s]", e.Args[0], e.Args[1])
	case e.Name == "isnull" && len(e.Args) == 1:
		return fmt.Sprintf("(%s IS NULL)", e.Args[0])
	case e.Name == "isnotnull" && len(e.Args) == 1:
		return fmt.Sprintf("(%s IS NOT NULL)", e.Args[0])
	case e.Name == "not" && len(e.Args) == 1:
		return fmt.Sprintf("(NOT %s)", e.Args[0])
	case e.Name == "negative" && len(e.Args) == 1:
		return fmt.Sprintf("(- %s)", e.Args[0])
	case e.Name == "in" && len(e.Args) > 1:
		return fmt.Sprintf("(%s IN (%s))", e.Args[0], joinExprs(e.Args[1:], ", "))
	case len(e.Args) == 2 && slices.Contains(infix, e.Name):
		return fmt.Sprintf("(%s %s %s)", e.Args[0], strings.ToUpper(e.Name), e.Args[1])
	}
	if name, ok := elementFieldName(e); ok {
		return e.Args[0].String() + elementFieldPrefix + name
	}
	parts := make([]string, len(e.Args))
	for i, a := range e.Args {
		parts[i] = a.String()
		if i < len(e.ArgNames) && e.ArgNames[i] != "" && !namesItself(a, e.ArgNames[i]) {
			parts[i] += " AS " + e.ArgNames[i]
		}
	}
	return e.Name + "(" + strings.Join(parts, ", ") + ")"
}

// namesItself says whether an argument shows its name already.
func namesItself(e Expr, name string) bool {
	switch e := e.(type) {
	case *ColumnRef:
		return e.Column.Name == name
	case *Field:
		return e.Name == name
	}
	return false
}

func joinExprs(exprs []Expr, sep string) string {
	parts := make([]string, len(exprs))
	for i, e := range exprs {
		parts[i] = e.String()
	}
	return strings.Join(parts, sep)
}

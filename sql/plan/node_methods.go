package plan

import (
	"fmt"
	"strings"

	"github.com/millrace-sql/millrace/sql"
)

// Columns are the scan's own.
func (n *Scan) Columns() []Column {
	out := make([]Column, len(n.Cols))
	for i, c := range n.Cols {
		out[i] = c.Column
	}
	return out
}

// Inputs are none.
func (n *Scan) Inputs() []Node { return nil }

// WithInputs is n.
func (n *Scan) WithInputs([]Node) Node { return n }

func (n *Scan) String() string {
	parts := make([]string, len(n.Cols))
	for i, c := range n.Cols {
		parts[i] = c.Column.String()
		if c.Parser != nil {
			parts[i] = fmt.Sprintf("%s := json(%s) as %s", c.Column, n.sourceName(c.Source), sql.TypeName(c.Column.Type))
		}
	}
	kind := "Scan"
	switch {
	case n.Cache != nil:
		kind = "CachedScan"
	case n.Table.Stream:
		kind = "StreamScan"
	}
	return fmt.Sprintf("%s %s [%s]", kind, n.Name, strings.Join(parts, ", "))
}

func (n *Scan) sourceName(i int) string {
	switch {
	case n.Cache != nil:
		return n.Cache.Schema.Field(i).Name
	case n.Table.Schema != nil:
		return n.Table.Schema.Field(i).Name
	}
	return fmt.Sprint(i)
}

// Columns are the input's.
func (n *Filter) Columns() []Column { return n.Input.Columns() }

// Inputs is the one input.
func (n *Filter) Inputs() []Node { return []Node{n.Input} }

// WithInputs filters another input.
func (n *Filter) WithInputs(in []Node) Node { return &Filter{Input: in[0], Cond: n.Cond} }

func (n *Filter) String() string { return "Filter " + n.Cond.String() }

// Columns are those it computes.
func (n *Project) Columns() []Column { return namedColumns(n.Exprs) }

// Inputs is the one input.
func (n *Project) Inputs() []Node { return []Node{n.Input} }

// WithInputs projects another input.
func (n *Project) WithInputs(in []Node) Node { return &Project{Input: in[0], Exprs: n.Exprs} }

func (n *Project) String() string { return "Project [" + namedText(n.Exprs) + "]" }

// Columns are the left side's and then, but for Semi and Anti, the right's.
func (n *Join) Columns() []Column {
	left := n.Left.Columns()
	if n.Kind == Semi || n.Kind == Anti {
		return left
	}
	right := n.Right.Columns()
	return append(append(make([]Column, 0, len(left)+len(right)), left...), right...)
}

// Inputs are the left and the right side.
func (n *Join) Inputs() []Node { return []Node{n.Left, n.Right} }

// WithInputs joins other inputs.
func (n *Join) WithInputs(in []Node) Node {
	out := *n
	out.Left, out.Right = in[0], in[1]
	return &out
}

func (k JoinKind) String() string {
	return [...]string{"Inner", "Left", "Right", "Full", "Semi", "Anti", "Cross"}[k]
}

func (n *Join) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Join %s", n.Kind)
	for i := range n.LeftKeys {
		sep, op := ", ", "="
		if i == 0 {
			sep = " keys ["
		}
		if n.NullSafe[i] {
			op = "<=>"
		}
		fmt.Fprintf(&b, "%s%s %s %s", sep, n.LeftKeys[i], op, n.RightKeys[i])
	}
	if len(n.LeftKeys) > 0 {
		b.WriteString("]")
	}
	if n.On != nil {
		fmt.Fprintf(&b, " on %s", n.On)
	}
	return b.String()
}

// Columns are the groups' and then the aggregates'.
func (n *Aggregate) Columns() []Column {
	out := namedColumns(n.Groups)
	for _, a := range n.Aggs {
		out = append(out, a.Column)
	}
	return out
}

// Inputs is the one input.
func (n *Aggregate) Inputs() []Node { return []Node{n.Input} }

// WithInputs aggregates another input.
func (n *Aggregate) WithInputs(in []Node) Node {
	out := *n
	out.Input = in[0]
	return &out
}

func (n *Aggregate) String() string {
	parts := make([]string, len(n.Aggs))
	for i, a := range n.Aggs {
		parts[i] = a.String()
	}
	return fmt.Sprintf("Aggregate groups [%s] aggs [%s]", namedText(n.Groups), strings.Join(parts, ", "))
}

func (a AggExpr) String() string {
	distinct := ""
	if a.Distinct {
		distinct = "DISTINCT "
	}
	text := fmt.Sprintf("%s(%s%s)", a.Name, distinct, joinExprs(a.Args, ", "))
	if a.Filter != nil {
		text += " FILTER " + a.Filter.String()
	}
	return text + " AS " + a.Column.String()
}

// Columns are the input's.
func (n *Sort) Columns() []Column { return n.Input.Columns() }

// Inputs is the one input.
func (n *Sort) Inputs() []Node { return []Node{n.Input} }

// WithInputs sorts another input.
func (n *Sort) WithInputs(in []Node) Node { return &Sort{Input: in[0], Keys: n.Keys} }

func (n *Sort) String() string {
	parts := make([]string, len(n.Keys))
	for i, k := range n.Keys {
		parts[i] = k.String()
	}
	return "Sort [" + strings.Join(parts, ", ") + "]"
}

func (k SortKey) String() string {
	order, nulls := "ASC", "LAST"
	if k.Desc {
		order = "DESC"
	}
	if k.NullsFirst {
		nulls = "FIRST"
	}
	return fmt.Sprintf("%s %s NULLS %s", k.Expr, order, nulls)
}

// Columns are the input's.
func (n *Limit) Columns() []Column { return n.Input.Columns() }

// Inputs is the one input.
func (n *Limit) Inputs() []Node { return []Node{n.Input} }

// WithInputs limits another input.
func (n *Limit) WithInputs(in []Node) Node {
	return &Limit{Input: in[0], N: n.N, Offset: n.Offset}
}

func (n *Limit) String() string {
	switch {
	case n.N < 0:
		return fmt.Sprintf("Limit all offset %d", n.Offset)
	case n.Offset > 0:
		return fmt.Sprintf("Limit %d offset %d", n.N, n.Offset)
	}
	return fmt.Sprintf("Limit %d", n.N)
}

// Columns are the input's.
func (n *Sample) Columns() []Column { return n.Input.Columns() }

// Inputs is the one input.
func (n *Sample) Inputs() []Node { return []Node{n.Input} }

// WithInputs samples another input.
func (n *Sample) WithInputs(in []Node) Node {
	out := *n
	out.Input = in[0]
	return &out
}

func (n *Sample) String() string {
	text := fmt.Sprintf("Sample %g%%", n.Fraction*100)
	if n.Rows >= 0 {
		text = fmt.Sprintf("Sample %d rows", n.Rows)
	}
	if n.Seeded {
		text += fmt.Sprintf(" seed %d", n.Seed)
	}
	return text
}

// Columns are Cols.
func (n *Union) Columns() []Column { return n.Cols }

// Inputs are all inputs.
func (n *Union) Inputs() []Node { return n.Ins }

// WithInputs joins other inputs.
func (n *Union) WithInputs(in []Node) Node { return &Union{Ins: in, Cols: n.Cols} }

func (n *Union) String() string { return "Union [" + columnsText(n.Cols) + "]" }

// Columns are Cols.
func (n *Values) Columns() []Column { return n.Cols }

// Inputs are none.
func (n *Values) Inputs() []Node { return nil }

// WithInputs is n.
func (n *Values) WithInputs([]Node) Node { return n }

func (n *Values) String() string {
	return fmt.Sprintf("Values %d rows [%s]", n.Rows, columnsText(n.Cols))
}

// Columns are the input's and then the function's.
func (n *Generate) Columns() []Column {
	in := n.Input.Columns()
	return append(append(make([]Column, 0, len(in)+len(n.Cols)), in...), n.Cols...)
}

// Inputs is the one input.
func (n *Generate) Inputs() []Node { return []Node{n.Input} }

// WithInputs generates from another input.
func (n *Generate) WithInputs(in []Node) Node {
	out := *n
	out.Input = in[0]
	return &out
}

func (n *Generate) String() string {
	outer := ""
	if n.Outer {
		outer = "outer "
	}
	return fmt.Sprintf("Generate %s%s(%s) [%s]", outer, n.Name, joinExprs(n.Args, ", "), columnsText(n.Cols))
}

// Columns are none.
func (n *Write) Columns() []Column { return nil }

// Inputs is the query.
func (n *Write) Inputs() []Node { return []Node{n.Input} }

// WithInputs writes another input.
func (n *Write) WithInputs(in []Node) Node {
	out := *n
	out.Input = in[0]
	return &out
}

func (n *Write) String() string {
	if n.Overwrite {
		return "Write overwrite " + n.Table.Name
	}
	return "Write " + n.Table.Name
}

func namedColumns(exprs []NamedExpr) []Column {
	out := make([]Column, len(exprs))
	for i, e := range exprs {
		out[i] = e.Column
	}
	return out
}

func namedText(exprs []NamedExpr) string {
	parts := make([]string, len(exprs))
	for i, e := range exprs {
		parts[i] = e.String()
	}
	return strings.Join(parts, ", ")
}

func (e NamedExpr) String() string {
	if ref, ok := e.Expr.(*ColumnRef); ok && ref.Column.ID == e.Column.ID && ref.Column.Name == e.Column.Name {
		return e.Column.String()
	}
	return e.Expr.String() + " AS " + e.Column.String()
}

func columnsText(cols []Column) string {
	parts := make([]string, len(cols))
	for i, c := range cols {
		parts[i] = c.String()
	}
	return strings.Join(parts, ", ")
}

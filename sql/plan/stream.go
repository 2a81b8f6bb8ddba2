package plan

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql"
)

// Schema is a plan's columns as an arrow schema; all fields are nullable.
func Schema(n Node) *arrow.Schema {
	cols := n.Columns()
	fields := make([]arrow.Field, len(cols))
	for i, c := range cols {
		fields[i] = arrow.Field{Name: c.Name, Type: c.Type, Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}

// Scans are all scans of a plan, left to right.
func Scans(n Node) []*Scan {
	if s, ok := n.(*Scan); ok {
		return []*Scan{s}
	}
	var out []*Scan
	for _, in := range n.Inputs() {
		out = append(out, Scans(in)...)
	}
	return out
}

// IsUnbounded says whether a plan reads an input without an end.
func IsUnbounded(n Node) bool {
	for _, s := range Scans(n) {
		if s.Cache == nil && s.Table != nil && s.Table.Stream {
			return true
		}
	}
	return false
}

// CheckStreaming refuses what cannot run on an unbounded input. The error is an
// sql.ErrorList. A plan whose inputs all end passes.
func CheckStreaming(n Node) error {
	c := streamCheck{}
	c.check(n, true)
	return c.errs.Err()
}

type streamCheck struct{ errs sql.ErrorList }

// refuse reports a node at the place of what it computes or, without one, at
// the stream it reads.
func (c *streamCheck) refuse(n Node, msg string, exprs ...Expr) {
	span := sql.Span{}
	for _, e := range exprs {
		if e != nil && span == (sql.Span{}) {
			span = e.Pos()
		}
	}
	stream := "the stream"
	for _, s := range Scans(n) {
		if s.Cache == nil && s.Table != nil && s.Table.Stream {
			stream = "stream " + quoteName(s.Name)
			if span == (sql.Span{}) {
				span = s.Pos()
			}
			break
		}
	}
	c.errs = append(c.errs, sql.Errorf(span, "%s", msg).WithHint("%s has no end; CREATE TABLE reads a topic as it is now", stream))
}

func (c *streamCheck) check(n Node, root bool) {
	for _, in := range n.Inputs() {
		c.check(in, false)
	}
	if !IsUnbounded(n) {
		return
	}
	switch n := n.(type) {
	case *Aggregate:
		c.aggregate(n)
	case *Sort:
		c.refuse(n, "ORDER BY on a stream cannot end: there is always a next row", n.Keys[0].Expr)
	case *Limit:
		switch {
		case n.Offset > 0:
			c.refuse(n, "OFFSET on a stream: not supported yet")
		case !root:
			c.refuse(n, "LIMIT on a stream can stand at the end of a SELECT only")
		}
	case *Sample:
		if n.Rows >= 0 {
			c.refuse(n, "TABLESAMPLE of a number of rows of a stream: not supported yet; a share in PERCENT is")
		}
	case *Union:
		for _, in := range n.Ins {
			if !IsUnbounded(in) {
				c.refuse(n, "UNION of a stream and a table: the table's rows would never be done with")
				break
			}
		}
	case *Join:
		c.join(n)
	case *Write:
		if n.Overwrite {
			err := sql.Errorf(n.Pos(), "INSERT OVERWRITE from a stream would replace what is there with every batch of its rows")
			c.errs = append(c.errs, err.WithHint("INSERT INTO adds the rows as they come"))
		}
	}
}

func (c *streamCheck) aggregate(n *Aggregate) {
	var exprs []Expr
	for _, g := range n.Groups {
		exprs = append(exprs, g.Expr)
	}
	for _, a := range n.Aggs {
		exprs = append(exprs, a.Args...)
	}
	msg := "aggregates over a stream (GROUP BY): not supported yet"
	if len(n.Aggs) == 0 {
		msg = "DISTINCT over a stream: not supported yet"
	}
	c.refuse(n, msg, exprs...)
}

func (c *streamCheck) join(n *Join) {
	left, right := IsUnbounded(n.Left), IsUnbounded(n.Right)
	exprs := append(append([]Expr{}, n.LeftKeys...), n.On)
	switch {
	case left && right:
		c.refuse(n, "joining two streams: not supported yet; one side must be a table or a view over tables", exprs...)
	case n.Kind == Full:
		c.refuse(n, "FULL JOIN with a stream cannot tell when a row has no match", exprs...)
	case n.Kind == Right && left:
		c.refuse(n, "RIGHT JOIN with the stream on the left cannot tell when a row has no match", exprs...)
	case right && (n.Kind == Left || n.Kind == Semi || n.Kind == Anti):
		c.refuse(n, n.Kind.words()+" with the stream on the right cannot tell when a row has no match", exprs...)
	}
}

func (k JoinKind) words() string {
	return [...]string{"JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "SEMI JOIN", "ANTI JOIN", "CROSS JOIN"}[k]
}

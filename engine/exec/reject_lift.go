package exec

import (
	"fmt"
	"slices"

	"github.com/millrace-sql/millrace/sql"
	"github.com/millrace-sql/millrace/sql/plan"
)

// Rows are rejected one by one where they are rows of one record: by filters and
// projections. lifter moves calls that may reject rows there from where they are
// not: from a join's keys and condition, from a breaker's expressions and from a
// generator's arguments.
type lifter struct{ next plan.ColumnID }

// liftRejecting gives a plan, of equal rows and columns, in which only filters and
// projections reject rows. A plan without such calls is itself.
func liftRejecting(n plan.Node) (plan.Node, error) {
	if !asksAnywhere(n) {
		return n, nil
	}
	l := &lifter{next: lastColumn(n) + 1}
	return l.node(n)
}

// lastColumn is the greatest identity of a column in a plan.
func lastColumn(n plan.Node) plan.ColumnID {
	last := plan.ColumnID(0)
	for _, c := range n.Columns() {
		last = max(last, c.ID)
	}
	for _, in := range n.Inputs() {
		last = max(last, lastColumn(in))
	}
	return last
}

func (l *lifter) node(n plan.Node) (plan.Node, error) {
	if ins := n.Inputs(); len(ins) > 0 {
		below := make([]plan.Node, len(ins))
		for i, in := range ins {
			var err error
			if below[i], err = l.node(in); err != nil {
				return nil, err
			}
		}
		n = n.WithInputs(below)
	}
	es := Exprs(n)
	if err := noLambda(es); err != nil {
		return nil, err
	}
	if len(Asks(es...)) == 0 {
		return n, nil
	}
	switch n := n.(type) {
	case *plan.Join:
		return l.join(n)
	case *plan.Aggregate:
		return l.aggregate(n), nil
	case *plan.Sort:
		return l.sort(n), nil
	case *plan.Generate:
		out := *n
		up := l.over(n.Input)
		out.Args = up.all(n.Args)
		out.Input = up.node()
		return only(&out, n.Columns()), nil
	}
	return n, nil
}

// noLambda refuses a call inside a lambda: an element is no row.
func noLambda(es []plan.Expr) error {
	for _, e := range es {
		if l, ok := e.(*plan.Lambda); ok {
			if calls := Asks(l.Body); len(calls) > 0 {
				return errInLambda(calls[0])
			}
		}
		if e != nil {
			if err := noLambda(e.Children()); err != nil {
				return err
			}
		}
	}
	return nil
}

// errInLambda is the error of a call that would reject an element of an array.
func errInLambda(c *plan.Call) error {
	m := c.Fn.Rejects
	return sql.Errorf(c.Span, "model %s cannot be asked inside a lambda with onMissing = '%s' and onInvalid = '%s': an element of an array is no row",
		m.Name, m.OnMissing, m.OnInvalid).WithHint("its policies can be 'null' there, or the elements become rows with explode")
}

// join moves keys below the join, and the condition of an inner join above it.
func (l *lifter) join(n *plan.Join) (plan.Node, error) {
	out := *n
	if n.On != nil && len(Asks(n.On)) > 0 {
		if n.Kind != plan.Inner && n.Kind != plan.Cross {
			c := Asks(n.On)[0]
			m := c.Fn.Rejects
			return nil, sql.Errorf(c.Span, "model %s cannot be asked in the condition of an outer, semi or anti join with onMissing = '%s' and onInvalid = '%s'",
				m.Name, m.OnMissing, m.OnInvalid).WithHint("compute the prediction in a subquery on one side of the join")
		}
		out.On = nil
	}
	left, right := l.over(n.Left), l.over(n.Right)
	out.LeftKeys, out.RightKeys = left.all(n.LeftKeys), right.all(n.RightKeys)
	out.Left, out.Right = left.node(), right.node()
	var res plan.Node = &out
	if out.On == nil && n.On != nil {
		res = &plan.Filter{Input: res, Cond: n.On}
	}
	if left.more() || right.more() {
		res = only(res, n.Columns())
	}
	return res, nil
}

func (l *lifter) aggregate(n *plan.Aggregate) plan.Node {
	out := *n
	up := l.over(n.Input)
	out.Groups = slices.Clone(n.Groups)
	for i, g := range n.Groups {
		out.Groups[i].Expr = up.one(g.Expr)
	}
	out.Aggs = slices.Clone(n.Aggs)
	for i, a := range n.Aggs {
		out.Aggs[i].Args = up.all(a.Args)
		if a.Filter != nil {
			out.Aggs[i].Filter = up.one(a.Filter)
		}
	}
	out.Input = up.node()
	return &out
}

func (l *lifter) sort(n *plan.Sort) plan.Node {
	out := *n
	up := l.over(n.Input)
	out.Keys = slices.Clone(n.Keys)
	for i, k := range n.Keys {
		out.Keys[i].Expr = up.one(k.Expr)
	}
	out.Input = up.node()
	return only(&out, n.Columns())
}

// lifted is a projection to be put on top of a node: its columns and more.
type lifted struct {
	l     *lifter
	input plan.Node
	exprs []plan.NamedExpr // of the columns that are new
}

func (l *lifter) over(n plan.Node) *lifted { return &lifted{l: l, input: n} }

// one gives what stands for an expression above the projection.
func (u *lifted) one(e plan.Expr) plan.Expr {
	if len(Asks(e)) == 0 {
		return e
	}
	col := plan.Column{ID: u.l.next, Name: fmt.Sprintf("_asked%d", u.l.next), Type: e.Type()}
	u.l.next++
	u.exprs = append(u.exprs, plan.NamedExpr{Column: col, Expr: e})
	return &plan.ColumnRef{Span: e.Pos(), Column: col}
}

func (u *lifted) all(es []plan.Expr) []plan.Expr {
	out := make([]plan.Expr, len(es))
	for i, e := range es {
		out[i] = u.one(e)
	}
	return out
}

func (u *lifted) more() bool { return len(u.exprs) > 0 }

// node is the input under the projection, if there is anything to compute.
func (u *lifted) node() plan.Node {
	if !u.more() {
		return u.input
	}
	return &plan.Project{Input: u.input, Exprs: append(passOn(u.input.Columns()), u.exprs...)}
}

func passOn(cols []plan.Column) []plan.NamedExpr {
	out := make([]plan.NamedExpr, len(cols))
	for i, c := range cols {
		out[i] = plan.NamedExpr{Column: c, Expr: &plan.ColumnRef{Column: c}}
	}
	return out
}

// only is a node cut to some of its columns.
func only(n plan.Node, cols []plan.Column) plan.Node {
	return &plan.Project{Input: n, Exprs: passOn(cols)}
}

// CheckPolicies finds calls that may reject rows where no row can be left out.
func CheckPolicies(n plan.Node) error {
	_, err := liftRejecting(n)
	return err
}

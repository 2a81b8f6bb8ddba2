package exec

import "github.com/millrace-sql/millrace/sql/plan"

// label is the text of an operator: the node it was made of. It is written when
// somebody asks for it, which running a query does not: a constant in it can be
// large.
type label struct {
	of            plan.Node
	before, after string
}

func (l label) String() string {
	if l.of == nil {
		return l.before + l.after
	}
	return l.before + l.of.String() + l.after
}

package plan

import "github.com/apache/arrow/go/v14/arrow"

// pruneRule drops the columns that nothing reads, down to the scans. What is not
// deterministic is computed all the same.
func pruneRule() Rule {
	return Rule{Name: "prune", Apply: func(n Node) (Node, bool) {
		out := prune(n, columnSet(n.Columns()))
		return out, out != n
	}}
}

// prune gives a plan that has at least the needed columns. It is n itself when
// there is nothing to drop.
func prune(n Node, need map[ColumnID]bool) Node {
	switch n := n.(type) {
	case *Scan:
		return pruneScan(n, need)
	case *Values:
		return pruneValues(n, need)
	case *Project:
		return pruneProject(n, need)
	case *Aggregate:
		return pruneAggregate(n, need)
	case *Union:
		return pruneUnion(n, need)
	case *Write:
		return pruneInputs(n, columnSet(n.Input.Columns()))
	}
	return pruneInputs(n, with(need, exprsOf(n)))
}

// with is a set of columns and those that expressions read.
func with(need map[ColumnID]bool, exprs []Expr) map[ColumnID]bool {
	out := readBy(exprs...)
	for id := range need {
		out[id] = true
	}
	return out
}

func pruneInputs(n Node, need map[ColumnID]bool) Node {
	ins := n.Inputs()
	out := make([]Node, len(ins))
	changed := false
	for i, in := range ins {
		out[i] = prune(in, need)
		changed = changed || out[i] != in
	}
	if !changed {
		return n
	}
	return n.WithInputs(out)
}

// pruneScan keeps one column where none is needed: rows must be counted, and a
// number is the cheapest to read.
func pruneScan(n *Scan, need map[ColumnID]bool) Node {
	var kept []ScanColumn
	for _, c := range n.Cols {
		if need[c.Column.ID] {
			kept = append(kept, c)
		}
	}
	if len(kept) == 0 && len(n.Cols) > 0 {
		kept = []ScanColumn{n.Cols[0]}
		for _, c := range n.Cols {
			if _, fixed := c.Column.Type.(arrow.FixedWidthDataType); fixed {
				kept[0] = c
				break
			}
		}
	}
	if len(kept) == len(n.Cols) {
		return n
	}
	out := *n
	out.Cols = kept
	return &out
}

func pruneValues(n *Values, need map[ColumnID]bool) Node {
	out := &Values{Rows: n.Rows}
	for i, c := range n.Cols {
		if need[c.ID] {
			out.Cols = append(out.Cols, c)
			out.Arrays = append(out.Arrays, n.Arrays[i])
		}
	}
	if len(out.Cols) == len(n.Cols) {
		return n
	}
	return out
}

func pruneProject(n *Project, need map[ColumnID]bool) Node {
	out := &Project{}
	for _, e := range n.Exprs {
		if need[e.Column.ID] || !deterministic(e.Expr) {
			out.Exprs = append(out.Exprs, e)
		}
	}
	out.Input = prune(n.Input, with(nil, exprsOf(out)))
	switch {
	case len(out.Exprs) == 0:
		return out.Input
	case len(out.Exprs) == len(n.Exprs) && out.Input == n.Input:
		return n
	}
	return out
}

func pruneAggregate(n *Aggregate, need map[ColumnID]bool) Node {
	out := &Aggregate{Groups: n.Groups}
	for _, a := range n.Aggs {
		if need[a.Column.ID] || a.Name == "single_value" {
			out.Aggs = append(out.Aggs, a)
		}
	}
	if len(out.Groups)+len(out.Aggs) == 0 {
		out.Aggs = n.Aggs[:1]
	}
	out.Input = prune(n.Input, with(nil, exprsOf(out)))
	if len(out.Aggs) == len(n.Aggs) && out.Input == n.Input {
		return n
	}
	return out
}

// pruneUnion drops a column from all inputs; each gets a projection where it
// would give another list of columns.
func pruneUnion(n *Union, need map[ColumnID]bool) Node {
	var at []int
	out := &Union{}
	for i, c := range n.Cols {
		if need[c.ID] {
			at, out.Cols = append(at, i), append(out.Cols, c)
		}
	}
	if len(at) == 0 && len(n.Cols) > 0 {
		at, out.Cols = []int{0}, n.Cols[:1]
	}
	changed := len(at) < len(n.Cols)
	for _, in := range n.Ins {
		cols := in.Columns()
		list := make([]Column, len(at))
		for k, i := range at {
			list[k] = cols[i]
		}
		next := exactly(prune(in, columnSet(list)), list)
		changed = changed || next != in
		out.Ins = append(out.Ins, next)
	}
	if !changed {
		return n
	}
	return out
}

// exactly is a plan that gives just these columns, in order.
func exactly(n Node, cols []Column) Node {
	have := n.Columns()
	same := len(have) == len(cols)
	for i := 0; same && i < len(cols); i++ {
		same = have[i].ID == cols[i].ID
	}
	if same {
		return n
	}
	return &Project{Input: n, Exprs: refs(cols)}
}

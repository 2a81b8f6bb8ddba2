package plan

import (
	"maps"
	"slices"

	"github.com/millrace-sql/millrace/catalog"
)

// narrowScores leaves out of the structs that models' scores are the outputs that
// nothing in the plan reads: the rule for a struct that another node takes apart,
// as ML_PREDICT's is.
func narrowScores(n Node) (Node, bool) {
	out, changed := narrowOneScore(n)
	for more := changed; more; {
		out, more = narrowOneScore(out)
	}
	return out, changed
}

// narrowOneScore does it for one column: the calls of others may read it.
func narrowOneScore(n Node) (Node, bool) {
	scored := map[ColumnID][]*Call{}
	scoredColumns(n, scored)
	if len(scored) == 0 {
		return n, false
	}
	used := fieldUses{fields: map[ColumnID]map[int]bool{}, whole: map[ColumnID]bool{}}
	used.node(n)
	used.outputs(n)
	for _, id := range slices.Sorted(maps.Keys(scored)) {
		calls := scored[id]
		if len(calls) > 1 || used.whole[id] {
			continue
		}
		if out, ok := narrowScore(n, id, calls[0], used.fields[id]); ok {
			return out, true
		}
	}
	return n, false
}

// scoredColumns finds the calls of projections that give a model's outputs as a
// struct, by their columns.
func scoredColumns(n Node, scored map[ColumnID][]*Call) {
	if p, ok := n.(*Project); ok {
		for _, e := range p.Exprs {
			if c, info := scoredStruct(e.Expr); info != nil {
				scored[e.Column.ID] = append(scored[e.Column.ID], c)
			}
		}
	}
	for _, in := range n.Inputs() {
		scoredColumns(in, scored)
	}
}

// scoredStruct is a call that scores a model and gives its outputs as a struct.
func scoredStruct(e Expr) (*Call, *catalog.Scoring) {
	c, ok := e.(*Call)
	if !ok {
		return nil, nil
	}
	info, ok := c.Fn.Info.(*catalog.Scoring)
	if !ok || !info.Fields || info.Taken {
		return nil, nil
	}
	return c, info
}

// narrowScore has one call give only the fields that are read, and the whole plan
// read them at their new places.
func narrowScore(n Node, id ColumnID, call *Call, fields map[int]bool) (Node, bool) {
	info := call.Fn.Info.(*catalog.Scoring)
	if len(fields) == 0 || len(fields) >= len(info.Want) || !slices.IsSorted(info.Want) {
		return n, false
	}
	g := &scoreGroup{base: call}
	moved := map[int]int{}
	for i, w := range info.Want {
		if fields[i] {
			moved[i] = len(g.want)
			g.want = append(g.want, w)
		}
	}
	if !g.makeScore() {
		return n, false
	}
	col := Column{ID: id, Type: g.score.Type()}
	out, _ := transformUp(n, func(n Node) (Node, bool) {
		next := mapExprs(n, func(e Expr) Expr {
			if e == Expr(call) {
				return g.score
			}
			return retype(e, col, moved)
		})
		return next, next != n
	})
	return out, true
}

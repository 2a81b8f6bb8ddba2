package exec

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/sql/plan"
)

// side is one input of a join.
type side struct {
	flow *flow
	keys []plan.Expr
}

// join compiles a join: the rows of the side without end, or of the left one when
// both end, look up those of the other.
func (c *compiler) join(n *plan.Join, need columnSet) (*flow, error) {
	reads := slices.Concat(n.LeftKeys, n.RightKeys)
	if n.On != nil {
		reads = append(reads, n.On)
	}
	left, err := c.node(n.Left, need.with(reads...))
	if err != nil {
		return nil, err
	}
	right, err := c.node(n.Right, need.with(reads...))
	if err != nil {
		return nil, err
	}
	l, r := side{left, n.LeftKeys}, side{right, n.RightKeys}
	if err := joinable(n, !left.static, !right.static); err != nil {
		return nil, err
	}
	switch {
	case n.Kind == plan.Full:
		return c.fullJoin(n, need, l, r)
	case n.Kind == plan.Right:
		return c.halfJoin(n, need, sides{r, l}, pairOuter)
	case !right.static:
		return c.halfJoin(n, need, sides{r, l}, pairInner)
	}
	kind := map[plan.JoinKind]pairing{
		plan.Inner: pairInner, plan.Cross: pairInner, plan.Left: pairOuter, plan.Semi: pairSemi, plan.Anti: pairAnti,
	}[n.Kind]
	return c.halfJoin(n, need, sides{l, r}, kind)
}

// joinable says which joins of streams cannot be run.
func joinable(n *plan.Join, left, right bool) error {
	switch {
	case left && right:
		return fmt.Errorf("a join of two streams is not supported yet: one side must be a table (%s)", n)
	case left && (n.Kind == plan.Right || n.Kind == plan.Full):
		return fmt.Errorf("a RIGHT or FULL join of a stream with a table would have to keep the table's rows that no row of the stream will match, "+
			"which is never known: use INNER or LEFT (%s)", n)
	case right && n.Kind != plan.Inner && n.Kind != plan.Cross && n.Kind != plan.Right:
		return fmt.Errorf("a join that keeps or drops the rows of a table by what a stream on its right does not hold is never finished: "+
			"put the stream on the left, or use INNER or RIGHT (%s)", n)
	}
	return nil
}

// sides are the inputs of a probe: its rows, and those they look up.
type sides struct{ from, to side }

// halfJoin compiles a join whose result is decided row by row of one side.
func (c *compiler) halfJoin(n *plan.Join, need columnSet, s sides, kind pairing) (*flow, error) {
	layout, err := joinLayout(n)
	if err != nil {
		return nil, err
	}
	table, stage, err := c.build(n, s.to, layout, false)
	if err != nil {
		return nil, err
	}
	out := need.of(n.Columns())
	p, err := newProbe(n, s, kind, out)
	if err != nil {
		return nil, err
	}
	p.layout, p.from = layout, table
	s.from.flow.need([]*Stage{stage})
	return s.from.flow.then(p, out), nil
}

// fullJoin is a left join and then the right side's rows without match: each side
// is built, and its rows then look up those of the other.
func (c *compiler) fullJoin(n *plan.Join, need columnSet, l, r side) (*flow, error) {
	layout, err := joinLayout(n)
	if err != nil {
		return nil, err
	}
	leftTable, leftStage, err := c.build(n, l, layout, true)
	if err != nil {
		return nil, err
	}
	rightTable, rightStage, err := c.build(n, r, layout, true)
	if err != nil {
		return nil, err
	}
	cols := need.of(n.Columns())
	outer, err := newProbe(n, sides{l, r}, pairOuter, cols)
	if err != nil {
		return nil, err
	}
	outer.layout, outer.from = layout, rightTable
	lone, err := newProbe(n, sides{r, l}, pairLone, cols)
	if err != nil {
		return nil, err
	}
	lone.layout, lone.from = layout, leftTable
	out := &flow{cols: cols, static: leftStage.Static && rightStage.Static}
	out.need([]*Stage{leftStage, rightStage})
	out.branches = slices.Concat(
		after(leftStage, l.flow.cols).then(outer, cols).branches,
		after(rightStage, r.flow.cols).then(lone, cols).branches)
	return out, nil
}

// build ends a side's stage with the breaker that builds the table.
func (c *compiler) build(n *plan.Join, s side, layout *keyLayout, emit bool) (*holder, *Stage, error) {
	x := newExprs(s.flow.cols, s.keys...)
	keys, err := x.all(s.keys)
	if err != nil {
		return nil, nil, err
	}
	h := &holder{}
	c.holders = append(c.holders, h)
	b := &buildSide{
		label: label{of: n, before: "Build for "}, schema: schemaOf(s.flow.cols),
		keys: keys, memos: x.memos, layout: layout, to: h, emit: emit,
	}
	return h, c.end(s.flow, b), nil
}

func joinLayout(n *plan.Join) (*keyLayout, error) {
	if len(n.LeftKeys) == 0 {
		return nil, nil
	}
	types := make([]arrow.DataType, len(n.LeftKeys))
	for i, k := range n.LeftKeys {
		types[i] = k.Type()
		if !arrow.TypeEqual(types[i], n.RightKeys[i].Type()) {
			return nil, fmt.Errorf("%s: key %d has type %s on the left and %s on the right", n, i+1, types[i], n.RightKeys[i].Type())
		}
	}
	nullSafe := n.NullSafe
	if len(nullSafe) < len(types) {
		nullSafe = append(slices.Clone(nullSafe), make([]bool, len(types)-len(nullSafe))...)
	}
	layout, err := newKeyLayout(types, nullSafe)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", n, err)
	}
	return layout, nil
}

func newProbe(n *plan.Join, s sides, kind pairing, out []plan.Column) (*probe, error) {
	x := newExprs(s.from.flow.cols, s.from.keys...)
	keys, err := x.all(s.from.keys)
	if err != nil {
		return nil, err
	}
	p := &probe{label: label{of: n}, schema: schemaOf(out), kind: kind, keys: keys, memos: x.memos}
	if n.On != nil {
		if p.on, err = newResidual(n.On, s); err != nil {
			return nil, err
		}
	}
	for _, col := range out {
		o, err := locate(col, s)
		if err != nil {
			return nil, err
		}
		p.out = append(p.out, o)
	}
	return p, nil
}

func newResidual(on plan.Expr, s sides) (*residual, error) {
	x := newExprs(slices.Concat(s.from.flow.cols, s.to.flow.cols), on)
	cond, err := x.condition(on)
	if err != nil {
		return nil, err
	}
	return &residual{cond: cond, memos: x.memos, need: columnsOf(cond.parts...)}, nil
}

// locate finds a column of a join's output in its inputs.
func locate(col plan.Column, s sides) (outColumn, error) {
	same := func(c plan.Column) bool { return c.ID == col.ID }
	if i := slices.IndexFunc(s.from.flow.cols, same); i >= 0 {
		return outColumn{col: i}, nil
	}
	if i := slices.IndexFunc(s.to.flow.cols, same); i >= 0 {
		return outColumn{build: true, col: i}, nil
	}
	return outColumn{}, fmt.Errorf("column %s of a join is in neither of its inputs", col.Name)
}

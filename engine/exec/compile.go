package exec

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/engine/codec"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/sql/plan"
)

// Compile turns a plan into stages of operators: a stage ends where an operator
// must see all rows first. For an INSERT it compiles the query below; the sink is
// the engine's. The program is for one run of the query, whose stages may run
// many times (static ones once); Program.Release frees what it holds. An error
// says what the plan asks for that cannot be done.
func Compile(n plan.Node) (*Program, error) {
	if w, ok := n.(*plan.Write); ok {
		n = w.Input
	}
	n, err := liftRejecting(n)
	if err != nil {
		return nil, err
	}
	c := &compiler{top: map[*plan.Sort]int{}}
	f, err := c.node(n, nil)
	if err != nil {
		return nil, err
	}
	c.root(f)
	return &Program{Stages: c.stages, Schema: schemaOf(n.Columns()), Rejects: asksAnywhere(n), holders: c.holders}, nil
}

type compiler struct {
	stages  []*Stage
	holders []*holder
	top     map[*plan.Sort]int // sorts of which only the first rows are wanted
}

// flow is the part of a stage built so far.
type flow struct {
	cols     []plan.Column // of its records
	needs    []*Stage
	branches []Branch
	static   bool
}

// then adds an operator, which gives cols, to each branch.
func (f *flow) then(op Operator, cols []plan.Column) *flow {
	f.cols = cols
	for i := range f.branches {
		f.branches[i].Ops = append(f.branches[i].Ops, op)
	}
	return f
}

// leafFlow starts a stage.
func leafFlow(cols []plan.Column, l Leaf, static bool) *flow {
	return &flow{cols: cols, branches: []Branch{{Leaf: l}}, static: static}
}

// end ends a stage with a breaker.
func (c *compiler) end(f *flow, b Breaker) *Stage {
	s := &Stage{Needs: f.needs, Branches: f.branches, Breaker: b, Static: f.static}
	c.stages = append(c.stages, s)
	return s
}

// after starts a stage that reads the result of another.
func after(s *Stage, cols []plan.Column) *flow {
	f := leafFlow(cols, &StageLeaf{s}, s.Static)
	f.needs = []*Stage{s}
	return f
}

// root ends the last stage. One that would only hand on what a breaker gives is
// left out.
func (c *compiler) root(f *flow) {
	if len(f.branches) == 1 && len(f.branches[0].Ops) == 0 {
		if l, ok := f.branches[0].Leaf.(*StageLeaf); ok && l.Stage == c.stages[len(c.stages)-1] {
			return
		}
	}
	c.end(f, nil)
}

// node compiles a plan node and what is below it. Need is the columns that are
// read above it, which the flow gives at least, in any order; nil is all, in the
// node's order.
func (c *compiler) node(n plan.Node, need columnSet) (*flow, error) {
	switch n := n.(type) {
	case *plan.Scan:
		return scan(n)
	case *plan.Values:
		return valuesFlow(n), nil
	case *plan.Filter:
		return operate(c, n.Input, need.with(n.Cond), func(f *flow) (*filter, []plan.Column, error) {
			return newFilter(n, f.cols, need)
		})
	case *plan.Project:
		return operate(c, n.Input, columnSet{}.with(named(n.Exprs)...), func(f *flow) (*project, []plan.Column, error) {
			p, err := newProject(n, f.cols)
			return p, n.Columns(), err
		})
	case *plan.Generate:
		return operate(c, n.Input, need.with(n.Args...), func(f *flow) (*generate, []plan.Column, error) {
			cols := slices.Concat(f.cols, n.Cols)
			g, err := newGenerate(n, f.cols, cols)
			return g, cols, err
		})
	case *plan.Join:
		return c.join(n, need)
	case *plan.Union:
		return c.union(n)
	case *plan.Sample:
		return c.sample(n, need)
	case *plan.Sort:
		return breakAt(c, n.Input, need.with(sortExprs(n)...), func(f *flow) (*sorting, []plan.Column, error) {
			s, err := newSort(n, f.cols, c.topOf(n))
			return s, f.cols, err
		})
	case *plan.Aggregate:
		return breakAt(c, n.Input, columnSet{}.with(aggregateExprs(n)...), func(f *flow) (*aggregate, []plan.Column, error) {
			a, err := newAggregate(n, f.cols)
			return a, n.Columns(), err
		})
	case *plan.Limit:
		c.noteTop(n)
		return breakAt(c, n.Input, need, func(f *flow) (*limit, []plan.Column, error) {
			return &limit{label: label{of: n}, schema: schemaOf(f.cols), n: n.N, skip: n.Offset}, f.cols, nil
		})
	}
	return nil, fmt.Errorf("%s (%T) cannot be run", n, n)
}

// operate compiles input and puts an operator behind it; op also says which
// columns the operator gives.
func operate[T Operator](c *compiler, input plan.Node, need columnSet, op func(*flow) (T, []plan.Column, error)) (*flow, error) {
	f, err := c.node(input, need)
	if err != nil {
		return nil, err
	}
	o, cols, err := op(f)
	if err != nil {
		return nil, err
	}
	return f.then(o, cols), nil
}

// breakAt compiles input and ends its stage with a breaker.
func breakAt[T Breaker](c *compiler, input plan.Node, need columnSet, breaker func(*flow) (T, []plan.Column, error)) (*flow, error) {
	f, err := c.node(input, need)
	if err != nil {
		return nil, err
	}
	b, cols, err := breaker(f)
	if err != nil {
		return nil, err
	}
	return after(c.end(f, b), cols), nil
}

func scan(n *plan.Scan) (*flow, error) {
	if n.Cache != nil {
		return cachedScan(n)
	}
	p := &connector.Projection{Schema: schemaOf(n.Columns())}
	for _, col := range n.Cols {
		pc := connector.ProjectedColumn{Index: col.Source}
		if col.Parser != nil {
			d, ok := col.Parser.(*codec.JSONDecoder)
			if !ok {
				return nil, fmt.Errorf("column %s of %s: a scan cannot parse with a %T", col.Column.Name, n.Name, col.Parser)
			}
			pc.JSON = d
		}
		p.Columns = append(p.Columns, pc)
	}
	return leafFlow(n.Columns(), &ScanLeaf{Scan: n, Projection: p}, !n.Table.Stream), nil
}

// cachedScan reads rows held in memory. The wanted columns are picked by an
// operator, so that the leaf lends the cache's own records.
func cachedScan(n *plan.Scan) (*flow, error) {
	for _, r := range n.Cache.Records {
		for _, a := range r.Columns() {
			settle(a)
		}
	}
	f := leafFlow(nil, &RecordsLeaf{Schema: n.Cache.Schema, Records: n.Cache.Records}, true)
	p := &picker{label: label{of: n}, schema: schemaOf(n.Columns())}
	for _, col := range n.Cols {
		if col.Parser != nil {
			return nil, fmt.Errorf("column %s of %s: a cached table has no text to parse", col.Column.Name, n.Name)
		}
		p.cols = append(p.cols, col.Source)
	}
	return f.then(p, n.Columns()), nil
}

func valuesFlow(n *plan.Values) *flow {
	for _, a := range n.Arrays {
		settle(a)
	}
	schema := schemaOf(n.Cols)
	leaf := &RecordsLeaf{Schema: schema}
	if n.Rows > 0 {
		leaf.Records = []arrow.Record{array.NewRecord(schema, n.Arrays, int64(n.Rows))}
	}
	return leafFlow(n.Cols, leaf, true)
}

// sample is by rows a limit, else by chance.
func (c *compiler) sample(n *plan.Sample, need columnSet) (*flow, error) {
	switch {
	case n.Rows >= 0:
		return breakAt(c, n.Input, need, func(f *flow) (*limit, []plan.Column, error) {
			return &limit{label: label{of: n}, schema: schemaOf(f.cols), n: n.Rows}, f.cols, nil
		})
	case n.Seeded:
		return breakAt(c, n.Input, need, func(f *flow) (*repeatable, []plan.Column, error) {
			return newRepeatable(n, f.cols), f.cols, nil
		})
	}
	return operate(c, n.Input, need, func(f *flow) (*sampler, []plan.Column, error) {
		return newSampler(n, f.cols), f.cols, nil
	})
}

// union puts the branches of its inputs side by side.
func (c *compiler) union(n *plan.Union) (*flow, error) {
	schema := schemaOf(n.Cols)
	out := &flow{cols: n.Cols, static: true}
	for _, in := range n.Ins {
		f, err := c.node(in, nil)
		if err != nil {
			return nil, err
		}
		if s := schemaOf(in.Columns()); !s.Equal(schema) {
			if len(s.Fields()) != len(schema.Fields()) {
				return nil, fmt.Errorf("%s: an input has %d columns instead of %d", n, len(s.Fields()), len(schema.Fields()))
			}
			f.then(&picker{label: label{before: "Rename"}, schema: schema, cols: upTo(len(n.Cols))}, n.Cols)
		}
		out.branches = append(out.branches, f.branches...)
		out.static = out.static && f.static
		out.need(f.needs)
	}
	return out, nil
}

// need adds stages that are not there yet.
func (f *flow) need(stages []*Stage) {
	for _, s := range stages {
		if !slices.Contains(f.needs, s) {
			f.needs = append(f.needs, s)
		}
	}
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

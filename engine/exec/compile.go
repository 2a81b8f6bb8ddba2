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
	c := &compiler{}
	f, err := c.node(n)
	if err != nil {
		return nil, err
	}
	c.root(f)
	return &Program{Stages: c.stages, Schema: schemaOf(n.Columns()), holders: c.holders}, nil
}

type compiler struct {
	stages  []*Stage
	holders []*holder
}

// flow is the part of a stage built so far.
type flow struct {
	needs    []*Stage
	branches []Branch
	static   bool
}

// then adds an operator to each branch.
func (f *flow) then(op Operator) *flow {
	for i := range f.branches {
		f.branches[i].Ops = append(f.branches[i].Ops, op)
	}
	return f
}

// leafFlow starts a stage.
func leafFlow(l Leaf, static bool) *flow {
	return &flow{branches: []Branch{{Leaf: l}}, static: static}
}

// end ends a stage with a breaker.
func (c *compiler) end(f *flow, b Breaker) *Stage {
	s := &Stage{Needs: f.needs, Branches: f.branches, Breaker: b, Static: f.static}
	c.stages = append(c.stages, s)
	return s
}

// after starts a stage that reads the result of another.
func after(s *Stage) *flow {
	f := leafFlow(&StageLeaf{s}, s.Static)
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

// node compiles a plan node and what is below it.
func (c *compiler) node(n plan.Node) (*flow, error) {
	switch n := n.(type) {
	case *plan.Scan:
		return scan(n)
	case *plan.Values:
		return valuesFlow(n), nil
	case *plan.Filter:
		return operate(c, n.Input, func() (*filter, error) { return newFilter(n) })
	case *plan.Project:
		return operate(c, n.Input, func() (*project, error) { return newProject(n) })
	case *plan.Join:
		return c.join(n)
	case *plan.Union:
		return c.union(n)
	case *plan.Generate:
		return operate(c, n.Input, func() (*generate, error) { return newGenerate(n) })
	case *plan.Sample:
		return c.sample(n)
	case *plan.Sort:
		return breakAt(c, n.Input, func() (*sorting, error) { return newSort(n) })
	case *plan.Aggregate:
		return breakAt(c, n.Input, func() (*aggregate, error) { return newAggregate(n) })
	case *plan.Limit:
		return breakAt(c, n.Input, func() (*limit, error) { return newLimit(n), nil })
	}
	return nil, fmt.Errorf("%s (%T) cannot be run", n, n)
}

// operate compiles input and puts an operator behind it.
func operate[T Operator](c *compiler, input plan.Node, op func() (T, error)) (*flow, error) {
	f, err := c.node(input)
	if err != nil {
		return nil, err
	}
	o, err := op()
	if err != nil {
		return nil, err
	}
	return f.then(o), nil
}

// breakAt compiles input and ends its stage with a breaker.
func breakAt[T Breaker](c *compiler, input plan.Node, breaker func() (T, error)) (*flow, error) {
	f, err := c.node(input)
	if err != nil {
		return nil, err
	}
	b, err := breaker()
	if err != nil {
		return nil, err
	}
	return after(c.end(f, b)), nil
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
	return leafFlow(&ScanLeaf{Scan: n, Projection: p}, !n.Table.Stream), nil
}

// cachedScan reads rows held in memory. The wanted columns are picked by an
// operator, so that the leaf lends the cache's own records.
func cachedScan(n *plan.Scan) (*flow, error) {
	f := leafFlow(&RecordsLeaf{Schema: n.Cache.Schema, Records: n.Cache.Records}, true)
	p := &picker{text: n.String(), schema: schemaOf(n.Columns())}
	for _, col := range n.Cols {
		if col.Parser != nil {
			return nil, fmt.Errorf("column %s of %s: a cached table has no text to parse", col.Column.Name, n.Name)
		}
		p.cols = append(p.cols, col.Source)
	}
	return f.then(p), nil
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
	return leafFlow(leaf, true)
}

func newLimit(n *plan.Limit) *limit {
	return &limit{text: n.String(), schema: schemaOf(n.Columns()), n: n.N, skip: n.Offset}
}

// sample is by rows a limit, else by chance.
func (c *compiler) sample(n *plan.Sample) (*flow, error) {
	switch {
	case n.Rows >= 0:
		return breakAt(c, n.Input, func() (*limit, error) {
			return &limit{text: n.String(), schema: schemaOf(n.Columns()), n: n.Rows}, nil
		})
	case n.Seeded:
		return breakAt(c, n.Input, func() (*repeatable, error) { return newRepeatable(n), nil })
	}
	return operate(c, n.Input, func() (*sampler, error) { return newSampler(n), nil })
}

// union puts the branches of its inputs side by side.
func (c *compiler) union(n *plan.Union) (*flow, error) {
	schema := schemaOf(n.Cols)
	out := &flow{static: true}
	for _, in := range n.Ins {
		f, err := c.node(in)
		if err != nil {
			return nil, err
		}
		if s := schemaOf(in.Columns()); !s.Equal(schema) {
			if len(s.Fields()) != len(schema.Fields()) {
				return nil, fmt.Errorf("%s: an input has %d columns instead of %d", n, len(s.Fields()), len(schema.Fields()))
			}
			f.then(&picker{text: "Rename", schema: schema, cols: upTo(len(n.Cols))})
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

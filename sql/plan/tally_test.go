package plan_test

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// tallyModel scores by plain arithmetic: its class is a text of x and s, its
// weight d times x, and the probabilities are of x.
type tallyModel struct{}

func (tallyModel) Inputs() []arrow.Field {
	return []arrow.Field{field("x", tInt), field("s", tString), field("d", tDouble)}
}

func (tallyModel) Outputs() []catalog.Output {
	return []catalog.Output{
		{Field: field("class", tString), Role: catalog.RolePredicted, Target: true},
		{Field: field("weight", tDouble)},
		{Field: field("p_odd", tDouble), Role: catalog.RoleProbability, Class: "odd"},
		{Field: field("p_even", tDouble), Role: catalog.RoleProbability, Class: "even"},
	}
}

func (tallyModel) Describe() []catalog.Property { return nil }

func (m tallyModel) Score(t catalog.Task, n int, in []arrow.Array, want []int) ([]arrow.Array, error) {
	x, s, d := in[0].(*array.Int32), in[1].(*array.String), in[2].(*array.Float64)
	var out []arrow.Array
	for _, w := range want {
		b := array.NewBuilder(t.Allocator(), m.Outputs()[w].Field.Type)
		for i := range n {
			switch {
			case x.IsNull(i) || w == 0 && s.IsNull(i) || w == 1 && d.IsNull(i):
				b.AppendNull()
			case w == 0:
				b.(*array.StringBuilder).Append(fmt.Sprint(x.Value(i), s.Value(i)))
			case w == 1:
				b.(*array.Float64Builder).Append(float64(x.Value(i)) * d.Value(i))
			default:
				b.(*array.Float64Builder).Append(float64((x.Value(i) + int32(w)) & 1))
			}
		}
		out = append(out, b.NewArray())
		b.Release()
	}
	return out, nil
}

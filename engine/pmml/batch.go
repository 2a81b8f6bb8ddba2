package pmml

import (
	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// plan is the batch evaluator of a model.
type plan struct{}

// tile is the scratch memory of the batch evaluator.
type tile struct{}

func (p *plan) newTile() *tile { return &tile{} }

// compile makes the batch evaluator of a model, or says why there is none.
func compile(*Model) (*plan, string) { return nil, "only the row interpreter scores so far" }

func (m *Model) scoreBatch(mem memory.Allocator, n int, in []arrow.Array, want []int, fault func(int, error)) []arrow.Array {
	return m.scoreRows(mem, n, in, want, fault)
}

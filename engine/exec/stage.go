package exec

import (
	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/sql/plan"
)

// Program is a compiled plan: stages in the order in which they can run; the
// last gives the result.
type Program struct {
	Stages []*Stage
	// Schema of the result.
	Schema *arrow.Schema
	// Rejects is true when a call may reject rows or name their places: the tasks it
	// runs with must be catalog.Rejecters.
	Rejects bool

	holders []*holder
}

// Release frees what stages left for others (the tables of joins). It is called
// once, when no stage runs any more.
func (p *Program) Release() {
	for _, h := range p.holders {
		h.set(nil)
	}
}

// Root is the last stage.
func (p *Program) Root() *Stage { return p.Stages[len(p.Stages)-1] }

// Stage is branches of operators that run side by side over chunks of input,
// and the breaker that takes their rows, if any.
type Stage struct {
	// Needs are the stages whose results this one uses: each runs to its end
	// before.
	Needs []*Stage
	// Branches are the inputs, in the order of their rows.
	Branches []Branch
	// Breaker is nil for a root whose rows flow out as they come.
	Breaker Breaker
	// Static stages read no stream: they run once a query, not once an epoch.
	Static bool
}

// Branch is one input of a stage and the operators that its rows pass.
type Branch struct {
	Leaf Leaf
	Ops  []Operator
}

// Leaf is where the rows of a branch come from: a *ScanLeaf, a *RecordsLeaf or a
// *StageLeaf.
type Leaf interface{ leaf() }

type (
	// ScanLeaf reads a table through its connector.
	ScanLeaf struct {
		Scan       *plan.Scan
		Projection *connector.Projection
	}

	// RecordsLeaf holds its rows (VALUES, cached relations). The records are
	// borrowed from the plan and stay alive with it; each is one chunk.
	RecordsLeaf struct {
		Schema  *arrow.Schema
		Records []arrow.Record
	}

	// StageLeaf reads the result of another stage's breaker, which is in Needs.
	StageLeaf struct {
		Stage *Stage
	}
)

func (*ScanLeaf) leaf()    {}
func (*RecordsLeaf) leaf() {}
func (*StageLeaf) leaf()   {}

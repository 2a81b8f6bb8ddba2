package exec

import (
	"math"
	"math/rand/v2"
	"sync/atomic"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql/plan"
)

// chance decides, for the row-th row of an input, whether a sample with a seed
// has it. Rows are independent of each other, and nothing else counts: not how
// rows are cut into records, nor who looks at them.
type chance struct {
	seed uint64
	// below is the number of 2^63 outcomes that keep a row.
	below uint64
}

func newChance(n *plan.Sample) chance {
	f := min(max(n.Fraction, 0), 1)
	return chance{seed: uint64(n.Seed), below: uint64(math.Ldexp(f, 63))}
}

func (c chance) keeps(row uint64) bool {
	// The finaliser of SplitMix64 over a Weyl sequence that the seed starts.
	z := mix(c.seed^mixMul, mixSeed) + (row+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return z>>1 < c.below
}

// rows gives the rows of a record that are kept; first is the number of its
// first row.
func (c chance) rows(first uint64, n int) []int32 {
	var out []int32
	for i := range n {
		if c.keeps(first + uint64(i)) {
			out = append(out, int32(i))
		}
	}
	return out
}

// sampler keeps each row by chance, other rows in every run: what TABLESAMPLE
// gives without REPEATABLE.
type sampler struct {
	label
	schema *arrow.Schema
	chance chance
	runs   atomic.Uint64 // chunks so far, so that no two use the same numbers
}

func newSampler(n *plan.Sample, cols []plan.Column) *sampler {
	s := &sampler{label: label{of: n}, schema: schemaOf(cols), chance: newChance(n)}
	s.chance.seed = rand.Uint64()
	return s
}

func (s *sampler) Schema() *arrow.Schema { return s.schema }

// Run samples each record.
func (s *sampler) Run(t catalog.Task, in Records) Records {
	next := s.runs.Add(1) << 32
	return each(in, func(rec arrow.Record) (arrow.Record, error) {
		defer rec.Release()
		rows := s.chance.rows(next, int(rec.NumRows()))
		next += uint64(rec.NumRows())
		if len(rows) == 0 {
			return nil, nil
		}
		out, err := gatherRecord(t.Allocator(), plainRecord(rec), rows)
		if err != nil {
			return nil, err
		}
		return track(out, rec, rows), nil
	})
}

// repeatable is a sample with REPEATABLE: it keeps a row by its number in the
// input, so it wants the rows in order. Over a stream the rows of each epoch are
// numbered from 0.
type repeatable struct {
	label
	schema *arrow.Schema
	chance chance
	inOrder
}

func newRepeatable(n *plan.Sample, cols []plan.Column) *repeatable {
	return &repeatable{label: label{of: n}, schema: schemaOf(cols), chance: newChance(n)}
}

func (s *repeatable) Schema() *arrow.Schema { return s.schema }

func (s *repeatable) Local(catalog.Task) Partial { return &sampled{chance: s.chance} }

func (s *repeatable) Finish(_ catalog.Task, p Partial) Records { return p.(*sampled).records() }

// sampled is the rows kept so far.
type sampled struct {
	limited // only what it gives and releases
	chance  chance
	next    uint64
}

// Add keeps some of the rows.
func (s *sampled) Add(t catalog.Task, _ int64, rec arrow.Record) (bool, error) {
	rows := s.chance.rows(s.next, int(rec.NumRows()))
	s.next += uint64(rec.NumRows())
	if len(rows) == 0 {
		return false, nil
	}
	out, err := gatherRecord(t.Allocator(), plainRecord(rec), rows)
	if err != nil {
		return false, err
	}
	s.recs = append(s.recs, out)
	return false, nil
}

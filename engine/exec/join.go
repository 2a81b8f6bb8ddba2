package exec

import (
	"fmt"
	"sync"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// pairing is what a probe gives for a row and its matches.
type pairing int

const (
	pairInner pairing = iota // a row for each match
	pairOuter                // the same, and one with NULLs for no match
	pairSemi                 // the row itself, if there is a match
	pairAnti                 // the row itself, if there is none
	pairLone                 // the row with NULLs, if there is none
)

// probe is a join: it looks up each row of its input among the rows that the
// build side left in a holder. Rows come out in the order of the input, and those
// of one row in the order of the build side.
type probe struct {
	label
	schema *arrow.Schema
	kind   pairing
	keys   []*evaluator
	memos  int
	layout *keyLayout // nil without keys
	from   *holder
	on     *residual
	out    []outColumn
	pool   sync.Pool // *probeSpace
}

// outColumn is a column of either side.
type outColumn struct {
	build bool
	col   int
}

// residual is a condition over pairs of rows: the probe side's columns and then
// the build side's.
type residual struct {
	cond  *condition
	memos int
	need  []int
}

// probeSpace is the memory of one probe, kept for the next.
type probeSpace struct {
	keys        keyRows
	ids         []int32
	left, right []int32
}

func (p *probe) Schema() *arrow.Schema { return p.schema }

// Run joins each record.
func (p *probe) Run(t catalog.Task, in Records) Records {
	return func(yield func(arrow.Record, error) bool) {
		space, _ := p.pool.Get().(*probeSpace)
		if space == nil {
			space = &probeSpace{}
		}
		defer p.pool.Put(space)
		for rec, err := range in {
			if err != nil {
				yield(nil, err)
				return
			}
			goOn := true
			if rec.NumRows() > 0 {
				goOn = p.record(t, rec, space, yield)
			}
			rec.Release()
			if !goOn {
				return
			}
		}
	}
}

// record joins one record and says whether the receiver wants more.
func (p *probe) record(t catalog.Task, rec arrow.Record, space *probeSpace, yield func(arrow.Record, error) bool) bool {
	bt := p.from.p.Load()
	if bt == nil {
		yield(nil, fmt.Errorf("%s: its build side has not run", p))
		return false
	}
	b := newBatch(t, rec, p.memos)
	defer b.release()
	ids, err := p.lookup(b, bt, space)
	if err != nil {
		yield(nil, err)
		return false
	}
	w := &pairs{probe: p, built: bt, batch: b, ids: ids, space: space, most: max(4096, 2*b.n)}
	for !w.done {
		left, right, err := w.next()
		if err == nil {
			err = t.Context().Err()
		}
		if err != nil {
			yield(nil, err)
			return false
		}
		if len(left) == 0 {
			continue
		}
		out, err := p.emit(b, bt, rec, left, right)
		if err != nil {
			yield(nil, err)
			return false
		}
		if !yield(out, nil) {
			return false
		}
	}
	return true
}

// lookup gives the number of each row's key on the build side, or -1.
func (p *probe) lookup(b *batch, bt *built, space *probeSpace) ([]int32, error) {
	if cap(space.ids) < b.n {
		space.ids = make([]int32, b.n)
	}
	ids := space.ids[:b.n]
	if p.layout == nil {
		id := int32(0)
		if bt.n == 0 {
			id = -1
		}
		for i := range ids {
			ids[i] = id
		}
		return ids, nil
	}
	keys, err := evalAll(b, p.keys)
	if err != nil {
		return nil, err
	}
	defer releaseArrays(keys)
	p.layout.blocks(&space.keys, keys, b.n, func(from int) {
		bt.table.find(&space.keys, ids[from:from+space.keys.n])
	})
	if valid := p.layout.matchable(keys); valid != nil {
		for i := range ids {
			if !valid.has(i) {
				ids[i] = -1
			}
		}
	}
	return ids, nil
}

// emit makes a record of pairs of rows.
func (p *probe) emit(b *batch, bt *built, rec arrow.Record, left, right []int32) (arrow.Record, error) {
	l := selection{rows: left}
	r := selection{rows: right, optional: p.kind == pairOuter}
	start, run := l.run()
	cols := make([]arrow.Array, len(p.out))
	for i, c := range p.out {
		var err error
		switch {
		case c.build && p.kind == pairLone:
			cols[i] = nullArray(b.mem(), bt.cols[c.col].DataType(), len(left))
		case c.build:
			cols[i], err = gatherRows(b.mem(), bt.cols[c.col], r)
		case run:
			cols[i] = slice(b.cols[c.col], start, len(left))
		default:
			cols[i], err = gatherRows(b.mem(), b.cols[c.col], l)
		}
		if err != nil {
			releaseArrays(cols)
			return nil, err
		}
	}
	out := makeRecord(p.schema, cols, len(left))
	if run && start == 0 && len(left) == b.n {
		return sameRows(out, rec), nil
	}
	return track(out, rec, append([]int32(nil), left...)), nil
}

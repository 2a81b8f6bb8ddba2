package pmml

import (
	"math/bits"
	"slices"
)

// Packed trees look at the codes of a tile's packed columns, which stand one after the other, a code for each row. All
// words of a plan stand in one slice with a tail as long as the largest tree, so that a tree is an array of fixed size
// that an index of 16 bits cannot leave: the walks have no bounds to check. The same is true of a column's offset.
//
// A word has the offset of the column in bits 0 to 15 and, from bit 16, how many of the feature's thresholds a value
// may be above to go to yes, plus one: a code below that goes to yes. A leaf has 0 there and leads to no.
//
// Where a missing value goes depends on the node, not on the value: a feature has a column in which missing values go
// to no everywhere, and one in which they go to yes, as far as there are nodes for them.
const (
	maxPackedNodes   = 1 << 16
	maxPackedColumns = 1 << 16 / tileRows
	packedLanes      = 8 // rows that walk side by side
)

// Codes of a missing value; a feature has fewer thresholds than maxCuts.
const (
	missingCode    = 1<<16 - 1 // goes to no
	missingYesCode = 0         // goes to yes
	maxCuts        = 1<<16 - 1
)

// packedColumn is a feature's column for packed trees.
type packedColumn struct {
	feat int
	yes  bool // missing values go to yes
}

// packedRows are the codes that a row sees: its column's offset is the index.
type packedRows [maxPackedColumns*tileRows + packedLanes]uint16

// packedMiss says where a missing value goes from a packed node.
type packedMiss uint8

const (
	missNo    packedMiss = iota // to the child for no
	missYes                     // to the one for yes
	missEnd                     // there is no prediction
	missGraph                   // only the graph knows
)

// packedMiss is where a missing value goes from a node.
func (d *decision) packedMiss() packedMiss {
	if d.leads() {
		return missGraph
	}
	for m := d.miss; ; m = m.miss {
		switch {
		case m == d.no:
			return missNo
		case m == d.yes:
			return missYes
		case m.feat < 0 && m.leaf == noLeaf:
			return missEnd
		case m.feat != d.feat: // if it is not, the value is missing there too
			return missGraph
		}
	}
}

// leads reports whether a test for missing values follows, which packed trees leave out.
func (d *decision) leads() bool { return d.no != d.no.present() || d.yes != d.yes.present() }

// packer adds trees to a plan's packed form.
type packer struct {
	c    *compiler
	cols []packedColumn
	yes  bool // there is room for columns where missing values go to yes
	miss []packedMiss
	hard bool // some missing value goes neither to yes nor to no
	part bool // tests for missing values are left out
}

// fillPacked packs the tree as a complete one or with links; false if it has too many nodes or features.
func (ft *flatTree) fillPacked(c *compiler, root *decision, s *surveyed) bool {
	for _, f := range s.feats {
		if c.p.feats[f].cats != nil || len(c.p.feats[f].cuts) >= maxCuts {
			return false
		}
	}
	for _, yes := range []bool{true, false} {
		p := &packer{c: c, cols: slices.Clone(c.p.cols), yes: yes, hard: root != root.present(), part: root != root.present()}
		if !p.pack(ft, root.present(), s) {
			return false
		}
		if len(p.cols) <= maxPackedColumns {
			p.keep(ft)
			return true
		}
	}
	return false
}

// pack chooses the form and makes the words.
func (p *packer) pack(ft *flatTree, root *decision, s *surveyed) bool {
	if s.depth <= maxCompleteDepth && 1<<s.depth <= 8*len(s.seen) {
		ft.mode, ft.words, ft.linked = complete, make([]uint32, 1<<s.depth), nil
		ft.ends = make([]uint16, 1<<s.depth)
		return p.complete(ft, root, 1, 0)
	}
	ft.mode = packed
	ft.words, ft.ends = nil, nil
	return p.linked(ft, root, min(4*len(s.seen), maxPackedNodes))
}

// keep adds the words to the plan's and notes the columns.
func (p *packer) keep(ft *flatTree) {
	plan := p.c.p
	plan.cols, plan.coded = p.cols, true
	for i, col := range p.cols {
		f := &plan.feats[col.feat]
		f.coded = true
		if col.yes {
			f.packYes = i
		} else {
			f.packNo = i
		}
	}
	ft.hard = p.hard
	if ft.mode == complete {
		ft.base, ft.arena = len(plan.words), &plan.words
		plan.words = append(plan.words, ft.words...)
		ft.words = nil
		return
	}
	ft.base, ft.arena64 = len(plan.links), &plan.links
	if !p.part {
		ft.miss = p.miss
	}
	plan.links = append(plan.links, ft.linked...)
	ft.linked = nil
}

// test gives the lower half of a node's word.
func (p *packer) test(d *decision) uint32 {
	f := &p.c.p.feats[d.feat]
	miss := d.packedMiss()
	p.hard, p.part = p.hard || miss > missYes, p.part || d.leads()
	col := packedColumn{d.feat, miss == missYes && p.yes && !f.hasFill}
	if miss == missYes && !p.yes {
		p.hard = true
	}
	at := slices.Index(p.cols, col)
	if at < 0 {
		at = len(p.cols)
		p.cols = append(p.cols, col)
	}
	rank, _ := slices.BinarySearch(f.cuts, d.t)
	return uint32(at*tileRows) | uint32(rank+1)<<16
}

// linked makes the words of a tree whose nodes name their children, breadth first: the child for no is in bits 32 to
// 47, the one for yes follows it; the leaf is in bits 48 to 63. A leaf leads to itself. Nodes that several lead to are
// copied.
func (p *packer) linked(ft *flatTree, root *decision, limit int) bool {
	ft.linked = nil
	todo := []*decision{root}
	for i := 0; i < len(todo); i++ {
		d := todo[i]
		if d.feat < 0 {
			if d.leaf >= maxPackedNodes {
				return false
			}
			ft.linked = append(ft.linked, uint64(i)<<32|uint64(d.leaf)<<48)
			p.miss = append(p.miss, missNo)
			continue
		}
		ft.linked = append(ft.linked, uint64(p.test(d))|uint64(len(todo))<<32)
		p.miss = append(p.miss, d.packedMiss())
		if todo = append(todo, d.no.present(), d.yes.present()); len(todo) > limit {
			return false
		}
	}
	return true
}

// walkPacked walks some rows side by side.
func (ft *flatTree) walkPacked(t *tile, out []int32) {
	nodes := (*[maxPackedNodes]uint64)((*ft.arena64)[ft.base:])
	top := nodes[0]
	for i := 0; i < len(out); i += packedLanes {
		x := (*packedRows)(t.packed[i:])
		a, b, c, d, e, f, g, h := top, top, top, top, top, top, top, top
		for range ft.depth {
			a = nodes[packedStep(a, x[uint16(a)])]
			b = nodes[packedStep(b, x[uint(uint16(b))+1])]
			c = nodes[packedStep(c, x[uint(uint16(c))+2])]
			d = nodes[packedStep(d, x[uint(uint16(d))+3])]
			e = nodes[packedStep(e, x[uint(uint16(e))+4])]
			f = nodes[packedStep(f, x[uint(uint16(f))+5])]
			g = nodes[packedStep(g, x[uint(uint16(g))+6])]
			h = nodes[packedStep(h, x[uint(uint16(h))+7])]
		}
		o := out[i : i+packedLanes : i+packedLanes]
		o[0], o[1], o[2], o[3] = int32(a>>48), int32(b>>48), int32(c>>48), int32(d>>48)
		o[4], o[5], o[6], o[7] = int32(e>>48), int32(f>>48), int32(g>>48), int32(h>>48)
	}
}

// packedStep is the next node.
func packedStep(n uint64, code uint16) uint16 {
	_, yes := bits.Sub64(uint64(code), uint64(uint16(n>>16)), 0)
	return uint16(n>>32 + yes)
}

// walkHole finds the leaf of a row with missing values; false if only the graph can.
func (ft *flatTree) walkHole(t *tile, i int) (int32, bool) {
	if ft.miss == nil {
		return 0, false
	}
	nodes := (*[maxPackedNodes]uint64)((*ft.arena64)[ft.base:])
	at := uint16(0)
	for range ft.depth {
		n := nodes[at]
		code := t.packed[int(uint16(n))+i]
		if code == missingCode && uint16(n>>16) != 0 { // a leaf looks at no feature
			switch ft.miss[at] {
			case missYes:
				code = missingYesCode
			case missEnd:
				return noLeaf, true
			case missGraph:
				return 0, false
			}
		}
		at = packedStep(n, code)
	}
	return int32(nodes[at] >> 48), true
}

package pmml

import (
	"math"
	"slices"
)

// A packed tree has one word for each node: how many of the feature's thresholds a value may be above to go to yes,
// plus one (16 bits); the feature's column (8 bits); where a missing value goes (8 bits); the child for no, which the one for yes follows (16 bits from bit
// 32); its leaf (16 bits from bit 48). A leaf leads to itself: no code is below 0.
//
// All words of a plan stand in one slice with a tail as long as the largest tree, so that a tree is an array of fixed
// size that 16 bits cannot leave: the walk has no bounds to check. The same is true of a row's codes and 8 bits.
const (
	maxPackedNodes    = 1 << 16
	maxPackedFeatures = 1 << 8
)

// missingCode is the code of a missing value; a feature has fewer thresholds.
const missingCode = math.MaxUint16

// Where a missing value goes from a packed node.
const (
	missNo    = iota // to the child for no
	missYes          // to the one for yes
	missEnd          // there is no prediction
	missGraph        // only the graph knows
)

// packedMiss is where a missing value goes from a node.
func (d *decision) packedMiss() uint64 {
	switch m := d.miss; {
	case m == d.no:
		return missNo
	case m == d.yes:
		return missYes
	case m.feat < 0 && m.leaf == noLeaf:
		return missEnd
	}
	return missGraph
}

// fillPacked adds the tree to the arena; false if it has too many nodes or features.
func (ft *flatTree) fillPacked(c *compiler, root *decision, s *surveyed) bool {
	cols := c.p.cols
	for _, f := range s.feats {
		if c.p.feats[f].cats != nil || len(c.p.feats[f].cuts) >= math.MaxUint16 {
			return false
		}
		if !slices.Contains(cols, f) {
			cols = append(cols, f)
		}
	}
	if len(cols) > maxPackedFeatures {
		return false
	}
	words, whole, ok := packTree(c, root.present(), cols, min(4*len(s.seen), maxPackedNodes))
	if !ok {
		return false
	}
	c.p.cols, c.p.coded = cols, true
	for i, f := range cols {
		c.p.feats[f].packAt, c.p.feats[f].coded = i, true
	}
	ft.holes = whole && root == root.present()
	ft.base = len(c.p.arena)
	ft.arena = &c.p.arena
	c.p.arena = append(c.p.arena, words...)
	return true
}

// packTree gives a tree's words, breadth first. Nodes that several lead to are copied. whole is false if tests for
// missing values are left out.
func packTree(c *compiler, root *decision, cols []int, limit int) (words []uint64, whole, ok bool) {
	todo := []*decision{root}
	whole = true
	for i := 0; i < len(todo); i++ {
		d := todo[i]
		if d.leaf >= maxPackedNodes {
			return nil, false, false
		}
		if d.feat < 0 {
			words = append(words, uint64(i)<<32|uint64(d.leaf)<<48)
			continue
		}
		rank, _ := slices.BinarySearch(c.p.feats[d.feat].cuts, d.t)
		col := slices.Index(cols, d.feat)
		no, yes := d.no.present(), d.yes.present()
		miss := d.packedMiss()
		if no != d.no || yes != d.yes { // a test for missing values is passed over
			miss = missGraph
			whole = false
		}
		words = append(words, uint64(rank+1)|uint64(col)<<16|miss<<24|uint64(len(todo))<<32)
		if todo = append(todo, no, yes); len(todo) > limit {
			return nil, false, false
		}
	}
	return words, whole, true
}

// walkPacked walks four rows side by side.
func (ft *flatTree) walkPacked(t *tile, out []int32) {
	nodes := (*[maxPackedNodes]uint64)((*ft.arena)[ft.base:])
	stride := len(t.packed) - maxPackedFeatures
	stride /= tileRows
	i := 0
	for ; i+4 <= len(out); i += 4 {
		at := i * stride
		x0 := (*[maxPackedFeatures]uint16)(t.packed[at:])
		x1 := (*[maxPackedFeatures]uint16)(t.packed[at+stride:])
		x2 := (*[maxPackedFeatures]uint16)(t.packed[at+2*stride:])
		x3 := (*[maxPackedFeatures]uint16)(t.packed[at+3*stride:])
		na := nodes[0]
		nb, nc, nd := na, na, na
		for range ft.depth {
			na = nodes[packedStep(na, x0[uint8(na>>16)])]
			nb = nodes[packedStep(nb, x1[uint8(nb>>16)])]
			nc = nodes[packedStep(nc, x2[uint8(nc>>16)])]
			nd = nodes[packedStep(nd, x3[uint8(nd>>16)])]
		}
		o := out[i : i+4 : i+4]
		o[0], o[1], o[2], o[3] = int32(na>>48), int32(nb>>48), int32(nc>>48), int32(nd>>48)
	}
	for ; i < len(out); i++ {
		x := (*[maxPackedFeatures]uint16)(t.packed[i*stride:])
		n := nodes[0]
		for range ft.depth {
			n = nodes[packedStep(n, x[uint8(n>>16)])]
		}
		out[i] = int32(n >> 48)
	}
}

// walkHole finds the leaf of a row with missing values; false if only the graph can.
func (ft *flatTree) walkHole(t *tile, i int) (int32, bool) {
	nodes := (*[maxPackedNodes]uint64)((*ft.arena)[ft.base:])
	stride := (len(t.packed) - maxPackedFeatures) / tileRows
	x := (*[maxPackedFeatures]uint16)(t.packed[i*stride:])
	n := nodes[0]
	for range ft.depth {
		code := x[uint8(n>>16)]
		if code != missingCode || uint16(n) == 0 { // a leaf looks at no feature
			n = nodes[packedStep(n, code)]
			continue
		}
		switch uint8(n >> 24) {
		case missNo:
			n = nodes[uint16(n>>32)]
		case missYes:
			n = nodes[uint16(n>>32)+1]
		case missEnd:
			return noLeaf, true
		default:
			return 0, false
		}
	}
	return int32(n >> 48), true
}

// packedStep is the next node: a code below the word's low half goes to yes.
func packedStep(n uint64, code uint16) uint16 {
	return uint16(n>>32) + uint16(uint32(int32(code)-int32(uint16(n)))>>31)
}

package pmml

import "math/bits"

// A complete tree has 2^depth leaves: where the tree ends earlier, tests that all rows fail lead on. The children of
// node i, from 1, are 2i for no and 2i+1 for yes, so that a node is half a word (see packedRows) and a step has nothing
// to look up but the code.
const (
	maxCompleteDepth = 10
	maxCompleteNodes = 1 << maxCompleteDepth
)

// completeNodes are a tree and whatever follows it in the plan's slice.
type completeNodes [maxCompleteNodes]uint32

// complete makes the words of a tree below the node at a place; false if it has too many leaves.
func (p *packer) complete(ft *flatTree, d *decision, place, depth int) bool {
	if depth == ft.depth {
		if d.leaf >= maxPackedNodes {
			return false
		}
		ft.ends[place-1<<depth] = uint16(d.leaf)
		return true
	}
	no, yes := d, d
	if d.feat >= 0 {
		ft.words[place] = p.test(d)
		no, yes = d.no.present(), d.yes.present()
	}
	if !p.complete(ft, no, 2*place, depth+1) {
		return false
	}
	if d.feat < 0 {
		return true // nothing leads there
	}
	return p.complete(ft, yes, 2*place+1, depth+1)
}

// walkComplete walks some rows side by side, so that the loads of one hide those of the others. A step is arithmetic,
// not a branch: the borrow of a subtraction goes into the sum that is the child's place.
func (ft *flatTree) walkComplete(t *tile, out []int32) {
	nodes, ends := (*completeNodes)((*ft.arena)[ft.base:]), ft.ends
	first := uint64(1) << ft.depth
	for i := 0; i < len(out); i += packedLanes {
		x := (*packedRows)(t.packed[i:])
		a, b, c, d, e, f, g, h := uint64(1), uint64(1), uint64(1), uint64(1), uint64(1), uint64(1), uint64(1), uint64(1)
		for range ft.depth {
			n := nodes[a%maxCompleteNodes]
			_, yes := bits.Sub64(uint64(x[uint16(n)]), uint64(n>>16), 0)
			a, _ = bits.Add64(a, a, yes)
			n = nodes[b%maxCompleteNodes]
			_, yes = bits.Sub64(uint64(x[uint(uint16(n))+1]), uint64(n>>16), 0)
			b, _ = bits.Add64(b, b, yes)
			n = nodes[c%maxCompleteNodes]
			_, yes = bits.Sub64(uint64(x[uint(uint16(n))+2]), uint64(n>>16), 0)
			c, _ = bits.Add64(c, c, yes)
			n = nodes[d%maxCompleteNodes]
			_, yes = bits.Sub64(uint64(x[uint(uint16(n))+3]), uint64(n>>16), 0)
			d, _ = bits.Add64(d, d, yes)
			n = nodes[e%maxCompleteNodes]
			_, yes = bits.Sub64(uint64(x[uint(uint16(n))+4]), uint64(n>>16), 0)
			e, _ = bits.Add64(e, e, yes)
			n = nodes[f%maxCompleteNodes]
			_, yes = bits.Sub64(uint64(x[uint(uint16(n))+5]), uint64(n>>16), 0)
			f, _ = bits.Add64(f, f, yes)
			n = nodes[g%maxCompleteNodes]
			_, yes = bits.Sub64(uint64(x[uint(uint16(n))+6]), uint64(n>>16), 0)
			g, _ = bits.Add64(g, g, yes)
			n = nodes[h%maxCompleteNodes]
			_, yes = bits.Sub64(uint64(x[uint(uint16(n))+7]), uint64(n>>16), 0)
			h, _ = bits.Add64(h, h, yes)
		}
		o := out[i : i+packedLanes : i+packedLanes]
		o[0] = int32(ends[a-first])
		o[1] = int32(ends[b-first])
		o[2] = int32(ends[c-first])
		o[3] = int32(ends[d-first])
		o[4] = int32(ends[e-first])
		o[5] = int32(ends[f-first])
		o[6] = int32(ends[g-first])
		o[7] = int32(ends[h-first])
	}
}

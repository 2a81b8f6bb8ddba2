package pmml

import "math"

// flatTree finds the leaves of a tile's rows in one of five ways, chosen at load:
//
//   - a table: the tree's thresholds cut the space of its features into cells; the cell of a row is a sum of one
//     number for each feature, looked up by the feature's code. No branches; for small trees.
//   - complete: walking some rows side by side a fixed number of steps, over codes, in a tree padded to a complete one.
//     The usual way of bushy trees.
//   - packed: likewise, with nodes that name their children. For deep bushy trees.
//   - lockstep: likewise, over numbers instead of codes; leaves lead to themselves.
//   - walking row by row until the leaf. For long thin trees, and where sets of categories are tested.
type flatTree struct {
	mode  treeMode
	empty bool // some row may have no prediction
	// table
	feats []tableFeature
	cells []int32
	// walks
	nodes []flatNode
	sets  [][]bool
	pairs []pairNode
	leafs []int32 // leaf of each pair node
	depth int
	// complete and packed
	base    int          // of its nodes in the plan's
	arena   *[]uint32    // complete
	arena64 *[]uint64    // packed
	ends    []uint16     // complete: the leaf at each end
	miss    []packedMiss // packed, by node; nil if walkHole cannot be asked
	hard    bool         // a row with missing values may have to be walked on its own
	words   []uint32
	linked  []uint64
}

type treeMode uint8

const (
	byTable treeMode = iota
	complete
	packed
	lockstep
	oneByOne
)

// tableFeature is a feature of a table: the part of the cell number that each of its codes stands for.
type tableFeature struct {
	feat int
	part []uint16
}

// pairNode is a test in lockstep mode: the child for no is kids, the one for yes the next.
type pairNode struct {
	t    float64
	off  int32 // of the feature's column in the tile
	kids int32
}

// flatNode is a test; a negative child is a leaf: ^child.
type flatNode struct {
	t       float64
	off     int32 // of the feature's column in the tile
	yes, no int32
	set     int32 // index into sets, -1 for a threshold
}

// Limits for tables: a tree's cells, and the cells of an ensemble together, so that they stay in the cache.
const (
	maxTreeCells   = 1 << 12
	maxForestCells = 1 << 17
)

// flatten chooses a form for a tree. budget is the number of table cells that may still be used; it gives what is left.
func (c *compiler) flatten(root *decision, budget int) (*flatTree, int) {
	s := survey(root)
	ft := &flatTree{empty: s.empty, hard: true}
	if n := s.cells(c); n > 0 && n <= min(maxTreeCells, budget) {
		ft.mode = byTable
		ft.fillTable(c, root, s, n)
		return ft, budget - n
	}
	ft.depth = s.depth
	bushy := !s.sets && s.visits <= maxVisits && float64(s.depth) <= 3*s.steps
	if bushy && root.present().feat >= 0 && ft.fillPacked(c, root, s) {
		return ft, budget
	}
	root = root.present()
	if (root.feat < 0 || bushy) && ft.fillPairs(root, 4*len(s.seen)) {
		ft.mode = lockstep
		return ft, budget
	}
	ft.mode = oneByOne
	ft.fillNodes(c, root)
	return ft, budget
}

// surveyed is what decides a tree's form.
type surveyed struct {
	seen   map[*decision]int // greatest depth
	feats  []int             // features, in order of appearance
	cuts   map[int][]float64
	steps  float64 // expected depth of a leaf, if each way is as likely
	depth  int
	sets   bool
	empty  bool
	visits int
}

// maxVisits bounds the work of surveying one tree: compound predicates make many paths.
const maxVisits = 1 << 22

func survey(root *decision) *surveyed {
	s := &surveyed{seen: map[*decision]int{}, cuts: map[int][]float64{}}
	s.visit(root, 0)
	return s
}

func (s *surveyed) visit(d *decision, depth int) {
	d = d.present()
	at, again := s.seen[d]
	if s.visits++; again && (depth <= at || s.visits > maxVisits) {
		return
	}
	s.seen[d] = depth
	s.depth = max(s.depth, depth)
	if d.feat < 0 {
		s.empty = s.empty || d.leaf == noLeaf
		return
	}
	s.steps += math.Ldexp(1, -depth)
	if !again {
		s.sets = s.sets || d.set
		cuts, ok := s.cuts[d.feat]
		if !ok {
			s.feats = append(s.feats, d.feat)
		}
		f := feature{cuts: cuts}
		if !d.set {
			f.cut(d.t)
		}
		s.cuts[d.feat] = f.cuts
	}
	s.visit(d.yes, depth+1)
	s.visit(d.no, depth+1)
}

// cells is the size of the tree's table, 0 if it cannot have one.
func (s *surveyed) cells(c *compiler) int {
	n := 1
	for _, f := range s.feats {
		w := len(s.cuts[f]) + 1
		if cats := c.p.feats[f].cats; cats != nil {
			w = len(cats) + 1
		}
		if n *= w; n > maxTreeCells || len(c.p.feats[f].cuts) > math.MaxUint16 {
			return 0
		}
	}
	if len(s.feats) > 6 {
		return 0
	}
	return n
}

// fillTable finds the leaf of every cell. A cell is a bin of each feature: bin b of a numeric feature lies between
// the tree's thresholds b-1 and b.
func (ft *flatTree) fillTable(c *compiler, root *decision, s *surveyed, n int) {
	ft.cells = make([]int32, n)
	bins := map[int]int{}
	strides, widths := make([]int, len(s.feats)), make([]int, len(s.feats))
	stride := 1
	for i, f := range s.feats {
		strides[i], widths[i] = stride, len(s.cuts[f])+1
		if cats := c.p.feats[f].cats; cats != nil {
			widths[i] = len(cats) + 1
		}
		stride *= widths[i]
	}
	for cell := range ft.cells {
		for i, f := range s.feats {
			bins[f] = cell / strides[i] % widths[i]
		}
		d := root.present()
		for d.feat >= 0 {
			if d.passes(bins[d.feat], s.cuts[d.feat]) {
				d = d.yes.present()
			} else {
				d = d.no.present()
			}
		}
		ft.cells[cell] = d.leaf
	}
	c.p.coded = true
	for i, f := range s.feats {
		c.p.feats[f].coded = true
		ft.feats = append(ft.feats, tableFeature{f, parts(&c.p.feats[f], s.cuts[f], strides[i])})
	}
}

// passes reports which way a bin goes.
func (d *decision) passes(bin int, cuts []float64) bool {
	if d.set {
		for _, k := range d.codes {
			if k == bin {
				return true
			}
		}
		return false
	}
	return bin < len(cuts) && cuts[bin] <= d.t
}

// parts maps a feature's codes (ranks among the thresholds of all trees) to a tree's bins, times the stride.
func parts(f *feature, cuts []float64, stride int) []uint16 {
	if f.cats != nil {
		out := make([]uint16, len(f.cats)+1)
		for i := range out {
			out[i] = uint16(i * stride)
		}
		return out
	}
	out := make([]uint16, len(f.cuts)+1)
	bin := 0
	for code := range out {
		for bin < len(cuts) && code > 0 && cuts[bin] <= f.cuts[code-1] {
			bin++
		}
		out[code] = uint16(bin * stride)
	}
	return out
}

// fillPairs lays the nodes out for lockstep, the children of a node side by side. Nodes that several lead to are
// copied; false if that makes more than limit.
func (ft *flatTree) fillPairs(root *decision, limit int) bool {
	todo := []*decision{root}
	for i := 0; i < len(todo); i++ {
		d := todo[i]
		n := pairNode{t: math.NaN(), kids: int32(i)} // a leaf leads to itself
		if d.feat >= 0 {
			n = pairNode{t: d.t, off: int32(d.feat * tileRows), kids: int32(len(todo))}
			todo = append(todo, d.no.present(), d.yes.present())
		}
		if len(todo) > limit {
			ft.pairs, ft.leafs = nil, nil
			return false
		}
		ft.pairs = append(ft.pairs, n)
		ft.leafs = append(ft.leafs, d.leaf)
	}
	return true
}

// fillNodes lays the nodes out for walking row by row, a parent before its children.
func (ft *flatTree) fillNodes(c *compiler, root *decision) {
	at := map[*decision]int32{}
	var place func(d *decision) int32
	place = func(d *decision) int32 {
		d = d.present()
		if d.feat < 0 {
			return ^d.leaf
		}
		if i, ok := at[d]; ok {
			return i
		}
		i := int32(len(ft.nodes))
		at[d] = i
		ft.nodes = append(ft.nodes, flatNode{})
		n := flatNode{t: d.t, off: int32(d.feat * tileRows), set: -1}
		if d.set {
			n.set = int32(len(ft.sets))
			has := make([]bool, len(c.p.feats[d.feat].cats)+1)
			for _, k := range d.codes {
				has[k] = true
			}
			ft.sets = append(ft.sets, has)
		}
		n.yes = place(d.yes)
		n.no = place(d.no)
		ft.nodes[i] = n
		return i
	}
	place(root)
}

// leaves finds the leaf of each row of a tile.
func (ft *flatTree) leaves(t *tile, out []int32) {
	switch ft.mode {
	case byTable:
		ft.lookUp(t, out)
	case complete:
		ft.walkComplete(t, out)
	case packed:
		ft.walkPacked(t, out)
	case lockstep:
		ft.walkTogether(t, out)
	default:
		ft.walkEach(t, out)
	}
}

func (t *tile) codesOf(f int) []uint16 { return t.codes[f*tileRows : f*tileRows+t.n] }

// lookUp adds the features' parts and reads the table. The common numbers of features have a loop of their own.
func (ft *flatTree) lookUp(t *tile, out []int32) {
	fs := ft.feats
	cells := ft.cells
	switch len(fs) {
	case 0:
		for i := range out {
			out[i] = cells[0]
		}
	case 1:
		a, pa := t.codesOf(fs[0].feat)[:len(out)], fs[0].part
		for i := range out {
			out[i] = cells[pa[a[i]]]
		}
	case 2:
		a, pa := t.codesOf(fs[0].feat)[:len(out)], fs[0].part
		b, pb := t.codesOf(fs[1].feat)[:len(out)], fs[1].part
		for i := range out {
			out[i] = cells[pa[a[i]]+pb[b[i]]]
		}
	case 3:
		a, pa := t.codesOf(fs[0].feat)[:len(out)], fs[0].part
		b, pb := t.codesOf(fs[1].feat)[:len(out)], fs[1].part
		c, pc := t.codesOf(fs[2].feat)[:len(out)], fs[2].part
		for i := range out {
			out[i] = cells[pa[a[i]]+pb[b[i]]+pc[c[i]]]
		}
	case 4:
		a, pa := t.codesOf(fs[0].feat)[:len(out)], fs[0].part
		b, pb := t.codesOf(fs[1].feat)[:len(out)], fs[1].part
		c, pc := t.codesOf(fs[2].feat)[:len(out)], fs[2].part
		d, pd := t.codesOf(fs[3].feat)[:len(out)], fs[3].part
		for i := range out {
			out[i] = cells[pa[a[i]]+pb[b[i]]+pc[c[i]]+pd[d[i]]]
		}
	default:
		sum := t.cell[:len(out)]
		clear(sum)
		for _, f := range fs {
			for i, k := range t.codesOf(f.feat)[:len(sum)] {
				sum[i] += f.part[k]
			}
		}
		for i, s := range sum {
			out[i] = cells[s]
		}
	}
}

// walkTogether walks four rows side by side, so that the loads of one hide those of the others. The step to a child
// is arithmetic, not a branch.
func (ft *flatTree) walkTogether(t *tile, out []int32) {
	nodes, x := ft.pairs, t.x
	for i := 0; i < len(out); i += 4 {
		var a, b, c, d int32
		x0 := x[i:]
		for range ft.depth {
			na, nb, nc, nd := &nodes[a], &nodes[b], &nodes[c], &nodes[d]
			a = na.kids + atMost(x0[na.off], na.t)
			b = nb.kids + atMost(x0[nb.off+1], nb.t)
			c = nc.kids + atMost(x0[nc.off+2], nc.t)
			d = nd.kids + atMost(x0[nd.off+3], nd.t)
		}
		if i+4 <= len(out) {
			o := out[i : i+4 : i+4]
			o[0], o[1], o[2], o[3] = ft.leafs[a], ft.leafs[b], ft.leafs[c], ft.leafs[d]
			continue
		}
		for j, at := range []int32{a, b, c, d}[:len(out)-i] {
			out[i+j] = ft.leafs[at]
		}
	}
}

// atMost is 1 for x <= t, else 0.
func atMost(x, t float64) int32 {
	if x <= t {
		return 1
	}
	return 0
}

// walkEach walks row by row until the leaf.
func (ft *flatTree) walkEach(t *tile, out []int32) {
	nodes, x := ft.nodes, t.x
	for i := range out {
		at := int32(0)
		for at >= 0 {
			n := &nodes[at]
			v := x[int(n.off)+i]
			pass := v <= n.t
			if n.set >= 0 {
				has := ft.sets[n.set]
				pass = int(v) < len(has) && has[int(v)]
			}
			if at = n.no; pass {
				at = n.yes
			}
		}
		out[i] = ^at
	}
}

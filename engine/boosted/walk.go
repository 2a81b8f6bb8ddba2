package boosted

// add adds the tree to the sums of the rows of a tile; at is room for a number for each.
func (f *flatTree[T]) add(x []T, sums []T, at []uint32) {
	if f.linear != nil {
		at = at[:len(sums)]
		f.find(x, at)
		for i, l := range at {
			sums[i] += f.linear[l].at(f.values[l], x[i:])
		}
		return
	}
	switch f.form {
	case full:
		f.addFull(x, sums, at)
	case lockstep:
		f.addPairs(x, sums, at)
	default:
		for i := range sums {
			sums[i] += f.values[f.walk(x[i:])]
		}
	}
}

// at evaluates a leaf's function for the row that x begins with.
func (l *flatLinear[T]) at(value T, x []T) T {
	if l == nil {
		return value
	}
	y := l.start
	for k, off := range l.offs {
		v := x[off]
		if v != v {
			return l.value
		}
		p := T(l.coef[k] * v) // the conversion keeps the compiler from fusing product and sum
		y += p
	}
	return y
}

// find finds the leaf of each row, as an index of values.
func (f *flatTree[T]) find(x []T, leaf []uint32) {
	for i := range leaf {
		switch f.form {
		case full:
			at := uint32(1)
			for range f.depth {
				at = f.full.step(at, x, i)
			}
			leaf[i] = at - 1<<f.depth
		case lockstep:
			at := uint32(0)
			for range f.depth {
				n := &f.pairs[at]
				at = n.kids + atMost(x[uint(n.off)+uint(i)], n.t)
			}
			leaf[i] = at
		default:
			leaf[i] = uint32(f.walk(x[i:]))
		}
	}
}

// addFull steps all rows of the tile down the tree together, some levels in each pass: the rows do not depend on each
// other, so the loads of one hide those of the others. A step is arithmetic, not a branch. The first level reads one
// column in order.
func (f *flatTree[T]) addFull(x []T, sums []T, at []uint32) {
	nodes, values, first := f.full, f.leaves, uint32(1)<<f.depth
	at = at[:len(sums)]
	if f.depth < 3 {
		for i := range sums {
			k := uint32(1)
			for range f.depth {
				k = nodes.step(k, x, i)
			}
			sums[i] += values[k-first]
		}
		return
	}
	top := nodes[1]
	for i, v := range x[top.off:][:len(at)] {
		at[i] = nodes.step(2+atMost(v, top.t), x, i)
	}
	for range f.depth - 4 {
		for i, k := range at {
			at[i] = nodes.step(k, x, i)
		}
	}
	if f.depth == 3 {
		for i, k := range at {
			sums[i] += values[(nodes.step(k, x, i)-first)%maxLeaves]
		}
		return
	}
	for i, k := range at {
		k = nodes.step(k, x, i)
		sums[i] += values[(nodes.step(k, x, i)-first)%maxLeaves]
	}
}

// step goes from a node to a child, for row i. The remainder changes nothing: it spares a check of bounds.
func (t *fullNodes[T]) step(at uint32, x []T, i int) uint32 {
	n := &t[at%maxLeaves]
	return 2*at + atMost(x[uint(n.off)+uint(i)], n.t)
}

// addPairs does the same with nodes that know their children.
func (f *flatTree[T]) addPairs(x []T, sums []T, at []uint32) {
	nodes, values := f.pairs, f.values
	at = at[:len(sums)]
	top := nodes[0]
	for i, v := range x[top.off:][:len(at)] {
		at[i] = top.kids + atMost(v, top.t)
	}
	left := f.depth - 1
	for ; left > 1; left -= 2 {
		for i, k := range at {
			n := &nodes[k]
			n = &nodes[n.kids+atMost(x[uint(n.off)+uint(i)], n.t)]
			at[i] = n.kids + atMost(x[uint(n.off)+uint(i)], n.t)
		}
	}
	if left == 1 {
		for i, k := range at {
			n := &nodes[k]
			at[i] = n.kids + atMost(x[uint(n.off)+uint(i)], n.t)
		}
	}
	for i, k := range at {
		sums[i] += values[k]
	}
}

// atMost is 1 for x <= t, else 0.
func atMost[T Float](x, t T) uint32 {
	if x <= t {
		return 1
	}
	return 0
}

// walk finds the leaf of the row that x begins with.
func (f *flatTree[T]) walk(x []T) int32 {
	at := int32(0)
	for at >= 0 {
		n := &f.nodes[at]
		v := x[n.off]
		if v != v {
			at = n.missing
			continue
		}
		pass := v <= n.t
		if n.set >= 0 {
			pass = has(f.sets[n.set], v)
		}
		if at = n.no; pass {
			at = n.yes
		}
	}
	return ^at
}

// has says whether a code's bit is set.
func has[T Float](set []uint32, code T) bool {
	if !(code >= 0 && code < T(len(set)*32)) {
		return false
	}
	k := int(code)
	return set[k/32]>>(k%32)&1 != 0
}

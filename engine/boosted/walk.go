package boosted

// add adds the tree to the sums of n rows of a tile.
func (f *flatTree[T]) add(x []T, sums []T, leaf []int32) {
	if f.linear != nil {
		leaf = leaf[:len(sums)]
		f.leaves(x, leaf)
		for i, l := range leaf {
			sums[i] += f.linear[l].at(f.values[l], x[i:])
		}
		return
	}
	switch f.form {
	case full:
		f.addFull(x, sums)
	case lockstep:
		f.addPairs(x, sums)
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

// leaves finds the leaf of each row.
func (f *flatTree[T]) leaves(x []T, leaf []int32) {
	for i := range leaf {
		switch f.form {
		case full:
			at := int32(1)
			for range f.depth {
				n := &f.full[at]
				at = 2*at + atMost(x[int(n.off)+i], n.t)
			}
			leaf[i] = at - 1<<f.depth
		case lockstep:
			at := int32(0)
			for range f.depth {
				n := &f.pairs[at]
				at = n.kids + atMost(x[int(n.off)+i], n.t)
			}
			leaf[i] = at
		default:
			leaf[i] = f.walk(x[i:])
		}
	}
}

// addFull walks four rows side by side, so that the loads of one hide those of the others; a step is arithmetic, not
// a branch. The last rows of a tile may come with rows that were left from another: these are not added.
func (f *flatTree[T]) addFull(x []T, sums []T) {
	nodes, values, depth := f.full, f.values, f.depth
	first := int32(len(values))
	for i := 0; i < len(sums); i += 4 {
		a, b, c, d := int32(1), int32(1), int32(1), int32(1)
		x0 := x[i:]
		for range depth {
			na, nb, nc, nd := &nodes[a], &nodes[b], &nodes[c], &nodes[d]
			a = 2*a + atMost(x0[na.off], na.t)
			b = 2*b + atMost(x0[nb.off+1], nb.t)
			c = 2*c + atMost(x0[nc.off+2], nc.t)
			d = 2*d + atMost(x0[nd.off+3], nd.t)
		}
		add4(sums[i:], values, a-first, b-first, c-first, d-first)
	}
}

func (f *flatTree[T]) addPairs(x []T, sums []T) {
	nodes, values := f.pairs, f.values
	for i := 0; i < len(sums); i += 4 {
		var a, b, c, d int32
		x0 := x[i:]
		for range f.depth {
			na, nb, nc, nd := &nodes[a], &nodes[b], &nodes[c], &nodes[d]
			a = na.kids + atMost(x0[na.off], na.t)
			b = nb.kids + atMost(x0[nb.off+1], nb.t)
			c = nc.kids + atMost(x0[nc.off+2], nc.t)
			d = nd.kids + atMost(x0[nd.off+3], nd.t)
		}
		add4(sums[i:], values, a, b, c, d)
	}
}

// add4 adds to the first four sums, or to as many as there are.
func add4[T Float](sums, values []T, a, b, c, d int32) {
	if len(sums) >= 4 {
		s := sums[:4:4]
		s[0] += values[a]
		s[1] += values[b]
		s[2] += values[c]
		s[3] += values[d]
		return
	}
	for j, at := range [4]int32{a, b, c, d} {
		if j < len(sums) {
			sums[j] += values[at]
		}
	}
}

// atMost is 1 for x <= t, else 0.
func atMost[T Float](x, t T) int32 {
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

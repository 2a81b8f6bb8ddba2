package onnx

import (
	"math"
	"slices"
)

// treeAggregate says how the trees' leaves make a score.
type treeAggregate uint8

const (
	aggregateAverage treeAggregate = iota // numbered as TreeEnsemble has them
	aggregateSum
	aggregateMin
	aggregateMax
)

var treeAggregates = []string{"AVERAGE", "SUM", "MIN", "MAX"}

// prepare makes room for so many rows.
func (s *treeScratch[T]) prepare(f treeShape, rows int) {
	grow(&s.x, max(f.columns, 1)*tileRows)
	grow(&s.at, tileRows)
	clear(grow(&s.sums, rows*f.targets))
	if f.some {
		clear(grow(&s.has, rows*f.targets))
	}
}

// treeShape is what a scratch must know of a forest.
type treeShape struct {
	columns, targets int
	some             bool
}

func (f *forest[T]) shape() treeShape {
	return treeShape{len(f.columns), f.targets, f.some}
}

// sum runs the rows of in through all trees and leaves the aggregates in s.sums.
func (f *forest[T]) sum(s *treeScratch[T], in *tensor, columns, rows int, how treeAggregate) {
	s.prepare(f.shape(), rows)
	for from := 0; from < rows; from += tileRows {
		n := min(tileRows, rows-from)
		switch in.kind {
		case kindFloat:
			fillColumns(s.x, f.columns, in.f32[from*columns:], columns, n)
		case kindDouble:
			fillColumns(s.x, f.columns, in.f64[from*columns:], columns, n)
		case kindInt64:
			fillColumns(s.x, f.columns, in.i64[from*columns:], columns, n)
		default:
			fillColumns(s.x, f.columns, in.i32[from*columns:], columns, n)
		}
		sums := s.sums[from*f.targets : (from+n)*f.targets]
		for i := range f.trees {
			t := &f.trees[i]
			switch {
			case f.some:
				t.find(s.x, s.at[:n])
				t.addSome(s.at[:n], sums, s.has[from*f.targets:], f.targets, how)
			case how != aggregateSum && how != aggregateAverage:
				t.find(s.x, s.at[:n])
				t.pick(s.at[:n], sums, f.targets, how)
			case f.targets == 1 && t.pairs != nil:
				t.addPairs(s.x, sums, s.at)
			case t.only == allTargets:
				t.find(s.x, s.at[:n])
				t.addAll(s.at[:n], sums, f.targets)
			default:
				t.find(s.x, s.at[:n])
				t.addOnly(s.at[:n], sums, f.targets)
			}
		}
	}
}

// fillColumns copies columns out of rows.
func fillColumns[T number, F float32 | float64 | int64 | int32](x []T, columns []treeColumn, in []F, width, n int) {
	for c, col := range columns {
		dst := x[c*tileRows:][:n]
		at := col.feature
		if col.negated {
			for i := range dst {
				dst[i] = -T(in[at])
				at += width
			}
			continue
		}
		for i := range dst {
			dst[i] = T(in[at])
			at += width
		}
	}
}

// descend steps the rows down to their leaves. Each step of a row waits for memory, so the rows take turns; a step is
// arithmetic, not a branch.
func (t *flatTree[T]) descend(x []T, at []uint32, steps int) {
	if steps == 0 {
		clear(at)
		return
	}
	nodes := t.pairs
	top := nodes[0]
	for i, v := range x[top.off:][:len(at)] {
		at[i] = top.kids + isAtMost(v, top.t)
	}
	left := steps - 1
	for ; left > 1; left -= 2 {
		for i, k := range at {
			n := &nodes[k]
			n = &nodes[n.kids+isAtMost(x[uint(n.off)+uint(i)], n.t)]
			at[i] = n.kids + isAtMost(x[uint(n.off)+uint(i)], n.t)
		}
	}
	if left == 1 {
		for i, k := range at {
			n := &nodes[k]
			at[i] = n.kids + isAtMost(x[uint(n.off)+uint(i)], n.t)
		}
	}
}

// isAtMost is 1 for x <= t, else 0.
func isAtMost[T number](x, t T) uint32 {
	if x <= t {
		return 1
	}
	return 0
}

// addPairs adds the tree to the sums of the rows of a block.
func (t *flatTree[T]) addPairs(x []T, sums []T, at []uint32) {
	at = at[:len(sums)]
	t.descend(x, at, t.depth)
	values := t.values
	for i, k := range at {
		sums[i] += values[k]
	}
}

// find finds each row's leaf.
func (t *flatTree[T]) find(x []T, at []uint32) {
	if t.pairs != nil {
		t.descend(x, at, t.depth)
		return
	}
	for i := range at {
		at[i] = uint32(t.walk(x[i:]))
	}
}

// walk finds the leaf of the row that x begins with.
func (t *flatTree[T]) walk(x []T) int32 {
	at := int32(0)
	if len(t.single) == 0 { // a leaf alone
		return 0
	}
	for at >= 0 {
		n := &t.single[at]
		if at = n.no; n.passes(x[n.off]) {
			at = n.yes
		}
	}
	return ^at
}

func (n *treeStep[T]) passes(v T) bool {
	if v != v && n.missing {
		return true
	}
	switch n.mode {
	case atMost:
		return v <= n.t
	case below:
		return v < n.t
	case atLeast:
		return v >= n.t
	case above:
		return v > n.t
	case equal:
		return v == n.t
	case unequal:
		return v != n.t
	}
	if v != v {
		return false
	}
	if n.whole {
		v = T(math.Trunc(float64(v)))
	}
	_, found := slices.BinarySearch(n.members, v)
	return found
}

// addAll adds the leaves' values of all targets.
func (t *flatTree[T]) addAll(at []uint32, sums []T, targets int) {
	for i, k := range at {
		row := sums[i*targets : (i+1)*targets]
		values := t.values[int(k)*targets:][:targets]
		for j := range row {
			row[j] += values[j]
		}
	}
}

// addOnly adds the leaves' values of one target.
func (t *flatTree[T]) addOnly(at []uint32, sums []T, targets int) {
	j := t.only
	for _, k := range at {
		sums[j] += t.values[k]
		j += targets
	}
}

// pick keeps the least or greatest of the leaves' values.
func (t *flatTree[T]) pick(at []uint32, sums []T, targets int, how treeAggregate) {
	width, to := t.width(targets), max(t.only, 0)
	for i, k := range at {
		row := sums[i*targets+to:][:width]
		for j, v := range t.values[int(k)*width:][:width] {
			if t.first || better(v, row[j], how) {
				row[j] = v
			}
		}
	}
}

func better[T number](v, than T, how treeAggregate) bool {
	if how == aggregateMin {
		return v < than
	}
	return v > than
}

// addSome adds leaves that differ in their targets.
func (t *flatTree[T]) addSome(at []uint32, sums []T, has []bool, targets int, how treeAggregate) {
	for i, k := range at {
		for _, w := range t.weights[t.from[k]:t.from[k+1]] {
			j := i*targets + w.target
			switch {
			case how == aggregateSum || how == aggregateAverage:
				sums[j] += w.value
			case !has[j] || better(w.value, sums[j], how):
				sums[j] = w.value
			}
			has[j] = true
		}
	}
}

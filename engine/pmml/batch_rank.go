package pmml

import (
	"math"
	"math/bits"
)

// ranker counts how many of some sorted thresholds lie below a number, without branches: numbers become unsigned
// integers in the same order, and the borrow of a subtraction is added to the count.
//
// Few thresholds are all compared. Many are cut into a grid: cells of equal width, each with the number of thresholds
// in the cells before; what is left to compare are those in one cell.
type ranker struct {
	keys   []uint64 // of the thresholds, followed by some that no number is above
	n      int
	window int      // how many thresholds are compared one after the other, 0 for a binary search
	steps  int      // of that
	lo     float64  // of the grid's first cell
	scale  float64  // cells by unit
	last   int      // the last cell
	starts []uint16 // by cell; nil for no grid
}

// Limits of ranker: thresholds that are compared one after the other, and cells of a grid.
const (
	maxWindow = 8
	maxCells  = 4096
)

// sortKey is a number in the order of numbers; both zeros are the same.
func sortKey(x float64) uint64 {
	b := math.Float64bits(x + 0)
	return b ^ (uint64(int64(b)>>63) | 1<<63)
}

// newRanker takes sorted thresholds without NaN.
func newRanker(cuts []float64) ranker {
	r := ranker{n: len(cuts), window: len(cuts)}
	most := len(cuts)
	if most > maxWindow {
		most = r.grid(cuts)
		r.window = most
	}
	pad := (most + 3) / 4 * 4
	if most > maxWindow {
		r.steps, r.window = bits.Len(uint(most)), 0
		pad = 1 << r.steps
	}
	for _, x := range cuts {
		r.keys = append(r.keys, sortKey(x))
	}
	for range pad {
		r.keys = append(r.keys, math.MaxUint64)
	}
	return r
}

// grid makes the coarsest grid with few thresholds in each cell, or the finest, and gives how many the fullest cell
// has. Some thresholds on either side are left out of its range.
func (r *ranker) grid(cuts []float64) int {
	n := len(cuts)
	trim := n / 128
	lo, hi := cuts[trim], cuts[n-1-trim]
	most := n
	for cells := 1 << bits.Len(uint(n)); cells <= maxCells && most > maxWindow/2; cells *= 2 {
		scale := float64(cells) / (hi - lo)
		if !(scale > 0) || math.IsInf(scale, 1) || math.IsInf(lo, 0) {
			return n
		}
		g := ranker{lo: lo, scale: scale, last: cells - 1, starts: make([]uint16, cells)}
		counts := make([]int, cells)
		for _, x := range cuts {
			counts[g.cell(x)]++
		}
		sum, fullest := 0, 0
		for i, c := range counts {
			g.starts[i] = uint16(sum)
			sum += c
			fullest = max(fullest, c)
		}
		if fullest < most {
			most = fullest
			r.lo, r.scale, r.last, r.starts = g.lo, g.scale, g.last, g.starts
		}
	}
	return most
}

// cell is a number's cell of the grid: a larger number never has an earlier one. It is 0 for NaN.
func (r *ranker) cell(x float64) int {
	y := (x - r.lo) * r.scale
	if y > maxCells {
		y = maxCells
	}
	return max(0, min(int(y), r.last))
}

// encode counts for each number the thresholds below it; NaN is above all of them.
func (r *ranker) encode(xs []float64, codes []uint16) {
	codes = codes[:len(xs)]
	switch {
	case r.n == 0:
		clear(codes)
	case r.window == 0:
		r.search(xs, codes)
	case r.starts == nil && r.window <= 4:
		w := (*[4]uint64)(r.keys)
		for i, x := range xs {
			codes[i] = uint16(below4(w, sortKey(x), 0))
		}
	case r.starts == nil:
		w := (*[8]uint64)(r.keys)
		for i, x := range xs {
			codes[i] = uint16(below8(w, sortKey(x), 0))
		}
	case r.window <= 4:
		for i, x := range xs {
			start := r.starts[r.cell(x)]
			codes[i] = uint16(below4((*[4]uint64)(r.keys[start:]), sortKey(x), uint64(start)))
		}
	default:
		for i, x := range xs {
			start := r.starts[r.cell(x)]
			codes[i] = uint16(below8((*[8]uint64)(r.keys[start:]), sortKey(x), uint64(start)))
		}
	}
	for i, x := range xs {
		if x != x {
			codes[i] = uint16(r.n)
		}
	}
}

// below4 adds to a count the keys that are less than key.
func below4(w *[4]uint64, key, count uint64) uint64 {
	_, b := bits.Sub64(w[0], key, 0)
	count, _ = bits.Add64(count, 0, b)
	_, b = bits.Sub64(w[1], key, 0)
	count, _ = bits.Add64(count, 0, b)
	_, b = bits.Sub64(w[2], key, 0)
	count, _ = bits.Add64(count, 0, b)
	_, b = bits.Sub64(w[3], key, 0)
	count, _ = bits.Add64(count, 0, b)
	return count
}

func below8(w *[8]uint64, key, count uint64) uint64 {
	return below4((*[4]uint64)(w[4:]), key, below4((*[4]uint64)(w[:4]), key, count))
}

// search is encode by a binary search.
func (r *ranker) search(xs []float64, codes []uint16) {
	half := uint64(1) << r.steps / 2
	for i, x := range xs {
		at, key := uint64(0), sortKey(x)
		if r.starts != nil {
			at = uint64(r.starts[r.cell(x)])
		}
		for step := half; step > 0; step >>= 1 {
			_, more := bits.Sub64(r.keys[at+step-1], key, 0)
			at += step & -more
		}
		codes[i] = uint16(at)
	}
}

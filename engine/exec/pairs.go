package exec

import (
	"slices"

	"github.com/apache/arrow/go/v14/arrow"
)

// pairs walks over the matches of one record's rows, in parts of at most most
// pairs, so that a join that multiplies rows makes no record beyond bounds.
type pairs struct {
	probe *probe
	built *built
	batch *batch
	ids   []int32
	space *probeSpace
	most  int

	row    int    // the next row to pair
	match  int    // the next of its matches
	closed int    // rows before it have been given, or found to have no match
	hit    bitset // rows with a match, once there is a residual condition
	done   bool
}

// next gives some pairs; right[i] is -1 for a row without match. Semi and anti
// joins have no right. The slices hold until the next call.
func (w *pairs) next() (left, right []int32, err error) {
	p := w.probe
	existence := p.kind == pairSemi || p.kind == pairAnti || p.kind == pairLone
	switch {
	case p.on != nil && existence:
		err = w.findHits()
		return w.rowsWhere(func(r int) bool { return w.hit.has(r) }), nil, err
	case p.on != nil:
		return w.conditional()
	case existence:
		return w.rowsWhere(func(r int) bool { return w.ids[r] >= 0 }), nil, nil
	case w.built.unique && p.kind == pairOuter:
		left, right = w.uniqueOuter()
		return left, right, nil
	case w.built.unique && len(w.ids) <= w.most:
		left, right = w.uniqueInner()
		return left, right, nil
	}
	left, right = w.walk(p.kind == pairOuter)
	w.done = w.row == len(w.ids)
	return left, right, nil
}

// rowsWhere gives the rows that have a match, or for the anti kinds those that
// have none.
func (w *pairs) rowsWhere(matched func(r int) bool) []int32 {
	w.done = true
	left := w.space.left[:0]
	want := w.probe.kind == pairSemi
	for r := range w.ids {
		if matched(r) == want {
			left = append(left, int32(r))
		}
	}
	w.space.left = left
	return left
}

func (w *pairs) buffers(n int) (left, right []int32) {
	if cap(w.space.left) < n {
		w.space.left = make([]int32, n)
	}
	if cap(w.space.right) < n {
		w.space.right = make([]int32, n)
	}
	return w.space.left[:n], w.space.right[:n]
}

func (w *pairs) uniqueInner() (left, right []int32) {
	w.done = true
	left, right = w.buffers(len(w.ids))
	n := 0
	for r, id := range w.ids {
		if id >= 0 {
			left[n], right[n] = int32(r), w.built.rows[id]
			n++
		}
	}
	return left[:n], right[:n]
}

func (w *pairs) uniqueOuter() (left, right []int32) {
	w.done = true
	left, right = w.buffers(len(w.ids))
	for r, id := range w.ids {
		left[r], right[r] = int32(r), -1
		if id >= 0 {
			right[r] = w.built.rows[id]
		}
	}
	return left, right
}

// walk gives the next pairs; with outer, also rows without match.
func (w *pairs) walk(outer bool) (left, right []int32) {
	left, right = w.buffers(w.most)
	n, starts, rows := 0, w.built.starts, w.built.rows
	for ; w.row < len(w.ids); w.row++ {
		id := w.ids[w.row]
		if id < 0 {
			if !outer {
				continue
			}
			if n == w.most {
				break
			}
			left[n], right[n] = int32(w.row), -1
			n++
			continue
		}
		matches := rows[int(starts[id])+w.match : starts[id+1]]
		fit := min(len(matches), w.most-n)
		for _, m := range matches[:fit] {
			left[n], right[n] = int32(w.row), m
			n++
		}
		if fit < len(matches) {
			w.match += fit
			break
		}
		w.match = 0
	}
	return left[:n], right[:n]
}

// test keeps, in place, the pairs for which the residual condition holds.
func (w *pairs) test(left, right []int32) (int, error) {
	if len(left) == 0 {
		return 0, nil
	}
	on, nProbe := w.probe.on, len(w.batch.cols)
	pair := &batch{
		task: rowsTask{w.batch.task, left}, n: len(left), own: true,
		cols: make([]arrow.Array, nProbe+len(w.built.cols)), memo: make([]arrow.Array, on.memos),
	}
	defer pair.release()
	for _, c := range on.need {
		var err error
		if c < nProbe {
			pair.cols[c], err = gather(w.batch.mem(), w.batch.cols[c], selection{rows: left})
		} else {
			pair.cols[c], err = gather(w.batch.mem(), w.built.cols[c-nProbe], selection{rows: right})
		}
		if err != nil {
			return 0, err
		}
	}
	keep, err := on.cond.rows(pair)
	if err != nil {
		return 0, err
	}
	n := 0
	for i := range left {
		if keep.has(i) {
			left[n], right[n] = left[i], right[i]
			n++
		}
	}
	return n, nil
}

// findHits marks all rows for which some pair holds.
func (w *pairs) findHits() error {
	w.hit = newBitset(len(w.ids))
	for w.row < len(w.ids) {
		left, right := w.walk(false)
		n, err := w.test(left, right)
		if err != nil {
			return err
		}
		for _, r := range left[:n] {
			w.hit.add(int(r))
		}
		if err := w.batch.task.Context().Err(); err != nil {
			return err
		}
	}
	return nil
}

// conditional gives the next pairs that hold and, for an outer join, the rows
// whose last pair has been seen and none held.
func (w *pairs) conditional() (left, right []int32, err error) {
	left, right = w.walk(false)
	n, err := w.test(left, right)
	if err != nil {
		return nil, nil, err
	}
	left, right = left[:n], right[:n]
	w.done = w.row == len(w.ids)
	if w.probe.kind == pairOuter {
		left, right = w.addLone(left, right)
	}
	return left, right, nil
}

// addLone puts the rows that end here without a pair among the pairs.
func (w *pairs) addLone(left, right []int32) ([]int32, []int32) {
	if w.hit == nil {
		w.hit = newBitset(len(w.ids))
	}
	for _, r := range left {
		w.hit.add(int(r))
	}
	l, r := make([]int32, 0, len(left)+w.row-w.closed), make([]int32, 0, len(left)+w.row-w.closed)
	k := 0
	for ; w.closed < w.row; w.closed++ {
		from := k
		for k < len(left) && int(left[k]) == w.closed {
			k++
		}
		l, r = append(l, left[from:k]...), append(r, right[from:k]...)
		if !w.hit.has(w.closed) {
			l, r = append(l, int32(w.closed)), append(r, -1)
		}
	}
	return slices.Concat(l, left[k:]), slices.Concat(r, right[k:])
}

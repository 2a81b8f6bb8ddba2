package kafka

import "slices"

// abortFilter leaves out what a read_committed reader must not see: the batches
// of aborted transactions, by the list that came with the fetch. Batches must be
// shown to it in order.
type abortFilter struct {
	pending []abortedTxn // by first offset
	open    []int64      // producers in an aborted transaction now
}

func newAbortFilter(aborted []abortedTxn) abortFilter {
	slices.SortFunc(aborted, func(a, b abortedTxn) int {
		switch {
		case a.first < b.first:
			return -1
		case a.first > b.first:
			return 1
		}
		return 0
	})
	return abortFilter{pending: aborted}
}

// hidden says whether a batch's records are to be left out.
func (f *abortFilter) hidden(b *batch) bool {
	for len(f.pending) > 0 && f.pending[0].first < b.next() {
		f.open = append(f.open, f.pending[0].producer)
		f.pending = f.pending[1:]
	}
	i := slices.Index(f.open, b.producer)
	if b.control() {
		if i >= 0 { // the marker ends the transaction
			f.open = slices.Delete(f.open, i, i+1)
		}
		return true
	}
	return b.transactional() && i >= 0
}

package exec

import (
	"bytes"
	"slices"

	"github.com/apache/arrow/go/v14/arrow"
)

// keyTable numbers distinct keys in the order in which they were inserted. It is
// an open-addressed hash table with linear probing; find may be called by many
// goroutines once no more keys come.
type keyTable struct {
	layout *keyLayout
	slots  []slot
	shift  uint // 64 - log2 of the number of slots
	n      int
	hashes []uint64
	words  []uint64 // of key k: [k*layout.words, (k+1)*layout.words)
	bytes  []byte   // of key k: [ends[k-1], ends[k])
	ends   []int
}

// slot holds a key's number plus one, 0 when empty, and the low half of its hash
// (the high half chose the slot).
type slot struct{ tag, key uint32 }

func newKeyTable(l *keyLayout) *keyTable {
	return &keyTable{layout: l, slots: make([]slot, 64), shift: 64 - 6}
}

// blocks calls fn for blocks of rows with their keys loaded.
func (l *keyLayout) blocks(k *keyRows, cols []arrow.Array, n int, fn func(from int)) {
	k.writers = k.writers[:0]
	if l.words == 0 && !l.text {
		for _, c := range cols {
			k.writers = append(k.writers, newKeyWriter(c))
		}
		defer clear(k.writers) // they hold on to columns
	}
	for from := 0; from < n; from += keyBlock {
		l.load(k, cols, from, min(keyBlock, n-from))
		fn(from)
	}
}

// find gives the number of each row's key, -1 for a key that is not there.
func (t *keyTable) find(k *keyRows, out []int32) {
	switch {
	case t.layout.words == 4:
		t.find4(k, out)
	case t.layout.words > 0:
		t.findWords(k, out)
	default:
		t.findBytes(k, out)
	}
}

func (t *keyTable) find4(k *keyRows, out []int32) {
	mask, shift := uint64(len(t.slots)-1), t.shift
	for i := range k.n {
		h := k.hashes[i]
		key := (*[4]uint64)(k.words[i*4:])
		out[i] = -1
		for at := h >> shift; ; at++ {
			s := t.slots[at&mask]
			if s.key == 0 {
				break
			}
			if s.tag != uint32(h) {
				continue
			}
			if *key == *(*[4]uint64)(t.words[(s.key-1)*4:]) {
				out[i] = int32(s.key - 1)
				break
			}
		}
	}
}

func (t *keyTable) findWords(k *keyRows, out []int32) {
	w := t.layout.words
	for i := range k.n {
		out[i] = t.seekWords(k.hashes[i], k.words[i*w:(i+1)*w])
	}
}

func (t *keyTable) findBytes(k *keyRows, out []int32) {
	start := 0
	for i, end := range k.ends {
		out[i] = t.seekBytes(k.hashes[i], k.bytes[start:end])
		start = end
	}
}

func (t *keyTable) seekWords(h uint64, key []uint64) int32 {
	mask, w := uint64(len(t.slots)-1), len(key)
	for at := h >> t.shift; ; at++ {
		s := t.slots[at&mask]
		if s.key == 0 {
			return -1
		}
		if s.tag == uint32(h) && slices.Equal(key, t.words[int(s.key-1)*w:int(s.key)*w]) {
			return int32(s.key - 1)
		}
	}
}

func (t *keyTable) seekBytes(h uint64, key []byte) int32 {
	mask := uint64(len(t.slots) - 1)
	for at := h >> t.shift; ; at++ {
		s := t.slots[at&mask]
		if s.key == 0 {
			return -1
		}
		if s.tag == uint32(h) && bytes.Equal(key, t.keyBytes(int(s.key-1))) {
			return int32(s.key - 1)
		}
	}
}

func (t *keyTable) keyBytes(k int) []byte {
	start := 0
	if k > 0 {
		start = t.ends[k-1]
	}
	return t.bytes[start:t.ends[k]]
}

// insert gives the number of each row's key, adding those that are not there.
// Rows that are not in only, unless it is nil, get -1.
func (t *keyTable) insert(k *keyRows, out []int32, only bitset, from int) {
	w, start := t.layout.words, 0
	for i := range k.n {
		var end int
		if w == 0 {
			end = k.ends[i]
		}
		if only != nil && !only.has(from+i) {
			out[i], start = -1, end
			continue
		}
		h := k.hashes[i]
		if w > 0 {
			key := k.words[i*w : (i+1)*w]
			if out[i] = t.seekWords(h, key); out[i] < 0 {
				t.words = append(t.words, key...)
				out[i] = t.add(h)
			}
			continue
		}
		key := k.bytes[start:end]
		if out[i] = t.seekBytes(h, key); out[i] < 0 {
			t.bytes = append(t.bytes, key...)
			t.ends = append(t.ends, len(t.bytes))
			out[i] = t.add(h)
		}
		start = end
	}
}

// add puts the next key, whose content is stored, into a slot.
func (t *keyTable) add(h uint64) int32 {
	t.hashes = append(t.hashes, h)
	t.n++
	if t.n*2 > len(t.slots) {
		t.grow()
	} else {
		t.place(h, uint32(t.n))
	}
	return int32(t.n - 1)
}

func (t *keyTable) place(h uint64, key uint32) {
	mask := uint64(len(t.slots) - 1)
	at := h >> t.shift
	for t.slots[at&mask].key != 0 {
		at++
	}
	t.slots[at&mask] = slot{tag: uint32(h), key: key}
}

func (t *keyTable) grow() {
	t.slots = make([]slot, 4*len(t.slots))
	t.shift -= 2
	for i, h := range t.hashes {
		t.place(h, uint32(i+1))
	}
}

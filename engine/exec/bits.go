package exec

import (
	"encoding/binary"
	"math/bits"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// bitset is a set of rows, bit r of the whole for row r. Bits past the last row
// are zero.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (s bitset) has(i int) bool { return s[i>>6]>>(i&63)&1 != 0 }

func (s bitset) add(i int) { s[i>>6] |= 1 << (i & 63) }

func (s bitset) count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// fill puts all n rows in.
func (s bitset) fill(n int) {
	for i := range s {
		s[i] = ^uint64(0)
	}
	s.trim(n)
}

func (s bitset) trim(n int) {
	if n&63 != 0 {
		s[len(s)-1] &= 1<<(n&63) - 1
	}
}

func (s bitset) and(o bitset) {
	for i, w := range o {
		s[i] &= w
	}
}

func (s bitset) or(o bitset) {
	for i, w := range o {
		s[i] |= w
	}
}

// andNot takes the rows of o out.
func (s bitset) andNot(o bitset) {
	for i, w := range o {
		s[i] &^= w
	}
}

// rows appends the rows of the set, ascending.
func (s bitset) rows(to []int32) []int32 {
	for i, w := range s {
		base := int32(i << 6)
		if w == ^uint64(0) {
			for k := range int32(64) {
				to = append(to, base+k)
			}
			continue
		}
		for w != 0 {
			to = append(to, base+int32(bits.TrailingZeros64(w)))
			w &= w - 1
		}
	}
	return to
}

// loadBits copies n bits that start at bit off of an arrow bitmap.
func loadBits(s bitset, bitmap []byte, off, n int) {
	bitmap, shift := bitmap[off>>3:], off&7
	i := 0
	if shift == 0 {
		for ; i+1 < len(s); i++ {
			s[i] = binary.LittleEndian.Uint64(bitmap[i*8:])
		}
	} else {
		for ; i+1 < len(s); i++ {
			s[i] = binary.LittleEndian.Uint64(bitmap[i*8:])>>shift | uint64(bitmap[i*8+8])<<(64-shift)
		}
	}
	if i < len(s) {
		s[i] = tailBits(bitmap[i*8:], shift, n-i*64)
	}
}

// andBits takes out of s the rows whose bit is 0 among n bits from bit off on.
func andBits(s bitset, bitmap []byte, off, n int) {
	const part = 64 // words at a time, on the stack
	var words [part]uint64
	for i := 0; i < len(s); i += part {
		k := min(part, len(s)-i)
		loadBits(words[:k], bitmap, off+i*64, min(n-i*64, k*64))
		s[i : i+k].and(words[:k])
	}
}

// tailBits reads the last n <= 64 bits of a bitmap.
func tailBits(b []byte, shift, n int) uint64 {
	var w uint64
	last := (shift + n + 7) / 8
	for k := range min(last, 8) {
		w |= uint64(b[k]) << (8 * k)
	}
	w >>= shift
	if last > 8 {
		w |= uint64(b[8]) << (64 - shift)
	}
	if n < 64 {
		w &= 1<<n - 1
	}
	return w
}

// storeBits writes n bits to an arrow bitmap, from bit off on. Bits of the first
// byte before off are kept.
func storeBits(bitmap []byte, off int, s bitset, n int) {
	if off&7 == 0 {
		b := bitmap[off>>3:]
		for i, w := range s {
			if len(b) >= 8 && n-i*64 >= 64 {
				binary.LittleEndian.PutUint64(b, w)
				b = b[8:]
				continue
			}
			for k := range (n - i*64 + 7) / 8 {
				b[k] = byte(w >> (8 * k))
			}
		}
		return
	}
	for i := range n {
		at := off + i
		if s.has(i) {
			bitmap[at>>3] |= 1 << (at & 7)
		} else {
			bitmap[at>>3] &^= 1 << (at & 7)
		}
	}
}

// bitmapBuffer makes a buffer of off+n bits; those before off are zero.
func bitmapBuffer(mem memory.Allocator, off int, s bitset, n int) *memory.Buffer {
	buf := memory.NewResizableBuffer(mem)
	buf.Resize((off + n + 7) / 8)
	b := buf.Bytes()
	clear(b[:(off+7)/8])
	storeBits(b, off, s, n)
	return buf
}

// hasNulls says whether a has a NULL (for a nullable array without a bitmap: no).
func hasNulls(a arrow.Array) bool { return a.NullN() > 0 }

// validity gives the rows of a that are not NULL; nil when all are.
func validity(a arrow.Array) bitset {
	if !hasNulls(a) {
		return nil
	}
	s := newBitset(a.Len())
	if bm := a.NullBitmapBytes(); len(bm) > 0 {
		loadBits(s, bm, a.Data().Offset(), a.Len())
	}
	return s
}

// andValidity takes the NULL rows of a out of s.
func andValidity(s bitset, a arrow.Array) {
	if !hasNulls(a) {
		return
	}
	if bm := a.NullBitmapBytes(); len(bm) > 0 {
		andBits(s, bm, a.Data().Offset(), a.Len())
	} else {
		clear(s)
	}
}

// truths gives the rows of a boolean array that are TRUE.
func truths(a arrow.Array) bitset {
	s := newBitset(a.Len())
	d := a.Data()
	if a.DataType().ID() != arrow.BOOL || len(d.Buffers()) < 2 || d.Buffers()[1] == nil || a.Len() == 0 {
		return s // a NULL literal
	}
	loadBits(s, d.Buffers()[1].Bytes(), d.Offset(), a.Len())
	andValidity(s, a)
	return s
}

package exec

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v14/arrow/bitutil"
)

// TestBitsets compares sets with slices of bool, for bitmaps of all lengths around
// a word, from all offsets.
func TestBitsets(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for n := range 200 {
		for off := range 17 {
			want := make([]bool, n)
			bitmap := make([]byte, (off+n+7)/8)
			for i := range bitmap {
				bitmap[i] = byte(rng.Uint32())
			}
			for i := range want {
				want[i] = n%3 == 0 || rng.IntN(2) == 0 // whole words, too
				bitutil.SetBitTo(bitmap, off+i, want[i])
			}
			s := newBitset(n)
			if n > 0 {
				loadBits(s, bitmap, off, n)
			}
			var rows []int32
			for i, w := range want {
				if s.has(i) != w {
					t.Fatalf("%d bits from %d: bit %d is %t", n, off, i, !w)
				}
				if w {
					rows = append(rows, int32(i))
				}
			}
			if s.count() != len(rows) || !slices.Equal(s.rows(nil), rows) {
				t.Fatalf("%d bits from %d: %d rows %v, want %v", n, off, s.count(), s.rows(nil), rows)
			}
			before := slices.Clone(bitmap)
			back := make([]byte, len(bitmap))
			copy(back, bitmap[:off/8+min(1, len(bitmap)-off/8)])
			storeBits(back, off, s, n)
			for i := range off + n {
				if bitutil.BitIsSet(back, i) != bitutil.BitIsSet(before, i) {
					t.Fatalf("%d bits stored from %d: bit %d differs", n, off, i)
				}
			}
		}
	}
}

// TestAndBits narrows a set of many words by a bitmap.
func TestAndBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{1, 64, 4095, 4096, 4097, 9000} {
		for _, off := range []int{0, 3, 64} {
			bitmap := make([]byte, (off+n+7)/8)
			for i := range bitmap {
				bitmap[i] = byte(rng.Uint32())
			}
			s := newBitset(n)
			for i := range n {
				if i%3 > 0 {
					s.add(i)
				}
			}
			andBits(s, bitmap, off, n)
			for i := range n {
				if want := i%3 > 0 && bitutil.BitIsSet(bitmap, off+i); s.has(i) != want {
					t.Fatalf("%d bits from %d: bit %d is %t", n, off, i, !want)
				}
			}
		}
	}
}

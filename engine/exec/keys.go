package exec

import (
	"fmt"
	"hash/maphash"
	"math"
	"math/bits"
	"math/rand/v2"

	"github.com/apache/arrow/go/v14/arrow"
)

// keyBlock is how many rows are hashed before they are looked up: few enough for
// their keys to stay in the first cache.
const keyBlock = 256

// keyLayout says how the keys of one or more columns are laid out: as a fixed
// number of 8-byte words when all columns are of fixed width, else as bytes. Equal
// keys have equal layouts: NaN has one pattern and -0.0 is 0.0.
type keyLayout struct {
	types []arrow.DataType
	// nullSafe columns keep NULL as a value; a NULL in another makes the whole key
	// one that equals nothing.
	nullSafe []bool
	// words a key, the one of NULL marks included; 0 when keys are bytes.
	words int
	// marks is true when the first word has a bit for each NULL.
	marks bool
	// text is true for a single column of text, whose bytes are the key; one that is
	// nullSafe has a byte behind them that tells NULL from text.
	text bool
	// seed and salt start the hashes of bytes and words: nobody can send rows whose
	// keys all fall into one place.
	seed maphash.Seed
	salt uint64
}

// newKeyLayout decides the layout, or says which column cannot be compared.
func newKeyLayout(types []arrow.DataType, nullSafe []bool) (*keyLayout, error) {
	l := &keyLayout{types: types, nullSafe: nullSafe, seed: maphash.MakeSeed(), salt: rand.Uint64()}
	fixed := true
	for i, t := range types {
		if err := comparable(t); err != nil {
			return nil, err
		}
		l.marks = l.marks || nullSafe[i]
		w := wordsOf(t)
		fixed = fixed && w > 0
		l.words += w
	}
	switch {
	case !fixed:
		l.words = 0
		l.text = len(types) == 1 && isText(types[0])
	case l.marks:
		l.words++
	}
	if len(types) > 64 && l.marks {
		l.words = 0 // more NULL marks than a word has bits
	}
	return l, nil
}

// comparable says whether keys may be of a type.
func comparable(t arrow.DataType) error {
	switch t := t.(type) {
	case *arrow.MapType:
		return fmt.Errorf("values of type MAP cannot be compared: they cannot be join, grouping or DISTINCT keys")
	case *arrow.ListType:
		return comparable(t.Elem())
	case *arrow.StructType:
		for _, f := range t.Fields() {
			if err := comparable(f.Type); err != nil {
				return err
			}
		}
		return nil
	}
	if wordsOf(t) == 0 && !isText(t) && t.ID() != arrow.NULL {
		return fmt.Errorf("values of type %s cannot be compared", t)
	}
	return nil
}

func isText(t arrow.DataType) bool { return t.ID() == arrow.STRING || t.ID() == arrow.BINARY }

// wordsOf is how many words a value of fixed width takes, 0 for other types.
func wordsOf(t arrow.DataType) int {
	switch t := t.(type) {
	case *arrow.BooleanType:
		return 1
	case arrow.FixedWidthDataType:
		switch t.BitWidth() {
		case 8, 16, 32, 64:
			if t.ID() != arrow.DICTIONARY && t.ID() != arrow.FIXED_SIZE_LIST {
				return 1
			}
		case 128:
			return 2
		}
	}
	return 0
}

// keyRows is the keys of some rows, encoded and hashed. It is reused from block
// to block.
type keyRows struct {
	n       int
	words   []uint64
	bytes   []byte
	ends    []int
	hashes  [keyBlock]uint64
	writers []keyWriter // of each column, for keys of bytes
}

// matchable gives the rows whose keys can equal others; nil for all.
func (l *keyLayout) matchable(cols []arrow.Array) bitset {
	var valid bitset
	for i, c := range cols {
		if l.nullSafe[i] || !hasNulls(c) {
			continue
		}
		if valid == nil {
			valid = validity(c)
		} else {
			andValidity(valid, c)
		}
	}
	return valid
}

// load encodes and hashes the keys of rows [from, from+n), n <= keyBlock.
func (l *keyLayout) load(k *keyRows, cols []arrow.Array, from, n int) {
	k.n = n
	if l.words > 0 {
		l.loadWords(k, cols, from, n)
		return
	}
	k.bytes, k.ends = k.bytes[:0], k.ends[:0]
	if l.text {
		l.loadText(k, cols[0], from, n)
	} else {
		for i := from; i < from+n; i++ {
			for _, write := range k.writers {
				k.bytes = write(k.bytes, i)
			}
			k.ends = append(k.ends, len(k.bytes))
		}
	}
	start := 0
	for i, end := range k.ends {
		k.hashes[i] = maphash.Bytes(l.seed, k.bytes[start:end])
		start = end
	}
}

func (l *keyLayout) loadText(k *keyRows, a arrow.Array, from, n int) {
	off, src, safe := offsetsOf(a), bytesOf(a), l.nullSafe[0]
	nulls := safe && hasNulls(a)
	for i := from; i < from+n; i++ {
		switch {
		case nulls && a.IsNull(i):
			k.bytes = append(k.bytes, 0)
		case safe:
			k.bytes = append(append(k.bytes, src[off[i]:off[i+1]]...), 1)
		default:
			k.bytes = append(k.bytes, src[off[i]:off[i+1]]...)
		}
		k.ends = append(k.ends, len(k.bytes))
	}
}

const (
	mixSeed = 0x9e3779b97f4a7c15
	mixMul  = 0xa0761d6478bd642f
)

func mix(h, w uint64) uint64 {
	hi, lo := bits.Mul64(h^w, mixMul)
	return hi ^ lo ^ mixSeed
}

func (l *keyLayout) loadWords(k *keyRows, cols []arrow.Array, from, n int) {
	if len(k.words) < l.words*keyBlock {
		k.words = make([]uint64, l.words*keyBlock)
	}
	stride, at := l.words, 0
	if l.marks {
		l.loadMarks(k.words, cols, from, n)
		at = 1
	}
	for c, a := range cols {
		loadColumn(k.words[at:], stride, a, from, n)
		w := wordsOf(l.types[c])
		if l.nullSafe[c] && hasNulls(a) {
			for i := range n {
				if a.IsNull(from + i) {
					clear(k.words[i*stride+at : i*stride+at+w])
				}
			}
		}
		at += w
	}
	hashWords(k.hashes[:n], k.words, stride, l.salt)
}

// loadMarks writes the word of NULL marks of each key.
func (l *keyLayout) loadMarks(words []uint64, cols []arrow.Array, from, n int) {
	for i := range n {
		words[i*l.words] = 0
	}
	for c, a := range cols {
		if !l.nullSafe[c] || !hasNulls(a) {
			continue
		}
		for i := range n {
			if a.IsNull(from + i) {
				words[i*l.words] |= 1 << c
			}
		}
	}
}

// hashWords hashes keys of stride words each.
func hashWords(hashes, words []uint64, stride int, salt uint64) {
	switch stride {
	case 1:
		for i := range hashes {
			hashes[i] = mix(salt, words[i])
		}
	case 4:
		for i := range hashes {
			w := (*[4]uint64)(words[i*4:])
			// Two chains of two, so that the multiplications overlap.
			a, b := mix(mix(salt, w[0]), w[1]), mix(mix(salt^mixMul, w[2]), w[3])
			hashes[i] = mix(a, bits.RotateLeft64(b, 32))
		}
	default:
		for i := range hashes {
			h := salt
			for _, w := range words[i*stride : (i+1)*stride] {
				h = mix(h, w)
			}
			hashes[i] = h
		}
	}
}

// loadColumn writes one column's words, stride apart.
func loadColumn(to []uint64, stride int, a arrow.Array, from, n int) {
	switch a.DataType().ID() {
	case arrow.FLOAT64:
		for i, v := range values[float64](a)[from : from+n] {
			to[i*stride] = float64Key(v)
		}
	case arrow.FLOAT32:
		for i, v := range values[float32](a)[from : from+n] {
			to[i*stride] = float64Key(float64(v))
		}
	case arrow.BOOL:
		bm, off := a.Data().Buffers()[1].Bytes(), a.Data().Offset()+from
		for i := range n {
			to[i*stride] = uint64(bm[(off+i)>>3] >> ((off + i) & 7) & 1)
		}
	default:
		switch a.DataType().(arrow.FixedWidthDataType).BitWidth() {
		case 8:
			widen(to, stride, values[uint8](a)[from:from+n])
		case 16:
			widen(to, stride, values[uint16](a)[from:from+n])
		case 32:
			widen(to, stride, values[uint32](a)[from:from+n])
		case 64:
			widen(to, stride, values[uint64](a)[from:from+n])
		default:
			for i, v := range values[word16](a)[from : from+n] {
				to[i*stride], to[i*stride+1] = v[0], v[1]
			}
		}
	}
}

func widen[T uint8 | uint16 | uint32 | uint64](to []uint64, stride int, vs []T) {
	for i, v := range vs {
		to[i*stride] = uint64(v)
	}
}

const nanKey = 0x7ff8000000000001

// float64Key is equal for values that SQL takes for equal.
func float64Key(v float64) uint64 {
	if v != v {
		return nanKey
	}
	return math.Float64bits(v + 0) // -0.0 becomes 0.0
}

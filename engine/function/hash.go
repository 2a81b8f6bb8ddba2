package function

import (
	"encoding/binary"
	"math"
	mathbits "math/bits"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
)

// hasher is a hash function over values: Murmur3 or XXH64, as Spark has them.
// Each gives the hash of a value that continues the hash before it.
type hasher struct {
	word  func(v uint32, seed uint64) uint64
	long  func(v uint64, seed uint64) uint64
	bytes func(v []byte, seed uint64) uint64
}

var (
	murmur = hasher{
		word: func(v uint32, seed uint64) uint64 { return uint64(murmurEnd(murmurMix(uint32(seed), v), 4)) },
		long: func(v, seed uint64) uint64 {
			return uint64(murmurEnd(murmurMix(murmurMix(uint32(seed), uint32(v)), uint32(v>>32)), 8))
		},
		bytes: murmurBytes,
	}
	xxhash = hasher{word: xxWord, long: xxLong, bytes: xxBytes}
)

func murmurMix(h, k uint32) uint32 {
	k *= 0xcc9e2d51
	k = mathbits.RotateLeft32(k, 15) * 0x1b873593
	return mathbits.RotateLeft32(h^k, 13)*5 + 0xe6546b64
}

func murmurEnd(h, n uint32) uint32 {
	h ^= n
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}

// murmurBytes takes the last bytes one by one, sign and all, as Spark does.
func murmurBytes(b []byte, seed uint64) uint64 {
	h, n := uint32(seed), uint32(len(b))
	for ; len(b) >= 4; b = b[4:] {
		h = murmurMix(h, binary.LittleEndian.Uint32(b))
	}
	for _, c := range b {
		h = murmurMix(h, uint32(int32(int8(c))))
	}
	return uint64(murmurEnd(h, n))
}

const (
	xx1 = 0x9E3779B185EBCA87
	xx2 = 0xC2B2AE3D27D4EB4F
	xx3 = 0x165667B19E3779F9
	xx4 = 0x85EBCA77C2B2AE63
	xx5 = 0x27D4EB2F165667C5
)

func xxEnd(h uint64) uint64 {
	h = (h ^ h>>33) * xx2
	h = (h ^ h>>29) * xx3
	return h ^ h>>32
}

func xxWord(v uint32, seed uint64) uint64 {
	h := seed + xx5 + 4
	h ^= uint64(v) * xx1
	return xxEnd(mathbits.RotateLeft64(h, 23)*xx2 + xx3)
}

func xxLong(v, seed uint64) uint64 {
	h := seed + xx5 + 8
	h ^= mathbits.RotateLeft64(v*xx2, 31) * xx1
	return xxEnd(mathbits.RotateLeft64(h, 27)*xx1 + xx4)
}

func xxRound(acc, v uint64) uint64 { return mathbits.RotateLeft64(acc+v*xx2, 31) * xx1 }

func xxBytes(b []byte, seed uint64) uint64 {
	n := uint64(len(b))
	h := seed + xx5
	le := binary.LittleEndian
	if len(b) >= 32 {
		lanes := [4]uint64{seed, seed, seed, seed}
		lanes[0] += xx1
		lanes[0] += xx2
		lanes[1] += xx2
		lanes[3] -= xx1
		for ; len(b) >= 32; b = b[32:] {
			for k := range lanes {
				lanes[k] = xxRound(lanes[k], le.Uint64(b[8*k:]))
			}
		}
		h = 0
		for k, v := range lanes {
			h += mathbits.RotateLeft64(v, [...]int{1, 7, 12, 18}[k])
		}
		for _, v := range lanes {
			h = (h^xxRound(0, v))*xx1 + xx4
		}
	}
	h += n
	for ; len(b) >= 8; b = b[8:] {
		h = mathbits.RotateLeft64(h^xxRound(0, le.Uint64(b)), 27)*xx1 + xx4
	}
	if len(b) >= 4 {
		h = mathbits.RotateLeft64(h^uint64(le.Uint32(b))*xx1, 23)*xx2 + xx3
		b = b[4:]
	}
	for _, c := range b {
		h = mathbits.RotateLeft64(h^uint64(c)*xx5, 11) * xx1
	}
	return xxEnd(h)
}

// hashOf makes the function that continues a hash with element i of an array.
// NULL leaves it as it is.
func (f hasher) hashOf(a arrow.Array) func(i int, seed uint64) uint64 {
	inner := f.valueHash(a)
	return func(i int, seed uint64) uint64 {
		if nullAt(a, i) {
			return seed
		}
		return inner(i, seed)
	}
}

func (f hasher) valueHash(a arrow.Array) func(i int, seed uint64) uint64 {
	switch dt := a.DataType().(type) {
	case *arrow.BooleanType:
		return func(i int, seed uint64) uint64 { return f.word(uint32(b2i(boolsAt(a, i))), seed) }
	case *arrow.Int8Type:
		return hashInts[int8](f, a)
	case *arrow.Int16Type:
		return hashInts[int16](f, a)
	case *arrow.Int32Type, *arrow.Date32Type, *arrow.MonthIntervalType:
		return hashInts[int32](f, a)
	case *arrow.Int64Type, *arrow.TimestampType, *arrow.DurationType:
		v := raw[int64](a)
		return func(i int, seed uint64) uint64 { return f.long(uint64(v[i]), seed) }
	case *arrow.Float32Type:
		v := raw[float32](a)
		return func(i int, seed uint64) uint64 { return f.word(floatBits(v[i]), seed) }
	case *arrow.Float64Type:
		v := raw[float64](a)
		return func(i int, seed uint64) uint64 { return f.long(doubleBits(v[i]), seed) }
	case *arrow.Decimal128Type:
		return f.hashDecimals(a, dt)
	case *arrow.StringType, *arrow.BinaryType:
		v := textOf(a)
		v.step = 1
		return func(i int, seed uint64) uint64 { return f.bytes(v.at(i), seed) }
	case *arrow.MapType, *arrow.ListType:
		l := listOf(a)
		l.step = 1
		elem := f.hashOf(l.elem)
		return func(i int, seed uint64) uint64 {
			from, to := l.span(i)
			for k := from; k < to; k++ {
				seed = elem(k, seed)
			}
			return seed
		}
	case *arrow.StructType:
		s := a.(*array.Struct)
		fields := make([]func(int, uint64) uint64, s.NumField())
		for k := range fields {
			fields[k] = f.hashOf(s.Field(k))
		}
		return func(i int, seed uint64) uint64 {
			for _, h := range fields {
				seed = h(i, seed)
			}
			return seed
		}
	}
	return func(_ int, seed uint64) uint64 { return seed }
}

func hashInts[T int8 | int16 | int32](f hasher, a arrow.Array) func(int, uint64) uint64 {
	v := raw[T](a)
	return func(i int, seed uint64) uint64 { return f.word(uint32(int32(v[i])), seed) }
}

func (f hasher) hashDecimals(a arrow.Array, dt *arrow.Decimal128Type) func(int, uint64) uint64 {
	v := raw[dec](a)
	if dt.Precision <= 18 {
		return func(i int, seed uint64) uint64 { return f.long(v[i].LowBits(), seed) }
	}
	return func(i int, seed uint64) uint64 { return f.bytes(twosComplement(v[i]), seed) }
}

// twosComplement is Java's BigInteger.toByteArray: the shortest big-endian form
// with a sign bit.
func twosComplement(d dec) []byte {
	b := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(d.HighBits())), d.LowBits())
	for len(b) > 1 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xff && b[1] >= 0x80) {
		b = b[1:]
	}
	return b
}

func floatBits(v float32) uint32 {
	switch {
	case v == 0:
		return 0
	case v != v:
		return 0x7fc00000
	}
	return math.Float32bits(v)
}

func doubleBits(v float64) uint64 {
	switch {
	case v == 0:
		return 0
	case v != v:
		return 0x7ff8000000000000
	}
	return math.Float64bits(v)
}

const hashSeed = 42

// bindHash binds hash and xxhash64.
func bindHash[T int32 | int64](f hasher, dt arrow.DataType) binder {
	return func(name string, args []catalog.Arg) (catalog.Call, error) {
		if err := arity(name, args, 1, -1); err != nil {
			return catalog.Call{}, err
		}
		if err := notLambda(name, args); err != nil {
			return catalog.Call{}, err
		}
		for k, a := range args {
			if a.Type.ID() == arrow.MAP {
				return catalog.Call{}, argErr(k, "%s takes no MAP: equal maps may have different hashes", name)
			}
		}
		return catalog.Call{Type: dt, ArgTypes: typesOf(args), Deterministic: true,
			Eval: func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
				out := newColumn[T](t.Allocator(), n)
				cols := make([]func(int, uint64) uint64, len(args))
				for k, a := range args {
					cols[k] = f.hashOf(a)
				}
				for i := range out.v {
					h := uint64(hashSeed)
					for k, c := range cols {
						h = c(i*step(args[k]), h)
					}
					out.v[i] = T(h)
				}
				return out.array(dt), nil
			}}, nil
	}
}

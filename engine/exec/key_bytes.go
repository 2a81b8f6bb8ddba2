package exec

import (
	"encoding/binary"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
)

// keyWriter appends the value of a row so that equal values, and no others, have
// equal bytes; what follows it cannot be taken for a part of it.
type keyWriter func(to []byte, i int) []byte

func newKeyWriter(a arrow.Array) keyWriter {
	write := valueWriter(a)
	if a.DataType().ID() == arrow.NULL {
		return func(to []byte, _ int) []byte { return append(to, 0) }
	}
	if !hasNulls(a) {
		return func(to []byte, i int) []byte { return write(append(to, 1), i) }
	}
	return func(to []byte, i int) []byte {
		if a.IsNull(i) {
			return append(to, 0)
		}
		return write(append(to, 1), i)
	}
}

// valueWriter writes values that are not NULL.
func valueWriter(a arrow.Array) keyWriter {
	switch a := a.(type) {
	case *array.Struct:
		fields := make([]keyWriter, a.NumField())
		for f := range fields {
			fields[f] = newKeyWriter(a.Field(f))
		}
		return func(to []byte, i int) []byte {
			for _, write := range fields {
				to = write(to, i)
			}
			return to
		}
	case *array.List:
		off, elem := offsetsOf(a), newKeyWriter(a.ListValues())
		return func(to []byte, i int) []byte {
			to = binary.LittleEndian.AppendUint32(to, uint32(off[i+1]-off[i]))
			for e := off[i]; e < off[i+1]; e++ {
				to = elem(to, int(e))
			}
			return to
		}
	case *array.String, *array.Binary:
		off, src := offsetsOf(a), bytesOf(a)
		return func(to []byte, i int) []byte {
			to = binary.LittleEndian.AppendUint32(to, uint32(off[i+1]-off[i]))
			return append(to, src[off[i]:off[i+1]]...)
		}
	case *array.Float64:
		vs := values[float64](a)
		return func(to []byte, i int) []byte { return binary.LittleEndian.AppendUint64(to, float64Key(vs[i])) }
	}
	return wordWriter(a)
}

// wordWriter writes a value of fixed width as the words that loadColumn makes.
func wordWriter(a arrow.Array) keyWriter {
	n := wordsOf(a.DataType())
	return func(to []byte, i int) []byte {
		var w [2]uint64
		loadColumn(w[:], 1, a, i, 1)
		for _, w := range w[:n] {
			to = binary.LittleEndian.AppendUint64(to, w)
		}
		return to
	}
}

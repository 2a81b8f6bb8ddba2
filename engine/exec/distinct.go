package exec

import (
	"unsafe"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
)

// distinctSet is the arguments of an aggregate with DISTINCT that have been seen,
// for each group. It keeps them, for the set of another part to take.
type distinctSet struct {
	table  *keyTable
	pieces []distinctPiece
	block  keyRows
}

// distinctPiece is rows of arguments and their groups.
type distinctPiece struct {
	groups []uint32
	args   []arrow.Array
}

// fresh gives those rows whose arguments their group has not seen; they belong to
// the set.
func (s *distinctSet) fresh(t catalog.Task, groups []uint32, args []arrow.Array) ([]uint32, []arrow.Array, error) {
	ids := uint32Array(groups)
	defer ids.Release()
	keys := append([]arrow.Array{ids}, args...)
	var rows []int32
	known := make([]int32, keyBlock)
	s.table.layout.blocks(&s.block, keys, len(groups), func(from int) {
		next := int32(s.table.n)
		s.table.insert(&s.block, known[:s.block.n], nil, from)
		for i, k := range known[:s.block.n] {
			if k == next {
				rows = append(rows, int32(from+i))
				next++
			}
		}
	})
	if len(rows) == 0 {
		return nil, nil, nil
	}
	cols, err := gatherColumns(t.Allocator(), args, selection{rows: rows})
	if err != nil {
		return nil, nil, err
	}
	p := distinctPiece{groups: pickIDs(groups, rows), args: cols}
	s.pieces = append(s.pieces, p)
	return p.groups, p.args, nil
}

func (s *distinctSet) release() {
	if s == nil {
		return
	}
	for _, p := range s.pieces {
		releaseArrays(p.args)
	}
	s.pieces = nil
}

// uint32Array lends values to an array.
func uint32Array(vs []uint32) arrow.Array {
	buf := memory.NewBufferBytes(arrow.Uint32Traits.CastToBytes(vs))
	d := array.NewData(arrow.PrimitiveTypes.Uint32, len(vs), []*memory.Buffer{nil, buf}, nil, 0, 0)
	defer d.Release()
	return array.MakeFromData(d)
}

// unsigned views numbers that are not negative.
func unsigned(ids []int32) []uint32 {
	return unsafe.Slice((*uint32)(unsafe.Pointer(unsafe.SliceData(ids))), len(ids))
}

// positiveZeros replaces a, which it is given, by an array in which no number is
// -0.0, as SQL shows grouped values.
func positiveZeros(mem memory.Allocator, a arrow.Array) arrow.Array {
	switch a.DataType().ID() {
	case arrow.FLOAT64:
		return withoutNegativeZero[float64](mem, a)
	case arrow.FLOAT32:
		return withoutNegativeZero[float32](mem, a)
	}
	return a
}

func withoutNegativeZero[T float32 | float64](mem memory.Allocator, a arrow.Array) arrow.Array {
	negative := false
	for _, v := range values[T](a) {
		negative = negative || v == 0 && 1/v < 0
	}
	if !negative {
		return a
	}
	defer a.Release()
	buf, to := room[T](mem, a.Len())
	for i, v := range values[T](a) {
		to[i] = v + 0
	}
	valid, nulls := gatherValidity(mem, a, selection{rows: upTo32(a.Len())})
	d := pack(a.DataType(), a.Len(), []*memory.Buffer{valid, buf}, nil, nulls)
	defer d.Release()
	return array.MakeFromData(d)
}

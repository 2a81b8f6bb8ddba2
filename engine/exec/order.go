package exec

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/decimal128"
)

// sortKey is a key of a sort and its direction.
type sortKey struct {
	desc, nullsFirst bool
}

// comparer compares two rows of a column, neither NULL.
type comparer func(i, j int32) int

// comparerOf gives the order of a type: numbers with NaN as the greatest and -0.0
// equal to 0.0, text by bytes, FALSE before TRUE, structs and arrays by their
// parts with NULL first.
func comparerOf(a arrow.Array) comparer {
	switch a := a.(type) {
	case *array.Float64:
		vs := values[float64](a)
		return func(i, j int32) int { return compareFloat(vs[i], vs[j]) }
	case *array.Float32:
		vs := values[float32](a)
		return func(i, j int32) int { return compareFloat(float64(vs[i]), float64(vs[j])) }
	case *array.Boolean:
		return func(i, j int32) int { return boolRank(a.Value(int(i))) - boolRank(a.Value(int(j))) }
	case *array.String, *array.Binary:
		off, b := offsetsOf(a), bytesOf(a)
		return func(i, j int32) int { return bytes.Compare(b[off[i]:off[i+1]], b[off[j]:off[j+1]]) }
	case *array.Decimal128:
		vs := values[decimal128.Num](a)
		return func(i, j int32) int { return vs[i].Cmp(vs[j]) }
	case *array.Struct:
		return compareStructs(a)
	case *array.List:
		return compareLists(a)
	}
	return integerComparer(a)
}

func integerComparer(a arrow.Array) comparer {
	switch a.DataType().(arrow.FixedWidthDataType).BitWidth() {
	case 8:
		return ordered(values[int8](a))
	case 16:
		return ordered(values[int16](a))
	case 32:
		return ordered(values[int32](a))
	default:
		return ordered(values[int64](a))
	}
}

func ordered[T cmp.Ordered](vs []T) comparer {
	return func(i, j int32) int { return cmp.Compare(vs[i], vs[j]) }
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

func compareFloat(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	case x == y:
		return 0
	}
	return boolRank(x != x) - boolRank(y != y)
}

// withNulls compares any rows; NULL comes first.
func withNulls(a arrow.Array) comparer {
	if a.DataType().ID() == arrow.NULL {
		return func(int32, int32) int { return 0 }
	}
	c := comparerOf(a)
	return func(i, j int32) int {
		x, y := a.IsValid(int(i)), a.IsValid(int(j))
		if x && y {
			return c(i, j)
		}
		return boolRank(x) - boolRank(y)
	}
}

func compareStructs(a *array.Struct) comparer {
	fields := make([]comparer, a.NumField())
	for f := range fields {
		fields[f] = withNulls(a.Field(f))
	}
	return func(i, j int32) int {
		for _, c := range fields {
			if r := c(i, j); r != 0 {
				return r
			}
		}
		return 0
	}
}

func compareLists(a *array.List) comparer {
	elem, off := withNulls(a.ListValues()), offsetsOf(a)
	return func(i, j int32) int {
		for x, y := off[i], off[j]; x < off[i+1] && y < off[j+1]; x, y = x+1, y+1 {
			if r := elem(x, y); r != 0 {
				return r
			}
		}
		return cmp.Compare(off[i+1]-off[i], off[j+1]-off[j])
	}
}

// sortable says whether a type has an order.
func sortable(t arrow.DataType) error {
	if t.ID() == arrow.INTERVAL_MONTHS || t.ID() == arrow.INTERVAL_DAY_TIME || t.ID() == arrow.INTERVAL_MONTH_DAY_NANO {
		return fmt.Errorf("values of type %s have no order", t)
	}
	if err := comparable(t); err != nil {
		return fmt.Errorf("values of type %s have no order", t)
	}
	return nil
}

// entry is a row to sort: rank puts NULLs at their end, prefix is the image of the
// first key whose order is the key's.
type entry struct {
	prefix uint64
	row    int32
	rank   int32
}

// sortRows gives the rows 0..n-1 in the order of keys; equal rows keep theirs.
// Only the first top rows are given when top is not negative.
func sortRows(cols []arrow.Array, keys []sortKey, n, top int) []int32 {
	es := make([]entry, n)
	for i := range es {
		es[i].row = int32(i)
	}
	compare := entryOrder(es, cols, keys)
	if top >= 0 && top < n/2 {
		es = smallest(es, top, compare)
	}
	slices.SortFunc(es, compare)
	if top >= 0 {
		es = es[:min(top, len(es))]
	}
	rows := make([]int32, len(es))
	for i, e := range es {
		rows[i] = e.row
	}
	return rows
}

// entryOrder fills in entries and gives their order, in which no two are equal.
func entryOrder(es []entry, cols []arrow.Array, keys []sortKey) func(x, y entry) int {
	rest := cols
	if len(cols) > 0 && fill(es, cols[0], keys[0]) {
		rest = cols[1:]
	}
	more := make([]comparer, len(rest))
	for i, c := range rest {
		more[i] = keyComparer(c, keys[len(keys)-len(rest)+i])
	}
	return func(x, y entry) int {
		if x.rank != y.rank {
			return int(x.rank - y.rank)
		}
		if x.prefix != y.prefix {
			if x.prefix < y.prefix {
				return -1
			}
			return 1
		}
		for _, c := range more {
			if r := c(x.row, y.row); r != 0 {
				return r
			}
		}
		return int(x.row - y.row)
	}
}

// smallest gives the k smallest entries, in no order: a heap of the k smallest so
// far, the largest of them on top, sees each of the others once.
func smallest(es []entry, k int, compare func(x, y entry) int) []entry {
	if k == 0 {
		return nil
	}
	heap := es[:k]
	for i := k/2 - 1; i >= 0; i-- {
		sink(heap, i, compare)
	}
	for _, e := range es[k:] {
		if compare(e, heap[0]) < 0 {
			heap[0] = e
			sink(heap, 0, compare)
		}
	}
	return heap
}

// sink moves entry i of a heap down to its place.
func sink(heap []entry, i int, compare func(x, y entry) int) {
	for {
		largest := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(heap); c++ {
			if compare(heap[c], heap[largest]) > 0 {
				largest = c
			}
		}
		if largest == i {
			return
		}
		heap[i], heap[largest] = heap[largest], heap[i]
		i = largest
	}
}

// keyComparer is the order of one key, NULLs and direction included.
func keyComparer(a arrow.Array, k sortKey) comparer {
	nullFirst := 1
	if k.nullsFirst {
		nullFirst = -1
	}
	sign := 1
	if k.desc {
		sign = -1
	}
	if a.DataType().ID() == arrow.NULL {
		return func(int32, int32) int { return 0 }
	}
	c := comparerOf(a)
	if !hasNulls(a) {
		return func(i, j int32) int { return sign * c(i, j) }
	}
	return func(i, j int32) int {
		x, y := a.IsValid(int(i)), a.IsValid(int(j))
		switch {
		case x && y:
			return sign * c(i, j)
		case x == y:
			return 0
		case !x:
			return nullFirst
		}
		return -nullFirst
	}
}

// fill computes ranks and prefixes from the first key. True means that rows with
// equal ranks and prefixes are equal by that key.
func fill(es []entry, a arrow.Array, k sortKey) (exact bool) {
	if hasNulls(a) {
		null := int32(1)
		if k.nullsFirst {
			null = -1
		}
		for i := range es {
			if a.IsNull(i) {
				es[i].rank = null
			}
		}
	}
	exact = fillPrefix(es, a)
	for i := range es {
		switch {
		case es[i].rank != 0:
			es[i].prefix = 0
		case k.desc:
			es[i].prefix = ^es[i].prefix
		}
	}
	return exact
}

const signBit = 1 << 63

func fillPrefix(es []entry, a arrow.Array) (exact bool) {
	switch a := a.(type) {
	case *array.Float64:
		for i, v := range values[float64](a) {
			es[i].prefix = floatImage(v)
		}
	case *array.Float32:
		for i, v := range values[float32](a) {
			es[i].prefix = floatImage(float64(v))
		}
	case *array.String, *array.Binary:
		off, b := offsetsOf(a), bytesOf(a)
		for i := range es {
			es[i].prefix = textImage(b[off[i]:off[i+1]])
		}
		return false
	case *array.Boolean, *array.Decimal128, *array.Struct, *array.List, *array.Null:
		return false
	default:
		fillIntegers(es, a)
	}
	return true
}

func fillIntegers(es []entry, a arrow.Array) {
	switch a.DataType().(arrow.FixedWidthDataType).BitWidth() {
	case 8:
		integerImages(es, values[int8](a))
	case 16:
		integerImages(es, values[int16](a))
	case 32:
		integerImages(es, values[int32](a))
	default:
		integerImages(es, values[int64](a))
	}
}

func integerImages[T int8 | int16 | int32 | int64](es []entry, vs []T) {
	for i, v := range vs {
		es[i].prefix = uint64(int64(v)) ^ signBit
	}
}

// floatImage grows with the value; NaN is the greatest.
func floatImage(v float64) uint64 {
	if v != v {
		return math.MaxUint64
	}
	b := math.Float64bits(v + 0)
	if b&signBit != 0 {
		return ^b
	}
	return b | signBit
}

// textImage is the first 8 bytes.
func textImage(b []byte) uint64 {
	if len(b) >= 8 {
		return binary.BigEndian.Uint64(b)
	}
	var w [8]byte
	copy(w[:], b)
	return binary.BigEndian.Uint64(w[:])
}

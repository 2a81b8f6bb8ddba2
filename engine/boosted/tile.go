package boosted

import (
	"cmp"
	"math"
	"slices"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
)

// tileRows is how many rows are scored at a time: their columns stay in the cache while all trees go over them.
const tileRows = 256

// slots are the columns of a tile: a feature, read in one way, perhaps negated.
type slots struct {
	all   []slot
	index map[slot]int
}

type slot struct {
	feature int
	reading Reading
	negated bool
}

// offset is the place of a column in the tile.
func (s *slots) offset(feature int, r Reading, negated bool) int32 {
	k := slot{feature, r, negated}
	i, ok := s.index[k]
	if !ok {
		i = len(s.all)
		s.index[k] = i
		s.all = append(s.all, k)
	}
	return int32(i * tileRows)
}

// tile is the scratch memory of one call of Score.
type tile[T Float] struct {
	x      []T // the columns, and room for one more
	raw    []T // one column as it came
	sums   []T // by group
	groups [][]T
	at     []uint32 // for walks: where each row is
	code   []T      // for outputs: the predicted class
}

func (m *Model[T]) newTile() *tile[T] {
	return &tile[T]{
		x:      make([]T, (len(m.slots.all)+1)*tileRows),
		raw:    make([]T, tileRows),
		sums:   make([]T, len(m.spec.Base)*tileRows),
		groups: make([][]T, len(m.spec.Base)),
		at:     make([]uint32, tileRows),
		code:   make([]T, tileRows),
	}
}

// fill reads n rows of the inputs into the tile's columns.
func (m *Model[T]) fill(t *tile[T], in []arrow.Array, from, n int) {
	last := -1
	for i, s := range m.slots.all { // sorted by feature
		if s.feature != last {
			m.read(t.raw[:n], in[s.feature], s.feature, from)
			last = s.feature
		}
		convert(t.x[i*tileRows:i*tileRows+n], t.raw[:n], s)
	}
}

// read takes a feature's values as numbers: NULL is NaN, a text is its category's code.
func (m *Model[T]) read(dst []T, a arrow.Array, feature, from int) {
	nan := T(math.NaN())
	switch a := a.(type) {
	case *array.Float64:
		if o := m.numbers[feature]; o != nil {
			for i, v := range a.Float64Values()[from : from+len(dst)] {
				dst[i] = nan
				if code, ok := o.find(v); ok {
					dst[i] = T(code)
				}
			}
			break
		}
		for i, v := range a.Float64Values()[from : from+len(dst)] {
			dst[i] = T(v)
		}
		if zero := m.spec.Zero; zero > 0 {
			for i, v := range dst {
				if v >= -zero && v <= zero {
					dst[i] = 0
				}
			}
		}
	case *array.String:
		order := m.order[feature]
		for i := range dst {
			dst[i] = nan
			if !a.IsNull(from + i) {
				if code, ok := order.find(a.Value(from + i)); ok {
					dst[i] = T(code)
				}
			}
		}
		return
	}
	if a.NullN() > 0 {
		for i := range dst {
			if a.IsNull(from + i) {
				dst[i] = nan
			}
		}
	}
}

// convert writes a column in the way of its slot.
func convert[T Float](dst, raw []T, s slot) {
	switch s.reading {
	case NaNMissing:
		copy(dst, raw)
	case NaNZero:
		for i, v := range raw {
			if dst[i] = v; v != v {
				dst[i] = 0
			}
		}
	case ZeroMissing:
		for i, v := range raw {
			if dst[i] = v; v == 0 {
				dst[i] = T(math.NaN())
			}
		}
	case Code, CodeTowardsZero:
		least := T(0)
		if s.reading == CodeTowardsZero {
			least = Above(T(-1))
		}
		for i, v := range raw {
			dst[i] = v
			if v < least {
				dst[i] = -1
			} else if v == v {
				dst[i] = T(math.Trunc(float64(v)))
			}
		}
	}
	if s.negated {
		for i, v := range dst {
			dst[i] = -v
		}
	}
}

// Above is the least number greater than t; NaN if there is none.
func Above[T Float](t T) T { return -below(-t) }

// order finds the codes of categories.
type order[K cmp.Ordered] struct {
	keys  []K // sorted
	codes []int32
}

func newOrder[K cmp.Ordered](keys []K) *order[K] {
	o := &order[K]{keys: make([]K, len(keys)), codes: make([]int32, len(keys))}
	for i := range o.codes {
		o.codes[i] = int32(i)
	}
	slices.SortStableFunc(o.codes, func(a, b int32) int { return cmp.Compare(keys[a], keys[b]) })
	for i, k := range o.codes {
		o.keys[i] = keys[k]
	}
	return o
}

func (o *order[K]) find(key K) (int32, bool) {
	i, ok := slices.BinarySearch(o.keys, key)
	if !ok {
		return 0, false
	}
	return o.codes[i], true
}

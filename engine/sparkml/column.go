package sparkml

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v14/arrow/array"
)

// tileRows is how many rows pass through the stages together: so few that a block of features stays in the cache.
const tileRows = 256

// kind is what a column holds.
type kind uint8

const (
	numbers kind = iota // doubles
	text                // strings
	vector              // vectors of doubles
	words               // arrays of strings
)

func (k kind) String() string {
	return [...]string{"a number", "a string", "a vector", "an array of strings"}[k]
}

// column is a column of a tile. What a stage writes it owns; what it reads may be memory of the caller.
type column struct {
	kind kind
	// valid says which rows are not NULL; nil: all.
	valid []bool
	// x has a number for each row, or the block of dense vectors: feature j of row i at j*tileRows+i.
	x   []float64
	dim int
	// Sparse vectors: the entries of row i are ptr[i] to ptr[i+1], indexes rising. Words: the tokens.
	sparse bool
	ptr    []int32
	idx    []int32
	val    []float64
	// Words: token k is bytes[ends[2k]:ends[2k+1]].
	bytes []byte
	ends  []int32
	// Strings are the caller's from row base on, or codes of labels.
	arr    *array.String
	base   int
	codes  []int32
	labels []string

	buf  []float64
	mask []bool
}

// tile is the state of scoring some rows. It is pooled.
type tile struct {
	n     int // rows
	first int // number of the first row in the batch
	cols  []column
	need  []bool // by slot: someone wants it
	run   []bool // by node
	dead  []bool // rows that were reported; they are NULL in all outputs
	died  bool
	fault func(row int, err error)

	leaf     []int32
	block    []float64
	block2   []float64
	counts   []float64
	norms    []float64
	touched  []int32
	tally    []float64 // all 0 between stages
	validity []bool
}

// grow gives a slice of n elements, with b's memory where that is enough. The contents are undefined.
func grow[T any](b *[]T, n int) []T {
	if cap(*b) < n {
		*b = make([]T, n)
	}
	*b = (*b)[:n]
	return *b
}

// numbers prepares a slot for a number in each row. The result has t.n elements.
func (t *tile) numbers(slot int) []float64 {
	c := &t.cols[slot]
	c.x, c.valid = grow(&c.buf, tileRows), nil
	return c.x[:t.n]
}

// vectors prepares a slot for dense vectors.
func (t *tile) vectors(slot, dim int) []float64 {
	c := &t.cols[slot]
	c.x, c.valid, c.dim, c.sparse = grow(&c.buf, dim*tileRows), nil, dim, false
	return c.x
}

// sparse prepares a slot for sparse vectors; the caller appends to idx, val and ptr.
func (t *tile) sparse(slot, dim int) *column {
	c := &t.cols[slot]
	c.valid, c.dim, c.sparse = nil, dim, true
	c.ptr, c.idx, c.val = append(c.ptr[:0], 0), c.idx[:0], c.val[:0]
	return c
}

// close ends a row of a sparse column.
func (c *column) close() { c.ptr = append(c.ptr, int32(len(c.idx))) }

// null makes a row of a column NULL.
func (t *tile) null(slot, row int) {
	c := &t.cols[slot]
	if c.valid == nil || len(c.mask) == 0 || &c.valid[0] != &c.mask[0] {
		old := c.valid
		m := grow(&c.mask, tileRows)[:t.n]
		for i := range m {
			m[i] = old == nil || old[i]
		}
		c.valid = m
	}
	c.valid[row] = false
}

// ok reports whether a row has a value.
func (c *column) ok(row int) bool { return c.valid == nil || c.valid[row] }

// str is a row of a text column.
func (c *column) str(row int) string {
	if c.arr != nil {
		return c.arr.Value(c.base + row)
	}
	return c.labels[c.codes[row]]
}

// alive reports whether a row was not given up yet.
func (t *tile) alive(row int) bool { return !t.died || !t.dead[row] }

// drop gives a row up: it is NULL in all outputs.
func (t *tile) drop(row int, err error) {
	if !t.died {
		t.died = true
		clear(grow(&t.dead, tileRows))
	}
	if t.dead[row] {
		return
	}
	t.dead[row] = true
	if t.fault != nil {
		t.fault(t.first+row, err)
	}
}

// refuse gives a row up for the value that a stage should have made of it.
func (t *tile) refuse(slot, row int, err error) {
	t.null(slot, row)
	t.drop(row, err)
}

// fail gives all rows up.
func (t *tile) fail(err error) {
	for i := range t.n {
		if t.alive(i) {
			t.drop(i, err)
		}
	}
}

// javaDouble is a number as Spark's messages have it.
func javaDouble(x float64) string {
	switch size := math.Abs(x); {
	case math.IsInf(x, 0):
		return strings.TrimPrefix(strconv.FormatFloat(x, 'f', -1, 64)+"inity", "+")
	case size == 0 || size >= 1e-3 && size < 1e7:
		s := strconv.FormatFloat(x, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	case math.IsNaN(x):
		return "NaN"
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(x, 'e', -1, 64), "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	n, _ := strconv.Atoi(exponent) // of digits and a sign
	return mantissa + "E" + strconv.Itoa(n)
}

// maxBlock bounds the features of a dense block.
const maxBlock = 1 << 17

// dense gives the block of a vector column, made in the tile's scratch memory if the vectors are sparse.
func (t *tile) dense(c *column) ([]float64, error) {
	if !c.sparse {
		return c.x, nil
	}
	if c.dim > maxBlock {
		return nil, fmt.Errorf("vectors of %d features are more than the %d that this stage takes", c.dim, maxBlock)
	}
	out := grow(&t.block2, c.dim*tileRows)
	clear(out)
	for i := range t.n {
		for k := c.ptr[i]; k < c.ptr[i+1]; k++ {
			out[int(c.idx[k])*tileRows+i] = c.val[k]
		}
	}
	return out, nil
}

// dropNulls gives up the rows of a column that a stage needs and that have no value.
func (t *tile) dropNulls(c *column, kind, name, why string) {
	if c.valid == nil {
		return
	}
	for i, ok := range c.valid[:t.n] {
		if !ok && t.alive(i) {
			t.drop(i, missing(fmt.Errorf("%s(%s): %s", kind, name, why)))
		}
	}
}

// loadVectors reads a column of arrays into a slot. dim is the length wanted, 0 if any one does.
func (t *tile) loadVectors(slot int, name string, dim int, a *array.List, base int) {
	values := a.ListValues().(*array.Float64)
	x := values.Float64Values()
	if dim == 0 {
		for i := range a.Len() { // the same for all tiles of a batch
			if a.IsValid(i) {
				from, to := a.ValueOffsets(i)
				dim = int(to - from)
				break
			}
		}
	}
	block := t.vectors(slot, dim)
	holes := values.NullN() > 0
	for i := range t.n {
		from, to := int64(0), int64(0)
		why := ""
		if a.IsNull(base + i) {
			why = "is NULL"
		} else if from, to = a.ValueOffsets(base + i); int(to-from) != dim {
			why = fmt.Sprintf("has %d elements, expected %d", to-from, dim)
		} else if holes {
			for k := from; k < to && why == ""; k++ {
				if values.IsNull(int(k)) {
					why = fmt.Sprintf("has NULL as element %d", k-from)
				}
			}
		}
		if why != "" {
			t.null(slot, i)
			err := fmt.Errorf("%s %s", name, why)
			if int(to-from) == dim || a.IsNull(base+i) {
				err = missing(err)
			}
			t.drop(i, err)
			for j := range dim {
				block[j*tileRows+i] = 0
			}
			continue
		}
		for j, v := range x[from:to] {
			block[j*tileRows+i] = v
		}
	}
}

// loadNumbers makes a column of doubles a slot's.
func (t *tile) loadNumbers(slot int, a *array.Float64, base int) {
	c := &t.cols[slot]
	c.x, c.valid = a.Float64Values()[base:base+t.n], nil
	if a.NullN() == 0 {
		return
	}
	m := grow(&c.mask, tileRows)[:t.n]
	for i := range m {
		m[i] = a.IsValid(base + i)
	}
	if slices.Contains(m, false) {
		c.valid = m
	}
}

// loadText makes a column of strings a slot's.
func (t *tile) loadText(slot int, a *array.String, base int) {
	c := &t.cols[slot]
	c.arr, c.base, c.valid = a, base, nil
	if a.NullN() == 0 {
		return
	}
	m := grow(&c.mask, tileRows)[:t.n]
	for i := range m {
		m[i] = a.IsValid(base + i)
	}
	c.valid = m
}

package sparkml

import (
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// indexToString is org.apache.spark.ml.feature.IndexToString: a label for an index. The index is truncated towards
// zero as Java's (int) cast does it: 1.5 is 1, -0.5 and NaN are 0. NULL stays NULL; an index outside the labels
// fails the query.
type indexToString struct {
	in, out string
	offsets []int32 // label i is bytes[offsets[i]:offsets[i+1]]
	bytes   []byte
}

func openIndexToString(md *metadata) (stage, error) {
	s := &indexToString{in: "input", out: "output"}
	if _, err := md.param("inputCol", &s.in); err != nil {
		return nil, err
	}
	if _, err := md.param("outputCol", &s.out); err != nil {
		return nil, err
	}
	var labels []string
	if _, err := md.param("labels", &labels); err != nil {
		return nil, err
	}
	if len(labels) == 0 {
		return nil, errors.New("this IndexToString was saved without labels: Spark then takes them from the ML metadata of its input column, " +
			"which does not exist here; save it with them, as IndexToString(inputCol=..., outputCol=..., labels=indexerModel.labels)")
	}
	s.offsets = make([]int32, 1, len(labels)+1)
	for _, l := range labels {
		s.bytes = append(s.bytes, l...)
		if len(s.bytes) > math.MaxInt32 {
			return nil, fmt.Errorf("IndexToString: the labels are longer than %d bytes together", math.MaxInt32)
		}
		s.offsets = append(s.offsets, int32(len(s.bytes)))
	}
	return s, nil
}

func (s *indexToString) fields() ([]arrow.Field, []Output) {
	in := []arrow.Field{{Name: s.in, Type: arrow.PrimitiveTypes.Float64, Nullable: true}}
	out := []Output{{Field: arrow.Field{Name: s.out, Type: arrow.BinaryTypes.String, Nullable: true}, Role: Predicted, Final: true}}
	return in, out
}

// index is the label number of a value, or -1 if there is none.
func (s *indexToString) index(x float64) int {
	if x > -1 && x < float64(len(s.offsets)-1) {
		return int(x)
	}
	if math.IsNaN(x) {
		return 0
	}
	return -1
}

func (s *indexToString) score(mem memory.Allocator, n int, in []arrow.Array, _ func(int, error)) ([]arrow.Array, error) {
	col := in[0].(*array.Float64)
	values := col.Float64Values()
	nulls := col.NullN() > 0
	size := 0
	for i, x := range values {
		if nulls && col.IsNull(i) {
			continue
		}
		k := s.index(x)
		if k < 0 {
			return nil, s.outside(i, x)
		}
		size += int(s.offsets[k+1] - s.offsets[k])
	}
	if size > math.MaxInt32 {
		return nil, fmt.Errorf("IndexToString: the labels of %d rows are longer than %d bytes", n, math.MaxInt32)
	}
	offsets := memory.NewResizableBuffer(mem)
	defer offsets.Release()
	offsets.Resize(arrow.Int32Traits.BytesRequired(n + 1))
	data := memory.NewResizableBuffer(mem)
	defer data.Release()
	data.Resize(size)
	s.fill(col, nulls, arrow.Int32Traits.CastFromBytes(offsets.Bytes()), data.Bytes())
	bufs := []*memory.Buffer{nil, offsets, data}
	if nulls {
		bufs[0] = validity(mem, col)
		defer bufs[0].Release()
	}
	d := array.NewData(arrow.BinaryTypes.String, n, bufs, nil, col.NullN(), 0)
	defer d.Release()
	return []arrow.Array{array.NewStringData(d)}, nil
}

// fill writes the labels of a column whose values were all checked.
func (s *indexToString) fill(col *array.Float64, nulls bool, offsets []int32, data []byte) {
	at := int32(0)
	offsets[0] = 0
	for i, x := range col.Float64Values() {
		if !nulls || col.IsValid(i) {
			k := s.index(x)
			at += int32(copy(data[at:], s.bytes[s.offsets[k]:s.offsets[k+1]]))
		}
		offsets[i+1] = at
	}
}

// validity copies a column's null bitmap to bit 0.
func validity(mem memory.Allocator, col *array.Float64) *memory.Buffer {
	n := col.Len()
	b := memory.NewResizableBuffer(mem)
	b.Resize((n + 7) / 8)
	bits := b.Bytes()
	clear(bits)
	for i := 0; i < n; i++ {
		if col.IsValid(i) {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	return b
}

func (s *indexToString) outside(row int, x float64) error {
	return fmt.Errorf("IndexToString(%s): the index %v in row %d has no label: there are %d labels, 0 to %d", s.in, x, row, len(s.offsets)-1, len(s.offsets)-2)
}

package onnx

import (
	"errors"
	"fmt"
	"math"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
)

// feed is how columns become an input of the graph.
type feed struct {
	name  string
	slot  int
	kind  kind
	first int // its first column
	width int // elements of a row
	list  bool
	// strict says that a NULL cannot be scored: the kind has no NaN.
	strict bool
	null   error
}

// arrowType is the type of a column whose elements become a kind. Numbers are DOUBLE so that columns of any precision
// can be given.
func (k kind) arrowType(input bool) arrow.DataType {
	switch k {
	case kindFloat:
		if input {
			return arrow.PrimitiveTypes.Float64
		}
		return arrow.PrimitiveTypes.Float32
	case kindDouble:
		return arrow.PrimitiveTypes.Float64
	case kindInt64:
		return arrow.PrimitiveTypes.Int64
	case kindInt32:
		return arrow.PrimitiveTypes.Int32
	case kindString:
		return arrow.BinaryTypes.String
	}
	return arrow.FixedWidthTypes.Boolean
}

// fill reads the rows of a tile from the columns.
func (f *feed) fill(w *workspace, in []arrow.Array, from int) {
	t := &w.values[f.slot]
	if f.list {
		f.fillList(w, t, in[f.first].(*array.List), from)
		return
	}
	for j := range f.width {
		a := in[f.first+j]
		switch f.kind {
		case kindFloat:
			narrow(t.f32, a.(*array.Float64).Float64Values()[from:], w.rows, j, f.width)
		case kindDouble:
			strided(t.f64, a.(*array.Float64).Float64Values()[from:], w.rows, j, f.width)
		case kindInt64:
			strided(t.i64, a.(*array.Int64).Int64Values()[from:], w.rows, j, f.width)
		case kindInt32:
			strided(t.i32, a.(*array.Int32).Int32Values()[from:], w.rows, j, f.width)
		case kindString:
			s := a.(*array.String)
			for i := range w.rows {
				t.str[i*f.width+j] = s.Value(from + i)
			}
		case kindBool:
			b := a.(*array.Boolean)
			for i := range w.rows {
				t.bool[i*f.width+j] = b.Value(from + i)
			}
		}
		if a.NullN() > 0 {
			f.nulls(w, t, a, from, j)
		}
	}
}

func narrow(dst []float32, src []float64, n, at, stride int) {
	for _, x := range src[:n] {
		dst[at] = float32(x)
		at += stride
	}
}

func strided[T any](dst, src []T, n, at, stride int) {
	for _, x := range src[:n] {
		dst[at] = x
		at += stride
	}
}

// nulls makes NULL what the kind has for it.
func (f *feed) nulls(w *workspace, t *tensor, a arrow.Array, from, j int) {
	for i := range w.rows {
		if a.IsNull(from + i) {
			f.missing(w, t, i, i*f.width+j)
		}
	}
}

// missing sets element k, of a row, to what NULL is.
func (f *feed) missing(w *workspace, t *tensor, row, k int) {
	switch f.kind {
	case kindFloat:
		t.f32[k] = float32(math.NaN())
		w.missing[row], w.misses = f.null, true
		return
	case kindDouble:
		t.f64[k] = math.NaN()
		w.missing[row], w.misses = f.null, true
		return
	}
	f.blank(t, k)
	w.drop(row, f.null)
}

// fillList reads rows from a column of arrays.
func (f *feed) fillList(w *workspace, t *tensor, a *array.List, from int) {
	for i := range w.rows {
		begin, end := a.ValueOffsets(from + i)
		if a.IsNull(from+i) || int(end-begin) != f.width {
			for j := range f.width {
				f.blank(t, i*f.width+j)
			}
			if a.IsNull(from + i) {
				w.drop(i, f.null)
			} else {
				w.drop(i, fmt.Errorf("the array of input %s has %d elements, expected %d", f.name, end-begin, f.width))
			}
			continue
		}
		f.elements(w, t, a.ListValues(), int(begin), i)
	}
}

// nullable says whether the columns of an input of floats have a NULL.
func (f *feed) nullable(in []arrow.Array) bool {
	if f.strict {
		return false
	}
	if f.list {
		return in[f.first].(*array.List).ListValues().NullN() > 0
	}
	for _, a := range in[f.first : f.first+f.width] {
		if a.NullN() > 0 {
			return true
		}
	}
	return false
}

// blank sets an element of a row that was given up.
func (f *feed) blank(t *tensor, k int) {
	switch f.kind {
	case kindFloat:
		t.f32[k] = 0
	case kindDouble:
		t.f64[k] = 0
	case kindInt64:
		t.i64[k] = 0
	case kindInt32:
		t.i32[k] = 0
	case kindString:
		t.str[k] = ""
	case kindBool:
		t.bool[k] = false
	}
}

// elements reads one row of an array's elements.
func (f *feed) elements(w *workspace, t *tensor, a arrow.Array, begin, row int) {
	at := row * f.width
	switch f.kind {
	case kindFloat:
		narrow(t.f32, a.(*array.Float64).Float64Values()[begin:], f.width, at, 1)
	case kindDouble:
		copy(t.f64[at:at+f.width], a.(*array.Float64).Float64Values()[begin:])
	case kindInt64:
		copy(t.i64[at:at+f.width], a.(*array.Int64).Int64Values()[begin:])
	case kindInt32:
		copy(t.i32[at:at+f.width], a.(*array.Int32).Int32Values()[begin:])
	case kindString:
		for j := range f.width {
			t.str[at+j] = a.(*array.String).Value(begin + j)
		}
	case kindBool:
		for j := range f.width {
			t.bool[at+j] = a.(*array.Boolean).Value(begin + j)
		}
	}
	if a.NullN() == 0 {
		return
	}
	for j := range f.width {
		if a.IsNull(begin + j) {
			f.missing(w, t, row, at+j)
		}
	}
}

// ErrMissing marks the fault of a row with a NULL where the graph has no value for it.
var ErrMissing = errors.New("an input is NULL")

// errNull is what is told of a row with a NULL in an input.
func errNull(name string, k kind) error {
	if k.floating() {
		return fmt.Errorf("input %s: %w", name, ErrMissing)
	}
	return fmt.Errorf("input %s: %w, and a %s of ONNX has no missing value", name, ErrMissing, k)
}

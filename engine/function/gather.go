package function

import (
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/decimal128"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// gather makes an array of the elements of a at idx; an index below 0 gives
// NULL. The caller owns the result.
func gather(mem memory.Allocator, a arrow.Array, idx []int32) (arrow.Array, error) {
	switch dt := a.DataType().(type) {
	case *arrow.NullType:
		return array.NewNull(len(idx)), nil
	case *arrow.BooleanType:
		return gatherBools(mem, a, idx), nil
	case *arrow.StringType, *arrow.BinaryType:
		return gatherText(mem, a, idx)
	case *arrow.Decimal128Type:
		return gatherFixed[decimal128.Num](mem, a, idx), nil
	case *arrow.ListType:
		return gatherList(mem, a, idx)
	case *arrow.MapType:
		return gatherList(mem, a, idx)
	case *arrow.StructType:
		return gatherStruct(mem, a.(*array.Struct), idx)
	case arrow.FixedWidthDataType:
		switch dt.BitWidth() {
		case 8:
			return gatherFixed[int8](mem, a, idx), nil
		case 16:
			return gatherFixed[int16](mem, a, idx), nil
		case 32:
			return gatherFixed[int32](mem, a, idx), nil
		case 64:
			return gatherFixed[int64](mem, a, idx), nil
		case 128:
			return gatherFixed[decimal128.Num](mem, a, idx), nil
		}
	}
	return nil, fmt.Errorf("values of type %s cannot be copied", typeName(a.DataType()))
}

func gatherFixed[T fixed](mem memory.Allocator, a arrow.Array, idx []int32) arrow.Array {
	out := newColumn[T](mem, len(idx))
	v := raw[T](a)
	if a.NullN() == 0 {
		for i, j := range idx {
			if j < 0 {
				out.setNull(i)
				continue
			}
			out.v[i] = v[j]
		}
		return out.array(a.DataType())
	}
	for i, j := range idx {
		if j < 0 || a.IsNull(int(j)) {
			out.setNull(i)
			continue
		}
		out.v[i] = v[j]
	}
	return out.array(a.DataType())
}

func gatherBools(mem memory.Allocator, a arrow.Array, idx []int32) arrow.Array {
	out := newBoolColumn(mem, len(idx))
	v := boolsOf(a)
	v.step = 1
	for i, j := range idx {
		if j < 0 || a.IsNull(int(j)) {
			out.setNull(i)
			continue
		}
		out.set(i, v.at(int(j)))
	}
	return out.array()
}

func gatherText(mem memory.Allocator, a arrow.Array, idx []int32) (arrow.Array, error) {
	v := textOf(a)
	v.step = 1
	out := newTextColumn(mem, len(idx), 8*len(idx))
	for i, j := range idx {
		if j < 0 || a.IsNull(int(j)) {
			out.skip(i)
			continue
		}
		if err := out.put(i, v.at(int(j))); err != nil {
			out.release()
			return nil, err
		}
	}
	return out.array(a.DataType()), nil
}

func gatherList(mem memory.Allocator, a arrow.Array, idx []int32) (arrow.Array, error) {
	v := listOf(a)
	v.step = 1
	out := newListColumn(mem, len(idx))
	var inner []int32
	for i, j := range idx {
		if j < 0 || a.IsNull(int(j)) {
			out.set(i)
		} else {
			from, to := v.span(int(j))
			for k := from; k < to; k++ {
				inner = append(inner, int32(k))
			}
		}
		out.add(i, len(inner))
	}
	elem, err := gather(mem, v.elem, inner)
	if err != nil {
		out.release()
		return nil, err
	}
	return out.array(a.DataType(), elem), nil
}

func gatherStruct(mem memory.Allocator, a *array.Struct, idx []int32) (arrow.Array, error) {
	valid := &nulls{mem: mem, n: len(idx)}
	for i, j := range idx {
		if j < 0 || a.IsNull(int(j)) {
			valid.set(i)
		}
	}
	fields := make([]arrow.Array, 0, a.NumField())
	for k := range a.NumField() {
		f, err := gather(mem, a.Field(k), idx)
		if err != nil {
			releaseAll(fields)
			valid.release()
			return nil, err
		}
		fields = append(fields, f)
	}
	return structOf(a.DataType(), len(idx), valid, fields...), nil
}

func releaseAll(arrs []arrow.Array) {
	for _, a := range arrs {
		if a != nil {
			a.Release()
		}
	}
}

// spread gives an argument n rows: a constant is repeated. The caller owns the
// result.
func spread(mem memory.Allocator, a arrow.Array, n int) (arrow.Array, error) {
	if a.Len() == n {
		a.Retain()
		return a, nil
	}
	return gather(mem, a, make([]int32, n))
}

// interleave gives the rows of several columns of one type in turn: row 0 of
// each, row 1 of each, .... Constants are repeated.
func interleave(mem memory.Allocator, n int, cols []arrow.Array) (arrow.Array, error) {
	all, err := array.Concatenate(cols, mem)
	if err != nil {
		return nil, err
	}
	defer all.Release()
	idx := make([]int32, 0, n*len(cols))
	start := make([]int, len(cols))
	for k, at := 0, 0; k < len(cols); k++ {
		start[k] = at
		at += cols[k].Len()
	}
	for i := range n {
		for k, c := range cols {
			idx = append(idx, int32(start[k]+i*step(c)))
		}
	}
	return gather(mem, all, idx)
}

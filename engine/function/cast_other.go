package function

import (
	"encoding/binary"
	"math"
	"math/big"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
)

func castToBool(from arrow.DataType) (kernel, bool) {
	switch from.ID() {
	case arrow.INT8:
		return rowsBool(func(r *row) (bool, bool) { return r.args[0].b8[r.at(0)] != 0, true }), true
	case arrow.INT16:
		return rowsBool(func(r *row) (bool, bool) { return r.args[0].b16[r.at(0)] != 0, true }), true
	case arrow.INT32:
		return rowsBool(func(r *row) (bool, bool) { return r.int(0) != 0, true }), true
	case arrow.INT64, arrow.TIMESTAMP:
		return rowsBool(func(r *row) (bool, bool) { return r.long(0) != 0, true }), true
	case arrow.FLOAT32:
		return rowsBool(func(r *row) (bool, bool) { return r.args[0].f32[r.at(0)] != 0, true }), true
	case arrow.FLOAT64:
		return rowsBool(func(r *row) (bool, bool) { return r.float(0) != 0, true }), true
	case arrow.DECIMAL128:
		return rowsBool(func(r *row) (bool, bool) { return r.dec(0) != (dec{}), true }), true
	case arrow.STRING:
		return rowsBool(func(r *row) (bool, bool) { return parseBool(r.str(0)) }), true
	case arrow.DATE32:
		return allNull(tBool), true
	}
	return nil, false
}

func parseBool(s []byte) (v, ok bool) {
	s = trimSpace(s)
	for _, w := range [...]string{"t", "true", "y", "yes", "1"} {
		if equalFold(s, w) {
			return true, true
		}
	}
	for _, w := range [...]string{"f", "false", "n", "no", "0"} {
		if equalFold(s, w) {
			return false, true
		}
	}
	return false, false
}

func castToBinary(from arrow.DataType) (kernel, bool) {
	be := binary.BigEndian
	switch from.ID() {
	case arrow.STRING:
		return retype(tBinary), true
	case arrow.INT8:
		return rowsText(tBinary, func(r *row, dst []byte) ([]byte, bool) {
			return append(dst, byte(r.args[0].b8[r.at(0)])), true
		}), true
	case arrow.INT16:
		return rowsText(tBinary, func(r *row, dst []byte) ([]byte, bool) {
			return be.AppendUint16(dst, uint16(r.args[0].b16[r.at(0)])), true
		}), true
	case arrow.INT32:
		return rowsText(tBinary, func(r *row, dst []byte) ([]byte, bool) { return be.AppendUint32(dst, uint32(r.int(0))), true }), true
	case arrow.INT64:
		return rowsText(tBinary, func(r *row, dst []byte) ([]byte, bool) { return be.AppendUint64(dst, uint64(r.long(0))), true }), true
	}
	return nil, false
}

// retype gives the same buffers another type.
func retype(to arrow.DataType) kernel {
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		a, err := spread(t.Allocator(), args[0], n)
		if err != nil {
			return nil, err
		}
		defer a.Release()
		d := a.Data()
		nd := array.NewData(to, d.Len(), d.Buffers(), nil, d.NullN(), d.Offset())
		defer nd.Release()
		return array.MakeFromData(nd), nil
	}
}

func castToDate(from arrow.DataType) (kernel, bool) {
	switch from.ID() {
	case arrow.STRING:
		return rowsFixed(tDate, func(r *row) (int32, bool) { return codec.ParseDate(r.str(0)) }), true
	case arrow.TIMESTAMP:
		return mapFixed(tDate, func(v int64) int32 { return int32(floorDiv(v, microsPerDay)) }), true
	}
	return nil, false
}

func castToTimestamp(from arrow.DataType, to *arrow.TimestampType) (kernel, bool) {
	switch from := from.(type) {
	case *arrow.StringType:
		if to.TimeZone == "" {
			return rowsFixed(to, func(r *row) (int64, bool) { return codec.ParseTimestampNTZ(r.str(0)) }), true
		}
		return rowsFixed(to, func(r *row) (int64, bool) {
			return codec.ParseTimestamp(r.str(0), nil, int32(r.t.EpochTime().Unix()/86400))
		}), true
	case *arrow.TimestampType:
		return retype(to), true
	case *arrow.Date32Type:
		return mapFixed(to, func(v int32) int64 { return int64(v) * microsPerDay }), true
	case *arrow.BooleanType:
		return rowsFixed(to, func(r *row) (int64, bool) { return int64(b2i(r.bool(0))), true }), true
	case *arrow.Int8Type:
		return mapFixed(to, func(v int8) int64 { return int64(v) * 1_000_000 }), true
	case *arrow.Int16Type:
		return mapFixed(to, func(v int16) int64 { return int64(v) * 1_000_000 }), true
	case *arrow.Int32Type:
		return mapFixed(to, func(v int32) int64 { return int64(v) * 1_000_000 }), true
	case *arrow.Int64Type:
		return mapFixed(to, func(v int64) int64 { return timesSaturated(v, 1_000_000) }), true
	case *arrow.Float32Type:
		return mapChecked(to, func(v float32) (int64, bool) { return secondsToMicros(float64(v)) }), true
	case *arrow.Float64Type:
		return mapChecked(to, secondsToMicros), true
	case *arrow.Decimal128Type:
		return mapFixed(to, func(v dec) int64 {
			m := new(big.Int).Mul(v.BigInt(), big.NewInt(1_000_000))
			m.Quo(m, bigPow10(int(from.Scale)))
			return int64(m.And(m, maxUint64).Uint64())
		}), true
	}
	return nil, false
}

func secondsToMicros(v float64) (int64, bool) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, false
	}
	return saturate64(v * 1e6), true
}

// timesSaturated is a product that stops at the ends of the range.
func timesSaturated(v, by int64) int64 {
	switch {
	case v > math.MaxInt64/by:
		return math.MaxInt64
	case v < math.MinInt64/by:
		return math.MinInt64
	}
	return v * by
}

func castToInterval(from, to arrow.DataType) (kernel, bool) {
	switch {
	case isString(from) && to.ID() == arrow.DURATION:
		return rowsFixed(to, func(r *row) (int64, bool) { return parseDuration(string(r.str(0))) }), true
	case isString(from):
		return rowsFixed(to, func(r *row) (int32, bool) { return parseMonths(string(r.str(0))) }), true
	}
	return nil, false
}

func castToList(from arrow.DataType, to *arrow.ListType) (kernel, bool) {
	f, ok := from.(*arrow.ListType)
	if !ok {
		return nil, false
	}
	inner, ok := castKernel(f.Elem(), to.Elem())
	if !ok {
		return nil, false
	}
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		return rebuildList(t, n, args[0], to, func(elem arrow.Array) (arrow.Array, error) {
			return castInner(t, inner, elem)
		})
	}, true
}

// rebuildList keeps the shape of a LIST or MAP column and replaces its
// elements.
func rebuildList(t catalog.Task, n int, a arrow.Array, to arrow.DataType, replace func(elem arrow.Array) (arrow.Array, error)) (arrow.Array, error) {
	whole, err := spread(t.Allocator(), a, n)
	if err != nil {
		return nil, err
	}
	defer whole.Release()
	elem, err := replace(listOf(whole).elem)
	if err != nil {
		return nil, err
	}
	defer elem.Release()
	d := whole.Data()
	nd := array.NewData(to, d.Len(), d.Buffers(), []arrow.ArrayData{elem.Data()}, d.NullN(), d.Offset())
	defer nd.Release()
	return array.MakeFromData(nd), nil
}

func castToMap(from arrow.DataType, to *arrow.MapType) (kernel, bool) {
	f, ok := from.(*arrow.MapType)
	if !ok {
		return nil, false
	}
	key, ok1 := castKernel(f.KeyType(), to.KeyType())
	item, ok2 := castKernel(f.ItemType(), to.ItemType())
	if !ok1 || !ok2 {
		return nil, false
	}
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		return rebuildList(t, n, args[0], to, func(elem arrow.Array) (arrow.Array, error) {
			s := elem.(*array.Struct)
			keys, err := castInner(t, key, s.Field(0))
			if err != nil {
				return nil, err
			}
			items, err := castInner(t, item, s.Field(1))
			if err != nil {
				keys.Release()
				return nil, err
			}
			return structOf(to.Elem(), elem.Len(), nil, keys, items), nil
		})
	}, true
}

func castToStruct(from arrow.DataType, to *arrow.StructType) (kernel, bool) {
	f, ok := from.(*arrow.StructType)
	if !ok || len(f.Fields()) != len(to.Fields()) {
		return nil, false
	}
	inner := make([]kernel, len(f.Fields()))
	for i, fld := range f.Fields() {
		if inner[i], ok = castKernel(fld.Type, to.Field(i).Type); !ok {
			return nil, false
		}
	}
	return func(t catalog.Task, n int, args []arrow.Array) (arrow.Array, error) {
		whole, err := spread(t.Allocator(), args[0], n)
		if err != nil {
			return nil, err
		}
		defer whole.Release()
		s := whole.(*array.Struct)
		fields := make([]arrow.Array, 0, len(inner))
		for i, k := range inner {
			x, err := castInner(t, k, s.Field(i))
			if err != nil {
				releaseAll(fields)
				return nil, err
			}
			fields = append(fields, x)
		}
		return structOf(to, n, validityOf(t.Allocator(), whole), fields...), nil
	}, true
}

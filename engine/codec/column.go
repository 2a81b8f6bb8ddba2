package codec

import (
	"fmt"
	"math"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/bitutil"
	"github.com/apache/arrow/go/v14/arrow/decimal128"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// kind is the closed set of types the codecs build: one value of it decides a value's path in one switch.
type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindInt8
	kindInt16
	kindInt32
	kindInt64
	kindFloat32
	kindFloat64
	kindDecimal
	kindString
	kindBinary
	kindDate
	kindTimestamp    // microseconds since the epoch, with a zone
	kindTimestampNTZ // microseconds of a local clock
	kindList
	kindMap
	kindStruct
	kindDuration // microseconds; written, not read
	kindMonths   // written, not read
)

// kindOf tells the kind of an Arrow type, or that the codecs have none for it.
func kindOf(dt arrow.DataType) (kind, bool) {
	switch t := dt.(type) {
	case *arrow.NullType:
		return kindNull, true
	case *arrow.BooleanType:
		return kindBool, true
	case *arrow.Int8Type:
		return kindInt8, true
	case *arrow.Int16Type:
		return kindInt16, true
	case *arrow.Int32Type:
		return kindInt32, true
	case *arrow.Int64Type:
		return kindInt64, true
	case *arrow.Float32Type:
		return kindFloat32, true
	case *arrow.Float64Type:
		return kindFloat64, true
	case *arrow.Decimal128Type:
		return kindDecimal, true
	case *arrow.StringType:
		return kindString, true
	case *arrow.BinaryType:
		return kindBinary, true
	case *arrow.Date32Type:
		return kindDate, true
	case *arrow.TimestampType:
		if t.Unit != arrow.Microsecond {
			return 0, false
		}
		if t.TimeZone == "" {
			return kindTimestampNTZ, true
		}
		return kindTimestamp, true
	case *arrow.ListType:
		return kindList, true
	case *arrow.MapType:
		return kindMap, true
	case *arrow.StructType:
		return kindStruct, true
	}
	return 0, false
}

const minRoom = 64

// column is one Arrow array under construction: plain slices over buffers of the allocator. Values are appended at
// n; a column can be cut back to any earlier length, which is how a record that turns out broken leaves no trace.
// NULLs are kept as positions, so that appending a value costs nothing for validity.
type column struct {
	kind kind
	n    int  // entries
	room int  // entries that fit
	used int  // bytes in text
	hint int  // entries of the batch before
	full bool // it could not take a text: 2 GiB

	f64  []float64
	i64  []int64
	off  []int32 // room+1 offsets of strings, lists and maps
	text []byte
	i32  []int32
	i16  []int16
	i8   []int8
	f32  []float32
	dec  []decimal128.Num
	bits []byte

	nulls    []int32
	dt       arrow.DataType
	mem      memory.Allocator
	data     *memory.Buffer
	offsets  *memory.Buffer
	textHint int
	children []*column // element; key and value; fields
}

// newColumn makes the column of a type, children included. path names it in errors.
func newColumn(mem memory.Allocator, dt arrow.DataType, path string) (*column, error) {
	c := new(column)
	return c, c.init(mem, dt, path)
}

func (c *column) init(mem memory.Allocator, dt arrow.DataType, path string) error {
	k, ok := kindOf(dt)
	if !ok {
		return fmt.Errorf("column `%s`: type %s cannot be read from text", path, typeName(dt))
	}
	c.kind, c.dt, c.mem = k, dt, mem
	return nil
}

// childFields are the fields below a nested type: element; key and value; members.
func childFields(dt arrow.DataType) []arrow.Field {
	switch t := dt.(type) {
	case *arrow.ListType:
		return []arrow.Field{t.ElemField()}
	case *arrow.MapType:
		return []arrow.Field{t.KeyField(), t.ItemField()}
	case *arrow.StructType:
		return t.Fields()
	}
	return nil
}

// reserve makes room for n entries in all.
func (c *column) reserve(n int) {
	if n <= c.room && (c.room > 0 || n > 0) {
		return
	}
	if n < minRoom {
		n = minRoom
	}
	c.room = n
	switch c.kind {
	case kindFloat64:
		c.f64 = arrow.Float64Traits.CastFromBytes(c.resizeData(n * 8))
	case kindInt64, kindTimestamp, kindTimestampNTZ:
		c.i64 = arrow.Int64Traits.CastFromBytes(c.resizeData(n * 8))
	case kindInt32, kindDate:
		c.i32 = arrow.Int32Traits.CastFromBytes(c.resizeData(n * 4))
	case kindInt16:
		c.i16 = arrow.Int16Traits.CastFromBytes(c.resizeData(n * 2))
	case kindInt8:
		c.i8 = arrow.Int8Traits.CastFromBytes(c.resizeData(n))
	case kindFloat32:
		c.f32 = arrow.Float32Traits.CastFromBytes(c.resizeData(n * 4))
	case kindDecimal:
		c.dec = arrow.Decimal128Traits.CastFromBytes(c.resizeData(n * 16))
	case kindBool:
		c.bits = c.resizeData(int(bitutil.BytesForBits(int64(n))))
	case kindString, kindBinary, kindList, kindMap:
		if c.offsets == nil {
			c.offsets = memory.NewResizableBuffer(c.mem)
		}
		c.offsets.ResizeNoShrink((n + 1) * 4)
		c.off = arrow.Int32Traits.CastFromBytes(c.offsets.Bytes())
		c.off[0] = 0
	}
}

// resizeData gives the data buffer a new size and keeps its content.
func (c *column) resizeData(size int) []byte {
	if c.data == nil {
		c.data = memory.NewResizableBuffer(c.mem)
	}
	c.data.ResizeNoShrink(size)
	return c.data.Bytes()
}

// grow makes room for at least one more entry.
func (c *column) grow() {
	if c.room == 0 {
		c.reserve(max(minRoom, c.hint))
		return
	}
	c.reserve(2 * c.room)
}

// textRoom makes room for size more bytes of text; false means the column would pass Arrow's 2 GiB.
func (c *column) textRoom(size int) bool {
	need := c.used + size
	if need <= len(c.text) {
		return true
	}
	if need > math.MaxInt32 {
		return false
	}
	n := max(2*len(c.text), need, c.textHint, 1024)
	c.text = c.resizeData(min(n, math.MaxInt32))
	return true
}

// appendText appends one string or binary entry; false as textRoom.
func (c *column) appendText(v []byte) bool {
	if !c.textRoom(len(v)) {
		return false
	}
	c.used += copy(c.text[c.used:], v)
	c.endText()
	return true
}

// endText closes the entry whose bytes end at used.
func (c *column) endText() {
	if c.n == c.room {
		c.grow()
	}
	c.n++
	c.off[c.n] = int32(c.used)
}

func (c *column) appendFloat64(v float64) {
	if c.n >= len(c.f64) {
		c.grow()
	}
	c.f64[c.n] = v
	c.n++
}

func (c *column) appendInt64(v int64) {
	if c.n >= len(c.i64) {
		c.grow()
	}
	c.i64[c.n] = v
	c.n++
}

func (c *column) appendInt32(v int32) {
	if c.n >= len(c.i32) {
		c.grow()
	}
	c.i32[c.n] = v
	c.n++
}

func (c *column) appendFloat32(v float32) {
	if c.n == c.room {
		c.grow()
	}
	c.f32[c.n] = v
	c.n++
}

func (c *column) appendDecimal(v decimal128.Num) {
	if c.n == c.room {
		c.grow()
	}
	c.dec[c.n] = v
	c.n++
}

func (c *column) appendBool(v bool) {
	if c.n == c.room {
		c.grow()
	}
	bitutil.SetBitTo(c.bits, c.n, v)
	c.n++
}

// appendInteger appends to any of the four integer kinds; the caller has checked the range.
func (c *column) appendInteger(v int64) {
	switch c.kind {
	case kindInt64:
		c.appendInt64(v)
	case kindInt32:
		c.appendInt32(int32(v))
	case kindInt16:
		if c.n == c.room {
			c.grow()
		}
		c.i16[c.n] = int16(v)
		c.n++
	case kindInt8:
		if c.n == c.room {
			c.grow()
		}
		c.i8[c.n] = int8(v)
		c.n++
	}
}

// endList closes a list or map entry whose elements end where the children end.
func (c *column) endList() {
	if c.n == c.room {
		c.grow()
	}
	c.n++
	c.off[c.n] = int32(c.children[0].n)
}

// appendNull appends a NULL, below a struct to all its fields too.
func (c *column) appendNull() {
	c.nulls = append(c.nulls, int32(c.n))
	if c.n == c.room {
		c.grow()
	}
	switch c.kind {
	case kindFloat64:
		c.f64[c.n] = 0
	case kindInt64, kindTimestamp, kindTimestampNTZ:
		c.i64[c.n] = 0
	case kindInt32, kindDate:
		c.i32[c.n] = 0
	case kindInt16:
		c.i16[c.n] = 0
	case kindInt8:
		c.i8[c.n] = 0
	case kindFloat32:
		c.f32[c.n] = 0
	case kindDecimal:
		c.dec[c.n] = decimal128.Num{}
	case kindBool:
		bitutil.ClearBit(c.bits, c.n)
	case kindString, kindBinary:
		c.off[c.n+1] = int32(c.used)
	case kindList, kindMap:
		c.off[c.n+1] = int32(c.children[0].n)
	case kindStruct:
		for _, k := range c.children {
			k.appendNull()
		}
	}
	c.n++
}

// truncate cuts the column back to n entries.
func (c *column) truncate(n int) {
	c.n = n
	for len(c.nulls) > 0 && int(c.nulls[len(c.nulls)-1]) >= n {
		c.nulls = c.nulls[:len(c.nulls)-1]
	}
	switch c.kind {
	case kindString, kindBinary:
		c.used = c.offset(n)
	case kindList, kindMap:
		end := c.offset(n)
		for _, k := range c.children {
			k.truncate(end)
		}
	case kindStruct:
		for _, k := range c.children {
			k.truncate(n)
		}
	}
}

func (c *column) offset(n int) int {
	if n == 0 {
		return 0
	}
	return int(c.off[n])
}

package exec

import (
	"errors"
	"fmt"
	"math"
	"unsafe"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// errTooLong is a column of text, lists or maps that one record cannot hold.
var errTooLong = errors.New("a column of one record would pass 2 GiB; read less at once")

// selection is row numbers to gather, in any order, possibly repeated. A
// negative row gives a NULL; optional says that there may be some.
type selection struct {
	rows     []int32
	optional bool
}

// word16 is a value of 16 bytes.
type word16 [2]uint64

// gather makes an array of the selected rows of a, which is borrowed.
func gather(mem memory.Allocator, a arrow.Array, sel selection) (arrow.Array, error) {
	if from, ok := sel.run(); ok {
		return slice(a, from, len(sel.rows)), nil
	}
	return gatherRows(mem, a, sel)
}

// slice is n rows of a, from row from on.
func slice(a arrow.Array, from, n int) arrow.Array {
	if from == 0 && n == a.Len() {
		a.Retain()
		return a
	}
	return array.NewSlice(a, int64(from), int64(from+n))
}

// gatherRows copies the selected rows.
func gatherRows(mem memory.Allocator, a arrow.Array, sel selection) (arrow.Array, error) {
	d, err := gatherData(mem, a, sel)
	if err != nil {
		return nil, err
	}
	defer d.Release()
	return array.MakeFromData(d), nil
}

// run says whether the selection is consecutive rows, and from where.
func (s selection) run() (from int, ok bool) {
	n := len(s.rows)
	if n == 0 || s.rows[0] < 0 || int(s.rows[n-1])-int(s.rows[0]) != n-1 {
		return 0, false
	}
	for i, r := range s.rows {
		if int(r) != int(s.rows[0])+i {
			return 0, false
		}
	}
	return int(s.rows[0]), true
}

func gatherData(mem memory.Allocator, a arrow.Array, sel selection) (arrow.ArrayData, error) {
	switch dt := a.DataType().(type) {
	case *arrow.NullType:
		return array.NewData(dt, len(sel.rows), []*memory.Buffer{nil}, nil, len(sel.rows), 0), nil
	case *arrow.BooleanType:
		return gatherBools(mem, a, sel), nil
	case *arrow.StringType, *arrow.BinaryType:
		return gatherText(mem, a, sel)
	case *arrow.StructType:
		return gatherStruct(mem, a.(*array.Struct), sel)
	case *arrow.ListType:
		return gatherLists(mem, a, a.(*array.List).ListValues(), sel)
	case *arrow.MapType:
		return gatherLists(mem, a, a.(*array.Map).ListValues(), sel)
	case arrow.FixedWidthDataType:
		if dt.ID() != arrow.DICTIONARY {
			return gatherFixed(mem, a, dt.BitWidth()/8, sel), nil
		}
	}
	return nil, fmt.Errorf("rows of type %s cannot be rearranged", a.DataType())
}

// pack makes array data of parts it is given for good.
func pack(dt arrow.DataType, n int, bufs []*memory.Buffer, children []arrow.ArrayData, nulls int) arrow.ArrayData {
	d := array.NewData(dt, n, bufs, children, nulls, 0)
	for _, b := range bufs {
		if b != nil {
			b.Release()
		}
	}
	for _, c := range children {
		c.Release()
	}
	return d
}

// gatherValidity gives the bitmap of the selected rows, nil when none is NULL, and
// the number of NULLs.
func gatherValidity(mem memory.Allocator, a arrow.Array, sel selection) (*memory.Buffer, int) {
	nulls := hasNulls(a)
	if !nulls && !sel.optional {
		return nil, 0
	}
	n := len(sel.rows)
	s := newBitset(n)
	switch bm, off := a.NullBitmapBytes(), a.Data().Offset(); {
	case !nulls:
		for i, r := range sel.rows {
			s[i>>6] |= uint64(^r) >> 63 << (i & 63)
		}
	case len(bm) > 0:
		for i, r := range sel.rows {
			if r >= 0 {
				at := off + int(r)
				s[i>>6] |= uint64(bm[at>>3]>>(at&7)&1) << (i & 63)
			}
		}
	}
	valid := s.count()
	if valid == n {
		return nil, 0
	}
	return bitmapBuffer(mem, 0, s, n), n - valid
}

// values views the values of a fixed-width array, NULLs included.
func values[T any](a arrow.Array) []T {
	d := a.Data()
	if d.Len() == 0 || d.Buffers()[1] == nil {
		return nil
	}
	b := d.Buffers()[1].Bytes()
	all := unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(*new(T))))
	return all[d.Offset() : d.Offset()+d.Len()]
}

// room makes a buffer of n values.
func room[T any](mem memory.Allocator, n int) (*memory.Buffer, []T) {
	size := int(unsafe.Sizeof(*new(T)))
	buf := memory.NewResizableBuffer(mem)
	buf.Resize(n * size)
	b := buf.Bytes()
	return buf, unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

func gatherFixed(mem memory.Allocator, a arrow.Array, width int, sel selection) arrow.ArrayData {
	valid, nulls := gatherValidity(mem, a, sel)
	var buf *memory.Buffer
	switch width {
	case 1:
		buf = pick[uint8](mem, a, sel)
	case 2:
		buf = pick[uint16](mem, a, sel)
	case 4:
		buf = pick[uint32](mem, a, sel)
	case 8:
		buf = pick[uint64](mem, a, sel)
	case 16:
		buf = pick[word16](mem, a, sel)
	default:
		buf = pickWide(mem, a, width, sel)
	}
	return pack(a.DataType(), len(sel.rows), []*memory.Buffer{valid, buf}, nil, nulls)
}

func pick[T any](mem memory.Allocator, a arrow.Array, sel selection) *memory.Buffer {
	buf, to := room[T](mem, len(sel.rows))
	from := values[T](a)
	if !sel.optional {
		for i, r := range sel.rows {
			to[i] = from[r]
		}
		return buf
	}
	var zero T
	for i, r := range sel.rows {
		if r >= 0 {
			to[i] = from[r]
		} else {
			to[i] = zero
		}
	}
	return buf
}

// pickWide gathers values of any number of bytes.
func pickWide(mem memory.Allocator, a arrow.Array, width int, sel selection) *memory.Buffer {
	buf, to := room[byte](mem, len(sel.rows)*width)
	clear(to)
	d := a.Data()
	for i, r := range sel.rows {
		if r >= 0 {
			at := (d.Offset() + int(r)) * width
			copy(to[i*width:], d.Buffers()[1].Bytes()[at:at+width])
		}
	}
	return buf
}

func gatherBools(mem memory.Allocator, a arrow.Array, sel selection) arrow.ArrayData {
	valid, nulls := gatherValidity(mem, a, sel)
	n := len(sel.rows)
	s := newBitset(n)
	if b := a.Data().Buffers()[1]; b != nil {
		bm, off := b.Bytes(), a.Data().Offset()
		for i, r := range sel.rows {
			if r >= 0 {
				at := off + int(r)
				s[i>>6] |= uint64(bm[at>>3]>>(at&7)&1) << (i & 63)
			}
		}
	}
	return pack(a.DataType(), n, []*memory.Buffer{valid, bitmapBuffer(mem, 0, s, n)}, nil, nulls)
}

// offsetsOf views the offsets of an array of text, lists or maps: one more than
// rows, or none for no rows.
func offsetsOf(a arrow.Array) []int32 {
	d := a.Data()
	if d.Len() == 0 || d.Buffers()[1] == nil {
		return nil
	}
	b := d.Buffers()[1].Bytes()
	all := unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
	return all[d.Offset() : d.Offset()+d.Len()+1]
}

// bytesOf views the bytes that the offsets of a text array point into.
func bytesOf(a arrow.Array) []byte {
	if b := a.Data().Buffers(); len(b) > 2 && b[2] != nil {
		return b[2].Bytes()
	}
	return nil
}

// gatherOffsets makes the offsets of the selected rows and says how many bytes or
// elements they cover.
func gatherOffsets(mem memory.Allocator, from []int32, sel selection) (*memory.Buffer, []int32, error) {
	buf, to := room[int32](mem, len(sel.rows)+1)
	total := 0
	to[0] = 0
	for i, r := range sel.rows {
		if r >= 0 {
			total += int(from[r+1] - from[r])
		}
		to[i+1] = int32(total)
	}
	if total > math.MaxInt32 {
		buf.Release()
		return nil, nil, errTooLong
	}
	return buf, to, nil
}

func gatherText(mem memory.Allocator, a arrow.Array, sel selection) (arrow.ArrayData, error) {
	off, src := offsetsOf(a), bytesOf(a)
	offBuf, to, err := gatherOffsets(mem, off, sel)
	if err != nil {
		return nil, err
	}
	total := int(to[len(to)-1])
	textBuf, text := room[byte](mem, total+shortText)
	copyText(text, to, src, off, sel.rows)
	textBuf.ResizeNoShrink(total)
	valid, nulls := gatherValidity(mem, a, sel)
	return pack(a.DataType(), len(sel.rows), []*memory.Buffer{valid, offBuf, textBuf}, nil, nulls), nil
}

// shortText is how many bytes are copied at once, at the cost of a text that is
// shorter: more than it has, which the next text overwrites.
const shortText = 16

// copyText copies the texts of rows to their offsets in to, which has shortText
// bytes to spare.
func copyText(text []byte, to []int32, src []byte, off, rows []int32) {
	for i, r := range rows {
		if r < 0 {
			continue
		}
		from, end := int(off[r]), int(off[r+1])
		if end-from <= shortText && from+shortText <= len(src) {
			*(*[shortText]byte)(text[to[i]:]) = *(*[shortText]byte)(src[from:])
		} else {
			copy(text[to[i]:], src[from:end])
		}
	}
}

func gatherStruct(mem memory.Allocator, a *array.Struct, sel selection) (arrow.ArrayData, error) {
	children := make([]arrow.ArrayData, 0, a.NumField())
	for i := range a.NumField() {
		d, err := gatherData(mem, a.Field(i), sel)
		if err != nil {
			releaseData(children)
			return nil, err
		}
		children = append(children, d)
	}
	valid, nulls := gatherValidity(mem, a, sel)
	return pack(a.DataType(), len(sel.rows), []*memory.Buffer{valid}, children, nulls), nil
}

func releaseData(ds []arrow.ArrayData) {
	for _, d := range ds {
		d.Release()
	}
}

func gatherLists(mem memory.Allocator, a, elems arrow.Array, sel selection) (arrow.ArrayData, error) {
	off := offsetsOf(a)
	offBuf, to, err := gatherOffsets(mem, off, sel)
	if err != nil {
		return nil, err
	}
	inner := make([]int32, 0, to[len(to)-1])
	for _, r := range sel.rows {
		if r >= 0 {
			for e := off[r]; e < off[r+1]; e++ {
				inner = append(inner, e)
			}
		}
	}
	child, err := gatherData(mem, elems, selection{rows: inner})
	if err != nil {
		offBuf.Release()
		return nil, err
	}
	valid, nulls := gatherValidity(mem, a, sel)
	return pack(a.DataType(), len(sel.rows), []*memory.Buffer{valid, offBuf}, []arrow.ArrayData{child}, nulls), nil
}

// gatherRecord makes a record of the selected rows; rec is borrowed.
func gatherRecord(mem memory.Allocator, rec arrow.Record, rows []int32) (arrow.Record, error) {
	if from, ok := (selection{rows: rows}).run(); ok {
		return rec.NewSlice(int64(from), int64(from+len(rows))), nil
	}
	cols, err := gatherColumns(mem, rec.Columns(), selection{rows: rows})
	if err != nil {
		return nil, err
	}
	return makeRecord(rec.Schema(), cols, len(rows)), nil
}

// gatherColumns gathers the same rows of several columns; nil columns stay nil.
func gatherColumns(mem memory.Allocator, cols []arrow.Array, sel selection) ([]arrow.Array, error) {
	out := make([]arrow.Array, len(cols))
	from, run := sel.run()
	for i, c := range cols {
		if c == nil {
			continue
		}
		if run {
			out[i] = slice(c, from, len(sel.rows))
			continue
		}
		var err error
		if out[i], err = gatherRows(mem, c, sel); err != nil {
			releaseArrays(out)
			return nil, err
		}
	}
	return out, nil
}

// makeRecord makes a record of columns it is given for good.
func makeRecord(schema *arrow.Schema, cols []arrow.Array, n int) arrow.Record {
	rec := array.NewRecord(schema, cols, int64(n))
	releaseArrays(cols)
	return rec
}

// releaseArrays releases those that are not nil.
func releaseArrays(arrays []arrow.Array) {
	for _, a := range arrays {
		if a != nil {
			a.Release()
		}
	}
}

// repeat makes an array of n times the one value of a, which is borrowed.
func repeat(mem memory.Allocator, a arrow.Array, n int) (arrow.Array, error) {
	return gather(mem, a, selection{rows: make([]int32, n)})
}

// nullArray makes n NULLs of a type.
func nullArray(mem memory.Allocator, dt arrow.DataType, n int) arrow.Array {
	return array.MakeArrayOfNull(mem, dt, n)
}

// concat makes one array of several, which are borrowed.
func concat(mem memory.Allocator, parts []arrow.Array) (arrow.Array, error) {
	if len(parts) == 1 {
		parts[0].Retain()
		return parts[0], nil
	}
	a, err := array.Concatenate(parts, mem)
	if err != nil {
		return nil, fmt.Errorf("rows of type %s cannot be put together: %w", parts[0].DataType(), err)
	}
	return a, nil
}

package kafka

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine/connector"
)

// columns builds the wanted columns of a chunk, record by record. What a record
// brings by itself (topic, partition) is filled in once at the end.
type columns struct {
	mem  memory.Allocator
	c    *chunk
	p    *connector.Projection
	rows int
	cols []column
	// Times of the batch at hand.
	timeType int32
}

// column is one wanted column: one of its builders is in use.
type column struct {
	index   int
	bytes   *bytesBuilder
	int64s  *numbers[int64]
	int32s  *numbers[int32]
	headers *headersBuilder
	json    *jsonColumn
}

// maxRoom bounds the rows that room is made for at first: the number comes from a
// batch's header, which may claim anything.
const maxRoom = 1 << 16

func newColumns(mem memory.Allocator, c *chunk, p *connector.Projection) (*columns, error) {
	room := min(c.rows, maxRoom)
	cs := &columns{mem: mem, c: c, p: p, cols: make([]column, len(p.Columns))}
	for i, want := range p.Columns {
		col := &cs.cols[i]
		col.index = want.Index
		switch {
		case want.Index < 0 || want.Index >= c.src.schema.NumFields():
			cs.release()
			return nil, fmt.Errorf("a kafka source has no column %d", want.Index)
		case want.JSON != nil && (want.Index == colKey || want.Index == colValue):
			col.json = c.src.scans.take(want.JSON, mem, room)
		case want.JSON != nil:
			cs.release()
			return nil, fmt.Errorf("column %s cannot be read as JSON", c.src.schema.Field(want.Index).Name)
		case want.Index == colKey || want.Index == colValue:
			col.bytes = newBytesBuilder(mem, room)
		case want.Index == colOffset || want.Index == colTimestamp:
			col.int64s = newNumbers[int64](mem, room)
		case want.Index == colTimestampType:
			col.int32s = newNumbers[int32](mem, room)
		case want.Index == colHeaders:
			col.headers = newHeadersBuilder(mem, room)
		}
	}
	return cs, nil
}

// begin prepares for a batch whose records have size bytes.
func (cs *columns) begin(b *batch, size int) {
	cs.timeType = 0
	if b.logAppendTime() {
		cs.timeType = 1
	}
	for i := range cs.cols {
		if x := cs.cols[i].bytes; x != nil {
			x.room(size)
		}
	}
}

// append adds one record to every wanted column.
func (cs *columns) append(r *record) error {
	for i := range cs.cols {
		col := &cs.cols[i]
		switch col.index {
		case colKey:
			if err := col.appendBytes(r.key, r.hasKey); err != nil {
				return err
			}
		case colValue:
			if err := col.appendBytes(r.value, r.hasValue); err != nil {
				return err
			}
		case colOffset:
			col.int64s.append(r.offset)
		case colTimestamp:
			col.int64s.append(r.time * 1000)
		case colTimestampType:
			col.int32s.append(cs.timeType)
		case colHeaders:
			if err := col.headers.append(r); err != nil {
				return err
			}
		}
	}
	cs.rows++
	return nil
}

func (col *column) appendBytes(b []byte, ok bool) error {
	if col.json != nil {
		return col.json.append(b, ok)
	}
	return col.bytes.append(b, ok)
}

// finish makes the arrays, which the caller releases.
func (cs *columns) finish() ([]arrow.Array, error) {
	out := make([]arrow.Array, 0, len(cs.cols))
	for i := range cs.cols {
		a, err := cs.finishColumn(&cs.cols[i])
		if err != nil {
			for _, a := range out {
				a.Release()
			}
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func (cs *columns) finishColumn(col *column) (arrow.Array, error) {
	switch {
	case col.json != nil:
		return col.json.finish(cs.rows)
	case col.bytes != nil:
		return col.bytes.finish(arrow.BinaryTypes.Binary), nil
	case col.headers != nil:
		return col.headers.finish(), nil
	case col.int64s != nil && col.index == colTimestamp:
		return col.int64s.finish(arrow.FixedWidthTypes.Timestamp_us), nil
	case col.int64s != nil:
		return col.int64s.finish(arrow.PrimitiveTypes.Int64), nil
	case col.int32s != nil:
		return col.int32s.finish(arrow.PrimitiveTypes.Int32), nil
	case col.index == colTopic:
		return repeatString(cs.mem, cs.c.part.topic, cs.rows)
	}
	return repeatInt32(cs.mem, cs.c.part.id, cs.rows), nil
}

// release lets go of what finish has not handed over.
func (cs *columns) release() {
	for i := range cs.cols {
		col := &cs.cols[i]
		switch {
		case col.json != nil:
			cs.c.src.scans.give(col.json)
		case col.bytes != nil:
			col.bytes.release()
		case col.int64s != nil:
			col.int64s.release()
		case col.int32s != nil:
			col.int32s.release()
		case col.headers != nil:
			col.headers.release()
		}
	}
}

// newBuffer makes a buffer of n bytes.
func newBuffer(mem memory.Allocator, n int) *memory.Buffer {
	b := memory.NewResizableBuffer(mem)
	b.Resize(n)
	return b
}

func drop(b *memory.Buffer) {
	if b != nil {
		b.Release()
	}
}

// makeArray hands buffers over to an array.
func makeArray(dt arrow.DataType, rows, nulls int, buffers ...*memory.Buffer) arrow.Array {
	d := array.NewData(dt, rows, buffers, nil, nulls, 0)
	defer d.Release()
	for _, b := range buffers {
		drop(b)
	}
	return array.MakeFromData(d)
}

// numbers builds a column of fixed-width numbers.
type numbers[T int32 | int64] struct {
	buf  *memory.Buffer
	vals []T
	n    int
}

func newNumbers[T int32 | int64](mem memory.Allocator, rows int) *numbers[T] {
	b := &numbers[T]{buf: memory.NewResizableBuffer(mem)}
	b.resize(rows)
	return b
}

func (b *numbers[T]) width() int { return int(unsafe.Sizeof(T(0))) }

func (b *numbers[T]) resize(rows int) {
	b.buf.Resize(rows * b.width())
	b.vals = nil
	if rows > 0 {
		b.vals = unsafe.Slice((*T)(unsafe.Pointer(&b.buf.Bytes()[0])), rows)
	}
}

func (b *numbers[T]) append(v T) {
	if b.n == len(b.vals) {
		b.resize(max(64, 2*b.n))
	}
	b.vals[b.n] = v
	b.n++
}

func (b *numbers[T]) finish(dt arrow.DataType) arrow.Array {
	b.buf.ResizeNoShrink(b.n * b.width())
	a := makeArray(dt, b.n, 0, nil, b.buf)
	b.buf = nil
	return a
}

func (b *numbers[T]) release() {
	drop(b.buf)
	b.buf = nil
}

func repeatInt32(mem memory.Allocator, v int32, rows int) arrow.Array {
	b := newNumbers[int32](mem, rows)
	for range rows {
		b.append(v)
	}
	return b.finish(arrow.PrimitiveTypes.Int32)
}

package kafka

import (
	"errors"
	"math"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/bitutil"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// spans is what columns of variable length have in common: where each row ends,
// and which rows are NULL.
type spans struct {
	mem     memory.Allocator
	offsets *memory.Buffer
	off     []int32 // of offsets: one more than the rows that fit
	rows    int
	valid   *memory.Buffer // made at the first NULL
	nulls   int
}

func newSpans(mem memory.Allocator, rows int) spans {
	s := spans{mem: mem, offsets: newBuffer(mem, (rows+1)*4)}
	s.off = arrow.Int32Traits.CastFromBytes(s.offsets.Bytes())
	s.off[0] = 0
	return s
}

// end closes a row at an offset.
func (s *spans) end(at int, ok bool) {
	if s.rows+1 >= len(s.off) {
		s.grow()
	}
	if !ok && s.valid == nil {
		s.valid = newBuffer(s.mem, int(bitutil.BytesForBits(int64(len(s.off)))))
		memory.Set(s.valid.Bytes(), 0)
		bitutil.SetBitsTo(s.valid.Bytes(), 0, int64(s.rows), true)
	}
	if ok && s.valid != nil {
		bitutil.SetBit(s.valid.Bytes(), s.rows)
	}
	if !ok {
		s.nulls++
	}
	s.rows++
	s.off[s.rows] = int32(at)
}

// grow makes room for more rows: a chunk's row count is a bound for columns of
// records, not for those of headers.
func (s *spans) grow() {
	s.offsets.Resize(max(64, s.offsets.Len()*2))
	s.off = arrow.Int32Traits.CastFromBytes(s.offsets.Bytes())
	if s.valid != nil {
		old := s.valid.Len()
		s.valid.Resize(int(bitutil.BytesForBits(int64(len(s.off)))))
		memory.Set(s.valid.Bytes()[old:], 0)
	}
}

// trim cuts the buffers to the rows.
func (s *spans) trim() {
	s.offsets.ResizeNoShrink((s.rows + 1) * 4)
	if s.valid != nil {
		s.valid.ResizeNoShrink(int(bitutil.BytesForBits(int64(s.rows))))
	}
}

func (s *spans) release() {
	drop(s.valid)
	drop(s.offsets)
	s.valid, s.offsets = nil, nil
}

// bytesBuilder builds a BINARY or STRING column.
type bytesBuilder struct {
	spans
	data *memory.Buffer
	used int
}

func newBytesBuilder(mem memory.Allocator, rows int) *bytesBuilder {
	return &bytesBuilder{spans: newSpans(mem, rows)}
}

// room makes space for n more bytes.
func (b *bytesBuilder) room(n int) {
	if b.data == nil {
		b.data = newBuffer(b.mem, n)
		return
	}
	if need := b.used + n; need > b.data.Len() {
		b.data.Resize(max(need, b.data.Len()*3/2))
	}
}

var errColumnSize = errors.New("a column of one chunk outgrows 2 GiB")

func (b *bytesBuilder) append(v []byte, ok bool) error {
	if b.data == nil || b.used+len(v) > b.data.Len() {
		if b.used+len(v) > math.MaxInt32 {
			return errColumnSize
		}
		b.room(len(v))
	}
	b.used += copy(b.data.Bytes()[b.used:], v)
	b.end(b.used, ok)
	return nil
}

func (b *bytesBuilder) finish(dt arrow.DataType) arrow.Array {
	if b.data == nil {
		b.data = newBuffer(b.mem, 0)
	}
	b.data.ResizeNoShrink(b.used)
	b.trim()
	a := makeArray(dt, b.rows, b.nulls, b.valid, b.offsets, b.data)
	b.valid, b.offsets, b.data = nil, nil, nil
	return a
}

func (b *bytesBuilder) release() {
	b.spans.release()
	drop(b.data)
	b.data = nil
}

func repeatString(mem memory.Allocator, s string, rows int) (arrow.Array, error) {
	b := newBytesBuilder(mem, rows)
	b.room(len(s) * rows)
	v := []byte(s)
	for range rows {
		if err := b.append(v, true); err != nil {
			b.release()
			return nil, err
		}
	}
	return b.finish(arrow.BinaryTypes.String), nil
}

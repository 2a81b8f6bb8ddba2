package kafka

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
)

// chunkRows is about how many rows a chunk has: enough to make its overhead
// small, few enough that the workers share a fetch.
const chunkRows = 4096

// chunk is some whole batches of one answer, seen through the offsets [from, to).
// It holds a reference to the answer's buffer.
type chunk struct {
	src      *source
	part     partition
	split    string
	buf      *buffer
	batches  []batch
	from, to int64
	rows     int
	// checked says that another chunk looks at the batch's checksum.
	checked bool
}

// Rows is an upper bound: compacted batches may hold fewer.
func (c *chunk) Rows() int { return c.rows }

// Release gives the chunk's share of the buffer back.
func (c *chunk) Release() {
	if c.buf != nil {
		c.buf.release()
		c.buf, c.batches = nil, nil
	}
}

// Decode checks, decompresses and walks the batches once and builds the wanted
// columns. Nothing of the record points into the chunk.
func (c *chunk) Decode(t catalog.Task, p *connector.Projection) (arrow.Record, error) {
	cols, err := newColumns(t.Allocator(), c, p)
	if err != nil {
		return nil, err
	}
	defer cols.release()
	in := c.src.inflaters.take()
	defer c.src.inflaters.give(in)
	var rec record
	for i := range c.batches {
		b := &c.batches[i]
		rs, err := c.open(in, b)
		if err != nil {
			return nil, err
		}
		if b.dense() && c.from > b.base {
			if err := rs.skip(int(c.from - b.base)); err != nil {
				return nil, c.broken(b, err)
			}
		}
		cols.begin(b, len(rs.b))
		for {
			err := rs.next(&rec)
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, c.broken(b, err)
			}
			if rec.offset < c.from {
				continue
			}
			if rec.offset >= c.to {
				break
			}
			if cols.rows == c.rows {
				return nil, c.broken(b, fmt.Errorf("it has more records than its header says"))
			}
			if err := cols.append(&rec); err != nil {
				return nil, fmt.Errorf("%s offset %d: %w", c.split, rec.offset, err)
			}
		}
	}
	arrays, err := cols.finish()
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, a := range arrays {
			a.Release()
		}
	}()
	return array.NewRecord(p.Schema, arrays, int64(cols.rows)), nil
}

// open checks a batch and gives its records.
func (c *chunk) open(in *inflater, b *batch) (recordReader, error) {
	if !c.checked {
		if err := b.checkCRC(); err != nil {
			return recordReader{}, fmt.Errorf("%s: %w", c.split, err)
		}
	}
	data, err := in.records(b)
	if err != nil {
		return recordReader{}, fmt.Errorf("%s: %w", c.split, err)
	}
	return newRecordReader(b, data), nil
}

func (c *chunk) broken(b *batch, err error) error {
	return fmt.Errorf("%s: batch at offset %d: %w", c.split, b.base, err)
}

// Origin names the record that a row came from: "iris/3 offset 1042".
func (c *chunk) Origin(row int) string {
	offset, ok := c.offset(row)
	if !ok {
		return c.split
	}
	return c.split + " offset " + strconv.FormatInt(offset, 10)
}

// Place gives topic, partition and offset of the record that a row came from.
func (c *chunk) Place(row int) (connector.Place, bool) {
	offset, ok := c.offset(row)
	return connector.Place{Topic: c.part.topic, Partition: c.part.id, Offset: offset}, ok
}

// offset finds the offset of a row. A batch without gaps tells it by counting;
// another one is walked.
func (c *chunk) offset(row int) (int64, bool) {
	if row < 0 {
		return 0, false
	}
	in := c.src.inflaters.take()
	defer c.src.inflaters.give(in)
	for i := range c.batches {
		b := &c.batches[i]
		if b.dense() {
			n := clippedRows(b, c.from, c.to)
			if row < n {
				return max(b.base, c.from) + int64(row), true
			}
			row -= n
			continue
		}
		offset, left, err := c.walkTo(in, b, row)
		if err == nil {
			return offset, true
		}
		if !errors.Is(err, io.EOF) {
			return 0, false
		}
		row = left
	}
	return 0, false
}

// walkTo finds the offset of the row-th visible record of a batch. With io.EOF
// the batch has fewer, and left is the row within the rest.
func (c *chunk) walkTo(in *inflater, b *batch, row int) (offset int64, left int, err error) {
	data, err := in.records(b)
	if err != nil {
		return 0, 0, err
	}
	rs := newRecordReader(b, data)
	var rec record
	for {
		if err := rs.next(&rec); err != nil {
			return 0, row, err
		}
		if rec.offset < c.from || rec.offset >= c.to {
			continue
		}
		if row == 0 {
			return rec.offset, 0, nil
		}
		row--
	}
}

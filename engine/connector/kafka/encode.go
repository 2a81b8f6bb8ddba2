package kafka

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
)

// sealed is one batch on its way to a partition.
type sealed struct {
	partition
	data  []byte
	count int32
	// sequence is the number of its first record; -1 while it has none.
	sequence int32
}

// encoded is the batches of one record, in order.
type encoded struct {
	sink    *sink
	rows    int
	batches []*sealed
}

// Rows is how many rows it holds.
func (e *encoded) Rows() int { return e.rows }

// Release gives the buffers back.
func (e *encoded) Release() {
	for _, b := range e.batches {
		e.sink.buffers.Put(&b.data)
	}
	e.batches = nil
}

// Encode makes record batches of a record, each row's partition chosen as the
// Java client does: the column partition, else the key's hash, else one for all
// rows of the record in turn.
func (s *sink) Encode(t catalog.Task, rec arrow.Record) (connector.Encoded, error) {
	e := encoder{sink: s, out: &encoded{sink: s, rows: int(rec.NumRows())}, turn: s.turn.Add(1), now: time.Now().UnixMilli()}
	if err := e.encode(t.Context(), rec); err != nil {
		e.out.Release()
		return nil, fmt.Errorf("kafka sink %s: %w", s.table, err)
	}
	return e.out, nil
}

// encoder is one run of Encode.
type encoder struct {
	sink    *sink
	out     *encoded
	turn    uint32
	now     int64
	topics  []*topicWriter
	last    *topicWriter
	headers []byte
}

// topicWriter has a batch under construction for each partition in use.
type topicWriter struct {
	name    string
	writers []batchWriter // by partition; a nil buffer is none yet
	sticky  int32
}

func (e *encoder) encode(ctx context.Context, rec arrow.Record) error {
	f := e.sink.fields
	key, value, topic := bytesOf(rec, f.key), bytesOf(rec, f.value), bytesOf(rec, f.topic)
	if e.sink.topic != "" {
		topic = bytesColumn{}
	}
	var parts *array.Int32
	if f.partition >= 0 {
		parts = rec.Column(f.partition).(*array.Int32)
	}
	headers := headersOf(rec, f.headers)
	for row := range int(rec.NumRows()) {
		w, err := e.writer(ctx, topic, row)
		if err != nil {
			return err
		}
		k, hasKey := key.at(row)
		v, hasValue := value.at(row)
		part, err := w.partition(parts, row, k, hasKey)
		if err != nil {
			return err
		}
		h := noHeaders
		if headers != nil {
			if e.headers, err = headers.append(e.headers[:0], row); err != nil {
				return err
			}
			h = e.headers
		}
		if err := e.add(w, part, k, v, hasKey, hasValue, h); err != nil {
			return err
		}
	}
	return e.flush()
}

// writer gives the writer of the topic of a row.
func (e *encoder) writer(ctx context.Context, topics bytesColumn, row int) (*topicWriter, error) {
	name, ok := topics.at(row)
	if ok {
		if e.last != nil && e.last.name == string(name) {
			return e.last, nil
		}
		for _, w := range e.topics {
			if w.name == string(name) {
				e.last = w
				return w, nil
			}
		}
		return e.open(ctx, string(name))
	}
	if e.last != nil && topics.none() {
		return e.last, nil
	}
	fixed := e.sink.topic
	if fixed == "" && topics.none() {
		fixed = e.sink.home
	}
	if fixed == "" {
		return nil, errNullTopic
	}
	return e.open(ctx, fixed)
}

// errNullTopic is Spark's.
var errNullTopic = errors.New("null topic present in the data. Use the topic option for setting a topic")

func (e *encoder) open(ctx context.Context, name string) (*topicWriter, error) {
	n, err := e.sink.partitions(ctx, name)
	if err != nil {
		return nil, err
	}
	w := &topicWriter{name: name, writers: make([]batchWriter, n), sticky: int32(e.turn % uint32(n))}
	e.topics = append(e.topics, w)
	e.last = w
	return w, nil
}

// partition chooses where a row goes.
func (w *topicWriter) partition(parts *array.Int32, row int, key []byte, hasKey bool) (int32, error) {
	n := len(w.writers)
	switch {
	case parts != nil && parts.IsValid(row):
		p := parts.Value(row)
		if p < 0 || int(p) >= n {
			return 0, fmt.Errorf("topic %s has no partition %d, it has %d partitions", w.name, p, n)
		}
		return p, nil
	case hasKey:
		return keyPartition(key, n), nil
	}
	return w.sticky, nil
}

// add puts a row into its batch, sealing a full one first.
func (e *encoder) add(w *topicWriter, part int32, key, value []byte, hasKey, hasValue bool, headers []byte) error {
	size := recordLen(key, value, headers)
	if size+batchHeaderLen > e.sink.maxRequest {
		return fmt.Errorf("topic %s: a record of %d bytes is larger than kafka.max.request.size (%d bytes)", w.name, size, e.sink.maxRequest)
	}
	b := &w.writers[part]
	if b.buf != nil && len(b.buf)+size > e.sink.batchBytes && b.count > 0 {
		if err := e.seal(w, part); err != nil {
			return err
		}
	}
	if b.buf == nil {
		b.reset(e.sink.buffer(), e.now)
	}
	b.append(key, value, hasKey, hasValue, headers)
	return nil
}

func (e *encoder) seal(w *topicWriter, part int32) error {
	b := &w.writers[part]
	data, err := b.seal(e.sink.compression)
	if err != nil {
		return fmt.Errorf("topic %s: %w", w.name, err)
	}
	if &data[0] != &b.buf[0] { // compressed into another buffer
		free := b.buf
		e.sink.buffers.Put(&free)
	}
	e.out.batches = append(e.out.batches, &sealed{partition: partition{w.name, part}, data: data, count: b.count, sequence: -1})
	b.buf = nil
	return nil
}

func (e *encoder) flush() error {
	for _, w := range e.topics {
		for p := range w.writers {
			if w.writers[p].buf == nil {
				continue
			}
			if err := e.seal(w, int32(p)); err != nil {
				return err
			}
		}
	}
	return nil
}

// bytesColumn reads a STRING or BINARY column without copying. The zero value is
// no column: all NULL.
type bytesColumn struct {
	arr     arrow.Array
	offsets []int32
	data    []byte
}

func bytesOf(rec arrow.Record, i int) bytesColumn {
	if i < 0 {
		return bytesColumn{}
	}
	return bytesOfArray(rec.Column(i))
}

func bytesOfArray(a arrow.Array) bytesColumn {
	c := bytesColumn{arr: a}
	bufs := a.Data().Buffers()
	if bufs[1] != nil {
		c.offsets = arrow.Int32Traits.CastFromBytes(bufs[1].Bytes())[a.Data().Offset():]
	}
	if bufs[2] != nil {
		c.data = bufs[2].Bytes()
	}
	return c
}

func (c bytesColumn) none() bool { return c.arr == nil }

// at gives a row's bytes; ok is false for NULL.
func (c bytesColumn) at(row int) (b []byte, ok bool) {
	if c.arr == nil || c.arr.IsNull(row) {
		return nil, false
	}
	from, to := c.offsets[row], c.offsets[row+1]
	return c.data[from:to:to], true
}

// headersColumn reads a column of headers.
type headersColumn struct {
	list        *array.List
	keys, value bytesColumn
}

func headersOf(rec arrow.Record, i int) *headersColumn {
	if i < 0 {
		return nil
	}
	list := rec.Column(i).(*array.List)
	entries := list.ListValues().(*array.Struct)
	return &headersColumn{list: list, keys: bytesOfArray(entries.Field(0)), value: bytesOfArray(entries.Field(1))}
}

// append encodes the headers of a row, their count first.
func (h *headersColumn) append(dst []byte, row int) ([]byte, error) {
	if h.list.IsNull(row) {
		return append(dst, 0), nil
	}
	from, to := h.list.ValueOffsets(row)
	dst = binary.AppendVarint(dst, to-from)
	for i := int(from); i < int(to); i++ {
		k, ok := h.keys.at(i)
		if !ok {
			return nil, fmt.Errorf("a header has a NULL key: headers need one")
		}
		v, hasValue := h.value.at(i)
		dst = appendField(appendField(dst, k, true), v, hasValue)
	}
	return dst, nil
}

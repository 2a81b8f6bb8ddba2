package kafka

import (
	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// headersBuilder builds the column headers. A record without headers gives NULL,
// as in Spark.
type headersBuilder struct {
	keys, values *bytesBuilder
	lists        spans
}

func newHeadersBuilder(mem memory.Allocator, rows int) *headersBuilder {
	return &headersBuilder{keys: newBytesBuilder(mem, rows), values: newBytesBuilder(mem, rows), lists: newSpans(mem, rows)}
}

func (h *headersBuilder) append(r *record) error {
	if r.headerCount == 0 {
		h.lists.end(h.keys.rows, false)
		return nil
	}
	hr := headerReader{b: r.headers}
	for range r.headerCount {
		key, value, ok, err := hr.next()
		if err != nil {
			return err
		}
		if err := h.keys.append(key, true); err != nil {
			return err
		}
		if err := h.values.append(value, ok); err != nil {
			return err
		}
	}
	h.lists.end(h.keys.rows, true)
	return nil
}

func (h *headersBuilder) finish() arrow.Array {
	lists := &h.lists
	rows := h.keys.rows
	keys, values := h.keys.finish(arrow.BinaryTypes.String), h.values.finish(arrow.BinaryTypes.Binary)
	defer keys.Release()
	defer values.Release()
	dt := headersType()
	entries := array.NewData(dt.Elem(), rows, []*memory.Buffer{nil}, []arrow.ArrayData{keys.Data(), values.Data()}, 0, 0)
	defer entries.Release()

	lists.trim()
	d := array.NewData(dt, lists.rows, []*memory.Buffer{lists.valid, lists.offsets}, []arrow.ArrayData{entries}, lists.nulls, 0)
	defer d.Release()
	lists.release()
	return array.MakeFromData(d)
}

func (h *headersBuilder) release() {
	h.keys.release()
	h.values.release()
	h.lists.release()
}

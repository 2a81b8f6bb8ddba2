package kafka

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/segmentio/kafka-go/compress"
)

// batchWriter encodes records as one record batch, version 2.
type batchWriter struct {
	buf   []byte // header and records
	count int32
	time  int64 // of every record, milliseconds
}

// reset starts a batch in a buffer.
func (w *batchWriter) reset(buf []byte, time int64) {
	w.buf = append(buf[:0], make([]byte, batchHeaderLen)...)
	w.count, w.time = 0, time
}

// append adds a record. Headers are already encoded, their count included.
func (w *batchWriter) append(key, value []byte, hasKey, hasValue bool, headers []byte) {
	n := 2 + varintLen(int64(w.count)) + fieldLen(key, hasKey) + fieldLen(value, hasValue) + len(headers)
	b := binary.AppendVarint(w.buf, int64(n))
	b = append(b, 0, 0) // attributes, time delta
	b = binary.AppendVarint(b, int64(w.count))
	b = appendField(b, key, hasKey)
	b = appendField(b, value, hasValue)
	w.buf = append(b, headers...)
	w.count++
}

// recordLen bounds how many bytes a record takes.
func recordLen(key, value, headers []byte) int {
	return len(key) + len(value) + len(headers) + 4*binary.MaxVarintLen32
}

// noHeaders is the encoding of no headers.
var noHeaders = []byte{0}

// seal finishes the batch: compressed, and its header filled in but for the
// producer and the checksum, which stamp sets.
func (w *batchWriter) seal(c compress.Compression) ([]byte, error) {
	b := w.buf
	if c != compress.None {
		var out bytes.Buffer
		out.Grow(batchHeaderLen + len(b)/2)
		out.Write(b[:batchHeaderLen])
		cw := c.Codec().NewWriter(&out)
		if _, err := io.Copy(cw, bytes.NewReader(b[batchHeaderLen:])); err != nil {
			return nil, err
		}
		if err := cw.Close(); err != nil {
			return nil, err
		}
		b = out.Bytes()
	}
	be.PutUint32(b[atLength:], uint32(len(b)-12))
	be.PutUint32(b[atLength+4:], 0xffffffff) // leader epoch
	b[atMagic] = 2
	be.PutUint16(b[atAttributes:], uint16(c))
	be.PutUint32(b[atLastDelta:], uint32(w.count-1))
	be.PutUint64(b[atFirstTime:], uint64(w.time))
	be.PutUint64(b[atMaxTime:], uint64(w.time))
	be.PutUint32(b[atCount:], uint32(w.count))
	return b, nil
}

// stamp sets who produces the batch, as what number of its records, and the
// checksum. A producer of -1 is none.
func stamp(b []byte, p producerID, sequence int32) {
	be.PutUint64(b[atProducer:], uint64(p.id))
	be.PutUint16(b[atProducerEpoch:], uint16(p.epoch))
	be.PutUint32(b[atSequence:], uint32(sequence))
	be.PutUint32(b[atCRC:], castagnoli(b[atAttributes:]))
}

func varintLen(x int64) int {
	u := uint64(x<<1) ^ uint64(x>>63)
	n := 1
	for ; u >= 0x80; u >>= 7 {
		n++
	}
	return n
}

func fieldLen(b []byte, ok bool) int {
	if !ok {
		return 1
	}
	return varintLen(int64(len(b))) + len(b)
}

// appendField writes a length and the bytes, or -1 for NULL.
func appendField(dst, b []byte, ok bool) []byte {
	if !ok {
		return append(dst, 1)
	}
	return append(binary.AppendVarint(dst, int64(len(b))), b...)
}

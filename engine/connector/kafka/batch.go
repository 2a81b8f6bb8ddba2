package kafka

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// batchHeaderLen is the length of a version 2 record batch before its records.
const batchHeaderLen = 61

// minRecordLen is the length of the shortest record.
const minRecordLen = 7

// Where the fields of a batch header are.
const (
	atLength        = 8
	atMagic         = 16
	atCRC           = 17
	atAttributes    = 21
	atLastDelta     = 23
	atFirstTime     = 27
	atMaxTime       = 35
	atProducer      = 43
	atProducerEpoch = 51
	atSequence      = 53
	atCount         = 57
)

// Bits of a batch's attributes.
const (
	attrCompression   = 0x07
	attrLogAppendTime = 0x08
	attrTransactional = 0x10
	attrControl       = 0x20
)

func castagnoli(b []byte) uint32 {
	return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
}

// batch is one record batch as it came, with the header fields that matter.
type batch struct {
	data       []byte // the whole batch, header included
	base       int64
	lastDelta  int32
	attributes int16
	firstTime  int64
	maxTime    int64
	producer   int64
	count      int32
}

// next is the offset after the batch. It comes from the header: the records may
// have been compacted away.
func (b *batch) next() int64 { return b.base + int64(b.lastDelta) + 1 }

// dense says that no offset is missing, so that a record's place follows from
// its offset.
func (b *batch) dense() bool { return int64(b.count) == int64(b.lastDelta)+1 }

func (b *batch) compression() int8   { return int8(b.attributes & attrCompression) }
func (b *batch) control() bool       { return b.attributes&attrControl != 0 }
func (b *batch) transactional() bool { return b.attributes&attrTransactional != 0 }
func (b *batch) logAppendTime() bool { return b.attributes&attrLogAppendTime != 0 }

// checkCRC compares the batch with its checksum.
func (b *batch) checkCRC() error {
	want, got := be.Uint32(b.data[atCRC:]), castagnoli(b.data[atAttributes:])
	if want != got {
		return fmt.Errorf("batch at offset %d: its CRC-32C is %08x, the header says %08x: the data was damaged on the broker's disk or on the way", b.base, got, want)
	}
	return nil
}

// parseBatch takes the first whole batch of b. Ok is false when b holds none: a
// broker cuts its answer at a number of bytes, so the last batch may be partial.
func parseBatch(b []byte) (out batch, rest []byte, ok bool, err error) {
	if len(b) <= atMagic {
		return batch{}, b, false, nil
	}
	base := int64(be.Uint64(b))
	size := int64(int32(be.Uint32(b[atLength:]))) + 12
	if magic := b[atMagic]; magic != 2 {
		return batch{}, b, false, fmt.Errorf("batch at offset %d has format version %d: only version 2 is read (Kafka 0.11 and later write it)", base, magic)
	}
	if size < batchHeaderLen {
		return batch{}, b, false, fmt.Errorf("batch at offset %d claims a length of %d bytes, a header alone has %d", base, size, batchHeaderLen)
	}
	if size > int64(len(b)) {
		return batch{}, b, false, nil
	}
	d := b[:size:size]
	out = batch{
		data:       d,
		base:       base,
		lastDelta:  int32(be.Uint32(d[atLastDelta:])),
		attributes: int16(be.Uint16(d[atAttributes:])),
		firstTime:  int64(be.Uint64(d[atFirstTime:])),
		maxTime:    int64(be.Uint64(d[atMaxTime:])),
		producer:   int64(be.Uint64(d[atProducer:])),
		count:      int32(be.Uint32(d[atCount:])),
	}
	most := int64(math.MaxInt32) // records that fit
	if out.compression() == 0 {
		most = (size - batchHeaderLen) / minRecordLen
	}
	if out.lastDelta < 0 || out.count < 0 || int64(out.count) > most || base < 0 {
		return batch{}, b, false, fmt.Errorf("batch at offset %d claims %d records over %d offsets in %d bytes", base, out.count, int64(out.lastDelta)+1, size)
	}
	return out, b[size:], true, nil
}

// record is one record of a batch. Its slices alias the batch.
type record struct {
	offset int64
	time   int64 // milliseconds
	key    []byte
	value  []byte
	// hasKey and hasValue tell NULL from empty.
	hasKey, hasValue bool
	headers          []byte // undecoded, see headerReader
	headerCount      int
}

// recordReader walks the records of one batch, already decompressed.
type recordReader struct {
	b     []byte
	left  int32
	base  int64
	time  int64
	fixed bool // every record has the batch's time
}

func newRecordReader(b *batch, records []byte) recordReader {
	r := recordReader{b: records, left: b.count, base: b.base, time: b.firstTime}
	if b.logAppendTime() {
		r.time, r.fixed = b.maxTime, true
	}
	return r
}

var errRecord = errors.New("a record is cut short")

// next reads one record; io.EOF ends the batch.
func (r *recordReader) next(out *record) error {
	if r.left <= 0 {
		return io.EOF
	}
	r.left--
	size, i := varint(r.b, 0)
	if i < 0 || size < 1 || size > int64(len(r.b)-i) {
		return errRecord
	}
	b := r.b[i : i+int(size)]
	r.b = r.b[i+int(size):]
	i = 1 // attributes
	dt, i := varint(b, i)
	do, i := varint(b, i) // an index of -1 stays -1
	out.offset = r.base + do
	out.time = r.time
	if !r.fixed {
		out.time += dt
	}
	out.key, out.hasKey, i = field(b, i)
	out.value, out.hasValue, i = field(b, i)
	n, i := varint(b, i)
	if i < 0 || n < 0 || n > int64(len(b)-i) {
		return errRecord
	}
	out.headers, out.headerCount = b[i:], int(n)
	return nil
}

// skip steps over n records without looking inside.
func (r *recordReader) skip(n int) error {
	for ; n > 0 && r.left > 0; n-- {
		size, i := varint(r.b, 0)
		if i < 0 || size < 1 || size > int64(len(r.b)-i) {
			return errRecord
		}
		r.b = r.b[i+int(size):]
		r.left--
	}
	return nil
}

// field reads a length and so many bytes; a length of -1 is NULL. The index is -1
// when b ends before.
func field(b []byte, i int) ([]byte, bool, int) {
	n, i := varint(b, i)
	if i < 0 {
		return nil, false, -1
	}
	if n < 0 || i < 0 {
		return nil, false, i
	}
	if n > int64(len(b)-i) {
		return nil, false, -1
	}
	end := i + int(n)
	return b[i:end:end], true, end
}

// varint reads a zig-zag varint at b[i:] and gives the index after it, -1 when b
// ends before, the number does not end or i is -1 already.
func varint(b []byte, i int) (int64, int) {
	if uint(i) < uint(len(b)) && b[i] < 0x80 {
		return int64(b[i]>>1) ^ -int64(b[i]&1), i + 1
	}
	var x uint64
	for s := uint(0); uint(i) < uint(len(b)) && s < 64; s += 7 {
		c := b[i]
		i++
		x |= uint64(c&0x7f) << s
		if c < 0x80 {
			return int64(x>>1) ^ -int64(x&1), i
		}
	}
	return 0, -1
}

// headerReader walks the headers of one record.
type headerReader struct {
	b []byte
	i int
}

func (h *headerReader) next() (key, value []byte, hasValue bool, err error) {
	key, _, h.i = field(h.b, h.i)
	if h.i < 0 {
		return nil, nil, false, errRecord
	}
	value, hasValue, h.i = field(h.b, h.i)
	if h.i < 0 {
		return nil, nil, false, errRecord
	}
	return key, value, hasValue, nil
}

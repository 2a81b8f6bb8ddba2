package kafka

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/klauspost/compress/snappy"
	"github.com/segmentio/kafka-go/compress"
)

// maxBatchData bounds what a compressed batch may grow to, so that a small
// damaged or hostile one cannot take the machine's memory.
const maxBatchData = 512 << 20

var errBatchData = fmt.Errorf("it has more than %d bytes", maxBatchData)

// inflater decompresses batches into a buffer that it keeps.
type inflater struct {
	buf    bytes.Buffer
	in     bytes.Reader
	snappy []byte
}

// inflaterPool keeps inflaters for the next chunk.
type inflaterPool struct{ pool sync.Pool }

func (p *inflaterPool) take() *inflater {
	if f, ok := p.pool.Get().(*inflater); ok {
		return f
	}
	return new(inflater)
}

func (p *inflaterPool) give(f *inflater) {
	f.in.Reset(nil)
	p.pool.Put(f)
}

// records gives the records of a batch, decompressed. They are valid until the
// next call.
func (f *inflater) records(b *batch) ([]byte, error) {
	body := b.data[batchHeaderLen:]
	c := compress.Compression(b.compression())
	if c == compress.None {
		return body, nil
	}
	codec := c.Codec()
	if codec == nil {
		return nil, fmt.Errorf("batch at offset %d: compression %d is not known", b.base, b.compression())
	}
	if c == compress.Snappy {
		// Not by kafka-go's reader: it takes the lengths in damaged data at their word.
		var err error
		if f.snappy, err = appendSnappy(f.snappy[:0], body); err != nil {
			return nil, fmt.Errorf("batch at offset %d: snappy data: %w", b.base, err)
		}
		return f.snappy, nil
	}
	f.buf.Reset()
	f.in.Reset(body)
	r := codec.NewReader(&f.in)
	n, err := f.buf.ReadFrom(io.LimitReader(r, maxBatchData+1))
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	if err == nil && n > maxBatchData {
		err = errBatchData
	}
	if err != nil {
		return nil, fmt.Errorf("batch at offset %d: %s data: %w", b.base, codec.Name(), err)
	}
	return f.buf.Bytes(), nil
}

// xerial is how the Java client frames snappy blocks: this, two versions, then
// blocks with their lengths. Other clients send one bare block.
var xerial = []byte("\x82SNAPPY\x00")

const xerialHeader = 16

// appendSnappy decompresses snappy data, framed or bare.
func appendSnappy(dst, src []byte) ([]byte, error) {
	if len(src) < xerialHeader || !bytes.HasPrefix(src, xerial) {
		return appendSnappyBlock(dst, src)
	}
	for src = src[xerialHeader:]; len(src) > 0; {
		if len(src) < 4 {
			return nil, io.ErrUnexpectedEOF
		}
		n := int64(be.Uint32(src))
		if src = src[4:]; n > int64(len(src)) {
			return nil, io.ErrUnexpectedEOF
		}
		var err error
		if dst, err = appendSnappyBlock(dst, src[:n]); err != nil {
			return nil, err
		}
		src = src[n:]
	}
	return dst, nil
}

func appendSnappyBlock(dst, block []byte) ([]byte, error) {
	n, err := snappy.DecodedLen(block)
	if err != nil {
		return nil, err
	}
	// A block cannot grow by more than its format allows, whatever it claims.
	if len(dst)+n > maxBatchData || n > snappyRatio*(len(block)+1) {
		return nil, errBatchData
	}
	at := len(dst)
	dst = slices.Grow(dst, n)[:at+n]
	out, err := snappy.Decode(dst[at:], block)
	if err != nil {
		return nil, err
	}
	return dst[:at+len(out)], nil
}

// snappyRatio is the most bytes that one byte of snappy data can stand for: a copy
// of 64 bytes takes three.
const snappyRatio = 64

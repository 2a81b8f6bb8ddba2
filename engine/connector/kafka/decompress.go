package kafka

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/segmentio/kafka-go/compress"
)

// maxBatchData bounds what a compressed batch may grow to, so that a small
// damaged or hostile one cannot take the machine's memory.
const maxBatchData = 1 << 30

// inflater decompresses batches into a buffer that it keeps.
type inflater struct {
	buf bytes.Buffer
	in  bytes.Reader
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
	f.buf.Reset()
	f.in.Reset(body)
	r := codec.NewReader(&f.in)
	n, err := f.buf.ReadFrom(io.LimitReader(r, maxBatchData+1))
	if cerr := r.Close(); err == nil {
		err = cerr
	}
	if err == nil && n > maxBatchData {
		err = fmt.Errorf("it has more than %d bytes", maxBatchData)
	}
	if err != nil {
		return nil, fmt.Errorf("batch at offset %d: %s data: %w", b.base, codec.Name(), err)
	}
	return f.buf.Bytes(), nil
}

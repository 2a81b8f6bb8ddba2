package kafka

import (
	"sync"
	"sync/atomic"
)

// bufferPool keeps the buffers of answers for the next ones.
type bufferPool struct{ pool sync.Pool }

// buffer is an answer's bytes, shared by the chunks cut from it. The last
// release gives it back to the pool.
type buffer struct {
	b    []byte
	refs atomic.Int32
	pool *bufferPool
}

// lend gives a buffer to read an answer into, of any length, or nil.
func (p *bufferPool) lend() []byte {
	if b, ok := p.pool.Get().(*buffer); ok {
		return b.b[:0]
	}
	return nil
}

// share makes a buffer of an answer, with one reference.
func (p *bufferPool) share(b []byte) *buffer {
	x := &buffer{b: b, pool: p}
	x.refs.Store(1)
	return x
}

func (b *buffer) retain() { b.refs.Add(1) }

func (b *buffer) release() {
	if b.refs.Add(-1) == 0 {
		b.pool.pool.Put(&buffer{b: b.b})
		b.b = nil
	}
}

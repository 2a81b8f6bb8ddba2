package main

import (
	"context"
	"io"
)

// interruptible reads a pipe or a terminal, whose reads cannot be broken off: when
// ctx ends it gives the error of ctx, and a goroutine that waits for bytes stays
// behind until some come or the process ends. It belongs to one goroutine.
type interruptible struct {
	ctx    context.Context
	wanted chan struct{}
	read   chan piece
	rest   piece
}

// piece is what one read gave; its bytes are valid until the next one is wanted.
type piece struct {
	b   []byte
	err error
}

func newInterruptible(ctx context.Context, in io.Reader) *interruptible {
	r := &interruptible{ctx: ctx, wanted: make(chan struct{}), read: make(chan piece, 1)}
	go func() {
		buf := make([]byte, 64<<10)
		for {
			select {
			case <-r.wanted:
				n, err := in.Read(buf)
				r.read <- piece{buf[:n], err}
			case <-ctx.Done():
				return
			}
		}
	}()
	return r
}

func (r *interruptible) Read(p []byte) (int, error) {
	if len(r.rest.b) == 0 && r.rest.err == nil {
		select {
		case r.wanted <- struct{}{}:
		case <-r.ctx.Done():
			return 0, r.ctx.Err()
		}
		select {
		case r.rest = <-r.read:
		case <-r.ctx.Done():
			return 0, r.ctx.Err()
		}
	}
	n := copy(p, r.rest.b)
	r.rest.b = r.rest.b[n:]
	if len(r.rest.b) == 0 && r.rest.err != nil {
		return n, r.rest.err
	}
	return n, nil
}

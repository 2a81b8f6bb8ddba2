package engine

import (
	"context"
	"iter"
	"sync"

	"github.com/millrace-sql/millrace/engine/connector"
)

const (
	// rangesAhead is how many ranges are read at once.
	rangesAhead = 4
	// chunksAhead is how many chunks of a range wait for the workers.
	chunksAhead = 2
)

// fetched is a chunk, or the error that ended its range.
type fetched struct {
	chunk connector.Chunk
	err   error
}

// readRanges gives the chunks of ranges in their order, while the next ranges are
// being read already. The receiver releases each chunk.
func readRanges(ctx context.Context, src connector.Source, ranges []connector.Range) iter.Seq2[connector.Chunk, error] {
	return func(yield func(connector.Chunk, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		var ahead []chan fetched
		next := 0
		start := func() {
			ch := make(chan fetched, chunksAhead)
			rng := ranges[next]
			next++
			ahead = append(ahead, ch)
			wg.Go(func() { readRange(ctx, src, rng, ch) })
		}
		defer wg.Wait()
		defer func() {
			cancel()
			for _, ch := range ahead {
				for f := range ch {
					if f.chunk != nil {
						f.chunk.Release()
					}
				}
			}
		}()
		for next < len(ranges) || len(ahead) > 0 {
			for next < len(ranges) && len(ahead) < rangesAhead {
				start()
			}
			for f := range ahead[0] {
				if !yield(f.chunk, f.err) || f.err != nil {
					return
				}
			}
			ahead = ahead[1:]
		}
	}
}

// readRange sends the chunks of one range and closes the channel.
func readRange(ctx context.Context, src connector.Source, rng connector.Range, to chan<- fetched) {
	defer close(to)
	defer func() {
		if p := recover(); p != nil {
			select {
			case to <- fetched{err: panicError(p)}:
			case <-ctx.Done():
			}
		}
	}()
	for c, err := range src.Read(ctx, rng) {
		select {
		case to <- fetched{chunk: c, err: err}:
		case <-ctx.Done():
			if c != nil {
				c.Release()
			}
			return
		}
	}
}

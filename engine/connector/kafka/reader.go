package kafka

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/millrace-sql/millrace/engine/connector"
)

// reader reads one partition. What it fetched past the end of a range, and the
// fetch that is under way, stay for the next range.
type reader struct {
	src   *source
	split string
	part  partition
	lock  chan struct{} // holds the one Read at a time

	have     *fetched // being read, or left from the range before
	flight   *flight  // the next fetch
	maxBytes int32

	mu     sync.Mutex // guards what close needs
	cancel context.CancelFunc
	closed bool
	flying sync.WaitGroup
}

// fetched is the whole, visible batches of one answer.
type fetched struct {
	buf     *buffer
	batches []batch
	from    int64 // where the fetch began
	next    int64 // where the next one begins
	end     int64 // how far the partition could be read then
	cut     bool  // the answer held part of a batch only
}

func (f *fetched) release() {
	if f != nil {
		f.buf.release()
	}
}

// flight is a fetch under way.
type flight struct {
	from int64
	done chan struct{}
	got  *fetched
	err  error
}

// Read gives the chunks of a range. Fetches that fail because the broker is away
// are tried again until ctx ends.
func (s *source) Read(ctx context.Context, r connector.Range) iter.Seq2[connector.Chunk, error] {
	return func(yield func(connector.Chunk, error) bool) {
		rd, err := s.reader(r.Split)
		if err != nil {
			yield(nil, err)
			return
		}
		select {
		case rd.lock <- struct{}{}:
			defer func() { <-rd.lock }()
		case <-ctx.Done():
			yield(nil, context.Cause(ctx))
			return
		}
		if err := rd.read(ctx, r, yield); err != nil {
			yield(nil, fmt.Errorf("kafka source %s: %w", s.table, err))
		}
	}
}

func (s *source) reader(split string) (*reader, error) {
	p, err := parseSplit(split)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fmt.Errorf("kafka source %s is closed", s.table)
	}
	rd, ok := s.reads[split]
	if !ok {
		rd = &reader{src: s, split: split, part: p, lock: make(chan struct{}, 1), maxBytes: s.partitionBytes}
		s.reads[split] = rd
	}
	return rd, nil
}

// read hands out [r.From, r.To). It returns nil also when yield has had enough.
func (rd *reader) read(ctx context.Context, r connector.Range, yield func(connector.Chunk, error) bool) error {
	wait := absence{limit: rd.src.missing}
	for next := r.From; next < r.To; {
		f, err := rd.at(ctx, next, r)
		if err != nil {
			return err
		}
		if f.from > next { // records were deleted, and that is allowed
			next = f.from
			continue
		}
		if f.next == next {
			if err := rd.nothing(ctx, f, r, &wait); err != nil || wait.over {
				return err
			}
			continue
		}
		wait.reset()
		if f.next < f.end {
			rd.ahead(ctx, f.next)
		}
		if !rd.emit(f, next, r.To, yield) {
			return nil
		}
		next = f.next
	}
	return nil
}

// at gives the answer that holds an offset, from what is there, the fetch under
// way, or a new one. The reader keeps it.
func (rd *reader) at(ctx context.Context, offset int64, r connector.Range) (*fetched, error) {
	if f := rd.have; f != nil && f.from <= offset && offset < f.next {
		return f, nil
	}
	rd.drop()
	if fl := rd.flight; fl != nil {
		rd.flight = nil
		select {
		case <-fl.done:
		case <-ctx.Done():
			rd.flight = fl
			return nil, context.Cause(ctx)
		}
		if fl.err == nil && fl.from == offset {
			rd.have = fl.got
			return fl.got, nil
		}
		fl.got.release() // nil after an error: the fetch is made again, with patience
	}
	var gone time.Time // since when the broker says that there is no such partition
	err := rd.src.cluster.retry(ctx, rd.split, func(ctx context.Context) error {
		f, err := rd.fetch(ctx, offset)
		switch {
		case errors.Is(err, kafkago.OffsetOutOfRange):
			f, err = rd.outOfRange(ctx, offset, r)
		case !errors.Is(err, kafkago.UnknownTopicOrPartition):
			gone = time.Time{}
		case gone.IsZero():
			gone = time.Now()
		case time.Since(gone) >= rd.src.missing:
			f, err = rd.empty(r.To), rd.src.lost("%s is gone, and with it the records from offset %d to %d", rd.split, offset, r.To)
		}
		if err != nil {
			f.release()
			return err
		}
		rd.have = f
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("at offset %d: %w", offset, err)
	}
	return rd.have, nil
}

func (rd *reader) drop() {
	rd.have.release()
	rd.have = nil
}

// ahead starts the next fetch while this one is worked on.
func (rd *reader) ahead(ctx context.Context, offset int64) {
	if rd.flight != nil {
		return
	}
	rd.mu.Lock()
	defer rd.mu.Unlock()
	if rd.closed {
		return
	}
	// It outlives the Read that starts it, and ends with the reader at the latest.
	ctx, rd.cancel = context.WithCancel(context.WithoutCancel(ctx))
	fl := &flight{from: offset, done: make(chan struct{})}
	rd.flight = fl
	cancel := rd.cancel
	rd.flying.Go(func() {
		defer cancel()
		defer close(fl.done)
		fl.got, fl.err = rd.fetch(ctx, offset)
	})
}

// close ends the fetch under way and lets go of what is left.
func (rd *reader) close() {
	rd.mu.Lock()
	rd.closed = true
	if rd.cancel != nil {
		rd.cancel()
	}
	rd.mu.Unlock()
	rd.flying.Wait()
	rd.lock <- struct{}{} // waits for a Read that is still at it
	defer func() { <-rd.lock }()
	if rd.flight != nil {
		rd.flight.got.release()
		rd.flight = nil
	}
	rd.drop()
}

// The broker's part in a fetch: it answers at once when there is a byte, else
// after the wait.
const fetchWait = 500 * time.Millisecond

// minShare is the least that a partition fetches, however many there are.
const minShare = 64 << 10

// size is how much a fetch asks for: each partition holds two answers at most, the
// one being read and the next, and all together keep to the bound on fetches. A
// partition with a batch larger than that asks for more.
func (rd *reader) size() int32 {
	s := rd.src
	if rd.maxBytes > s.partitionBytes {
		return rd.maxBytes
	}
	s.mu.Lock()
	n := int64(len(s.reads))
	s.mu.Unlock()
	share := max(s.fetchBytes/(2*max(n, 1)), minShare)
	return int32(min(share, int64(rd.maxBytes)))
}

// fetch asks for the records from an offset on. After an error the buffer is
// left to the garbage collector: the exchange may still write to it.
func (rd *reader) fetch(ctx context.Context, offset int64) (*fetched, error) {
	s := rd.src
	leader, err := s.cluster.leader(ctx, rd.part)
	if err != nil {
		return nil, err
	}
	size := rd.size()
	limits := fetchLimits{maxWaitMs: int32(fetchWait.Milliseconds()), minBytes: 1, maxBytes: size, isolation: s.isolation}
	parts := []fetchPart{{partition: rd.part, offset: offset, maxBytes: size}}
	a, err := s.cluster.call(ctx, fetchCall(leader, limits, parts, s.buffers.lend()), fetchWait)
	if err != nil {
		s.cluster.forget(rd.part.topic)
		return nil, err
	}
	got, err := parseFetch(a)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(got, func(p fetchedPart) bool { return p.partition == rd.part })
	if i < 0 {
		return nil, fmt.Errorf("%w: the fetch has no %s", errAnswer, rd.part)
	}
	if err := s.cluster.checkCode(rd.part, got[i].err); err != nil {
		return nil, err
	}
	return s.index(a, &got[i], offset)
}

// index finds the whole batches of an answer by their headers and leaves out what
// must not be seen. Nothing is decoded here.
func (s *source) index(a *answer, p *fetchedPart, offset int64) (*fetched, error) {
	f := &fetched{from: offset, next: offset, end: p.end(s.isolation)}
	filter := newAbortFilter(p.aborted)
	for rest := p.records; len(rest) > 0; {
		b, after, ok, err := parseBatch(rest)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.partition, err)
		}
		if !ok {
			f.cut = len(f.batches) == 0 && f.next == offset
			break
		}
		rest = after
		if b.next() <= offset {
			continue // a compacted batch before the one asked for
		}
		hidden := b.control()
		if s.isolation == readCommitted {
			hidden = filter.hidden(&b)
		}
		if hidden {
			// Nobody decodes it, so its checksum is looked at here.
			if err := b.checkCRC(); err != nil {
				return nil, fmt.Errorf("%s: %w", p.partition, err)
			}
		} else if b.count > 0 {
			f.batches = append(f.batches, b)
		}
		f.next = b.next()
	}
	f.buf = s.buffers.share(a.body)
	return f, nil
}

// emit cuts [from, to) of an answer into chunks of about chunkRows rows, and says
// whether the receiver wants more.
func (rd *reader) emit(f *fetched, from, to int64, yield func(connector.Chunk, error) bool) bool {
	batches := visible(f.batches, from, to)
	for len(batches) > 0 {
		if b := &batches[0]; b.dense() && b.compression() == 0 && clippedRows(b, from, to) >= 2*chunkRows {
			if !rd.emitLarge(f, batches[:1:1], from, to, yield) {
				return false
			}
			batches = batches[1:]
			continue
		}
		n, rows := 0, 0
		for n < len(batches) && rows < chunkRows {
			rows += clippedRows(&batches[n], from, to)
			n++
		}
		if !rd.yield(f, &chunk{batches: batches[:n:n], from: from, to: to, rows: rows}, yield) {
			return false
		}
		batches = batches[n:]
	}
	return true
}

// emitLarge cuts one large batch by offsets: its records can be counted off
// without being decoded.
func (rd *reader) emitLarge(f *fetched, one []batch, from, to int64, yield func(connector.Chunk, error) bool) bool {
	lo, hi := max(one[0].base, from), min(one[0].next(), to)
	for first := true; lo < hi; first = false {
		end := min(lo+chunkRows, hi)
		if hi-end < chunkRows/2 {
			end = hi
		}
		if !rd.yield(f, &chunk{batches: one, from: lo, to: end, rows: int(end - lo), checked: !first}, yield) {
			return false
		}
		lo = end
	}
	return true
}

func (rd *reader) yield(f *fetched, c *chunk, yield func(connector.Chunk, error) bool) bool {
	c.src, c.part, c.split, c.buf = rd.src, rd.part, rd.split, f.buf
	f.buf.retain()
	return yield(c, nil)
}

// visible gives the batches that have offsets in [from, to).
func visible(batches []batch, from, to int64) []batch {
	for len(batches) > 0 && batches[0].next() <= from {
		batches = batches[1:]
	}
	n := len(batches)
	for n > 0 && batches[n-1].base >= to {
		n--
	}
	return batches[:n]
}

// clippedRows bounds the rows that a batch has in [from, to).
func clippedRows(b *batch, from, to int64) int {
	return int(min(int64(b.count), min(b.next(), to)-max(b.base, from)))
}

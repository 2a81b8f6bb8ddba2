package engine

import (
	"context"
	"fmt"
)

// availability is a request to be told when what the sources held at some moment
// is committed.
type availability struct {
	target  []map[string]int64 // by source; nil until the loop asked the sources
	reached chan error         // capacity 1
}

// answer takes the requests that wait.
func (r *stream) answer(ctx context.Context) error {
	for {
		select {
		case req := <-r.q.requests:
			r.accept(ctx, req)
		case <-ctx.Done():
			return ctx.Err()
		default:
			return nil
		}
	}
}

// accept notes what the sources hold now, for a request.
func (r *stream) accept(ctx context.Context, req *availability) {
	for i, in := range r.inputs {
		latest, err := in.scan.source.Latest(ctx)
		if ctx.Err() != nil {
			return // the query ends: whoever asked is told by that
		}
		if err != nil {
			req.reached <- fmt.Errorf("%s: %w", in.name, err)
			return
		}
		if r.until != nil {
			latest = r.until[i]
		}
		req.target = append(req.target, latest)
	}
	r.waiting = append(r.waiting, req)
	r.release()
}

// release answers the requests whose rows are committed.
func (r *stream) release() {
	var still []*availability
	for _, req := range r.waiting {
		if r.reached(req) {
			req.reached <- nil
		} else {
			still = append(still, req)
		}
	}
	r.waiting = still
}

func (r *stream) reached(req *availability) bool {
	for i, target := range req.target {
		for split, end := range target {
			if done, ok := r.done[i][split]; end > 0 && (!ok || done < end) {
				return false
			}
		}
	}
	return true
}

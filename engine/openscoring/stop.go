package openscoring

import (
	"context"
	"crypto/tls"
	"errors"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// lastCall is how long connections without a request stay open when the server
// stops. A client that keeps its connection may have sent a request that the server
// has not seen yet: it is answered, and told to close.
const lastCall = 250 * time.Millisecond

// connections counts those that are open.
type connections struct {
	n    atomic.Int64
	none chan struct{} // is told when the last one closed
}

func (c *connections) changed(_ net.Conn, to http.ConnState) {
	switch to {
	case http.StateNew:
		c.n.Add(1)
	case http.StateClosed, http.StateHijacked:
		if c.n.Add(-1) == 0 {
			select {
			case c.none <- struct{}{}:
			default:
			}
		}
	}
}

// wait returns when there are none, or when the time is over.
func (c *connections) wait(ctx context.Context, most time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for c.n.Load() > 0 {
		select {
		case <-c.none:
		case <-ctx.Done():
			return
		}
	}
}

// Serve answers requests on a listener, with TLS if certificates is not nil,
// until ctx ends. Then it takes no more connections, and returns when the requests
// under way are answered or the time for that is over. It closes the listener.
func (s *Server) Serve(ctx context.Context, l net.Listener, certificates *tls.Config) error {
	open := &connections{none: make(chan struct{}, 1)}
	srv := &http.Server{
		Handler:           s,
		ConnState:         open.changed,
		ReadHeaderTimeout: s.cfg.Timeout,
		// The calls set their own deadlines; these are for what they do not read and
		// write, and make each request of a connection begin with fresh ones.
		ReadTimeout:    2 * s.cfg.Timeout,
		WriteTimeout:   4 * s.cfg.Timeout,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       log.New(httpLog{s.cfg.Logger}, "", 0),
		TLSConfig:      certificates,
	}
	done := make(chan error, 1)
	go func() {
		if certificates != nil {
			done <- srv.ServeTLS(l, "", "")
			return
		}
		done <- srv.Serve(l)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	return s.stop(context.WithoutCancel(ctx), srv, l, open, done)
}

// stop ends a server whose Serve tells done: no new connections, a last call for
// those that there are, and then the requests under way.
func (s *Server) stop(ctx context.Context, srv *http.Server, l net.Listener, open *connections, done <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Grace)
	defer cancel()
	s.stopping.Store(true)
	_ = l.Close() // Serve tells what is wrong with it
	end := <-done
	open.wait(ctx, s.lastCall)
	err := srv.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, srv.Close())
	}
	if !errors.Is(end, net.ErrClosed) {
		err = errors.Join(err, end)
	}
	return err
}

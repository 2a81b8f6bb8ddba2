package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"
)

// caller sends requests to one model's server and tries again what may succeed
// the next time. It may be used concurrently.
type caller struct {
	cfg    Config
	url    *url.URL // the model's
	header http.Header
	client *http.Client
	places chan struct{} // a value for each request under way

	requests, retries atomic.Int64
	server            atomic.Pointer[string] // what the server calls itself
}

func newCaller(cfg Config) (*caller, error) {
	cfg.setDefaults()
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, errors.New("the url cannot be read")
	}
	c := &caller{cfg: cfg, url: u, header: cfg.Header.Clone(), places: make(chan struct{}, cfg.MaxConcurrent)}
	if c.header == nil {
		c.header = http.Header{}
	}
	c.header.Set("Accept", "application/json")
	switch {
	case cfg.Token != "":
		c.header.Set("Authorization", "Bearer "+cfg.Token)
	case cfg.User != "":
		r := http.Request{Header: c.header}
		r.SetBasicAuth(cfg.User, cfg.Password)
	}
	c.client = &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: cfg.ConnectTimeout}).DialContext,
			TLSHandshakeTimeout:    cfg.ConnectTimeout,
			TLSClientConfig:        cfg.TLS,
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    cfg.MaxConcurrent,
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: 1 << 20,
		},
		// A redirect would send rows and secrets to where nobody has said they may go.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// callError is why the server gave no answer that can be used.
type callError struct {
	status int // 0: there was no answer
	msg    string
	tries  int
	again  bool // the next try may succeed
	after  time.Duration
}

func (e *callError) Error() string {
	if e.tries > 1 {
		return fmt.Sprintf("%s (tried %d times)", e.msg, e.tries)
	}
	return e.msg
}

// Times between tries: the first, doubled with each to the longest, and the
// longest that a server's Retry-After is obeyed.
const (
	firstWait = 250 * time.Millisecond
	mostWait  = 10 * time.Second
	mostAfter = time.Minute
)

// call sends a request until it is answered, or no try is left, and reads the
// answer into reply. An error is ctx's own, or a *callError.
func (c *caller) call(ctx context.Context, method string, u *url.URL, body []byte, reply *bytes.Buffer) error {
	for try := 1; ; try++ {
		err := c.once(ctx, method, u, body, reply)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var fault *callError
		if !errors.As(err, &fault) {
			return err
		}
		fault.tries = try
		if !fault.again || try > c.cfg.Retries {
			return fault
		}
		wait := c.backoff(try)
		if fault.after > mostAfter {
			fault.msg += fmt.Sprintf("; it asks for %v of patience, and more than %v is not waited", fault.after, mostAfter)
			return fault
		}
		if err := c.cfg.Wait(ctx, max(wait, fault.after)); err != nil {
			return err
		}
		c.retries.Add(1)
	}
}

// backoff is how long to wait after a try: the double of the time before, a
// random half of it left out so that workers do not come back together.
func (c *caller) backoff(try int) time.Duration {
	d := mostWait
	if try < 8 {
		d = min(mostWait, firstWait<<(try-1))
	}
	return d/2 + rand.N(d/2+1)
}

// once sends a request when there is a place for it.
func (c *caller) once(ctx context.Context, method string, u *url.URL, body []byte, reply *bytes.Buffer) error {
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	c.requests.Add(1)
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	var in io.Reader
	if body != nil {
		in = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), in)
	if err != nil {
		return &callError{msg: "the url cannot be asked"}
	}
	req.Header = c.header.Clone()
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.client.Do(req)
	if err != nil {
		return c.unanswered(ctx, err)
	}
	defer res.Body.Close()
	if name := res.Header.Get("Server"); name != "" && c.server.Load() == nil {
		name = shorten(name)
		c.server.Store(&name)
	}
	reply.Reset()
	if n, err := reply.ReadFrom(io.LimitReader(res.Body, c.cfg.MaxBytes+1)); err != nil {
		return c.unanswered(ctx, fmt.Errorf("its answer broke off after %d bytes: %w", n, err))
	}
	if int64(reply.Len()) > c.cfg.MaxBytes {
		return &callError{msg: fmt.Sprintf("its answer is longer than %d bytes: a smaller batchSize makes answers shorter, maxBytes allows longer ones", c.cfg.MaxBytes)}
	}
	if res.StatusCode == http.StatusOK {
		return nil
	}
	return answered(res, reply.Bytes())
}

// unanswered is the fault of a server that gave no whole answer.
func (c *caller) unanswered(ctx context.Context, err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err // without the URL, whose query may hold a key
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &callError{msg: fmt.Sprintf("no answer within %v", c.cfg.Timeout), again: true}
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return &callError{msg: err.Error() + "; tls.caFile names a file of certificates to trust"}
	}
	return &callError{msg: err.Error(), again: !errors.Is(err, http.ErrSchemeMismatch)}
}

// answered is the fault that an answer other than 200 tells of.
func answered(res *http.Response, body []byte) error {
	e := &callError{status: res.StatusCode, msg: strings.TrimSpace(fmt.Sprintf("%d %s", res.StatusCode, http.StatusText(res.StatusCode)))}
	if text := message(body); text != "" && text != http.StatusText(res.StatusCode) {
		e.msg += ": " + text
	}
	switch s := res.StatusCode; {
	case s >= 300 && s < 400:
		e.msg += "; it points to " + redirect(res) + ", and redirects are not followed: give that url"
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		e.msg += "; user and password, or token, say who is asking"
	case s == http.StatusRequestTimeout, s == http.StatusTooManyRequests, s >= 500:
		e.again = true
		e.after = retryAfter(res.Header.Get("Retry-After"), res.Header.Get("Date"))
	}
	return e
}

func redirect(res *http.Response) string {
	if to, err := res.Location(); err == nil {
		return shown(to)
	}
	return "nowhere"
}

// retryAfter reads the header: seconds, or a time, which is compared with the
// server's own clock.
func retryAfter(text, date string) time.Duration {
	if s, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(s) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(date)
	if err != nil {
		return 0
	}
	return max(0, at.Sub(now))
}

// message is what an answer's body says of a fault: {"message"}, else its text.
func message(body []byte) string {
	var m struct{ Message string }
	if json.Unmarshal(body, &m) == nil && m.Message != "" {
		return shorten(m.Message)
	}
	return shorten(string(body[:min(len(body), 4096)]))
}

// shorten makes one line of a text, not too long and fit for a terminal.
func shorten(s string) string {
	const most = 300
	s = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if len(s) <= most {
		return s
	}
	cut := most
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}

package openscoring

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// buffers are what a request needs to be read and answered, kept from request to
// request.
type buffers struct {
	body  bytes.Buffer
	reply []byte
	batch batch
}

// maxKept bounds what a pooled buffer keeps, and is the longest body that is read
// without a place for long ones.
const maxKept = 1 << 20

// call is one request under way.
type call struct {
	*Server
	w     http.ResponseWriter
	r     *http.Request
	buf   *buffers
	op    operation
	began time.Time

	long     bool  // it holds one of the places for long bodies
	held     int64 // its part of Server.buffered
	answered bool
}

// begin starts a call; end must be deferred.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, op operation) *call {
	return &call{Server: s, w: w, r: r, op: op, began: time.Now(), buf: s.buffers.Get().(*buffers)}
}

// end gives back what the call holds. It also catches a panic of the handler: the
// client hears of it, the log has the place, and the server goes on.
func (c *call) end() {
	fault := recover()
	if c.long {
		<-c.longBodies
	}
	c.buffered.Add(-c.held)
	if fault != nil {
		c.broke(fault) // the buffers may be in any state, and are left to the collector
		return
	}
	b := c.buf
	if b.body.Cap() <= maxKept && cap(b.reply) <= maxKept && cap(b.batch.json.scratch) <= maxKept {
		b.batch.rows, b.batch.json.b, b.batch.id = nil, nil, nil
		clear(b.batch.ids)
		c.buffers.Put(b)
	}
}

// broke ends a call whose handler panicked.
func (c *call) broke(fault any) {
	if fault == http.ErrAbortHandler {
		panic(fault)
	}
	c.cfg.Logger.Error("a request failed inside the server", "method", c.r.Method, "path", c.r.URL.Path, "panic", fmt.Sprint(fault), "stack", string(debug.Stack()))
	if c.answered {
		panic(http.ErrAbortHandler) // net/http closes the connection, and says nothing more
	}
	c.refuse(http.StatusInternalServerError, "the request failed inside the server; its log says where")
}

// answer writes a whole answer.
func (c *call) answer(status int, contentType string, body []byte) {
	c.answered = true
	h := c.w.Header()
	h["Content-Type"] = []string{contentType}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	_ = http.NewResponseController(c.w).SetWriteDeadline(time.Now().Add(c.cfg.Timeout))
	c.w.WriteHeader(status)
	if c.r.Method != http.MethodHead {
		_, _ = c.w.Write(body) // a client that is gone needs no answer
	}
	c.metrics.operations[c.op].observe(status, time.Since(c.began))
}

func (c *call) json(status int, body []byte) { c.answer(status, "application/json", body) }

// refuse answers {"message"}.
func (c *call) refuse(status int, message string) {
	c.json(status, appendMessage(nil, message))
}

func (c *call) status(status int) { c.refuse(status, http.StatusText(status)) }

// fail answers with an error of the request or of the server.
func (c *call) fail(err error) {
	var bad *jsonError
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &bad):
		c.answer(http.StatusBadRequest, "text/plain", []byte(err.Error()))
	case errors.As(err, &big):
		c.refuse(http.StatusRequestEntityTooLarge, "the body is longer than "+strconv.FormatInt(big.Limit, 10)+" bytes")
	case errors.Is(err, errTooManyRows):
		c.refuse(http.StatusRequestEntityTooLarge, err.Error())
	case errors.Is(err, errBusy), errors.Is(err, errFull):
		c.w.Header().Set("Retry-After", "1")
		c.refuse(http.StatusServiceUnavailable, err.Error())
	case errors.Is(err, errDirectory), errors.Is(err, errSameName):
		c.refuse(http.StatusConflict, err.Error())
	case errors.Is(err, errMediaType):
		c.status(http.StatusUnsupportedMediaType)
	case isTimeout(err):
		c.refuse(http.StatusRequestTimeout, "the request was not there within "+c.cfg.Timeout.String())
	default:
		c.refuse(http.StatusBadRequest, err.Error())
	}
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

var (
	errMediaType = errors.New("unsupported media type")
	errBusy      = errors.New("the server is busy: no place was free in time")
	errFull      = errors.New("the server is busy: the requests under way have filled the memory that it may use for them")
)

// place waits for a place among the requests that are computed.
func (c *call) place() (leave func(), err error) {
	if err := c.wait(c.places); err != nil {
		return nil, err
	}
	c.metrics.underWay.Add(1)
	return func() {
		c.metrics.underWay.Add(-1)
		<-c.places
	}, nil
}

// wait takes one of some places, or gives up with errBusy.
func (c *call) wait(places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	default:
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), c.cfg.Timeout)
	defer cancel()
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		c.metrics.refused.Add(1)
		return errBusy
	}
}

// hold counts bytes that the call keeps in memory to its end, or gives up with
// errFull.
func (c *call) hold(n int) error {
	c.held += int64(n)
	if others := c.buffered.Add(int64(n)) - c.held; others > 0 && others+c.held > c.cfg.MaxBuffered {
		c.metrics.refused.Add(1)
		return errFull
	}
	return nil
}

// holding is a body whose bytes are counted as they come: a client that only says
// that it will send many takes no memory.
type holding struct {
	c  *call
	in io.Reader
}

func (h holding) Read(p []byte) (int, error) {
	n, err := h.in.Read(p)
	if full := h.c.hold(n); full != nil {
		return n, full
	}
	return n, err
}

// read gives the body, unpacked, if its type is one of those wanted; of a form
// with files, the part that has one of the names. It is valid until the call ends.
func (c *call) read(parts []string, types ...string) ([]byte, error) {
	deadline := http.NewResponseController(c.w)
	_ = deadline.SetReadDeadline(c.began.Add(c.cfg.Timeout))
	body, err := c.readBody(parts, types)
	if err == nil {
		// The old deadline would cancel a request that waits for its place; without
		// any, a client could keep the server waiting for bytes that nobody needs.
		_ = deadline.SetReadDeadline(time.Now().Add(2 * c.cfg.Timeout))
	}
	return body, err
}

func (c *call) readBody(parts, types []string) ([]byte, error) {
	contentType, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if c.r.Header.Get("Content-Type") == "" {
		contentType, err = types[0], nil
	}
	if err != nil {
		return nil, errMediaType
	}
	in := io.Reader(http.MaxBytesReader(c.w, c.r.Body, c.cfg.MaxBody))
	switch strings.ToLower(c.r.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, errors.New("the body is not gzip, and its Content-Encoding says that it is")
		}
		defer z.Close()
		// For the parts of a form that are passed over, too: they are unpacked.
		in = http.MaxBytesReader(c.w, io.NopCloser(z), c.cfg.MaxBody)
	default:
		return nil, errMediaType
	}
	if contentType == "multipart/form-data" && len(parts) > 0 {
		return c.readPart(in, params["boundary"], parts)
	}
	for _, t := range types {
		if contentType == t {
			return c.readAll(in)
		}
	}
	return nil, errMediaType
}

// readAll reads up to the limit. A body of more than maxKept bytes goes on only
// with one of the places for long bodies, which the call keeps to its end: the
// memory of such bodies is bounded by the number of those places, and that of
// shorter ones by MaxBuffered. The places of the
// requests that are computed are not for this, since a client that sends slowly
// would keep them from others.
func (c *call) readAll(in io.Reader) ([]byte, error) {
	c.buf.body.Reset()
	if n := c.r.ContentLength; n > 0 {
		c.buf.body.Grow(int(min(n, 64<<10)) + bytes.MinRead)
	}
	most := c.cfg.MaxBody + 1
	_, err := c.buf.body.ReadFrom(holding{c, io.LimitReader(in, min(maxKept, most))})
	if err == nil && c.buf.body.Len() == maxKept {
		if err := c.wait(c.longBodies); err != nil {
			return nil, err
		}
		c.long = true
		_ = http.NewResponseController(c.w).SetReadDeadline(time.Now().Add(c.cfg.Timeout))
		_, err = c.buf.body.ReadFrom(io.LimitReader(in, most-maxKept))
	}
	if err == nil && int64(c.buf.body.Len()) > c.cfg.MaxBody {
		err = &http.MaxBytesError{Limit: c.cfg.MaxBody}
	}
	return c.buf.body.Bytes(), err
}

// override gives the method a request means: one in X-HTTP-Method-Override or
// _method counts in a POST.
func override(r *http.Request) string {
	if r.Method != http.MethodPost {
		return r.Method
	}
	m := r.Header.Get("X-HTTP-Method-Override")
	if m == "" {
		m = query(r).Get("_method")
	}
	if m == "" {
		return r.Method
	}
	return strings.ToUpper(m)
}

func query(r *http.Request) url.Values {
	if r.URL.RawQuery == "" {
		return nil
	}
	return r.URL.Query()
}

// nothing answers for a path where there is nothing.
func (s *Server) nothing(w http.ResponseWriter, r *http.Request) {
	c := s.begin(w, r, opOther)
	defer c.end()
	c.status(http.StatusNotFound)
}

// notAllowed answers for a method that a path does not have.
func (c *call) notAllowed(methods string) {
	c.w.Header().Set("Allow", methods)
	c.status(http.StatusMethodNotAllowed)
}

// collection answers for /openscoring/model.
func (s *Server) collection(w http.ResponseWriter, r *http.Request) {
	c := s.begin(w, r, opList)
	defer c.end()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		c.notAllowed("GET, HEAD")
		return
	}
	all := s.store.all()
	if len(all) == 0 {
		c.json(http.StatusOK, []byte("{ }"))
		return
	}
	dst := []byte("{\n  \"responses\" : [ ")
	for i, e := range all {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = e.appendModel(dst, "  ", false)
	}
	c.json(http.StatusOK, append(dst, " ]\n}"...))
}

// model answers for /openscoring/model/{id}.
func (s *Server) model(w http.ResponseWriter, r *http.Request) {
	ops := map[string]operation{http.MethodPut: opDeploy, http.MethodDelete: opUndeploy, http.MethodGet: opDescribe, http.MethodHead: opDescribe, http.MethodPost: opScore}
	method := override(r)
	op, known := ops[method]
	if !known {
		op = opOther
	}
	c := s.begin(w, r, op)
	defer c.end()
	id := r.PathValue("id")
	if !validID.MatchString(id) || len(id) > maxID {
		c.status(http.StatusNotFound)
		return
	}
	switch op {
	case opDeploy:
		c.deploy(id)
	case opUndeploy:
		c.undeploy(id)
	case opDescribe:
		if e := s.store.get(id); e != nil {
			c.json(http.StatusOK, e.appendModel(nil, "", true))
			return
		}
		c.status(http.StatusNotFound)
	case opScore:
		c.score(id)
	default:
		c.notAllowed("GET, HEAD, POST, PUT, DELETE")
	}
}

// action answers for /openscoring/model/{id}/{action}.
func (s *Server) action(w http.ResponseWriter, r *http.Request) {
	ops := map[string]operation{"pmml": opDocument, "document": opDocument, "batch": opBatch, "csv": opCSV}
	op, known := ops[r.PathValue("action")]
	if !known {
		op = opOther
	}
	c := s.begin(w, r, op)
	defer c.end()
	id := r.PathValue("id")
	switch {
	case op == opOther:
		c.status(http.StatusNotFound)
	case op == opDocument && r.Method != http.MethodGet && r.Method != http.MethodHead:
		c.notAllowed("GET, HEAD")
	case op == opDocument:
		c.document(id, r.PathValue("action") == "pmml")
	case r.Method != http.MethodPost:
		c.notAllowed("POST")
	case op == opBatch:
		c.batch(id)
	default:
		c.csv(id)
	}
}

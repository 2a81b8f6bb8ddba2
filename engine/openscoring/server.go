package openscoring

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine/disk"
)

// Config says what a server holds and allows. The zero Config keeps models in
// memory and has the defaults named below.
type Config struct {
	// Dir is the folder of the models: PMML documents (*.pmml), those of XGBoost
	// (*.json, *.ubj), LightGBM (*.txt) and ONNX (*.onnx), and directories that
	// Spark ML saved. What is there at the start is deployed under its name, and
	// what is deployed is kept there. Empty: models are kept in memory only.
	Dir string
	// Token is what a request must carry (Authorization: Bearer) to deploy, undeploy
	// and read documents, from wherever it comes. Empty: only requests from this
	// machine may, and a server behind a proxy needs a token.
	Token string

	MaxBody int64 // bytes of a request's body, unpacked; default 64 MiB
	MaxRows int   // records of a request; default 100,000, and fewer for models of many fields
	// MaxConcurrency is the number of requests computed at a time, and, apart from
	// them, of bodies over 1 MiB in memory at a time; the others wait. Default 4 a
	// processor.
	MaxConcurrency int
	// MaxBuffered bounds the bytes of bodies up to 1 MiB and of answers that are in
	// memory at a time: what would go beyond is refused with 503. Default 256 MiB.
	MaxBuffered int64
	Timeout     time.Duration // for reading a request, waiting, and writing its answer, each; default 30 s
	Grace       time.Duration // for requests under way when the server stops; default 10 s

	Logger    *slog.Logger     // default: none
	Allocator memory.Allocator // for Arrow data; default: Go's memory
	FS        disk.FS          // where documents are kept; default: the machine's
}

func (c *Config) setDefaults() {
	if c.MaxBody <= 0 {
		c.MaxBody = 64 << 20
	}
	if c.MaxRows <= 0 {
		c.MaxRows = 100_000
	}
	if c.MaxConcurrency <= 0 {
		c.MaxConcurrency = 4 * runtime.GOMAXPROCS(0)
	}
	if c.MaxBuffered <= 0 {
		c.MaxBuffered = 256 << 20
	}
	if c.Timeout <= 0 {
		c.Timeout = 30 * time.Second
	}
	if c.Grace <= 0 {
		c.Grace = 10 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Allocator == nil {
		c.Allocator = memory.DefaultAllocator
	}
	if c.FS == nil {
		c.FS = disk.OS{}
	}
}

// Server answers requests for models. It is made by New; all methods may be
// called concurrently.
type Server struct {
	cfg        Config
	store      *store
	faults     []Fault
	mux        *http.ServeMux
	origin     *http.CrossOriginProtection
	places     chan struct{} // a value for each request being computed
	longBodies chan struct{} // a value for each body over maxKept bytes in memory
	buffered   atomic.Int64  // bytes of bodies up to maxKept and of answers in memory
	metrics    metrics
	buffers    sync.Pool   // *buffers
	stopping   atomic.Bool // each answer closes its connection
	lastCall   time.Duration
}

// New makes a server and loads the models of its folder. Files that could not
// be loaded are in Faults and do not stop it; an error means that the folder
// cannot be used.
func New(cfg Config) (*Server, error) {
	cfg.setDefaults()
	st, faults, err := openStore(cfg.Dir, cfg.FS)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, store: st, faults: faults, origin: http.NewCrossOriginProtection(), lastCall: lastCall,
		places: make(chan struct{}, cfg.MaxConcurrency), longBodies: make(chan struct{}, cfg.MaxConcurrency)}
	s.metrics.started = time.Now()
	s.buffers.New = func() any { return &buffers{} }
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("/openscoring/model", s.collection)
	s.mux.HandleFunc("/openscoring/model/{id}", s.model)
	s.mux.HandleFunc("/openscoring/model/{id}/{action}", s.action)
	s.mux.HandleFunc("/metrics", s.serveMetrics)
	s.mux.HandleFunc("/healthz", s.serveHealth)
	s.mux.HandleFunc("/openapi.json", serveOpenAPI)
	s.mux.HandleFunc("/{$}", servePage)
	s.mux.HandleFunc("/", s.nothing)
	for _, f := range faults {
		cfg.Logger.Error("a model was left out", "path", f.Path, "error", f.Err)
	}
	return s, nil
}

// Faults are the files of the folder that New could not load.
func (s *Server) Faults() []Fault { return s.faults }

// Models are the names of the deployed models, in order.
func (s *Server) Models() []string {
	var ids []string
	for _, e := range s.store.all() {
		ids = append(ids, e.id)
	}
	return ids
}

// application is what Openscoring's own clients look for before they believe an
// answer: the version whose API it is.
const application = "Openscoring/2.1 (millrace)"

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Application", application)
	if s.stopping.Load() {
		h.Set("Connection", "close")
	}
	s.mux.ServeHTTP(w, r)
}

// httpLog is where net/http writes: panics are errors, and all else is of clients
// that went away or did not speak the protocol.
type httpLog struct{ to *slog.Logger }

func (l httpLog) Write(line []byte) (int, error) {
	level := slog.LevelDebug
	if bytes.HasPrefix(line, []byte("http: panic ")) {
		level = slog.LevelError
	}
	l.to.Log(context.Background(), level, string(bytes.TrimSpace(line)))
	return len(line), nil
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/broker"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/connector/console"
	"github.com/millrace-sql/millrace/engine/connector/file"
	"github.com/millrace-sql/millrace/engine/connector/kafka"
	memconn "github.com/millrace-sql/millrace/engine/connector/memory"
	"github.com/millrace-sql/millrace/engine/disk"
	"github.com/millrace-sql/millrace/engine/function"
	"github.com/millrace-sql/millrace/engine/model"
)

// Engine runs SQL. It is safe for use by many goroutines.
type Engine struct {
	cfg        Config
	catalog    *catalog.Catalog
	connectors map[string]connector.Connector
	formats    map[string]ModelFormat
	ctx        context.Context // ends with Close; the background queries' root
	cancel     context.CancelCauseFunc
	reloads    reloads

	mu      sync.Mutex
	vars    map[string]string // set by SET
	queries map[string]*Query // by lower-case name, running and ended
	broker  *broker.Broker
	closed  bool
}

// ErrClosed is why queries end when their engine is closed.
var ErrClosed = errors.New("the engine was closed")

// Open makes an engine. It starts nothing: the embedded broker starts when a
// statement first needs it.
func Open(cfg Config) (*Engine, error) {
	cfg = cfg.withDefaults()
	e := &Engine{
		cfg:        cfg,
		connectors: map[string]connector.Connector{},
		formats:    map[string]ModelFormat{},
		vars:       map[string]string{},
		queries:    map[string]*Query{},
	}
	e.ctx, e.cancel = context.WithCancelCause(context.Background())
	e.catalog = newCatalog()
	if err := e.addConnectors(); err != nil {
		return nil, err
	}
	for _, f := range append(model.Formats(), cfg.ModelFormats...) {
		e.formats[strings.ToLower(f.Name())] = f
	}
	return e, nil
}

func (e *Engine) addConnectors() error {
	hooks := file.Config{Hook: e.cfg.Hook}
	builtin := []connector.Connector{
		kafka.New(), file.NewCSV(disk.OS{}, hooks), file.NewJSON(disk.OS{}, hooks), file.NewText(disk.OS{}, hooks), memconn.New(), console.New(os.Stdout),
		&customConnector{places: map[string]place{}},
	}
	for _, c := range append(builtin, e.cfg.Connectors...) {
		name := c.Name()
		if name == "" || name != strings.ToLower(name) {
			return fmt.Errorf("connector name %q: a lower-case word was expected", name)
		}
		e.connectors[name] = c
	}
	return nil
}

// newCatalog makes a catalog whose model functions find their models in it.
func newCatalog() *catalog.Catalog {
	var c *catalog.Catalog
	c = catalog.New(function.BuiltinsWith(
		func(name string) *catalog.ModelEntry { return c.Model(name) },
		func() []string { return c.Names(catalog.Models) },
	))
	return c
}

// Close stops all queries at once, waits for them and ends the embedded broker.
func (e *Engine) Close() error {
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	e.cancel(ErrClosed)
	for _, q := range e.Queries() {
		<-q.done
	}
	var err error
	if m, ok := e.connectors["memory"].(*memconn.Connector); ok {
		err = m.Close()
	}
	e.mu.Lock()
	b := e.broker
	e.broker = nil
	e.mu.Unlock()
	if b != nil {
		err = errors.Join(err, b.Close())
	}
	return err
}

// Queries lists the queries of this engine, running and ended, by name.
func (e *Engine) Queries() []*Query {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.SortedFunc(maps.Values(e.queries), func(a, b *Query) int { return strings.Compare(a.name, b.name) })
}

// Lookup finds a query by name, or nil.
func (e *Engine) Lookup(name string) *Query {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.queries[strings.ToLower(name)]
}

// BrokerAddr is the embedded broker's address, or "" while it is not running.
func (e *Engine) BrokerAddr() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.broker == nil {
		return ""
	}
	return e.broker.Addr()
}

// embedded starts the embedded broker on first use and gives its address.
func (e *Engine) embedded(ctx context.Context) (string, error) {
	addr, started, err := e.startBroker(ctx)
	if started { // told without the lock, so that the listener may ask the engine
		e.emit(BrokerStarted{Addr: addr})
	}
	return addr, err
}

func (e *Engine) startBroker(ctx context.Context) (addr string, started bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return "", false, ErrClosed
	}
	if e.broker == nil {
		cfg := broker.Config{Port: e.cfg.BrokerPort}
		if e.cfg.DataDir != "" {
			cfg.Dir = filepath.Join(e.cfg.DataDir, "broker")
		}
		b, err := broker.Start(ctx, cfg)
		if err != nil {
			return "", false, fmt.Errorf("embedded broker: %w", err)
		}
		e.broker, started = b, true
		e.cfg.Logger.Info("embedded broker started", "address", b.Addr())
	}
	return e.broker.Addr(), started, nil
}

// env is what the engine lends to a connector; status may be nil.
func (e *Engine) env(status func(string)) connector.Env {
	return connector.Env{DataDir: e.cfg.DataDir, Embedded: e.embedded, Logger: e.cfg.Logger, Status: status}
}

// emit tells the listener.
func (e *Engine) emit(ev Event) {
	if e.cfg.Listener != nil {
		e.cfg.Listener(ev)
	}
}

// warn writes what an event tells too to the log: as a warning where nobody listens
// for events.
func (e *Engine) warn(text string, about ...any) {
	if e.cfg.Listener == nil {
		e.cfg.Logger.Warn(text, about...)
	} else {
		e.cfg.Logger.Info(text, about...)
	}
}

// hook tells the test hook.
func (e *Engine) hook(point string) {
	if e.cfg.Hook != nil {
		e.cfg.Hook(point)
	}
}

// Variable looks up what ${name} stands for: the configuration's variables, then
// SET, then data_dir.
func (e *Engine) variable(name string) (string, bool) {
	if v, ok := e.cfg.Variables[name]; ok {
		return v, true
	}
	e.mu.Lock()
	v, ok := e.vars[name]
	e.mu.Unlock()
	if ok {
		return v, true
	}
	if name == "data_dir" && e.cfg.DataDir != "" {
		return e.cfg.DataDir, true
	}
	return "", false
}

// variableNames lists the names that variable knows.
func (e *Engine) variableNames() []string {
	names := slices.Collect(maps.Keys(e.cfg.Variables))
	e.mu.Lock()
	names = slices.AppendSeq(names, maps.Keys(e.vars))
	e.mu.Unlock()
	if e.cfg.DataDir != "" {
		names = append(names, "data_dir")
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Catalog is what the engine's names mean, to look at.
func (e *Engine) Catalog() catalog.Reader { return e.catalog }

package engine

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
	memconn "github.com/millrace-sql/millrace/engine/connector/memory"
)

// RegisterFunction makes a catalog.Function, catalog.Aggregate or
// catalog.TableFunction known to scripts under its name. See Function1 and
// Function2 for plain Go functions.
func (e *Engine) RegisterFunction(f interface{ Name() string }) error {
	return e.catalog.PutFunction(f.Name(), f)
}

// RegisterModel makes a model known under a name. Version identifies what it
// scores like: a checksum, or any text that changes with it.
func (e *Engine) RegisterModel(name, version string, m catalog.Model, opts ...ModelOption) error {
	entry := &catalog.ModelEntry{Name: name, Connector: "go", Model: m, Version: version}
	for _, o := range opts {
		o(entry)
	}
	return e.catalog.PutModel(entry, false)
}

// RegisterTable makes a table of rows in memory known under its name: to be read,
// to be written, and, with stream, to be followed without end.
func (e *Engine) RegisterTable(t *memconn.Table, stream bool) error {
	m, ok := e.connectors["memory"].(*memconn.Connector)
	if !ok {
		return fmt.Errorf("table %s: the connector memory was replaced", t.Name())
	}
	m.Put(t)
	return e.catalog.PutRelation(t.Name(), &catalog.Table{
		Name: t.Name(), Stream: stream, Connector: "memory", Schema: t.Schema(), Declared: t.Schema() != nil,
		Options: map[string]string{},
	}, false)
}

// RegisterSource makes a source of the caller's own known as a table or, with
// stream, as a stream. Each query opens one and closes it.
func (e *Engine) RegisterSource(name string, stream bool, schema *arrow.Schema, open func(context.Context) (connector.Source, error)) error {
	e.custom().put(name, place{schema: schema, source: open})
	return e.catalog.PutRelation(name, &catalog.Table{Name: name, Stream: stream, Connector: customName, Schema: schema, Declared: true}, false)
}

// RegisterSink makes a sink of the caller's own known as a table that INSERT can
// write. A nil schema takes the columns of the first INSERT.
func (e *Engine) RegisterSink(name string, schema *arrow.Schema, open func(context.Context, *arrow.Schema) (connector.Sink, error)) error {
	e.custom().put(name, place{schema: schema, sink: open})
	return e.catalog.PutRelation(name, &catalog.Table{Name: name, Connector: customName, Schema: schema, Declared: schema != nil}, false)
}

// customName is the connector of sources and sinks that an embedder registers.
const customName = "go"

func (e *Engine) custom() *customConnector { return e.connectors[customName].(*customConnector) }

// place is a source or a sink of an embedder.
type place struct {
	schema *arrow.Schema
	source func(context.Context) (connector.Source, error)
	sink   func(context.Context, *arrow.Schema) (connector.Sink, error)
}

// customConnector opens the sources and sinks of an embedder by name.
type customConnector struct {
	mu     sync.Mutex
	places map[string]place
}

func (c *customConnector) put(name string, p place) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.places[strings.ToLower(name)] = p
}

func (c *customConnector) get(name string) place {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.places[strings.ToLower(name)]
}

// Name is the word after USING.
func (*customConnector) Name() string { return customName }

// Options are none.
func (*customConnector) Options() []connector.Option { return nil }

// Describe says what was registered under the table's name.
func (c *customConnector) Describe(_ context.Context, _ connector.Env, t *catalog.Table, _ bool) (connector.Description, error) {
	p := c.get(t.Name)
	if p.source == nil && p.sink == nil {
		return connector.Description{}, fmt.Errorf("the program has registered nothing under the name %s", t.Name)
	}
	return connector.Description{Schema: p.schema, Readable: p.source != nil, Writable: p.sink != nil, Unbounded: t.Stream}, nil
}

// OpenSource opens the source registered under the table's name.
func (c *customConnector) OpenSource(ctx context.Context, _ connector.Env, t *catalog.Table) (connector.Source, error) {
	p := c.get(t.Name)
	if p.source == nil {
		return nil, fmt.Errorf("%s can be written only", t.Name)
	}
	return p.source(ctx)
}

// OpenSink opens the sink registered under the table's name.
func (c *customConnector) OpenSink(ctx context.Context, _ connector.Env, t *catalog.Table, schema *arrow.Schema) (connector.Sink, error) {
	p := c.get(t.Name)
	if p.sink == nil {
		return nil, fmt.Errorf("%s can be read only", t.Name)
	}
	return p.sink(ctx, schema)
}

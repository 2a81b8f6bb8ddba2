package memory

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
)

// Connector is USING memory. It finds tables by the option name, or by the name
// in CREATE TABLE; one that it does not know it makes when a query first opens
// it, and keeps as long as it lives itself.
type Connector struct {
	mu     sync.Mutex
	tables map[string]*Table
	made   []*Table // by CREATE TABLE: nobody else lets go of their rows
}

// New makes a connector that knows some tables.
func New(tables ...*Table) *Connector {
	c := &Connector{tables: map[string]*Table{}}
	for _, t := range tables {
		c.Put(t)
	}
	return c
}

// Put adds a table; one of the same name is forgotten.
func (c *Connector) Put(t *Table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tables[strings.ToLower(t.name)] = t
}

// Close lets go of the rows of the tables that the connector made itself; no query
// may run.
func (c *Connector) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.made {
		t.Release()
	}
	c.made = nil
	return nil
}

// Table finds a table by name, in any case, or gives nil.
func (c *Connector) Table(name string) *Table {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tables[strings.ToLower(name)]
}

// Name is the word after USING.
func (*Connector) Name() string { return "memory" }

// Options specifies every option.
func (*Connector) Options() []connector.Option {
	return []connector.Option{{Name: "name", Read: true, Write: true, Help: "the name of the rows in this process; by default that of the table"}}
}

func nameOf(t *catalog.Table) string {
	if n := t.Options["name"]; n != "" {
		return n
	}
	return t.Name
}

// Describe compares the declared columns with those of the rows.
func (c *Connector) Describe(_ context.Context, _ connector.Env, t *catalog.Table, _ bool) (connector.Description, error) {
	notes, err := connector.CheckOptions(c.Options(), t.Options)
	if err != nil {
		return connector.Description{}, err
	}
	d := connector.Description{Readable: true, Writable: true, Unbounded: t.Stream, Notes: notes}
	rows := c.Table(nameOf(t))
	if rows != nil {
		d.Schema = rows.Schema()
	}
	if !t.Declared {
		return d, nil
	}
	if d.Schema != nil {
		err = rows.compatible(t.Schema)
	}
	d.Schema = t.Schema
	return d, err
}

func (t *Table) compatible(s *arrow.Schema) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.accept(s)
}

// open finds the rows of a table, or makes them.
func (c *Connector) open(t *catalog.Table, schema *arrow.Schema) (*Table, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := strings.ToLower(nameOf(t))
	rows := c.tables[key]
	if rows == nil {
		rows = NewTable(nameOf(t), schema)
		c.tables[key], c.made = rows, append(c.made, rows)
	}
	if schema == nil {
		return rows, nil
	}
	return rows, rows.compatible(schema)
}

// OpenSource makes a source over the rows: those that are there now, or, for a
// stream, also those to come.
func (c *Connector) OpenSource(_ context.Context, _ connector.Env, t *catalog.Table) (connector.Source, error) {
	rows, err := c.open(t, t.Schema)
	if err != nil {
		return nil, err
	}
	schema := rows.Schema()
	if schema == nil {
		return nil, fmt.Errorf("memory table %s has no rows yet, so that its columns are not known: name them in CREATE TABLE", t.Name)
	}
	s := &source{table: rows, schema: schema, end: -1}
	if !t.Stream {
		s.end = rows.Rows()
	}
	return s, nil
}

// OpenSink makes a sink that appends to the rows.
func (c *Connector) OpenSink(_ context.Context, _ connector.Env, t *catalog.Table, schema *arrow.Schema) (connector.Sink, error) {
	rows, err := c.open(t, schema)
	if err != nil {
		return nil, err
	}
	return &sink{table: rows, overwrite: t.Options[connector.OverwriteOption] == "true"}, nil
}

// sink collects an epoch's records and adds them at once.
type sink struct {
	table     *Table
	overwrite bool
}

// encoded is a record that is kept.
type encoded struct{ rec arrow.Record }

func (e *encoded) Rows() int { return int(e.rec.NumRows()) }
func (e *encoded) Release()  { e.rec.Release() }

// Encode keeps the record.
func (s *sink) Encode(_ catalog.Task, rec arrow.Record) (connector.Encoded, error) {
	rec.Retain()
	return &encoded{rec}, nil
}

// Write adds an epoch's rows, unless they are there already.
func (s *sink) Write(ctx context.Context, q connector.QueryID, epoch int64, rows iter.Seq2[connector.Encoded, error]) error {
	var records []arrow.Record
	defer func() { release(records) }()
	for e, err := range rows {
		if err != nil {
			return err
		}
		enc, ok := e.(*encoded)
		if !ok {
			e.Release()
			return fmt.Errorf("memory table %s: rows of another sink: %T", s.table.name, e)
		}
		records = append(records, enc.rec)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.table.write(q, epoch, records, s.overwrite)
}

// Close holds nothing.
func (s *sink) Close() error { return nil }

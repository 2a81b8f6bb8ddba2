package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Reader is what the planner sees of a catalog.
type Reader interface {
	// Relation finds a stream, table or view: a *Table, a *View, or nil.
	Relation(name string) any
	Model(name string) *ModelEntry
	Function(name string) Function
	Aggregate(name string) Aggregate
	TableFunction(name string) TableFunction
	Caster() Caster
	// Names lists the names of a kind, sorted, for suggestions and SHOW.
	Names(kind Kind) []string
}

// Kind is a kind of object in a catalog.
type Kind int

// The kinds. Streams, tables and views share one name space.
const (
	Relations Kind = iota
	Streams
	Tables
	Views
	Models
	Functions
)

// Catalog is the one implementation of Reader. The zero value is not usable;
// see New.
type Catalog struct {
	builtins Builtins

	mu        sync.RWMutex
	relations map[string]any
	models    map[string]*ModelEntry
	functions map[string]any // Function, Aggregate or TableFunction registered by an embedder
}

// Builtins are the functions a catalog starts with. Names compare without case.
type Builtins struct {
	Functions      []Function
	Aggregates     []Aggregate
	TableFunctions []TableFunction
	Caster         Caster
}

// New makes a catalog that holds the built-in functions and nothing else.
func New(b Builtins) *Catalog {
	c := &Catalog{
		builtins:  b,
		relations: map[string]any{},
		models:    map[string]*ModelEntry{},
		functions: map[string]any{},
	}
	for _, f := range b.Functions {
		c.functions[key(f.Name())] = f
	}
	for _, f := range b.Aggregates {
		c.functions[key(f.Name())] = f
	}
	for _, f := range b.TableFunctions {
		c.functions[key(f.Name())] = f
	}
	return c
}

func key(name string) string { return strings.ToLower(name) }

// Relation finds a stream, table or view.
func (c *Catalog) Relation(name string) any {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.relations[key(name)]
}

// Model finds a model, or nil.
func (c *Catalog) Model(name string) *ModelEntry {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.models[key(name)]
}

func (c *Catalog) function(name string) any {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.functions[key(name)]
}

// Function finds a scalar function, or nil.
func (c *Catalog) Function(name string) Function {
	f, _ := c.function(name).(Function)
	return f
}

// Aggregate finds an aggregate function, or nil.
func (c *Catalog) Aggregate(name string) Aggregate {
	f, _ := c.function(name).(Aggregate)
	return f
}

// TableFunction finds a table function, or nil.
func (c *Catalog) TableFunction(name string) TableFunction {
	f, _ := c.function(name).(TableFunction)
	return f
}

// Caster gives the conversions between types.
func (c *Catalog) Caster() Caster { return c.builtins.Caster }

// ErrExists is returned (wrapped) when a name is taken.
var ErrExists = fmt.Errorf("already exists")

// PutRelation stores a *Table or *View. Without replace a taken name is
// ErrExists.
func (c *Catalog) PutRelation(name string, r any, replace bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.relations[key(name)]; ok && !replace {
		return fmt.Errorf("%s %s %w", describe(old), name, ErrExists)
	}
	c.relations[key(name)] = r
	return nil
}

// PutModel stores a model. Without replace a taken name is ErrExists.
func (c *Catalog) PutModel(m *ModelEntry, replace bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.models[key(m.Name)]; ok && !replace {
		return fmt.Errorf("model %s %w", m.Name, ErrExists)
	}
	c.models[key(m.Name)] = m
	return nil
}

// SwapModel puts a model in the place of another, unless that is no longer there.
func (c *Catalog) SwapModel(old, m *ModelEntry) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.models[key(old.Name)] != old {
		return false
	}
	c.models[key(m.Name)] = m
	return true
}

// PutFunction stores a Function, an Aggregate or a TableFunction of an
// embedder. A built-in name is ErrExists.
func (c *Catalog) PutFunction(name string, f any) error {
	switch f.(type) {
	case Function, Aggregate, TableFunction:
	default:
		return fmt.Errorf("%T is not a Function, an Aggregate or a TableFunction", f)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.functions[key(name)]; ok {
		return fmt.Errorf("function %s %w", name, ErrExists)
	}
	c.functions[key(name)] = f
	return nil
}

// DropRelation forgets a relation and says whether it was there.
func (c *Catalog) DropRelation(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.relations[key(name)]
	delete(c.relations, key(name))
	return ok
}

// DropModel forgets a model and says whether it was there.
func (c *Catalog) DropModel(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.models[key(name)]
	delete(c.models, key(name))
	return ok
}

// CopyInto puts every entry of c into d, which keeps its own built-in functions:
// what a check of a script works on. Entries are shared, so they must be
// replaced, never changed.
func (c *Catalog) CopyInto(d *Catalog) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	maps.Copy(d.relations, c.relations)
	maps.Copy(d.models, c.models)
	for name, f := range c.functions {
		if _, ok := d.functions[name]; !ok {
			d.functions[name] = f
		}
	}
}

// Names lists the names of a kind, sorted.
func (c *Catalog) Names(kind Kind) []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []string
	switch kind {
	case Models:
		for _, m := range c.models {
			out = append(out, m.Name)
		}
	case Functions:
		out = slices.AppendSeq(out, maps.Keys(c.functions))
	default:
		for _, r := range c.relations {
			if name, k := nameOf(r); kind == Relations || kind == k {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out
}

func nameOf(r any) (string, Kind) {
	switch r := r.(type) {
	case *View:
		return r.Name, Views
	case *Table:
		if r.Stream {
			return r.Name, Streams
		}
		return r.Name, Tables
	}
	return "", Relations
}

func describe(r any) string {
	switch _, k := nameOf(r); k {
	case Views:
		return "view"
	case Streams:
		return "stream"
	}
	return "table"
}

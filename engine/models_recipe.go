package engine

import (
	"fmt"
	"maps"
	"strings"
	"sync"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/exec"
	"github.com/millrace-sql/millrace/engine/function"
	"github.com/millrace-sql/millrace/sql"
	"github.com/millrace-sql/millrace/sql/plan"
)

// modelSet is models by lower-case name.
type modelSet map[string]*catalog.ModelEntry

// recipe makes the plan of a streaming query again with other models: all other
// names mean what they meant when the query was started.
type recipe struct {
	names *frozenNames
	// bind makes the plan of the rows, and the schema that the query itself gives them.
	bind func(catalog.Reader) (plan.Node, *arrow.Schema, error)
}

// frozenNames are a catalog's names at one moment, but for its models. It notes
// which models are asked for.
type frozenNames struct {
	*catalog.Catalog

	mu        sync.Mutex
	models    modelSet // what Model gives before the catalog's
	asked     modelSet
	relations map[string]bool // those asked for, in lower case
}

// freeze copies the names of a catalog.
func freeze(c *catalog.Catalog) *frozenNames {
	f := &frozenNames{asked: modelSet{}, relations: map[string]bool{}}
	f.Catalog = catalog.New(function.BuiltinsWith(f.Model, func() []string { return f.Names(catalog.Models) }))
	c.CopyInto(f.Catalog)
	return f
}

// Model finds a model and notes that it was found.
func (f *frozenNames) Model(name string) *catalog.ModelEntry {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := strings.ToLower(name)
	m := f.models[key]
	if m == nil {
		m = f.Catalog.Model(name)
	}
	if m != nil {
		f.asked[key] = m
	}
	return m
}

// Relation finds a relation and notes that it was asked for.
func (f *frozenNames) Relation(name string) any {
	f.mu.Lock()
	f.relations[strings.ToLower(name)] = true
	f.mu.Unlock()
	return f.Catalog.Relation(name)
}

// forget drops the relations that nobody asked for and the models, so that the
// rows of a cached one and a model that was replaced do not live as long as the
// query. From then on the models are those of with.
func (f *frozenNames) forget() {
	for _, name := range f.Names(catalog.Relations) {
		if !f.relations[strings.ToLower(name)] {
			f.DropRelation(name)
		}
	}
	for _, name := range f.Names(catalog.Models) {
		f.DropModel(name)
	}
}

// with lets the names of models stand for others and forgets what was asked.
func (f *frozenNames) with(m modelSet) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.models, f.asked = m, modelSet{}
}

// dish is a query's plan with certain models, compiled.
type dish struct {
	plan    plan.Node
	program *exec.Program
	schema  *arrow.Schema // what the query itself gives, before its table's casts
	models  modelSet      // those that the plan asked for
}

// make binds and compiles the query with models, or, the first time, with nil,
// with those of the query's start. A set has all the models that the first dish had.
func (r *recipe) make(m modelSet) (d dish, err error) {
	r.names.with(m)
	if d.plan, d.schema, err = r.bind(r.names); err != nil {
		return dish{}, err
	}
	r.names.forget()
	d.models = maps.Clone(r.names.asked)
	d.program, err = exec.Compile(d.plan)
	return d, err
}

// insertRecipe is the recipe of an INSERT that is bound already.
func (s *session) insertRecipe(st *sql.Insert) *recipe {
	return &recipe{names: freeze(s.catalog), bind: func(c catalog.Reader) (plan.Node, *arrow.Schema, error) {
		query, err := plan.Bind(&sql.SelectStmt{Span: st.Query.Span, Query: st.Query}, c)
		if err != nil {
			return nil, nil, err
		}
		n, err := plan.Bind(st, c)
		if err != nil {
			return nil, nil, err
		}
		n, err = s.finish(n)
		return n, plan.Schema(query), err
	}}
}

// selectRecipe is the recipe of a SELECT without its LIMIT, which is the
// follower's.
func (s *session) selectRecipe(q *sql.Query) *recipe {
	return &recipe{names: freeze(s.catalog), bind: func(c catalog.Reader) (plan.Node, *arrow.Schema, error) {
		n, err := plan.Bind(&sql.SelectStmt{Span: q.Span, Query: q}, c)
		if err != nil {
			return nil, nil, err
		}
		schema := plan.Schema(n)
		if n, err = s.finish(n); err == nil {
			n, _ = takeLimit(n)
		}
		return n, schema, err
	}}
}

// sameRows says in the user's words how the rows of two plans of one query differ;
// nil when they have the same columns.
func sameRows(was, is *arrow.Schema) error {
	a, b := was.Fields(), is.Fields()
	for i := range min(len(a), len(b)) {
		switch {
		case a[i].Name != b[i].Name:
			return fmt.Errorf("column %d of the query would be %s instead of %s", i+1, b[i].Name, a[i].Name)
		case !arrow.TypeEqual(a[i].Type, b[i].Type):
			return fmt.Errorf("column %s of the query would be %s instead of %s", a[i].Name, strings.ToUpper(sql.TypeName(b[i].Type)), strings.ToUpper(sql.TypeName(a[i].Type)))
		}
	}
	if len(a) != len(b) {
		return fmt.Errorf("the query would have %s instead of %d", catalog.Count(len(b), "column"), len(a))
	}
	return nil
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/exec"
	"github.com/millrace-sql/millrace/sql"
	"github.com/millrace-sql/millrace/sql/plan"
)

// session defines and binds statements against a catalog: the engine's own when
// it runs, a copy when a script is only checked.
type session struct {
	engine  *Engine
	catalog *catalog.Catalog
	// live is false while a script is checked: nothing is contacted or started then.
	live bool
	vars map[string]string // what SET said during a check
	// queries are the names of the queries that a checked script starts; true while
	// one would still run at the statement being checked.
	queries map[string]bool
	// broken are the names, in lower case, whose definitions a check found faulty.
	broken map[string]bool
	notes  []string
}

// liveSession is the session of statements that are really run.
func (e *Engine) liveSession() *session {
	return &session{engine: e, catalog: e.catalog, live: true}
}

// checkSession works on a copy of the engine's catalog.
func (e *Engine) checkSession() *session {
	c := newCatalog()
	e.catalog.CopyInto(c)
	return &session{engine: e, catalog: c, vars: map[string]string{}, queries: map[string]bool{}, broken: map[string]bool{}}
}

func (s *session) variable(name string) (string, bool) {
	if _, fixed := s.engine.cfg.Variables[name]; !fixed {
		if v, ok := s.vars[name]; ok {
			return v, true
		}
	}
	return s.engine.variable(name)
}

func (s *session) variableNames() []string {
	names := slices.AppendSeq(s.engine.variableNames(), maps.Keys(s.vars))
	slices.Sort(names)
	return slices.Compact(names)
}

// set stores a variable.
func (s *session) set(st *sql.Set) string {
	if s.live {
		s.engine.mu.Lock()
		s.engine.vars[st.Name] = st.Value
		s.engine.mu.Unlock()
	} else {
		s.vars[st.Name] = st.Value
	}
	if v, fixed := s.engine.cfg.Variables[st.Name]; fixed {
		return fmt.Sprintf("%s stays %s: it was given on the command line", st.Name, v)
	}
	return fmt.Sprintf("%s = %s", st.Name, st.Value)
}

// create defines a stream, a table or a model and returns a line about it.
func (s *session) create(ctx context.Context, st *sql.Create) (string, error) {
	if st.IfNotExists && s.exists(st) {
		return fmt.Sprintf("%s %s exists already", strings.ToLower(string(st.Kind)), st.Name.Name), nil
	}
	if st.Kind == sql.KindModel {
		return s.createModel(ctx, st)
	}
	conn, ok := s.engine.connectors[strings.ToLower(st.Using.Name)]
	if !ok {
		return "", s.unknownConnector(st)
	}
	options, err := optionMap(st.Options)
	if err != nil {
		return "", err
	}
	t := &catalog.Table{
		Name: st.Name.Name, Stream: st.Kind == sql.KindStream, Connector: conn.Name(), Options: options, Comment: st.Comment,
	}
	if len(st.Columns) > 0 {
		t.Declared = true
		t.Schema = declaredSchema(st.Columns)
	}
	if err := s.describe(ctx, conn, t, st); err != nil {
		return "", err
	}
	if err := s.catalog.PutRelation(t.Name, t, st.OrReplace); err != nil {
		return "", sql.Errorf(st.Name.Span, "%v", err).WithHint("CREATE OR REPLACE takes its place; IF NOT EXISTS keeps it")
	}
	return tableLine(t), nil
}

// exists says whether the name of a CREATE is taken by something of its kind.
func (s *session) exists(st *sql.Create) bool {
	if st.Kind == sql.KindModel {
		return s.catalog.Model(st.Name.Name) != nil
	}
	return s.catalog.Relation(st.Name.Name) != nil
}

// describe asks the connector what the table is and fills t.
func (s *session) describe(ctx context.Context, conn connector.Connector, t *catalog.Table, st *sql.Create) error {
	notes, err := connector.CheckOptions(conn.Options(), t.Options)
	if err != nil {
		return optionFault(st, err)
	}
	d, err := conn.Describe(ctx, s.engine.env(nil), t, s.live)
	if err != nil {
		return optionFault(st, err)
	}
	if t.Stream && !d.Unbounded {
		return sql.Errorf(st.Using.Span, "%s cannot be followed as a stream", conn.Name()).
			WithHint("CREATE TABLE reads what is there now")
	}
	s.note(append(notes, d.Notes...)...)
	if d.Schema != nil {
		t.Schema = d.Schema
	}
	t.Write, t.ByName, t.Required = d.Write, d.ByName, d.Required
	return nil
}

// note keeps remarks for the statement's result, each once.
func (s *session) note(notes ...string) {
	for _, n := range notes {
		if !slices.Contains(s.notes, n) {
			s.notes = append(s.notes, n)
		}
	}
}

func (s *session) takeNotes() []string {
	n := s.notes
	s.notes = nil
	return n
}

func tableLine(t *catalog.Table) string {
	kind := "table"
	if t.Stream {
		kind = "stream"
	}
	where := ""
	for _, k := range []string{"path", "subscribe", "topic"} {
		if v := t.Options[k]; v != "" {
			where = " " + v
			break
		}
	}
	columns := "columns come with the first INSERT"
	if t.Schema != nil {
		columns = catalog.Count(len(t.Schema.Fields()), "column")
	}
	return fmt.Sprintf("%s %s: %s%s, %s", kind, t.Name, t.Connector, where, columns)
}

func declaredSchema(cols []sql.ColumnDef) *arrow.Schema {
	fields := make([]arrow.Field, len(cols))
	for i, c := range cols {
		fields[i] = arrow.Field{Name: c.Name.Name, Type: c.Type, Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}

// optionMap gives the options with keys in lower case.
func optionMap(opts []sql.Option) (map[string]string, error) {
	m := make(map[string]string, len(opts))
	for _, o := range opts {
		k := strings.ToLower(o.Key)
		if _, twice := m[k]; twice {
			return nil, sql.Errorf(o.KeySpan, "option %s is given twice", o.Key)
		}
		m[k] = o.Value
	}
	return m, nil
}

// optionFault points at the option an error is about, else at the statement's
// name.
func optionFault(st *sql.Create, err error) error {
	return faultAt(st.Options, st.Name.Span, err)
}

func faultAt(opts []sql.Option, fallback sql.Span, err error) error {
	var list sql.ErrorList
	var one *sql.Error
	if errors.As(err, &list) || errors.As(err, &one) {
		return err
	}
	span, hint, msg := fallback, "", err.Error()
	for _, o := range opts { // a message that quotes an option's value is about that value
		if len(o.Value) > 1 && strings.Contains(msg, o.Value) {
			span = o.ValueSpan
		}
	}
	var oe *connector.OptionError
	if errors.As(err, &oe) {
		msg, hint = oe.Msg, oe.Hint
		for _, o := range opts {
			if strings.EqualFold(o.Key, oe.Option) {
				span = o.KeySpan
			}
		}
	}
	e := sql.Errorf(span, "%s", msg)
	e.Hint = hint
	return e
}

func (s *session) unknownConnector(st *sql.Create) error {
	names := slices.Sorted(maps.Keys(s.engine.connectors))
	if st.Using.Name == "" {
		return sql.Errorf(st.Name.Span, "USING is missing").WithHint("the connectors are %s", strings.Join(names, ", "))
	}
	return suggest(sql.Errorf(st.Using.Span, "unknown connector %s", st.Using.Name), st.Using.Name, "the connectors are", names)
}

// suggest adds the nearest name as a hint, or all of them.
func suggest(e *sql.Error, name, all string, names []string) *sql.Error {
	if near := catalog.Nearest(name, names); near != "" {
		return e.WithHint("did you mean %s?", near)
	}
	if len(names) == 0 {
		return e
	}
	return e.WithHint("%s %s", all, strings.Join(names, ", "))
}

func optionSpan(opts []sql.Option, key string, fallback sql.Span) sql.Span {
	for _, o := range opts {
		if strings.EqualFold(o.Key, key) {
			return o.ValueSpan
		}
	}
	return fallback
}

func (s *session) createView(st *sql.CreateView, src *sql.Source) (string, error) {
	if st.IfNotExists && s.catalog.Relation(st.Name.Name) != nil {
		return fmt.Sprintf("view %s exists already", st.Name.Name), nil
	}
	n, err := plan.Bind(&sql.SelectStmt{Span: st.Query.Span, Query: st.Query}, s.catalog)
	if err != nil {
		return "", err
	}
	cols := n.Columns()
	v := &catalog.View{Name: st.Name.Name, Text: st.Text, Origin: src.Name, Offset: st.Query.Start}
	if len(st.Columns) > 0 {
		if len(st.Columns) != len(cols) {
			return "", sql.Errorf(st.Columns[0].Span.Cover(st.Columns[len(st.Columns)-1].Span),
				"view %s names %s, its query gives %d", st.Name.Name, catalog.Count(len(st.Columns), "column"), len(cols))
		}
		for _, c := range st.Columns {
			v.Columns = append(v.Columns, c.Name)
		}
	}
	if err := s.catalog.PutRelation(v.Name, v, st.OrReplace); err != nil {
		return "", sql.Errorf(st.Name.Span, "%v", err).WithHint("CREATE OR REPLACE takes its place; IF NOT EXISTS keeps it")
	}
	return fmt.Sprintf("view %s: %s", v.Name, catalog.Count(len(cols), "column")), nil
}

// drop forgets a relation or a model; queries are the engine's.
func (s *session) drop(st *sql.Drop) (string, error) {
	what, name := strings.ToLower(string(st.Kind)), st.Name.Name
	if s.has(st.Kind, name) {
		if st.Kind == sql.KindModel {
			s.catalog.DropModel(name)
			s.engine.reloads.forget(name)
		} else {
			s.catalog.DropRelation(name)
		}
		return fmt.Sprintf("%s %s dropped", what, name), nil
	}
	if st.IfExists {
		return fmt.Sprintf("there is no %s %s", what, name), nil
	}
	return "", suggest(sql.Errorf(st.Name.Span, "there is no %s %s", what, name), name, "there are", s.namesOf(st.Kind))
}

func (s *session) has(kind sql.ObjectKind, name string) bool {
	return slices.ContainsFunc(s.namesOf(kind), func(n string) bool { return strings.EqualFold(n, name) })
}

func (s *session) namesOf(kind sql.ObjectKind) []string {
	switch kind {
	case sql.KindStream:
		return s.catalog.Names(catalog.Streams)
	case sql.KindTable:
		return s.catalog.Names(catalog.Tables)
	case sql.KindView:
		return s.catalog.Names(catalog.Views)
	case sql.KindModel:
		return s.catalog.Names(catalog.Models)
	case sql.KindFunction:
		return s.catalog.Names(catalog.Functions)
	}
	return nil
}

// bindSelect binds and optimises a query.
func (s *session) bindSelect(q *sql.Query) (plan.Node, error) {
	s.refreshModels()
	n, err := plan.Bind(&sql.SelectStmt{Span: q.Span, Query: q}, s.catalog)
	if err != nil {
		return nil, err
	}
	return s.finish(n)
}

// finish optimises a bound plan and refuses what cannot run without end.
func (s *session) finish(n plan.Node) (plan.Node, error) {
	if plan.IsUnbounded(n) {
		if err := plan.CheckStreaming(n); err != nil {
			return nil, err
		}
	}
	if !s.engine.cfg.NoOptimizer {
		n = plan.Optimize(n)
	}
	return n, exec.CheckPolicies(n)
}

// bindInsert binds and optimises an INSERT. A table that takes its columns from
// the query gets them in the catalog.
func (s *session) bindInsert(st *sql.Insert) (*plan.Write, error) {
	s.refreshModels()
	t, err := s.insertTable(st)
	if err != nil {
		return nil, err
	}
	n, err := plan.Bind(st, s.catalog)
	if err != nil {
		return nil, err
	}
	w, ok := n.(*plan.Write)
	if !ok {
		return nil, fmt.Errorf("internal error: INSERT bound to %T", n)
	}
	if t.Schema == nil && t.Write == nil {
		filled := *t
		filled.Schema, filled.Declared = plan.Schema(w.Input), true // for the next INSERT
		if err := s.catalog.PutRelation(t.Name, &filled, true); err != nil {
			return nil, err
		}
		bound := *w
		bound.Table = &filled
		w = &bound
	}
	n, err = s.finish(w)
	if err != nil {
		return nil, err
	}
	return n.(*plan.Write), nil
}

// refreshModels lets a statement that is really run see the files of its models as
// they are now, where those have reload = true.
func (s *session) refreshModels() {
	if s.live {
		s.engine.refreshModels()
	}
}

// insertTable finds the table of an INSERT. One whose columns nobody declared
// forgets those that were found in its files, so that the INSERT sets them.
func (s *session) insertTable(st *sql.Insert) (*catalog.Table, error) {
	name := st.Table.Name
	switch r := s.catalog.Relation(name).(type) {
	case *catalog.Table:
		if r.Declared || r.ByName || r.Write != nil {
			return r, nil
		}
		open := *r
		open.Schema = nil
		return &open, s.catalog.PutRelation(name, &open, true)
	case *catalog.View:
		return nil, sql.Errorf(st.Table.Span, "%s is a view: rows cannot be inserted into it", name)
	}
	names := append(s.catalog.Names(catalog.Tables), s.catalog.Names(catalog.Streams)...)
	return nil, suggest(sql.Errorf(st.Table.Span, "there is no table or stream %s", name), name, "there are", names)
}

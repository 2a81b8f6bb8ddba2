package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
	"github.com/millrace-sql/millrace/sql/plan"
)

// execute runs one statement.
func (s *session) execute(ctx context.Context, st sql.Statement, src *sql.Source) (*Result, error) {
	res := &Result{Statement: st, Source: src}
	err := guarded(func() error { return s.run(ctx, st, src, res) })
	res.Notes = s.takeNotes()
	return res, err
}

func (s *session) run(ctx context.Context, st sql.Statement, src *sql.Source, res *Result) (err error) {
	switch st := st.(type) {
	case *sql.Create:
		if res.Message, err = s.create(ctx, st); err == nil && st.Query != nil {
			return s.insert(ctx, insertOf(st), src, startOptions{}, res)
		}
	case *sql.CreateView:
		res.Message, err = s.createView(st, src)
	case *sql.CreateQuery:
		return s.createQuery(ctx, st, src, res)
	case *sql.Insert:
		return s.insert(ctx, st, src, startOptions{name: st.Table.Name}, res)
	case *sql.SelectStmt:
		res.Rows, err = s.selectRows(ctx, st.Query)
	case *sql.Explain:
		res.Rows, err = s.explain(st)
	case *sql.Describe:
		res.Rows, err = s.describeStatement(st)
	case *sql.Show:
		res.Rows = s.show(st)
	case *sql.Cache:
		res.Message, err = s.cache(ctx, st, src)
	case *sql.Uncache:
		err = s.uncache(st)
		res.Message = fmt.Sprintf("%s is no longer cached", st.Name.Name)
	case *sql.Drop:
		if st.Kind == sql.KindQuery {
			res.Message, err = s.dropQuery(st)
		} else {
			res.Message, err = s.drop(st)
		}
	case *sql.Set:
		if st.HasValue {
			res.Message = s.set(st)
		} else {
			res.Rows = s.showVariables(st.Name)
		}
	case *sql.Await:
		res.Message, err = s.await(ctx, st)
	case *sql.Stop:
		res.Message, err = s.stop(ctx, st)
	default:
		err = sql.Errorf(st.Pos(), "this statement is not supported yet")
	}
	return err
}

// explain gives the plan of a statement as text, a line a row.
func (s *session) explain(st *sql.Explain) (*Rows, error) {
	text, err := s.planText(st, false)
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for line := range strings.Lines(text) {
		rows = append(rows, []string{strings.TrimRight(line, "\n")})
	}
	return textRows([]string{"plan"}, rows), nil
}

// explained is the statement whose plan EXPLAIN shows: CREATE QUERY's INSERT.
func explained(st sql.Statement) sql.Statement {
	if q, ok := st.(*sql.CreateQuery); ok {
		return q.Insert
	}
	return st
}

// describeStatement lists the columns of a relation or a query, or the
// properties of a model.
func (s *session) describeStatement(st *sql.Describe) (*Rows, error) {
	s.refreshModels()
	if st.Query != nil {
		n, err := plan.Bind(&sql.SelectStmt{Span: st.Query.Span, Query: st.Query}, s.catalog)
		if err != nil {
			return nil, err
		}
		return columnRows(plan.Schema(n)), nil
	}
	name := st.Name.Name
	if m := s.catalog.Model(name); m != nil && (st.Kind == sql.KindModel || st.Kind == "") {
		return modelRows(m), nil
	}
	if st.Kind == sql.KindModel {
		return nil, suggest(sql.Errorf(st.Name.Span, "there is no model %s", name), name, "there are", s.catalog.Names(catalog.Models))
	}
	switch r := s.catalog.Relation(name).(type) {
	case *catalog.Table:
		if r.Schema == nil {
			return columnRows(arrow.NewSchema(nil, nil)), nil
		}
		return columnRows(r.Schema), nil
	case *catalog.View:
		q, err := sql.ParseQuery("SELECT * FROM `" + strings.ReplaceAll(name, "`", "``") + "`")
		if err != nil {
			return nil, err
		}
		n, err := plan.Bind(&sql.SelectStmt{Span: st.Name.Span, Query: q}, s.catalog)
		if err != nil {
			return nil, err
		}
		return columnRows(plan.Schema(n)), nil
	}
	names := append(s.catalog.Names(catalog.Relations), s.catalog.Names(catalog.Models)...)
	return nil, suggest(sql.Errorf(st.Name.Span, "there is no stream, table, view or model %s", name), name, "there are", names)
}

func columnRows(schema *arrow.Schema) *Rows {
	var rows [][]string
	for _, f := range schema.Fields() {
		rows = append(rows, []string{f.Name, sql.TypeName(f.Type)})
	}
	return textRows([]string{"col_name", "data_type"}, rows)
}

// show lists the objects of a kind.
func (s *session) show(st *sql.Show) *Rows {
	var names []string
	var rows [][]string
	switch st.Kind {
	case sql.KindQuery:
		names = []string{"query", "state", "epoch", "rows_in", "rows_out", "dead_letters", "models"}
		for _, q := range s.engine.Queries() {
			p := q.Progress()
			rows = append(rows, []string{q.Name(), q.State().String(), fmt.Sprint(p.Epoch), fmt.Sprint(p.TotalIn), fmt.Sprint(p.TotalOut), fmt.Sprint(p.deadLetters()), p.modelsText()})
		}
	case sql.KindStream, sql.KindTable:
		names = []string{"name", "connector", "columns", "cached"}
		for _, n := range s.namesOf(st.Kind) {
			if t, ok := s.catalog.Relation(n).(*catalog.Table); ok {
				rows = append(rows, []string{t.Name, t.Connector, columnNames(t.Schema), cachedText(t.Cache)})
			}
		}
	case sql.KindView:
		names = []string{"name", "query", "cached"}
		for _, n := range s.namesOf(st.Kind) {
			if v, ok := s.catalog.Relation(n).(*catalog.View); ok {
				rows = append(rows, []string{v.Name, strings.Join(strings.Fields(v.Text), " "), cachedText(v.Cache)})
			}
		}
	case sql.KindModel:
		names = []string{"name", "format", "summary"}
		for _, n := range s.namesOf(st.Kind) {
			m := s.catalog.Model(n)
			rows = append(rows, []string{m.Name, m.Connector, modelKind(m.Model)})
		}
	default:
		names = []string{"function"}
		for _, n := range s.namesOf(sql.KindFunction) {
			rows = append(rows, []string{n})
		}
	}
	if st.Like != "" {
		rows = slices.DeleteFunc(rows, func(r []string) bool { return !matchPattern(st.Like, r[0]) })
	}
	return textRows(names, rows)
}

func columnNames(s *arrow.Schema) string {
	if s == nil {
		return ""
	}
	names := make([]string, len(s.Fields()))
	for i, f := range s.Fields() {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

func cachedText(c *catalog.Cached) string {
	if c == nil {
		return ""
	}
	return catalog.Count(int(c.Rows), "row")
}

// matchPattern is SHOW's LIKE in Spark: * stands for anything, | separates
// alternatives, case does not count.
func matchPattern(pattern, name string) bool {
	for alt := range strings.SplitSeq(pattern, "|") {
		if matchStar(strings.ToLower(strings.TrimSpace(alt)), strings.ToLower(name)) {
			return true
		}
	}
	return false
}

func matchStar(p, s string) bool {
	head, rest, star := strings.Cut(p, "*")
	if !star {
		return p == s
	}
	if !strings.HasPrefix(s, head) {
		return false
	}
	for i := len(head); i <= len(s); i++ {
		if matchStar(rest, s[i:]) {
			return true
		}
	}
	return false
}

func (s *session) showVariables(name string) *Rows {
	var rows [][]string
	for _, n := range s.variableNames() {
		if v, ok := s.variable(n); ok && (name == "" || n == name) {
			rows = append(rows, []string{n, v})
		}
	}
	return textRows([]string{"key", "value"}, rows)
}

// uncache forgets the rows of a cached relation.
func (s *session) uncache(st *sql.Uncache) error {
	switch r := s.catalog.Relation(st.Name.Name).(type) {
	case *catalog.Table:
		bare := *r
		bare.Cache = nil
		return s.catalog.PutRelation(r.Name, &bare, true)
	case *catalog.View:
		bare := *r
		bare.Cache = nil
		return s.catalog.PutRelation(r.Name, &bare, true)
	}
	if st.IfExists {
		return nil
	}
	return s.noRelation(st.Name)
}

func (s *session) noRelation(name sql.Ident) error {
	return suggest(sql.Errorf(name.Span, "there is no stream, table or view %s", name.Name), name.Name, "there are",
		s.catalog.Names(catalog.Relations))
}

// checkCache checks CACHE TABLE and defines the view of CACHE TABLE ... AS.
func (s *session) checkCache(st *sql.Cache, src *sql.Source) error {
	_, err := s.cachePlan(st, src)
	return err
}

// cachePlan is the plan whose rows CACHE TABLE keeps.
func (s *session) cachePlan(st *sql.Cache, src *sql.Source) (plan.Node, error) {
	if st.Query != nil {
		view := &sql.CreateView{Span: st.Span, Name: st.Name, Query: st.Query, Text: src.Text[st.Query.Start:st.Query.End]}
		if _, err := s.createView(view, src); err != nil {
			return nil, err
		}
	}
	if s.catalog.Relation(st.Name.Name) == nil {
		return nil, s.noRelation(st.Name)
	}
	ref := &sql.TableName{Span: st.Name.Span, Name: st.Name}
	star := sql.SelectItem{Span: st.Name.Span, X: &sql.Star{Span: st.Name.Span}}
	body := &sql.Select{Span: st.Name.Span, Items: []sql.SelectItem{star}, From: []sql.Relation{ref}}
	n, err := s.bindSelect(&sql.Query{Span: st.Name.Span, Body: body})
	if err != nil {
		return nil, err
	}
	if plan.IsUnbounded(n) {
		return nil, sql.Errorf(st.Name.Span, "%s has no end: it cannot be cached", st.Name.Name)
	}
	return n, nil
}

// startOptions are the options of a query.
type startOptions struct {
	name       string
	checkpoint string
	trigger    Trigger
	explicit   bool // named by CREATE QUERY
	// deadLetters is the table that takes rows which models reject, or "", and
	// deadLettersAt where that stands.
	deadLetters   string
	deadLettersAt sql.Span
	// currentModels lets an epoch that must run again be scored by the present models.
	currentModels bool
}

// queryOptionNames are the options of CREATE QUERY, as Spark spells them.
var queryOptionNames = []string{"checkpointLocation", "trigger", "deadLetters", "modelVersions"}

func queryOptions(opts []sql.Option) (startOptions, error) {
	var o startOptions
	for _, opt := range opts {
		switch strings.ToLower(opt.Key) {
		case "checkpointlocation":
			o.checkpoint = opt.Value
		case "deadletters":
			o.deadLetters, o.deadLettersAt = opt.Value, opt.ValueSpan
		case "trigger":
			t, err := ParseTrigger(opt.Value)
			if err != nil {
				return o, sql.Errorf(opt.ValueSpan, "%v", err)
			}
			o.trigger = t
		case "modelversions":
			if o.currentModels = strings.EqualFold(opt.Value, "current"); !o.currentModels && !strings.EqualFold(opt.Value, "planned") {
				return o, sql.Errorf(opt.ValueSpan, "modelVersions is %q: planned or current was expected", opt.Value)
			}
		default:
			return o, suggest(sql.Errorf(opt.KeySpan, "unknown option %s", opt.Key), opt.Key, "the options are", queryOptionNames)
		}
	}
	return o, nil
}

func (s *session) createQuery(ctx context.Context, st *sql.CreateQuery, src *sql.Source, res *Result) error {
	opts, err := queryOptions(st.Options)
	if err != nil {
		return err
	}
	opts.name, opts.explicit = st.Name.Name, true
	if old := s.engine.Lookup(opts.name); old != nil && old.State() == Running {
		switch {
		case st.IfNotExists:
			res.Message = fmt.Sprintf("query %s is running already", old.name)
			return nil
		case st.OrReplace:
			if err := old.Stop(ctx); err != nil {
				return err
			}
		}
	}
	return s.insert(ctx, st.Insert, src, opts, res)
}

func (s *session) dropQuery(st *sql.Drop) (string, error) {
	q := s.engine.Lookup(st.Name.Name)
	if q == nil {
		if st.IfExists {
			return fmt.Sprintf("there is no query %s", st.Name.Name), nil
		}
		return "", s.noQuery(st.Name)
	}
	if q.State() == Running {
		return "", sql.Errorf(st.Name.Span, "query %s is running", q.name).WithHint("STOP QUERY %s first", q.name)
	}
	s.engine.forget(q)
	return fmt.Sprintf("query %s forgotten; its checkpoint is kept", q.name), nil
}

func (s *session) await(ctx context.Context, st *sql.Await) (string, error) {
	var queries []*Query
	if st.All {
		queries = s.engine.Queries()
	} else if q := s.engine.Lookup(st.Name.Name); q != nil {
		queries = []*Query{q}
	} else {
		return "", s.noQuery(st.Name)
	}
	if !st.All && !st.Available {
		q := queries[0]
		if err := q.Wait(ctx); err != nil {
			return "", err
		}
		return fmt.Sprintf("query %s has ended", q.name), nil
	}
	var names []string
	for _, q := range queries {
		if q.State() == Stopped {
			continue
		}
		if err := q.AwaitAvailable(ctx); err != nil {
			return "", err
		}
		names = append(names, fmt.Sprintf("%s (%s in, %s out)", q.name, catalog.Thousands(q.Progress().TotalIn), catalog.Thousands(q.Progress().TotalOut)))
	}
	if len(names) == 0 {
		return "no query is running", nil
	}
	return "all available rows are done: " + strings.Join(names, ", "), nil
}

func (s *session) stop(ctx context.Context, st *sql.Stop) (string, error) {
	if !st.All {
		q := s.engine.Lookup(st.Name.Name)
		if q == nil {
			return "", s.noQuery(st.Name)
		}
		return fmt.Sprintf("query %s stopped", q.name), q.Stop(ctx)
	}
	stopped := map[string]bool{}
	for _, q := range s.engine.Queries() {
		if q.State() == Running {
			if err := q.Stop(ctx); err != nil {
				return "", err
			}
			stopped[q.name] = true
		}
	}
	if len(stopped) == 0 {
		return "no query is running", nil
	}
	return "stopped: " + strings.Join(slices.Sorted(maps.Keys(stopped)), ", "), nil
}

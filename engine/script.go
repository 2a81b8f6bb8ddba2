package engine

import (
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
	"github.com/millrace-sql/millrace/sql/plan"
)

// Run checks a script and, when no statement is faulty, executes its statements
// in order. It gives one result a statement; an error ends it. A streaming
// INSERT goes on in the background after its result. The error is a
// sql.ErrorList when the script is faulty; then nothing of it was started.
func (e *Engine) Run(ctx context.Context, script string) iter.Seq2[*Result, error] {
	return e.RunSource(ctx, &sql.Source{Name: "<script>", Text: script})
}

// RunSource is Run for texts whose origins have names: they are checked together
// and run one after another.
func (e *Engine) RunSource(ctx context.Context, srcs ...*sql.Source) iter.Seq2[*Result, error] {
	return func(yield func(*Result, error) bool) {
		if err := e.CheckSource(ctx, srcs...); err != nil {
			yield(nil, err)
			return
		}
		for _, src := range srcs {
			if !e.runScript(ctx, src, yield) {
				return
			}
		}
	}
}

// runScript executes the statements of one script; false when it was ended early.
func (e *Engine) runScript(ctx context.Context, src *sql.Source, yield func(*Result, error) bool) bool {
	s := e.liveSession()
	script := sql.NewScript(src)
	for {
		st, err := script.Next(s.variable, s.variableNames)
		if errors.Is(err, io.EOF) {
			return true
		}
		var res *Result
		if err == nil {
			res, err = s.execute(ctx, st, src)
		}
		if err != nil {
			yield(nil, &StatementError{Err: withSource(err, src)})
			return false
		}
		if !yield(res, nil) {
			return false
		}
		if res.Rows != nil {
			res.Rows.Close()
		}
	}
}

// StatementError is an error of a statement that was run: the statements before
// it were run too, unlike those of a script that Run found faulty.
type StatementError struct{ Err error }

// Error is the error's own text.
func (e *StatementError) Error() string { return e.Err.Error() }

// Unwrap gives the error itself.
func (e *StatementError) Unwrap() error { return e.Err }

// Check finds what can be found wrong in a script without running it: syntax,
// names, types, models, options, files that must exist. The error is a
// sql.ErrorList of all faults, in the order of the text.
func (e *Engine) Check(script string) error {
	return e.CheckSource(context.Background(), &sql.Source{Name: "<script>", Text: script})
}

// CheckSource is Check for texts whose origins have names and that are run one
// after another: names that one defines are known to the next.
func (e *Engine) CheckSource(ctx context.Context, srcs ...*sql.Source) error {
	s := e.checkSession()
	var all sql.ErrorList
	for _, src := range srcs {
		err := s.checkScript(ctx, src)
		var list sql.ErrorList
		if errors.As(err, &list) {
			all = append(all, list...)
		} else if err != nil {
			return err
		}
	}
	return all.Err()
}

func (s *session) checkScript(ctx context.Context, src *sql.Source) error {
	var faults sql.ErrorList
	script := sql.NewScript(src)
	for {
		st, err := script.Next(s.variable, s.variableNames)
		if errors.Is(err, io.EOF) {
			return faults.Err()
		}
		if err == nil {
			err = guarded(func() error { return s.check(ctx, st, src) })
		}
		if err == nil {
			continue
		}
		err = withSource(err, src)
		var list sql.ErrorList
		if !errors.As(err, &list) {
			return err
		}
		if !s.follows(list) {
			faults = append(faults, list...)
		}
		for _, name := range s.defined(st) {
			s.broken[strings.ToLower(name)] = true
		}
	}
}

// follows says whether faults only follow from an earlier one: they are about a
// name whose own definition is faulty.
func (s *session) follows(faults sql.ErrorList) bool {
	for _, f := range faults {
		if name := strings.ToLower(strings.Trim(textOf(f.Source, f.Span), "`'\"")); s.broken[name] {
			return true
		}
	}
	return false
}

// defined are the names that a statement gives a meaning: what it creates, and a
// table that takes its columns from it.
func (s *session) defined(st sql.Statement) []string {
	switch st := st.(type) {
	case *sql.Create:
		return []string{st.Name.Name}
	case *sql.CreateView:
		return []string{st.Name.Name}
	case *sql.CreateQuery:
		return append(s.defined(st.Insert), st.Name.Name)
	case *sql.Insert:
		if t, ok := s.catalog.Relation(st.Table.Name).(*catalog.Table); ok && t.Schema == nil {
			return []string{t.Name}
		}
	case *sql.Cache:
		if st.Query != nil {
			return []string{st.Name.Name}
		}
	}
	return nil
}

// withSource gives the faults in err their text, and makes a lone fault a list.
func withSource(err error, src *sql.Source) error {
	var list sql.ErrorList
	var one *sql.Error
	switch {
	case errors.As(err, &list):
	case errors.As(err, &one):
		list = sql.ErrorList{one}
	default:
		return err
	}
	for _, f := range list {
		if f.Source == nil {
			f.Source = src
		}
	}
	return list
}

// check finds the faults of one statement and defines in the session's catalog
// what the statement defines.
func (s *session) check(ctx context.Context, st sql.Statement, src *sql.Source) error {
	switch st := st.(type) {
	case *sql.Create:
		_, err := s.create(ctx, st)
		if err == nil && st.Query != nil {
			err = s.checkTarget(insertOf(st), startOptions{name: st.Name.Name})
		}
		return err
	case *sql.CreateView:
		_, err := s.createView(st, src)
		return err
	case *sql.CreateQuery:
		return s.checkQuery(st)
	case *sql.Insert:
		return s.checkInsert(st, sql.Ident{Span: st.Table.Span, Name: st.Table.Name}, startOptions{}, false)
	case *sql.SelectStmt:
		_, err := s.bindSelect(st.Query)
		return err
	case *sql.Explain:
		return s.check(ctx, st.Stmt, src)
	case *sql.Describe:
		_, err := s.describeStatement(st)
		return err
	case *sql.Cache:
		return s.checkCache(st, src)
	case *sql.Uncache:
		return s.uncache(st)
	case *sql.Drop:
		if st.Kind == sql.KindQuery {
			return s.checkQueryName(st.Name, st.IfExists)
		}
		_, err := s.drop(st)
		return err
	case *sql.Set:
		if st.HasValue {
			s.set(st)
		}
		return nil
	case *sql.Await:
		return s.checkEnd(st.Name, st.All, !st.Available)
	case *sql.Stop:
		return s.checkEnd(st.Name, st.All, true)
	}
	return nil
}

func (s *session) checkQuery(st *sql.CreateQuery) error {
	opts, err := queryOptions(st.Options)
	if err != nil {
		return err
	}
	return s.checkInsert(st.Insert, st.Name, opts, st.OrReplace || st.IfNotExists)
}

// checkInsert checks an INSERT that starts a query of some name when its input has
// no end. Again allows a name that is in use.
func (s *session) checkInsert(st *sql.Insert, name sql.Ident, opts startOptions, again bool) error {
	w, err := s.bindInsert(st)
	if opts.name = name.Name; err == nil {
		_, err = s.letterPlace(w, opts)
	}
	if w != nil && err == nil && !plan.IsUnbounded(w) {
		return nil
	}
	low := strings.ToLower(name.Name)
	if err == nil && !again && s.runs(low) {
		err = queryRuns(name)
	}
	s.queries[low] = !s.engine.cfg.AvailableNow && !opts.trigger.AvailableNow && !opts.trigger.Once
	return err
}

// checkTarget checks an INSERT that runs to its end.
func (s *session) checkTarget(st *sql.Insert, opts startOptions) error {
	w, err := s.bindInsert(st)
	if err == nil {
		_, err = s.letterPlace(w, opts)
	}
	return err
}

// runs says whether a query of that name would run at this place of the script.
func (s *session) runs(low string) bool {
	if running, known := s.queries[low]; known {
		return running
	}
	q := s.engine.Lookup(low)
	return q != nil && q.State() == Running
}

// checkEnd checks a STOP or an AWAIT, and notes that the query, or all, end here.
func (s *session) checkEnd(name sql.Ident, all, ends bool) error {
	if !all {
		err := s.checkQueryName(name, false)
		if err == nil && ends {
			s.queries[strings.ToLower(name.Name)] = false
		}
		return err
	}
	if !ends {
		return nil
	}
	for q := range s.queries {
		s.queries[q] = false
	}
	for _, q := range s.engine.Queries() {
		s.queries[strings.ToLower(q.name)] = false
	}
	return nil
}

// queryRuns refuses a second query of one name.
func queryRuns(name sql.Ident) error {
	return sql.Errorf(name.Span, "a query named %s is running already", name.Name).
		WithHint("CREATE QUERY gives this one a name of its own; STOP QUERY %s ends the other", name.Name)
}

// checkQueryName refuses the name of a query that is neither running nor made by
// an earlier statement of the script. A bare INSERT's query is named after its
// table.
func (s *session) checkQueryName(name sql.Ident, missingOK bool) error {
	low := strings.ToLower(name.Name)
	if _, known := s.queries[low]; known || missingOK || s.engine.Lookup(low) != nil || s.catalog.Relation(low) != nil {
		return nil
	}
	return s.noQuery(name)
}

func (s *session) noQuery(name sql.Ident) error {
	var names []string
	for _, q := range s.engine.Queries() {
		names = append(names, q.name)
	}
	for q := range s.queries {
		names = append(names, q)
	}
	slices.Sort(names)
	return suggest(sql.Errorf(name.Span, "there is no query %s", name.Name), name.Name, "there are", slices.Compact(names))
}

// insertOf is the INSERT of a CREATE TABLE ... AS SELECT.
func insertOf(st *sql.Create) *sql.Insert {
	return &sql.Insert{Span: st.Span, Table: st.Name, Query: st.Query}
}

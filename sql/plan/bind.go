package plan

import (
	"errors"
	"slices"
	"strings"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// Bind gives the plan of a SELECT or an INSERT, or of the one inside EXPLAIN or
// DESCRIBE QUERY. Names are looked up in c, whose entries the plan keeps. The
// error is an sql.ErrorList with every fault that was found; its members have
// no Source unless they lie in another text.
func Bind(s sql.Statement, c catalog.Reader) (Node, error) {
	b := newBinder(c)
	b.span = s.Pos()
	var n Node
	switch s := s.(type) {
	case *sql.SelectStmt:
		n = b.rootQuery(s.Query)
	case *sql.Insert:
		n = b.insert(s)
	case *sql.Explain:
		return Bind(s.Stmt, c)
	case *sql.Describe:
		if s.Query == nil {
			return nil, sql.ErrorList{sql.Errorf(s.Pos(), "this statement has no query to plan")}
		}
		n = b.rootQuery(s.Query)
	case *sql.CreateQuery:
		n = b.insert(s.Insert)
	default:
		return nil, sql.ErrorList{sql.Errorf(s.Pos(), "this statement has no query to plan")}
	}
	return b.result(n)
}

// BindQuery gives the plan of a query by itself; see Bind.
func BindQuery(q *sql.Query, c catalog.Reader) (Node, error) {
	b := newBinder(c)
	b.span = q.Pos()
	return b.result(b.rootQuery(q))
}

// binder holds what one call of Bind needs.
type binder struct {
	cat  catalog.Reader
	errs sql.ErrorList
	last ColumnID
	// same maps a column that a select list repeats to the one it repeats: a name
	// that means both is not ambiguous.
	same map[ColumnID]ColumnID
	ctes *cteScope
	// views are the names of the views being expanded, outermost first, and at is
	// where the outermost was named: all that comes of it is at that place.
	views []string
	at    *sql.Span
	span  sql.Span // of the whole statement
	// bound is what expressions became, for the names of columns.
	bound map[sql.Expr]Expr
}

func newBinder(c catalog.Reader) *binder {
	return &binder{cat: c, same: map[ColumnID]ColumnID{}, bound: map[sql.Expr]Expr{}}
}

func (b *binder) result(n Node) (Node, error) {
	if len(b.errs) > 0 {
		sortErrors(b.errs)
		return nil, b.errs
	}
	if err := Check(n); err != nil {
		return nil, sql.ErrorList{sql.Errorf(b.span, "this statement cannot be planned yet: %s", err)}
	}
	return n, nil
}

// sortErrors orders faults by place and drops repeated ones.
func sortErrors(l sql.ErrorList) {
	slices.SortStableFunc(l, func(x, y *sql.Error) int { return x.Span.Start - y.Span.Start })
}

func (b *binder) rootQuery(q *sql.Query) Node {
	r := b.query(q, nil)
	if r == nil {
		return nil
	}
	return r.visible()
}

// errorf reports a fault and returns it, so that a hint can be given.
func (b *binder) errorf(span sql.Span, format string, args ...any) *sql.Error {
	e := sql.Errorf(b.pos(span), format, args...)
	for _, old := range b.errs {
		if old.Span == e.Span && old.Msg == e.Msg {
			return e
		}
	}
	b.errs = append(b.errs, e)
	return e
}

// unsupported refuses what parses and cannot run yet.
func (b *binder) unsupported(span sql.Span, what string) {
	b.errorf(span, "%s: not supported yet", what)
}

// pos is the place of something in the text of the statement: inside a view,
// where the view was named.
func (b *binder) pos(span sql.Span) sql.Span {
	if b.at != nil {
		return *b.at
	}
	return span
}

// hint suggests the nearest name, or lists what there is.
func hint(e *sql.Error, name string, candidates []string, what string) {
	if near := catalog.Nearest(name, candidates); near != "" {
		_ = e.WithHint("did you mean %s?", quoteName(near))
		return
	}
	if len(candidates) > 0 && len(candidates) <= 12 {
		quoted := make([]string, len(candidates))
		for i, c := range candidates {
			quoted[i] = quoteName(c)
		}
		_ = e.WithHint("%s: %s", what, strings.Join(quoted, ", "))
	}
}

// quoteName puts backticks around a name.
func quoteName(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// argPlace is the argument that an error of a function's Bind is about, or -1.
func argPlace(err error) int {
	var arg *catalog.ArgError
	if errors.As(err, &arg) {
		return arg.Arg
	}
	return -1
}

// newColumn makes a column with an identity of its own.
func (b *binder) newID() ColumnID {
	b.last++
	return b.last
}

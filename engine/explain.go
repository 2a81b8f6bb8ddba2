package engine

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/millrace-sql/millrace/sql"
	"github.com/millrace-sql/millrace/sql/plan"
)

// Explanation is the plan of one statement of a script.
type Explanation struct {
	// Statement is the statement's first line, Plan the plan as text.
	Statement, Plan string
}

// ExplainSource gives the plan of every SELECT and INSERT of a script, without
// running anything. Extended shows the plan before optimisation too.
func (e *Engine) ExplainSource(ctx context.Context, src *sql.Source, extended bool) ([]Explanation, error) {
	s := e.checkSession()
	script := sql.NewScript(src)
	var out []Explanation
	for {
		st, err := script.Next(s.variable, s.variableNames)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err == nil {
			err = guarded(func() error { return s.check(ctx, st, src) })
		}
		if err != nil {
			return nil, withSource(err, src)
		}
		text, err := s.planText(st, extended)
		if err != nil {
			return nil, withSource(err, src)
		}
		if text != "" {
			first, _, _ := strings.Cut(strings.TrimSpace(textOf(src, st.Pos())), "\n")
			out = append(out, Explanation{Statement: first, Plan: text})
		}
	}
}

// planText is the plan of a statement that has one, else "".
func (s *session) planText(st sql.Statement, extended bool) (string, error) {
	switch x := st.(type) {
	case *sql.Explain:
		st, extended = explained(x.Stmt), extended || x.Mode == "EXTENDED"
	case *sql.CreateQuery:
		st = x.Insert
	case *sql.SelectStmt, *sql.Insert:
	default:
		return "", nil
	}
	bound, err := plan.Bind(st, s.catalog)
	if err != nil {
		return "", err
	}
	if extended {
		return plan.ExplainExtended(bound), nil
	}
	return plan.Explain(plan.Optimize(bound)), nil
}

// StartBroker starts the embedded broker, if it is not running, and gives its
// address.
func (e *Engine) StartBroker(ctx context.Context) (string, error) { return e.embedded(ctx) }

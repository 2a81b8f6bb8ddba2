package engine

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/exec"
	"github.com/millrace-sql/millrace/sql"
	"github.com/millrace-sql/millrace/sql/plan"
)

// letterPlace finds where the dead letters of an INSERT go: the table that its
// query's options name, else a folder of JSON files beside its checkpoint, or in
// the data directory for an INSERT over bounded inputs. Nil is nowhere, which is
// an error when a model of the plan needs a place.
func (s *session) letterPlace(w *plan.Write, opts startOptions) (*catalog.Table, error) {
	if opts.deadLetters != "" {
		return s.letterTable(w, opts)
	}
	if dir := s.engine.letterDir(opts, plan.IsUnbounded(w)); dir != "" {
		return &catalog.Table{Name: "dead letters", Connector: "json", Options: map[string]string{"path": dir}}, nil
	}
	if c := deadLetterCall(w); c != nil {
		m := c.Fn.Rejects
		return nil, sql.Errorf(c.Span, "model %s sends rows to dead letters (onMissing = '%s', onInvalid = '%s'), and this query has no place for them",
			m.Name, m.OnMissing, m.OnInvalid).WithHint("CREATE QUERY ... OPTIONS (deadLetters = '<table>') or OPTIONS (checkpointLocation = '<folder>'), or a data directory")
	}
	return nil, nil
}

// openLetters finds the place of a query's dead letters. One that will be needed is
// opened, so that a query does not start whose dead letters could not be kept.
func (s *session) openLetters(ctx context.Context, q *Query, w *plan.Write, opts startOptions) error {
	table, err := s.letterPlace(w, opts)
	if err != nil {
		return err
	}
	if err := s.engine.oneWriter(q, table, opts); err != nil {
		return err
	}
	q.letters = &deadLetters{query: q, table: table}
	if deadLetterCall(w) == nil {
		return nil
	}
	_, _, err = q.letters.open(ctx)
	return err
}

// oneWriter refuses a folder that takes the dead letters of another query: a crash
// of the one could then not tell its epochs from the other's.
func (e *Engine) oneWriter(q *Query, table *catalog.Table, opts startOptions) error {
	if table == nil || !slices.Contains([]string{"json", "csv", "text"}, table.Connector) {
		return nil
	}
	for _, o := range e.Queries() {
		if o.State() == Running && !strings.EqualFold(o.name, q.name) && o.DeadLetters() == tableOf(table) {
			return sql.Errorf(opts.deadLettersAt, "the dead letters of query %s go to %s, and a folder takes those of one query", o.name, table.Name).
				WithHint("give each query a table of its own, or a topic")
		}
	}
	return nil
}

// letterDir is the folder of the dead letters of a query that names no table.
func (e *Engine) letterDir(opts startOptions, streaming bool) string {
	if dir := e.checkpointDir(opts); dir != "" && (streaming || opts.checkpoint != "") {
		return filepath.Join(dir, "dead-letters")
	}
	if e.cfg.DataDir == "" {
		return ""
	}
	return filepath.Join(e.cfg.DataDir, "dead-letters", folderName(opts.name))
}

// letterTable is the table that an option names. One without columns gets those of
// dead letters.
func (s *session) letterTable(w *plan.Write, opts startOptions) (*catalog.Table, error) {
	t, ok := s.catalog.Relation(opts.deadLetters).(*catalog.Table)
	if !ok {
		names := append(s.catalog.Names(catalog.Tables), s.catalog.Names(catalog.Streams)...)
		return nil, suggest(sql.Errorf(opts.deadLettersAt, "there is no table %s for dead letters", opts.deadLetters), opts.deadLetters, "there are", names)
	}
	if tableOf(t) == tableOf(w.Table) {
		return nil, sql.Errorf(opts.deadLettersAt, "table %s takes the query's rows: its dead letters need another", t.Name)
	}
	if in := streamFed(w, t); in != nil {
		return nil, sql.Errorf(opts.deadLettersAt, "the query reads what goes to table %s, by stream %s: its dead letters would come back to it without end", t.Name, in.Name)
	}
	shape, err := shapeFor(t)
	if err != nil {
		return nil, sql.Errorf(opts.deadLettersAt, "%v", err)
	}
	if t.ByName || t.Declared {
		return t, nil
	}
	filled := *t
	filled.Schema, filled.Declared = shape.schema, true
	return &filled, s.catalog.PutRelation(t.Name, &filled, true)
}

// streamFed is a stream that a plan reads and that gets what is written to a table,
// or nil.
func streamFed(n plan.Node, t *catalog.Table) *catalog.Table {
	if s, ok := n.(*plan.Scan); ok && s.Table != nil && s.Table.Stream && feeds(t, s.Table) {
		return s.Table
	}
	for _, in := range n.Inputs() {
		if s := streamFed(in, t); s != nil {
			return s
		}
	}
	return nil
}

// feeds says whether what is written to one table is read from another: from the
// same folder, or from one of its topics.
func feeds(out, in *catalog.Table) bool {
	const brokers = "kafka.bootstrap.servers"
	if out.Connector != in.Connector || out.Options[brokers] != in.Options[brokers] {
		return false
	}
	place := strings.TrimPrefix(tableOf(out), out.Connector+" ")
	for name := range strings.SplitSeq(strings.TrimPrefix(tableOf(in), in.Connector+" "), ",") {
		if strings.TrimSpace(name) == place {
			return true
		}
	}
	return false
}

// deadLetterCall is a call of a plan whose rows may become dead letters, or nil.
func deadLetterCall(n plan.Node) *plan.Call {
	for _, c := range exec.Asks(exec.Exprs(n)...) {
		if m := c.Fn.Rejects; m.OnMissing == catalog.PolicyDLQ || m.OnInvalid == catalog.PolicyDLQ {
			return c
		}
	}
	for _, in := range n.Inputs() {
		if c := deadLetterCall(in); c != nil {
			return c
		}
	}
	return nil
}

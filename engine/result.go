package engine

import (
	"fmt"
	"iter"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// Result is what one statement of a script did.
type Result struct {
	// Statement is the statement itself and Source the text it stands in.
	Statement sql.Statement
	Source    *sql.Source
	// Message is one line for a person; "" when the rows say it all.
	Message string
	// Notes are remarks: an option without effect, a folder that was moved.
	Notes []string
	// Rows of a SELECT, SHOW, DESCRIBE or EXPLAIN, else nil. They must be iterated or
	// closed before the next statement.
	Rows *Rows
	// Query is the query that the statement started, else nil.
	Query *Query
}

// Rows is the result of a query: a schema and records, to be iterated once.
type Rows struct {
	schema    *arrow.Schema
	unbounded bool
	query     *Query
	seq       iter.Seq2[arrow.Record, error]
	close     func()
}

// Schema of the records.
func (r *Rows) Schema() *arrow.Schema { return r.schema }

// Unbounded is true for a SELECT over a stream: the rows end when the context
// does, or with LIMIT.
func (r *Rows) Unbounded() bool { return r.unbounded }

// Progress is how far a SELECT is, and what it left out.
func (r *Rows) Progress() Progress {
	if r.query == nil {
		return Progress{}
	}
	return r.query.Progress()
}

// Stop ends a SELECT over a stream: All gives what is under way and ends.
func (r *Rows) Stop() {
	if r.query != nil {
		r.query.stop()
	}
}

// All gives the records; an error ends them. A record is valid until the next one
// is asked for: Retain what is kept. It may be called once; leaving the loop
// early ends the query.
func (r *Rows) All() iter.Seq2[arrow.Record, error] {
	return func(yield func(arrow.Record, error) bool) {
		defer r.Close()
		if r.seq == nil {
			return
		}
		seq := r.seq
		r.seq = nil
		for rec, err := range seq {
			more := yield(rec, err)
			if rec != nil {
				rec.Release()
			}
			if !more || err != nil {
				return
			}
		}
	}
}

// Close frees what the rows hold. It may be called more than once, and need not
// be called after All.
func (r *Rows) Close() {
	r.seq = nil
	if r.close != nil {
		r.close()
		r.close = nil
	}
}

// textRows makes rows of string columns, for SHOW, DESCRIBE and EXPLAIN.
func textRows(names []string, rows [][]string) *Rows {
	fields := make([]arrow.Field, len(names))
	for i, n := range names {
		fields[i] = arrow.Field{Name: n, Type: arrow.BinaryTypes.String, Nullable: true}
	}
	schema := arrow.NewSchema(fields, nil)
	b := array.NewRecordBuilder(memory.NewGoAllocator(), schema)
	defer b.Release()
	for _, row := range rows {
		for i, v := range row {
			b.Field(i).(*array.StringBuilder).Append(v)
		}
	}
	rec := b.NewRecord()
	return &Rows{
		schema: schema,
		seq:    func(yield func(arrow.Record, error) bool) { yield(rec, nil) },
		close:  func() {},
	}
}

// rowsWritten is the message of an INSERT that ran to its end.
func rowsWritten(table string, p Progress) string {
	s := fmt.Sprintf("%s written to %s", catalog.Count(int(p.TotalOut), "row"), table)
	if d := p.Elapsed.Seconds(); d > 0 && p.TotalOut > 0 {
		s += fmt.Sprintf(" in %.1f s", d)
	}
	return s
}

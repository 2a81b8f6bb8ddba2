package console

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"sync"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
)

// Connector is USING console.
type Connector struct {
	// Out is where rows go.
	Out io.Writer
	// Format prints the rows of an epoch, at most numRows of them; nil prints a table
	// as Spark does. The record is borrowed.
	Format func(w io.Writer, rec arrow.Record) error

	mu sync.Mutex // of Out: queries print one after the other
}

// New makes a connector that prints Spark's tables.
func New(out io.Writer) *Connector { return &Connector{Out: out} }

// Name is the word after USING.
func (*Connector) Name() string { return "console" }

// Options specifies every option.
func (*Connector) Options() []connector.Option {
	return []connector.Option{
		{Name: "numRows", Default: "20", Write: true, Help: "how many rows of an epoch are printed"},
		{Name: "truncate", Default: "true", Write: true, Help: "cut values to 20 characters; or to a number of them, or false"},
		{Name: "checkpointLocation", Help: "no effect here"},
	}
}

// settings are the options' values.
type settings struct {
	rows  int
	width int // 0: any
}

func parse(options map[string]string) (settings, error) {
	s := settings{rows: 20, width: 20}
	if v, ok := options["numrows"]; ok {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return s, &connector.OptionError{Option: "numrows", Msg: fmt.Sprintf("option numRows: %q is not a number of rows", v)}
		}
		s.rows = n
	}
	switch v := options["truncate"]; v {
	case "", "true":
	case "false":
		s.width = 0
	default:
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return s, &connector.OptionError{Option: "truncate", Msg: fmt.Sprintf("option truncate: %q is neither true, false nor a number of characters", v)}
		}
		s.width = n
	}
	return s, nil
}

// Describe says that rows can be written and not read.
func (c *Connector) Describe(_ context.Context, _ connector.Env, t *catalog.Table, _ bool) (connector.Description, error) {
	notes, err := connector.CheckOptions(c.Options(), t.Options)
	if err == nil {
		_, err = parse(t.Options)
	}
	if err == nil && t.Stream {
		err = errors.New("the console can only be written: use CREATE TABLE")
	}
	return connector.Description{Schema: t.Schema, Writable: true, Notes: notes}, err
}

// OpenSource refuses.
func (*Connector) OpenSource(_ context.Context, _ connector.Env, t *catalog.Table) (connector.Source, error) {
	return nil, fmt.Errorf("table %s: the console cannot be read", t.Name)
}

// OpenSink makes a sink that prints.
func (c *Connector) OpenSink(_ context.Context, _ connector.Env, t *catalog.Table, schema *arrow.Schema) (connector.Sink, error) {
	set, err := parse(t.Options)
	if err != nil {
		return nil, err
	}
	return &sink{c: c, schema: schema, set: set}, nil
}

type sink struct {
	c      *Connector
	schema *arrow.Schema
	set    settings
}

// encoded is a record's rows, of which only the first are looked at.
type encoded struct {
	rows int
	head arrow.Record
}

func (e *encoded) Rows() int { return e.rows }
func (e *encoded) Release()  { e.head.Release() }

// Encode keeps the rows that may be printed.
func (s *sink) Encode(_ catalog.Task, rec arrow.Record) (connector.Encoded, error) {
	n := min(rec.NumRows(), int64(s.set.rows))
	return &encoded{rows: int(rec.NumRows()), head: rec.NewSlice(0, n)}, nil
}

// Write prints an epoch's first rows once all of it is there.
func (s *sink) Write(ctx context.Context, _ connector.QueryID, epoch int64, rows iter.Seq2[connector.Encoded, error]) error {
	var heads []arrow.Record
	defer func() {
		for _, h := range heads {
			h.Release()
		}
	}()
	all, kept := 0, 0
	for e, err := range rows {
		if err != nil {
			return err
		}
		all += e.Rows()
		enc, ok := e.(*encoded)
		if !ok || kept >= s.set.rows {
			e.Release()
			continue
		}
		n := min(int(enc.head.NumRows()), s.set.rows-kept)
		heads = append(heads, enc.head.NewSlice(0, int64(n)))
		kept += n
		e.Release()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	rec, err := join(s.schema, heads)
	if err != nil {
		return err
	}
	defer rec.Release()
	return s.print(epoch, rec, all)
}

// print writes an epoch in one piece.
func (s *sink) print(epoch int64, rec arrow.Record, all int) error {
	var b bytes.Buffer
	const line = "-------------------------------------------\n"
	fmt.Fprintf(&b, "%sBatch: %d\n%s", line, epoch, line)
	format := s.c.Format
	if format == nil {
		format = func(w io.Writer, rec arrow.Record) error { return Table(w, rec, s.set.width) }
	}
	if err := format(&b, rec); err != nil {
		return fmt.Errorf("console: %w", err)
	}
	if all > s.set.rows {
		fmt.Fprintf(&b, "only showing top %d rows\n", s.set.rows)
	}
	b.WriteByte('\n')
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	if _, err := s.c.Out.Write(b.Bytes()); err != nil {
		return fmt.Errorf("console: %w", err)
	}
	return nil
}

// join makes one record of several.
func join(schema *arrow.Schema, records []arrow.Record) (arrow.Record, error) {
	if len(records) == 0 {
		b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
		defer b.Release()
		return b.NewRecord(), nil
	}
	rows := int64(0)
	for _, r := range records {
		rows += r.NumRows()
	}
	cols := make([]arrow.Array, 0, schema.NumFields())
	defer func() {
		for _, c := range cols {
			c.Release()
		}
	}()
	for i := range schema.NumFields() {
		parts := make([]arrow.Array, len(records))
		for j, r := range records {
			parts[j] = r.Column(i)
		}
		c, err := array.Concatenate(parts, memory.DefaultAllocator)
		if err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
		cols = append(cols, c)
	}
	return array.NewRecord(schema, cols, rows), nil
}

// Close holds nothing.
func (s *sink) Close() error { return nil }

package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine"
	"github.com/millrace-sql/millrace/engine/codec"
)

// tableRows is the most rows that are set as one table: beyond it columns are
// aligned anew, so that a large result does not wait in memory.
const tableRows = 1000

// printer prints rows in the format of the command line.
type printer struct {
	format string
	out    io.Writer
}

func newPrinter(a *app) *printer { return &printer{format: a.format, out: a.out} }

// rows prints all rows.
func (p *printer) rows(rows *engine.Rows) error {
	switch p.format {
	case "json":
		return p.json(rows)
	case "csv":
		return p.csv(rows)
	}
	return p.table(rows)
}

// json prints one object a row, as to_json writes values, NULL fields kept.
func (p *printer) json(rows *engine.Rows) error {
	opts, _, err := codec.ParseJSONOptions(map[string]string{"ignoreNullFields": "false"})
	if err != nil {
		return err
	}
	w, err := codec.NewJSONWriter(rows.Schema(), opts)
	if err != nil {
		return err
	}
	var buf []byte
	for rec, err := range rows.All() {
		if err != nil {
			return err
		}
		buf = w.AppendRecord(buf[:0], rec)
		if _, err := p.out.Write(buf); err != nil {
			return err
		}
	}
	return nil
}

// csv prints a header and one line a row.
func (p *printer) csv(rows *engine.Rows) error {
	w := bufio.NewWriter(p.out)
	for i, f := range rows.Schema().Fields() {
		if i > 0 {
			w.WriteByte(',')
		}
		w.WriteString(quoteCSV(f.Name, false))
	}
	w.WriteByte('\n')
	cells, err := newCells(rows.Schema())
	if err != nil {
		return err
	}
	for rec, err := range rows.All() {
		if err != nil {
			return err
		}
		for r := range int(rec.NumRows()) {
			for c, col := range rec.Columns() {
				if c > 0 {
					w.WriteByte(',')
				}
				if !isNull(col, r) {
					w.WriteString(quoteCSV(cells[c](col, r), col.DataType().ID() == arrow.STRING))
				}
			}
			w.WriteByte('\n')
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return w.Flush()
}

// quoteCSV quotes a cell where RFC 4180 asks for it; an empty string is quoted to
// tell it from NULL.
func quoteCSV(s string, str bool) string {
	if s == "" && str {
		return `""`
	}
	for _, r := range s {
		if r == ',' || r == '"' || r == '\n' || r == '\r' {
			return `"` + doubled(s) + `"`
		}
	}
	return s
}

func doubled(s string) string {
	out := make([]byte, 0, len(s)+2)
	for i := range len(s) {
		if s[i] == '"' {
			out = append(out, '"')
		}
		out = append(out, s[i])
	}
	return string(out)
}

// table prints aligned tables and how many rows there were.
func (p *printer) table(rows *engine.Rows) error {
	schema := rows.Schema()
	cells, err := newCells(schema)
	if err != nil {
		return err
	}
	if schema.HasField("plan") && len(schema.Fields()) == 1 {
		return p.text(rows)
	}
	total := 0
	t := newTable(p.out, schema)
	for rec, err := range rows.All() {
		if err != nil {
			return err
		}
		for r := range int(rec.NumRows()) {
			row := make(table.Row, len(cells))
			for c, col := range rec.Columns() {
				row[c] = "NULL"
				if !isNull(col, r) {
					row[c] = cells[c](col, r)
				}
			}
			t.AppendRow(row)
			if total++; t.Length() == tableRows {
				t.Render()
				t = newTable(p.out, schema)
			}
		}
		if rows.Unbounded() && t.Length() > 0 {
			t.Render()
			t = newTable(p.out, schema)
		}
	}
	if t.Length() > 0 || total == 0 && len(schema.Fields()) > 0 {
		t.Render()
	}
	fmt.Fprintf(p.out, "(%s)\n", catalog.Count(int64(total), "row"))
	return nil
}

// text prints the only column as it is: a plan.
func (p *printer) text(rows *engine.Rows) error {
	for rec, err := range rows.All() {
		if err != nil {
			return err
		}
		lines := rec.Column(0).(*array.String)
		for i := range lines.Len() {
			fmt.Fprintln(p.out, lines.Value(i))
		}
	}
	return nil
}

// newTable makes a table with the schema's names; numbers stand right.
func newTable(out io.Writer, schema *arrow.Schema) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(out)
	style := table.StyleDefault
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	head := make(table.Row, len(schema.Fields()))
	configs := make([]table.ColumnConfig, len(head))
	for i, f := range schema.Fields() {
		head[i] = f.Name
		configs[i] = table.ColumnConfig{Number: i + 1}
		if numeric(f.Type) {
			configs[i].Align, configs[i].AlignHeader = text.AlignRight, text.AlignRight
		}
	}
	t.AppendHeader(head)
	t.SetColumnConfigs(configs)
	return t
}

func numeric(dt arrow.DataType) bool {
	return arrow.IsInteger(dt.ID()) || arrow.IsFloating(dt.ID()) || arrow.IsDecimal(dt.ID())
}

// cell is the text of one value that is not NULL.
type cell func(col arrow.Array, row int) string

func newCells(schema *arrow.Schema) ([]cell, error) {
	cells := make([]cell, len(schema.Fields()))
	for i, f := range schema.Fields() {
		c, err := newCell(f.Type)
		if err != nil {
			return nil, err
		}
		cells[i] = c
	}
	return cells, nil
}

// isNull says whether a value is NULL: a column that holds nothing else has no
// bits that say so.
func isNull(col arrow.Array, row int) bool {
	return col.DataType().ID() == arrow.NULL || col.IsNull(row)
}

// newCell shows strings as they are, times as Spark's CAST AS STRING writes them,
// binary in base64 and all else as JSON.
func newCell(dt arrow.DataType) (cell, error) {
	switch dt.ID() {
	case arrow.NULL:
		return func(arrow.Array, int) string { return "" }, nil // never asked: see isNull
	case arrow.STRING:
		return func(col arrow.Array, row int) string { return col.(*array.String).Value(row) }, nil
	case arrow.BINARY:
		return func(col arrow.Array, row int) string {
			return base64.StdEncoding.EncodeToString(col.(*array.Binary).Value(row))
		}, nil
	case arrow.FLOAT64:
		return func(col arrow.Array, row int) string {
			return string(codec.AppendDouble(nil, col.(*array.Float64).Value(row)))
		}, nil
	case arrow.FLOAT32:
		return func(col arrow.Array, row int) string {
			return string(codec.AppendFloat32(nil, col.(*array.Float32).Value(row)))
		}, nil
	case arrow.DATE32:
		return func(col arrow.Array, row int) string {
			return string(codec.AppendDate(nil, int32(col.(*array.Date32).Value(row))))
		}, nil
	case arrow.TIMESTAMP:
		return func(col arrow.Array, row int) string {
			return string(codec.AppendTimestamp(nil, int64(col.(*array.Timestamp).Value(row)), time.UTC))
		}, nil
	case arrow.DURATION:
		return func(col arrow.Array, row int) string {
			return string(codec.AppendDuration(nil, int64(col.(*array.Duration).Value(row))))
		}, nil
	case arrow.INTERVAL_MONTHS:
		return func(col arrow.Array, row int) string {
			return string(codec.AppendMonths(nil, int32(col.(*array.MonthInterval).Value(row))))
		}, nil
	}
	w, err := codec.NewValueWriter(dt, codec.JSONOptions{})
	if err != nil {
		return nil, err
	}
	return func(col arrow.Array, row int) string { return string(w.AppendValue(nil, col, row)) }, nil
}

package console

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/engine/codec"
)

// Table prints a record as Spark's show() does: values right-aligned, cut to a
// width of characters (0: not cut; then left-aligned).
func Table(w io.Writer, rec arrow.Record, width int) error {
	cells := make([][]string, rec.NumCols())
	widths := make([]int, rec.NumCols())
	for i, f := range rec.Schema().Fields() {
		col, err := column(rec.Column(i), width)
		if err != nil {
			return fmt.Errorf("column %s: %w", f.Name, err)
		}
		cells[i] = append([]string{cut(f.Name, width)}, col...)
		widths[i] = 3
		for _, c := range cells[i] {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	var b bytes.Buffer
	rule := "+"
	for _, n := range widths {
		rule += strings.Repeat("-", n) + "+"
	}
	b.WriteString(rule + "\n")
	for row := range int(rec.NumRows()) + 1 {
		b.WriteByte('|')
		for i, c := range cells {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c[row]))
			if width > 0 {
				b.WriteString(pad + c[row] + "|")
			} else {
				b.WriteString(c[row] + pad + "|")
			}
		}
		b.WriteByte('\n')
		if row == 0 {
			b.WriteString(rule + "\n")
		}
	}
	b.WriteString(rule + "\n")
	_, err := w.Write(b.Bytes())
	return err
}

// column gives a column's values as text.
func column(a arrow.Array, width int) ([]string, error) {
	text, err := texter(a)
	if err != nil {
		return nil, err
	}
	out := make([]string, a.Len())
	for i := range out {
		s := "NULL"
		if a.IsValid(i) {
			s = strings.NewReplacer("\n", "\\n", "\r", "\\r", "\t", "\\t").Replace(text(i))
		}
		out[i] = cut(s, width)
	}
	return out, nil
}

// texter prints one value of an array: texts and times as they are, the rest as
// in JSON.
func texter(a arrow.Array) (func(i int) string, error) {
	switch a := a.(type) {
	case *array.String:
		return a.Value, nil
	case *array.Binary:
		return func(i int) string { return strings.ToUpper(fmt.Sprintf("[% x]", a.Value(i))) }, nil
	case *array.Date32:
		return func(i int) string { return string(codec.AppendDate(nil, int32(a.Value(i)))) }, nil
	case *array.Timestamp:
		return func(i int) string { return string(codec.AppendTimestamp(nil, int64(a.Value(i)), nil)) }, nil
	}
	w, err := codec.NewValueWriter(a.DataType(), codec.JSONOptions{KeepNullFields: true})
	if err != nil {
		return nil, err
	}
	rows := w.Open(a)
	return func(i int) string { return strings.Trim(string(rows.AppendRow(nil, i)), `"`) }, nil
}

// cut shortens a value as Spark does: dots where there is room for them.
func cut(s string, width int) string {
	if width == 0 || utf8.RuneCountInString(s) <= width {
		return s
	}
	r := []rune(s)
	if width < 4 {
		return string(r[:width])
	}
	return string(r[:width-3]) + "..."
}

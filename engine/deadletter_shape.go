package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
	"github.com/millrace-sql/millrace/sql"
)

// letterFields are the columns of a dead letter.
var letterFields = []arrow.Field{
	{Name: "time", Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}, Nullable: true},
	{Name: "query", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "epoch", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "model", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "version", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "reason", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "error", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "origin", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "topic", Type: arrow.BinaryTypes.String, Nullable: true},
	{Name: "partition", Type: arrow.PrimitiveTypes.Int32, Nullable: true},
	{Name: "offset", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	{Name: "inputs", Type: arrow.BinaryTypes.String, Nullable: true},
}

// letterShape is how dead letters stand in a table.
type letterShape struct {
	schema *arrow.Schema
	fields []int             // of letterFields, one a column; nil for one column of JSON
	json   *codec.JSONWriter // of all fields, for that
}

// shapeFor says how dead letters stand in a table: in all columns when it has none
// yet, in those that it declares, as JSON in a topic's value.
func shapeFor(t *catalog.Table) (*letterShape, error) {
	all := arrow.NewSchema(letterFields, nil)
	if t.ByName {
		if t.Write == nil || !slices.Equal(t.Required, []string{"value"}) {
			return nil, fmt.Errorf("%s %s cannot take dead letters: it has no column value for them", t.Connector, t.Name)
		}
		w, err := codec.NewJSONWriter(all, codec.JSONOptions{KeepNullFields: true})
		value := t.Write.Field(t.Write.FieldIndices("value")[0])
		return &letterShape{schema: arrow.NewSchema([]arrow.Field{value}, nil), json: w}, err
	}
	if t.Schema == nil || !t.Declared {
		return &letterShape{schema: all, fields: upToAll(len(letterFields))}, nil
	}
	s := &letterShape{schema: t.Schema}
	for _, f := range t.Schema.Fields() {
		i := slices.IndexFunc(letterFields, func(l arrow.Field) bool { return strings.EqualFold(l.Name, f.Name) })
		if i < 0 {
			return nil, fmt.Errorf("table %s cannot take dead letters: they have no column %s, only %s", t.Name, f.Name, letterColumns())
		}
		if !arrow.TypeEqual(f.Type, letterFields[i].Type) {
			return nil, fmt.Errorf("table %s cannot take dead letters: its column %s is %s, theirs is %s",
				t.Name, f.Name, strings.ToUpper(sql.TypeName(f.Type)), strings.ToUpper(sql.TypeName(letterFields[i].Type)))
		}
		s.fields = append(s.fields, i)
	}
	return s, nil
}

func upToAll(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// letterColumns lists the columns, with their types.
func letterColumns() string {
	var all []string
	for _, f := range letterFields {
		all = append(all, f.Name+" "+strings.ToUpper(sql.TypeName(f.Type)))
	}
	return strings.Join(all, ", ")
}

// record makes a record of dead letters.
func (s *letterShape) record(mem memory.Allocator, of *epochLetters, letters []letter) arrow.Record {
	rec := letterRecord(mem, of, letters)
	defer rec.Release()
	if s.json == nil {
		cols := make([]arrow.Array, len(s.fields))
		for k, i := range s.fields {
			cols[k] = rec.Column(i)
		}
		return array.NewRecord(s.schema, cols, rec.NumRows())
	}
	b := array.NewRecordBuilder(mem, s.schema)
	defer b.Release()
	rows := s.json.Open(rec)
	for i := range letters {
		switch text := rows.AppendRow(nil, i); v := b.Field(0).(type) {
		case *array.BinaryBuilder:
			v.Append(text)
		case *array.StringBuilder:
			v.Append(string(text))
		default:
			v.AppendNull()
		}
	}
	return b.NewRecord()
}

// letterRecord makes a record of all columns.
func letterRecord(mem memory.Allocator, of *epochLetters, letters []letter) arrow.Record {
	b := array.NewRecordBuilder(mem, arrow.NewSchema(letterFields, nil))
	defer b.Release()
	text := func(i int, v string) { b.Field(i).(*array.StringBuilder).Append(v) }
	for _, l := range letters {
		b.Field(0).(*array.TimestampBuilder).Append(arrow.Timestamp(of.now.Truncate(time.Microsecond).UnixMicro()))
		text(1, of.to.query.name)
		b.Field(2).(*array.Int64Builder).Append(of.epoch)
		text(3, l.model)
		text(4, l.version)
		text(5, l.reason)
		text(6, l.err)
		if l.origin == "" {
			b.Field(7).AppendNull()
		} else {
			text(7, l.origin)
		}
		if l.placed {
			text(8, l.place.Topic)
			b.Field(9).(*array.Int32Builder).Append(l.place.Partition)
			b.Field(10).(*array.Int64Builder).Append(l.place.Offset)
		} else {
			b.Field(8).AppendNull()
			b.Field(9).AppendNull()
			b.Field(10).AppendNull()
		}
		text(11, l.inputs)
	}
	return b.NewRecord()
}

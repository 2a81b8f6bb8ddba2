package file

import (
	"errors"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
)

// textFormat is lines.
type textFormat struct{}

func (textFormat) name() string   { return "text" }
func (textFormat) suffix() string { return ".txt" }
func (textFormat) writable() bool { return false }

func (textFormat) options() []connector.Option {
	return specify([]connector.Option{
		{Name: "wholeText", Default: "false", Read: true, Help: "a file is one row"},
		{Name: "lineSep", Read: true, Help: "what ends a line"},
	}, csvOptions, jsonOptions)
}

func (textFormat) newEncoder(*arrow.Schema, map[string]string) (encoder, error) {
	return nil, errors.New("text files cannot be written yet: use json")
}

func (textFormat) infer(map[string]string, []input) (*arrow.Schema, error) {
	return arrow.NewSchema([]arrow.Field{{Name: "value", Type: arrow.BinaryTypes.String, Nullable: true}}, nil), nil
}

func (textFormat) newReader(schema *arrow.Schema, options map[string]string) (reader, error) {
	if schema.NumFields() != 1 || schema.Field(0).Type.ID() != arrow.STRING {
		return nil, errors.New("text files have one column, of type STRING")
	}
	return textReader{schema: schema, whole: options["wholetext"] == "true", sep: options["linesep"]}, nil
}

// textReader gives lines as they are, empty ones too.
type textReader struct {
	schema *arrow.Schema
	whole  bool
	sep    string
}

func (r textReader) splittable() bool { return !r.whole && (r.sep == "" || r.sep == "\n") }

func (textReader) head([]byte) int { return 0 }

func (r textReader) project(p *connector.Projection) (decoder, error) {
	return textDecoder{textReader: r, out: newOutput(p, []int{0})}, nil
}

type textDecoder struct {
	textReader
	out output
}

func (d textDecoder) decode(t catalog.Task, b block) (arrow.Record, error) {
	col := array.NewStringBuilder(t.Allocator())
	defer col.Release()
	col.ReserveData(len(b.data))
	switch {
	case d.whole:
		col.Append(string(b.data))
	case d.sep != "":
		for line := range separated(b.data, []byte(d.sep)) {
			col.BinaryBuilder.Append(line)
		}
	default:
		for line := range separated(b.data, newline) {
			if n := len(line); n > 0 && line[n-1] == '\r' {
				line = line[:n-1]
			}
			col.BinaryBuilder.Append(line)
		}
	}
	a := col.NewArray()
	defer a.Release()
	return d.out.record(t, []arrow.Array{a}, a.Len())
}

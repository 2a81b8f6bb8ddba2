package file

import (
	"bytes"
	"fmt"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
	"github.com/millrace-sql/millrace/engine/connector"
)

// jsonFormat is one JSON object a line.
type jsonFormat struct{}

func (jsonFormat) name() string   { return "json" }
func (jsonFormat) suffix() string { return ".json" }
func (jsonFormat) writable() bool { return true }

func (jsonFormat) options() []connector.Option { return specify(jsonOptions, csvOptions) }

// parse reads the options that the codec knows.
func (jsonFormat) parse(options map[string]string) (codec.JSONOptions, error) {
	o, _, err := codec.ParseJSONOptions(options)
	o.Lines = true
	return o, err
}

func (f jsonFormat) newEncoder(schema *arrow.Schema, options map[string]string) (encoder, error) {
	o, err := f.parse(options)
	if err != nil {
		return nil, err
	}
	w, err := codec.NewJSONWriter(schema, o)
	if err != nil {
		return nil, err
	}
	return jsonEncoder{w}, nil
}

type jsonEncoder struct{ w *codec.JSONWriter }

func (jsonEncoder) header() []byte { return nil }

func (e jsonEncoder) appendRecord(dst []byte, rec arrow.Record) []byte {
	return e.w.AppendRecord(dst, rec)
}

func (f jsonFormat) newReader(schema *arrow.Schema, options map[string]string) (reader, error) {
	o, err := f.parse(options)
	if err != nil {
		return nil, err
	}
	if _, err := codec.NewJSONDecoder(arrow.StructOf(schema.Fields()...), o); err != nil {
		return nil, err
	}
	return jsonReader{schema: schema, opts: o}, nil
}

// jsonReader reads rows of a schema.
type jsonReader struct {
	schema *arrow.Schema
	opts   codec.JSONOptions
}

// splittable: a line ends with \n, unless the user says otherwise.
func (r jsonReader) splittable() bool {
	return !r.opts.MultiLine && (r.opts.LineSep == "" || r.opts.LineSep == "\n")
}

// head: every line names its columns.
func (jsonReader) head([]byte) int { return 0 }

func (r jsonReader) project(p *connector.Projection) (decoder, error) {
	cols := r.wanted(p)
	d, err := codec.NewJSONDecoder(arrow.StructOf(fieldsAt(r.schema, cols)...), r.opts)
	if err != nil {
		return nil, err
	}
	return jsonDecoder{opts: r.opts, decoder: d, out: newOutput(p, cols)}, nil
}

// wanted is the columns to decode. Whether a record is broken depends on all of
// them.
func (r jsonReader) wanted(p *connector.Projection) []int {
	corrupt := r.opts.CorruptColumn
	if corrupt == "" {
		corrupt = codec.DefaultCorruptColumn
	}
	return wantedColumns(r.schema, p, corrupt)
}

type jsonDecoder struct {
	opts    codec.JSONOptions
	decoder *codec.JSONDecoder
	out     output
}

func (d jsonDecoder) decode(t catalog.Task, b block) (arrow.Record, error) {
	s := d.decoder.NewScanner(t.Allocator())
	defer s.Release()
	for doc := range d.documents(b.data) {
		if err := s.Append(doc); err != nil {
			return nil, err
		}
	}
	rows, err := s.Finish()
	if err != nil {
		return nil, err
	}
	defer rows.Release()
	st, ok := rows.(*array.Struct)
	if !ok {
		return nil, fmt.Errorf("rows of type %s", rows.DataType())
	}
	cols := make([]arrow.Array, st.NumField())
	for i := range cols {
		cols[i] = st.Field(i)
	}
	return d.out.record(t, cols, st.Len())
}

// documents cuts a block: one a line, or the whole file.
func (d jsonDecoder) documents(data []byte) func(yield func([]byte) bool) {
	if d.opts.MultiLine {
		return func(yield func([]byte) bool) { yield(data) }
	}
	if d.opts.LineSep != "" {
		return separated(data, []byte(d.opts.LineSep))
	}
	return lines(data)
}

// lines cuts at \n, \r\n and \r. Most files have only \n, which is looked for
// first.
func lines(data []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(data) > 0 {
			line, rest, _ := bytes.Cut(data, newline)
			data = rest
			for {
				i := bytes.IndexByte(line, '\r')
				if i < 0 {
					break
				}
				if !yield(line[:i]) {
					return
				}
				line = line[i+1:]
			}
			if len(line) > 0 && !yield(line) {
				return
			}
		}
	}
}

func separated(data, sep []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(data) > 0 {
			line, rest, _ := bytes.Cut(data, sep)
			data = rest
			if !yield(line) {
				return
			}
		}
	}
}

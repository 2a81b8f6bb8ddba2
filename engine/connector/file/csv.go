package file

import (
	"bytes"
	"errors"
	"io"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/array"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/codec"
	"github.com/millrace-sql/millrace/engine/connector"
)

// csvFormat is separated values.
type csvFormat struct{}

func (csvFormat) name() string   { return "csv" }
func (csvFormat) suffix() string { return ".csv" }
func (csvFormat) writable() bool { return true }

func (csvFormat) options() []connector.Option { return specify(csvOptions, jsonOptions) }

func (csvFormat) parse(options map[string]string) (codec.CSVOptions, error) {
	o, _, err := codec.ParseCSVOptions(options)
	return o, err
}

func (f csvFormat) newEncoder(schema *arrow.Schema, options map[string]string) (encoder, error) {
	o, err := f.parse(options)
	if err != nil {
		return nil, err
	}
	w, err := codec.NewCSVWriter(schema, o)
	if err != nil {
		return nil, err
	}
	return csvEncoder{w: w, heading: o.Header}, nil
}

type csvEncoder struct {
	w       *codec.CSVWriter
	heading bool
}

func (e csvEncoder) header() []byte {
	if !e.heading {
		return nil
	}
	return e.w.AppendHeader(nil)
}

func (e csvEncoder) appendRecord(dst []byte, rec arrow.Record) []byte {
	return e.w.AppendRecord(dst, rec)
}

func (f csvFormat) newReader(schema *arrow.Schema, options map[string]string) (reader, error) {
	o, err := f.parse(options)
	if err != nil {
		return nil, err
	}
	if _, err := codec.NewCSVDecoder(schema, o); err != nil {
		return nil, err
	}
	return csvReader{schema: schema, opts: o}, nil
}

// csvReader reads rows of a schema.
type csvReader struct {
	schema *arrow.Schema
	opts   codec.CSVOptions
}

// splittable: without multiLine a line is a row.
func (r csvReader) splittable() bool {
	return !r.opts.MultiLine && (r.opts.LineSep == "" || r.opts.LineSep == "\n")
}

// head is the header's line, which is the first that is neither empty nor a
// comment.
func (r csvReader) head(data []byte) int {
	if !r.opts.Header {
		return 0
	}
	for at := 0; ; {
		i := bytes.IndexByte(data[at:], '\n')
		if i < 0 {
			return len(data)
		}
		line := bytes.TrimSpace(data[at : at+i])
		at += i + 1
		if len(line) > 0 && (r.opts.Comment == 0 || line[0] != r.opts.Comment) {
			return at
		}
	}
}

// project reads only the wanted columns where a header names them; else a
// column's place is that among all.
func (r csvReader) project(p *connector.Projection) (decoder, error) {
	corrupt := r.opts.CorruptColumn
	if corrupt == "" {
		corrupt = codec.DefaultCorruptColumn
	}
	cols := wantedColumns(r.schema, p, corrupt)
	if !r.opts.Header {
		cols = cols[:0]
		for i := range r.schema.Fields() {
			cols = append(cols, i)
		}
	}
	d, err := codec.NewCSVDecoder(arrow.NewSchema(fieldsAt(r.schema, cols), nil), r.opts)
	if err != nil {
		return nil, err
	}
	return csvDecoder{decoder: d, out: newOutput(p, cols)}, nil
}

type csvDecoder struct {
	decoder *codec.CSVDecoder
	out     output
}

func (d csvDecoder) decode(t catalog.Task, b block) (arrow.Record, error) {
	in := io.Reader(bytes.NewReader(b.data))
	if len(b.head) > 0 {
		in = io.MultiReader(bytes.NewReader(b.head), in)
	}
	r := d.decoder.NewReader(t.Allocator(), in, b.file)
	defer r.Release()
	rec, err := r.Next(bytes.Count(b.data, newline) + bytes.Count(b.data, []byte{'\r'}) + 1)
	if errors.Is(err, io.EOF) {
		return d.empty(t)
	}
	if err != nil {
		return nil, err
	}
	defer rec.Release()
	return d.out.record(t, rec.Columns(), int(rec.NumRows()))
}

// empty is a record without rows.
func (d csvDecoder) empty(t catalog.Task) (arrow.Record, error) {
	b := array.NewRecordBuilder(t.Allocator(), d.decoder.Schema())
	defer b.Release()
	rec := b.NewRecord()
	defer rec.Release()
	return d.out.record(t, rec.Columns(), 0)
}

// checkHeaders reads every file's header: one that lacks a column is a fault
// before anything runs.
func (r csvReader) checkHeaders(files []input) error {
	if !r.opts.Header {
		return nil
	}
	d, err := codec.NewCSVDecoder(r.schema, r.opts)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := checkHeader(d, f); err != nil {
			return err
		}
	}
	return nil
}

// checkHeader reads no rows: the decoder looks at the header before the first.
func checkHeader(d *codec.CSVDecoder, f input) error {
	in, err := f.open()
	if err != nil {
		return err
	}
	r := d.NewReader(memory.DefaultAllocator, in, f.name)
	defer r.Release()
	_, err = r.Next(0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, in.Close())
}

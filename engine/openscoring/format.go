package openscoring

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/model"
)

// The formats that this package treats in a way of its own: PMML documents are
// described as Openscoring does it, and Spark ML's models are directories. All
// others are what engine/model makes of them.
const (
	pmmlFormat    = "pmml"
	sparkmlFormat = "sparkml"
)

// Formats are the names of the formats that Load knows.
func Formats() []string { return model.FileFormats() }

// CheckFormat says whether Load knows a format; an error names those that it does
// and the nearest one.
func CheckFormat(name string) error {
	_, err := model.Lookup(name)
	return err
}

// Load is LoadWith without options.
func Load(path, format string) (*Model, error) { return LoadWith(path, format, nil) }

// LoadWith reads a model file or directory of a format that engine/model knows;
// empty tells the format from what is there. Options are those that CREATE MODEL has
// for the format, by their names in lower case, but for path. A panic of a format's
// reader is an error of the model.
func LoadWith(path, format string, options map[string]string) (m *Model, err error) {
	if format == "" {
		if format, err = model.Detect(path); err != nil {
			return nil, err
		}
	}
	f, err := model.Lookup(format)
	if err != nil {
		return nil, err
	}
	all := map[string]string{"path": path}
	maps.Copy(all, options)
	if err := model.CheckOptions(f, all); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		_, _, err := f.Load(all) // it has better words
		return nil, err
	case info.IsDir() && f.Name() == pmmlFormat:
		return nil, fmt.Errorf("%s is a directory, and a PMML document is a file", path)
	case info.IsDir() && f.Name() != sparkmlFormat:
		return nil, fmt.Errorf("%s is a directory, and a model of the format %s is a file", path, f.Name())
	}
	return unbroken(func() (*Model, error) {
		if f.Name() != pmmlFormat {
			return loadFormat(f, all)
		}
		doc, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		load := LoadPMML
		if name, ok := options["modelname"]; ok {
			load = func(doc []byte) (*Model, error) { return loadNamedPMML(doc, name) }
		}
		m, err := load(doc)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return m, nil
	})
}

// extensions are those of documents whose format does not give its name to them.
var extensions = []struct{ suffix, format string }{{".json", "xgboost"}, {".ubj", "xgboost"}, {".txt", "lightgbm"}}

// formatByName is the model's name and its format by a file's name; format is
// empty for a file that is no model's.
func formatByName(name string) (id, format string) {
	for _, e := range extensions {
		if id, ok := strings.CutSuffix(name, e.suffix); ok {
			return id, e.format
		}
	}
	for _, f := range model.FileFormats() {
		if id, ok := strings.CutSuffix(name, "."+f); ok && f != sparkmlFormat {
			return id, f
		}
	}
	return name, ""
}

// fileName is the name of a model's file in a folder.
func fileName(id, format string, doc []byte) string {
	if ubjson := format == "xgboost" && !isJSON(doc); ubjson {
		return id + ".ubj"
	}
	for _, e := range extensions {
		if e.format == format {
			return id + e.suffix
		}
	}
	return id + "." + format
}

// isJSON tells JSON's objects from UBJSON's, whose names have lengths before them.
func isJSON(doc []byte) bool {
	inner := bytes.TrimLeft(bytes.TrimLeft(doc, " \t\r\n"), "{")
	return len(inner) > 0 && strings.IndexByte("\"} \t\r\n", inner[0]) >= 0
}

// contentType is that of a model's document, by the extension of its file.
func contentType(name string) string {
	switch filepath.Ext(name) {
	case ".pmml":
		return "application/xml"
	case ".json":
		return "application/json"
	case ".ubj":
		return "application/ubjson"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	return "application/octet-stream"
}

// documentTypes are the content types that a document may be deployed as. Only
// those of XML say its format; for the others it is told from what it holds.
var documentTypes = []string{"text/xml", "application/xml", "application/json", "application/ubjson", "text/plain", "application/octet-stream",
	"application/protobuf", "application/x-protobuf", "application/onnx", "application/x-onnx"}

// unbroken loads a model; a panic is that model's fault, and keeps no server from
// its other models.
func unbroken(load func() (*Model, error)) (m *Model, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			m, err = nil, fmt.Errorf("reading the model failed inside millrace: %v", fault)
		}
	}()
	return load()
}

// LoadDocument reads the document of a model. Format is empty or the name of a
// format whose models are files.
func LoadDocument(doc []byte, format string) (m *Model, err error) {
	if format == "" {
		if format, err = model.DetectDocument(doc); err != nil {
			return nil, err
		}
	}
	if format == pmmlFormat {
		return unbroken(func() (*Model, error) { return LoadPMML(doc) })
	}
	f, err := model.Lookup(format)
	if err != nil {
		return nil, err
	}
	r, ok := f.(model.Reader)
	if !ok {
		return nil, fmt.Errorf("a model of the format %s is not one document", f.Name())
	}
	return unbroken(func() (*Model, error) {
		c, version, err := r.Read(bytes.NewReader(doc), nil)
		if err != nil {
			return nil, err
		}
		return fromCatalog(f.Name(), c, version, int64(len(doc)))
	})
}

// loadFormat reads a model by its format.
func loadFormat(f model.Format, options map[string]string) (*Model, error) {
	path := options["path"]
	c, version, err := f.Load(options)
	if err != nil {
		return nil, err
	}
	size, err := sizeOf(path)
	if err != nil {
		return nil, err
	}
	m, err := fromCatalog(f.Name(), c, version, size)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

// sizeOf is the bytes of a file, or of the files of a directory that are not
// hidden.
func sizeOf(path string) (size int64, err error) {
	err = filepath.WalkDir(path, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}

// fromCatalog describes a model of any format: its targets come first among the
// results, as in Openscoring's answers.
func fromCatalog(format string, c catalog.Model, checksum string, size int64) (*Model, error) {
	outs, about := c.Outputs(), properties(c)
	m := &Model{format: format, checksum: checksum, size: size, summary: about["summary"], function: functionOf(outs, about), predicted: -1}
	if m.summary == "" {
		m.summary = about["kind"]
	}
	if format == sparkmlFormat {
		m.summary = "Spark ML " + m.summary
	}
	m.score = func(mem memory.Allocator, n int, in []arrow.Array, want []int, fault func(int, error)) ([]arrow.Array, error) {
		return c.Score(&task{mem: mem, fault: fault}, n, in, want)
	}
	var ins, results []catalog.Domain
	if d, ok := c.(catalog.Domains); ok {
		ins = d.Domains()
	}
	if d, ok := c.(catalog.OutputDomains); ok {
		results = d.OutputDomains()
	}
	for i, f := range c.Inputs() {
		m.inputs = append(m.inputs, input{field: fieldOf(f, ins, i), typ: f.Type, takesNaN: true})
	}
	add := func(targets bool) {
		for i, o := range outs {
			if o.Hidden || o.Target != targets {
				continue
			}
			m.results = append(m.results, resultColumn{field: fieldOf(o.Field, results, i), typ: o.Field.Type})
			m.want = append(m.want, i)
		}
	}
	add(true)
	m.targets = len(m.results)
	add(false)
	return m, m.finish()
}

// fieldOf describes a column, by its domain if that is known.
func fieldOf(f arrow.Field, domains []catalog.Domain, i int) field {
	d := &documentField{name: f.Name, dataType: typeName(f.Type)}
	if i < len(domains) {
		d.intervals, d.values = domains[i].Intervals, domains[i].Categories
	}
	if len(d.values) > 0 {
		d.opType = "categorical" // also of numbers
	}
	return newField(d, f)
}

// properties are the facts of a model by name.
func properties(c catalog.Model) map[string]string {
	all := map[string]string{}
	for _, p := range c.Describe() {
		all[p.Name] = p.Value
	}
	return all
}

// functionOf is PMML's word for what a model does, as far as its outputs and its
// own words tell; empty if they do not.
func functionOf(outs []catalog.Output, about map[string]string) string {
	if f := about["function"]; f != "" {
		return f
	}
	for _, o := range outs {
		if o.Role == catalog.RoleProbability {
			return "classification"
		}
	}
	text := about["objective"]
	if text == "" {
		text = about["kind"]
	}
	if stages := strings.Split(about["stages"], ", "); stages[len(stages)-1] != "" {
		text = stages[len(stages)-1]
	}
	for _, w := range []struct{ part, function string }{
		{"Classif", "classification"}, {"Logistic", "classification"}, {"Bayes", "classification"}, {"SVC", "classification"},
		{"binary", "classification"}, {"multi", "classification"}, {"Regress", "regression"}, {"KMeans", "clustering"},
	} {
		if strings.Contains(text, w.part) {
			return w.function
		}
	}
	if about["objective"] != "" { // all others of the libraries that have objectives predict a number
		return "regression"
	}
	return ""
}

// task is what a model may use of its surroundings.
type task struct {
	mem   memory.Allocator
	fault func(row int, err error)
}

// Context never ends: a request is computed to its end.
func (t *task) Context() context.Context { return context.Background() }

// Allocator is the server's.
func (t *task) Allocator() memory.Allocator { return t.mem }

// EpochTime is the time of the request.
func (t *task) EpochTime() time.Time { return time.Now() }

// Fault notes why a row has no results.
func (t *task) Fault(row int, _ string, err error) { t.fault(row, err) }

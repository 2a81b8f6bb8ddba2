package openscoring

import (
	"bytes"
	"fmt"
	"time"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"

	"github.com/millrace-sql/millrace/engine/codec"
	"github.com/millrace-sql/millrace/engine/pmml"
)

// Model is a model with the names and texts that Openscoring's answers have. It
// is immutable and may be used by many goroutines at once.
type Model struct {
	format   string // as engine/model names it
	function string // miningFunction, empty if unknown
	summary  string
	name     string // modelName of the document
	version  string
	checksum string // SHA-256, hexadecimal
	size     int64

	inputs  []input
	byName  map[string]int // of inputs
	results []resultColumn // what is shown: targets, then final output fields
	want    []int          // results as outputs of the scorer
	score   scoreFunc

	// group is the field by which the records of a request make rows; its name is
	// empty if each record is one.
	group   field
	targets int // how many of results are targets
	// undefined is the output field that an expression over a missing prediction
	// stumbles over, empty if there is no such expression; it is the column at
	// position predicted that tells.
	undefined string
	predicted int
}

// scoreFunc scores n rows: the outputs want, in that order, which belong to the
// caller. In is borrowed.
type scoreFunc func(mem memory.Allocator, n int, in []arrow.Array, want []int, fault func(row int, err error)) ([]arrow.Array, error)

// input is a field that a model takes.
type input struct {
	field
	typ  arrow.DataType
	kind kind

	takesNaN    bool   // NaN is a value, or declared missing
	invalid     string // invalidValueTreatment
	replacement string // for invalid values, with asValue
}

// resultColumn is a field that a model gives.
type resultColumn struct {
	field
	typ  arrow.DataType
	key  []byte             // `"name" : `
	json *codec.ValueWriter // for types that are no scalars
}

// field is a member of a schema.
type field struct {
	name, display    string
	dataType, opType string
	values           []string
}

// LoadPMML compiles a PMML document. Errors say what the document lacks or what
// of it is not supported, by element and line.
func LoadPMML(doc []byte) (*Model, error) {
	p, err := pmml.Load(bytes.NewReader(doc))
	if err != nil {
		return nil, err
	}
	return describePMML(p, doc)
}

// loadNamedPMML is LoadPMML for the model of that modelName, of a document with
// several.
func loadNamedPMML(doc []byte, name string) (*Model, error) {
	p, err := pmml.LoadNamed(bytes.NewReader(doc), name)
	if err != nil {
		return nil, err
	}
	return describePMML(p, doc)
}

func describePMML(p *pmml.Model, doc []byte) (*Model, error) {
	outs := p.Outputs()
	var wanted []string
	for i, o := range outs {
		if i > 0 || o.Field.Name != p.TargetName() {
			wanted = append(wanted, o.Field.Name)
		}
	}
	d, err := scanDocument(doc, wanted)
	if err != nil {
		return nil, err
	}
	m := &Model{
		format: pmmlFormat, function: p.FunctionName(), summary: p.Summary(), name: d.modelName, version: d.version, checksum: p.Checksum(), size: p.Size(),
		score: p.ScoreOutputs, predicted: -1,
	}
	for _, f := range p.Inputs() {
		m.inputs = append(m.inputs, d.input(f))
	}
	for i, o := range outs {
		if !o.Final || d.outputs[o.Field.Name] == nil && d.data[o.Field.Name] == nil && p.FunctionName() == "associationRules" {
			continue // association models have no target
		}
		var f field
		if about := d.outputs[o.Field.Name]; about != nil {
			f = newField(about, o.Field)
		} else {
			f = d.target(o.Field, p.FunctionName())
			m.targets++
		}
		m.results = append(m.results, resultColumn{field: f, typ: o.Field.Type})
		m.want = append(m.want, i)
	}
	if len(d.groups) == 1 {
		if about := d.data[d.groups[0]]; about != nil {
			m.group = field{name: about.name, display: about.display, dataType: about.dataType, opType: about.opType, values: about.ranges()}
		}
	}
	m.findUndefined(d, outs)
	return m, m.finish()
}

// findUndefined finds the expression that fails when there is no prediction.
func (m *Model) findUndefined(d *document, outs []pmml.Output) {
	for i, o := range outs {
		if o.Role == pmml.Predicted && m.predicted < 0 {
			m.predicted = m.position(i)
		}
		about := d.outputs[o.Field.Name]
		if about == nil || m.undefined != "" {
			continue
		}
		for _, ref := range about.refs {
			if d.outputs[ref] != nil && m.undefined == "" {
				m.undefined = ref
			}
		}
	}
	if m.predicted < 0 {
		m.undefined = ""
	}
}

// position is where output i of the scorer is among the results; an output that
// is not shown is no use.
func (m *Model) position(i int) int {
	for at, w := range m.want {
		if w == i {
			return at
		}
	}
	return -1
}

func (d *document) input(f arrow.Field) input {
	in := input{typ: f.Type, invalid: d.mining[f.Name].invalid, replacement: d.mining[f.Name].replacement}
	about := d.data[f.Name]
	if about == nil {
		about = &documentField{name: f.Name}
	}
	in.field, in.takesNaN = newField(about, f), about.nanIsNull
	return in
}

// target describes a target field by its DataField. A model without one, a
// clustering for instance, has a target that the document does not name.
func (d *document) target(f arrow.Field, function string) field {
	if about := d.data[f.Name]; about != nil {
		return newField(about, f)
	}
	about := &documentField{name: f.Name}
	if function != "regression" {
		about.opType = "categorical"
	}
	return newField(about, f)
}

// newField completes what a document says by what the column is.
func newField(d *documentField, f arrow.Field) field {
	dataType, opType := d.dataType, d.opType
	if dataType == "" {
		dataType = typeName(f.Type)
	}
	if opType == "" {
		opType = opTypeOf(f.Type)
	}
	return field{name: f.Name, display: d.display, dataType: dataType, opType: opType, values: d.ranges()}
}

// typeName is PMML's word for a column's type.
func typeName(t arrow.DataType) string {
	switch t.ID() {
	case arrow.FLOAT64:
		return "double"
	case arrow.FLOAT32:
		return "float"
	case arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64:
		return "integer"
	case arrow.BOOL:
		return "boolean"
	case arrow.DATE32:
		return "date"
	case arrow.TIMESTAMP:
		return "dateTime"
	case arrow.STRING:
		return "string"
	case arrow.LIST:
		return "array"
	}
	return t.String()
}

func opTypeOf(t arrow.DataType) string {
	switch t.ID() {
	case arrow.FLOAT64, arrow.FLOAT32, arrow.INT8, arrow.INT16, arrow.INT32, arrow.INT64:
		return "continuous"
	}
	return "categorical"
}

// finish prepares what requests need and refuses models that they cannot feed.
func (m *Model) finish() error {
	m.byName = make(map[string]int, len(m.inputs))
	for i := range m.inputs {
		in := &m.inputs[i]
		var ok bool
		if in.kind, ok = inputKind(in.typ); !ok {
			return fmt.Errorf("its input %s is a %s: a request has only numbers, texts, booleans, dates, and lists of numbers and of texts", in.name, in.typ)
		}
		m.byName[in.name] = i
	}
	for i := range m.results {
		r := &m.results[i]
		r.key = append(appendJSONString(nil, r.name), " : "...)
		if _, ok := kindOf(r.typ); ok {
			continue
		}
		w, err := codec.NewValueWriter(r.typ, codec.JSONOptions{Zone: time.UTC})
		if err != nil {
			return fmt.Errorf("its output %s: %w", r.name, err)
		}
		r.json = w
	}
	return nil
}

// Inputs are the names of the fields the model takes.
func (m *Model) Inputs() []string {
	names := make([]string, len(m.inputs))
	for i := range m.inputs {
		names[i] = m.inputs[i].name
	}
	return names
}

// Results are the names of the columns the model gives: its targets, then its
// final output fields, in Openscoring's order.
func (m *Model) Results() []string {
	names := make([]string, len(m.results))
	for i := range m.results {
		names[i] = m.results[i].name
	}
	return names
}

// Summary is the model's type for a person: "Ensemble model".
func (m *Model) Summary() string { return m.summary }

// Format is the model's format: pmml, sparkml, xgboost, ...
func (m *Model) Format() string { return m.format }

func releaseAll(arrays []arrow.Array) {
	for _, a := range arrays {
		a.Release()
	}
}

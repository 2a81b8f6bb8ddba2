package pmml

import (
	"sync"

	"github.com/apache/arrow/go/v14/arrow"
)

// Role says what an output is.
type Role int

const (
	// Other is anything but the two below: a transformed value, an entity id, a confidence.
	Other Role = iota
	// Predicted is a predicted value: the target's, or an output field with feature predictedValue.
	Predicted
	// Probability is the probability of the class Output.Class.
	Probability
)

// Output describes one column that Score gives.
type Output struct {
	Field arrow.Field // name and type; always nullable
	Role  Role
	Class string // for Probability: the class as the document writes it; empty for the probability of the predicted class
	Final bool   // false for isFinalResult="false": an intermediate value that clients usually hide
}

// Model is a loaded document. It is immutable; all methods may be called concurrently.
type Model struct {
	prog     *program
	root     *frame
	inputs   []arrow.Field
	outputs  []Output
	slots    []int // of each output
	batch    *plan // nil: only the row interpreter
	why      string
	rows     sync.Pool // *row
	scratch  sync.Pool // *tile
	checksum string
	size     int64
	verified int
	title    string
	producer string
	domains  []Domain // of each input
	targets  []Domain // of each output
}

func newModel(l *loader, root *frame) *Model {
	m := &Model{root: root, title: l.title, producer: l.producer}
	m.addOutputs(l)
	m.prog = &program{slots: l.slots, cols: l.inputs}
	m.addDomains(l)
	for _, s := range l.inputs {
		sl := &l.slots[s]
		m.inputs = append(m.inputs, arrow.Field{Name: sl.name, Type: sl.inputType(), Nullable: true})
	}
	m.rows.New = func() any { return m.prog.newRow() }
	m.batch, m.why = compile(m)
	m.scratch.New = func() any { return m.batch.newTile(m) }
	return m
}

// targetName is the name of the prediction of a model without a target field.
const targetName = "_target"

// addOutputs lists the target and the output fields, those of a chain's segments first. An output field with the
// target's name takes its place.
func (m *Model) addOutputs(l *loader) {
	f := m.root
	t := &f.target
	mm, many := f.body.(*mining)
	many = many && mm.method == "multiModelChain" // whose targets are those of its segments
	if t.slot < 0 && !many {
		t.name = targetName
		t.slot = l.newSlot(slot{name: t.name, kind: fromResult, typ: f.outType()})
	}
	add := func(name string, typ dataType, s int) *Output {
		m.outputs = append(m.outputs, Output{Field: arrow.Field{Name: name, Type: arrowType(typ), Nullable: true}, Final: true})
		m.slots = append(m.slots, s)
		return &m.outputs[len(m.outputs)-1]
	}
	fields := append(nestedOutputs(f), f.outputs...)
	last := map[string]*outputField{} // of fields of one name the last counts
	for _, o := range fields {
		last[o.name] = o
	}
	switch {
	case many:
		t.name = mm.segments[0].model.target.name
		for _, s := range mm.segments {
			if g := s.model; g.target.slot >= 0 && last[g.target.name] == nil {
				add(g.target.name, g.outType(), g.target.slot).Role = Predicted
			}
		}
	case last[t.name] == nil:
		add(t.name, f.outType(), t.slot).Role = Predicted
	}
	for _, o := range fields {
		if last[o.name] != o {
			continue
		}
		out := add(o.name, o.typ, o.slot)
		out.Final = o.final
		switch o.feature {
		case "predictedValue":
			out.Role = Predicted
		case "probability":
			out.Role = Probability
			if o.raw != nil {
				out.Class = *o.raw
			}
		}
	}
}

// nestedOutputs are the output fields of a chain's segments: they are results of the whole, too.
func nestedOutputs(f *frame) []*outputField {
	m, ok := f.body.(*mining)
	if !ok || !m.chained() {
		return nil
	}
	var out []*outputField
	for _, s := range m.segments {
		out = append(append(out, nestedOutputs(s.model)...), s.model.outputs...)
	}
	return out
}

// Inputs are the model's active fields in the order of its MiningSchema: name and the Arrow type of the DataField
// (double Float64, float Float32, integer Int64, string String, boolean Boolean, date Date32, dateTime
// Timestamp[us, UTC], time String), all nullable. The slice is shared: do not change it.
func (m *Model) Inputs() []arrow.Field { return m.inputs }

// Outputs are the columns that Score gives: the target, then the output fields in document order (of a model chain
// also those of its segments). The slice is shared: do not change it.
func (m *Model) Outputs() []Output { return m.outputs }

// Kind is the model's element: "MiningModel", "TreeModel", ...
func (m *Model) Kind() string { return m.root.e.name }

// FunctionName is "classification", "regression" or "clustering".
func (m *Model) FunctionName() string { return m.root.function }

// TargetName is the name of the field the model predicts, "_target" if the document names none.
func (m *Model) TargetName() string { return m.root.target.name }

// Summary is the model's type in the words of Openscoring: "Ensemble model", "Tree model", "Regression".
func (m *Model) Summary() string {
	words := map[string]string{
		"TreeModel": "Tree model", "MiningModel": "Ensemble model", "RegressionModel": "Regression", "GeneralRegressionModel": "General regression",
		"NeuralNetwork": "Neural network", "ClusteringModel": "Clustering model", "RuleSetModel": "Ruleset model", "SupportVectorMachineModel": "Support vector machine",
		"NaiveBayesModel": "Naive Bayes model", "AssociationModel": "Association rules", "NearestNeighborModel": "k-Nearest neighbors model",
		"AnomalyDetectionModel": "Anomaly detection model", "BayesianNetworkModel": "Bayesian network", "GaussianProcessModel": "Gaussian process",
		"TimeSeriesModel": "Time series model", "BaselineModel": "Baseline model",
	}
	if g, ok := m.root.body.(*general); ok && g.kind == "CoxRegression" {
		return "Cox regression"
	}
	if s, ok := words[m.Kind()]; ok {
		return s
	}
	return m.Kind()
}

// Description is the Header's description, and Producer the application that wrote the document; both may be empty.
func (m *Model) Description() string { return m.title }

// Producer is the name and version of the application that wrote the document, as its Header has them.
func (m *Model) Producer() string { return m.producer }

// Checksum is the SHA-256 of the document in hexadecimal, and Size its length in bytes.
func (m *Model) Checksum() string { return m.checksum }

// Size is the document's length in bytes.
func (m *Model) Size() int64 { return m.size }

// Verified is the number of ModelVerification rows that both evaluators reproduced at load; 0 if the document has none.
func (m *Model) Verified() int { return m.verified }

// Batch reports whether the model has a batch evaluator; if not, reason says what stands in its way.
func (m *Model) Batch() (ok bool, reason string) { return m.batch != nil, m.why }

// arrowType is the column type of a PMML type.
func arrowType(t dataType) arrow.DataType {
	switch t {
	case tInteger, tSince:
		return arrow.PrimitiveTypes.Int64
	case tFloat:
		return arrow.PrimitiveTypes.Float32
	case tDouble:
		return arrow.PrimitiveTypes.Float64
	case tBoolean:
		return arrow.FixedWidthTypes.Boolean
	case tDate:
		return arrow.FixedWidthTypes.Date32
	case tDateTime:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	}
	return arrow.BinaryTypes.String
}

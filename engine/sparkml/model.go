package sparkml

import (
	"fmt"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"
	"github.com/apache/arrow/go/v14/arrow/memory"
)

// Role says what an output is.
type Role int

const (
	// Other is anything but a prediction.
	Other Role = iota
	// Predicted is the stage's result: the column predict gives.
	Predicted
	// Probability is the probability of the class Output.Class.
	Probability
)

// Output describes one column that Score gives.
type Output struct {
	Field arrow.Field // name and type; always nullable
	Role  Role
	Class string // for Probability
	Final bool   // always true for the stages so far
}

// Model is a loaded stage. It is immutable; all methods may be called concurrently.
type Model struct {
	class, uid, version string
	stage               stage
	inputs              []arrow.Field
	outputs             []Output
}

// stage is one kind of Spark ML stage.
type stage interface {
	// fields are its input and output columns.
	fields() ([]arrow.Field, []Output)
	// score computes the outputs; see Model.Score. The columns were checked.
	score(mem memory.Allocator, n int, in []arrow.Array, fault func(row int, err error)) ([]arrow.Array, error)
}

// supported are the classes that open knows, by their last name.
var supported = []string{"IndexToString"}

// open reads a stage's parameters.
func open(md *metadata) (stage, error) {
	switch md.Class {
	case "org.apache.spark.ml.feature.IndexToString":
		return openIndexToString(md)
	}
	return nil, fmt.Errorf("the Spark ML class %s is not supported, expected one of: %s", md.Class, strings.Join(supported, ", "))
}

// Inputs are the columns the stage reads, all nullable. The slice is shared: do not change it.
func (m *Model) Inputs() []arrow.Field { return m.inputs }

// Outputs are the columns that Score gives. The slice is shared: do not change it.
func (m *Model) Outputs() []Output { return m.outputs }

// Kind is the stage's class without its package: "IndexToString".
func (m *Model) Kind() string { return m.class[strings.LastIndexByte(m.class, '.')+1:] }

// UID is the name Spark gave the stage, and SparkVersion the version that saved it.
func (m *Model) UID() string { return m.uid }

// SparkVersion is the version of Spark that saved the stage.
func (m *Model) SparkVersion() string { return m.version }

// Score applies the stage to n rows. in has one array for each of Inputs, of the type declared there and of length
// n; it is borrowed. The caller releases the result. fault is for rows that become NULL; the stages so far report
// none, as Spark fails the query instead. An error fails the query: in does not fit, or a value is one that the
// stage refuses.
func (m *Model) Score(mem memory.Allocator, n int, in []arrow.Array, fault func(row int, err error)) ([]arrow.Array, error) {
	if len(in) != len(m.inputs) {
		return nil, fmt.Errorf("%s takes %d columns, not %d", m.Kind(), len(m.inputs), len(in))
	}
	for i, a := range in {
		f := &m.inputs[i]
		if !arrow.TypeEqual(a.DataType(), f.Type) {
			return nil, fmt.Errorf("%s: the column %s is a %s, not a %s", m.Kind(), f.Name, f.Type, a.DataType())
		}
		if a.Len() != n {
			return nil, fmt.Errorf("%s: the column %s has %d rows, not %d", m.Kind(), f.Name, a.Len(), n)
		}
	}
	return m.stage.score(mem, n, in, fault)
}

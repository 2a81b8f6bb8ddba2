package model

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/onnx"
)

// onnxFormat loads ONNX documents.
type onnxFormat struct{ atPath }

// Name is onnx.
func (onnxFormat) Name() string { return "onnx" }

// Options are those of a model read from a path, and names that the document need not have.
func (onnxFormat) Options() []connector.Option {
	return append(slices.Clip(pathOptions),
		connector.Option{Name: "features", Read: true, Help: "the names of the input columns, with commas, in the order of the model's inputs; one name for each input makes an ARRAY of an input of several columns"},
		connector.Option{Name: "classes", Read: true, Help: "the names of the classes that the model has scores of, with commas: for networks, whose documents do not know them"})
}

// Load reads the document at option path.
func (f onnxFormat) Load(options map[string]string) (catalog.Model, string, error) {
	return loadFile(f, options)
}

// Read reads a document.
func (onnxFormat) Read(r io.Reader, options map[string]string) (catalog.Model, string, error) {
	m, err := onnx.LoadWith(r, onnx.Options{Features: listed(options["features"]), Classes: listed(options["classes"])})
	if err != nil {
		return nil, "", err
	}
	return onnxModel{m}, m.Checksum(), nil
}

// listed are the names in a text with commas between them.
func listed(text string) []string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	names := strings.Split(text, ",")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names
}

// onnxModel is an ONNX document as a catalog.Model.
type onnxModel struct{ m *onnx.Model }

func (o onnxModel) Inputs() []arrow.Field { return o.m.Inputs() }

func (o onnxModel) Outputs() []catalog.Output {
	outs := o.m.Outputs()
	all := make([]catalog.Output, len(outs))
	for i, out := range outs {
		all[i] = catalog.Output{Field: out.Field, Class: out.Class, Target: out.Target}
		switch out.Role {
		case onnx.Predicted:
			all[i].Role = catalog.RolePredicted
		case onnx.Probability:
			all[i].Role = catalog.RoleProbability
		}
	}
	return all
}

func (o onnxModel) Score(t catalog.Task, n int, in []arrow.Array, want []int) ([]arrow.Array, error) {
	return o.m.Score(t.Allocator(), n, in, want, faults(t, onnx.ErrMissing))
}

// OutputDomains are the labels that a classifier gives.
func (o onnxModel) OutputDomains() []catalog.Domain {
	outs := o.m.Outputs()
	all := make([]catalog.Domain, len(outs))
	for i, out := range outs {
		all[i].Categories = out.Labels
	}
	return all
}

func (o onnxModel) Describe() []catalog.Property {
	counts := o.m.Operators()
	total := 0
	var parts []string
	for _, op := range slices.Sorted(maps.Keys(counts)) {
		total += counts[op]
		parts = append(parts, fmt.Sprintf("%s %d", op[strings.LastIndexByte(op, '.')+1:], counts[op]))
	}
	return []catalog.Property{
		{Name: "kind", Value: "ONNX graph"},
		{Name: "graph", Value: o.m.Graph()},
		{Name: "description", Value: o.m.Description()},
		{Name: "producer", Value: o.m.Producer()},
		{Name: "opset", Value: strings.Join(o.m.Opsets(), ", ")},
		{Name: "operators", Value: fmt.Sprintf("%s: %s", catalog.Count(total, "node"), strings.Join(parts, ", "))},
		{Name: "size", Value: catalog.Count(o.m.Size(), "byte")},
	}
}

package model

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/pmml"
)

// pmmlFormat loads PMML documents.
type pmmlFormat struct{ atPath }

// Name is pmml.
func (pmmlFormat) Name() string { return "pmml" }

// Options are the path and which of the document's models is meant.
func (pmmlFormat) Options() []connector.Option {
	return slices.Concat(pathOptions, []connector.Option{
		{Name: "modelName", Read: true, Help: "which model of a document with several: its modelName; without it the first that is for scoring"},
	})
}

// Load reads the document at option path.
func (p pmmlFormat) Load(options map[string]string) (catalog.Model, string, error) {
	path := options["path"]
	f, err := openDocument(path)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	load := pmml.Load
	if name, ok := options["modelname"]; ok {
		load = func(r io.Reader) (*pmml.Model, error) { return pmml.LoadNamed(r, name) }
	}
	m, err := load(f)
	var name *pmml.NameError
	if errors.As(err, &name) {
		hint := ""
		if name.Near != "" {
			hint = "did you mean " + name.Near + "?"
		}
		return nil, "", &connector.OptionError{Option: "modelName", Msg: fmt.Sprintf("%s: %v", path, name), Hint: hint}
	}
	if err != nil {
		return nil, "", loadFault(p, path, err)
	}
	return pmmlModel{m}, m.Checksum(), nil
}

// pmmlModel is a PMML document as a catalog.Model.
type pmmlModel struct{ m *pmml.Model }

func (p pmmlModel) Inputs() []arrow.Field { return p.m.Inputs() }

func (p pmmlModel) Outputs() []catalog.Output {
	outs := p.m.Outputs()
	all := make([]catalog.Output, len(outs))
	for i, o := range outs {
		all[i] = catalog.Output{Field: o.Field, Class: o.Class, Target: i == 0 && o.Field.Name == p.m.TargetName(), Hidden: !o.Final}
		switch o.Role {
		case pmml.Predicted:
			all[i].Role = catalog.RolePredicted
		case pmml.Probability:
			all[i].Role = catalog.RoleProbability
		}
	}
	return all
}

// Domains are what the DataDictionary declares for the inputs.
func (p pmmlModel) Domains() []catalog.Domain { return pmmlDomains(p.m.Domains()) }

// OutputDomains are what it declares for targets.
func (p pmmlModel) OutputDomains() []catalog.Domain { return pmmlDomains(p.m.OutputDomains()) }

func pmmlDomains(all []pmml.Domain) []catalog.Domain {
	out := make([]catalog.Domain, len(all))
	for i, d := range all {
		out[i] = catalog.Domain(d)
	}
	return out
}

func (p pmmlModel) Score(t catalog.Task, n int, in []arrow.Array, want []int) ([]arrow.Array, error) {
	return p.m.ScoreOutputs(t.Allocator(), n, in, want, faults(t, pmml.ErrMissing))
}

func (p pmmlModel) Describe() []catalog.Property {
	verified := "the document has no ModelVerification"
	if n := p.m.Verified(); n > 0 {
		verified = catalog.Count(n, "row") + " of the document's ModelVerification hold"
	}
	evaluator := "columns"
	if ok, why := p.m.Batch(); !ok {
		evaluator = "row by row: " + why
	}
	return []catalog.Property{
		{Name: "summary", Value: p.m.Summary()},
		{Name: "kind", Value: p.m.Kind()},
		{Name: "function", Value: p.m.FunctionName()},
		{Name: "description", Value: p.m.Description()},
		{Name: "producer", Value: p.m.Producer()},
		{Name: "size", Value: catalog.Count(int(p.m.Size()), "byte")},
		{Name: "verification", Value: verified},
		{Name: "evaluator", Value: evaluator},
	}
}

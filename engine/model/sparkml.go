package model

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/sparkml"
)

// sparkmlFormat loads directories that Spark ML saved.
type sparkmlFormat struct{ atPath }

// Name is sparkml.
func (sparkmlFormat) Name() string { return "sparkml" }

// Options are those of a model read from a path.
func (sparkmlFormat) Options() []connector.Option { return pathOptions }

// Load reads the directory at option path.
func (f sparkmlFormat) Load(options map[string]string) (catalog.Model, string, error) {
	path := options["path"]
	info, err := os.Stat(path)
	if err != nil {
		return nil, "", pathError("model directory", path, err)
	}
	if !info.IsDir() {
		return nil, "", loadFault(f, path, errors.New("it is a file: Spark ML saves a model as a directory"))
	}
	dir := os.DirFS(path)
	version, size, err := sparkml.Checksum(dir)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	m, err := sparkml.Load(dir)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	return sparkmlModel{m, size}, version, nil
}

// sparkmlModel is a Spark ML stage as a catalog.Model.
type sparkmlModel struct {
	m    *sparkml.Model
	size int64 // of its files, in bytes
}

func (s sparkmlModel) Inputs() []arrow.Field { return s.m.Inputs() }

func (s sparkmlModel) Outputs() []catalog.Output {
	outs := s.m.Outputs()
	all := make([]catalog.Output, len(outs))
	for i, o := range outs {
		all[i] = catalog.Output{Field: o.Field, Class: o.Class, Target: o.Target, Hidden: !o.Final}
		switch o.Role {
		case sparkml.Predicted:
			all[i].Role = catalog.RolePredicted
		case sparkml.Probability:
			all[i].Role = catalog.RoleProbability
		}
	}
	return all
}

// Domains are the labels that StringIndexers know.
func (s sparkmlModel) Domains() []catalog.Domain { return labelDomains(s.m.Categories()) }

// OutputDomains are the labels that an IndexToString gives.
func (s sparkmlModel) OutputDomains() []catalog.Domain { return labelDomains(s.m.OutputCategories()) }

func labelDomains(labels [][]string) []catalog.Domain {
	out := make([]catalog.Domain, len(labels))
	for i, l := range labels {
		out[i].Categories = l
	}
	return out
}

func (s sparkmlModel) Score(t catalog.Task, n int, in []arrow.Array, want []int) ([]arrow.Array, error) {
	return s.m.ScoreOutputs(t.Allocator(), n, in, want, faults(t, sparkml.ErrMissing))
}

func (s sparkmlModel) Describe() []catalog.Property {
	stages := ""
	if all := s.m.Stages(); len(all) > 1 {
		stages = strings.Join(all, ", ")
	}
	return []catalog.Property{
		{Name: "kind", Value: s.m.Kind()},
		{Name: "uid", Value: s.m.UID()},
		{Name: "stages", Value: stages},
		{Name: "producer", Value: "Spark ML " + s.m.SparkVersion()},
		{Name: "size", Value: catalog.Count(int(s.size), "byte")},
	}
}

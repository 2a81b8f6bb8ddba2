package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/pmml"
	"github.com/millrace-sql/millrace/engine/sparkml"
)

var modelOptions = []connector.Option{
	{Name: "path", Read: true, Required: true, Help: "the model's file or directory"},
}

// pmmlFormat loads PMML documents.
type pmmlFormat struct{}

// Name is pmml.
func (pmmlFormat) Name() string { return "pmml" }

// Options are those of a model read from a path.
func (pmmlFormat) Options() []connector.Option { return modelOptions }

// Load reads the document at option path.
func (pmmlFormat) Load(options map[string]string) (catalog.Model, string, error) {
	path := options["path"]
	f, err := os.Open(path)
	if err != nil {
		return nil, "", pathError("model file", path, err)
	}
	defer f.Close()
	m, err := pmml.Load(f)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
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

func (p pmmlModel) Score(t catalog.Task, n int, in []arrow.Array, want []int) ([]arrow.Array, error) {
	return p.m.ScoreOutputs(t.Allocator(), n, in, want, func(row int, err error) { t.Fault(row, "predict", err) })
}

func (p pmmlModel) Describe() []catalog.Property {
	verified := "the document has no ModelVerification"
	if n := p.m.Verified(); n > 0 {
		verified = plural(n, "row") + " of the document's ModelVerification hold"
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
		{Name: "size", Value: plural(int(p.m.Size()), "byte")},
		{Name: "verification", Value: verified},
		{Name: "evaluator", Value: evaluator},
	}
}

// sparkmlFormat loads directories that Spark ML saved.
type sparkmlFormat struct{}

// Name is sparkml.
func (sparkmlFormat) Name() string { return "sparkml" }

// Options are those of a model read from a path.
func (sparkmlFormat) Options() []connector.Option { return modelOptions }

// Load reads the directory at option path.
func (sparkmlFormat) Load(options map[string]string) (catalog.Model, string, error) {
	path := options["path"]
	info, err := os.Stat(path)
	if err != nil {
		return nil, "", pathError("model directory", path, err)
	}
	if !info.IsDir() {
		return nil, "", fmt.Errorf("model directory %s is a file: Spark ML saves a model as a directory", path)
	}
	dir := os.DirFS(path)
	version, _, err := sparkml.Checksum(dir)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	m, err := sparkml.Load(dir)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	return sparkmlModel{m}, version, nil
}

// sparkmlModel is a Spark ML stage as a catalog.Model.
type sparkmlModel struct{ m *sparkml.Model }

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

func (s sparkmlModel) Score(t catalog.Task, n int, in []arrow.Array, want []int) ([]arrow.Array, error) {
	return s.m.ScoreOutputs(t.Allocator(), n, in, want, func(row int, err error) { t.Fault(row, "predict", err) })
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
	}
}

// pathError says what is wrong with a path in the user's words, and names the
// nearest entry of its folder.
func pathError(what, path string, err error) error {
	if !os.IsNotExist(err) {
		return fmt.Errorf("%s %s: %w", what, path, err)
	}
	msg := fmt.Sprintf("%s %s does not exist", what, path)
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	entries, rerr := os.ReadDir(dir)
	if rerr != nil {
		return fmt.Errorf("%s: neither does its folder", msg)
	}
	names := make([]string, len(entries))
	for i, d := range entries {
		names[i] = d.Name()
	}
	if near := catalog.Nearest(base, names); near != "" {
		return fmt.Errorf("%s: did you mean %s?", msg, filepath.Join(dir, near))
	}
	return fmt.Errorf("%s", msg)
}

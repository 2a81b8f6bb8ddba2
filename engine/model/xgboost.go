package model

import (
	"fmt"
	"io"
	"strconv"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/boosted"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/xgboost"
)

// xgboostFormat loads models that XGBoost saved as JSON or UBJSON.
type xgboostFormat struct{ atPath }

// Name is xgboost.
func (xgboostFormat) Name() string { return "xgboost" }

// Options are those of a model read from a path.
func (xgboostFormat) Options() []connector.Option { return pathOptions }

// Load reads the document at option path.
func (f xgboostFormat) Load(options map[string]string) (catalog.Model, string, error) {
	return loadFile(f, options)
}

// Read reads a document.
func (xgboostFormat) Read(r io.Reader, _ map[string]string) (catalog.Model, string, error) {
	m, err := xgboost.Load(r)
	if err != nil {
		return nil, "", err
	}
	return xgboostModel{boostedModel[float32]{m.Model}, m}, m.Checksum(), nil
}

// xgboostModel is a model of XGBoost as a catalog.Model.
type xgboostModel struct {
	boostedModel[float32]
	doc *xgboost.Model
}

func (x xgboostModel) Describe() []catalog.Property {
	all, used := x.doc.Rounds()
	rounds := catalog.Count(all, "round")
	if used < all {
		rounds = fmt.Sprintf("%s, of which the first %d are used", rounds, used)
	}
	return []catalog.Property{
		{Name: "kind", Value: "XGBoost " + x.doc.Booster()},
		{Name: "objective", Value: x.doc.Objective()},
		{Name: "producer", Value: "XGBoost " + x.doc.Version()},
		{Name: "encoding", Value: x.doc.Format()},
		{Name: "trees", Value: fmt.Sprintf("%d in %s", x.doc.Trees(), rounds)},
		{Name: "size", Value: catalog.Count(x.doc.Size(), "byte")},
	}
}

// boostedModel is an ensemble of trees as a catalog.Model, but for its Describe.
type boostedModel[T boosted.Float] struct{ m *boosted.Model[T] }

func (b boostedModel[T]) Inputs() []arrow.Field { return b.m.Inputs() }

func (b boostedModel[T]) Outputs() []catalog.Output {
	outs := b.m.Outputs()
	all := make([]catalog.Output, len(outs))
	for i, o := range outs {
		all[i] = catalog.Output{Field: o.Field, Class: o.Class}
		switch o.Role {
		case boosted.Predicted:
			all[i].Role, all[i].Target = catalog.RolePredicted, true
		case boosted.Probability:
			all[i].Role = catalog.RoleProbability
		}
	}
	return all
}

// Domains are the categories that the document names.
func (b boostedModel[T]) Domains() []catalog.Domain {
	features := b.m.Features()
	out := make([]catalog.Domain, len(features))
	for i, f := range features {
		out[i].Categories = f.Categories
		for _, x := range f.Numbers {
			out[i].Categories = append(out[i].Categories, strconv.FormatFloat(x, 'g', -1, 64))
		}
	}
	return out
}

func (b boostedModel[T]) Score(t catalog.Task, n int, in []arrow.Array, want []int) ([]arrow.Array, error) {
	return b.m.Score(t.Allocator(), n, in, want)
}

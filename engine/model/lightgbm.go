package model

import (
	"fmt"
	"io"
	"strconv"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/engine/connector"
	"github.com/millrace-sql/millrace/engine/lightgbm"
)

// lightgbmFormat loads models that LightGBM saved as text.
type lightgbmFormat struct{ atPath }

// Name is lightgbm.
func (lightgbmFormat) Name() string { return "lightgbm" }

// Options are those of a model read from a path.
func (lightgbmFormat) Options() []connector.Option { return pathOptions }

// Load reads the document at option path.
func (f lightgbmFormat) Load(options map[string]string) (catalog.Model, string, error) {
	return loadFile(f, options)
}

// Read reads a document.
func (lightgbmFormat) Read(r io.Reader, _ map[string]string) (catalog.Model, string, error) {
	m, err := lightgbm.Load(r)
	if err != nil {
		return nil, "", err
	}
	return lightgbmModel{boostedModel[float64]{m.Model}, m}, m.Checksum(), nil
}

// lightgbmModel is a model of LightGBM as a catalog.Model.
type lightgbmModel struct {
	boostedModel[float64]
	doc *lightgbm.Model
}

func (l lightgbmModel) Describe() []catalog.Property {
	kind := "LightGBM boosted trees"
	if l.doc.Average() {
		kind = "LightGBM forest"
	}
	return []catalog.Property{
		{Name: "kind", Value: kind},
		{Name: "objective", Value: l.doc.Objective()},
		{Name: "producer", Value: "LightGBM, form " + l.doc.Version()},
		{Name: "trees", Value: fmt.Sprint(l.doc.Trees())},
		{Name: "size", Value: catalog.Count(l.doc.Size(), "byte")},
	}
}

// Domains are the categories that the document names, else what the training saw.
func (l lightgbmModel) Domains() []catalog.Domain {
	out := l.boostedModel.Domains()
	for i, d := range l.doc.Domains() {
		if len(out[i].Categories) > 0 {
			continue
		}
		if d.Range != "" {
			out[i].Intervals = []string{d.Range}
		}
		for _, code := range d.Codes {
			out[i].Categories = append(out[i].Categories, strconv.Itoa(code))
		}
	}
	return out
}

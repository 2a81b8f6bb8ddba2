package openscoring

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/millrace-sql/millrace/engine/codec"
)

// documentField is what a PMML document says about a field for people: a
// DataField or an OutputField.
type documentField struct {
	name, display, dataType, opType string

	values    []string // valid values, as the document writes them
	intervals []string // as "[4.3, 7.9]"
	nanIsNull bool     // NaN is declared missing

	refs []string // fields that an output's expression names
}

// mining is how the model's MiningSchema treats an input.
type mining struct{ invalid, replacement string }

// document is what the scorer does not tell of a PMML document: names, ranges
// and categories for a schema, and how an input that cannot be read is treated.
type document struct {
	version   string // of the model, by its Header
	modelName string
	data      map[string]*documentField
	outputs   map[string]*documentField
	mining    map[string]mining
	groups    []string // fields by which records are grouped
}

// scanDocument reads the parts of a document that a schema needs. It stops as
// soon as it has seen the wanted output fields, before the bulk of a forest.
func scanDocument(doc []byte, wanted []string) (*document, error) {
	s := scanner{
		document: document{data: map[string]*documentField{}, outputs: map[string]*documentField{}, mining: map[string]mining{}},
		missing:  map[string]bool{},
	}
	for _, w := range wanted {
		s.missing[w] = true
	}
	dec := xml.NewDecoder(bytes.NewReader(doc))
	for !s.done() {
		tok, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			s.start(t)
		case xml.EndElement:
			s.end(t.Name.Local)
		}
	}
	return &s.document, nil
}

type scanner struct {
	document
	missing map[string]bool // output fields not seen yet
	schema  bool            // the model's MiningSchema has ended
	model   bool
	field   *documentField // the DataField or OutputField it is in
	output  bool           // which of them
}

func (s *scanner) done() bool { return s.schema && s.field == nil && len(s.missing) == 0 }

func (s *scanner) start(t xml.StartElement) {
	attr := func(name string) string {
		for _, a := range t.Attr {
			if a.Name.Local == name {
				return a.Value
			}
		}
		return ""
	}
	switch name := t.Name.Local; {
	case name == "Header":
		s.version = attr("modelVersion")
	case name == "DataField" || name == "OutputField":
		s.field = &documentField{name: attr("name"), display: attr("displayName"), dataType: attr("dataType"), opType: attr("optype")}
		s.output = name == "OutputField"
	case s.field != nil && s.output:
		for _, a := range []string{"field", "textField"} {
			if ref := attr(a); ref != "" {
				s.field.refs = append(s.field.refs, ref)
			}
		}
	case s.field != nil && name == "Value":
		s.field.value(attr("value"), attr("property"))
	case s.field != nil && name == "Interval":
		s.field.interval(attr("leftMargin"), attr("rightMargin"), attr("closure"))
	case name == "MiningField" && !s.schema:
		if attr("usageType") == "group" {
			s.groups = append(s.groups, attr("name"))
		}
		s.mining[attr("name")] = mining{invalid: attr("invalidValueTreatment"), replacement: attr("invalidValueReplacement")}
	case !s.model && attr("functionName") != "":
		s.model, s.modelName = true, attr("modelName")
	}
}

func (s *scanner) end(name string) {
	switch name {
	case "MiningSchema":
		s.schema = true
	case "DataField":
		s.data[s.field.name], s.field = s.field, nil
	case "OutputField":
		s.outputs[s.field.name] = s.field
		delete(s.missing, s.field.name)
		s.field = nil
	}
}

func (f *documentField) value(v, property string) {
	switch property {
	case "", "valid":
		f.values = append(f.values, v)
	case "missing":
		f.nanIsNull = f.nanIsNull || v == "NaN"
	}
}

// interval writes a range as Openscoring does.
func (f *documentField) interval(left, right, closure string) {
	open, end := "[", "]"
	if strings.HasPrefix(closure, "open") {
		open = "("
	}
	if strings.HasSuffix(closure, "Open") {
		end = ")"
	}
	f.intervals = append(f.intervals, open+margin(left, math.Inf(-1))+", "+margin(right, math.Inf(1))+end)
}

func margin(s string, absent float64) string {
	if s == "" {
		return javaDouble(absent)
	}
	if x, err := strconv.ParseFloat(strings.TrimSpace(s), 64); err == nil {
		return javaDouble(x)
	}
	return s
}

func javaDouble(x float64) string { return string(codec.AppendDouble(nil, x)) }

// ranges are the field's intervals and valid values as texts of its type.
func (f *documentField) ranges() []string {
	all := slices.Clone(f.intervals)
	for _, v := range f.values {
		if x, err := strconv.ParseFloat(strings.TrimSpace(v), 64); err == nil {
			switch f.dataType {
			case "double":
				v = javaDouble(x)
			case "float":
				v = string(codec.AppendFloat32(nil, float32(x)))
			case "integer":
				if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
					v = strconv.FormatInt(int64(x), 10)
				}
			}
		}
		all = append(all, v)
	}
	return all
}

// javaTime writes a moment as Openscoring's answers do.
func javaTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000+00:00") }

package client

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v14/arrow"

	"github.com/millrace-sql/millrace/catalog"
)

// description is what a server says of a model.
type description struct {
	ID, MiningFunction, Summary string
	Properties                  map[string]any
	Schema                      *struct {
		InputFields, GroupFields, TargetFields, OutputFields []describedField
	}
}

// describedField is a field of a model's schema.
type describedField struct {
	ID, Name, DataType, OpType string
	Values                     []any
}

func readDescription(body []byte) (*description, error) {
	var d description
	if err := json.Unmarshal(body, &d); err != nil {
		return nil, fmt.Errorf("its answer is no description of a model: %s", shorten(string(body[:min(len(body), 200)])))
	}
	switch {
	case d.Schema == nil:
		return nil, errors.New("its description of the model has no schema, which Openscoring gives since version 1.4")
	case len(d.Schema.GroupFields) > 0:
		return nil, fmt.Errorf("the model puts rows with the same %s together, and rows are scored one by one here", d.Schema.GroupFields[0].ID)
	case len(d.Schema.TargetFields)+len(d.Schema.OutputFields) == 0:
		return nil, errors.New("by its description the model has no results")
	}
	return &d, nil
}

// property is a property as text, empty if there is none.
func (d *description) property(name string) string {
	switch v := d.Properties[name].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// version identifies what the model scores like: the checksum of its document, or
// if the server gives none that of the fields.
func (d *description) version() string {
	for _, name := range []string{"file.checksum", "file.md5sum"} {
		if sum := d.property(name); sum != "" {
			return sum
		}
	}
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %v", d.ID, d.MiningFunction, d.property("file.size"), *d.Schema)
	return hex.EncodeToString(h.Sum(nil))
}

// typeOf is the type of PMML's dataType. What SQL has no type for is STRING.
func typeOf(dataType string) arrow.DataType {
	switch dataType {
	case "double":
		return arrow.PrimitiveTypes.Float64
	case "float":
		return arrow.PrimitiveTypes.Float32
	case "integer":
		return arrow.PrimitiveTypes.Int64
	case "boolean":
		return arrow.FixedWidthTypes.Boolean
	case "date":
		return arrow.FixedWidthTypes.Date32
	case "dateTime":
		return arrow.FixedWidthTypes.Timestamp_us
	}
	return arrow.BinaryTypes.String
}

func fieldOf(f describedField) arrow.Field {
	return arrow.Field{Name: f.ID, Type: typeOf(f.DataType), Nullable: true}
}

func (d *description) inputs() []arrow.Field {
	fields := make([]arrow.Field, len(d.Schema.InputFields))
	for i, f := range d.Schema.InputFields {
		fields[i] = fieldOf(f)
	}
	return fields
}

// domainsOf are the ranges and categories of fields.
func domainsOf(fields []describedField) []catalog.Domain {
	all := make([]catalog.Domain, len(fields))
	for i, f := range fields {
		for _, v := range f.Values {
			text := fmt.Sprint(v)
			if f.OpType == "continuous" && (strings.HasPrefix(text, "[") || strings.HasPrefix(text, "(")) {
				all[i].Intervals = append(all[i].Intervals, text)
			} else {
				all[i].Categories = append(all[i].Categories, text)
			}
		}
	}
	return all
}

// results are the fields of the targets, then those of the output, each name once.
func (d *description) results() []describedField {
	var all []describedField
	for _, f := range slices.Concat(d.Schema.TargetFields, d.Schema.OutputFields) {
		if !slices.ContainsFunc(all, func(g describedField) bool { return g.ID == f.ID }) {
			all = append(all, f)
		}
	}
	return all
}

// outputs are what the results mean.
func (d *description) outputs() []catalog.Output {
	all := make([]catalog.Output, 0, len(d.Schema.OutputFields))
	for _, f := range d.results() {
		o := catalog.Output{Field: fieldOf(f)}
		if o.Target = slices.ContainsFunc(d.Schema.TargetFields, func(t describedField) bool { return t.ID == f.ID }); o.Target {
			o.Role = catalog.RolePredicted
		} else {
			o.Role, o.Class = d.role(f)
		}
		all = append(all, o)
	}
	if len(d.Schema.TargetFields) == 0 {
		markPredicted(all)
	}
	return all
}

// markPredicted finds the prediction among the outputs of a model without targets:
// an output that has the target's name takes its place in a description. It is the
// only one that is no probability, if none has a name that says so.
func markPredicted(all []catalog.Output) {
	at := -1
	for i, o := range all {
		switch {
		case o.Role == catalog.RolePredicted, o.Role == catalog.RoleOther && at >= 0:
			return
		case o.Role == catalog.RoleOther:
			at = i
		}
	}
	if at >= 0 {
		all[at].Role = catalog.RolePredicted
	}
}

// role says what an output field means, by its name, since a description does not
// say it.
func (d *description) role(f describedField) (catalog.Role, string) {
	name := strings.ToLower(f.ID)
	if t := typeOf(f.DataType); t.ID() == arrow.FLOAT64 || t.ID() == arrow.FLOAT32 {
		class := ""
		switch {
		case strings.HasPrefix(name, "probability(") && strings.HasSuffix(name, ")"):
			class = f.ID[len("probability(") : len(f.ID)-1]
		case strings.HasPrefix(name, "probability_"):
			class = f.ID[len("probability_"):]
		}
		if class != "" && d.isClass(class) {
			return catalog.RoleProbability, class
		}
	}
	if name == "prediction" {
		return catalog.RolePredicted, ""
	}
	for _, t := range d.Schema.TargetFields {
		if name == "predicted_"+strings.ToLower(t.ID) {
			return catalog.RolePredicted, ""
		}
	}
	return catalog.RoleOther, ""
}

// isClass says whether a text is among the values of the targets, as a text or as
// a number. Targets without values have any class.
func (d *description) isClass(class string) bool {
	listed := false
	x, err := strconv.ParseFloat(class, 64)
	for _, t := range d.Schema.TargetFields {
		for _, v := range t.Values {
			listed = true
			text := fmt.Sprint(v)
			y, bad := strconv.ParseFloat(text, 64)
			if text == class || err == nil && bad == nil && x == y {
				return true
			}
		}
	}
	return !listed
}

package engine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace-sql/millrace/catalog"
	"github.com/millrace-sql/millrace/sql"
)

// modelRows are the rows of DESCRIBE MODEL: inputs, targets and outputs with their
// types and values, and then the facts.
func modelRows(m *catalog.ModelEntry) *Rows {
	var rows [][]string
	var domains []catalog.Domain
	if d, ok := m.Model.(catalog.Domains); ok {
		domains = d.Domains()
	}
	for i, f := range m.Model.Inputs() {
		rows = append(rows, []string{"input", f.Name, sql.TypeName(f.Type), domainText(at0(domains, i))})
	}
	rows = append(rows, outputRows(m.Model)...)
	fact := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{"property", name, value, ""})
		}
	}
	fact("format", m.Connector)
	fact("checksum", m.Version)
	fact("outputs", roleCounts(m.Model.Outputs()))
	for _, p := range m.Model.Describe() {
		fact(p.Name, p.Value)
	}
	if _, set := m.Options["onmissing"]; set {
		fact("onMissing", m.OnMissing.String())
	}
	if _, set := m.Options["oninvalid"]; set {
		fact("onInvalid", m.OnInvalid.String())
	}
	if m.Reload {
		fact("reload", "true")
	}
	return textRows([]string{"kind", "name", "value", "detail"}, rows)
}

// outputRows are the targets and the outputs. The categories of a target that the
// model does not say are the classes it gives probabilities of.
func outputRows(m catalog.Model) [][]string {
	var domains []catalog.Domain
	if d, ok := m.(catalog.OutputDomains); ok {
		domains = d.OutputDomains()
	}
	outs := m.Outputs()
	var classes catalog.Domain
	for _, o := range outs {
		if o.Role == catalog.RoleProbability && o.Class != "" && !slices.Contains(classes.Categories, o.Class) {
			classes.Categories = append(classes.Categories, o.Class)
		}
	}
	var rows [][]string
	for i, o := range outs {
		what, detail := "output", domainText(at0(domains, i))
		switch {
		case o.Target:
			what = "target"
			if detail == "" {
				detail = domainText(classes)
			}
		case o.Hidden:
			what = "hidden output"
		}
		switch {
		case o.Role == catalog.RoleProbability && o.Class != "":
			detail = "probability of " + category(o.Class)
		case o.Role == catalog.RolePredicted && !o.Target && detail == "":
			detail = "predicted value"
		}
		rows = append(rows, []string{what, o.Field.Name, sql.TypeName(o.Field.Type), detail})
	}
	return rows
}

// at0 is an element of a list that may be shorter.
func at0(domains []catalog.Domain, i int) catalog.Domain {
	if i < len(domains) {
		return domains[i]
	}
	return catalog.Domain{}
}

// maxCategories is how many categories of a field are shown.
const maxCategories = 20

// domainText is what a field's values may be: [4.3, 7.9] or Setosa, Versicolor.
func domainText(d catalog.Domain) string {
	parts := slices.Clone(d.Intervals)
	for i, c := range d.Categories {
		if i == maxCategories && len(d.Categories) > maxCategories+1 {
			parts = append(parts, fmt.Sprintf("... (%s values)", catalog.Thousands(int64(len(d.Categories)))))
			break
		}
		parts = append(parts, category(c))
	}
	return strings.Join(parts, ", ")
}

// category is a category as it is, in quotes where it could be misread.
func category(c string) string {
	if c == "" || strings.ContainsAny(c, ",\"\n\r\t") || strings.TrimSpace(c) != c {
		return strconv.Quote(c)
	}
	return c
}

// roleCounts says how many outputs there are: "5: 1 target, 3 probabilities, 1
// other".
func roleCounts(outs []catalog.Output) string {
	var targets, predicted, probabilities, hidden, others int
	for _, o := range outs {
		switch {
		case o.Hidden:
			hidden++
		case o.Target:
			targets++
		case o.Role == catalog.RoleProbability:
			probabilities++
		case o.Role == catalog.RolePredicted:
			predicted++
		default:
			others++
		}
	}
	var parts []string
	add := func(n int, one, many string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+one)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", n, many))
		}
	}
	add(targets, "target", "targets")
	add(predicted, "predicted value", "predicted values")
	add(probabilities, "probability", "probabilities")
	add(others, "other", "others")
	add(hidden, "hidden", "hidden")
	return fmt.Sprintf("%d: %s", len(outs), strings.Join(parts, ", "))
}

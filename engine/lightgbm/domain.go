package lightgbm

import (
	"slices"
	"strconv"
	"strings"
)

// Domain is what the training saw of a feature.
type Domain struct {
	// Range is "[0.5, 7]", empty for a category and for a feature without use.
	Range string
	// Codes are a category's values, ascending, without that for unknown ones.
	Codes []int
}

// Domains are what the training saw, one for each of Inputs; all empty if the document does not say. The slice is
// shared: do not change it.
func (m *Model) Domains() []Domain { return m.domains }

// domains reads feature_infos: [0.5:7] for a number, 1:0:2 for a category, none for what had no use.
func (l *loader) domains() []Domain {
	out := make([]Domain, len(l.spec.Features))
	e, ok := l.doc.head.all["feature_infos"]
	words := strings.Fields(e.text)
	if !ok || len(words) != len(out) {
		return out
	}
	for i, w := range words {
		out[i] = readDomain(w)
	}
	return out
}

func readDomain(w string) Domain {
	if inner, ok := strings.CutPrefix(w, "["); ok {
		low, high, ok := strings.Cut(strings.TrimSuffix(inner, "]"), ":")
		if !ok || !isNumber(low) || !isNumber(high) {
			return Domain{}
		}
		return Domain{Range: "[" + low + ", " + high + "]"}
	}
	var d Domain
	for s := range strings.SplitSeq(w, ":") {
		code, err := strconv.Atoi(s)
		if err != nil {
			return Domain{}
		}
		if code >= 0 {
			d.Codes = append(d.Codes, code)
		}
	}
	slices.Sort(d.Codes)
	return d
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

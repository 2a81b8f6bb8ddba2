package pmml

import (
	"fmt"
	"strconv"
	"strings"
)

// Error is a fault of a document, found while it is loaded.
type Error struct {
	Element string // the element it stands in, empty for a fault of the XML itself
	Line    int    // 1-based line of that element's start tag, 0 if unknown
	Msg     string // what is wrong and what was expected
}

// Error gives "PMML line 12, element TreeModel: ...".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("PMML")
	if e.Line > 0 {
		fmt.Fprintf(&b, " line %d", e.Line)
	}
	if e.Element != "" {
		if e.Line > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, " element %s", e.Element)
	}
	return b.String() + ": " + e.Msg
}

// nearest gives the name of names that is closest to want, or "" when none is close.
func nearest(want string, names []string) string {
	best, limit := "", len(want)/3+1
	for _, n := range names {
		if strings.EqualFold(n, want) {
			return n
		}
		if d := distance(strings.ToLower(want), strings.ToLower(n)); d <= limit {
			best, limit = n, d-1
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes.
func distance(a, b string) int {
	prev := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diag := prev[0]
		prev[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diag
			if a[i-1] != b[j-1] {
				cost++
			}
			diag = prev[j]
			prev[j] = min(cost, prev[j]+1, prev[j-1]+1)
		}
	}
	return prev[len(b)]
}

// hint is `, did you mean "x"?` or nothing.
func hint(want string, names []string) string {
	if n := nearest(want, names); n != "" {
		return fmt.Sprintf(", did you mean %q?", n)
	}
	return ""
}

// NameError says that a document has no model of a name.
type NameError struct {
	Name  string
	Near  string   // the name that may have been meant, or ""
	Names []string // of the models there are; "" for one without a name
}

// Error lists the names.
func (e *NameError) Error() string {
	all := make([]string, len(e.Names))
	for i, n := range e.Names {
		all[i] = strconv.Quote(n)
		if n == "" {
			all[i] = "one without a name"
		}
	}
	return fmt.Sprintf("the document has no model named %q; its models are %s", e.Name, strings.Join(all, ", "))
}
